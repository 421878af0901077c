"""A sheet in the making with its pipes: edges, parts in them, and trains of parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pid.catalog import Kind
from pid.drawing import Box, Point
from pid.synth.ink import Lettering
from pid.synth.lettering import Written
from pid.synth.network import Pen
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, Piece, grown_box, union_box
from pid.synth.route import STEPS
from pid.synth.sketch import UPRIGHT, Sketch, axis_ports
from pid.synth.style import is_bubble_kind

CONTACT = "contact"  # style of an edge that joins parts which touch: no ink of its own


@dataclass(frozen=True)
class Item:
    """A part of a train: a kind, its state, and the pipe before it in u."""

    kind: Kind
    gap: float = 3.0
    state: str = ""
    flip: bool = False
    label: bool = True


@dataclass(eq=False)
class Train:
    """Parts in a row from a point outward, not on paper yet."""

    start: Point
    direction: int
    parts: list[tuple[Piece, str, str | None]]  # piece, entry port, leaving port
    tail: float  # mm of pipe after the last part
    box: Box

    @property
    def end(self) -> Point:
        """Where the pipe ends."""
        dx, dy = STEPS[self.direction]
        at = self.start
        if self.parts:
            piece, _, leave = self.parts[-1]
            if leave is None:
                return at
            port = piece.port(leave)
            at = (port.x, port.y)
        return at[0] + dx * self.tail, at[1] + dy * self.tail


@dataclass(eq=False)
class Draft(Sketch):
    """A sketch with a network of pipes and signals. Lengths in u are multiples of the style's unit, others mm."""

    def port_node(self, piece: Piece, name: str) -> int:
        """The network node of a port (a new one, or the one made before)."""
        known = self.net.of_port.get((id(piece), name))
        if known is not None:
            return known
        port = piece.port(name)
        return self.net.add_node((port.x, port.y), piece, name)

    # -- lines -------------------------------------------------------------------------------------------------

    def mark_edge(self, index: int) -> None:
        """Take the paper of an edge."""
        a, b = self.net.ends(index)
        self.paper.mark_line(a, b, self.u)

    def connect(self, a: int, points: Sequence[Point], b: int | None, pen: Pen) -> list[int]:
        """Draw a polyline from node a through inner points to node b, or to a new open node at the last point."""
        edges = []
        inner = list(points)
        if b is None:
            b = self.net.add_node(inner.pop())
        here = a
        for point in inner:
            node = self.net.add_node(point)
            edges.append(self.net.add_edge(here, node, pen))
            here = node
        edges.append(self.net.add_edge(here, b, pen))
        for e in edges:
            self.mark_edge(e)
        return edges

    def touch(self, a: int, b: int, kind: str = "process") -> int:
        """Join two nodes of parts that touch."""
        return self.net.add_edge(a, b, Pen(kind=kind, style=CONTACT, width_mm=0.0))

    def pipe_edges(self, least: float, *, kind: str = "process") -> list[int]:
        """Edges of at least `least` u that are straight along or across the sheet."""
        length = least * self.u
        return [i for i, e in self.net.edges.items() if e.length >= length and e.straight and e.pen.kind == kind]

    def heading(self, index: int) -> int:
        """Direction of an edge from a to b."""
        (ax, ay), (bx, by) = self.net.ends(index)
        if abs(bx - ax) >= abs(by - ay):
            return 0 if bx >= ax else 180
        return 270 if by > ay else 90

    def point_on(self, index: int, t: float) -> Point:
        """The point at t mm from a."""
        (ax, ay), (dx, dy) = self.net.ends(index)[0], STEPS[self.heading(index)]
        return ax + dx * t, ay + dy * t

    def end_margin(self, node: int) -> float:
        """Pipe in u to keep between a part and this end of an edge."""
        n = self.net.nodes[node]
        return 1.2 if n.piece is not None else 2.6

    def room_on(self, index: int, low: float, high: float, box: Box) -> bool:
        """Whether a part that spans low..high mm of an edge and covers `box` fits there."""
        edge, length = self.net.edges[index], self.net.length(index)
        if low < self.end_margin(edge.a) * self.u or high > length - self.end_margin(edge.b) * self.u:
            return False
        along = self.heading(index) in (0, 180)
        a = self.area
        g = grown_box(box, 0.6 * self.u)
        if not (a[0] <= g[0] and a[1] <= g[1] and g[2] <= a[2] and g[3] <= a[3]):
            return False
        if not self.paper.free(g, (SOLID, TEXT, ACROSS if along else ALONG)):
            return False
        y = self.point_on(index, low)[1 if along else 0]
        strip, own = 2.2 * self.u, ALONG if along else ACROSS
        before = (g[0], g[1], g[2], y - strip) if along else (g[0], g[1], y - strip, g[3])
        after = (g[0], y + strip, g[2], g[3]) if along else (y + strip, g[1], g[2], g[3])
        return all(b[2] <= b[0] or b[3] <= b[1] or self.paper.free(b, (own,)) for b in (before, after))

    def insert(
        self, index: int, t: float, kind: Kind, *, state: str = "", flip: bool = False, reverse: bool = False,
        label: Sequence[str] = (), must_label: bool = False, slots: dict[str, str] | None = None, clear: float = 0.0,
    ) -> tuple[Piece, int, int] | None:  # fmt: skip
        """Put a part into an edge, its middle t mm from a. Returns it with the edges before and after."""
        heading = self.heading(index)
        rotation = (heading + (180 if flip else 0) + (180 if reverse else 0)) % 360
        upright = kind.group in UPRIGHT and is_bubble_kind(kind)
        piece = self.make(
            kind, rotation=0 if upright else rotation, mirrored=flip and not upright, state=state, slots=slots
        )
        ports = axis_ports(piece.variant)
        if ports is not None and not upright:
            piece.rotation = (
                rotation + (ports[2] + 180 * flip if ports[2] else 0)
            ) % 360  # an upright part is mirrored along its axis
        if kind.group == "instrument" and not piece.slots:
            self.name_bubble(piece)
        if ports is None:
            return None
        if upright:
            names = {p.direction: p.id for p in piece.ports}
            if heading not in names or (heading + 180) % 360 not in names:
                return None
            ports = (names[(heading + 180) % 360], names[heading], 0)
        entry, leave = (ports[1], ports[0]) if reverse and not upright else ports[:2]
        x, y = self.point_on(index, t)
        port = piece.port(entry)
        # the pipe axis passes the ports, not always the origin
        if heading in (0, 180):
            piece.x, piece.y = x, piece.y + y - port.y
        else:
            piece.x, piece.y = piece.x + x - port.x, y
        start = self.net.ends(index)[0]
        p0, p1 = piece.port(entry), piece.port(leave)
        low = abs(p0.x - start[0]) + abs(p0.y - start[1])
        high = abs(p1.x - start[0]) + abs(p1.y - start[1])
        if high < low - 1e-6 or not self.room_on(index, min(low, t), max(high, t), piece.box):
            return None
        if must_label and label and not self.label(piece, label, along=heading in (0, 180), clear=clear):
            return None
        texts = None if must_label else self.plan_label(piece, label, along=heading in (0, 180), clear=clear)
        a = self.net.add_node((p0.x, p0.y), piece, entry)
        b = self.net.add_node((p1.x, p1.y), piece, leave)
        before, after = self.net.insert(index, a, b)
        self.put(piece)
        if texts:
            self.commit(texts, piece)
        return piece, before, after

    def insert_train(
        self, index: int, t: float, items: Sequence[Item], *, labels: Sequence[Sequence[str]] = (), clear: float = 0.0
    ) -> tuple[list[Piece], list[int]] | None:
        """Put parts in a row into an edge, the first gap starting t mm from a. Returns them and the edges between."""
        heading = self.heading(index)
        train = self.plan_train(self.point_on(index, t), heading, items)
        if train is None or any(leave is None for _, _, leave in train.parts):
            return None
        start, end = self.net.ends(index)[0], train.end
        if abs(end[1] - start[1] if heading in (0, 180) else end[0] - start[0]) > 1e-6:
            return None  # parts with offset ports have moved the axis: the rest of the pipe would lie aslant
        high = abs(end[0] - start[0]) + abs(end[1] - start[1])
        first = train.parts[0][0].port(train.parts[0][1])
        low = abs(first.x - start[0]) + abs(first.y - start[1])
        if not self.room_on(index, low, high, union_box([p.box for p, _, _ in train.parts])):
            return None
        along = heading in (0, 180)
        texts: list[tuple[Piece, list[Written]]] = []
        for (piece, _, _), lines in zip(train.parts, labels, strict=False):
            made = self.plan_label(piece, lines, along=along, clear=clear, avoid=[t.box for _, ts in texts for t in ts])
            if made is None:
                return None
            texts.append((piece, made))
        edge = self.net.remove_edge(index)
        last, edges = edge.a, []
        for piece, entry, leave in train.parts:
            a, b = piece.port(entry), piece.port(leave or entry)
            na, nb = self.net.add_node((a.x, a.y), piece, entry), self.net.add_node((b.x, b.y), piece, leave or entry)
            gap = math.hypot(a.x - self.net.nodes[last].at[0], a.y - self.net.nodes[last].at[1])
            edges.append(self.touch(last, na) if gap < 1e-6 else self.net.add_edge(last, na, edge.pen))
            self.put(piece)
            last = nb
        edges.append(self.net.add_edge(last, edge.b, edge.pen))
        for piece, made in texts:
            self.commit(made, piece)
            if made:
                piece.tag = made[-1].text
        return [p for p, _, _ in train.parts], edges

    # -- trains ------------------------------------------------------------------------------------------------

    def plan_train(self, start: Point, direction: int, items: Sequence[Item], *, tail: float = 0.0) -> Train | None:
        """Parts in a row from `start`; the last may be a part without a way through, or a balloon."""
        at, parts, boxes = start, [], [(*start, *start)]
        dx, dy = STEPS[direction]
        for i, item in enumerate(items):
            at = (at[0] + dx * item.gap * self.u, at[1] + dy * item.gap * self.u)
            made = self._part_at(item, at, direction)
            if made is None:
                return None
            piece, _entry, leave = made
            parts.append(made)
            boxes.append(piece.box)
            if leave is None:
                if i < len(items) - 1:
                    return None
                break
            port = piece.port(leave)
            at = (port.x, port.y)
            if port.direction != direction:  # an angle part ends the straight run
                if i < len(items) - 1:
                    return None
                tail = 0.0
        end = (at[0] + dx * tail * self.u, at[1] + dy * tail * self.u)
        boxes.append((*end, *end))
        return Train(start, direction, parts, tail * self.u, union_box(boxes))

    def _part_at(self, item: Item, at: Point, direction: int) -> tuple[Piece, str, str | None] | None:
        back = (direction + 180) % 360
        kind = item.kind
        if kind.group in UPRIGHT:
            piece = self.make(kind, state=item.state)
            entry = next((p for p in piece.ports if p.direction == back), None)
            if entry is not None and (is_bubble_kind(kind) or kind.group == "connector"):
                piece.move_port_to(entry.id, at)
                if is_bubble_kind(kind):
                    self.name_bubble(piece)
                return piece, entry.id, None
        piece = self.make(kind, state=item.state)
        ports = axis_ports(piece.variant)
        if ports is not None:
            flip = item.flip
            piece.rotation = (direction + (ports[2] or 180 * flip)) % 360  # an upright part flips by its mirror alone
            piece.mirrored = flip
            piece.move_port_to(ports[0], at)
            return piece, ports[0], ports[1]
        process = [p for p in piece.variant.ports if p.role in ("process", "any")]
        if not process:
            return None
        piece.mirrored = item.flip
        entry = piece.port(process[0].id)
        piece.rotation = (back - entry.direction) % 360
        piece.move_port_to(entry.id, at)
        leave = process[1].id if len(process) > 1 else None
        return piece, entry.id, leave

    def lay_train(self, train: Train, node: int, pen: Pen) -> list[int]:
        """Put a train on paper from a node. Returns nodes: each part's entry and leaving node, then the open end."""
        nodes, here = [], node
        for piece, entry, leave in train.parts:
            port = piece.port(entry)
            n = self.net.add_node((port.x, port.y), piece, entry)
            self._join(here, n, pen)
            self.put(piece)
            nodes.append(n)
            if leave is None:
                return nodes
            out = piece.port(leave)
            here = self.net.add_node((out.x, out.y), piece, leave)
            nodes.append(here)
        if train.tail > 0:
            end = self.net.add_node(train.end)
            self._join(here, end, pen)
            nodes.append(end)
        return nodes

    def _join(self, a: int, b: int, pen: Pen) -> None:
        (ax, ay), (bx, by) = self.net.nodes[a].at, self.net.nodes[b].at
        if math.hypot(ax - bx, ay - by) < 1e-6:
            self.touch(a, b, pen.kind)
        else:
            self.mark_edge(self.net.add_edge(a, b, pen))

    def letter(self, text: str, center: Point, height: float, angle: int = 0) -> Lettering:
        """A display-list entry in the house's hand."""
        return Lettering(text, center, height, angle, self.style.font, width_factor=self.style.width_factor)
