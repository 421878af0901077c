"""The bar across the pipe in the strip of ink that lies in front of a valve's end.

A *strip* is ink (T, W) with its rows across the pipe, from a little within the valve outward, and the pipe's axis in
its middle column. Lengths are in breadths of the valve unless they are said to be pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BEFORE, REACH, ONWARD = 0.12, 0.5, 0.5
"""A strip starts so far within the valve; a bar stands no further out than the second; beyond it, the third is seen."""
OWN_END_PX = 3
"""By which the stroke at a valve's end may lie outside of its box."""
BAR_LENGTH = (0.75, 1.35)
THICKEST = 0.28
OFF_AXIS = 0.15
CLEAR = (0.25, 0.4)
"""Before and behind a bar there is paper between these distances from the axis, on both sides."""
AXIS_PX = 2
"""A pipe is off the valve's axis by no more."""


@dataclass(frozen=True)
class Bar:
    """Rows and columns of a strip, last ones excluded, and what is before and behind."""

    start: int
    stop: int
    left: int
    right: int
    stemmed: bool
    """Whether ink leads from the valve to the bar."""
    onward: bool
    """Whether a pipe goes on behind the bar."""


def find_bar(strip: NDArray[np.bool_], breadth: float) -> Bar | None:
    """The bar that stands across the pipe in front of a valve's own end, in a strip (T, W); `breadth` in pixels."""
    runs = [_run_at(row, strip.shape[1] // 2) for row in strip]
    starts, stops = _groups(np.array([stop - start >= BAR_LENGTH[0] * breadth for start, stop in runs]))
    own_end = BEFORE * breadth + OWN_END_PX
    if len(starts) < 2 or starts[0] > own_end or starts[1] > (BEFORE + REACH) * breadth:
        return None
    start, stop = int(starts[1]), int(stops[1])
    left, right = min(run[0] for run in runs[start:stop]), max(run[1] for run in runs[start:stop])
    off = abs((left + right) / 2 - strip.shape[1] // 2)
    fits = right - left <= BAR_LENGTH[1] * breadth and off <= OFF_AXIS * breadth
    gap, behind = strip[stops[0] : start], strip[stop : stop + round(ONWARD * breadth)]
    apart = _is_clear(gap, breadth) and _is_clear(behind[:2], breadth)
    if not fits or not apart or stop - start > max(THICKEST * breadth, 2):
        return None
    return Bar(start, stop, left, right, stemmed=_has_pipe(gap), onward=_has_pipe(behind))


def _groups(flags: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last index (excluded) of each run of flags."""
    steps = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)


def _run_at(row: NDArray[np.bool_], middle: int) -> tuple[int, int]:
    """First and last column (excluded) of the ink of a row that reaches over its middle; equal for none."""
    if not row[middle]:
        return middle, middle
    left, right = row[:middle][::-1], row[middle:]
    return middle - int(np.append(left, False).argmin()), middle + int(np.append(right, False).argmin())


def _is_clear(rows: NDArray[np.bool_], breadth: float) -> bool:
    """Whether one of the rows has paper on both sides of the axis."""
    middle = rows.shape[1] // 2
    near, far = round(CLEAR[0] * breadth), round(CLEAR[1] * breadth) + 1
    sides = np.hstack([rows[:, middle - far : middle - near], rows[:, middle + near : middle + far]])
    return bool((~sides).all(axis=1).any())


def _has_pipe(rows: NDArray[np.bool_]) -> bool:
    """Whether ink leads through all rows at the axis."""
    middle = rows.shape[1] // 2
    return bool(rows[:, middle - AXIS_PX : middle + AXIS_PX + 1].any(axis=1).all())
