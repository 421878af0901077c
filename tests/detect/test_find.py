"""The two passes put a sheet together again; the network's stand-in sees every blob of ink as a symbol."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.detect.detect import SymbolDetector
from pid.detect.tiles import DETAIL_PX, OVERLAP_PX, OVERVIEW_PX, TILE_PX, tile_starts
from pid.detect.yolo import Found
from pid.drawing import GROUPS
from pid.geometry import box_iou, grown

BUBBLE = GROUPS.index("instrument")  # which may stand alone
WIDTH, HEIGHT = DETAIL_PX, 2687  # so that a pixel of the sheet is one of the detail pass


class BlobFinder:
    """Finds the box of each connected blob of a tile, as far as the tile shows it, whole ones more surely."""

    def __init__(self) -> None:
        self.seen = 0

    def find(self, tiles: np.ndarray) -> list[Found]:
        found = []
        for tile in tiles:
            _, _, stats, _ = cv2.connectedComponentsWithStats((tile < 128).astype(np.uint8))
            corner, size = stats[1:, :2].astype(float), stats[1:, 2:4]
            boxes = np.c_[corner, corner + size]
            whole = ((boxes > 0) & (boxes < TILE_PX)).all(axis=1)
            found.append(Found(boxes, np.where(whole, 0.9, 0.6), np.full(len(boxes), BUBBLE)))
        self.seen = len(tiles)
        return found


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> SymbolDetector:
    detector = SymbolDetector(Path("nowhere"))
    monkeypatch.setitem(detector.__dict__, "_shape", BlobFinder())
    return detector


def symbols_on_borders() -> np.ndarray:
    """Boxes (N, 4) across, on and beside every border of the detail pass's tiles, of several sizes."""
    xs, ys = tile_starts(WIDTH), tile_starts(HEIGHT)
    edges_x, edges_y = [e for x in xs for e in (x, x + TILE_PX)][1:-1], [e for y in ys for e in (y, y + TILE_PX)][1:-1]
    boxes = []
    for i, x in enumerate(sorted(edges_x)):
        for j, y in enumerate(sorted(edges_y)):
            wide, high = 20 + 9 * ((i + j) % 5), 20 + 7 * ((i + 2 * j) % 6)
            shift = (i * 7 + j * 5) % 30
            boxes.append([x - shift, y - high + shift // 2, x - shift + wide, y + shift // 2])
    kept = np.zeros((0, 4))
    for box in np.array(boxes, float):  # only those apart from the others
        if not len(kept) or box_iou(grown(box, 6), kept).max() == 0:
            kept = np.r_[kept, box[None]]
    return kept


def drawn(boxes: np.ndarray) -> np.ndarray:
    sheet = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for x0, y0, x1, y1 in boxes.astype(int):
        sheet[y0:y1, x0:x1] = 0
    return sheet


def test_symbols_on_tile_borders_are_found_once_and_whole(detector: SymbolDetector) -> None:
    truth = symbols_on_borders()
    assert len(truth) > 60
    found = detector.find(drawn(truth))
    assert len(found.boxes) == len(truth)
    assert box_iou(truth, found.boxes).max(axis=1).min() > 0.99


@pytest.mark.parametrize("side", [OVERLAP_PX - 12, 200, 420, 700, 1000])
def test_equipment_larger_than_the_overlap_is_found_whole(detector: SymbolDetector, side: int) -> None:
    truth = np.array([[x0, 300, x0 + side, 300 + 1.4 * side] for x0 in (100, 1500, 2700)])
    found = detector.find(drawn(truth))
    assert len(found.boxes) == len(truth)
    # The overview's pixel is DETAIL_PX / OVERVIEW_PX of the sheet's.
    assert np.abs(found.boxes[np.argsort(found.boxes[:, 0])] - truth).max() <= DETAIL_PX / OVERVIEW_PX + 1


def test_a_large_scan_gives_the_same_in_its_own_pixels(
    detector: SymbolDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = symbols_on_borders()[::9]
    sheet = cv2.resize(drawn(truth), None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    monkeypatch.setitem(detector.__dict__, "_kinds", None)
    found = detector.detect_symbols(sheet, least_probability=0.5)
    boxes = np.array([s.box for s in found])
    assert len(found) == len(truth)
    assert box_iou(truth * 3, boxes).max(axis=1).min() > 0.9


def test_an_empty_sheet_is_not_looked_at(detector: SymbolDetector) -> None:
    assert len(detector.find(np.full((HEIGHT, WIDTH), 255, np.uint8)).boxes) == 0
    assert detector._shape.seen == 0
