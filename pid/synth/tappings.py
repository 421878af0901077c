"""Instruments on the walls of vessels: a nozzle, a block valve, a balloon and its reading in the control room.

Two tappings above each other may share one difference balloon, as for differential pressure over internals.
"""

from __future__ import annotations

from pid.catalog import Kind
from pid.drawing import Box, Point
from pid.synth import balloons, control, features
from pid.synth.draft import Draft, Item
from pid.synth.nozzles import nozzle_at
from pid.synth.place import Piece
from pid.synth.route import STEPS

_PER_VESSEL = {"offshore": 5.0, "vendor": 3.0, "generic": 2.0, "cae": 0.8}  # tappings tried on one vessel
_PAIR_SHARE = {"offshore": 0.4, "vendor": 0.2, "generic": 0.2}
_VALVE_SHARE = {"offshore": 0.85, "cae": 0.35}
_PITCH = (17.0, 30.0)  # u between the two tappings of a pair: room for the balloon between them
_DIFFERENCE = ("PDT", "PDI", "PDG", "LDT", "LT")
_FIELD = ("PT", "PI", "LT", "LSHH", "LSLL", "TT", "TE", "LG", "AE", "PG", "TI")


def add_wall_instruments(draft: Draft, vessel: Piece) -> int:
    """Tappings on the side walls of a vessel, as many as find room; how many balloons stand on pipes of their own."""
    family = draft.style.family
    made = 0
    for _ in range(int(draft.rng.poisson(_PER_VESSEL.get(family, 0.0)))):
        side = 0 if draft.chance(0.6) else 180
        if draft.chance(_PAIR_SHARE.get(family, 0.0)):
            made += add_difference(draft, vessel, side)
        else:
            made += add_wall_tapping(draft, vessel, side)
    return made


def add_wall_tapping(draft: Draft, vessel: Piece, side: int) -> bool:
    """One nozzle with a balloon straight before it, mostly behind a block valve."""
    _, y0, _, y1 = vessel.box
    y = draft.rng.uniform(y0 + 0.08 * (y1 - y0), y1 - 0.08 * (y1 - y0))
    if not _has_room(draft, vessel, side, (y, y), reach=30, half=6):
        return False
    made = _branch(
        draft, vessel, side, y, features.choose_bubble(draft, balloons.bubbles_of(draft)), draft.pick(_FIELD)
    )
    if made is None or made[0] is None:
        return False
    balloons.decorate_bubble(draft, made[0])
    add_reading(draft, made[0], side)
    return True


def add_difference(draft: Draft, vessel: Piece, side: int) -> bool:
    """Two nozzles with block valves and a balloon between their impulse lines."""
    rng, u = draft.rng, draft.u
    _, y0, _, y1 = vessel.box
    pitch = rng.uniform(*_PITCH) * u
    if y1 - y0 < pitch + 6 * u:
        return False
    top = rng.uniform(y0 + 3 * u, y1 - pitch - 3 * u)
    if not _has_room(draft, vessel, side, (top, top + pitch), reach=32, half=7):
        return False
    first, second = (_branch(draft, vessel, side, y, None) for y in (top, top + pitch))
    if first is None or second is None:
        return False
    dx = STEPS[side][0]
    ends = [draft.net.nodes[node].at for _, node in (first, second)]
    kind = next((k for k in balloons.bubbles_of(draft) if k.name == "instrument_discrete_field"), None)
    if kind is None:
        return False
    balloon = draft.make(kind)
    half = (balloon.box[2] - balloon.box[0]) / 2
    outer = max(dx * x for x, _ in ends)
    balloon.x = dx * (outer + rng.uniform(1.5, 4.0) * u + (half if draft.chance(0.5) else 0.0))
    balloon.y = (ends[0][1] + ends[1][1]) / 2
    above, below = (next((p.id for p in balloon.ports if p.direction == d), None) for d in (90, 270))
    if above is None or below is None or not draft.fits(balloon.box, grow=0.8):
        return False
    draft.name_bubble(balloon)
    _rename(balloon, draft.pick(_DIFFERENCE))
    draft.put(balloon)
    pen = draft.pen()
    for node, at, name in ((first[1], ends[0], above), (second[1], ends[1], below)):
        draft.connect(node, [(balloon.port(name).x, at[1])], draft.port_node(balloon, name), pen)
    balloons.decorate_bubble(draft, balloon)
    add_reading(draft, balloon, side)
    return True


