"""What the kind classifier sees: a square cut round a box, and how a cut's labels turn with it.

A *pose* is rotation and mirror image as one number: ``rotation / 90 + 4 * mirrored``, in the sense of `pid.drawing`
(flipped left-right first, then turned counter-clockwise). Shared by training and inference, so that both cut alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.detect.dataset import LabelledSheet, Sheets, alter_ink
from pid.drawing import Symbol
from pid.geometry import Array, box_iou

Image = NDArray[np.uint8]

CROP_PX = 64
MARGIN = 0.18
"""Of the box's longer side, seen on each side of it: the stubs of the pipes and the stem tell much."""
LEAST_MARGIN_PX = 3.0
POSES = 8
NOTHING = "nothing"
"""Label of a cut that shows no symbol, so that the classifier can contradict the detector."""
NOTHING_SHARE = 0.1
PER_SHEET, MIXED = 192, 40
"""Crops cut from a sheet at a time, and batches' worth of crops they are mixed among."""
NOTHING_IOU = 0.1
"""A box overlapping every symbol less than this shows none of them."""
RARE_POWER = 0.5
"""A kind seen n times in a sheet is drawn in proportion to n ** (1 - RARE_POWER)."""


@dataclass(frozen=True, eq=False)
class CropBatch:
    """`images` (B, CROP_PX, CROP_PX) uint8, `kinds` (B,) label indices, `poses` (B,), -1 where there is none."""

    images: Image
    kinds: NDArray[np.int64]
    poses: NDArray[np.int64]


@dataclass(frozen=True)
class CropSource:
    """What batches of crops are cut from and how; small enough to be sent to a worker process."""

    sheets: Sheets
    labels: tuple[str, ...]
    batch: int
    jitter: float

    def batches(self, rng: np.random.Generator) -> Iterator[CropBatch]:
        """Endless batches."""
        return cut_crops(self.sheets, self.labels, rng, batch=self.batch, jitter=self.jitter)


def cut_crop(sheet: Image, box: Array | Sequence[float]) -> Image:
    """The square round `box` (x0, y0, x1, y1 in pixels of the (H, W) sheet), scaled to `CROP_PX`; paper beyond."""
    x0, y0, x1, y1 = (float(v) for v in box)
    longer = max(x1 - x0, y1 - y0, 1.0)
    half = longer / 2 + max(MARGIN * longer, LEAST_MARGIN_PX)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    # Reduced by area first where the symbol is much larger than the cut; warping alone would skip thin lines.
    left, top = int(np.floor(cx - half)), int(np.floor(cy - half))
    side = max(2, int(np.ceil(2 * half)))
    full = np.full((side, side), 255, np.uint8)
    height, width = sheet.shape
    part = sheet[max(top, 0) : max(min(top + side, height), 0), max(left, 0) : max(min(left + side, width), 0)]
    if part.size:
        oy, ox = max(-top, 0), max(-left, 0)
        full[oy : oy + part.shape[0], ox : ox + part.shape[1]] = part
    method = cv2.INTER_AREA if side > CROP_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(full, (CROP_PX, CROP_PX), interpolation=method), np.uint8)


def pose_of(symbol: Symbol) -> int:
    """The pose of a symbol, its rotation rounded to a quarter turn."""
    return round(symbol.rotation / 90) % 4 + 4 * symbol.mirrored


def turned_pose(pose: int) -> int:
    """The pose after a quarter turn counter-clockwise of the whole picture."""
    return (pose % 4 + 1) % 4 + 4 * (pose // 4)


def flipped_pose(pose: int) -> int:
    """The pose after a left-right flip of the whole picture: F R(a) = R(-a) F."""
    return (-(pose % 4)) % 4 + 4 * (1 - pose // 4)


def cut_crops(
    sheets: Sheets, labels: Sequence[str], rng: np.random.Generator, *, batch: int, jitter: float
) -> Iterator[CropBatch]:
    """Endless batches of labelled crops from random sheets; rare kinds come more often than they are drawn."""
    index = {name: i for i, name in enumerate(labels)}
    pool: list[tuple[Image, int, int]] = []
    while True:
        # A sheet takes longer to read than its crops to cut: many from each, mixed with those of other sheets.
        while len(pool) < MIXED * batch:
            sheet = sheets.random_sheet(rng)
            for box, kind, pose in _choose(sheet, index, rng, PER_SHEET):
                image, turned = _alter(cut_crop(sheet.image, _jittered(box, rng, jitter)), pose, rng)
                pool.append((image, kind, turned))
        chosen = [pool.pop(int(rng.integers(len(pool)))) for _ in range(batch)]
        images, kinds, poses = zip(*chosen, strict=True)
        yield CropBatch(np.stack(images), np.array(kinds, np.int64), np.array(poses, np.int64))


def _choose(
    sheet: LabelledSheet, index: dict[str, int], rng: np.random.Generator, count: int
) -> Iterator[tuple[Array, int, int]]:
    """`count` boxes of a sheet with label and pose, or none where the sheet has no symbols."""
    symbols = [s for s in sheet.drawing.symbols if s.kind in index]
    if not symbols:
        return
    labels = np.array([index[s.kind] for s in symbols])
    frequency = np.bincount(labels, minlength=len(index))[labels].astype(float)
    weight = frequency**-RARE_POWER
    for _ in range(count):
        if rng.random() < NOTHING_SHARE:
            box = _empty_box(sheet, rng)
            if box is not None:
                yield box, index[NOTHING], -1
                continue
        i = int(rng.choice(len(symbols), p=weight / weight.sum()))
        yield np.array(symbols[i].box, float), int(labels[i]), pose_of(symbols[i])


def _empty_box(sheet: LabelledSheet, rng: np.random.Generator) -> Array | None:
    """A box the size of some symbol, on lettering or beside a symbol, that overlaps none."""
    size = sheet.boxes[rng.integers(len(sheet.boxes))]
    wide, high = size[2] - size[0], size[3] - size[1]
    if rng.random() < 0.6 and len(sheet.words):
        center = sheet.words[rng.integers(len(sheet.words))]
    else:
        near = sheet.boxes[rng.integers(len(sheet.boxes))]
        center = (near[:2] + near[2:]) / 2 + rng.uniform(-3, 3, 2) * max(wide, high)
    box = np.array([center[0] - wide / 2, center[1] - high / 2, center[0] + wide / 2, center[1] + high / 2])
    return box if float(box_iou(box, sheet.boxes).max()) < NOTHING_IOU else None


def _jittered(box: Array, rng: np.random.Generator, jitter: float) -> Array:
    """The box with its sides moved by a normal share of its size."""
    size = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    moved = box + rng.normal(0, jitter, 4) * np.maximum(size, 4.0)
    return np.asarray(np.r_[np.minimum(moved[:2], moved[2:]), np.maximum(moved[:2], moved[2:])], float)


def _alter(image: Image, pose: int, rng: np.random.Generator) -> tuple[Image, int]:
    """A random flip and turn with the pose that follows, and other ink."""
    if rng.random() < 0.5:
        image, pose = image[:, ::-1], flipped_pose(pose) if pose >= 0 else pose
    for _ in range(int(rng.integers(4))):
        image, pose = np.rot90(image), turned_pose(pose) if pose >= 0 else pose
    return alter_ink(np.ascontiguousarray(image), rng), pose
