"""Where equipment and connectors stand, and the pipes between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pid.catalog import Kind
from pid.drawing import Point
from pid.synth.draft import Draft
from pid.synth.ink import Stroke
from pid.synth.place import Piece, grown_box
from pid.synth.route import STEPS

_BIG = ("vessel", "separator")
_MIDDLE = ("heat_exchanger", "compressor")


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
    n = {"offshore": rng.integers(2, 7), "cae": rng.integers(3, 8), "vendor": rng.integers(4, 11)}.get(
        family, rng.integers(3, 10)
    )
    due = [k for k in draft.rare if k.group in (*_BIG, *_MIDDLE, "pump")]
    kinds = [*due]
    while len(kinds) < n:
        group = str(rng.choice([*_BIG, *_MIDDLE, "pump"], p=[0.34, 0.12, 0.2, 0.06, 0.28]))
        of = draft.catalog.by_group(group)
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
    rng, u = draft.rng, draft.u
    x0, y0, x1, y1 = draft.area
    low = y0 + 0.62 * (y1 - y0) if kind.group == "pump" and draft.chance(0.6) else y0
    best = None
    for _ in range(40):
        sx = rng.uniform(0.8, 1.6) if "x" in kind.stretch else 1.0
        sy = rng.uniform(0.8, 2.2) if "y" in kind.stretch else 1.0
        at = (rng.uniform(x0, x1), rng.uniform(low, y1))
        piece = draft.make(kind, at=at, stretch=(sx, sy), mirrored=draft.chance(0.3))
        if draft.fits(piece.box, grow=18):
            best = piece
            break
    if best is None:
        return None
    _finish_item(draft, best)
    del u
    return best


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
        _draw_internals(draft, piece)
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


def _draw_internals(draft: Draft, piece: Piece) -> None:
    """Dashed decks, a level or a demister in a vessel that is wide enough."""
    x0, y0, x1, y1 = piece.box
    u = draft.u
    if x1 - x0 < 14 * u or not draft.chance(0.45):
        return
    for _ in range(int(draft.rng.integers(1, 4))):
        y = draft.rng.uniform(y0 + 0.2 * (y1 - y0), y1 - 0.15 * (y1 - y0))
        a, b = piece.wall(180, y), piece.wall(0, y)
        if a is None or b is None or b[0] - a[0] < 10 * u:
            continue
        dash = (2.4 * u, 1.2 * u) if draft.chance(0.8) else ()
        for k in range(2 if draft.chance(0.5) else 1):
            line = np.array([(a[0], y + 1.6 * u * k), (b[0], y + 1.6 * u * k)])
            draft.over.append(Stroke(line, draft.style.thin_mm, dash_mm=dash, layer="internals"))
        draft.paper.mark((a[0], y - 0.3 * u, b[0], y + 2.2 * u), 1)
        if draft.chance(0.3):
            draft.write(draft.names.remark(), ((a[0] + b[0]) / 2, y - draft.style.text_mm), owner=piece)


def equipment_terminals(draft: Draft, piece: Piece) -> list[Terminal]:
    """Nozzles of an item, drawn as the house draws them, with pipes waiting."""
    if piece.kind.group in _BIG:
        return _wall_terminals(draft, piece)
    out = []
    nozzle = draft.style.nozzle_kind == "nozzle" and draft.has("nozzle") and draft.style.family == "cae"
    for port in piece.ports:
        if port.role != "process" or port.direction % 90:
            continue
        if nozzle:
            node = _nozzle_stub(draft, piece, (port.x, port.y), port.direction)
        else:
            node = draft.net.add_node((port.x, port.y), piece, port.id)
        out.append(Terminal(node, port.direction, item=piece))
    return out


def _wall_terminals(draft: Draft, piece: Piece) -> list[Terminal]:
    rng, u = draft.rng, draft.u
    x0, y0, x1, y1 = piece.box
    out: list[Terminal] = []
    dense = draft.style.family in ("offshore", "vendor")
    for side, low, high in ((0, y0, y1), (180, y0, y1), (90, x0, x1), (270, x0, x1)):
        span = (high - low) / u
        n = int(np.clip(rng.poisson(span / (13 if dense else 22)), 1, 9))
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
            out.append(Terminal(node, side, item=piece))
    return out


def nozzle_at(draft: Draft, piece: Piece, wall: Point, side: int) -> int | None:  # noqa: PLR0911
    """A nozzle at a point of the wall; the node where the pipe starts."""
    u, rng = draft.u, draft.rng
    dx, dy = STEPS[side]
    ahead = (wall[0] + dx * 4 * u, wall[1] + dy * 4 * u)
    a, b = (
        (min(wall[0] + dx * u, ahead[0]), min(wall[1] + dy * u, ahead[1])),
        (max(wall[0] + dx * u, ahead[0]), max(wall[1] + dy * u, ahead[1])),
    )
    if not draft.fits((*a, *b), grow=1.2, layers=(1, 2, 3)):
        return None
    kind = draft.style.nozzle_kind if draft.chance(0.9) else "none"
    number = draft.names.number(f"nozzle-{piece.id}") - draft.names.start
    due = [k for k in draft.rare if k.name in ("manway", "pad_nozzle")]
    if draft.has("manway") and side in (0, 180) and ((due and due[0].name == "manway") or draft.chance(0.05)):
        _manway(draft, piece, wall, side)
        return None
    if draft.has("pad_nozzle") and (draft.chance(0.03) or (due and due[0].name == "pad_nozzle")):
        draft.rare[:] = [k for k in draft.rare if k.name != "pad_nozzle"]
        return _nozzle_stub(draft, piece, wall, side, f"N{number}", kind="pad_nozzle")
    if kind == "nozzle" and draft.has("nozzle"):
        return _nozzle_stub(draft, piece, wall, side, f"N{number}")
    if kind == "nozzle_tag" and draft.has("nozzle_tag"):
        tag = f"{'M' if draft.chance(0.08) else 'N'}{number}{draft.pick(['', '', 'A', 'B'])}"
        box = draft.make("nozzle_tag", slots={"tag": tag})
        bx0, by0, bx1, by1 = box.box
        inside = (bx1 - bx0) / 2 + 0.5 * u if side in (0, 180) else (by1 - by0) / 2 + 0.8 * u
        box.x, box.y = wall[0] - dx * inside, wall[1] - dy * inside
        if draft.chance(0.25):  # a little off the pipe's axis
            shift = rng.uniform(-1.5, 1.5) * u
            box.x, box.y = box.x + (0 if dx else shift), box.y + (0 if dy else shift)
        if not draft.paper.free(grown_box(box.box, 0.3 * u), (1,)):
            return None
        box.tag, box.parent = tag, piece
        draft.put(box)
        draft.paper.mark(box.box, 1)
        return draft.net.add_node(wall, box, "wall")
    return draft.net.add_node(wall, piece, f"wall{number}")


def _manway(draft: Draft, item: Piece, wall: Point, side: int) -> None:
    """A manway on the wall; no pipe leads to it."""
    piece = draft.make("manway", rotation=(side + 180) % 360)
    entry = next((p for p in piece.ports if p.role == "process"), None)
    if entry is None:
        return
    piece.move_port_to(entry.id, wall)
    x0, y0, x1, y1 = piece.box
    clear = (x0 + 1.5 * draft.u, y0, x1, y1) if side == 0 else (x0, y0, x1 - 1.5 * draft.u, y1)
    if not draft.fits(clear, grow=0.8, layers=(1, 2, 3)):
        return
    piece.parent, piece.tag = item, f"M{draft.rng.integers(1, 4)}"
    draft.put(piece)
    draft.led.add(id(piece))
    draft.label(piece, [piece.tag, draft.names.size()], along=True)
    draft.rare[:] = [k for k in draft.rare if k.name != "manway"]


def _nozzle_stub(
    draft: Draft, item: Piece, wall: Point, side: int, tag: str | None = None, *, kind: str = "nozzle"
) -> int:
    piece = draft.make(kind, rotation=(side + 180) % 360)
    piece.parent = item
    piece.move_port_to("b", wall)
    tag = tag or f"N{draft.rng.integers(1, 5)}"
    piece.tag = tag
    draft.put(piece, margin=0.3)
    out = piece.port("a")
    lines = [tag, draft.names.size()] if draft.chance(0.6) else [tag]
    draft.label(piece, lines, along=side in (0, 180), height=draft.style.text_mm * draft.rng.uniform(0.8, 1.0))
    return draft.net.add_node((out.x, out.y), piece, "a")
