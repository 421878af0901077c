"""Which way a found symbol is turned: its ink against the catalogue's drawing in all eight poses.

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

CELLS = 24
"""Both drawings are compared on a grid of so many cells a side."""
EASE = 0.9
"""A pose is preferred to the usual ones only where its distance is smaller by this factor."""

Cells = NDArray[np.float32]


def find_pose(kind: Kind, points: Array) -> tuple[float, bool, float]:
    """Rotation in degrees, whether mirrored, and the distance in boxes, of ink at `points` (P, 2) that fits best."""
    ink = _cells(points)
    far = _distances(ink)
    drawn, away = _drawings(kind)
    own = ink / max(float(ink.sum()), 1.0)
    distance = (away @ own.ravel() + (drawn @ far.ravel())) / 2 / CELLS
    by_pose = distance.reshape(-1, 8).min(axis=0)
    best = 0
    for pose in range(1, 8):
        if by_pose[pose] < EASE * by_pose[best]:
            best = pose
    return 90.0 * (best % 4), best >= 4, float(by_pose[best])


@lru_cache(maxsize=512)
def _drawings(kind: Kind) -> tuple[Cells, Cells]:
    """Ink, summing to 1, and distance to ink (V * 8, cells) of each variant in each pose; 4 to 7 are mirrored."""
    drawn, away = [], []
    for variant in kind.variants:
        shown = [s for s in variant.shapes if not s.outside and (s.stroked or s.fill != "paper")] or variant.shapes
        points = np.vstack([_dense(np.vstack([s.points, s.points[:1]]) if s.closed else s.points) for s in shown])
        for mirrored in (False, True):
            turned = points * [-1.0, 1.0] if mirrored else points
            for _ in range(4):
                ink = _cells(turned)
                drawn.append(ink.ravel() / ink.sum())
                away.append(_distances(ink).ravel())
                turned = np.column_stack([turned[:, 1], -turned[:, 0]])  # counter-clockwise as seen, y down
    return np.array(drawn, np.float32), np.array(away, np.float32)


def _dense(points: Array) -> Array:
    """Points close together along a polyline (N, 2)."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, run[-1], 200)
    return np.column_stack([np.interp(at, run, points[:, k]) for k in (0, 1)])


def _cells(points: Array) -> Cells:
    """The grid (CELLS, CELLS) of the points' own box with 1 where there is ink."""
    low, high = points.min(axis=0), points.max(axis=0)
    side = np.maximum(high - low, 0.05 * float((high - low).max()) + 1e-9)
    at = ((points - (low + high) / 2) / side + 0.5) * (CELLS - 1)
    x, y = np.clip(np.round(at), 0, CELLS - 1).astype(int).T
    out = np.zeros((CELLS, CELLS), np.float32)
    out[y, x] = 1
    return out


def _distances(ink: Cells) -> Cells:
    return np.asarray(cv2.distanceTransform((ink == 0).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
