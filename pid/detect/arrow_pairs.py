"""Two flow arrows head to head, where flows meet at a tee, look like a small filled valve.

An office draws its symbols at one size: what is as broad as the sheet's arrows and as long as two of them, and far
narrower than its valves, is arrows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.drawing import Box, Symbol
from pid.geometry import Array
from pid.place_ports import place_ports

FEWEST = 4
"""So many arrows and valves that both witnesses saw tell the sheet's sizes."""
ALIKE = 0.2
"""Sizes differ by less than this share."""
NARROWER = 0.75
"""Of the breadth of the sheet's valves."""


def part_arrows(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """The symbols of a sheet, valves that one witness alone saw as two arrows where these are their sizes."""
    sure = [s for s in symbols if len(s.found_by) > 1]
    arrows = _sizes([s for s in sure if s.group == "flow_arrow"])
    valves = _sizes([s for s in sure if s.group == "valve"])
    if min(len(arrows), len(valves)) < FEWEST:
        return tuple(symbols)
    (length, breadth), usual = np.median(arrows, axis=0), float(np.median(valves[:, 1]))
    out: list[Symbol] = []
    for symbol in symbols:
        own_length, own_breadth = _sizes([symbol])[0]
        is_pair = (
            symbol.group == "valve"
            and len(symbol.found_by) == 1
            and own_breadth < NARROWER * usual
            and abs(own_breadth / breadth - 1.0) < ALIKE
            and abs(own_length / (2.0 * length) - 1.0) < ALIKE
        )
        out += _halves(symbol) if is_pair else [symbol]
    return tuple(out)


def _sizes(symbols: Sequence[Symbol]) -> Array:
    """Length and breadth (N, 2) of symbols, the longer side first."""
    boxes = np.array([s.box for s in symbols], float).reshape(-1, 4)
    return np.asarray(np.sort(boxes[:, 2:] - boxes[:, :2], axis=1)[:, ::-1], float)


def _halves(symbol: Symbol) -> list[Symbol]:
    """The two arrows of a pair, each pointing at the other."""
    x0, y0, x1, y1 = symbol.box
    if x1 - x0 > y1 - y0:
        middle = (x0 + x1) / 2
        return [_arrow(symbol, "a", (x0, y0, middle, y1), 0.0), _arrow(symbol, "b", (middle, y0, x1, y1), 180.0)]
    middle = (y0 + y1) / 2
    return [_arrow(symbol, "a", (x0, y0, x1, middle), 270.0), _arrow(symbol, "b", (x0, middle, x1, y1), 90.0)]


def _arrow(pair: Symbol, suffix: str, box: Box, rotation: float) -> Symbol:
    ports = place_ports(None, box, rotation=rotation, mirrored=False)
    update = {"id": f"{pair.id}-{suffix}", "kind": "flow_arrow", "group": "flow_arrow", "box": box}
    return pair.model_copy(update={**update, "rotation": rotation, "mirrored": False, "ports": ports})
