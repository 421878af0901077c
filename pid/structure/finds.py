"""Templates in place, and which of them stay: no lettering, nothing odd on its sheet, the best of rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pid.geometry import Array, as_boxes, box_area, box_intersection
from pid.structure.rating import ODD, rate_features
from pid.structure.template import Template
from pid.structure.verify import Measures

SURE_QUALITY, FEWEST_SURE = 0.5, 5
"""Finds of that probability tell a sheet's habits, and how many at least."""
FEWEST_LETTERS, IN_WORD = 2, 0.7
"""A find with this share of its box in a word of so many letters is lettering."""
HABIT_FINDS, LEAST_SPREAD = 60, 0.12
"""Finds by which a sheet's habits are told, and the least spread of sizes and stretch, as logarithms, that is usual."""
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
    sure = sorted(keep_best(finds), key=lambda f: -f.quality)[:HABIT_FINDS]
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


def keep_best(finds: Sequence[Find]) -> list[Find]:
    """Of finds that overlap the one that explains most ink, best first."""
    if not finds:
        return []
    order = sorted(finds, key=lambda f: -f.worth)
    boxes = as_boxes([f.box for f in order])
    area = box_area(boxes)
    kept: list[int] = []
    for k in range(len(order)):
        if kept:
            shared = box_intersection(boxes[k : k + 1], boxes[kept])[0]
            if (shared > SAME_SHARE * np.minimum(area[k], area[kept])).any():
                continue
        kept.append(k)
    return [order[k] for k in kept]
