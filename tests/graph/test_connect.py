"""Symbols in contact, nozzles and vessels, actuators and bubbles: exact pairs and kinds."""

from __future__ import annotations

import cv2
import pytest

from pid.drawing import Line, Symbol
from pid.graph.connect import connect_symbols, contact_pairs


def _kinds(sketch):
    found = connect_symbols(sketch.symbols, sketch.trace().lines, sheet_width=sketch.gray.shape[1])
    return {tuple(sorted((c.a, c.b))): c.kind for c in found}


def test_nozzle_stands_for_its_vessel(sketch):
    cv2.rectangle(sketch.gray, (300, 200), (500, 700), 0, 3)
    sketch.mark("vessel", "vessel", (298, 198, 502, 702))
    sketch.line((520, 390), (520, 410))  # the flange tick of the nozzle
    sketch.line((500, 400), (520, 400))
    sketch.mark("nozzle", "nozzle", (500, 389, 522, 411))
    sketch.box("v", 800, 400)
    sketch.line((520, 400), (785, 400))
    sketch.box("bare", 800, 600)  # a line to the vessel where no nozzle is drawn
    sketch.line((500, 600), (785, 600))
    assert set(_kinds(sketch)) == {("nozzle", "v"), ("bare", "vessel")}


def test_wall_between_two_nozzle_tags_does_not_join_them(sketch):
    cv2.rectangle(sketch.gray, (300, 200), (500, 700), 0, 3)
    sketch.mark("vessel", "vessel", (298, 198, 502, 702))
    sketch.box("internal", 400, 650, group="instrument")  # makes the vessel one whose inside is kept
    for name, y in (("n1", 300), ("n2", 500)):
        sketch.box(name, 480, y, group="nozzle", w=30, h=14)
        sketch.box(f"v_{name}", 800, y)
        sketch.line((500, y), (785, y))
    assert set(_kinds(sketch)) == {("n1", "v_n1"), ("n2", "v_n2")}


def test_stem_and_bubble_leader_are_signals(sketch):
    sketch.box("v", 600, 400)
    sketch.box("act", 600, 350, group="actuator", w=36, h=20)
    sketch.line((600, 360), (600, 388), width=2)
    sketch.box("hv", 700, 250, group="instrument", w=40, h=40)
    sketch.line((682, 270), (628, 334), width=1)  # stops short of the actuator, which it points at
    sketch.box("a", 300, 400)
    sketch.line((315, 400), (585, 400))
    assert _kinds(sketch) == {("a", "v"): "process", ("act", "v"): "signal", ("act", "hv"): "signal"}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Symbol(id="b", group="fitting", box=(132, 100, 136, 124)), [(0, 1)]),  # flange at a valve's end
        (Symbol(id="b", group="fitting", box=(132, 40, 136, 126)), [(0, 1)]),  # foot of a tall blind
        (Symbol(id="b", group="fitting", box=(160, 100, 164, 124)), []),  # too far
        (Symbol(id="b", group="valve", box=(132, 122, 162, 146)), []),  # corner to corner
        (Symbol(id="b", group="instrument", box=(131, 100, 155, 124)), []),  # a bubble drawn close by
        (Symbol(id="b", group="flow_arrow", box=(131, 106, 140, 118)), []),
    ],
)
def test_contact(other, expected):
    valve = Symbol(id="a", group="valve", box=(100, 100, 130, 124))
    assert contact_pairs([valve, other], scale=0.5) == expected


@pytest.mark.parametrize(("overlap", "expected"), [(3, [(0, 1)]), (20, []), (-5, [])])
def test_bubbles_touch_where_their_outlines_meet(overlap, expected):
    a = Symbol(id="a", group="instrument", box=(100, 100, 140, 140))
    b = Symbol(id="b", group="instrument", box=(140 - overlap, 100, 180 - overlap, 140))
    assert contact_pairs([a, b], scale=0.5) == expected


def test_line_that_runs_on_in_a_vessel_ends_at_the_nozzle_where_it_comes_in():
    vessel = Symbol(id="v", group="vessel", box=(300, 100, 500, 700))
    nozzle = Symbol(id="n", group="nozzle", box=(275, 405, 297, 420))
    valve = Symbol(id="a", group="valve", box=(100, 388, 130, 412))
    pipe = Line(id="l", points=((130.0, 400.0), (318.0, 400.0)))
    (found,) = connect_symbols([vessel, nozzle, valve], [pipe], sheet_width=2500)
    assert {found.a, found.b} == {"a", "n"}


def test_lines_drawn_by_hand_meet_at_shared_ends():
    symbols = [
        Symbol(id=n, group="valve", box=(x - 15, y - 12, x + 15, y + 12))
        for n, x, y in (("a", 300, 400), ("b", 900, 400), ("c", 600, 700))
    ]
    lines = [
        Line(id="l1", points=((315, 400), (600, 400))),
        Line(id="l2", points=((600, 400), (885, 400))),
        Line(id="l3", points=((600, 400), (600, 688)), style="dashed", kind="signal"),
    ]
    found = {tuple(sorted((c.a, c.b))): c for c in connect_symbols(symbols, lines, sheet_width=2500)}
    assert set(found) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert set(found["a", "b"].lines) == {"l1", "l2", "l3"}
    assert found["a", "b"].kind == "process"
    assert found["a", "c"].kind == "signal"
