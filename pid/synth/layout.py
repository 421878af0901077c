"""Where equipment and connectors stand, and the pipes between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pid.catalog import Kind
from pid.synth.draft import Draft
from pid.synth.internals import draw_internals
from pid.synth.nozzles import machine_nozzle, nozzle_at
from pid.synth.place import Piece

_BIG = ("vessel", "separator")
_MIDDLE = ("heat_exchanger", "compressor")
_COMMON_SHARE = 0.5  # of items, those of the kinds that most plants have
_COMMON = {
    "vessel": (
        "vertical_drum",
        "horizontal_drum",
        "cone_roof_tank",
        "dome_roof_tank",
        "tray_column",
        "stirred_reactor",
    ),
    "heat_exchanger": ("plate_heat_exchanger", "shell_and_tube_exchanger", "plate_and_shell_exchanger"),
    "pump": ("centrifugal_pump", "reciprocating_pump", "positive_displacement_pump"),
}
_REACH = {"vessel": (0.12, 0.36), "separator": (0.1, 0.28), "heat_exchanger": (0.06, 0.24)}
"""Longer side of big items over the height of the drawing area; public CAE sheets have tanks of 0.17 and 0.23."""
_MOST_GROWTH = 6.0
_SPARE_SHARE = 0.15  # of stubs on walls, those that no pipe is meant for
_MOST_SPAN_U = 90.0  # a longer wall has no more nozzles


@dataclass(frozen=True)
class Terminal:
    """An end that waits for a pipe: its node and the way the pipe leaves."""

    node: int
    direction: int
    sense: int = 0  # 1: a source of flow, -1: a sink, 0: either
    item: Piece | None = None  # the equipment it belongs to, also when parts stand between


def place_equipment(draft: Draft) -> list[Piece]:
    """Equipment items with room for pipes between them."""
    rng, family = draft.rng, draft.style.family
    n = {"offshore": rng.integers(2, 8), "cae": rng.integers(4, 9), "vendor": rng.integers(4, 11)}.get(
        family, rng.integers(4, 11)
    )
    due = [k for k in draft.rare if k.group in (*_BIG, *_MIDDLE, "pump")]
    kinds = [*due]
    while len(kinds) < n:
        group = str(rng.choice([*_BIG, *_MIDDLE, "pump"], p=[0.38, 0.1, 0.22, 0.05, 0.25]))
        of = draft.catalog.by_group(group)
        if group in _COMMON and draft.chance(_COMMON_SHARE):
            of = tuple(k for k in of if k.name in _COMMON[group]) or of
        if of:
            kinds.append(of[int(rng.integers(len(of)))])
    kinds.sort(key=lambda k: (*_BIG, *_MIDDLE, "pump").index(k.group))
    placed = []
    for kind in kinds[:10]:
        piece = _place_item(draft, kind)
        if piece is None:
            continue
        placed.append(piece)
        if kind in draft.rare:
            draft.rare.remove(kind)
        if kind.group in ("pump", "compressor", "heat_exchanger") and draft.chance(0.35):
            spare = _place_beside(draft, piece)
            if spare is not None:
                placed.append(spare)
    return placed


def _place_item(draft: Draft, kind: Kind) -> Piece | None:
    rng = draft.rng
    x0, y0, x1, y1 = draft.area
    low = y0 + 0.62 * (y1 - y0) if kind.group == "pump" and draft.chance(0.6) else y0
    growth = 1.0
    if kind.group in _REACH and draft.chance(draft.style.big_share):
        a, b, c, d = kind.variants[0].box
        usual = max(c - a, d - b) * draft.style.size_of(kind)
        growth = float(np.clip(rng.uniform(*_REACH[kind.group]) * (y1 - y0) / usual, 1.0, _MOST_GROWTH))
    for i in range(40):
        sx = rng.uniform(0.8, 1.6) if "x" in kind.stretch else rng.uniform(0.92, 1.08)
        sy = rng.uniform(0.8, 2.2) if "y" in kind.stretch else rng.uniform(0.92, 1.08)
        if growth > 1.0:  # the longer side is given already
            sx, sy = sx / max(sx, sy), sy / max(sx, sy)
            growth *= 0.97 if i else 1.0  # a crowded sheet has room for smaller ones
        at = (rng.uniform(x0, x1), rng.uniform(low, y1))
        piece = draft.make(kind, at=at, stretch=(sx * growth, sy * growth), mirrored=draft.chance(0.3))
        if draft.fits(piece.box, grow=18):
            _finish_item(draft, piece)
            return piece
    return None


def _place_beside(draft: Draft, first: Piece) -> Piece | None:
    x0, y0, x1, y1 = first.box
    gap = draft.rng.uniform(14, 24) * draft.u
    for dx, dy in ((0, y1 - y0 + gap), (0, -(y1 - y0) - gap), (x1 - x0 + gap, 0), (-(x1 - x0) - gap, 0)):
        piece = draft.make(first.kind, at=(first.x + dx, first.y + dy), mirrored=first.mirrored)
        piece.variant, piece.scale = first.variant, first.scale
        if draft.fits(piece.box, grow=8):
            _finish_item(draft, piece)
            return piece
    return None


def _finish_item(draft: Draft, piece: Piece) -> None:
    tag, name = draft.names.equipment(piece.kind.group)
    piece.tag = tag
    if any(t.slot for t in piece.variant.texts):
        piece.slots.setdefault("tag", tag)
    draft.put(piece, margin=1.5)
    if piece.kind.group in _BIG:
        draw_internals(draft, piece)
    h = draft.style.title_mm
    lines = [tag, name] if draft.chance(0.5) else [tag]
    box = piece.box
    big = box[2] - box[0] > draft.extent(tag, h)[0] * 1.15 and box[3] - box[1] > 6 * h
    if big and draft.chance(0.6):
        y = box[1] + draft.rng.uniform(0.35, 0.65) * (box[3] - box[1])
        draft.write(tag, ((box[0] + box[2]) / 2, y), height=h, owner=piece)
        lines = []
    for side in ("above", "below", "right", "left"):
        texts = draft.stack(lines, box, side, angle=0, height=h, gap=2.5 if side in ("above", "below") else 3.0)
        if texts and all(draft.fits(t.box, grow=0.5) for t in texts):
            draft.commit(texts, piece)
            break


def equipment_terminals(draft: Draft, piece: Piece) -> list[Terminal]:
    """Nozzles of an item, drawn as the house draws them, with pipes waiting."""
    if piece.kind.group in _BIG:
        return _wall_terminals(draft, piece)
    out = []
    for port in piece.ports:
        if port.role != "process" or port.direction % 90:
            continue
        out.append(Terminal(machine_nozzle(draft, piece, port.id), port.direction, item=piece))
    return out


def _wall_terminals(draft: Draft, piece: Piece) -> list[Terminal]:
    rng, u = draft.rng, draft.u
    x0, y0, x1, y1 = piece.box
    out: list[Terminal] = []
    stubs = draft.style.nozzle_kind == "nozzle"
    dense = draft.style.family in ("offshore", "vendor")
    for side, low, high in ((0, y0, y1), (180, y0, y1), (90, x0, x1), (270, x0, x1)):
        span = (high - low) / u
        n = int(np.clip(rng.poisson(min(span, _MOST_SPAN_U) / (13 if dense else 26)), 1, 9))
        taken: list[float] = []
        for _ in range(n * 3):
            if len(taken) >= n:
                break
            at = low + rng.uniform(0.1, 0.9) * (high - low)
            if any(abs(at - t) < 7 * u for t in taken):
                continue
            wall = piece.wall(side, at)
            if wall is None:
                continue
            node = nozzle_at(draft, piece, wall, side)
            if node is None:
                continue
            taken.append(at)
            if not (stubs and draft.chance(_SPARE_SHARE)):
                out.append(Terminal(node, side, item=piece))
    return out
