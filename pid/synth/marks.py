"""Marks beside the plant that are no symbols: clouds, data blocks, boxed texts, tracing, break marks, leaders."""

from __future__ import annotations

import itertools

import numpy as np

from pid.drawing import Box, Point
from pid.synth.draft import Draft
from pid.synth.furniture_marks import revision_cloud
from pid.synth.ink import Color, Stroke
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, grown_box

RED: Color = (200, 20, 30)
_DATA = (
    "SIZE: 2.10 m ID x 4.8 m T/T",
    "DESIGN: 16 barg / FV AT 150°C",
    "OPERATING: 7.2 barg @ 55°C",
    "MATERIAL: SS 316L",
    "CAPACITY: 95 m3/h",
    "DUTY: 870 kW",
    "RATING: CL 600",
    "INSULATION: 60 mm",
    "POWER: 55 kW",
    "VOLUME: 18 m3",
    "ID 1800 x 5200",
    "DESIGN PRESS.: 25 / FV barg",
    "DIFF. HEAD: 64 m",
    "MIN. DESIGN TEMP.: -20 °C",
    "ELEVATION: 6.5 m",
    'TRIM: 2" CL 300',
)
_BOXED = (
    ("SV 12", "p = 8 bar", "DN 40/80"),
    ("2 OUT OF 3",),
    ("LCP",),
    ("UNIT PANEL",),
    ("SEE DETAIL B",),
    ("BLOCKED OUTLET", "SET 12 BARG"),
    ("4.0 bar / 90 °C",),
    ("BY SUPPLIER",),
    ("2oo3",),
    ("MIN. 600",),
    ("FREE DRAINING", "TO DRUM"),
)


def draw_line(draft: Draft, points: list[Point], *, dash: tuple[float, ...] = (), layer: str = "mark") -> None:
    """A thin line that is no pipe; its paper is taken."""
    draft.over.append(
        Stroke(np.array(points), draft.style.thin_mm, dash_mm=tuple(d * draft.u for d in dash), layer=layer)
    )
    for p, q in itertools.pairwise(points):
        box = (min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1]))
        if min(box[2] - box[0], box[3] - box[1]) < draft.u:
            draft.paper.mark(box, TEXT)


def add_cloud(draft: Draft) -> None:
    """A revision cloud round a few parts, with the revision's triangle."""
    if not draft.pieces:
        return
    piece = draft.pieces[int(draft.rng.integers(len(draft.pieces)))]
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = grown_box(piece.box, rng.uniform(1.5, 6) * u)
    x0, x1 = x0 - rng.uniform(0, 18) * u, x1 + rng.uniform(0, 18) * u
    y0, y1 = y0 - rng.uniform(0, 8) * u, y1 + rng.uniform(0, 8) * u
    a = draft.area
    if x0 < a[0] or y0 < a[1] or x1 > a[2] or y1 > a[3] or x1 - x0 > 0.4 * (a[2] - a[0]):
        return
    red = draft.chance(0.15)
    pen = draft.style.thin_mm * rng.uniform(0.9, 1.6)
    cloud = revision_cloud(
        (x0, y0, x1, y1), rng, line_mm=pen, bump_mm=rng.uniform(2.5, 6) * u, color=RED if red else (0, 0, 0)
    )
    draft.over.append(cloud)
    if draft.chance(0.8) and draft.has("revision_mark"):
        mark = draft.make("revision_mark", slots={"number": draft.pick(["1", "2", "3", "A", "B", "Z5", "0", "4"])})
        for corner in ((x1, y0), (x0, y0), (x1, y1), (x0, y1)):
            mark.x, mark.y = corner[0] + 3 * u, corner[1] - 2 * u
            if draft.fits(mark.box, grow=0.3):
                draft.put(mark)
                break


def add_data_block(draft: Draft) -> None:
    """Design data of an item, in rows, centred or flush, at the sheet's edge or beside the item."""
    rows = [_DATA[int(i)] for i in draft.rng.permutation(len(_DATA))[: int(draft.rng.integers(2, 6))]]
    h = draft.style.text_mm * draft.rng.uniform(0.9, 1.15)
    tag, name = draft.names.equipment("vessel")
    big = draft.style.title_mm
    widths = [draft.extent(r, h)[0] for r in rows] + [draft.extent(t, big)[0] for t in (tag, name)]
    width, height = max(widths), 1.5 * h * len(rows) + 3.4 * big
    a = draft.area
    for _ in range(12):
        x = draft.rng.uniform(a[0] + width / 2, max(a[0] + width / 2 + 1, a[2] - width / 2))
        y = (
            a[1] + draft.rng.uniform(0, 0.12) * (a[3] - a[1])
            if draft.chance(0.6)
            else draft.rng.uniform(a[1], a[3] - height)
        )
        box = (x - width / 2, y, x + width / 2, y + height)
        if not draft.fits(box, grow=1.5):
            continue
        draft.write(tag, (x, y + big / 2), height=big)
        line_y = y + big * 1.35
        if draft.chance(0.6):
            half = draft.extent(tag, big)[0] / 2
            draw_line(draft, [(x - half, line_y), (x + half, line_y)])
        draft.write(name, (x, y + 2.2 * big), height=big * 0.8)
        flush = draft.chance(0.4)
        for i, row in enumerate(rows):
            cx = x - width / 2 + draft.extent(row, h)[0] / 2 if flush else x
            draft.write(row, (cx, y + 3.4 * big + 1.5 * h * (i + 0.5)), height=h)
        return


