"""Lettering inside a symbol: which pieces of ink are letters, what they say, and where they may differ.

Letters inside a bubble are read best without the bubble: `letters_only` paints them alone, for a reader of words to
look at; `with_lettering` takes what it has read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.geometry import Array, bounds
from pid.structure.stubs import Mask

if TYPE_CHECKING:
    from pid.structure.cut_example import Cutout

INK_GREY = 160
"""A pixel darker than this on white paper is ink; the grey rim of a stroke is lighter."""
LOW, HIGH, WIDE = 0.1, 0.55, 0.45
"""Height of a letter over the symbol's, least and most, and its largest width over the symbol's."""
RIM_SHARE = 0.04
"""Letters keep so far from the symbol's box, in shares of its height."""
RIM_PX = 1.5
"""Grey rim of letters, by which their boxes grow."""
WORD_MARGIN = 0.15
"""Boxes of words that were read shrink by this share of their height: readers leave paper around."""
INSIDE = 0.6
"""A word with this share of its box in the symbol's box is inside."""
SURE = 0.75
"""Less certain words are not taken."""


def label_pieces(mask: Mask) -> tuple[NDArray[np.int32], Array, NDArray[np.int64]]:
    """Connected ink: labels (H, W) from 1, boxes (N, 4) with far sides exclusive, and areas (N,)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = stats[1:, :4].astype(np.float64)
    boxes[:, 2:] += boxes[:, :2]
    return np.asarray(labels, np.int32), boxes, stats[1:, cv2.CC_STAT_AREA].astype(np.int64)


def letter_pieces(mask: Mask) -> Array:
    """Boxes (N, 4) of the pieces that may be letters, in pixels of the mask, from left to right."""
    return _letters(mask)[1]


def _letters(mask: Mask) -> tuple[Mask, Array]:
    """The mask of the pieces that may be letters, and their boxes."""
    labels, boxes, _ = label_pieces(mask)
    if len(boxes) < 2:
        return np.zeros_like(mask), boxes[:0]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    width, height = high - low
    size = boxes[:, 2:] - boxes[:, :2]
    rim = max(RIM_SHARE * height, 2.0)
    inner = (boxes[:, :2] > low + rim).all(axis=1) & (boxes[:, 2:] < high - rim).all(axis=1)
    fits = inner & (size[:, 0] <= WIDE * width) & (size[:, 1] <= HIGH * height)
    tall = fits & (size[:, 1] >= LOW * height)
    marks = fits & ~tall & _in_rows(boxes, boxes[tall])
    chosen = np.flatnonzero(tall | marks)
    chosen = chosen[np.argsort(boxes[chosen, 0], kind="stable")]
    return np.asarray(np.isin(labels, chosen + 1), np.uint8), boxes[chosen]


def _in_rows(boxes: Array, letters: Array) -> NDArray[np.bool_]:
    """Which boxes (N, 4) stand between letters of one row: hyphens and dots."""
    if not len(letters):
        return np.zeros(len(boxes), bool)
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    in_row = (letters[None, :, 1] < middle[:, None]) & (middle[:, None] < letters[None, :, 3])
    left = (in_row & (letters[None, :, 2] <= boxes[:, None, 0] + 2)).any(axis=1)
    right = (in_row & (letters[None, :, 0] >= boxes[:, None, 2] - 2)).any(axis=1)
    return np.asarray(left & right, bool)


def letters_only(shape: tuple[int, int], cutouts: Sequence[Cutout]) -> NDArray[np.uint8] | None:
    """The picture (H, W) that the symbols were cut from with nothing but their letters; None where there are none."""
    canvas = np.full(shape, 255, np.uint8)
    found = False
    for cutout in cutouts:
        letters, boxes = _letters(np.asarray(cutout.picture < INK_GREY, np.uint8))
        if len(boxes):
            found = True
            x, y = (round(p - b) for p, b in zip(cutout.place[:2], cutout.box[:2], strict=True))
            rim = cv2.dilate(letters, np.ones((3, 3), np.uint8)) > 0
            rows, columns = np.nonzero(rim)
            ok = (rows + y >= 0) & (columns + x >= 0) & (rows + y < shape[0]) & (columns + x < shape[1])
            canvas[rows[ok] + y, columns[ok] + x] = cutout.picture[rows[ok], columns[ok]]
    return canvas if found else None


def with_lettering(cutout: Cutout, alone: Sequence[Word], *, before: Sequence[Word] = ()) -> Cutout:
    """The cut-out with the lettering inside.

    Args:
        cutout: A cleaned symbol.
        alone: Words read from `letters_only`, in pixels of the picture it was cut from.
        before: Words read from that picture itself: they hold letters that touch the outline.
    """
    letters = letter_pieces(np.asarray(cutout.picture < INK_GREY, np.uint8))
    dx, dy = cutout.place[0] - cutout.box[0], cutout.place[1] - cutout.box[1]
    letters = letters + np.array([dx, dy, dx, dy])
    rows = _rows(_inside(alone, cutout.place))
    rivals = _rows(_inside(before, cutout.place))
    patterns, boxes = [], []
    for row in rows:
        text, around = _text(row), _around(row)
        rival = next((r for r in rivals if _same_row(_around(r), around)), None)
        held = letters[_held(letters, around)]
        area = _join(held) if len(held) else _grown(around, -WORD_MARGIN)
        if rival is not None and len(_text(rival)) > len(text):
            text = _text(rival)
            area = _join(np.array([area, _grown(_around(rival), -WORD_MARGIN)]))
        if text:
            patterns.append(pattern_of(text))
            x0, y0, x1, y1 = area
            boxes.append(_clip((x0 - RIM_PX, y0 - RIM_PX, x1 + RIM_PX, y1 + RIM_PX), cutout.place))
    placed = tuple((x0 - dx, y0 - dy, x1 - dx, y1 - dy) for x0, y0, x1, y1 in boxes)
    return replace(cutout, lettering=tuple(patterns), text_boxes=placed)


def pattern_of(text: str) -> str:
    """``PT-101`` as ``AA-999``; lower-case letters count as capitals, blanks are dropped."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", re.sub(r"\s+", "", text)))


