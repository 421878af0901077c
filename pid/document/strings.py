"""Words put together again to what was lettered in one go, cell by cell.

A *string* is the words of one line of lettering: side by side, of like height, with no rule between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.geometry import as_boxes, bounds

Array = NDArray[np.float64]

SAME_ROW = 0.5
"""Words of one line share this much of the lower one's height."""
WIDEST_BLANK = 1.3
"""Between words of a string, in heights of their boxes."""
LIKE_HEIGHT = 1.9
"""Factor between the heights of the boxes of a string's words."""


@dataclass(frozen=True)
class String:
    """One line of lettering; `angle` is 0, 90, 180 or 270, `cell` the index of its ruled cell, -1 outside of all."""

    text: str
    box: Box
    score: float
    angle: int
    cell: int
    words: tuple[Word, ...]

    @property
    def height(self) -> float:
        """Of the box, across the reading direction."""
        x0, y0, x1, y1 = self.box
        return x1 - x0 if self.angle % 180 else y1 - y0


def cell_of(boxes: Array, cells: Array) -> NDArray[np.int64]:
    """For each box (N, 4) the smallest cell (M, 4) that holds its middle, or -1."""
    if not len(cells) or not len(boxes):
        return np.full(len(boxes), -1, np.int64)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    near = (middle[:, None] >= cells[None, :, :2]) & (middle[:, None] <= cells[None, :, 2:])
    inside = near[..., 0] & near[..., 1]
    area = (cells[:, 2:] - cells[:, :2]).prod(axis=1)
    best = np.where(inside, area[None], np.inf).argmin(axis=1)
    best[~inside[np.arange(len(boxes)), best]] = -1
    return np.asarray(best, np.int64)


def join_words(words: Sequence[Word], cells: Array | None = None) -> list[String]:
    """Strings of the words, those of each cell (M, 4) by themselves, from top to bottom and left to right."""
    places = as_boxes([]) if cells is None else cells
    owners = cell_of(as_boxes([w.box for w in words]), places)
    groups: dict[tuple[int, int], list[Word]] = defaultdict(list)
    for word, owner in zip(words, owners.tolist(), strict=True):
        groups[owner, round(word.angle / 90) % 4 * 90].append(word)
    strings = [s for (owner, angle), members in groups.items() for s in _join(members, angle, owner)]
    return sorted(strings, key=lambda s: (s.box[1], s.box[0]))


def _join(words: Sequence[Word], angle: int, cell: int) -> list[String]:
    """Strings of words of one reading direction."""
    lines: list[list[tuple[Box, Word]]] = []
    open_lines: list[list[tuple[Box, Word]]] = []
    upright = [(_turned(w.box, angle), w) for w in words]
    for box, word in sorted(upright, key=lambda item: item[0][0]):
        reach = WIDEST_BLANK * (box[3] - box[1])
        open_lines = [line for line in open_lines if line[-1][0][2] + LIKE_HEIGHT * reach >= box[0]]
        fitting = [line for line in open_lines if _continues(line[-1][0], box)]
        if fitting:
            max(fitting, key=lambda line: line[-1][0][2]).append((box, word))
        else:
            lines.append([(box, word)])
            open_lines.append(lines[-1])
    return [_string([word for _, word in line], angle, cell) for line in lines]


def _string(words: Sequence[Word], angle: int, cell: int) -> String:
    letters = np.array([len(w.text) for w in words])
    score = float(np.average([w.score for w in words], weights=letters))
    box = bounds(np.array([w.box for w in words]).reshape(-1, 2))
    return String(" ".join(w.text for w in words), box, score, angle, cell, tuple(words))


def _turned(box: Box, angle: int) -> Box:
    """The box as one sees it who turns the sheet so that lettering of this angle reads from left to right."""
    x0, y0, x1, y1 = box
    return {0: box, 90: (-y1, x0, -y0, x1), 180: (-x1, -y1, -x0, -y0), 270: (y0, -x1, y1, -x0)}[angle]


def _continues(last: Box, box: Box) -> bool:
    heights = last[3] - last[1], box[3] - box[1]
    low, high = max(min(heights), 1e-6), max(heights)
    shared = min(last[3], box[3]) - max(last[1], box[1])
    gap = box[0] - last[2]
    return shared >= SAME_ROW * low and high <= LIKE_HEIGHT * low and -low < gap <= WIDEST_BLANK * low


def flow(strings: Sequence[String]) -> list[String]:
    """Strings in reading order: lines from top to bottom, those of one line from left to right."""
    rows: list[list[String]] = []
    for s in sorted(strings, key=lambda s: s.box[1] + s.box[3]):
        middle = (s.box[1] + s.box[3]) / 2
        if rows and any(r.box[1] <= middle <= r.box[3] for r in rows[-1]):
            rows[-1].append(s)
        else:
            rows.append([s])
    return [s for row in rows for s in sorted(row, key=lambda s: s.box[0])]
