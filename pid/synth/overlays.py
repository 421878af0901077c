"""What offices put on a finished sheet: stamps, seals, signatures, watermarks, highlighter, underlines.

Steps take a uint8 image (H, W) or (H, W, 3) RGB, a generator and a strength (1 = usual), and give a new image. All
of it darkens as ink does, so that what is printed stays readable under it; most of it is laid where lettering stands.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pid.geometry import Array
from pid.synth.fonts import text_strokes
from pid.synth.paper import SHEET_DIAGONAL_MM, Color
from pid.synth.pixels import Image, as_bytes, as_gray, as_rgb, gray_value, spread

STAMP_INKS: tuple[Color, ...] = ((205, 40, 50), (45, 70, 190), (30, 130, 70), (120, 50, 150))
SIGNATURE_INKS: tuple[Color, ...] = ((25, 45, 160), (40, 60, 200), (20, 30, 110))
HIGHLIGHTERS: tuple[Color, ...] = ((255, 245, 70), (150, 255, 120), (255, 150, 200), (255, 190, 90))
STAMP_WORDS = ("APPROVED", "AS BUILT", "FOR CONSTRUCTION", "VOID", "RECEIVED", "CHECKED", "ISSUED FOR REVIEW")
WATERMARK_WORDS = ("DRAFT", "CONFIDENTIAL", "COPY", "PRELIMINARY", "UNCONTROLLED")


def stamp(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Rectangular rubber stamps: a frame, a heading, a date line; a little askew, the ink patchy."""
    out = as_rgb(image)
    for center in _lettered_places(image, rng, 2 + round(2 * strength)):
        ink = STAMP_INKS[int(rng.integers(len(STAMP_INKS)))]
        word = str(rng.choice(STAMP_WORDS))
        height = rng.uniform(4, 7) * _px_per_mm(out)
        half = np.array([0.42 * height * len(word) + height, 1.6 * height])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half
        lines = [corners, corners * 0.94]
        lines += _lettering(word, height, (0.0, -0.1 * height))
        date = f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.20{rng.integers(10, 27):02d}"
        lines += _lettering(date, 0.5 * height, (0.0, 1.1 * height))
        _lay(out, [_turned(line, rng.normal(0, 6)) + center for line in lines], ink, 0.09 * height)
    return out


