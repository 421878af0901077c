"""What a Proteus file joins: its topology as connections of drawn symbols.

Segments join their items in file order and what their Connection names; flows join functions, which stand for the
bubble, the actuator, the valve or the item in the pipe that they belong to. Items that are not drawn are passed
through: tees join all that they reach, a nozzle without graphics stands for its equipment.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from pid.drawing import Connection
from pid.geometry import distance_to_segments
from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_read_items import LINE_ID, Items, read_attributes, walk
from pid.graph.dexpi_read_shapes import child, children, local
from pid.graph.dexpi_xml import Array, Element

_IN_SEGMENT = (
    classes.PIPING,
    classes.CONNECTOR,
    classes.BREAK,
    "PipeConnectorSymbol",
    "Equipment",
    "ProcessInstrument",
)


@dataclass
class Joint:
    """Two items of the file that are joined, by which lines, in this order."""

    a: str
    b: str
    lines: tuple[str, ...]
    is_signal: bool = False


@dataclass
class Topology:
    """The joints of a file and what its items that nobody drew stand for."""

    joints: list[Joint] = field(default_factory=list)
    stands_for: dict[str, str] = field(default_factory=dict)


def read_connections(model: Element, items: Items) -> tuple[Connection, ...]:
    """Pairs of symbols that the file joins with no other symbol between."""
    topology = Topology()
    by_id = {element.get("ID"): element for element in walk(model) if element.get("ID")}
    _stand_in(model, items, topology)
    for element in walk(model):
        if local(element) == "PipingNetworkSegment":
            _read_segment(element, topology)
    for element in walk(model):
        if local(element) == "InformationFlow":
            _read_flow(element, by_id, items, topology)
        elif local(element) == "ActuatingSystem":
            _read_actuating_system(element, topology)
    return _contract(items, topology)


def _stand_in(model: Element, items: Items, topology: Topology) -> None:
    """Nozzles and sub-equipment without graphics stand for the equipment that holds them."""
    for element in walk(model):
        name = element.get("ID")
        if name and name not in items.symbols and local(element) in (classes.NOZZLE, classes.EQUIPMENT):
            holder = next((a.get("ID") for a in element.iterancestors() if a.get("ID") in items.symbols), None)
            if holder:
                topology.stands_for[name] = holder


def _read_segment(segment: Element, topology: Topology) -> None:
    steps: list[tuple[str | None, str | None]] = []  # an item, or a line (its id, None for one without points)
    for element in segment:
        if local(element) in _IN_SEGMENT and element.get("ID"):
            steps.append((element.get("ID"), None))
        elif local(element) == "CenterLine":
            steps.append((None, element.get(LINE_ID)))
    connection = child(segment, "Connection")
    start = connection.get("FromID") if connection is not None else None
    stop = connection.get("ToID") if connection is not None else None
    if not steps and start and stop:
        topology.joints.append(Joint(start, stop, ()))
    if not steps:
        return
    inner = [item for item, _ in steps if item]
    if inner and start != stop and (stop == steps[0][0] or start == steps[-1][0]):
        steps.reverse()
    before, lines = (start if start != steps[0][0] else None), list[str]()
    for item, line in steps:
        if item is None:
            lines += [line] if line else []
            continue
        if before is not None:
            topology.joints.append(Joint(before, item, tuple(lines)))
        before, lines = item, []
    if stop and before is not None and (stop != steps[-1][0]):
        topology.joints.append(Joint(before, stop, tuple(lines)))


def _read_flow(flow: Element, by_id: dict[str | None, Element], items: Items, topology: Topology) -> None:
    ends = [_association(flow, f"has logical {role}") for role in ("start", "end")]
    lines = _lines(flow, "CenterLine")
    found = [_drawn_end(by_id.get(end), by_id, items, topology, lines) if end else None for end in ends]
    if found[0] and found[1] and found[0] != found[1]:
        topology.joints.append(Joint(found[0], found[1], lines, is_signal=True))


def _lines(element: Element, tag: str) -> tuple[str, ...]:
    """The lines that an element's curves became."""
    return tuple(c.get(LINE_ID) for c in children(element, tag) if c.get(LINE_ID))


def _association(element: Element, kind: str) -> str | None:
    names: list[str] = [a.get("ItemID") for a in children(element, "Association") if a.get("Type") == kind]
    return str(names[0]) if names else None


