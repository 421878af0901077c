"""Dashed lines closed where bridging straight gaps leaves them open: at corners, at tees and at arrow tips.

Bridges are strokes with ``gap=True``. Lengths are for a sheet 5000 px wide and are multiplied by `scale`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pid.geometry import as_boxes
from pid.graph.strokes import Stroke, StrokeGraph
from pid.graph.trace_gaps import ARM_REACH, COS_END, DASH_GAP, DASH_LENGTH, DOT_LENGTH, FreeEnd, straight_pieces

Array = NDArray[np.float64]


DASH_AIM = 25.0
"""A dash that points at a symbol this near is the last of its line."""
CORNERS = 3
"""A dashed line may turn so many times dash by dash."""
BRANCH_LENGTH = 20.0
"""A solid branch off a dashed line is longer than this ..."""
BRANCH_GAP = 8.0
"""... and ends this near to the line's axis."""


def close_dashes(
    graph: StrokeGraph,
    *,
    scale: float,
    held: Iterable[int] = (),
    aimed: Iterable[int] = (),
    tips: Array | None = None,
) -> None:
    """Join the open ends of dashed lines round corners, then to the lines that they run into.

    Args:
        graph: Changed in place.
        scale: Sheet width / 5000.
        held: Nodes that end at a symbol and stay as they are.
        aimed: Nodes that point at a symbol no farther than a dash's gap away: a dash between it and a corner.
        tips: Boxes (N, 4) of arrow heads: a line that ends in one may run into a dashed line as well.
    """
    _cut_at_corners(graph, scale)
    kept = set(held)
    starts = kept | set(aimed)
    for _ in range(CORNERS):
        ends = _dash_ends(graph, kept, starts, scale)
        lone = [FreeEnd(graph, n, scale) for n in graph.free_ends() if n not in kept and _is_lone(graph, n, scale)]
        if not _close_corners(graph, ends, lone, scale):
            break
    ends = _dash_ends(graph, kept, starts, scale)
    heads = as_boxes(tips if tips is not None else [])
    known = {e.node for e in ends} | kept
    for node in graph.free_ends():
        p = graph.xy[node]
        if node not in known and bool(((p >= heads[:, :2]) & (p <= heads[:, 2:])).all(axis=1).any()):
            ends.append(FreeEnd(graph, node, scale))
    known |= {e.node for e in ends}
    branches = [FreeEnd(graph, n, scale) for n in graph.free_ends() if n not in known]
    open_lines = _OpenLines(graph, scale)
    for end in ends:
        if graph.degree(end.node) == 1:
            open_lines.run_on(end) or open_lines.run_into(end)
    for end in branches:  # a solid branch that was drawn up to a gap of the dashed line
        if end.length > BRANCH_LENGTH * scale and graph.degree(end.node) == 1:
            open_lines.run_into(end, most=BRANCH_GAP, gaps_only=True)


def _dash_ends(graph: StrokeGraph, held: set[int], starts: set[int], scale: float) -> list[FreeEnd]:
    """The free ends of dashed lines, but for those that are held by symbols."""
    free = [n for n in graph.free_ends() if n not in held]
    return [_dash_end(graph, n, starts, scale) for n in free if _is_dash_end(graph, n, starts, scale)]


def _is_lone(graph: StrokeGraph, node: int, scale: float) -> bool:
    """Whether a free end is that of a single straight dash: it may lie between two corners of a dashed line."""
    stroke = graph.strokes[graph.at[node][0]]
    single = len(stroke.points) == 2 and graph.degree(stroke.other(node)) == 1
    return single and DOT_LENGTH * scale < stroke.length <= DASH_LENGTH * scale


def _close_corners(graph: StrokeGraph, ends: list[FreeEnd], lone: list[FreeEnd], scale: float) -> int:
    """Join dashed lines' `ends` to each other or to `lone` dashes round corners, the nearest first; how many joins."""
    known = {e.node for e in ends}
    ends = ends + [e for e in lone if e.node not in known]
    used: set[int] = set()
    offers = []
    for i, j in _pairs_within(ends, 1.3 * DASH_GAP * scale):
        found = _corner(ends[i], ends[j], scale) if i < len(known) else None
        if found is not None:
            offers.append((found[0], i, j, found[1]))
    for _, i, j, corner in sorted(offers, key=lambda o: o[:3]):
        if used & {i, j}:
            continue
        used |= {i, j}
        a, b = ends[i], ends[j]
        graph.add(Stroke(a.node, b.node, np.vstack([a.point, corner, b.point]), a.width, gap=True))
    return len(used) // 2


def _pairs_within(ends: list[FreeEnd], reach: float) -> list[tuple[int, int]]:
    """Pairs of ends no further apart than `reach`, the lower index first."""
    from scipy.spatial import cKDTree

    if len(ends) < 2:
        return []
    return sorted(cKDTree(np.array([e.point for e in ends])).query_pairs(reach))


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


def _dash_end(graph: StrokeGraph, node: int, held: set[int], scale: float) -> FreeEnd:
    """A free end of a dash; a dash that starts at a symbol has a direction however short it is."""
    end = FreeEnd(graph, node, scale)
    if end.far in held and not end.outward.any():
        end.outward = -graph.arm(node, end.key, ARM_REACH * scale)
    return end


