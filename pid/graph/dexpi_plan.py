"""What a plant becomes in DEXPI, before any XML: which class each element has, and how edges become pipes and signals.

Terms of art: a *joint* is a node of the plant graph that is no symbol: a tee or an open end; a *chain* is a run of
pipe through parts with two ends, which becomes a piping network segment; an *implied* nozzle is one that nobody drew
but that DEXPI wants between a pipe and its equipment; a *loss* is what the format cannot hold, or holds only in an
attribute that no other program understands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from pid.drawing import Box, Drawing, Line, Symbol
from pid.geometry import box_gap
from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_classes import ProteusClass, choose_class

if TYPE_CHECKING:
    import networkx as nx

NOZZLE_REACH = 45.0
"""A nozzle's tag box stands this near to the equipment it is on, at a sheet width of 5000 px."""
_FLOWING = (classes.EQUIPMENT, classes.NOZZLE, classes.PIPING, classes.CONNECTOR)
_CONTROL = (classes.FUNCTION, classes.ACTUATOR, classes.SIGNAL_CONNECTOR)
JOINT = "joint"


@dataclass(frozen=True)
class Loss:
    """What the format cannot hold. `kept`: an attribute of our own holds it, which no other program understands."""

    id: str
    part: str  # symbol, line, connection, joint, word, table, title_block or finding
    reason: str
    kept: bool = False


@dataclass(frozen=True)
class Edge:
    """A line or a contact of the plant graph from `a` to `b`; `directed` if that way is the flow's."""

    key: str
    a: str
    b: str
    kind: str
    is_line: bool
    directed: bool
    line_number: str | None = None

    def other(self, node: str) -> str:
        """The node at the other end."""
        return self.b if node == self.a else self.a


@dataclass
class Plan:
    """Everything that the writer needs to know; filled by the functions of this package's planning modules."""

    drawing: Drawing
    symbols: dict[str, Symbol]
    lines: dict[str, Line]
    classes: dict[str, ProteusClass] = field(default_factory=dict)
    joints: dict[str, tuple[float, float]] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    """Nozzle to its equipment; implied nozzles are among them."""
    implied: dict[str, str] = field(default_factory=dict)
    """Implied nozzle to the edge for which it is there."""
    pipes: list[Edge] = field(default_factory=list)
    signals: list[Edge] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def element(self, node: str) -> str:
        """The Proteus element of a node, `JOINT` for a joint."""
        return JOINT if node in self.joints else self.classes[node].element if node in self.classes else classes.NOZZLE

    def lose(self, id: str, part: str, reason: str, *, kept: bool = False) -> None:
        """Note a loss."""
        self.losses.append(Loss(id, part, reason, kept))


def sort_elements(drawing: Drawing, graph: nx.MultiDiGraph) -> Plan:
    """Give every symbol its class and every edge its side: pipe or signal."""
    plan = Plan(drawing, {s.id: s for s in drawing.symbols}, {line.id: line for line in drawing.lines})
    for symbol in drawing.symbols:
        plan.classes[symbol.id] = choose_class(symbol)
    for node, attributes in graph.nodes(data=True):
        if node not in plan.symbols:
            plan.joints[node] = (float(attributes["x"]), float(attributes["y"]))
    edges = _read_edges(graph, plan)
    _place_nozzles(plan)
    _sort_connectors(plan, edges)
    for edge in edges:
        _sort_edge(plan, edge)
    _settle_connectors(plan)
    _note_classes(plan)
    return plan


def _read_edges(graph: nx.MultiDiGraph, plan: Plan) -> list[Edge]:
    """The edges of the graph, less contacts that repeat what lines already join."""
    import networkx as nx

    edges = [_edge(u, v, key, attributes) for u, v, key, attributes in graph.edges(keys=True, data=True)]
    nets: nx.Graph = nx.Graph()
    reached: dict[str, set[str]] = {}
    for edge in edges:
        if edge.is_line:
            inner = [n for n in (edge.a, edge.b) if n in plan.joints]
            nets.add_edges_from((n, ("line", edge.key)) for n in inner)
            nets.add_node(("line", edge.key))
    for i, net in enumerate(nx.connected_components(nets)):
        keys = {n[1] for n in net if isinstance(n, tuple)}
        for edge in edges:
            if edge.is_line and edge.key in keys:
                for node in {edge.a, edge.b} & plan.symbols.keys():
                    reached.setdefault(node, set()).add(str(i))
    return [e for e in edges if e.is_line or not reached.get(e.a, set()) & reached.get(e.b, set())]


def _edge(u: str, v: str, key: Any, attributes: Mapping[str, Any]) -> Edge:
    return Edge(
        key=str(key),
        a=u,
        b=v,
        kind=str(attributes.get("kind", "process")),
        is_line=attributes.get("edge") == "line",
        directed=bool(attributes.get("directed")),
        line_number=attributes.get("line_number"),
    )


def _place_nozzles(plan: Plan) -> None:
    """Each nozzle goes to the equipment it touches; one that touches none is a fitting of our own."""
    reach = NOZZLE_REACH * plan.drawing.sheet.width / 5000.0
    equipment = [s for s in plan.symbols.values() if plan.classes[s.id].element == classes.EQUIPMENT]
    for symbol in plan.symbols.values():
        if plan.classes[symbol.id].element != classes.NOZZLE:
            continue
        near = [(box_gap(symbol.box, e.box), _area(e.box), e.id) for e in equipment]
        near = [found for found in near if found[0] <= reach]
        if near:
            plan.hosts[symbol.id] = min(near)[2]
        else:
            plan.classes[symbol.id] = ProteusClass(classes.PIPING, "CustomPipeFitting", "nozzle")


