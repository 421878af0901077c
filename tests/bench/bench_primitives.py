"""Primitives from pixels against the exact geometry of generated sheets, beside public vectorisers in the same run.

Run by hand: ``python tests/bench/bench_primitives.py`` (extra ``bench``). The sheets are those of held-out seeds
without their lettering, clean and through damage. The truth is the generator's strokes where their axis lies on ink; a
filled area and its surroundings count neither way, for its axis is a matter of taste, nor do the dark edges around a
page that was scanned askew. Of the truth's length told is the share with something found within `NEAR_PX` that runs in
its direction; false is the share of the found length without such truth. Junctions are where three arms or more leave
a place, by one rule for the truth and for every vectoriser.

Peers: OpenCV's line segment detector finds both edges of a stroke, so half the pen is added to its distances;
scikit-image's skeletonize with sknw's graph and `approximate_polygon` at a pixel; scikit-image's probabilistic Hough on
the same skeleton. autotrace, the centreline tracer, is neither on PyPI nor in Debian 12; potrace traces outlines only.
Times are CPU seconds of this process, and only their ratios mean something.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pid.geometry import split_dashes
from pid.structure.primitives import BLOB
from pid.structure.trace_primitives import ink_mask, pen_width, trace_primitives
from pid.synth.damage import STEPS
from pid.synth.generate import generate_sheet
from pid.synth.ink import Ink, Stroke
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster

Array = NDArray[np.float64]
Gray = NDArray[np.uint8]
Lines = Sequence[Array]
"""Polylines (N, 2), pixels."""

SEEDS = (900_000_001, 900_000_002, 900_000_003)
DAMAGE = ("break_strokes", "bloat_strokes", "skew", "blur", "low_resolution", "noise", "jpeg")
STRENGTH = 0.7
NEAR_PX, NEAR_DEG = 1.5, 15.0
STEP_PX = 2.0
JUNCTION_PX, RING_PX, ARM_DEG, TOUCH_PX = 3.0, 9.0, 25.0, 2.5
"""How near a found junction is, how far from a place its arms are counted, how far apart they are, and how near ends
come to what they touch."""
AROUND_FILLS_PX = 5


def truth_of(seed: int, *, damaged: bool) -> tuple[Gray, list[Array], NDArray[np.bool_]]:
    """The picture (H, W), the drawn polylines in its pixels, and where nothing counts (H, W)."""
    sheet = generate_sheet(seed)
    scale = sheet.style.px_per_mm
    marks = tuple(m for m in sheet.ink.marks if isinstance(m, Stroke))
    gray = as_gray(render_raster(Ink(sheet.ink.width_mm, sheet.ink.height_mm, marks), scale))
    fills = np.zeros(gray.shape, np.uint8)
    lines: list[Array] = []
    for mark in marks:
        points = np.asarray(mark.points, np.float64) * scale
        if mark.fill == "ink":
            cv2.fillPoly(fills, [np.round(points).astype(np.int32)], 1)
            cv2.polylines(fills, [np.round(points).astype(np.int32)], True, 1, 2)
        if mark.outlined:
            lines += split_dashes(points, tuple(d * scale for d in mark.dash_mm), closed=mark.closed)
    fills = cv2.dilate(fills, np.ones((2 * AROUND_FILLS_PX + 1,) * 2, np.uint8))
    lines = [run for line in lines for run in visible(line, gray)]
    if damaged:
        rng = np.random.default_rng([seed, 11])
        height, width = gray.shape
        page = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
        outlines = [c.reshape(-1, 2).astype(float) for c in cv2.findContours(fills, 0, cv2.CHAIN_APPROX_SIMPLE)[0]]
        for name in DAMAGE:
            gray, move = STEPS[name](gray, rng, STRENGTH)
            if move is not None:
                lines, outlines, page = [move(x) for x in lines], [move(x) for x in outlines], move(page)
        gray = as_gray(gray)
        fills = np.ones(gray.shape, np.uint8)
        inner = page + 8 * np.sign(page.mean(axis=0) - page)
        cv2.fillConvexPoly(fills, np.round(inner).astype(np.int32), 0)
        for outline in outlines:
            cv2.fillPoly(fills, [np.round(outline).astype(np.int32)], 1)
    return gray, lines, fills > 0


def visible(line: Array, gray: Gray) -> list[Array]:
    """The runs of a polyline whose points lie on ink of a clean picture: paper hides what lies under it."""
    parts = [line[:1]]
    for a, b in pairwise(line):
        n = max(int(np.ceil(np.hypot(*(b - a)) / STEP_PX)), 1)
        parts.append(a + (b - a) * (np.arange(1, n + 1) / n)[:, None])
    dense = np.vstack(parts)
    x, y = np.floor(dense).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < gray.shape[1]) & (y < gray.shape[0])
    dark = np.zeros(len(dense), bool)
    dark[inside] = gray[y[inside], x[inside]] < 200
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(int), [0]])))
    return [dense[a:b] for a, b in edges.reshape(-1, 2) if b - a > 1]


def sampled(lines: Lines) -> tuple[Array, Array]:
    """Points every `STEP_PX` along polylines, and their unit directions."""
    starts = np.vstack([line[:-1] for line in lines]) if lines else np.zeros((0, 2))
    ends = np.vstack([line[1:] for line in lines]) if lines else np.zeros((0, 2))
    step = ends - starts
    length = np.hypot(step[:, 0], step[:, 1])
    counts = np.maximum(np.round(length / STEP_PX), 1).astype(int) * (length > 0)
    owner = np.repeat(np.arange(len(step)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = starts[owner] + step[owner] * ((within + 0.5) / counts[owner])[:, None]
    return points, step[owner] / length[owner, None]


def matched(points: Array, ways: Array, others: Array, other_ways: Array, near: float) -> NDArray[np.bool_]:
    """Which points have one of the others near that runs the same way."""
    if not len(others) or not len(points):
        return np.zeros(len(points), bool)
    away, index = cKDTree(others).query(points, k=8, distance_upper_bound=near)
    ok = np.isfinite(away)
    cosine = np.abs((ways[:, None] * other_ways[np.minimum(index, len(others) - 1)]).sum(axis=2))
    return np.asarray((ok & (cosine >= np.cos(np.radians(NEAR_DEG)))).any(axis=1))


def junctions(lines: Lines) -> Array:
    """(J, 2) places where polylines meet with three arms or more."""
    from shapely import STRtree, linestrings

    starts = np.vstack([line[:-1] for line in lines]) if lines else np.zeros((0, 2))
    ends = np.vstack([line[1:] for line in lines]) if lines else np.zeros((0, 2))
    if not len(starts):
        return np.zeros((0, 2))
    tree = STRtree(linestrings(np.stack([starts, ends], axis=1)))
    i, j = tree.query(tree.geometries, predicate="dwithin", distance=TOUCH_PX)
    i, j = i[i < j], j[i < j]
    places = _meeting(starts, ends, i, j)
    tips = cKDTree(places)
    group = np.arange(len(places))
    for a, b in tips.query_pairs(TOUCH_PX, output_type="ndarray"):
        group[b] = min(group[a], group[b])
    seeds = places[np.unique(group)] if len(places) else places
    found = [seed for seed, arms in zip(seeds, _arms(seeds, starts, ends, tree), strict=True) if arms >= 3]
    return _merged(np.array(found).reshape(-1, 2))


def _meeting(starts: Array, ends: Array, i: NDArray[np.int64], j: NDArray[np.int64]) -> Array:
    """Where pairs of segments cross, or else the end that is nearest to the other."""
    p, r, q, s = starts[i], ends[i] - starts[i], starts[j], ends[j] - starts[j]
    cross = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    w = q - p
    size = np.maximum(np.hypot(*r.T) * np.hypot(*s.T), 1e-9)
    skew = np.abs(cross) > 0.2 * size
    t = (w[:, 0] * s[:, 1] - w[:, 1] * s[:, 0]) / np.where(skew, cross, 1.0)
    t = np.where(skew, np.clip(t, 0, 1), np.nan)
    return (p + t[:, None] * r)[skew]


def _arms(seeds: Array, starts: Array, ends: Array, tree: object) -> list[int]:
    """How many directions lines leave each place in, counted on a circle around it."""
    from shapely import points as shapely_points

    if not len(seeds):
        return []
    who, which = tree.query(shapely_points(seeds), predicate="dwithin", distance=RING_PX)  # type: ignore[attr-defined]
    some = np.abs(ends[which] - starts[which]).max(axis=1) > 1e-6
    who, which = who[some], which[some]
    d, f = ends[which] - starts[which], starts[which] - seeds[who]
    a, b, c = (d * d).sum(1), 2 * (f * d).sum(1), (f * f).sum(1) - RING_PX**2
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0))
    out: list[list[float]] = [[] for _ in seeds]
    for t in ((-b - root) / (2 * a), (-b + root) / (2 * a)):
        ok = (b * b - 4 * a * c > 0) & (t >= 0) & (t <= 1)
        at = f[ok] + t[ok, None] * d[ok]
        # A line that passes beside the place is no arm: it points past it.
        past = np.abs(at[:, 0] * d[ok, 1] - at[:, 1] * d[ok, 0]) / np.sqrt(a[ok])
        for seed, angle, off in zip(who[ok], np.degrees(np.arctan2(at[:, 1], at[:, 0])), past, strict=True):
            if off <= RING_PX / 2:
                out[seed].append(float(angle))
    return [_clusters(angles) for angles in out]


def _clusters(angles: list[float]) -> int:
    """How many of the angles are apart by `ARM_DEG` or more, around the circle."""
    if not angles:
        return 0
    order = np.sort(angles)
    gaps = np.diff(np.concatenate([order, order[:1] + 360]))
    return max(int((gaps >= ARM_DEG).sum()), 1)


def _merged(points: Array) -> Array:
    """Places nearer than `TOUCH_PX` are one."""
    left, out = list(range(len(points))), []
    taken = np.zeros(len(points), bool)
    for k in left:
        if not taken[k]:
            near = np.hypot(*(points - points[k]).T) <= TOUCH_PX
            taken |= near
            out.append(points[near].mean(axis=0))
    return np.array(out).reshape(-1, 2)


def ours(gray: Gray) -> list[Array]:
    """Primitives but for the outlines of blobs."""
    parts = trace_primitives(gray)
    return [parts.points(k) for k in np.flatnonzero(parts.shape != BLOB).tolist()]


def by_lsd(gray: Gray) -> list[Array]:
    """OpenCV's line segment detector (von Gioi 2012)."""
    found = cv2.createLineSegmentDetector().detect(gray)[0]
    return [] if found is None else list(found.reshape(-1, 2, 2).astype(np.float64) + 0.5)


