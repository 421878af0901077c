"""What is written and marked on a finished plant: line numbers, flow arrows, sleeves, slopes, spec breaks, remarks."""

from __future__ import annotations

import itertools

import numpy as np

from pid.drawing import Point
from pid.synth import clutter, marks, pipe_marks
from pid.synth.draft import Draft
from pid.synth.network import Chain
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, grown_box
from pid.synth.route import STEPS, way_of
from pid.synth.sheet_truth import chain_points

_ON_BENCHMARKS = (clutter.add_loose_sign, clutter.add_limit_mark, pipe_marks.add_size)
"""What besides arrows and line numbers stands on benchmark sheets."""


def annotate_sheet(draft: Draft) -> None:
    """Everything, in the order in which a draughtsman would squeeze it in."""
    chains = [c for c in draft.net.chains() if c.pen.kind == "process"]
    add_flow_arrows(draft, chains)
    add_line_numbers(draft, chains)
    lots = len(chains) / 40
    clouds = 2.5 if draft.chance(0.45) else 0.0
    offshore = draft.style.family == "offshore"
    acts = (
        (pipe_marks.add_sleeve, 0.0 if offshore else 3.0),  # offshore sheets count no insulation
        (clutter.add_box_on_pipe, 4.0 if offshore else 0.0),
        (clutter.add_pointer, 4.0),
        (clutter.add_limit_mark, 1.2),
        (clutter.add_loose_sign, 5.0),
        (clutter.add_ring, 1.0),
        (clutter.add_tick_scale, 0.6),
        (pipe_marks.add_slope, 1.5),
        (pipe_marks.add_spec_break, 3.0),
        (marks.add_boundary, 0.8),
        (marks.add_remark, 8.0),
        (pipe_marks.add_size, 4.0),
        (marks.add_data_block, 1.5),
        (marks.add_text_box, 1.5),
        (pipe_marks.add_tracing, 1.5),
        (pipe_marks.add_break_mark, 0.7),
        (pipe_marks.add_dimension, 0.7),
        (marks.add_cloud, clouds),
    )
    for act, count in acts:
        if draft.style.family == "benchmark" and act not in _ON_BENCHMARKS:
            continue
        for _ in range(draft.rng.poisson(count * min(2.0, lots))):
            act(draft)


def _straights(draft: Draft, chain: Chain, least: float) -> list[tuple[Point, Point]]:
    points = chain_points(draft, chain)
    return [
        (tuple(a), tuple(b)) for a, b in itertools.pairwise(points)
        if np.abs(b - a).max() >= least * draft.u and np.abs(b - a).min() < 1e-6
    ]  # fmt: skip


def add_flow_arrows(draft: Draft, chains: list[Chain]) -> None:
    """Arrow heads at bends, in the middle of pipes or at their ends."""
    if not draft.has("flow_arrow"):
        return
    where = draft.style.arrows_at
    share = {"benchmark": 0.05, "offshore": 0.6, "cae": 0.75}.get(draft.style.family, 0.5)
    for chain in chains:
        if not draft.chance(share):
            continue
        runs = _straights(draft, chain, 9)
        if not runs:
            continue
        place = where if draft.chance(0.75) else draft.pick(["corner", "middle", "end"])
        runs = runs if chain.pen.flow >= 0 else [(b, a) for a, b in reversed(runs)]
        chosen = {
            "corner": runs[: int(draft.rng.integers(1, 3))],
            "middle": [runs[int(draft.rng.integers(len(runs)))]],
            "end": [runs[-1]],
        }[place]
        for a, b in chosen:
            arrow = draft.make("flow_arrow", rotation=way_of(a, b))
            dx, dy = STEPS[way_of(a, b)]
            length = abs(b[0] - a[0]) + abs(b[1] - a[1])
            out = arrow.port("b")
            back = {"corner": 0.3, "end": draft.rng.uniform(1.5, 5)}.get(place, 0.0) * draft.u
            if place == "middle":
                back = draft.rng.uniform(0.3, 0.7) * length
            tip_gap = abs(out.x - arrow.x) + abs(out.y - arrow.y)
            arrow.x, arrow.y = b[0] - dx * (back + tip_gap), b[1] - dy * (back + tip_gap)
            along = dx != 0
            box = grown_box(arrow.box, 0.2 * draft.u)
            ahead = (
                box[0] - dx * 2 * draft.u,
                box[1] - dy * 2 * draft.u,
                box[2] - dx * 2 * draft.u,
                box[3] - dy * 2 * draft.u,
            )
            if place != "corner" and not draft.paper.free(box, (SOLID, TEXT, ACROSS if along else ALONG)):
                continue
            if not draft.paper.free(ahead, (SOLID, TEXT, ACROSS if along else ALONG)) or not draft.paper.free(
                box, (SOLID, TEXT)
            ):
                continue
            draft.put(arrow)
            draft.paper.mark(box, SOLID)


