"""The symbols that lines can end at, and the one at a given line end.

Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import hypot

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Group, Symbol
from pid.geometry import as_boxes, grown

Array = NDArray[np.float64]

PASSED: frozenset[Group] = frozenset({"flow_arrow", "other"})
"""Marks on a line: never an end."""
HOSTS: frozenset[Group] = frozenset({"vessel", "separator", "heat_exchanger", "pump", "compressor"})
"""Equipment whose drawn nozzles stand for it."""
INLINE: frozenset[Group] = frozenset({"valve", "fitting", "reducer"})
CONTROL: frozenset[Group] = frozenset({"instrument", "actuator"})
TOUCH = 10.0
"""A line that ends this near to a symbol's box ends at the symbol ..."""
NEAR = 6.0
"""... whatever its direction within this distance, else only where it points at the box."""
NOZZLE_REACH = 42.0
"""A nozzle's tag box stands this near to the place where its line meets the wall."""
CELL = 64.0
"""Side of the grid squares by which the symbols near to a point are found."""
TANKS: frozenset[Group] = frozenset({"vessel", "separator"})
"""Equipment with round ends, whose boxes have corners where lines may run."""
HOST_INSET = 0.1
"""A line that ends at a vessel points at its box less this share on each side, ..."""
SQUARE_INSET = 0.03
"""... at other equipment less this share."""


