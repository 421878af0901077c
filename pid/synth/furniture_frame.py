"""Borders of a sheet: single and double frames, zone letters and numbers, centring marks, rulers."""

from __future__ import annotations

import numpy as np

from pid.drawing import Box
from pid.synth.furniture_pen import Pen, corners
from pid.synth.furniture_words import Wording

ZONE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""I and O are left out, as ISO 5457 has it."""


def draw_border(pen: Pen, *, width_mm: float, height_mm: float, words: Wording, size: str, scale: float) -> Box:
    """Draw one of the border styles; the inside that is left for the drawing, mm."""
    rng = words.rng
    margin = float(rng.uniform(5, 12)) * scale
    left = margin + (float(rng.uniform(8, 15)) * scale if rng.random() < 0.3 else 0.0)
    outer = (left, margin, width_mm - margin, height_mm - margin)
    style = rng.choice(["single", "double", "zones", "ruler", "dashed"], p=[0.14, 0.1, 0.52, 0.1, 0.14])
    if style == "single":
        pen.frame(outer, weight=float(rng.uniform(1.5, 3)))
        inner = outer
    elif style == "ruler":
        pen.frame(outer, weight=2)
        _draw_edge_ruler(pen, outer, scale=scale)
        inner = outer
    else:
        strip = float(rng.uniform(4, 9)) * scale
        inner = (outer[0] + strip, outer[1] + strip, outer[2] - strip, outer[3] - strip)
        dash = tuple(float(v) * scale for v in rng.uniform(1.5, 9, 2)) if style == "dashed" else ()
        pen.rule(
            corners(outer),
            weight=float(rng.uniform(0.8, 1.5) if not dash else rng.uniform(1, 4)),
            dash=dash,
            closed=True,
        )
        pen.frame(inner, weight=float(rng.uniform(1.5, 3)))
        if style == "zones":
            _draw_zones(pen, outer, inner, words=words, scale=scale)
    if rng.random() < 0.35:
        _draw_centring_marks(pen, outer, inner, width_mm=width_mm, height_mm=height_mm)
    if rng.random() < 0.4:
        text = f"{width_mm:.0f} x {height_mm:.0f} mm - {size}" if rng.random() < 0.4 else size
        cell = (outer[0], outer[3] + 0.4, outer[0] + 60 * scale, height_mm - 0.4)
        pen.letter(text, cell, height=min(2.2 * scale, margin * 0.4), align="left")
    if style != "ruler" and rng.random() < 0.25:
        _draw_scale_ruler(pen, outer, height_mm=height_mm, scale=scale)
    if style != "ruler" and rng.random() < 0.3:
        text = f"{words.date()}  {rng.integers(0, 24):02}:{rng.integers(0, 60):02}  C:/PLOT/{words.number()}.PLT"
        cell = (0.5, height_mm * 0.55, outer[0] - 0.5, outer[3])
        pen.letter(text, cell, height=min(2.0 * scale, left * 0.35), align="left", angle=90)
    return inner


def _draw_zones(pen: Pen, outer: Box, inner: Box, *, words: Wording, scale: float) -> None:
    rng = words.rng
    pitch = float(rng.choice([50, 70, 100])) * max(scale, 0.7)
    # Even numbers, as ISO 5457 has them: a centring mark then falls between two names.
    columns = 2 * max(2, round((inner[2] - inner[0]) / pitch / 2))
    rows = 2 * max(2, round((inner[3] - inner[1]) / pitch / 2))
    backwards = bool(rng.random() < 0.25)
    both = bool(rng.random() < 0.75)
    height = min(float(rng.uniform(2.4, 6.0)) * scale, (inner[1] - outer[1]) * float(rng.uniform(0.5, 0.75)))
    xs = np.linspace(inner[0], inner[2], columns + 1)
    ys = np.linspace(inner[1], inner[3], rows + 1)
    bands = [(outer[1], inner[1])] + ([(inner[3], outer[3])] if both else [])
    for y0, y1 in bands:
        for i in range(columns):
            text = str(columns - i if backwards else i + 1)
            pen.letter(text, (xs[i], y0, xs[i + 1], y1), height=height, pad=0.1)
            if i:
                pen.rule([[xs[i], y0], [xs[i], y1]])
    bands = [(outer[0], inner[0])] + ([(inner[2], outer[2])] if both else [])
    for x0, x1 in bands:
        for i in range(rows):
            letter = ZONE_LETTERS[rows - 1 - i if backwards else i]
            pen.letter(letter, (x0, ys[i], x1, ys[i + 1]), height=height, pad=0.1)
            if i:
                pen.rule([[x0, ys[i]], [x1, ys[i]]])


def _draw_centring_marks(pen: Pen, outer: Box, inner: Box, *, width_mm: float, height_mm: float) -> None:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    for start, end in (
        ((x, outer[1] / 2), (x, inner[1])),
        ((x, (height_mm + outer[3]) / 2), (x, inner[3])),
        ((outer[0] / 2, y), (inner[0], y)),
        (((width_mm + outer[2]) / 2, y), (inner[2], y)),
    ):
        pen.rule([start, end], weight=2)


def _draw_edge_ruler(pen: Pen, frame: Box, *, scale: float) -> None:
    """Ticks outside the left and bottom sides with millimetre numbers every 50 mm."""
    x0, y0, x1, y1 = frame
    height = min(1.8 * scale, x0 * 0.4)
    for along, length in ((0, x1 - x0), (1, y1 - y0)):
        for tick in range(0, int(length) + 1, 10):
            size = min(2.0 if tick % 50 == 0 else 1.0, x0 * 0.3)
            if along == 0:
                pen.rule([[x0 + tick, y1], [x0 + tick, y1 + size]])
                cell = (x0 + tick - 8, y1 + size, x0 + tick + 8, y1 + size + height * 1.5)
            else:
                pen.rule([[x0, y1 - tick], [x0 - size, y1 - tick]])
                cell = (0.2, y1 - tick - height, x0 - size, y1 - tick + height)
            if tick and tick % 50 == 0:
                pen.letter(str(tick), cell, height=height, pad=0.1)


def _draw_scale_ruler(pen: Pen, outer: Box, *, height_mm: float, scale: float) -> None:
    """A 100 mm ruler in the lower margin, by which a reader of a copy finds its scale."""
    room = height_mm - outer[3]
    y, x = outer[3] + room * 0.35, outer[2] - 130
    if x < outer[0] + 100 or room < 4:
        return
    pen.rule([[x, y], [x + 100, y]])
    for at in (0, 50, 100):
        pen.rule([[x + at, y - room * 0.2], [x + at, y]])
        text = f"{at} mm" if at == 100 else str(at)
        cell = (x + at - 8, y + 0.3, x + at + 8, y + room * 0.6)
        pen.letter(text, cell, height=min(1.8 * scale, room * 0.25), pad=0.1)
