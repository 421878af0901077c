"""Single marks of a sheet: revision clouds and triangles, stamps, signatures, logos."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pid.drawing import Box, Word
from pid.geometry import Array
from pid.synth.fonts import font_names, rotation_matrix
from pid.synth.furniture_pen import Pen, corners
from pid.synth.furniture_words import PROJECTS, STAMPS, STAMPS_KO, Wording
from pid.synth.ink import BLACK, Color, Stroke

BOLD_FONTS = ("vera-bold", "liberation-sans-bold")
STAMP_COLORS: tuple[Color, ...] = ((200, 20, 20), (20, 40, 170), (30, 30, 140), (170, 0, 60), BLACK)


def _arc(center: tuple[float, float], radius: tuple[float, float], start: float, end: float, steps: int = 12) -> Array:
    """Points (steps, 2) on an ellipse from one angle to another, degrees counter-clockwise as seen."""
    t = np.radians(np.linspace(start, end, steps))
    return np.stack([center[0] + radius[0] * np.cos(t), center[1] - radius[1] * np.sin(t)], axis=1)


def revision_cloud(
    box: Box, rng: np.random.Generator, *, line_mm: float = 0.35, bump_mm: float | None = None, color: Color = BLACK
) -> Stroke:
    """A cloud of outward arcs round `box` (mm); it keeps outside the box and reaches at most a bump beyond it."""
    x0, y0, x1, y1 = box
    bump = float(rng.uniform(4, 8)) if bump_mm is None else bump_mm
    edges = [((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0))]
    points: list[Array] = []
    for start, end in edges:
        a, b = np.array(start), np.array(end)
        length = float(np.hypot(*(b - a)))
        count = max(1, round(length / bump))
        cuts = np.linspace(0, 1, count + 1)
        cuts[1:-1] += rng.uniform(-0.15, 0.15, count - 1) / count
        along = (b - a) / max(length, 1e-9)
        # Clockwise on the sheet (y down), so the outside lies to the left of the way.
        outside = np.array([along[1], -along[0]])
        for u, v in pairwise(cuts):
            half = (v - u) * length / 2
            t = np.linspace(np.pi, 0, 9)[:, None]
            middle = a + along * (u + v) / 2 * length
            points.append(middle + along * np.cos(t) * half + outside * np.sin(t) * half * 0.55)
    return Stroke(np.concatenate(points), line_mm, closed=True, color=color, layer="CLOUD")


def revision_triangle(pen: Pen, center: tuple[float, float], text: str, *, size_mm: float = 7.0) -> Word | None:
    """A triangle with the revision's name, as it stands beside a cloud; `size_mm` is its side."""
    x, y = center
    half, up, down = size_mm / 2, size_mm * 0.577, size_mm * 0.289
    pen.rule([[x, y - up], [x + half, y + down], [x - half, y + down]], closed=True, layer="CLOUD")
    room = size_mm * 0.22
    cell = (x - room, y - size_mm * 0.2, x + room, y + down)
    return pen.letter(text, cell, height=size_mm * 0.3, layer="CLOUD", pad=0.1)


def draw_signature(pen: Pen, box: Box, *, rng: np.random.Generator, color: Color = BLACK) -> None:
    """A scribble inside `box`; it is no lettering and leaves no word."""
    x0, y0, x1, y1 = box
    loops = int(rng.integers(4, 9))
    t = np.linspace(0, 1, 14 * loops)
    swing = np.interp(t, np.linspace(0, 1, loops), rng.uniform(0.1, 0.42, loops))
    phase = 2 * np.pi * loops * t + rng.uniform(0, 6)
    x = 0.12 + 0.72 * t + 0.05 * np.sin(phase)
    y = 0.5 + swing * np.cos(phase) * np.linspace(1, 0.35, t.size)
    points = np.stack([x0 + x * (x1 - x0), y0 + np.clip(y, 0.05, 0.95) * (y1 - y0)], axis=1)
    pen.rule(points, weight=0.8, color=color, layer="SIGNATURE")


