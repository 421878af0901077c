"""A small sheet to draw plants on, and the pairs that come out."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from pid.drawing import Box, Group, Line, Symbol, Word
from pid.graph.connect import connect_symbols
from pid.graph.trace import Trace, trace_lines

WIDTH, HEIGHT = 2500, 1600  # half of the reference width: every tolerance is scaled by 0.5
BLACK = 0


class Sketch:
    """Draws symbols and lines in ink and remembers the symbols and words as a recogniser would give them."""

    def __init__(self) -> None:
        self.gray = np.full((HEIGHT, WIDTH), 255, np.uint8)
        self.symbols: list[Symbol] = []
        self.words: list[Word] = []
        self._names = (f"w{i}" for i in itertools.count())

    def box(self, name: str, x: float, y: float, group: Group = "valve", w: float = 30, h: float = 24) -> None:
        """A symbol with its middle at x, y: a rectangle with a cross."""
        x0, y0, x1, y1 = (round(v) for v in (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
        cv2.rectangle(self.gray, (x0, y0), (x1, y1), BLACK, 2)
        if group == "valve":
            cv2.line(self.gray, (x0, y0), (x1, y1), BLACK, 2)
        self.symbols.append(Symbol(id=name, group=group, box=(x0 - 1, y0 - 1, x1 + 1, y1 + 1)))

    def mark(self, name: str, group: Group, box: Box, rotation: float = 0.0) -> None:
        """A symbol whose ink is drawn elsewhere."""
        self.symbols.append(Symbol(id=name, group=group, box=box, rotation=rotation))

    def line(self, *points: tuple[float, float], width: int = 3) -> None:
        for a, b in itertools.pairwise(points):
            cv2.line(self.gray, tuple(map(round, a)), tuple(map(round, b)), BLACK, width)

    def dashes(self, a: tuple[float, float], b: tuple[float, float], on: float = 15, off: float = 8) -> None:
        p, q = np.array(a, float), np.array(b, float)
        length = float(np.hypot(*(q - p)))
        for start in np.arange(0, length, on + off):
            stop = min(start + on, length)
            self.line(tuple(p + (q - p) * start / length), tuple(p + (q - p) * stop / length), width=2)

    def text(self, text: str, x: int, y: int) -> None:
        """Lettering with its left bottom at x, y."""
        (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)
        cv2.putText(self.gray, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, BLACK, 1, cv2.LINE_AA)
        self.words.append(Word(id=next(self._names), text=text, box=(x, y - h - 2, x + w, y + 3)))

    def trace(self) -> Trace:
        return trace_lines(self.gray, symbols=self.symbols, words=self.words)

    def pairs(self, lines: tuple[Line, ...] | None = None) -> set[tuple[str, str]]:
        """The connected pairs, names sorted."""
        found = connect_symbols(self.symbols, self.trace().lines if lines is None else lines, sheet_width=WIDTH)
        return {tuple(sorted((c.a, c.b))) for c in found}  # type: ignore[misc]


@pytest.fixture
def sketch() -> Sketch:
    return Sketch()
