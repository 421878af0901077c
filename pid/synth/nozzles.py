"""Nozzles: tag boxes, stubs with a tick, pads and manways at the walls of equipment.

Terms of art: a nozzle's *stub* runs from the wall to its end *tick*, the flange bar; both are one symbol. The *reach*
of a stub is its length. CAE systems draw stubs 2 to 4 times as long as the tick, beside them "N1" and the nominal size.
"""

from __future__ import annotations

from pid.drawing import Box, Point
from pid.synth.draft import Draft
from pid.synth.lettering import Written
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, Piece, grown_box
from pid.synth.route import STEPS

_AHEAD_U = 4.0  # paper that a nozzle without a long stub needs before the wall
_MANWAY_SHARE = {"cae": 0.12, "generic": 0.09, "vendor": 0.07}
_OWN_MARGIN_U = 3.2  # margin with which equipment is put on paper, a cell of the map, and what a box is grown by
_SHIFTS = (0.0, 1.5, 3.0, 4.5, 6.5)  # u outward that lettering is tried at
_SPREAD = (0.9, 1.1)  # of reaches on one sheet


def nozzle_at(draft: Draft, piece: Piece, wall: Point, side: int) -> int | None:
    """A nozzle at a point of the wall; the node where the pipe starts."""
    u = draft.u
    if not draft.fits(_strip(wall, side, u, _AHEAD_U * u), grow=1.2, layers=(1, 2, 3)):
        return None
    kind = draft.style.nozzle_kind if draft.chance(0.9) else "none"
    number = draft.names.number(f"nozzle-{piece.id}") - draft.names.start
    if _manway_due(draft, side):
        _manway(draft, piece, wall, side)
        return None
    due = any(k.name == "pad_nozzle" for k in draft.rare)
    if draft.has("pad_nozzle") and (due or draft.chance(0.03)):
        draft.rare[:] = [k for k in draft.rare if k.name != "pad_nozzle"]
        return _put_stub(draft, piece, draft.make("pad_nozzle", rotation=(side + 180) % 360), wall, f"N{number}")
    if kind == "nozzle":
        node = stub_at(draft, piece, wall, side, tag=f"N{number}")
        return node if node is not None else draft.net.add_node(wall, piece, f"wall{number}")
    if kind == "nozzle_tag" and draft.has("nozzle_tag"):
        return _tag_box(draft, piece, wall, side, number)
    return draft.net.add_node(wall, piece, f"wall{number}")


def machine_nozzle(draft: Draft, item: Piece, port: str) -> int:
    """The node where a pipe starts at a port of a pump or exchanger: behind a nozzle, if the house draws them there."""
    at = item.port(port)
    wall = (at.x, at.y)
    if draft.style.nozzle_kind == "nozzle" and draft.style.machine_nozzles:
        number = draft.names.number(f"nozzle-{item.id}") - draft.names.start
        node = stub_at(draft, item, wall, at.direction, tag=f"N{number}")
        if node is not None:
            return node
    return draft.net.add_node(wall, item, port)


def stub_at(draft: Draft, item: Piece, wall: Point, side: int, *, tag: str) -> int | None:
    """A stub with its tick where there is room, else a shorter one; the node at the tick, None without room."""
    if not draft.has("nozzle"):
        return None
    style, u = draft.style, draft.u
    piece = draft.make("nozzle", rotation=(side + 180) % 360)
    own = piece.variant.box[2] - max(0.0, piece.variant.box[0])
    reach = draft.rng.uniform(*style.nozzle_reach) * draft.rng.uniform(*_SPREAD)
    for length in (reach, max(2.5, reach / 2)):
        piece.scale = (length / own * u, (style.nozzle_tick if draft.stretched else length / own) * u)
        if _has_room(draft, item, wall, side, (length + 1.5) * u):
            return _put_stub(draft, item, piece, wall, tag)
    return None


def _has_room(draft: Draft, item: Piece, wall: Point, side: int, far: float) -> bool:
    """Whether nothing stands ahead of the wall; the item's own box and its margin count as free."""
    if not draft.fits(_strip(wall, side, 1.2 * draft.u, far), grow=1.0, layers=(TEXT, ALONG, ACROSS)):
        return False
    x0, y0, x1, y1 = grown_box(item.box, _OWN_MARGIN_U * draft.u)
    edge = {0: x1 - wall[0], 90: wall[1] - y0, 180: wall[0] - x0, 270: y1 - wall[1]}[side]
    return edge >= far or draft.fits(_strip(wall, side, edge, far), grow=0.5, layers=(SOLID,))


def _put_stub(draft: Draft, item: Piece, piece: Piece, wall: Point, tag: str) -> int:
    piece.parent, piece.tag = item, tag
    piece.move_port_to("b", wall)
    out = piece.port("a")
    texts = _plan_lettering(draft, piece, out.direction)
    draft.put(piece, margin=0.3)
    draft.commit(texts, piece)
    return draft.net.add_node((out.x, out.y), piece, "a")


