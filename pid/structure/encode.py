"""A graph of primitives as the numbers that the network reads.

A pair is told by the marks of both primitives in the *unit frame* of their common bounding box, each axis scaled by
itself: moving, scaling, and stretching a drawing along an axis change nothing there. A frame is at least `LEAST_PENS`
thick along either axis, so that a bar's wobble is not blown up. Ends come in one order however they were traced: left
before right, and top before bottom where they stand over each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import ARC, STROKE, Index
from pid.structure.relate import Flags, Graph

Numbers = NDArray[np.float32]

LEAST_PENS = 4.0
"""Least side of a unit frame."""
STEEP = 0.06
"""A stroke that rises by a smaller share of its run is level, whatever its length; within a pen it is, too."""
PARALLEL = 0.996
"""Cosine of the angle between parallel strokes, at least."""
TOUCH_PENS = 1.5
NODE_NUMBERS, EDGE_NUMBERS = 34, 31
KNOWN = 30
"""Column of an edge that is 1 where there is a neighbour and 0 where there is none."""
EXTENT = 33
"""Column of the node's size: the only number besides the gap that scaling changes, and coarse."""
EXTENT_DOUBLINGS = 7.0


def encode(graph: Graph) -> tuple[Numbers, Numbers]:
    """Numbers of the nodes (N, `NODE_NUMBERS`) and of the edges (N, K, `EDGE_NUMBERS`), most within -1..1."""
    marks, swapped = _ordered(graph)
    return _nodes(graph, marks, swapped), _edges(graph, marks, swapped)


def _ordered(graph: Graph) -> tuple[Array, Flags]:
    """Marks (N, 5, 2) with ends in order, and which primitives (N,) were turned round for it.

    A closed one has no ends: its marks are the middles of its box's sides.
    """
    step = graph.marks[:, 4] - graph.marks[:, 0]
    upright = np.abs(step[:, 0]) <= np.maximum(graph.pen, STEEP * np.abs(step[:, 1]))
    swapped = np.where(upright, step[:, 1], step[:, 0]) < 0
    marks = np.where(swapped[:, None, None], graph.marks[:, ::-1], graph.marks)
    closed = graph.nodes[:, 0] < 0
    x0, y0, x1, y1 = graph.boxes[closed].T
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    around = np.stack([x, y0, x1, y, x, y1, x0, y, x, y0], axis=1).reshape(-1, 5, 2)
    marks[closed] = around
    return marks, np.where(closed, False, swapped)


def _nodes(graph: Graph, marks: Array, swapped: Flags) -> Numbers:
    n, pen = len(graph), graph.pen
    out = np.zeros((n, NODE_NUMBERS), np.float32)
    low, high = graph.boxes[:, :2], graph.boxes[:, 2:]
    out[:, :10] = _in_frame(marks, low, high, pen).reshape(n, 10)
    out[np.arange(n), 10 + graph.shape] = 1
    side = high - low
    level = side[:, 1] <= np.maximum(pen, STEEP * side[:, 0])
    upright = side[:, 0] <= np.maximum(pen, STEEP * side[:, 1])
    rising = marks[:, 4, 1] < marks[:, 0, 1]
    straight = graph.shape == STROKE
    out[:, 14] = straight & level
    out[:, 15] = straight & upright & ~level
    out[:, 16] = straight & ~level & ~upright & rising
    out[:, 17] = straight & ~level & ~upright & ~rising
    out[:, 18] = graph.filled
    out[:, 19] = graph.dash >= 0
    degree = np.where(swapped[:, None], graph.degree[:, ::-1], graph.degree)
    for column, count in enumerate((1, 2, 3, 4)):
        out[:, 20 + column] = (degree[:, 0] >= 4) if count == 4 else degree[:, 0] == count
        out[:, 24 + column] = (degree[:, 1] >= 4) if count == 4 else degree[:, 1] == count
    out[:, 28] = np.clip(np.log2(np.maximum(graph.width, 0.5) / pen), -2, 2)
    out[:, 29] = graph.known.mean(axis=1)
    out[:, 30] = (graph.gap < TOUCH_PENS * pen)[:, :8].sum(axis=1) / 8 * graph.known[:, 0]
    out[:, 31] = (graph.shape == ARC) & (graph.nodes[:, 0] == graph.nodes[:, 1])
    out[:, 32] = 1
    out[:, EXTENT] = np.clip(np.log2(np.maximum(side.max(axis=1), pen) / pen) / EXTENT_DOUBLINGS, 0, 1.2)
    return out


def _edges(graph: Graph, marks: Array, swapped: Flags) -> Numbers:
    n, most = graph.neighbours.shape
    j, pen = graph.neighbours, graph.pen
    out = np.zeros((n, most, EDGE_NUMBERS), np.float32)
    boxes = graph.boxes
    low = np.minimum(boxes[:, None, :2], boxes[j][..., :2])
    high = np.maximum(boxes[:, None, 2:], boxes[j][..., 2:])
    out[..., :10] = _in_frame(marks[:, None], low, high, pen).reshape(n, most, 10)
    out[..., 10:20] = _in_frame(marks[j], low, high, pen).reshape(n, most, 10)
    ends = np.where(swapped[:, None], graph.nodes[:, ::-1], graph.nodes)
    share = (ends[:, None, :, None] == ends[j][:, :, None, :]) & (ends >= 0)[:, None, :, None]
    out[..., 20:24] = share.reshape(n, most, 4)
    out[..., 24] = np.clip(np.log2(1 + graph.gap / pen) / 4, 0, 1.5)
    out[..., 25] = share.any(axis=(2, 3)) | (graph.gap < TOUCH_PENS * pen)
    parallel, collinear = _aligned(graph, marks, j)
    out[..., 26], out[..., 27] = parallel, collinear
    out[..., 28] = (graph.dash[:, None] >= 0) & (graph.dash[:, None] == graph.dash[j])
    out[..., 29] = np.clip(np.log2(np.maximum(graph.width[j], 0.5) / np.maximum(graph.width, 0.5)[:, None]), -2, 2)
    out[..., KNOWN] = 1
    return np.asarray(out * graph.known[..., None], np.float32)


def _in_frame(marks: Array, low: Array, high: Array, pen: float) -> Array:
    """Marks (..., 5, 2) in the frame of boxes given by corners (..., 2): -1 and 1 at its sides."""
    half = np.maximum(high - low, LEAST_PENS * pen) / 2
    return np.asarray((marks - ((low + high) / 2)[..., None, :]) / half[..., None, :], np.float64)


def _aligned(graph: Graph, marks: Array, j: Index) -> tuple[Flags, Flags]:
    """Whether each edge's strokes (N, K) are parallel, and whether they lie on one line."""
    step = marks[:, 4] - marks[:, 0]
    heading = step / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None]
    straight = (graph.shape == STROKE)[:, None] & (graph.shape == STROKE)[j]
    parallel = straight & (np.abs((heading[:, None] * heading[j]).sum(axis=2)) > PARALLEL)
    away = marks[j][:, :, 2] - marks[:, None, 2]
    off = np.abs(away[..., 0] * heading[:, None, 1] - away[..., 1] * heading[:, None, 0])
    return parallel, parallel & (off < graph.pen)
