"""Balloons: on leaders to parts, free-standing, and the lettering round them."""

from __future__ import annotations

import math

from pid.catalog import Kind
from pid.drawing import Point
from pid.synth.draft import CONTACT, Draft
from pid.synth.features import choose_bubble
from pid.synth.network import Pen
from pid.synth.place import ALL_LAYERS, Piece
from pid.synth.style import is_bubble_kind

_ALARMS = ("H", "HH", "L", "LL", "AH", "SHH", "HHH", "H L")


def bubbles_of(draft: Draft) -> list[Kind]:
    """The catalogue's balloons."""
    return [k for k in draft.catalog.by_group("instrument") if is_bubble_kind(k)]


def decorate_bubble(draft: Draft, piece: Piece) -> None:
    """Area code, alarm letters and remarks round a balloon on paper."""
    x0, y0, x1, y1 = piece.box
    h = draft.style.text_mm
    if draft.style.family == "offshore" and draft.chance(0.8):
        w = draft.extent(draft.names.area, h)[0]
        corner = piece.edge_towards((x0, y0))  # a circle leaves its corner free, a box does not
        center = (corner[0] - w / 2 - 0.3 * draft.u, corner[1] - 0.2 * h)
        box = draft.text_box(draft.names.area, center, h, 0)
        if draft.paper.free(box, (1, 2, 3)):
            draft.write(draft.names.area, center, height=h, owner=piece)
    if draft.chance(0.25):
        for text in [draft.pick(_ALARMS)]:
            w = draft.extent(text, h)[0]
            draft.try_write(
                text,
                [(x1 + w / 2 + 0.8 * draft.u, y0 + h), (x1 + w / 2 + 0.8 * draft.u, y1 - h)],
                height=h,
                owner=piece,
                grow=0.2,
            )
    if draft.chance(0.15):
        text = draft.names.remark()
        w = draft.extent(text, h)[0]
        draft.try_write(
            text,
            [((x0 + x1) / 2, y1 + 1.3 * h), (x1 + w / 2 + draft.u, y1 + 0.3 * h), (x0 - w / 2 - draft.u, y1 + 0.3 * h)],
            height=h,
            owner=piece,
        )


def add_leader_bubble(
    draft: Draft, target: Piece, *, letters: str | None = None, stem: Point | None = None
) -> Piece | None:
    """A tag balloon on a slanted leader to a part; `stem` is the point on its stem where the leader ends instead."""
    if id(target) in draft.led:
        return None
    kind = choose_bubble(draft, bubbles_of(draft))
    piece = draft.make(kind)
    x0, y0, x1, y1 = target.box
    c = stem or ((x0 + x1) / 2, (y0 + y1) / 2)
    bx0, by0, bx1, by1 = piece.box
    half = max(bx1 - bx0, by1 - by0) / 2
    for _ in range(7):
        reach = half + draft.rng.uniform(4, 10) * draft.u
        angle = math.radians(draft.rng.uniform(20, 70) + 90 * draft.rng.integers(4))
        piece.x, piece.y = c[0] + reach * math.cos(angle), c[1] - reach * math.sin(angle)
        if not draft.fits(piece.box, grow=0.6):
            continue
        start = piece.edge_towards(c)
        end = c if stem else target.edge_towards((piece.x, piece.y))
        if not _leader_free(draft, start, end):
            continue
        draft.name_bubble(piece, letters=letters)
        draft.put(piece)
        draft.led.add(id(target))
        a = draft.net.add_node(start, piece, "leader")
        short = draft.chance(0.15) and stem is None
        tip = (end[0] + (start[0] - end[0]) * 0.25, end[1] + (start[1] - end[1]) * 0.25) if short else end
        pen = Pen("signal", "solid", draft.style.thin_mm)
        if stem is None and not short:
            b = draft.net.add_node(end, target, "leader")
        else:
            b = draft.net.add_node(tip)
            anchor = draft.net.add_node(end, target, "leader") if stem is None else _stem_node(draft, target)
            draft.net.add_edge(b, anchor, Pen("signal", CONTACT, 0.0))
        edge = draft.net.add_edge(a, b, pen)
        draft.mark_edge(edge)
        decorate_bubble(draft, piece)
        return piece
    return None


def _stem_node(draft: Draft, valve: Piece) -> int:
    return draft.port_node(valve, "stem")


def _leader_free(draft: Draft, a: Point, b: Point) -> bool:
    n = max(2, int(math.dist(a, b) / draft.u))
    for i in range(1, n - 2):
        t = i / n
        x, y = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
        if not draft.paper.free((x, y, x, y), ALL_LAYERS):
            return False
    return True


def place_bubble_near(
    draft: Draft, at: Point, *, remote: bool, least: float = 14, most: float = 70, kind: Kind | None = None
) -> Piece | None:
    """A free-standing balloon some way from a point."""
    kind = kind or choose_bubble(draft, bubbles_of(draft), remote=remote)
    piece = draft.make(kind)
    for _ in range(14):
        if draft.chance(0.5):
            d = draft.rng.uniform(least, most) * draft.u * (1 if draft.chance(0.5) else -1)
            piece.x, piece.y = (at[0] + d, at[1]) if draft.chance(0.5) else (at[0], at[1] + d)
        else:
            piece.x = at[0] + draft.rng.uniform(-most, most) * draft.u
            piece.y = at[1] + draft.rng.uniform(-most, most) * draft.u
        if draft.fits(piece.box, grow=2.5):
            draft.name_bubble(piece, controller=remote)
            draft.put(piece)
            decorate_bubble(draft, piece)
            if kind in draft.rare:
                draft.rare.remove(kind)
            return piece
    return None


def add_tag_bubble(draft: Draft) -> bool:
    """A tag balloon on a leader to a valve or fitting."""
    parts = [p for p in draft.pieces if p.kind.group in ("valve", "fitting") and "flange" not in p.kind.name]
    if not parts:
        return False
    return add_leader_bubble(draft, parts[int(draft.rng.integers(len(parts)))]) is not None
