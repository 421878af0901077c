"""Two revisions in, their differences out: what `pid compare` does."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2

from pid.drawing import Drawing
from pid.errors import InputError
from pid.estimate.prices import PriceBook, read_prices
from pid.estimate.revision_book import draw_overlay, write_changes
from pid.estimate.revisions import Comparison, DeltaRow, compare_revisions, delta_take_off
from pid.estimate.rules import TakeoffRules
from pid.estimate_files import estimate_drawings
from pid.graph.grammar import Grammar
from pid.pipeline import Progress
from pid.recognize_files import recognize_pages, write_result


@dataclass(frozen=True)
class Difference:
    """Two drawings' differences, and the rows of the take-off that changed with what that costs."""

    comparison: Comparison
    delta: tuple[DeltaRow, ...]

    def as_json(self) -> dict[str, Any]:
        """The differences' contract: changes, rows of the take-off, and the change of cost."""
        return {
            "changes": [change.as_json() for change in self.comparison.changes],
            "take_off": [{key.rstrip("_"): value for key, value in asdict(row).items()} for row in self.delta],
            "cost": round(sum(row.cost for row in self.delta), 2),
        }


@dataclass(frozen=True)
class CompareReport:
    """The differences, the rows of the take-off that changed, and the files written."""

    comparison: Comparison
    delta: tuple[DeltaRow, ...]
    written: tuple[Path, ...]


def compare_drawings(
    old: Drawing,
    new: Drawing,
    *,
    book: PriceBook | None = None,
    rules: TakeoffRules | None = None,
    grammar: Grammar | None = None,
) -> Difference:
    """Compare two drawings; by the shipped rules and tag grammar where none are given."""
    before, after = (
        estimate_drawings([drawing], book=book, rules=rules, grammar=grammar).estimate for drawing in (old, new)
    )
    return Difference(compare_revisions(old, new), delta_take_off(before, after))


def compare_files(
    old: Path, new: Path, out: Path, *, prices: Path | None = None, progress: Progress | None = None
) -> CompareReport:
    """Compare two results, or drawings, which are recognised first: changes.json, changes.xlsx and overlay.png.

    Raises `InputError` for a file that cannot be used or holds more than one page.
    """
    book = read_prices(prices) if prices else PriceBook(())
    earlier, later = _read(old, out / "old", progress), _read(new, out / "new", progress)
    difference = compare_drawings(earlier, later, book=book)
    comparison, delta = difference.comparison, difference.delta
    text = json.dumps(difference.as_json(), indent=1, ensure_ascii=False)
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
