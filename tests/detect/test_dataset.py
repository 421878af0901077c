"""Sheets are kept and cut with their labels in the right place."""

from pathlib import Path

import numpy as np
import pytest

from pid.detect.dataset import (
    LabelledSheet,
    SheetFolder,
    Tile,
    alter_tile,
    cut_tile,
    cut_tiles,
    fill_sheet_folder,
    label_sheet,
    visible_labels,
)
from pid.drawing import GROUPS, Drawing, SheetInfo, Source, Symbol


def dark_boxes_sheet() -> LabelledSheet:
    """Filled rectangles are the symbols, so that a label can be checked against the picture."""
    rng = np.random.default_rng(3)
    image = np.full((900, 1400), 255, np.uint8)
    symbols = []
    for i, (x, y) in enumerate((x, y) for x in range(30, 1300, 160) for y in range(30, 800, 150)):
        w, h = (int(v) for v in rng.integers(16, 110, 2))
        image[y : y + h, x : x + w] = 0
        symbols.append(Symbol(id=f"s{i}", kind="gate_valve", group=GROUPS[i % len(GROUPS)], box=(x, y, x + w, y + h)))
    drawing = Drawing(
        source=Source(name="x", sha256="0" * 64), sheet=SheetInfo(width=1400, height=900), symbols=tuple(symbols)
    )
    return label_sheet(image, drawing)


def assert_labels_fit(tile: Tile) -> None:
    dark = tile.image < 128
    for x0, y0, x1, y1 in tile.boxes:
        inner = dark[round(y0) + 2 : round(y1) - 2, round(x0) + 2 : round(x1) - 2]
        assert inner.all()
        ring = dark[max(round(y0) - 3, 0) : round(y1) + 3, max(round(x0) - 3, 0) : round(x1) + 3]
        assert ring.mean() < 1 or min(x0, y0) < 4 or max(x1, y1) > len(tile.image) - 4


@pytest.mark.parametrize("seed", range(8))
def test_labels_lie_on_their_ink_after_every_turn_and_scale(seed: int) -> None:
    sheet, rng = dark_boxes_sheet(), np.random.default_rng(seed)
    tile = cut_tile(sheet, (rng.uniform(0, 1400), rng.uniform(0, 900)), 320, float(rng.uniform(0.7, 1.4)))
    assert len(tile.boxes)
    assert_labels_fit(tile)
    turned = alter_tile(tile, rng)
    assert len(turned.boxes) == len(tile.boxes)
    assert sorted(turned.groups) == sorted(tile.groups)
    assert_labels_fit(Tile(np.where(turned.image < 140, 0, 255).astype(np.uint8), turned.boxes, turned.groups))


def test_a_tile_larger_than_the_sheet_is_padded_with_paper() -> None:
    sheet = dark_boxes_sheet()
    tile = cut_tile(sheet, (700, 450), 512, 0.25)
    assert tile.image.shape == (512, 512)
    longer = (sheet.boxes[:, 2:] - sheet.boxes[:, :2]).max(axis=1)
    assert len(tile.boxes) == (longer * 0.25 >= 8).sum()
    assert (tile.image < 128).any()


def test_labels_mostly_outside_or_too_small_are_left_out() -> None:
    boxes = np.array([[-30.0, 10, 20, 40], [-10, 10, 40, 40], [50, 50, 53, 54], [90, 10, 92, 40]])
    kept, groups = visible_labels(boxes, np.arange(4), 100)
    assert groups.tolist() == [1, 3]
    assert kept[0].tolist() == [0, 10, 40, 40]
    assert kept[1, 2] - kept[1, 0] >= 5  # a bar is thick enough to hit


def test_sheets_are_drawn_once_and_read_back(sheet_folder: Path) -> None:
    def refuse(seed: int) -> tuple[np.ndarray, Drawing]:
        raise AssertionError(f"sheet {seed} was drawn again")

    assert fill_sheet_folder(sheet_folder, refuse, [1, 2]) == 0
    folder = SheetFolder(sheet_folder, cached=1)
    assert folder.seeds() == [1, 2]
    assert len(folder.get(1).boxes) == len(folder.get(1).drawing.symbols) > 50
    tiles = cut_tiles(folder, np.random.default_rng(0), tile_px=256, overview_share=0.2, scales=(0.7, 1.4))
    some = [next(tiles) for _ in range(12)]
    assert {t.image.shape for t in some} == {(256, 256)}
    assert sum(len(t.boxes) for t in some) > 12


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no training sheet"):
        SheetFolder(tmp_path).random_sheet(np.random.default_rng(0))
