"""Where the value of a label may stand: after it, beside it or below it in its cell, or in the next cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pid.document.labels import Label
from pid.document.ruled_page import RuledPage
from pid.document.strings import String, flow
from pid.document.table_blocks import WALL
from pid.document.title_place import Place
from pid.drawing import Box, Word
from pid.geometry import bounds

Array = NDArray[np.float64]

AFTER = 0.98
"""Evidence of a value in the label's own string, ..."""
SAME_CELL = 0.98
NEXT_CELL = 0.95
BELOW_CELL = 0.93
LOOSE = 0.85
"""...in its cell, in the cell on its right, in the one below, and without any cells."""
LOOSE_RIGHT = 60.0
LOOSE_BELOW = 9.0
"""Glyphs between a label without a cell and its value."""
ROOM = 1.2
"""A value below a label is this much as high at least."""
PART_HEAD = 0.85
"""Headings of a number's parts are lower than the parts by this factor at least."""
LEAST_PARTS = 2


@dataclass(frozen=True)
class Candidate:
    """What may be the value of a field: `rows` counts its lines, `parts` a number put together,
    `partial` a first line that others follow."""

    text: str
    box: Box
    score: float
    strings: tuple[String, ...]
    rows: int = 1
    parts: bool = False
    partial: bool = False
    name: str = ""

    def named(self, name: str, text: str, score: float) -> Candidate:
        """The candidate as the value of a field."""
        return replace(self, name=name, text=text, score=score)


class Search:
    """Looks for values in one title block."""

    def __init__(self, page: RuledPage, place: Place) -> None:
        self.page = page
        self.place = place
        self.cells = page.cells
        self.labelled = {id(label.string): label for label in place.labels}
        self.wall = WALL * page.glyph_px

    def values(self, label: Label) -> Iterator[Candidate]:
        """Candidates for a label's value, whatever its type."""
        if label.rest:
            yield _of_words(label, AFTER)
        cell = label.string.cell
        if cell < 0:
            yield from self._loose(label)
            return
        inside = list(self._in_cell(label))
        yield from inside
        if not inside and not label.rest and (_is_role(label) or not self._on_top(label)):
            yield from self._next_cells(cell)

    def _on_top(self, label: Label) -> bool:
        """Whether a label leaves room for a value below it in its cell: where it is empty, there is none."""
        _, y0, _, y1 = self.cells[label.string.cell]
        height = label.box[3] - label.box[1]
        return bool(y1 - label.box[3] > ROOM * height and label.box[3] - (y0 + y1) / 2 < height / 4)

    def _in_cell(self, label: Label) -> Iterator[Candidate]:
        members = self.page.within[label.string.cell]
        others = [s for s in members if s is not label.string and id(s) not in self.labelled]
        marks = [self.labelled[id(s)] for s in members if id(s) in self.labelled]
        beside = _right_of(label, others, marks)
        below = [s for s in others if s not in beside and _owner(s, marks) is label]
        if beside:
            yield replace(of_strings(beside[:1], SAME_CELL), partial=len(beside) > 1)
            yield of_strings([*beside, *below], SAME_CELL * (0.97 if below else 1.0))
        if below:
            first = _first_row(below)
            if len(first) < len(below):
                yield of_strings(below, SAME_CELL)
            evidence = SAME_CELL * (0.9 if beside else 1.0)
            yield replace(of_strings(first, evidence), partial=len(first) < len(below))

    def _next_cells(self, cell: int) -> Iterator[Candidate]:
        yield from self._parts(cell)
        row = self._beyond(cell, axis=0)
        for i, other in enumerate(row):
            if self._is_value(other):
                yield of_strings(self.page.within[other], NEXT_CELL * 0.97**i)
            elif self.page.within[other]:
                break
        for other in self._beyond(cell, axis=1)[:1]:
            if self._is_value(other):
                strings = self.page.within[other]
                yield of_strings(strings, BELOW_CELL)

    def _is_value(self, cell: int) -> bool:
        strings, lexicon = self.page.within[cell], self.page.lexicon
        if any(id(s) in self.labelled or lexicon.is_part(s.text) for s in strings):
            return False
        return bool(strings) and not lexicon.names(" ".join(s.text for s in strings))[1]  # a label in two lines

    def _beyond(self, cell: int, *, axis: int) -> list[int]:
        """The cells right of one (axis 0) or below it (axis 1), wall to wall, that share most of its side."""
        out: list[int] = []
        other = 1 - axis
        while True:
            here = self.cells[cell]
            shared = np.minimum(self.cells[:, other + 2], here[other + 2]) - np.maximum(
                self.cells[:, other], here[other]
            )
            size = np.minimum(self.cells[:, other + 2] - self.cells[:, other], here[other + 2] - here[other])
            gap = self.cells[:, axis] - here[axis + 2]
            fits = (shared > 0.6 * size) & (gap > -self.wall / 2) & (gap <= self.wall)
            found = [int(i) for i in np.flatnonzero(fits) if i != cell]
            if not found or len(out) > len(self.cells):
                return out
            cell = max(found, key=lambda i: shared[i])
            out.append(cell)

    def _parts(self, cell: int) -> Iterator[Candidate]:
        """A number in parts: under its label small headings, under each heading a part."""
        x0, _, x1, y1 = self.cells[cell]
        under = (np.abs(self.cells[:, 1] - y1) <= self.wall) & (self.cells[:, 0] >= x0 - self.wall)
        under &= self.cells[:, 2] <= x1 + self.wall
        heads = sorted(np.flatnonzero(under).tolist(), key=lambda i: float(self.cells[i, 0]))
        if len(heads) == 1:
            yield from _headed_row(self.page.within[heads[0]])
        told = [n for n, i in enumerate(heads) if self._part(i)]
        span = heads[told[0] : told[-1] + 1] if told else []  # between two parts is one whose heading was misread
        found = [self._part(i) or self.page.within[i][1:] for i in span]
        if found:
            yield _joined([s for strings in found for s in strings])

    def _part(self, cell: int) -> Sequence[String]:
        """What stands under a part's heading, in its cell or the next one below; nothing where it heads no part."""
        strings = self.page.within[cell]
        heads = [s for s in strings if self.page.lexicon.is_part(s.text)]
        if len(heads) != 1:
            return ()
        if len(strings) > 1:
            return [s for s in strings if s is not heads[0]]
        below = self._beyond(cell, axis=1)[:1]
        return self.page.within[below[0]] if below else ()

    def _loose(self, label: Label) -> Iterator[Candidate]:
        glyph = self.page.glyph_px
        others = [s for s in self.page.strings if s.cell < 0 and s.angle == 0 and id(s) not in self.labelled]
        marks = [m for m in self.place.labels if m.string.cell < 0]
        beside = [s for s in _right_of(label, others, marks) if s.box[0] - label.box[2] <= LOOSE_RIGHT * glyph]
        if beside:
            yield of_strings(beside, LOOSE)
        low, _, high, _ = self.place.box
        near = [s for s in others if s not in beside and low - glyph <= s.box[0] and s.box[2] <= high + glyph]
        near = [s for s in near if 0 <= s.box[1] - label.box[3] + glyph <= LOOSE_BELOW * glyph]
        below = [s for s in near if _owner(s, marks) is label and not any(_same_row(s.box, m.box) for m in marks)]
        if below:
            first = _first_row(below)
            yield replace(of_strings(first, LOOSE * 0.95), partial=len(first) < len(below))
            yield of_strings(below, LOOSE * 0.95)


