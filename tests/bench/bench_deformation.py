"""Recall and precision of the finders on symbols that are stretched, sheared, cut short, wobbly or broken.

Run by hand: ``python tests/bench/bench_deformation.py`` (extra ``train`` for the plot, which matplotlib draws). Each
finder is a function from the grey sheet to symbols; a symbol is found if its box overlaps by half (intersection over
union) and its group is right, and the second figure wants the kind right, too. The sheets of
`tests/bench/deformed_sheets.py` hold 28 kinds, every symbol of a sheet deformed alike. The results of finders that are
not run again are kept in ``--results``.

What the shape detector's training has seen of this: generated plants draw kinds with a ``stretch`` in the catalogue
in other proportions, which here are only the two drums (0.8 to 1.6 times as wide, 0.8 to 2.2 times as high),
shell_and_tube_exchanger (0.8 to 1.6 times as wide) and plate_heat_exchanger (0.8 to 2.2 times as high); all other
equipment within 8 %; its scattered sheets stretch vessels, separators, exchangers, pumps and compressors up to 1.7
times along one side against the other; benchmark sheets squeeze valves and reducers to 0.72 to 1.15 of their length.
No valve, fitting, reducer or balloon was ever stretched farther, and none was sheared, but for skew and perspective of
whole scans. Strokes broken by a bad copy are part of its training's damage (``break_strokes``).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from deformed_sheets import KINDS, Deformation, deformed_sheet, example_of

from pid.drawing import Symbol
from pid.errors import InputError
from pid.geometry import box_iou
from pid.structure.library import MARGIN_PX, Example

Finder = Callable[[NDArray[np.uint8]], Sequence[Symbol]]
Figures = dict[str, float]

SEED = 910_000_000
LEAST_IOU, LEAST_SCORE = 0.5, 0.5
PLAIN = Deformation()
LEVELS: dict[str, dict[str, Deformation]] = {
    "stretch": {str(k): Deformation(stretch=k) for k in (0.5, 0.7, 1.0, 1.4, 2.0, 2.5, 3.0)},
    "shear, degrees": {str(a): Deformation(shear_deg=a) for a in (0, 5, 10, 15, 20)},
    "pipe ends": {"met": PLAIN, "short": Deformation(ends="short"), "long": Deformation(ends="long"),
                  "none": Deformation(ends="none")},
    "unsteady hand": {"0": PLAIN, **{f"{w:.0%}": Deformation(wobble=w) for w in (0.01, 0.02, 0.03, 0.05)}},
    "broken strokes": {"0": PLAIN, **{str(n): Deformation(gaps=n) for n in (1, 2, 4)}},
}  # fmt: skip


def figures_of(found: Sequence[Symbol], truth: Sequence[Symbol]) -> tuple[int, int, int, int, int]:
    """Numbers of true symbols, of found ones, of those right in group, in kind, and found whatever their group."""
    told = sorted((s for s in found if s.score >= LEAST_SCORE), key=lambda s: -s.score)
    if not told or not truth:
        return len(truth), len(told), 0, 0, 0
    overlap = box_iou([s.box for s in told], [t.box for t in truth])
    left, right, kinds, boxes = set(range(len(truth))), 0, 0, 0
    for i, symbol in enumerate(told):
        near = [j for j in left if overlap[i, j] >= LEAST_IOU]
        same = [j for j in near if truth[j].group == symbol.group]
        boxes += bool(near)
        if same:
            best = max(same, key=lambda j: overlap[i, j])
            left.remove(best)
            right += 1
            kinds += truth[best].kind == symbol.kind
    return len(truth), len(told), right, kinds, boxes


def measure(finder: Finder, deformation: Deformation, sheets: int) -> Figures:
    """Recall and precision by group, recall by kind, and seconds a sheet."""
    totals, seconds = np.zeros(5), 0.0
    for k in range(sheets):
        gray, drawing = deformed_sheet(SEED + k, deformation)
        start = time.process_time()
        found = finder(gray)
        seconds += time.process_time() - start
        totals += figures_of(found, drawing.symbols)
    truth, told, right, kinds, boxes = totals.tolist()
    return {
        "recall": right / truth, "precision": right / max(told, 1.0), "kinds": kinds / truth, "boxes": boxes / truth,
        "seconds": seconds / sheets,
    }  # fmt: skip


def shape_alone() -> Finder:
    """The shipped detector."""
    from pid.detect.detect import SymbolDetector

    return SymbolDetector().detect_symbols


def structure_network() -> Finder:
    """The network on primitives, which was trained on no deformed symbol."""
    from pid.structure.find_instances import StructureFinder
    from pid.structure.trace_primitives import trace_primitives

    finder = StructureFinder()
    _ = finder.names  # tells here if the model is missing
    return lambda gray: finder.find_symbols(trace_primitives(gray))


def one_example() -> Finder:
    """Structure alone, taught one undeformed example of each kind."""
    match, template = import_module("pid.structure.match"), import_module("pid.structure.template")
    templates = template.make_templates(examples())
    return lambda gray: match.find_taught(gray, templates)  # type: ignore[no-any-return]


def examples() -> list[Example]:
    """One undeformed example of each kind, as teaching would store it."""
    out = []
    for name in KINDS:
        gray, symbol = example_of(name)
        x0, y0, x1, y1 = (round(v) for v in symbol.box)
        picture = gray[y0 - MARGIN_PX : y1 + MARGIN_PX, x0 - MARGIN_PX : x1 + MARGIN_PX]
        box = (float(MARGIN_PX), float(MARGIN_PX), float(MARGIN_PX + x1 - x0), float(MARGIN_PX + y1 - y0))
        out.append(Example(kind=name, group=symbol.group, picture=picture, box=box, ports=_ports(symbol)))
    return out


def _ports(symbol: Symbol) -> tuple[tuple[float, float, float], ...]:
    """The ports in pixels of the example's picture, each leading away from the nearest side."""
    x0, y0, x1, y1 = symbol.box
    out = []
    for x, y in symbol.ports:
        away = {0.0: x1 - x, 90.0: y - y0, 180.0: x - x0, 270.0: y1 - y}
        out.append((x - round(x0) + MARGIN_PX, y - round(y0) + MARGIN_PX, min(away, key=lambda deg: abs(away[deg]))))
    return tuple(out)


