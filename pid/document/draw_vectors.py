"""The picture of native vectors: a DXF has none of its own, and the shape detector and OCR look at pictures.

Also the other way round: which vectors does a picture show.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import reportlab
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pid.geometry import split_dashes
from pid.sheet import VectorPath, Vectors, VectorText

PALEST_INK = 110.0
"""Luminance that no ink exceeds: yellow on CAD's black screen would vanish on paper."""

PAPER_COLOR = 250
"""From this on in all three channels a colour is paper: it hides and does not draw."""

TAIL = 0.3
"""Reach of the letters that hang below the base line, in cap heights."""

WIDTH_FACTOR = 0.93
"""The bundled font is wide: a digit takes 0.87 cap heights, in Arial and ISOCPEUR 0.75 to 0.78; letters differ less."""

_TAILED = frozenset("gjpqyçµ()[]{}|@,;_")
_PROBES = (0.0, 0.13, 0.31, 0.5, 0.69, 0.87)  # along each segment, so that the gap of a dash does not decide
_SHIFT = 4  # cv2 takes coordinates in sixteenths of a pixel
_FONT_FILE = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
_SMALLEST_TEXT_PX = 2.0


def draw_vectors(vectors: Vectors, *, width: int, height: int) -> NDArray[np.uint8]:
    """Draw paths in order, then texts: (H, W) grey where all ink is grey, else (H, W, 3) RGB, paper 255.

    Ink paler than `PALEST_INK` is darkened; paper-coloured fills hide what was drawn before.
    """
    gray = all(len(set(path.color)) == 1 for path in vectors.paths)
    image = np.full((height, width) if gray else (height, width, 3), 255, np.uint8)
    for path in vectors.paths:
        _draw_path(image, path)
    for text in vectors.texts:
        _draw_text(image, text)
    return image


def darken_ink(color: tuple[int, int, int]) -> tuple[int, int, int]:
    """A colour made dark enough to be seen on paper; paper itself stays."""
    if min(color) >= PAPER_COLOR:
        return color
    luminance = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    factor = min(1.0, PALEST_INK / max(luminance, 1.0))
    return round(color[0] * factor), round(color[1] * factor), round(color[2] * factor)


def text_drop(text: str) -> float:
    """How far a text reaches below its base line in the bundled font, in cap heights."""
    return TAIL if any(letter in _TAILED for letter in text) else 0.0


def text_width(text: str) -> float:
    """Width of a text in cap heights, as CAD's usual fonts set it."""
    advance = sum(_glyph(letter, _METRIC_SIZE).advance for letter in text)
    return WIDTH_FACTOR * advance / _glyph("H", _METRIC_SIZE).top


def visible_paths(paths: Sequence[VectorPath], gray: NDArray[np.uint8]) -> list[VectorPath]:
    """The paths of which the picture shows any ink.

    Left out are paper-coloured masks and what lies wholly under them, outside of a clip or on a hidden layer.
    `gray` is (H, W) in the frame of the paths.
    """
    if not paths:
        return []
    darkest = cv2.erode(gray, np.ones((5, 5), np.uint8))
    points = np.concatenate([path.points for path in paths])
    starts = np.cumsum([0, *(len(path.points) for path in paths[:-1])])
    ahead = np.roll(points, -1, axis=0)
    ahead[np.r_[starts[1:], len(points)] - 1] = points[np.r_[starts[1:], len(points)] - 1]  # the last has none ahead
    inked = np.zeros(len(points), bool)
    for share in _PROBES:
        inked |= _is_inked(darkest, points + (ahead - points) * share)
    shown = np.logical_or.reduceat(inked, starts)
    return [path for path, seen in zip(paths, shown.tolist(), strict=True) if seen and min(path.color) < PAPER_COLOR]


