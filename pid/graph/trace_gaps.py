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
DOT_PITCH = 34.0
"""Dots of a dotted line stand this near to each other; the second next within it as well."""
DOT_ROW = 3
"""Fewer dots are no dotted line."""
ARM_REACH = 18.0
"""Length over which the direction of a stroke's end is measured."""
FOOT = 4.0
"""A level or upright last piece behind a bend, this long and longer, tells the direction of an end by itself."""
STEP_PX = 1.01
"""Thinning may put the end of a level piece a pixel off its line."""
COS_END = 0.94  # 20 degrees between an end's direction and the bridge
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
        dx, dy = np.abs(np.diff(stroke.leaving(node)[:2], axis=0)[0]).tolist()
        last = float(np.hypot(dx, dy))
        foot = last >= FOOT * scale and min(dx, dy) < max(0.1 * last, STEP_PX)
        reach = last if foot or 7 * scale <= last else ARM_REACH * scale
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
    _orient_dots(ends, scale)
    segments, boxes = straight_pieces(graph), as_boxes(lifted)
    places = np.array([e.point for e in ends])
    outlines = as_boxes(walls if walls is not None else [])
    low, high = places[:, None] >= outlines[None, :, :2], places[:, None] <= outlines[None, :, 2:]
    side = np.asarray(np.logical_and(low, high).all(axis=2), bool)
    offers: list[tuple[float, int, int]] = []
    for i, j in _near_pairs(ends, boxes, scale):
        cost = _bridge_cost(ends[i], ends[j], segments, boxes, scale)
        if cost is not None and np.array_equal(side[i], side[j]):
            offers.append((cost, i, j))
    used: set[int] = set()
    for _, i, j in sorted(offers):
        a, b = ends[i], ends[j]
        if i in used or j in used:
            continue
        used |= {i, j}
        width = (a.width + b.width) / 2
        graph.add(Stroke(a.node, b.node, np.vstack([a.point, b.point]), width, gap=True))


def _orient_dots(ends: list[FreeEnd], scale: float) -> None:
    """Give the dots of dotted lines a direction: that of the row of ends in which they stand."""
    from scipy.spatial import cKDTree

    dots = {e.key for e in ends if not e.outward.any()}
    if len(dots) < DOT_ROW:
        return
    mates: dict[int, list[FreeEnd]] = {}
    for end in ends:
        mates.setdefault(end.key, []).append(end)
    pairs = [tuple(m) for key, m in mates.items() if key in dots and len(m) == 2]
    if not pairs:
        return
    middles = np.array([(a.point + b.point) / 2 for a, b in pairs])
    tree = cKDTree(middles)
    for k, (a, b) in enumerate(pairs):
        near = [j for j in tree.query_ball_point(middles[k], DOT_PITCH * scale) if j != k]
        ways = middles[near] - middles[k]
        lengths = np.hypot(ways[:, 0], ways[:, 1])
        if not near or lengths.min() < 1e-6:
            continue
        way = ways[int(np.argmin(lengths))] / lengths.min()
        opposite = (ways @ way) / lengths < -0.95
        alone = not opposite.any()
        if alone and not ((ways @ way) / lengths > 0.98).sum() > 1:
            continue  # a speck, a letter's dot; the last of a row has two on one side
        if float((b.point - a.point) @ way) < 0:
            way = -way
        a.outward, b.outward = -way, way


def straight_pieces(graph: StrokeGraph) -> Array:
    """All straight pieces (N, 5): x0, y0, x1, y1 and the stroke's key."""
    if not graph.strokes:
        return np.zeros((0, 5))
    keys = np.array(list(graph.strokes))
    counts = np.array([len(s.points) for s in graph.strokes.values()])
    points = np.concatenate([s.points for s in graph.strokes.values()])
    first = np.ones(len(points), bool)
    first[np.cumsum(counts) - 1] = False
    start = np.flatnonzero(first)
    return np.column_stack([points[start], points[start + 1], np.repeat(keys, counts - 1)])


