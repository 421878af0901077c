"""The lettering a generated sheet may be set in: single-stroke CAD alphabets and outline fonts.

Two stroke fonts are always there, both from ``data/lettering/stroke.json``, drawn for this project: ``stroke`` with
rounded bowls and ``stroke-plain`` with the chamfered corners of the oldest plotter alphabets. Outline fonts are
those that reportlab and Pillow carry and whatever of `_KNOWN_FILES` the machine has installed.

A text's *anchor* is the middle of its ink's width and of its cap height (the height of an H), so that strings of one
row share a baseline whatever letters they hold. Millimetres, y down, the text read from left to right.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray
from PIL import ImageFont

from pid.errors import InputError
from pid.resources import data_path

Array = NDArray[np.float64]

STROKE = "stroke"
_STROKE_FONTS = {STROKE: 3, "stroke-plain": 1}
"""Name -> chords per rounded corner; one chord is a chamfer."""

_KNOWN_FILES = {
    "osifont.ttf": "osifont",
    "isocpeur.ttf": "isocpeur",
    "liberationsans-regular.ttf": "liberation-sans",
    "liberationsans-bold.ttf": "liberation-sans-bold",
    "liberationsansnarrow-regular.ttf": "liberation-sans-narrow",
    "liberationmono-regular.ttf": "liberation-mono",
    "dejavusans.ttf": "dejavu-sans",
    "dejavusanscondensed.ttf": "dejavu-sans-condensed",
    "dejavusansmono.ttf": "dejavu-sans-mono",
    "arial.ttf": "arial",
    "arialn.ttf": "arial-narrow",
    "nanumgothic.ttf": "nanum-gothic",
    "nanumbarungothic.ttf": "nanum-barun-gothic",
    "nanumgothiccoding.ttf": "nanum-gothic-coding",
    "malgun.ttf": "malgun-gothic",
}
"""Files worth having on a drawing, lower case; TrueType outlines only, which every writer can embed."""

_BUNDLED = {"Vera.ttf": "vera", "VeraBd.ttf": "vera-bold", "VeraIt.ttf": "vera-italic"}
_PILLOW = "pillow"
_HANGUL = "가힣밸브"
_PROBE_PX = 1000.0
"""Size at which cap heights are measured; large enough that hinting shifts nothing by more than 0.1 %."""
_METRIC_PX = 400.0
"""Size at which glyphs are drawn to be measured."""


@dataclass(frozen=True)
class _Glyph:
    width: float  # cap heights
    strokes: tuple[Array, ...]  # (N, 2) cap heights, origin on the baseline's left end, y down


def font_names(*, korean: bool = False) -> tuple[str, ...]:
    """Names of the fonts on this machine, the stroke fonts first; with `korean`, only those that set Hangul."""
    names = (*_STROKE_FONTS, *_outline_files())
    return tuple(name for name in names if supports(name, _HANGUL)) if korean else names


def is_stroke(font: str) -> bool:
    """Whether `font` is drawn with single strokes rather than filled outlines."""
    return font in _STROKE_FONTS


def supports(font: str, text: str) -> bool:
    """Whether `font` has a glyph for every character of `text`."""
    if is_stroke(font):
        return all(character in _stroke_glyphs(font)[0] for character in text)
    return all(ord(character) in _characters(font) for character in text)


def text_size(text: str, *, font: str, height_mm: float, width_factor: float = 1.0) -> tuple[float, float]:
    """Width of the text's ink and its cap height, mm. Descenders and brackets reach further: see `text_bounds`."""
    x0, _, x1, _ = _unit_bounds(text, font)
    return (x1 - x0) * height_mm * width_factor, height_mm


