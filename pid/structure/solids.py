"""Filled areas: found by opening the ink, hollowed to outlines for the skeleton, and kept as blobs.

Masks are (H, W) uint8 of 0 and 1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.structure.primitives import BLOB, Primitives, concatenate, make_primitives

Mask = NDArray[np.uint8]

BLOB_PENS = 2.4
"""An area that holds a disc of so many pens is filled, not a stroke."""
LONGEST_BAR = 14.0
"""A thick line's length over its thickness from which it is a line for all that."""
LEAST_OUTLINE_PX = 8


def hollow_solids(mask: Mask, pen: float) -> tuple[Mask, Mask]:
    """The mask with filled areas made outlines one pen thick, and the mask (H, W) of these areas."""
    size = max(5, round(BLOB_PENS * pen) + 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    core = cv2.erode(mask, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not core.any():
        return mask, core
    solid = np.asarray(cv2.dilate(core, disc), np.uint8) & mask
    if _take_bars(solid) and not solid.any():
        return mask, solid
    wall = max(2, round(pen))
    side = 2 * wall - 1
    inside = cv2.erode(solid, np.ones((side, side), np.uint8), borderValue=0)
    # Away from the true outline only: where a line joins the area, the opening's edge is no edge of the ink.
    inside &= cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side + 2, side + 2)), borderValue=0)
    return np.asarray(mask & (1 - inside), np.uint8), solid


def _take_bars(solid: Mask) -> bool:
    """Erase, in place, the areas that are thick lines; whether there were any."""
    padded = np.pad(solid, 1)  # beyond the sheet there is no ink
    count, labels = cv2.connectedComponents(padded, connectivity=8)
    places = np.flatnonzero(padded)
    which = labels.reshape(-1)[places]
    deepest = np.zeros(count)
    np.maximum.at(deepest, which, cv2.distanceTransform(padded, cv2.DIST_L2, 3).reshape(-1)[places])
    bars = np.bincount(which, minlength=count) > LONGEST_BAR * (2 * deepest) ** 2
    bars[0] = False
    if bars.any():
        y, x = np.divmod(places[bars[which]], padded.shape[1])
        solid[y - 1, x - 1] = 0
    return bool(bars.any())


def with_blobs(parts: Primitives, solid: Mask) -> Primitives:
    """The primitives and one more for each filled area: its outline, closed."""
    if not solid.any():
        return parts
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    polylines, widths = [], []
    for outline in outlines:
        run = outline.reshape(-1, 2)
        if len(run) < LEAST_OUTLINE_PX:
            continue
        (x0, y0), (x1, y1) = run.min(axis=0), run.max(axis=0) + 1
        area = np.pad(np.ascontiguousarray(solid[y0:y1, x0:x1]), 1)
        widths.append(2.0 * float(cv2.distanceTransform(area, cv2.DIST_L2, 3).max()))
        polylines.append(np.vstack([run, run[:1]]) + 0.5)
    count = len(polylines)
    blobs = make_primitives(
        [BLOB] * count, [(-1, -1)] * count, parts.node_xy, polylines, widths, [True] * count, parts.size
    )
    return concatenate(parts, blobs)
