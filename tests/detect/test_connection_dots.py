"""Dots at which pipes join are dropped; arrows before them stay arrows, filled valves valves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.detect.connection_dots import drop_dots
from pid.drawing import Box, Group, Symbol


def draw(*, branch: bool = True) -> NDArray[np.uint8]:
    """A pipe with a dot at (100, 100) in a sheet as wide as the reference, and a branch up from it."""
    sheet = np.full((200, 5000), 255, np.uint8)
    cv2.line(sheet, (10, 100), (190, 100), 0, 2)
    if branch:
        cv2.line(sheet, (100, 10), (100, 100), 0, 2)
    cv2.circle(sheet, (100, 100), 7, 0, -1)
    return sheet


def symbol(box: Box, kind: str = "steam_trap", group: Group = "fitting") -> Symbol:
    return Symbol(id="s1", kind=kind, group=group, box=box, score=0.8)


DOT: Box = (93, 93, 108, 108)


@pytest.mark.parametrize("box", [DOT, (94, 92, 106, 105), (95, 93, 111, 108)])
def test_a_dot_on_three_pipes_is_no_symbol(box: Box) -> None:
    assert drop_dots([symbol(box)], draw()) == ()


def test_a_disc_in_a_pipe_without_a_branch_stays() -> None:
    assert drop_dots([symbol(DOT)], draw(branch=False)) == (symbol(DOT),)


def test_an_open_circle_stays() -> None:
    sheet = draw()
    cv2.circle(sheet, (100, 100), 5, 255, -1)
    assert drop_dots([symbol(DOT)], sheet) == (symbol(DOT),)


@pytest.mark.parametrize(("quarter", "rotation"), [(0, 0.0), (1, 90.0)])
def test_an_arrow_before_a_dot_is_an_arrow(quarter: int, rotation: float) -> None:
    sheet = np.full((200, 200), 255, np.uint8)
    sheet[:] = draw()[:, :200]
    cv2.fillPoly(sheet, [np.array([[79, 93], [94, 100], [79, 107]])], 0)
    box: Box = (79, 93, 108, 108)
    if quarter:
        sheet, box = np.ascontiguousarray(np.rot90(sheet)), (93, 200 - 108, 108, 200 - 79)
    page = np.full((200, 5000), 255, np.uint8)
    page[:, :200] = sheet
    (arrow,) = drop_dots([symbol(box, "gate_valve", "valve")], page)
    assert (arrow.group, arrow.rotation) == ("flow_arrow", rotation)
    assert max(arrow.box[2] - arrow.box[0], arrow.box[3] - arrow.box[1]) <= 15


def test_a_filled_valve_of_that_size_stays() -> None:
    sheet = np.full((200, 5000), 255, np.uint8)
    cv2.line(sheet, (10, 100), (190, 100), 0, 2)
    for tip in ([[79, 93], [93, 100], [79, 107]], [[108, 93], [93, 100], [108, 107]]):
        cv2.fillPoly(sheet, [np.array(tip)], 0)
    valve = symbol((79, 93, 108, 108), "gate_valve", "valve")
    assert drop_dots([valve], sheet) == (valve,)
