"""Paint a display list into pixels.

The sheet is drawn in bands at `SUPERSAMPLE` times the resolution and reduced by area, which gives lines of any width
and place their exact grey; without anti-aliasing it is drawn once at the final resolution in two levels, as a plotter
driver does. Pixel (i, j) covers i/px_per_mm .. (i+1)/px_per_mm millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from pid.geometry import split_dashes
from pid.synth.fonts import (
    em_per_cap,
    glyph_positions,
    is_stroke,
    rotation_matrix,
    sized_font,
    text_bounds,
    text_start,
    text_strokes,
)
from pid.synth.ink import Color, Ink, Lettering, Stroke

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

SUPERSAMPLE = 4
"""17 grey levels across an edge: more than a scanner keeps."""
BAND_PX = 256
"""Rows drawn at once; a band of an A0 sheet at 300 dpi then takes 55 MB in grey."""
STROKE_FONT_PEN = 0.1
"""Pen of stroke lettering over its cap height (ISO 3098-1 type B)."""
TEXT_THRESHOLD = 0.4
"""Cover from which a pixel of two-level outline lettering is black; a half would break thin stems."""
_SHIFT = 4
"""Fractional bits of the coordinates handed to OpenCV."""
_PAPER: Color = (255, 255, 255)
_MARGIN_PX = 2.0
_ODD_PEN = ((0.0, 0.0),)
_EVEN_PEN = ((-0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (0.5, -0.5))


@dataclass(frozen=True, eq=False)
class _Path:
    """A stroke in final pixels."""

    fill: Array | None  # outline to fill
    fill_color: Color
    lines: tuple[Array, ...]  # polylines to draw, dashes apart
    width_px: float
    color: Color
    top: float
    bottom: float


@dataclass(frozen=True, eq=False)
class _Text:
    """A text of an outline font: its cover at the drawing resolution and where that lies, in final pixels."""

    cover: Image
    left: int  # drawing pixels
    upper: int
    color: Color
    top: float
    bottom: float


def render_raster(ink: Ink, px_per_mm: float, *, antialias: bool = True) -> Image:
    """The sheet as uint8 (H, W), or (H, W, 3) RGB where a mark has a colour that is not grey; paper is 255."""
    width, height = sheet_pixels(ink, px_per_mm)
    scale = SUPERSAMPLE if antialias else 1
    marks = [_prepare(mark, px_per_mm, scale) for mark in ink.marks]
    colored = any(_has_hue(mark) for mark in marks)
    image = np.empty((height, width, 3) if colored else (height, width), np.uint8)
    for y0 in range(0, height, BAND_PX):
        rows = min(BAND_PX, height - y0)
        met = [mark for mark in marks if mark.bottom >= y0 and mark.top <= y0 + rows]
        channels = (3,) if any(_has_hue(mark) for mark in met) else ()
        band = np.full((rows * scale, width * scale, *channels), 255, np.uint8)
        for mark in met:
            if isinstance(mark, _Path):
                _draw_path(band, mark, scale, y0)
            else:
                _draw_cover(band, mark, y0 * scale)
        if scale > 1:
            band = np.asarray(cv2.resize(band, (width, rows), interpolation=cv2.INTER_AREA), np.uint8)
        # Three channels cost three times as much: only bands that hold a colour are drawn in them.
        image[y0 : y0 + rows] = band[..., None] if band.ndim < image.ndim else band
    return image


def sheet_pixels(ink: Ink, px_per_mm: float) -> tuple[int, int]:
    """Width and height in pixels of the sheet's raster."""
    return max(1, round(ink.width_mm * px_per_mm)), max(1, round(ink.height_mm * px_per_mm))


def _has_hue(mark: _Path | _Text) -> bool:
    return len(set(mark.color)) > 1


def _prepare(mark: Stroke | Lettering, px_per_mm: float, scale: int) -> _Path | _Text:
    if isinstance(mark, Stroke):
        return _prepare_stroke(mark, px_per_mm)
    if is_stroke(mark.font):
        return _prepare_stroke_text(mark, px_per_mm)
    return _prepare_outline_text(mark, px_per_mm, scale)


