"""Revision tables: the history of a drawing, whichever end its headings are at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pid.document.labels import load_lexicon
from pid.drawing import Cell, Table

LEAST_HEADINGS = 3
"""A revision, a date or description, and one more."""


@dataclass(frozen=True)
class Revision:
    """One row: column name (revision, date, description, drawn_by, ...) -> its cell."""

    cells: dict[str, Cell]

    def text(self, column: str) -> str:
        """What is written in a column."""
        cell = self.cells.get(column)
        return cell.text if cell else ""


def is_revision_table(table: Table) -> bool:
    """Whether a table has the headings of a revision table, at the top or at the foot."""
    return _headings(table) is not None


def read_revisions(table: Table) -> tuple[Revision, ...]:
    """The revisions of a revision table, the oldest first; rows without a name for the revision are left out."""
    found = _headings(table)
    if found is None:
        return ()
    row, columns = found
    rows = sorted({c.row for c in table.cells})
    body = [r for r in rows if r < row][::-1] if row == rows[-1] else [r for r in rows if r > row]
    out = []
    for r in body:
        cells = {columns[c.column]: c for c in table.cells if c.row == r and c.column in columns}
        if "revision" in cells and cells["revision"].text:
            out.append(Revision(cells))
    return tuple(out)


def _headings(table: Table) -> tuple[int, dict[int, str]] | None:
    """Row of the headings and column -> name."""
    rows = sorted({c.row for c in table.cells})
    for row in dict.fromkeys([*rows[:2], *rows[::-1][:2]]):
        columns = _columns([c for c in table.cells if c.row == row])
        names = set(columns.values())
        if "revision" in names and names & {"date", "description"} and len(names) >= LEAST_HEADINGS:
            return row, columns
    return None


def _columns(cells: Sequence[Cell]) -> dict[int, str]:
    lexicon = load_lexicon()
    out: dict[int, str] = {}
    for cell in sorted(cells, key=lambda c: c.column):
        names = [*lexicon.column(cell.text), *lexicon.names(cell.text)[0]]
        free = [n for n in names if n not in out.values()]
        if free:
            out[cell.column] = free[0]
    return out
