"""Which traced chains are pipes and signal lines, and which are marks, leaders, rules or remains of lettering."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from pid.geometry import distance_to_segments, grown
from pid.graph.strokes import StrokeGraph, simplified
from pid.graph.symbol_index import CONTROL, SymbolIndex
from pid.graph.trace_chain import Chain, find_chains
from pid.graph.trace_landing import end_symbol, reach_out
from pid.graph.trace_lettering import Lettering

Array = NDArray[np.float64]

STUB_LENGTH = 32.0
"""A shorter open branch off a line is a tick, a barb or the remains of a mark."""
LEADER_LENGTH = 420.0
"""A shorter open branch that ends at lettering is a leader."""
LONE_LENGTH = 60.0
"""What hangs on one symbol only has to be longer than this, or it is a piece of the symbol or of a letter."""
STRAIGHT_LENGTH = 22.0
"""A line has parts longer than this between its bends."""
CLOUD_BENDS = 6
"""A revision cloud has so many bends and more, scallop by scallop, where it runs free."""
BESIDE = 22.0
"""Heat tracing is drawn this near to its pipe."""
RESIDUE = 9.0
"""What keeps this near to a symbol's box and joins nothing belongs to the symbol."""
GRID_CYCLES = 4
"""A net with so many meshes, and two more for each symbol that it reaches, is a table."""


def drop_marks(
    graph: StrokeGraph, index: SymbolIndex, lettering: Lettering, marks: Array, *, scale: float
) -> list[Chain]:
    """The chains that stay; all others leave the graph, and line ends are carried on to the symbols they point at.

    `marks` (N, 4) are boxes of sleeves and the like that were erased: an end may reach a symbol right behind one.
    """
    chains = find_chains(graph, scale=scale)
    reach_out(graph, chains, index, lettering.boxes, marks, scale)
    chains = _without(graph, chains, _open_marks(graph, chains, index, lettering, scale), scale)
    for _ in range(3):  # a line is judged as a whole, its ticks gone
        reach_out(graph, chains, index, lettering.boxes, marks, scale)
        doomed = _wavy(graph, chains, scale) | _residue(graph, chains, index, scale) | _alongside(chains, scale)
        doomed |= _open_marks(graph, chains, index, lettering, scale) | _lonely(graph, chains, index, scale)
        if not doomed:
            return chains
        chains = _without(graph, chains, doomed, scale)
    return chains


def _without(graph: StrokeGraph, chains: list[Chain], doomed: set[int], scale: float) -> list[Chain]:
    """The chains of the graph once the doomed ones have left it."""
    for i in doomed:
        for key in chains[i].keys:
            graph.remove(key)
    return find_chains(graph, scale=scale) if doomed else chains


def _open_marks(
    graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, lettering: Lettering, scale: float
) -> set[int]:
    """Open branches off a line that are too short, or that end at lettering."""
    doomed = set()
    for i, chain in enumerate(chains):
        for which, node, root in ((0, chain.a, chain.b), (1, chain.b, chain.a)):
            if graph.degree(node) != 1 or graph.degree(root) < 3:
                continue
            if end_symbol(chain, which, graph, index, scale=scale) is not None:
                continue
            short = chain.length < STUB_LENGTH * scale
            if short or _is_leader(chain, graph.xy[node], lettering, scale):
                doomed.add(i)
    return doomed


def _wavy(graph: StrokeGraph, chains: list[Chain], scale: float) -> set[int]:
    """Chains of small bends without a straight part: letters, revision clouds."""
    doomed = set()
    for i, chain in enumerate(chains):
        if chain.style != "solid":
            continue
        coarse = np.hypot(*np.diff(simplified(chain.points, 4 * scale), axis=0).T)
        fine = np.concatenate([np.hypot(*np.diff(graph.strokes[k].points, axis=0).T) for k in chain.keys])
        for steps, fewest in ((coarse, 4), (fine, CLOUD_BENDS)):
            straight = steps[steps > STRAIGHT_LENGTH * scale].sum()
            if len(steps) >= fewest and straight < 0.4 * steps.sum():
                doomed.add(i)
    return doomed


def _alongside(chains: list[Chain], scale: float) -> set[int]:
    """Straight broken lines that keep close beside a pipe all along: its heat tracing."""
    straight = [c.length < 1.02 * float(np.hypot(*(c.points[-1] - c.points[0]))) for c in chains]
    pipes = [np.c_[c.points[:-1], c.points[1:]] for c in chains if c.style == "solid"]
    if not pipes:
        return set()
    segments = np.concatenate(pipes)
    d = segments[:, 2:] - segments[:, :2]
    d = d / np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)[:, None]
    doomed = set()
    for i, chain in enumerate(chains):
        if chain.style == "solid" or not straight[i] or chain.length < LONE_LENGTH * scale:
            continue
        way = (chain.points[-1] - chain.points[0]) / max(chain.length, 1e-9)
        level = segments[np.abs(d @ way) > 0.99]
        share = np.linspace(0.05, 0.95, 10)[:, None]
        along = chain.points[0] + share * (chain.points[-1] - chain.points[0])
        if len(level) and float((distance_to_segments(along, level).min(axis=1) < BESIDE * scale).mean()) > 0.75:
            doomed.add(i)
    return doomed


