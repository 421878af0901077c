"""The shipped structure network finds symbols, stretched ones too, and tells their kind, box and pose."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.draw_structure import DrawnSheet, draw_sheet
from pid.drawing import Symbol
from pid.errors import InputError
from pid.learning.calibrate import match_boxes
from pid.structure.find_instances import StructureFinder
from pid.structure.instances import choose_instances, gather_hypotheses
from pid.structure.pose import cell_distances, choose_pose, fit_kind, ink_cells
from pid.structure.primitives import STROKE, make_primitives
from pid.structure.relate import relate
from pid.structure.trace_primitives import trace_primitives

SEED = 900_700_003


@pytest.fixture(scope="module")
def finder() -> StructureFinder:
    return StructureFinder(threads=1)


@pytest.fixture(scope="module")
def sheet() -> DrawnSheet:
    return draw_sheet(SEED, damaged=False, read=False)


@pytest.fixture(scope="module")
def found(finder: StructureFinder, sheet: DrawnSheet) -> tuple[Symbol, ...]:
    return finder.find_symbols(trace_primitives(sheet.image))


def group_f1(found: tuple[Symbol, ...], sheet: DrawnSheet, *, wide: float = 1.0) -> float:
    """F1 of boxes with the right group, of a sheet drawn `wide` times as wide."""
    truth = sheet.drawing.symbols
    boxes = np.array([s.box for s in truth]) * [wide, 1.0, wide, 1.0]
    right = 0
    for group in {s.group for s in truth}:
        told = [s for s in found if s.group == group]
        hit = match_boxes(
            np.array([s.box for s in told]).reshape(-1, 4), np.array([s.score for s in told]),
            boxes[[s.group == group for s in truth]], longer_px=float(max(sheet.image.shape)),
        )  # fmt: skip
        right += int((hit >= 0).sum())
    return 2 * right / (len(found) + len(truth))


def test_symbols_of_a_generated_sheet_are_found(found: tuple[Symbol, ...], sheet: DrawnSheet) -> None:
    assert group_f1(found, sheet) > 0.6
    catalog = load_catalog()
    for symbol in found:
        assert symbol.found_by == ("structure",)
        assert symbol.group == catalog[symbol.kind].group
        assert len(symbol.ports) >= 1
        assert symbol.attributes["runners_up"]
    assert [s.id for s in found] == [f"g{i}" for i in range(1, len(found) + 1)]
    scores = [s.score for s in found]
    assert scores == sorted(scores, reverse=True)


def test_a_stretched_sheet_is_read_about_as_well(
    finder: StructureFinder, found: tuple[Symbol, ...], sheet: DrawnSheet
) -> None:
    wide = np.asarray(cv2.resize(sheet.image, None, fx=1.6, fy=1.0, interpolation=cv2.INTER_AREA), np.uint8)
    again = finder.find_symbols(trace_primitives(wide))
    assert group_f1(again, sheet, wide=1.6) > 0.75 * group_f1(found, sheet)


def test_fewer_are_told_the_surer_they_must_be(finder: StructureFinder, sheet: DrawnSheet) -> None:
    parts = trace_primitives(sheet.image[:1200, :1200])
    many, few = (finder.find_symbols(parts, least_probability=p) for p in (0.1, 0.9))
    assert len(few) < len(many)
    assert all(s.score >= 0.9 for s in few)


def test_an_empty_sheet_has_no_symbol(finder: StructureFinder) -> None:
    assert finder.find_symbols(trace_primitives(np.full((100, 100), 255, np.uint8))) == ()


def test_a_missing_or_foreign_card_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"structure\.json is not a readable card"):
        _ = StructureFinder(tmp_path).names
    (tmp_path / "structure.json").write_text(json.dumps({"classes": ["gate_valve"]}))
    with pytest.raises(InputError, match="does not name"):
        _ = StructureFinder(tmp_path).names


@pytest.mark.parametrize("wide", [1.0, 2.5])
@pytest.mark.parametrize(("rotation", "mirrored"), [(0, False), (90, False), (180, False), (270, False), (90, True)])
def test_the_pose_of_the_drawing_is_found_however_it_is_stretched(rotation: int, mirrored: bool, wide: float) -> None:
    from pid.synth.place import Piece

    kind = load_catalog()["angle_valve"]
    piece = Piece(kind, kind.variants[0], 50.0, 50.0, (5.0, 5.0), rotation, mirrored, 0.5)
    lines = [piece.to_sheet(s.points) * [wide, 1.0] for s in kind.variants[0].shapes if not s.outside]
    lines = [np.vstack([p, p[:1]]) for p in lines]
    parts = make_primitives(
        [STROKE] * len(lines), [(-1, -1)] * len(lines), np.zeros((0, 2)), lines, [1.0] * len(lines),
        [False] * len(lines), (500, 500),
    )  # fmt: skip
    points, _, _ = parts.samples(0.5)
    ink = ink_cells(points, np.zeros(len(points), np.int64), 1)
    distances = fit_kind(kind, ink, cell_distances(ink))[0]
    (found, flipped), distance = choose_pose(distances), distances.min()
    seen = Piece(kind, kind.variants[0], 0.0, 0.0, (1.0, 1.0), int(found), flipped, 0.5).to_sheet([(1.0, 3.0)])
    # A symmetric symbol may be told in either of two poses that draw the same.
    drawn = Piece(kind, kind.variants[0], 0.0, 0.0, (1.0, 1.0), rotation, mirrored, 0.5).to_sheet([(1.0, 3.0)])
    assert distance < 0.03
    assert np.allclose(np.sort(np.abs(seen)), np.sort(np.abs(drawn)))


def test_an_instance_spans_its_members_and_takes_the_kind_they_agree_on() -> None:
    xy = np.array([(10, 10), (60, 10), (60, 50), (300, 300), (350, 300)], float)
    pairs = [(0, 1), (1, 2), (3, 4)]
    parts = make_primitives([STROKE] * 3, pairs, xy, [xy[list(p)] for p in pairs], [4.0] * 3, [False] * 3, (400, 400))
    graph = relate(parts)
    classes = np.array([[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.05, 0.05, 0.9]])
    guesses = gather_hypotheses(parts, graph, classes, np.full(graph.known.shape, 0.95), np.array([0, 2]))
    found = choose_instances(parts, guesses)
    assert len(guesses) == 1  # three cuts agree
    assert found.boxes.tolist() == [[8, 8, 62, 52]]
    assert found.label.tolist() == [0, 0, -1]
    assert found.kinds.argmax(axis=1).tolist() == [1]
    assert found.kinds.sum(axis=1) == pytest.approx(1)
