"""The detector network: the only file that knows its tensor layout and its inference engine.

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
from pid.errors import InputError
from pid.geometry import Array

BATCH = 4
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


def load_network(path: Path, *, threads: int | None = None) -> Any:
    """Compile an ONNX file for the CPU. Raises `InputError` where it is missing or broken."""
    import openvino

    if not path.is_file():
        raise InputError(f"{path} is missing: the network's file was not installed or trained yet.")
    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    try:
        return openvino.Core().compile_model(str(path), "CPU", options)
    except RuntimeError as error:
        raise InputError(f"{path} is not a network that OpenVINO can read: {str(error).splitlines()[0]}.") from error


class ShapeNetwork:
    """The detector, compiled once."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._network = load_network(path, threads=threads)

    def find(self, tiles: NDArray[np.uint8], *, least_score: float = LEAST_SCORE) -> list[Found]:
        """Candidates of each tile (T, S, S) uint8 with paper at 255, in tile pixels; overlapping ones included."""
        found: list[Found] = []
        for start in range(0, len(tiles), BATCH):
            part = as_ink(tiles[start : start + BATCH])
            output = np.asarray(self._network(part)[0])
            found += [decode(one, least_score=least_score) for one in output]
        return found


def as_ink(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures (B, S, S) uint8 as (B, 1, S, S) float32 with ink 1 and paper 0, as the networks were trained."""
    return (np.float32(255) - images[:, None].astype(np.float32)) / np.float32(255)


def decode(output: NDArray[np.float32], *, least_score: float = LEAST_SCORE) -> Found:
    """Candidates in one tile's output (4 + groups, cells), scored at least `least_score`, each with its best group."""
    if output.ndim != 2 or output.shape[0] != 4 + len(GROUPS):
        raise ValueError(f"the network gave {output.shape}, not (4 + {len(GROUPS)}, cells)")
    scores = output[4:]
    best = scores.max(axis=0)
    keep = np.flatnonzero(best >= least_score)
    boxes = output[:4, keep].T.astype(float)
    return Found(boxes, best[keep].astype(float), scores[:, keep].argmax(axis=0).astype(np.int64))
