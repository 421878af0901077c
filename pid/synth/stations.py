"""Groups of parts that plants repeat: flanged valves, control and meter stations, level bridles, drivers, pump trim."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.catalog import Kind
from pid.synth import control, features
from pid.synth.draft import Draft, Item
from pid.synth.ink import Stroke
from pid.synth.layout import Terminal, nozzle_at, route_to_pipe
from pid.synth.place import ALL_LAYERS, Piece, grown_box
from pid.synth.route import STEPS
from pid.synth.style import is_bubble_kind



def _kind(draft: Draft, *names: str) -> Kind | None:
    known = [n for n in names if draft.has(n)]
    return draft.catalog[draft.pick(known)] if known else None


def add_flanged_valve(draft: Draft) -> bool:
    """A valve with flange bars or a blind close to it, touching or a hair's breadth off."""
    edges = draft.pipe_edges(16)
    if not edges:
        return False
    edge = edges[int(draft.rng.integers(len(edges)))]
    valve = features.choose_in_line(draft, groups=("valve",))
    bar = _kind(draft, "flange", "flange", "flange_pair", "spectacle_blind", "spacer", "restriction_orifice")
    if bar is None:
        return False
    gap = draft.rng.uniform(0.5, 1.4)  # a bar on the valve's own end would be hidden by it
    lines = features.lettering_of(draft, valve)
    items, labels = [Item(valve, 0.0, features.state_of(draft, valve), flip=draft.chance(0.5))], [lines]
    if draft.chance(0.7):
        items.append(Item(bar, gap, features.state_of(draft, bar), flip=draft.chance(0.5)))
        labels.append(())
    if draft.chance(0.5) or len(items) == 1:
        items[0] = Item(valve, gap, items[0].state, items[0].flip)
        items.insert(0, Item(bar, 0.0, features.state_of(draft, bar), flip=draft.chance(0.5)))
        labels.insert(0, ())
    t = draft.rng.uniform(0.05, 0.9) * draft.net.length(edge)
    made = draft.insert_train(edge, t, items, labels=labels)
    if made is None:
        return False
    for piece in made[0]:
        if piece.kind.group == "valve" and draft.chance(draft.style.surround_share * 0.4):
            features.add_surround(draft, piece)
    return True


def add_control_station(draft: Draft) -> bool:
    """Block valve, reducer, control valve, reducer, block valve in one pipe; actuator, balloon and controller."""
    block, reducer = features.small_valve(draft), _kind(draft, "concentric_reducer", "eccentric_reducer")
    main = _kind(draft, "control_valve", "globe_valve", "butterfly_valve", "ball_valve")
    if main is None:
        return False
    up = draft.chance(0.5)
    items: list[Item] = [Item(main, 0.0)]
    if reducer is not None and draft.chance(0.6):
        items = [Item(reducer, 0.0), Item(main, draft.rng.uniform(1, 3)), Item(reducer, draft.rng.uniform(1, 3))]
    if draft.chance(0.6):
        items = [Item(block, 0.0), Item(items[0].kind, draft.rng.uniform(3, 7)), *items[1:], Item(block, draft.rng.uniform(3, 7))]
    labels = [features.lettering_of(draft, i.kind) if i.kind is block else () for i in items]
    need = 10.0 + 8.5 * len(items)
    edges = draft.pipe_edges(need)
    if not edges:
        return False
    edge = edges[int(draft.rng.integers(len(edges)))]
    if up and draft.heading(edge) == 180:  # the actuator stands above the pipe
        items = [Item(i.kind, i.gap, i.state, flip=True) if i.kind is main else i for i in items]
    t = draft.rng.uniform(3.0, max(3.1, draft.net.length(edge) / draft.u - need)) * draft.u
    made = draft.insert_train(edge, t, items, labels=labels)
    if made is None:
        return False
    valve = next(p for p in made[0] if p.kind is main)
    operate(draft, valve)
    for piece in made[0]:
        if piece.kind is reducer:  # after the actuator, which needs the room more
            draft.label(piece, features.lettering_of(draft, piece.kind), along=piece.rotation % 180 == 0)
    return True


