"""What a detector finds, read from its card: its classes, what they mean in a drawing, and how it looks at pictures.

A class named like a group of `pid.drawing` is that group, and the classifier may name its kind; a class named like a
catalogue kind is that kind; any other class is a kind of its own in the group ``other``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog
from pid.detect.look import Look
from pid.detect.names import KindNetwork, Name
from pid.drawing import GROUPS, Group
from pid.errors import InputError
from pid.geometry import Array


@dataclass(frozen=True)
class Meaning:
    """A class in the terms of a drawing; `kind` is None where the class is a whole group."""

    kind: str | None
    group: Group


@dataclass(frozen=True)
class Served:
    """The classes of a network in the order of its output, their meanings, and the look."""

    classes: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    look: Look


def mean_classes(classes: tuple[str, ...], catalog: Catalog) -> tuple[Meaning, ...]:
    """The meaning of each class name."""
    meanings: list[Meaning] = []
    for name in classes:
        group = next((g for g in GROUPS if g == name), None)
        if group is not None:
            meanings.append(Meaning(None, group))
        elif name in catalog:
            meanings.append(Meaning(name, catalog[name].group))
        else:
            meanings.append(Meaning(name, "other"))
    return tuple(meanings)


def read_served(card: Path, catalog: Catalog) -> Served:
    """Read a detector's card; without one, or without classes, they are the groups. Raises `InputError`."""
    if not card.exists():
        return Served(GROUPS, mean_classes(GROUPS, catalog), Look())
    try:
        data = json.loads(card.read_text(encoding="utf-8"))
        classes = data.get("classes", list(GROUPS))
        if not isinstance(classes, list) or not classes or not all(isinstance(c, str) for c in classes):
            raise ValueError("its classes are not a list of names")
        return Served(tuple(classes), mean_classes(tuple(classes), catalog), Look.from_dict(data.get("look")))
    except (ValueError, AttributeError, InputError) as error:
        raise InputError(f"{card} is not a detector's card: {str(error).rstrip('.')}.") from error


def name_classes(
    served: Served, boxes: Array, classes: NDArray[np.int64], classifier: KindNetwork | None, sheet: NDArray[np.uint8]
) -> list[Name]:
    """A name for each of the `boxes` (N, 4) found on the (H, W) `sheet` as one of the `classes` (N,).

    The classifier, where there is one, names those whose class is a group.
    """
    meanings = [served.meanings[c] for c in classes]
    names = [Name(m.kind or "unknown", m.group, 1.0, 0.0, False, (), 0.0) for m in meanings]
    asked = [i for i, m in enumerate(meanings) if m.kind is None]
    if classifier is not None and asked:
        groups = [GROUPS.index(meanings[i].group) for i in asked]
        for i, name in zip(asked, classifier.name(sheet, boxes[asked], groups), strict=True):
            names[i] = name
    return names
