"""Two revisions in, their differences out: what `pid compare` does."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2

from pid.drawing import Drawing
from pid.errors import InputError
from pid.estimate.cost import price_items
from pid.estimate.prices import PriceBook, read_prices
from pid.estimate.revision_book import draw_overlay, write_changes
from pid.estimate.revisions import Comparison, DeltaRow, compare_revisions, delta_take_off
from pid.estimate.rules import read_rules
from pid.estimate.takeoff import take_off
from pid.pipeline import Progress
from pid.read_facts import read_facts
from pid.recognize_files import recognize_pages, write_result


@dataclass(frozen=True)
class CompareReport:
    """The differences, the rows of the take-off that changed, and the files written."""

    comparison: Comparison
    delta: tuple[DeltaRow, ...]
    written: tuple[Path, ...]


def compare_files(
    old: Path, new: Path, out: Path, *, prices: Path | None = None, progress: Progress | None = None
) -> CompareReport:
    """Compare two results, or drawings, which are recognised first: changes.json, changes.xlsx and overlay.png.

    Raises `InputError` for a file that cannot be used or holds more than one page.
    """
    book, rules = read_prices(prices) if prices else PriceBook(()), read_rules()
    earlier, later = _read(old, out / "old", progress), _read(new, out / "new", progress)
    comparison = compare_revisions(earlier, later)
    before, after = (price_items(take_off([read_facts(d)], rules=rules), book, rules) for d in (earlier, later))
    delta = delta_take_off(before, after)
    data = {
        "changes": [change.as_json() for change in comparison.changes],
        "take_off": [{key.rstrip("_"): value for key, value in asdict(row).items()} for row in delta],
        "cost": round(sum(row.cost for row in delta), 2),
    }
    text = json.dumps(data, indent=1, ensure_ascii=False)
    picture = draw_overlay(earlier, later, comparison)
    written = (
        write_result(out / "changes.json", lambda p: p.write_text(text, encoding="utf-8")),
        write_result(out / "changes.xlsx", lambda p: write_changes(comparison, delta, p)),
        write_result(out / "overlay.png", lambda p: cv2.imwrite(str(p), picture)),
    )
    return CompareReport(comparison, delta, written)


def _read(path: Path, out: Path, progress: Progress | None) -> Drawing:
    if path.suffix.lower() == ".json":
        return Drawing.read(path)
    report = recognize_pages([path], out, progress=progress)
    if report.failures:
        raise InputError(" ".join(report.failures))
    if report.pages != 1:
        raise InputError(f"{path} has {report.pages} pages; revisions are compared page by page.")
    return report.drawings[0]
