"""How well lines are traced on generated sheets that nothing was trained on or tuned by, clean and with scan damage.

Run by hand: ``python tests/bench/bench_tracing.py --seeds 8`` (with the true symbols given, words read; ``--given
symbols,words`` gives the words too, ``--given nothing`` recognises from end to end). Printed are, for the clean and the
damaged sheets: F1 of connections and of line length, line types (tick-marked ones included), directions of lines with
an arrow, and tees and crossings told apart. Pairs of types that were confused follow, the most frequent first.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pid.document.read import WordReader
from pid.drawing import Drawing
from pid.evaluate import Evaluation, Rates, Truth, evaluate
from pid.evaluate_given import recognize_given
from pid.evaluate_lines import LineMatch, Share, type_pairs
from pid.pipeline import Recognizer
from pid.sheet import Sheet
from pid.synth.held_out_sheet import draw_held_out_sheet, plant_seeds

FIRST_SEED = 940_000_001
MARKS = {"connections": (0.97, 0.90), "types": (0.95, 0.95), "directions": (0.95, 0.95), "meetings": (0.98, 0.98)}
"""What is wanted of clean and of damaged sheets."""
GIVEN = ("symbols", "symbols,words", "nothing")


@dataclass(frozen=True)
class Result:
    """One sheet's figures, its confused types and the processor time of recognising it."""

    seed: int
    figures: Evaluation
    types: Counter[tuple[str, str]]
    seconds: float


def measure(seeds: Sequence[int], *, damaged: bool, given: str) -> Iterator[Result]:
    """Recognise each seed's sheet and compare it with its truth."""
    recognizer, reader = Recognizer(threads=1), WordReader(threads=1)
    for seed in seeds:
        image, drawing = draw_held_out_sheet(seed, damaged=damaged)
        sheet, truth = Sheet(image, drawing.source, drawing.sheet), Truth(drawing)
        start = time.process_time()
        if given == "nothing":
            found = recognizer.recognize_sheet(sheet)
        else:
            words = reader.read_words(sheet) if given == "symbols" else None
            found = recognize_given(sheet, truth, words=words)
        seconds = time.process_time() - start
        yield Result(seed, evaluate(found, truth), confused_types(drawing, found), seconds)


def confused_types(truth: Drawing, found: Drawing) -> Counter[tuple[str, str]]:
    """How often each pair of true and found type occurs."""
    return Counter(type_pairs(truth, found.lines, LineMatch.of(truth, found.lines)))


def print_results(results: Sequence[Result], *, damaged: bool) -> None:
    """A row a sheet, then all sheets taken together beside the marks, and the confused types."""
    print(f"\n{'damaged' if damaged else 'clean':>10s}  connections   lines   types  directions  meetings  CPU s")
    for r in results:
        e = r.figures
        print(f"{r.seed:>10d}  {_f1(e.connections)}{_f1(e.lines)}{_part(e.line_types)}{_part(e.directions)}"
              f"{_part(e.meetings)}{r.seconds:7.1f}")  # fmt: skip
    together = {
        "connections": _mean([r.figures.connections for r in results]),
        "types": _sum([r.figures.line_types for r in results]),
        "directions": _sum([r.figures.directions for r in results]),
        "meetings": _sum([r.figures.meetings for r in results]),
    }
    for name, value in together.items():
        print(f"{name:>12s} {value:.3f}  (mark {MARKS[name][damaged]:.2f})")
    types = sum((r.types for r in results), Counter[tuple[str, str]]())
    for want in sorted({w for w, _ in types}):
        got = Counter({g: n for (w, g), n in types.items() if w == want})
        print(f"  {want:10s} -> " + ", ".join(f"{g} {n}" for g, n in got.most_common()))


def _f1(rates: Rates | None) -> str:
    return f"{rates.f1:10.3f}" if rates else f"{'':10s}"


def _part(share: Share | None) -> str:
    return f"  {share.value:.2f} of {share.asked:<3d}" if share else f"{'':13s}"


def _mean(rates: Sequence[Rates | None]) -> float:
    known = [r.f1 for r in rates if r is not None]
    return sum(known) / max(len(known), 1)


def _sum(shares: Sequence[Share | None]) -> float:
    known = [s for s in shares if s is not None]
    return Share(sum(s.right for s in known), sum(s.asked for s in known)).value


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--seeds", type=int, default=8, help="how many sheets")
    parser.add_argument("--given", choices=GIVEN, default=GIVEN[0])
    options = parser.parse_args()
    for damaged in (False, True):
        found = list(measure(plant_seeds(options.first, options.seeds), damaged=damaged, given=options.given))
        print_results(found, damaged=damaged)


if __name__ == "__main__":
    main()
