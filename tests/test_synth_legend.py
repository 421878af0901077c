"""Drawn legends: symbols and names where the truth says, nothing on top of another."""

import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.errors import InputError
from pid.geometry import box_area, box_intersection
from pid.synth.generate import generate_sheet
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


def test_a_legend_shows_the_way_of_drawing_that_is_asked_for() -> None:
    ways = [v.name for v in load_catalog()["motor_actuator"].variants[:3]]
    drawn = draw_legend(["motor_actuator"] * 3, 4, variants=ways, pipes=False)
    sizes = [(round(x1 - x0), round(y1 - y0)) for x0, y0, x1, y1 in (e.box for e in drawn.entries)]
    assert len(set(sizes)) == 3  # a circle, a small circle, a square
    with pytest.raises(InputError, match="'motor_actuator' as 'none'"):
        draw_legend(["motor_actuator"], 1, variants=["none"])


def test_a_sheet_tells_how_each_symbol_is_drawn() -> None:
    sheet = generate_sheet(31)
    catalog = load_catalog()
    assert set(sheet.variants) == {s.id for s in sheet.drawing.symbols}
    for s in sheet.drawing.symbols:
        assert sheet.variants[s.id] in {v.name for v in catalog[s.kind].variants}