def operate(draft: Draft, valve: Piece) -> bool:
    """Actuator, tag balloon, signal and controller of a valve; True when at least the valve stands."""
    made = control.add_actuator(draft, valve)
    letters, number = draft.names.bubble(controller=True)
    valve.tag = f"{letters[0]}V {number}"
    if made is None:
        return True
    actuator, node, way = made
    if draft.chance(0.6):
        stem = control.stem_middle(draft, valve, actuator) if draft.chance(0.5) else None
        control.add_leader_bubble(draft, valve, letters=f"{letters[0]}V", stem=stem)
    elif draft.chance(0.6):
        draft.label(valve, [f"{letters[0]}V-{number}"], along=valve.rotation % 180 == 0)
    if node < 0:
        return True
    at = draft.net.nodes[node].at
    if draft.has("shutdown_signal") and draft.chance(0.35) and _add_shutdown(draft, node, way):
        return True
    source = control.place_bubble_near(draft, at, remote=True, least=9, most=60)
    if source is not None:
        control.join_signal(draft, source, actuator, b_node=(node, way))
        if draft.chance(0.6):
            control.add_measurement(draft, source)
    return True


def _add_shutdown(draft: Draft, node: int, way: int) -> bool:
    """A shutdown triangle whose tip points at an actuator."""
    piece = draft.make("shutdown_signal", slots={"letters": draft.pick(["P", "E", "CCP", "F", "S"]), "level": draft.pick(["PSD", "ESD", "USD"])})
    tip = next((p for p in piece.ports if p.direction == 270), None)
    if tip is None or way != 90:
        return False
    x, y = draft.net.nodes[node].at
    reach = draft.rng.uniform(4, 12) * draft.u
    piece.move_port_to(tip.id, (x, y - reach))
    if not draft.fits(piece.box, grow=0.8) or not draft.fits((x, y - reach, x, y - 1.5 * draft.u), grow=0.4):
        return False
    piece.tag = piece.slots["letters"]
    draft.put(piece)
    draft.connect(draft.port_node(piece, tip.id), [], node, control.signal_pen(draft))
    return True


def add_shutdown_signal(draft: Draft) -> bool:
    """A shutdown triangle, an interlock or a relay joined to a balloon by a signal."""
    bubbles = [p for p in draft.pieces if is_bubble_kind(p.kind)]
    kind = _kind(draft, "shutdown_signal", "shutdown_signal", "shutdown_signal", "interlock", "relay_function", "signal_connector")
    if not bubbles or kind is None:
        return False
    bubble = bubbles[int(draft.rng.integers(len(bubbles)))]
    piece = draft.make(kind, slots={"letters": draft.pick(["P", "E", "CCP", "I", "S"]), "level": "PSD", "tag": draft.names.sheet(), "number": str(draft.rng.integers(1, 40))})
    c = (bubble.x, bubble.y)
    for _ in range(8):
        piece.x = c[0] + draft.rng.uniform(-30, 30) * draft.u
        piece.y = c[1] + draft.rng.uniform(-30, 30) * draft.u
        if draft.fits(piece.box, grow=2):
            draft.put(piece)
            control.join_signal(draft, piece, bubble)
            return True
    return False


