"""From the network's probabilities to instances: primitives that are one symbol, its kinds' chances and its box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import GROUPS
from pid.geometry import Array
from pid.structure.group import group_primitives
from pid.structure.primitives import BLOB, Index, Primitives
from pid.structure.relate import Graph

LEAST_SIDE_PX = 3.0
"""An instance smaller than this is a speck."""


@dataclass(frozen=True, eq=False)
class Instances:
    """M instances of a sheet, best first, not calibrated."""

    label: Index  # (N,) the instance of each primitive, -1 for none
    boxes: Array  # (M, 4)
    kinds: Array  # (M, classes of symbols) probability of each kind, given that it is a symbol
    scores: Array  # (M,) raw

    def only(self, order: Index) -> Instances:
        """Some of the instances, in this order."""
        place = np.full(len(self.scores) + 1, -1, np.int64)  # the last stands for -1
        place[order] = np.arange(len(order))
        return Instances(place[self.label], self.boxes[order], self.kinds[order], self.scores[order])


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
    return Instances(label, boxes, chance, scores).only(order[side[order] >= LEAST_SIDE_PX])


def _inner(graph: Graph, label: Index, same: Array, count: int) -> Array:
    """The mean probability (M,) of the edges within each instance; 1 for one without edges."""
    within = graph.known & (label[:, None] == label[graph.neighbours]) & (label >= 0)[:, None]
    source = np.nonzero(within)[0]
    total = np.bincount(label[source], same[within], count)
    edges = np.bincount(label[source], minlength=count)
    return np.where(edges > 0, total / np.maximum(edges, 1), 1.0)