def by_sknw(gray: Gray) -> list[Array]:
    """scikit-image's skeleton as sknw's graph, each edge approximated."""
    import sknw
    from skimage.measure import approximate_polygon
    from skimage.morphology import skeletonize

    net = sknw.build_sknw(skeletonize(ink_mask(gray) > 0).astype(np.uint16), multi=True)
    lines = []
    for a, b, edge in net.edges(data=True):
        run = np.vstack([net.nodes[a]["o"], edge["pts"], net.nodes[b]["o"]])[:, ::-1] + 0.5
        lines.append(approximate_polygon(run, 1.0))
    return [line for line in lines if len(line) > 1]


def by_hough(gray: Gray) -> list[Array]:
    """scikit-image's probabilistic Hough transform (Galambos 1999) on the skeleton."""
    from skimage.morphology import skeletonize
    from skimage.transform import probabilistic_hough_line

    thin = skeletonize(ink_mask(gray) > 0)
    found = probabilistic_hough_line(thin, threshold=10, line_length=8, line_gap=2, rng=0)
    return list(np.array(found, np.float64).reshape(-1, 2, 2) + 0.5)


METHODS: dict[str, Callable[[Gray], list[Array]]] = {
    "primitives": ours, "OpenCV LSD": by_lsd, "skeletonize + sknw": by_sknw, "probabilistic Hough": by_hough,
}  # fmt: skip