def add_meter(draft: Draft) -> bool:
    """A meter in a pipe with a balloon on its signal port, often between reducers."""
    meters = [k for k in draft.in_line if k.group == "instrument" or k.name in ("orifice_plate", "restriction_orifice")]
    due = [k for k in draft.rare if k in meters]
    if not meters:
        return False
    meter = due[0] if due else meters[int(draft.rng.integers(len(meters)))]
    reducer = _kind(draft, "concentric_reducer")
    items = [Item(meter, 0.0)]
    if reducer is not None and draft.chance(0.4):
        items = [Item(reducer, 0.0), Item(meter, draft.rng.uniform(0.5, 3)), Item(reducer, draft.rng.uniform(0.5, 3))]
    edges = draft.pipe_edges(12 + 7 * len(items))
    if not edges:
        return False
    edge = edges[int(draft.rng.integers(len(edges)))]
    made = draft.insert_train(edge, draft.rng.uniform(0.05, 0.8) * draft.net.length(edge), items, labels=[features.lettering_of(draft, i.kind) for i in items])
    if made is None:
        return False
    piece = next(p for p in made[0] if p.kind is meter)
    if meter in draft.rare:
        draft.rare.remove(meter)
    signal = next((p for p in piece.ports if p.role in ("signal", "any", "actuator") and p.direction % 90 == 0), None)
    bubbles = control.bubbles_of(draft)
    kind = features.choose_bubble(draft, bubbles)
    if signal is None:
        control.add_leader_bubble(draft, piece)
        return True
    way = signal.direction
    train = draft.plan_train((signal.x, signal.y), way, [Item(kind, draft.rng.uniform(3, 9))])
    if train is None or not _clear_ahead(draft, train.box, (signal.x, signal.y), way, 1.6):
        return True
    pen = draft.pen("signal", "solid" if draft.chance(0.7) else "dashed")
    draft.lay_train(train, draft.port_node(piece, signal.id), pen)
    bubble = train.parts[0][0]
    control.decorate_bubble(draft, bubble)
    if draft.chance(0.6):
        remote = control.place_bubble_near(draft, (bubble.x, bubble.y), remote=True, least=12, most=40)
        if remote is not None:
            control.join_signal(draft, bubble, remote)
    return True


def _clear_ahead(draft: Draft, box: Sequence[float], start: tuple[float, float], way: int, cut: float) -> bool:
    """Whether a box that begins at `start` is free but for the first `cut` u."""
    dx, dy = STEPS[way]
    g, c = grown_box(box, 0.8 * draft.u), cut * draft.u
    ahead = (
        max(g[0], start[0] + c) if dx > 0 else g[0], max(g[1], start[1] + c) if dy > 0 else g[1],
        min(g[2], start[0] - c) if dx < 0 else g[2], min(g[3], start[1] - c) if dy < 0 else g[3],
    )  # fmt: skip
    return ahead[2] > ahead[0] and ahead[3] > ahead[1] and draft.fits(ahead, grow=0.0, layers=ALL_LAYERS)


