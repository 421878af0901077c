"""Connected pieces of ink from its runs: on a sheet of mostly paper many times faster than labelling every pixel.

A *run* is a stretch of ink in one row. Masks are (H, W) uint8 of 0 and 1; x right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of a mask in reading order and the connected piece that each belongs to."""

    shape: tuple[int, int]
    row: Index  # (N,)
    start: Index  # (N,) first column
    stop: Index  # (N,) column behind the last
    piece: Index  # (N,) 0 .. count - 1
    count: int

    @classmethod
    def of(cls, mask: Mask, *, diagonal: bool = True) -> Runs:
        """The runs of a mask; pieces hang together over corners where `diagonal`."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        height, width = mask.shape
        first, last = find_runs(mask)
        pitch, reach = width + 1, int(diagonal)
        low = np.searchsorted(last, first + pitch - reach, side="right")
        high = np.searchsorted(first, last + pitch + reach, side="left")
        counts = np.maximum(high - low, 0)
        upper = np.repeat(np.arange(len(first)), counts)
        lower = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
        links = coo_matrix((np.ones(len(upper), np.uint8), (upper, lower)), shape=(len(first), len(first)))
        count, piece = connected_components(links, directed=False) if len(first) else (0, np.zeros(0, np.int64))
        row = first // pitch
        return cls((height, width), row, first - row * pitch, last - row * pitch, piece.astype(np.int64), int(count))

    @cached_property
    def area(self) -> NDArray[np.float64]:
        """Pixels (count,) of each piece."""
        return np.bincount(self.piece, self.stop - self.start, self.count).astype(np.float64)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """Bounds (count, 4) of each piece: x0, y0 and, behind the last pixel, x1, y1."""
        if not self.count:
            return np.zeros((0, 4))
        order = np.argsort(self.piece, kind="stable")
        begin = np.searchsorted(self.piece[order], np.arange(self.count))
        columns = [
            np.minimum.reduceat(self.start[order], begin),
            np.minimum.reduceat(self.row[order], begin),
            np.maximum.reduceat(self.stop[order], begin),
            np.maximum.reduceat(self.row[order], begin) + 1,
        ]
        return np.column_stack(columns).astype(np.float64)

    @cached_property
    def extents(self) -> NDArray[np.float64]:
        """Length and breadth (count, 2) of the bar with each piece's moments of inertia: of a straight stroke, its own.

        A piece that is bent, or branches, is much broader than its strokes.
        """
        n = (self.stop - self.start).astype(np.float64)
        x, y = (self.start + self.stop - 1) / 2.0, self.row.astype(np.float64)
        own = (n * n - 1) / 12.0
        area = np.maximum(self.area, 1.0)

        def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(np.bincount(self.piece, n * values, self.count) / area)

        middle_x, middle_y = mean(x), mean(y)
        x, y = x - middle_x[self.piece], y - middle_y[self.piece]
        xx, yy, xy = mean(x * x + own) + 1 / 12, mean(y * y) + 1 / 12, mean(x * y)
        half, swing = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
        bars = np.maximum(np.column_stack([half + swing, half - swing]), 1 / 12)
        return np.asarray(np.sqrt(12 * bars), np.float64)

    def within(self, rows: slice, columns: slice) -> Index:
        """Indices of the runs that reach into a window."""
        low, high = np.searchsorted(self.row, [rows.start, rows.stop])
        inside = (self.stop[low:high] > columns.start) & (self.start[low:high] < columns.stop)
        return np.asarray(np.flatnonzero(inside) + low, np.int64)

    def most(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The highest value (count,) that each piece's pixels have in a picture (H, W)."""
        out = np.zeros(self.count)
        if not len(self.row):
            return out
        begin = self.row * self.shape[1] + self.start
        edges = np.column_stack([begin, begin + self.stop - self.start]).reshape(-1)
        flat = values.reshape(-1)
        highest = np.maximum.reduceat(flat, np.minimum(edges, flat.size - 1))[::2]
        np.maximum.at(out, self.piece, highest)
        return out

    def erase(self, mask: NDArray[Any], which: NDArray[np.bool_]) -> None:
        """Make the runs `which` (N,) zero in a picture of the same shape, in place."""
        start = self.row[which] * self.shape[1] + self.start[which]
        mask.reshape(-1)[run_pixels(start, self.stop[which] - self.start[which])] = 0


def find_runs(mask: Mask) -> tuple[Index, Index]:
    """First and last-but-one flat positions (N,) of a mask's runs, in rows one pixel longer than the mask's."""
    height, width = mask.shape
    flat = np.zeros(height * (width + 1) + 1, np.uint8)
    flat[1:].reshape(height, width + 1)[:, :width] = mask
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return changes[::2], changes[1::2]


def run_pixels(starts: Index, lengths: Index) -> Index:
    """Flat positions of all pixels of runs."""
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.asarray(np.repeat(starts, lengths) + offsets, np.int64)


def long_runs(mask: Mask, length: int) -> Mask:
    """The level runs of ink that are `length` pixels long or longer; opening by a row, in time that is free of it."""
    height, width = mask.shape
    starts, ends = find_runs(mask)
    lengths = ends - starts
    starts, lengths = starts[lengths >= length], lengths[lengths >= length]
    out = np.zeros(height * (width + 1), np.uint8)
    out[run_pixels(starts, lengths)] = 1
    return out.reshape(height, width + 1)[:, :width]
