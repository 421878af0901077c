"""Lettering inside symbols: its rows as a pattern, and how well two patterns agree.

In a pattern letters are A and digits 9, all else is kept: ``PT / 4711`` and ``FT / 12`` have one look, ``RO-10 / 863``
has another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from pid.drawing import Box, Word

INSIDE_MARGIN = 0.1
"""A word whose middle lies in a symbol's box, less this share on each side, stands in the symbol."""


def pattern_of(text: str) -> str:
    """The pattern of one row of lettering."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", text.strip()))


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
