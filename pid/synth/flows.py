"""Connectors at the margins, headers, and the pipes between them and the equipment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.drawing import Point
from pid.synth.draft import Draft, Item
from pid.synth.features import choose_in_line, lettering_of, small_valve, state_of
from pid.synth.ink import Stroke
from pid.synth.layout import Terminal
from pid.synth.network import Pen
from pid.synth.place import ALL_LAYERS, SOLID, Piece, grown_box
from pid.synth.route import STEPS, find_route

_FEW_NOZZLES = ("heat_exchanger", "compressor", "pump")


def place_connectors(draft: Draft, *, at_left: int, at_right: int) -> list[Terminal]:
    """Off-page connectors at the margins, with the other drawing's number and what comes or goes."""
    out: list[Terminal] = []
    if not draft.has("off_page_connector"):
        return out
    u, rng = draft.u, draft.rng
    _x0, y0, _x1, y1 = draft.area
    inset = {s: rng.uniform(1, 30) * u for s in (0, 180)}
    for side, count in ((180, at_left), (0, at_right)):
        for _ in range(count):
            for _ in range(12):
                y = rng.uniform(y0 + 10 * u, y1 - 10 * u)
                term = _connector(draft, side, y, inset[side])
                if term is not None:
                    out.append(term)
                    break
    return out


def _connector(draft: Draft, side: int, y: float, inset: float) -> Terminal | None:
    _u, names = draft.u, draft.names
    x0, _, x1, _ = draft.area
    others = [k for k in draft.catalog.by_group("connector") if "header" not in k.name]
    due = [k for k in draft.rare if k in others]
    kind = (
        due[0]
        if due
        else others[int(draft.rng.integers(len(others)))]
        if draft.chance(0.15)
        else draft.catalog["off_page_connector"]
    )
    inward = draft.chance(0.5) if draft.chance(0.3) else side == 180  # flow comes from this connector
    number = names.sheet()
    piece = draft.make(
        kind,
        slots={
            "tag": number,
            "sheet": draft.pick(["A3", "B7", "C2"]),
            "service": names.service(),
            "letters": draft.pick(["A", "1", "7", "TP14"]),
            "number": str(draft.rng.integers(1, 99)),
        },
    )
    if inward == (side == 0):
        piece.rotation, piece.mirrored = 0, True
    if draft.catalog[kind.name].stretch and draft.chance(0.6):
        _widen(draft, piece, piece.scale[0] * draft.rng.uniform(0.85, 1.25))
    room = next((t for t in piece.variant.texts if t.slot == "tag"), None)
    short = room is not None and len(room.text) < 6
    if short:
        piece.slots["tag"] = str(draft.rng.integers(1, 400))
    elif kind.stretch:
        widest = max(
            (
                draft.extent(piece.slots.get(t.slot or "", ""), t.height * piece.scale[1])[0]
                for t in piece.variant.texts
            ),
            default=0.0,
        )
        _widen(draft, piece, max(piece.scale[0], widest / 22.0))
    inner = 0 if side == 180 else 180
    ports = [p for p in piece.ports if p.direction == inner and p.role != "actuator"]
    if not ports:
        return None
    box = piece.box
    piece.x += (x0 + inset - box[0]) if side == 180 else (x1 - inset - box[2])
    piece.y += y - piece.port(ports[0].id).y
    lines = (
        [names.service()]
        if draft.chance(0.4 if short else 0.7)
        else [str(draft.rng.integers(1, 400))]
        if room is None and draft.chance(0.6)  # a block arrow has no lettering inside
        else [("FROM " if inward else "TO ") + names.service(), names.sheet()][: int(draft.rng.integers(1, 3))]
    )
    texts = draft.stack(lines, piece.box, draft.pick(["above", "above", "below"]), angle=0, gap=1.2)
    if not draft.fits(piece.box, grow=2.0) or not all(draft.fits(t.box, grow=0.6) for t in texts):
        return None
    piece.tag = number
    draft.put(piece)
    if kind in draft.rare:
        draft.rare.remove(kind)
    draft.commit(texts, piece)
    port = piece.port(ports[0].id)
    return Terminal(draft.net.add_node((port.x, port.y), piece, port.id), inner, 1 if inward else -1)


def _widen(draft: Draft, piece: Piece, width: float) -> None:
    """Draw a piece at another scale along its length, and across too where symbols keep their proportions."""
    piece.scale = (width, piece.scale[1] if draft.stretched else piece.scale[1] * width / piece.scale[0])


