"""Where lettering may stand: ink without long lines, the size of its glyphs, rows of glyphs, tiles worth reading.

Terms of art: a *glyph* is a connected component of ink of the size of a character; a *row* is a run of glyphs of like
height side by side (or, in a vertical row, one above the other). Works on pixels alone, without the OCR engine. All
boxes are (N, 4) x0, y0, x1, y1 in pixels of the image given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box
from pid.geometry import as_boxes, grown

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]

INK_LEVEL = 160
"""Darkest grey that still counts as paper after thresholding: anti-aliased pen lines reach it, paper noise does not."""
LINE_TO_GLYPH = 3.0
"""A straight run longer than this many glyph heights is a drawn line: no stroke of a letter is."""
SHORTEST_LINE_PX = 40
GLYPH_PX = (5, 90)
"""Heights of a glyph, from the smallest readable lettering to that of titles."""
USUAL_GLYPH_PX = 20.0
GLYPH_LOW, GLYPH_HIGH = 0.6, 1.7
"""Heights of capitals and digits as shares of the usual glyph."""
ROW_GAP = 0.9
"""Widest gap between glyphs of one row, in glyph heights: a blank is about that wide."""
THIN = 0.3
"""Width to height of I and 1 without serifs, and of a dash of a vertical line."""
TILE_INK_PX = 60
"""A tile with less ink than one short word has nothing to read."""


@dataclass(frozen=True)
class Tile:
    """A window of the image; `x1`, `y1` exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int


def ink_mask(gray: Gray) -> NDArray[np.uint8]:
    """Ink as 0 or 1, (H, W), of an image with white paper."""
    return (gray < INK_LEVEL).astype(np.uint8)


def line_mask(ink: NDArray[np.uint8], *, length: int) -> NDArray[np.uint8]:
    """Ink of horizontal and vertical straight runs of at least `length` px, with the soft edge beside them; 0 or 1."""
    out = np.zeros_like(ink)
    for size, edge in (((length, 1), (1, 3)), ((1, length), (3, 1))):
        run = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, size))
        out |= cv2.dilate(run, cv2.getStructuringElement(cv2.MORPH_RECT, edge))
    return np.asarray(out, np.uint8)


def lift_lines(gray: Gray, *, glyph_px: float = USUAL_GLYPH_PX) -> Gray:
    """The image with long horizontal and vertical lines painted white, so that lettering stands free of them."""
    length = max(SHORTEST_LINE_PX, round(LINE_TO_GLYPH * glyph_px))
    out = gray.copy()
    out[line_mask(ink_mask(gray), length=length) > 0] = 255
    return out


def glyph_boxes(ink: NDArray[np.uint8], *, lowest: float = GLYPH_PX[0], highest: float = GLYPH_PX[1]) -> Array:
    """Boxes of connected components of the size of characters, upright or lying."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    s = stats[1:].astype(np.float64)
    side = np.maximum(s[:, 2], s[:, 3])
    keep = (side >= lowest) & (side <= highest)
    s = s[keep]
    return as_boxes(np.c_[s[:, 0], s[:, 1], s[:, 0] + s[:, 2], s[:, 1] + s[:, 3]])


def measure_glyphs(ink: NDArray[np.uint8]) -> float:
    """Height in px of the usual character: the median height of components with a like neighbour beside them."""
    b = glyph_boxes(ink)
    h, w = b[:, 3] - b[:, 1], b[:, 2] - b[:, 0]
    b, h = b[(h > 1.05 * w) & (w > 0.2 * h)], h[(h > 1.05 * w) & (w > 0.2 * h)]
    if len(b) < 2:
        return USUAL_GLYPH_PX
    order = np.lexsort((b[:, 0], np.round(b[:, 3] / 4)))
    b, h = b[order], h[order]
    gap = b[1:, 0] - b[:-1, 2]
    mates = (np.abs(np.diff(h)) <= 2) & (np.abs(np.diff(b[:, 3])) <= 2) & (gap > 0) & (gap < h[1:])
    lettered = np.zeros(len(b), bool)
    lettered[1:] |= mates
    lettered[:-1] |= mates
    return float(np.median(h[lettered])) if lettered.sum() >= 6 else USUAL_GLYPH_PX


def tiles_with_ink(ink: NDArray[np.uint8], *, size: int, overlap: int) -> list[Tile]:
    """Windows of about `size` px that overlap by `overlap` px and cover the image, those without ink left out."""
    height, width = ink.shape
    tiles = [
        Tile(x0, y0, x1, y1) for y0, y1 in _windows(height, size, overlap) for x0, x1 in _windows(width, size, overlap)
    ]
    return [t for t in tiles if cv2.countNonZero(ink[t.y0 : t.y1, t.x0 : t.x1]) >= TILE_INK_PX]


def _windows(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The fewest equal windows of at most `size` that cover `length`, each two with `overlap` between them."""
    count = max(1, int(np.ceil((length - overlap) / (size - overlap))))
    each = int(np.ceil((length + (count - 1) * overlap) / count))
    return [
        (min(i * (each - overlap), max(length - each, 0)), min(i * (each - overlap) + each, length))
        for i in range(count)
    ]


