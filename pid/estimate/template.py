"""An office's own workbook, filled with an estimate.

The template says by names where what goes (Excel: Formulas, Define name). A name such as ``pid.total`` marks the cell
for one value: `cell_values` lists them. A name such as ``pid.items.quantity`` marks the first cell of a column;
``items`` are the rows of the bill of materials, any list goes by its own name (``pid.valves.tag``). What it does not
name is left out, and everything else in it, formulas included, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from pid.errors import InputError
from pid.estimate.cost import Estimate
from pid.estimate.lists import Lists
from pid.estimate.spreadsheet import harmless

_NAME = re.compile(r"pid\.(?:(?P<list>[a-z_]+)\.)?(?P<field>[a-z_]+)")


def fill_template(template: Path, out: Path, estimate: Estimate, lists: Lists, *, priced_by: str = "") -> None:
    """Write the template, filled, to `out`.

    Raises `InputError` as `open_template` does, and for a name that means nothing or too little room under a column.
    """
    book = open_template(template)
    single, tables = cell_values(estimate, lists, priced_by=priced_by), table_rows(estimate, lists)
    for name, place in _names(book).items():
        match = _NAME.fullmatch(name.lower())
        table, field = (match["list"], match["field"]) if match else (None, "")
        values = _column(tables, table, field) if table else [single[field]] if field in single else None
        if values is None:
            raise InputError(f"{template}: the name {name} stands for nothing that an estimate has.")
        for sheet, cells in place.destinations:
            _fill(book[sheet], cells, values, f"{template}, {sheet}: {name}")
    book.save(out)


def open_template(path: Path) -> openpyxl.Workbook:
    """Read a template. Raises `InputError` for a file that is no workbook, or that names no cell to fill."""
    try:
        book = openpyxl.load_workbook(path)
    except (OSError, BadZipFile, KeyError, ValueError, InvalidFileException) as error:
        raise InputError(f"{path} is not a workbook that can be filled: {error}.") from error
    if not _names(book):
        raise InputError(f"{path} names no cell to fill, such as pid.total or pid.items.quantity.")
    return book


def _names(book: openpyxl.Workbook) -> dict[str, Any]:
    """Names of ours and the places that they stand for."""
    return {name: place for name, place in book.defined_names.items() if name.lower().startswith("pid.")}


def cell_values(estimate: Estimate, lists: Lists, *, priced_by: str) -> Mapping[str, Any]:
    """What single cells may hold, by name."""
    first = lists.drawings[0] if lists.drawings else None
    return {
        "total": estimate.total, "expected": estimate.mean, "range_from": estimate.low, "range_to": estimate.high,
        "price_book": priced_by, "date": datetime.now(UTC).date(), "sheets": len(lists.drawings),
        "rows": len(estimate.items), "unpriced_rows": len(estimate.unpriced),
        "rows_to_review": len(estimate.to_review),
        "drawing": first.tag if first else "", "title": first.title if first else "",
        "revision": first.revision if first else "", "drawing_date": first.date if first else "",
    }  # fmt: skip


def table_rows(estimate: Estimate, lists: Lists) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The rows that columns may hold, by the name of their list."""
    return {
        "items": estimate.as_json()["items"],
        **{name: [r.as_json() for r in rows] for name, rows in lists.tables()},
    }


def _column(tables: Mapping[str, Sequence[Mapping[str, Any]]], table: str, field: str) -> list[Any] | None:
    """The values of a column; None for a list that there is not, or a field that none of its rows has."""
    rows = tables.get(table)
    if rows is None or (rows and field not in rows[0]):
        return None
    return [row[field] for row in rows]


def _fill(page: Any, cells: str, values: Sequence[Any], name: str) -> None:
    """Write values downward from the first cell of a place, in that cell's style."""
    column, top, _, _ = range_boundaries(cells.replace("$", ""))
    first = page.cell(top, column)
    for n, value in enumerate(values):
        cell = page.cell(top + n, column)
        if n and cell.value is not None:
            raise InputError(
                f"{name} has room for {n} rows, and there are {len(values)}: put what is below it elsewhere."
            )
        if n and first.has_style:
            cell._style = copy(first._style)
        cell.value = _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        value = "; ".join(f"{k}: {v}" for k, v in value.items())
    if isinstance(value, list | tuple):
        value = ", ".join(str(v) for v in value)
    return harmless(value) if isinstance(value, str) else value