def _prepare_stroke(stroke: Stroke, px_per_mm: float) -> _Path:
    points = np.asarray(stroke.points, np.float64) * px_per_mm
    lines: list[Array] = []
    if stroke.outlined:
        lines = split_dashes(points, tuple(d * px_per_mm for d in stroke.dash_mm), closed=stroke.closed)
    reach = stroke.width_mm * px_per_mm / 2 + _MARGIN_PX
    return _Path(
        fill=points if stroke.fill != "none" else None,
        fill_color=stroke.color if stroke.fill == "ink" else _PAPER,
        lines=tuple(lines),
        width_px=max(1.0, stroke.width_mm * px_per_mm),
        color=stroke.color,
        top=float(points[:, 1].min()) - reach,
        bottom=float(points[:, 1].max()) + reach,
    )


def _prepare_stroke_text(mark: Lettering, px_per_mm: float) -> _Path:
    strokes = text_strokes(
        mark.text, font=mark.font, height_mm=mark.height_mm, width_factor=mark.width_factor, angle=mark.angle
    )
    lines = tuple((stroke + mark.center) * px_per_mm for stroke in strokes)
    y = np.concatenate([line[:, 1] for line in lines]) if lines else np.array([-1e9])
    width = max(1.0, STROKE_FONT_PEN * mark.height_mm * px_per_mm)
    return _Path(None, _PAPER, lines, width, mark.color, y.min() - width - _MARGIN_PX, y.max() + width + _MARGIN_PX)


def _prepare_outline_text(mark: Lettering, px_per_mm: float, scale: int) -> _Text:
    """Set the text with FreeType at the drawing resolution, or finer where that is coarse, and turn it into place."""
    fine = max(scale, SUPERSAMPLE)
    cap_px = mark.height_mm * px_per_mm * fine
    glyphs, origin = _set_glyphs(mark.text, mark.font, cap_px)
    bounds = text_bounds(mark.text, font=mark.font, height_mm=mark.height_mm, width_factor=mark.width_factor)
    # From set pixels (cap_px to the cap height) to fine pixels of the sheet: anchor, narrow, turn, put at the centre.
    middle = np.array([(bounds[2] - bounds[0]) / 2 / mark.width_factor, -mark.height_mm / 2]) * px_per_mm * fine
    start = text_start(mark.text, mark.font) * cap_px
    linear = rotation_matrix(mark.angle) @ np.diag([mark.width_factor, 1.0])
    offset = linear @ (origin - middle - [start, 0.0]) + np.array(mark.center) * px_per_mm * fine
    cover, low = _turned(glyphs, linear, offset, mark) if mark.angle % 90 else _upright(glyphs, linear, offset, mark)
    if fine > scale:
        cover, low = _two_levels(cover, low, fine)
    return _Text(
        cover=cover,
        left=int(low[0]),
        upper=int(low[1]),
        color=mark.color,
        top=float(low[1]) / scale,
        bottom=float(low[1] + cover.shape[0]) / scale,
    )


def _turned(glyphs: Image, linear: Array, offset: Array, mark: Lettering) -> tuple[Image, Array]:
    """Glyphs (H, W) under an affine motion, and the corner of the result, a whole pixel."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * glyphs.shape[::-1] @ linear.T + offset
    low, high = np.floor(corners.min(axis=0)) - 1, np.ceil(corners.max(axis=0)) + 1
    shift = offset - low + linear @ [0.5, 0.5] - 0.5  # pixel centres, as OpenCV counts
    width, height = (int(v) for v in high - low)
    cover = cv2.warpAffine(glyphs, np.c_[linear, shift], (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(cover, np.uint8), low


def _upright(glyphs: Image, linear: Array, offset: Array, mark: Lettering) -> tuple[Image, Array]:
    """As `_turned` for whole quarter turns, many times faster: the place is rounded to a fine pixel."""
    if mark.width_factor != 1:
        width = max(1, round(glyphs.shape[1] * mark.width_factor))
        glyphs = np.asarray(cv2.resize(glyphs, (width, glyphs.shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)
    corners = np.array([[0, 0], [1 / mark.width_factor, 1]]) * glyphs.shape[::-1] @ linear.T + offset
    return np.rot90(glyphs, round(mark.angle / 90)), np.round(corners.min(axis=0))


def _two_levels(cover: Image, low: Array, block: int) -> tuple[Image, Array]:
    """A fine cover and its corner brought down to blocks of `block` pixels, each all or nothing."""
    before = (low % block).astype(int)
    after = -(before + cover.shape[::-1]) % block
    padded = np.pad(cover, ((before[1], after[1]), (before[0], after[0])))
    size = (padded.shape[1] // block, padded.shape[0] // block)
    mean = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    return np.where(mean >= 255 * TEXT_THRESHOLD, 255, 0).astype(np.uint8), low // block


def _set_glyphs(text: str, font: str, cap_px: float) -> tuple[Image, Array]:
    """Cover (H, W) of a text set along its baseline and where its corner lies from the baseline's start, in pixels."""
    size_px = round(cap_px * em_per_cap(font), 2)
    placed = []
    for character, x in zip(text, glyph_positions(text, font), strict=True):
        glyph, dx, dy = _glyph_cover(font, size_px, character)
        if glyph.size:
            placed.append((glyph, round(x * cap_px) + dx, dy))
    if not placed:
        return np.zeros((1, 1), np.uint8), np.zeros(2)
    left, top = min(x for _, x, _ in placed), min(y for _, _, y in placed)
    right = max(x + glyph.shape[1] for glyph, x, _ in placed)
    bottom = max(y + glyph.shape[0] for glyph, _, y in placed)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for glyph, x, y in placed:
        region = canvas[y - top : y - top + glyph.shape[0], x - left : x - left + glyph.shape[1]]
        np.maximum(region, glyph, out=region)
    return canvas, np.array([left, top], np.float64)


