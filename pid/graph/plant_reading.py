"""A drawing understood: its pipes, flows, line list, operators, process connections and loops, each found once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pid.drawing import Drawing
from pid.graph.flow import Conflict, Flow, infer_flows
from pid.graph.flow_evidence import find_evidence
from pid.graph.grammar import Grammar, load_grammar
from pid.graph.loops import Loop, ProcessConnection, find_loops, find_operators, find_process_connections
from pid.graph.piping import Piping
from pid.graph.runs import LineRun, find_runs


@dataclass(frozen=True, eq=False)
class PlantReading:
    """What follows from a drawing. Lines and symbols of `piping` and `flows` are indices, elsewhere ids."""

    drawing: Drawing
    grammar: Grammar
    piping: Piping
    flows: Mapping[int, Flow]
    conflicts: tuple[Conflict, ...]
    runs: tuple[LineRun, ...]
    operators: Mapping[str, str]
    measured: tuple[ProcessConnection, ...]
    loops: tuple[Loop, ...]


def read_plant(drawing: Drawing, *, grammar: Grammar | None = None) -> PlantReading:
    """Everything that the graph and the checks ask of a drawing."""
    grammar = grammar or load_grammar()
    piping = Piping.of(drawing)
    flows, conflicts = infer_flows(piping, find_evidence(piping, drawing.words, grammar=grammar))
    operators = find_operators(piping, drawing.connections)
    measured = find_process_connections(piping)
    return PlantReading(
        drawing=drawing,
        grammar=grammar,
        piping=piping,
        flows=flows,
        conflicts=conflicts,
        runs=find_runs(piping, flows, grammar),
        operators=operators,
        measured=measured,
        loops=find_loops(piping, operators, measured),
    )
