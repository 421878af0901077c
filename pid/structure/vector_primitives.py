"""Primitives straight from a page's native paths, split and joined as those that are traced from its picture.

Steps: paths as polylines, dashes apart -> vertices and curves as in pixels -> strokes and curves cut where others cross
them or end on them -> ends that lie together are nodes -> strokes that go on straight are one -> dashes, rings.
Circles stay whole. Filled paths give their outline and a blob, thin ones the stroke that they are. Paths in the paper's
colour are left out; what they hide is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, split_dashes
from pid.sheet import VectorPath, Vectors
from pid.structure.curves import find_vertices, soft_vertices, tolerance_of
from pid.structure.dashes import number_dashes
from pid.structure.join_arcs import join_arcs
from pid.structure.place_nodes import Pieces, join_straight, meeting_points
from pid.structure.primitives import ARC, BLOB, CIRCLE, STROKE, Index, Primitives, concatenate, make_primitives
from pid.structure.split_pieces import cut_pieces, cut_places

PAPER_GREY = 200
"""A path whose three colours are all lighter is drawn in the paper's colour."""
THIN_RATIO, THIN_PENS = 4.0, 2.4
"""A filled path is a stroke if it is so many times longer than wide and no wider than so many pens."""
NODE_PX = 1.0
"""Ends no farther apart are one node."""
ON_PENS, ON_PX = 0.5, 0.6
"""An end is on a stroke if it is within its ink: shares of its width, and pixels."""
SHORTEST_PX = 0.3


class _Pieces:
    """What paths draw, as lists: polylines with their width, whether they are of a filled path, and their row."""

    def __init__(self) -> None:
        self.lines: list[Array] = []
        self.width: list[float] = []
        self.filled: list[bool] = []
        self.row: list[int] = []
        self.circles: list[tuple[Array, float, bool]] = []
        self.blobs: list[tuple[Array, float]] = []
        self.rows = 0

    def add(self, line: Array, width: float, *, filled: bool = False, row: int = -1) -> None:
        self.lines.append(line)
        self.width.append(width)
        self.filled.append(filled)
        self.row.append(row)


def vector_primitives(vectors: Vectors, size: tuple[int, int]) -> Primitives:
    """The primitives of a page's paths; `size` is the sheet's width and height in pixels."""
    drawn = [p for p in vectors.paths if len(p.points) > 1 and min(p.color) < PAPER_GREY]
    pen = _pen_of(drawn)
    pieces = _Pieces()
    for path in drawn:
        _take(path, pieces, pen)
    parts = _strokes(pieces, pen, size)
    rows = parts.dash
    parts = number_dashes(replace(parts, dash=np.full(len(parts), -1, np.int64)), pen)
    parts = join_arcs(replace(parts, dash=_both(parts.dash, rows)))
    circles, blobs = pieces.circles, pieces.blobs
    for shape, closed in ((CIRCLE, [(c[0], c[1], c[2]) for c in circles]), (BLOB, [(b[0], b[1], True) for b in blobs])):
        count = len(closed)
        whole = make_primitives(
            [shape] * count, [(-1, -1)] * count, parts.node_xy, [c[0] for c in closed], [c[1] for c in closed],
            [c[2] for c in closed], size,
        )  # fmt: skip
        parts = concatenate(parts, whole)
    return parts


def _pen_of(paths: Sequence[VectorPath]) -> float:
    """The width of the pen that draws most, pixels."""
    if not paths:
        return 1.0
    width = np.array([max(p.width_px, 1.0) for p in paths])
    reach = np.array([float(np.abs(np.diff(p.points, axis=0)).sum()) for p in paths])
    order = np.argsort(width)
    half = np.cumsum(reach[order])
    return float(width[order][np.searchsorted(half, half[-1] / 2)])


