"""Joining what the pen, the scan or the lifting of lettering has interrupted.

A *free end* is a node with one stroke. Bridges are strokes with ``gap=True``. Lengths are for a sheet 5000 px wide and
are multiplied by `scale`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pid.geometry import as_boxes, distance_to_segments
from pid.graph.strokes import Stroke, StrokeGraph

Array = NDArray[np.float64]

BREAK_GAP = 8.0
"""Scan dropouts: bridged between any two collinear ends."""
LIFTED_MARGIN = 20.0
"""A line that is interrupted for lettering or by a sleeve stops this near to it."""
DASH_GAP = 38.0
"""Widest gap of a dashed or dash-dot line, ..."""
DASH_LENGTH = 110.0
"""... one of whose pieces is no longer than this."""
CROSSING_GAP = 64.0
"""Widest gap that a line leaves for another line which crosses it."""
DOT_LENGTH = 7.0
"""Shorter pieces have no direction of their own."""
ARM_REACH = 18.0
"""Length over which the direction of a stroke's end is measured."""
_COS_END = 0.94  # 20 degrees between an end's direction and the bridge
_COS_LONG = 0.985  # 10 degrees where both pieces are long


class FreeEnd:
    """A free end: its node, place, outward direction (zeros for a dot) and the length of its stroke."""

    def __init__(self, graph: StrokeGraph, node: int, scale: float) -> None:
        key = graph.at[node][0]
        stroke = graph.strokes[key]
        self.node, self.key, self.point, self.length = node, key, graph.xy[node], stroke.length
        self.width = stroke.width
        self.dashed = stroke.dashed
        dot = self.length < DOT_LENGTH * scale
        last = float(np.hypot(*np.diff(stroke.leaving(node)[:2], axis=0)[0]))
        reach = last if 7 * scale <= last else ARM_REACH * scale
        self.outward = np.zeros(2) if dot else -graph.arm(node, key, min(reach, ARM_REACH * scale))
        self.far = stroke.other(node)


def bridge_gaps(
    graph: StrokeGraph, *, scale: float, lifted: Array, held: Iterable[int] = (), walls: Array | None = None
) -> None:
    """Join collinear free ends, nearest first; each end once.

    Args:
        graph: Changed in place.
        scale: Sheet width / 5000.
        lifted: Boxes (N, 4) of what was erased from lines, lettering and sleeves: a gap that they cover may be as long
            as they are.
        held: Nodes that end at a symbol and stay as they are.
        walls: Boxes (M, 4) of vessels: nothing is joined through their outline.
    """
    kept = set(held)
    ends = [FreeEnd(graph, node, scale) for node in graph.free_ends() if node not in kept]
    if len(ends) < 2:
        return
    segments, boxes = _segments(graph), as_boxes(lifted)
    places = np.array([e.point for e in ends])
    outlines = as_boxes(walls if walls is not None else [])
    side = ((places[:, None] >= outlines[None, :, :2]) & (places[:, None] <= outlines[None, :, 2:])).all(axis=2)
    offers: list[tuple[float, int, int]] = []
    for i, j in _near_pairs(ends, boxes, scale):
        cost = _bridge_cost(ends[i], ends[j], segments, boxes, scale)
        if cost is not None and bool((side[i] == side[j]).all()):
            offers.append((cost, i, j))
    used: set[int] = set()
    for _, i, j in sorted(offers):
        a, b = ends[i], ends[j]
        if i in used or j in used:
            continue
        used |= {i, j}
        width = (a.width + b.width) / 2
        graph.add(Stroke(a.node, b.node, np.vstack([a.point, b.point]), width, gap=True))


