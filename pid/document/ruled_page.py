"""A page as cells and what is written in them: what finding tables and reading the title block both start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pid.document.labels import Label, Lexicon, drop_values, find_label, load_lexicon
from pid.document.ruling import LARGEST_SHARE, find_cells, glyph_height
from pid.document.strings import String, flow, join_words
from pid.document.table_blocks import frame_cells
from pid.drawing import Word
from pid.geometry import as_boxes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RuledPage:
    """Cells (N, 4), the strings of the page and of each cell in reading order, and the labels of title blocks."""

    shape: tuple[int, ...]
    glyph_px: float
    cells: Array
    strings: tuple[String, ...]
    within: tuple[tuple[String, ...], ...]
    labels: tuple[Label, ...]
    lexicon: Lexicon

    @classmethod
    def of(
        cls,
        gray: NDArray[np.uint8],
        words: Sequence[Word],
        *,
        lexicon: Lexicon | None = None,
        largest: float = LARGEST_SHARE,
    ) -> RuledPage:
        """The page of a grey picture (H, W) and its words; `largest` is the share of it that a cell may take."""
        lexicon = lexicon or load_lexicon()
        glyph = glyph_height(words)
        cells = find_cells(gray, glyph_px=glyph, largest=largest)
        strings = join_words(words, cells)
        cells = cells[~frame_cells(cells, _texts(_within(strings, len(cells))), shape=gray.shape)]
        strings = join_words(words, cells)
        found = (find_label(s, lexicon) for s in strings if s.angle == 0)
        labels = drop_values([label for label in found if label is not None], strings)
        return cls(gray.shape, glyph, cells, tuple(strings), _within(strings, len(cells)), labels, lexicon)

    @cached_property
    def texts(self) -> list[str]:
        """The text of each cell."""
        return _texts(self.within)

    @cached_property
    def fields(self) -> NDArray[np.bool_]:
        """Which cells hold a label and, after or below it, something that is none."""
        out = np.zeros(len(self.cells), bool)
        labelled = {id(label.string): label for label in self.labels}
        for i, strings in enumerate(self.within):
            labels = [labelled[id(s)] for s in strings if id(s) in labelled]
            out[i] = bool(labels) and (any(label.rest for label in labels) or len(labels) < len(strings))
        return out

    @cached_property
    def marked(self) -> list[str]:
        """For each cell the field that a label in it names; headings of columns name none."""
        out = [""] * len(self.cells)
        for label in self.labels:
            if label.names and label.string.cell >= 0 and not self.lexicon.column(label.string.text):
                out[label.string.cell] = label.names[0]
        return out


def _within(strings: Sequence[String], count: int) -> tuple[tuple[String, ...], ...]:
    groups: list[list[String]] = [[] for _ in range(count)]
    for string in strings:
        if string.cell >= 0:
            groups[string.cell].append(string)
    return tuple(tuple(flow(group)) for group in groups)


def _texts(within: Sequence[Sequence[String]]) -> list[str]:
    return [" ".join(s.text for s in strings) for strings in within]


def boxes_of(strings: Sequence[String]) -> Array:
    """Boxes (N, 4) of strings."""
    return as_boxes([s.box for s in strings])