def _near_pairs(ends: list[FreeEnd], boxes: Array, scale: float) -> list[tuple[int, int]]:
    """Pairs of free ends within the widest gap of each other, or at the same lifted box."""
    from scipy.spatial import cKDTree

    points = np.array([e.point for e in ends])
    tree = cKDTree(points)
    pairs = {tuple(sorted(p)) for p in tree.query_pairs(CROSSING_GAP * scale)}
    tolerance = LIFTED_MARGIN * scale
    for x0, y0, x1, y1 in boxes:
        inside = np.flatnonzero(
            (points[:, 0] > x0 - tolerance)
            & (points[:, 0] < x1 + tolerance)
            & (points[:, 1] > y0 - tolerance)
            & (points[:, 1] < y1 + tolerance)
        ).tolist()
        pairs |= {(i, j) for k, i in enumerate(inside) for j in inside[k + 1 :]}
    if not pairs:
        return []
    near = np.array(sorted(pairs), np.intp)
    return [(i, j) for i, j in near[_face_each_other(ends, near)].tolist()]


def _face_each_other(ends: list[FreeEnd], pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which pairs (N, 2) of ends are no further apart than may be bridged in some case and do not turn away.

    The same tests as `_lateral_offset`'s least strict ones, on all pairs at once: at a long leader's lettering or in a
    sheet's notes thousands of ends stand together.
    """
    points, outward = np.array([e.point for e in ends]), np.array([e.outward for e in ends])
    free = np.asarray(~outward.any(axis=1), bool).reshape(-1)
    a, b = pairs.T
    v = points[b] - points[a]
    gap = np.hypot(v[:, 0], v[:, 1])
    ahead = free[a] | ((outward[a] * v).sum(axis=1) >= (0.5 - 1e-9) * gap)
    behind = free[b] | (-(outward[b] * v).sum(axis=1) >= (0.5 - 1e-9) * gap)
    opposite = free[a] | free[b] | ((outward[a] * outward[b]).sum(axis=1) <= -0.9 + 1e-9)
    told = ~(free[a] & free[b])
    return np.asarray((gap < 1e-6) | (told & opposite & ahead & behind), bool)


def _bridge_cost(a: FreeEnd, b: FreeEnd, segments: Array, boxes: Array, scale: float) -> float | None:
    """Cost of joining two free ends, None where they do not continue each other."""
    v = b.point - a.point
    gap = float(np.hypot(*v))
    if a.key == b.key and (gap > a.length or a.length < DOT_LENGTH * scale):
        return None
    if gap < 1e-6:
        return 0.0
    lateral = _lateral_offset(a, b, v / gap, gap, scale)
    if lateral is None or lateral > 3.0 * scale + 0.06 * gap or gap > _gap_limit(a, b, gap, segments, boxes, scale):
        return None
    return gap + 3 * lateral


def _lateral_offset(a: FreeEnd, b: FreeEnd, u: Array, gap: float, scale: float) -> float | None:
    """How far the bridge along the unit vector `u` leaves the ends' own lines; None where it turns away from them."""
    if not (a.outward.any() or b.outward.any()):
        return None
    if a.outward.any() and b.outward.any() and float(a.outward @ b.outward) > -0.9:
        return None
    long_pieces = min(a.length, b.length) > DASH_LENGTH * scale and gap > 16 * scale
    least = 0.5 if gap <= 6 * scale else _COS_LONG if long_pieces else COS_END
    lateral = 0.0
    for end, sign in ((a, 1.0), (b, -1.0)):
        if end.outward.any():
            if float(end.outward @ u) * sign < least:
                return None
            lateral = max(lateral, gap * abs(float(end.outward[0] * u[1] - end.outward[1] * u[0])))
    return lateral


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
    reach = 0.35 * gap + scale
    (x, y), (left, top, right, bottom, _) = middle[0].tolist(), segments.T
    by = (np.minimum(left, right) < x + reach) & (np.maximum(left, right) > x - reach)
    by &= (np.minimum(top, bottom) < y + reach) & (np.maximum(top, bottom) > y - reach)
    segments = segments[by]
    near = distance_to_segments(middle, segments[:, :4])[0] < reach
    for x0, y0, x1, y1, key in segments[near]:
        if int(key) in (a.key, b.key):
            continue
        d = np.array([x1 - x0, y1 - y0])
        n = float(np.hypot(*d))
        if n > gap * 0.3 and abs(float(d @ u)) / n < 0.5:
            return True
    return False
