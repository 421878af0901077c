"""The estimate as an XLSX workbook that computes: a price changed in it changes the totals.

*Estimate* holds one row an item, its unit cost a formula of the price's parts; *Parts* one row a counted part, its cost
taken from its item's row; *Range* one row a symbol, its cost summed from the parts; *Totals* and *Cover* sum these.
Each formula is written with the value that it has, for readers that do not compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from pid.drawing import Drawing
from pid.estimate.cost import NO_AREA, UNASSIGNED, Z80, Estimate, PricedItem
from pid.estimate.lists import Lists
from pid.estimate.spreadsheet import REVIEW_BELOW, add_table

ITEM_COLUMNS = (
    ("Code", 9), ("Description", 34), ("Group", 15), ("Discipline", 15), ("Size", 10), ("Class", 12), ("Scope", 11),
    ("Quantity", 9), ("Tags", 34), ("Line numbers", 30), ("Sheets", 22), ("Zones", 12), ("Lowest confidence", 11),
    ("Price", 26), ("Material", 10), ("Hours", 8), ("Rate", 8), ("Escalation", 10), ("Region", 8), ("Unit cost", 11),
    ("Total", 12), ("Spread of price", 10), ("Variance of price", 14), ("Elements", 30),
)  # fmt: skip
PART_COLUMNS = (
    ("Row of Estimate", 9), ("Code", 9), ("Tag", 18), ("Line number", 30), ("Discipline", 15), ("Sheet", 22),
    ("Zone", 7), ("Quantity", 9), ("Scope", 11), ("Confidence", 11), ("Cost", 12), ("Element", 26), ("Area", 9),
)  # fmt: skip
RANGE_COLUMNS = (("Element", 26), ("Probability", 11), ("Cost", 12), ("Mean", 12), ("Variance", 14))
ZONES_COLUMN, ZONE_COLUMN = 11, 6
"""Where the places of items and of parts stand; they lead to the drawing."""
MOST_TEXT = 32_000
"""Characters a cell can hold, nearly."""
LIST_WIDTH = 18
Link = Callable[[str], str]
"""``sheet#element`` to the address at which a browser shows it on its drawing; empty where there is none."""
METHOD = (
    "Range: each symbol is there with the probability of its score and brings its whole cost; each price has the "
    "deviation of the way it was matched. Independent, summed, normal: the range holds the middle 80 %. What nobody "
    "found on the sheets, pipe lengths (a P&ID is not to scale) and what has no price are not in it.",
    f"Amber rows have a symbol of a confidence below {REVIEW_BELOW}: look at them first.",
)


def write_estimate(
    estimate: Estimate, lists: Lists, drawings: Sequence[Drawing], path: Path, *, priced_by: str = "",
    link: Link | None = None,
) -> None:  # fmt: skip
    """Write the workbook.

    Args:
        estimate: the priced take-off.
        lists: the lists of the same sheets.
        drawings: the sheets.
        path: the file.
        priced_by: name of the price book; empty where there was none.
        link: makes the zone of each row a link to its first element on the drawing.
    """
    link = link or (lambda _: "")
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True})
        money = book.add_format({"num_format": "#,##0.00"})
        amber = book.add_format({"bg_color": "#FFE8B3"})
        cover = book.add_worksheet("Cover")
        rows = _write_items(book, head, money, amber, estimate, link)
        _write_parts(book, head, money, estimate, rows, link)
        _write_range(book, head, money, estimate)
        _write_totals(book, head, money, estimate)
        _write_cover(cover, book, head, estimate, lists, drawings, priced_by)
        for name, table in lists.tables():
            _write_list(book, head, amber, name, [row.as_json() for row in table], link)


def _write_place(page: Any, row: int, column: int, text: str, url: str) -> None:
    """A zone that leads to the drawing, where there is an address."""
    if url:
        page.write_url(row, column, url, None, text or "show", "Show it on the drawing")


