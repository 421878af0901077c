"""The eight ways to turn a symbol by quarters and to mirror it, and which of them look different."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pid.geometry import Array

SAME_POSE, SAME_FAR = 0.035, 0.09
"""Distances in shares of the box, in the mean and of the farthest twentieth, below which two poses look the same."""


@dataclass(frozen=True, eq=False)
class Pose:
    """One of the eight ways to turn by quarters and to mirror: mirrored left-right first, then turned."""

    quarter: int
    mirrored: bool

    @property
    def matrix(self) -> Array:
        """(2, 2), acts on x and y down."""
        m = np.diag([-1.0 if self.mirrored else 1.0, 1.0])
        turn = np.array([[0.0, 1.0], [-1.0, 0.0]])  # a quarter counter-clockwise as seen: right becomes up
        return np.linalg.matrix_power(turn, self.quarter) @ m


POSES = tuple(Pose(quarter, mirrored) for mirrored in (False, True) for quarter in range(4))


def different_poses(unit: Array, fill: Array) -> tuple[Pose, ...]:
    """The poses in which strokes (K, 2) and filled cells (F, 2), in shares of the box, look unlike all before."""
    kept: list[tuple[Pose, Array, Array]] = []
    for pose in POSES:
        strokes, cells = unit @ pose.matrix.T, fill @ pose.matrix.T
        middle = (strokes.min(axis=0) + strokes.max(axis=0)) / 2
        strokes, cells = strokes - middle, cells - middle
        if not any(_look_alike(strokes, old) and _look_alike(cells, filled) for _, old, filled in kept):
            kept.append((pose, strokes, cells))
    return tuple(pose for pose, _, _ in kept)


def _look_alike(a: Array, b: Array) -> bool:
    """Whether two sets of points lie on each other."""
    from scipy.spatial import cKDTree

    if not len(a) or not len(b):
        return len(a) == len(b)
    for one, other in ((a, b), (b, a)):
        distance = np.asarray(cKDTree(one).query(other)[0])
        if distance.mean() >= SAME_POSE or np.quantile(distance, 0.95) >= SAME_FAR:
            return False
    return True