class SymbolIndex:
    """The symbols that lines can end at, ready to be asked for the one at a point."""

    def __init__(self, symbols: Sequence[Symbol], *, scale: float) -> None:
        self.symbols = list(symbols)
        self.scale = scale
        self.boxes = as_boxes([s.box for s in symbols])
        self.area = np.prod(np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 1.0), axis=1)
        enclosing = set(enclosing_symbols(symbols))
        self.is_end = np.array(
            [s.group not in PASSED and not (i in enclosing and s.group not in HOSTS) for i, s in enumerate(symbols)],
            bool,
        ).reshape(-1)
        self.rank = np.array([0 if s.group == "nozzle" else 2 if s.group in HOSTS else 1 for s in symbols], int)
        self._rows: list[list[float]] = self.boxes.tolist()
        self._cells = self._by_cell()
        self._told: dict[tuple[float, float, float, float, float], int | None] = {}

    def holder(self, point: Array, outward: Array, *, reach: float = TOUCH) -> int | None:
        """Index of the symbol that a line end at `point`, running in the direction `outward`, ends at.

        `reach` (at a width of 5000 px) is how far ahead the line may stop short of the symbol.
        """
        asked = (float(point[0]), float(point[1]), float(outward[0]), float(outward[1]), reach)
        if asked not in self._told:
            self._told[asked] = self._find_holder(point, outward, reach)
        return self._told[asked]

    def _find_holder(self, point: Array, outward: Array, reach: float) -> int | None:
        px, py = float(point[0]), float(point[1])
        far = reach * self.scale
        distance = {i: self._gap(i, px, py) for i in self._around(px, py, far)}
        good = [i for i, d in distance.items() if d <= far and self._is_reached(i, point, outward, d, far)]
        if not good:
            return None
        step = 5.0 * self.scale
        best = min(
            good,
            key=lambda i: (int(distance[i] / step), self.rank[i], self._offset(i, point, outward), self.area[i]),
        )
        return self._nozzle_at(best, point, outward) if self.rank[best] == 2 else best

    def _by_cell(self) -> dict[tuple[int, int], list[int]]:
        """The ends whose boxes, grown by a cell, lie on each cell of a square grid."""
        cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        size = CELL * self.scale
        for i in np.flatnonzero(self.is_end).tolist():
            x0, y0, x1, y1 = (int(v // size) for v in self._rows[i])
            for column in range(x0 - 1, x1 + 2):
                for row in range(y0 - 1, y1 + 2):
                    cells[column, row].append(i)
        return cells

    def _around(self, x: float, y: float, reach: float) -> list[int]:
        """The ends that may lie within `reach` of a point."""
        size = CELL * self.scale
        if reach > size:
            return list(np.flatnonzero(self.is_end).tolist())
        return self._cells.get((int(x // size), int(y // size)), [])

    def _gap(self, i: int, x: float, y: float) -> float:
        """Distance of a point to a box, 0 inside."""
        x0, y0, x1, y1 = self._rows[i]
        return hypot(max(x0 - x, x - x1, 0.0), max(y0 - y, y - y1, 0.0))

    def _is_reached(self, i: int, point: Array, outward: Array, distance: float, reach: float) -> bool:
        """Whether a line end that is close to a symbol's box belongs to it."""
        if self.rank[i] == 2:  # lines may pass the corners of a round-ended vessel's box
            share = HOST_INSET if self.symbols[i].group in TANKS else SQUARE_INSET
            inset = share * (self.boxes[i, 2:] - self.boxes[i, :2])
            core = self.boxes[i] + np.concatenate([inset, -inset])
            came_from = point - outward * (2 * float(inset.min()) + reach)
            from_outside = bool((came_from < self.boxes[i, :2]).any() or (came_from > self.boxes[i, 2:]).any())
            return from_outside and ray_hits(point, outward, core, reach + float(2 * inset.max()))
        if distance <= NEAR * self.scale:
            return True
        return ray_hits(point, outward, grown(self.boxes[i : i + 1], 2 * self.scale)[0], reach)

    def covers(self, boxes: Array) -> NDArray[np.bool_]:
        """Which boxes (N, 4) have their middle in a symbol that is no vessel."""
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        mine = self.boxes[self.is_end & (self.rank < 2)]
        return _inside_any(middles, mine)

    def is_near(self, points: Array, reach: float) -> NDArray[np.bool_]:
        """Which points (N, 2) lie within `reach` (at a width of 5000 px) of a symbol that lines can end at."""
        boxes = grown(self.boxes[self.is_end], reach * self.scale)
        return _inside_any(points, boxes)

    def _offset(self, i: int, point: Array, outward: Array) -> float:
        """How far the ray from a point passes by the middle of a box, in quarters of the box's half diagonal."""
        to_middle = (self.boxes[i, :2] + self.boxes[i, 2:]) / 2 - point
        half = float(np.hypot(*(self.boxes[i, 2:] - self.boxes[i, :2]))) / 2
        across = abs(float(to_middle[0] * outward[1] - to_middle[1] * outward[0]))
        return float(int(4 * across / max(half, 1.0)))

    def _nozzle_at(self, host: int, point: Array, outward: Array) -> int:
        """The nozzle whose tag stands where a line meets its vessel, else the vessel itself."""
        distance = np.minimum(self._distance(point), self._distance(self._entry(host, point, outward)))
        near = np.flatnonzero((self.rank == 0) & (distance <= NOZZLE_REACH * self.scale))
        if not len(near):
            return host
        return int(near[np.argmin(distance[near])])

    def _entry(self, host: int, point: Array, outward: Array) -> Array:
        """Where a line that ends in a vessel comes in through its side; lines run on there into what is inside."""
        sides = np.where(outward > 0, self.boxes[host, :2], self.boxes[host, 2:])
        with np.errstate(divide="ignore", invalid="ignore"):
            back = np.where(outward != 0, (point - sides) / outward, np.inf)
        return np.asarray(point - outward * max(float(back.min()), 0.0)) if np.isfinite(back).any() else point

    def _distance(self, point: Array) -> Array:
        """Distance of a point to each box, 0 inside."""
        gap = np.maximum(np.maximum(self.boxes[:, :2] - point, point - self.boxes[:, 2:]), 0)
        return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def ray_hits(point: Array, outward: Array, box: Array, reach: float) -> bool:
    """Whether the ray from a point meets a box within `reach`; a zero direction hits what is near on any side."""
    way = (float(outward[0]), float(outward[1]))
    if way == (0.0, 0.0):
        return True
    low, high = 0.0, reach
    for axis in (0, 1):
        at, start, stop = float(point[axis]), float(box[axis]), float(box[axis + 2])
        if abs(way[axis]) < 1e-9:
            if not start <= at <= stop:
                return False
            continue
        near, far = sorted(((start - at) / way[axis], (stop - at) / way[axis]))
        low, high = max(low, near), min(high, far)
    return low <= high


def enclosing_symbols(symbols: Sequence[Symbol]) -> list[int]:
    """Indices of symbols that hold the middle of another part well inside: vessels with internals, package outlines."""
    from shapely import STRtree, box, points

    boxes = as_boxes([s.box for s in symbols])
    if not len(boxes):
        return []
    size = boxes[:, 2:] - boxes[:, :2]
    low, high = boxes[:, :2] + 0.08 * size, boxes[:, 2:] - 0.08 * size
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    solid = np.array([s.group not in PASSED for s in symbols])
    area = size.prod(axis=1)
    near = STRtree(points(centre))
    holder, held = near.query(box(*low.T, *high.T)) if len(boxes) > 1 else np.zeros((2, 0), np.intp)
    inside = ((centre[held] > low[holder]) & (centre[held] < high[holder])).all(axis=1)
    found: list[int] = np.unique(holder[inside & solid[held] & (area[held] < 0.2 * area[holder])]).tolist()
    return found


def _inside_any(points: Array, boxes: Array) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in one of the boxes (M, 4)."""
    low = np.asarray(points[:, None] >= boxes[None, :, :2], bool).all(axis=2)
    high = np.asarray(points[:, None] <= boxes[None, :, 2:], bool).all(axis=2)
    both: NDArray[np.bool_] = np.logical_and(low, high)
    return np.asarray(both.any(axis=1), bool)