def close_dashes(graph: StrokeGraph, *, scale: float, held: Iterable[int] = (), tips: Array | None = None) -> None:
    """Join the open ends of dashed lines round corners, then to the lines that they run into.

    A line whose end is an arrow's tip, in one of the boxes `tips` (N, 4), may run into a dashed line as well.
    """
    _cut_at_corners(graph, scale)
    kept = set(held)
    ends = [FreeEnd(graph, n, scale) for n in graph.free_ends() if n not in kept and _is_dash_end(graph, n, scale)]
    used: set[int] = set()
    offers = []
    for i, a in enumerate(ends):
        for j in range(i + 1, len(ends)):
            corner = _corner(a, ends[j], scale)
            if corner is not None:
                offers.append((corner[0], i, j, corner[1]))
    for _, i, j, corner in sorted(offers, key=lambda o: o[:3]):
        if used & {i, j}:
            continue
        used |= {i, j}
        a, b = ends[i], ends[j]
        graph.add(Stroke(a.node, b.node, np.vstack([a.point, corner, b.point]), a.width, gap=True))
    heads = as_boxes(tips if tips is not None else [])
    known = {e.node for e in ends} | kept
    for node in graph.free_ends():
        p = graph.xy[node]
        if node not in known and bool(((p >= heads[:, :2]) & (p <= heads[:, 2:])).all(axis=1).any()):
            ends.append(FreeEnd(graph, node, scale))
    bends, dashes = _bends(graph), _dash_segments(graph, scale)
    for i, end in enumerate(ends):
        if i in used or graph.degree(end.node) != 1:
            continue
        if _run_on(graph, end, bends, scale) or _run_into(graph, end, dashes, scale):
            bends, dashes = _bends(graph), _dash_segments(graph, scale)


def _cut_at_corners(graph: StrokeGraph, scale: float) -> None:
    """Make nodes of the sharp corners within strokes, so that a dash can run on to them."""
    for key in list(graph.strokes):
        stroke = graph.strokes[key]
        if stroke.gap or len(stroke.points) < 3:
            continue
        d = np.diff(stroke.points, axis=0)
        n = np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)
        cosine = (d[:-1] * d[1:]).sum(axis=1) / (n[:-1] * n[1:])
        sharp = np.flatnonzero((cosine < 0.5) & (np.minimum(n[:-1], n[1:]) > DOT_LENGTH * scale)) + 1
        if len(sharp):
            graph.cut(key, sharp.tolist())


def _bends(graph: StrokeGraph) -> tuple[list[int], Array]:
    """Nodes with two strokes and more, and their places (N, 2)."""
    nodes = [n for n in graph.nodes() if graph.degree(n) > 1]
    return nodes, np.array([graph.xy[n] for n in nodes]).reshape(-1, 2)


def _dash_segments(graph: StrokeGraph, scale: float) -> Array:
    """The straight pieces (N, 5) of dashed lines, gaps included."""
    segments = _segments(graph)
    dashes = [
        key
        for key, s in graph.strokes.items()
        if s.gap or s.dashed or (s.length < DASH_LENGTH * scale and _has_gap(graph, key))
    ]
    return segments[np.isin(segments[:, 4], dashes)]


def _is_dash_end(graph: StrokeGraph, node: int, scale: float) -> bool:
    """Whether a free end belongs to a dashed line: a short piece behind which there is a gap."""
    key = graph.at[node][0]
    stroke = graph.strokes[key]
    if stroke.gap or stroke.length < DOT_LENGTH * scale:
        return False
    behind = [graph.strokes[k] for k in graph.at[stroke.other(node)] if k != key]
    return stroke.dashed or (stroke.length <= 2 * DASH_LENGTH * scale and len(behind) == 1 and behind[0].gap)


def _corner(a: FreeEnd, b: FreeEnd, scale: float) -> tuple[float, Array] | None:
    """Length of the way round the corner that two ends at right angles leave open, and the corner."""
    if abs(float(a.outward @ b.outward)) > 0.3 or float(np.hypot(*(b.point - a.point))) > 1.3 * DASH_GAP * scale:
        return None
    v = b.point - a.point
    along_a, along_b = float(v @ a.outward), float(-v @ b.outward)
    slack = -4.0 * scale
    if not (slack <= along_a <= DASH_GAP * scale and slack <= along_b <= DASH_GAP * scale):
        return None
    return abs(along_a) + abs(along_b), a.point + a.outward * along_a