def fused() -> Finder:
    """Shape, the structure network and the examples together, as `pid recognize --library` joins them."""
    from pid.structure.fuse import drop_lone, fuse_structure
    from pid.structure.taught import merge_taught

    shape, network, taught = (remembered(name) for name in ("shape alone", "structure network", "one example"))

    def find(gray: NDArray[np.uint8]) -> Sequence[Symbol]:
        seen = drop_lone(fuse_structure(shape(gray), network(gray)))
        return merge_taught(seen, [s for s in taught(gray) if s.score >= LEAST_SCORE])

    return find


FINDERS: dict[str, Callable[[], Finder]] = {
    "shape alone": shape_alone, "structure network": structure_network, "one example": one_example, "fused": fused,
}  # fmt: skip
_FOUND: dict[tuple[str, bytes], Sequence[Symbol]] = {}


def remembered(name: str) -> Finder:
    """A finder that does not look twice at one sheet: the fused one asks for what the others have found."""
    finder = FINDERS[name]()

    def find(gray: NDArray[np.uint8]) -> Sequence[Symbol]:
        key = (name, sha256(gray.tobytes()).digest())
        if key not in _FOUND:
            _FOUND[key] = finder(gray)
        return _FOUND[key]

    return find


def run(names: Sequence[str], sheets: int, results: dict[str, Any]) -> None:
    """Measure finders at all levels; equal deformations are measured once."""
    for name in names:
        try:
            finder = remembered(name)
        except (ImportError, InputError) as reason:
            print(f"{name}: left out, {reason}")
            continue
        known: dict[Deformation, Figures] = {}
        for family, levels in LEVELS.items():
            for level, deformation in levels.items():
                if deformation not in known:
                    known[deformation] = measure(finder, deformation, sheets)
                results.setdefault(name, {}).setdefault(family, {})[level] = known[deformation]
                figures = known[deformation]
                print(f"{name:18} {family:16} {level:>6} " + _row(figures), flush=True)


def _row(figures: Figures) -> str:
    return " ".join(f"{figures[key]:9.3f}" for key in ("recall", "precision", "kinds", "boxes", "seconds"))


def print_table(results: dict[str, Any]) -> None:
    """All results, one row a level and finder."""
    print(f"\n{'':42} {'recall':>9} {'precision':>9} {'kind too':>9} {'box only':>9} {'CPU s':>9}")
    for family, levels in LEVELS.items():
        for level in levels:
            for name, measured in results.items():
                if level in measured.get(family, {}):
                    print(f"{family:16} {level:>6} {name:18} " + _row(measured[family][level]))


def plot(results: dict[str, Any], path: Path) -> None:
    """Curves of recall (drawn through) and precision (dashed) over each deformation."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(LEVELS), figsize=(16, 3.6), sharey=True, constrained_layout=True)
    colors = ("#c0392b", "#2471a3", "#7d3c98", "#1e8449", "#b9770e")
    for axis, (family, levels) in zip(axes, LEVELS.items(), strict=True):
        for (name, measured), color in zip(results.items(), colors, strict=False):
            rows = [measured[family][level] for level in levels if level in measured.get(family, {})]
            if len(rows) == len(levels):
                axis.plot(list(levels), [r["recall"] for r in rows], "o-", color=color, ms=4, label=name)
                axis.plot(list(levels), [r["precision"] for r in rows], "--", color=color, lw=1)
        axis.set_title(family, fontsize=10)
        axis.set_ylim(0, 1.02)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("recall (line), precision (dashes)")
    axes[0].legend(fontsize=8, loc="lower center")
    figure.savefig(path, dpi=80)


def main() -> None:
    """Measure, print, plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--finders", default=",".join(FINDERS), help="comma-separated; those left out keep old results")
    parser.add_argument("--sheets", type=int, default=1, help="of about 120 symbols for each level")
    parser.add_argument("--results", type=Path, default=Path("data/samples/deformation.json"))
    parser.add_argument("--plot", type=Path, default=Path("data/samples/deformation.png"))
    arguments = parser.parse_args()
    results: dict[str, Any] = json.loads(arguments.results.read_text()) if arguments.results.exists() else {}
    names = [name for name in arguments.finders.split(",") if name]
    print(f"{len(KINDS)} kinds, {arguments.sheets} sheet(s) a level, {len(names)} finder(s)")
    run(names, arguments.sheets, results)
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(results, indent=1) + "\n")
    print_table(results)
    plot(results, arguments.plot)


if __name__ == "__main__":
    main()
