"""What the network thinks likely is held against the catalogue's drawings, which stretching does not change either.

The network has seen rare kinds seldom, and its votes are local; the drawings know every kind, and see the instance
whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pid.catalog import Kind
from pid.geometry import Array
from pid.structure.instances import Instances
from pid.structure.pose import POSES, cell_distances, fit_kind, ink_cells
from pid.structure.primitives import Primitives

CANDIDATES = 12
"""Kinds of each instance that are compared, the network's likeliest."""
SHARPNESS, DOUBT = 120.0, 30.0
"""How fast a kind's chance, and the instance's score, fall with the distance of its drawing in boxes. Chosen on five
generated sheets that are neither trained on nor held out, as is `CANDIDATES`."""
LEAST_SCORE = 0.05
"""Instances below are left as they are."""
SAMPLE_PX = 1.5


def weigh_kinds(
    parts: Primitives, found: Instances, names: Sequence[str], catalog: Mapping[str, Kind]
) -> tuple[Instances, Array]:
    """The instances with chances and scores weighed, best first, and the distance (M, 8) of the likeliest kind's poses.

    Kinds that the catalogue lacks are not compared; they keep their chance only where none of the candidates is known.
    """
    count = len(found.scores)
    poses = np.full((count, POSES), np.inf)
    looked = np.flatnonzero(found.scores >= LEAST_SCORE)
    if not len(looked):
        return found, poses
    points, _, owner = parts.samples(SAMPLE_PX)
    label = found.label[owner]
    inside = (label >= 0) & (label < count)
    ink = ink_cells(points[inside], label[inside], count)[looked]
    far = cell_distances(ink)
    top = np.argsort(-found.kinds[looked], axis=1, kind="stable")[:, :CANDIDATES]
    distance = np.full((*top.shape, POSES), np.inf)
    for k in np.unique(top):
        kind = catalog.get(names[k])
        if kind is not None:
            row, column = np.nonzero(top == k)
            distance[row, column] = fit_kind(kind, ink[row], far[row])
    least = distance.min(axis=2)
    known = np.isfinite(least).any(axis=1)
    chance = np.take_along_axis(found.kinds[looked], top, axis=1) * np.exp(-SHARPNESS * least)
    best = chance.argmax(axis=1)
    rows = np.arange(len(looked))
    weighed = np.zeros((len(looked), found.kinds.shape[1]))
    np.put_along_axis(weighed, top, chance / np.maximum(chance.sum(axis=1, keepdims=True), 1e-300), axis=1)
    kinds, scores = found.kinds.copy(), found.scores.copy()
    kinds[looked[known]] = weighed[known]
    scores[looked[known]] *= np.exp(-DOUBT * least[rows, best])[known]
    poses[looked[known]] = distance[rows, best][known]
    order = np.argsort(-scores, kind="stable")
    return Instances(found.label, found.boxes, kinds, scores).only(order), poses[order]
