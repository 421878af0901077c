"""Control loops, what operates which valve, and what each instrument measures.

Terms of art: a *loop* is the instruments, actuators and valves that act together, found by their number (ISA-5.1: the
first letter and the loop number) and by the signals between them. A *process connection* is the pipe or the item that
an instrument measures: the end of its impulse line, the pipe at its tapping, the part that its leader points at, or,
for a balloon that is drawn loose, what it stands beside. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Connection, Symbol
from pid.geometry import box_gap, distance_to_segments
from pid.graph.piping import IN_LINE_METERS, Piping
from pid.graph.symbol_index import HOSTS

Array = NDArray[np.float64]

LOOSE_REACH = 70.0
"""A balloon without any line measures what it stands beside within this distance."""
STEM = 90.0
"""An actuator without a drawn stem operates the valve within this distance."""
LONGEST_IMPULSE = 12
"""An impulse line passes no more parts and joints than this."""
BY_LINE, BY_LEADER, BY_PLACE = 0.9, 0.8, 0.5
"""Confidence of a process connection found by its line, by a leader to a part, and by nearness alone."""
APART = ("interlock", "shutdown_signal", "relay_function")
"""Signals meet at these without becoming one loop."""
_TAG = re.compile(r"^(?:\d{2,3}[\- ])?([A-Z])[A-Z]*[a-z]*(?:/[A-Z]+)?[\- ]?(\d+(?:\.\d+)?|[A-Z]\d{3,})")


@dataclass(frozen=True)
class ProcessConnection:
    """What an instrument measures: a line or a symbol, with a confidence and how it was found."""

    instrument: str
    target: str
    confidence: float
    found: str
    """``line``, ``leader`` or ``place``."""


@dataclass(frozen=True)
class Loop:
    """Instruments, actuators and valves that act together; `number` is the loop's, e.g. ``P-92538``, or empty."""

    id: str
    number: str
    members: tuple[str, ...]
    valves: tuple[str, ...]
    targets: tuple[str, ...]


def loop_number(tag: str | None) -> str | None:
    """First letter and number of a tag, which a loop's tags share: PIC-92538, PT 92538A and PV92538 are P-92538."""
    match = _TAG.match(tag or "")
    return f"{match[1]}-{match[2]}" if match else None


def find_operators(piping: Piping, connections: Sequence[Connection]) -> dict[str, str]:
    """Actuator or positioner -> the valve that it operates: by its stem, or the nearest valve in line with it.

    A positioner on an actuator operates the actuator's valve.
    """
    by_id = {s.id: s for s in piping.symbols}
    found: dict[str, str] = {}
    near: dict[str, list[str]] = defaultdict(list)
    for c in connections:
        near[c.a].append(c.b)
        near[c.b].append(c.a)
    actuators = [s for s in piping.symbols if s.group == "actuator"]
    for actuator in actuators:
        valves = [by_id[n] for n in near[actuator.id] if n in by_id and by_id[n].group == "valve"]
        if not valves:
            valves = [s for s in piping.symbols if s.group == "valve" and _faces(actuator, s, piping.scale)]
        if valves:
            found[actuator.id] = min(valves, key=lambda v: box_gap(actuator.box, v.box)).id
    for actuator in actuators:
        carriers = [n for n in near[actuator.id] if n in found]
        if actuator.id not in found and carriers:
            found[actuator.id] = found[carriers[0]]
    return found


def _faces(actuator: Symbol, valve: Symbol, scale: float) -> bool:
    """Whether a valve is close to an actuator and one stands in line with the other's middle."""
    if box_gap(actuator.box, valve.box) > STEM * scale:
        return False
    middle = np.abs(_middle(actuator) - _middle(valve))
    breadth = min(actuator.box[2] - actuator.box[0], actuator.box[3] - actuator.box[1])
    return bool(middle.min() <= 0.5 * breadth)


def _middle(symbol: Symbol) -> Array:
    return np.array([(symbol.box[0] + symbol.box[2]) / 2, (symbol.box[1] + symbol.box[3]) / 2])


def find_process_connections(piping: Piping) -> tuple[ProcessConnection, ...]:
    """What each instrument measures, as far as it is drawn; in-line meters measure their own pipe and are left out."""
    found = []
    for i, symbol in enumerate(piping.symbols):
        if symbol.group != "instrument" or symbol.kind in IN_LINE_METERS or symbol.kind in APART:
            continue
        target = _follow(piping, i)
        if target is None and not piping.at_symbol.get(i):
            target = _beside(piping, i)
        if target is not None:
            found.append(ProcessConnection(symbol.id, *target))
    return tuple(found)


