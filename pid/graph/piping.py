"""How pipes go on: which process line runs on into which, through joints, in-line parts and parts in contact.

Terms of art: a *line end* is a line's index with 0 for its start or 1 for its end; a *step* leads from one line end
over a joint or through parts to another line's end. A step is ``series`` where nothing else leaves there,
``straight`` where something branches off but this line goes straight on (both ways where the pipe is drawn double, its
heat tracing beside it), and ``branch`` otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Connection, Drawing, Line, Symbol
from pid.geometry import box_gap
from pid.graph.connect import attach_lines, contact_pairs, tee_key
from pid.graph.strokes import direction
from pid.graph.symbol_index import HOSTS, INLINE, NOZZLE_REACH

Array = NDArray[np.float64]
End = tuple[int, int]

STRAIGHT = -0.92
"""Two line ends run on straight where the cosine between them is no greater: 23 degrees of a drawn bend."""
ARM = 18.0
"""Length over which the direction of a line end is measured, at a sheet width of 5000 px."""
IN_LINE_METERS = (
    "coriolis_meter", "flow_nozzle_meter", "magnetic_meter", "positive_displacement_meter", "rotameter",
    "turbine_meter", "ultrasonic_meter", "venturi", "vortex_meter", "pitot_tube",
)  # fmt: skip
"""Instruments that the pipe runs through, unlike balloons."""


@dataclass(frozen=True)
class Step:
    """Where a line goes on: the end of the next line that is met first, and the parts passed on the way."""

    end: End
    via: tuple[int, ...]
    kind: Literal["series", "straight", "branch"]


class Piping:
    """The process lines of a sheet and their steps; symbols and lines are named by their indices."""

    def __init__(
        self,
        symbols: Sequence[Symbol],
        lines: Sequence[Line],
        *,
        sheet_width: float,
        connections: Sequence[Connection] | None = None,
    ) -> None:
        self.symbols, self.lines = list(symbols), list(lines)
        self.scale = sheet_width / 5000.0
        self.held = attach_lines(self.symbols, self.lines, scale=self.scale)
        self.is_process = [line.kind != "signal" for line in self.lines]
        self.at_symbol: dict[int, list[End]] = defaultdict(list)
        self.at_joint: dict[tuple[int, int], list[End]] = defaultdict(list)
        for i, holders in enumerate(self.held):
            for which, holder in enumerate(holders):
                if holder is not None:
                    self.at_symbol[holder].append((i, which))
                else:
                    self.at_joint[self.key((i, which))].append((i, which))
        self.touching = self._contacts(connections)
        self.claimed = self._claims(connections or ())

    @classmethod
    def of(cls, drawing: Drawing) -> Piping:
        """The piping of a drawing; its own contacts count."""
        return cls(
            drawing.symbols, drawing.lines, sheet_width=drawing.sheet.width, connections=drawing.connections or None
        )

    def _contacts(self, connections: Sequence[Connection] | None) -> dict[int, list[int]]:
        index = {s.id: i for i, s in enumerate(self.symbols)}
        if connections is None:
            pairs = contact_pairs(self.symbols, scale=self.scale)
        else:
            pairs = [(index[c.a], index[c.b]) for c in connections if not c.lines]
        touching: dict[int, list[int]] = defaultdict(list)
        for a, b in pairs:
            touching[a].append(b)
            touching[b].append(a)
        return touching

    def _claims(self, connections: Sequence[Connection]) -> dict[int, tuple[int, ...]]:
        """Line -> symbols that a connection says it reaches though no line of the connection touches them.

        So the stub of a header belongs to the header's box, and a leader that stops short to the part it points at.
        """
        index = {s.id: i for i, s in enumerate(self.symbols)}
        named = {line.id: i for i, line in enumerate(self.lines)}
        claims: dict[int, set[int]] = defaultdict(set)
        for c in connections:
            members = [named[name] for name in c.lines]
            touched = {holder for i in members for holder in self.held[i]}
            free = [i for i in members if any(self.is_free((i, which)) for which in (0, 1))]
            for symbol in (index[c.a], index[c.b]):
                if symbol not in touched and not touched & set(self.touching.get(symbol, ())):
                    for i in free:
                        claims[i].add(symbol)
        return {i: tuple(sorted(found)) for i, found in claims.items()}

    def is_free(self, end: End) -> bool:
        """Whether a line end touches no symbol and meets no other line."""
        return self.held[end[0]][end[1]] is None and len(self.at_joint[self.key(end)]) < 2

    def point(self, end: End) -> Array:
        """Where a line end is."""
        return np.asarray(self.lines[end[0]].points[-1 if end[1] else 0], np.float64)

    def key(self, end: End) -> tuple[int, int]:
        """The joint that a free line end is at."""
        return tee_key(self.point(end), self.scale)

    def arm(self, end: End) -> Array:
        """Unit vector from a line end into its line."""
        points = np.asarray(self.lines[end[0]].points, np.float64)
        return direction(points[::-1] if end[1] else points, ARM * self.scale)

    def is_passed(self, symbol: int) -> bool:
        """Whether a pipe runs on through a symbol: valves, fittings, reducers and in-line meters."""
        s = self.symbols[symbol]
        return s.group in INLINE or s.kind in IN_LINE_METERS

    def steps(self, end: End) -> tuple[Step, ...]:
        """Where a line goes on from one of its ends; nowhere at equipment, nozzles, connectors and open ends."""
        return self._steps.get(end, ())

    @cached_property
    def _steps(self) -> dict[End, tuple[Step, ...]]:
        ends = [(i, w) for i, process in enumerate(self.is_process) if process for w in (0, 1)]
        return {end: tuple(self._find_steps(end)) for end in ends}

    def _find_steps(self, end: End) -> Iterator[Step]:
        holder = self.held[end[0]][end[1]]
        met: list[tuple[End, tuple[int, ...]]] = [(other, ()) for other in self.at_joint[self.key(end)]]
        if holder is not None:
            met = list(self._through(holder))
        met = [(other, via) for other, via in met if other != end and self.is_process[other[0]]]
        if len(met) == 1:
            yield Step(*met[0], "series")
            return
        own = self.arm(end)
        cosines = [float(own @ self.arm(other)) for other, _ in met]
        for k, (other, via) in enumerate(met):
            yield Step(other, via, "straight" if cosines[k] <= STRAIGHT else "branch")

    def _through(self, symbol: int) -> Iterator[tuple[End, tuple[int, ...]]]:
        """Line ends that are reached through a part and those in contact with it, with the parts passed."""
        stack: list[tuple[int, tuple[int, ...]]] = [(symbol, (symbol,))]
        seen = {symbol}
        while stack:
            here, via = stack.pop()
            if not self.is_passed(here):
                continue
            yield from ((end, via) for end in self.at_symbol[here])
            for other in self.touching[here]:
                if other not in seen:
                    seen.add(other)
                    stack.append((other, (*via, other)))

    def stops(self, end: End) -> tuple[int, ...]:
        """Symbols that are no part of the pipe at which a line ends, through parts in contact as well."""
        holder = self.held[end[0]][end[1]]
        if holder is None:
            return self.claimed.get(end[0], ()) if self.is_free(end) else ()
        stack, seen, found = [holder], {holder}, []
        while stack:
            here = stack.pop()
            if not self.is_passed(here):
                found.append(here)
                continue
            new = [other for other in self.touching[here] if other not in seen]
            seen.update(new)
            stack += new
        return tuple(found)

    @cached_property
    def host_of(self) -> dict[int, int]:
        """Nozzle -> the equipment that it stands on."""
        hosts = [i for i, s in enumerate(self.symbols) if s.group in HOSTS]
        found: dict[int, int] = {}
        for i, nozzle in enumerate(self.symbols):
            if nozzle.group != "nozzle" or not hosts:
                continue
            offers = [(box_gap(nozzle.box, self.symbols[h].box), _area(self.symbols[h].box), h) for h in hosts]
            gap, _, host = min(offers)
            if gap <= NOZZLE_REACH * self.scale:
                found[i] = host
        return found


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