def _take(path: VectorPath, pieces: _Pieces, pen: float) -> None:
    """Add what a path draws."""
    points = np.asarray(path.points, np.float64)
    width = max(path.width_px, 1.0)
    closed = path.closed or path.filled
    if closed and np.abs(points[0] - points[-1]).max() > 1e-6:
        points = np.vstack([points, points[:1]])
    if path.filled and len(points) > 3:
        axis = _thin(points, pen)
        if axis is not None:
            pieces.add(*axis)
            return
        pieces.blobs.append((points, _depth(points)))
    if path.shape == "circle":
        pieces.circles.append((points, width, path.filled))
    elif path.dash_px and not path.filled:
        for line in split_dashes(points, path.dash_px):
            if np.abs(line - line[0]).max() > SHORTEST_PX:
                pieces.add(line, width, row=pieces.rows)
        pieces.rows += 1
    else:
        pieces.add(points, width, filled=path.filled)


def _thin(points: Array, pen: float) -> tuple[Array, float] | None:
    """Axis (2, 2) and width of a filled path that is a stroke, drawn by its outline."""
    (x, y), (w, h), angle = cv2.minAreaRect(points.astype(np.float32))
    if w < h:
        w, h, angle = h, w, angle + 90
    if w < THIN_RATIO * h or h > THIN_PENS * pen:
        return None
    area = abs(float(np.sum(points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1]))) / 2
    if area < 0.8 * w * h:
        return None
    half = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * w / 2
    middle = np.array([x, y])
    return np.array([middle - half, middle + half]), max(h, 1.0)


def _depth(points: Array) -> float:
    """Twice the largest distance from within a polygon (N, 2) to its outline."""
    low = points.min(axis=0)
    scale = min(1.0, 200.0 / max(float((points.max(axis=0) - low).max()), 1.0))
    local = np.round((points - low) * scale).astype(np.int32) + 1
    mask = np.zeros(local.max(axis=0)[::-1] + 2, np.uint8)
    cv2.fillPoly(mask, [local], 1)
    return 2.0 * float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max()) / scale


def _strokes(pieces: _Pieces, pen: float, size: tuple[int, int]) -> Primitives:
    """Strokes and curves with their nodes; `dash` tells the row of their path."""
    if not pieces.lines:
        return make_primitives([], [], np.zeros((0, 2)), [], [], [], size)
    lines, of, straight = _bent(pieces.lines, np.array(pieces.width), pen)
    width = np.array(pieces.width)[of]
    near = ON_PENS * np.minimum(width, THIN_PENS * pen) + ON_PX
    circles, pieces_of = [c[0] for c in pieces.circles], lines
    around = np.array([ON_PENS * min(c[1], THIN_PENS * pen) + ON_PX for c in pieces.circles])
    who, at = cut_places([*lines, *circles], np.concatenate([near, around]))
    mine = who < len(lines)
    lines, owner = cut_pieces(lines, who[mine], at[mine], 2 * NODE_PX)
    of, straight, width = of[owner], straight[owner], width[owner]
    radius = max(NODE_PX, ON_PENS * pen + ON_PX)
    nodes, node_xy = _nodes(lines, radius)
    span = np.array([(line[0], line[-1]) for line in lines])
    size_of = np.hypot(*(span[:, 1] - span[:, 0]).T)
    heading = (span[:, 1] - span[:, 0]) / np.maximum(size_of, 1e-9)[:, None]
    node_xy = meeting_points(node_xy, Pieces(nodes, straight, span.mean(axis=1), heading, size_of, width))
    on_circles = _places(circles, who[~mine] - len(pieces_of), at[~mine])
    left = np.flatnonzero(_real(lines) & ((nodes[:, 0] != nodes[:, 1]) | ~straight))
    left = left[_first_of_each(lines, left, nodes)]
    nodes, straight, width, of = nodes[left], straight[left], width[left], of[left]
    lines = [lines[k] for k in left.tolist()]
    row = np.array(pieces.row, np.int64)[of]
    plain = straight & (row < 0)
    kept = join_straight(nodes, node_xy, plain, width, _near(node_xy, on_circles, radius))
    runs = list(node_xy[nodes[kept]])
    for place, k in enumerate(np.flatnonzero(kept).tolist()):
        if not straight[k]:
            runs[place] = np.vstack([runs[place][:1], lines[k][1:-1], runs[place][1:]])
    made = make_primitives(
        np.where(straight[kept], STROKE, ARC), nodes[kept], node_xy, runs, width[kept],
        np.array(pieces.filled)[of[kept]], size,
    )  # fmt: skip
    return replace(made, dash=row[kept])