def _drawn_end(
    element: Element | None, by_id: dict[str | None, Element], items: Items, topology: Topology, lines: tuple[str, ...]
) -> str | None:
    """The item that a flow's end stands for."""
    if element is None:
        return None
    name = local(element)
    if name == "ProcessSignalGeneratingFunction":
        own = read_attributes(element).get("PidLocation")
        place = by_id.get(own or _association(element, "is located in"))
        if place is not None and local(place) == "PipingNetworkSegment":
            return _tap(place, items, topology, lines)
        return place.get("ID") if place is not None else None
    if name == "ActuatingFunction":
        system = by_id.get(_association(element, "is fulfilled by"))
        if system is None:
            return None
        actuator, valve = _parts(system)
        return actuator if actuator in items.symbols else valve
    name = element.get("ID")
    return str(name) if name else None


def _parts(system: Element) -> tuple[str | None, str | None]:
    """The actuator and the valve of an actuating system."""
    actuator = valve = None
    for part in children(system, classes.ACTUATOR):
        if part.get("ComponentClass") == "OperatedValveReference":
            valve = valve or _association(part, "refers to")
        else:
            actuator = actuator or part.get("ID")
    return actuator, valve


def _tap(segment: Element, items: Items, topology: Topology, lines: tuple[str, ...]) -> str | None:
    """A joint where a measuring line meets a segment: on the segment's line that is nearest to an end of it."""
    drawn = _lines(segment, "CenterLine")
    if not drawn:
        return next((e.get("ID") for e in segment if local(e) in _IN_SEGMENT), None)
    best = drawn[0]
    if lines:
        ends = np.array([items.lines[lines[0]].points[0], items.lines[lines[-1]].points[-1]])
        best = min(drawn, key=lambda key: float(distance_to_segments(ends, _segments(items, key)).min()))
    name = f"{best}/tap"
    for joint in [joint for joint in topology.joints if best in joint.lines]:
        topology.joints.remove(joint)
        topology.joints += [Joint(joint.a, name, joint.lines), Joint(name, joint.b, ())]
    return name


def _segments(items: Items, key: str) -> Array:
    points = np.array(items.lines[key].points, np.float64)
    return np.concatenate([points[:-1], points[1:]], axis=1)


def _read_actuating_system(system: Element, topology: Topology) -> None:
    actuator, valve = _parts(system)
    if actuator and valve:
        stems = _lines(system, "PolyLine")
        topology.joints.append(Joint(actuator, valve, stems, is_signal=True))


def _contract(items: Items, topology: Topology) -> tuple[Connection, ...]:
    """Joints between symbols, those over undrawn items pair by pair."""
    passed = {key for key, symbol in items.symbols.items() if symbol.group in ("flow_arrow", "other")}
    ends = {key for key in items.symbols if key not in passed or local_is_equipment(items, key)}
    found: dict[frozenset[str], Connection] = {}
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    nets: dict[str, list[Joint]] = defaultdict(list)
    joints = [
        Joint(topology.stands_for.get(j.a, j.a), topology.stands_for.get(j.b, j.b), j.lines, j.is_signal)
        for j in topology.joints
    ]
    for joint in joints:
        if joint.a not in ends and joint.b not in ends:
            parent[root(joint.a)] = root(joint.b)
    for joint in joints:
        inner = next((n for n in (joint.a, joint.b) if n not in ends), None)
        if inner is None:
            _join(items, found, joint.a, joint.b, joint.lines, joint.is_signal)
        else:
            nets[root(inner)].append(joint)
    for net in nets.values():
        reached = {n: j.is_signal for j in net for n in (j.a, j.b) if n in ends}
        lines = tuple(dict.fromkeys(line for joint in net for line in joint.lines))
        for a, b in combinations(reached, 2):
            _join(items, found, a, b, lines, reached[a] or reached[b])
    return tuple(found.values())


def local_is_equipment(items: Items, key: str) -> bool:
    """Whether a symbol of the group `other` is equipment in DEXPI, which pipes may end at."""
    symbol = items.symbols[key]
    return symbol.group == "other" and symbol.attributes.get("dexpi_class", "") in classes.EQUIPMENT_CLASSES


def _join(
    items: Items, found: dict[frozenset[str], Connection], a: str, b: str, lines: tuple[str, ...], signal: bool
) -> None:
    first, second = items.symbols[a].id, items.symbols[b].id
    key = frozenset((first, second))
    if first == second or key in found:
        return
    drawn = [items.lines[line] for line in lines]
    directed = len(drawn) == 1 and drawn[0].direction in ("forward", "backward")
    if directed and drawn[0].direction == "backward":
        first, second = second, first
    score = min([items.symbols[a].score, items.symbols[b].score, *(line.score for line in drawn)])
    found[key] = Connection(
        a=first, b=second, kind="signal" if signal else "process", directed=directed, lines=lines, score=score
    )
