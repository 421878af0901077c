"""What a sheet is drawn with: one display list that the PNG, PDF and DXF writers all read.

Units are millimetres of paper, origin top left, x right, y down; angles are degrees counter-clockwise as seen. The
frame is that of the truth but for the factor `px_per_mm`, so picture and truth come from the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Color = tuple[int, int, int]
BLACK: Color = (0, 0, 0)


@dataclass(frozen=True, eq=False)
class Stroke:
    """A polyline, polygon or flattened curve."""

    points: NDArray[np.float64]  # (N, 2) mm
    width_mm: float = 0.35
    closed: bool = False
    fill: Literal["none", "ink", "paper"] = "none"  # "paper" hides what was drawn before
    dash_mm: tuple[float, ...] = ()  # lengths on, off, on, ...
    color: Color = BLACK
    layer: str = "0"
    element: str | None = None  # id of the symbol (becomes a block in DXF) or line it belongs to
    outlined: bool = True  # False: fill only


@dataclass(frozen=True)
class Lettering:
    """One line of text, anchored at the middle of its box."""

    text: str
    center: tuple[float, float]  # mm
    height_mm: float  # cap height
    angle: float = 0.0
    font: str = "stroke"  # a name known to pid.synth.fonts
    color: Color = BLACK
    layer: str = "text"
    element: str | None = None
    width_factor: float = 1.0


@dataclass(frozen=True)
class Ink:
    """A sheet's display list, painted in order."""

    width_mm: float
    height_mm: float
    marks: tuple[Stroke | Lettering, ...] = ()
    blocks: dict[str, str] = field(default_factory=dict)  # element id of a symbol -> block name (its kind)
