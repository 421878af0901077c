"""Tables cell by cell, and the title block field by field, against the truth.

A cell is met by its place, so that one row too many does not spoil all that follow; it is right where its text and the
rows and columns that it spans are. Cells without text are not asked, but text read in one is false. *Headers* are the
first row, and where cells of it are merged over columns the row under it, too.
"""

from __future__ import annotations

from pid.drawing import Cell, Drawing, Table, TitleField
from pid.evaluate import Truth
from pid.evaluate_words import plain_text
from pid.verify.elements import Alignment, Read, Reading, pair_boxes


def align_cells(found: Drawing, truth: Truth) -> Alignment:
    """Cells of all tables of a sheet; `found` in the truth's pixels."""
    truths, got = _cells(truth.drawing), _cells(found)
    pairs = pair_boxes([r.box for r in truths], [r.box for r in got])
    read = [
        Read(got[pairs[i]], right=_same_cell(got[pairs[i]], true)) if i in pairs else None
        for i, true in enumerate(truths)
    ]
    taken = set(pairs.values())
    return Alignment(truths, tuple(read), tuple(r for j, r in enumerate(got) if j not in taken))


def _cells(drawing: Drawing) -> tuple[Reading, ...]:
    return tuple(_cell(c, header_rows(t)) for t in drawing.tables for c in t.cells if plain_text(c.text))


def _cell(cell: Cell, headers: int) -> Reading:
    span = f"{cell.row_span} x {cell.column_span}"
    merged = (cell.row_span, cell.column_span) != (1, 1)
    name = ("merged " if merged else "") + ("header" if cell.row < headers else "cell")
    return Reading(f"{cell.text} [{span}]" if merged else cell.text, name, cell.box, kind=span, score=cell.score)


def _same_cell(found: Reading, true: Reading) -> bool:
    return plain_text(found.value) == plain_text(true.value) and found.kind == true.kind


def header_rows(table: Table) -> int:
    """How many rows of a table are its headers."""
    first = [c for c in table.cells if c.row == 0]
    if not first:
        return 0
    deepest = max(c.row_span for c in first)
    split = any(c.column_span > 1 for c in first)
    return max(deepest, 2 if split else 1)


def align_fields(found: Drawing, truth: Truth) -> Alignment:
    """Fields of the title block, by name."""
    true = truth.drawing.title_block.fields if truth.drawing.title_block else ()
    got = list(found.title_block.fields) if found.title_block else []
    read: list[Read | None] = []
    for field in true:
        mine = next((f for f in got if f.name == field.name), None)
        if mine is not None:
            got.remove(mine)
        right = mine is not None and plain_text(mine.value) == plain_text(field.value)
        read.append(None if mine is None else Read(_field(mine), right))
    return Alignment(tuple(_field(f) for f in true), tuple(read), tuple(_field(f) for f in got if f.value))


def _field(field: TitleField) -> Reading:
    return Reading(field.value, field.name, field.box, score=field.score)