def _is_inked(darkest: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    height, width = darkest.shape
    x, y = np.clip(np.floor(points.T), -1, 1 << 30).astype(np.int64)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    found = np.zeros(len(points), bool)
    found[inside] = darkest[y[inside], x[inside]] < PAPER_COLOR
    return found


def _draw_path(image: NDArray[np.uint8], path: VectorPath) -> None:
    color = darken_ink(path.color)
    ink: int | tuple[int, int, int] = color if image.ndim == 3 else color[0]
    points = _fixed_point(path.points)
    if path.filled:
        cv2.fillPoly(image, [points], ink, cv2.LINE_AA, _SHIFT)
        return
    thickness = max(1, round(path.width_px))
    if path.dash_px:
        dashes = [_fixed_point(d) for d in split_dashes(path.points, path.dash_px, closed=path.closed)]
        cv2.polylines(image, dashes, False, ink, thickness, cv2.LINE_AA, _SHIFT)
    else:
        cv2.polylines(image, [points], path.closed, ink, thickness, cv2.LINE_AA, _SHIFT)


def _fixed_point(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(np.round((points - 0.5) * (1 << _SHIFT)), np.int32)  # cv2 counts from the middle of a pixel


def _draw_text(image: NDArray[np.uint8], text: VectorText) -> None:
    """Stretch the lettering into its box, from base line (or tail) to cap line, turned by its angle."""
    if text.height_px < _SMALLEST_TEXT_PX or not text.text.strip():
        return
    mask, pen_start, advance, cap = _letter_mask(text.text, _mask_size(text.height_px))
    turn = np.deg2rad(text.angle)
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    x0, y0, x1, y1 = text.box
    long, high = _turned_box_sides(x1 - x0, y1 - y0, abs(cos), abs(sin), text.height_px * (1 + text_drop(text.text)))
    u = np.array([cos, -sin]) * max(long, 1.0)  # reading direction, y down
    v = np.array([-sin, -cos]) * text.height_px  # upward on the letter
    origin = np.array([x0 + x1, y0 + y1]) / 2 - u / 2 - v * (1 - high / 2 / text.height_px)
    matrix = np.array([[u[0] / advance, -v[0] / cap], [u[1] / advance, -v[1] / cap]])
    offset = origin - matrix @ np.array(pen_start, float)
    corners = np.array([[0, 0], [mask.shape[1], 0], [0, mask.shape[0]], [mask.shape[1], mask.shape[0]]], float)
    placed = corners @ matrix.T + offset
    left, top = (max(int(v), 0) for v in np.floor(placed.min(axis=0)))
    right, bottom = (int(v) + 1 for v in np.ceil(placed.max(axis=0)))
    size = min(right, image.shape[1]) - left, min(bottom, image.shape[0]) - top
    if min(size) <= 0:
        return
    warp = np.array([[*matrix[0], offset[0] - left], [*matrix[1], offset[1] - top]])
    cover = np.asarray(cv2.warpAffine(mask, warp, size, flags=cv2.INTER_AREA), np.uint8)
    region = image[top : top + size[1], left : left + size[0]]
    paper = 255 - cover
    np.minimum(region, paper if image.ndim == 2 else paper[..., None], out=region)


def _turned_box_sides(width: float, height: float, cos: float, sin: float, high: float) -> tuple[float, float]:
    """Length and height of a turned rectangle from its upright box; near 45 degrees the height has to be given."""
    square = cos * cos - sin * sin
    if abs(square) > 0.2:
        return (width * cos - height * sin) / square, (height * cos - width * sin) / square
    return (width - high * sin) / cos, high


def _mask_size(height_px: float) -> int:
    """Font size for a cap height, coarsely stepped so that masks are reused; the warp does the rest."""
    return int(min(max(np.ceil(height_px / 0.73 / 4) * 4, 8), 400))


class _Glyph(NamedTuple):
    mask: NDArray[np.uint8]  # coverage
    left: int  # of the mask from the pen, pixels
    top: int  # of the mask above the base line, pixels
    advance: float  # pixels


def _letter_mask(text: str, size: int) -> tuple[NDArray[np.uint8], tuple[int, int], float, float]:
    """Lettering as a coverage mask: mask, its origin (left, baseline), advance width and cap height in pixels.

    Set from single glyphs, unkerned: these are rendered once, whole strings hardly ever repeat.
    """
    glyphs = [_glyph(letter, size) for letter in text]
    advance = max(sum(glyph.advance for glyph in glyphs), 1.0)
    pad = size // 4 + 1
    baseline = size + pad
    mask = np.zeros((baseline + size // 2, int(advance) + 2 * pad), np.uint8)
    pen = float(pad)
    for glyph in glyphs:
        x, y = max(round(pen) + glyph.left, 0), max(baseline - glyph.top, 0)
        place = mask[y : y + glyph.mask.shape[0], x : x + glyph.mask.shape[1]]
        np.maximum(place, glyph.mask[: place.shape[0], : place.shape[1]], out=place)
        pen += glyph.advance
    return mask, (pad, baseline), advance, float(_glyph("H", size).top)


@lru_cache(maxsize=4096)
def _glyph(letter: str, size: int) -> _Glyph:
    font = _font(size)
    left, top, right, bottom = (int(v) for v in font.getbbox(letter, anchor="ls"))
    image = Image.new("L", (max(right - left, 1), max(bottom - top, 1)), 0)
    ImageDraw.Draw(image).text((-left, -top), letter, fill=255, font=font, anchor="ls")
    return _Glyph(np.array(image), left, -top, float(font.getlength(letter)))


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT_FILE), size)


_METRIC_SIZE = 100
