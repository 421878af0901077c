"""Valves drawn with their actuators, as two symbols on sheets that draw and count actuators by themselves.

One office regards a control valve with its dome as one symbol, another draws valve, stem and actuator. A sheet follows
one habit, and what its other valves do tells which. Terms of art: an *operated valve* is found in one box with its
actuator; its *body* is the valve alone, which one of the witnesses saw as well; the *crown* is the side across from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Symbol
from pid.geometry import Array, as_boxes, box_area, box_intersection, box_iou
from pid.paper import paper_grey
from pid.place_ports import place_ports

OPERATED = "actuated_valve"
FEWEST_APART = 2
"""So many actuators found apart from their valves, and no fewer than operated valves, are a sheet's habit."""
BODY_INSIDE, BODY_BREADTH = 0.85, 0.75
"""A body has this share of its box in the operated valve's, is as broad to this share, ..."""
BODY_HEIGHT = (0.25, 0.7)
"""... and this much of it high."""
FLUSH = 0.1
"""A body's foot lies on the operated valve's side to this share of its height."""
SAME_IOU = 0.4
"""An actuator seen where the ink has one."""
LEAST_ARM = 0.12
"""An actuator's base reaches out to both sides of the stem by this share of the body's length."""
OFF_STEM = 2
"""Pixels by which a stem may be off the body's middle."""
INK_SHARE = 0.7
"""Of the paper's grey level; darker pixels are ink."""


def split_operated(
    symbols: Sequence[Symbol], witnesses: Sequence[Symbol], gray: NDArray[np.uint8]
) -> tuple[Symbol, ...]:
    """The symbols of a sheet (H, W), operated valves as body and actuator where that is its habit.

    Args:
        symbols: What was found, in pixels of the sheet.
        witnesses: What each of the networks saw by itself: bodies and actuators are looked for among these.
        gray: The sheet, paper bright.
    """
    operated = [s for s in symbols if s.kind == OPERATED and "block" not in s.found_by]
    apart = sum(s.group == "actuator" for s in symbols)
    if not operated or apart < max(FEWEST_APART, len(operated)):
        return tuple(symbols)
    out = list(symbols)
    for whole in operated:
        parts = _parts(whole, [*symbols, *witnesses], gray)
        if parts:
            out.remove(whole)
            out += [part for part in parts if not _is_there(part, out)]
    return tuple(out)


def _parts(whole: Symbol, seen: Sequence[Symbol], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """Body and actuator of an operated valve; none where they cannot be told."""
    for body in sorted((s for s in seen if s.group == "valve"), key=lambda s: -s.score):
        quarter = _crown(whole.box, body.box)
        box = None if quarter is None else _actuator_box(whole.box, body.box, quarter, gray)
        if box is not None:
            score = max(whole.score, body.score)
            name = f"{whole.id}-actuator"
            return body.model_copy(update={"id": whole.id, "score": score}), _actuator(whole, name, box, seen)
    return ()


def _crown(whole: Box, body: Box) -> int | None:
    """Quarter turns (as by `numpy.rot90`) that bring the crown to the top; None where the body is not its."""
    inside = box_intersection([body], [whole])[0, 0] / max(box_area([body])[0], 1e-9)
    if inside < BODY_INSIDE:
        return None
    for axis in (0, 1):
        length, high = whole[axis + 2] - whole[axis], body[axis + 2] - body[axis]
        broad = (body[3 - axis] - body[1 - axis]) / max(whole[3 - axis] - whole[1 - axis], 1e-9)
        if not BODY_HEIGHT[0] <= high / max(length, 1e-9) <= BODY_HEIGHT[1] or broad < BODY_BREADTH:
            continue
        if abs(body[axis + 2] - whole[axis + 2]) <= FLUSH * length:
            return (3, 0)[axis]
        if abs(body[axis] - whole[axis]) <= FLUSH * length:
            return (1, 2)[axis]
    return None


def _actuator_box(whole: Box, body: Box, quarter: int, gray: NDArray[np.uint8]) -> Box | None:
    """Bounds of the ink over the stem: down to the last row that reaches out to both sides of it."""
    x0, y0, x1, y1 = (round(v) for v in whole)
    view = gray[max(y0, 0) : y1, max(x0, 0) : x1]
    if view.size == 0:
        return None
    ink = np.rot90(view < INK_SHARE * paper_grey(gray), quarter).astype(np.uint8)
    place = _turned(np.array(body) - [x0, y0, x0, y0], (x1 - x0, y1 - y0), quarter)
    stem, neck = round(float(place[0] + place[2]) / 2), max(round(float(place[1])) - 1, 0)
    above = ink[:neck]
    arm = LEAST_ARM * float(place[2] - place[0])
    rows = [row for row in range(len(above)) if min(_arms(above[row], stem)) >= arm]
    if not rows:
        return None
    _, labels = cv2.connectedComponents(above[: rows[-1] + 1], connectivity=8)
    near = labels[rows[-1], max(stem - OFF_STEM, 0) : stem + OFF_STEM + 1]
    at_y, at_x = np.nonzero(labels == near.max())
    found = np.array([at_x.min(), at_y.min(), at_x.max() + 1, at_y.max() + 1], float)
    found = _turned(found, (ink.shape[1], ink.shape[0]), 4 - quarter)
    left, top, right, bottom = (found + np.array([x0, y0, x0, y0])).tolist()
    return left, top, right, bottom


def _arms(row: NDArray[np.uint8], stem: int) -> tuple[int, int]:
    """How far the ink of a row reaches without a gap to either side of the stem's column."""
    near = [c for c in range(stem - OFF_STEM, stem + OFF_STEM + 1) if 0 <= c < len(row) and row[c]]
    if not near:
        return 0, 0
    left, right = (int(np.append(part, 0).argmin()) for part in (row[: near[0]][::-1], row[near[0] :]))
    return left, right


def _turned(box: Array, size: tuple[int, int], quarter: int) -> Array:
    """A box in a picture of `size` (width, height) after `quarter` turns of it as by `numpy.rot90`."""
    (x0, y0, x1, y1), (width, height) = box.tolist(), size
    for _ in range(quarter % 4):
        x0, y0, x1, y1 = y0, width - x1, y1, width - x0
        width, height = height, width
    return np.array([x0, y0, x1, y1])


def _actuator(whole: Symbol, name: str, box: Box, seen: Sequence[Symbol]) -> Symbol:
    """The actuator in a box, of the kind that a witness saw there."""
    told = [s for s in seen if s.group == "actuator" and box_iou([s.box], [box])[0, 0] >= SAME_IOU]
    if told:
        best = max(told, key=lambda s: s.score)
        return best.model_copy(update={"id": name, "box": box, "score": max(whole.score, best.score)})
    ports = place_ports(None, box, rotation=0.0, mirrored=False)
    return Symbol(
        id=name,
        kind="unknown",
        group="actuator",
        box=box,
        rotation=0.0,
        score=whole.score,
        found_by=whole.found_by,
        ports=ports,
    )


def _is_there(part: Symbol, symbols: Sequence[Symbol]) -> bool:
    """Whether a symbol of its group stands at a part's place already."""
    boxes = as_boxes([s.box for s in symbols if s.group == part.group])
    return bool(len(boxes)) and float(box_iou([part.box], boxes).max()) >= SAME_IOU
