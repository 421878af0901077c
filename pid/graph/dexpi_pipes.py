"""Pipes of the plan: edges between piping items become chains, and chains become systems.

A chain runs through parts that two pipes of one line number reach; it ends at nozzles, connectors, tees, open ends and
where the line number changes. Chains of one line number make a piping network system, and so does each connected lot
of chains without a number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_plan import JOINT, Edge, Plan


@dataclass(frozen=True)
class Chain:
    """Nodes n0, n1, ... and the edges between neighbours; the parts among `owned` are written in this segment."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    owned: frozenset[str]

    @property
    def line_number(self) -> str | None:
        """The line number that most of its lines carry."""
        counts = Counter(edge.line_number for edge in self.edges if edge.line_number)
        return counts.most_common(1)[0][0] if counts else None


@dataclass(frozen=True)
class System:
    """A piping network system: its chains and their line number."""

    line_number: str | None
    chains: tuple[Chain, ...]


def plan_systems(plan: Plan) -> list[System]:
    """The piping network systems of a plan; parts that no pipe reaches are chains of their own."""
    chains = list(_chains(plan))
    numbered: dict[str, list[Chain]] = defaultdict(list)
    rest: list[Chain] = []
    for chain in chains:
        (numbered[chain.line_number] if chain.line_number else rest).append(chain)
    systems = [System(number, tuple(members)) for number, members in numbered.items()]
    return systems + [System(None, tuple(lot)) for lot in _lots(plan, rest)]


def attached_edges(plan: Plan) -> dict[str, list[Edge]]:
    """The pipe edges at each node; one that both starts and ends there counts twice."""
    at: dict[str, list[Edge]] = defaultdict(list)
    for edge in plan.pipes:
        at[edge.a].append(edge)
        at[edge.b].append(edge)
    return at


def _chains(plan: Plan) -> Iterator[Chain]:
    at = attached_edges(plan)
    through = {node for node, edges in at.items() if _is_through(plan, node, edges)}
    done: set[str] = set()
    owned: set[str] = set()
    starts = [e for e in plan.pipes if e.a not in through or e.b not in through]
    for edge in [*starts, *plan.pipes]:  # what the first pass leaves are rings
        if edge.key in done:
            continue
        first = edge.b if edge.a in through and edge.b not in through else edge.a
        nodes, edges = [first], []
        step: Edge | None = edge
        while step is not None and step.key not in done:
            done.add(step.key)
            edges.append(step)
            nodes.append(step.other(nodes[-1]))
            step = next((e for e in at[nodes[-1]] if e.key not in done), None) if nodes[-1] in through else None
        yield _oriented(plan, nodes, edges, owned)
    for node in [*plan.classes, *plan.joints]:
        if node not in at and plan.element(node) in (classes.PIPING, classes.CONNECTOR):
            yield Chain((node,), (), frozenset({node}))


def _is_through(plan: Plan, node: str, edges: Sequence[Edge]) -> bool:
    if plan.element(node) != classes.PIPING or len(edges) != 2 or edges[0].key == edges[1].key:
        return False
    numbers = {edge.line_number for edge in edges if edge.line_number}
    return len(numbers) < 2


def _oriented(plan: Plan, nodes: list[str], edges: list[Edge], owned: set[str]) -> Chain:
    """The chain along the flow; it owns those of its parts that no earlier chain owns."""
    along = sum((edge.a == node) - (edge.a != node) for node, edge in zip(nodes, edges, strict=False) if edge.directed)
    inlets = [plan.classes[n].name.startswith("FlowIn") if n in plan.classes else False for n in (nodes[0], nodes[-1])]
    outlets = [
        plan.classes[n].name.startswith("FlowOut") if n in plan.classes else False for n in (nodes[0], nodes[-1])
    ]
    if along < 0 or (along == 0 and (inlets[1] or outlets[0])):
        nodes, edges = nodes[::-1], edges[::-1]
    mine = {n for n in nodes if plan.element(n) in (classes.PIPING, classes.CONNECTOR, JOINT)} - owned
    owned |= mine
    return Chain(tuple(nodes), tuple(edges), frozenset(mine))


def _lots(plan: Plan, chains: Sequence[Chain]) -> list[list[Chain]]:
    """Chains that hang together over parts other than nozzles and connectors."""
    parent = list(range(len(chains)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    seen: dict[str, int] = {}
    for i, chain in enumerate(chains):
        for node in chain.nodes:
            if plan.element(node) in (classes.PIPING, JOINT):
                parent[root(i)] = root(seen.setdefault(node, i))
    lots: dict[int, list[Chain]] = defaultdict(list)
    for i, chain in enumerate(chains):
        lots[root(i)].append(chain)
    return list(lots.values())
