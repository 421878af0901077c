"""Polylines told apart into strokes and curves: vertices first, then runs of them that turn softly one way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import Index

TOLERANCE_PENS, LEAST_TOLERANCE_PX = 0.3, 1.1
"""Of a polyline's vertices against the skeleton."""
SOFT_DEG, HARD_DEG = 7.0, 62.0
"""A bend between these is part of a curve where its neighbours bend alike."""
EVEN_SIDES = 4.0
"""Neighbouring pieces of a curve differ in length by this factor at most."""
LEAST_CURVE_DEG = 50.0
"""A curve turns so far in all."""


def tolerance_of(pen: float) -> float:
    """How far a polyline may leave its vertices, in pixels, when it is drawn with a pen of this width."""
    return max(LEAST_TOLERANCE_PX, TOLERANCE_PENS * pen)


def find_vertices(points: Array, first: Index, tolerance: float) -> NDArray[np.bool_]:
    """Which points (Q,) of polylines are vertices (Ramer 1972, Douglas and Peucker 1973), all polylines at once."""
    keep = np.zeros(len(points), bool)
    low, high = first[:-1], first[1:] - 1
    keep[low] = keep[high] = True
    while True:
        more = high - low > 1
        low, high = low[more], high[more]
        if not len(low):
            return keep
        counts = high - low - 1
        begin = np.cumsum(counts) - counts
        owner = np.repeat(np.arange(len(low)), counts)
        at = np.arange(len(owner)) - begin[owner] + low[owner] + 1
        chord = points[high] - points[low]
        length = np.hypot(chord[:, 0], chord[:, 1])
        step = points[at] - points[low][owner]
        across = np.abs(step[:, 0] * chord[owner, 1] - step[:, 1] * chord[owner, 0])
        off = np.where(length[owner] > 1, across / np.maximum(length[owner], 1e-9), np.hypot(step[:, 0], step[:, 1]))
        worst = np.maximum.reduceat(off, begin)
        split = worst > tolerance
        hit = np.flatnonzero((off >= worst[owner]) & split[owner])
        if not len(hit):
            return keep
        hit = hit[np.concatenate([[True], owner[hit[1:]] != owner[hit[:-1]]])]
        middle = at[hit]
        keep[middle] = True
        low, high = np.concatenate([low[split], middle]), np.concatenate([middle, high[split]])


def soft_vertices(v: Array, inner: NDArray[np.bool_], chamfer: Array) -> NDArray[np.bool_]:
    """Which vertices (V,) lie within a curve; bends within `chamfer` (V,) pixels are a corner that is rounded."""
    if len(v) < 3:
        return np.zeros(len(v), bool)
    step = np.diff(v, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    cross = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    dot = (step[:-1] * step[1:]).sum(axis=1)
    turn = np.zeros(len(v))
    turn[1:-1] = np.degrees(np.arctan2(cross, dot))
    even = np.zeros(len(v), bool)
    ratio = length[1:] / np.maximum(length[:-1], 1e-9)
    even[1:-1] = (ratio < EVEN_SIDES) & (ratio > 1 / EVEN_SIDES)
    soft = inner & even & (np.abs(turn) > SOFT_DEG) & (np.abs(turn) < HARD_DEG)
    # Runs of neighbours that turn the same way, each long enough in all to be a curve.
    sign = np.where(soft, np.sign(turn), 0).astype(int)
    edge = np.concatenate([[True], sign[1:] != sign[:-1]])
    run = np.cumsum(edge) - 1
    total = np.bincount(run, np.abs(turn) * soft)
    count = np.bincount(run, soft)
    within = soft[1:] & soft[:-1] & (run[1:] == run[:-1])
    extent = np.bincount(run[1:][within], length[within], len(total))
    good = (total >= LEAST_CURVE_DEG) & (count >= 2) & (extent > chamfer[np.flatnonzero(edge)])
    # Where a curve turns over to the other side, the vertex between has a run on both sides: it stays a node.
    return np.asarray(soft & good[run], np.bool_)
