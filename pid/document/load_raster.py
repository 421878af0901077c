"""Raster files through Pillow: any colour model becomes grey or RGB on white paper, upright, at a workable size.

Coordinates are continuous: the top left corner of the first pixel is (0, 0), its middle (0.5, 0.5).
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pid.drawing import Matrix, SheetInfo, Source
from pid.errors import InputError
from pid.sheet import Sheet

MAX_PIXELS = 400_000_000
"""Largest picture that is decoded: A0 at 400 dpi has 248 million pixels, at 500 dpi 387 million."""

MAX_SIDE_PX = 60_000
"""Longest side that is decoded: a strip longer than this is no drawing sheet."""

MAX_SHEET_PX = 10_000
"""Longest side of a sheet: larger pictures are scaled down while loading. A0 then still has 213 dpi, at which 1.8 mm
lettering (the smallest of ISO 3098) is 15 px high, what text recognition needs; more pixels only cost time."""

PLAUSIBLE_DPI = (100.0, 1300.0)
"""Below are the 72 and 96 that software writes when it does not know."""

PLAUSIBLE_LONG_SIDE_MM = (140.0, 2600.0)
"""A6 to a long A0 roll: outside, the resolution stated in the file is wrong."""

MAX_PAGES = 10_000

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, IndexError, struct.error, zlib.error,
           OverflowError, MemoryError, Image.DecompressionBombError)  # fmt: skip
_ORIENTATION_TAG = 0x0112
_SUBFILE_TAG, _WIDTH_TAG, _HEIGHT_TAG = 254, 256, 257
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_limit_lock = threading.RLock()


class RasterFile:
    """A picture file; only TIFF has more than one page."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with _own_limits():
                self._image = Image.open(path, formats=_FORMATS)
                self._frames = _page_frames(self._image)
        except UnidentifiedImageError as error:
            raise InputError(f"{path.name} is not a picture that can be read, whatever its name says.") from error
        except _BROKEN as error:
            raise InputError(f"{path.name} is damaged or cut short and cannot be read.") from error
        self.count = len(self._frames)

    def load(self, page: int, *, source: Source) -> Sheet:
        """Decode a page, flattened on white, upright, at most `MAX_SHEET_PX` long."""
        name = self._path.name if self.count == 1 else f"{self._path.name}, page {page}"
        try:
            with _own_limits():
                self._image.seek(self._frames[page - 1])
                _check_size(self._image.size, name)
                orientation = _orientation(self._image)
                dpi = self._image.info.get("dpi")
                _undo_early_turn(self._image, orientation)
                self._image.load()
        except _BROKEN as error:
            raise InputError(f"{name} is damaged or cut short and cannot be read.") from error
        try:
            return _make_sheet(self._image, orientation=orientation, dpi=dpi, source=source)
        except _BROKEN as error:
            raise InputError(f"{name} has a colour model that cannot be read ({self._image.mode}).") from error

    def close(self) -> None:
        """Close the file."""
        self._image.close()


@contextmanager
def _own_limits() -> Iterator[None]:
    """Pillow's own size limit stands aside for `_check_size`; its remarks on broken files are not the user's."""
    with _limit_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _page_frames(image: Image.Image) -> list[int]:
    """Indices of the frames that are pages: for TIFF all but thumbnails, for the rest the first."""
    if image.format != "TIFF":
        return [0]
    pages: list[int] = []
    thumbnails: list[int] = []
    try:
        for frame in range(MAX_PAGES):
            image.seek(frame)
            reduced = int(image.tag_v2.get(_SUBFILE_TAG, 0)) & 1  # type: ignore[attr-defined]
            (thumbnails if reduced else pages).append(frame)
    except _BROKEN:  # the end of the chain, or a broken link in it: what came before is readable
        if not pages and not thumbnails:
            raise
    image.seek(0)
    return pages or thumbnails


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InputError(f"{name} has no pixels ({width} x {height}).")
    if width * height > MAX_PIXELS or max(size) > MAX_SIDE_PX:
        raise InputError(
            f"{name} is too large: {width} x {height} pixels; "
            f"at most {MAX_PIXELS // 1_000_000} million and {MAX_SIDE_PX} on a side are read."
        )


def _orientation(image: Image.Image) -> int:
    value = image.getexif().get(_ORIENTATION_TAG, 1)
    return value if value in _TRANSPOSE else 1


def _undo_early_turn(image: Image.Image, orientation: int) -> None:
    """Let uncompressed TIFF pages lying on their side be decoded at the size that they are stored in.

    Pillow (seen in 13.0) exchanges width and height of such a page when it is opened and then reads its rows at the
    wrong length; turning the picture after decoding is right.
    """
    tiles = getattr(image, "tile", ())
    if image.format == "TIFF" and orientation >= 5 and tiles and tiles[0].codec_name == "raw":
        image._size = image.tag_v2[_WIDTH_TAG], image.tag_v2[_HEIGHT_TAG]  # type: ignore[attr-defined]