def _run_on(graph: StrokeGraph, end: FreeEnd, bends: tuple[list[int], Array], scale: float) -> bool:
    """Join the open end of a dashed line to a bend or tee right ahead from which a line runs on straight."""
    nodes, places = bends
    v = places - end.point
    along, across = v @ end.outward, np.abs(v[:, 0] * end.outward[1] - v[:, 1] * end.outward[0])
    good = np.flatnonzero((along > 0) & (along < DASH_GAP * scale) & (across < 2.5 * scale + 0.06 * along))
    for i in good[np.argsort(along[good])].tolist():
        node = nodes[i]
        if any(float(graph.arm(node, k, ARM_REACH * scale) @ end.outward) > _COS_END for k in graph.at[node]):
            graph.add(Stroke(end.node, node, np.vstack([end.point, graph.xy[node]]), end.width, gap=True))
            return True
    return False


def _run_into(graph: StrokeGraph, end: FreeEnd, dashes: Array, scale: float) -> bool:
    """Join the open end of a dashed line to the dashed line that it runs into within a gap, as a tee."""
    segments = dashes[dashes[:, 4] != end.key]
    start, d = segments[:, :2], segments[:, 2:4] - segments[:, :2]
    cross = end.outward[0] * d[:, 1] - end.outward[1] * d[:, 0]
    v = start - end.point
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = (v[:, 0] * d[:, 1] - v[:, 1] * d[:, 0]) / cross
        share = (v[:, 0] * end.outward[1] - v[:, 1] * end.outward[0]) / cross
    steep = np.abs(cross) > 0.7 * np.hypot(d[:, 0], d[:, 1])
    long = np.hypot(d[:, 0], d[:, 1]) > 8 * scale
    good = np.flatnonzero(steep & long & (ahead > 0) & (ahead < 0.8 * DASH_GAP * scale) & (share >= 0) & (share <= 1))
    if not len(good):
        return False
    i = int(good[np.argmin(ahead[good])])
    key, point = int(segments[i, 4]), end.point + end.outward * ahead[i]
    points = graph.strokes[key].points
    at = int(np.flatnonzero((points[:-1] == segments[i, :2]).all(axis=1))[0]) + 1
    graph.strokes[key].points = np.insert(points, at, point, axis=0)
    node = len(graph.xy)
    graph.cut(key, [at])
    graph.add(Stroke(end.node, node, np.vstack([end.point, point]), end.width, gap=True))
    return True


def _has_gap(graph: StrokeGraph, key: int) -> bool:
    """Whether a gap follows a stroke at either end: it is a dash."""
    stroke = graph.strokes[key]
    return any(graph.strokes[k].gap for node in (stroke.a, stroke.b) for k in graph.at[node])


def _segments(graph: StrokeGraph) -> Array:
    """All straight pieces (N, 5): x0, y0, x1, y1 and the stroke's key."""
    if not graph.strokes:
        return np.zeros((0, 5))
    keys = np.array(list(graph.strokes))
    counts = np.array([len(s.points) for s in graph.strokes.values()])
    points = np.concatenate([s.points for s in graph.strokes.values()])
    first = np.ones(len(points), bool)
    first[np.cumsum(counts) - 1] = False
    start = np.flatnonzero(first)
    return np.c_[points[start], points[start + 1], np.repeat(keys, counts - 1)]


