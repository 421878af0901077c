"""Cut a legend into its symbols, each named by the lettering beside it.

The ink is parted into frames (the ruling of a table, boxes around a symbol and its name), names and pieces of symbols.
Pieces whose boxes overlap are one; each goes to the name that it stands at (`pid.structure.legend_names`); those of one
name are cleaned as one symbol (`pid.structure.cut_example`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.errors import InputError
from pid.geometry import Array, as_boxes, bounds, box_area, box_intersection, grown
from pid.paper import whiten_paper
from pid.structure.cut_example import Cutout, finish_cutout
from pid.structure.legend_names import Name, assign_pieces, find_names
from pid.structure.letter_pieces import INK_GREY, label_pieces
from pid.structure.stubs import usual_stub

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


@dataclass(frozen=True, eq=False)
class Entry:
    """A symbol of the legend."""

    name: Name
    cutout: Cutout


@dataclass(frozen=True, eq=False)
class Legend:
    """What a legend holds; boxes in its pixels."""

    entries: tuple[Entry, ...]
    empty: tuple[Name, ...]
    """Names without a symbol: headings, remarks."""
    unnamed: tuple[Box, ...]
    """Ink that no name is near to."""


def cut_legend(gray: NDArray[np.uint8], words: Sequence[Word]) -> Legend:
    """Cut a legend's picture (H, W) by the words read from it.

    Raises:
        InputError: the picture is blank or holds no names.
    """
    white = whiten_paper(gray)
    mask = np.asarray(white < INK_GREY, np.uint8)
    labels, boxes, areas = label_pieces(mask)
    if not (areas >= LEAST_AREA_PX).any():
        raise InputError("The legend is blank.")
    framing = _frames(boxes, areas, words, (mask.shape[0], mask.shape[1]))
    holders = boxes[~framing & (areas >= LEAST_AREA_PX)]
    readable, letters = _readable(labels, boxes, framing, words)
    names = find_names(readable, _symbol_boxes(holders, words), boxes[letters])
    names = tuple(names[i] for i in _in_reading_order(names))
    if not names:
        raise InputError("No name was found on the legend: symbols are named by the lettering beside them.")
    lettering = _share_in(boxes, as_boxes([n.box for n in names])) >= LETTER_SHARE
    pieces = np.flatnonzero(~framing & ~lettering & (areas >= LEAST_AREA_PX))
    lots = _overlapping(boxes[pieces])
    lot_boxes = np.array([_around(boxes[pieces[lot]]) for lot in lots]).reshape(-1, 4)
    _, named, far = assign_pieces(names, lot_boxes)
    mine = [np.concatenate([pieces[lots[m]] for m in members]) if members else pieces[:0] for members in named]
    first = [_cut(white, labels, boxes, own) for own in mine]
    usual = usual_stub([stub for cutout in first if cutout is not None for stub in cutout.stubs])
    cutouts = first if usual is None else [_cut(white, labels, boxes, own, usual) for own in mine]
    entries = [Entry(name, cutout) for name, cutout in zip(names, cutouts, strict=True) if cutout is not None]
    empty = [name for name, cutout in zip(names, cutouts, strict=True) if cutout is None]
    unnamed = tuple((float(b[0]), float(b[1]), float(b[2]), float(b[3])) for b in lot_boxes[far])
    return Legend(tuple(entries), tuple(empty), unnamed)


def _cut(
    white: NDArray[np.uint8], labels: NDArray[np.int32], boxes: Array, pieces: NDArray[np.int64],
    usual: tuple[float, float] | None = None,
) -> Cutout | None:  # fmt: skip
    if not len(pieces):
        return None
    x0, y0, x1, y1 = (int(v) for v in _around(boxes[pieces]))
    mask = np.asarray(np.isin(labels[y0:y1, x0:x1], pieces + 1), np.uint8)
    return finish_cutout(white[y0:y1, x0:x1], mask, at=(x0, y0), usual=usual)


def _readable(
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
        own = _share_in(boxes[there], grown(around, WORD_RIM * (y1 - y0))) >= LETTER_SHARE
        foreign = counts[there[~own]].sum() > FOREIGN_SHARE * counts.sum()
        wide = own.any() and float(np.ptp(boxes[there[own]][:, ::2])) > WIDEST * usual * len(word.text)
        sure = not wide and word.score >= LEAST_SCORE and (own.sum() >= len(word.text) / 3 or word.score >= SURE_SCORE)
        if sure and not foreign and not _holds_another(boxes[there[own]]):
            out.append(word)
            letters += there[own].tolist()
    return out, np.unique(np.array(letters, np.int64))


def _holds_another(boxes: Array) -> bool:
    """Whether one of the boxes (N, 4) lies inside another: a letter in a frame."""
    above = (boxes[:, None, :2] > boxes[None, :, :2]).all(axis=2)
    below = (boxes[:, None, 2:] < boxes[None, :, 2:]).all(axis=2)
    height = boxes[:, 3] - boxes[:, 1]
    return bool((above & below & (height[:, None] > DOT_SHARE * height[None])).any())


def _frames(boxes: Array, areas: NDArray[np.int64], words: Sequence[Word], shape: tuple[int, int]) -> NDArray[np.bool_]:
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
    apart = [k for k in inner.tolist() if float(_share_in(boxes[k : k + 1], mine)[0]) < LETTER_SHARE]
    if not apart:
        return False
    outside = _share_in(mine, boxes[apart]) < 0.2
    return bool(outside.any())


def _symbol_boxes(pieces: Array, words: Sequence[Word]) -> Array:
    """Boxes of pieces that are clearly larger than a word in them: lettering there belongs to the symbol."""
    if not words or not len(pieces):
        return as_boxes([])
    height = float(np.median([w.box[3] - w.box[1] for w in words]))
    size = pieces[:, 2:] - pieces[:, :2]
    return np.asarray(pieces[(size.min(axis=1) > 1.0 * height) & (size.max(axis=1) > 1.3 * height)], np.float64)


def _share_in(boxes: Array, others: Array) -> Array:
    """The largest share (N,) of each box that lies in one of the others."""
    if not len(others) or not len(boxes):
        return np.zeros(len(boxes))
    shares = box_intersection(boxes, others) / np.maximum(box_area(boxes), 1e-9)[:, None]
    return np.asarray(shares.max(axis=1), np.float64)


def _overlapping(boxes: Array) -> list[NDArray[np.int64]]:
    """Numbers of boxes (N, 4) in lots: those whose boxes overlap, and those that overlap these."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    linked = box_intersection(boxes, boxes) > 0
    count, lot = connected_components(csr_array(linked), directed=False)
    return [np.flatnonzero(lot == k) for k in range(count)]


def _around(boxes: Array) -> Box:
    return bounds(boxes.reshape(-1, 2))


def _in_reading_order(names: Sequence[Name]) -> list[int]:
    """Numbers of the names row by row."""
    rows: list[list[int]] = []
    for i in sorted(range(len(names)), key=lambda k: names[k].box[1] + names[k].box[3]):
        middle = (names[i].box[1] + names[i].box[3]) / 2
        if rows and middle < names[rows[-1][0]].box[3]:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda k: names[k].box[0])]
