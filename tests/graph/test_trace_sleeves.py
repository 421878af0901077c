"""Lettered cylinders on pipes are passed through; boxes with a pipe at one end only are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.drawing import Symbol, Word
from pid.graph.connect import connect_symbols
from pid.graph.trace import trace_lines
from pid.graph.trace_sleeves import draw_through, find_sleeves, hidden_by, name_sleeves

WIDTH, SCALE = 2500, 0.5
SLEEVE = (400, 276, 480, 304)
WORDS = np.array([[410.0, 284.0, 470.0, 296.0]])


def draw(*, through: bool) -> NDArray[np.uint8]:
    """A pipe into a cylinder, and `through` it."""
    ink = np.zeros((600, WIDTH), np.uint8)
    cv2.line(ink, (100, 290), (400, 290), 1, 2)
    cv2.rectangle(ink, SLEEVE[:2], SLEEVE[2:], 1, 2)
    if through:
        cv2.line(ink, (480, 290), (900, 290), 1, 2)
    return ink


@pytest.mark.parametrize("upright", [False, True])
def test_a_cylinder_that_a_pipe_goes_through_is_a_sleeve(upright: bool) -> None:
    ink, words, expected = draw(through=True), WORDS, np.array(SLEEVE)
    if upright:
        ink, words, expected = np.ascontiguousarray(ink.T), WORDS[:, [1, 0, 3, 2]], expected[[1, 0, 3, 2]]
    (found,) = find_sleeves(ink, words, [], scale=SCALE)
    assert np.abs(np.array(found.box) - expected).max() <= 3
    plain = draw_through(ink, [found], scale=SCALE)
    count, *_ = cv2.connectedComponentsWithStats(plain)
    assert count == 2
    assert plain.sum() < ink.sum()


def test_where_the_pipe_ends_or_nothing_is_written_there_is_none() -> None:
    assert not find_sleeves(draw(through=False), WORDS, [], scale=SCALE)
    assert not find_sleeves(draw(through=True), np.zeros((0, 4)), [], scale=SCALE)


def test_an_instrument_in_the_pipe_is_none() -> None:
    meter = Symbol(id="m", kind="coriolis_meter", group="instrument", box=(400, 276, 480, 304))
    assert not find_sleeves(draw(through=True), WORDS, [meter], scale=SCALE)


def test_a_connector_in_its_place_gives_way() -> None:
    flag = Symbol(id="f", kind="header_connector", group="connector", box=(399, 275, 481, 305))
    valve = Symbol(id="v", kind="gate_valve", group="valve", box=(900, 275, 950, 305))
    sleeves = find_sleeves(draw(through=True), WORDS, [flag, valve], scale=SCALE)
    hidden = hidden_by(sleeves, [flag, valve])
    assert [(s.group, s.kind) for s in name_sleeves([flag, valve], hidden)] == [
        ("other", "insulation_sleeve"),
        ("valve", "gate_valve"),
    ]


def test_symbols_on_both_sides_are_connected() -> None:
    valves = [
        Symbol(id=name, kind="gate_valve", group="valve", box=(x, 276, x + 40, 304))
        for name, x in (("a", 60), ("b", 900))
    ]
    words = [Word(id="w", text="7C 70 N", box=(410, 284, 470, 296), score=0.9)]
    gray = np.where(draw(through=True), 0, 255).astype(np.uint8)
    lines = trace_lines(gray, symbols=valves, words=words).lines
    assert [{c.a, c.b} for c in connect_symbols(valves, lines, sheet_width=WIDTH)] == [{"a", "b"}]