@lru_cache(maxsize=8192)
def _glyph_cover(font: str, size_px: float, character: str) -> tuple[Image, int, int]:
    """A glyph's cover (H, W) and its corner's place from the pen's position on the baseline."""
    face = sized_font(font, size_px)
    x0, y0, x1, y1 = (int(v) for v in face.getbbox(character, anchor="ls"))
    if x1 <= x0 or y1 <= y0:
        return np.zeros((0, 0), np.uint8), 0, 0
    image = PIL.Image.new("L", (x1 - x0, y1 - y0))
    PIL.ImageDraw.Draw(image).text((-x0, -y0), character, fill=255, font=face, anchor="ls")
    return np.asarray(image), x0, y0


def _draw_path(band: Image, path: _Path, scale: int, y0: int) -> None:
    if path.fill is not None:
        cv2.fillPoly(band, [_fixed(path.fill, scale, y0)], _value(band, path.fill_color), shift=_SHIFT)
    if not path.lines:
        return
    pen = max(1, round(path.width_px * scale))
    # OpenCV's lines are an odd number of pixels wide, its thickness 2k giving 2k + 1. An even width is the next
    # smaller odd one drawn at the four places round the true one.
    odd = pen - 1 + pen % 2
    shifts = _ODD_PEN if pen % 2 else _EVEN_PEN
    points = _fixed(np.concatenate(path.lines), scale, y0)
    ends = np.cumsum([len(line) for line in path.lines])[:-1].tolist()
    for shift in shifts:
        moved = points + np.round(np.array(shift) * (1 << _SHIFT)).astype(np.int32)
        pieces = [moved[i:j] for i, j in pairwise([0, *ends, len(moved)])]
        cv2.polylines(band, pieces, False, _value(band, path.color), max(1, odd - 1), cv2.LINE_8, _SHIFT)


def _fixed(points: Array, scale: int, y0: int) -> NDArray[np.int32]:
    """Points in final pixels as OpenCV's fixed-point ones of the band; there pixel 0 has its centre, not edge, at 0."""
    at = (points - (0.0, y0)) * scale - 0.5
    return np.round(at * (1 << _SHIFT)).astype(np.int32)


def _draw_cover(band: Image, text: _Text, upper: int) -> None:
    """Blend a text's cover into the band, cut at its edges."""
    rows, columns = text.cover.shape
    y, x = text.upper - upper, text.left
    y0, y1, x0, x1 = max(y, 0), min(y + rows, band.shape[0]), max(x, 0), min(x + columns, band.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    alpha = text.cover[y0 - y : y1 - y, x0 - x : x1 - x]
    patch = band[y0:y1, x0:x1]
    if band.ndim == 3:
        alpha = np.asarray(cv2.merge([alpha] * 3), np.uint8)
    blend = cv2.multiply(patch, 255 - alpha, scale=1 / 255)
    if any(text.color):
        value = np.broadcast_to(np.array(_value(band, text.color), np.uint8), patch.shape)
        blend = cv2.add(blend, cv2.multiply(np.ascontiguousarray(value), alpha, scale=1 / 255))
    band[y0:y1, x0:x1] = blend


def _value(band: Image, color: Color) -> Color | int:
    return color if band.ndim == 3 else color[0]
