"""What tells the way of the flow: arrows on lines, connector flags and their lettering, and what equipment does.

Each piece of evidence has a confidence: the share of cases in which such evidence told right on generated sheets, and
less where the symbol's kind is not certain. Nothing here guesses from habit (left to right, top to bottom).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog, Kind, load_catalog
from pid.drawing import Symbol, Word
from pid.graph.grammar import Grammar, load_grammar
from pid.graph.piping import End, Piping

Array = NDArray[np.float64]

ARROW = 0.97
LETTERED = 0.93
"""A connector that says FROM or TO."""
FLAG = 0.8
"""A connector whose flag points to or from the sheet, by its rotation."""
PUMP, CHECK_VALVE, RELIEF = 0.8, 0.8, 0.9
"""Suction and discharge, the way a check valve opens, inlet and outlet of a relief device, by their rotation."""
AGREED = 0.7
"""Share of a kind's drawing variants that must agree on which port a line ends at."""
_IN = ("in", "in_b", "in_top", "in_bottom", "inlet", "suction", "motive")
_OUT = ("out", "out_b", "out_top", "out_bottom", "out_side", "outlet")
ONE_WAY = (
    "check_valve", "swing_check_valve", "lift_check_valve", "ball_check_valve", "wafer_check_valve", "stop_check_valve",
    "foot_valve",
)  # fmt: skip
"""Valves whose port a is the inlet and b the outlet."""
STRAIGHT_RELIEF = ("relief_valve",)
FLAGS = ("off_page_connector",)
"""Connectors drawn as a flag that points the way of the flow, to the right when not rotated."""
_INWARD, _OUTWARD = ("FROM", "VON", "AUS"), ("TO", "NACH", "ZU")


@dataclass(frozen=True)
class Evidence:
    """One sign of the flow on a line: `sense` 1 is from its start to its end, -1 back; `by` is what shows it."""

    line: int
    sense: int
    confidence: float
    source: str
    by: str


def find_evidence(
    piping: Piping, words: Sequence[Word] = (), *, grammar: Grammar | None = None, catalog: Catalog | None = None
) -> tuple[Evidence, ...]:
    """All evidence of a sheet, for its process lines."""
    grammar, catalog = grammar or load_grammar(), catalog or load_catalog()
    found = list(_from_lines(piping))
    senses = _lettered_senses(words, grammar)
    for i, symbol in enumerate(piping.symbols):
        ends = [end for end in piping.at_symbol.get(i, ()) if piping.is_process[end[0]]]
        if symbol.group == "connector":
            found += _from_connector(piping, symbol, ends, senses)
        elif symbol.kind in catalog:
            found += _from_role(piping, symbol, ends, catalog)
    return tuple(found)


def _from_lines(piping: Piping) -> Iterator[Evidence]:
    """Lines whose drawn direction is known: arrows on them, or what a person said."""
    for i, line in enumerate(piping.lines):
        if piping.is_process[i] and line.direction in ("forward", "backward"):
            yield Evidence(i, 1 if line.direction == "forward" else -1, ARROW, "arrow", line.id)


def _lettered_senses(words: Sequence[Word], grammar: Grammar) -> dict[str, int]:
    """Connector id -> 1 where its lettering says that the flow comes from it, -1 where it goes there."""
    senses: dict[str, set[int]] = {}
    for word in words:
        reading = grammar.read(word.text, "destination", repair=False) if word.owner else None
        if reading is not None and word.owner is not None:
            senses.setdefault(word.owner, set()).add(1 if reading.parts["sense"] in _INWARD else -1)
    return {name: next(iter(found)) for name, found in senses.items() if len(found) == 1}


def _from_connector(piping: Piping, symbol: Symbol, ends: Sequence[End], senses: dict[str, int]) -> Iterator[Evidence]:
    sense = senses.get(symbol.id)
    if sense is None:
        sense = _lettered_sense(symbol)
    for line, which in ends:
        if sense is not None:
            yield Evidence(line, sense * (-1 if which else 1), LETTERED, "connector", symbol.id)
        elif symbol.kind in FLAGS:
            heading = _heading(symbol)
            along = float(heading @ piping.arm((line, which)))
            if abs(along) > 0.8:
                way = 1 if along > 0 else -1
                yield Evidence(line, way * (-1 if which else 1), FLAG * symbol.score, "connector", symbol.id)


