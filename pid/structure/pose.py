"""Found ink against the catalogue's drawings: how well a kind fits, and which way the symbol is turned.

Both are brought into the frame of their own boxes, each axis by itself, so that a stretched symbol fits as well as the
catalogue's. The measure is the mean distance from each one's ink to the other's (chamfer distance, Barrow et al. 1977).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.catalog import Kind
from pid.geometry import Array
from pid.structure.primitives import Index

CELLS = 24
"""Drawings are compared on a grid of so many cells a side."""
LEAST_ASPECT = 0.05
"""A drawing flatter than this is not stretched to a full square."""
EASE = 0.9
"""A pose is preferred to the usual ones only where its distance is smaller by this factor."""
ONE_THREAD = 250_000
"""OpenBLAS shares out products of more multiplications than 262,144."""
POSES = 8
"""Quarter turns 0 to 3, counter-clockwise as seen, and the same after a flip left-right."""

Cells = NDArray[np.float32]


def ink_cells(points: Array, owner: Index, count: int) -> Cells:
    """Where the ink (P, 2) of each of `count` drawings lies in its own box: (count, cells) of 0 and 1."""
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, owner, points)
    np.maximum.at(high, owner, points)
    side = high - low
    side = np.maximum(side, LEAST_ASPECT * side.max(axis=1, keepdims=True) + 1e-9)
    at = ((points - (low + high)[owner] / 2) / side[owner] + 0.5) * (CELLS - 1)
    x, y = np.clip(np.round(at), 0, CELLS - 1).astype(np.int64).T
    out = np.zeros((count, CELLS * CELLS), np.float32)
    out[owner, y * CELLS + x] = 1
    return out


def cell_distances(ink: Cells) -> Cells:
    """The distance (M, cells) in cells from each cell to the next ink."""
    paper = (ink.reshape(-1, CELLS, CELLS) == 0).astype(np.uint8)
    far = [cv2.distanceTransform(one, cv2.DIST_L2, 3) for one in paper]
    return np.asarray(np.stack(far) if far else paper, np.float32).reshape(len(ink), CELLS * CELLS)


def fit_kind(kind: Kind, ink: Cells, far: Cells) -> NDArray[np.float64]:
    """How far (M, 8) in boxes the ink of M drawings is from the best variant of a kind, in each pose."""
    drawn, away = _drawings(kind)
    own = ink / np.maximum(ink.sum(axis=1, keepdims=True), 1.0)
    distance = (_product(own, away) + _product(far, drawn)) / (2 * CELLS)
    return np.asarray(distance.reshape(len(ink), -1, POSES).min(axis=1), np.float64)


def _product(rows: Cells, columns: Cells) -> Cells:
    """``rows @ columns.T`` in pieces that are not worth a second thread to the algebra library.

    On a busy machine, waiting for that thread took 15 times as long as the sums themselves.
    """
    step = max(1, ONE_THREAD // columns.size)
    pieces = [rows[k : k + step] @ columns.T for k in range(0, len(rows), step)]
    return np.concatenate(pieces) if pieces else np.zeros((0, len(columns)), np.float32)


def choose_pose(distance: NDArray[np.float64]) -> tuple[float, bool]:
    """Rotation in degrees and whether mirrored, of the distances (8,) in each pose."""
    best = 0
    for pose in range(1, POSES):
        if distance[pose] < EASE * distance[best]:
            best = pose
    return 90.0 * (best % 4), best >= 4


@lru_cache(maxsize=512)
def _drawings(kind: Kind) -> tuple[Cells, Cells]:
    """Ink, summing to 1, and distance to ink (V * 8, cells) of each variant in each pose."""
    points: list[Array] = []
    owner: list[Index] = []
    for variant in kind.variants:
        shown = [s for s in variant.shapes if not s.outside and (s.stroked or s.fill != "paper")] or variant.shapes
        one = np.vstack([_dense(np.vstack([s.points, s.points[:1]]) if s.closed else s.points) for s in shown])
        for mirrored in (False, True):
            turned = one * [-1.0, 1.0] if mirrored else one
            for _ in range(4):
                owner.append(np.full(len(turned), len(points)))
                points.append(turned)
                turned = np.column_stack([turned[:, 1], -turned[:, 0]])  # counter-clockwise as seen, y down
    ink = ink_cells(np.vstack(points), np.concatenate(owner), len(points))
    return ink / ink.sum(axis=1, keepdims=True), cell_distances(ink)


def _dense(points: Array) -> Array:
    """Points close together along a polyline (N, 2)."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, run[-1], 120)
    return np.column_stack([np.interp(at, run, points[:, k]) for k in (0, 1)])
