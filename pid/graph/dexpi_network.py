"""Equipment and pipes of a Proteus file: nozzles in their equipment, systems of segments of parts and centre lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from pid.drawing import Symbol
from pid.geometry import distance_to_segments
from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_items import Book, add_item, add_joint, add_labels, add_ports, add_reference, node_index
from pid.graph.dexpi_pipes import Chain, System, attached_edges
from pid.graph.dexpi_plan import Edge
from pid.graph.dexpi_xml import (
    Element,
    add,
    add_attributes,
    add_coordinates,
    add_persistent_id,
    add_presentation,
)

ARROW_REACH = 12.0
"""A flow arrow's middle lies this near to its line, at a sheet width of 5000 px."""
_DASHED = "2"
_STYLES_DRAWN_SOLID = ("solid", "double", "thick")
_REVERSED = {"forward": "backward", "backward": "forward"}


def add_equipment(book: Book, model: Element, senses: Mapping[str, Sequence[str]]) -> None:
    """Add all equipment with its nozzles. `senses`: sensing functions by the item that they sense."""
    at = attached_edges(book.plan)
    nozzles: dict[str, list[str]] = defaultdict(list)
    for nozzle, host in book.plan.hosts.items():
        nozzles[host].append(nozzle)
    for name, chosen in book.plan.classes.items():
        if chosen.element != classes.EQUIPMENT:
            continue
        item = add_item(book, model, book.plan.symbols[name])
        for nozzle in nozzles[name]:
            _add_nozzle(book, item, nozzle, at.get(nozzle, []), senses.get(nozzle, ()))


def _add_nozzle(book: Book, equipment: Element, nozzle: str, edges: Sequence[Edge], senses: Sequence[str]) -> None:
    symbol = book.plan.symbols.get(nozzle)
    if symbol is not None:
        item = add_item(book, equipment, symbol)
    else:
        item = add(equipment, classes.NOZZLE, ID=book.frame.id(nozzle), ComponentClass="Nozzle")
        add_persistent_id(item, nozzle)
        add_attributes(item, {}, own={"PidNode": "implied"})
    _add_senses(book, item, senses)
    add_ports(book, item, nozzle, edges, flow=(None, None))


def _add_senses(book: Book, item: Element, senses: Sequence[str]) -> None:
    for function in senses:
        add(item, "Association", Type="is the location of", ItemID=book.frame.id(function))


def add_systems(book: Book, model: Element, systems: Sequence[System], senses: Mapping[str, Sequence[str]]) -> None:
    """Add the piping network systems with their segments, and the flow arrows on them."""
    order = _port_order(book, systems)
    chains = [chain for system in systems for chain in system.chains]
    arrows = _assign_arrows(book, chains)
    count = 0
    for i, system in enumerate(systems, 1):
        parent = add(
            model, "PipingNetworkSystem", ID=book.frame.id(f"PipingNetworkSystem-{i}"),
            ComponentClass="PipingNetworkSystem", TagName=system.line_number,
        )  # fmt: skip
        add_attributes(parent, {"LineNumberAssignmentClass": system.line_number}, own={})
        for chain in system.chains:
            count += 1
            segment = add(
                parent, "PipingNetworkSegment", ID=book.frame.id(f"PipingNetworkSegment-{count}"),
                ComponentClass="PipingNetworkSegment",
            )  # fmt: skip
            _fill_segment(book, segment, chain, order, senses)
            for arrow in arrows.get(count - 1, ()):
                add_item(book, segment, arrow)
            _add_connection(book, segment, chain, order)


def _fill_segment(
    book: Book, segment: Element, chain: Chain, order: Mapping[str, Sequence[Edge]], senses: Mapping[str, Sequence[str]]
) -> None:
    for edge in chain.edges:
        add_labels(book, segment, edge.key)
    written: set[str] = set()
    for i, node in enumerate(chain.nodes):
        if node in chain.owned and node not in written:
            written.add(node)
            _add_part(book, segment, chain, i, order[node], senses.get(node, ()))
        if i < len(chain.edges):
            edge = chain.edges[i]
            if edge.is_line:
                add_center_line(book, segment, edge.key, is_forward=edge.a == node)
            elif not {node, chain.nodes[i + 1]} <= chain.owned:
                add(
                    segment, "CenterLine", NumPoints=0
                )  # neighbours without one are in contact, but these are not both here


