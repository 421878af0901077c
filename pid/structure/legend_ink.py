"""The ink of a legend parted: ruling, lettering that can be read, and pieces of symbols.

Pieces are connected ink: their labels (H, W) count from 1, their boxes (N, 4) from 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.geometry import Array, as_boxes, bounds, box_area, box_intersection, grown

LEAST_AREA_PX = 6
"""Fewer pixels are dirt."""
FRAME_SHARE = 0.5
"""Ink that spans this share of the picture's width or height, and encloses names, is a table's ruling."""
RULE_ASPECT, RULE_HEIGHTS = 30.0, 8.0
"""A single line so many times longer than thick, and than lettering is high, is a ruling."""
LETTER_SHARE = 0.7
"""A piece with this share of its box in a name's box is a letter of it."""
WORD_RIM, FOREIGN_SHARE = 0.15, 0.3
"""A word is no name where more than this share of its ink belongs to pieces that reach out of its box, which may grow
by the first share of its height."""
WIDEST = 1.6
"""A letter is at most so many times wider than its row is high."""
DOT_SHARE = 0.35
"""What is inside a letter is lower than this share of it: the dot in a nought."""
LEAST_SCORE, SURE_SCORE = 0.7, 0.9
"""Less sure words are no names; below the second, a word of three letters has more than one piece of ink."""


def readable_words(
    labels: NDArray[np.int32], boxes: Array, framing: NDArray[np.bool_], words: Sequence[Word]
) -> tuple[list[Word], NDArray[np.int64]]:
    """The words whose ink is their own, not read into a symbol nor inside a narrow one, and the pieces they are of."""
    out: list[Word] = []
    letters: list[int] = []
    usual = float(np.median([w.box[3] - w.box[1] for w in words])) if words else 0.0
    for word in words:
        x0, y0, x1, y1 = (round(v) for v in word.box)
        counts = np.bincount(labels[max(y0, 0) : y1, max(x0, 0) : x1].reshape(-1), minlength=len(boxes) + 1)[1:]
        counts[framing] = 0
        there = np.flatnonzero(counts)
        around = as_boxes([(x0, y0, x1, y1)])
        own = share_in(boxes[there], grown(around, WORD_RIM * (y1 - y0))) >= LETTER_SHARE
        foreign = counts[there[~own]].sum() > FOREIGN_SHARE * counts.sum()
        wide = own.any() and float(np.ptp(boxes[there[own]][:, ::2])) > WIDEST * usual * len(word.text)
        sure = not wide and word.score >= LEAST_SCORE and (own.sum() >= len(word.text) / 3 or word.score >= SURE_SCORE)
        if sure and not foreign and not _is_held(boxes, there[own], framing):
            out.append(word)
            letters += there[own].tolist()
    return out, np.unique(np.array(letters, np.int64))


def _is_held(every: Array, own: NDArray[np.int64], framing: NDArray[np.bool_]) -> bool:
    """Whether letters lie inside another piece that is no ruling, or one inside another: a letter in a frame."""
    boxes = every[own]
    if len(own):
        around = (every[:, :2] < boxes[:, :2].min(axis=0)).all(axis=1) & (every[:, 2:] > boxes[:, 2:].max(axis=0)).all(
            axis=1
        )
        if (around & ~framing).any():
            return True
    above = (boxes[:, None, :2] > boxes[None, :, :2]).all(axis=2)
    below = (boxes[:, None, 2:] < boxes[None, :, 2:]).all(axis=2)
    height = boxes[:, 3] - boxes[:, 1]
    return bool((above & below & (height[:, None] > DOT_SHARE * height[None])).any())


def find_frames(
    boxes: Array, areas: NDArray[np.int64], words: Sequence[Word], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Which pieces (N,) are ruling: they span the picture, enclose several names, or a name beside other ink."""
    size = boxes[:, 2:] - boxes[:, :2]
    height = float(np.median([w.box[3] - w.box[1] for w in words])) if words else 20.0
    longer, shorter = size.max(axis=1), size.min(axis=1)
    line = np.asarray((longer >= RULE_ASPECT * shorter) & (longer >= RULE_HEIGHTS * height), bool)
    if not words:
        return line
    word_boxes = as_boxes([w.box for w in words])
    held = box_intersection(word_boxes, boxes) / np.maximum(box_area(word_boxes), 1e-9)[:, None] > LETTER_SHARE
    wide = (size >= FRAME_SHARE * np.array([shape[1], shape[0]])).any(axis=1)
    out = np.asarray(line | (wide & held.any(axis=0)), bool)
    for i in np.flatnonzero(held.any(axis=0) & ~out).tolist():
        out[i] = _frames_a_name(i, boxes, areas, held, word_boxes, height)
    return out


def _frames_a_name(
    i: int, boxes: Array, areas: NDArray[np.int64], held: NDArray[np.bool_], word_boxes: Array, height: float
) -> bool:
    """Whether piece `i` is a box around a symbol and its name: it holds a word and, apart from it, other ink."""
    size = boxes[:, 2:] - boxes[:, :2]
    within = (boxes[:, :2] > boxes[i, :2]).all(axis=1) & (boxes[:, 2:] < boxes[i, 2:]).all(axis=1)
    inner = np.flatnonzero(within & (size.max(axis=1) > 1.3 * height) & (areas >= LEAST_AREA_PX))
    mine = word_boxes[held[:, i]]
    apart = [k for k in inner.tolist() if float(share_in(boxes[k : k + 1], mine)[0]) < LETTER_SHARE]
    if not apart:
        return False
    outside = share_in(mine, boxes[apart]) < 0.2
    return bool(outside.any())


def symbol_boxes(pieces: Array, words: Sequence[Word]) -> Array:
    """Boxes of pieces that are clearly larger than a word in them: lettering there belongs to the symbol."""
    if not words or not len(pieces):
        return as_boxes([])
    height = float(np.median([w.box[3] - w.box[1] for w in words]))
    size = pieces[:, 2:] - pieces[:, :2]
    return np.asarray(pieces[(size.min(axis=1) > 1.0 * height) & (size.max(axis=1) > 1.3 * height)], np.float64)


def share_in(boxes: Array, others: Array) -> Array:
    """The largest share (N,) of each box that lies in one of the others."""
    if not len(others) or not len(boxes):
        return np.zeros(len(boxes))
    shares = box_intersection(boxes, others) / np.maximum(box_area(boxes), 1e-9)[:, None]
    return np.asarray(shares.max(axis=1), np.float64)


def overlapping(boxes: Array) -> list[NDArray[np.int64]]:
    """Numbers of boxes (N, 4) in lots: those whose boxes overlap, and those that overlap these."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    linked = box_intersection(boxes, boxes) > 0
    count, lot = connected_components(csr_array(linked), directed=False)
    return [np.flatnonzero(lot == k) for k in range(count)]


def around_boxes(boxes: Array) -> Box:
    """The box around boxes (N, 4), N >= 1."""
    return bounds(boxes.reshape(-1, 2))
