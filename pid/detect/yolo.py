"""The detector network: the only file that knows its tensor layout.

Input ``tiles`` (B, 1, 640, 640) float32, ink 1 and paper 0. Output ``found`` (B, 4 + groups, cells): four rows of box
corners x0, y0, x1, y1 in tile pixels, then a row of scores 0..1 for each group of `pid.drawing.GROUPS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pid.drawing import GROUPS
from pid.engine import ENGINE, EngineName, load_network
from pid.geometry import Array

BATCH = 1
"""Tiles a call: more gains nothing on a processor and takes memory (about 60 MB a tile)."""
LEAST_SCORE = 0.05
"""Raw scores under this are noise; calibration starts from here."""


@dataclass(frozen=True, eq=False)
class Found:
    """Candidates of one tile or sheet: `boxes` (N, 4), raw `scores` (N,), `groups` (N,) indices into `GROUPS`."""

    boxes: Array
    scores: Array
    groups: NDArray[np.int64]

    def only(self, keep: NDArray[Any]) -> Found:
        """The candidates that a mask (N,) or indices choose."""
        return Found(self.boxes[keep], self.scores[keep], self.groups[keep])


def join_found(parts: list[Found]) -> Found:
    """All candidates of several."""
    if not parts:
        return Found(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    boxes = np.concatenate([p.boxes for p in parts])
    return Found(boxes, np.concatenate([p.scores for p in parts]), np.concatenate([p.groups for p in parts]))


class ShapeNetwork:
    """The detector, loaded once."""

    def __init__(
        self, path: Path, *, threads: int | None = None, engine: EngineName = ENGINE, classes: int = len(GROUPS)
    ) -> None:
        self._network = load_network(path, threads=threads, engine=engine)
        self._classes = classes

    def find(self, tiles: NDArray[np.uint8], *, least_score: float = LEAST_SCORE) -> list[Found]:
        """Candidates of each tile (T, S, S) uint8 with paper at 255, in tile pixels; overlapping ones included."""
        batches = (as_ink(tiles[start : start + BATCH]) for start in range(0, len(tiles), BATCH))
        outputs = (one for output in self._network.run(batches) for one in output[0])
        return [decode(one, least_score=least_score, classes=self._classes) for one in outputs]


def as_ink(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures (B, S, S) uint8 as (B, 1, S, S) float32 with ink 1 and paper 0, as the networks were trained."""
    return (np.float32(255) - images[:, None].astype(np.float32)) / np.float32(255)


def decode(output: NDArray[np.float32], *, least_score: float = LEAST_SCORE, classes: int = len(GROUPS)) -> Found:
    """Candidates in one tile's output (4 + classes, cells), scored at least `least_score`, each with its best class."""
    if output.ndim != 2 or output.shape[0] != 4 + classes:
        raise ValueError(f"the network gave {output.shape}, not (4 + {classes}, cells)")
    scores = output[4:]
    best = scores.max(axis=0)
    keep = np.flatnonzero(best >= least_score)
    boxes = output[:4, keep].T.astype(float)
    return Found(boxes, best[keep].astype(float), scores[:, keep].argmax(axis=0).astype(np.int64))
