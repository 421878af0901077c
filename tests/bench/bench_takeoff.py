"""The take-off of generated sheets against their exact truth: what an estimator would be handed, and what is right.

Run by hand: ``python tests/bench/bench_takeoff.py --seeds 8`` takes off each true sheet *as drawn*: symbols, lines and
words, but no tag, size, class, line number or owner, which have to be read off the lettering (``--given drawing``);
``--given nothing`` recognises the picture from end to end. The truth is the take-off with what the generator knows of
every part and the sheet says: a line number that is lettered nowhere is not known. Printed are the share of rows whose
quantity is exact, by code and by code and size, what was counted in all, and what it costs with the sample prices
(which are invented).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pid.drawing import Drawing
from pid.estimate.cost import Estimate, price_items
from pid.estimate.prices import PriceBook, read_prices
from pid.estimate.rules import read_rules
from pid.estimate.sizes import dn
from pid.estimate.takeoff import Item, take_off
from pid.graph.attach import assign_words
from pid.pipeline import Recognizer
from pid.read_facts import read_facts
from pid.resources import data_path
from pid.sheet import Sheet
from pid.synth.held_out_sheet import draw_held_out_sheet, plant_seeds

FIRST_SEED = 950_000_001
ROWS_MARK, TOTAL_MARK = 0.97, 0.02


@dataclass(frozen=True)
class Bill:
    """A sheet's take-off: quantities by code and by code and size, and its price."""

    by_code: Counter[str]
    by_size: Counter[tuple[str, float]]
    cost: float

    @classmethod
    def of(cls, drawing: Drawing, book: PriceBook) -> Bill:
        """Take off one drawing."""
        rules = read_rules()
        items: Sequence[Item] = take_off([read_facts(drawing)], rules=rules)
        estimate: Estimate = price_items(items, book, rules)
        by_code: Counter[str] = Counter()
        by_size: Counter[tuple[str, float]] = Counter()
        for item in items:
            by_code[item.code] += item.quantity
            by_size[item.code, dn(item.size.split(" x ")[0])] += item.quantity
        return cls(by_code, by_size, estimate.total)


def as_drawn(truth: Drawing) -> Drawing:
    """A true drawing without all that its lettering says; then told from the lettering."""
    symbols = [s.model_copy(update={"tag": None, "attributes": {}}) for s in truth.symbols]
    lines = [line.model_copy(update={"line_number": None}) for line in truth.lines]
    words = [w.model_copy(update={"owner": None}) for w in truth.words]
    owned, named, numbered = assign_words(words, symbols, lines, sheet_width=truth.sheet.width)
    return truth.model_copy(update={"symbols": named, "lines": numbered, "words": owned})


def as_lettered(truth: Drawing) -> Drawing:
    """A true drawing without the line numbers that stand nowhere on the sheet."""
    written = {w.text for w in truth.words}
    lines = [
        line if line.line_number in written else line.model_copy(update={"line_number": None}) for line in truth.lines
    ]
    return truth.model_copy(update={"lines": tuple(lines)})


def exact_share(truth: Counter[Any], found: Counter[Any]) -> float:
    """Share of the rows of either whose quantity agrees."""
    rows = truth.keys() | found.keys()
    return sum(truth[r] == found[r] for r in rows) / max(len(rows), 1)


def measure(seeds: Iterable[int], *, given: str, prices: Path) -> None:
    """Print a row a sheet and all sheets together; then the codes that differ most."""
    book, recognizer = read_prices(prices), Recognizer(threads=1)
    off: Counter[str] = Counter()
    pairs = []
    print("      seed  rows by code  by code and size  counted true/found    cost true/found   off")
    for seed in seeds:
        image, truth = draw_held_out_sheet(seed, damaged=False)
        found = as_drawn(truth) if given == "drawing" else recognizer.recognize_sheet(
            Sheet(image, truth.source, truth.sheet)
        )  # fmt: skip
        pair = Bill.of(as_lettered(truth), book), Bill.of(found, book)
        pairs.append(pair)
        print_row(str(seed), *pair)
        for code in pair[0].by_code.keys() | pair[1].by_code.keys():
            off[code] += pair[1].by_code[code] - pair[0].by_code[code]
    print_row("all", *(_sum(bills) for bills in zip(*pairs, strict=True)))
    print(f"marks: rows {ROWS_MARK:.2f} with the drawing given, total within {TOTAL_MARK:.0%} end to end")
    print("off:", ", ".join(f"{code} {n:+d}" for code, n in sorted(off.items(), key=lambda p: -abs(p[1]))[:16] if n))


def _sum(bills: Sequence[Bill]) -> Bill:
    """Rows of different sheets stay apart."""
    by_code = Counter({(i, c): n for i, b in enumerate(bills) for c, n in b.by_code.items()})
    by_size = Counter({(i, c): n for i, b in enumerate(bills) for c, n in b.by_size.items()})
    return Bill(by_code, by_size, sum(b.cost for b in bills))


def print_row(name: str, truth: Bill, found: Bill) -> None:
    """One line of the table."""
    print(
        f"{name:>10s}{exact_share(truth.by_code, found.by_code):14.3f}{exact_share(truth.by_size, found.by_size):18.3f}"
        f"{truth.by_code.total():14d}/{found.by_code.total():<5d}{truth.cost:12,.0f}/{found.cost:<12,.0f}"
        f"{found.cost / truth.cost - 1:+.1%}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--given", choices=("drawing", "nothing"), default="drawing")
    parser.add_argument("--prices", type=Path, default=data_path("prices.csv"))
    options = parser.parse_args()
    measure(plant_seeds(options.first, options.seeds), given=options.given, prices=options.prices)
