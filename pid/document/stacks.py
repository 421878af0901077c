"""Boxes of lettering looked at again by their ink: lines that a detector took together, blanks that an engine left out.

Terms of art: a *band* is a run of rows (or columns) of a crop that hold ink. All boxes are (N, 4) x0, y0, x1, y1.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pid.document.lettering import crop_box, ink_mask
from pid.document.words import Reading
from pid.geometry import as_boxes

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]

LOW_BAND, HIGH_BAND = 0.6, 1.7
"""Heights of a line of lettering, in glyph heights."""
MARGIN = 0.15
"""Of paper left above and below a line that is cut out, in glyph heights."""
TWO_LINES = 1.9
"""A box lower than this many glyph heights holds one line."""
BLANK, BLANK_BESIDE_NARROW = 0.33, 0.5
"""Least gap between words, as a share of the capitals' height: a blank with the slash beside it is 0.35 wide in
Helvetica, and more in other alphabets. Narrow characters bring white paper of their own along."""
NARROW = frozenset("1IilrtjfJLT|!-~_.,:;'\"°()[]")
WIDER, USUAL = 2.2, 0.25
"""...and this many times the gap that a quarter of the string's letters do not reach."""


def split_lines(gray: Gray, boxes: Array, *, glyph_px: float) -> Array:
    """Boxes with those over several upright lines, which white paper parts, cut into their lines.

    Boxes taller than wide are left: between the letters of lying lettering there is white paper, too.
    """
    out: list[Array] = []
    for box in boxes:
        high = box[3] - box[1]
        lines = as_boxes([])
        if high > TWO_LINES * glyph_px and box[2] - box[0] >= high:
            lines = lines_of(gray, box, glyph_px=glyph_px)
        out.append(lines if len(lines) > 1 else box[None])
    return np.concatenate(out) if out else as_boxes([])


def lines_of(gray: Gray, box: Array, *, glyph_px: float) -> Array:
    """Boxes of the upright lines of lettering in a box, from top to bottom; bands of another height are left out."""
    ink = ink_mask(crop_box(gray, box))
    y0 = max(int(box[1]), 0)
    lines = []
    for start, end in bands(np.asarray(ink.any(axis=1))):
        if LOW_BAND * glyph_px <= end - start <= HIGH_BAND * glyph_px:
            margin = MARGIN * glyph_px
            lines.append((box[0], max(y0 + start - margin, box[1]), box[2], min(y0 + end + margin, box[3])))
    return as_boxes(lines)


def bands(inked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def add_blanks(reading: Reading, crop: Gray) -> Reading:
    """The reading with blanks where its crop (H, W), turned upright, has a gap as wide as one between characters."""
    if len(reading.text) < 2:
        return reading
    ink = ink_mask(crop)
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows):
        return reading
    high = float(rows[-1] - rows[0] + 1)
    centres = np.array(reading.places) * crop.shape[1]
    empty = bands(np.asarray(~ink.any(axis=0)))
    gaps = [_widest(empty, a, b) for a, b in pairwise(centres)]
    usual = WIDER * float(np.quantile(gaps, USUAL))
    text, places, scores = list(reading.text), list(reading.places), list(reading.scores)
    for i in reversed(range(len(gaps))):
        least = BLANK_BESIDE_NARROW if {text[i], text[i + 1]} & NARROW else BLANK
        if gaps[i] >= max(least * high, usual) and not (text[i].isspace() or text[i + 1].isspace()):
            text.insert(i + 1, " ")
            places.insert(i + 1, (places[i] + places[i + 1]) / 2)
            scores.insert(i + 1, (scores[i] + scores[i + 1]) / 2)
    return replace(reading, text="".join(text), places=tuple(places), scores=tuple(scores))


def _widest(empty: list[tuple[int, int]], low: float, high: float) -> float:
    """Width of the widest empty run within low..high."""
    return max((min(b, high) - max(a, low) for a, b in empty if b > low and a < high), default=0.0)
