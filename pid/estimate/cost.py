"""The estimate: the take-off priced, summed and given a range.

The range is analytic. A symbol is there with the probability that its score says, and with it all that it brings along:
its cost has the mean ``p c`` and the variance ``p (1 - p) c^2``. A price has the relative deviation of the step by
which it was matched, shared by all parts of its row. Symbols and rows are taken as independent and their sum as normal:
the range holds the middle 80 %. What the sheet has and nobody found, and what the price book lacks, is not in it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pid.estimate.prices import NO_PRICE, Match, PriceBook
from pid.estimate.rules import TakeoffRules
from pid.estimate.spreadsheet import REVIEW_BELOW
from pid.estimate.takeoff import IMPLIED, Item, Part

Z80 = 1.2816
"""Half the width of the middle 80 % of a normal distribution, in standard deviations."""
UNASSIGNED = "(no line number)"
NO_AREA = "(no area)"


@dataclass(frozen=True)
class PricedItem:
    """A row of the bill of materials with its price; what is out of scope costs nothing."""

    item: Item
    match: Match
    discipline: str

    @property
    def total(self) -> float:
        """Cost of the row."""
        return 0.0 if self.item.scope else self.match.unit_cost * self.item.quantity


@dataclass(frozen=True)
class Estimate:
    """The priced bill of materials."""

    items: tuple[PricedItem, ...]

    @property
    def total(self) -> float:
        """Cost of everything that was counted and has a price."""
        return sum(row.total for row in self.items)

    @property
    def unpriced(self) -> tuple[PricedItem, ...]:
        """Rows to be supplied that the book has no price for."""
        return tuple(row for row in self.items if row.match.how == NO_PRICE and not row.item.scope)

    @property
    def to_review(self) -> tuple[PricedItem, ...]:
        """Rows with a symbol that is not sure."""
        return tuple(row for row in self.items if row.item.score < REVIEW_BELOW)

    def symbols(self) -> dict[str, tuple[float, float]]:
        """Symbol id -> its probability and its cost with all that it brings along."""
        found: dict[str, tuple[float, float]] = {}
        for row in self.items:
            for part in row.item.parts:
                if not row.item.scope:
                    cost = found.get(part.id, (0.0, 0.0))[1]
                    found[part.id] = part.score, cost + row.match.unit_cost * part.quantity
        return found

    @property
    def mean(self) -> float:
        """Expected cost: each symbol's by its probability."""
        return sum(p * cost for p, cost in self.symbols().values())

    @property
    def deviation(self) -> float:
        """Standard deviation of the cost."""
        found = sum(p * (1 - p) * cost**2 for p, cost in self.symbols().values())
        priced = sum((row.match.spread * row.total) ** 2 for row in self.items)
        return math.sqrt(found + priced)

    @property
    def low(self) -> float:
        """Lower end of the range."""
        return max(self.mean - Z80 * self.deviation, 0.0)

    @property
    def high(self) -> float:
        """Upper end of the range."""
        return self.mean + Z80 * self.deviation

    def totals_by(self, name: Callable[[PricedItem, Part], str]) -> dict[str, float]:
        """Cost of the parts of each name, in order of name."""
        totals: dict[str, float] = defaultdict(float)
        for row in self.items:
            for part in row.item.parts:
                totals[name(row, part)] += 0.0 if row.item.scope else row.match.unit_cost * part.quantity
        return dict(sorted(totals.items()))

    def by_discipline(self) -> dict[str, float]:
        """Cost by discipline."""
        return self.totals_by(lambda row, _: row.discipline)

    def by_line(self) -> dict[str, float]:
        """Cost by line number."""
        return self.totals_by(lambda _, part: part.line_number or UNASSIGNED)

    def by_area(self) -> dict[str, float]:
        """Cost by the plant area that tags name."""
        return self.totals_by(lambda _, part: part.area or NO_AREA)

    def by_sheet(self) -> dict[str, float]:
        """Cost by sheet."""
        return self.totals_by(lambda _, part: part.sheet)

    def as_json(self) -> dict[str, Any]:
        """Totals and rows."""
        return {
            "total": round(self.total, 2), "expected": round(self.mean, 2),
            "range": [round(self.low, 2), round(self.high, 2)],
            "by_discipline": _rounded(self.by_discipline()), "by_line": _rounded(self.by_line()),
            "by_area": _rounded(self.by_area()), "by_sheet": _rounded(self.by_sheet()),
            "items": [_item_json(row) for row in self.items],
        }  # fmt: skip


def price_items(items: Sequence[Item], book: PriceBook, rules: TakeoffRules) -> Estimate:
    """Price a take-off."""
    disciplines = {g.name: g.discipline for g in rules.groups} | {IMPLIED: "piping"}
    return Estimate(
        tuple(PricedItem(i, book.match(i.code, i.size, i.spec), disciplines.get(i.group, "other")) for i in items)
    )


def _rounded(totals: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in totals.items()}


def _item_json(row: PricedItem) -> dict[str, Any]:
    item = row.item
    return {
        "code": item.code, "description": item.description, "group": item.group, "discipline": row.discipline,
        "size": item.size, "class": item.spec, "scope": item.scope, "quantity": item.quantity,
        "tags": list(item.tags), "line_numbers": list(item.line_numbers), "sheets": list(item.sheets),
        "zones": list(item.zones), "confidence": round(item.score, 3), "price": row.match.note,
        "unit_cost": round(row.match.unit_cost, 2), "total": round(row.total, 2), "ids": list(item.ids),
    }  # fmt: skip
