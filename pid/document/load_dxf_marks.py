"""Marks: what DXF entities are read into before the scale of the sheet is known.

A *mark* is a path, an elliptic arc or a text in drawing units (y up), held by points that follow any affine map: the
vertices of a path; centre and two half-axis ends of an arc; origin on the base line, end of the base line and top of
the first capital of a text. Maps are 3x3 matrices on (x, y, 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from pid.geometry import Array

BYBLOCK_COLOR, BYLAYER_COLOR = 0, 256
BYBLOCK_WEIGHT, BYLAYER_WEIGHT = -2, -1


class Style(NamedTuple):
    """Display properties as an entity states them: they may defer to its layer or to the block reference."""

    layer: str = "0"
    color: int = BYLAYER_COLOR
    true_color: int | None = None
    linetype: str = "BYLAYER"
    ltscale: float = 1.0
    lineweight: int = BYLAYER_WEIGHT


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A drawn thing in drawing units."""

    kind: Literal["path", "arc", "text"]
    points: Array
    style: Style
    closed: bool = False
    filled: bool = False
    masks: bool = False  # a wipeout: paper over what lies below
    curved: bool = False
    width: float = 0.0  # of a path, drawing units; 0: by its lineweight
    span: tuple[float, float] = (0.0, 0.0)  # of an arc, radians
    text: str = ""
    attribute: str | None = None


@lru_cache(maxsize=8192)
def inherit(style: Style, parent: Style) -> Style:
    """Style of a block's content under the style of the block reference."""
    by_block = style.color == BYBLOCK_COLOR and style.true_color is None
    return Style(
        layer=parent.layer if style.layer == "0" else style.layer,
        color=parent.color if by_block else style.color,
        true_color=parent.true_color if by_block else style.true_color,
        linetype=parent.linetype if style.linetype.upper() == "BYBLOCK" else style.linetype,
        ltscale=style.ltscale,
        lineweight=parent.lineweight if style.lineweight == BYBLOCK_WEIGHT else style.lineweight,
    )


def place_marks(marks: Iterable[Mark], matrix: Array, parent: Style) -> list[Mark]:
    """Marks of a block as a block reference shows them."""
    turn, shift = matrix[:2, :2].T, matrix[:2, 2]
    scale = float(np.sqrt(abs(np.linalg.det(turn))))
    return [
        replace(mark, points=mark.points @ turn + shift, style=inherit(mark.style, parent), width=mark.width * scale)
        for mark in marks
    ]


def bound_marks(marks: list[Mark]) -> Array:
    """Bounding boxes (N, 4) in drawing units; of an arc that of its whole ellipse, of a text that of its cap band."""
    boxes = np.zeros((len(marks), 4))
    for kind in ("path", "arc", "text"):
        of_kind = [index for index, mark in enumerate(marks) if mark.kind == kind]
        if not of_kind:
            continue
        points = np.concatenate([marks[index].points for index in of_kind])
        if kind == "path":
            starts = np.cumsum([0, *(len(marks[index].points) for index in of_kind[:-1])])
            low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
        else:
            first, second, third = points.reshape(-1, 3, 2).swapaxes(0, 1)
            if kind == "arc":
                reach = np.sqrt((second - first) ** 2 + (third - first) ** 2)
                low, high = first - reach, first + reach
            else:
                corners = np.stack([first, second, third, second + third - first])
                low, high = corners.min(axis=0), corners.max(axis=0)
        boxes[of_kind] = np.concatenate([low, high], axis=1)
    return boxes