def draw_logo(pen: Pen, box: Box, *, rng: np.random.Generator, color: Color, name: str) -> None:
    """A company's mark and name inside `box`; the shapes are invented."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    mark = min(h * 0.7, w * 0.4)
    beside = w > 1.7 * h
    cx, cy = (x0 + mark * 0.75, (y0 + y1) / 2) if beside else ((x0 + x1) / 2, y0 + h * 0.36)
    r = mark / 2 if beside else min(w, h) * 0.25
    style = int(rng.integers(10))
    if style >= 6:
        _draw_silhouette(pen, (cx, cy), r, rng=rng, color=color)
    elif style == 0:
        pen.rule(_arc((cx, cy), (r, r), 0, 360, 33), weight=2, color=color, layer="LOGO")
        pen.fill(_arc((cx, cy), (r * 0.7, r * 0.7), 20, 200, 20), color=color, layer="LOGO")
    elif style == 1:
        spikes = 2 * int(rng.integers(5, 12))
        radii = np.where(np.arange(spikes) % 2, r * 0.5, r)[:, None]
        turn = np.linspace(0, 2 * np.pi, spikes, endpoint=False)
        pen.fill(np.array([cx, cy]) + radii * np.stack([np.cos(turn), np.sin(turn)], axis=1), color=color, layer="LOGO")
    elif style == 2:
        pen.rule(_arc((cx, cy), (r * 1.2, r * 0.7), 0, 360, 33), weight=2, color=color, layer="LOGO")
        pen.letter(name[:2].upper(), (cx - r, cy - r * 0.6, cx + r, cy + r * 0.6), height=r * 0.7, color=color)
    elif style == 3:
        for i in range(3):
            y = cy - r + i * r * 0.7
            pen.fill([[cx - r, y], [cx + r, y + r * 0.2], [cx + r, y + r * 0.6], [cx - r, y + r * 0.4]], color=color)
    elif style == 4:
        pen.fill(corners((cx - r, cy - r * 0.7, cx + r, cy + r * 0.7)), color=color, layer="LOGO")
        pen.fill([[cx - r * 0.6, cy + r * 0.5], [cx, cy - r * 0.5], [cx + r * 0.6, cy + r * 0.5]], paper=True)
    else:
        pen.rule([[cx - r, cy + r], [cx, cy - r], [cx + r, cy + r]], weight=3, color=color, closed=True, layer="LOGO")
        pen.rule([[cx - r * 0.5, cy], [cx + r * 0.5, cy]], weight=3, color=color, layer="LOGO")
    cell = (cx + mark * 0.7, y0, x1, y1) if beside else (x0, y0 + h * 0.68, x1, y1)
    pen.letter(name, cell, height=min(h * 0.2, 4.5), color=color)


def _draw_silhouette(
    pen: Pen, center: tuple[float, float], r: float, *, rng: np.random.Generator, color: Color
) -> None:
    """A filled shape as trade marks have them: a cog wheel, a sun, a beast on legs, a blot; half extent `r` mm."""
    middle = np.array(center)
    style = int(rng.integers(4))
    if style < 2:  # teeth: broad ones with a bore, slender ones round a disc
        teeth = int(rng.integers(8, 22))
        cut, bore = (rng.uniform(0.7, 0.88), rng.uniform(0.2, 0.5)) if style == 0 else (rng.uniform(0.45, 0.7), 0.0)
        t = np.linspace(0, 2 * np.pi, 4 * teeth, endpoint=False)
        step = np.arange(4 * teeth) % 4
        radii = np.where(step < 2, r, cut * r) if style == 0 else np.where(step == 0, r, cut * r)
        pen.fill(middle + radii[:, None] * np.c_[np.cos(t), np.sin(t)], color=color, layer="LOGO")
        if bore:
            pen.fill(_arc(center, (bore * r, bore * r), 0, 360, 25), paper=True, layer="LOGO")
    elif style == 2:
        sign = float(rng.choice([-1.0, 1.0]))
        stretch = np.array([sign * r, r])
        for x in rng.uniform(-0.6, 0.5, 4):
            leg = np.array([(x, 0.0), (x + 0.16, 0.0), (x + rng.uniform(-0.3, 0.4), 1.0), (x - 0.12, 0.95)])
            pen.fill(middle + leg * stretch, color=color, layer="LOGO")
        pen.fill(_arc(center, (0.75 * r, 0.38 * r), 0, 360, 25), color=color, layer="LOGO")
        neck = np.array([(0.35, -0.1), (0.55, -1.0), (1.0, -0.75), (0.8, -0.55), (0.7, 0.1)])
        tail = np.array([(-0.6, -0.2), (-1.0, rng.uniform(-0.8, 0.3)), (-0.9, 0.4), (-0.6, 0.1)])
        for part in (neck, tail):
            pen.fill(middle + part * stretch, color=color, layer="LOGO")
    else:
        t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        waves = rng.normal(0, 1, (4, 2))
        swing = sum(
            waves[k, 0] / (k + 2) * np.cos((k + 1) * t) + waves[k, 1] / (k + 2) * np.sin((k + 1) * t) for k in range(4)
        )
        radii = r * np.clip(0.65 + 0.28 * swing, 0.2, 1.0)
        pen.fill(middle + radii[:, None] * np.c_[np.cos(t), np.sin(t)], color=color, layer="LOGO")


def draw_headline(pen: Pen, box: Box, *, words: Wording) -> Box | None:
    """A project's name in large bold letters at the top of `box`, boxed or not; the box it takes, None without room."""
    rng = words.rng
    bold = [f for f in BOLD_FONTS if f in font_names()]
    if not bold or words.korean:
        return None
    x0, y0, x1, y1 = box
    height = float(np.clip(rng.uniform(0.04, 0.13) * (x1 - x0), 2.5, 14.0))
    if y1 - y0 < 3 * height:
        return None
    cell = (x0, y0, x1, y0 + height * 2)
    heavy = Pen(str(rng.choice(bold)), pen.line_mm, pen.marks, pen.words, pen.tables)
    text = words.pick(PROJECTS)
    text = text if rng.random() < 0.4 else text.upper()
    if heavy.letter(text, cell, height=height) is None:
        return None
    if rng.random() < 0.6:
        pen.frame(cell, weight=float(rng.uniform(1, 2)))
    return cell