def add_reading(draft: Draft, balloon: Piece, side: int) -> None:
    """The same loop in the control room, on a short signal straight on; sometimes a second one behind it."""
    share = 0.75 if draft.style.family == "offshore" else 0.5
    while draft.chance(share):
        share *= 0.3
        kind = features.choose_bubble(draft, balloons.bubbles_of(draft), remote=True)
        out = next((p for p in balloon.ports if p.direction == side), None)
        if out is None:
            return
        remote = draft.make(kind)
        entry = next((p for p in remote.ports if p.direction == (side + 180) % 360), None)
        if entry is None:
            return
        dx = STEPS[side][0]
        gap = draft.rng.uniform(2.5, 12.0) * draft.u
        remote.move_port_to(entry.id, (out.x + dx * gap, out.y))
        if not draft.fits(remote.box, grow=0.8) or not draft.fits(
            _strip((out.x + dx * draft.u, out.y), (out.x + dx * gap, out.y)), grow=0.3
        ):
            return
        draft.name_bubble(remote, letters=_read_as(draft, balloon))
        if balloon.slots.get("number") and "number" in {t.slot for t in remote.variant.texts}:
            remote.slots["number"] = balloon.slots["number"]
            remote.tag = f"{remote.slots['letters']} {remote.slots['number']}"
        draft.put(remote)
        draft.connect(
            draft.port_node(balloon, out.id), [], draft.port_node(remote, entry.id), control.signal_pen(draft)
        )
        if draft.style.family != "offshore" or draft.chance(0.3):
            balloons.decorate_bubble(draft, remote)
        balloon = remote


def _read_as(draft: Draft, balloon: Piece) -> str:
    """Letters of the reading that belongs to a transmitter."""
    letters = balloon.slots.get("letters", "P")
    stem = letters[:2] if letters[1:2] == "D" else letters[:1]
    return stem + draft.pick(("I", "I", "IC", "I", "ISA"))


def _rename(balloon: Piece, letters: str) -> None:
    if "letters" in balloon.slots:
        balloon.slots["letters"] = letters
        balloon.tag = f"{letters} {balloon.slots.get('number', '')}".strip()


def _has_room(
    draft: Draft, vessel: Piece, side: int, heights: tuple[float, float], *, reach: float, half: float
) -> bool:
    """Whether a strip before the wall is free, so that a nozzle is not drawn in vain."""
    dx, u = STEPS[side][0], draft.u
    wall = vessel.wall(side, (heights[0] + heights[1]) / 2)
    if wall is None:
        return False
    a, b = wall[0] + dx * 2.0 * u, wall[0] + dx * reach * u
    return draft.fits((min(a, b), heights[0] - half * u, max(a, b), heights[1] + half * u), grow=0.0)


def _branch(
    draft: Draft, vessel: Piece, side: int, y: float, last: Kind | None, letters: str = ""
) -> tuple[Piece | None, int] | None:
    """A nozzle, mostly a block valve, and a balloon if any; returns the balloon and the node at the end."""
    family, rng = draft.style.family, draft.rng
    wall = vessel.wall(side, y)
    node = nozzle_at(draft, vessel, wall, side) if wall is not None else None
    if node is None:
        return None
    valve = features.small_valve(draft)
    items = [Item(valve, rng.uniform(1.2, 4.0))] if draft.chance(_VALVE_SHARE.get(family, 0.6)) else []
    if last is not None:
        items.append(Item(last, rng.uniform(2.0, 8.0)))
    train = draft.plan_train(draft.net.nodes[node].at, side, items, tail=rng.uniform(1.0, 5.0) if last is None else 0.0)
    if train is None or not all(draft.fits(piece.box, grow=0.6) for piece, _, _ in train.parts):
        return None
    balloon = train.parts[-1][0] if last is not None else None
    if balloon is not None:
        _rename(balloon, letters)
    nodes = draft.lay_train(train, node, draft.pen())
    for piece, _, _ in train.parts:
        if piece is balloon:
            continue
        surround = draft.chance(draft.style.surround_share)
        lines = features.lettering_of(draft, valve)
        if lines and draft.label(piece, lines, along=True, clear=features.SURROUND if surround else 0.0):
            piece.tag = lines[-1]
        if surround:
            features.add_surround(draft, piece)
    return balloon, nodes[-1]


def _strip(a: Point, b: Point) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])
