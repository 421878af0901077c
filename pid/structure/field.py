"""A sheet's ink as fields that answer at any pixel: how far is ink that runs this way, and where is it.

Directions come in four *ways*: level, rising, upright, falling (0, 45, 90, 135 degrees counter-clockwise as seen).
Ink belongs to each way within `WAY_DEG` of its own, so between two ways it belongs to both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.geometry import Array, as_boxes
from pid.structure.anchors import Anchors, find_anchors
from pid.structure.ink_samples import sample_skeleton
from pid.structure.primitives import Index, Primitives
from pid.structure.solids import hollow_solids

WAYS = 4
WAY_DEG = 35.0
FAR_PX = 12.0
"""Distances are counted up to this; farther is as bad."""
SPACING_PX = 1.13
"""Mean length of stroke for a pixel of skeleton: 1 along the axes, 1.41 between them."""
_STEPS = 16  # of a distance to a pixel in the fields


CELL_PX = 24


@dataclass(frozen=True, eq=False)
class CellIndex:
    """Points sorted by square cells, to find those in a box."""

    order: Index
    keys: Index
    columns: int

    @classmethod
    def of(cls, points: Array, width: int) -> CellIndex:
        """Of points (S, 2) on a sheet `width` pixels wide."""
        columns = width // CELL_PX + 2
        cell = np.floor(points / CELL_PX).astype(np.int64)
        key = cell[:, 1] * columns + cell[:, 0]
        order = np.argsort(key, kind="stable")
        return cls(order, key[order], columns)

    def near(self, box: Sequence[float]) -> Index:
        """Indices of all points in a box, and of some beside it."""
        x0, y0, x1, y1 = (int(v // CELL_PX) for v in box)
        rows = np.arange(max(y0, 0), y1 + 1) * self.columns
        start = np.searchsorted(self.keys, rows + max(x0, 0), side="left")
        stop = np.searchsorted(self.keys, rows + min(x1, self.columns - 1), side="right")
        runs = [self.order[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)]
        return np.concatenate(runs) if runs else self.order[:0]


@dataclass(frozen=True, eq=False)
class InkField:
    """The ink of a sheet; the picture frame is that of the primitives."""

    parts: Primitives
    pen: float
    anchors: Anchors
    masks: NDArray[np.int64]  # (A,) of the anchors
    near: NDArray[np.uint8]  # (WAYS + 1, H, W) distance to ink of each way and to any, in 1/16 px
    place: NDArray[np.int32]  # (H, W) index of the nearest sample of ink
    samples: Array  # (S, 2)
    tangents: Array  # (S, 2)
    shape_px: Array
    """(S,) longer side of the connected shape of ink that each sample is on: that of letters is small."""
    ink: NDArray[np.uint8]  # (H, W) 0 and 1, filled areas included
    solid: NDArray[np.uint8]  # (H, W) 0 and 1, filled areas only
    cells: CellIndex

    @classmethod
    def of(cls, parts: Primitives, ink: NDArray[np.uint8], pen: float, lettering: ArrayLike = ()) -> InkField:
        """The field of a sheet's primitives and its ink mask (H, W); nothing is looked for at anchors of `lettering`.

        That is given as boxes (N, 4).
        """
        hollow, solid = hollow_solids(ink, pen)
        samples, tangents = sample_skeleton(hollow)
        height, width = ink.shape
        column = np.clip(samples[:, 0].astype(int), 0, width - 1)
        row = np.clip(samples[:, 1].astype(int), 0, height - 1)
        way = np.degrees(np.arctan2(-tangents[:, 1], tangents[:, 0])) % 180
        near = np.empty((WAYS + 1, height, width), np.uint8)
        for k in range(WAYS):
            apart = np.abs((way - 45.0 * k + 90) % 180 - 90)
            paper = np.full((height, width), 255, np.uint8)
            paper[row[apart <= WAY_DEG], column[apart <= WAY_DEG]] = 0
            near[k] = _steps(paper)
        near[WAYS] = near[:WAYS].min(axis=0)
        paper = np.full((height, width), 255, np.uint8)
        paper[row, column] = 0
        place = np.full((height, width), -1, np.int32)
        if len(samples):
            _, label = cv2.distanceTransformWithLabels(paper, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
            of_label = np.zeros(int(label.max()) + 1, np.int32)
            of_label[label[row, column]] = np.arange(len(samples), dtype=np.int32)
            place = of_label[label]
        _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        # The skeleton of a filled area's outline lies on ink, that of a stroke does too but for rounding.
        shape = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1).astype(np.float64)
        shape[0] = 0.0
        anchors = find_anchors(parts, pen)
        masks = anchors.masks()
        masks[_inside(anchors.xy, as_boxes(lettering), ink.shape)] = 0
        cells = CellIndex.of(samples, width)
        return cls(
            parts,
            pen,
            anchors,
            masks,
            near,
            place,
            samples,
            tangents,
            shape[labels[row, column]],
            ink,
            solid,
            cells,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.parts.size

    def distance(self, points: Array, tangents: Array | None = None) -> Array:
        """Distances (...,) in pixels, at most `FAR_PX`, from points (..., 2) to ink that runs along their tangents.

        To any ink where there are no tangents.
        """
        row, column, outside = self._cells(points)
        if tangents is None:
            found = self.near[WAYS][row, column].astype(np.float32) / _STEPS
        else:
            way = np.round(np.degrees(np.arctan2(-tangents[..., 1], tangents[..., 0])) / 45.0).astype(int) % WAYS
            found = self.near[way, row, column].astype(np.float32) / _STEPS
        return np.asarray(np.where(outside, FAR_PX, found), np.float64)

    def nearest(self, points: Array) -> NDArray[np.int32]:
        """Index of the sample of ink nearest to each of the points (..., 2)."""
        row, column, _ = self._cells(points)
        return self.place[row, column]

    def is_ink(self, points: Array, *, solid: bool = False) -> NDArray[np.bool_]:
        """Whether points (..., 2) are ink, or lie in a filled area."""
        row, column, outside = self._cells(points)
        return np.asarray(((self.solid if solid else self.ink)[row, column] > 0) & ~outside, np.bool_)

    def _cells(self, points: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        height, width = self.ink.shape
        cell = np.floor(points).astype(np.intp)
        column, row = cell[..., 0], cell[..., 1]
        outside = (column < 0) | (row < 0) | (column >= width) | (row >= height)
        return np.clip(row, 0, height - 1), np.clip(column, 0, width - 1), outside


def _inside(points: Array, boxes: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in a box."""
    covered = np.zeros(shape, np.bool_)
    for x0, y0, x1, y1 in boxes.round().astype(int).clip(0).tolist():
        covered[y0:y1, x0:x1] = True
    cell = np.floor(points).astype(int)
    return np.asarray(covered[cell[:, 1].clip(0, shape[0] - 1), cell[:, 0].clip(0, shape[1] - 1)], np.bool_)


def _steps(paper: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if paper.all():
        return np.full(paper.shape, int(FAR_PX * _STEPS), np.uint8)
    distance = cv2.distanceTransform(paper, cv2.DIST_L2, 5)
    return np.asarray(np.minimum(distance, FAR_PX) * _STEPS, np.uint8)
