"""Cut a sheet into overlapping tiles and join what is found in them: nothing lost, doubled or halved at borders.

Terms of art: the *detail pass* looks at the sheet scaled to `DETAIL_PX`, the *overview pass* at `OVERVIEW_PX`; a box is
*cut* when it touches a border of its tile inside the sheet, so that it may be half a symbol.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, as_boxes, box_area, box_intersection

Image = NDArray[np.uint8]

TILE_PX = 640
"""Side of the network's input."""
OVERLAP_PX = 128
"""Every symbol up to this size lies whole in at least one tile; larger ones are the overview's."""
DETAIL_PX, OVERVIEW_PX = 3800, 1400
"""Longer side of the sheet in the two passes. A gate valve of the bench's sheets is 23 to 47 px long in the first,
which the network's finest grid (8 px) resolves; at 5000 px a sheet costs nearly twice the time for symbols no better
seen. A column of 60 mm on an A1 plot is 100 px long in the second, the largest tank seen 410 px."""
BORDER_PX = 3.0
"""A box ending this near to an inner border of its tile counts as cut."""
BLANK_GREY, BLANK_PX = 160, 12
"""A tile with fewer than `BLANK_PX` pixels darker than `BLANK_GREY` is not looked at."""
LONG_LINE_PX = 161
"""Straight runs of ink this long, upright or level, are pipes and frames. A symbol drawn by nothing else is large
enough for the overview, so a tile that holds nothing else is not looked at in the detail pass. On plotted sheets this
leaves out none to six of forty tiles for the time of half a tile."""


@dataclass(frozen=True, eq=False)
class Tiling:
    """Tiles of one scaled sheet: `images` (T, TILE_PX, TILE_PX) uint8, `origins` (T, 2) as x, y in scaled pixels."""

    images: Image
    origins: NDArray[np.int64]
    scale: float
    """Scaled pixels a sheet pixel."""
    size: tuple[int, int]
    """Width and height of the scaled sheet."""


def tile_starts(length: int, tile: int = TILE_PX, overlap: int = OVERLAP_PX) -> list[int]:
    """Starts of the tiles that cover 0..length with at least `overlap` between neighbours, evenly spread."""
    if not 0 <= overlap < tile:
        raise ValueError(f"the overlap {overlap} must lie in 0..{tile - 1}")
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def cut_sheet(gray: Image, longer_px: int, *, ignore_lines: bool = False, keep_blank: bool = False) -> Tiling:
    """Tiles of the (H, W) sheet scaled to a longer side of `longer_px`; paper fills the edges.

    Blank tiles are left out, with `ignore_lines` also those that hold only long straight lines; `keep_blank` keeps all.
    """
    height, width = gray.shape
    scale = longer_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
    pad_x, pad_y = max(0, TILE_PX - size[0]), max(0, TILE_PX - size[1])
    if pad_x or pad_y:
        scaled = np.pad(scaled, ((0, pad_y), (0, pad_x)), constant_values=255)
    ink = (scaled < BLANK_GREY).astype(np.uint8)
    if ignore_lines:
        ink = _without_long_lines(ink)
    origins, images = [], []
    for y in tile_starts(scaled.shape[0]):
        for x in tile_starts(scaled.shape[1]):
            if keep_blank or np.count_nonzero(ink[y : y + TILE_PX, x : x + TILE_PX]) >= BLANK_PX:
                images.append(scaled[y : y + TILE_PX, x : x + TILE_PX])
                origins.append((x, y))
    stack = np.stack(images) if images else np.zeros((0, TILE_PX, TILE_PX), np.uint8)
    return Tiling(stack, np.array(origins, np.int64).reshape(-1, 2), scale, size)


def _without_long_lines(ink: Image) -> Image:
    """The mask (H, W) of 0 and 1 without its straight runs of `LONG_LINE_PX` or more."""
    rest = ink.copy()
    for window in ((LONG_LINE_PX, 1), (1, LONG_LINE_PX)):
        # An opening by a running sum costs the same at any length; OpenCV's own grows with it.
        full = cv2.boxFilter(ink, cv2.CV_16U, window, normalize=False, borderType=cv2.BORDER_CONSTANT) >= LONG_LINE_PX
        reach = cv2.boxFilter(
            full.astype(np.uint8), cv2.CV_16U, window, normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        rest[reach > 0] = 0
    return rest


def is_cut(boxes: Array, origin: NDArray[np.int64], size: tuple[int, int], tile: int = TILE_PX) -> NDArray[np.bool_]:
    """Which boxes (N, 4), in scaled-sheet pixels, touch a border of the tile at `origin` that is not the sheet's."""
    x, y = int(origin[0]), int(origin[1])
    left = (boxes[:, 0] <= x + BORDER_PX) & (x > 0)
    top = (boxes[:, 1] <= y + BORDER_PX) & (y > 0)
    right = (boxes[:, 2] >= x + tile - BORDER_PX) & (x + tile < size[0])
    bottom = (boxes[:, 3] >= y + tile - BORDER_PX) & (y + tile < size[1])
    return np.asarray(left | top | right | bottom, np.bool_)


def drop_cut(boxes: Array, cut: NDArray[np.bool_], *, least: float = 0.7) -> NDArray[np.bool_]:
    """Mask (N,) of the boxes to keep: a cut box goes when a whole or a larger cut one covers `least` of it.

    A cut box that nobody covers stays: half a symbol found is more use to the reviewer than none.
    """
    boxes = as_boxes(boxes)
    keep = np.ones(len(boxes), bool)
    if not cut.any():
        return keep
    index = np.flatnonzero(cut)
    area = box_area(boxes)
    share = box_intersection(boxes[index], boxes) / np.maximum(area[index, None], 1e-9)
    larger = ~cut[None, :] | (area[None, :] > area[index, None] * 1.02)
    keep[index] = ~((share >= least) & larger).any(axis=1)
    return keep


def suppress(boxes: Array, scores: Array, *, iou: float = 0.5, within: float = 0.85) -> NDArray[np.int64]:
    """Indices of the boxes to keep, best first: greedy non-maximum suppression over all groups.

    A box also goes when it holds, or lies in, a better one of nearly its size (`within` of the smaller inside the
    larger, areas within a factor of two): the two are one symbol with and without an appendage.
    """
    boxes = as_boxes(boxes)
    area = box_area(boxes)
    inter = box_intersection(boxes, boxes)
    small, large = np.minimum(area[:, None], area), np.maximum(area[:, None], area)
    nested = (inter >= within * small) & (small * 2 >= large)
    rivals = (inter >= iou * np.maximum(area[:, None] + area - inter, 1e-9)) | nested
    alive = np.ones(len(boxes), bool)
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if alive[i]:
            kept.append(int(i))
            alive &= ~rivals[i]
    return np.array(kept, np.int64)
