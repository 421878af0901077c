"""Drawings or results in, an estimate out: what `pid estimate` does.

A JSON is a drawing that was recognised (and perhaps corrected) before; anything else is recognised first, its result
written beside the estimate. In a folder, results go before drawings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pid.drawing import SCHEMA, Drawing
from pid.errors import InputError
from pid.estimate.cost import Estimate, price_items
from pid.estimate.lists import Lists, make_lists
from pid.estimate.prices import PriceBook, read_prices
from pid.estimate.rules import TakeoffRules, read_rules
from pid.estimate.spreadsheet import write_csv
from pid.estimate.takeoff import Item, take_off
from pid.estimate.template import fill_template, open_template
from pid.estimate.workbook import write_estimate
from pid.graph.grammar import Grammar
from pid.pipeline import Progress
from pid.read_facts import read_facts
from pid.recognize_files import recognize_pages, write_result

LARGEST_LINES = 3
"""So many of the dearest lines are named in the summary."""


@dataclass(frozen=True)
class CountedDrawings:
    """Drawings with their take-off, priced as far as the book goes, and their lists."""

    drawings: tuple[Drawing, ...]
    items: tuple[Item, ...]
    estimate: Estimate
    lists: Lists


@dataclass(frozen=True)
class EstimateReport:
    """What came out, and a sentence for each input that could not be used."""

    estimate: Estimate
    lists: Lists
    drawings: tuple[Drawing, ...]
    written: tuple[Path, ...]
    failures: tuple[str, ...]


def estimate_drawings(
    drawings: Sequence[Drawing],
    *,
    book: PriceBook | None = None,
    rules: TakeoffRules | None = None,
    grammar: Grammar | None = None,
) -> CountedDrawings:
    """Count, price and list drawings; by the shipped rules and tag grammar where none are given."""
    rules = rules or read_rules()
    plants = [read_facts(drawing, grammar=grammar) for drawing in drawings]
    items = take_off(plants, rules=rules)
    return CountedDrawings(tuple(drawings), items, price_items(items, book or PriceBook(()), rules), make_lists(plants))


def estimate_files(
    paths: Sequence[Path], out: Path, *, prices: Path | None = None, template: Path | None = None,
    progress: Progress | None = None,
) -> EstimateReport:  # fmt: skip
    """Estimate drawings, results and folders of either into `out`: estimate.xlsx, estimate.json, bom.csv, lists.json.

    A `template` is an office's own workbook; a copy of it is filled, too.
    Raises `InputError` where nothing could be used, or for a price book or template that is none.
    """
    book = read_prices(prices) if prices else PriceBook(())
    if template:
        open_template(template)  # what cannot be filled is said before any drawing is recognised
    results, to_recognise = _sort_inputs(paths)
    drawings = [Drawing.read(path) for path in results]
    written: list[Path] = []
    failures: list[str] = []
    if to_recognise:
        report = recognize_pages(to_recognise, out, progress=progress)
        drawings += report.drawings
        written += report.written
        failures += report.failures
    if not drawings:
        raise InputError(" ".join(failures) or "No drawing to estimate.")
    if progress:
        progress("lists and take-off", 1.0)
    counted = estimate_drawings(drawings, book=book)
    items, estimate, lists = counted.items, counted.estimate, counted.lists
    priced_by = prices.name if prices else ""
    written += [
        write_result(
            out / "estimate.xlsx", lambda p: write_estimate(estimate, lists, drawings, p, priced_by=priced_by)
        ),
        write_result(out / "estimate.json", lambda p: p.write_text(_json(estimate.as_json()), encoding="utf-8")),
        write_result(out / "bom.csv", lambda p: write_csv(items, p)),
        write_result(out / "lists.json", lambda p: p.write_text(_json(lists.as_json()), encoding="utf-8")),
    ]
    if template:
        filled = out / f"{template.stem}-filled.xlsx"
        written.append(write_result(filled, lambda p: fill_template(template, p, estimate, lists, priced_by=priced_by)))
    return EstimateReport(estimate, lists, tuple(drawings), tuple(written), tuple(failures))


def summary(report: EstimateReport, *, priced: bool) -> list[str]:
    """The estimate in a few lines that a person reads in ten seconds."""
    lists, estimate = report.lists, report.estimate
    lines = [
        f"{len(report.drawings)} sheet(s): {len(lists.equipment)} equipment, {len(lists.valves)} valves, "
        f"{len(lists.control_valves)} control valves, {len(lists.instruments)} instruments, {len(lists.lines)} lines",
        f"{len(estimate.items)} rows, {len(estimate.to_review)} of them to review; "
        f"{len(lists.doubtful)} symbol(s) too doubtful to list",
    ]
    if priced:
        lines += [
            f"Total {estimate.total:,.0f}; expected {estimate.mean:,.0f}, range {estimate.low:,.0f} to "
            f"{estimate.high:,.0f}; {len(estimate.unpriced)} row(s) without a price",
            "By discipline: " + ", ".join(f"{name} {value:,.0f}" for name, value in estimate.by_discipline().items()),
        ]
        dearest = sorted(estimate.by_line().items(), key=lambda pair: -pair[1])[:LARGEST_LINES]
        lines.append("Most on: " + ", ".join(f"{name} {value:,.0f}" for name, value in dearest))
    return lines


def _sort_inputs(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Results, and what is still to be recognised."""
    results: list[Path] = []
    others: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = [p for p in sorted(path.glob("*.json")) if _is_result(p)]
            results += found
            others += [] if found else [path]
        elif path.suffix.lower() == ".json":
            results.append(path)
        else:
            others.append(path)
    return results, others


def _is_result(path: Path) -> bool:
    """Whether a JSON of a folder is a drawing: other files of results lie beside them."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("schema") == SCHEMA


def _json(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False)
