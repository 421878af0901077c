"""From the network's probabilities to instances: primitives that are one symbol, its kinds' chances and its box.

Terms of art: a *cut* groups the primitives with a certain bias towards joining or parting; each of its groups is a
*hypothesis*. Hypotheses of several cuts overlap; the best of them are the *instances*, which do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pid.drawing import GROUPS
from pid.geometry import Array
from pid.structure.group import group_primitives
from pid.structure.pose import POSES
from pid.structure.primitives import BLOB, Index, Primitives
from pid.structure.relate import Graph

CUTS = (0.0, -1.5, 1.5)
"""Biases of the cuts, in logarithms of odds; above 0 parts more."""
LEAST_SIDE_PX = 3.0
"""A group smaller than this is a speck."""
WHOLE = 0.8
"""A hypothesis competes with its score times the number of its primitives to this power: a part of a symbol may look
like another symbol, but the whole explains more."""
MOST_TAKEN = 0.1
"""A hypothesis that shares more than this, of the logarithms of its primitives' lengths, with a better one is none."""
LEAST_SCORE = 0.02


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """H groups of primitives that may be a symbol."""

    of: Index  # (T,) rising: the hypothesis of each membership
    member: Index  # (T,) and the primitive
    boxes: Array  # (H, 4)
    kinds: Array  # (H, classes of symbols) chance of each kind, given that it is a symbol
    scores: Array  # (H,) raw
    poses: Array  # (H, 8) distance in boxes of the likeliest kind's drawing in each pose, inf where not compared

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, eq=False)
class Instances:
    """M instances of a sheet, best first, not calibrated."""

    label: Index  # (N,) the instance of each primitive, -1 for none
    boxes: Array  # (M, 4)
    kinds: Array  # (M, classes of symbols)
    scores: Array  # (M,) raw
    poses: Array  # (M, 8)


def gather_hypotheses(
    parts: Primitives, graph: Graph, classes: Array, same: Array, groups: NDArray[np.int64]
) -> Hypotheses:
    """Hypotheses from the probabilities of classes (N, C) and of edges (N, K); `groups` (S,) of the symbol classes.

    A kind's probability is the product of its members' to the power of one over their number: neighbours see the same
    ink, so that they are no independent witnesses. The raw score is the mean probability of being a symbol, times the
    chance of the likeliest group, times the mean of the edges within.
    """
    kinds = len(groups)
    symbol = classes[:, :kinds].sum(axis=1)
    labels = [group_primitives(graph, symbol, same, bias=bias) for bias in CUTS]
    of, member, inner = _distinct(graph, labels, same)
    count = len(inner)
    size = np.bincount(of, minlength=count).astype(float)
    half = np.where(parts.shape[member] == BLOB, 0.0, parts.width[member] / 2)
    reach = parts.boxes[member] + half[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    start = np.searchsorted(of, np.arange(count))
    low = np.minimum.reduceat(reach[:, :2], start, axis=0) if count else np.zeros((0, 2))
    high = np.maximum.reduceat(reach[:, 2:], start, axis=0) if count else np.zeros((0, 2))
    logs = np.log(np.maximum(classes[:, :kinds] / np.maximum(symbol, 1e-9)[:, None], 1e-6))
    mean = np.add.reduceat(logs[member], start, axis=0) / size[:, None] if count else np.zeros((0, kinds))
    chance = np.exp(mean - mean.max(axis=1, keepdims=True, initial=-np.inf))
    chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-9)
    by_group = np.zeros((count, len(GROUPS)))
    for g in range(len(GROUPS)):
        by_group[:, g] = chance[:, groups == g].sum(axis=1)
    belief = np.bincount(of, symbol[member], count) / np.maximum(size, 1)
    scores = belief * by_group.max(axis=1, initial=0.0) * inner
    return Hypotheses(of, member, np.hstack([low, high]), chance, scores, np.full((count, POSES), np.inf))


def choose_instances(parts: Primitives, hypotheses: Hypotheses) -> Instances:
    """The best hypotheses that share next to nothing; a primitive in two of them goes to the better one."""
    h = hypotheses
    weight = np.log1p(parts.length)
    start = np.searchsorted(h.of, np.arange(len(h) + 1))
    rank = h.scores * np.diff(start) ** WHOLE
    side = (h.boxes[:, 2:] - h.boxes[:, :2]).max(axis=1, initial=0.0)
    label = np.full(len(parts), -1, np.int64)
    chosen: list[int] = []
    for k in np.argsort(-rank, kind="stable").tolist():
        members = h.member[start[k] : start[k + 1]]
        free = label[members] < 0
        shared = float(weight[members[~free]].sum())
        if h.scores[k] < LEAST_SCORE or side[k] < LEAST_SIDE_PX or shared > MOST_TAKEN * float(weight[members].sum()):
            continue
        label[members[free]] = len(chosen)
        chosen.append(k)
    pick = np.array(chosen, np.int64)
    order = np.argsort(-h.scores[pick], kind="stable")
    place = np.full(len(pick) + 1, -1, np.int64)  # the last stands for -1
    place[order] = np.arange(len(order))
    pick = pick[order]
    return Instances(place[label], h.boxes[pick], h.kinds[pick], h.scores[pick], h.poses[pick])


def weighed(hypotheses: Hypotheses, kinds: Array, scores: Array, poses: Array) -> Hypotheses:
    """The same groups with other chances, scores and poses."""
    return replace(hypotheses, kinds=kinds, scores=scores, poses=poses)


def _distinct(graph: Graph, labels: list[Index], same: Array) -> tuple[Index, Index, Array]:
    """Memberships (T,), (T,) of the groups of all cuts, each once, and the mean of the edges within each."""
    sign = np.random.default_rng(0).integers(1, 2**62, len(graph))
    ofs, members, inners = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    seen: set[int] = set()
    total = 0
    for label in labels:
        count = int(label.max(initial=-1)) + 1
        inside = np.flatnonzero(label >= 0)
        # The sum of its members' random numbers tells a group from any other.
        name = np.zeros(count, np.int64)
        np.add.at(name, label[inside], sign[inside])
        fresh = np.array([one not in seen for one in name.tolist()], np.bool_)
        seen.update(name.tolist())
        number = np.where(fresh, np.cumsum(fresh) - 1, -1)
        kept = inside[fresh[label[inside]]]
        kept = kept[np.argsort(label[kept], kind="stable")]
        ofs.append(total + number[label[kept]])
        members.append(kept)
        inners.append(_inner(graph, label, same, count)[fresh])
        total += int(fresh.sum())
    return np.concatenate(ofs), np.concatenate(members), np.concatenate(inners)


def _inner(graph: Graph, label: Index, same: Array, count: int) -> Array:
    """The mean probability (M,) of the edges within each group; 1 for one without edges."""
    within = graph.known & (label[:, None] == label[graph.neighbours]) & (label >= 0)[:, None]
    source = np.nonzero(within)[0]
    total = np.bincount(label[source], same[within], count)
    edges = np.bincount(label[source], minlength=count)
    return np.where(edges > 0, total / np.maximum(edges, 1), 1.0)
