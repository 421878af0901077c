"""Lettering inside symbols: its rows as a pattern, and how well two patterns agree.

In a pattern letters are A and digits 9, all else is kept: ``PT / 4711`` and ``FT / 12`` have one look, ``RO-10 / 863``
has another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.geometry import Array
from pid.structure.letter_pieces import pattern_of

LARGEST_LETTER_PENS, LEAST_LETTER_PENS = 16.0, 2.5
"""Loose pieces of ink whose longer side is between these, in pens, may be letters."""
LETTER_GAP = 0.75
"""Paper between letters of a row is at most this share of their height."""
FEWEST_IN_ROW, ROW_HEIGHTS = 3, 1.5
"""A row has so many letters and is at most so many of their heights high."""
INSIDE_MARGIN = 0.1
"""A word whose middle lies in a symbol's box, less this share on each side, stands in the symbol."""


def rows_inside(words: Sequence[Word], box: Box) -> tuple[str, ...]:
    """Patterns of the rows of words inside a box, from top to bottom."""
    x0, y0, x1, y1 = box
    dx, dy = INSIDE_MARGIN * (x1 - x0), INSIDE_MARGIN * (y1 - y0)
    held = []
    for word in words:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        if x0 + dx < x < x1 - dx and y0 + dy < y < y1 - dy:
            held.append((y, x, word.box[3] - word.box[1], word.text))
    held.sort()
    rows: list[list[tuple[float, float, float, str]]] = []
    for item in held:
        if rows and item[0] - rows[-1][-1][0] < 0.5 * item[2]:
            rows[-1].append(item)
        else:
            rows.append([item])
    return tuple(pattern_of("".join(text for _, _, _, text in sorted(row, key=lambda r: r[1]))) for row in rows)


def agreement(a: Sequence[str], b: Sequence[str]) -> float:
    """How alike two patterns are, 0..1; lengths of runs of letters or digits count little."""
    return SequenceMatcher(None, _short(a), _short(b), autojunk=False).ratio()


def _short(rows: Sequence[str]) -> str:
    """Rows as one string, runs of more than two of a sort cut to two, stray marks left out."""
    kept = (re.sub(r"[^A9\-/]", "", row) for row in rows)
    return "\n".join(re.sub(r"999+", "99", re.sub(r"AAA+", "AA", row)) for row in kept if row)


def find_rows(ink: NDArray[np.uint8], pen: float) -> Array:
    """Boxes (N, 4) of rows of loose small pieces of ink (H, W), level and upright: lettering, read or not."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    side = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    letter = (side >= LEAST_LETTER_PENS * pen) & (side <= LARGEST_LETTER_PENS * pen)
    letter[0] = False
    if letter.sum() < FEWEST_IN_ROW:
        return np.zeros((0, 4))
    height = float(np.median(side[letter]))
    reach = max(round(LETTER_GAP * height), 1) | 1  # odd, so that closing shifts nothing
    mask = np.asarray(letter[labels], np.uint8)
    inside = np.flatnonzero(letter)
    flat = labels.reshape(-1)
    first = np.zeros(count, np.int64)
    places = np.flatnonzero(flat)
    first[flat[places[::-1]]] = places[::-1]  # the last written is a piece's first pixel
    found = []
    for kernel, across in (((1, reach), cv2.CC_STAT_HEIGHT), ((reach, 1), cv2.CC_STAT_WIDTH)):
        joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones(kernel, np.uint8))
        number, rows, row_stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        held = rows.reshape(-1)[first[inside]]
        members = np.bincount(held, minlength=number)
        tallest = np.zeros(number)
        np.maximum.at(tallest, held, stats[inside, across])
        good = (members >= FEWEST_IN_ROW) & (row_stats[:, across] <= ROW_HEIGHTS * np.maximum(tallest, 1))
        good[0] = False
        x, y, w, h = (row_stats[good, k] for k in range(4))
        found.append(np.column_stack([x, y, x + w, y + h]).astype(np.float64))
    return np.vstack(found)
