"""Dots where pipes join are no symbols, and an arrow right before a dot is no valve.

Terms of art: a *dot* is a filled disc a few strokes across with pipes leaving on three sides or more, which no part of
a plant has at this size. Lengths are for a sheet 5000 px wide, multiplied by its scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Symbol
from pid.paper import paper_grey
from pid.place_ports import place_ports

Ink = NDArray[np.bool_]

LARGEST = 24.0
"""Of a dot's box, the longer side."""
ROUND_ASPECT = 1.35
PAIR_ASPECT = (1.6, 2.6)
"""Of an arrow and a dot together."""
CORE, RIM = 0.8, 1.3
"""A disc is ink within the one and mostly paper beyond the other share of its radius, in its box's corners."""
CORE_INK, RIM_INK = 0.97, 0.35
OFF, LEAST_SHARE = 4, 0.6
"""Pixels by which a box may be off its dot, whose radius is at least this share of half the box's side."""
FEWEST_PIPES = 3
AROUND = 3
"""Pixels outside of a dot at which its pipes are seen."""
TRIANGLE_INK = (0.3, 0.75)
"""Share of ink in the other half of an arrow and a dot."""
DOTTED = ("fitting", "connector", "instrument", "nozzle", "flow_arrow", "valve", "reducer", "actuator")
INK_SHARE = 0.6
"""Of the paper's grey level; darker pixels are ink."""


def drop_dots(symbols: Sequence[Symbol], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The symbols of a sheet (H, W), paper bright, without dots; arrows that were boxed with one are arrows."""
    ink = np.asarray(gray < INK_SHARE * paper_grey(gray), bool)
    largest = LARGEST * gray.shape[1] / 5000.0
    out: list[Symbol] = []
    for symbol in symbols:
        wide, high = symbol.box[2] - symbol.box[0], symbol.box[3] - symbol.box[1]
        longer, shorter = max(wide, high), max(min(wide, high), 1.0)
        if symbol.group in DOTTED and longer <= largest and longer <= ROUND_ASPECT * shorter:
            places = [symbol.box] if symbol.group == "flow_arrow" else [symbol.box, _largest_disc(ink, symbol.box)]
            if not any(_is_dot(ink, place) for place in places):
                out.append(symbol)
        elif symbol.group == "valve" and shorter <= largest and PAIR_ASPECT[0] <= longer / shorter <= PAIR_ASPECT[1]:
            out.append(_arrow_before_dot(symbol, ink) or symbol)
        else:
            out.append(symbol)
    return tuple(out)


def _is_dot(ink: Ink, box: Box) -> bool:
    """Whether a box holds a filled disc that pipes leave on three sides or more."""
    x0, y0, x1, y1 = (round(v) for v in box)
    view = ink[max(y0, 0) : y1, max(x0, 0) : x1]
    if min(view.shape) < 4:
        return False
    rows, columns = np.indices(view.shape)
    middle = (np.array(view.shape) - 1) / 2
    radius = np.hypot((rows - middle[0]) / (middle[0] + 0.5), (columns - middle[1]) / (middle[1] + 0.5))
    core, corners = view[radius <= CORE], view[radius >= RIM]
    if not corners.size or core.mean() < CORE_INK or corners.mean() > RIM_INK:
        return False
    around = (
        ink[max(y0 - AROUND, 0), x0:x1],
        ink[min(y1 + AROUND - 1, ink.shape[0] - 1), x0:x1],
        ink[y0:y1, max(x0 - AROUND, 0)],
        ink[y0:y1, min(x1 + AROUND - 1, ink.shape[1] - 1)],
    )
    return sum(bool(side.any()) for side in around) >= FEWEST_PIPES


def _largest_disc(ink: Ink, box: Box) -> Box:
    """Bounds of the largest disc of ink with its middle in a box, which may lie a few pixels off it."""
    left, top = max(round(box[0]) - OFF, 0), max(round(box[1]) - OFF, 0)
    view = ink[top : round(box[3]) + OFF, left : round(box[2]) + OFF].astype(np.uint8)
    depth = cv2.distanceTransform(np.pad(view, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    depth[:OFF] = depth[-OFF:] = 0
    depth[:, :OFF] = depth[:, -OFF:] = 0
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    middle_x, middle_y, radius = left + float(x) + 0.5, top + float(y) + 0.5, float(depth[y, x]) + 0.5
    if radius < LEAST_SHARE * min(box[2] - box[0], box[3] - box[1]) / 2:
        return box
    return middle_x - radius, middle_y - radius, middle_x + radius, middle_y + radius


def _arrow_before_dot(symbol: Symbol, ink: Ink) -> Symbol | None:
    """The arrow of an arrow and a dot that were taken for one valve."""
    x0, y0, x1, y1 = symbol.box
    axis = int(y1 - y0 > x1 - x0)
    breadth = min(x1 - x0, y1 - y0)
    for at_end in (False, True):
        dot, rest = [x0, y0, x1, y1], [x0, y0, x1, y1]
        cut = symbol.box[axis + 2] - breadth if at_end else symbol.box[axis] + breadth
        dot[axis if at_end else axis + 2] = cut
        rest[axis + 2 if at_end else axis] = cut
        left, top, right, bottom = (round(v) for v in rest)
        share = float(ink[top:bottom, left:right].mean()) if right > left and bottom > top else 0.0
        if TRIANGLE_INK[0] <= share <= TRIANGLE_INK[1] and _is_dot(ink, (dot[0], dot[1], dot[2], dot[3])):
            rotation = ((180.0, 0.0), (90.0, 270.0))[axis][at_end]
            return _arrow(symbol, (rest[0], rest[1], rest[2], rest[3]), rotation)
    return None


def _arrow(symbol: Symbol, box: Box, rotation: float) -> Symbol:
    ports = place_ports(None, box, rotation=rotation, mirrored=False)
    update = {"kind": "flow_arrow", "group": "flow_arrow", "box": box, "rotation": rotation, "mirrored": False}
    return symbol.model_copy(update={**update, "ports": ports})
