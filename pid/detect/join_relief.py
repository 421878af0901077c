"""Safety valves whose body and spring were taken for two symbols: the spring is part of the valve, in every office.

What tells is that one witness saw the whole, however unsure, where body and spring together make up its box.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.drawing import Symbol
from pid.geometry import box_iou

RELIEF_KINDS = ("psv", "pilot_psv", "relief_valve", "vacuum_relief_valve")
SPRING = "spring_actuator"
SAME_IOU = 0.7
"""Body and spring together are the whole when their bounds overlap its box so far."""


def join_relief(symbols: Sequence[Symbol], witnesses: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """The symbols of a sheet, bodies and springs joined where one of the `witnesses` saw the safety valve."""
    wholes = [s for s in witnesses if s.kind in RELIEF_KINDS]
    out = list(symbols)
    for spring in [s for s in symbols if s.kind == SPRING]:
        bodies = [s for s in out if s.group == "valve"]
        pairs = [(_overlap(body, spring, whole), body, whole) for body in bodies for whole in wholes]
        iou, body, whole = max(pairs, key=lambda pair: pair[0], default=(0.0, spring, spring))
        if iou >= SAME_IOU:
            out.remove(spring)
            score = min(body.score, max(spring.score, whole.score))
            out[out.index(body)] = whole.model_copy(update={"id": body.id, "score": score, "found_by": body.found_by})
    return tuple(out)


def _overlap(body: Symbol, spring: Symbol, whole: Symbol) -> float:
    """Overlap (IoU) of the bounds of body and spring with the whole's box."""
    boxes = np.array([body.box, spring.box])
    bounds = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    return float(box_iou([bounds], [whole.box])[0, 0])