def _plan_lettering(draft: Draft, piece: Piece, side: int) -> list[Written]:
    """The tag and mostly the nominal size beside a nozzle that is not on paper yet; empty without room.

    Lettering stands beside the stub or, where the wall is in the way, beside the tick and the pipe behind it.
    """
    h = draft.style.text_mm * draft.rng.uniform(0.8, 1.0)
    lines = [piece.tag or "", draft.names.size()] if draft.chance(0.8) else [piece.tag or ""]
    gap, first = draft.rng.uniform(0.5, 1.4) * draft.u, -1 if draft.chance(0.75) else 1
    split = side in (0, 180) and (len(lines) == 1 or draft.chance(0.8))
    for shift in _SHIFTS:
        for sign in (first, -first):
            texts = (_over_and_under if split else _beside)(
                draft, piece, side, lines, h=h, gap=gap, sign=sign, shift=shift
            )
            if all(draft.fits(t.box, grow=0.1) for t in texts):
                return texts
    return []


def _over_and_under(
    draft: Draft, piece: Piece, side: int, lines: list[str], *, h: float, gap: float, sign: int, shift: float
) -> list[Written]:
    """The tag on one side of a level stub and the size on the other, `shift` u towards the tick and beyond."""
    x0, y0, x1, y1 = piece.box
    out = []
    for line, way in zip(lines, (sign, -sign), strict=False):
        half = gap + h / 2
        center = ((x0 + x1) / 2 + STEPS[side][0] * shift * draft.u, y0 - half if way < 0 else y1 + half)
        out.append(Written(line, center, h, 0, draft.text_box(line, center, h, 0), None))
    return out


def _beside(
    draft: Draft, piece: Piece, side: int, lines: list[str], *, h: float, gap: float, sign: int, shift: float
) -> list[Written]:
    """All lines on one side of the stub, level, one below the other."""
    dx, dy = STEPS[side]
    x0, y0, x1, y1 = piece.box
    moved = (x0 + dx * shift * draft.u, y0 + dy * shift * draft.u, x1 + dx * shift * draft.u, y1 + dy * shift * draft.u)
    names = ("above", "below") if dx else ("right", "left")
    return draft.stack(lines, moved, names[0] if sign < 0 else names[1], angle=0, height=h, gap=gap / draft.u)


def _tag_box(draft: Draft, piece: Piece, wall: Point, side: int, number: int) -> int | None:
    """A box with the nozzle's tag behind the wall."""
    u = draft.u
    dx, dy = STEPS[side]
    tag = f"{'M' if draft.chance(0.08) else 'N'}{number}{draft.pick(['', '', 'A', 'B'])}"
    box = draft.make("nozzle_tag", slots={"tag": tag})
    bx0, by0, bx1, by1 = box.box
    inside = (bx1 - bx0) / 2 + 0.5 * u if side in (0, 180) else (by1 - by0) / 2 + 0.8 * u
    box.x, box.y = wall[0] - dx * inside, wall[1] - dy * inside
    if draft.chance(0.25):  # a little off the pipe's axis
        shift = draft.rng.uniform(-1.5, 1.5) * u
        box.x, box.y = box.x + (0 if dx else shift), box.y + (0 if dy else shift)
    if not draft.paper.free(grown_box(box.box, 0.3 * u), (1,)):
        return None
    box.tag, box.parent = tag, piece
    draft.put(box)
    draft.paper.mark(box.box, 1)
    return draft.net.add_node(wall, box, "wall")


def _manway_due(draft: Draft, side: int) -> bool:
    if side not in (0, 180) or not draft.has("manway"):
        return False
    due = any(k.name == "manway" for k in draft.rare)
    return due or draft.chance(_MANWAY_SHARE.get(draft.style.family, 0.05))


def _manway(draft: Draft, item: Piece, wall: Point, side: int) -> None:
    """A manway on the wall; no pipe leads to it."""
    piece = draft.make("manway", rotation=(side + 180) % 360)
    entry = next((p for p in piece.ports if p.role == "process"), None)
    if entry is None:
        return
    size = draft.rng.uniform(0.8, 1.3)
    piece.scale = (piece.scale[0] * size, piece.scale[1] * size)
    piece.move_port_to(entry.id, wall)
    x0, y0, x1, y1 = piece.box
    flat = all(  # both ends of a bracket must meet the wall
        (end := item.wall(side, y)) is not None and abs(end[0] - wall[0]) < 0.5 * draft.u for y in (y0, y1)
    )
    clear = (x0 + 1.5 * draft.u, y0, x1, y1) if side == 0 else (x0, y0, x1 - 1.5 * draft.u, y1)
    if not flat or not draft.fits(clear, grow=0.8, layers=(1, 2, 3)):
        return
    piece.parent, piece.tag = item, f"{draft.pick(['M', 'M', 'N'])}{draft.rng.integers(1, 9)}"
    draft.put(piece)
    draft.led.add(id(piece))
    lines = [piece.tag, draft.names.size()]
    texts = draft.stack(lines, piece.box, "right" if side == 0 else "left", angle=0)
    if draft.chance(0.6) and all(draft.fits(t.box, grow=0.3) for t in texts):
        draft.commit(texts, piece)
    else:
        draft.label(piece, lines, along=True)
    draft.rare[:] = [k for k in draft.rare if k.name != "manway"]


def _strip(wall: Point, side: int, near: float, far: float) -> Box:
    """The straight way ahead of a wall from `near` to `far` mm."""
    dx, dy = STEPS[side]
    xs, ys = (wall[0] + dx * near, wall[0] + dx * far), (wall[1] + dy * near, wall[1] + dy * far)
    return min(xs), min(ys), max(xs), max(ys)
