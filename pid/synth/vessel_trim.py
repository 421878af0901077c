"""What stands straight at equipment: level bridles, parts at nozzles, drivers, balloons inside vessels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.catalog import Kind
from pid.drawing import Point
from pid.synth import balloons, control, features
from pid.synth.draft import Draft, Item
from pid.synth.ink import Stroke
from pid.synth.layout import Terminal
from pid.synth.lettering import boxes_meet
from pid.synth.network import Pen
from pid.synth.nozzles import nozzle_at
from pid.synth.place import Piece, grown_box
from pid.synth.route import STEPS
from pid.synth.stations import clear_ahead, pick_kind
from pid.synth.style import is_bubble_kind


def add_bridle(draft: Draft, vessel: Piece) -> bool:
    """Two nozzles, block valves and a standpipe with gauge or transmitter, vent and drain."""
    u, rng = draft.u, draft.rng
    _x0, y0, _x1, y1 = vessel.box
    side = 0 if draft.chance(0.5) else 180
    span = rng.uniform(20, 44) * u
    if y1 - y0 < span + 6 * u:
        return False
    top = rng.uniform(y0 + 3 * u, y1 - span - 3 * u)
    bottom = top + span
    a, b = vessel.wall(side, top), vessel.wall(side, bottom)
    if a is None or b is None:
        return False
    s = 1 if side == 0 else -1
    stand = (max(a[0], b[0]) if s > 0 else min(a[0], b[0])) + s * rng.uniform(20, 34) * u
    inner = (max(a[0], b[0]) if s > 0 else min(a[0], b[0])) + s * 1.5 * u
    outer = stand + s * 9 * u
    if not draft.fits((min(inner, outer), top - 15 * u, max(inner, outer), bottom + 15 * u), grow=0.5):
        return False
    pen = draft.pen()
    ends = []
    for wall in (a, b):
        end = _lay_arm(draft, vessel, wall, side, stand, pen)
        if end is None:
            return False
        ends.append(end)
    riser = draft.net.add_edge(ends[0], ends[1], pen)
    draft.mark_edge(riser)
    level = [k for k in (pick_kind(draft, "level_gauge"), pick_kind(draft, "float_level")) if k]
    kind = (
        level[int(rng.integers(len(level)))]
        if level and draft.chance(0.35)
        else features.choose_bubble(draft, balloons.bubbles_of(draft))
    )
    placed = draft.insert(riser, span * rng.uniform(0.35, 0.65), kind)
    if placed is not None and is_bubble_kind(kind):
        balloons.decorate_bubble(draft, placed[0])
        if draft.chance(0.5):
            remote = balloons.place_bubble_near(draft, (placed[0].x, placed[0].y), remote=True, least=14, most=60)
            if remote is not None:
                control.join_signal(draft, placed[0], remote)
    for node, way in ((ends[0], 90), (ends[1], 270)):
        if draft.chance(0.7):
            _cap_off(draft, node, way)
    return True


def _lay_arm(draft: Draft, vessel: Piece, wall: Point, side: int, stand: float, pen: Pen) -> int | None:
    """A nozzle and a pipe with a block valve as far as the standpipe at x = `stand`; the node there."""
    node = nozzle_at(draft, vessel, wall, side)
    if node is None:
        return None
    valve = features.small_valve(draft)
    items = [Item(valve, draft.rng.uniform(1.5, 7.0))] if draft.chance(0.85) else []
    train = draft.plan_train(draft.net.nodes[node].at, side, items)
    if train is None:
        return None
    train.tail = abs(stand - train.end[0])
    nodes = draft.lay_train(train, node, pen)
    for piece, _, _ in train.parts:
        surround = draft.chance(draft.style.surround_share)
        lines = features.lettering_of(draft, valve)
        if lines and draft.label(piece, lines, along=True, clear=features.SURROUND if surround else 0.0):
            piece.tag = lines[-1]
        if surround:
            features.add_surround(draft, piece)
    return nodes[-1]


def _cap_off(draft: Draft, node: int, way: int) -> None:
    valve = features.small_valve(draft)
    items = [Item(valve, draft.rng.uniform(2, 5), features.state_of(draft, valve, closed=draft.chance(0.6)))]
    if draft.has("blind_flange") and draft.chance(0.7):
        items.append(Item(draft.catalog["blind_flange"], draft.rng.uniform(0.5, 0.9)))
    at = draft.net.nodes[node].at
    train = draft.plan_train(at, way, items)
    if train is not None and clear_ahead(draft, train.box, at, way, 1.8):
        draft.lay_train(train, node, draft.pen())
        lines = features.lettering_of(draft, valve)
        if lines and draft.label(train.parts[0][0], lines, along=False):
            train.parts[0][0].tag = lines[-1]


def trim_terminal(draft: Draft, terminal: Terminal, item: Piece) -> Terminal:
    """Parts straight at a nozzle or pump flange; the terminal behind them."""
    port = draft.net.nodes[terminal.node].port
    plans: list[list[Kind | None]]
    if item.kind.group == "pump":
        plans = [
            [
                pick_kind(draft, "gate_valve", "ball_valve"),
                pick_kind(draft, "y_strainer", "basket_strainer", "t_strainer"),
                pick_kind(draft, "eccentric_reducer"),
            ][:: -1 if "in" in port else 1],
            [
                pick_kind(draft, "concentric_reducer"),
                pick_kind(draft, "check_valve", "swing_check_valve"),
                pick_kind(draft, "gate_valve", "ball_valve", "butterfly_valve"),
            ],
        ]
    else:
        plans = [
            [pick_kind(draft, "flange_pair", "spectacle_blind", "spade")],
            [pick_kind(draft, "gate_valve", "ball_valve")],
            [pick_kind(draft, "flange", "flange_pair"), pick_kind(draft, "gate_valve", "ball_valve")],
            [features.choose_in_line(draft)],
        ]
    plan = [k for k in plans[int(draft.rng.integers(len(plans)))] if k is not None]
    start = draft.net.nodes[terminal.node].piece
    if start is not None and start.kind.name == "nozzle":  # its tick is the flange
        plan = [k for i, k in enumerate(plan) if i or k.name not in ("flange", "flange_pair")]
    items = [
        Item(k, draft.rng.uniform(1.0, 4.5), features.state_of(draft, k, closed=False), flip=draft.chance(0.5))
        for k in plan
    ]
    at = draft.net.nodes[terminal.node].at
    train = draft.plan_train(at, terminal.direction, items)
    if train is None or not clear_ahead(draft, train.box, at, terminal.direction, 1.4):
        return terminal
    nodes = draft.lay_train(train, terminal.node, draft.pen())
    for piece, _, _ in train.parts:
        lines = features.lettering_of(draft, piece.kind)
        if lines and draft.label(piece, lines, along=terminal.direction in (0, 180)):
            piece.tag = lines[-1]
    last = train.parts[-1]
    if last[2] is None:
        return terminal
    return Terminal(nodes[-1], last[0].port(last[2]).direction, terminal.sense, item)


def add_inner_balloon(draft: Draft, vessel: Piece) -> bool:
    """A balloon drawn inside a wide vessel, with a flange or pocket on a short line, or a leader to its wall."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = vessel.box
    if x1 - x0 < 26 * u or y1 - y0 < 30 * u:
        return False
    piece = draft.make(features.choose_bubble(draft, balloons.bubbles_of(draft)))
    bx0, by0, bx1, by1 = piece.box
    half = max(bx1 - bx0, by1 - by0) / 2
    taken = [p.box for p in draft.pieces if p.parent is vessel] + [w.box for w in draft.written]
    for _ in range(8):
        piece.x = rng.uniform(x0 + half + 6 * u, max(x0 + half + 6.1 * u, x1 - half - 6 * u))
        piece.y = rng.uniform(y0 + 0.25 * (y1 - y0), y1 - 0.25 * (y1 - y0))
        below = grown_box(piece.box, 1.5 * u)
        below = (below[0], below[1], below[2], below[3] + 8 * u)
        if not draft.paper.free(below, (1,)) or any(boxes_meet(below, b) for b in taken):
            continue
        piece.parent = vessel
        draft.name_bubble(piece)
        draft.put(piece)
        draft.paper.mark(below, 1)
        port = next((p for p in piece.ports if p.direction == 270), None)
        end = pick_kind(draft, "flange_pair", "thermowell", "flange")
        if port is not None and end is not None:
            train = draft.plan_train((port.x, port.y), 270, [Item(end, rng.uniform(1.5, 4))])
            if train is not None:
                draft.lay_train(train, draft.port_node(piece, port.id), draft.pen("signal", "solid"))
        return True
    return False


