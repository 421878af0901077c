"""Tiles cover the sheet, and joining them neither loses, doubles nor halves a box."""

from itertools import pairwise

import numpy as np
import pytest

from pid.detect.tiles import OVERLAP_PX, TILE_PX, cut_sheet, drop_cut, is_cut, suppress, tile_starts
from pid.geometry import box_intersection, box_iou


@pytest.mark.parametrize("length", [1, 639, 640, 641, 1152, 1153, 2689, 3800, 9999])
def test_tiles_cover_with_overlap(length: int) -> None:
    starts = tile_starts(length)
    assert starts[0] == 0
    assert starts[-1] + TILE_PX >= length
    assert starts[-1] == max(0, length - TILE_PX)
    assert all(0 < b - a <= TILE_PX - OVERLAP_PX for a, b in pairwise(starts))


def test_an_overlap_as_large_as_the_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        tile_starts(1000, tile=100, overlap=100)


def test_blank_tiles_are_left_out_and_ink_is_kept() -> None:
    sheet = np.full((1500, 3000), 255, np.uint8)
    assert len(cut_sheet(sheet, 3000).images) == 0
    sheet[700:720, 2900:2930] = 0
    tiling = cut_sheet(sheet, 3000)
    assert 1 <= len(tiling.images) <= 4
    assert tiling.size == (3000, 1500)
    for image, (x, y) in zip(tiling.images, tiling.origins, strict=True):
        assert image.shape == (TILE_PX, TILE_PX)
        assert (image < 128).any()
        assert x + TILE_PX > 2900
        assert y <= 720


def test_tiles_of_long_lines_alone_are_left_out_where_asked() -> None:
    sheet = np.full((1500, 3000), 255, np.uint8)
    sheet[300:303] = 0
    sheet[:, 1500:1504] = 0
    assert len(cut_sheet(sheet, 3000).images) > 6
    assert len(cut_sheet(sheet, 3000, ignore_lines=True).images) == 0
    sheet[900:930, 200:230] = 0  # a symbol
    left = cut_sheet(sheet, 3000, ignore_lines=True)
    assert 1 <= len(left.images) <= 2
    assert all(x <= 200 and y <= 900 <= y + TILE_PX for x, y in left.origins)


def test_a_sheet_smaller_than_a_tile_is_padded_with_paper() -> None:
    tiling = cut_sheet(np.zeros((100, 300), np.uint8), 300)
    assert tiling.images.shape == (1, TILE_PX, TILE_PX)
    assert (tiling.images[0, :100, :300] == 0).all()
    assert (tiling.images[0, 100:] == 255).all()
    assert (tiling.images[0, :, 300:] == 255).all()


def seen_in_tiles(truth: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """What a perfect network reports: each box as far as each tile shows it, and which of those are cut."""
    boxes, cut = [], []
    for y in tile_starts(size[1]):
        for x in tile_starts(size[0]):
            tile = np.array([x, y, x + TILE_PX, y + TILE_PX], float)
            inside = np.c_[np.maximum(truth[:, :2], tile[:2]), np.minimum(truth[:, 2:], tile[2:])]
            inside = inside[(inside[:, 2] - inside[:, 0] > 4) & (inside[:, 3] - inside[:, 1] > 4)]
            boxes.append(inside)
            cut.append(is_cut(inside, np.array([x, y]), size))
    return np.concatenate(boxes), np.concatenate(cut)


@pytest.mark.parametrize("seed", range(5))
def test_no_symbol_is_lost_doubled_or_halved_at_borders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = (2300, 1700)
    cells = np.stack(np.meshgrid(np.arange(15), np.arange(11)), -1).reshape(-1, 2) * 150.0
    corner = cells + rng.uniform(0, 20, cells.shape)
    truth = np.c_[corner, corner + rng.uniform(14, OVERLAP_PX - 8, corner.shape)]
    found, cut = seen_in_tiles(truth, size)
    assert len(found) > len(truth)  # the borders do show symbols twice
    scores = rng.uniform(0.3, 0.9, len(found))
    keep = drop_cut(found, cut)
    found, scores = found[keep], scores[keep]
    found = found[suppress(found, scores)]
    assert len(found) == len(truth)
    assert (box_iou(truth, found).max(axis=1) > 0.999).all()


def test_a_cut_box_that_nothing_covers_stays() -> None:
    boxes = np.array([[600.0, 10, 640, 60], [0, 0, 50, 50]])
    assert drop_cut(boxes, np.array([True, False])).tolist() == [True, True]
    whole = np.array([[600.0, 10, 640, 60], [600, 10, 690, 60]])
    assert drop_cut(whole, np.array([True, False])).tolist() == [False, True]


def test_borders_of_the_sheet_do_not_cut() -> None:
    boxes = np.array([[0.0, 0, 30, 30], [610, 100, 640, 130]])
    assert is_cut(boxes, np.array([0, 0]), (2000, 2000)).tolist() == [False, True]
    assert is_cut(boxes, np.array([0, 0]), (640, 2000)).tolist() == [False, False]


def test_suppression_keeps_neighbours_and_nested_parts() -> None:
    boxes = np.array([[0.0, 0, 50, 25], [2, 1, 51, 26], [50, 0, 100, 25], [10, 5, 20, 15], [0, 0, 60, 26]])
    kept = suppress(boxes, np.array([0.9, 0.8, 0.7, 0.6, 0.5]))
    assert kept.tolist() == [0, 2, 3]
    assert box_intersection(boxes[kept], boxes[kept])[0, 1] == 0
