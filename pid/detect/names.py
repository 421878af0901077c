"""Name the kind and pose of a found symbol: a small network on the cut-out round its box.

The ONNX file gives kind and pose probabilities; its card holds the labels. The detector's group limits the choice: a
kind of another group counts only `OTHER_GROUP` of its probability. The group of the best kind is the symbol's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog
from pid.detect.crops import NOTHING, cut_crop
from pid.detect.yolo import as_ink
from pid.drawing import GROUPS, Group
from pid.engine import ENGINE, EngineName, load_network
from pid.errors import InputError
from pid.geometry import Array, as_boxes

BATCH = 32
OTHER_GROUP = 0.3
"""Weight of kinds outside the detector's group. Measured on held-out sheets: the detector's group alone is right for 75
of 100 found symbols, the classifier's alone for 85, the two together for 86 (97 and 99 on a real offshore sheet)."""
LEAST_SURE = 0.3
"""A kind less probable than this is named ``unknown``: the reviewer should choose, not correct."""
RUNNERS_UP = 3


@dataclass(frozen=True)
class Name:
    """What a cut-out was named: the kind (or ``unknown``), its group, pose and the next probable kinds."""

    kind: str
    group: Group
    probability: float
    rotation: float
    mirrored: bool
    runners_up: tuple[tuple[str, float], ...]
    nothing: float
    """Probability that the cut-out shows no symbol at all."""


class KindNetwork:
    """The classifier and its labels, compiled once. Raises `InputError` for a card that does not fit the catalogue."""

    def __init__(
        self, path: Path, catalog: Catalog, *, threads: int | None = None, engine: EngineName = ENGINE
    ) -> None:
        self._network = load_network(path, threads=threads, engine=engine)
        card = path.with_suffix(".json")
        try:
            self.labels: list[str] = json.loads(card.read_text())["labels"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{card} does not list the classifier's labels: {error}.") from error
        groups: list[str | None] = [catalog[k].group if k in catalog else None for k in self.labels]
        self._groups = np.array([-1 if g is None else GROUPS.index(g) for g in groups], np.int64)
        self._catalog = catalog
        self._nothing = self.labels.index(NOTHING) if NOTHING in self.labels else -1

    def name(self, sheet: NDArray[np.uint8], boxes: Array, groups: Sequence[int]) -> list[Name]:
        """Names of boxes (N, 4) on the whitened (H, W) sheet, given the detector's groups (indices into `GROUPS`)."""
        boxes = as_boxes(boxes)
        starts = range(0, len(boxes), BATCH)
        # Cut one batch while the network works on the one before.
        batches = (as_ink(np.stack([cut_crop(sheet, b) for b in boxes[s : s + BATCH]])) for s in starts)
        results = self._network.run(batches)
        kinds = [kind for result in results for kind in result[0]]
        poses = [pose for result in results for pose in result[1]]
        return [self._choose(k, p, g) for k, p, g in zip(kinds, poses, groups, strict=True)]

    def _choose(self, kinds: NDArray[np.float32], poses: NDArray[np.float32], group: int) -> Name:
        nothing = float(kinds[self._nothing]) if self._nothing >= 0 else 0.0
        weight = np.where(self._groups == group, 1.0, OTHER_GROUP) * (self._groups >= 0)
        chance = kinds.astype(float) * weight
        chance /= max(float(chance.sum()), 1e-9)
        order = np.argsort(-chance)
        best, top = int(order[0]), float(chance[order[0]])
        pose = int(poses.argmax())
        runners = tuple((self.labels[i], round(float(chance[i]), 3)) for i in order[1 : 1 + RUNNERS_UP])
        sure = top >= LEAST_SURE
        if not sure:
            runners = ((self.labels[best], round(top, 3)), *runners[:-1])
        return Name(
            kind=self.labels[best] if sure else "unknown",
            group=GROUPS[self._groups[best]],
            probability=top,
            rotation=90.0 * (pose % 4),
            mirrored=pose >= 4,
            runners_up=runners,
            nothing=nothing,
        )
