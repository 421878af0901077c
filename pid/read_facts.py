"""What the graph stage understood of a sheet, in the terms in which the estimate asks for it."""

from __future__ import annotations

from pid.drawing import Drawing
from pid.estimate.plant_facts import Pipe, PipeEnd, PlantFacts
from pid.graph.grammar import Grammar, load_grammar
from pid.graph.plant_reading import read_plant
from pid.graph.runs import LineRun, RunEnd, join_runs


def read_facts(drawing: Drawing, *, grammar: Grammar | None = None) -> PlantFacts:
    """Pipes, operators, nozzles' hosts, loops and measured points of a drawing."""
    reading = read_plant(drawing, grammar=grammar or load_grammar())
    symbols = reading.piping.symbols
    return PlantFacts(
        drawing=drawing,
        pipes=tuple(_pipe(run) for run in join_runs(reading.runs)),
        operators=reading.operators,
        hosts={symbols[nozzle].id: symbols[host].id for nozzle, host in reading.piping.host_of.items()},
        loops={name: loop.number for loop in reading.loops for name in (*loop.members, *loop.valves)},
        measured={found.instrument: found.target for found in reading.measured},
    )


def _pipe(run: LineRun) -> Pipe:
    return Pipe(
        number=run.number,
        tag=run.tag or run.number,
        size=run.size,
        service=run.service,
        fluid=run.fluid,
        spec=run.spec,
        insulation=run.insulation,
        start=_end(run.start),
        stop=_end(run.stop),
        branches=tuple(end for branch in run.branches if (end := _end(branch)) is not None),
        directed=run.directed,
        sizes=run.sizes,
        lines=run.lines,
        symbols=run.symbols,
        length_px=run.length_px,
        score=run.score,
    )


def _end(end: RunEnd | None) -> PipeEnd | None:
    return None if end is None else PipeEnd(end.symbol, end.name, end.kind, end.x, end.y)
