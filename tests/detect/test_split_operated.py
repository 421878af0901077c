"""A valve that was found together with its actuator, on sheets that draw both apart and on others."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.detect.split_operated import split_operated
from pid.drawing import Box, Group, Symbol

WHOLE: Box = (70.0, 40.0, 130.0, 120.0)
BODY: Box = (70.0, 90.0, 130.0, 120.0)
DOME: Box = (80.0, 40.0, 120.0, 61.0)


def symbol(name: str, kind: str, group: Group, box: Box, score: float = 0.9) -> Symbol:
    return Symbol(id=name, kind=kind, group=group, box=box, score=score)


def draw() -> NDArray[np.uint8]:
    """A bow tie on its pipe with stem, dome, a signal line to the stem and letters beside."""
    sheet = np.full((200, 200), 255, np.uint8)
    cv2.polylines(sheet, [np.array([[71, 91], [128, 118], [128, 91], [71, 118]])], True, 0, 2)
    cv2.line(sheet, (0, 105), (70, 105), 0, 2)
    cv2.line(sheet, (130, 105), (199, 105), 0, 2)
    cv2.line(sheet, (100, 60), (100, 105), 0, 2)
    cv2.ellipse(sheet, (100, 59), (19, 18), 0, 180, 360, 0, 2)
    cv2.line(sheet, (81, 59), (119, 59), 0, 2)
    cv2.line(sheet, (0, 76), (100, 76), 0, 2)
    return sheet


def turned(box: Box, quarter: int) -> Box:
    """A box on a sheet 200 px wide and high after turns as by `numpy.rot90`."""
    for _ in range(quarter):
        box = (box[1], 200 - box[2], box[3], 200 - box[0])
    return box


APART = [symbol(f"a{k}", "piston_actuator", "actuator", (0, 10.0 * k, 9, 10.0 * k + 9)) for k in range(2)]


@pytest.mark.parametrize("quarter", range(4))
def test_body_and_actuator_are_told_apart_in_every_pose(quarter: int) -> None:
    whole = symbol("s1", "actuated_valve", "valve", turned(WHOLE, quarter), 0.97)
    body = symbol("s2", "control_valve", "valve", turned(BODY, quarter), 0.5)
    sheet = np.ascontiguousarray(np.rot90(draw(), quarter))
    found = {s.group: s for s in split_operated([whole, *APART], [whole, body], sheet) if s not in APART}
    assert set(found) == {"valve", "actuator"}
    assert (found["valve"].kind, found["valve"].box) == ("control_valve", body.box)
    assert np.abs(np.array(found["actuator"].box) - turned(DOME, quarter)).max() <= 3
    assert found["actuator"].score == found["valve"].score == 0.97


def test_a_sheet_without_actuators_of_their_own_counts_operated_valves_as_one() -> None:
    whole = symbol("s1", "actuated_valve", "valve", WHOLE)
    body = symbol("s2", "control_valve", "valve", BODY, 0.5)
    assert split_operated([whole], [whole, body], draw()) == (whole,)


def test_without_a_body_that_was_seen_nothing_is_split() -> None:
    whole = symbol("s1", "actuated_valve", "valve", WHOLE)
    assert split_operated([whole, *APART], [whole], draw()) == (whole, *APART)
