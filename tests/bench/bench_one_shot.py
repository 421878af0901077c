"""One-shot: kinds taught from a legend alone, found on a generated sheet of the same office. F1 by kind.

Run by hand: ``python tests/bench/bench_one_shot.py --seeds 930000001-930000008 [--damaged] [--fit weights.json]``.

Each seed gives a sheet and a legend in its style, with kinds of the sheet and some that it lacks, called symbol-1 on.
As an office's legend it shows a symbol for each way in which its sheet draws a kind (an open and a closed valve, say):
one example finds what it shows. Kinds whose drawings nobody can tell apart (a control valve's body is a gate valve's)
are one class. The legend is cut and read as `pid teach` does; the sheet's words are the true ones, to measure the
matching. Nothing was trained on any of these kinds as taught ones: the matcher has no weights but the few of
`pid.structure.rating`, which ``--fit`` fits by logistic regression on the finds of the seeds given (use others to
measure).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import networkx as nx
import numpy as np
from numpy.typing import NDArray

from pid.catalog import load_catalog
from pid.document.read import WordReader
from pid.drawing import Box, Drawing, SheetInfo, Source, Symbol
from pid.geometry import as_boxes, box_iou
from pid.graph.trace_grid import find_tables
from pid.learning.calibrate import match_boxes
from pid.sheet import Sheet
from pid.structure.finds import Find, keep_best
from pid.structure.match import find_all
from pid.structure.rating import FEATURES, shipped_weights
from pid.structure.template import make_templates
from pid.synth.damage import damage_sheet
from pid.synth.generate import generate_sheet
from pid.synth.legend import draw_legend
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.teach import examples_of_legend

ABSENT = 2
"""Taught kinds that the sheet lacks; of what it has, a legend shows all."""
SKIPPED = ("flow_arrow", "nozzle", "vessel", "separator", "connector", "other")
LEAST_IOU = 0.5
INK, SAME_PX = 128, 1.6
RIDGE = 2e-4
"""Pull of the fitted weights towards the shipped ones: generated sheets draw nothing stretched, crooked or torn, and
what they say of strain and odd sizes must not outweigh what these mean."""


def draw_case(seed: int, *, damaged: bool) -> tuple[NDArray[np.uint8], Drawing, NDArray[np.uint8], dict[str, str]]:
    """A sheet's picture and truth, its legend's picture, and the legend's names with the kinds that they call.

    Kinds of the truth and of the names are classes: kinds that are drawn alike have their names joined.
    """
    sheet = generate_sheet(seed)
    gray, drawing = as_gray(render_raster(sheet.ink, sheet.style.px_per_mm)), sheet.drawing
    rng = np.random.default_rng([seed, 5])
    drawn = sorted({(s.kind, sheet.variants[s.id]) for s in drawing.symbols if s.group not in SKIPPED})
    kinds = {kind for kind, _ in drawn}
    others = [k for k in load_catalog().values() if k.name not in kinds and k.group in ("valve", "fitting", "reducer")]
    absent = [others[k] for k in rng.permutation(len(others))[:ABSENT]]
    shown = drawn + [(k.name, sheet.style.usual_variant(k, rng).name) for k in absent]
    full = draw_legend([k for k, _ in shown], seed, variants=[v for _, v in shown], style=sheet.style, pipes=False)
    classes, first = alike_classes(shown, [full.picture[part_of(e.box)] for e in full.entries])
    legend = draw_legend(
        [shown[k][0] for k in first], seed, variants=[shown[k][1] for k in first], style=sheet.style, naming="number"
    )
    symbols = [with_stem(s).model_copy(update={"kind": classes.get(s.kind, s.kind)}) for s in drawing.symbols]
    drawing = drawing.model_copy(update={"symbols": tuple(symbols)})
    if damaged:
        spoilt, drawing = damage_sheet(gray, drawing, np.random.default_rng([seed, 11]))
        gray = as_gray(spoilt)
    return gray, drawing, legend.picture, {e.name: classes[e.kind] for e in legend.entries}


def part_of(box: Box) -> tuple[slice, slice]:
    """The pixels in a box."""
    x0, y0, x1, y1 = (round(v) for v in box)
    return slice(y0 - 1, y1 + 2), slice(x0 - 1, x1 + 2)


def with_stem(symbol: Symbol) -> Symbol:
    """An actuator with the stem that a legend shows it with; some offices' truth leaves it out."""
    if symbol.group != "actuator":
        return symbol
    points = np.vstack([np.reshape(symbol.box, (2, 2)), *symbol.ports])
    return symbol.model_copy(update={"box": (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())})


def alike_classes(
    shown: Sequence[tuple[str, str]], pictures: Sequence[NDArray[np.uint8]]
) -> tuple[dict[str, str], list[int]]:
    """The class of each kind, and which drawings remain when none is shown twice."""
    first = [min(j for j in range(k + 1) if same_drawing(pictures[k], pictures[j])) for k in range(len(shown))]
    net = nx.Graph([(kind, kind) for kind, _ in shown] + [(shown[k][0], shown[j][0]) for k, j in enumerate(first)])
    groups = [sorted(group) for group in nx.connected_components(net)]
    return {kind: "=".join(group) for group in groups for kind in group}, sorted(set(first))


def same_drawing(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Whether all ink of two pictures lies within `SAME_PX` of the other's, one of them turned or mirrored."""
    for mirrored in (b, b[:, ::-1]):
        for turned in (np.rot90(mirrored, k) for k in range(4)):
            if np.abs(np.subtract(a.shape, turned.shape)).max() > 1:
                continue
            height, width = np.minimum(a.shape, turned.shape)
            inks = [np.asarray(p[:height, :width] < INK, np.uint8) for p in (a, turned)]
            far = [cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5) for ink in inks]
            if max(far[1][inks[0] > 0].max(), far[0][inks[1] > 0].max()) <= SAME_PX:
                return True
    return False


