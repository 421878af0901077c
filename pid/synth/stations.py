"""Groups of parts that plants repeat: flanged valves, control and meter stations, level bridles, drivers, pump trim."""

from __future__ import annotations

from collections.abc import Sequence

from pid.catalog import Kind
from pid.synth import balloons, control, features
from pid.synth.draft import Draft, Item
from pid.synth.flows import route_to_pipe
from pid.synth.layout import Terminal
from pid.synth.place import ALL_LAYERS, Piece, grown_box
from pid.synth.route import STEPS
from pid.synth.style import is_bubble_kind


def pick_kind(draft: Draft, *names: str) -> Kind | None:
    """One of the kinds named that the catalogue has."""
    known = [n for n in names if draft.has(n)]
    return draft.catalog[draft.pick(known)] if known else None


def add_flanged_valve(draft: Draft) -> bool:
    """A valve with flange bars or a blind close to it, touching or a hair's breadth off."""
    edges = draft.pipe_edges(16)
    if not edges:
        return False
    edge = edges[int(draft.rng.integers(len(edges)))]
    valve = features.choose_in_line(draft, groups=("valve",))
    bar = pick_kind(draft, "flange", "flange", "flange_pair", "spectacle_blind", "spacer", "restriction_orifice")
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
    block, reducer = features.small_valve(draft), pick_kind(draft, "concentric_reducer", "eccentric_reducer")
    main = pick_kind(draft, "control_valve", "globe_valve", "butterfly_valve", "ball_valve")
    if main is None:
        return False
    up = draft.chance(0.5)
    items: list[Item] = [Item(main, 0.0)]
    if reducer is not None and draft.chance(0.6):
        items = [Item(reducer, 0.0), Item(main, draft.rng.uniform(1, 3)), Item(reducer, draft.rng.uniform(1, 3))]
    if draft.chance(0.6):
        items = [
            Item(block, 0.0),
            Item(items[0].kind, draft.rng.uniform(3, 7)),
            *items[1:],
            Item(block, draft.rng.uniform(3, 7)),
        ]
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
        balloons.add_leader_bubble(draft, valve, letters=f"{letters[0]}V", stem=stem)
    elif draft.chance(0.6):
        draft.label(valve, [f"{letters[0]}V-{number}"], along=valve.rotation % 180 == 0)
    if node < 0:
        return True
    at = draft.net.nodes[node].at
    if draft.has("shutdown_signal") and draft.chance(0.35) and _add_shutdown(draft, node, way):
        return True
    source = balloons.place_bubble_near(draft, at, remote=True, least=9, most=60)
    if source is not None:
        control.join_signal(draft, source, actuator, b_node=(node, way))
        if draft.chance(0.6):
            control.add_measurement(draft, source)
    return True


def _add_shutdown(draft: Draft, node: int, way: int) -> bool:
    """A shutdown triangle whose tip points at an actuator."""
    piece = draft.make(
        "shutdown_signal",
        slots={"letters": draft.pick(["P", "E", "CCP", "F", "S"]), "level": draft.pick(["PSD", "ESD", "USD"])},
    )
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
    kind = pick_kind(
        draft,
        "shutdown_signal",
        "shutdown_signal",
        "shutdown_signal",
        "interlock",
        "relay_function",
        "signal_connector",
    )
    if not bubbles or kind is None:
        return False
    bubble = bubbles[int(draft.rng.integers(len(bubbles)))]
    piece = draft.make(
        kind,
        slots={
            "letters": draft.pick(["P", "E", "CCP", "I", "S"]),
            "level": "PSD",
            "tag": draft.names.sheet(),
            "number": str(draft.rng.integers(1, 40)),
        },
    )
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
    reducer = pick_kind(draft, "concentric_reducer")
    items = [Item(meter, 0.0)]
    if reducer is not None and draft.chance(0.4):
        items = [Item(reducer, 0.0), Item(meter, draft.rng.uniform(0.5, 3)), Item(reducer, draft.rng.uniform(0.5, 3))]
    edges = draft.pipe_edges(12 + 7 * len(items))
    if not edges:
        return False
    edge = edges[int(draft.rng.integers(len(edges)))]
    made = draft.insert_train(
        edge,
        draft.rng.uniform(0.05, 0.8) * draft.net.length(edge),
        items,
        labels=[features.lettering_of(draft, i.kind) for i in items],
    )
    if made is None:
        return False
    piece = next(p for p in made[0] if p.kind is meter)
    if meter in draft.rare:
        draft.rare.remove(meter)
    signal = next((p for p in piece.ports if p.role in ("signal", "any", "actuator") and p.direction % 90 == 0), None)
    bubbles = balloons.bubbles_of(draft)
    kind = features.choose_bubble(draft, bubbles)
    if signal is None:
        balloons.add_leader_bubble(draft, piece)
        return True
    way = signal.direction
    train = draft.plan_train((signal.x, signal.y), way, [Item(kind, draft.rng.uniform(3, 9))])
    if train is None or not clear_ahead(draft, train.box, (signal.x, signal.y), way, 1.6):
        return True
    pen = draft.pen("signal", "solid" if draft.chance(0.7) else "dashed")
    draft.lay_train(train, draft.port_node(piece, signal.id), pen)
    bubble = train.parts[0][0]
    balloons.decorate_bubble(draft, bubble)
    if draft.chance(0.6):
        remote = balloons.place_bubble_near(draft, (bubble.x, bubble.y), remote=True, least=12, most=40)
        if remote is not None:
            control.join_signal(draft, bubble, remote)
    return True


def add_loose(draft: Draft) -> bool:
    """A due kind that no pipe leads to, such as an earth sign or a label, somewhere beside the plant."""
    due = [k for k in draft.rare if k.group in ("other", "instrument", "connector", "nozzle")]
    if not due or not draft.pieces:
        return False
    kind = due[int(draft.rng.integers(len(due)))]
    near = draft.pieces[int(draft.rng.integers(len(draft.pieces)))]
    slots = {
        "tag": draft.names.sheet(),
        "number": str(draft.rng.integers(1, 9)),
        "letters": draft.pick(["A", "B", "Z1", "E"]),
        "service": draft.names.service(),
        "size": "1:100",
    }
    piece = draft.make(kind, slots=slots, mirrored=draft.chance(0.3))
    if is_bubble_kind(kind):
        piece.mirrored = False
        draft.name_bubble(piece)
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


def clear_ahead(draft: Draft, box: Sequence[float], start: tuple[float, float], way: int, cut: float) -> bool:
    """Whether a box that begins at `start` is free but for the first `cut` u."""
    dx, dy = STEPS[way]
    g, c = grown_box(box, 0.8 * draft.u), cut * draft.u
    ahead = (
        max(g[0], start[0] + c) if dx > 0 else g[0], max(g[1], start[1] + c) if dy > 0 else g[1],
        min(g[2], start[0] - c) if dx < 0 else g[2], min(g[3], start[1] - c) if dy < 0 else g[3],
    )  # fmt: skip
    return ahead[2] > ahead[0] and ahead[3] > ahead[1] and draft.fits(ahead, grow=0.0, layers=ALL_LAYERS)