def _follow(piping: Piping, instrument: int) -> tuple[str, float, str] | None:
    """Walk along solid lines from an instrument to the pipe, nozzle, vessel or part that they lead to."""
    stack = [(end, 0) for end in piping.at_symbol.get(instrument, ()) if _is_impulse(piping, end[0])]
    seen = {end[0] for end, _ in stack}
    while stack:
        (line, which), depth = stack.pop(0)
        far = (line, 1 - which)
        holder = piping.held[line][far[1]]
        others = piping.at_symbol.get(holder, []) if holder is not None else piping.at_joint[piping.key(far)]
        others = [e for e in others if e[0] != line]
        if holder is None:
            pipes = [e for e in others if piping.is_process[e[0]]]
            if len(pipes) >= 2:
                return piping.lines[pipes[0][0]].id, BY_LINE, "line"
        else:
            symbol = piping.symbols[holder]
            leader = not piping.is_process[line]
            if symbol.group == "nozzle" or symbol.group in HOSTS:
                return symbol.id, BY_LINE, "line"
            if symbol.group in ("instrument", "actuator"):
                continue
            if leader or not piping.is_passed(holder):
                return symbol.id, BY_LEADER, "leader"
            others += [e for touched in piping.touching[holder] for e in piping.at_symbol.get(touched, ())]
        if depth < LONGEST_IMPULSE:
            for end in others:
                if end[0] not in seen and _is_impulse(piping, end[0]):
                    seen.add(end[0])
                    stack.append((end, depth + 1))
    return None


def _is_impulse(piping: Piping, line: int) -> bool:
    """Whether a line can lead to the process: pipes and solid leaders, not the dashed signals between balloons."""
    return piping.is_process[line] or piping.lines[line].style in ("solid", "capillary")


def _beside(piping: Piping, instrument: int) -> tuple[str, float, str] | None:
    """The pipe or item that a balloon without lines stands beside."""
    symbol = piping.symbols[instrument]
    reach = LOOSE_REACH * piping.scale
    offers = [
        (box_gap(symbol.box, s.box), s.id)
        for s in piping.symbols
        if s.id != symbol.id and (s.group in HOSTS or s.group in ("valve", "fitting", "nozzle"))
    ]
    middle, half = _middle(symbol), 0.5 * max(symbol.box[2] - symbol.box[0], symbol.box[3] - symbol.box[1])
    for i, line in enumerate(piping.lines):
        if piping.is_process[i]:
            p = np.asarray(line.points, np.float64)
            offers.append((float(distance_to_segments(middle[None], np.c_[p[:-1], p[1:]]).min()) - half, line.id))
    if not offers or min(offers)[0] > reach:
        return None
    return min(offers)[1], BY_PLACE, "place"


def _signal_pairs(piping: Piping) -> Iterator[tuple[str, str]]:
    """Symbols that a signal line joins, or contact; a balloon's tapping on a pipe joins it to nothing but the pipe."""
    for i, (start, stop) in enumerate(piping.held):
        if not piping.is_process[i] and start is not None and stop is not None:
            yield piping.symbols[start].id, piping.symbols[stop].id
    for ends in piping.at_joint.values():
        if any(piping.is_process[line] for line, _ in ends):
            continue
        far = [h for line, which in ends if (h := piping.held[line][1 - which]) is not None]
        yield from ((piping.symbols[far[0]].id, piping.symbols[h].id) for h in far[1:])
    for a, others in piping.touching.items():
        yield from ((piping.symbols[a].id, piping.symbols[b].id) for b in others)


def find_loops(
    piping: Piping,
    operators: Mapping[str, str],
    measured: Sequence[ProcessConnection],
) -> tuple[Loop, ...]:
    """The loops of a sheet, in order of their first member."""
    by_id = {s.id: s for s in piping.symbols}
    parts = [s.id for s in piping.symbols if s.group in ("instrument", "actuator") and s.kind not in APART]
    parent = {name: name for name in parts}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in _signal_pairs(piping):
        if a in parent and b in parent:
            parent[root(a)] = root(b)
    by_number: dict[str, str] = {}
    for name in parts:
        number = loop_number(by_id[name].tag) if by_id[name].group == "instrument" else None
        if number is not None:
            parent[root(name)] = root(by_number.setdefault(number, name))
    groups: dict[str, list[str]] = defaultdict(list)
    for name in parts:
        groups[root(name)].append(name)
    targets = {m.instrument: m.target for m in measured}
    valves_by_number: dict[str, list[str]] = defaultdict(list)
    for s in piping.symbols:
        number = loop_number(s.tag) if s.group == "valve" else None
        if number is not None:
            valves_by_number[number].append(s.id)
    loops: list[Loop] = []
    for members in groups.values():
        numbers = [n for m in members if (n := loop_number(by_id[m].tag))]
        valves = [operators[m] for m in members if m in operators]
        valves += [v for n in numbers for v in valves_by_number[n]]
        valves += [t for m in members if (t := targets.get(m)) in by_id and by_id[t].group == "valve"]
        number = max(sorted(set(numbers)), key=numbers.count) if numbers else ""
        reached = tuple(dict.fromkeys(t for m in members if (t := targets.get(m))))
        loops.append(Loop(f"loop{len(loops) + 1}", number, tuple(members), tuple(dict.fromkeys(valves)), reached))
    return tuple(loops)
