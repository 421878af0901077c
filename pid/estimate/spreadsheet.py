"""The take-off as CSV and as an XLSX workbook. The only file that knows the workbook library."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pid.drawing import Drawing
from pid.estimate.rules import CountedGroup
from pid.estimate.takeoff import Item, count_by_group, sheet_name, zone

if TYPE_CHECKING:
    import xlsxwriter

A3 = 8
"""The workbook format's number of that paper."""
REVIEW_BELOW = 0.8
"""Rows whose least certain symbol scores lower are coloured for review."""
COLUMNS = (
    ("Code", 10), ("Description", 34), ("Group", 15), ("Size", 10), ("Quantity", 9), ("Class", 12), ("Scope", 11),
    ("Tags", 40), ("Line numbers", 34), ("Sheets", 26), ("Zones", 14), ("Lowest confidence", 12), ("Elements", 30),
)  # fmt: skip
SYMBOL_COLUMNS = (
    ("Sheet", 26), ("Id", 8), ("Kind", 28), ("Group", 15), ("Tag", 20), ("Zone", 7), ("Confidence", 12),
    ("Found by", 14), ("x0", 9), ("y0", 9), ("x1", 9), ("y1", 9),
)  # fmt: skip


def _row(item: Item) -> list[str | int | float]:
    return [
        item.code, item.description, item.group.replace("_", " "), item.size, item.quantity, item.spec, item.scope,
        ", ".join(item.tags), ", ".join(item.line_numbers), ", ".join(item.sheets), ", ".join(item.zones),
        round(item.score, 3), " ".join(item.ids),
    ]  # fmt: skip


def write_csv(items: Sequence[Item], path: Path) -> None:
    """One row an item; UTF-8 with a byte order mark, which spreadsheet programs need to read signs beyond ASCII."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([name for name, _ in COLUMNS])
        writer.writerows([harmless(value) for value in _row(item)] for item in items)


def harmless(value: str | int | float) -> str | int | float:
    """A text that a spreadsheet program would run as a formula gets a leading apostrophe (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value


def write_workbook(
    items: Sequence[Item], drawings: Iterable[Drawing], path: Path, *, groups: Sequence[CountedGroup]
) -> None:
    """XLSX with a summary by `groups`, the bill of materials and every symbol behind it.

    `drawings` are gone through several times and never held all at once.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True})
        _write_summary(book, head, items, drawings, groups)
        _write_items(book, head, items)
        _write_symbols(book, head, drawings)


def _write_summary(
    book: xlsxwriter.Workbook,
    head: Any,
    items: Sequence[Item],
    drawings: Iterable[Drawing],
    groups: Sequence[CountedGroup],
) -> None:
    page = book.add_worksheet("Summary")
    page.set_column(0, 0, 30)
    page.set_column(1, 4, 14)
    page.write(0, 0, "Bill of materials", book.add_format({"bold": True, "font_size": 16}))
    page.write_row(2, 0, ["Sheet", "Symbols", "Lines", "Connections", "Words"], head)
    row = 3
    for d in drawings:
        counts = [len(d.symbols), len(d.lines), len(d.connections), len(d.words)]
        page.write_row(row, 0, [sheet_name(d), *counts])
        row += 1
    row += 1
    page.write_row(row, 0, ["Group", "Quantity", "To review"], head)
    last, counts_of = len(items) + 1, count_by_group(items)
    for group in groups:
        row += 1
        name = group.name.replace("_", " ")
        of_group = [item for item in items if item.group == group.name]
        where = f"'Bill of materials'!$C$2:$C${last},A{row + 1}"
        total = counts_of.get(group.name, 0)
        page.write(row, 0, name)
        page.write_formula(row, 1, f"=SUMIF({where},'Bill of materials'!$E$2:$E${last})", None, total)
        review = f"=COUNTIFS({where},'Bill of materials'!$L$2:$L${last},\"<{REVIEW_BELOW}\")"
        page.write_formula(row, 2, review, None, sum(item.score < REVIEW_BELOW for item in of_group))


def _write_items(book: xlsxwriter.Workbook, head: Any, items: Sequence[Item]) -> None:
    page = add_table(book, "Bill of materials", COLUMNS, head, len(items))
    for i, item in enumerate(items, 1):
        page.write_row(i, 0, _row(item))
    if items:
        amber = book.add_format({"bg_color": "#FFE8B3"})
        rule = {"type": "formula", "criteria": f"=$L2<{REVIEW_BELOW}", "format": amber}
        page.conditional_format(1, 0, len(items), len(COLUMNS) - 1, rule)


def _write_symbols(book: xlsxwriter.Workbook, head: Any, drawings: Iterable[Drawing]) -> None:
    page = add_table(book, "Symbols", SYMBOL_COLUMNS, head, sum(len(d.symbols) for d in drawings))
    row = 1
    for d in drawings:
        for s in d.symbols:
            values = [sheet_name(d), s.id, s.kind, s.group, s.tag or "", zone(d, s), round(s.score, 3)]
            page.write_row(row, 0, [*values, ", ".join(s.found_by), *(round(v, 1) for v in s.box)])
            row += 1


def add_table(
    book: xlsxwriter.Workbook, name: str, columns: Sequence[tuple[str, int]], head: Any, rows: int
) -> xlsxwriter.worksheet.Worksheet:
    """A sheet for a table: headings that stay in sight and are printed on each page, filters, as wide as one page."""
    page = book.add_worksheet(name)
    page.write_row(0, 0, [title for title, _ in columns], head)
    for i, (_, width) in enumerate(columns):
        page.set_column(i, i, width)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(rows, 1), len(columns) - 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_paper(A3)
    page.set_footer("&L&F - &A&RPage &P of &N")
    return page
