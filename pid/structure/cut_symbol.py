"""Cut one symbol out of a drawing by a box that a person has drawn around it, loosely.

Pipes that leave the box are followed inward to the symbol and become its ports; lines that only pass, neighbours that
reach in, and lettering beside the symbol are left out. Where the symbol reaches out of the box, the box grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.errors import InputError
from pid.geometry import as_boxes, box_area, box_intersection
from pid.paper import whiten_paper
from pid.structure.cut_example import Cutout, finish_cutout
from pid.structure.letter_pieces import INK_GREY, label_pieces
from pid.structure.stubs import DIRECTIONS, Mask, Stub, clear_walk, runs_of, stub_of, tip_length, view_from, walk_inward
from pid.structure.trace_primitives import pen_width

PIPE_PENS, PIPE_SHARE, PIPE_MOST = 2.2, 0.2, 0.5
"""A run across the box's border up to so many pens or this share of its side is a pipe, a broader one the symbol; one
over the last share never is a pipe."""
GROW_SHARE, GROW_STEPS = 0.05, 5
"""The box grows by the share of its side at a time, so many times on each side at most."""
WORD_SHARE, SURE_WORD = 0.7, 0.75
"""A piece with this share of its box in a word of this score is a letter."""
REMAINS_SHARE = 0.5
"""A piece shorter than this share of the longest, cut at the border, is a neighbour's."""
MISREAD_SHARE = 0.5
"""A word that covers so much of the largest piece is the symbol, misread."""
LARGEST_SHARE = 0.9
"""A border piece is kept where it has at least this share of the largest piece's box."""


def cut_symbol(gray: NDArray[np.uint8], box: Box, words: Sequence[Word] = ()) -> Cutout:
    """Cut the symbol in a box out of a sheet (H, W); `words` are those near it, in sheet pixels.

    Raises:
        InputError: the box lies outside of the sheet, is empty, or holds no ink but passing lines.
    """
    x0, y0, x1, y1 = _checked(box, gray.shape[1], gray.shape[0])
    white = whiten_paper(gray)
    ink = np.asarray(white < INK_GREY, np.uint8)
    if not ink[y0:y1, x0:x1].any():
        raise InputError(f"There is no ink in the box {x0},{y0},{x1},{y1}.")
    pen = pen_width(ink)
    x0, y0, x1, y1 = _grown_to_symbol(ink, (x0, y0, x1, y1), pen)
    mask = ink[y0:y1, x0:x1].copy()
    stubs = _take_pipes(mask, pen)
    mask = _without_remains(mask, np.asarray(ink[y0:y1, x0:x1] & (1 - mask), np.uint8))
    mask = _own_pieces(mask, [(w.box[0] - x0, w.box[1] - y0, w.box[2] - x0, w.box[3] - y0) for w in _sure(words)])
    cutout = finish_cutout(white[y0:y1, x0:x1], mask, at=(x0, y0), stubs=_at_ink(stubs, mask))
    if cutout is None:
        raise InputError(f"There is no symbol in the box {x0},{y0},{x1},{y1}: its lines only pass.")
    return cutout


def _checked(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(v) for v in box)
    text = ",".join(f"{v:g}" for v in box)
    if x0 >= x1 or y0 >= y1:
        raise InputError(f"The box {text} is empty: it is x0,y0,x1,y1 with x0 < x1 and y0 < y1.")
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        raise InputError(f"The box {text} lies outside of the sheet, which is {width} x {height} pixels.")
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def _grown_to_symbol(ink: Mask, box: tuple[int, int, int, int], pen: float) -> tuple[int, int, int, int]:
    """The box, grown on the sides where something broader than a pipe crosses its border."""
    steps = [max(round(GROW_SHARE * (box[2] - box[0])), 1), max(round(GROW_SHARE * (box[3] - box[1])), 1)]
    x0, y0, x1, y1 = box
    for _ in range(GROW_STEPS):
        mask = ink[y0:y1, x0:x1]
        broad = {d: _is_crossed(view_from(mask, d), pen) for d in DIRECTIONS}
        if not any(broad.values()):
            break
        x0 = max(x0 - steps[0] * broad[180], 0)
        x1 = min(x1 + steps[0] * broad[0], ink.shape[1])
        y0 = max(y0 - steps[1] * broad[90], 0)
        y1 = min(y1 + steps[1] * broad[270], ink.shape[0])
    return x0, y0, x1, y1


