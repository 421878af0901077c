"""What each damage does to reading, and what rectifying and cleaning give back: error rates on pages of known words.

Run by hand: ``python tests/bench/bench_document.py`` (``--seeds 3`` sheets, ``--damages fold,stamp``).
Each damage is laid alone on generated sheets, and all that one sheet may bear together as `together`. *Before* is read
as the page comes, *after* as `rectify_sheet` gives it, words led back to the page and compared where they stand.
``cer`` is the mean edit distance of a string by its length, capped at 1, ``exact`` the share of strings without fault.
The mark is an error of damage (above that of the undamaged sheet) brought down to a third.

For damages that bend a page, the mean displacement of its ink against the flat sheet, after the best shift, turn and
scale, is given in px, and that of straight lines from their middle.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pid.document.long_lines import follow_long_lines
from pid.document.ocr_upside import UpsideDownClassifier
from pid.document.read import WordReader
from pid.document.rectify import Rectified, rectify_sheet
from pid.drawing import Drawing, Source
from pid.evaluate import Truth, WordRates, evaluate
from pid.geometry import transform_points
from pid.move import move_drawing
from pid.sheet import Sheet
from pid.synth.damage import STEPS
from pid.synth.generate import generate_sheet
from pid.synth.pixels import Image, as_gray
from pid.synth.raster import render_raster

SEED = 950_000_001
DAMAGES = (
    "turn", "skew", "perspective", "fold", "bend", "crumple", "uneven_light", "low_contrast", "low_resolution",
    "watermark", "stamp", "seal", "signature", "scribbles", "highlighter", "underline",
)  # fmt: skip
BENDING = ("fold", "bend", "crumple")
TOGETHER = ("watermark", "highlighter", "stamp", "signature", "scribbles", "bend", "turn", "skew", "uneven_light")
"""A photographed page that went through many hands, in the order of its life."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED, help="the first sheet's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--damages", default=",".join((*DAMAGES, "together")))
    asked = parser.parse_args()
    bench = Bench(range(asked.seed, asked.seed + asked.seeds))
    clean = bench.read_clean()
    print(f"{'':18s}{'exact':>7s}{'':8s}{'cer':>7s}")
    print(f"{'undamaged':18s}{clean.exact:7.3f}{'':8s}{clean.cer:7.3f}", flush=True)
    for name in asked.damages.split(","):
        steps = TOGETHER if name == "together" else (name,)
        before, after, bends = bench.read_damaged(steps, asked.strength)
        harm, left = before.cer - clean.cer, after.cer - clean.cer
        share = f"  left {left / harm:5.2f}" if harm > 0.005 else "  no harm"
        print(
            f"{name:18s}{before.exact:7.3f} {after.exact:7.3f}{before.cer:7.3f} {after.cer:7.3f}{share}"
            + (f"   {bends}" if set(steps) & set(BENDING) else ""),
            flush=True,
        )


class Bench:
    """Generated sheets and a reader for all rows."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._reader = WordReader(threads=1)
        self._upside_down = UpsideDownClassifier(threads=1)
        self._sheets: list[tuple[Image, Drawing]] = []
        for seed in seeds:
            drawn = generate_sheet(seed)
            self._sheets.append((render_raster(drawn.ink, drawn.style.px_per_mm), drawn.drawing))

    def read_clean(self) -> WordRates:
        """Rates of the sheets as they were drawn."""
        return _mean([self._rates(Rectified(s := _as_sheet(image), s), truth) for image, truth in self._sheets])

    def read_damaged(self, steps: Sequence[str], strength: float) -> tuple[WordRates, WordRates, str]:
        """Rates before and after, and what is left of bends."""
        before, after, bends = [], [], []
        for number, (image, truth) in enumerate(self._sheets):
            rng = np.random.default_rng([SEED, number, sum(map(ord, steps[0]))])
            picture, moves = image, []
            for name in steps:
                picture, move = STEPS[name](picture, rng, strength)
                moves += [move] if move is not None else []

            def forward(points: NDArray[np.float64], moves: list[object] = moves) -> NDArray[np.float64]:
                for one in moves:
                    points = one(points)  # type: ignore[operator]
                return points

            moved = move_drawing(truth, forward, width=picture.shape[1], height=picture.shape[0]) if moves else truth
            sheet = _as_sheet(picture)
            rectified = rectify_sheet(sheet, upside_down=self._upside_down)
            before.append(self._rates(Rectified(sheet, sheet), moved))
            after.append(self._rates(rectified, moved))
            bends.append(_bends(image, picture, rectified, forward))
        px = np.mean(bends, axis=0)
        told = f"off flat {px[0]:.2f} -> {px[1]:.2f} px, lines off straight {px[2]:.2f} -> {px[3]:.2f} px"
        return _mean(before), _mean(after), told

    def _rates(self, rectified: Rectified, truth: Drawing) -> WordRates:
        words = self._reader.read_words(replace(rectified.reading, image=rectified.reading.gray))
        info = rectified.page.info
        found = Drawing(source=truth.source, sheet=info, words=words)
        if rectified.mesh is not None:
            found = move_drawing(found, rectified.mesh, width=info.width, height=info.height)
        rates = evaluate(found, Truth(truth, frozenset({"words"}))).words
        assert rates is not None
        return rates


def _as_sheet(image: Image) -> Sheet:
    from pid.drawing import SheetInfo

    return Sheet(image, Source(name="page", sha256=""), SheetInfo(width=image.shape[1], height=image.shape[0]))


def _mean(rates: Sequence[WordRates]) -> WordRates:
    exact, cer = (float(np.mean([getattr(r, name) for r in rates])) for name in ("exact", "cer"))
    return WordRates(exact, cer, sum(r.truth for r in rates), sum(r.found for r in rates))


def _bends(flat: Image, bent: Image, rectified: Rectified, forward: object) -> tuple[float, float, float, float]:
    """Mean displacement of ink and mean distance of lines from straight, before and after, in px."""
    y, x = np.nonzero(as_gray(flat)[::23, ::23] < 128)
    drawn = np.stack([x * 23 + 0.5, y * 23 + 0.5], axis=1).astype(float)
    seen = forward(drawn)  # type: ignore[operator]
    page = transform_points(np.linalg.inv(np.asarray(rectified.page.info.to_source)), seen)
    found = page
    if rectified.mesh is not None:
        for _ in range(20):  # the mesh leads from flat to bent; its inverse by fixed point
            found = found - (rectified.mesh(found) - page)
    return _off(seen, drawn), _off(found, drawn), _line_error(as_gray(bent)), _line_error(rectified.reading.gray)


def _off(found: NDArray[np.float64], drawn: NDArray[np.float64]) -> float:
    """Mean distance after the best shift, turn and scale (Procrustes)."""
    a, b = found - found.mean(axis=0), drawn - drawn.mean(axis=0)
    u, s, v = np.linalg.svd(a.T @ b)
    return float(np.hypot(*(a @ (u @ v) * (s.sum() / (a**2).sum()) - b).T).mean())


def _line_error(gray: Image) -> float:
    lines = follow_long_lines(gray)
    if not len(lines.line):
        return float("nan")
    across = np.where(lines.is_upright, lines.points[:, 0], lines.points[:, 1])
    middle = (np.bincount(lines.line, across) / np.bincount(lines.line))[lines.line]
    return float(np.minimum(np.abs(across - middle), 20).mean())


if __name__ == "__main__":
    main()
