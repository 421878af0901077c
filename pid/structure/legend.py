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
from pid.geometry import Array, as_boxes
from pid.paper import whiten_paper
from pid.structure.cut_example import Cutout, finish_cutout
from pid.structure.legend_ink import (
    LEAST_AREA_PX,
    LETTER_SHARE,
    around_boxes,
    find_frames,
    overlapping,
    readable_words,
    share_in,
    symbol_boxes,
)
from pid.structure.legend_names import Name, assign_pieces, find_misread, find_names
from pid.structure.letter_pieces import INK_GREY, label_pieces
from pid.structure.stubs import usual_stub


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
    framing = find_frames(boxes, areas, words, (mask.shape[0], mask.shape[1]))
    solid = areas >= LEAST_AREA_PX
    words, letters = readable_words(labels, boxes, framing, words)
    names = find_names(words, symbol_boxes(boxes[~framing & solid], words), boxes[letters])
    if not names:
        raise InputError("No name was found on the legend: symbols are named by the lettering beside them.")
    ordered, lots, named, far = _assign(names, boxes, ~framing & solid)
    mine = [np.concatenate([np.zeros(0, np.int64), *(lots[m] for m in members)]) for members in named]
    first = [_cut(white, labels, boxes, own) for own in mine]
    usual = usual_stub([stub for cutout in first if cutout is not None for stub in cutout.stubs])
    cutouts = first if usual is None else [_cut(white, labels, boxes, own, usual) for own in mine]
    entries = [Entry(name, cutout) for name, cutout in zip(ordered, cutouts, strict=True) if cutout is not None]
    empty = [name for name, cutout in zip(ordered, cutouts, strict=True) if cutout is None]
    return Legend(tuple(entries), tuple(empty), tuple(around_boxes(boxes[lots[k]]) for k in far))


def _assign(
    names: Sequence[Name], boxes: Array, usable: NDArray[np.bool_]
) -> tuple[list[Name], list[NDArray[np.int64]], list[list[int]], list[int]]:
    """The names in reading order, lots of pieces, the lots of each name, and those of none.

    A symbol that was read as a word leaves a name without a symbol, and is one itself: it becomes pieces again.
    """
    names = [names[i] for i in _in_reading_order(names)]
    while True:
        lettering = share_in(boxes, as_boxes([n.box for n in names])) >= LETTER_SHARE
        pieces = np.flatnonzero(usable & ~lettering)
        lots = [pieces[lot] for lot in overlapping(boxes[pieces])]
        lot_boxes = as_boxes([around_boxes(boxes[lot]) for lot in lots])
        side, named, far = assign_pieces(names, lot_boxes)
        misread = find_misread(names, [not members for members in named], side)
        if not misread:
            return names, lots, named, far
        names = [name for i, name in enumerate(names) if i not in misread]


def _cut(
    white: NDArray[np.uint8], labels: NDArray[np.int32], boxes: Array, pieces: NDArray[np.int64],
    usual: tuple[float, float] | None = None,
) -> Cutout | None:  # fmt: skip
    if not len(pieces):
        return None
    x0, y0, x1, y1 = (int(v) for v in around_boxes(boxes[pieces]))
    mask = np.asarray(np.isin(labels[y0:y1, x0:x1], pieces + 1), np.uint8)
    return finish_cutout(white[y0:y1, x0:x1], mask, at=(x0, y0), usual=usual)


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
