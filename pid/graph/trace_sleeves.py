"""Sleeves on pipes: the lettered cylinder that says how a pipe is insulated or traced from there on.

It is drawn round the pipe's axis, which the pipe enters at one short end and leaves at the other; nothing of the plant
ends there. What recognition took for a symbol of the plant is none where a pipe goes on behind: a connector to another
sheet has a pipe at one end only. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Symbol
from pid.geometry import as_boxes, box_area, box_intersection
from pid.graph.symbol_index import PASSED

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]

LENGTH, BREADTH = (80.0, 320.0), (24.0, 80.0)
"""Of the paper inside a sleeve, along the pipe and across."""
ASPECT = 1.6
"""A sleeve is at least so many times longer than broad."""
FILLED = 0.6
"""Of its bounds, the paper inside: letters and round ends take the rest."""
RIM = 3.0
"""A sleeve's outline is about so thick."""
PIPE_FROM, PIPE_TO = 20.0, 40.0
"""Distances from the paper inside between which a pipe is straight ink at both ends ..."""
OFF_AXIS = 0.25
"""... no further off the axis than this share of the breadth, ..."""
PIPE_BREADTH = 0.5
"""... and nothing else stands there that is broader than this share."""
OWNED = 0.3
"""A sleeve shares no more of its box with a symbol, other than a mark or a connector."""
HIDDEN = 0.7
"""A mark or connector with this share of its box in a sleeve is the sleeve."""
PIPE_PX = 3.0
KIND = "insulation_sleeve"


@dataclass(frozen=True)
class Sleeve:
    """A sleeve in the ink: its bounds, outline and all, and the two points of the pipe's axis between which it lies."""

    box: Box
    start: tuple[int, int]
    stop: tuple[int, int]


def find_sleeves(mask: Mask, words: Array, symbols: Sequence[Symbol], *, scale: float) -> list[Sleeve]:
    """The sleeves in the ink (H, W) of symbols and lines.

    Args:
        mask: Ink with the lettering lifted off.
        words: Boxes (W, 4) of the lettering.
        symbols: What was recognised.
        scale: Sheet width over 5000 px.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    size = stats[:, 2:4] / scale
    longer, shorter = size.max(axis=1), size.min(axis=1)
    good = (longer >= LENGTH[0]) & (longer <= LENGTH[1]) & (shorter >= BREADTH[0]) & (shorter <= BREADTH[1])
    good &= (longer >= ASPECT * shorter) & (stats[:, 4] >= FILLED * stats[:, 2] * stats[:, 3])
    inner = np.hstack([stats[good, :2], stats[good, :2] + stats[good, 2:4]]).astype(float)
    ends = as_boxes([s.box for s in symbols if s.group not in PASSED])
    lettered = [box for box in inner if _is_lettered(box, words) and not _is_owned(box, symbols)]
    found = (_pierced(mask, box, ends, scale) for box in lettered)
    return [sleeve for sleeve in found if sleeve is not None]


def draw_through(mask: Mask, sleeves: Sequence[Sleeve], *, scale: float) -> Mask:
    """The ink with a plain pipe in the place of each sleeve."""
    out = mask.copy()
    for sleeve in sleeves:
        x0, y0, x1, y1 = (round(v) for v in sleeve.box)
        out[y0:y1, x0:x1] = 0
        cv2.line(out, sleeve.start, sleeve.stop, 1, max(round(PIPE_PX * scale), 1))
    return out


def hidden_by(sleeves: Sequence[Sleeve], symbols: Sequence[Symbol]) -> frozenset[str]:
    """Ids of the marks and connectors that are a sleeve."""
    if not sleeves:
        return frozenset()
    boxes = as_boxes([s.box for s in symbols])
    shared = box_intersection(boxes, [sleeve.box for sleeve in sleeves]) / np.maximum(box_area(boxes), 1e-9)[:, None]
    hidden = np.flatnonzero((shared >= HIDDEN).any(axis=1)).tolist()
    return frozenset(symbols[i].id for i in hidden if symbols[i].group in ("connector", "other"))


def name_sleeves(symbols: Sequence[Symbol], ids: Collection[str]) -> tuple[Symbol, ...]:
    """The symbols, those of the given ids named as the sleeves that they are."""
    update = {"kind": KIND, "group": "other"}
    return tuple(s.model_copy(update=update) if s.id in ids else s for s in symbols)


def _is_lettered(box: Array, words: Array) -> bool:
    """Whether the middle of a word lies in a box."""
    middles = (words[:, :2] + words[:, 2:]) / 2
    return bool(((middles > box[:2]) & (middles < box[2:])).all(axis=1).any())


def _pierced(mask: Mask, box: Array, ends: Array, scale: float) -> Sleeve | None:
    """The sleeve round the paper in a box, where a pipe leads away at both short ends, or a symbol (E, 4) stands."""
    axis = int(box[3] - box[1] > box[2] - box[0])
    near, far = PIPE_FROM * scale, PIPE_TO * scale
    before, behind = box.copy(), box.copy()
    before[[axis, axis + 2]] = box[axis] - far, box[axis] - near
    behind[[axis, axis + 2]] = box[axis + 2] + near, box[axis + 2] + far
    levels = [_pipe_level(mask, window, axis) for window in (before, behind)]
    if any(at is None and not _is_at(window, ends) for at, window in zip(levels, (before, behind), strict=True)):
        return None
    seen = [at for at in levels if at is not None] or [float(box[1 - axis] + box[3 - axis]) / 2]
    places = [(at if at is not None else seen[0]) for at in levels]
    along = (box[axis] - near, box[axis + 2] + near)
    start, stop = (
        (round(a), round(b)) if axis == 0 else (round(b), round(a)) for a, b in zip(along, places, strict=True)
    )
    x0, y0, x1, y1 = (box + RIM * scale * np.array([-1.0, -1.0, 1.0, 1.0])).tolist()
    return Sleeve((x0, y0, x1, y1), start, stop)


def _pipe_level(mask: Mask, window: Array, axis: int) -> float | None:
    """Where ink runs through a window from side to side near its middle; None unless all else is paper."""
    x0, y0, x1, y1 = np.maximum(window, 0).astype(int).tolist()
    end = mask[y0:y1, x0:x1] if axis == 0 else mask[y0:y1, x0:x1].T
    if not end.size:
        return None
    rows = np.flatnonzero(end.all(axis=1))
    breadth = len(end)
    off_axis = np.abs(rows - (breadth - 1) / 2)
    if off_axis.min(initial=np.inf) > OFF_AXIS * breadth or len(rows) > PIPE_BREADTH * breadth:
        return None
    return float((y0, x0)[axis] + rows[off_axis <= OFF_AXIS * breadth].mean())


def _is_at(window: Array, ends: Array) -> bool:
    """Whether the middle of a window lies in a symbol that lines end at."""
    middle = np.tile((window[:2] + window[2:]) / 2, 2)
    low, high = middle[:2] >= ends[:, :2], middle[2:] <= ends[:, 2:]
    return bool((low & high).all(axis=1).any())


def _is_owned(box: Array, symbols: Sequence[Symbol]) -> bool:
    """Whether a box is a symbol's that lines may end at, connectors and what holds others excepted."""
    others = as_boxes([s.box for s in symbols if s.group not in ("other", "connector", "flow_arrow", "vessel")])
    return bool(len(others)) and bool(box_intersection([box], others).max() > OWNED * box_area([box])[0])