def route_terminals(draft: Draft, a: Terminal, b: Terminal, *, pen: Pen | None = None, most_crossings: int = 4) -> bool:
    """Lead a pipe between two terminals."""
    start, end = draft.net.nodes[a.node].at, draft.net.nodes[b.node].at
    route = find_route(
        draft.paper, (start, a.direction), (end, b.direction), rng=draft.rng, most_crossings=most_crossings
    )
    if route is None or not _inside(draft, route):
        return False
    flow = a.sense or -b.sense or (1 if draft.chance(0.5) else -1)
    pen = pen or draft.pen(number=draft.names.line_number(), flow=flow)
    draft.connect(a.node, route[1:-1], b.node, pen)
    return True


def route_to_pipe(draft: Draft, a: Terminal, *, pen: Pen | None = None, tries: int = 10, kind: str = "process") -> bool:
    """Lead a pipe from a terminal to a new tee on another pipe."""
    start = draft.net.nodes[a.node].at
    edges = draft.pipe_edges(10, kind=kind)
    if not edges:
        return False
    for _ in range(tries):
        edge = edges[int(draft.rng.integers(len(edges)))]
        length = draft.net.length(edge)
        at = draft.point_on(edge, draft.rng.uniform(0.12, 0.88) * length)
        way = (draft.heading(edge) + int(draft.rng.choice([90, -90]))) % 360
        clear = grown_box((*at, *at), 2.0 * draft.u)
        across = 3 if draft.heading(edge) in (0, 180) else 2
        if not draft.paper.free(clear, (SOLID, 1, across)):
            continue
        route = find_route(draft.paper, (start, a.direction), (at, way), rng=draft.rng, samples=8, most_crossings=3)
        if route is None or not _inside(draft, route):
            continue
        node = draft.net.tee(edge, at)
        draft.connect(a.node, route[1:-1], node, pen or draft.pen(number=draft.names.line_number(), flow=a.sense))
        return True
    return False


def _inside(draft: Draft, route: Sequence[Point]) -> bool:
    x0, y0, x1, y1 = draft.area
    return all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in route)


def lay_flows(draft: Draft, terminals: list[Terminal]) -> list[Terminal]:
    """Join terminals by pipes, near ones first but not always; what found no pipe is returned."""
    rng = draft.rng
    order = list(rng.permutation(len(terminals)))
    order.sort(key=lambda i: _few_nozzles(terminals[i]))  # taken from the end: pumps find their pipes first
    left: list[Terminal] = []
    while len(order) > 1:
        a = terminals[order.pop()]
        here = np.array(draft.net.nodes[a.node].at)
        to_itself = draft.chance(0.04) and not _few_nozzles(a)
        scored = []
        for j in order:
            b = terminals[j]
            own = a.item is not None and b.item is a.item
            if a.item and b.item and a.item is not b.item and a.item.kind is b.item.kind and _few_nozzles(a):
                continue  # a pump and its spare share headers; they do not feed each other
            if (own and not to_itself) or (a.sense and a.sense == b.sense):
                continue
            d = np.abs(np.array(draft.net.nodes[b.node].at) - here).sum()
            scored.append((d * rng.uniform(0.5, 1.6), j))
        done = False
        for _, j in sorted(scored)[:5]:
            if route_terminals(draft, a, terminals[j]):
                order.remove(j)
                done = True
                break
        if not done and not route_to_pipe(draft, a):
            left.append(a)
    return left + [terminals[i] for i in order]


