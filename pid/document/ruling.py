"""Ruled cells of a page: the rectangles of paper that straight rules close in.

Pixels of the sheet, y down. Lengths are told in glyphs, the height of the page's usual capital.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Word
from pid.geometry import as_boxes
from pid.paper import level_paper

Gray = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Array = NDArray[np.float64]

INK_LEVEL = 204
"""Of levelled paper: what is darker is ink."""
CAPITAL = 0.75
"""Height of a capital as a share of the box of its word."""
USUAL_GLYPH_PX = 18.0
LEAST_GLYPH_PX = 8.0
WORKING_GLYPH_PX = 14.0
"""Larger lettering than this is looked at on a reduced page: rules need no more."""
LEAST_SCALE = 0.4
"""A rule of one pixel is still ink at this scale."""
RUN = 1.5
"""A straight run of ink is a piece of a rule from this length on; strokes of letters are left out by `PIECE`."""
GAP = 0.5
"""Pieces of a rule this far apart are one."""
PIECE = 4.0
"""Rules that hang together reach over this much at least."""
CELL_FILL = 0.9
"""A cell's paper fills its bounding box at least to this share."""
LEAST_CELL = (0.6, 0.65)
"""Width and height of the smallest cell."""
LARGEST_SHARE = 0.3
"""Of the page: what is larger is no cell."""


def glyph_height(words: Sequence[Word]) -> float:
    """Height of the usual capital, px, told by the words' boxes."""
    if not words:
        return USUAL_GLYPH_PX
    b = as_boxes([w.box for w in words])
    return max(CAPITAL * float(np.median(np.minimum(b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]))), LEAST_GLYPH_PX)


def find_cells(gray: Gray, *, glyph_px: float, largest: float = LARGEST_SHARE) -> Array:
    """Boxes (N, 4) of the paper inside of each ruled cell of a grey page (H, W).

    Args:
        gray: the page.
        glyph_px: height of its usual capital.
        largest: share of the page that a cell may take.
    """
    scale = max(min(1.0, WORKING_GLYPH_PX / glyph_px), LEAST_SCALE)
    if scale < 1.0:
        gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    glyph = glyph_px * scale
    rules = find_rules(np.asarray(level_paper(gray) < INK_LEVEL, np.uint8), glyph=glyph)
    half = cv2.resize(rules * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(half == 0, np.uint8), connectivity=4)
    if count < 2:
        return as_boxes([])
    x, y, w, h, area = (2.0 * stats[1:, i] for i in range(5))
    good = (2 * area >= CELL_FILL * w * h) & (w * h < largest * gray.size)
    good &= (w >= LEAST_CELL[0] * glyph) & (h >= LEAST_CELL[1] * glyph)
    return np.asarray(np.column_stack([x, y, x + w, y + h])[good] / scale, np.float64)


def find_rules(ink: Mask, *, glyph: float) -> Mask:
    """The straight level and upright rules of an ink mask (H, W) of 0 and 1, small gaps closed."""
    run, gap = max(round(RUN * glyph), 5), max(round(GAP * glyph), 3)
    level = _along(ink, (run, 1), (gap, 1))
    upright = _along(ink, (1, run), (1, gap))
    rules = np.asarray(level | upright, np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rules, connectivity=8)
    reach = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    long = (reach >= PIECE * glyph).astype(np.uint8)
    long[0] = 0
    return np.asarray(long[labels], np.uint8)


def _along(ink: Mask, run: tuple[int, int], gap: tuple[int, int]) -> Mask:
    runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, run))
    return np.asarray(cv2.morphologyEx(runs, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, gap)), np.uint8)