def _residue(graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, scale: float) -> set[int]:
    """Chains that lie within one symbol's box but for a few pixels: what is left of its outline."""
    from shapely import STRtree, box

    boxes = grown(index.boxes[index.is_end], RESIDUE * scale)
    if not len(boxes) or not chains:
        return set()
    extent = np.array([np.concatenate([c.points.min(axis=0), c.points.max(axis=0)]) for c in chains])
    within, _ = STRtree(box(*boxes.T)).query(box(*extent.T), predicate="covered_by")
    return {i for i in np.unique(within).tolist() if not _joins_two(graph, chains[i], index, scale)}


def _joins_two(graph: StrokeGraph, chain: Chain, index: SymbolIndex, scale: float) -> bool:
    """Whether the ends of a chain lie at different symbols."""
    ends = [end_symbol(chain, which, graph, index, scale=scale) for which in (0, 1)]
    return None not in ends and ends[0] != ends[1]


def _is_leader(chain: Chain, end: Array, lettering: Lettering, scale: float) -> bool:
    """Whether an open branch ends at a line number, or runs slantwise and ends at any lettering."""
    if chain.length > LEADER_LENGTH * scale:
        return False
    if _at_boxes(end, lettering.boxes[lettering.numbers], 20 * scale):
        return True
    d = np.abs(np.diff(chain.points, axis=0))
    slanted = d.min(axis=1) > 0.25 * d.max(axis=1)
    lengths = np.hypot(d[:, 0], d[:, 1])
    return bool(lengths[slanted].sum() > 0.3 * lengths.sum()) and _at_boxes(end, lettering.boxes, 14 * scale)


def _at_boxes(point: Array, boxes: Array, tolerance: float) -> bool:
    """Whether a point lies at one of the boxes (N, 4)."""
    return bool(((point >= boxes[:, :2] - tolerance) & (point <= boxes[:, 2:] + tolerance)).all(axis=1).any())


def _lonely(graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, scale: float) -> set[int]:
    """Chains of nets that reach no symbol, or only one and are short, or are a grid of rules."""
    nets: dict[int, list[int]] = defaultdict(list)
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    holders = []
    for chain in chains:
        held = [end_symbol(chain, w, graph, index, scale=scale) for w in (0, 1)]
        holders.append(held)
        parent[root(chain.a)] = root(chain.b)
    for i, chain in enumerate(chains):
        nets[root(chain.a)].append(i)
    doomed: set[int] = set()
    for members in nets.values():
        reached = {h for i in members for h in holders[i] if h is not None}
        longest = max(float(np.hypot(*(chains[i].points.max(axis=0) - chains[i].points.min(axis=0)))) for i in members)
        alone = not reached or (len(reached) == 1 and longest < LONE_LENGTH * scale)
        if alone or _is_grid([chains[i] for i in members], len(reached)):
            doomed.update(members)
    return doomed


def _is_grid(chains: list[Chain], reached: int) -> bool:
    """Whether a net is a mesh of rules: most of its length lies on closed meshes, and these are many."""
    cycles = len(chains) - len({n for c in chains for n in (c.a, c.b)}) + 1
    if cycles < GRID_CYCLES + 2 * reached:
        return False
    import networkx as nx

    net = nx.Graph()
    net.add_edges_from((c.a, c.b) for c in chains)
    bridges = {frozenset(edge) for edge in nx.bridges(net)}
    meshed = sum(c.length for c in chains if frozenset((c.a, c.b)) not in bridges)
    return meshed > 0.5 * sum(c.length for c in chains)


def line_kind(chain: Chain, graph: StrokeGraph, index: SymbolIndex, *, typical_width: float, scale: float) -> str:
    """``signal`` for dashed lines and for what ends at a bubble or an actuator and is no thicker than usual."""
    if chain.style != "solid":
        return "signal"
    ends = [end_symbol(chain, w, graph, index, scale=scale) for w in (0, 1)]
    groups = [index.symbols[i].group for i in ends if i is not None]
    if "actuator" in groups or (all(g in CONTROL for g in groups) and len(groups) == 2):
        return "signal"
    return "signal" if "instrument" in groups and chain.width <= 1.1 * typical_width else "process"


def line_score(chain: Chain, graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> float:
    """How sure a line is, before calibration: both ends told 0.95, one 0.8, an open end on both sides 0.5."""
    told = 0
    for which, node in ((0, chain.a), (1, chain.b)):
        told += graph.degree(node) > 2 or end_symbol(chain, which, graph, index, scale=scale) is not None
    return (0.5, 0.8, 0.95)[told]
