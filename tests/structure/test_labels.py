"""Truth of primitives from generated sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.draw_structure import DrawnSheet, draw_sheet, fill_graph_folder, label_sheet, paint_numbers
from pid.geometry import box_iou
from pid.structure.labels import BACKGROUND, LabelledGraph, class_names, find_owners
from pid.structure.primitives import STROKE, Primitives, make_primitives
from pid.structure.trace_primitives import trace_primitives
from pid.synth.generate import generate_sheet
from pid.synth.ink import Ink, Stroke
from pid.synth.scatter import scatter_sheet

SEED = 900_700_001


@pytest.fixture(scope="module")
def sheet() -> DrawnSheet:
    return draw_sheet(SEED, damaged=False, read=True)


@pytest.fixture(scope="module")
def parts(sheet: DrawnSheet) -> Primitives:
    return trace_primitives(sheet.image, hidden=sheet.hidden)


@pytest.fixture(scope="module")
def labelled(sheet: DrawnSheet, parts: Primitives) -> LabelledGraph:
    return label_sheet(sheet, parts)


def test_nearly_every_symbol_has_primitives_that_fill_its_box(parts: Primitives, labelled: LabelledGraph) -> None:
    overlap = []
    for k, box in enumerate(labelled.boxes):
        own = np.flatnonzero(labelled.instances == k)
        reach = (
            np.zeros((1, 4)) if not len(own) else np.hstack([parts.boxes[own, :2].min(0), parts.boxes[own, 2:].max(0)])
        )
        overlap.append(float(box_iou(reach, box)[0, 0]))
    assert len(overlap) > 50
    assert np.mean(np.array(overlap) >= 0.5) > 0.8


def test_classes_agree_with_instances(sheet: DrawnSheet, labelled: LabelledGraph) -> None:
    names = class_names(tuple(load_catalog()))
    symbol = labelled.instances >= 0
    assert np.array_equal(labelled.classes[symbol], labelled.kinds[labelled.instances[symbol]])
    assert (labelled.classes[~symbol] >= len(names) - len(BACKGROUND)).all()
    told = {names[c] for c in labelled.classes.tolist()}
    assert set(BACKGROUND) <= told
    assert {s.kind for s in sheet.drawing.symbols} & told


def test_what_is_painted_later_owns_the_pixel() -> None:
    under = Stroke(np.array([(1.0, 5.0), (9.0, 5.0)]), 0.5)
    cover = Stroke(np.array([(4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0)]), 0.2, closed=True, fill="paper")
    painted = paint_numbers(Ink(10.0, 10.0, (under, cover)), 10.0)
    assert painted[50, 20] == 1
    assert painted[50, 50] == 0  # hidden by the cover's paper
    assert painted[40, 50] == 2
    run = np.array([(10.0, 50.0), (40.0, 50.0)])
    line = make_primitives([STROKE], [(0, 1)], run, [run], [5.0], [False], (100, 100))
    assert find_owners(line, painted).tolist() == [1]
    assert find_owners(line.only(np.zeros(1, bool)), painted).tolist() == []


def test_a_labelled_graph_is_stored_and_read(labelled: LabelledGraph, tmp_path: Path) -> None:
    labelled.write(tmp_path / "1.npz")
    read = LabelledGraph.read(tmp_path / "1.npz")
    assert np.array_equal(read.classes, labelled.classes)
    assert np.array_equal(read.instances, labelled.instances)
    assert np.array_equal(read.graph.neighbours, labelled.graph.neighbours)
    assert read.graph.marks == pytest.approx(labelled.graph.marks, abs=1e-2)
    assert read.graph.pen == labelled.graph.pen


def test_sheets_that_are_there_are_not_drawn_again(tmp_path: Path) -> None:
    (tmp_path / "000000004.npz").write_bytes(b"there")
    assert fill_graph_folder(tmp_path, [4]) == 0


@pytest.mark.parametrize("family", ["benchmark", "generic"])
def test_no_symbol_is_stretched_where_that_is_switched_off(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pid.synth import generate

    scales: list[tuple[float, float]] = []
    paint = generate.paint_sheet

    def spy(draft, **options):  # type: ignore[no-untyped-def]
        scales.extend(piece.scale for piece in draft.pieces)
        return paint(draft, **options)

    monkeypatch.setattr(generate, "paint_sheet", spy)
    generate_sheet(3, family=family, stretched=False)
    x, y = np.abs(np.array(scales)).T
    assert x == pytest.approx(y)
    scales.clear()
    generate_sheet(3, family=family)
    x, y = np.abs(np.array(scales)).T
    assert not np.allclose(x, y)


def test_scattered_equipment_keeps_its_proportions() -> None:
    catalog = load_catalog()
    equipment = ("vessel", "separator", "heat_exchanger", "pump", "compressor")
    checked = 0
    for seed in (8,):
        _, drawing = scatter_sheet(seed, stretched=False)
        for s in drawing.symbols:
            if s.group not in equipment:
                continue
            side = np.array([s.box[2] - s.box[0], s.box[3] - s.box[1]])[:: -1 if s.rotation in (90, 270) else 1]
            own = np.array([(v.box[2] - v.box[0]) / (v.box[3] - v.box[1]) for v in catalog[s.kind].variants])
            assert np.abs(np.log(own / (side[0] / side[1]))).min() < 0.12  # the pen is in the box
            checked += 1
    assert checked > 2
