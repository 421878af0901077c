"""Drums are told by walls, heads and nozzles; frames, tables and drums that are known already are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.detect.drum_outlines import add_drums
from pid.drawing import Symbol

DRUM = (600, 240, 800, 760)
"""Bounds of the drum without its skirt."""


def draw(*, skirt: int = 0, flat: bool = False) -> NDArray[np.uint8]:
    """A sheet of the reference width with an upright drum, its internals and a nozzle's pipe."""
    sheet = np.full((1200, 2500), 255, np.uint8)
    x0, y0, x1, y1 = DRUM
    head = 50
    cv2.line(sheet, (x0, y0 + head), (x0, y1 - head + skirt), 0, 2)
    cv2.line(sheet, (x1, y0 + head), (x1, y1 - head + skirt), 0, 2)
    if flat:
        cv2.line(sheet, (x0, y0 + head), (x1, y0 + head), 0, 2)
        cv2.line(sheet, (x0, y1 - head), (x1, y1 - head), 0, 2)
    else:
        middle, axes = (x0 + x1) // 2, ((x1 - x0) // 2, head)
        cv2.ellipse(sheet, (middle, y0 + head), axes, 0, 180, 360, 0, 2)
        cv2.ellipse(sheet, (middle, y1 - head), axes, 0, 0, 180, 0, 2)
    cv2.line(sheet, (x0, y0 + head), (x1, y0 + head), 0, 2)
    cv2.line(sheet, (x1, 500), (1100, 500), 0, 2)
    cv2.putText(sheet, "V-9101", (620, 450), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 2)
    return sheet


NOZZLES = [
    Symbol(id="n1", kind="nozzle_tag", group="nozzle", box=(775, 490, 795, 510)),
    Symbol(id="n2", kind="nozzle_tag", group="nozzle", box=(690, 250, 710, 264)),
]


@pytest.mark.parametrize("skirt", [0, 110])
def test_an_upright_drum_is_found_with_its_skirt(skirt: int) -> None:
    *_, drum = add_drums(NOZZLES, draw(skirt=skirt))
    assert (drum.group, drum.kind) == ("vessel", "vertical_drum")
    expected = np.array([*DRUM[:3], max(DRUM[3], DRUM[3] - 50 + skirt)])
    assert np.abs(np.array(drum.box) - expected).max() <= 10


def test_a_lying_drum_is_found() -> None:
    sheet = np.full((2500, 2500), 255, np.uint8)
    sheet[:, :1200] = draw().T
    lying = [s.model_copy(update={"box": (s.box[1], s.box[0], s.box[3], s.box[2])}) for s in NOZZLES]
    *_, drum = add_drums(lying, sheet)
    assert drum.kind == "horizontal_drum"
    assert np.abs(np.array(drum.box) - (DRUM[1], DRUM[0], DRUM[3], DRUM[2])).max() <= 10


def test_a_box_and_an_outline_without_nozzles_are_no_drums() -> None:
    assert add_drums(NOZZLES, draw(flat=True)) == tuple(NOZZLES)
    assert add_drums(NOZZLES[:1], draw()) == tuple(NOZZLES[:1])


def test_known_equipment_is_not_found_again() -> None:
    known = Symbol(id="v", kind="scrubber", group="separator", box=(590, 230, 810, 770))
    assert add_drums([*NOZZLES, known], draw()) == (*NOZZLES, known)
