"""Boxes, segments and polylines: pure functions on numpy arrays.

Boxes are float arrays (N, 4) of x0, y0, x1, y1; points are (N, 2); all in one common frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

MOST_DASHES = 20_000


def as_boxes(boxes: ArrayLike) -> Array:
    """Boxes as a float array (N, 4); an empty list becomes (0, 4)."""
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def box_intersection(a: ArrayLike, b: ArrayLike) -> Array:
    """Area of overlap of boxes (N, 4) and (M, 4), as (N, M)."""
    a, b = as_boxes(a), as_boxes(b)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=2), np.float64)


def box_area(boxes: ArrayLike) -> Array:
    """Areas (N,) of boxes (N, 4)."""
    b = as_boxes(boxes)
    return np.asarray(np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1), np.float64)


def box_iou(a: ArrayLike, b: ArrayLike) -> Array:
    """Intersection over union of boxes (N, 4) and (M, 4), as (N, M)."""
    inter = box_intersection(a, b)
    union = box_area(a)[:, None] + box_area(b)[None] - inter
    return np.asarray(inter / np.maximum(union, 1e-9), np.float64)


def box_gap(a: Sequence[float], b: Sequence[float]) -> float:
    """Distance between two boxes (xyxy), 0 where they overlap."""
    dx = max(a[0] - b[2], b[0] - a[2], 0.0)
    dy = max(a[1] - b[3], b[1] - a[3], 0.0)
    return float(np.hypot(dx, dy))


def grown(boxes: ArrayLike, by: float) -> Array:
    """Boxes (N, 4) with every side moved outward by `by`."""
    return np.asarray(as_boxes(boxes) + np.array([-by, -by, by, by]), np.float64)


def bounds(points: ArrayLike) -> tuple[float, float, float, float]:
    """Bounding box of points (N, 2), N >= 1."""
    p = np.asarray(points, np.float64).reshape(-1, 2)
    (x0, y0), (x1, y1) = p.min(axis=0), p.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def transform_points(matrix: ArrayLike, points: ArrayLike) -> Array:
    """Points (N, 2) under a 3x3 homogeneous matrix."""
    p = np.asarray(points, np.float64).reshape(-1, 2)
    q = np.c_[p, np.ones(len(p))] @ np.asarray(matrix, np.float64).T
    return np.asarray(q[:, :2] / q[:, 2:], np.float64)


def transform_box(matrix: ArrayLike, box: ArrayLike) -> tuple[float, float, float, float]:
    """Bounding box of a box's four corners under a 3x3 matrix."""
    x0, y0, x1, y1 = (float(v) for v in np.asarray(box, np.float64))
    return bounds(transform_points(matrix, [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))


def polyline_length(points: ArrayLike) -> float:
    """Length of the polyline through points (N, 2)."""
    p = np.asarray(points, np.float64).reshape(-1, 2)
    return float(np.hypot(*np.diff(p, axis=0).T).sum()) if len(p) > 1 else 0.0


def distance_to_segments(points: ArrayLike, segments: ArrayLike) -> Array:
    """Distances (N, M) of points (N, 2) to segments (M, 4) given as x0, y0, x1, y1."""
    p = np.asarray(points, np.float64).reshape(-1, 1, 2)
    s = np.asarray(segments, np.float64).reshape(1, -1, 4)
    a, d = s[..., :2], s[..., 2:] - s[..., :2]
    t = np.clip(((p - a) * d).sum(-1) / np.maximum((d * d).sum(-1), 1e-12), 0.0, 1.0)
    return np.asarray(np.hypot(*np.moveaxis(p - a - t[..., None] * d, -1, 0)), np.float64)


def split_dashes(points: ArrayLike, pattern: Sequence[float], *, closed: bool = False) -> list[Array]:
    """The drawn pieces of a polyline (N, 2) under a pattern of lengths on, off, on, ... in the points' unit.

    An odd pattern is repeated once, as in PostScript and SVG; an empty one, one without length, and one of more than
    `MOST_DASHES` dashes (no pen draws them apart) is solid.
    """
    p = np.asarray(points, np.float64).reshape(-1, 2)
    if closed:
        p = np.concatenate([p, p[:1]])
    pattern = [*pattern, *pattern] if len(pattern) % 2 else pattern
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(p, axis=0).T))])
    length, period = float(along[-1]), float(sum(pattern))
    if length <= 0 or period <= 0 or length / period > MOST_DASHES:
        return [p]
    pieces = []
    for start, end in _dash_spans(pattern, length):
        inner = p[(along > start) & (along < end)]
        ends = np.stack([np.interp([start, end], along, p[:, axis]) for axis in (0, 1)], axis=1)
        pieces.append(np.concatenate([ends[:1], inner, ends[1:]]))
    return pieces


def _dash_spans(pattern: Sequence[float], length: float) -> Iterator[tuple[float, float]]:
    position, index = 0.0, 0
    while position < length:
        step = pattern[index % len(pattern)]
        if index % 2 == 0:
            yield position, min(position + step, length)
        position += step
        index += 1