def _write_items(
    book: xlsxwriter.Workbook, head: Any, money: Any, amber: Any, estimate: Estimate, link: Link
) -> dict[int, int]:
    """One row an item; returns the worksheet's row (from 1) of each item's index."""
    page = add_table(book, "Estimate", ITEM_COLUMNS, head, len(estimate.items))
    rows = {}
    for i, row in enumerate(estimate.items):
        n = i + 2
        rows[i] = n
        page.write_row(n - 1, 0, values := _item_values(row))
        _write_place(page, n - 1, ZONES_COLUMN, str(values[ZONES_COLUMN]), link(row.item.ids[0]))
        page.write_formula(n - 1, 19, f"=(O{n}*R{n}+P{n}*Q{n})*S{n}", money, row.match.unit_cost)
        page.write_formula(n - 1, 20, f'=IF(G{n}="",H{n}*T{n},0)', money, row.total)
        page.write(n - 1, 21, row.match.spread)
        page.write_formula(n - 1, 22, f"=(V{n}*U{n})^2", money, (row.match.spread * row.total) ** 2)
        page.write(n - 1, 23, " ".join(row.item.ids)[:MOST_TEXT])
    last = max(len(estimate.items), 1)
    page.conditional_format(
        1,
        0,
        last,
        len(ITEM_COLUMNS) - 1,
        {"type": "formula", "criteria": f'=AND($M2<>"",$M2<{REVIEW_BELOW})', "format": amber},
    )
    return rows


def _item_values(row: PricedItem) -> list[str | int | float]:
    item, price = row.item, row.match.price
    costs = [price.material, price.hours, price.rate, price.escalation, price.region] if price else [0, 0, 0, 1, 1]
    return [
        item.code, item.description, item.group.replace("_", " "), row.discipline, item.size, item.spec, item.scope,
        item.quantity, ", ".join(item.tags)[:MOST_TEXT], ", ".join(item.line_numbers)[:MOST_TEXT],
        ", ".join(item.sheets)[:MOST_TEXT], ", ".join(item.zones)[:MOST_TEXT], round(item.score, 3), row.match.note,
        *costs,
    ]  # fmt: skip


def _write_parts(
    book: xlsxwriter.Workbook, head: Any, money: Any, estimate: Estimate, rows: Mapping[int, int], link: Link
) -> None:
    page = add_table(book, "Parts", PART_COLUMNS, head, _part_count(estimate))
    n = 1
    for i, row in enumerate(estimate.items):
        for part in row.item.parts:
            n += 1
            page.write_row(n - 1, 0, [
                rows[i], part.code, part.tag, part.line_number or UNASSIGNED, row.discipline, part.sheet, part.zone,
                part.quantity, part.scope, part.score,
            ])  # fmt: skip
            cost = 0.0 if part.scope else part.quantity * row.match.unit_cost
            page.write_formula(n - 1, 10, f'=IF(I{n}="",H{n}*Estimate!T{rows[i]},0)', money, cost)
            page.write_row(n - 1, 11, [part.id, part.area or NO_AREA])
            _write_place(page, n - 1, ZONE_COLUMN, part.zone, link(part.id))


def _part_count(estimate: Estimate) -> int:
    return sum(len(row.item.parts) for row in estimate.items)


def _write_range(book: xlsxwriter.Workbook, head: Any, money: Any, estimate: Estimate) -> None:
    symbols = estimate.symbols()
    page = add_table(book, "Range", RANGE_COLUMNS, head, len(symbols))
    last = _part_count(estimate) + 1
    for n, (name, (p, cost)) in enumerate(symbols.items(), 2):
        page.write(n - 1, 0, name)
        page.write(n - 1, 1, p)
        page.write_formula(n - 1, 2, f"=SUMIF(Parts!$L$2:$L${last},A{n},Parts!$K$2:$K${last})", money, cost)
        page.write_formula(n - 1, 3, f"=B{n}*C{n}", money, p * cost)
        page.write_formula(n - 1, 4, f"=B{n}*(1-B{n})*C{n}^2", money, p * (1 - p) * cost**2)


