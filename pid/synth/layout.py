"""Where equipment and connectors stand, and the pipes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pid.catalog import Kind
from pid.drawing import Point
from pid.synth.draft import Draft, Item
from pid.synth.features import choose_in_line, lettering_of, small_valve, state_of
from pid.synth.ink import Stroke
from pid.synth.network import Pen
from pid.synth.place import ALL_LAYERS, SOLID, Piece, grown_box
from pid.synth.route import STEPS, find_route

_BIG = ("vessel", "separator")
_MIDDLE = ("heat_exchanger", "compressor")


@dataclass(frozen=True)
class Terminal:
    """An end that waits for a pipe: its node, the way the pipe leaves, and whether something flows in, out or either."""

    node: int
    direction: int
    sense: int = 0  # 1: a source of flow, -1: a sink


def place_equipment(draft: Draft) -> list[Piece]:
    """Equipment items with room for pipes between them."""
    rng, family = draft.rng, draft.style.family
    n = {"offshore": rng.integers(2, 7), "cae": rng.integers(3, 8), "vendor": rng.integers(4, 11)}.get(family, rng.integers(3, 10))
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
            out.append(Terminal(_nozzle_stub(draft, piece, (port.x, port.y), port.direction), port.direction))
        else:
            out.append(Terminal(draft.net.add_node((port.x, port.y), piece, port.id), port.direction))
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
            out.append(Terminal(node, side))
    return out


def nozzle_at(draft: Draft, piece: Piece, wall: Point, side: int) -> int | None:
    """A nozzle at a point of the wall; the node where the pipe starts."""
    u, rng = draft.u, draft.rng
    dx, dy = STEPS[side]
    ahead = (wall[0] + dx * 4 * u, wall[1] + dy * 4 * u)
    a, b = (min(wall[0] + dx * u, ahead[0]), min(wall[1] + dy * u, ahead[1])), (max(wall[0] + dx * u, ahead[0]), max(wall[1] + dy * u, ahead[1]))
    if not draft.fits((*a, *b), grow=1.2, layers=(1, 2, 3)):
        return None
    kind = draft.style.nozzle_kind if draft.chance(0.9) else "none"
    number = draft.names.number(f"nozzle-{piece.id}") - draft.names.start
    due = [k for k in draft.rare if k.name in ("manway", "pad_nozzle")]
    if draft.has("manway") and side in (0, 180) and ((due and due[0].name == "manway") or draft.chance(0.05)):
        _manway(draft, piece, wall, side)
        return None
    if draft.has("pad_nozzle") and (draft.chance(0.03) or (due and due[0].name == "pad_nozzle")):
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


def place_connectors(draft: Draft, *, at_left: int, at_right: int) -> list[Terminal]:
    """Off-page connectors at the margins, with the other drawing's number and what comes or goes."""
    out: list[Terminal] = []
    if not draft.has("off_page_connector"):
        return out
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = draft.area
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
    u, names = draft.u, draft.names
    x0, _, x1, _ = draft.area
    others = [k for k in draft.catalog.by_group("connector") if "header" not in k.name]
    due = [k for k in draft.rare if k in others]
    kind = due[0] if due else others[int(draft.rng.integers(len(others)))] if draft.chance(0.15) else draft.catalog["off_page_connector"]
    inward = draft.chance(0.5) if draft.chance(0.3) else side == 180  # flow comes from this connector
    number = names.sheet()
    piece = draft.make(kind, slots={"tag": number, "sheet": draft.pick(["A3", "B7", "C2"]), "service": names.service(), "letters": draft.pick(["A", "1", "7", "TP14"]), "number": str(draft.rng.integers(1, 99))})
    if inward == (side == 0):
        piece.rotation, piece.mirrored = 0, True
    if draft.catalog[kind.name].stretch and draft.chance(0.6):
        piece.scale = (piece.scale[0] * draft.rng.uniform(0.85, 1.25), piece.scale[1])
    room = next((t for t in piece.variant.texts if t.slot == "tag"), None)
    short = room is not None and len(room.text) < 6
    if short:
        piece.slots["tag"] = str(draft.rng.integers(1, 400))
    elif kind.stretch:
        widest = max((draft.extent(piece.slots.get(t.slot or "", ""), t.height * piece.scale[1])[0] for t in piece.variant.texts), default=0.0)
        piece.scale = (max(piece.scale[0], widest / 22.0), piece.scale[1])
    inner = 0 if side == 180 else 180
    ports = [p for p in piece.ports if p.direction == inner and p.role != "actuator"]
    if not ports:
        return None
    box = piece.box
    piece.x += (x0 + inset - box[0]) if side == 180 else (x1 - inset - box[2])
    piece.y += y - piece.port(ports[0].id).y
    lines = [names.service()] if draft.chance(0.4 if short else 0.7) else [("FROM " if inward else "TO ") + names.service(), names.sheet()][: int(draft.rng.integers(1, 3))]
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


