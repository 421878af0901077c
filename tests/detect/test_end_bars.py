"""Bars at valves' ends: flanges, blind ones, a flanged valve's own, and dashes of a surround that are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.detect.end_bars import mend_bars
from pid.drawing import Box, Symbol

VALVE = Symbol(id="v", kind="gate_valve", group="valve", box=(100, 87, 151, 114), score=0.95, found_by=("shape",))


def draw() -> NDArray[np.uint8]:
    """A bow tie in the middle of a sheet."""
    sheet = np.full((200, 250), 255, np.uint8)
    cv2.polylines(sheet, [np.array([[101, 88], [149, 112], [149, 88], [101, 112]])], True, 0, 2)
    return sheet


def bar(box: Box, *, kind: str = "blind_flange") -> Symbol:
    return Symbol(id=f"b{box[0]}{box[1]}", kind=kind, group="fitting", box=box, score=0.8, found_by=("structure",))


def stand(sheet: NDArray[np.uint8], x: int, *, half: int = 12) -> None:
    """Draw a bar across the pipe."""
    cv2.line(sheet, (x, 100 - half), (x, 100 + half), 0, 2)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("onward", [False, True])
def test_a_bar_in_front_of_a_valve_is_a_flange_and_a_blind_one_without_a_pipe(upright: bool, onward: bool) -> None:
    sheet, valve = draw(), VALVE
    stand(sheet, 157)
    if onward:
        cv2.line(sheet, (157, 100), (249, 100), 0, 2)
    if upright:
        sheet = np.ascontiguousarray(sheet.T)
        valve = VALVE.model_copy(update={"box": (87, 100, 114, 151)})
    kept, found = mend_bars([valve], sheet)
    assert kept == valve
    assert (found.group, found.kind) == ("fitting", "flange" if onward else "blind_flange")
    expected = (87, 156, 114, 159) if upright else (156, 87, 159, 114)
    assert np.abs(np.array(found.box) - expected).max() <= 2


def test_a_bar_that_was_found_is_not_found_again() -> None:
    sheet = draw()
    stand(sheet, 157)
    seen = bar((156, 87, 159, 114))
    assert mend_bars([VALVE, seen], sheet) == (VALVE, seen)


def test_bars_on_stems_at_both_ends_are_the_valves_own() -> None:
    sheet = draw()
    for x in (93, 157):
        stand(sheet, x)
    cv2.line(sheet, (0, 100), (101, 100), 0, 2)
    cv2.line(sheet, (149, 100), (249, 100), 0, 2)
    (valve,) = mend_bars([VALVE], sheet)
    assert valve.box[0] <= 93
    assert valve.box[2] >= 157


def test_a_plain_pipe_has_no_bar() -> None:
    sheet = draw()
    cv2.line(sheet, (0, 100), (101, 100), 0, 2)
    cv2.line(sheet, (149, 100), (249, 100), 0, 2)
    assert mend_bars([VALVE], sheet) == (VALVE,)


def test_dashes_beside_a_pipe_are_no_flanges() -> None:
    sheet = draw()
    cv2.line(sheet, (149, 100), (249, 100), 0, 2)
    for y in (75, 110):
        cv2.line(sheet, (190, y), (190, y + 15), 0, 2)
    dashes = [bar((189, 74, 192, 92)), bar((189, 109, 192, 127))]
    assert mend_bars([VALVE, *dashes], sheet) == (VALVE,)


def test_a_cap_at_the_end_of_a_pipe_stays() -> None:
    sheet = draw()
    cv2.line(sheet, (149, 100), (220, 100), 0, 2)
    stand(sheet, 220)
    cap = bar((219, 87, 222, 114))
    assert mend_bars([VALVE, cap], sheet) == (VALVE, cap)


def test_the_end_of_the_valve_is_no_bar_beside_its_flange() -> None:
    sheet = draw()
    stand(sheet, 157)
    end, flange = bar((148, 87, 151, 114)), bar((156, 87, 159, 114))
    assert mend_bars([VALVE, end, flange], sheet) == (VALVE, flange)
