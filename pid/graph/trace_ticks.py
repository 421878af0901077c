"""Signal lines told by the marks along them: ticks, crosses, circles and Ls (ISA-5.1).

A *strip* is the ink along a straight piece of a line, turned so that the line runs along its middle row. A *mark* is a
stretch of a strip with ink beside the line, on one side or both, that ends within the strip: what runs out of it is
another line. Lengths are for a sheet 5000 px wide and are multiplied by `scale`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]
Flags = NDArray[np.bool_]

STRIP_REACH = 30.0
"""Marks are drawn within this distance of their line's axis; ink beyond belongs to something else."""
END_MARGIN = 10.0
"""At its ends and bends a line's own parts lie beside it."""
MARK_GAP = 14.0
"""The two ticks of a mark are no further apart than this."""
MARK_LENGTH = (7.0, 50.0)
"""Marks are so long along their line ..."""
MARK_REACH = 5.0
"""... and stand out of it by this much at least on both sides together."""
SAME_SHARE = 0.6
"""Of the marks on a line so many are alike."""
FEWEST_ON_PIPE = 3
"""A line that nothing else tells to be a signal carries so many marks at least."""


def told_style(points: Array, mask: Mask, *, width: float, scale: float, signal: bool) -> str | None:
    """The style that the marks along a line tell, None where they tell none.

    Args:
        points: The line (N, 2), pixels of the mask.
        mask: Ink (H, W) without symbols and lettering.
        width: Thickness of the line in pixels.
        scale: Sheet width / 5000.
        signal: Whether the line is known to be a signal: one mark is enough then.
    """
    votes: Counter[str] = Counter()
    for start, stop in pairwise(points):
        for mark in _marks(_strip(mask, start, stop, scale), width, scale):
            votes[_name_mark(mark, width)] += 1
    if not votes:
        return None
    style, count = votes.most_common(1)[0]
    fewest = 1 if signal else FEWEST_ON_PIPE
    return style if style and count >= max(fewest, SAME_SHARE * votes.total()) else None


def _strip(mask: Mask, start: Array, stop: Array, scale: float) -> Flags:
    """The ink (2 * reach + 1, length) along a straight piece but for its ends; the row in the middle is its axis."""
    margin, reach = END_MARGIN * scale, round(STRIP_REACH * scale)
    length = float(np.hypot(*(stop - start)))
    along = np.arange(margin, length - margin)
    if not len(along):
        return np.zeros((2 * reach + 1, 0), bool)
    way = (stop - start) / length
    offsets = np.arange(-reach, reach + 1)[:, None]
    x = np.round(start[0] + way[0] * along - way[1] * offsets).astype(int).clip(0, mask.shape[1] - 1)
    y = np.round(start[1] + way[1] * along + way[0] * offsets).astype(int).clip(0, mask.shape[0] - 1)
    return np.asarray(mask[y, x] > 0, bool)


def _marks(strip: Flags, width: float, scale: float) -> Iterator[Flags]:
    """The stretches of a strip that hold a mark each, cut out over the strip's whole height."""
    middle, pen = len(strip) // 2, _half_pen(width)
    beside = strip.copy()
    beside[middle - pen : middle + pen + 1] = False
    columns = np.flatnonzero(beside.any(axis=0))
    if not len(columns):
        return
    for group in np.split(columns, np.flatnonzero(np.diff(columns) > MARK_GAP * scale) + 1):
        first, last = int(group[0]), int(group[-1])
        part = beside[:, first : last + 1]
        rows = np.flatnonzero(part.any(axis=1))
        runs_out = part[0].any() or part[-1].any() or first == 0 or last == strip.shape[1] - 1
        low, high = MARK_LENGTH
        sized = low * scale <= last - first + 1 <= high * scale and len(rows) >= MARK_REACH * scale
        if sized and not runs_out:
            yield strip[:, first : last + 1]


def _name_mark(mark: Flags, width: float) -> str:
    """The style of line that a mark (rows across, columns along the line) stands for, empty where it tells none."""
    middle, pen = len(mark) // 2, _half_pen(width)
    above, below = mark[: middle - pen][::-1], mark[middle + pen + 1 :]
    reach = [int(np.flatnonzero(side.any(axis=1)).max(initial=-1)) + 1 for side in (above, below)]
    axis: Flags = np.asarray(mark[middle - 1 : middle + 2].any(axis=0), bool)
    inner = axis[len(axis) // 3 : max(2 * len(axis) // 3, len(axis) // 3 + 1)]
    if min(reach) and inner.mean() < 0.5:
        return "data_link"
    if min(reach) < 2 or max(reach) > 2.5 * min(reach) + 2:
        return "hydraulic" if _is_l(above, below, reach) else ""
    if _is_l(above, below, reach):
        return "hydraulic"
    far, near = (
        [_spread(side, share * r) for side, r in zip((above, below), reach, strict=True)] for share in (0.6, 0.0)
    )
    slant = abs(far[0][0] - far[1][0])
    widening = sum(f[1] - n[1] for f, n in zip(far, near, strict=True)) / 2
    if max(slant, widening) < 1.5:
        return "pneumatic" if _is_double(above, reach[0]) or _is_double(below, reach[1]) else ""
    return "capillary" if widening > slant else "pneumatic"


def _half_pen(width: float) -> int:
    """Rows on each side of a line's middle row that its own ink may fill."""
    return int(np.ceil(width / 2)) + 1


def _spread(side: Flags, at: float) -> tuple[float, float]:
    """Middle and extent of a mark's ink along the line, `at` rows off the line."""
    columns = np.flatnonzero(side[min(int(at), len(side) - 1)])
    return (float(columns.mean()), float(np.ptp(columns))) if len(columns) else (side.shape[1] / 2, 0.0)


def _is_double(side: Flags, reach: int) -> bool:
    """Whether two separate strokes leave the line on one side."""
    row = side[reach // 2].astype(np.int8)
    return int((np.diff(np.r_[0, row, 0]) == 1).sum()) == 2


def _is_l(above: Flags, below: Flags, reach: list[int]) -> bool:
    """Whether a mark is one stroke across the line, or beside it, with a foot along or across it: an L."""
    solid = [float(side.sum(axis=1).max(initial=0)) / max(side.shape[1], 1) for side in (above, below)]
    long = int(np.argmax(solid))
    other = (above, below)[1 - long]
    single = (
        not reach[1 - long] or int((np.diff(np.r_[0, other[reach[1 - long] // 2].astype(np.int8), 0]) == 1).sum()) == 1
    )
    return bool(solid[long] > 0.75 and solid[1 - long] < 0.6 and single)
