"""The plant as a graph, derived from a `Drawing` and never stored.

Nodes are symbols (by their id), tees and open line ends; edges are lines and, for parts in contact, connections
without a line. Nothing here looks at ink: a drawing corrected by hand gives its graph the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Connection, Drawing, Line, Symbol
from pid.geometry import distance_to_segments, polyline_length
from pid.graph.connect import attach_lines, connect_symbols, tee_key
from pid.graph.flow import Flow
from pid.graph.grammar import Grammar
from pid.graph.plant_reading import PlantReading, read_plant

if TYPE_CHECKING:
    import networkx as nx

Array = NDArray[np.float64]

__all__ = ["build_graph", "connect_symbols", "direct_connections", "direct_lines"]

ARROW_REACH = 12.0
"""A flow arrow's middle lies this near to its line, at a sheet width of 5000 px."""


def build_graph(drawing: Drawing, *, grammar: Grammar | None = None) -> nx.MultiDiGraph:
    """The plant graph of a drawing.

    Node attributes: ``node`` is symbol, tee or end; symbols carry kind, group, tag, score and ``x``, ``y`` (middle),
    and where it applies ``operates`` (an actuator's valve), ``stands_on`` (a nozzle's equipment), ``loop``,
    ``measures`` with ``measures_confidence`` and ``measures_found`` (line, leader or place).

    Edge attributes: ``edge`` is line or contact; kind, style, line_number, direction, score, ``length_px``, ``points``,
    the parts of the line number (size, service, number, spec, insulation) and the flow: ``flow`` is forward (from the
    edge's first node to its second), backward or unknown, with ``flow_confidence`` (0 where unknown), ``flow_source``
    and ``flow_by`` (the symbol or line that shows it). An edge runs from the line's start to its end, or the other way
    where the line's drawn direction is backward; ``directed`` says whether that way is the drawn flow's.

    Graph attributes: ``loops`` and ``runs`` (the line list), as tuples of tables.
    """
    import networkx as nx

    reading = read_plant(drawing, grammar=grammar)
    scale = drawing.sheet.width / 5000.0
    graph = nx.MultiDiGraph(name=drawing.source.name)
    for symbol in drawing.symbols:
        graph.add_node(symbol.id, **_symbol_attributes(symbol))
    names: dict[tuple[int, int], str] = {}
    for i, (line, ends) in enumerate(zip(drawing.lines, reading.piping.held, strict=True)):
        nodes = []
        for point, holder in zip((line.points[0], line.points[-1]), ends, strict=True):
            nodes.append(drawing.symbols[holder].id if holder is not None else _joint(graph, names, point, scale))
        turned = line.direction == "backward"
        start, stop = nodes[::-1] if turned else nodes
        parts = reading.grammar.line_parts(line.line_number) if line.line_number else {}
        graph.add_edge(
            start,
            stop,
            key=line.id,
            **_line_attributes(line),
            **parts,
            **_flow_attributes(reading.flows.get(i), turned),
        )
    for node in list(names.values()):
        graph.nodes[node]["node"] = "tee" if graph.degree(node) > 2 else "end"
    for connection in drawing.connections:
        if not connection.lines:
            graph.add_edge(
                connection.a,
                connection.b,
                key=f"{connection.a}|{connection.b}",
                edge="contact",
                kind=connection.kind,
                directed=connection.directed,
                score=connection.score,
            )
    _add_relations(graph, reading)
    return graph


def _symbol_attributes(symbol: Symbol) -> dict[str, Any]:
    x, y = (symbol.box[0] + symbol.box[2]) / 2, (symbol.box[1] + symbol.box[3]) / 2
    return {
        "node": "symbol",
        "kind": symbol.kind,
        "group": symbol.group,
        "tag": symbol.tag,
        "score": symbol.score,
        "x": x,
        "y": y,
    }


def _flow_attributes(flow: Flow | None, turned: bool) -> dict[str, Any]:
    """The flow along an edge; `turned` edges run against their line."""
    if flow is None:
        return {"flow": "unknown", "flow_confidence": 0.0, "flow_source": "", "flow_by": ""}
    forward = (flow.sense > 0) != turned
    return {
        "flow": "forward" if forward else "backward",
        "flow_confidence": round(flow.confidence, 3),
        "flow_source": flow.source,
        "flow_by": flow.by,
    }


