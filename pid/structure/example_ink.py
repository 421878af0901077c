"""The ink of an example: without its lettering, smooth, at the size that is wanted."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box
from pid.skeleton import thin
from pid.structure.library import Example
from pid.structure.trace_primitives import INK_GREY

LETTER_SHARE = 0.6
"""A piece of ink with this share of it in the lettering's box is a letter."""
LEAST_LEFT = 0.8
"""Boxes of lettering that hold more of a symbol's outline than the rest are misread."""
LARGEST_LETTER = 0.6
"""A letter spans less than this share of either side of the symbol."""
THIN_SHARE = 0.15
"""Of a skeleton's length, what is drawn with the thinner strokes."""
HALF_GREY = 118
"""Darker pixels of a scaled picture are ink: those mostly covered, so that narrow gaps stay open."""


def ink_of(example: Example, factor: float = 1.0, *, blur: float = 0.0) -> NDArray[np.uint8]:
    """The example's ink (H, W) without its lettering, scaled; a `blur` in pixels smooths its edges before."""
    picture, _ = take_letters(example)
    if factor <= 1.0 and blur > 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.uint8)
    if factor != 1.0:
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=method), np.uint8)
        return np.asarray(picture < HALF_GREY, np.uint8)
    return np.asarray(picture < INK_GREY, np.uint8)


def take_letters(example: Example) -> tuple[NDArray[np.uint8], list[Box]]:
    """The example's picture without its lettering, and the boxes of the letters.

    Letters are loose pieces of ink where lettering was read: what the symbol's outline is connected to is none, as word
    boxes are generous and a zigzag is read as NNN.
    """
    picture = example.picture.copy()
    count, labels, stats, _ = cv2.connectedComponentsWithStats((picture < INK_GREY).astype(np.uint8), connectivity=8)
    inside = np.zeros(picture.shape, bool)
    for x0, y0, x1, y1 in example.text_boxes:
        inside[max(round(y0), 0) : max(round(y1), 0), max(round(x0), 0) : max(round(x1), 0)] = True
    held = np.bincount(labels[inside], minlength=count) >= LETTER_SHARE * np.bincount(labels.reshape(-1))
    x0, y0, x1, y1 = example.box
    held &= stats[:, cv2.CC_STAT_WIDTH] < LARGEST_LETTER * (x1 - x0)
    held &= stats[:, cv2.CC_STAT_HEIGHT] < LARGEST_LETTER * (y1 - y0)
    held[0] = False
    if held[1:].all():
        return picture, []
    picture[held[labels]] = 255
    # What is left in a letter's box are letters that touch the outline.
    cleared = picture.copy()
    for x0, y0, x1, y1 in example.text_boxes:
        cleared[max(round(y0), 0) : max(round(y1), 0), max(round(x0), 0) : max(round(x1), 0)] = 255
    if (cleared < INK_GREY).sum() >= LEAST_LEFT * (picture < INK_GREY).sum():
        picture = cleared
    boxes = [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in stats[held].tolist()]
    return picture, boxes


def stroke_widths(example: Example) -> tuple[float, float]:
    """The usual width of an example's strokes and that of the thinner ones, pixels."""
    mask = ink_of(example)
    if not mask.any():
        return 1.0, 1.0
    rows, columns = np.nonzero(thin(mask))
    width = 2.0 * cv2.distanceTransform(mask, cv2.DIST_L2, 5)[rows, columns]
    return max(float(np.median(width)), 1.0), max(float(np.quantile(width, THIN_SHARE)), 1.0)
