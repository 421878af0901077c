"""Places where a symbol might be, by what it encloses: faces of paper between strokes, filled areas, and neighbours.

Most symbols are one closed shape or a few side by side: a circle, two triangles, a box. Where a template's anchors are
lost in rough ink these boxes still propose it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import BLOB, Primitives

SIDE_BY_SIDE_PENS = 1.6
"""Faces and filled areas nearer than this belong together: a stroke lies between them."""
LEAST_SIDE_PENS = 2.0
BLOB_GROWTH = 0.7, 2.0
"""Pens by which the box of a filled area is grown."""
MOST_NEIGHBOURS = 6
"""A region with more is a crowd, whose unions say nothing."""


def find_regions(parts: Primitives, ink: NDArray[np.uint8], pen: float, *, largest: float) -> Array:
    """Boxes (N, 4), ink included, of regions at most `largest` pixels long, and of neighbours, up to three together."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - ink, connectivity=4)
    x, y, w, h = (stats[1:, k].astype(np.float64) for k in range(4))
    faces = np.column_stack([x, y, x + w, y + h]) + np.array([-pen, -pen, pen, pen])
    blobs = parts.boxes[parts.shape == BLOB]
    # Opening has rounded a filled area's corners off: how far it reached, its template will tell.
    boxes = np.vstack([faces, *(blobs + g * pen * np.array([-1, -1, 1, 1]) for g in BLOB_GROWTH)])
    side = boxes[:, 2:] - boxes[:, :2]
    boxes = boxes[(side.max(axis=1) <= largest) & (side.min(axis=1) >= (2 + LEAST_SIDE_PENS) * pen)]
    pairs = _neighbours(boxes, SIDE_BY_SIDE_PENS * pen)
    twos = _unions(boxes[pairs[:, 0]], boxes[pairs[:, 1]])
    threes = _triples(boxes, pairs)
    together = np.vstack([boxes, twos, threes])
    side = together[:, 2:] - together[:, :2]
    together = together[side.max(axis=1) <= largest]
    return np.unique(np.round(together), axis=0)


def _neighbours(boxes: Array, reach: float) -> NDArray[np.int64]:
    """Pairs (K, 2) of boxes whose gap is at most `reach`, none of a box with too many."""
    from shapely import STRtree, box

    if len(boxes) < 2:
        return np.zeros((0, 2), np.int64)
    shapes = box(*boxes.T)
    i, j = STRtree(shapes).query(shapes, predicate="dwithin", distance=reach)
    keep = i < j
    pairs = np.column_stack([i[keep], j[keep]])
    count = np.bincount(pairs.reshape(-1), minlength=len(boxes))
    return np.asarray(pairs[(count[pairs] <= MOST_NEIGHBOURS).all(axis=1)], np.int64)


def _unions(a: Array, b: Array) -> Array:
    return np.hstack([np.minimum(a[:, :2], b[:, :2]), np.maximum(a[:, 2:], b[:, 2:])])


def _triples(boxes: Array, pairs: NDArray[np.int64]) -> Array:
    """Unions of three boxes of which one neighbours the two others."""
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    found = []
    for shift in range(1, MOST_NEIGHBOURS):
        same = ends[shift:, 0] == ends[:-shift, 0]
        first, second = ends[:-shift][same], ends[shift:][same]
        two = _unions(boxes[first[:, 0]], boxes[first[:, 1]])
        found.append(_unions(two, boxes[second[:, 1]]))
    return np.vstack(found) if found else np.zeros((0, 4))
