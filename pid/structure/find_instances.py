"""Find the symbols of a sheet in its primitives with the structure network: `StructureFinder`."""

from __future__ import annotations

import json
from dataclasses import dataclass
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
from pid.place_ports import place_ports
from pid.resources import data_path
from pid.structure.encode import encode
from pid.structure.group import group_primitives
from pid.structure.labels import BACKGROUND
from pid.structure.pose import find_pose
from pid.structure.primitives import BLOB, Index, Primitives
from pid.structure.relate import Graph, relate

STRUCTURE_FILE = "structure.onnx"
RUNNERS_UP = 3
SAMPLE_PX = 1.5
"""Points along the ink of an instance that its pose is found by."""
LEAST_SIDE_PX = 3.0
"""An instance smaller than this is a speck."""


@dataclass(frozen=True, eq=False)
class Instances:
    """M instances of a sheet, best first, not calibrated."""

    label: Index  # (N,) the instance of each primitive, -1 for none
    boxes: Array  # (M, 4)
    kinds: Array  # (M, classes of symbols) probability of each kind, given that it is a symbol
    scores: Array  # (M,) raw


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
        found = self.find(parts)
        chance = self.calibration(found.scores)
        keep = found.scores >= self.calibration.threshold if least_probability is None else chance >= least_probability
        order = np.argsort(found.label, kind="stable")
        first = np.searchsorted(found.label[order], np.arange(len(found.boxes) + 1))
        return tuple(
            self._symbol(f"g{i}", found, int(k), float(chance[k]), parts, order[first[k] : first[k + 1]])
            for i, k in enumerate(np.flatnonzero(keep), start=1)
        )

    def find(self, parts: Primitives) -> Instances:
        """The instances among a sheet's primitives, raw scores."""
        if not len(parts):
            return Instances(np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros((0, len(self.names))), np.zeros(0))
        graph = relate(parts)
        classes, same = self.predict(graph)
        return gather_instances(parts, graph, classes, same, self.groups)

    def predict(self, graph: Graph) -> tuple[Array, Array]:
        """Probabilities of the classes (N, C) and of each edge (N, K) being within one symbol."""
        nodes, edges = encode(graph)
        classes, same = self._network({"nodes": nodes, "edges": edges, "neighbours": graph.neighbours})
        return np.asarray(classes, np.float64), np.asarray(same, np.float64)

    def _symbol(self, ident: str, found: Instances, k: int, chance: float, parts: Primitives, members: Index) -> Symbol:
        x0, y0, x1, y1 = (float(v) for v in found.boxes[k])
        order = np.argsort(-found.kinds[k], kind="stable")[: RUNNERS_UP + 1]
        name = self.names[order[0]]
        kind = self._catalog.get(name)
        rotation, mirrored = 0.0, False
        if kind is not None:
            points, _, _ = parts.only(members).samples(SAMPLE_PX)
            rotation, mirrored, _ = find_pose(kind, points)
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


def gather_instances(
    parts: Primitives, graph: Graph, classes: Array, same: Array, groups: NDArray[np.int64]
) -> Instances:
    """Instances from the probabilities of classes (N, C) and of edges (N, K); `groups` (S,) of the symbol classes.

    A kind's probability is the product of its members' to the power of one over their number: neighbours see the same
    ink, so that they are no independent witnesses. The raw score is the mean probability of being a symbol of the
    group, times the mean of the edges within.
    """
    kinds = len(groups)
    symbol = classes[:, :kinds].sum(axis=1)
    label = group_primitives(graph, symbol, same)
    count = int(label.max(initial=-1)) + 1
    members = np.flatnonzero(label >= 0)
    of = label[members]
    size = np.bincount(of, minlength=count).astype(float)
    half = np.where(parts.shape[members] == BLOB, 0.0, parts.width[members] / 2)
    reach = parts.boxes[members] + half[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    boxes = np.full((count, 4), np.inf)
    np.minimum.at(boxes, of, reach * [1, 1, -1, -1])
    boxes *= [1, 1, -1, -1]
    logs = np.log(np.maximum(classes[members, :kinds] / np.maximum(symbol[members], 1e-9)[:, None], 1e-6))
    mean = np.zeros((count, kinds))
    np.add.at(mean, of, logs)
    mean /= size[:, None]
    chance = np.exp(mean - mean.max(axis=1, keepdims=True, initial=-np.inf))
    chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-9)
    by_group = np.zeros((count, len(GROUPS)))
    for g in range(len(GROUPS)):
        by_group[:, g] = chance[:, groups == g].sum(axis=1)
    belief = np.bincount(of, symbol[members], count) / np.maximum(size, 1)
    scores = belief * by_group.max(axis=1, initial=0.0) * _inner(graph, label, same, count)
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0) if count else np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    order = order[side[order] >= LEAST_SIDE_PX]
    place = np.full(count + 1, -1, np.int64)
    place[order] = np.arange(len(order))
    return Instances(place[label], boxes[order], chance[order], scores[order])


def _inner(graph: Graph, label: Index, same: Array, count: int) -> Array:
    """The mean probability (M,) of the edges within each instance; 1 for one without edges."""
    within = graph.known & (label[:, None] == label[graph.neighbours]) & (label >= 0)[:, None]
    source = np.nonzero(within)[0]
    total = np.bincount(label[source], same[within], count)
    edges = np.bincount(label[source], minlength=count)
    return np.where(edges > 0, total / np.maximum(edges, 1), 1.0)
