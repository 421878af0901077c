"""Plain circular actuators reach down to their valve: the stem is part of the symbol, as in DEXPI's ControlledActuator.

The detector often sees the circle alone, since domes and boxes on other sheets end where the stem begins.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Symbol
from pid.geometry import Array

KIND = "controlled_actuator"
ROUND = 1.35
"""A circle's box is at most so many times longer than wide; a longer one has its stem already."""
LONGEST_STEM = 2.5
"""From the circle to the valve's middle, in diameters."""
OFF_AXIS = 0.25
"""Between the middles of circle and valve across the stem, in diameters."""
DRAWN = 0.8
"""Of the stem, ink: an arrow head may be drawn on it, a gap for lettering may cut it."""
INK_SHARE = 0.7
"""Of the paper's grey level; darker pixels are ink."""


def add_stems(symbols: Sequence[Symbol], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The symbols, with the boxes of circular actuators carried along their stems to the middle of their valve.

    Args:
        symbols: of the sheet, in its pixels.
        gray: the sheet, (H, W) uint8, paper bright.
    """
    valves = np.array([s.box for s in symbols if s.group == "valve"], float).reshape(-1, 4)
    return tuple(_with_stem(s, valves, gray) if _is_circle(s) and len(valves) else s for s in symbols)


def _is_circle(symbol: Symbol) -> bool:
    wide, high = symbol.box[2] - symbol.box[0], symbol.box[3] - symbol.box[1]
    return symbol.kind == KIND and max(wide, high) <= ROUND * min(wide, high) and "block" not in symbol.found_by


def _with_stem(actuator: Symbol, valves: Array, gray: NDArray[np.uint8]) -> Symbol:
    """The actuator as far as the nearest valve that a drawn stem leads to; unchanged without one."""
    x0, y0, x1, y1 = actuator.box
    center, size = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), max(x1 - x0, y1 - y0)
    middles = (valves[:, :2] + valves[:, 2:]) / 2
    reached: list[tuple[float, Box]] = []
    for k, middle in enumerate(middles):
        axis = int(np.argmax(np.abs(middle - center)))
        far, off = abs(float((middle - center)[axis])), abs(float((middle - center)[1 - axis]))
        if off > OFF_AXIS * size or not size / 2 < far <= size / 2 + LONGEST_STEM * size:
            continue
        forward = bool(middle[axis] > center[axis])
        start = actuator.box[axis + 2] if forward else actuator.box[axis]
        end = valves[k, axis] if forward else valves[k, axis + 2]
        if not _is_drawn(gray, axis, (start, float(end)), float(center[1 - axis]), size):
            continue
        box = list(actuator.box)
        box[axis + 2 if forward else axis] = float(middle[axis])
        reached.append((far, (box[0], box[1], box[2], box[3])))
    return actuator.model_copy(update={"box": min(reached)[1]}) if reached else actuator


def _is_drawn(gray: NDArray[np.uint8], axis: int, ends: tuple[float, float], across: float, size: float) -> bool:
    """Whether ink leads from one end to the other along x (`axis` 0) or y (1), near the line at `across`."""
    low, high = sorted(round(e) for e in ends)
    if high - low < 2:
        return True
    view = gray if axis == 1 else gray.T
    half = max(2, round(OFF_AXIS / 2 * size))
    band = view[max(low, 0) : high, max(round(across) - half, 0) : round(across) + half + 1]
    if band.size == 0:
        return False
    paper = float(np.percentile(band, 95))
    return bool((band < INK_SHARE * paper).any(axis=1).mean() >= DRAWN)