def _write_totals(book: xlsxwriter.Workbook, head: Any, money: Any, estimate: Estimate) -> None:
    page = book.add_worksheet("Totals")
    page.set_column(0, 0, 42)
    page.set_column(1, 1, 16)
    page.fit_to_pages(1, 0)
    last, n = _part_count(estimate) + 1, 0
    for title, column, totals in (
        ("By discipline", "E", estimate.by_discipline()),
        ("By area", "M", estimate.by_area()),
        ("By sheet", "F", estimate.by_sheet()),
        ("By line", "D", estimate.by_line()),
    ):
        page.write_row(n, 0, [title, "Cost"], head)
        for name, value in totals.items():
            n += 1
            where = f"Parts!${column}$2:${column}${last},A{n + 1},Parts!$K$2:$K${last}"
            page.write(n, 0, name)
            page.write_formula(n, 1, f"=SUMIF({where})", money, value)
        n += 2


def _write_cover(
    page: Any, book: xlsxwriter.Workbook, head: Any, estimate: Estimate, lists: Lists, drawings: Sequence[Drawing],
    priced_by: str,
) -> None:  # fmt: skip
    big = book.add_format({"bold": True, "font_size": 18})
    bold = book.add_format({"bold": True, "num_format": "#,##0"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 34)
    page.set_column(1, 4, 22)
    page.fit_to_pages(1, 1)
    page.write(0, 0, "Estimate", big)
    items, symbols = max(len(estimate.items) + 1, 2), max(len(estimate.symbols()) + 1, 2)
    deviation = f"SQRT(SUM(Range!E2:E{symbols})+SUM(Estimate!W2:W{items}))"
    mean = f"SUM(Range!D2:D{symbols})"
    figures = (
        ("Total of what was counted", f"=SUM(Estimate!U2:U{items})", estimate.total),
        ("Expected, by confidence", f"={mean}", estimate.mean),
        ("Range from", f"=MAX({mean}-{Z80}*{deviation},0)", estimate.low),
        ("Range to", f"={mean}+{Z80}*{deviation}", estimate.high),
    )
    for n, (name, formula, value) in enumerate(figures, 2):
        page.write(n, 0, name)
        page.write_formula(n, 1, formula, bold, value)
    facts = (
        ("Price book", priced_by or "none: quantities only"),
        ("Rows to review", len(estimate.to_review)),
        ("Rows without a price", len(estimate.unpriced)),
        ("Symbols too doubtful to list", len(lists.doubtful)),
    )
    for n, (name, fact) in enumerate(facts, 7):
        page.write_row(n, 0, [name, fact])
    page.write_row(12, 0, ["Drawing", "Title", "Revision", "File", "Symbols"], head)
    for n, (row, drawing) in enumerate(zip(lists.drawings, drawings, strict=True), 13):
        page.write_row(n, 0, [row.tag, row.title, row.revision, row.sheet, len(drawing.symbols)])
    for n, text in enumerate(METHOD, 14 + len(drawings)):
        page.merge_range(n, 0, n, 4, text, wrap)
        page.set_row(n, 64 if n == 14 + len(drawings) else 20)


def _write_list(
    book: xlsxwriter.Workbook, head: Any, amber: Any, name: str, rows: Sequence[Mapping[str, Any]], link: Link
) -> None:
    """One sheet a list, with the columns of its rows; empty lists have none."""
    if not rows:
        return
    columns = [(key.replace("_", " ").capitalize(), LIST_WIDTH) for key in rows[0]]
    page = add_table(book, name.replace("_", " ").capitalize(), columns, head, len(rows))
    for n, row in enumerate(rows, 1):
        page.write_row(n, 0, [_cell(value) for value in row.values()])
        if row["ids"]:
            _write_place(page, n, list(row).index("zone"), str(row["zone"]), link(row["ids"][0]))
    sure = xl_col_to_name(list(rows[0]).index("confidence"))
    rule = {"type": "formula", "criteria": f"=${sure}2<{REVIEW_BELOW}", "format": amber}
    page.conditional_format(1, 0, len(rows), len(columns) - 1, rule)


def _cell(value: Any) -> str | int | float:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{k}: {v}" for k, v in value.items())[:MOST_TEXT]
    if isinstance(value, list | tuple):
        return " ".join(str(v) for v in value)[:MOST_TEXT]
    return value if isinstance(value, int | float) else str(value)
