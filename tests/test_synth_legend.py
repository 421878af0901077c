"""Drawn legends: symbols and names where the truth says, nothing on top of another."""

import numpy as np
import pytest

from pid.errors import InputError
from pid.geometry import box_area, box_intersection
from pid.synth.legend import LAYOUTS, draw_legend

KINDS = (
    "gate_valve",
    "check_valve",
    "instrument_discrete_panel",
    "centrifugal_pump",
    "orifice_plate",
    "globe_valve",
    "tee",
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_symbols_and_names_lie_apart_on_ink(layout: str) -> None:
    for seed in range(3):
        drawn = draw_legend(KINDS[:6], seed, layout=layout, naming="number")  # type: ignore[arg-type]
        assert [e.kind for e in drawn.entries] == list(KINDS[:6])
        assert [e.name for e in drawn.entries] == [f"symbol-{n}" for n in range(1, 7)]
        boxes = np.array([b for e in drawn.entries for b in (e.box, e.name_box)])
        overlap = box_intersection(boxes, boxes)
        np.fill_diagonal(overlap, 0)
        assert overlap.max() < 1e-6
        height, width = drawn.picture.shape
        assert (boxes[:, :2] > 0).all()
        assert (boxes[:, 2:] < [width, height]).all()
        for x0, y0, x1, y1 in np.round(boxes).astype(int).tolist():
            part = drawn.picture[y0:y1, x0:x1]
            assert (part < 128).any()
            assert (part[:2] < 200).any() or box_area([(x0, y0, x1, y1)])[0] < 40


def test_the_same_arguments_draw_the_same_legend() -> None:
    one, two = (draw_legend(KINDS[:4], 7, columns=2) for _ in range(2))
    assert np.array_equal(one.picture, two.picture)
    assert one.entries == two.entries
    other = draw_legend(KINDS[:4], 8, columns=2)
    assert other.picture.shape != one.picture.shape or not np.array_equal(other.picture, one.picture)


def test_names_and_unknown_kinds() -> None:
    titles = draw_legend(KINDS[:2], 1, naming="title")
    assert [e.name for e in titles.entries] == ["GATE VALVE", "CHECK VALVE"]
    assert [e.name for e in draw_legend(KINDS[:2], 1, naming="kind").entries] == list(KINDS[:2])
    with pytest.raises(InputError, match="'gate_volve'"):
        draw_legend(["gate_volve"], 1)