def judge(lines: list[Array], truth: list[Array], out: NDArray[np.bool_], near: float) -> dict[str, float]:
    """Share of the truth recovered, share of false length, and precision and recall of junctions."""

    def counted(points: Array) -> NDArray[np.bool_]:
        x, y = np.floor(points).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < out.shape[1]) & (y < out.shape[0])
        inside[inside] = ~out[y[inside], x[inside]]
        return inside

    found, truly = sampled(lines), sampled(truth)
    hit = matched(*truly, *found, near)[counted(truly[0])]
    right = matched(*found, *truly, near)[counted(found[0])]
    met, meant = junctions(lines), junctions(truth)
    met, meant = met[counted(met)], meant[counted(meant)]
    pairs = 0
    if len(met) and len(meant):
        away = np.hypot(*(met[:, None] - meant[None]).transpose(2, 0, 1))
        from scipy.optimize import linear_sum_assignment

        i, j = linear_sum_assignment(np.where(away <= JUNCTION_PX, away, 1e3))
        pairs = int((away[i, j] <= JUNCTION_PX).sum())
    return {
        "found": float(hit.mean()), "false": 1 - float(right.mean()) if len(right) else 0.0,
        "P": pairs / max(len(met), 1), "R": pairs / max(len(meant), 1), "lines": float(len(lines)),
    }  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    arguments = parser.parse_args()
    names = arguments.methods.split(",")
    small = np.full((200, 200), 255, np.uint8)
    cv2.line(small, (20, 20), (180, 150), 0, 3)
    for name in names:
        METHODS[name](small)  # sknw compiles itself the first time
    print(
        f"{'':8} {'':20} {'length':>7} {'false':>7} {'junction P':>10} {'R':>6} {'lines':>7} {'CPU s':>7} {'ratio':>6}"
    )
    for damaged in (False, True):
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for seed in SEEDS[: arguments.seeds]:
            gray, truth, out = truth_of(seed, damaged=damaged)
            pen = pen_width(ink_mask(gray))
            for name in names:
                start = time.process_time()
                lines = METHODS[name](gray)
                seconds = time.process_time() - start
                near = NEAR_PX + (pen / 2 if name == "OpenCV LSD" else 0.0)
                rows[name].append(judge(lines, truth, out, near) | {"seconds": seconds})
        first = sum(r["seconds"] for r in rows[names[0]])
        for name in names:
            mean = {key: float(np.mean([r[key] for r in rows[name]])) for key in rows[name][0]}
            ratio = sum(r["seconds"] for r in rows[name]) / first
            print(
                f"{'damaged' if damaged else 'clean':8} {name:20} {mean['found']:7.3f} {mean['false']:7.3f} "
                f"{mean['P']:10.3f} {mean['R']:6.3f} {mean['lines']:7.0f} {mean['seconds']:7.2f} {ratio:6.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