def draw_stamp(pen: Pen, center: tuple[float, float], *, size_mm: float, words: Wording) -> Box:
    """A rubber stamp round `center`, at most `size_mm` wide; the box that it takes."""
    rng = words.rng
    color = STAMP_COLORS[int(rng.integers(len(STAMP_COLORS)))]
    angle = float(rng.choice([0.0, 0.0, rng.uniform(-12, 12)]))
    style = int(rng.integers(3))
    if style == 2:
        return _draw_round_stamp(pen, center, size_mm=size_mm * 0.62, words=words, color=color)
    wide, high = size_mm * 0.95, size_mm * (0.30 if style == 0 else 0.46)
    turn = rotation_matrix(angle).T
    for inset in (0.0, 1.0) if rng.random() < 0.5 else (0.0,):
        half = np.array([wide / 2 - inset, high / 2 - inset])
        shape = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        pen.rule(shape @ turn + np.array(center), weight=1.6, color=color, closed=True, layer="STAMP")
    rows = [words.pick(STAMPS, STAMPS_KO), words.date()] if style == 0 else ["", "", ""]
    if style == 1:
        rows = [words.pick(STAMPS, STAMPS_KO), f"DATE {words.date()}", f"BY {words.person()}"]
    pitch = (high - 3) / len(rows)
    for i, text in enumerate(rows):
        middle = np.array([0.0, (i + 0.5) * pitch - (high - 3) / 2]) @ turn + np.array(center)
        _letter_turned(pen, text, middle, (wide * 0.86, pitch * 0.82), angle=angle, color=color)
    return _stamp_box(center, wide, high, angle)


def _letter_turned(
    pen: Pen, text: str, middle: Array, size: tuple[float, float], *, angle: float, color: Color
) -> Word | None:
    """Fit text into a cell of `size` that is turned with the lettering about its middle."""
    x, y = float(middle[0]), float(middle[1])
    cell = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
    return pen.letter(text, cell, height=size[1] * 0.62, angle=angle, color=color, layer="STAMP", pad=0.1)


def _draw_round_stamp(
    pen: Pen, center: tuple[float, float], *, size_mm: float, words: Wording, color: Color
) -> Box:  # fmt: skip
    x, y = center
    r = size_mm / 2
    pen.rule(_arc(center, (r, r), 0, 360, 49), weight=2, color=color, closed=True, layer="STAMP")
    pen.rule(_arc(center, (r * 0.9, r * 0.9), 0, 360, 49), color=color, closed=True, layer="STAMP")
    for side in (-1, 1):
        pen.rule([[x - r * 0.87, y + side * r * 0.22], [x + r * 0.87, y + side * r * 0.22]], color=color, layer="STAMP")
    date = (x - r * 0.8, y - r * 0.2, x + r * 0.8, y + r * 0.2)
    pen.letter(words.date(), date, height=r * 0.24, color=color, layer="STAMP")
    above = (x - r * 0.62, y - r * 0.6, x + r * 0.62, y - r * 0.24)
    pen.letter(words.pick(STAMPS, STAMPS_KO), above, height=r * 0.22, color=color, layer="STAMP")
    below = (x - r * 0.55, y + r * 0.26, x + r * 0.55, y + r * 0.58)
    pen.letter(words.person(), below, height=r * 0.22, color=color, layer="STAMP")
    return _stamp_box(center, size_mm, size_mm, 0.0)


def _stamp_box(center: tuple[float, float], wide: float, high: float, angle: float) -> Box:
    c, s = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
    half_x, half_y = float(wide * c + high * s) / 2 + 0.5, float(wide * s + high * c) / 2 + 0.5
    return center[0] - half_x, center[1] - half_y, center[0] + half_x, center[1] + half_y