def _inside(words: Sequence[Word], box: Box) -> list[Word]:
    out = []
    for word in words:
        x0, y0, x1, y1 = word.box
        shared = max(min(x1, box[2]) - max(x0, box[0]), 0) * max(min(y1, box[3]) - max(y0, box[1]), 0)
        if word.score >= SURE and shared >= INSIDE * max((x1 - x0) * (y1 - y0), 1e-9):
            out.append(word)
    return out


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Words in rows from top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.box[1] + w.box[3]):
        if rows and _same_row(rows[-1][0].box, word.box):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda w: w.box[0]) for row in rows]


def _same_row(a: Box, b: Box) -> bool:
    return min(a[3], b[3]) - max(a[1], b[1]) > 0.5 * min(a[3] - a[1], b[3] - b[1])


def _text(row: Sequence[Word]) -> str:
    """What a row says, without the marks at its ends that an outline is read as."""
    return re.sub(r"^[\W_]+|[\W_]+$", "", "".join(w.text for w in row))


def _held(boxes: Array, area: Box) -> NDArray[np.bool_]:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.asarray(((middle > area[:2]) & (middle < area[2:])).all(axis=1), bool)


def _around(row: Sequence[Word]) -> Box:
    return _join(np.array([w.box for w in row]))


def _join(boxes: Array) -> Box:
    return bounds(boxes.reshape(-1, 2))


def _grown(box: Box, share: float) -> Box:
    by = share * (box[3] - box[1])
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _clip(box: Box, area: Box) -> Box:
    return max(box[0], area[0]), max(box[1], area[1]), min(box[2], area[2]), min(box[3], area[3])