def _make_sheet(image: Image.Image, *, orientation: int, dpi: object, source: Source) -> Sheet:
    turned_already = orientation != 1 and _orientation(image) == 1  # Pillow turns TIFF files itself
    long_side = max(image.size)
    factor = min(1.0, MAX_SHEET_PX / long_side)
    flat = _flatten(_scaled(image, factor))
    if orientation != 1 and not turned_already:
        flat = flat.transpose(_TRANSPOSE[orientation])
    full = image.size if orientation < 5 or turned_already else image.size[::-1]
    pixels = _drop_empty_color(np.array(flat))
    height, width = pixels.shape[:2]
    info = SheetInfo(
        width=width,
        height=height,
        px_per_mm=_px_per_mm(dpi, long_side, factor),
        to_source=_to_source((full[0], full[1]), (width, height), orientation),
    )
    return Sheet(image=pixels, source=source, info=info)


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    """Scaled down by averaging; before any widening of the colour model where that is possible, to save memory."""
    if factor >= 1.0:
        return image
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode in {"P", "PA"}:
        image = _flatten(image)
    elif image.mode.startswith(("I", "F")):
        image = _to_8_bit(image)
    size = max(round(image.width * factor), 1), max(round(image.height * factor), 1)
    return image.resize(size, Image.Resampling.HAMMING)


def _flatten(image: Image.Image) -> Image.Image:
    """Mode L or RGB, transparent parts white."""
    mode = image.mode
    if mode in {"L", "RGB"} and "transparency" not in image.info:
        return image
    if mode == "1":
        return image.convert("L")
    if mode.startswith(("I", "F")):
        return _to_8_bit(image)
    if mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in image.info:
        has_color = mode not in {"L", "LA", "La"}
        clear = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(clear, mask=clear.getchannel("A"))
        return paper if has_color else paper.convert("L")
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits or floating point; white is the top of the smallest usual depth that holds all values."""
    values = np.asarray(image)
    top = float(values.max(initial=0))
    depths = (1.0, 255.0) if values.dtype.kind == "f" else (255.0,)
    white = next((d for d in (*depths, 1023.0, 4095.0, 16383.0, 65535.0) if top <= d), top)
    out = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), 512):  # in strips: the float copy of an A0 sheet would take gigabytes
        strip = values[start : start + 512].astype(np.float32)
        out[start : start + 512] = np.clip(strip * (255.0 / white) + 0.5, 0, 255)
    return Image.fromarray(out)


def _drop_empty_color(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB whose channels are equal becomes grey (H, W)."""
    if pixels.ndim == 2:
        return pixels
    for start in range(0, len(pixels), 512):
        strip = pixels[start : start + 512]
        if not (np.array_equal(strip[..., 0], strip[..., 1]) and np.array_equal(strip[..., 1], strip[..., 2])):
            return pixels
    return np.ascontiguousarray(pixels[..., 0])


def _px_per_mm(dpi: object, long_side: int, factor: float) -> float | None:
    """From the resolution stated in the file, where it is plausible and the same both ways."""
    try:
        x, y = (float(v) for v in dpi)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not PLAUSIBLE_DPI[0] <= x <= PLAUSIBLE_DPI[1] or abs(x - y) > 0.02 * x:
        return None
    if not PLAUSIBLE_LONG_SIDE_MM[0] <= long_side / x * 25.4 <= PLAUSIBLE_LONG_SIDE_MM[1]:
        return None
    return x / 25.4 * factor


def _to_source(full: tuple[int, int], sheet: tuple[int, int], orientation: int) -> Matrix:
    """Sheet pixels to stored pixels. `full` is the upright size before scaling."""
    sx, sy = full[0] / sheet[0], full[1] / sheet[1]
    width, height = full if orientation < 5 else full[::-1]  # as stored
    w, h = float(width), float(height)
    rows: dict[int, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
        1: ((sx, 0.0, 0.0), (0.0, sy, 0.0)),
        2: ((-sx, 0.0, w), (0.0, sy, 0.0)),
        3: ((-sx, 0.0, w), (0.0, -sy, h)),
        4: ((sx, 0.0, 0.0), (0.0, -sy, h)),
        5: ((0.0, sy, 0.0), (sx, 0.0, 0.0)),
        6: ((0.0, sy, 0.0), (-sx, 0.0, h)),
        7: ((0.0, -sy, w), (-sx, 0.0, h)),
        8: ((0.0, -sy, w), (sx, 0.0, 0.0)),
    }
    first, second = rows[orientation]
    return first, second, (0.0, 0.0, 1.0)
