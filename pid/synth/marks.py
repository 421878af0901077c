"""Marks beside the plant that are no symbols: clouds, data blocks, boxed texts, tracing, break marks, leaders."""

from __future__ import annotations

import numpy as np

from pid.drawing import Box, Point
from pid.synth.draft import Draft
from pid.synth.furniture_marks import revision_cloud
from pid.synth.ink import Color, Stroke
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, grown_box

RED: Color = (200, 20, 30)
_DATA = (
    "SIZE: 3.36M O.D. x 5.1M T/T", "DESIGN: 10 BARG AT 135°C/-28°C", "OPERATING: 3.4 BARG @ 40°C", "MATERIAL: 22 Cr DUPLEX",
    "CAPACITY: 120 m3/h", "DUTY: 1450 kW", "TRIM: CL 300", "INSULATION: 50 mm", "POWER: 75 kW", "VOLUME: 25 m3", "ID 2400 x 6000 T/T",
    "DESIGN PRESS.: 16 / FV barg", "DIFF. HEAD: 85 m", "STEAM OUT: 10 BARG/FULL VAC. @ 185°C",
)  # fmt: skip
_BOXED = (
    ("SV 104.01", "P = 6 barg", "DN = 25/50"), ("1 OUT OF 2 D VOTING",), ("MCP",), ("UCP",), ("SEE DETAIL A",), ("FIRE CASE", "SET 10 BARG"),
    ("5.0 bar / 100 °C",), ("VENDOR SCOPE",), ("2oo3",), ("MIN. 500",), ("POCKET", "NOT ALLOWED"),
)  # fmt: skip


def draw_line(draft: Draft, points: list[Point], *, dash: tuple[float, ...] = (), layer: str = "mark") -> None:
    """A thin line that is no pipe; its paper is taken."""
    draft.over.append(
        Stroke(np.array(points), draft.style.thin_mm, dash_mm=tuple(d * draft.u for d in dash), layer=layer)
    )
    for p, q in zip(points, points[1:], strict=False):
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


def add_tracing(draft: Draft) -> None:
    """A thin dashed line along a pipe: traced or jacketed."""
    edges = draft.pipe_edges(15)
    if not edges:
        return
    edge = edges[int(draft.rng.integers(len(edges)))]
    (ax, ay), (bx, by) = draft.net.ends(edge)
    along = abs(bx - ax) >= abs(by - ay)
    sides = (-1, 1) if draft.chance(0.3) else (draft.rng.choice([-1, 1]),)
    dash = ((2.0, 0.8), (3.0, 0.8, 0.5, 0.8), ())[int(draft.rng.integers(3))]
    for s in sides:
        d = s * 1.3 * draft.u
        p, q = ((ax, ay + d), (bx, by + d)) if along else ((ax + d, ay), (bx + d, by))
        box = (min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1]))
        m = 2.5 * draft.u
        inner = (box[0] + m, box[1], box[2] - m, box[3]) if along else (box[0], box[1] + m, box[2], box[3] - m)
        if draft.paper.free(inner, (SOLID, TEXT, ACROSS if along else ALONG)):
            points = [(inner[0], inner[1]), (inner[2], inner[3])]
            draft.over.append(
                Stroke(np.array(points), draft.style.thin_mm, dash_mm=tuple(x * draft.u for x in dash), layer="tracing")
            )


def add_break_mark(draft: Draft) -> None:
    """A wave across a pipe: the drawn length is not the true one."""
    edges = draft.pipe_edges(12)
    if not edges:
        return
    edge = edges[int(draft.rng.integers(len(edges)))]
    heading = draft.heading(edge)
    x, y = draft.point_on(edge, draft.rng.uniform(0.3, 0.7) * draft.net.length(edge))
    u = draft.u
    if not draft.paper.free(
        (x - 2 * u, y - 2 * u, x + 2 * u, y + 2 * u), (SOLID, TEXT, ACROSS if heading in (0, 180) else ALONG)
    ):
        return
    t = np.linspace(-1, 1, 9)
    wave = np.c_[0.7 * u * np.sin(np.pi * t), 1.8 * u * t]
    if heading in (90, 270):
        wave = wave[:, ::-1]
    draft.over.append(Stroke(wave + (x, y), draft.style.thin_mm, layer="mark"))
    draft.paper.mark((x - 2 * u, y - 2 * u, x + 2 * u, y + 2 * u), TEXT)


def add_dimension(draft: Draft) -> None:
    """A dimension between two places along a pipe: two thin lines, a double arrow, a length."""
    edges = draft.pipe_edges(26)
    if not edges:
        return
    edge = edges[int(draft.rng.integers(len(edges)))]
    if draft.heading(edge) not in (0, 180):
        return
    u, h = draft.u, draft.style.text_mm
    (ax, ay), (bx, _) = draft.net.ends(edge)
    low, high = min(ax, bx), max(ax, bx)
    x = draft.rng.uniform(low, high - 14 * u)
    w, drop = draft.rng.uniform(9, 14) * u, draft.rng.uniform(7, 12) * u
    s = draft.rng.choice([-1, 1])
    y = ay + s * drop
    box = (x, min(ay + s * 1.6 * u, y), x + w, max(ay + s * 1.6 * u, y))
    if not draft.fits(box, grow=1.0):
        return
    for at in (x, x + w):
        draw_line(draft, [(at, ay + s * 1.2 * u), (at, y + s * u)])
    draw_line(draft, [(x, y), (x + w, y)])
    for at, k in ((x, 1), (x + w, -1)):
        head = np.array([(at, y), (at + k * 2.2 * u, y - 0.45 * u), (at + k * 2.2 * u, y + 0.45 * u)])
        draft.over.append(Stroke(head, draft.style.thin_mm, closed=True, fill="ink", layer="mark"))
    draft.try_write(
        draft.pick(["MIN.", "(NOTE 4)", "500", "10D", "5D", "MAX. 2 m"]),
        [(x + w / 2, y - h), (x + w / 2, y + h)],
        grow=0.2,
    )
