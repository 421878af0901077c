"""Where lines land on symbols: ends that touch, ends that stop short, and lines that lean on an outline.

Lengths are for a sheet 5000 px wide and are multiplied by `scale`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.geometry import grown
from pid.graph.strokes import StrokeGraph, direction
from pid.graph.symbol_index import CONTROL, NEAR, TOUCH, SymbolIndex, ray_hits
from pid.graph.trace_chain import Chain
from pid.graph.trace_gaps import ARM_REACH, CROSSING_GAP, DASH_GAP, LIFTED_MARGIN, straight_pieces
from pid.graph.trace_junctions import give_own_node

Array = NDArray[np.float64]

LEADER_STOP = 45.0
"""A bubble's leader may stop this short of the part that it names (often at the dashed surround of it)."""
LANDING_REACH = 30.0
"""Length over which the direction of such a stroke is measured."""
THROUGH = 60.0
"""A line that stops at lettering, and at its symbol behind that, is hidden for no longer than this."""
LANDING = 13.0
"""A bend this near to a symbol, from a stroke that points at the symbol, is the end of that stroke."""


def held_ends(graph: StrokeGraph, index: SymbolIndex, *, scale: float, reach: float = TOUCH) -> set[int]:
    """Free ends that touch a symbol, or point at one within `reach` (at a width of 5000 px)."""
    held = set()
    for node in graph.free_ends():
        outward = -graph.arm(node, graph.at[node][0], ARM_REACH * scale)
        if index.holder(graph.xy[node], outward, reach=reach) is not None:
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
            holder = _points_in(graph, node, key, index, scale) if graph.degree(node) > 1 else None
            if holder is not None:
                new = give_own_node(graph, node, (key,))
                extend_stroke(graph, key, new, index.boxes[holder])


def _split_at_bends(graph: StrokeGraph, index: SymbolIndex, scale: float) -> None:
    """Make nodes of the bends within strokes that lie close to a symbol."""
    for key in list(graph.strokes):
        stroke = graph.strokes[key]
        if len(stroke.points) < 3 or stroke.gap:
            continue
        near = np.flatnonzero(index.is_near(stroke.points[1:-1], LANDING)) + 1
        if len(near):
            graph.cut(key, near.tolist())


def _points_in(graph: StrokeGraph, node: int, key: int, index: SymbolIndex, scale: float) -> int | None:
    """The symbol right ahead at whose middle part a stroke that ends at a node points."""
    stroke = graph.strokes[key]
    if stroke.a == stroke.b or stroke.length < 6 * scale:
        return None
    point, outward = graph.xy[node], -graph.arm(node, key, LANDING_REACH * scale)
    holder = index.holder(point, outward, reach=LANDING)
    if holder is None:
        return None
    box = index.boxes[holder]
    inset = 0.2 * np.minimum(box[2:] - box[:2], 200 * scale)
    core = np.concatenate([box[:2] + inset, box[2:] - inset])
    reach = LANDING + float(inset.max()) / scale + 2
    return holder if ray_hits(point, outward, grown(core, 1.0)[0], reach * scale) else None


def extend_stroke(graph: StrokeGraph, key: int, node: int, box: Array) -> Array:
    """Carry the end of a stroke at `node` on to the nearest point of a box; returns the point."""
    point = np.clip(graph.xy[node], box[:2], box[2:])
    graph.xy[node] = point
    stroke = graph.strokes[key]
    stroke.points = np.vstack([point, stroke.points] if stroke.a == node else [stroke.points, point])
    return np.asarray(point)


def end_symbol(chain: Chain, which: int, graph: StrokeGraph, index: SymbolIndex, *, scale: float) -> int | None:
    """The symbol at the start (0) or end (1) of a chain; a tee has one only where it touches it."""
    points = chain.points if which == 0 else chain.points[::-1]
    node = chain.a if which == 0 else chain.b
    outward = -direction(points, ARM_REACH * scale)
    return index.holder(points[0], outward, reach=TOUCH if graph.degree(node) == 1 else NEAR)


def reach_out(
    graph: StrokeGraph, chains: list[Chain], index: SymbolIndex, lifted: Array, marks: Array, scale: float
) -> None:
    """Extend open ends to the symbol that they point at: a dashed line by a gap, a bubble's leader by more.

    The gap that a line leaves for one which crosses it may be the last before its symbol, too.
    """
    segments = straight_pieces(graph)
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
            reach = max(reach, _through(points[0], outward, lifted, scale, THROUGH))
            reach = max(reach, _through(points[0], outward, marks, scale, np.inf))
            if _gives_way(points[0], outward, segments, scale):
                reach = max(reach, CROSSING_GAP)
            target = index.holder(points[0], outward, reach=reach)
            if target is not None and target != other:
                _extend(graph, chain, which, index.boxes[target])


def _gives_way(point: Array, outward: Array, segments: Array, scale: float) -> bool:
    """Whether a line runs across right ahead of an end, at the distance at which lines stop for one another."""
    start, d = segments[:, :2] - point, segments[:, 2:4] - segments[:, :2]
    turn = outward[0] * d[:, 1] - outward[1] * d[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = (start[:, 0] * d[:, 1] - start[:, 1] * d[:, 0]) / turn
        share = (start[:, 0] * outward[1] - start[:, 1] * outward[0]) / turn
    across = np.abs(turn) > 0.9 * np.hypot(d[:, 0], d[:, 1])
    near = (ahead > 0.1 * CROSSING_GAP * scale) & (ahead < 0.6 * CROSSING_GAP * scale)
    return bool((across & near & (share >= 0) & (share <= 1)).any())


def _through(point: Array, outward: Array, lifted: Array, scale: float, most: float) -> float:
    """How far an end must reach to come out behind the lifted box that it runs into.

    In pixels at a width of 5000; 0 where that is more than `most`.
    """
    low, high = lifted[:, :2] - LIFTED_MARGIN * scale, lifted[:, 2:] + LIFTED_MARGIN * scale
    at = ((point >= low) & (point <= high)).all(axis=1)
    longest = 0.0
    for box in lifted[at]:
        if outward.any() and ray_hits(point, outward, box, 2 * LIFTED_MARGIN * scale):
            to_far_side = np.where(outward > 0, box[2:], box[:2]) - point
            axis = int(np.argmax(np.abs(outward)))
            way = abs(float(to_far_side[axis])) / scale
            longest = max(longest, way if way <= most else 0.0)
    return longest + TOUCH if longest else 0.0


def _extend(graph: StrokeGraph, chain: Chain, which: int, box: Array) -> None:
    """Carry an end on to the nearest point of a box."""
    node = chain.b if which else chain.a
    point = extend_stroke(graph, chain.keys[-1 if which else 0], node, box)
    chain.points = np.vstack([chain.points, point]) if which else np.vstack([point, chain.points])
