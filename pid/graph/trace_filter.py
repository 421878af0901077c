"""Which traced chains are pipes and signal lines, and which are marks, leaders, rules or remains of lettering."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from pid.graph.connect import CONTROL, NEAR, TOUCH, SymbolIndex
from pid.graph.strokes import StrokeGraph, direction
from pid.graph.trace_chain import Chain, find_chains
from pid.graph.trace_gaps import ARM_REACH, DASH_GAP

Array = NDArray[np.float64]

STUB_LENGTH = 32.0
"""A shorter open branch off a line is a tick, a barb or the remains of a mark."""
LEADER_LENGTH = 420.0
"""A shorter open branch that ends at lettering is a leader."""
LONE_LENGTH = 60.0
"""What hangs on one symbol only has to be longer than this, or it is a piece of the symbol or of a letter."""
LEADER_STOP = 45.0
"""A bubble's leader may stop this short of the part that it names (often at the dashed surround of it)."""


def drop_marks(graph: StrokeGraph, index: SymbolIndex, words: Array, *, scale: float) -> list[Chain]:
    """The chains that stay; all others leave the graph, and line ends are carried on to the symbols they point at."""
    chains = find_chains(graph, scale=scale)
    for _ in range(3):
        _reach_out(graph, chains, index, scale)
        doomed = _open_marks(graph, chains, index, words, scale) | _lonely(graph, chains, index, scale)
        if not doomed:
            return chains
        for i in doomed:
            for key in chains[i].keys:
                graph.remove(key)
        chains = find_chains(graph, scale=scale)
    return chains


def end_symbol(chain: Chain, which: int, graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> int | None:
    """The symbol at the start (0) or end (1) of a chain; a tee has one only where it touches it."""
    points = chain.points if which == 0 else chain.points[::-1]
    node = chain.a if which == 0 else chain.b
    outward = -direction(points, ARM_REACH * scale)
    return index.holder(points[0], outward, reach=TOUCH if graph.degree(node) == 1 else NEAR)


def _reach_out(graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, scale: float) -> None:
    """Extend open ends to the symbol that they point at: a dashed line by a gap, a bubble's leader by more."""
    for chain in chains:
        holders = [end_symbol(chain, w, graph, index, scale=scale) for w in (0, 1)]
        for which in (0, 1):
            node = chain.b if which else chain.a
            if holders[which] is not None or graph.degree(node) != 1:
                continue
            other = holders[1 - which]
            leader = other is not None and index.symbols[other].group in CONTROL
            reach = LEADER_STOP if leader else DASH_GAP if chain.style != "solid" else TOUCH + 4
            points = chain.points[::-1] if which else chain.points
            outward = -direction(points, ARM_REACH * scale)
            target = index.holder(points[0], outward, reach=reach)
            if target is not None and target != other:
                _extend(graph, chain, which, index.boxes[target])


def _extend(graph: StrokeGraph, chain: Chain, which: int, box: Array) -> None:
    """Carry an end on to the nearest point of a box."""
    node = chain.b if which else chain.a
    point = np.clip(graph.xy[node], box[:2], box[2:])
    graph.xy[node] = point
    stroke = graph.strokes[chain.keys[-1 if which else 0]]
    if stroke.a == node:
        stroke.points = np.vstack([point, stroke.points])
    else:
        stroke.points = np.vstack([stroke.points, point])
    chain.points = np.vstack([chain.points, point]) if which else np.vstack([point, chain.points])


def _open_marks(graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, words: Array, scale: float) -> set[int]:
    """Open branches off a line that are too short, or that end at lettering."""
    doomed = set()
    for i, chain in enumerate(chains):
        for which, node, root in ((0, chain.a, chain.b), (1, chain.b, chain.a)):
            if graph.degree(node) != 1 or graph.degree(root) < 3:
                continue
            if end_symbol(chain, which, graph, index, scale=scale) is not None:
                continue
            if chain.length < STUB_LENGTH * scale:
                doomed.add(i)
            elif chain.length < LEADER_LENGTH * scale and _at_words(graph.xy[node], words, 14 * scale):
                doomed.add(i)
    return doomed


def _at_words(point: Array, words: Array, tolerance: float) -> bool:
    """Whether a point lies at lettering."""
    if not len(words):
        return False
    return bool(((point >= words[:, :2] - tolerance) & (point <= words[:, 2:] + tolerance)).all(axis=1).any())


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
        longest = max(chains[i].length for i in members)
        cycles = len(members) - len({n for i in members for n in (chains[i].a, chains[i].b)}) + 1
        if not reached or (len(reached) == 1 and longest < LONE_LENGTH * scale) or cycles > 3 + 2 * len(reached):
            doomed.update(members)
    return doomed


def line_kind(chain: Chain, graph: StrokeGraph, index: SymbolIndex, *, typical_width: float, scale: float) -> str:
    """``signal`` for dashed lines and for what ends at a bubble or an actuator and is no thicker than usual."""
    if chain.style != "solid":
        return "signal"
    ends = [end_symbol(chain, w, graph, index, scale=scale) for w in (0, 1)]
    groups = [index.symbols[i].group for i in ends if i is not None]
    if "actuator" in groups or all(g in CONTROL for g in groups) and len(groups) == 2:
        return "signal"
    return "signal" if "instrument" in groups and chain.width <= 1.1 * typical_width else "process"


def line_score(chain: Chain, graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> float:
    """How sure a line is, before calibration: both ends told 0.95, one 0.8, an open end on both sides 0.5."""
    told = 0
    for which, node in ((0, chain.a), (1, chain.b)):
        told += graph.degree(node) > 2 or end_symbol(chain, which, graph, index, scale=scale) is not None
    return (0.5, 0.8, 0.95)[told]