def _near_pairs(ends: list[FreeEnd], boxes: Array, scale: float) -> list[tuple[int, int]]:
    """Pairs of free ends within the widest gap of each other, or at the same lifted box."""
    from scipy.spatial import cKDTree

    points = np.array([e.point for e in ends])
    tree = cKDTree(points)
    pairs = {tuple(sorted(p)) for p in tree.query_pairs(CROSSING_GAP * scale).__iter__()}
    tolerance = LIFTED_MARGIN * scale
    for x0, y0, x1, y1 in boxes:
        inside = np.flatnonzero(
            (points[:, 0] > x0 - tolerance)
            & (points[:, 0] < x1 + tolerance)
            & (points[:, 1] > y0 - tolerance)
            & (points[:, 1] < y1 + tolerance)
        ).tolist()
        pairs |= {(i, j) for k, i in enumerate(inside) for j in inside[k + 1 :]}
    return [(int(i), int(j)) for i, j in sorted(pairs)]


def _bridge_cost(a: FreeEnd, b: FreeEnd, segments: Array, boxes: Array, scale: float) -> float | None:
    """Cost of joining two free ends, None where they do not continue each other."""
    v = b.point - a.point
    gap = float(np.hypot(*v))
    if a.key == b.key and (gap > a.length or a.length < DOT_LENGTH * scale):
        return None
    if gap < 1e-6:
        return 0.0
    u = v / gap
    lateral = 0.0
    long_pieces = min(a.length, b.length) > DASH_LENGTH * scale
    for end, sign in ((a, 1.0), (b, -1.0)):
        if not end.outward.any():
            continue
        cosine = float(end.outward @ u) * sign
        across = abs(float(end.outward[0] * v[1] - end.outward[1] * v[0]))
        lateral = max(lateral, across)
        if gap > 6 * scale and cosine < (_COS_LONG if long_pieces and gap > 16 * scale else _COS_END):
            return None
        if cosine < 0.5:
            return None
    if lateral > 3.0 * scale + 0.06 * gap or not (a.outward.any() or b.outward.any()):
        return None
    if a.outward.any() and b.outward.any() and float(a.outward @ b.outward) > -0.9:
        return None
    return gap + 3 * lateral if gap <= _gap_limit(a, b, gap, segments, boxes, scale) else None


def _gap_limit(a: FreeEnd, b: FreeEnd, gap: float, segments: Array, boxes: Array, scale: float) -> float:
    """The longest gap that may lie between two collinear ends."""
    if gap <= BREAK_GAP * scale:
        return gap
    short, long = sorted((a.length, b.length))
    if short <= DASH_LENGTH * scale or (a.dashed and b.dashed):
        limit = min(DASH_GAP * scale, max(20.0 * scale, 2.0 * long))
        if gap <= limit:
            return limit
    middle = np.array([(a.point + b.point) / 2])
    if len(boxes) and _covered(a.point, b.point, boxes, LIFTED_MARGIN * scale):
        return gap
    if gap <= CROSSING_GAP * scale and short > 0.15 * gap and _is_crossed(a, b, middle, segments, scale):
        return gap
    return 0.0


def _covered(p: Array, q: Array, boxes: Array, tolerance: float) -> bool:
    """Whether one lifted box spans the way from p to q."""
    low, high = boxes[:, :2] - tolerance, boxes[:, 2:] + tolerance
    both = ((p >= low) & (p <= high) & (q >= low) & (q <= high)).all(axis=1)
    return bool(both.any())


def _is_crossed(a: FreeEnd, b: FreeEnd, middle: Array, segments: Array, scale: float) -> bool:
    """Whether another line runs across the gap between two ends."""
    gap = float(np.hypot(*(b.point - a.point)))
    u = (b.point - a.point) / gap
    near = distance_to_segments(middle, segments[:, :4])[0] < 0.35 * gap + scale
    for x0, y0, x1, y1, key in segments[near]:
        if int(key) in (a.key, b.key):
            continue
        d = np.array([x1 - x0, y1 - y0])
        n = float(np.hypot(*d))
        if n > gap * 0.3 and abs(float(d @ u)) / n < 0.5:
            return True
    return False