def add_line_numbers(draft: Draft, chains: list[Chain]) -> None:
    """Line numbers along the longest straight of a pipe, or beside it with a leader and arrow."""
    share = {"benchmark": 0.35, "offshore": 0.6, "vendor": 0.3}.get(draft.style.family, 0.65)
    done: set[str] = set()
    for chain in sorted(chains, key=lambda c: -sum(draft.net.length(e) for e in c.edges)):
        number = chain.pen.number
        if not number or number in done or not draft.chance(share):
            continue
        for a, b in sorted(
            _straights(draft, chain, 12), key=lambda r: -abs(r[0][0] - r[1][0]) - abs(r[0][1] - r[1][1])
        )[:2]:
            if (
                _number_on(draft, number, a, b)
                if draft.style.numbers_on_line or draft.chance(0.4)
                else _number_beside(draft, number, a, b)
            ):
                done.add(number)
                break


def _number_on(draft: Draft, number: str, a: Point, b: Point) -> bool:
    width = draft.extent(number, draft.style.text_mm)[0]
    if width > (abs(b[0] - a[0]) + abs(b[1] - a[1])) * 1.15:
        return False
    side = -1 if draft.chance(0.8) else 1
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    at = draft.rng.uniform(0.05, 0.95, 8).tolist()
    return (
        draft.write_along(number, (a, b), off=draft.rng.uniform(0.4, 1.1), side=side, at=at, owner=middle) is not None
    )


def _number_beside(draft: Draft, number: str, a: Point, b: Point) -> bool:
    u, h = draft.u, draft.style.text_mm
    width = draft.extent(number, h)[0]
    along = way_of(a, b) in (0, 180)
    for _ in range(6):
        t = draft.rng.uniform(0.15, 0.85)
        tip = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
        sx, sy = draft.rng.choice([-1, 1]), draft.rng.choice([-1, 1])
        if along:
            knee = (tip[0] + sx * draft.rng.uniform(2, 5) * u, tip[1] + sy * draft.rng.uniform(6, 14) * u)
        else:
            knee = (
                tip[0] + sx * draft.rng.uniform(5, 10) * u,
                tip[1] + (0 if draft.chance(0.6) else sy * draft.rng.uniform(3, 8) * u),
            )
        end = (knee[0] + sx * 2 * u, knee[1])
        center = (end[0] + sx * (width / 2 + 0.8 * u), end[1])
        if not draft.fits(draft.text_box(number, center, h, 0), grow=0.5):
            continue
        if not draft.fits(
            (min(knee[0], end[0]), min(knee[1], end[1]), max(knee[0], end[0]), max(knee[1], end[1])), grow=0.4
        ):
            continue
        if not _path_free(draft, tip, knee):
            continue
        draft.write(number, center, owner=tip)
        marks.draw_leader(draft, [end, knee, tip])
        return True
    return False


def _path_free(draft: Draft, a: Point, b: Point) -> bool:
    for t in np.linspace(0.2, 1.0, 8):
        x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        if not draft.paper.free((x, y, x, y)):
            return False
    return True
