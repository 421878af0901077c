"""The line list of a sheet: each numbered run of pipe with where it comes from and where it goes.

A *run* is the lines of one number that hang together. Its *ends* are where it leaves the run: equipment (by its
nozzle), a connector, another line, or nothing. From and to are told by the flow where it is known; where it is not,
`directed` is false and the two ends are the furthest apart, in the order in which they are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pid.drawing import Drawing, Symbol
from pid.geometry import polyline_length
from pid.graph.flow import Flow, infer_flows
from pid.graph.flow_evidence import find_evidence
from pid.graph.grammar import Grammar, load_grammar
from pid.graph.piping import End, Piping


@dataclass(frozen=True)
class RunEnd:
    """An end of a run: the symbol there (empty for an open end), what to call it, and what it is."""

    symbol: str
    name: str
    kind: str
    """``equipment``, ``connector``, ``line``, ``instrument`` or ``open``."""
    sense: int = 0
    """1 where the flow enters the run here, -1 where it leaves, 0 where that is not known."""
    confidence: float = 0.0
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class LineRun:
    """One row of the line list. Lengths are pixels of the sheet; a part that the number does not state is empty."""

    number: str
    lines: tuple[str, ...]
    symbols: tuple[str, ...]
    start: RunEnd | None
    stop: RunEnd | None
    directed: bool
    branches: tuple[RunEnd, ...]
    size: str = ""
    service: str = ""
    sequence: str = ""
    spec: str = ""
    insulation: str = ""
    tag: str = ""
    """What the number calls the line where it has a name within it (LR003 of LR003.22010-80-10CA01B1)."""
    fluid: str = ""
    sizes: tuple[str, ...] = ()
    """The size stated by the number, then those behind reducers."""
    length_px: float = 0.0
    score: float = 1.0


def line_runs(drawing: Drawing, *, grammar: Grammar | None = None) -> tuple[LineRun, ...]:
    """The line list of a drawing, in order of line number."""
    grammar = grammar or load_grammar()
    piping = Piping.of(drawing)
    flows, _ = infer_flows(piping, find_evidence(piping, drawing.words, grammar=grammar))
    return find_runs(piping, flows, grammar)


def find_runs(piping: Piping, flows: Mapping[int, Flow], grammar: Grammar) -> tuple[LineRun, ...]:
    """The line list of a sheet whose flows are known."""
    runs = [_describe(piping, flows, grammar, members) for members in _connected(piping)]
    return tuple(sorted(runs, key=lambda run: (run.number, run.lines)))


def join_runs(runs: Sequence[LineRun]) -> tuple[LineRun, ...]:
    """One run a number: a number's pieces, which gaps of the drawing or of its reading part, with their outermost ends.

    Where a piece ends at another of its own number, that is no end.
    """
    pieces: dict[str, list[LineRun]] = defaultdict(list)
    for run in runs:
        pieces[run.number].append(run)
    return tuple(members[0] if len(members) == 1 else _join(members) for members in pieces.values())


def _join(members: Sequence[LineRun]) -> LineRun:
    ends = [e for run in members for e in (run.start, run.stop, *run.branches) if e is not None]
    ends = [e for e in ends if e.name != members[0].number]
    start, stop, directed = _from_and_to(ends)
    return replace(
        members[0],
        lines=tuple(name for run in members for name in run.lines),
        symbols=tuple(dict.fromkeys(name for run in members for name in run.symbols)),
        start=start,
        stop=stop,
        directed=directed,
        branches=tuple(e for e in ends if e not in (start, stop)),
        sizes=tuple(dict.fromkeys(size for run in members for size in run.sizes)),
        length_px=sum(run.length_px for run in members),
        score=min(run.score for run in members),
    )


def _connected(piping: Piping) -> Iterator[list[int]]:
    """Groups of process lines of one number that hang together."""
    seen: set[int] = set()
    for i, line in enumerate(piping.lines):
        if line.line_number is None or not piping.is_process[i] or i in seen:
            continue
        members, stack = [], [i]
        seen.add(i)
        while stack:
            here = stack.pop()
            members.append(here)
            for which in (0, 1):
                for step in piping.steps((here, which)):
                    other = step.end[0]
                    if other not in seen and piping.lines[other].line_number == line.line_number:
                        seen.add(other)
                        stack.append(other)
        yield sorted(members)


def _describe(piping: Piping, flows: Mapping[int, Flow], grammar: Grammar, members: Sequence[int]) -> LineRun:
    lines = [piping.lines[i] for i in members]
    number = lines[0].line_number or ""
    ends = list(_ends(piping, flows, set(members)))
    start, stop, directed = _from_and_to(ends)
    passed = sorted({s for i in members for w in (0, 1) for s in _parts_at(piping, (i, w))})
    reading = grammar.read(number, "line_number", repair=False)
    parts = reading.parts if reading is not None else {}
    sizes = [parts.get("size", "")] + [s for i in passed for s in _reducer_sizes(piping.symbols[i])]
    return LineRun(
        number=number,
        lines=tuple(line.id for line in lines),
        symbols=tuple(piping.symbols[i].id for i in passed),
        start=start,
        stop=stop,
        directed=directed,
        branches=tuple(e for e in ends if e not in (start, stop)),
        size=parts.get("size", ""),
        service=parts.get("service", ""),
        sequence=parts.get("number", ""),
        spec=parts.get("spec", ""),
        insulation=parts.get("insulation", ""),
        tag=parts.get("tag", ""),
        fluid=parts.get("fluid", ""),
        sizes=tuple(dict.fromkeys(s for s in sizes if s)),
        length_px=sum(polyline_length(line.points) for line in lines),
        score=min(line.score for line in lines),
    )


def _parts_at(piping: Piping, end: End) -> Iterator[int]:
    """In-line parts at a line end and in contact with it."""
    holder = piping.held[end[0]][end[1]]
    stack, seen = [holder] if holder is not None else [], {holder}
    while stack:
        here = stack.pop()
        if not piping.is_passed(here):
            continue
        yield here
        for other in piping.touching[here]:
            if other not in seen:
                seen.add(other)
                stack.append(other)


def _reducer_sizes(symbol: Symbol) -> list[str]:
    if symbol.group != "reducer":
        return []
    values = (symbol.attributes.get("size"), symbol.attributes.get("size_small"))
    return [v for v in values if isinstance(v, str)]


def _ends(piping: Piping, flows: Mapping[int, Flow], members: set[int]) -> Iterator[RunEnd]:
    """Where a run ends, each place once."""
    seen: set[tuple[str, str]] = set()
    for i in sorted(members):
        for which in (0, 1):
            end = (i, which)
            steps = piping.steps(end)
            if any(step.end[0] in members for step in steps) and not piping.stops(end):
                continue
            for found in _end_at(piping, end, members):
                if found[:2] not in seen:
                    seen.add(found[:2])
                    symbol, name, kind = found
                    x, y = piping.point(end).tolist()
                    flow = flows.get(i)
                    sense = 0 if flow is None else (1 if (flow.sense > 0) == (which == 0) else -1)
                    yield RunEnd(symbol, name, kind, sense, flow.confidence if flow else 0.0, x, y)


def _end_at(piping: Piping, end: End, members: set[int]) -> Iterator[tuple[str, str, str]]:
    """Symbol, name and kind of what a run meets at one of its line ends."""
    for s in piping.stops(end):
        symbol = piping.symbols[s]
        host = piping.symbols[piping.host_of[s]] if s in piping.host_of else None
        if symbol.group == "nozzle":
            name = " ".join(t for t in (host.tag if host else None, symbol.tag) if t)
            yield symbol.id, name or symbol.id, "equipment"
        elif symbol.group in ("connector", "instrument"):
            yield symbol.id, symbol.tag or symbol.id, symbol.group
        else:
            yield symbol.id, symbol.tag or symbol.id, "equipment"
    others = {piping.lines[step.end[0]].line_number for step in piping.steps(end) if step.end[0] not in members}
    for number in sorted(n for n in others if n):
        yield "", number, "line"
    if piping.stops(end) or others:
        return
    holder = piping.held[end[0]][end[1]]
    if holder is None:
        yield "", f"open end of {piping.lines[end[0]].id}", "open"
    elif not any(step.end[0] in members for step in piping.steps(end)):
        yield piping.symbols[holder].id, piping.symbols[holder].tag or piping.symbols[holder].kind, "open"


def _from_and_to(ends: Sequence[RunEnd]) -> tuple[RunEnd | None, RunEnd | None, bool]:
    """From, to, and whether the flow tells them apart: real ends before open ones, then the furthest apart."""
    real = [e for e in ends if e.kind in ("equipment", "connector", "line")] or [e for e in ends if e.kind == "open"]
    if not real:
        return None, None, False
    inlets, outlets = [e for e in real if e.sense > 0], [e for e in real if e.sense < 0]
    if inlets and outlets:
        start, stop = max(((a, b) for a in inlets for b in outlets), key=lambda pair: _apart(*pair))
        return start, stop, True
    if len(real) == 1:
        only = real[0]
        return (None, only, True) if only.sense < 0 else (only, None, only.sense > 0)
    a, b = max(((a, b) for i, a in enumerate(real) for b in real[i + 1 :]), key=lambda pair: _apart(*pair))
    if a.sense < 0 or b.sense > 0:
        a, b = b, a
    known = a.sense > 0 or b.sense < 0
    if not known and (b.x + b.y) < (a.x + a.y):
        a, b = b, a
    return a, b, known


def _apart(a: RunEnd, b: RunEnd) -> float:
    return float(np.hypot(a.x - b.x, a.y - b.y))
