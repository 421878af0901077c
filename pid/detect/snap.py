"""Move the sides of found boxes onto the ink they enclose: the network is a few pixels off, which thin parts feel most.

Method: the ink along each side is counted column by column (row by row) across the side's place. What is counted
farthest outside is the pipe that leads away; columns with more are the symbol. The side moves to the end of the run of
symbol columns it stands in or next to. It stays where the run does not end within reach, as then neighbours touch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, as_boxes

INK_GREY = 144
"""Darker pixels of a whitened sheet are ink; half-covered border pixels of a line count where it is mostly inside."""
REACH_SHARE, LEAST_REACH_PX, MOST_REACH_PX = 0.15, 3, 8
"""A side moves at most by this share of the box's longer side, within these pixels of a sheet 5000 px wide."""
REFERENCE_PX = 5000.0
CLEAR_PX = 2
"""So many columns with no more than the pipe end a symbol: one may be a gap in worn ink."""
MORE_THAN_PIPE_PX = 1
"""A column is the symbol's when it holds more than the pipe and this: the pipe's own edge is uneven."""


def snap_boxes(sheet: NDArray[np.uint8], boxes: Array) -> Array:
    """Boxes (N, 4) on the whitened (H, W) sheet with their sides on the ink, in the sheet's pixels."""
    boxes = as_boxes(boxes)
    scale = max(sheet.shape) / REFERENCE_PX
    return np.array([_snap_box(sheet, box, scale) for box in boxes], float).reshape(-1, 4)


def _snap_box(sheet: NDArray[np.uint8], box: Array, scale: float) -> list[float]:
    height, width = sheet.shape
    longer = max(box[2] - box[0], box[3] - box[1])
    reach = round(float(np.clip(REACH_SHARE * longer, LEAST_REACH_PX * scale, MOST_REACH_PX * scale)))
    reach = max(1, reach)
    x0, y0, x1, y1 = (round(float(v)) for v in box)
    left, top = max(0, x0 - reach - CLEAR_PX), max(0, y0 - reach - CLEAR_PX)
    ink = sheet[top : min(height, y1 + reach + CLEAR_PX), left : min(width, x1 + reach + CLEAR_PX)] < INK_GREY
    if x1 - x0 < 2 or y1 - y0 < 2 or not ink.any():
        return [float(v) for v in box]
    snapped = [float(v) for v in box]
    for axis, start in ((0, left), (1, top)):
        # The second axis is counted as far as the first reached, too: a corner may be all that there is at a side.
        low = round(min(float(box[1 - axis]), snapped[1 - axis])) - (top, left)[axis]
        high = round(max(float(box[3 - axis]), snapped[3 - axis])) - (top, left)[axis]
        band = ink[max(low, 0) : high] if axis == 0 else ink[:, max(low, 0) : high].T
        profile, size = band.sum(axis=0), round(float(box[axis + 2] - box[axis]))
        for side, outward in ((axis, -1), (axis + 2, 1)):
            place = round(float(box[side])) - start
            at = _find_end(profile, place, min(reach, max(1, size // 2)), reach, outward=outward)
            if at is not None:
                snapped[side] = float(start + at)
    whole = snapped[2] - snapped[0] >= 1 and snapped[3] - snapped[1] >= 1
    return snapped if whole else [float(v) for v in box]


def _find_end(profile: NDArray[np.int64], place: int, inner: int, outer: int, *, outward: int) -> int | None:
    """Where the symbol ends near `place` (an edge between columns) in `profile`, going outward; None if nowhere."""
    if outward > 0:
        low, high = max(0, place - inner), min(len(profile), place + outer + CLEAR_PX)
        window = profile[low:high]
    else:
        low, high = max(0, place - outer - CLEAR_PX), min(len(profile), place + inner)
        window = profile[low:high][::-1]
    if len(window) < inner + CLEAR_PX:
        return None
    more = window > window[inner:].min() + MORE_THAN_PIPE_PX
    if not more.any():
        return None
    first = int(more.argmax())
    clear = 0
    for i in range(first, len(more)):
        clear = 0 if more[i] else clear + 1
        if clear == CLEAR_PX:
            end = i - CLEAR_PX + 1
            return low + end if outward > 0 else high - end
    return None
