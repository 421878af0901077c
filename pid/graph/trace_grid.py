"""Tables and title blocks found by their cells, so that their rules are not taken for pipes.

A *cell* is a rectangle of paper closed in by straight rules; a table is a patch of many cells wall to wall. Pipes, with
symbols cut out, close in next to none. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.geometry import as_boxes
from pid.graph.trace_ink import erase_boxes, find_ink, lift_solids
from pid.graph.trace_runs import Runs, long_runs

Mask = NDArray[np.uint8]
Array = NDArray[np.float64]

WORKING_PX = 5000.0
RULE_LENGTH = 26.0
"""Rules are at least this long: the height of a row of small lettering."""
CELL_HEIGHT = (14.0, 260.0)
CELL_WIDTH = (14.0, 1600.0)
CELL_FILL = 0.93
"""A cell's paper fills its bounding box at least to this share (lettering is not part of the rules)."""
WALL = 18.0
"""Cells this near to each other share a rule."""
PART_REACH = 4.0
"""A part stands on the side of a cell when it reaches farther than this beyond it, and as far into it."""
LEAST_CELLS = 6
"""Fewer cells wall to wall are no table."""


def lift_tables(mask: Mask, *, scale: float, parts: ArrayLike = ()) -> Mask:
    """The mask (H, W) without its tables; cells with one of the boxes `parts` (N, 4) on their sides make none."""
    cells = find_cells(mask, scale=scale)
    if len(cells) < LEAST_CELLS:
        return mask
    bare = _is_bare(cells, as_boxes(parts), scale)
    return erase_boxes(mask, _tables(cells, bare, mask.shape, scale), grow=WALL / 2 * scale)


def find_tables(gray: NDArray[np.uint8]) -> Array:
    """Boxes (N, 4), in sheet pixels, of the cells of all tables of a (H, W) uint8 sheet, title block included."""
    factor = min(1.0, WORKING_PX / max(gray.shape[1], 1))
    if factor < 1.0:
        gray = np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    scale = gray.shape[1] / WORKING_PX
    mask = lift_solids(find_ink(gray), scale=scale)
    cells = find_cells(mask, scale=scale)
    bare = np.ones(len(cells), bool)
    return _tables(cells, bare, mask.shape, scale) / factor if len(cells) >= LEAST_CELLS else np.zeros((0, 4))


def find_cells(mask: Mask, *, scale: float) -> Array:
    """Boxes (N, 4) of the rectangles that straight rules close in."""
    length = max(round(RULE_LENGTH * scale), 4)
    upright = cv2.transpose(long_runs(np.asarray(cv2.transpose(mask), np.uint8), length))
    rules = cv2.resize((long_runs(mask, length) | upright) * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    paper = Runs.of(np.asarray(rules == 0, np.uint8), diagonal=False)
    x, y, w, h = (2 * paper.boxes).T  # cells are found at half the size
    w, h, area = w - x, h - y, 4 * paper.area
    good = (area >= CELL_FILL * w * h) & (w * h < 0.2 * mask.size)
    good &= (w >= CELL_WIDTH[0] * scale) & (w <= CELL_WIDTH[1] * scale)
    good &= (h >= CELL_HEIGHT[0] * scale) & (h <= CELL_HEIGHT[1] * scale)
    return np.asarray(np.column_stack([x, y, x + w, y + h])[good], np.float64)


def _is_bare(cells: Array, parts: Array, scale: float) -> NDArray[np.bool_]:
    """Which cells (N, 4) are no part's own outline and have no part on their sides, as is the rule in tables."""
    reach = PART_REACH * scale
    low, high = cells[:, None, :2], cells[:, None, 2:]
    first, last = parts[None, :, :2], parts[None, :, 2:]
    meets = _all((last > low - reach) & (first < high + reach))
    within = _all((first >= low - reach) & (last <= high + reach))
    outline = _all((first <= low + reach) & (last >= high - reach))
    touched: NDArray[np.bool_] = (meets & ~within) | outline
    return np.asarray(~touched.any(axis=1), bool)


def _all(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether both coordinates (..., 2) say so."""
    return np.asarray(np.logical_and(flags[..., 0], flags[..., 1]), bool)


def _tables(cells: Array, bare: NDArray[np.bool_], shape: tuple[int, ...], scale: float) -> Array:
    """Boxes (N, 4) of the cells that stand wall to wall with enough others that are `bare` (N,) of parts."""
    paint = np.zeros(shape, np.uint8)
    wall = WALL * scale
    for x0, y0, x1, y1 in np.round(cells + np.array([-wall, -wall, wall, wall]) / 2).astype(int).tolist():
        paint[max(y0, 0) : y1, max(x0, 0) : x1] = 1
    _, labels = cv2.connectedComponents(paint, connectivity=4)
    middles = np.round((cells[:, :2] + cells[:, 2:]) / 2).astype(int)
    patch = labels[middles[:, 1], middles[:, 0]]
    return np.asarray(cells[np.bincount(patch, bare)[patch] >= LEAST_CELLS], np.float64)