def add_text_box(draft: Draft) -> None:
    """A few rows of text in a box."""
    rows = _BOXED[int(draft.rng.integers(len(_BOXED)))]
    h, u = draft.style.text_mm, draft.u
    width = max(draft.extent(r, h)[0] for r in rows) + 2.4 * u
    height = 1.5 * h * len(rows) + 1.6 * u
    box = _free_box(draft, width, height)
    if box is None:
        return
    x0, y0, x1, y1 = box
    draft.over.append(
        Stroke(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), draft.style.thin_mm, closed=True, layer="mark")
    )
    draft.paper.mark(box, SOLID)
    for i, row in enumerate(rows):
        draft.write(row, ((x0 + x1) / 2, y0 + 0.8 * u + 1.5 * h * (i + 0.5)))


def _free_box(draft: Draft, width: float, height: float) -> Box | None:
    a = draft.area
    for _ in range(10):
        near = draft.pieces[int(draft.rng.integers(len(draft.pieces)))] if draft.pieces else None
        if near is None:
            return None
        x = near.x + draft.rng.uniform(-30, 30) * draft.u
        y = near.y + draft.rng.uniform(-30, 30) * draft.u
        box = (x, y, x + width, y + height)
        if x > a[0] and y > a[1] and draft.fits(box, grow=1.0):
            return box
    return None


def draw_leader(draft: Draft, points: list[Point], *, head: bool = True) -> None:
    """A thin line with a slim filled head on its last point; no symbol, no pipe."""
    u = draft.u
    draft.over.append(Stroke(np.array(points), draft.style.thin_mm, layer="leader"))
    for p, q in itertools.pairwise(points):
        for t in np.linspace(0, 0.85, 8):
            x, y = p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])
            draft.paper.mark((x, y, x, y), TEXT)
    if head:
        tip, back = np.array(points[-1]), np.array(points[-2])
        d = (tip - back) / max(float(np.hypot(*(tip - back))), 1e-9)
        s = np.array([-d[1], d[0]])
        foot = tip - d * 3.0 * u
        draft.over.append(
            Stroke(
                np.array([tip, foot + s * 0.55 * u, foot - s * 0.55 * u]),
                draft.style.thin_mm,
                closed=True,
                fill="ink",
                layer="leader",
            )
        )


def add_remark(draft: Draft) -> None:
    """A remark beside a part or a pipe."""
    if not draft.pieces:
        return
    piece = draft.pieces[int(draft.rng.integers(len(draft.pieces)))]
    x0, y0, x1, y1 = piece.box
    text = draft.names.remark()
    h = draft.style.text_mm
    w = draft.extent(text, h)[0]
    c = ((x0 + x1) / 2, (y0 + y1) / 2)
    u = draft.u
    draft.try_write(
        text,
        [
            (c[0], y1 + h + u),
            (c[0], y0 - h - u),
            (x1 + w / 2 + u, y0 - h),
            (x0 - w / 2 - u, y1 + h),
            (c[0], y1 + 2.6 * h + u),
        ],
        owner=piece,
    )


def add_boundary(draft: Draft) -> None:
    """A dash-dot box round part of the plant: a package, a skid, a limit of supply."""
    u = draft.u
    x0, y0, x1, y1 = draft.area
    w, h = draft.rng.uniform(0.15, 0.45) * (x1 - x0), draft.rng.uniform(0.15, 0.5) * (y1 - y0)
    x, y = draft.rng.uniform(x0 + 2 * u, x1 - w - 2 * u), draft.rng.uniform(y0 + 2 * u, y1 - h - 2 * u)
    corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    for p, q in zip(corners, [*corners[1:], corners[0]], strict=True):
        along = p[1] == q[1]
        box = (min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1]))
        if not draft.paper.free(box, (SOLID, TEXT, ALONG if along else ACROSS)):
            return
    dash = [(6.0, 1.2, 0.9, 1.2), (3.0, 1.2), (8.0, 1.5, 1.5, 1.5)][int(draft.rng.integers(3))]
    draft.over.append(
        Stroke(
            np.array(corners), draft.style.thin_mm, closed=True, dash_mm=tuple(d * u for d in dash), layer="boundary"
        )
    )
    for p, q in zip(corners, [*corners[1:], corners[0]], strict=True):
        draft.paper.mark(
            (min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1])), ALONG if p[1] == q[1] else ACROSS
        )
    tag, name = draft.names.equipment("other")
    text = draft.pick([tag, name, "SKID LIMITS", "PACKAGE LIMIT", f"{name} {tag}"])
    tw = draft.extent(text, draft.style.title_mm)[0]
    draft.try_write(
        text,
        [(x + tw / 2 + 2 * u, y + 3 * u), (x + tw / 2 + 2 * u, y + h - 3 * u), (x + w - tw / 2 - 2 * u, y + h + 3 * u)],
        height=draft.style.title_mm,
    )
