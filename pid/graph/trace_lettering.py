"""Lettering as the tracer sees it: what to lift off, and what leaders end at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol, Word
from pid.geometry import as_boxes, box_area, box_intersection
from pid.graph.attach import is_line_number
from pid.graph.symbol_index import INLINE

Array = NDArray[np.float64]

SURE = 0.5
"""A string read with a lower score may be linework."""
SURE_SINGLE = 0.9
"""A single character stands for a dash or a corner more often than not, unless it is read with this score."""

COVERED, TOUCHED = 0.5, 0.05
"""Shares of a string's box in boxes of in-line parts: from the one on it was read from them; a single character is
read from a tee beside them from the other on."""


@dataclass(frozen=True, eq=False)
class Lettering:
    """Boxes (N, 4) of strings, without those that are linework read as letters."""

    boxes: Array
    numbers: NDArray[np.bool_]
    """Which strings are line numbers."""

    @classmethod
    def of(cls, words: Sequence[Word], symbols: Sequence[Symbol] = (), *, factor: float = 1.0) -> Self:
        """The lettering of words beside what was recognised, in pixels times `factor`."""
        parts = as_boxes([s.box for s in symbols if s.group in INLINE])
        kept = [w for w in words if _is_lettering(w) and not _is_misread(w, parts)]
        boxes = as_boxes([w.box for w in kept]) * factor
        return cls(boxes, np.array([is_line_number(w.text) for w in kept], bool))


def _is_lettering(word: Word) -> bool:
    """Whether a string is more likely lettering than a dash, a corner or a symbol's stroke."""
    characters = [c for c in word.text if c.isalnum()]
    if not characters or word.score < SURE:
        return False
    return len(characters) > 1 or word.score >= SURE_SINGLE


def _is_misread(word: Word, parts: Array) -> bool:
    """Whether a string was read from in-line parts (N, 4) and the pipe at them; a single character touches one."""
    if not len(parts):
        return False
    covered = float(box_intersection([word.box], parts).sum()) / max(float(box_area([word.box])[0]), 1e-9)
    return covered >= (COVERED if len(word.text.strip()) > 1 else TOUCHED)
