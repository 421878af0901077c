"""Title blocks and tables against the truth: fields that are exact, and cells at their place with their spans.

A true and a found table are a pair when their boxes overlap with IoU >= 0.5; a cell is right in its structure when row,
column and spans agree, and right altogether when its text does, too. Texts are compared without blanks and case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pid.drawing import Cell, Table, TitleBlock
from pid.geometry import as_boxes, box_iou

MATCH_IOU = 0.5


@dataclass(frozen=True)
class FieldRates:
    """`exact`: share of the true fields whose value was found without a fault; `spurious`: fields that are not true."""

    exact: float
    truth: int
    spurious: int
    wrong: tuple[tuple[str, str, str], ...] = ()
    """Name, true value and found value of each field that is not exact."""


@dataclass(frozen=True)
class CellCounts:
    """Cells true, found, right in structure, and right in structure and text."""

    truth: int
    found: int
    placed: int
    read: int

    @property
    def structure_f1(self) -> float:
        """Harmonic mean of precision and recall of cells with the right row, column and spans."""
        return _f1(self.placed, self.found, self.truth)

    @property
    def text_f1(self) -> float:
        """The same of cells that also hold the right text."""
        return _f1(self.read, self.found, self.truth)

    def __add__(self, other: CellCounts) -> CellCounts:
        return CellCounts(
            self.truth + other.truth, self.found + other.found, self.placed + other.placed, self.read + other.read
        )


def _f1(hits: int, found: int, truth: int) -> float:
    return 2 * hits / (found + truth) if found + truth else 1.0


def plain_value(text: str) -> str:
    """A value as it is compared: capitals, without blanks."""
    return "".join(text.upper().split())


def score_fields(truth: TitleBlock | None, found: TitleBlock | None) -> FieldRates:
    """Compare the fields of two title blocks; a field's place does not count."""
    want = {f.name: f.value for f in truth.fields} if truth else {}
    got = {f.name: f.value for f in found.fields} if found else {}
    wrong = tuple(
        (name, value, got.get(name, ""))
        for name, value in want.items()
        if plain_value(value) != plain_value(got.get(name, ""))
    )
    exact = 1 - len(wrong) / len(want) if want else 1.0
    return FieldRates(exact, len(want), len(set(got) - set(want)), wrong)


def score_tables(truth: Sequence[Table], found: Sequence[Table]) -> CellCounts:
    """Compare the cells of tables."""
    placed = read = 0
    for i, j in _pairs(truth, found):
        mine, theirs = ({_place(c): plain_value(c.text) for c in t.cells} for t in (truth[i], found[j]))
        shared = mine.keys() & theirs.keys()
        placed += len(shared)
        read += sum(mine[place] == theirs[place] for place in shared)
    return CellCounts(sum(len(t.cells) for t in truth), sum(len(t.cells) for t in found), placed, read)


def _pairs(truth: Sequence[Table], found: Sequence[Table]) -> list[tuple[int, int]]:
    """True and found tables that overlap most, one to one."""
    if not truth or not found:
        return []
    iou = box_iou(as_boxes([t.box for t in truth]), as_boxes([t.box for t in found]))
    out = []
    while iou.max() >= MATCH_IOU:
        i, j = (int(k) for k in np.unravel_index(int(iou.argmax()), iou.shape))
        out.append((i, j))
        iou[i, :] = 0
        iou[:, j] = 0
    return out


def _place(cell: Cell) -> tuple[int, int, int, int]:
    return cell.row, cell.column, cell.row_span, cell.column_span