def _add_part(book: Book, segment: Element, chain: Chain, i: int, edges: Sequence[Edge], senses: Sequence[str]) -> None:
    """Add the chain's node `i`."""
    plan, node = book.plan, chain.nodes[i]
    before = chain.edges[i - 1] if i else None
    after = chain.edges[i] if i < len(chain.edges) else None
    coming = before.key if before and before.directed and before.b == node else None
    going = after.key if after and after.directed and after.a == node else None
    if node in plan.joints:
        item = add_joint(book, segment, node, len(edges))
    elif plan.classes[node].element == classes.CONNECTOR:
        item = add_item(book, segment, plan.symbols[node], name=_connector_class(book, chain, i, coming or going))
    else:
        item = add_item(book, segment, plan.symbols[node])
    _add_senses(book, item, senses)
    add_ports(book, item, node, edges, flow=(coming, going))
    if plan.element(node) == classes.CONNECTOR:
        add_reference(item, "PipeOffPageConnectorReference", "PipeOffPageConnector", plan.symbols[node], book.frame)


def _connector_class(book: Book, chain: Chain, i: int, known: str | None) -> str:
    """DEXPI has connectors for what flows in and what flows out, and they start and end their segments."""
    if not chain.edges:
        return "PipeOffPageConnector"
    way = "In" if i == 0 else "Out"
    if known is None and not book.plan.classes[chain.nodes[i]].name.startswith("Flow"):
        reason = f"the way of its flow is not known, and DEXPI has none such: it is written as flow {way.lower()}"
        book.plan.lose(chain.nodes[i], "symbol", reason, kept=True)
    return f"Flow{way}PipeOffPageConnector"


def add_center_line(book: Book, parent: Element, key: str, *, is_forward: bool) -> None:
    """Add a drawn line, from its start to its end or the other way."""
    line = book.plan.lines[key]
    # The graph turns lines over that flow backward: its edge goes with the flow, their points do not.
    is_forward = is_forward != (line.direction == "backward")
    points = line.points if is_forward else line.points[::-1]
    item = add(parent, "CenterLine", ID=book.frame.id(key), NumPoints=len(points))
    add_presentation(item, line_type="0" if line.style in _STYLES_DRAWN_SOLID else _DASHED)
    add_coordinates(item, book.frame.points(points))
    add_persistent_id(item, key)
    direction = line.direction if is_forward else _REVERSED.get(line.direction, line.direction)
    own = {
        "PidKind": line.kind,
        "PidStyle": line.style,
        "PidLineNumber": line.line_number,
        "PidDirection": direction,
        "PidScore": f"{line.score:.6g}",
    }
    add_attributes(item, {}, own=own)


def _add_connection(book: Book, segment: Element, chain: Chain, order: Mapping[str, Sequence[Edge]]) -> None:
    if not chain.edges:
        return
    first, last = chain.nodes[0], chain.nodes[-1]
    add(
        segment, "Connection",
        FromID=book.frame.id(first), FromNode=node_index(first, order[first], chain.edges[0].key),
        ToID=book.frame.id(last), ToNode=node_index(last, order[last], chain.edges[-1].key),
    )  # fmt: skip


def _port_order(book: Book, systems: Sequence[System]) -> dict[str, list[Edge]]:
    """The edges at each node, those of the chain that owns it first and along the chain."""
    order: dict[str, list[Edge]] = defaultdict(list)
    for system in systems:
        for chain in system.chains:
            for i, node in enumerate(chain.nodes):
                if node in chain.owned:
                    order[node] += [
                        e for e in (*chain.edges[i - 1 : i], *chain.edges[i : i + 1]) if e not in order[node]
                    ]
    for node, edges in attached_edges(book.plan).items():
        order[node] += [edge for edge in edges if edge not in order[node]]
    return order


def _assign_arrows(book: Book, chains: Sequence[Chain]) -> dict[int, list[Symbol]]:
    """Flow arrows by the index of the chain on whose line they lie; the rest stays with the drawing."""
    lines = [(i, book.plan.lines[e.key]) for i, chain in enumerate(chains) for e in chain.edges if e.is_line]
    found: dict[int, list[Symbol]] = defaultdict(list)
    if not lines:
        return found
    segments = np.concatenate([np.c_[line.points[:-1], line.points[1:]] for _, line in lines])
    owner = np.concatenate([np.full(len(line.points) - 1, i) for i, line in lines])
    reach = ARROW_REACH * book.plan.drawing.sheet.width / 5000.0
    for name, chosen in book.plan.classes.items():
        symbol = book.plan.symbols[name]
        if chosen.element == classes.ARROW:
            x0, y0, x1, y1 = symbol.box
            distance = distance_to_segments([[(x0 + x1) / 2, (y0 + y1) / 2]], segments)[0]
            best = int(np.argmin(distance))
            if distance[best] <= reach + 0.5 * max(x1 - x0, y1 - y0):
                found[int(owner[best])].append(symbol)
    return found
