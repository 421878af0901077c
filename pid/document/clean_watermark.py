"""Watermarks: large pale letters across a sheet, told from shadows by their even grey and sharp edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box

Gray = NDArray[np.uint8]

REDUCED = 4
DETAIL = 0.006
"""Ink narrower than this share of the longer side (30 px of 5000) is no watermark's."""
LIGHTEST, DARKEST = 0.95, 0.45
"""Grey of a watermark as a share of the paper's."""
LEAST_AREA = 0.004
LEAST_SIDE = 0.04
"""Least share of the page, and least length of a piece as a share of the longer side."""
EVEN = 0.03
"""A watermark's greys spread by less than this share of the paper's: a shadow's run through all there are."""
EDGE = 0.35
"""Most of a mark's area that may be of another grey: edges only."""
EDGE_PX = (2, 4)
"""Beside a mark, so many reduced pixels away, lies paper; beside a shadow lies more shadow."""


@dataclass(frozen=True, eq=False)
class Watermark:
    """Where it lies: `mask` (H, W) of 0 and 1, grown by its soft edge; its grey level; its box."""

    mask: NDArray[np.uint8]
    level: float
    box: Box


def find_watermark(gray: Gray) -> Watermark | None:
    """The watermark of a grey page (H, W), if it has one."""
    height, width = gray.shape
    size = (width // REDUCED, height // REDUCED)
    if min(size) < 10:
        return None
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    reach = max(3, round(DETAIL * max(size)) | 1)
    ground = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8)), np.uint8)
    paper = float(np.percentile(ground, 80))
    pale = np.asarray((ground < LIGHTEST * paper) & (ground > DARKEST * paper), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pale)
    large = stats[:, 2:4].max(axis=1) >= LEAST_SIDE * max(size)
    large[0] = False
    mask = large[labels]
    if count < 2 or mask.sum() < LEAST_AREA * mask.size:
        return None
    level = float(np.median(ground[mask]))
    core = np.abs(ground[mask].astype(np.float64) - level) <= EVEN * paper
    if core.mean() < 1 - EDGE or not _is_sharp(mask, ground, paper):
        return None
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    full = np.asarray(cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    x, y, w, h = cv2.boundingRect(full)
    return Watermark(full, level, (float(x), float(y), float(x + w), float(y + h)))


def _is_sharp(mask: NDArray[np.bool_], ground: Gray, paper: float) -> bool:
    near, far = (cv2.dilate(mask.astype(np.uint8), np.ones((2 * n + 1, 2 * n + 1), np.uint8)) for n in EDGE_PX)
    return float(np.median(ground[(far > 0) & (near == 0)])) >= (1 - EVEN / 2) * paper


def lift_watermark(gray: Gray, mark: Watermark) -> Gray:
    """The page with the mark's grey made white; darker ink keeps its share of it."""
    table = np.clip(np.arange(256) * 255.0 / (0.95 * mark.level), 0, 255).astype(np.uint8)
    return np.where(mark.mask > 0, cv2.LUT(gray, table), gray).astype(np.uint8)
