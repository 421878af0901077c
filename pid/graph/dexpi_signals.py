"""Signals of the plan: what joins bubbles, actuators and pipes becomes functions, actuating systems and flows.

A bubble is a process instrumentation function. Where a line leads from it to a pipe it has a signal generating
function that is located there; where it leads to an actuator or to a valve's body it has an actuating function that an
actuating system fulfils. DEXPI has no junction of signals: a net of signal lines becomes one flow for each pair of
its ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_plan import JOINT, Edge, Plan, imply_nozzle

LOOP_NUMBER = re.compile(r"^(?P<before>[\dA-Z-]*?\d[\dA-Z]*[-/ ])?(?P<letters>[A-Z]{1,6})[-/ ]?(?P<number>\d[\d.-]*)")
"""An instrument's tag: an optional unit, letters, number. ``97-PIC-71171A`` is loop 71171 in unit 97."""


@dataclass(frozen=True)
class Sensing:
    """A signal generating function of a bubble and the item that it senses."""

    id: str
    function: str
    location: str


@dataclass(frozen=True)
class Actuating:
    """An actuating function of a bubble and the system that fulfils it."""

    id: str
    function: str
    system: str


@dataclass(frozen=True)
class Flow:
    """A signal or measuring line, held by the function `holder`; `ends` are the elements of the drawing it joins."""

    id: str
    holder: str
    source: str | None
    target: str | None
    is_measuring: bool
    lines: tuple[str, ...]
    ends: tuple[str, ...]
    kind: str = "signal"


@dataclass
class ActuatingSystem:
    """An actuator and the valve that it moves, one of them perhaps missing; `stems` are the lines between them."""

    id: str
    actuator: str | None
    valve: str | None
    stems: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)


@dataclass
class Control:
    """The instrumentation of a plan."""

    systems: dict[str, ActuatingSystem] = field(default_factory=dict)
    sensings: list[Sensing] = field(default_factory=list)
    actuatings: list[Actuating] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    connectors: dict[str, str] = field(default_factory=dict)
    """Signal connector to the function that holds it."""
    loops: dict[str, list[str]] = field(default_factory=dict)
    """Loop number to the functions in it, two at least."""


def plan_control(plan: Plan) -> Control:
    """The instrumentation of a plan. Lines that lead nowhere DEXPI knows are noted as losses."""
    control = Control()
    piping = {node for edge in plan.pipes for node in (edge.a, edge.b)}
    for name, chosen in plan.classes.items():
        if chosen.element == classes.ACTUATOR:
            control.systems[f"{name}-system"] = ActuatingSystem(f"{name}-system", actuator=name, valve=None)
    for net in _nets(plan, piping):
        _add_net(plan, control, net, piping)
    for name, chosen in plan.classes.items():
        if chosen.element == classes.SIGNAL_CONNECTOR and name not in control.connectors:
            plan.lose(
                name, "symbol", "no bubble sends to this signal connector: only its graphics are written", kept=True
            )
    _find_loops(plan, control)
    return control


def _nets(plan: Plan, piping: set[str]) -> list[list[Edge]]:
    """Signal edges that meet at joints that are no pipe's."""
    parent = {edge.key: edge.key for edge in plan.signals}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    at: dict[str, str] = {}
    for edge in plan.signals:
        for node in (edge.a, edge.b):
            if node in plan.joints and node not in piping:
                parent[root(edge.key)] = root(at.setdefault(node, edge.key))
    nets: dict[str, list[Edge]] = defaultdict(list)
    for edge in plan.signals:
        nets[root(edge.key)].append(edge)
    return list(nets.values())


def _add_net(plan: Plan, control: Control, net: Sequence[Edge], piping: set[str]) -> None:
    lines = [edge.key for edge in net if edge.is_line]
    ends = list(dict.fromkeys(n for e in net for n in (e.a, e.b) if n not in plan.joints or n in piping))
    for joint in dict.fromkeys(n for e in net for n in (e.a, e.b) if n in plan.joints and n not in piping):
        if sum((e.a == joint) + (e.b == joint) for e in net) > 1:
            plan.lose(joint, "joint", "DEXPI has no junction of signal lines: one flow a pair of ends is written")
    downstream = {e.b for e in net if e.directed}
    unused = list(lines)
    for a, b in combinations(ends, 2):
        first, second = (b, a) if a in downstream and b not in downstream else (a, b)
        if _add_pair(plan, control, (first, second), net, unused):
            unused = []
    if not unused:
        return
    holder = next((n for n in ends if plan.element(n) == classes.FUNCTION), None)
    if holder and len(ends) == 1:
        control.flows.append(
            Flow(f"{unused[0]}-flow", holder, holder, None, False, tuple(unused), (holder,), net[0].kind)
        )
        return
    for key in unused:
        plan.lose(key, "line", "DEXPI has signals between bubbles, actuators and pipes only, and this line joins none")


