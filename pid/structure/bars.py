"""Ink that stands alone and is one straight bar: dashes, ticks, isolated lines, told exactly by their moments.

They need no skeleton, which would leave a short thick dash nothing but the spurs of its corners.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import STROKE, Primitives, make_primitives

Mask = NDArray[np.uint8]

THICKEST_PENS = 2.0
"""Thicker ink is a blob or a glyph that ran together."""
LEAST_RATIO = 1.4
"""Length over width."""
FULL, OVERFULL = 0.88, 1.12
"""Area over that of the rectangle with the same moments; ink with a bend or a branch fills less."""


def take_bars(mask: Mask, pen: float) -> tuple[Mask, Array, Array]:
    """The ink (H, W) without its isolated bars, the bars' axes (K, 2, 2) from end to end, and their widths (K,)."""
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    flat = np.flatnonzero(mask)
    who = labels.reshape(-1)[flat]
    y, x = np.divmod(flat, mask.shape[1])
    first = np.ones(count, np.int64)
    first[who[::-1]] = np.arange(len(who))[::-1]  # moments about a pixel of their own lose no digits
    dx, dy = (x - x[first[who]]).astype(np.float64), (y - y[first[who]]).astype(np.float64)
    area = np.maximum(np.bincount(who, minlength=count), 1).astype(np.float64)
    mx, my = np.bincount(who, dx, count) / area, np.bincount(who, dy, count) / area
    # A pixel is a unit square: 1/12 more than its centre.
    xx = np.bincount(who, dx * dx, count) / area - mx**2 + 1 / 12
    yy = np.bincount(who, dy * dy, count) / area - my**2 + 1 / 12
    xy = np.bincount(who, dx * dy, count) / area - mx * my
    spread = np.hypot(xx - yy, 2 * xy)
    length = np.sqrt(6 * (xx + yy + spread))
    width = np.sqrt(6 * np.maximum(xx + yy - spread, 1e-9))
    full = area / (length * width)
    bar = (full > FULL) & (full < OVERFULL) & (length > LEAST_RATIO * width) & (width < THICKEST_PENS * pen)
    bar[0] = False
    bar &= length > max(pen, 2.0)
    k = np.flatnonzero(bar)
    angle = 0.5 * np.arctan2(2 * xy[k], xx[k] - yy[k])
    centre = np.column_stack([mx[k] + x[first[k]], my[k] + y[first[k]]]) + 0.5
    half = np.column_stack([np.cos(angle), np.sin(angle)]) * length[k, None] / 2
    rest = mask.copy()
    rest.reshape(-1)[flat[bar[who]]] = 0
    return rest, np.stack([centre - half, centre + half], axis=1), width[k]


def bar_primitives(axes: Array, width: Array, size: tuple[int, int]) -> Primitives:
    """Strokes with free ends of axes (K, 2, 2)."""
    k = len(axes)
    return make_primitives(
        [STROKE] * k, list(zip(range(0, 2 * k, 2), range(1, 2 * k, 2), strict=True)), axes.reshape(-1, 2), list(axes),
        width.tolist(), [False] * k, size,
    )  # fmt: skip
