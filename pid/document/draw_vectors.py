"""The picture of native vectors: a DXF has none of its own, and the shape detector and OCR look at pictures.

Also the other way round: which vectors does a picture show.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import reportlab
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pid.sheet import VectorPath, Vectors, VectorText

PALEST_INK = 150.0
"""Luminance that no ink exceeds: yellow on CAD's black screen would vanish on paper."""

PAPER_COLOR = 250
"""From this on in all three channels a colour is paper: it hides and does not draw."""

TAIL = 0.3
"""Reach of the letters that hang below the base line, in cap heights."""

_TAILED = frozenset("gjpqyçµ()[]{}|@,;_")
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
    """Width of a text in the bundled font, in cap heights."""
    return _advance(text) / _CAP_PX


def visible_paths(paths: Sequence[VectorPath], gray: NDArray[np.uint8]) -> list[VectorPath]:
    """The paths of which the picture shows any ink.

    Left out are paper-coloured masks and what lies wholly under them, outside of a clip or on a hidden layer.
    `gray` is (H, W) in the frame of the paths.
    """
    if not paths:
        return []
    darkest = cv2.erode(gray, np.ones((5, 5), np.uint8))
    probes = [_probe_points(path) for path in paths]
    at = np.concatenate(probes)
    x, y = np.floor(at).astype(np.int64).T
    inside = (x >= 0) & (y >= 0) & (x < gray.shape[1]) & (y < gray.shape[0])
    inked = np.zeros(len(at), bool)
    inked[inside] = darkest[y[inside], x[inside]] < PAPER_COLOR
    starts = np.cumsum([0, *(len(p) for p in probes[:-1])])
    shown = np.logical_or.reduceat(inked, starts)
    return [path for path, seen in zip(paths, shown, strict=True) if seen and min(path.color) < PAPER_COLOR]


def _probe_points(path: VectorPath, most: int = 24) -> NDArray[np.float64]:
    """Points (N, 2) along a path: vertices and points between, so that a dash's gap does not decide."""
    p = path.points
    if len(p) > most:
        return p[:: len(p) // most + 1]
    if len(p) < 2:
        return p
    t = np.array([0.0, 0.13, 0.31, 0.5, 0.69, 0.87])[None, :, None]
    between = p[:-1, None] + (p[1:] - p[:-1])[:, None] * t
    return np.concatenate([between.reshape(-1, 2), p[-1:]])


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


def split_dashes(
    points: NDArray[np.float64], pattern: Sequence[float], *, closed: bool = False
) -> list[NDArray[np.float64]]:
    """Cut a polyline (N, 2) into its dashes by a pattern of lengths on, off, on, ..."""
    if closed:
        points = np.concatenate([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    total, period = float(along[-1]), float(sum(pattern))
    if total <= 0 or period <= 0 or total / period > 20_000:
        return [points]
    edges = np.concatenate([[0.0], np.cumsum(pattern)])
    dashes = []
    for start in np.arange(0.0, total, period):
        for on, off in zip(edges[:-1:2], edges[1::2], strict=False):
            a, b = start + on, min(start + off, total)
            if a >= total:
                break
            at = np.concatenate([[a], along[(along > a) & (along < b)], [b]])
            dashes.append(np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])]))
    return dashes


def _draw_text(image: NDArray[np.uint8], text: VectorText) -> None:
    """Stretch the lettering into its box, from base line (or tail) to cap line, turned by its angle."""
    if text.height_px < _SMALLEST_TEXT_PX or not text.text.strip():
        return
    mask, (left, baseline), advance, cap = _letter_mask(text.text, _mask_size(text.height_px))
    turn = np.deg2rad(text.angle)
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    x0, y0, x1, y1 = text.box
    long, high = _turned_box_sides(x1 - x0, y1 - y0, abs(cos), abs(sin), text.height_px * (1 + text_drop(text.text)))
    u = np.array([cos, -sin]) * max(long, 1.0)  # reading direction, y down
    v = np.array([-sin, -cos]) * text.height_px  # upward on the letter
    origin = np.array([x0 + x1, y0 + y1]) / 2 - u / 2 - v * (1 - high / 2 / text.height_px)
    matrix = np.column_stack([u / advance, -v / cap])
    offset = origin - matrix @ np.array([left, baseline], float)
    corners = np.array([[0, 0], [mask.shape[1], 0], [0, mask.shape[0]], [mask.shape[1], mask.shape[0]]], float)
    placed = corners @ matrix.T + offset
    a = np.maximum(np.floor(placed.min(axis=0)).astype(int), 0)
    b = np.minimum(np.ceil(placed.max(axis=0)).astype(int) + 1, [image.shape[1], image.shape[0]])
    if (b <= a).any():
        return
    warp = np.column_stack([matrix, offset - a])
    size = int(b[0] - a[0]), int(b[1] - a[1])
    cover = np.asarray(cv2.warpAffine(mask, warp, size, flags=cv2.INTER_AREA), np.uint8)
    region = image[a[1] : b[1], a[0] : b[0]]
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


@lru_cache(maxsize=512)
def _letter_mask(text: str, size: int) -> tuple[NDArray[np.uint8], tuple[int, int], float, float]:
    """Lettering as a coverage mask: mask, its origin (left, baseline), advance width and cap height in pixels."""
    font = _font(size)
    advance = max(font.getlength(text), 1.0)
    cap = -font.getbbox("H", anchor="ls")[1]
    pad = size // 4 + 1
    baseline = size + pad
    mask = Image.new("L", (int(advance) + 2 * pad, baseline + size // 2), 0)
    ImageDraw.Draw(mask).text((pad, baseline), text, fill=255, font=font, anchor="ls")
    return np.array(mask), (pad, baseline), advance, float(cap)


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT_FILE), size)


@lru_cache(maxsize=4096)
def _advance(text: str) -> float:
    return float(_font(_METRIC_SIZE).getlength(text))


_METRIC_SIZE = 100
_CAP_PX = float(-_font(_METRIC_SIZE).getbbox("H", anchor="ls")[1])