def add_bridle(draft: Draft, vessel: Piece) -> bool:
    """Two nozzles, block valves and a standpipe with gauge or transmitter, vent and drain."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = vessel.box
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
    valve = features.small_valve(draft)
    ends = []
    pen = draft.pen()
    for wall in (a, b):
        node = nozzle_at(draft, vessel, wall, side)
        if node is None:
            return False
        start = draft.net.nodes[node].at
        items = [Item(valve, rng.uniform(1.5, 7.0))] if draft.chance(0.85) else []
        train = draft.plan_train(start, side, items)
        if train is None:
            return False
        train.tail = abs(stand - train.end[0])
        nodes = draft.lay_train(train, node, pen)
        ends.append(nodes[-1])
        for piece, _, _ in train.parts:
            surround = draft.chance(draft.style.surround_share)
            lines = features.lettering_of(draft, valve)
            if lines and draft.label(piece, lines, along=True, clear=features.SURROUND if surround else 0.0):
                piece.tag = lines[-1]
            if surround:
                features.add_surround(draft, piece)
    riser = draft.net.add_edge(ends[0], ends[1], pen)
    draft.mark_edge(riser)
    level = [k for k in (_kind(draft, "level_gauge"), _kind(draft, "float_level")) if k]
    kind = level[int(rng.integers(len(level)))] if level and draft.chance(0.35) else features.choose_bubble(draft, control.bubbles_of(draft))
    placed = draft.insert(riser, span * rng.uniform(0.35, 0.65), kind)
    if placed is not None and is_bubble_kind(kind):
        control.decorate_bubble(draft, placed[0])
        if draft.chance(0.5):
            remote = control.place_bubble_near(draft, (placed[0].x, placed[0].y), remote=True, least=14, most=60)
            if remote is not None:
                control.join_signal(draft, placed[0], remote)
    for node, way in ((ends[0], 90), (ends[1], 270)):
        if draft.chance(0.7):
            _cap_off(draft, node, way)
    return True


def _cap_off(draft: Draft, node: int, way: int) -> None:
    valve = features.small_valve(draft)
    items = [Item(valve, draft.rng.uniform(2, 5), features.state_of(draft, valve, closed=draft.chance(0.6)))]
    if draft.has("blind_flange") and draft.chance(0.7):
        items.append(Item(draft.catalog["blind_flange"], draft.rng.uniform(0.5, 0.9)))
    at = draft.net.nodes[node].at
    train = draft.plan_train(at, way, items)
    if train is not None and _clear_ahead(draft, train.box, at, way, 1.8):
        draft.lay_train(train, node, draft.pen())
        lines = features.lettering_of(draft, valve)
        if lines and draft.label(train.parts[0][0], lines, along=False):
            train.parts[0][0].tag = lines[-1]


def trim_terminal(draft: Draft, terminal: Terminal, item: Piece) -> Terminal:
    """Parts straight at a nozzle or pump flange; the terminal behind them."""
    get = lambda *names: _kind(draft, *names)  # noqa: E731
    port = draft.net.nodes[terminal.node].port
    plans: list[list[Kind | None]]
    if item.kind.group == "pump":
        plans = [[get("gate_valve", "ball_valve"), get("y_strainer", "basket_strainer", "t_strainer"), get("eccentric_reducer")][:: -1 if "in" in port else 1], [get("concentric_reducer"), get("check_valve", "swing_check_valve"), get("gate_valve", "ball_valve", "butterfly_valve")]]
    else:
        plans = [[get("flange_pair", "spectacle_blind", "spade")], [get("gate_valve", "ball_valve")], [get("flange", "flange_pair"), get("gate_valve", "ball_valve")], [features.choose_in_line(draft)]]
    plan = [k for k in plans[int(draft.rng.integers(len(plans)))] if k is not None]
    items = [Item(k, draft.rng.uniform(1.0, 4.5), features.state_of(draft, k, closed=False), flip=draft.chance(0.5)) for k in plan]
    at = draft.net.nodes[terminal.node].at
    train = draft.plan_train(at, terminal.direction, items)
    if train is None or not _clear_ahead(draft, train.box, at, terminal.direction, 1.4):
        return terminal
    nodes = draft.lay_train(train, terminal.node, draft.pen())
    for piece, _, _ in train.parts:
        lines = features.lettering_of(draft, piece.kind)
        if lines and draft.label(piece, lines, along=terminal.direction in (0, 180)):
            piece.tag = lines[-1]
    last = train.parts[-1]
    return terminal if last[2] is None else Terminal(nodes[-1], last[0].port(last[2]).direction, terminal.sense)


def add_inner_balloon(draft: Draft, vessel: Piece) -> bool:
    """A balloon drawn inside a wide vessel, with a flange or pocket on a short line, or a leader to its wall."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = vessel.box
    if x1 - x0 < 26 * u or y1 - y0 < 30 * u:
        return False
    piece = draft.make(features.choose_bubble(draft, control.bubbles_of(draft)))
    bx0, by0, bx1, by1 = piece.box
    half = max(bx1 - bx0, by1 - by0) / 2
    taken = [p.box for p in draft.pieces if p.parent is vessel] + [w.box for w in draft.written]
    for _ in range(8):
        piece.x = rng.uniform(x0 + half + 6 * u, max(x0 + half + 6.1 * u, x1 - half - 6 * u))
        piece.y = rng.uniform(y0 + 0.25 * (y1 - y0), y1 - 0.25 * (y1 - y0))
        below = grown_box(piece.box, 1.5 * u)
        below = (below[0], below[1], below[2], below[3] + 8 * u)
        if not draft.paper.free(below, (1,)) or any(_overlap(below, b) for b in taken):
            continue
        piece.parent = vessel
        draft.name_bubble(piece)
        draft.put(piece)
        draft.paper.mark(below, 1)
        port = next((p for p in piece.ports if p.direction == 270), None)
        end = _kind(draft, "flange_pair", "thermowell", "flange")
        if port is not None and end is not None:
            train = draft.plan_train((port.x, port.y), 270, [Item(end, rng.uniform(1.5, 4))])
            if train is not None:
                draft.lay_train(train, draft.port_node(piece, port.id), draft.pen("signal", "solid"))
        return True
    return False


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def add_drivers(draft: Draft, items: Sequence[Piece]) -> None:
    """Motors and turbines on the shafts of pumps and compressors."""
    drivers = [k for k in draft.catalog.by_group("other") if any(p.role == "actuator" and "shaft" in p.id for p in k.variants[0].ports) and k.name != "agitator"]
    for item in items:
        shaft = next((p for p in item.ports if p.role == "actuator" and p.direction % 90 == 0), None)
        if shaft is None or not drivers or not draft.chance(0.6):
            continue
        due = [k for k in draft.rare if k in drivers]
        kind = due[0] if due else draft.catalog["motor"] if draft.has("motor") and draft.chance(0.7) else drivers[int(draft.rng.integers(len(drivers)))]
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
            draft.under.append(Stroke(np.array([(shaft.x, shaft.y), (shaft.x + dx * reach, shaft.y + dy * reach)]), draft.style.thin_mm, layer="shaft"))
            if kind in draft.rare:
                draft.rare.remove(kind)