def _bent(lines: Sequence[Array], width: Array, pen: float) -> tuple[list[Array], Index, NDArray[np.bool_]]:
    """The polylines cut at their corners: the pieces, the polyline that each is of, and whether it is straight."""
    first = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    xy = np.concatenate(lines)
    kept = np.flatnonzero(find_vertices(xy, first, tolerance_of(pen)))
    v = xy[kept]
    chain = np.searchsorted(first, kept, side="right") - 1
    inner = np.ones(len(v), bool)
    begins = np.searchsorted(kept, first)
    inner[begins[:-1]] = inner[begins[1:] - 1] = False
    soft = soft_vertices(v, inner, width[chain])
    breaks = np.flatnonzero(~soft)
    same = chain[breaks[1:]] == chain[breaks[:-1]]
    start, stop = breaks[:-1][same], breaks[1:][same]
    straight = stop - start == 1
    out = [
        xy[[a, b]] if line else xy[a : b + 1]
        for a, b, line in zip(kept[start].tolist(), kept[stop].tolist(), straight.tolist(), strict=True)
    ]
    return out, chain[start], straight


def _places(lines: Sequence[Array], who: Index, at: Array) -> Array:
    """Points (K, 2) at lengths `at` (K,) along the polylines `who` (K,)."""
    out = np.zeros((len(who), 2))
    for k in np.unique(who).tolist():
        line, mine = lines[k], who == k
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        out[mine] = np.column_stack([np.interp(at[mine], along, line[:, axis]) for axis in (0, 1)])
    return out


def _near(node_xy: Array, places: Array, radius: float) -> Index:
    """The nodes within a radius of any of the places."""
    from scipy.spatial import cKDTree

    if not len(places):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.isfinite(cKDTree(places).query(node_xy, distance_upper_bound=radius)[0]))


def _nodes(lines: Sequence[Array], radius: float) -> tuple[Index, Array]:
    """Node numbers (N, 2) of the ends, and the nodes (M, 2), each in the middle of its ends within a radius."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    ends = np.array([(line[0], line[-1]) for line in lines]).reshape(-1, 2)
    pairs = cKDTree(ends).query_pairs(radius, output_type="ndarray")
    pairs = pairs[pairs[:, 0] // 2 != pairs[:, 1] // 2]
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    count, label = connected_components(links, directed=False)
    weight = np.bincount(label, minlength=count)[:, None]
    xy = np.column_stack([np.bincount(label, ends[:, k], count) for k in (0, 1)]) / weight
    return label.reshape(-1, 2).astype(np.int64), xy


def _real(lines: Sequence[Array]) -> NDArray[np.bool_]:
    """Which polylines have a length."""
    first = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    xy = np.concatenate(lines)
    low, high = (f.reduceat(xy, first[:-1], axis=0) for f in (np.minimum, np.maximum))
    return np.asarray((high - low).max(axis=1) > SHORTEST_PX, np.bool_)


def _first_of_each(lines: Sequence[Array], left: Index, nodes: Index) -> Index:
    """The places in `left` of pieces that are not drawn over an earlier one: same nodes, same middle."""
    halves = [(lines[k][(len(lines[k]) - 1) // 2], lines[k][len(lines[k]) // 2]) for k in left.tolist()]
    middle = np.array(halves).reshape(-1, 2, 2).mean(axis=1)
    key = np.column_stack([np.sort(nodes[left], axis=1), np.round(middle / (2 * NODE_PX))])
    return np.sort(np.unique(key, axis=0, return_index=True)[1])


def _both(found: Index, given: Index) -> Index:
    """Rows of dashes that were found, and beside them those that paths gave."""
    return np.where(given >= 0, given + found.max(initial=-1) + 1, found)
