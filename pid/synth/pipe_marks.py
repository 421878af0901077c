"""Marks on pipes that are no parts: sleeves, slopes, spec breaks, sizes, tracing, break marks, dimensions."""

from __future__ import annotations

import numpy as np

from pid.drawing import Point
from pid.synth.draft import Draft
from pid.synth.ink import Stroke
from pid.synth.marks import draw_leader, draw_line
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, grown_box
from pid.synth.route import way_of


def _free_straight(draft: Draft, least: float) -> tuple[Point, Point] | None:
    edges = draft.pipe_edges(least)
    if not edges:
        return None
    return draft.net.ends(edges[int(draft.rng.integers(len(edges)))])


def add_sleeve(draft: Draft) -> None:
    """An insulation or tracing sleeve on a pipe."""
    run = _free_straight(draft, 24)
    if run is None or not draft.has("insulation_sleeve"):
        return
    a, b = run
    t = draft.rng.uniform(0.2, 0.8)
    at = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
    along = way_of(a, b) in (0, 180)
    text = draft.pick(["7C 70 N", "4C 40 Y", "8C 100 N", "H 40", "ST", "50", "INS (45°C)"])
    piece = draft.make("insulation_sleeve", at=at, rotation=0 if along else 90, slots={"letters": text, "size": text})
    length = abs(b[0] - a[0]) + abs(b[1] - a[1])
    box = grown_box(piece.box, 0.6 * draft.u)
    span = (box[2] - box[0]) if along else (box[3] - box[1])
    if (
        span > 0.8 * min(t, 1 - t) * 2 * length
        or not draft.paper.free(box, (SOLID, TEXT, ACROSS if along else ALONG))
        or not draft.fits(box, grow=0, layers=())
    ):
        return
    draft.put(piece)


def add_slope(draft: Draft) -> None:
    """A slope mark beside a pipe."""
    run = _free_straight(draft, 14)
    if run is None or not draft.has("slope_mark"):
        return
    a, b = run
    t = draft.rng.uniform(0.2, 0.8)
    along = way_of(a, b) in (0, 180)
    off = 3.0 * draft.u
    at = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
    at = (at[0], at[1] - off) if along else (at[0] + off, at[1])
    piece = draft.make(
        "slope_mark",
        at=at,
        rotation=0 if along else 90,
        mirrored=draft.chance(0.5),
        slots={"size": draft.pick(["1:100", "5.00 %", "10.00 %"])},
    )
    if draft.fits(piece.box, grow=0.3):
        draft.put(piece)


def add_spec_break(draft: Draft) -> None:
    """A tick across a pipe with a piping class on either side."""
    run = _free_straight(draft, 12)
    if run is None:
        return
    u, h = draft.u, draft.style.text_mm
    a, b = run
    t = draft.rng.uniform(0.25, 0.75)
    x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
    along = way_of(a, b) in (0, 180)
    s = -1 if draft.chance(0.6) else 1
    one, two = draft.names.spec(), draft.names.spec()
    reach = draft.rng.uniform(8, 13) * u
    texts = []
    for k, text in ((-1, one), (1, two)):
        w = draft.extent(text, h)[0]
        if along:
            texts.append((text, (x + k * (w / 2 + u), y + s * (reach - 2.0 * u) - 1.2 * h), 0))
        else:
            texts.append((text, (x + s * (reach - w / 2 + u), y + k * (h / 2 + u)), 0))
    far = (x, y + s * reach) if along else (x + s * reach, y)
    near = (x, y + s * 1.8 * u) if along else (x + s * 1.8 * u, y)
    line = (min(near[0], far[0]), min(near[1], far[1]), max(near[0], far[0]), max(near[1], far[1]))
    if not draft.fits(line, grow=0.6) or not all(draft.fits(draft.text_box(c, p, h, g), grow=0.3) for c, p, g in texts):
        return
    draft.over.append(Stroke(np.array([(x, y), far]), draft.style.thin_mm, layer="spec"))
    draft.paper.mark(line, TEXT)
    for text, center, angle in texts:
        draft.write(text, center, angle=angle, owner=(x, y))
    if along and draft.chance(0.6):
        bar = y + s * (reach - 2.0 * u)
        for k in (-1, 1):
            draw_leader(draft, [(x + k * 6 * u, bar), (x, bar)])


def add_size(draft: Draft) -> None:
    """A size beside a pipe."""
    run = _free_straight(draft, 8)
    if run is None:
        return
    a, b = run
    owner = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    side = -1 if draft.chance(0.7) else 1
    draft.write_along(
        draft.names.size(),
        run,
        off=draft.rng.uniform(0.4, 1.1),
        side=side,
        at=draft.rng.uniform(0.1, 0.9, 4).tolist(),
        owner=owner,
    )


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
    draft.over.append(Stroke(wave + np.array([x, y]), draft.style.thin_mm, layer="mark"))
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
