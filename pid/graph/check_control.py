"""Checks of valves: control valves that nothing controls, relief paths that a closed valve blocks."""

from __future__ import annotations

from collections.abc import Iterator

from pid.drawing import Symbol
from pid.graph.check_rules import CheckRules, Problem, name_of
from pid.graph.loops import loop_number
from pid.graph.piping import End
from pid.graph.plant_reading import PlantReading

RELIEF = ("psv", "pilot_psv", "relief_valve", "vacuum_relief_valve", "breather_valve")
BLINDS = ("blind_flange", "spade", "spectacle_blind")
FURTHEST = 60
"""A relief path is followed over no more lines than this."""


def check_control_valves(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Valves that are driven by a controller's signal, or are called so, in whose loop no instrument is drawn."""
    instruments = {s.id for s in reading.drawing.symbols if s.group == "instrument"}
    numbers = {n for s in reading.drawing.symbols if s.group == "instrument" and (n := loop_number(s.tag))}
    drivers = {valve: actuator for actuator, valve in reading.operators.items()}
    kinds = {s.id: s.kind for s in reading.drawing.symbols}
    looped = {v for loop in reading.loops if instruments & set(loop.members) for v in loop.valves}
    for valve in reading.drawing.symbols:
        if valve.group != "valve" or valve.kind in rules.self_acting:
            continue
        driver = drivers.get(valve.id)
        driven = driver is not None and kinds[driver] in rules.control_actuators
        if not (driven or valve.kind in rules.control_kinds or _is_called_control(reading, valve, rules)):
            continue
        if valve.id not in looped and loop_number(valve.tag) not in numbers:
            subjects = (valve.id, driver) if driver else (valve.id,)
            yield Problem("control-valve-without-loop", subjects, f"No instrument controls the {name_of(valve)}.")


def _is_called_control(reading: PlantReading, valve: Symbol, rules: CheckRules) -> bool:
    tag = reading.grammar.read(valve.tag or "", "valve", repair=False)
    return tag is not None and bool(rules.control_letters.fullmatch(tag.parts.get("letters", "")))


def check_relief_paths(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Relief valves whose inlet or outlet pipe, up to where it branches or ends, leads through something closed."""
    piping = reading.piping
    for i, symbol in enumerate(piping.symbols):
        if symbol.kind not in RELIEF:
            continue
        for block in sorted(set(_closed_on_paths(reading, i, rules))):
            closed = piping.symbols[block]
            yield Problem(
                "relief-path-blocked", (symbol.id, closed.id),
                f"The {name_of(closed)} is closed in the relief path of the {name_of(symbol)}.",
            )  # fmt: skip


def _closed_on_paths(reading: PlantReading, relief: int, rules: CheckRules) -> Iterator[int]:
    """Closed parts on the unbranched pipes that leave a relief valve, through parts in contact with it."""
    piping = reading.piping
    beside = [relief, *piping.touching.get(relief, ())]
    for part in beside[1:]:
        if _closes(piping.symbols[part], rules):
            yield part
    for part in beside:
        for line, which in piping.at_symbol.get(part, ()):
            if piping.is_process[line]:
                yield from _closed_along(reading, (line, 1 - which), relief, rules)


def _closed_along(reading: PlantReading, end: End, relief: int, rules: CheckRules) -> Iterator[int]:
    piping = reading.piping
    for _ in range(FURTHEST):
        steps = piping.steps(end)
        if len(steps) != 1 or steps[0].kind != "series" or relief in steps[0].via:
            return
        for part in steps[0].via:
            if _closes(piping.symbols[part], rules):
                yield part
        line, entered = steps[0].end
        end = (line, 1 - entered)


def _closes(symbol: Symbol, rules: CheckRules) -> bool:
    """Whether a part is a valve or blind that is closed; an open spectacle blind is not."""
    if symbol.group == "valve":
        return symbol.kind not in RELIEF and rules.is_closed(symbol)
    return symbol.kind in BLINDS and (symbol.kind != "spectacle_blind" or rules.is_closed(symbol))
