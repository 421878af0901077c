"""Circular actuators are carried along a drawn stem to the middle of their valve."""

import cv2
import numpy as np
import pytest

from pid.detect.actuator_stems import add_stems
from pid.drawing import Symbol

CIRCLE = (80.0, 40.0, 120.0, 80.0)
VALVE = (75.0, 130.0, 125.0, 154.0)


def symbol(box, kind="controlled_actuator", group="actuator", **more):
    return Symbol(id=kind, kind=kind, group=group, box=box, **more)


@pytest.fixture
def gray():
    picture = np.full((240, 240), 255, np.uint8)
    cv2.circle(picture, (100, 60), 20, 0, 3)
    cv2.line(picture, (100, 80), (100, 142), 0, 3)
    cv2.rectangle(picture, (75, 130), (125, 154), 0, 3)
    return picture


def boxes_of(symbols, gray):
    return [s.box for s in add_stems(symbols, gray)]


def test_the_stem_is_part_of_the_actuator(gray):
    assert boxes_of([symbol(CIRCLE), symbol(VALVE, "globe_valve", "valve")], gray) == [(80, 40, 120, 142), VALVE]


def test_along_x_and_backwards(gray):
    left = [(b[1], b[0], b[3], b[2]) for b in (CIRCLE, VALVE)]
    there = [symbol(left[0]), symbol(left[1], "globe_valve", "valve")]
    assert boxes_of(there, np.ascontiguousarray(gray.T))[0] == (40, 80, 142, 120)
    right = [(240 - b[2], b[1], 240 - b[0], b[3]) for b in left]
    there = [symbol(right[0]), symbol(right[1], "globe_valve", "valve")]
    assert boxes_of(there, np.ascontiguousarray(gray.T[:, ::-1]))[0] == (98, 80, 200, 120)


def test_without_a_stem_nothing_is_reached(gray):
    gray[84:128] = 255
    assert boxes_of([symbol(CIRCLE), symbol(VALVE, "globe_valve", "valve")], gray)[0] == CIRCLE


def test_a_valve_aside_is_not_meant(gray):
    aside = (115.0, 130.0, 165.0, 154.0)
    assert boxes_of([symbol(CIRCLE), symbol(aside, "globe_valve", "valve")], gray)[0] == CIRCLE


def test_other_actuators_and_exact_ones_stay(gray):
    valve = symbol(VALVE, "globe_valve", "valve")
    assert boxes_of([symbol(CIRCLE, "diaphragm_actuator"), valve], gray)[0] == CIRCLE
    assert boxes_of([symbol(CIRCLE, found_by=("block",)), valve], gray)[0] == CIRCLE
    long = (80.0, 40.0, 120.0, 120.0)
    assert boxes_of([symbol(long), valve], gray)[0] == long
