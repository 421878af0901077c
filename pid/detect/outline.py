"""The ink of a small drawing brought into one frame, so that two drawings of one symbol lie on each other.

The *unit frame* maps the bounding box of the ink to 0..1 along both axes, each by its own scale: translation, size and
mild differences of proportion drop out. A *pose* is one of the eight ways to turn by quarters and to mirror. What is
compared are points along the strokes, not the strokes, as one bow tie is drawn as one polyline, two triangles or four
lines; filled areas are compared apart, as a filled valve is a closed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box
from pid.geometry import Array, bounds

THIN = 0.12
"""The shorter side of the frame is at least this share of the longer one: a bar is not blown up into a square."""
MOST_POINTS = 360
STEP = 0.02
"""Spacing of the points along strokes in the unit frame, wider where there would be more than `MOST_POINTS`."""
SPARSE = 48
"""Points for the first, rough look."""
GRID, MARGIN = 48, 8
"""Cells of the distance map along a side of the unit frame, and beyond it on either side."""
FILL_GRID = 24
POSES: tuple[tuple[int, bool], ...] = tuple((quarter, mirrored) for mirrored in (False, True) for quarter in range(4))
"""Quarter turns counter-clockwise as seen, and whether mirrored left-right before."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One drawn path: points (N, 2) in any unit, y down."""

    points: Array
    closed: bool = False
    filled: bool = False


@dataclass(frozen=True, eq=False)
class Outline:
    """Ink in the unit frame."""

    points: Array  # (N, 2), evenly along the strokes
    sparse: Array  # (SPARSE, 2), some of them
    fill: NDArray[np.bool_]  # (FILL_GRID, FILL_GRID): where it is filled
    frame: Box  # what became 0..1, in the pieces' unit; padded where thin
    aspect: float  # width / height of the frame


def frame_of(box: Box) -> Box:
    """The box, the shorter side padded to `THIN` of the longer one."""
    x0, y0, x1, y1 = box
    least = THIN * max(x1 - x0, y1 - y0, 1e-9)
    grow_x, grow_y = max(least - (x1 - x0), 0.0) / 2, max(least - (y1 - y0), 0.0) / 2
    return x0 - grow_x, y0 - grow_y, x1 + grow_x, y1 + grow_y


def make_outline(pieces: Sequence[Piece], *, hidden: Sequence[tuple[int, Array]] = ()) -> Outline:
    """Bring pieces into the unit frame.

    Args:
        pieces: At least one, in painting order.
        hidden: Paper-coloured areas (N, 2), each with the number of pieces painted before it: it hides these there.
    """
    box = bounds(np.concatenate([p.points for p in pieces]))
    frame = frame_of(box)
    origin = np.array(frame[:2])
    size = np.array([frame[2] - frame[0], frame[3] - frame[1]])
    unit = [(p.points - origin) / size for p in pieces]
    masks = [(before, (area - origin) / size) for before, area in hidden]
    points = _sample(unit, [p.closed or p.filled for p in pieces], masks)
    chosen = np.linspace(0, len(points) - 1, SPARSE).round().astype(int)
    return Outline(
        points=points,
        sparse=points[chosen],
        fill=_fill_grid([u for u, p in zip(unit, pieces, strict=True) if p.filled]),
        frame=frame,
        aspect=float(size[0] / size[1]),
    )


def _sample(unit: Sequence[Array], closed: Sequence[bool], masks: Sequence[tuple[int, Array]]) -> Array:
    """Points (N, 2) evenly along the strokes without what masks hide; the middle if all is hidden."""
    starts, ends, order = [], [], []
    for index, (points, ring) in enumerate(zip(unit, closed, strict=True)):
        run = np.vstack([points, points[:1]]) if ring else points
        starts.append(run[:-1])
        ends.append(run[1:])
        order.append(np.full(len(run) - 1, index))
    a, b, owner = np.concatenate(starts), np.concatenate(ends), np.concatenate(order)
    lengths = np.hypot(*(b - a).T)
    step = max(STEP, float(lengths.sum()) / MOST_POINTS)
    counts = np.maximum(np.ceil(lengths / step), 1).astype(int)
    row = np.repeat(np.arange(len(a)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = ((within + 0.5) / counts[row])[:, None]
    points = a[row] + (b[row] - a[row]) * share
    shown = np.ones(len(points), bool)
    for before, area in masks:
        inside = _inside(points, area) & (owner[row] < before)
        shown &= ~inside
    return points[shown] if shown.any() else np.array([[0.5, 0.5]])


def _inside(points: Array, area: Array) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in the polygon (M, 2), even-odd."""
    a, b = area, np.roll(area, -1, axis=0)
    x, y = points[:, 0:1], points[:, 1:2]
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(a[:, 1] == b[:, 1], 1.0, b[:, 1] - a[:, 1])
    at = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    return np.asarray((crosses & (x < at)).sum(axis=1) % 2 == 1, np.bool_)


def _fill_grid(areas: Sequence[Array]) -> NDArray[np.bool_]:
    grid = np.zeros((FILL_GRID, FILL_GRID), np.uint8)
    for area in areas:
        corners = np.round((area * FILL_GRID - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(grid, [corners], 1, cv2.LINE_8, 4)
    return np.asarray(grid > 0, np.bool_)


def distance_map(points: Array) -> NDArray[np.float32]:
    """Distance to the nearest of the points (N, 2) over the unit frame and a margin, in its units."""
    ink = np.full((GRID + 2 * MARGIN, GRID + 2 * MARGIN), 255, np.uint8)
    x, y = to_cells(points).T
    ink[y, x] = 0
    return np.asarray(cv2.distanceTransform(ink, cv2.DIST_L2, 5) / GRID, np.float32)


def to_cells(points: Array) -> NDArray[np.intp]:
    """Cells (..., 2) of the distance map, as column and row, in which points of the unit frame lie."""
    cells = np.floor(np.asarray(points) * GRID).astype(np.intp) + MARGIN
    return np.clip(cells, 0, GRID + 2 * MARGIN - 1)


def pose_points(points: Array, pose: tuple[int, bool]) -> Array:
    """Points (..., 2) of the unit frame under a pose: mirrored left-right, then turned counter-clockwise as seen."""
    quarter, mirrored = pose
    x, y = points[..., 0], points[..., 1]
    x = 1 - x if mirrored else x
    for _ in range(quarter):  # y down: what pointed right points up
        x, y = y, 1 - x
    return np.asarray(np.stack([x, y], axis=-1), np.float64)


def pose_fill(fill: NDArray[np.bool_], pose: tuple[int, bool]) -> NDArray[np.bool_]:
    """A fill grid under a pose."""
    quarter, mirrored = pose
    return np.asarray(np.rot90(fill[:, ::-1] if mirrored else fill, quarter), np.bool_)
