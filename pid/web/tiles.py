"""A page's picture as a pyramid of tiles, from which a browser shows sheets of any size fluently.

Terms of art: at *zoom* 0 the whole sheet fits one tile; each zoom doubles the scale; at the *deepest* zoom a pixel of
the tile is a pixel of the sheet. Tiles are counted from the sheet's top left corner and end where the sheet
ends. All tiles of a page lie in one file, an uncompressed ZIP with members ``zoom/column/row.jpg``: thousands of sheets
do not become millions of files.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

TILE_PX = 512
"""Side of a tile. A screen shows about twelve of them."""
OVERLAP_PX = 1
"""Tiles show so much of their right and lower neighbours, too, or browsers would show seams where they scale them."""
QUALITY = 82
"""JPEG quality: linework without visible ringing at about 1 bit a pixel."""
THUMBNAIL_PX = 480
"""Longer side of a thumbnail, for screens of double density."""
INK_SHARE = 0.45
"""Share of the darkest of four pixels in their common one: a plain mean lets thin lines fade with every halving."""


def deepest_zoom(width: int, height: int) -> int:
    """The zoom at which tiles show the sheet's own pixels."""
    zoom = 0
    while TILE_PX << zoom < max(width, height):
        zoom += 1
    return zoom


def write_tiles(image: NDArray[np.uint8], file: Path | BinaryIO) -> None:
    """Write the pyramid of an image, (H, W) grey or (H, W, 3) RGB, to a file."""
    level = _bgr(image)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for zoom in range(deepest_zoom(image.shape[1], image.shape[0]), -1, -1):
            for column, row, tile in _cut(level):
                archive.writestr(_member(zoom, column, row), encode_jpeg(tile))
            level = halve(level)


def read_tile(file: Path | BinaryIO, zoom: int, column: int, row: int) -> bytes | None:
    """The JPEG of one tile, or nothing where the pyramid has none."""
    with zipfile.ZipFile(file) as archive:
        try:
            return archive.read(_member(zoom, column, row))
        except KeyError:
            return None


def draw_thumbnail(image: NDArray[np.uint8]) -> bytes:
    """The JPEG of a small picture of an image, (H, W) grey or (H, W, 3) RGB."""
    level = _bgr(image)
    while max(level.shape[:2]) >= 2 * THUMBNAIL_PX:
        level = halve(level)
    scale = min(THUMBNAIL_PX / max(level.shape[:2]), 1.0)
    size = (max(round(level.shape[1] * scale), 1), max(round(level.shape[0] * scale), 1))
    return encode_jpeg(np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.uint8))


def halve(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image at half its size, (H, W) or (H, W, 3); thin dark lines keep their ink."""
    rows, columns = image.shape[:2]
    even = cv2.copyMakeBorder(image, 0, rows % 2, 0, columns % 2, cv2.BORDER_REPLICATE)
    size = (even.shape[1] // 2, even.shape[0] // 2)
    mean = cv2.resize(even, size, interpolation=cv2.INTER_AREA)
    darkest = np.minimum(np.minimum(even[::2, ::2], even[1::2, ::2]), np.minimum(even[::2, 1::2], even[1::2, 1::2]))
    return np.asarray(cv2.addWeighted(mean, 1 - INK_SHARE, darkest, INK_SHARE, 0.0), np.uint8)


def encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    """JPEG of an image, (H, W) grey or (H, W, 3) BGR."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError(f"an image of the shape {image.shape} cannot be encoded as JPEG")
    return data.tobytes()


def _bgr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)


def _cut(level: NDArray[np.uint8]) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Tiles of a level with their column and row."""
    height, width = level.shape[:2]
    for row, y in enumerate(range(0, height, TILE_PX)):
        for column, x in enumerate(range(0, width, TILE_PX)):
            yield column, row, level[y : y + TILE_PX + OVERLAP_PX, x : x + TILE_PX + OVERLAP_PX]


def _member(zoom: int, column: int, row: int) -> str:
    return f"{zoom}/{column}/{row}.jpg"
