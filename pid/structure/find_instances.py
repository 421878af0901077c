"""Find the symbols of a sheet in its primitives with the structure network: `StructureFinder`."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog, load_catalog
from pid.drawing import GROUPS, Group, Symbol
from pid.engine import load_network
from pid.errors import InputError
from pid.geometry import Array
from pid.learning.calibrate import IDENTITY, Calibration
from pid.paper import reduce_sheet
from pid.place_ports import place_ports
from pid.resources import data_path
from pid.sheet import Vectors
from pid.structure.encode import encode
from pid.structure.instances import Instances, choose_instances, gather_hypotheses
from pid.structure.labels import BACKGROUND
from pid.structure.pose import choose_pose
from pid.structure.primitives import Primitives
from pid.structure.relate import Graph, relate
from pid.structure.trace_primitives import trace_primitives
from pid.structure.vector_primitives import vector_primitives
from pid.structure.weigh_kinds import weigh_kinds

STRUCTURE_FILE = "structure.onnx"
RUNNERS_UP = 3


class StructureFinder:
    """Loads the network of a folder once, on first use.

    Args:
        models: folder with ``structure.onnx`` and its card; the shipped one where it is not given.
        threads: processor threads; all where it is not given.
    """

    def __init__(self, models: Path | None = None, *, threads: int | None = None) -> None:
        self._folder = data_path("models") if models is None else models
        self._threads = threads

    @cached_property
    def calibration(self) -> Calibration:
        """Raw scores to probabilities, from the card."""
        told = self._card.get("calibration")
        return IDENTITY if told is None else Calibration.from_dict(told)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The kinds that the network knows, in its order, without the background."""
        return tuple(self._card["classes"])[: -len(BACKGROUND)]

    @cached_property
    def _card(self) -> dict[str, Any]:
        path = (self._folder / STRUCTURE_FILE).with_suffix(".json")
        try:
            card: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is not a readable card of the structure network: {error}.") from error
        if not isinstance(card.get("classes"), list) or tuple(card["classes"][-len(BACKGROUND) :]) != BACKGROUND:
            raise InputError(f"{path} does not name the structure network's classes.")
        return card

    @cached_property
    def _catalog(self) -> Catalog:
        return load_catalog()

    @cached_property
    def _network(self) -> Any:
        return load_network(self._folder / STRUCTURE_FILE, threads=self._threads)

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """(C,) place in `GROUPS` of each kind's group."""
        groups = [self._catalog[n].group if n in self._catalog else "other" for n in self.names]
        return np.array([GROUPS.index(g) for g in groups], np.int64)

    def find_symbols(self, parts: Primitives, *, least_probability: float | None = None) -> tuple[Symbol, ...]:
        """The symbols among a sheet's primitives, best first, ids ``g1`` on.

        Reported are those above the threshold that was best on held-out sheets, or, where it is given, those of at
        least `least_probability`.
        """
        if not len(parts):
            return ()
        found = self.find(parts)
        chance = self.calibration(found.scores)
        keep = found.scores >= self.calibration.threshold if least_probability is None else chance >= least_probability
        told = np.flatnonzero(keep).tolist()
        return tuple(self._symbol(f"g{i}", found, k, float(chance[k])) for i, k in enumerate(told, start=1))

    def find_on_sheet(
        self, gray: NDArray[np.uint8], vectors: Vectors | None = None, *, least_probability: float | None = None
    ) -> tuple[Symbol, ...]:
        """The symbols of a grey sheet (H, W) uint8 in its pixels: from its native paths where `vectors` are given."""
        if vectors is not None:
            parts = vector_primitives(vectors, (gray.shape[1], gray.shape[0]))
            return self.find_symbols(parts, least_probability=least_probability)
        reduced, factor = reduce_sheet(gray)
        found = self.find_symbols(trace_primitives(reduced), least_probability=least_probability)
        return tuple(_scaled(s, factor) for s in found) if factor != 1 else found

    def find(self, parts: Primitives, graph: Graph | None = None) -> Instances:
        """The instances among primitives, raw scores; `graph` is that of the primitives where it is known already."""
        graph = relate(parts) if graph is None else graph
        classes, same = self.predict(graph)
        hypotheses = gather_hypotheses(parts, graph, classes, same, self.groups)
        return choose_instances(parts, weigh_kinds(parts, hypotheses, self.names, self._catalog))

    def predict(self, graph: Graph) -> tuple[Array, Array]:
        """Probabilities of the classes (N, C) and of each edge (N, K) being within one symbol."""
        nodes, edges = encode(graph)
        classes, same = self._network({"nodes": nodes, "edges": edges, "neighbours": graph.neighbours})
        return np.asarray(classes, np.float64), np.asarray(same, np.float64)

    def _symbol(self, ident: str, found: Instances, k: int, chance: float) -> Symbol:
        x0, y0, x1, y1 = (float(v) for v in found.boxes[k])
        order = np.argsort(-found.kinds[k], kind="stable")[: RUNNERS_UP + 1]
        name = self.names[order[0]]
        kind = self._catalog.get(name)
        rotation, mirrored = choose_pose(found.poses[k])
        group: Group = kind.group if kind is not None else "other"
        return Symbol(
            id=ident,
            kind=name,
            group=group,
            box=(x0, y0, x1, y1),
            rotation=rotation,
            mirrored=mirrored,
            score=min(max(chance, 0.0), 1.0),
            found_by=("structure",),
            ports=place_ports(kind, (x0, y0, x1, y1), rotation=rotation, mirrored=mirrored),
            attributes={
                "kind_score": round(float(found.kinds[k, order[0]]), 3),
                "runners_up": [[self.names[i], round(float(found.kinds[k, i]), 3)] for i in order[1:]],
            },
        )


def _scaled(symbol: Symbol, by: float) -> Symbol:
    """The symbol in pixels that are so many times smaller."""
    x0, y0, x1, y1 = symbol.box
    ports = tuple((x * by, y * by) for x, y in symbol.ports)
    return symbol.model_copy(update={"box": (x0 * by, y0 * by, x1 * by, y1 * by), "ports": ports})
