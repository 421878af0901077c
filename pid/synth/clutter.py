"""What looks like a symbol and is none: lone letters, pointers with slim heads, dashed rings, boxes on pipes.

Sheets are full of them, and a detector that never saw them takes a 7 for a check valve. Nothing here leaves a symbol in
the truth; its lettering is in the words. Each function tries at random places and draws nothing where there is no room.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pid.drawing import Point
from pid.geometry import Array
from pid.synth.draft import Draft
from pid.synth.ink import Stroke
from pid.synth.marks import draw_leader
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, grown_box
from pid.synth.route import STEPS, way_of

_Fill = Literal["none", "ink", "paper"]
_SIGNS = (
    "A", "B", "C", "D", "E", "X", "Z", "N", "Y", "H", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "XX", "@", "#",
    "A1", "B2", "8\"", "3\"", "7.", "12.", "4.", "(7)", "or", "for", "uu", "%%", "+", "*", "I", "M", "V", "W", "T",
)  # fmt: skip
_REMARKS = (
    "NOTE {n}", "(NOTE {n})", "SEE DETAIL {a}", "SLOPE 1:{n}00", "MIN. {n}00", "SAMPLE POINT {n}", "BY OTHERS",
    "TP-{n}", "HOLD {n}", "LOCATE CLOSE TO TEE", "FROM {a}-{n}", "FREE DRAINING",
)  # fmt: skip
_CODES = ("2S", "7C", "4C", "70", "N", "Y", "8C", "100", "1H", "50", "ST", "ET", "PP", "3A", "0")


def add_loose_sign(draft: Draft) -> None:
    """A lone letter, digit or two, small or as large as a balloon."""
    h = draft.style.text_mm * draft.rng.choice([0.9, 1.0, 1.4, 2.0, 3.0], p=[0.2, 0.3, 0.2, 0.2, 0.1])
    at = _somewhere(draft)
    if at is not None:
        draft.try_write(draft.pick(_SIGNS), [at], height=float(h), angle=90 if draft.chance(0.15) else 0)


def add_pointer(draft: Draft) -> None:
    """A remark whose level or upright leader ends with a slim head on a pipe: no flow arrow."""
    edges = draft.pipe_edges(7)
    if not edges:
        return
    a, b = draft.net.ends(edges[int(draft.rng.integers(len(edges)))])
    t, u, h = draft.rng.uniform(0.15, 0.85), draft.u, draft.style.text_mm
    tip = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
    dx, dy = STEPS[(way_of(a, b) + (90 if draft.chance(0.5) else 270)) % 360]
    reach = draft.rng.uniform(5, 13) * u
    foot = (tip[0] + dx * reach, tip[1] + dy * reach)
    text = draft.pick(_REMARKS).format(n=draft.rng.integers(1, 30), a=draft.pick("ABCD"))
    width = draft.extent(text, h)[0]
    center = (foot[0] + dx * (width / 2 + u), foot[1] + dy * (h + 0.3 * u))
    near = (tip[0] + dx * 2.2 * u, tip[1] + dy * 2.2 * u)
    line = (min(near[0], foot[0]), min(near[1], foot[1]), max(near[0], foot[0]), max(near[1], foot[1]))
    if not draft.fits(line, grow=0.5) or not draft.fits(draft.text_box(text, center, h, 0), grow=0.3):
        return
    draft.write(text, center, owner=tip)
    draw_leader(draft, [foot, tip])
    if draft.chance(0.25):  # a second head, as where a limit is shown from both sides
        draw_leader(draft, [foot, near])


def add_ring(draft: Draft) -> None:
    """A dashed or dotted ring with a size in it: a manway, a hand hole, a circle of a table; no balloon."""
    u, h, at = draft.u, draft.style.text_mm, _somewhere(draft)
    radius = draft.rng.uniform(3.0, 5.5) * u
    if at is None or not draft.fits(grown_box((*at, *at), radius), grow=0.8):
        return
    dash = ((1.2, 0.7), (0.4, 0.6), (2.0, 1.0))[int(draft.rng.integers(3))]
    t = np.linspace(0, 2 * np.pi, 49)[:-1]
    points = np.array(at) + radius * np.c_[np.cos(t), np.sin(t)]
    pen = draft.style.thin_mm
    draft.over.append(Stroke(points, pen, closed=True, dash_mm=tuple(d * u for d in dash), layer="mark"))
    draft.paper.mark(grown_box((*at, *at), radius), SOLID)
    rows = draft.pick(("2400|MW", "600|HH", "MH", '24"|MH', "HH", "900|MW")).split("|")
    for i, row in enumerate(rows):
        draft.write(row, (at[0], at[1] + (i - (len(rows) - 1) / 2) * 1.5 * h), height=h)


def add_box_on_pipe(draft: Draft) -> None:
    """A long box or sleeve with codes on a pipe, as houses that count no insulation as a part draw it."""
    edges = draft.pipe_edges(22)
    if not edges:
        return
    a, b = draft.net.ends(edges[int(draft.rng.integers(len(edges)))])
    u, t, along = draft.u, draft.rng.uniform(0.25, 0.75), way_of(a, b) in (0, 180)
    h = draft.style.text_mm * draft.rng.uniform(0.75, 1.0)
    codes = [draft.pick(_CODES) for _ in range(int(draft.rng.integers(2, 4)))]
    codes = [codes[0]] * len(codes) if draft.chance(0.5) else codes
    pitch = max(draft.extent(c, h)[0] for c in codes) + draft.rng.uniform(1.0, 3.0) * u
    half = np.array([pitch * len(codes) / 2 + 0.8 * u, h * draft.rng.uniform(0.8, 1.3)])
    x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
    wide, high = half if along else half[::-1]
    box = (x - wide, y - high, x + wide, y + high)
    room = grown_box(box, 0.8 * u)
    if not draft.fits(room, grow=0, layers=()) or not draft.paper.free(room, (SOLID, TEXT, ACROSS if along else ALONG)):
        return
    bulge = 0.0 if draft.chance(0.5) else 0.5 * u
    draft.over += [
        Stroke(_turned(points, (x, y), along=along), draft.style.thin_mm, closed=closed, fill=fill, layer="mark")
        for points, closed, fill in _sleeve(half, bulge)
    ]
    draft.paper.mark(box, SOLID)
    for i, code in enumerate(codes):
        d = (i - (len(codes) - 1) / 2) * pitch
        draft.write(code, (x + d, y) if along else (x, y - d), height=h, angle=0 if along else 90)


def _sleeve(half: Array, bulge: float) -> list[tuple[Array, bool, _Fill]]:
    """Outline of a level sleeve about the origin, and the near rim at its left end where the ends bulge."""
    w, h = half
    if not bulge:
        return [(np.array([(-w, -h), (w, -h), (w, h), (-w, h)]), True, "paper")]
    t = np.linspace(-np.pi / 2, np.pi / 2, 9)
    right = np.c_[w + bulge * np.cos(t), h * np.sin(t)]
    left = np.c_[-w - bulge * np.cos(t), -h * np.sin(t)]
    rim = np.c_[-w + bulge * np.cos(t), h * np.sin(t)]
    return [(np.vstack([right, left]), True, "paper"), (rim, False, "none")]


def _turned(points: Array, at: Point, *, along: bool) -> Array:
    turned: Array = (points if along else points[:, ::-1]) + np.array(at)
    return turned


def add_limit_mark(draft: Draft) -> None:
    """A heavily dashed line with XX or a name on it: the limit of a skid, a battery, a building."""
    u, (x0, y0, x1, y1) = draft.u, draft.area
    level = draft.chance(0.5)
    length = draft.rng.uniform(0.15, 0.5) * (x1 - x0 if level else y1 - y0)
    x, y = draft.rng.uniform(x0, x1 - (length if level else 0)), draft.rng.uniform(y0, y1 - (0 if level else length))
    end = (x + length, y) if level else (x, y + length)
    if not draft.paper.free((x, y, *end), (SOLID, TEXT, ALONG if level else ACROSS)):
        return
    dash = ((2.5, 2.0), (4.0, 2.0), (6.0, 2.0, 1.2, 2.0), (1.5, 1.5))[int(draft.rng.integers(4))]
    pen = draft.style.thin_mm * draft.rng.uniform(1.0, 4.0)
    draft.over.append(
        Stroke(
            np.array([(x, y), end]), pen, dash_mm=tuple(d * u * draft.rng.uniform(0.6, 1.2) for d in dash), layer="mark"
        )
    )
    draft.paper.mark((x, y, *end), ALONG if level else ACROSS)
    text, h = draft.pick(("XX", "SKID LIMIT", "BATTERY LIMIT", "XX", "BL", "A", "AREA 2")), draft.style.text_mm * 1.3
    draft.try_write(
        text, [(x + 3 * u, y - 1.2 * h), (x + 3 * u, y + 1.2 * h), (x - 2 * h, y + 2 * u)], height=h, grow=0.1
    )


def add_tick_scale(draft: Draft) -> None:
    """A small ruled box or scale, filled in every other field, with numbers under it."""
    u, h, at = draft.u, draft.style.text_mm * 0.8, _somewhere(draft)
    fields, pitch = int(draft.rng.integers(2, 6)), draft.rng.uniform(2.0, 5.0) * u
    high = draft.rng.uniform(0.6, 2.5) * u
    if at is None:
        return
    x, y = at
    if not draft.fits((x, y, x + fields * pitch, y + high + 2 * h), grow=0.8):
        return
    filled = draft.chance(0.5)
    for i in range(fields):
        left = x + i * pitch
        points = np.array([(left, y), (left + pitch, y), (left + pitch, y + high), (left, y + high)])
        fill: _Fill = "ink" if filled and i % 2 else "none"
        draft.over.append(Stroke(points, draft.style.thin_mm, closed=True, fill=fill, layer="mark"))
        if draft.chance(0.6):
            draft.write(str(i * 5), (left, y + high + 0.9 * h), height=h)
    draft.paper.mark((x, y, x + fields * pitch, y + high), SOLID)


def _somewhere(draft: Draft) -> Point | None:
    """A place near something drawn; None on an empty sheet."""
    if not draft.pieces:
        return None
    near = draft.pieces[int(draft.rng.integers(len(draft.pieces)))]
    reach = draft.rng.uniform(4, 20) * draft.u
    angle = draft.rng.uniform(0, 2 * np.pi)
    return float(near.x + reach * np.cos(angle)), float(near.y + reach * np.sin(angle))
