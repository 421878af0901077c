"""Templates in place, and which of them stay: no lettering, nothing odd on its sheet, the best of rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, as_boxes, box_area, box_intersection
from pid.structure.rating import ODD, rate_features
from pid.structure.template import GRID, Template
from pid.structure.verify import Measures

SURE_QUALITY, FEWEST_SURE = 0.5, 5
"""Finds of that probability tell a sheet's habits, and how many at least."""
FEWEST_LETTERS, IN_WORD = 2, 0.7
"""A find with this share of its box in a word of so many letters is lettering."""
HABIT_FINDS, LEAST_SPREAD = 60, 0.12
"""Finds by which a sheet's habits are told, and the least spread of sizes and stretch, as logarithms, that is usual."""
ABSENT_COST, ODDS_WEIGHT = 2.0, 0.03
"""In a duel: of a stroke that is not there against one that is, and of the logarithm of the odds against evidence."""
OTHER_CELLS = 1.5
"""A filled place so many cells of the grid from those of the rival is not filled in it."""
SAME_SHARE = 0.4
"""Boxes that share so much of the smaller one compete for the same ink."""


@dataclass(frozen=True, eq=False)
class Find:
    """A template in place."""

    template: Template
    matrix: Array
    shift: Array
    pose: int
    quality: float
    worth: float
    """Length of ink explained, less what is not."""
    box: tuple[float, float, float, float]
    measures: Measures
    strokes: Array
    """(M, 2) the template's points where they were fitted to the ink ..."""
    on_ink: NDArray[np.bool_]
    """(M,) ... and whether ink lies there."""
    solid: NDArray[np.bool_]
    """(F,) whether the places of its filled areas are ink."""
    slack_px: float
    """How far its strokes may lie from ink."""
    features: Array
    """(F,) as in `pid.structure.rating`."""


def without_lettering(finds: Sequence[Find], told: Array) -> list[Find]:
    """The finds that do not lie in lettering (N, 4): letters look like caps, orifices and arrows."""
    if not len(told) or not finds:
        return list(finds)
    boxes = as_boxes([f.box for f in finds])
    inside = box_intersection(boxes, told).max(axis=1) / np.maximum(box_area(boxes), 1e-9)
    return [f for f, share in zip(finds, inside.tolist(), strict=True) if share < IN_WORD]


def by_habit(finds: Sequence[Find]) -> list[Find]:
    """The finds with probabilities that know how far the sheet's symbols differ in size and are stretched.

    One office draws all valves alike, another stretches each along its pipe: what is usual here the surest finds tell,
    and what is unusual is less probable.
    """
    sure = sorted(keep_best(finds, duels=False), key=lambda f: -f.quality)[:HABIT_FINDS]
    sure = [f for f in sure if f.quality >= SURE_QUALITY]
    if len(sure) < FEWEST_SURE:
        return list(finds)
    sizes, stretches = np.array([_size_and_stretch(f) for f in sure]).T
    usual = float(np.median(sizes))
    spread = max(float(np.median(np.abs(sizes - usual))), LEAST_SPREAD)
    habit = max(float(np.quantile(stretches, 0.8)), LEAST_SPREAD)
    out = []
    for f in finds:
        size, stretch = _size_and_stretch(f)
        odd = np.array([max(abs(size - usual) / spread - 2.0, 0.0), max(stretch / habit - 1.0, 0.0)])
        features = f.features.copy()
        features[ODD] = np.minimum(odd, 3.0)
        quality = rate_features(features)
        out.append(replace(f, features=features, quality=quality, worth=f.worth / max(f.quality, 1e-9) * quality))
    return out


def _size_and_stretch(find: Find) -> tuple[float, float]:
    """Logarithms of a find's scale, example to sheet, along the less stretched axis, and of its stretch."""
    scale = np.linalg.svd(find.matrix, compute_uv=False)
    return float(np.log(scale[1] * find.template.factor)), float(np.log(scale[0] / max(scale[1], 1e-9)))


def keep_best(finds: Sequence[Find], *, duels: bool = True) -> list[Find]:
    """Of finds that overlap the one that explains most ink, best first; with `duels` another may win against it."""
    if not finds:
        return []
    order = sorted(finds, key=lambda f: -f.worth)
    boxes = as_boxes([f.box for f in order])
    area = box_area(boxes)
    kept: list[int] = []
    for k in range(len(order)):
        if kept:
            shared = box_intersection(boxes[k : k + 1], boxes[kept])[0]
            rivals = [kept[j] for j in np.flatnonzero(shared > SAME_SHARE * np.minimum(area[k], area[kept]))]
            if rivals and not (duels and all(wins_duel(order[k], order[j]) for j in rivals)):
                continue
            kept = [j for j in kept if j not in rivals]
        kept.append(k)
    return [order[k] for k in kept]


def wins_duel(find: Find, rival: Find) -> bool:
    """Whether a find is the better one of two kinds in one place, by what one of them has and the other lacks.

    A gate valve with a heavier stroke is explained almost as well by the plain one: both lie on the same ink. What
    tells them apart is where they differ. Strokes and filled areas of the one alone that are there speak for it, those
    that are not there against it; probability decides where there is little of either.
    """
    if find.template.kind == rival.template.kind:
        return False
    # Each by its own length, lest the larger of two win by its size.
    evidence = _own_evidence(find, rival) / _length(find) - _own_evidence(rival, find) / _length(rival)
    odds = [
        np.log(np.clip(f.quality, 1e-4, 1 - 1e-4) / (1 - np.clip(f.quality, 1e-4, 1 - 1e-4))) for f in (find, rival)
    ]
    return bool(evidence + ODDS_WEIGHT * (odds[0] - odds[1]) > 0)


def _length(find: Find) -> float:
    return max(float(find.measures.length[0]), 1.0)


def _own_evidence(find: Find, rival: Find) -> float:
    """Pixels of stroke of a find alone that are on ink, less those that are not; filled areas as strokes of as much."""
    length = _length(find)
    spacing = length / len(find.strokes)
    own = _distances(rival.strokes, find.strokes) > np.hypot(find.slack_px, spacing / 2)
    evidence = spacing * float(np.where(find.on_ink, 1.0, -ABSENT_COST)[own].sum())
    fill, other = find.template.fill, rival.template
    if len(fill):
        there = (fill @ find.matrix.T + find.shift - rival.shift) @ np.linalg.inv(rival.matrix).T
        cell = max(other.size) / GRID
        own = _distances(other.fill, there) > OTHER_CELLS * cell if len(other.fill) else np.ones(len(fill), bool)
        each = find.template.fill_length / len(fill) * length / find.template.length
        evidence += each * float(np.where(find.solid, 1.0, -ABSENT_COST)[own].sum())
    return evidence


def _distances(points: Array, others: Array) -> Array:
    """(N,) distances of `others` (N, 2) to the nearest of some points."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(points).query(others)[0], np.float64)
