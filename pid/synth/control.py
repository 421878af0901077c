"""Instruments: balloons on leaders, loops from transmitter to controller to valve, shutdown triangles."""

from __future__ import annotations

from pid.drawing import Point
from pid.synth.balloons import add_leader_bubble, decorate_bubble, place_bubble_near
from pid.synth.branches import add_tapping
from pid.synth.bypass import add_bypass
from pid.synth.draft import Draft
from pid.synth.network import Pen
from pid.synth.place import Piece
from pid.synth.route import STEPS, find_route


def add_actuator(draft: Draft, valve: Piece) -> tuple[Piece, int, int] | None:
    """An actuator on a valve's stem; returns it, the node of its signal port and the way a signal leaves."""
    stem = next((p for p in valve.ports if p.id == "stem"), None)
    kinds = draft.catalog.by_group("actuator")
    if stem is None or not kinds:
        return None
    due = [k for k in draft.rare if k in kinds]
    common = [
        k for k in kinds if k.name in ("diaphragm_actuator", "piston_actuator", "controlled_actuator", "motor_actuator")
    ] or list(kinds)
    kind = (
        due[0]
        if due and draft.chance(0.6)
        else common[int(draft.rng.integers(len(common)))]
        if draft.chance(0.85)
        else kinds[int(draft.rng.integers(len(kinds)))]
    )
    if draft.style.family == "cae" and draft.has("controlled_actuator") and kind not in due and draft.chance(0.6):
        kind = draft.catalog["controlled_actuator"]
    piece = draft.make(kind)
    entry = next((p for p in piece.variant.ports if p.role == "actuator"), None)
    if entry is None:
        return None
    piece.rotation = (stem.direction + 180 - piece.port(entry.id).direction) % 360
    piece.move_port_to(entry.id, (stem.x, stem.y))
    dx, dy = STEPS[stem.direction]
    x0, y0, x1, y1 = piece.box
    half = (valve.box[3] - valve.box[1] if dy else valve.box[2] - valve.box[0]) / 2
    cut = half + 2.2 * draft.u  # the valve's own margin, the margin asked for here, and a cell of the map
    cx, cy = valve.port("stem").x, valve.port("stem").y
    base = (valve.box[1] + valve.box[3]) / 2 if dy else (valve.box[0] + valve.box[2]) / 2
    del cx, cy
    clear = (
        max(x0, base + cut) if dx > 0 else x0, max(y0, base + cut) if dy > 0 else y0,
        min(x1, base - cut) if dx < 0 else x1, min(y1, base - cut) if dy < 0 else y1,
    )  # fmt: skip
    if clear[2] <= clear[0] or clear[3] <= clear[1] or not draft.fits(clear, grow=0.4):
        return None
    draft.put(piece, margin=0.4)
    if kind in draft.rare:
        draft.rare.remove(kind)
    a, b = draft.port_node(valve, "stem"), draft.net.add_node((stem.x, stem.y), piece, entry.id)
    draft.touch(a, b, "signal")
    signal = next((p for p in piece.ports if p.role in ("signal", "any") and p.direction % 90 == 0), None)
    if draft.style.family == "offshore" and draft.chance(0.6):
        _letter_travel(draft, piece)
    elif draft.chance(0.3):
        h = draft.style.text_mm
        draft.try_write(
            draft.pick(["F.O.", "F.C.", "FC", "FO", "L", "FL"]),
            [(x0 - 2.2 * draft.u, (y0 + y1) / 2), (x1 + 2.2 * draft.u, (y0 + y1) / 2)],
            height=h,
            owner=piece,
            grow=0.2,
        )
    if signal is None:
        return piece, -1, 0
    return piece, draft.net.add_node((signal.x, signal.y), piece, signal.id), signal.direction


def _letter_travel(draft: Draft, actuator: Piece) -> None:
    """The letters of travel alarms, one under the other, close beside an actuator."""
    (x0, y0, x1, y1), h = actuator.box, draft.style.text_mm
    letters = draft.pick(["HH", "LL", "H", "L", "HL"])
    side = draft.rng.choice([-1, 1])
    x = (x1 if side > 0 else x0) + side * (h / 2 + draft.rng.uniform(0.3, 1.2) * draft.u)
    top = (y0 + y1) / 2 - (len(letters) - 1) * 0.7 * h + draft.rng.uniform(-0.5, 1.0) * h
    for i, letter in enumerate(letters):
        draft.try_write(letter, [(x, top + 1.4 * h * i)], owner=actuator, grow=0.0)


def signal_pen(draft: Draft) -> Pen:
    """The house's pen for a signal; now and then another kind of signal."""
    style = draft.style.signal
    if draft.chance(0.18):
        style = draft.pick(["pneumatic", "data_link", "capillary", "hydraulic", "solid", "long_dash", "dotted"])
    return Pen("signal", style, draft.style.thin_mm)