def _lettered_sense(symbol: Symbol) -> int | None:
    """What the connector's own attribute ``destination`` says."""
    text = symbol.attributes.get("destination")
    first = text.split()[0].upper() if isinstance(text, str) and text.split() else ""
    return 1 if first in _INWARD else -1 if first in _OUTWARD else None


def _heading(symbol: Symbol) -> Array:
    """Unit vector on the sheet of a symbol's own x axis."""
    turn = math.radians(symbol.rotation)
    side = -1.0 if symbol.mirrored else 1.0
    return np.array([side * math.cos(turn), -side * math.sin(turn)])


def _from_role(piping: Piping, symbol: Symbol, ends: Sequence[End], catalog: Catalog) -> Iterator[Evidence]:
    if symbol.group in ("pump", "compressor"):
        confidence, source = PUMP, "equipment"
    elif symbol.kind in ONE_WAY:
        confidence, source = CHECK_VALVE, "check valve"
    elif symbol.kind in ("psv", "pilot_psv", *STRAIGHT_RELIEF):
        confidence, source = RELIEF, "relief valve"
    else:
        return
    for line, which in ends:
        leaves = _port_sense(symbol, piping.point((line, which)), catalog[symbol.kind])
        if leaves is not None:
            yield Evidence(line, leaves * (-1 if which else 1), confidence * symbol.score, source, symbol.id)


def _port_sense(symbol: Symbol, point: Array, kind: Kind) -> int | None:
    """1 where a line end is at an outlet of a symbol, -1 at an inlet, None where the variants disagree."""
    votes = {1: 0.0, -1: 0.0, 0: 0.0}
    x0, y0, x1, y1 = symbol.box
    size = np.maximum(np.array([x1 - x0, y1 - y0]), 1e-6)
    place = (point - np.array([x0, y0])) / size
    for weight, ports in _variant_ports(kind, symbol.rotation % 360, symbol.mirrored):
        distances = [float(np.hypot(*((np.array([px, py]) - place) * size))) for px, py, _ in ports]
        best = int(np.argmin(distances))
        others = [d for d, port in zip(distances, ports, strict=True) if port[2] != ports[best][2]]
        clear = not others or min(others) > 1.5 * distances[best] + 1e-9
        votes[ports[best][2] if clear else 0] += weight
    total = sum(votes.values())
    for sense in (1, -1):
        if total and votes[sense] >= AGREED * total:
            return sense
    return None


@cache
def _variant_ports(
    kind: Kind, rotation: float, mirrored: bool
) -> tuple[tuple[float, tuple[tuple[float, float, int], ...]], ...]:
    """Weight and ports of each drawing variant, as x and y in shares of the placed box, with 1 for outlets."""
    turn = math.radians(rotation)
    c, s = math.cos(turn), math.sin(turn)
    out = []
    for variant in kind.variants:
        box = np.array([(x, y) for x in variant.box[::2] for y in variant.box[1::2]])
        named = [(p.x, p.y, sense) for p in variant.ports if (sense := _sense_of(p.id, kind.name))]
        if len({sense for *_, sense in named}) < 2:
            continue
        points = np.vstack([box, np.array([(x, y) for x, y, _ in named])])
        if mirrored:
            points = points * np.array([-1.0, 1.0])
        points = points @ np.array([[c, -s], [s, c]])  # y down: counter-clockwise as seen
        low, high = points[:4].min(axis=0), points[:4].max(axis=0)
        placed = (points[4:] - low) / np.maximum(high - low, 1e-9)
        ports = tuple((float(x), float(y), sense) for (x, y), (*_, sense) in zip(placed, named, strict=True))
        out.append((variant.weight, ports))
    return tuple(out)


def _sense_of(port: str, kind: str) -> int:
    """1 for an outlet, -1 for an inlet, 0 for another port."""
    if kind in ONE_WAY or kind in STRAIGHT_RELIEF:
        return {"a": -1, "b": 1}.get(port, 0)
    return 1 if port in _OUT else -1 if port in _IN else 0
