"""DEXPI as a foreign program reads it: pyDEXPI's model of a file, as the pairs of items that it joins."""

from __future__ import annotations

import itertools
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

_TAGS = ("tagName", "subTagName", "pipingComponentNumber", "processInstrumentationFunctionNumber")


@dataclass
class ForeignPlant:
    """Classes by id of the file, joined pairs of ids, and what the reader complained of."""

    classes: dict[str, str]
    tags: dict[str, str | None]
    joined: set[frozenset[str]]
    hosts: dict[str, str]
    loops: dict[str, set[str]]
    complaints: list[str]

    def pairs(self, symbols: set[str]) -> set[frozenset[str]]:
        """Pairs of drawn symbols with no other drawn symbol between."""
        graph: nx.Graph = nx.Graph()
        for pair in self.joined:
            ends = [self.hosts[n] if n not in symbols and n in self.hosts else n for n in pair]
            if len(set(ends)) == 2:
                graph.add_edge(*ends)
        found = {frozenset(edge) for edge in graph.edges() if set(edge) <= symbols}
        for net in nx.connected_components(graph.subgraph(set(graph) - symbols)):
            reached = {n for inner in net for n in graph[inner] if n in symbols}
            found |= {frozenset(pair) for pair in itertools.combinations(reached, 2)}
        return found


def read_with_pydexpi(path: Path) -> ForeignPlant:
    """Read a file with pyDEXPI; the test is skipped where that is not installed."""
    # Its loaders import a module for machine learning, which wants plotting libraries; reading files needs none of it.
    stand_in = types.ModuleType("pydexpi.loaders.ml_graph_loader")
    stand_in.MLGraphLoader = object  # type: ignore[attr-defined]
    sys.modules.setdefault("pydexpi.loaders.ml_graph_loader", stand_in)
    module = pytest.importorskip("pydexpi.loaders.proteus_serializer", reason="pyDEXPI is not installed")
    serializer = module.ProteusSerializer()
    model = serializer.load(path.parent, path.name).conceptualModel
    loader = serializer.proteus_loader
    objects = loader.object_registry.objects
    names = {id(found): name for name, found in objects.items()}

    def name(found: Any) -> str | None:
        return names.get(id(found))

    pairs = [(name(c.sourceItem), name(c.targetItem)) for c in _connections(model)]
    pairs += [(name(_drawn(f.source)), name(_drawn(f.target))) for f in _flows(model)]
    for system in model.actuatingSystems:
        if system.controlledActuator is not None and system.operatedValveReference is not None:
            pairs.append((name(system.controlledActuator), name(system.operatedValveReference.valve)))
    return ForeignPlant(
        classes={key: type(found).__name__ for key, found in objects.items()},
        tags={key: _tag(found) for key, found in objects.items() if any(hasattr(found, name) for name in _TAGS)},
        joined={frozenset((a, b)) for a, b in pairs if a and b},
        hosts={str(name(n)): str(name(item)) for item in model.taggedPlantItems for n in item.nozzles},
        loops={
            loop.instrumentationLoopFunctionNumber: {str(name(f)) for f in loop.processInstrumentationFunctions}
            for loop in model.instrumentationLoopFunctions
        },
        complaints=[f"{e.proteus_id}: {e.message}" for e in loader.error_registry.errors],
    )


def _connections(model: Any) -> list[Any]:
    return [c for system in model.pipingNetworkSystems for segment in system.segments for c in segment.connections]


def _flows(model: Any) -> list[Any]:
    return [flow for function in model.processInstrumentationFunctions for flow in function.signalConveyingFunctions]


def _drawn(end: Any) -> Any:
    """What a flow's end stands for: where it senses, or the actuator or valve that it moves."""
    if getattr(end, "sensingLocation", None) is not None:
        return end.sensingLocation
    system = getattr(end, "systems", None)
    if system is not None:
        return system.controlledActuator or system.operatedValveReference.valve
    return end


def _tag(found: Any) -> str | None:
    return next((getattr(found, name) for name in _TAGS if getattr(found, name, None)), None)
