"""The shipped networks find and name what is drawn."""

import json
from pathlib import Path

import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.detect.card import write_kinds_card, write_shape_card
from pid.detect.dataset import label_sheet
from pid.detect.detect import SymbolDetector
from pid.drawing import GROUPS, Drawing, Symbol
from pid.errors import InputError
from pid.geometry import as_boxes, box_iou
from pid.learning.calibrate import match_boxes
from pid.resources import data_path
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet

SEED = 900_500_001  # in the range that training leaves out
PX_PER_MM = 4.0
ONE_WAY = ("flow_arrow", "concentric_reducer", "off_page_connector")
"""Kinds that look the same in no other quarter turn, and the same upside down."""


@pytest.fixture(scope="module")
def detector() -> SymbolDetector:
    return SymbolDetector(threads=1)


@pytest.fixture(scope="module")
def sheet() -> tuple[np.ndarray, Drawing]:
    """The upper left quarter of a scattered sheet: about a hundred symbols."""
    ink, drawing = scatter_sheet(SEED, px_per_mm=PX_PER_MM)
    image = render_raster(ink, PX_PER_MM)[:854, :1210]
    inside = tuple(s for s in drawing.symbols if s.box[2] < 1205 and s.box[3] < 850)
    return np.ascontiguousarray(image), drawing.model_copy(update={"symbols": inside, "words": ()})


@pytest.fixture(scope="module")
def found(detector: SymbolDetector, sheet: tuple[np.ndarray, Drawing]) -> tuple[Symbol, ...]:
    return detector.detect_symbols(sheet[0])


@pytest.fixture(scope="module")
def many(detector: SymbolDetector, sheet: tuple[np.ndarray, Drawing]) -> tuple[Symbol, ...]:
    """With the unlikely ones."""
    return detector.detect_symbols(sheet[0], least_probability=0.2)


def test_most_symbols_of_a_drawn_sheet_are_found_and_grouped(
    found: tuple[Symbol, ...], sheet: tuple[np.ndarray, Drawing]
) -> None:
    _, drawing = sheet
    boxes = as_boxes([s.box for s in found])
    match = match_boxes(boxes, np.array([s.score for s in found]), as_boxes([s.box for s in drawing.symbols]),
                        longer_px=2400)  # fmt: skip
    recall = (match >= 0).sum() / len(drawing.symbols)
    same = [found[i].group == drawing.symbols[j].group for i, j in enumerate(match) if j >= 0]
    kinds = [found[i].kind == drawing.symbols[j].kind for i, j in enumerate(match) if j >= 0]
    assert recall > 0.7
    assert np.mean(same) > 0.6
    assert np.mean(kinds) > 0.4


def test_found_symbols_keep_the_contract(found: tuple[Symbol, ...], sheet: tuple[np.ndarray, Drawing]) -> None:
    image, drawing = sheet
    catalog = load_catalog()
    Drawing.model_validate(drawing.model_copy(update={"symbols": found}).model_dump())
    assert [s.id for s in found] == [f"s{i}" for i in range(1, len(found) + 1)]
    scores = [s.score for s in found]
    assert scores == sorted(scores, reverse=True)
    for symbol in found:
        assert symbol.kind == "unknown" or symbol.kind in catalog
        assert symbol.found_by == ("shape",)
        assert symbol.ports
        runners_up = symbol.attributes["runners_up"]
        assert isinstance(runners_up, list)
        assert all(isinstance(r, list) and r[0] in catalog and 0 <= r[1] <= 1 for r in runners_up)
    boxes = as_boxes([s.box for s in found])
    assert boxes.min() >= 0
    assert (boxes[:, 2] <= image.shape[1]).all()
    assert (boxes[:, 3] <= image.shape[0]).all()
    overlap = box_iou(boxes, boxes) - np.eye(len(boxes))
    assert overlap.max() < 0.6  # nothing twice


def points(symbol: Symbol) -> float:
    """Where the symbol's right side as catalogued lies on the sheet: a mirrored one is the same turned by a half."""
    return (symbol.rotation + 180 * symbol.mirrored) % 360


def test_the_way_a_symbol_points_comes_out(many: tuple[Symbol, ...], sheet: tuple[np.ndarray, Drawing]) -> None:
    _, drawing = sheet
    pointing = [s for s in drawing.symbols if s.kind in ONE_WAY]
    near = box_iou([s.box for s in many], [s.box for s in pointing])
    pairs = [(many[i], pointing[j]) for i, j in zip(*np.nonzero(near > 0.5), strict=True)]
    same = [(points(f), points(t)) for f, t in pairs if f.kind == t.kind]
    assert len(same) >= 4
    assert {t for _, t in same} != {0.0}  # several ways are drawn
    assert np.mean([f == t for f, t in same]) > 0.8


def test_the_threshold_moves_what_is_reported(
    detector: SymbolDetector, many: tuple[Symbol, ...], sheet: tuple[np.ndarray, Drawing]
) -> None:
    few = detector.detect_symbols(sheet[0], least_probability=0.9)
    assert len(few) < len(many)
    assert all(s.score >= 0.9 for s in few)


@pytest.mark.parametrize("shape", [(900, 1300), (20, 5000), (5, 5)])
def test_blank_and_tiny_pictures_hold_nothing(detector: SymbolDetector, shape: tuple[int, int]) -> None:
    assert detector.detect_symbols(np.full(shape, 230, np.uint8)) == ()


def test_colour_is_refused(detector: SymbolDetector) -> None:
    with pytest.raises(ValueError, match="grey picture"):
        detector.detect_symbols(np.zeros((50, 50, 3), np.uint8))


def test_missing_networks_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"shape\.onnx is missing"):
        SymbolDetector(tmp_path).detect_symbols(np.zeros((64, 64), np.uint8))


def test_cards_are_written_with_what_serving_reads(tmp_path: Path, sheet: tuple[np.ndarray, Drawing]) -> None:
    for name in ("shape.onnx", "kinds.onnx"):
        (tmp_path / name).write_bytes(data_path("models", name).read_bytes())
    image, drawing = sheet
    held_out = [label_sheet(image, drawing), label_sheet(np.ascontiguousarray(image[:, :700]), left_part(drawing))]
    labels = json.loads(data_path("models", "kinds.json").read_text())["labels"]
    kinds = write_kinds_card(tmp_path, labels, held_out, {})
    assert kinds["held_out"]["kind_right"] > 0.3
    card = write_shape_card(tmp_path, held_out, {"recipe": "test"})
    assert card["recipe"] == "test"
    assert card["groups"] == list(GROUPS)
    assert 0.3 < card["held_out"]["ap50"] <= 1
    assert 0 < SymbolDetector(tmp_path).calibration.threshold < 1
    with pytest.raises(ValueError, match="two held-out sheets"):
        write_shape_card(tmp_path, held_out[:1], {})


def left_part(drawing: Drawing) -> Drawing:
    return drawing.model_copy(update={"symbols": tuple(s for s in drawing.symbols if s.box[2] < 695)})
