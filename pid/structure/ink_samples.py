"""Points along the middle of a drawing's strokes with their directions, straight from its skeleton.

Fitted primitives say what a drawing is made of; where its ink is, to a pixel and whatever its shape, the skeleton says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.skeleton import thin
from pid.structure.solids import hollow_solids

REACH = 3
"""Pixels on either side by which a direction is told."""


def sample_ink(mask: NDArray[np.uint8], pen: float) -> tuple[Array, Array]:
    """Points (S, 2) in pixels, one for each pixel of the skeleton, and unit tangents (S, 2) of a mask (H, W).

    Filled areas count as their outlines.
    """
    return sample_skeleton(hollow_solids(mask, pen)[0])


def sample_skeleton(hollow: NDArray[np.uint8]) -> tuple[Array, Array]:
    """The same for ink whose filled areas are hollowed already."""
    skeleton = thin(hollow)
    rows, columns = np.nonzero(skeleton)
    padded = np.pad(skeleton, REACH)
    flat, width = padded.reshape(-1), padded.shape[1]
    place = (rows + REACH) * width + columns + REACH
    sums = np.zeros((6, len(place)))  # count, x, y, xx, yy, xy of the skeleton round each of its pixels
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            here = flat[place + dy * width + dx].astype(np.float64)
            for k, value in enumerate((1, dx, dy, dx * dx, dy * dy, dx * dy)):
                if value:
                    sums[k] += value * here
    n, x, y, xx, yy, xy = sums
    n = np.maximum(n, 1)
    xx, yy, xy = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2, xy / n - x * y / n**2
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    points = np.column_stack([columns, rows]).astype(np.float64) + 0.5
    return points, np.column_stack([np.cos(angle), np.sin(angle)])