def text_bounds(
    text: str, *, font: str, height_mm: float, width_factor: float = 1.0
) -> tuple[float, float, float, float]:
    """Ink of the unrotated text relative to its anchor: x0, y0, x1, y1 in mm, without the pen's width."""
    x0, y0, x1, y1 = _unit_bounds(text, font)
    half = (x1 - x0) / 2 * width_factor
    return -half * height_mm, (y0 + 0.5) * height_mm, half * height_mm, (y1 + 0.5) * height_mm


def text_start(text: str, font: str) -> float:
    """How far the ink starts right of the baseline's start, in cap heights."""
    return _unit_bounds(text, font)[0]


def text_strokes(
    text: str, *, font: str = STROKE, height_mm: float, width_factor: float = 1.0, angle: float = 0.0
) -> list[Array]:
    """Polylines (N, 2) of a stroke-font text in mm about its anchor at the origin, turned by `angle`."""
    x0, _, x1, _ = _unit_bounds(text, font)
    turn = rotation_matrix(angle)
    scale = np.array([width_factor, 1.0]) * height_mm
    shift = np.array([(x0 + x1) / 2, -0.5])
    return [((stroke - shift) * scale) @ turn.T for stroke in _set_strokes(text, font)]


def rotation_matrix(angle: float) -> Array:
    """2x2 turning by `angle` degrees counter-clockwise as seen, in a frame with y down."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[c, s], [-s, c]])


def outline_file(font: str) -> Path | io.BytesIO:
    """The TrueType file of an outline font, or its bytes where it comes inside a package."""
    files = _outline_files()
    if font not in files:
        raise InputError(f"the font {font!r} is not known on this machine; there are {', '.join(font_names())}.")
    path = files[font]
    return path if path is not None else io.BytesIO(_pillow_bytes())


@lru_cache(maxsize=64)
def sized_font(font: str, size_px: float) -> ImageFont.FreeTypeFont:
    """An outline font at an em size in pixels."""
    return ImageFont.truetype(outline_file(font), size_px, layout_engine=ImageFont.Layout.BASIC)


@cache
def em_per_cap(font: str) -> float:
    """Em size of an outline font over its cap height."""
    return _PROBE_PX / -sized_font(font, _PROBE_PX).getbbox("H", anchor="ls")[1]


@lru_cache(maxsize=16384)
def _unit_bounds(text: str, font: str) -> tuple[float, float, float, float]:
    """Ink bounds in cap heights about the start of the baseline, y down; spaces at the ends count as nothing."""
    if is_stroke(font):
        strokes = _set_strokes(text, font)
        if not strokes:
            return 0.0, -1.0, 0.0, 0.0
        points = np.concatenate(strokes)
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)
    boxes = [
        (x + x0, y0, x + x1, y1)
        for (_, (x0, y0, x1, y1)), x in zip((_metrics(font, c) for c in text), glyph_positions(text, font), strict=True)
        if x1 > x0
    ]
    if not boxes:
        return 0.0, -1.0, 0.0, 0.0
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def glyph_positions(text: str, font: str) -> list[float]:
    """Where each character of an outline font's text starts on the baseline, in cap heights; unkerned, as in CAD."""
    advances = [0.0, *(_metrics(font, character)[0] for character in text[:-1])]
    return np.cumsum(advances).tolist() if text else []


@lru_cache(maxsize=8192)
def _metrics(font: str, character: str) -> tuple[float, tuple[float, float, float, float]]:
    """Advance and ink bounds of a glyph in cap heights, y down from the baseline."""
    face, cap = sized_font(font, _METRIC_PX), _METRIC_PX / em_per_cap(font)
    left, top, right, bottom = (int(v) for v in face.getbbox(character, anchor="ls"))
    # Pillow's box reaches over the advance; the ink is found by drawing it.
    image = PIL.Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
    PIL.ImageDraw.Draw(image).text((-left, -top), character, fill=255, font=face, anchor="ls")
    x0, y0, x1, y1 = image.getbbox() or (0, 0, 0, 0)
    bounds = ((left + x0) / cap, (top + y0) / cap, (left + x1) / cap, (top + y1) / cap)
    return float(face.getlength(character)) / cap, bounds


