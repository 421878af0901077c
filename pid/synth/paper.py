"""What happened to the sheet of paper before it was scanned: age, spills, holes, pens, worn and swollen ink.

Steps take a uint8 image (H, W) or (H, W, 3) RGB, a generator and a strength (1 = usual), and give a new image. Those
that bring colour turn a grey page into RGB.
"""

from __future__ import annotations

import cv2
import numpy as np

from pid.geometry import Array
from pid.synth.fonts import text_strokes
from pid.synth.pixels import Image, as_bytes, as_gray, as_rgb, gray_value, spread

Color = tuple[int, int, int]

PENS: tuple[Color, ...] = ((200, 20, 30), (20, 50, 180), (20, 120, 60), (90, 90, 95), (225, 130, 0))
"""Red, blue and green ballpoint, pencil, orange felt pen."""
REMARKS = (
    "OK",
    "CHECK",
    "see note 3",
    "AS BUILT",
    "deleted",
    "NEW",
    "rev. B?",
    "HOLD",
    "by others",
    "2/4",
    "?",
    "DN80!",
)
SHEET_DIAGONAL_MM = 1030.0
"""Of an A1 sheet, which every page is taken for: sets how large a hole or a pen mark is."""


def yellowed_paper(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Old paper: a warm tint, blotched."""
    image = as_rgb(image)
    height, width = image.shape[:2]
    blotch = cv2.resize(rng.normal(0, 1, (12, 16)).astype(np.float32), (512, 384), interpolation=cv2.INTER_CUBIC)
    depth = np.clip(rng.uniform(0.06, 0.2) * strength * (1 + 0.2 * blotch), 0, 0.6)[..., None]
    tint = 1 - depth * np.array([0.25, 0.5, 1.0], np.float32)
    field = cv2.resize(np.rint(tint * 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return as_bytes(cv2.multiply(image, field, scale=1 / 255))


def bleed_through(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """The other side of the sheet shows: a drawing seen from behind. The page itself, turned over, serves as one."""
    other = as_gray(image)
    other = np.ascontiguousarray(other[:, ::-1] if rng.random() < 0.5 else other[::-1])
    shift = np.array([[1, 0, rng.uniform(-150, 150)], [0, 1, rng.uniform(-150, 150)]])
    other = as_bytes(cv2.warpAffine(other, shift, other.shape[::-1], borderMode=cv2.BORDER_CONSTANT, borderValue=255))
    other = as_bytes(cv2.GaussianBlur(other, (0, 0), rng.uniform(1.0, 2.5)))
    show = min(0.5, rng.uniform(0.06, 0.22) * strength)
    ghost = as_bytes(cv2.LUT(other, np.rint(255 - (255 - np.arange(256)) * show).astype(np.uint8)))
    return as_bytes(cv2.multiply(image, spread(ghost, image), scale=1 / 255))


def stains(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Coffee rings and spills."""
    out = as_rgb(image)
    size = float(np.hypot(*out.shape[:2]))
    for _ in range(int(rng.integers(1, 2 + max(1, round(2 * strength))))):
        radius = rng.uniform(0.02, 0.06) * size
        center = rng.uniform(0.05, 0.95, 2) * out.shape[1::-1]
        _stain(out, center, radius, rng, strength)
    return out


def punch_holes(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Filing holes along the left or upper edge, the scanner's lid showing through."""
    out = image.copy()
    height, width = out.shape[:2]
    pitch_mm, radius_mm, inset_mm = 80.0, 3.0, 12.0
    scale = _px_per_mm(out)
    level = int(rng.choice([int(rng.integers(10, 80)), 255, int(rng.integers(170, 230))], p=[0.5, 0.2, 0.3]))
    count = int(rng.choice([2, 4]))
    along = (np.arange(count) - (count - 1) / 2) * pitch_mm * scale
    left = rng.random() < 0.7
    for offset in along:
        x, y = (inset_mm * scale, height / 2 + offset) if left else (width / 2 + offset, inset_mm * scale)
        at = (round(x * 16), round(y * 16))
        cv2.circle(out, at, round(radius_mm * scale * 16), gray_value(out, level), -1, cv2.LINE_AA, 4)
        cv2.circle(out, at, round(radius_mm * scale * 16), gray_value(out, 120), 1, cv2.LINE_AA, 4)
    return out


def scribbles(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Mark-ups by hand: rings round things, ticks, arrows, crossings-out, clouds and remarks."""
    out = as_rgb(image)
    marks = (_ring, _tick, _arrow, _cross_out, _remark, _remark, _cloud)
    for _ in range(int(rng.integers(2, 4 + round(6 * strength)))):
        pen = PENS[int(rng.integers(len(PENS)))]
        center = rng.uniform(0.05, 0.95, 2) * out.shape[1::-1]
        size = rng.uniform(5, 25) * _px_per_mm(out)
        width = max(1, round(rng.uniform(0.25, 0.8) * _px_per_mm(out)))
        for line in marks[int(rng.integers(len(marks)))](center, size, rng):
            _pen(out, line, pen, width)
    return out


def break_strokes(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Ink flaked off: gaps of a few pixels in strokes, and patches where the ink is thin."""
    out = image.copy()
    height, width = out.shape[:2]
    gray = image if image.ndim == 2 else image[..., 1]
    rows = np.sort(rng.choice(height, min(height, 400), replace=False))
    at, x = np.nonzero(gray[rows] < 128)
    if len(x):
        ink_share = len(x) / (len(rows) * width)
        count = int(ink_share * height * width * rng.uniform(3e-4, 4e-3) * strength)
        for i in rng.integers(0, len(x), count):
            center = (int(x[i]), int(rows[at[i]] + rng.integers(-8, 9)))
            axes = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
            cv2.ellipse(out, center, axes, float(rng.uniform(0, 180)), 0, 360, gray_value(out, 255), -1, cv2.LINE_AA)
    thin = cv2.resize(rng.normal(0, 1, (24, 32)).astype(np.float32), (width // 8 + 1, height // 8 + 1))
    thin = np.clip((thin - 0.9) * 90 * strength, 0, 160).astype(np.uint8)
    pale = cv2.resize(thin, (width, height), interpolation=cv2.INTER_LINEAR)
    return as_bytes(cv2.add(out, spread(as_bytes(pale), out)))


def bloat_strokes(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Ink run, or copied too dark: strokes fatter by up to a pixel or two."""
    shape = cv2.MORPH_CROSS if rng.random() < 0.7 else cv2.MORPH_RECT
    fat = cv2.erode(image, cv2.getStructuringElement(shape, (3, 3)))
    share = float(np.clip(rng.uniform(0.25, 0.9) * strength, 0, 1))
    return as_bytes(cv2.addWeighted(fat, share, image, 1 - share, 0))


def _stain(out: Image, center: Array, radius: float, rng: np.random.Generator, strength: float) -> None:
    """Tint a disc in place: a dark rim, open in places, and a paler inside."""
    reach = int(radius * 1.4)
    x0, y0 = (max(0, int(c) - reach) for c in center)
    patch = out[y0 : int(center[1]) + reach, x0 : int(center[0]) + reach]
    if patch.size == 0:
        return
    y, x = np.mgrid[0 : patch.shape[0], 0 : patch.shape[1]].astype(np.float32)
    x, y = x + np.float32(x0 - center[0]), y + np.float32(y0 - center[1])
    angle = np.arctan2(y, x)
    phases = rng.uniform(0, 2 * np.pi, 4).astype(np.float32)
    wobble = sum(np.sin((k + 1) * angle + phases[k]) * np.float32(0.03 / (k + 1)) for k in range(3))
    distance = np.hypot(x, y) / np.float32(radius) - wobble
    broad = np.float32(rng.uniform(0.02, 0.05))
    rim = np.exp(-(((distance - 1) / broad) ** 2)) * (0.6 + 0.4 * np.sin(angle + phases[3]))
    inside = np.clip((1 - distance) * 12, 0, 1) * np.float32(rng.uniform(0, 0.4))
    depth = np.clip((rim + inside) * rng.uniform(0.15, 0.45) * strength, 0, 0.8)[..., None]
    tint = 1 - depth * np.array([0.45, 0.65, 0.9], np.float32)
    patch[...] = np.rint(patch * tint).astype(np.uint8)


def _ring(center: Array, size: float, rng: np.random.Generator) -> list[Array]:
    t = np.linspace(rng.uniform(0, 6), rng.uniform(12.4, 13.4), 60)
    axes = np.array([rng.uniform(0.7, 1.6), rng.uniform(0.5, 1.0)]) * size
    return [center + np.stack([np.cos(t), np.sin(t)], axis=1) * axes * (1 + 0.04 * np.sin(t * 1.3 + 1))[:, None]]


def _tick(center: Array, size: float, rng: np.random.Generator) -> list[Array]:
    points = np.array([[-0.3, -0.1], [0.0, 0.3], [0.6, -0.7]]) * size * 0.6
    return [center + points + rng.normal(0, 0.03 * size, (3, 2))]


def _arrow(center: Array, size: float, rng: np.random.Generator) -> list[Array]:
    direction = rng.normal(0, 1, 2)
    direction /= max(float(np.hypot(*direction)), 1e-6)
    across = np.array([-direction[1], direction[0]])
    t = np.linspace(0, 1, 12)[:, None]
    shaft = center + size * (2 * t * direction + 0.3 * np.sin(3 * t) * across * rng.uniform(-1, 1))
    head = shaft[-1] + size * 0.35 * np.array([-direction + 0.6 * across, [0, 0], -direction - 0.6 * across])
    return [shaft, head]


def _cross_out(center: Array, size: float, rng: np.random.Generator) -> list[Array]:
    t = np.linspace(-1, 1, 24)
    wave = np.where(np.arange(24) % 2 == 0, -0.4, 0.4) * rng.uniform(0.5, 1)
    return [center + np.stack([t * 1.2, wave + 0.1 * t], axis=1) * size]


def _cloud(center: Array, size: float, rng: np.random.Generator) -> list[Array]:
    t = np.linspace(0, 2 * np.pi, 240)
    bumps = 1 + 0.12 * np.abs(np.sin(t * rng.integers(6, 10)))
    return [center + np.stack([1.5 * np.cos(t), np.sin(t)], axis=1) * (size * bumps)[:, None]]


def _remark(center: Array, size: float, rng: np.random.Generator) -> list[Array]:
    """A remark in the stroke alphabet, slanted and shaken like a hand's."""
    slant = np.array([[1.0, 0.0], [-rng.uniform(0.0, 0.35), 1.0]])
    lines = []
    for stroke in text_strokes(str(rng.choice(REMARKS)), height_mm=size * 0.35, angle=rng.normal(3, 6)):
        shaken = stroke @ slant + rng.normal(0, 0.012 * size, stroke.shape) + rng.normal(0, 0.015 * size, 2)
        lines.append(center + shaken)
    return lines


def _pen(out: Image, line: Array, pen: Color, width: int) -> None:
    """Draw with a pen: it darkens, so printed ink stays readable under it."""
    low = np.floor(line.min(axis=0)).astype(int) - width - 2
    high = np.ceil(line.max(axis=0)).astype(int) + width + 2
    x0, y0 = np.maximum(low, 0)
    x1, y1 = np.minimum(high, out.shape[1::-1])
    if x0 >= x1 or y0 >= y1:
        return
    layer = np.full((y1 - y0, x1 - x0, 3), 255, np.uint8)
    points = np.round((line - (x0, y0)) * 16 - 8).astype(np.int32)
    cv2.polylines(layer, [points], False, pen, width, cv2.LINE_AA, 4)
    out[y0:y1, x0:x1] = cv2.multiply(out[y0:y1, x0:x1], layer, scale=1 / 255)


def _px_per_mm(image: Image) -> float:
    """Pixels per millimetre if the page were an A1 sheet."""
    return float(np.hypot(*image.shape[:2])) / SHEET_DIAGONAL_MM
