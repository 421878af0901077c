"""Thinning and walking a sheet's ink, beside scikit-image's skeletonize with sknw on the same picture.

Run as ``pytest tests/bench/bench_lines.py -s`` for the printed table; times are CPU seconds of this process and are
printed only, for they say nothing on a busy machine but their ratio. The quality of both is asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pid.graph.strokes import graph_from_ink
from pid.graph.trace import trace_lines

WIDTH, HEIGHT = 5000, 3500
STEP = 4.0
Array = NDArray[np.float64]


def draw_pipes(seed: int = 5, count: int = 90) -> tuple[NDArray[np.uint8], list[Array]]:
    """A sheet of pipes with a bend each that cross one another, and their true axes."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
    axes = []
    for _ in range(count):
        (x0, y0), (x1, y1) = rng.integers((100, 100), (WIDTH - 100, HEIGHT - 100), (2, 2))
        line = np.array([(x0, y0), (x1, y0), (x1, y1)])
        cv2.polylines(picture, [line.reshape(-1, 1, 2)], False, 0, int(rng.integers(2, 7)))
        axes.append(line.astype(np.float64))
    return picture, axes


def sampled(lines: Sequence[Array]) -> Array:
    """Points every `STEP` pixels along polylines."""
    parts = []
    for line in lines:
        for a, b in pairwise(line):
            n = max(int(np.hypot(*(b - a)) / STEP), 1)
            parts.append(a + (b - a) * (np.arange(n)[:, None] + 0.5) / n)
    return np.concatenate(parts)


def coverage(found: Sequence[Array], truth: Sequence[Array]) -> tuple[float, float]:
    """Precision and recall of length, within 3 px."""
    f, t = sampled(found), sampled(truth)
    return float((cKDTree(t).query(f)[0] <= 3).mean()), float((cKDTree(f).query(t)[0] <= 3).mean())


def timed(work: Callable[[], list[Array]]) -> tuple[float, list[Array]]:
    """CPU seconds and polylines, the better of two runs."""
    best, lines = np.inf, []
    for _ in range(2):
        start = time.process_time()
        lines = work()
        best = min(best, time.process_time() - start)
    return best, lines


def test_strokes_beside_skeletonize_and_sknw() -> None:
    from skimage.morphology import skeletonize

    sknw = pytest.importorskip("sknw", reason="the peer is not installed: pip install sknw")
    picture, axes = draw_pipes()
    mask = (picture < 128).astype(np.uint8)

    def theirs() -> list[Array]:
        net = sknw.build_sknw(skeletonize(mask > 0).astype(np.uint16), multi=True)
        return [e["pts"][:, ::-1].astype(np.float64) for *_, e in net.edges(data=True) if len(e["pts"]) > 1]

    rows = {
        "graph_from_ink": timed(lambda: [s.points for s in graph_from_ink(mask).strokes.values()]),
        "skeletonize + sknw": timed(theirs),
    }
    print_table(rows, axes)
    (p, r), (their_p, their_r) = (coverage(lines, axes) for _, lines in rows.values())
    assert p >= their_p - 0.002
    assert r >= their_r - 0.002


def test_whole_trace_beside_the_skeleton_alone() -> None:
    from skimage.morphology import skeletonize

    from pid.drawing import Symbol

    picture, axes = draw_pipes(count=15)  # more of them, with no part between, close in cells wall to wall: a table
    ends = [(float(x), float(y)) for line in axes for x, y in (line[0], line[-1])]
    symbols = [Symbol(id=f"s{i}", group="valve", box=(x - 9, y - 9, x + 9, y + 9)) for i, (x, y) in enumerate(ends)]
    mask = picture < 128

    def skeleton() -> list[Array]:
        places = np.argwhere(skeletonize(mask))[:: int(STEP), ::-1].astype(np.float64)
        return [np.stack([place, place]) for place in places]  # pixels, as no lines come with it

    traced = timed(lambda: [np.array(line.points) for line in trace_lines(picture, symbols=symbols).lines])
    rows = {"trace_lines": traced, "skeletonize alone": timed(skeleton)}
    print_table(rows, axes)
    precision, recall = coverage(traced[1], axes)
    assert precision > 0.97
    assert recall > 0.95


def print_table(rows: dict[str, tuple[float, list[Array]]], truth: Sequence[Array]) -> None:
    """CPU seconds, polylines, and precision and recall of length."""
    print(f"\n{f'{WIDTH} x {HEIGHT} px':22s}{'CPU s':>8s}{'lines':>8s}{'P':>8s}{'R':>8s}")
    for name, (seconds, lines) in rows.items():
        precision, recall = coverage(lines, truth)
        print(f"{name:22s}{seconds:8.2f}{len(lines):8d}{precision:8.3f}{recall:8.3f}")