def as_sheet(gray: NDArray[np.uint8]) -> Sheet:
    """A picture as a page."""
    return Sheet(gray, Source(name="bench", sha256="0" * 64), SheetInfo(width=gray.shape[1], height=gray.shape[0]))


def main() -> None:
    """Measure, and fit where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="930000001-930000006")
    parser.add_argument("--damaged", action="store_true")
    parser.add_argument("--least", type=float, default=0.5, help="probability from which a find counts")
    parser.add_argument("--fit", type=Path, help="fit the weights on these seeds and write them here")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    reader = WordReader(threads=1)
    rows: list[list[float]] = []
    tally: dict[str, list[int]] = {}
    for seed in range(int(first), int(last or first) + 1):
        gray, drawing, picture, kinds = draw_case(seed, damaged=options.damaged)
        examples, _ = examples_of_legend(as_sheet(picture), reader=reader)
        templates = make_templates([e for e in examples if e.kind in kinds])
        start = time.process_time()
        finds, factor = find_all(gray, templates, words=drawing.words, hidden=find_tables(gray))
        seconds = time.process_time() - start
        truth = [s for s in drawing.symbols if s.kind in set(kinds.values())]
        rows += rows_of(finds, truth, kinds, factor)
        told = [f for f in keep_best(finds) if f.quality >= options.least]
        found = [Symbol(id="t", kind=kinds[f.template.kind], box=scaled(f.box, factor), score=f.quality) for f in told]
        count(found, truth, tally, max(gray.shape))
        print(
            f"{seed}: {len(templates)} of {len(kinds)} taught, {len(truth)} to find, {len(told)} found, {seconds:.1f} s"
        )
    for kind, value in sorted(f1_of(tally).items(), key=lambda item: item[1]):
        hit, found_here, true = tally[kind]
        print(f"  {kind:34} F1 {value:.2f}  {hit} right of {found_here} found, {true} true")
    print(summary(tally))
    if options.fit:
        np.save(options.fit.with_suffix(".npy"), np.array(rows))
        fit(np.array(rows), options.fit)


def f1_of(tally: dict[str, list[int]]) -> dict[str, float]:
    """F1 of each kind that the sheets have."""
    return {kind: 2 * hit / (found + true) for kind, (hit, found, true) in tally.items() if true}


def summary(tally: dict[str, list[int]]) -> str:
    """Mean F1 over the kinds that the sheets have, and F1 over all symbols."""
    f1 = f1_of(tally)
    hit, found, true = np.sum(list(tally.values()), axis=0)
    mean = np.mean(list(f1.values()))
    return f"mean F1 over {len(f1)} kinds {mean:.3f}; over all symbols {2 * hit / (found + true):.3f}"


def count(found: list[Symbol], truth: list[Symbol], tally: dict[str, list[int]], longer_px: float) -> None:
    """Add right ones, found ones and true ones of each kind on a sheet so long."""
    for kind in {s.kind for s in (*found, *truth)}:
        mine, true = [s for s in found if s.kind == kind], [s for s in truth if s.kind == kind]
        scores = np.array([s.score for s in mine])
        hits = match_boxes(
            as_boxes([s.box for s in mine]), scores, as_boxes([s.box for s in true]), longer_px=longer_px
        )
        row = tally.setdefault(kind, [0, 0, 0])
        for k, number in enumerate((int((hits >= 0).sum()), len(mine), len(true))):
            row[k] += number


def rows_of(finds: list[Find], truth: list[Symbol], kinds: dict[str, str], factor: int) -> list[list[float]]:
    """The measures of each find that no better one of its kind covers, and whether it is right."""
    rows = []
    for kind in {f.template.kind for f in finds}:
        boxes = as_boxes([s.box for s in truth if s.kind == kinds[kind]])
        for f in keep_best([f for f in finds if f.template.kind == kind]):
            right = len(boxes) and box_iou([scaled(f.box, factor)], boxes).max() >= LEAST_IOU
            rows.append([*f.features, float(bool(right))])
    return rows


def scaled(box: Box, by: float) -> Box:
    """A box in pixels that are so many times smaller."""
    return box[0] * by, box[1] * by, box[2] * by, box[3] * by


def fit(rows: NDArray[np.float64], out: Path) -> None:
    """Fit the weights by logistic regression with a small ridge, judged on every other row, and write them."""
    from scipy.optimize import minimize

    x, y = rows[:, :-1], rows[:, -1]
    start = shipped_weights().values

    def solve(part: slice) -> NDArray[np.float64]:
        def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            z = x[part] @ w
            p = 1 / (1 + np.exp(-z))
            value = np.logaddexp(0, z) - y[part] * z
            away = np.r_[0, (w - start)[1:]]
            slope = x[part].T @ (p - y[part]) / len(z) + 2 * RIDGE * away
            return float(value.mean() + RIDGE * (away**2).sum()), slope

        return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)

    half = solve(slice(0, None, 2))
    chance = 1 / (1 + np.exp(-x[1::2] @ half))
    bins = np.minimum((chance * 10).astype(int), 9)
    error = sum(
        abs(chance[bins == b].mean() - y[1::2][bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())
    )
    card = {
        "about": "logistic weights of the finds of taught symbols, fitted by tests/bench/bench_one_shot.py",
        "finds": len(rows), "right": int(y.sum()), "calibration_error": round(float(error), 4),
        "weights": {name: round(float(w), 4) for name, w in zip(FEATURES, solve(slice(None)), strict=True)},
    }  # fmt: skip
    out.write_text(json.dumps(card, indent=1) + "\n")
    print(json.dumps(card, indent=1))


if __name__ == "__main__":
    main()
