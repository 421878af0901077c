"""One page on its way through the pipeline: its image and, where the file has them, native vectors and text.

Coordinates and angles are those of `pid.drawing`: pixels of the sheet, y down, angles counter-clockwise as seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Point, SheetInfo, Source


@dataclass(frozen=True, eq=False)
class VectorPath:
    """A drawn path, curves flattened to within a quarter pixel."""

    points: NDArray[np.float64]  # (N, 2)
    closed: bool = False
    filled: bool = False
    width_px: float = 1.0
    dash_px: tuple[float, ...] = ()  # lengths on, off, on, ... ; empty is solid
    color: tuple[int, int, int] = (0, 0, 0)  # RGB, 0..255
    layer: str = ""
    block: int | None = None  # index into Vectors.blocks of the outermost block reference
    shape: str = "polyline"  # polyline | arc | circle


@dataclass(frozen=True)
class VectorText:
    """Live text as the file holds it."""

    text: str
    box: Box
    angle: float = 0.0
    height_px: float = 0.0
    layer: str = ""
    block: int | None = None
    attribute: str | None = None  # name of the block attribute that it is the value of
    run: int | None = None  # words with the same run were written as one string, in this order


@dataclass(frozen=True)
class VectorBlock:
    """A block reference (DXF INSERT, PDF form)."""

    name: str
    box: Box
    insert: Point
    rotation: float = 0.0
    mirrored: bool = False
    layer: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Native content of a vector page."""

    paths: tuple[VectorPath, ...] = ()
    texts: tuple[VectorText, ...] = ()
    blocks: tuple[VectorBlock, ...] = ()
    images: tuple[Box, ...] = ()  # where the page shows raster images: what these hold is in the picture only


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page: `image` is (H, W) grey or (H, W, 3) RGB, uint8, paper white at 255."""

    image: NDArray[np.uint8]
    source: Source
    info: SheetInfo
    vectors: Vectors | None = None

    @cached_property
    def gray(self) -> NDArray[np.uint8]:
        """The image as (H, W) uint8."""
        if self.image.ndim == 2:
            return self.image
        return np.asarray(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY), np.uint8)