def route_terminals(draft: Draft, a: Terminal, b: Terminal, *, pen: Pen | None = None, most_crossings: int = 4) -> bool:
    """Lead a pipe between two terminals."""
    start, end = draft.net.nodes[a.node].at, draft.net.nodes[b.node].at
    route = find_route(draft.paper, (start, a.direction), (end, b.direction), rng=draft.rng, most_crossings=most_crossings)
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
    order.sort(key=lambda i: _few_nozzles(draft, terminals[i]))  # taken from the end: pumps find their pipes first
    left: list[Terminal] = []
    while len(order) > 1:
        a = terminals[order.pop()]
        here = np.array(draft.net.nodes[a.node].at)
        piece = draft.net.nodes[a.node].piece
        to_itself = draft.chance(0.04)
        scored = []
        for j in order:
            b = terminals[j]
            other = draft.net.nodes[b.node].piece
            if (other is not None and piece is not None and other.item is piece.item and not to_itself) or (a.sense and a.sense == b.sense):
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


def _few_nozzles(draft: Draft, terminal: Terminal) -> bool:
    """Whether a terminal is on an item that makes no sense without its pipes, unlike a vessel's spare nozzle."""
    piece = draft.net.nodes[terminal.node].piece
    return piece is not None and piece.item.kind.group in (*_MIDDLE, "pump")


def lay_headers(draft: Draft, count: int) -> None:
    """Header lines across the sheet (flare, vent, drain): dash-dot, a drawing box on a stub, branches to be led in."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = draft.area
    for _ in range(count):
        for _ in range(12):
            width = rng.uniform(40, 75) * u
            cx, cy = rng.uniform(x0 + width, x1 - width), (rng.uniform(y0 + 8 * u, y0 + 0.5 * (y1 - y0)) if draft.chance(0.7) else rng.uniform(y0 + 0.5 * (y1 - y0), y1 - 24 * u))
            box = draft.make("header_connector", slots={"tag": draft.names.sheet(), "service": draft.names.service()}) if draft.has("header_connector") else None
            if box is None:
                return
            half = width / 2
            if not draft.fits((cx - half, cy - 5 * u, cx + half, cy + 14 * u), grow=2):
                continue
            dash = [(5.0, 1.2, 0.9, 1.2), (5.0, 1.0), (4.0, 1.0, 0.8, 1.0, 0.8, 1.0)][int(rng.integers(3))]
            draft.over.append(Stroke(np.array([(cx - half, cy), (cx + half, cy)]), draft.style.pipe_mm, dash_mm=tuple(d * u for d in dash), layer="header"))
            for end in (-1, 1):
                t = np.linspace(-1, 1, 9)
                draft.over.append(Stroke(np.c_[cx + end * half + 0.8 * u * np.sin(np.pi * t), cy + 2.2 * u * t], draft.style.thin_mm, layer="header"))
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
        box = (max(g[0], s[0] + cut) if dx > 0 else g[0], max(g[1], s[1] + cut) if dy > 0 else g[1], min(g[2], s[0] - cut) if dx < 0 else g[2], min(g[3], s[1] - cut) if dy < 0 else g[3])
        if box[2] <= box[0] or box[3] <= box[1] or not draft.fits(box, grow=0.0, layers=ALL_LAYERS):
            continue
        draft.lay_train(train, t.node, draft.pen())
        for piece, _, _ in train.parts:
            lines = lettering_of(draft, piece.kind)
            if lines and draft.label(piece, lines, along=t.direction in (0, 180)):
                piece.tag = lines[-1]


def finish_open_ends(draft: Draft) -> None:
    """Lead open outlets on: to another pipe, to each other, or to a connector of their own."""
    ends = [Terminal(n, d) for n, d in draft.open_ends if not draft.net.at_node[n] or draft.net.nodes[n].piece is not None]
    draft.open_ends.clear()
    headers = [t for t in ends if draft.net.nodes[t.node].port.startswith("header")]
    others = [t for t in ends if t not in headers]
    for t in others:
        near = sorted(headers, key=lambda h: abs(draft.net.nodes[h.node].at[0] - draft.net.nodes[t.node].at[0]))  # noqa: B023
        if near and draft.chance(0.7) and route_terminals(draft, t, near[0]):
            headers.remove(near[0])
            continue
        if not route_to_pipe(draft, t, tries=6):
            grow_from(draft, [t])
    for h in headers:
        route_to_pipe(draft, h, tries=14)