def _add_relations(graph: nx.MultiDiGraph, reading: PlantReading) -> None:
    """Write who operates, carries and measures what on the nodes, and loops and runs on the graph."""
    for actuator, valve in reading.operators.items():
        graph.nodes[actuator]["operates"] = valve
    for nozzle, host in reading.piping.host_of.items():
        graph.nodes[reading.piping.symbols[nozzle].id]["stands_on"] = reading.piping.symbols[host].id
    for found in reading.measured:
        graph.nodes[found.instrument].update(
            measures=found.target, measures_confidence=found.confidence, measures_found=found.found
        )
    for loop in reading.loops:
        for member in (*loop.members, *loop.valves):
            graph.nodes[member]["loop"] = loop.id
    graph.graph["loops"] = tuple(asdict(loop) for loop in reading.loops)
    graph.graph["runs"] = tuple(asdict(run) for run in reading.runs)


def _joint(graph: nx.MultiDiGraph, names: dict[tuple[int, int], str], point: tuple[float, float], scale: float) -> str:
    """The node of a tee or open end, made when first met."""
    key = tee_key(np.asarray(point), scale)
    if key not in names:
        names[key] = f"j{len(names) + 1}"
        graph.add_node(names[key], x=point[0], y=point[1])
    return names[key]


def _line_attributes(line: Line) -> dict[str, Any]:
    return {
        "edge": "line",
        "kind": line.kind,
        "style": line.style,
        "line_number": line.line_number,
        "direction": line.direction,
        "directed": line.direction in ("forward", "backward"),
        "score": line.score,
        "length_px": polyline_length(line.points),
        "points": line.points,
    }


def direct_lines(lines: Sequence[Line], symbols: Sequence[Symbol], *, sheet_width: float) -> tuple[Line, ...]:
    """The lines with the directions that flow arrows on them show.

    An arrow tells by its rotation (0 points right, 90 up) or, where its rotation is unknown to the detector, not at
    all: an arrow of score 0 is not asked. Arrows that disagree make ``both``.
    """
    scale = sheet_width / 5000.0
    arrows = [s for s in symbols if s.group == "flow_arrow" and s.score > 0]
    shown: dict[int, set[str]] = defaultdict(set)
    places = [np.array(line.points) for line in lines]
    low, high = (np.array([end(p, axis=0) for p in places]).reshape(-1, 2) for end in (np.min, np.max))
    for arrow in arrows:
        middle = np.array([(arrow.box[0] + arrow.box[2]) / 2, (arrow.box[1] + arrow.box[3]) / 2])
        turn = np.deg2rad(arrow.rotation)
        heading = np.array([np.cos(turn), -np.sin(turn)]) * (-1 if arrow.mirrored else 1)
        reach = ARROW_REACH * scale + 0.5 * max(arrow.box[2] - arrow.box[0], arrow.box[3] - arrow.box[1])
        for i in np.flatnonzero(((middle >= low - reach) & (middle <= high + reach)).all(axis=1)).tolist():
            sense = _sense(places[i], middle, heading, reach)
            if sense:
                shown[i].add(sense)
    out = []
    for i, line in enumerate(lines):
        senses = shown.get(i)
        way = None if not senses else senses.pop() if len(senses) == 1 else "both"
        out.append(line if way is None else line.model_copy(update={"direction": way}))
    return tuple(out)


def _sense(points: Array, middle: Array, heading: Array, reach: float) -> str | None:
    """Which way an arrow points along a polyline (N, 2), None where it does not lie on it or stands across."""
    segments = np.c_[points[:-1], points[1:]]
    distance = distance_to_segments(middle[None], segments)[0]
    d = points[1:] - points[:-1]
    cosine = (d @ heading) / np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)
    good = np.flatnonzero((distance <= reach) & (np.abs(cosine) > 0.8))
    if not len(good):
        return None
    return "forward" if cosine[good[np.argmin(distance[good])]] > 0 else "backward"


def direct_connections(
    connections: Sequence[Connection], lines: Sequence[Line], symbols: Sequence[Symbol], *, sheet_width: float
) -> tuple[Connection, ...]:
    """The connections with `directed` set, and `a` upstream, where their one line has a direction."""
    held = dict(zip((line.id for line in lines), attach_lines(symbols, lines, scale=sheet_width / 5000.0), strict=True))
    by_id = {line.id: line for line in lines}
    out = []
    for connection in connections:
        line = by_id.get(connection.lines[0]) if len(connection.lines) == 1 else None
        if line is not None and line.direction in ("forward", "backward"):
            start, stop = held[line.id] if line.direction == "forward" else held[line.id][::-1]
            if start is not None and stop is not None:
                update = {"directed": True, "a": symbols[start].id, "b": symbols[stop].id}
                if {update["a"], update["b"]} == {connection.a, connection.b}:
                    out.append(connection.model_copy(update=update))
                    continue
        out.append(connection)
    return tuple(out)