def glyph_rows(ink: NDArray[np.uint8], *, glyph_px: float, without: Array | None = None) -> Array:
    """Boxes (N, 4) of upright rows of glyphs near the height `glyph_px`, those inside the boxes `without` left out.

    Finds what a text detector overlooks: single digits, short tags, lettering close to curves. Runs of nothing but
    thin upright strokes are left out, since dashes of vertical lines look like that.
    """
    b = glyph_boxes(ink, lowest=GLYPH_LOW * glyph_px, highest=GLYPH_HIGH * glyph_px)
    h, w = b[:, 3] - b[:, 1], b[:, 2] - b[:, 0]
    b = b[(h >= GLYPH_LOW * glyph_px) & (w <= 1.5 * h)]
    if without is not None and len(without):
        b = b[~_centres_inside(b, without)]
    if len(b) == 0:
        return b
    blocks = np.zeros_like(ink)
    for x0, y0, x1, y1 in b.astype(int):
        blocks[y0:y1, x0:x1] = 1
    reach = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * round(ROW_GAP * glyph_px / 2) + 1, 1))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(blocks, cv2.MORPH_CLOSE, reach))
    centres = ((b[:, :2] + b[:, 2:]) / 2).astype(int)
    row = labels[centres[:, 1], centres[:, 0]]
    widest = np.zeros(len(stats))
    np.maximum.at(widest, row, (b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1]))
    s = stats.astype(np.float64)
    keep = (widest > THIN) & (s[:, 3] <= GLYPH_HIGH * glyph_px) & (np.arange(len(s)) > 0)
    s = s[keep]
    return as_boxes(np.c_[s[:, 0], s[:, 1], s[:, 0] + s[:, 2], s[:, 1] + s[:, 3]])


def _centres_inside(boxes: Array, around: Array) -> NDArray[np.bool_]:
    """Whether the centre of each box (N, 4) lies in any of the boxes `around` (M, 4)."""
    c = (boxes[:, :2] + boxes[:, 2:]) / 2
    out = np.zeros(len(c), bool)
    for x0, y0, x1, y1 in around:
        out |= (c[:, 0] >= x0) & (c[:, 0] <= x1) & (c[:, 1] >= y0) & (c[:, 1] <= y1)
    return out


def lift_outline(gray: Gray, *, glyph_px: float) -> Gray:
    """The crop of a symbol with all ink painted white that is not of the size of glyphs: outline, divider, pipes."""
    ink = ink_mask(gray)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    large = np.maximum(stats[:, 2], stats[:, 3]) > GLYPH_HIGH * glyph_px
    large[0] = False
    if count < 2 or not large.any():
        return gray
    out = gray.copy()
    out[cv2.dilate(large[labels].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 255
    return out


def scaled(gray: Gray, scale: float) -> Gray:
    """The image at another scale."""
    if scale == 1.0:
        return gray
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def paint_out(gray: Gray, boxes: Sequence[Box]) -> Gray:
    """The image with boxes painted white."""
    if not boxes:
        return gray
    out = gray.copy()
    for x0, y0, x1, y1 in grown(np.array(boxes), 1.0).round().astype(int):
        out[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = 255
    return out


def crop_box(gray: Gray, box: Array) -> Gray:
    """The part of the image under a box, at least a pixel; a view."""
    h, w = gray.shape
    x0, y0 = max(int(box[0]), 0), max(int(box[1]), 0)
    x1, y1 = min(int(np.ceil(box[2])), w), min(int(np.ceil(box[3])), h)
    return gray[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]


def turn_upright(crop: Gray, quarter: int) -> Gray:
    """The crop turned so that lettering of the direction `quarter` x 90 degrees reads left to right."""
    return np.ascontiguousarray(np.rot90(crop, -quarter))
