"""What the network thinks likely is held against the catalogue's drawings, which stretching does not change either.

The network has seen rare kinds seldom, and its votes are local; the drawings know every kind, and see the group whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pid.catalog import Kind
from pid.structure.instances import Hypotheses, weighed
from pid.structure.pose import POSES, Cells, cell_distances, fit_kind, ink_cells
from pid.structure.primitives import Index, Primitives

CANDIDATES = 12
"""Kinds of each hypothesis that are compared, the network's likeliest."""
SHARPNESS, DOUBT = 120.0, 30.0
"""How fast a kind's chance, and the score, fall with the distance of its drawing in boxes. Chosen on five generated
sheets that are neither trained on nor held out, as are `CANDIDATES` and the numbers of `pid.structure.instances`."""
LEAST_SCORE = 0.05
"""Hypotheses below are left as they are."""
SAMPLE_PX = 1.5


def weigh_kinds(
    parts: Primitives, hypotheses: Hypotheses, names: Sequence[str], catalog: Mapping[str, Kind]
) -> Hypotheses:
    """The hypotheses with their chances and scores weighed, and with poses.

    Kinds that the catalogue lacks cannot be compared; a hypothesis without any other stays as it is.
    """
    looked = np.flatnonzero(hypotheses.scores >= LEAST_SCORE)
    if not len(looked):
        return hypotheses
    ink = _ink(parts, hypotheses, looked)
    far = cell_distances(ink)
    top = np.argsort(-hypotheses.kinds[looked], axis=1, kind="stable")[:, :CANDIDATES]
    distance = np.full((*top.shape, POSES), np.inf)
    for k in np.unique(top):
        kind = catalog.get(names[k])
        if kind is not None:
            row, column = np.nonzero(top == k)
            distance[row, column] = fit_kind(kind, ink[row], far[row])
    least = distance.min(axis=2)
    known = np.isfinite(least).any(axis=1)
    chance = np.take_along_axis(hypotheses.kinds[looked], top, axis=1) * np.exp(-SHARPNESS * least)
    best, rows = chance.argmax(axis=1), np.arange(len(looked))
    new = np.zeros((len(looked), len(names)))
    np.put_along_axis(new, top, chance / np.maximum(chance.sum(axis=1, keepdims=True), 1e-300), axis=1)
    kinds, scores, poses = hypotheses.kinds.copy(), hypotheses.scores.copy(), hypotheses.poses.copy()
    kinds[looked[known]] = new[known]
    scores[looked[known]] *= np.exp(-DOUBT * least[rows, best])[known]
    poses[looked[known]] = distance[rows, best][known]
    return weighed(hypotheses, kinds, scores, poses)


def _ink(parts: Primitives, hypotheses: Hypotheses, looked: Index) -> Cells:
    """The cells (L, cells) of the hypotheses `looked` at."""
    points, _, owner = parts.samples(SAMPLE_PX)
    first = np.searchsorted(owner, np.arange(len(parts) + 1))
    place = np.full(len(hypotheses), -1, np.int64)
    place[looked] = np.arange(len(looked))
    told = place[hypotheses.of] >= 0
    member, of = hypotheses.member[told], place[hypotheses.of[told]]
    count = first[member + 1] - first[member]
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return ink_cells(points[np.repeat(first[member], count) + within], np.repeat(of, count), len(looked))