def add_drivers(draft: Draft, items: Sequence[Piece]) -> None:
    """Motors and turbines on the shafts of pumps and compressors."""
    drivers = [
        k
        for k in draft.catalog.by_group("other")
        if any(p.role == "actuator" and "shaft" in p.id for p in k.variants[0].ports) and k.name != "agitator"
    ]
    for item in items:
        shaft = next((p for p in item.ports if p.role == "actuator" and p.direction % 90 == 0), None)
        if shaft is None or not drivers or not draft.chance(0.6):
            continue
        due = [k for k in draft.rare if k in drivers]
        kind = (
            due[0]
            if due
            else draft.catalog["motor"]
            if draft.has("motor") and draft.chance(0.7)
            else drivers[int(draft.rng.integers(len(drivers)))]
        )
        piece = draft.make(kind)
        entry = next((p for p in piece.ports if p.role == "actuator"), None)
        if entry is None:
            continue
        dx, dy = STEPS[shaft.direction]
        reach = draft.rng.uniform(2, 6) * draft.u
        piece.rotation = (shaft.direction + 180 - entry.direction) % 360
        piece.move_port_to(entry.id, (shaft.x + dx * reach, shaft.y + dy * reach))
        if draft.fits(piece.box, grow=1.0):
            draft.put(piece)
            draft.under.append(
                Stroke(
                    np.array([(shaft.x, shaft.y), (shaft.x + dx * reach, shaft.y + dy * reach)]),
                    draft.style.thin_mm,
                    layer="shaft",
                )
            )
            if kind in draft.rare:
                draft.rare.remove(kind)


def drop_unused_nozzles(draft: Draft, *, share: float = 0.75) -> None:
    """Take that share of the nozzles off again that no pipe was found for; the others stay as spares."""
    used = {id(n.piece) for i, n in enumerate(draft.net.nodes) if n.piece is not None and draft.net.at_node[i]}
    for piece in [
        p for p in draft.pieces if p.kind.group == "nozzle" and p.kind.name != "manway" and id(p) not in used
    ]:
        if draft.chance(share):
            draft.erase(piece)
