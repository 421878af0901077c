"""Lift off a sheet what was put on top of the drawing, and keep it: stamps, mark-ups, highlighter, watermarks.

A *mark* is a region of such ink with its box, colour and picture; on an as-built sheet the red ones are the changes.
What the drawing itself shows in colour (pipes, lettering of one discipline) is told by how it is drawn, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pid.document.clean_color import Layer, foreign_layers, lift_layers
from pid.document.clean_watermark import find_watermark, lift_watermark
from pid.drawing import Box

Gray = NDArray[np.uint8]
MarkKind = Literal["stamp", "markup", "highlighter", "watermark"]

STEPS = ("color", "watermark")
STAMP_COVER = 0.6
"""A piece of ink whose box has this share of its region's box frames it."""
STAMP_PIECES = 8
"""A frame with this many pieces and more is a stamp: letters."""


@dataclass(frozen=True, eq=False)
class Mark:
    """A region of ink on top of the drawing; `crop` is the page there, (H, W, 3) RGB or (H, W) grey."""

    kind: MarkKind
    box: Box
    color: tuple[int, int, int]
    crop: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Cleaned:
    """The grey sheet (H, W) without marks, itself where there are none, and the marks."""

    gray: Gray
    marks: tuple[Mark, ...] = ()


def clean_sheet(image: NDArray[np.uint8], gray: Gray, *, steps: Sequence[str] = STEPS) -> Cleaned:
    """Lift the marks off a page.

    Args:
        image: its picture, (H, W) or (H, W, 3) RGB.
        gray: the same as grey values (H, W).
        steps: which of `STEPS` may be taken.
    """
    marks: list[Mark] = []
    if image.ndim == 3 and "color" in steps:
        layers = foreign_layers(image)
        gray = lift_layers(image, gray, layers)
        for layer in layers:
            marks += [Mark(_kind(layer, box), box, layer.color, _crop(image, box)) for box in layer.regions()]
    if "watermark" in steps:
        found = find_watermark(gray)
        if found is not None:
            gray = lift_watermark(gray, found)
            level = int(found.level)
            marks.append(Mark("watermark", found.box, (level, level, level), _crop(image, found.box)))
    return Cleaned(gray, tuple(marks))


def _kind(layer: Layer, box: Box) -> MarkKind:
    if layer.is_felt:
        return "highlighter"
    pieces = layer.pieces(box)
    size = np.array([box[2] - box[0], box[3] - box[1]])
    framed = len(pieces) > 0 and ((pieces[:, 2:] - pieces[:, :2]) / size).prod(axis=1).max() >= STAMP_COVER
    return "stamp" if framed and len(pieces) >= STAMP_PIECES else "markup"


def _crop(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = (round(v) for v in box)
    return image[y0:y1, x0:x1].copy()
