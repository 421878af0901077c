"""Sides of boxes move onto the ink."""

import cv2
import numpy as np
import pytest

from pid.detect.snap import snap_boxes
from pid.geometry import box_iou

VALVE = np.array([500.0, 400, 541, 427])


@pytest.fixture
def sheet() -> np.ndarray:
    """A gate valve in a level pipe on a sheet of reference size."""
    page = np.full((800, 5000), 255, np.uint8)
    cv2.line(page, (100, 413), (1000, 413), 0, 3)
    cv2.fillPoly(page, [np.array([[500, 400], [500, 426], [520, 413]])], 0)
    cv2.fillPoly(page, [np.array([[540, 400], [540, 426], [520, 413]])], 0)
    return page


@pytest.mark.parametrize("seed", range(6))
def test_a_box_a_few_pixels_off_is_put_right(sheet: np.ndarray, seed: int) -> None:
    off = VALVE + np.random.default_rng(seed).integers(-4, 5, 4)
    snapped = snap_boxes(sheet, off[None])
    assert np.abs(snapped[0] - VALVE).max() <= 1
    assert box_iou(snapped, VALVE[None])[0, 0] > 0.9


def test_an_upright_pipe_is_left_out_as_well(sheet: np.ndarray) -> None:
    turned = np.ascontiguousarray(np.rot90(sheet))
    truth = np.array([400.0, 5000 - 541, 427, 5000 - 500])
    snapped = snap_boxes(turned, (truth + np.array([3, -4, -3, 4]))[None])
    assert np.abs(snapped[0] - truth).max() <= 1


def test_a_side_with_a_neighbour_touching_stays(sheet: np.ndarray) -> None:
    sheet[400:427, 541:620] = 0  # more symbol, as far as one can see
    snapped = snap_boxes(sheet, VALVE[None])
    assert snapped[0, 2] == VALVE[2]


@pytest.mark.parametrize("box", [[2000.0, 600, 2040, 640], [0, 0, 3, 3], [4990, 790, 5000, 800], [700, 413, 700, 413]])
def test_boxes_without_symbol_and_at_the_border_come_back(sheet: np.ndarray, box: list[float]) -> None:
    assert snap_boxes(sheet, np.array([box])).tolist() == [box]


def test_no_boxes() -> None:
    assert snap_boxes(np.full((50, 50), 255, np.uint8), np.zeros((0, 4))).shape == (0, 4)