def _is_dash_end(graph: StrokeGraph, node: int, starts: set[int], scale: float) -> bool:
    """Whether a free end belongs to a dashed line: a short piece behind which there is a gap or a symbol.

    A dash may run round a corner: behind its last leg there is another then.
    """
    key = graph.at[node][0]
    stroke = graph.strokes[key]
    if stroke.other(node) in starts:
        return not stroke.gap and 2 * scale < stroke.length <= DASH_LENGTH * scale
    if stroke.gap or stroke.length < DOT_LENGTH * scale:
        return False
    if stroke.dashed:
        return True
    node, length = stroke.other(node), stroke.length
    while length <= 2 * DASH_LENGTH * scale and graph.degree(node) == 2:
        key = next(k for k in graph.at[node] if k != key)
        stroke = graph.strokes[key]
        if stroke.gap:
            return True
        node, length = stroke.other(node), length + stroke.length
    return node in starts and length <= DASH_LENGTH * scale


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


class _OpenLines:
    """What open ends may run on from or into: bends, and the straight pieces of dashed lines, kept as lines are joined.

    A join changes a stroke or three; all else stays as it was found.
    """

    def __init__(self, graph: StrokeGraph, scale: float) -> None:
        self.graph, self.scale = graph, scale
        self.nodes = [n for n in graph.nodes() if graph.degree(n) > 1]
        self.places = np.array([graph.xy[n] for n in self.nodes]).reshape(-1, 2)
        segments = straight_pieces(graph)
        self.dashes = segments[np.isin(segments[:, 4], [key for key in graph.strokes if self._is_dash(key)])]

    def _is_dash(self, key: int) -> bool:
        """Whether a stroke is a part of a dashed line: a gap, or a short piece beside one."""
        s = self.graph.strokes[key]
        if s.gap or s.dashed:
            return True
        return _has_gap(self.graph, key) and s.length < DASH_LENGTH * self.scale

    def run_on(self, end: FreeEnd) -> bool:
        """Join the open end of a dashed line to a bend or tee right ahead from which a line runs on straight."""
        graph, scale = self.graph, self.scale
        v = self.places - end.point
        along, across = v @ end.outward, np.abs(v[:, 0] * end.outward[1] - v[:, 1] * end.outward[0])
        good = np.flatnonzero((along > 0) & (along < DASH_GAP * scale) & (across < 2.5 * scale + 0.06 * along))
        for i in good[np.argsort(along[good])].tolist():
            node = self.nodes[i]
            if any(float(graph.arm(node, k, ARM_REACH * scale) @ end.outward) > COS_END for k in graph.at[node]):
                graph.add(Stroke(end.node, node, np.vstack([end.point, graph.xy[node]]), end.width, gap=True))
                self._joined(end.node, node)
                return True
        return False

    def run_into(self, end: FreeEnd, *, most: float = 0.8 * DASH_GAP, gaps_only: bool = False) -> bool:
        """Join an open end to the dashed line, or the gap of one, that it runs into within `most` pixels, as a tee."""
        graph, scale = self.graph, self.scale
        segments = self._ahead(end, most)
        if gaps_only:
            segments = segments[[graph.strokes[int(k)].gap for k in segments[:, 4]]]
        start, d = segments[:, :2], segments[:, 2:4] - segments[:, :2]
        cross = end.outward[0] * d[:, 1] - end.outward[1] * d[:, 0]
        v = start - end.point
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = (v[:, 0] * d[:, 1] - v[:, 1] * d[:, 0]) / cross
            share = (v[:, 0] * end.outward[1] - v[:, 1] * end.outward[0]) / cross
        length = np.hypot(d[:, 0], d[:, 1])
        good = (np.abs(cross) > 0.7 * length) & (length > 8 * scale) & (share >= 0) & (share <= 1)
        good &= (ahead > -3 * scale) & (ahead < most * scale)
        if not good.any():
            return False
        i = int(np.flatnonzero(good)[np.argmin(ahead[good])])
        key, point = int(segments[i, 4]), end.point + end.outward * ahead[i]
        points = graph.strokes[key].points
        at = int(np.flatnonzero((points[:-1] == segments[i, :2]).all(axis=1))[0]) + 1
        graph.strokes[key].points = np.insert(points, at, point, axis=0)
        node = len(graph.xy)
        graph.cut(key, [at])
        graph.add(Stroke(end.node, node, np.vstack([end.point, point]), end.width, gap=True))
        self._joined(end.node, node, gone=key)
        return True

    def _ahead(self, end: FreeEnd, most: float) -> Array:
        """The pieces of other strokes that come near to the way ahead of an end."""
        reach = max(most, 3.0) * self.scale
        low = np.minimum(self.dashes[:, :2], self.dashes[:, 2:4]) <= end.point + reach
        high = np.maximum(self.dashes[:, :2], self.dashes[:, 2:4]) >= end.point - reach
        near = low.all(axis=1) & high.all(axis=1) & (self.dashes[:, 4] != end.key)
        return np.asarray(self.dashes[near], np.float64)

    def _joined(self, *nodes: int, gone: int | None = None) -> None:
        """Take note of what a join at some nodes has changed, and of the stroke that it has replaced."""
        graph = self.graph
        known = set(self.nodes)
        added = [n for n in nodes if n not in known]
        self.nodes += added
        self.places = np.vstack([self.places, *(graph.xy[n] for n in added)])
        changed = {k for n in nodes for k in graph.at[n]}
        kept = ~np.isin(self.dashes[:, 4], [*changed, -1 if gone is None else gone])
        rows = [
            np.column_stack([points[:-1], points[1:], np.full(len(points) - 1, k)])
            for k in sorted(changed)
            if self._is_dash(k)
            for points in [graph.strokes[k].points]
        ]
        self.dashes = np.vstack([self.dashes[kept], *rows])


def _has_gap(graph: StrokeGraph, key: int) -> bool:
    """Whether a gap follows a stroke at either end: it is a dash."""
    stroke = graph.strokes[key]
    return any(graph.strokes[k].gap for node in (stroke.a, stroke.b) for k in graph.at[node])
