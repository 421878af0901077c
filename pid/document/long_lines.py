"""Long, nearly level or upright drawn lines of a sheet: its frame, grid, tables and pipes, followed as they bend.

What is drawn straight along an axis shows how a page was turned, tilted or bent. A *line* is followed as one run of
ink from column to column (or row to row); it is kept as samples, each the mean place of a short piece of it. All
coordinates are pixels of the picture given, pixel (i, j) covering i..i+1, j..j+1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.paper import level_paper

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]

WORKING_PX = 2800
"""Longest side of the picture that lines are followed on: a pen line still shows there."""
INK_GREY = 205
"""Against paper of 255, after averaging down: half of a one-pixel pen line."""
RUN_PX = 9
"""A line leaning by 6 degrees and one pixel wide still has straight runs of this length; letters have few."""
LEAST_SHARE = 0.035
"""Shortest line, as a share of the longer side: longer than words and symbols."""
THICKEST_PX = 7.0
"""Mean height of a run that is a line; frames are thinner, filled areas are not."""
PIECE_PX = 8
"""Columns that one sample is the mean of."""


@dataclass(frozen=True, eq=False)
class LongLines:
    """Samples of lines. `shape` is the picture's (height, width)."""

    points: Array  # (N, 2), in order along each line
    line: NDArray[np.intp]  # (N,), 0.. without gaps: the line that each belongs to
    upright: NDArray[np.bool_]  # (lines,)
    shape: tuple[int, int]

    @property
    def is_upright(self) -> NDArray[np.bool_]:
        """Whether each sample (N,) is of an upright line."""
        return np.asarray(self.upright[self.line], bool)

    def moved(self, points: Array, shape: tuple[int, ...]) -> LongLines:
        """The same lines with their samples elsewhere, on a picture of another shape (height, width)."""
        return LongLines(points, self.line, self.upright, (shape[0], shape[1]))


def follow_long_lines(gray: Gray) -> LongLines:
    """The long lines of a grey sheet (H, W) that lean by less than about 6 degrees from an axis."""
    factor = max(1, -(-max(gray.shape) // WORKING_PX))
    height, width = gray.shape[0] // factor, gray.shape[1] // factor
    if min(height, width) == 0:
        return LongLines(np.zeros((0, 2)), np.zeros(0, np.intp), np.zeros(0, bool), (gray.shape[0], gray.shape[1]))
    small = gray[: height * factor, : width * factor]
    if factor > 1:
        small = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    ink = np.asarray(level_paper(small) < INK_GREY, np.uint8)
    least = LEAST_SHARE * max(ink.shape)
    level, level_line = _follow_level(ink, least)
    upright, upright_line = _follow_level(np.ascontiguousarray(ink.T), least)
    lines = int(level_line.max(initial=-1)) + 1
    flags = np.arange(lines + int(upright_line.max(initial=-1)) + 1) >= lines
    points = np.concatenate([level, upright[:, ::-1]]) * factor
    return LongLines(points, np.concatenate([level_line, upright_line + lines]), flags, (gray.shape[0], gray.shape[1]))


def _follow_level(ink: NDArray[np.uint8], least: float) -> tuple[Array, NDArray[np.intp]]:
    """Samples (N, 2) and line numbers (N,) of the nearly level lines at least `least` px long in a mask (H, W)."""
    runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (RUN_PX, 1)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    thickness = stats[:, cv2.CC_STAT_AREA] / np.maximum(stats[:, cv2.CC_STAT_WIDTH], 1)
    kept = (stats[:, cv2.CC_STAT_WIDTH] >= least) & (thickness <= THICKEST_PX)
    kept[0] = False
    number = np.full(count, -1, np.intp)
    number[kept] = np.arange(int(kept.sum()))
    y, x = np.nonzero(kept[labels])
    line = number[labels[y, x]]
    pieces = ink.shape[1] // PIECE_PX + 1
    key = line * pieces + x // PIECE_PX
    return _mean_places(key, x, y, pieces)


def _mean_places(
    key: NDArray[np.intp], x: NDArray[np.intp], y: NDArray[np.intp], pieces: int
) -> tuple[Array, NDArray[np.intp]]:
    """Mean place of the ink of each piece (line * pieces + piece), but of those that hold two strokes side by side."""
    size = int(key.max(initial=-1)) + 1
    count = np.bincount(key, minlength=size).astype(np.float64)
    seen = np.flatnonzero(count)
    mean = [np.bincount(key, weights=v, minlength=size)[seen] / count[seen] + 0.5 for v in (x, y)]
    spread = np.bincount(key, weights=y.astype(np.float64) ** 2, minlength=size)[seen] / count[seen]
    spread -= (mean[1] - 0.5) ** 2
    single = spread <= (THICKEST_PX / 2) ** 2
    line = seen // pieces
    return np.stack([mean[0], mean[1]], axis=1)[single], _renumbered(line[single])


def _renumbered(line: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(line, return_inverse=True)[1].astype(np.intp).reshape(-1)
