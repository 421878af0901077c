"""Grey, shaded and pale pictures come out as ink on white paper."""

import numpy as np
import pytest

from pid.paper import WORKING_PX, reduce_sheet, whiten_paper


def line_work(height: int = 640, width: int = 960) -> np.ndarray:
    sheet = np.full((height, width), 255, np.uint8)
    sheet[::40] = 0
    sheet[:, ::55] = 0
    sheet[100:140, 100:180] = 0  # a filled symbol
    return sheet


def test_a_clean_sheet_is_left_alone() -> None:
    sheet = line_work()
    assert np.array_equal(whiten_paper(sheet), sheet)


def test_a_blank_sheet_stays_blank() -> None:
    assert (whiten_paper(np.full((300, 200), 180, np.uint8)) == 255).all()


def test_shade_and_pale_ink_are_undone() -> None:
    sheet = line_work()
    shade = np.linspace(150, 235, sheet.shape[1])[None]
    dim = np.clip(shade * (0.35 + 0.65 * sheet / 255.0), 0, 255).astype(np.uint8)
    clean = whiten_paper(dim)
    paper = sheet == 255
    assert np.median(clean[paper]) >= 250
    assert np.percentile(clean[paper], 2) > 225
    assert np.percentile(clean[~paper], 90) < 60


def test_a_large_filled_area_stays_dark() -> None:
    sheet = line_work()
    sheet[200:330, 200:460] = 10
    assert whiten_paper(sheet)[210:320, 210:450].max() < 60


def test_a_coloured_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="grey picture"):
        whiten_paper(np.zeros((10, 10, 3), np.uint8))


def test_large_sheets_are_averaged_down_by_a_whole_factor() -> None:
    sheet = np.zeros((61, 3 * WORKING_PX + 1), np.uint8)
    sheet[:, ::3] = 90
    reduced, factor = reduce_sheet(sheet)
    assert factor == 3
    assert reduced.shape == (20, WORKING_PX)
    assert (reduced == 30).all()


@pytest.mark.parametrize("shape", [(60, WORKING_PX), (900, 2 * WORKING_PX - 1), (1, 5 * WORKING_PX)])
def test_small_and_odd_sheets_are_left_as_they_are(shape: tuple[int, int]) -> None:
    sheet = np.full(shape, 200, np.uint8)
    reduced, factor = reduce_sheet(sheet)
    assert factor == 1
    assert reduced is sheet
