"""Drawn cases: what joins, what crosses, what is no pipe. Each asserts the exact pairs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pid.drawing import Symbol, Word
from pid.geometry import polyline_length
from pid.graph.connect import connect_symbols
from pid.graph.trace import trace_lines, trace_vectors
from pid.sheet import VectorPath, Vectors


def test_valve_in_line_parts_the_line(sketch):
    for name, x in (("a", 300), ("b", 600), ("c", 900)):
        sketch.box(name, x, 400)
    sketch.line((315, 400), (585, 400))
    sketch.line((615, 400), (885, 400))
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == {("a", "b"), ("b", "c")}
    assert len(trace.lines) == 2
    assert {line.style for line in trace.lines} == {"solid"}


def test_tee_joins_all_three(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.box("c", 600, 700)
    sketch.line((315, 400), (885, 400))
    sketch.line((600, 400), (600, 688))
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert len(trace.lines) == 3
    assert len(trace.junctions) == 1
    assert np.hypot(trace.junctions[0][0] - 600, trace.junctions[0][1] - 400) < 3


def _cross(sketch):
    sketch.box("w", 300, 400)
    sketch.box("e", 900, 400)
    sketch.box("n", 600, 150)
    sketch.box("s", 600, 700)
    sketch.line((600, 162), (600, 688))


STRAIGHT = {("e", "w"), ("n", "s")}


def test_plain_crossing_joins_nothing(sketch):
    _cross(sketch)
    sketch.line((315, 400), (885, 400))
    assert sketch.pairs() == STRAIGHT


def test_gap_crossing_is_bridged(sketch):
    _cross(sketch)
    sketch.line((315, 400), (588, 400))
    sketch.line((612, 400), (885, 400))
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == STRAIGHT
    assert len(trace.lines) == 2


def test_jump_arc_crossing(sketch):
    _cross(sketch)
    sketch.line((315, 400), (588, 400))
    sketch.line((612, 400), (885, 400))
    cv2.ellipse(sketch.gray, (600, 400), (12, 12), 0, 180, 360, 0, 3)
    assert sketch.pairs() == STRAIGHT


def test_connection_dot_makes_a_crossing_a_junction(sketch):
    _cross(sketch)
    sketch.line((315, 400), (885, 400))
    cv2.circle(sketch.gray, (600, 400), 5, 0, -1)
    assert len(sketch.pairs()) == 6


def test_dashed_line_crosses_pipe_and_turns(sketch):
    sketch.box("w", 300, 400)
    sketch.box("e", 900, 400)
    sketch.box("pic", 600, 150, group="instrument")
    sketch.box("act", 800, 700, group="actuator")
    sketch.line((315, 400), (885, 400))
    sketch.dashes((600, 162), (600, 700))
    sketch.dashes((600, 700), (785, 700))
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == {("e", "w"), ("act", "pic")}
    dashed = [line for line in trace.lines if line.style == "dashed"]
    assert [line.kind for line in dashed] == ["signal"]
    assert polyline_length(dashed[0].points) == pytest.approx(538 + 185, abs=8)


def test_last_dash_touching_a_pipe_still_crosses(sketch):
    sketch.box("w", 300, 400)
    sketch.box("e", 900, 400)
    sketch.box("n", 600, 150, group="instrument")
    sketch.box("s", 600, 700, group="instrument")
    sketch.line((315, 400), (885, 400))
    sketch.dashes((600, 400), (600, 162))  # starts on the pipe
    sketch.dashes((600, 409), (600, 688))
    assert sketch.pairs() == STRAIGHT


def test_dash_dot_style(sketch):
    sketch.box("a", 300, 400, group="instrument")
    sketch.box("b", 900, 400, group="instrument")
    x = 315
    while x < 885:
        sketch.line((x, 400), (min(x + 40, 884), 400), width=2)
        sketch.line((x + 48, 400), (min(x + 52, 884), 400), width=2)
        x += 60
    (line,) = sketch.trace().lines
    assert line.style == "dash_dot"


def test_text_over_a_line_and_beside_it(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (885, 400))
    sketch.text("4-JO-9505-A1", 520, 408)
    sketch.text("NOTE 5", 500, 392)
    (line,) = sketch.trace().lines
    assert sketch.pairs() == {("a", "b")}
    assert np.ptp([y for _, y in line.points]) < 4


def test_line_interrupted_for_its_number(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (500, 400))
    sketch.text("0200-PL-9137", 507, 406)
    right = sketch.words[0].box[2]
    sketch.line((right + 8, 400), (885, 400))
    assert sketch.pairs() == {("a", "b")}


def test_lettering_alone_makes_no_lines(sketch):
    sketch.box("a", 300, 400)
    sketch.text("HELLO 3x 4711", 325, 405)
    sketch.words.clear()  # as if the reader had missed it
    assert sketch.trace().lines == ()


def test_frame_and_table_are_no_pipes(sketch):
    cv2.rectangle(sketch.gray, (40, 40), (2460, 1560), 0, 4)
    for y in range(1200, 1500, 40):
        sketch.line((1800, y), (2460, y))
    for x in (1800, 2000, 2200):
        sketch.line((x, 1200), (x, 1480))
    sketch.box("false", 2000, 1280)  # a wrong detection on the rules of the table
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (885, 400))
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == {("a", "b")}
    assert len(trace.lines) == 1


def test_slanted_leader_to_a_line_number_is_dropped(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (885, 400))
    sketch.line((500, 400), (560, 480), width=1)
    sketch.text("0200-PL-23L91375-AD20-0", 562, 492)
    (line,) = sketch.trace().lines
    assert polyline_length(line.points) == pytest.approx(570, abs=15)


def test_flow_arrow_is_passed(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (885, 400))
    cv2.fillPoly(sketch.gray, [np.array([[600, 400], [585, 393], [585, 407]])], 0)
    sketch.mark("arrow", "flow_arrow", (585, 393, 600, 407))
    assert sketch.pairs() == {("a", "b")}
    assert len(sketch.trace().lines) == 1


def test_flow_arrow_at_a_tee(sketch):
    sketch.box("a", 300, 400)
    sketch.box("n", 600, 150)
    sketch.box("s", 600, 700)
    sketch.line((600, 162), (600, 688))
    sketch.line((315, 400), (600, 400))
    cv2.fillPoly(sketch.gray, [np.array([[599, 400], [583, 393], [583, 407]])], 0)
    sketch.mark("arrow", "flow_arrow", (583, 393, 600, 407))
    assert sketch.pairs() == {("a", "n"), ("a", "s"), ("n", "s")}


def test_sleeve_is_passed(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (550, 400))
    sketch.line((650, 400), (885, 400))
    cv2.rectangle(sketch.gray, (550, 388), (650, 412), 0, 2)
    sketch.mark("sleeve", "other", (549, 387, 651, 413))
    assert sketch.pairs() == {("a", "b")}


def test_dashed_surround_of_a_valve(sketch):
    sketch.box("a", 300, 400)
    sketch.box("v", 600, 400)
    sketch.line((315, 400), (585, 400))
    for x0, y0, x1, y1 in ((578, 382, 622, 382), (578, 418, 622, 418), (578, 382, 578, 418), (622, 382, 622, 418)):
        sketch.dashes((x0, y0), (x1, y1), on=9, off=5)
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == {("a", "v")}
    assert len(trace.lines) == 1


def test_undetected_valve_does_not_break_the_line(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (585, 400))
    sketch.line((615, 400), (885, 400))
    bow_tie = np.array([[585, 388], [615, 412], [615, 388], [585, 412]])
    cv2.polylines(sketch.gray, [bow_tie], True, 0, 2)
    assert sketch.pairs() == {("a", "b")}


def test_wide_sheet_is_reduced_and_given_back_in_its_pixels(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (885, 400))
    strip = sketch.gray[300:500]
    large = cv2.resize(strip, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    symbols = [
        s.model_copy(update={"box": tuple(3 * v for v in (s.box[0], s.box[1] - 300, s.box[2], s.box[3] - 300))})
        for s in sketch.symbols
    ]
    (line,) = trace_lines(large, symbols=symbols).lines
    assert polyline_length(line.points) == pytest.approx(3 * 570, abs=30)
    assert abs(line.points[0][1] - 301) < 5


def test_empty_sheet():
    assert trace_lines(np.full((200, 300), 255, np.uint8), symbols=[]).lines == ()
    assert trace_vectors(Vectors(), size=(300, 200), symbols=[]).lines == ()


def _path(*points, **options):
    return VectorPath(np.array(points, float), **options)


def test_vectors_tee_crossing_and_dash_pattern():
    symbols = [
        Symbol(id=name, group="valve", box=(x - 15, y - 12, x + 15, y + 12))
        for name, x, y in (("w", 300, 400), ("e", 900, 400), ("n", 600, 150), ("s", 600, 700), ("t", 450, 600))
    ]
    paths = (
        _path((315, 400), (885, 400), width_px=3),
        _path((600, 162), (600, 688), width_px=2, dash_px=(12, 6)),  # crosses
        _path((450, 400), (450, 588), width_px=3),  # ends on the pipe
        _path((585, 140), (615, 160)),  # inside a symbol
    )
    trace = trace_vectors(Vectors(paths), size=(2500, 1600), symbols=symbols)
    found = connect_symbols(symbols, trace.lines, sheet_width=2500)
    assert {tuple(sorted((c.a, c.b))) for c in found} == {("e", "w"), ("t", "w"), ("e", "t"), ("n", "s")}
    assert sorted(line.style for line in trace.lines) == ["dashed", "solid", "solid", "solid"]


def test_revision_cloud_over_a_pipe_is_no_line(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.box("c", 600, 560)
    sketch.line((315, 400), (885, 400))
    for x in range(500, 700, 16):
        for y in (320, 480):
            cv2.ellipse(sketch.gray, (x + 8, y), (8, 6), 0, 180, 360, 0, 1)
    for y in range(320, 480, 16):
        for x in (500, 700):
            cv2.ellipse(sketch.gray, (x, y + 8), (6, 8), 90, 180, 360, 0, 1)
    trace = sketch.trace()
    assert sketch.pairs(trace.lines) == {("a", "b")}
    assert max(y for line in trace.lines for _, y in line.points) < 410


def test_short_stroke_between_two_parts_is_a_line(sketch):
    sketch.box("meter", 400, 400, group="instrument", w=40, h=40)
    sketch.box("red", 440, 400, group="reducer", w=28)
    sketch.line((420, 400), (426, 400))
    assert sketch.pairs() == {("meter", "red")}
    (line,) = sketch.trace().lines
    assert line.kind == "signal"


def test_stroke_between_two_parts_that_was_read_with_a_size_stays(sketch):
    sketch.box("v", 600, 400)
    sketch.box("act", 600, 371, group="actuator", w=36, h=16)
    sketch.line((600, 379), (600, 388), width=2)
    sketch.words.append(Word(id="size", text="0200x0150L", box=(500, 376, 604, 391), score=0.95))
    assert sketch.pairs() == {("act", "v")}


def test_tee_beside_a_flange_is_no_letter(sketch):
    sketch.box("a", 600, 200)
    sketch.box("b", 600, 700)
    sketch.line((600, 212), (600, 688))
    sketch.box("f", 580, 400, group="fitting", w=8, h=24)
    sketch.line((585, 400), (600, 400), width=2)
    sketch.words.append(Word(id="t", text="T", box=(582, 388, 602, 412), score=0.98))
    assert sketch.pairs() == {("a", "b"), ("a", "f"), ("b", "f")}


def test_bubble_close_by_without_a_stroke_is_not_joined(sketch):
    sketch.box("meter", 400, 400, group="instrument", w=40, h=40)
    sketch.box("red", 440, 400, group="reducer", w=28)
    assert sketch.pairs() == set()


def test_part_right_beside_a_pipe_is_joined(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.box("f", 600, 411, group="fitting", w=30, h=8)
    sketch.line((315, 400), (885, 400))
    sketch.line((600, 400), (600, 408))
    assert sketch.pairs() == {("a", "b"), ("a", "f"), ("b", "f")}


def test_part_beside_a_pipe_without_ink_between_is_not_joined(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.box("f", 600, 411, group="fitting", w=30, h=8)
    sketch.line((315, 400), (885, 400))
    assert sketch.pairs() == {("a", "b")}


def test_dotted_line(sketch):
    sketch.box("a", 300, 400, group="instrument")
    sketch.box("b", 600, 400, group="instrument")
    sketch.dashes((318, 400), (585, 400), on=2, off=5)
    (line,) = sketch.trace().lines
    assert line.style == "dotted"
    assert sketch.pairs() == {("a", "b")}


def test_branch_drawn_up_to_a_gap_of_a_dashed_header(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.box("c", 604, 700, group="connector")
    sketch.dashes((315, 400), (885, 400), on=24, off=10)  # a gap from 611 to 621
    sketch.line((616, 402), (616, 688))
    assert sketch.pairs() == {("a", "b"), ("a", "c"), ("b", "c")}


def test_heat_tracing_beside_a_pipe_is_no_line(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 900, 400)
    sketch.line((315, 400), (885, 400))
    sketch.dashes((330, 391), (870, 391))
    (line,) = sketch.trace().lines
    assert line.style == "solid"


def test_thick_stub_between_two_valves_is_no_surround(sketch):
    sketch.box("a", 300, 400)
    sketch.box("b", 350, 400)
    sketch.line((315, 400), (335, 400), width=6)
    assert len(sketch.trace().lines) == 1
    assert sketch.pairs() == {("a", "b")}


def test_gap_crossing_between_a_bend_and_an_arrow(sketch):
    sketch.box("a", 589, 200)
    sketch.box("b", 655, 400)
    sketch.box("c", 612, 100)
    sketch.box("d", 612, 700)
    sketch.line((600, 212), (600, 400), (606, 400), width=2)
    sketch.line((617, 400), (640, 400), width=2)
    sketch.line((612, 112), (612, 688), width=2)
    sketch.line((622, 396), (628, 400), (622, 404), width=1)
    sketch.mark("arrow", "flow_arrow", (622, 395, 629, 405))
    assert sketch.pairs() == {("a", "b"), ("c", "d")}
