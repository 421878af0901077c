"""Rows that no rule parts: cells of one ruled row in which lines of lettering stand side by side, line by line."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.document.strings import String

Array = NDArray[np.float64]

LEAST_LINES = 3
"""Fewer lines may as well be a text of two lines."""
ALIKE = 0.6
"""Every written cell of the row has at least this share of the lines."""
SAME_LINE = 0.6
"""Lines of different cells are one where their middles differ by less than this, in heights of the lettering."""


def split_tall_rows(
    boxes: Array, strings: Sequence[Sequence[String]], rows: Array, *, snap: float
) -> tuple[Array, list[Sequence[String]], Array]:
    """Cells, their strings and the walls of rows, with those rows in several that hold several lines in every cell.

    Args:
        boxes: cells (N, 4).
        strings: what stands in each.
        rows: the walls between rows, ascending.
        snap: how far a cell's side may lie from its wall.
    """
    parts: list[Array] = []
    texts: list[Sequence[String]] = []
    cuts: list[float] = []
    row_of = np.array([_row(box, rows, snap) for box in boxes])
    for row in range(-1, len(rows) - 1):
        members = np.flatnonzero(row_of == row).tolist()
        inner = _inner_walls([strings[i] for i in members], len(members)) if row >= 0 else []
        cuts += inner
        for i in members:
            edges = [float(boxes[i, 1]), *inner, float(boxes[i, 3])]
            for top, bottom in itertools.pairwise(edges):
                parts.append(np.array([boxes[i, 0], top, boxes[i, 2], bottom]))
                texts.append([s for s in strings[i] if not inner or top <= (s.box[1] + s.box[3]) / 2 < bottom])
    return np.array(parts), texts, np.sort(np.concatenate([rows, cuts]))


def _row(box: Array, rows: Array, snap: float) -> int:
    """The row that a cell is in, -1 for one over several."""
    first, last = (int(np.abs(rows - box[side]).argmin()) for side in (1, 3))
    return first if last == first + 1 else -1


def _inner_walls(cells: Sequence[Sequence[String]], count: int) -> list[float]:
    """Where to part a row: between its lines, if all written cells have about as many; none otherwise."""
    written = [strings for strings in cells if strings]
    lines = _lines([s for strings in written for s in strings])
    if count < 2 or len(written) < 2 or len(lines) < LEAST_LINES:
        return []
    if any(len(_lines(strings)) < ALIKE * len(lines) for strings in written):
        return []
    return [(a + b) / 2 for a, b in itertools.pairwise(lines)]


def _lines(strings: Sequence[String]) -> list[float]:
    """Middles of the lines that strings stand in, from top to bottom."""
    out: list[list[float]] = []
    for s in sorted(strings, key=lambda s: s.box[1] + s.box[3]):
        middle = (s.box[1] + s.box[3]) / 2
        if out and middle - out[-1][0] < SAME_LINE * s.height:
            out[-1].append(middle)
        else:
            out.append([middle])
    return [float(np.mean(line)) for line in out]
