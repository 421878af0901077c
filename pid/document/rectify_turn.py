"""Which way up a page lies: by most of its lettering, which reads from left to right on a sheet the right way up.

Lying pages are told by the side on which letters have their next neighbour; upright ones and those upside down by the
OCR engine's classifier, asked for a sample of words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.document.lettering import crop_box, glyph_boxes, glyph_rows
from pid.geometry import grown
from pid.paper import level_paper

Gray = NDArray[np.uint8]
UpsideDown = Callable[[Sequence[Gray]], NDArray[np.float64]]
"""How surely each of some crops of words (H, W) that read along their longer side is upside down, 0..1."""

WORKING_PX = 3400
"""Longest side of the picture that lettering is looked for on: capitals are 12 px high there."""
INK_GREY = 190
GLYPH_PX = (7.0, 60.0)
LEAST_GLYPHS = 60
"""Fewer letters than this settle nothing."""
LYING_SHARE = 0.6
"""Share of letters with their neighbour above or below from which a page lies on its side."""
SAMPLE = 32
LEAST_WORDS = 8
LONG_WORD = 2.5
"""Words this many times longer than high are asked for: short ones look alike both ways up."""
SURE = 0.9
"""A word told with this probability has a vote."""
DOWN_SHARE = 0.75
"""Share of votes from which the page is upside down: lettering may be read from above in places."""


def find_turn(gray: Gray, upside_down: UpsideDown) -> int:
    """Quarter turns counter-clockwise (0..3) that bring a grey sheet (H, W) the right way up."""
    small = _small(gray)
    ink = np.asarray(level_paper(small) < INK_GREY, np.uint8)
    boxes = glyph_boxes(ink, lowest=GLYPH_PX[0], highest=GLYPH_PX[1])
    size = boxes[:, 2:] - boxes[:, :2]
    boxes = boxes[(size.max(axis=1) < 5 * size.min(axis=1))]
    if len(boxes) < LEAST_GLYPHS:
        return 0
    lying = _lying_share(boxes) >= LYING_SHARE
    if lying:
        ink, small = (np.ascontiguousarray(np.rot90(part)) for part in (ink, small))
    height = float(np.median((boxes[:, 2] - boxes[:, 0]) if lying else (boxes[:, 3] - boxes[:, 1])))
    rows = glyph_rows(ink, glyph_px=height)
    rows = rows[(rows[:, 2] - rows[:, 0]) > LONG_WORD * (rows[:, 3] - rows[:, 1])]
    rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).round().astype(int)]
    if len(rows) < LEAST_WORDS:
        return int(lying)
    doubt = upside_down([crop_box(small, box) for box in grown(rows, 0.2 * height)])
    down, up = int((doubt >= SURE).sum()), int((doubt <= 1 - SURE).sum())
    return int(lying) + 2 * int(down + up >= LEAST_WORDS and down >= DOWN_SHARE * (down + up))


def _small(gray: Gray) -> Gray:
    scale = WORKING_PX / max(gray.shape)
    if scale >= 1:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _lying_share(boxes: NDArray[np.float64]) -> float:
    """Share of glyphs (N, 4) whose nearest neighbour is above or below: letters of a word are nearer than lines."""
    from scipy.spatial import cKDTree

    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    nearest = cKDTree(middles).query(middles, k=2)[1][:, 1]
    step = np.abs(middles[nearest] - middles)
    return float((step[:, 1] > step[:, 0]).mean())
