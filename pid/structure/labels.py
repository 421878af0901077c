"""What each primitive of a generated sheet belongs to: the truth that the network learns from.

The sheet is painted a second time with each mark in a number of its own, so the owner of a primitive is read from the
pixels that it runs over, whatever is painted over what. A *class* is a catalogue kind or one of `BACKGROUND`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import Index, Primitives
from pid.structure.relate import Graph

BACKGROUND = ("pipe", "signal", "text", "frame", "other")
LOOKS = 11
"""Points along a primitive at which its owner is asked for."""
REACH_PX = 2
"""How far from ink a point may lie and still count: damage makes strokes fatter than they were painted."""
OUTSIDE_SHARE = 0.6
"""A primitive of a symbol that lies outside its box by more than this share is a stem or leader, no part of it."""


@dataclass(frozen=True, eq=False)
class LabelledGraph:
    """A graph with the class (N,) of each primitive, an index into `class_names`, and its symbol's number, -1 for none.

    `boxes` (S, 4) and `kinds` (S,) are the true symbols, their numbers being their places.
    """

    graph: Graph
    classes: Index
    instances: Index
    boxes: Array
    kinds: Index

    def write(self, path: Path) -> None:
        """Store it as one ``.npz`` file, put in place at once."""
        columns = {f.name: getattr(self.graph, f.name) for f in fields(Graph)}
        columns |= {name: columns[name].astype(np.float32) for name in ("marks", "boxes", "width", "gap")}
        columns |= {name: columns[name].astype(np.int32) for name in ("nodes", "degree", "dash", "neighbours")}
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file, classes=self.classes.astype(np.int16), instances=self.instances.astype(np.int32),
                true_boxes=self.boxes.astype(np.float32), true_kinds=self.kinds.astype(np.int16), **columns,
            )  # fmt: skip
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> LabelledGraph:
        """What `write` has stored."""
        with np.load(path) as data:
            columns = {f.name: data[f.name] for f in fields(Graph)}
            wide = ("nodes", "degree", "dash", "neighbours")
            columns |= {name: columns[name].astype(np.int64) for name in wide} | {"pen": float(columns["pen"])}
            return cls(
                Graph(**columns), data["classes"].astype(np.int64), data["instances"].astype(np.int64),
                data["true_boxes"].astype(np.float64), data["true_kinds"].astype(np.int64),
            )  # fmt: skip


def class_names(kinds: Sequence[str]) -> tuple[str, ...]:
    """The network's classes: the catalogue's kinds and the background."""
    return (*kinds, *BACKGROUND)


def find_owners(parts: Primitives, painted: NDArray[np.int32]) -> Index:
    """The number (N,) under most of each primitive in a picture (H, W) of marks' numbers from 1 on; 0 for none."""
    n = len(parts)
    if not n:
        return np.zeros(0, np.int64)
    size = 2 * REACH_PX + 1
    spread = cv2.dilate(painted.astype(np.float32), np.ones((size, size), np.uint8)).astype(np.int64)
    owners = np.where(painted > 0, painted, spread)
    points = parts.along(np.linspace(0.04, 0.96, LOOKS)).reshape(-1, 2)
    height, width = painted.shape
    x, y = np.floor(points).astype(np.int64).T
    votes = owners[y.clip(0, height - 1), x.clip(0, width - 1)]
    base = int(owners.max()) + 1
    keys, counts = np.unique(np.repeat(np.arange(n), LOOKS) * base + votes, return_counts=True)
    order = np.lexsort((counts, keys // base))
    last = np.flatnonzero(np.append(np.diff((keys // base)[order]) > 0, True))
    return np.asarray(keys[order][last] % base, np.int64)


def outside_boxes(parts: Primitives, boxes: Array) -> NDArray[np.bool_]:
    """Whether each primitive (N,) lies outside its own box (N, 4) by more than `OUTSIDE_SHARE` of its points."""
    points = parts.along(np.linspace(0.0, 1.0, LOOKS))
    slack = np.maximum(parts.width, 2.0)[:, None]
    x, y = points[..., 0], points[..., 1]
    out = (x < boxes[:, :1] - slack) | (x > boxes[:, 2:3] + slack)
    out |= (y < boxes[:, 1:2] - slack) | (y > boxes[:, 3:4] + slack)
    return np.asarray(out.mean(axis=1) > OUTSIDE_SHARE, np.bool_)
