"""Where lines land on symbols: ends that touch, ends that stop short, and lines that lean on an outline.

Lengths are for a sheet 5000 px wide and are multiplied by `scale`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.geometry import grown
from pid.graph.connect import CONTROL, NEAR, TOUCH, SymbolIndex, ray_hits
from pid.graph.strokes import Stroke, StrokeGraph, direction
from pid.graph.trace_chain import Chain
from pid.graph.trace_gaps import ARM_REACH, DASH_GAP
from pid.graph.trace_junctions import give_own_node

Array = NDArray[np.float64]

LEADER_STOP = 45.0
"""A bubble's leader may stop this short of the part that it names (often at the dashed surround of it)."""
LANDING_REACH = 30.0
"""Length over which the direction of such a stroke is measured."""
LANDING = 13.0
"""A bend this near to a symbol, from a stroke that points at the symbol, is the end of that stroke."""


def held_ends(graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> set[int]:
    """Free ends that touch a symbol."""
    held = set()
    for node in graph.free_ends():
        outward = -graph.arm(node, graph.at[node][0], ARM_REACH * scale)
        if index.holder(graph.xy[node], outward, reach=NEAR) is not None:
            held.add(node)
    return held


def land_on_symbols(graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> None:
    """End strokes at the symbols they point at, where more ink touches them there.

    A dashed surround, a bubble's outline or the rest of a flange leaves bends and tees right at a symbol; the pipe
    that arrives there ends there.
    """
    _split_at_bends(graph, index, scale)
    for node in graph.nodes():
        if graph.degree(node) < 2:
            continue
        for key in list(graph.at[node]):
            if graph.degree(node) > 1 and _points_in(graph, node, key, index, scale):
                give_own_node(graph, node, (key,))


def _split_at_bends(graph: StrokeGraph, index: SymbolIndex, scale: float) -> None:
    """Make nodes of the bends within strokes that lie close to a symbol."""
    for key in list(graph.strokes):
        stroke = graph.strokes[key]
        if len(stroke.points) < 3 or stroke.gap:
            continue
        near = np.flatnonzero(index.is_near(stroke.points[1:-1], LANDING)) + 1
        if len(near):
            graph.cut(key, near.tolist())


def _points_in(graph: StrokeGraph, node: int, key: int, index: SymbolIndex, scale: float) -> bool:
    """Whether a stroke that ends at a node points at the middle part of a symbol right ahead."""
    stroke = graph.strokes[key]
    if stroke.a == stroke.b or stroke.length < 6 * scale:
        return False
    point, outward = graph.xy[node], -graph.arm(node, key, LANDING_REACH * scale)
    holder = index.holder(point, outward, reach=LANDING)
    if holder is None:
        return False
    box = index.boxes[holder]
    inset = 0.2 * np.minimum(box[2:] - box[:2], 200 * scale)
    core = np.concatenate([box[:2] + inset, box[2:] - inset])
    reach = LANDING + float(inset.max()) / scale + 2
    return ray_hits(point, outward, grown(core, 1.0)[0], reach * scale)


def end_symbol(chain: Chain, which: int, graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> int | None:
    """The symbol at the start (0) or end (1) of a chain; a tee has one only where it touches it."""
    points = chain.points if which == 0 else chain.points[::-1]
    node = chain.a if which == 0 else chain.b
    outward = -direction(points, ARM_REACH * scale)
    return index.holder(points[0], outward, reach=TOUCH if graph.degree(node) == 1 else NEAR)


def reach_out(graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, scale: float) -> None:
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