def join_signal(draft: Draft, a: Piece, b: Piece, *, b_node: tuple[int, int] | None = None) -> bool:
    """Lead a signal from a balloon to another balloon, or to the node and way given."""
    start_ports = [p for p in a.ports if p.direction % 90 == 0 and not _port_taken(draft, a, p.id)]
    goals = [
        (p.x, p.y, p.direction, p.id) for p in b.ports if p.direction % 90 == 0 and not _port_taken(draft, b, p.id)
    ]
    if b_node is not None:
        at = draft.net.nodes[b_node[0]].at
        goals = [(*at, b_node[1], "")]
    pairs = [
        (abs(p.x - g[0]) + abs(p.y - g[1]) + (0 if _faces(p.direction, (p.x, p.y), g) else 40 * draft.u), p, g)
        for p in start_ports
        for g in goals
    ]
    pairs.sort(key=lambda x: x[0])
    for _, p, g in pairs[:4]:
        route = find_route(
            draft.paper,
            ((p.x, p.y), p.direction),
            ((g[0], g[1]), g[2]),
            rng=draft.rng,
            lead=3.0,
            most_crossings=6,
            samples=8,
        )
        if route is None:
            continue
        x0, y0, x1, y1 = draft.area
        if not all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in route):
            continue
        node = b_node[0] if b_node is not None else draft.port_node(b, g[3])
        draft.connect(draft.port_node(a, p.id), route[1:-1], node, signal_pen(draft))
        return True
    return False


def _faces(direction: int, at: Point, goal: tuple[float, float, int, str]) -> bool:
    dx, dy = STEPS[direction]
    return (goal[0] - at[0]) * dx + (goal[1] - at[1]) * dy > 0


def _port_taken(draft: Draft, piece: Piece, name: str) -> bool:
    node = draft.net.of_port.get((id(piece), name))
    return node is not None and bool(draft.net.at_node[node])


def add_loop(draft: Draft) -> bool:
    """A control loop: valve with bypass and actuator, transmitter, controller, the signals between them."""
    valve = add_bypass(draft)
    if valve is None:
        return False
    made = add_actuator(draft, valve)
    tag = draft.names.bubble(controller=True)
    valve.tag = f"{tag[0][0]}V {tag[1]}"
    if made is None:
        return True
    actuator, node, way = made
    if draft.chance(0.5):
        add_leader_bubble(
            draft,
            valve,
            letters=f"{tag[0][0]}V",
            stem=None if draft.chance(0.6) else stem_middle(draft, valve, actuator),
        )
    if node < 0:
        return True
    controller = place_bubble_near(draft, draft.net.nodes[node].at, remote=True)
    if controller is not None:
        join_signal(draft, controller, actuator, b_node=(node, way))
        add_measurement(draft, controller)
    return True


def stem_middle(draft: Draft, valve: Piece, actuator: Piece) -> Point | None:
    """Where a leader meets the stem between a valve and its actuator, in houses that lead it there."""
    stem = valve.port("stem")
    x0, y0, x1, y1 = actuator.box
    a = ((x0 + x1) / 2, (y0 + y1) / 2)
    middle = (stem.x + (a[0] - stem.x) * 0.45, stem.y + (a[1] - stem.y) * 0.45)
    return middle if draft.style.family == "offshore" else None


def add_measurement(draft: Draft, controller: Piece) -> bool:
    """A transmitter on a pipe with a signal to the controller."""
    for _ in range(6):
        tapped = add_tapping_lettered(draft)
        if tapped is not None:
            return join_signal(draft, tapped, controller)
    return False


def add_tapping_lettered(draft: Draft) -> Piece | None:
    """A tapping whose balloon has its lettering."""
    made = add_tapping(draft)
    if made is None:
        return None
    decorate_bubble(draft, made[0])
    return made[0]


def add_indication(draft: Draft) -> bool:
    """A tapping with its balloon, often read in the control room."""
    piece = add_tapping_lettered(draft)
    if piece is None:
        return False
    if draft.chance(0.6):
        c = ((piece.box[0] + piece.box[2]) / 2, (piece.box[1] + piece.box[3]) / 2)
        remote = place_bubble_near(draft, c, remote=True, least=12, most=40)
        if remote is not None:
            join_signal(draft, piece, remote)
            if draft.chance(0.3):
                third = place_bubble_near(draft, (remote.x, remote.y), remote=True, least=12, most=40)
                if third is not None:
                    join_signal(draft, remote, third)
    return True


def add_operated_valve(draft: Draft) -> bool:
    """An actuator and a balloon on a valve that stands in a pipe, with a signal to it."""
    valves = [
        p
        for p in draft.pieces
        if p.kind.group == "valve" and any(q.id == "stem" for q in p.ports) and not _port_taken(draft, p, "stem")
    ]
    if not valves:
        return False
    valve = valves[int(draft.rng.integers(len(valves)))]
    made = add_actuator(draft, valve)
    if made is None:
        return False
    actuator, node, way = made
    if draft.chance(0.7):
        add_leader_bubble(
            draft,
            valve,
            letters=draft.pick(["XV", "ESDV", "HV", "SDV", "YSV", "PV", "LV", "FV"]),
            stem=stem_middle(draft, valve, actuator) if draft.chance(0.5) else None,
        )
    if node >= 0:
        source = place_bubble_near(draft, draft.net.nodes[node].at, remote=True, least=9, most=30)
        if source is not None:
            join_signal(draft, source, actuator, b_node=(node, way))
    return True
