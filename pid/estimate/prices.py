"""The price book: what a part costs, and how it was matched where the book has no such part exactly.

A book is a CSV or the first sheet of an XLSX, one price a row, with the columns `COLUMNS`. ``size`` and ``class`` may
be empty: then the row stands for all. ``escalation`` multiplies the material's price, ``region`` material and labour.
Matching falls back step by step (`STEPS`); each step is written beside the price and widens the range of the total.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pid.errors import InputError
from pid.estimate.sizes import dn

COLUMNS = ("code", "size", "class", "material", "hours", "rate", "escalation", "region")
EXACT, ANY_CLASS, OTHER_CLASS, OTHER_SIZE, NO_PRICE = (
    "exact", "price of any class", "price of another class", "price of the nearest size", "no price",
)  # fmt: skip
STEPS: Mapping[str, float] = {EXACT: 0.1, ANY_CLASS: 0.15, OTHER_CLASS: 0.25, OTHER_SIZE: 0.4, NO_PRICE: 0.0}
"""How a price was matched, and its relative standard deviation: judgement, not measured. A price for any size counts
as exact where the part has no size."""
FARTHEST_SIZE = 2.0
"""Sizes further apart than this factor do not stand for each other."""
_FACTORS = ("escalation", "region")


@dataclass(frozen=True)
class Price:
    """One row of a book; money in the book's currency, hours of one person."""

    code: str
    size: str
    class_: str
    material: float
    hours: float
    rate: float
    escalation: float = 1.0
    region: float = 1.0

    @property
    def unit_cost(self) -> float:
        """Cost of one, installed."""
        return (self.material * self.escalation + self.hours * self.rate) * self.region


@dataclass(frozen=True)
class Match:
    """A price and how it was found; `price` is None where the book has none."""

    price: Price | None
    how: str

    @property
    def unit_cost(self) -> float:
        """Cost of one, 0 without a price."""
        return self.price.unit_cost if self.price else 0.0

    @property
    def spread(self) -> float:
        """Relative standard deviation of the price."""
        return STEPS[self.how]

    @property
    def note(self) -> str:
        """What a reader sees: the step, and the size and class whose price it is where they are not the part's."""
        if self.price is None or self.how == EXACT:
            return self.how
        whose = " ".join(v for v in (self.price.size, self.price.class_) if v)
        return f"{self.how} ({whose})" if whose else self.how


@dataclass(frozen=True)
class PriceBook:
    """The prices of a book, to be asked."""

    prices: tuple[Price, ...]

    def match(self, code: str, size: str, class_: str) -> Match:
        """The price of a part, by falling back from its own size and class."""
        own = [p for p in self.prices if p.code == code]
        wanted = dn(size)
        sized = [p for p in own if dn(p.size) == wanted or not p.size]
        sized.sort(key=lambda p: not p.size)  # its own size before any size
        steps = (
            (EXACT, [p for p in sized if p.class_ == class_]),
            (ANY_CLASS, [p for p in sized if not p.class_]),
            (OTHER_CLASS, sized),
        )
        for how, found in steps:
            if found:
                return Match(found[0], how)
        near = [p for p in own if wanted and dn(p.size) and _apart(dn(p.size), wanted) <= FARTHEST_SIZE]
        if near:
            best = min(near, key=lambda p: (_apart(dn(p.size), wanted), p.class_ not in (class_, "")))
            return Match(best, OTHER_SIZE)
        if own and not wanted:  # a part without a size: the middle of the book's
            ordered = sorted(own, key=lambda p: p.unit_cost)
            return Match(ordered[len(ordered) // 2], OTHER_SIZE)
        return Match(None, NO_PRICE)


def _apart(a: float, b: float) -> float:
    return max(a, b) / min(a, b)


def read_prices(path: Path) -> PriceBook:
    """Read a price book. Raises `InputError` naming the file and the row for what cannot be used."""
    try:
        rows = list(_read_xlsx(path)) if path.suffix.lower() == ".xlsx" else list(_read_csv(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a price book: {error}.") from error
    if not rows:
        raise InputError(f"{path} has no prices.")
    missing = [c for c in ("code", "material") if c not in rows[0][1]]
    if missing:
        raise InputError(f"{path} is not a price book: the column {missing[0]!r} is missing.")
    return PriceBook(tuple(_price(path, line, row) for line, row in rows if row.get("code")))


def _read_csv(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    """Line number and values by column; lines that begin with # are remarks."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [(n, line) for n, line in enumerate(file, 1) if line.strip() and not line.startswith("#")]
    numbers = [n for n, _ in lines][1:]
    for line, row in zip(numbers, csv.DictReader(text for _, text in lines), strict=True):
        yield line, {(k or "").strip().lower(): (v or "").strip() for k, v in row.items()}


def _read_xlsx(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    from zipfile import BadZipFile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{path} is not a workbook: {error}.") from error
    table = book.worksheets[0].iter_rows(values_only=True)
    head = [str(v or "").strip().lower() for v in next(table, ())]
    for number, values in enumerate(table, 2):
        yield number, dict(zip(head, ("" if v is None else str(v).strip() for v in values), strict=False))


def _price(path: Path, line: int, row: Mapping[str, str]) -> Price:
    numbers = {}
    for name in COLUMNS[3:]:
        text = row.get(name) or ("1" if name in _FACTORS else "0")
        try:
            numbers[name] = float(text)
        except ValueError:
            raise InputError(f"{path}, line {line}: {name} is {text!r}, not a number.") from None
        if numbers[name] < 0:
            raise InputError(f"{path}, line {line}: {name} is negative.")
    return Price(row["code"], row.get("size", ""), row.get("class", ""), **numbers)


def codes_without_price(book: PriceBook, codes: Sequence[str]) -> list[str]:
    """The codes that the book does not have, each once, in order."""
    known = {p.code for p in book.prices}
    return sorted({code for code in codes if code not in known})
