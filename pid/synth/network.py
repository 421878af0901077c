"""The pipes and signals of a sheet in the making, as a graph, and the truth that follows from it.

Terms of art: a *node* is a port of a piece, a bend, a tee or an open end; an *edge* is a straight line between two
nodes. Lines are the chains of edges between ports and tees. A *net* is what stays connected when every piece is taken
out: all pieces on a net are connected, pair by pair, so connections are exact by construction.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

from pid.drawing import Point
from pid.synth.place import Piece

PASSED_THROUGH = ("flow_arrow", "other")  # groups that are never an end of a connection


@dataclass(eq=False)
class Node:
    """A place where edges meet; `piece` is the symbol whose port it is."""

    at: Point
    piece: Piece | None = None
    port: str = ""


@dataclass(frozen=True)
class Pen:
    """How a line is drawn and what it means."""

    kind: str = "process"  # process | signal
    style: str = "solid"
    width_mm: float = 0.5
    number: str | None = None
    flow: int = 0  # 1: from a to b; -1: back; 0: unknown

    def turned(self) -> Pen:
        """The same line walked the other way."""
        return replace(self, flow=-self.flow)


@dataclass(eq=False)
class Edge:
    """A straight line between two nodes."""

    a: int
    b: int
    pen: Pen
    length: float = 0.0
    straight: bool = True  # along or across the sheet


@dataclass(frozen=True)
class Chain:
    """A drawn line: nodes in order from port or tee to port or tee."""

    nodes: tuple[int, ...]
    edges: tuple[int, ...]
    pen: Pen


@dataclass(eq=False)
class Network:
    """Nodes and edges; indices are stable."""

    nodes: list[Node] = field(default_factory=list)
    edges: dict[int, Edge] = field(default_factory=dict)
    at_node: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    of_port: dict[tuple[int, str], int] = field(default_factory=dict)  # (id of piece, port) -> its latest node
    _next: int = 0

    def add_node(self, at: Point, piece: Piece | None = None, port: str = "") -> int:
        """A new node; its index."""
        self.nodes.append(Node((float(at[0]), float(at[1])), piece, port))
        index = len(self.nodes) - 1
        if piece is not None:
            self.of_port[(id(piece), port)] = index
        return index

    def add_edge(self, a: int, b: int, pen: Pen) -> int:
        """A new edge; its index."""
        index = self._next
        self._next += 1
        (ax, ay), (bx, by) = self.nodes[a].at, self.nodes[b].at
        dx, dy = abs(ax - bx), abs(ay - by)
        self.edges[index] = Edge(a, b, pen, math.hypot(dx, dy), min(dx, dy) < 1e-6)
        self.at_node[a].add(index)
        self.at_node[b].add(index)
        return index

    def remove_edge(self, index: int) -> Edge:
        """Take an edge out."""
        edge = self.edges.pop(index)
        self.at_node[edge.a].discard(index)
        self.at_node[edge.b].discard(index)
        return edge

    def ends(self, index: int) -> tuple[Point, Point]:
        """The two end points of an edge."""
        edge = self.edges[index]
        return self.nodes[edge.a].at, self.nodes[edge.b].at

    def tee(self, index: int, at: Point) -> int:
        """Split the edge at a point on it; the node there."""
        edge = self.remove_edge(index)
        node = self.add_node(at)
        self.add_edge(edge.a, node, edge.pen)
        self.add_edge(node, edge.b, edge.pen)
        return node

    def insert(self, index: int, entry: int, leave: int) -> tuple[int, int]:
        """Put a piece into the edge: `entry` is its port node towards a, `leave` towards b. The two new edges."""
        edge = self.remove_edge(index)
        return self.add_edge(edge.a, entry, edge.pen), self.add_edge(leave, edge.b, edge.pen)

    def other(self, index: int, node: int) -> int:
        """The far end of an edge."""
        edge = self.edges[index]
        return edge.b if edge.a == node else edge.a

    def length(self, index: int) -> float:
        """Length of an edge, mm."""
        return self.edges[index].length

    def _ends_chain(self, node: int, pen: Pen) -> bool:
        at = self.at_node[node]
        if self.nodes[node].piece is not None or len(at) != 2:
            return True
        return any(not _same_line(self.edges[e].pen, pen) for e in at)

    def chains(self) -> Iterator[Chain]:
        """All drawn lines, in order of their first edge; edges of no length are contacts, not lines."""
        done: set[int] = set()
        for first in sorted(self.edges):
            if first in done:
                continue
            edge = self.edges[first]
            forward = self._walk(first, edge.b)
            back = self._walk(first, edge.a)
            edges = [*reversed(back[1]), first, *forward[1]]
            nodes = [*reversed(back[0]), edge.a, edge.b, *forward[0]]
            if nodes[0] == nodes[-1] and len(edges) > 1:  # a ring meets itself: drop what was walked twice
                edges = list(dict.fromkeys(edges))
                nodes = nodes[: len(edges) + 1]
            done.update(edges)
            yield Chain(tuple(nodes), tuple(edges), edge.pen)

    def _walk(self, index: int, node: int) -> tuple[list[int], list[int]]:
        nodes: list[int] = []
        edges: list[int] = []
        pen, start = self.edges[index].pen, index
        while not self._ends_chain(node, pen):
            index = next(e for e in sorted(self.at_node[node]) if e != index)
            if index == start:
                break
            node = self.other(index, node)
            edges.append(index)
            nodes.append(node)
        return nodes, edges

    def nets(self) -> Iterator[tuple[list[int], list[int]]]:
        """Connected parts as (nodes, edges)."""
        seen: set[int] = set()
        for start in range(len(self.nodes)):
            if start in seen or not self.at_node[start]:
                continue
            stack, nodes, edges = [start], [], set()
            seen.add(start)
            while stack:
                node = stack.pop()
                nodes.append(node)
                for e in self.at_node[node]:
                    edges.add(e)
                    far = self.other(e, node)
                    if far not in seen:
                        seen.add(far)
                        stack.append(far)
            yield sorted(nodes), sorted(edges)


def _same_line(a: Pen, b: Pen) -> bool:
    return (a.kind, a.style, a.width_mm, a.number) == (b.kind, b.style, b.width_mm, b.number)


def find_connections(network: Network, line_of: dict[int, str]) -> list[tuple[str, str, str, bool, tuple[str, ...]]]:
    """Pairs (a, b, kind, directed, line ids) of pieces on a common net; `line_of` names the line of each drawn edge."""
    found: dict[tuple[str, str], tuple[str, bool, tuple[str, ...]]] = {}
    for nodes, edges in network.nets():
        ends: dict[str, list[int]] = defaultdict(list)
        for node in nodes:
            piece = network.nodes[node].piece
            if piece is not None and piece.kind.group not in PASSED_THROUGH:
                ends[piece.id].append(node)
        if len(ends) < 2:
            continue
        for a, b in combinations(sorted(ends), 2):
            path = _shortest_path(network, ends[a], set(ends[b]))
            kinds = {network.edges[e].pen.kind for e in path}
            flows = {network.edges[e].pen.flow for e in path}
            kind = "signal" if "signal" in kinds else "process"
            lines = tuple(dict.fromkeys(line_of[e] for e in path if e in line_of))
            found.setdefault((a, b), (kind, bool(flows) and 0 not in flows and len(edges) < 3, lines))
    return [(a, b, *rest) for (a, b), rest in sorted(found.items())]


def _shortest_path(network: Network, starts: list[int], goals: set[int]) -> list[int]:
    """Edges of a path of fewest edges from any start to any goal; empty when they share a node."""
    came: dict[int, int | None] = dict.fromkeys(starts)
    front = list(starts)
    while front:
        new = []
        for node in front:
            if node in goals:
                return _way_back(network, came, node)
            for e in sorted(network.at_node[node]):
                far = network.other(e, node)
                if far not in came:
                    came[far] = e
                    new.append(far)
        front = new
    return []


def _way_back(network: Network, came: dict[int, int | None], node: int) -> list[int]:
    path: list[int] = []
    while (e := came[node]) is not None:
        path.append(e)
        node = network.other(e, node)
    return path[::-1]