def add_loose(draft: Draft) -> bool:
    """A due kind that no pipe leads to, such as an earth sign or a label, somewhere beside the plant."""
    due = [k for k in draft.rare if k.group in ("other", "instrument", "connector", "nozzle")]
    if not due or not draft.pieces:
        return False
    kind = due[int(draft.rng.integers(len(due)))]
    near = draft.pieces[int(draft.rng.integers(len(draft.pieces)))]
    slots = {"tag": draft.names.sheet(), "number": str(draft.rng.integers(1, 9)), "letters": draft.pick(["A", "B", "Z1", "E"]), "service": draft.names.service(), "size": "1:100"}
    piece = draft.make(kind, slots=slots, mirrored=draft.chance(0.3))
    for _ in range(10):
        piece.x = near.x + draft.rng.uniform(-40, 40) * draft.u
        piece.y = near.y + draft.rng.uniform(-40, 40) * draft.u
        if draft.fits(piece.box, grow=1.0):
            draft.put(piece)
            draft.rare.remove(kind)
            return True
    return False


def add_pipe(draft: Draft) -> bool:
    """Another pipe between two pipes."""
    edges = draft.pipe_edges(10)
    if not edges:
        return False
    edge = edges[int(draft.rng.integers(len(edges)))]
    t = draft.rng.uniform(0.1, 0.9) * draft.net.length(edge)
    at = draft.point_on(edge, t)
    way = (draft.heading(edge) + int(draft.rng.choice([90, -90]))) % 360
    across = 3 if draft.heading(edge) in (0, 180) else 2
    if not draft.paper.free(grown_box((*at, *at), 2.0 * draft.u), (0, 1, across)):
        return False
    node = draft.net.tee(edge, at)
    before = len(draft.net.edges)
    done = route_to_pipe(draft, Terminal(node, way), tries=5)
    if not done and len(draft.net.edges) == before:
        _heal(draft, node)
    return done


def _heal(draft: Draft, node: int) -> None:
    """Make one edge again of the two that meet at a tee from which nothing branches."""
    first, second = sorted(draft.net.at_node[node])
    pen = draft.net.edges[first].pen
    a, b = draft.net.other(first, node), draft.net.other(second, node)
    if draft.net.edges[first].a == node:
        a, b = b, a
    draft.net.remove_edge(first)
    draft.net.remove_edge(second)
    draft.net.add_edge(a, b, pen)


def drop_unused_nozzles(draft: Draft, *, share: float = 0.75) -> None:
    """Take that share of the nozzles off again that no pipe was found for; the others stay as spares."""
    used = {id(n.piece) for i, n in enumerate(draft.net.nodes) if n.piece is not None and draft.net.at_node[i]}
    for piece in [p for p in draft.pieces if p.kind.group == "nozzle" and p.kind.name != "manway" and id(p) not in used]:
        if draft.chance(share):
            draft.erase(piece)