def _is_role(label: Label) -> bool:
    return any(name.endswith("_by") for name in label.names)


def _of_words(label: Label, evidence: float) -> Candidate:
    words: Sequence[Word] = label.rest
    score = float(np.average([w.score for w in words], weights=[max(len(w.text), 1) for w in words]))
    box = bounds([corner for w in words for corner in (w.box[:2], w.box[2:])])
    return Candidate(" ".join(w.text for w in words), box, evidence * score, (label.string,))


def of_strings(strings: Sequence[String], evidence: float) -> Candidate:
    """Strings in reading order as one value."""
    ordered = flow(strings)
    letters = [max(len(s.text), 1) for s in ordered]
    score = float(np.average([s.score for s in ordered], weights=letters))
    box = bounds([corner for s in ordered for corner in (s.box[:2], s.box[2:])])
    return Candidate(" ".join(s.text for s in ordered), box, evidence * score, tuple(ordered), _row_count(ordered))


def _joined(strings: Sequence[String]) -> Candidate:
    """The parts of a number with hyphens between them."""
    whole = of_strings(strings, NEXT_CELL)
    return replace(whole, text="-".join(s.text.replace(" ", "-") for s in flow(strings)), parts=True, rows=1)


def _headed_row(strings: Sequence[String]) -> Iterator[Candidate]:
    """The same where the parts are in one cell, told apart by ticks only: a lower row of headings, a row of parts."""
    rows = _rows(strings)
    if len(rows) < 2:
        return
    heads, parts = rows[0], rows[1]
    low, high = np.median([s.height for s in heads]), np.median([s.height for s in parts])
    words = [w for s in parts for w in s.words]
    if low <= PART_HEAD * high and len(words) > LEAST_PARTS:
        yield _joined(parts)


def _right_of(label: Label, strings: Sequence[String], marks: Sequence[Label]) -> list[String]:
    """Strings in the row of a label, on its right, up to the next label."""
    x1 = label.box[2]
    ends = [m.box[0] for m in marks if m is not label and m.box[0] >= x1 and _same_row(m.box, label.box)]
    end = min(ends, default=np.inf)
    found = [s for s in strings if s.box[0] >= x1 - 0.3 * s.height and s.box[0] < end and _same_row(s.box, label.box)]
    return sorted(found, key=lambda s: s.box[0])


def _owner(string: String, marks: Sequence[Label]) -> Label | None:
    """The label that a string stands under: of those above it the lowest row, of that the one it begins behind."""
    middle = (string.box[0] + string.box[2]) / 2
    above = [m for m in marks if m.box[1] + m.box[3] < string.box[1] + string.box[3]]
    if not above:
        return None
    lowest = max(above, key=lambda m: m.box[3])
    row = [m for m in above if _same_row(m.box, lowest.box)]
    before = [m for m in row if m.box[0] <= max(middle, string.box[0])]
    return max(before, key=lambda m: m.box[0]) if before else min(row, key=lambda m: m.box[0])


def _same_row(a: Box, b: Box) -> bool:
    shared = min(a[3], b[3]) - max(a[1], b[1])
    return shared >= 0.45 * min(a[3] - a[1], b[3] - b[1])


def _rows(strings: Sequence[String]) -> list[list[String]]:
    rows: list[list[String]] = []
    for s in sorted(strings, key=lambda s: s.box[1] + s.box[3]):
        if rows and _same_row(rows[-1][0].box, s.box):
            rows[-1].append(s)
        else:
            rows.append([s])
    return [sorted(row, key=lambda s: s.box[0]) for row in rows]


def _first_row(strings: Sequence[String]) -> list[String]:
    return _rows(strings)[0]


def _row_count(strings: Sequence[String]) -> int:
    return len(_rows(strings))