def seal(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Round company seals: two rings, letters between them and a name across."""
    out = as_rgb(image)
    t = np.linspace(0, 2 * np.pi, 90)
    ring = np.stack([np.cos(t), np.sin(t)], axis=1)
    for center in _lettered_places(image, rng, 1 + round(strength)):
        radius = rng.uniform(11, 17) * _px_per_mm(out)
        lines = [ring * radius, ring * 0.68 * radius]
        for k, letter in enumerate("ENGINEERING CO. LTD. SEOUL "):
            angle = 2 * np.pi * k / 27
            place = 0.84 * radius * np.array([np.sin(angle), -np.cos(angle)])
            lines += [_turned(s, -np.degrees(angle)) + place for s in _lettering(letter, 0.2 * radius, (0.0, 0.0))]
        lines += _lettering(str(rng.choice(STAMP_WORDS[:2])), 0.2 * radius, (0.0, 0.0))
        _lay(out, [_turned(line, rng.normal(0, 15)) + center for line in lines], STAMP_INKS[0], 0.035 * radius)
    return out


def signature(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Signatures in blue ink over lettering: one long looping stroke and a flourish."""
    out = as_rgb(image)
    for center in _lettered_places(image, rng, 2 + round(3 * strength)):
        size = rng.uniform(5, 9) * _px_per_mm(out)
        t = np.linspace(0, 1, 160)
        loops = rng.uniform(5, 9)
        swell = 0.4 + 0.6 * np.abs(np.sin(np.pi * t * rng.uniform(1, 2.5)))
        x = 4 * size * (t - 0.5) + 0.35 * size * np.sin(2 * np.pi * loops * t + 1)
        y = size * (0.5 * swell * np.cos(2 * np.pi * loops * t) - 0.4 * t)
        flourish = np.stack([4.4 * size * (t - 0.5), 0.7 * size + 0.1 * size * np.sin(6 * t)], axis=1)
        ink = SIGNATURE_INKS[int(rng.integers(len(SIGNATURE_INKS)))]
        _lay(out, [np.stack([x, y], axis=1) + center, flourish[::-1] + center], ink, 0.05 * size + 1)
    return out


def watermark(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """A word in large grey letters across the page."""
    out = image.copy()
    height, width = image.shape[:2]
    word = str(rng.choice(WATERMARK_WORDS))
    size = 1.1 * width / (len(word) + 1)
    angle = float(rng.uniform(15, 35))
    middle = np.array([width, height]) / 2
    lines = [_turned(line, angle) + middle for line in _lettering(word, size, (0.0, 0.0))]
    level = int(np.clip(255 - rng.uniform(45, 80) * strength, 120, 240))
    mask = np.full((height, width), 255, np.uint8)
    points = [np.round(line * 16).astype(np.int32) for line in lines]
    cv2.polylines(mask, points, False, (level,), max(3, round(0.16 * size)), cv2.LINE_AA, 4)
    out[...] = cv2.multiply(out, spread(mask, out), scale=1 / 255)
    return out


def highlighter(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Words passed over with a felt pen."""
    out = as_rgb(image)
    for box in _some_words(image, rng, round(25 * strength)):
        x0, y0, x1, y1 = (int(v) for v in box)
        lean = int(rng.normal(0, 3))
        points = np.array([[[x0 - 8, (y0 + y1) // 2], [x1 + 8, (y0 + y1) // 2 + lean]]])
        ink = HIGHLIGHTERS[int(rng.integers(len(HIGHLIGHTERS)))]
        _lay(out, [p.astype(float) for p in points], ink, 1.5 * (y1 - y0))
    return out


def underline(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Words underlined, the line so close that it touches letters in places."""
    out = image.copy()
    for x0, y0, x1, y1 in _some_words(image, rng, round(120 * strength)):
        y = round(y1 + rng.uniform(-1, 2))
        thick = max(1, round(0.12 * (y1 - y0)))
        cv2.line(out, (int(x0) - 3, y), (int(x1) + 3, y), gray_value(out, 10), thick, cv2.LINE_AA)
    return out


def low_contrast(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """A pale copy: ink no darker than a middle grey on paper not quite white, with a little noise."""
    ink = np.clip(rng.uniform(130, 165) + 15 * (strength - 1), 60, 190)
    paper = rng.uniform(225, 245)
    table = np.rint(ink + (paper - ink) * np.arange(256) / 255).astype(np.uint8)
    pale = as_bytes(cv2.LUT(image, table))
    field = np.rint(rng.normal(0, 3.0, image.shape[:2])).astype(np.int16)
    return as_bytes(np.clip(pale.astype(np.int16) + (field if image.ndim == 2 else field[..., None]), 0, 255))


def _lettering(word: str, height: float, middle: tuple[float, float]) -> list[Array]:
    """The strokes of a word of capitals, its middle at a place."""
    strokes = [np.asarray(s, np.float64) for s in text_strokes(word, height_mm=height, angle=0.0)]
    if not strokes:
        return []
    every = np.concatenate(strokes)
    shift = np.array(middle) - (every.min(axis=0) + every.max(axis=0)) / 2
    return [s + shift for s in strokes]


def _turned(line: Array, degrees: float) -> Array:
    """Turned counter-clockwise as seen."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(line @ np.array([[c, -s], [s, c]]), np.float64)


def _lay(out: Image, lines: Sequence[Array], ink: Color, width: float) -> None:
    """Draw in place: the page is multiplied by the ink."""
    every = np.concatenate(lines)
    x0, y0 = np.maximum(np.floor(every.min(axis=0) - width - 2), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(every.max(axis=0) + width + 2), out.shape[1::-1]).astype(int)
    if x0 >= x1 or y0 >= y1:
        return
    layer = np.full((y1 - y0, x1 - x0, 3), 255, np.uint8)
    points = [np.round((line - (x0, y0)) * 16 - 8).astype(np.int32) for line in lines]
    cv2.polylines(layer, points, False, ink, max(1, round(width)), cv2.LINE_AA, 4)
    out[y0:y1, x0:x1] = cv2.multiply(out[y0:y1, x0:x1], layer, scale=1 / 255)


def _lettered_places(image: Image, rng: np.random.Generator, count: int) -> list[Array]:
    """Middles of some words; places by chance where there are none."""
    words = _some_words(image, rng, count)
    if len(words) == 0:
        return list(rng.uniform(0.1, 0.9, (count, 2)) * image.shape[1::-1])
    return list((words[:, :2] + words[:, 2:]) / 2)


def _some_words(image: Image, rng: np.random.Generator, count: int) -> Array:
    """Boxes (N, 4) of runs of ink that are of the shape and size of words, chosen by chance."""
    size = _px_per_mm(image)
    ink = np.asarray(as_gray(image) < 128, np.uint8)
    run = cv2.getStructuringElement(cv2.MORPH_RECT, (max(3, round(1.6 * size)), 1))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, run))
    x, y, w, h, area = stats[1:].T.astype(np.float64)
    fit = (h > 1.2 * size) & (h < 6 * size) & (w > 2.5 * h) & (w < 15 * h) & (area > 0.3 * w * h)
    boxes = np.stack([x, y, x + w, y + h], axis=1)[fit]
    return np.asarray(boxes[rng.permutation(len(boxes))[:count]], np.float64)


def _px_per_mm(image: Image) -> float:
    """Pixels per millimetre if the page were an A1 sheet."""
    return float(np.hypot(*image.shape[:2])) / SHEET_DIAGONAL_MM
