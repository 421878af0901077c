"""A line number spreads along its run, from where it is written to where the run ends.

It goes on over joints to the line that runs straight on and through in-line parts; it ends at equipment, nozzles and
connectors, at a line with a number of its own, and at a spec break beyond the lettering. Where it meets a header
square on, so that no way goes straight, it goes both ways (suctions and discharges of pumps side by side). A branch
without a number that leads nowhere (a drain or vent, ending blind or open) belongs to its run; an impulse line does
not. A reducer ends the size alone, so the number goes on through it.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol, Word
from pid.geometry import distance_to_segments, polyline_length
from pid.graph.grammar import Grammar
from pid.graph.piping import End, Piping
from pid.graph.symbol_index import HOSTS

Array = NDArray[np.float64]

BREAK_REACH = 30.0
"""A spec break stands no further off its line, at a sheet width of 5000 px."""
BREAK_PAIR = 110.0
"""Two piping classes written at one line no further apart than this mark a spec break between them."""
BRANCH_LENGTH = 300.0
"""A branch that leads nowhere is part of its run where it has no more pipe than this: drains and vents are short."""
_COST = {"series": 1.0, "straight": 1.5}


def spread_numbers(piping: Piping, written: Mapping[int, str], *, breaks: Mapping[int, Sequence[float]],
                   places: Mapping[int, float]) -> dict[int, str]:  # fmt: skip
    """Line index -> number for all lines of each run.

    Args:
        piping: the sheet's pipes.
        written: numbers that stand at lines.
        breaks: where spec breaks stand on a line, as lengths from its start, px.
        places: where a number stands at its line, likewise.
    """
    numbers = dict(written)
    queue: list[tuple[float, int, int]] = []
    for line in written:
        for which in (0, 1):
            if not _broken(breaks.get(line, ()), places.get(line), which):
                heapq.heappush(queue, (0.0, line, which))
    while queue:
        ended = _run_on(piping, numbers, queue, breaks)
        queue = _split(piping, numbers, ended, breaks)
    _spread_to_branches(piping, numbers)
    return numbers


def _run_on(
    piping: Piping, numbers: dict[int, str], queue: list[tuple[float, int, int]], breaks: Mapping[int, Sequence[float]]
) -> list[End]:
    """Carry numbers on from the line ends of a heap, nearest first; returns the ends where no way goes straight on."""
    ended: list[End] = []
    while queue:
        cost, line, which = heapq.heappop(queue)
        steps = piping.steps((line, which))
        if steps and all(step.kind == "branch" for step in steps):
            ended.append((line, which))
        for step in steps:
            other, entered = step.end
            if step.kind == "branch" or other in numbers:
                continue
            numbers[other] = numbers[line]
            if not breaks.get(other):
                heapq.heappush(queue, (cost + _COST[step.kind], other, 1 - entered))
    return ended


def _split(
    piping: Piping, numbers: dict[int, str], ended: Sequence[End], breaks: Mapping[int, Sequence[float]]
) -> list[tuple[float, int, int]]:
    """Number all ways of the headers that lines meet square on, where none has a number; returns their far ends."""
    queue: list[tuple[float, int, int]] = []
    for line, which in ended:
        ways = [step.end for step in piping.steps((line, which))]
        if any(other in numbers for other, _ in ways):
            continue
        for other, entered in ways:
            numbers[other] = numbers[line]
            if not breaks.get(other):
                heapq.heappush(queue, (0.0, other, 1 - entered))
    return queue


def _broken(breaks: Sequence[float], place: float | None, which: int) -> bool:
    """Whether a spec break stands between the lettering and an end of its line."""
    if place is None:
        return bool(breaks)
    return any(b > place if which else b < place for b in breaks)


def _spread_to_branches(piping: Piping, numbers: dict[int, str]) -> None:
    """Number the dead-end branches of numbered lines."""
    for line in list(numbers):
        for which in (0, 1):
            for step in piping.steps((line, which)):
                if step.kind == "branch" and step.end[0] not in numbers:
                    members = _dead_end(piping, step.end, numbers)
                    for member in members:
                        numbers[member] = numbers[line]


def _dead_end(piping: Piping, start: End, numbers: Collection[int]) -> set[int]:
    """The lines of a branch that leads nowhere, empty where it reaches something or another line."""
    found, stack = {start[0]}, [(start[0], 1 - start[1])]
    while stack:
        end = stack.pop()
        if any(_is_goal(piping.symbols[s]) for s in piping.stops(end)):
            return set()
        for step in piping.steps(end):
            other = step.end[0]
            if other in numbers:
                return set()
            if other not in found:
                found.add(other)
                stack.append((other, 1 - step.end[1]))
    length = sum(polyline_length(piping.lines[i].points) for i in found)
    return found if length <= BRANCH_LENGTH * piping.scale else set()


def _is_goal(symbol: Symbol) -> bool:
    return symbol.group in HOSTS or symbol.group in ("nozzle", "connector", "instrument")


def find_breaks(piping: Piping, words: Sequence[Word], grammar: Grammar) -> dict[int, list[float]]:
    """Line index -> places of its spec breaks, as lengths from its start, px.

    A spec break is a symbol of that name on the line, or two different piping classes written at one line.
    """
    found: dict[int, list[float]] = {}
    for symbol in piping.symbols:
        if symbol.kind in ("spec_break", "PropertyBreak"):
            middle = np.array([(symbol.box[0] + symbol.box[2]) / 2, (symbol.box[1] + symbol.box[3]) / 2])
            reach = BREAK_REACH * piping.scale + max(symbol.box[2] - symbol.box[0], symbol.box[3] - symbol.box[1]) / 2
            best = _nearest_line(piping, middle, reach)
            if best is not None:
                found.setdefault(best, []).append(place_along(piping, best, middle))
    by_line: dict[str, list[Word]] = {}
    for word in words:
        if word.owner is not None and grammar.read(word.text, "spec", repair=False) is not None:
            by_line.setdefault(word.owner, []).append(word)
    index = {line.id: i for i, line in enumerate(piping.lines)}
    for name, classes in by_line.items():
        for a in classes:
            for b in classes:
                middles = [np.array([(w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2]) for w in (a, b)]
                near = float(np.hypot(*(middles[0] - middles[1]))) <= BREAK_PAIR * piping.scale
                if a.id < b.id and a.text != b.text and near and name in index:
                    found.setdefault(index[name], []).append(
                        place_along(piping, index[name], (middles[0] + middles[1]) / 2)
                    )
    return found


def _nearest_line(piping: Piping, point: Array, reach: float) -> int | None:
    offers = []
    for i, line in enumerate(piping.lines):
        if piping.is_process[i]:
            p = np.asarray(line.points, np.float64)
            offers.append((float(distance_to_segments(point[None], np.c_[p[:-1], p[1:]])[0].min()), i))
    if not offers or min(offers)[0] > reach:
        return None
    return min(offers)[1]


def place_along(piping: Piping, line: int, point: Array) -> float:
    """Length from a line's start to the place on it that is nearest to a point, px."""
    p = np.asarray(piping.lines[line].points, np.float64)
    segments = np.c_[p[:-1], p[1:]]
    best = int(np.argmin(distance_to_segments(point[None], segments)[0]))
    d = p[best + 1] - p[best]
    share = float(np.clip((point - p[best]) @ d / max(float(d @ d), 1e-9), 0.0, 1.0))
    before = float(np.hypot(*np.diff(p[: best + 1], axis=0).T).sum()) if best else 0.0
    return before + share * float(np.hypot(*d))