def _set_strokes(text: str, font: str) -> list[Array]:
    """Strokes of a text in cap heights, baseline at y 0. Raises `InputError` for a character the font lacks."""
    glyphs, gap = _stroke_glyphs(font)
    strokes: list[Array] = []
    x = 0.0
    for character in text:
        glyph = glyphs.get(character)
        if glyph is None:
            raise InputError(f"the font {font!r} has no glyph for {character!r} in {text!r}.")
        strokes += [stroke + np.array([x, 0.0]) for stroke in glyph.strokes]
        x += glyph.width + gap
    return strokes


@cache
def _stroke_glyphs(font: str) -> tuple[dict[str, _Glyph], float]:
    if font not in _STROKE_FONTS:
        raise InputError(f"{font!r} is not a stroke font; there are {', '.join(_STROKE_FONTS)}.")
    document = json.loads(data_path("lettering", "stroke.json").read_text(encoding="utf-8"))
    cap = float(document["cap_height"])
    glyphs = {
        character: _Glyph(
            width / cap,
            tuple(_parse_stroke(part.strip(), _STROKE_FONTS[font], cap) for part in strokes.split(";") if part.strip()),
        )
        for character, (width, strokes) in document["glyphs"].items()
    }
    return glyphs, float(document["gap"]) / cap


def _parse_stroke(text: str, chords: int, cap: float) -> Array:
    flags = text[: len(text) - len(text.lstrip("cz"))]
    points = np.array([[float(v) for v in pair.split(",")] for pair in text[len(flags) :].split()])
    if "c" in flags:
        points = _round_corners(points, closed="z" in flags, chords=chords)
    return np.asarray((points - (0.0, cap)) / cap, np.float64)


def _round_corners(control: Array, *, closed: bool, chords: int) -> Array:
    """Flatten the quadratic B-spline over control points (N, 2); an open one starts and ends on the outer points."""
    if closed:
        control = np.concatenate([control, control[:2]])
    middles = (control[:-1] + control[1:]) / 2
    if not closed:
        middles[0], middles[-1] = control[0], control[-1]
    t = np.linspace(0, 1, chords + 1)[1:, None]
    pieces = [middles[:1]]
    for start, corner, end in zip(middles[:-1], control[1:-1], middles[1:], strict=True):
        pieces.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    if len(control) == 2:
        return control
    return np.concatenate(pieces)


@cache
def _outline_files() -> dict[str, Path | None]:
    """Name -> file of every outline font found; None for the one inside Pillow."""
    import reportlab

    bundled = Path(reportlab.__file__).parent / "fonts"
    found: dict[str, Path | None] = {
        name: bundled / file for file, name in _BUNDLED.items() if (bundled / file).is_file()
    }
    if _pillow_bytes():
        found[_PILLOW] = None
    system = {name: path for path in _font_files() if (name := _KNOWN_FILES.get(path.name.lower()))}
    return found | dict(sorted(system.items()))


def _font_files() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        folders = [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
        folders.append(home / "AppData/Local/Microsoft/Windows/Fonts")
    elif sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        folders = [
            Path("/usr/share/fonts"),
            Path("/usr/local/share/fonts"),
            home / ".fonts",
            home / ".local/share/fonts",
        ]
    for folder in folders:
        if folder.is_dir():
            yield from sorted(folder.rglob("*.[tT][tT][fF]"))


@cache
def _pillow_bytes() -> bytes:
    """The TrueType font that Pillow carries, empty where it was built without FreeType."""
    font = ImageFont.load_default(16.0)
    return bytes(getattr(font, "font_bytes", b""))


@cache
def _characters(font: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # comes with ezdxf; slow to import

    with TTFont(outline_file(font), lazy=True) as file:
        return frozenset(file.getBestCmap() or {})
