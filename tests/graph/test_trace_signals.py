"""Signal lines: named by the marks on them, and followed dash by dash; and what no longer looks like one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pid.graph.trace_grid import lift_tables
from pid.graph.trace_ink import find_ink

LEVEL, START, STOP, STEP = 400, 315, 885, 90
BLACK = 0


RING = [(round(8 * np.cos(k)), round(8 * np.sin(k))) for k in np.linspace(0, 2 * np.pi, 17)]
MARKS = {  # strokes of a mark, along and across its line
    "pneumatic": [[(-10, 10), (0, -10)], [(0, 10), (10, -10)]],
    "capillary": [[(-9, -9), (9, 9)], [(-9, 9), (9, -9)]],
    "data_link": [RING],
    "hydraulic": [[(-4, -12), (-4, 5), (6, 5)]],
}


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("style", MARKS)
def test_marks_name_a_signal_line(sketch, style, upright):
    def place(along, across=LEVEL):
        return (across, along) if upright else (along, across)

    sketch.box("a", *place(300), group="instrument")
    sketch.box("b", *place(900), group="instrument")
    sketch.line(place(START), place(STOP), width=2)
    for x in range(360, 880, STEP):
        if style == "data_link":
            cv2.circle(sketch.gray, place(x), 8, 255, -1)
        for stroke in MARKS[style]:
            sketch.line(*(place(x + dx, LEVEL + dy) for dx, dy in stroke), width=2)
    (line,) = sketch.trace().lines
    assert (line.style, line.kind) == (style, "signal")


def test_branches_and_crossings_are_no_marks(sketch):
    sketch.box("a", 300, LEVEL)
    sketch.box("b", 900, LEVEL)
    sketch.line((START, LEVEL), (STOP, LEVEL))
    for i, x in enumerate((400, 500, 600, 700)):
        sketch.box(f"n{i}", x, 200)
        sketch.box(f"s{i}", x, 600)
        sketch.line((x, 212), (x, 588))
    assert {line.style for line in sketch.trace().lines} == {"solid"}


def test_pipe_with_gaps_for_others_is_not_dashed(sketch):
    sketch.box("a", 300, LEVEL)
    sketch.box("b", 900, LEVEL)
    at = [START, *(x + d for x in (420, 480, 540, 600, 660) for d in (-12, 12)), STOP]
    for x0, x1 in zip(at[::2], at[1::2], strict=True):
        sketch.line((x0, LEVEL), (x1, LEVEL))
    for i, x in enumerate((420, 480, 540, 600, 660)):
        sketch.box(f"n{i}", x, 200, w=24)
        sketch.box(f"s{i}", x, 600, w=24)
        sketch.line((x, 212), (x, 588))
    trace = sketch.trace()
    assert {line.style for line in trace.lines} == {"solid"}
    assert ("a", "b") in sketch.pairs(trace.lines)


def test_gap_for_another_line_right_before_the_symbol(sketch):
    sketch.box("a", 300, LEVEL)
    sketch.box("b", 900, LEVEL)
    sketch.box("n", 872, 200)
    sketch.box("s", 872, 600)
    sketch.line((872, 212), (872, 588))
    sketch.line((START, LEVEL), (860, LEVEL))
    assert sketch.pairs() == {("a", "b"), ("n", "s")}


def test_open_end_short_of_a_symbol_stays_open(sketch):
    sketch.box("a", 300, LEVEL)
    sketch.box("b", 900, LEVEL)
    sketch.line((START, LEVEL), (860, LEVEL))
    assert sketch.pairs() == set()


def test_single_dash_between_corner_and_symbol(sketch):
    sketch.box("a", 300, LEVEL, group="instrument")
    sketch.box("b", 620, 448, group="instrument")
    sketch.dashes((315, LEVEL), (606, LEVEL))
    sketch.line((620, 408), (620, 423), width=2)
    assert sketch.pairs() == {("a", "b")}


def test_dashed_line_past_a_valve_is_no_surround(sketch):
    sketch.box("v", 600, 380)
    sketch.box("a", 300, LEVEL, group="instrument")
    sketch.box("b", 900, LEVEL, group="instrument")
    sketch.dashes((START, LEVEL), (STOP, LEVEL), on=9, off=5)
    assert ("a", "b") in sketch.pairs()


@pytest.mark.parametrize("parts_on_rules", [False, True])
def test_mesh_with_parts_on_its_sides_is_no_table(parts_on_rules):
    mask = np.zeros((800, 1000), np.uint8)
    for x in range(100, 500, 100):
        cv2.line(mask, (x, 100), (x, 400), 1, 3)
    for y in range(100, 500, 100):
        cv2.line(mask, (100, y), (400, y), 1, 3)
    parts = [(x - 15, y + 30, x + 15, y + 60) for x in (200, 300) for y in (100, 200, 300)] if parts_on_rules else []
    lifted = lift_tables(mask, scale=1.0, parts=parts)
    assert bool(lifted.any()) == parts_on_rules


def test_noise_on_grey_paper_is_no_ink():
    rng = np.random.default_rng(3)
    shade = np.linspace(190, 245, 1200)[None] + rng.normal(0, 12, (800, 1200))
    gray = np.clip(shade, 0, 255).astype(np.uint8)
    cv2.line(gray, (50, 400), (1150, 400), 40, 3)
    ink = find_ink(gray)
    assert ink[400, 60:1140].all()
    ink[396:405] = 0
    assert ink.mean() < 0.002