def _sort_connectors(plan: Plan, edges: Sequence[Edge]) -> None:
    """A connector belongs to signals when nothing but signals reach it."""
    reached: dict[str, set[str]] = {}
    for edge in edges:
        for node in (edge.a, edge.b):
            reached.setdefault(node, set()).add(edge.kind)
    for name, chosen in list(plan.classes.items()):
        kinds = reached.get(name)
        if chosen.element in (classes.CONNECTOR, classes.SIGNAL_CONNECTOR) and kinds:
            if kinds == {"signal"} and chosen.element == classes.CONNECTOR:
                plan.classes[name] = ProteusClass(classes.SIGNAL_CONNECTOR, "SignalOffPageConnector")
            elif kinds != {"signal"} and chosen.element == classes.SIGNAL_CONNECTOR:
                plan.classes[name] = ProteusClass(classes.CONNECTOR, "PipeOffPageConnector")


def _settle_connectors(plan: Plan) -> None:
    """DEXPI's connectors have one pipe: one with several is a fitting of our own, one with none is mere graphics."""
    reached = Counter(node for edge in plan.pipes for node in (edge.a, edge.b))
    for name, chosen in list(plan.classes.items()):
        if chosen.element == classes.CONNECTOR and reached[name] > 1:
            plan.classes[name] = ProteusClass(classes.PIPING, "CustomPipeFitting", plan.symbols[name].kind)
        elif chosen.element == classes.CONNECTOR and not reached[name]:
            plan.classes[name] = ProteusClass(classes.MARK, "PipeOffPageConnector", plan.symbols[name].kind)


def _sort_edge(plan: Plan, edge: Edge) -> None:
    ends = [plan.element(node) for node in (edge.a, edge.b)]
    what = "line" if edge.is_line else "connection"
    if any(end not in (*_FLOWING, *_CONTROL, JOINT) for end in ends):
        plan.lose(edge.key, what, "it ends at a mark, which DEXPI cannot connect")
    elif edge.kind == "signal" or any(end in _CONTROL for end in ends):
        plan.signals.append(edge)
    elif (not edge.is_line and edge.b in (plan.hosts.get(edge.a), edge.a)) or edge.a == plan.hosts.get(edge.b):
        if edge.is_line:
            plan.pipes.append(_with_nozzles(plan, edge))
    else:
        plan.pipes.append(_with_nozzles(plan, edge))


def _with_nozzles(plan: Plan, edge: Edge) -> Edge:
    """The edge with an implied nozzle in place of each piece of equipment it ends at."""
    a, b = (imply_nozzle(plan, n, edge) if plan.element(n) == classes.EQUIPMENT else n for n in (edge.a, edge.b))
    return Edge(edge.key, a, b, edge.kind, edge.is_line, edge.directed, edge.line_number)


def imply_nozzle(plan: Plan, equipment: str, edge: Edge) -> str:
    """A nozzle that nobody drew, where an edge ends at equipment."""
    number = 1 + sum(host == equipment for name, host in plan.hosts.items() if name in plan.implied)
    name = f"{equipment}-nozzle{number}"
    while name in plan.symbols or name in plan.joints:
        name += "_"
    plan.hosts[name] = equipment
    plan.implied[name] = edge.key
    return name


def _note_classes(plan: Plan) -> None:
    """Losses of symbols whose kind DEXPI has no class for."""
    for name, chosen in plan.classes.items():
        if chosen.is_exact:
            continue
        if plan.symbols[name].group == "nozzle":
            reason = "no equipment is near enough to hold this nozzle: it is written as a custom pipe fitting"
        elif plan.symbols[name].group == "connector" and chosen.element == classes.MARK:
            reason = "no pipe reaches it, and DEXPI's connectors end one: it is written as a graphical symbol"
        elif plan.symbols[name].group == "connector" and chosen.element == classes.PIPING:
            reason = "several pipes reach it, and DEXPI's connectors end one: it is written as a custom pipe fitting"
        elif chosen.element == classes.MARK:
            reason = f"DEXPI has no class for {chosen.type_name!r}: it is written as a graphical symbol"
        elif plan.symbols[name].kind == "unknown":
            reason = f"its kind is unknown: it is written as {chosen.name}"
        else:
            reason = f"DEXPI 1.3 has no class for {chosen.type_name!r}: it is written as {chosen.name}"
        plan.lose(name, "symbol", reason, kept=True)


def graph_pairs(graph: nx.MultiDiGraph) -> set[frozenset[str]]:
    """Pairs of symbols that the graph joins with no other symbol between; a joint joins all that it reaches."""
    import networkx as nx

    symbols = {node for node, kind in graph.nodes(data="node") if kind == "symbol"}
    pairs = {frozenset((u, v)) for u, v in graph.edges() if {u, v} <= symbols and u != v}
    plain = nx.Graph(graph)
    for net in nx.connected_components(plain.subgraph(set(plain) - symbols)):
        reached = {n for joint in net for n in plain[joint] if n in symbols}
        pairs |= {frozenset(pair) for pair in combinations(reached, 2)}
    return pairs


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