def _is_crossed(view: Mask, pen: float) -> bool:
    """Whether ink too broad for a pipe, but no wall along the whole side, crosses the left border."""
    limit = _broadest_pipe(view, pen)
    return any(limit < b - a for a, b in runs_of(view[:, 0]))


def _broadest_pipe(view: Mask, pen: float) -> float:
    return float(min(max(PIPE_PENS * pen, PIPE_SHARE * view.shape[0]), PIPE_MOST * view.shape[0]))


def _take_pipes(mask: Mask, pen: float) -> list[Stub]:
    """Follow what crosses the border inward and take it off: stubs where it meets the symbol."""
    stubs: list[Stub] = []
    shape = (mask.shape[0], mask.shape[1])
    walks = []
    for direction in DIRECTIONS:
        view = view_from(mask, direction)
        limit = _broadest_pipe(view, pen)
        walks += [(direction, walk_inward(view, 0, run)) for run in runs_of(view[:, 0]) if run[1] - run[0] <= limit]
    for direction, walk in walks:
        view = view_from(mask, direction)
        if walk.body is not None:
            outer = walk.rows[: len(walk.rows) - tip_length(view, walk)] or walk.rows[:1]
            pipe = replace(walk, rows=outer)
            stubs.append(stub_of(pipe, shape, direction))
            clear_walk(view, pipe)
        elif walk.end >= view.shape[1] or not view[:, walk.end].any():
            clear_walk(view, walk)
    return stubs


def _without_remains(mask: Mask, taken: Mask) -> Mask:
    """The mask without small pieces from which something was `taken` at the border: the rest of cut letters."""
    labels, boxes, _ = label_pieces(mask)
    if not len(boxes):
        return mask
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    beside = np.unique(labels[cv2.dilate(taken, np.ones((3, 3), np.uint8)) > 0])
    gone = beside[beside > 0][longer[beside[beside > 0] - 1] < REMAINS_SHARE * longer.max()]
    return np.asarray(np.where(np.isin(labels, gone), 0, mask), np.uint8)


def _own_pieces(mask: Mask, words: Sequence[Box]) -> Mask:
    """The mask without neighbours cut by the border, and without lettering that is not inside the symbol."""
    labels, boxes, _ = label_pieces(mask)
    if not len(boxes):
        return mask
    height, width = mask.shape
    area = box_area(boxes)
    main = int(area.argmax())
    at_border = (boxes[:, :2] <= 0).any(axis=1) | (boxes[:, 2:] >= np.array([width, height])).any(axis=1)
    inside = (box_intersection(boxes, boxes[main : main + 1])[:, 0] / np.maximum(area, 1e-9)) > WORD_SHARE
    kept = ~at_border | (area >= LARGEST_SHARE * area[main]) | inside
    main_box = boxes[main : main + 1]
    words = [w for w in words if box_intersection([w], main_box)[0, 0] < MISREAD_SHARE * area[main]]
    if words:
        lettering = (box_intersection(boxes, as_boxes(words)) / np.maximum(area, 1e-9)[:, None]).max(axis=1)
        kept &= (lettering < WORD_SHARE) | inside
    kept[main] = True
    return np.asarray(np.isin(labels, np.flatnonzero(kept) + 1), np.uint8)


def _at_ink(stubs: Sequence[Stub], mask: Mask) -> list[Stub]:
    """The stubs that meet ink which is still there."""
    out = []
    for stub in stubs:
        x, y = int(stub.x), int(stub.y)
        reach = 2 + round(stub.breadth / 2)
        if mask[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].any():
            out.append(stub)
    return out


def _sure(words: Sequence[Word]) -> list[Word]:
    return [w for w in words if w.score >= SURE_WORD and len(w.text) > 1]
