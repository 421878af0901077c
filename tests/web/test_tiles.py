"""The tile pyramid shows the sheet: every pixel at the deepest zoom, the whole of it in one tile at zoom 0."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.web.tiles import THUMBNAIL_PX, deepest_zoom, draw_thumbnail, halve, read_tile, write_tiles


def decode(data: bytes | None) -> NDArray[np.uint8]:
    assert data is not None
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


def ramp(height: int, width: int) -> NDArray[np.uint8]:
    """A smooth picture in which each place has a grey of its own."""
    return np.linspace(0, 250, height * width).reshape(height, width).astype(np.uint8)


@pytest.mark.parametrize(("side", "zoom"), [(1, 0), (512, 0), (513, 1), (4800, 4), (9933, 5)])
def test_deepest_zoom_covers_the_longer_side(side: int, zoom: int) -> None:
    assert deepest_zoom(side, 1) == deepest_zoom(1, side) == zoom


def test_deepest_zoom_holds_the_sheets_own_pixels(tmp_path: Path) -> None:
    image = ramp(700, 1300)
    write_tiles(image, tmp_path / "tiles.zip")
    rows = [
        np.hstack([decode(read_tile(tmp_path / "tiles.zip", 2, column, row))[:512, :512] for column in range(3)])
        for row in range(2)
    ]
    whole = np.vstack(rows)
    assert whole.shape == image.shape  # tiles end where the sheet ends
    assert np.abs(whole.astype(int) - image).max() <= 12
    assert decode(read_tile(tmp_path / "tiles.zip", 2, 0, 0)).shape == (513, 513)  # and show a pixel of the next
    assert read_tile(tmp_path / "tiles.zip", 2, 3, 0) is None


def test_zoom_0_is_the_whole_sheet_in_one_tile() -> None:
    image = np.full((2000, 3000), 255, np.uint8)
    image[:1000, :1500] = 0
    file = io.BytesIO()
    write_tiles(image, file)
    tile = decode(read_tile(file, 0, 0, 0))
    scale = 2 ** deepest_zoom(3000, 2000)
    assert tile.shape == (2000 / scale, 3000 / scale)
    assert tile[: 1000 // scale - 4, : 1500 // scale - 4].max() < 16
    assert tile[1000 // scale + 4 :].min() > 240
    assert read_tile(file, 0, 1, 0) is None


def test_colours_survive() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[...] = (250, 20, 10)  # red in RGB
    file = io.BytesIO()
    write_tiles(image, file)
    blue, green, red = decode(read_tile(file, 0, 0, 0))[50, 50].tolist()
    assert red > 230 and green < 50 and blue < 50


def test_thin_lines_stay_visible_in_small_pictures() -> None:
    image = np.full((4096, 4096), 255, np.uint8)
    image[:, 2000] = 0
    small = halve(halve(halve(image)))
    assert small.shape == (512, 512)
    assert small[256, 250] < 225  # a plain mean of 8 x 8 pixels leaves 223 of 255 white; the line must be darker
    assert small[256, 240] == 255


@pytest.mark.parametrize(("height", "width"), [(3394, 4800), (40, 7001), (3, 2)])
def test_thumbnails_fit_their_size(height: int, width: int) -> None:
    rows, columns = decode(draw_thumbnail(np.full((height, width), 255, np.uint8))).shape[:2]
    assert max(rows, columns) == min(max(height, width), THUMBNAIL_PX)
    assert columns / rows == pytest.approx(width / height, rel=0.1) or rows <= 3