def _add_pair(plan: Plan, control: Control, pair: tuple[str, str], net: Sequence[Edge], lines: list[str]) -> bool:
    """Add what joins two ends of a net; whether `lines` found a place there."""
    kinds = [plan.element(node) for node in pair]
    if classes.FUNCTION in kinds:
        _add_flow(plan, control, pair, net, lines)
        return True
    if kinds[0] != classes.ACTUATOR and kinds[1] == classes.ACTUATOR:
        pair, kinds = (pair[1], pair[0]), kinds[::-1]
    if kinds[0] == classes.ACTUATOR:
        system = control.systems[f"{pair[0]}-system"]
        if system.valve is None and plan.element(pair[1]) == classes.PIPING:
            if plan.classes[pair[1]].name in classes.OPERATED_VALVES:
                system.valve = pair[1]
                system.stems += lines
                for key in lines:
                    plan.lose(key, "line", "an actuator's stem is written as graphics of its system", kept=True)
                return True
            reason = f"an actuating system cannot refer to a {plan.classes[pair[1]].name}"
            plan.lose("|".join(pair), "connection", reason)
            return False
    plan.lose("|".join(pair), "connection", f"DEXPI cannot join a {kinds[0]} and a {kinds[1]} by a signal")
    return False


def _add_flow(plan: Plan, control: Control, pair: tuple[str, str], net: Sequence[Edge], lines: list[str]) -> None:
    holder = pair[0] if plan.element(pair[0]) == classes.FUNCTION else pair[1]
    other = pair[1] if holder == pair[0] else pair[0]
    kind = plan.element(other)
    key = lines[0] if lines else f"{holder}-{other}"
    source, target, measuring = pair[0], pair[1], False
    if kind == classes.SIGNAL_CONNECTOR:
        control.connectors.setdefault(other, holder)
        holder = control.connectors[other] if control.connectors[other] in pair else holder
    elif kind == classes.ACTUATOR:
        source, target = holder, _actuate(control, holder, control.systems[f"{other}-system"], other)
    elif kind == classes.PIPING and plan.classes[other].name in classes.OPERATED_VALVES:
        system = ActuatingSystem(f"{other}-system", actuator=None, valve=other)
        source, target = holder, _actuate(control, holder, control.systems.setdefault(system.id, system), other)
    elif kind != classes.FUNCTION:
        source, target, measuring = _sense(plan, control, holder, other, net[0]), holder, True
    ids = {flow.id for flow in control.flows}
    name, number = f"{key}-flow", 2
    while name in ids:
        name, number = f"{key}-flow{number}", number + 1
    control.flows.append(Flow(name, holder, source, target, measuring, tuple(lines), pair, net[0].kind))


def _actuate(control: Control, holder: str, system: ActuatingSystem, end: str) -> str:
    """The id of the bubble's actuating function that a system fulfils."""
    name = f"{end}-function-{holder}"
    if name not in system.functions:
        system.functions.append(name)
        control.actuatings.append(Actuating(name, holder, system.id))
    return name


def _sense(plan: Plan, control: Control, holder: str, place: str, edge: Edge) -> str:
    """The id of the bubble's sensing function at a piping item."""
    location = place
    if plan.element(place) == classes.EQUIPMENT:
        location = imply_nozzle(plan, place, edge)
    elif not can_be_sensed(plan, place):
        plan.lose(f"{holder}|{place}", "connection", "nothing can be sensed at an off-page connector", kept=True)
    name = f"{holder}-sensing{1 + sum(s.function == holder for s in control.sensings)}"
    control.sensings.append(Sensing(name, holder, location))
    return name


def can_be_sensed(plan: Plan, place: str) -> bool:
    """Whether DEXPI lets a signal be generated there."""
    return plan.element(place) in (classes.PIPING, classes.NOZZLE, JOINT)


def _find_loops(plan: Plan, control: Control) -> None:
    loops: dict[str, list[str]] = defaultdict(list)
    for name, chosen in plan.classes.items():
        found = LOOP_NUMBER.match(plan.symbols[name].tag or "") if chosen.element == classes.FUNCTION else None
        if found:
            loops[(found["before"] or "") + found["letters"][0] + found["number"]].append(name)
    control.loops = {number: names for number, names in loops.items() if len(names) > 1}