def lay_headers(draft: Draft, count: int) -> None:
    """Header lines across the sheet (flare, vent, drain): dash-dot, a drawing box on a stub, branches to be led in."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = draft.area
    for _ in range(count):
        for _ in range(12):
            width = rng.uniform(40, 75) * u
            cx, cy = (
                rng.uniform(x0 + width, x1 - width),
                (
                    rng.uniform(y0 + 8 * u, y0 + 0.5 * (y1 - y0))
                    if draft.chance(0.7)
                    else rng.uniform(y0 + 0.5 * (y1 - y0), y1 - 24 * u)
                ),
            )
            box = (
                draft.make("header_connector", slots={"tag": draft.names.sheet(), "service": draft.names.service()})
                if draft.has("header_connector")
                else None
            )
            if box is None:
                return
            half = width / 2
            if not draft.fits((cx - half, cy - 5 * u, cx + half, cy + 14 * u), grow=2):
                continue
            dash = [(5.0, 1.2, 0.9, 1.2), (5.0, 1.0), (4.0, 1.0, 0.8, 1.0, 0.8, 1.0)][int(rng.integers(3))]
            draft.over.append(
                Stroke(
                    np.array([(cx - half, cy), (cx + half, cy)]),
                    draft.style.pipe_mm,
                    dash_mm=tuple(d * u for d in dash),
                    layer="header",
                )
            )
            for end in (-1, 1):
                t = np.linspace(-1, 1, 9)
                draft.over.append(
                    Stroke(
                        np.c_[cx + end * half + 0.8 * u * np.sin(np.pi * t), cy + 2.2 * u * t],
                        draft.style.thin_mm,
                        layer="header",
                    )
                )
            at = cx - half * rng.uniform(0.0, 0.4)
            box.x, box.y = at, cy + 8 * u
            draft.over.append(Stroke(np.array([(at, cy), (at, box.box[1])]), draft.style.thin_mm, layer="header"))
            draft.put(box)
            box.tag = box.slots["tag"]
            draft.write(draft.names.service(), (cx, cy - 2.2 * u), owner=box)
            draft.paper.mark((cx - half, cy - u, cx + half, cy + u), SOLID)
            # the header belongs to its box: pipes that end on it are connected to the box
            for k in (0.35, 0.8):
                point = (cx + half * k, cy)
                node = draft.net.add_node(point, box, f"header{k}")
                draft.open_ends.append((node, 270))
            break


def grow_from(draft: Draft, left: Sequence[Terminal]) -> None:
    """Give ends that found no partner a short life of their own: a valve and cap, a connector, or an arrow."""
    for t in left:
        items = []
        valve = small_valve(draft) if draft.chance(0.6) else choose_in_line(draft)
        items.append(Item(valve, draft.rng.uniform(2, 6), state_of(draft, valve)))
        if draft.chance(0.6) and draft.has("blind_flange"):
            items.append(Item(draft.catalog["blind_flange"], draft.rng.uniform(0.5, 0.9)))
        train = draft.plan_train(draft.net.nodes[t.node].at, t.direction, items)
        if train is None:
            continue
        dx, dy = STEPS[t.direction]
        b = train.box
        cut = 1.8 * draft.u
        s = train.start
        g = grown_box(b, 0.8 * draft.u)
        box = (
            max(g[0], s[0] + cut) if dx > 0 else g[0],
            max(g[1], s[1] + cut) if dy > 0 else g[1],
            min(g[2], s[0] - cut) if dx < 0 else g[2],
            min(g[3], s[1] - cut) if dy < 0 else g[3],
        )
        if box[2] <= box[0] or box[3] <= box[1] or not draft.fits(box, grow=0.0, layers=ALL_LAYERS):
            continue
        draft.lay_train(train, t.node, draft.pen())
        for piece, _, _ in train.parts:
            lines = lettering_of(draft, piece.kind)
            if lines and draft.label(piece, lines, along=t.direction in (0, 180)):
                piece.tag = lines[-1]


def finish_open_ends(draft: Draft) -> None:
    """Lead open outlets on: to another pipe, to each other, or to a connector of their own."""
    ends = [
        Terminal(n, d) for n, d in draft.open_ends if not draft.net.at_node[n] or draft.net.nodes[n].piece is not None
    ]
    draft.open_ends.clear()
    headers = [t for t in ends if draft.net.nodes[t.node].port.startswith("header")]
    others = [t for t in ends if t not in headers]
    for t in others:
        near = sorted(headers, key=lambda h: abs(draft.net.nodes[h.node].at[0] - draft.net.nodes[t.node].at[0]))
        if near and draft.chance(0.7) and route_terminals(draft, t, near[0]):
            headers.remove(near[0])
            continue
        if not route_to_pipe(draft, t, tries=6):
            grow_from(draft, [t])
    for h in headers:
        route_to_pipe(draft, h, tries=14)


def _few_nozzles(terminal: Terminal) -> bool:
    """Whether a terminal is on an item that makes no sense without its pipes, unlike a vessel's spare nozzle."""
    return terminal.item is not None and terminal.item.kind.group in _FEW_NOZZLES
