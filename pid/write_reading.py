"""Tables and lists of what was read on a page, as CSV and in a workbook."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pid.drawing import Table
from pid.estimate.spreadsheet import harmless

Value = str | float | bool
WIDEST = 48
"""Characters of a workbook's widest column."""


def table_rows(table: Table) -> list[list[str]]:
    """The texts of a table, row by row; a cell over several places is told at the first of them."""
    rows = max((c.row + c.row_span for c in table.cells), default=0)
    columns = max((c.column + c.column_span for c in table.cells), default=0)
    out = [[""] * columns for _ in range(rows)]
    for cell in table.cells:
        out[cell.row][cell.column] = cell.text
    return out


def write_rows(rows: Iterable[Sequence[Value]], path: Path) -> None:
    """A CSV in UTF-8 with a byte order mark, which spreadsheet programs need to read signs beyond ASCII."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([harmless(value) for value in row] for row in rows)


def write_book(lists: Mapping[str, Sequence[Sequence[Value]]], tables: Sequence[Table], path: Path) -> None:
    """A workbook with a sheet a list, its first row the heading, and one a table, its cells merged as on the page."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        cell = book.add_format({"border": 1, "text_wrap": True, "valign": "vcenter"})
        for name, rows in lists.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, list(row), head if r == 0 else None)
            sheet.freeze_panes(1, 0)
            sheet.autofit()
        for table in tables:
            sheet = book.add_worksheet(table.id)
            for c in table.cells:
                if c.row_span * c.column_span > 1:
                    last = (c.row + c.row_span - 1, c.column + c.column_span - 1)
                    sheet.merge_range(c.row, c.column, *last, c.text, cell)
                else:
                    sheet.write_string(c.row, c.column, c.text, cell)
            for column, width in enumerate(_widths(table)):
                sheet.set_column(column, column, width)


def _widths(table: Table) -> list[int]:
    rows = table_rows(table)
    return [min(max(len(row[c]) for row in rows) + 2, WIDEST) for c in range(len(rows[0]))] if rows else []
