"""Equipment, nozzles, actuators and pens of generated sheets, judged by the truth's geometry alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.drawing import Box, Drawing, Symbol
from pid.geometry import box_intersection
from pid.synth.generate import generate_sheet
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.pens import GREY_SHARE, LIGHTEST, shade_ink

SEEDS = (21, 22, 23)
EQUIPMENT = ("vessel", "separator", "heat_exchanger", "pump", "compressor")
MACHINES = ("heat_exchanger", "pump", "compressor")


@cache
def drawings(family: str) -> tuple[Drawing, ...]:
    return tuple(generate_sheet(seed, family=family, size="A2").drawing for seed in SEEDS)


def nozzles_of(drawing: Drawing) -> list[Symbol]:
    return [s for s in drawing.symbols if s.kind == "nozzle"]


def gap_to(box: Box, point: tuple[float, float]) -> float:
    """Distance of a point from a box, px; 0 inside."""
    x, y = point
    return float(np.hypot(max(box[0] - x, 0.0, x - box[2]), max(box[1] - y, 0.0, y - box[3])))


def test_a_nozzle_reaches_from_the_wall_to_its_tick() -> None:
    for drawing in drawings("cae"):
        items = [s.box for s in drawing.symbols if s.group in EQUIPMENT]
        pen = 0.006 * drawing.sheet.width
        for nozzle in nozzles_of(drawing):
            tick, wall = nozzle.ports
            assert min(gap_to(box, wall) for box in items) < pen
            x0, y0, x1, y1 = nozzle.box
            across = nozzle.rotation % 180 == 90
            length = y1 - y0 if across else x1 - x0
            reach = abs(tick[1] - wall[1]) if across else abs(tick[0] - wall[0])
            assert reach <= length + 1e-6 <= reach + 2 * pen  # the box ends at the wall and at the tick


def test_nozzles_are_many_and_of_many_lengths() -> None:
    found = [n for d in drawings("cae") for n in nozzles_of(d)]
    assert len(found) >= 12 * len(SEEDS)
    ratios = [
        max(n.box[2] - n.box[0], n.box[3] - n.box[1]) / min(n.box[2] - n.box[0], n.box[3] - n.box[1]) for n in found
    ]
    assert max(ratios) > 1.5 * min(ratios)


def test_a_tick_is_no_flange() -> None:
    for drawing in drawings("cae"):
        ticks = [n.ports[0] for n in nozzles_of(drawing)]
        flanges = [s.box for s in drawing.symbols if s.kind == "flange"]
        assert not [t for t in ticks if any(gap_to(box, t) == 0.0 for box in flanges)]


def test_machines_have_nozzles() -> None:
    touched = 0
    for drawing in drawings("cae"):
        machines = [s.box for s in drawing.symbols if s.group in MACHINES]
        touched += sum(any(gap_to(box, n.ports[1]) < 3.0 for box in machines) for n in nozzles_of(drawing))
    assert touched >= 4


def test_big_items_are_a_share_of_the_sheet() -> None:
    shares = []
    for family in ("cae", "generic"):
        for drawing in drawings(family):
            height = drawing.sheet.height
            shares += [
                max(s.box[3] - s.box[1], s.box[2] - s.box[0]) / height
                for s in drawing.symbols
                if s.group in ("vessel", "separator", "heat_exchanger")
            ]
    assert max(shares) > 0.2
    assert max(shares) < 0.5
    assert max(shares) > 2 * min(shares)


def test_items_do_not_cover_each_other() -> None:
    for drawing in drawings("cae") + drawings("generic"):
        boxes = np.array([s.box for s in drawing.symbols if s.group in EQUIPMENT])
        if len(boxes) > 1:
            overlap = box_intersection(boxes, boxes)
            np.fill_diagonal(overlap, 0)
            assert overlap.max() == 0


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        ("controlled_actuator", "circle_on_stem"),
        ("controlled_actuator", "circle_stem_arrow"),
        ("motor_actuator", "circle_on_stem"),
    ],
)
def test_a_cae_actuator_covers_its_stem(kind: str, variant: str) -> None:
    drawn = next(v for v in load_catalog()[kind].variants if v.name == variant)
    stem = next(p for p in drawn.ports if p.role == "actuator")
    x0, y0, x1, y1 = drawn.box
    assert abs(stem.y - y1) < 1e-6
    assert y1 - y0 == pytest.approx(2 * (x1 - x0), rel=0.05)  # as measured on public exports


def test_the_offshore_dome_leaves_its_stem_out() -> None:
    domes = [s for d in drawings("offshore") for s in d.symbols if s.kind == "diaphragm_actuator"]
    assert domes
    assert all(max(gap_to(s.box, p) for p in s.ports) > 5.0 for s in domes)


def ink_of() -> Ink:
    points = np.array([[0.0, 0.0], [5.0, 0.0]])
    marks = (
        Stroke(points, layer="process", element="l1"),
        Stroke(points, layer="vessel", element="s1", closed=True, fill="paper"),
        Stroke(points, layer="valve", element="s2"),
        Stroke(points, layer="tee", color=(200, 30, 30)),
        Lettering("N1", (1.0, 1.0), 2.0, element="s1"),
        Lettering("NOTE", (1.0, 1.0), 2.0),
    )
    return Ink(10.0, 10.0, marks)


def test_shading_changes_colors_only() -> None:
    ink = ink_of()
    grey = 0
    for seed in range(60):
        shaded = shade_ink(ink, np.random.default_rng(seed))
        again = shade_ink(ink, np.random.default_rng(seed))
        assert [m.color for m in shaded.marks] == [m.color for m in again.marks]
        for old, new in zip(ink.marks, shaded.marks, strict=True):
            assert len(set(new.color)) == 1 or new.color == old.color  # colours stay, black becomes grey
            assert new.color[0] < LIGHTEST or new.color == old.color
            if isinstance(new, Stroke):
                assert new.points is old.points  # type: ignore[union-attr]
                assert replace(new, color=old.color).width_mm == old.width_mm  # type: ignore[union-attr]
        grey += any(n.color != o.color for n, o in zip(shaded.marks, ink.marks, strict=True))
    assert 0.1 < grey / 60 < 2 * GREY_SHARE
