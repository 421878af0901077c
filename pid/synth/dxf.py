"""Write a display list as a DXF: layers, symbols as block references with their tag, linework and text.

Drawing units are millimetres, y up, the sheet's lower left corner at the origin. Symbols drawn alike share one block,
turned and mirrored where that makes them alike, as if a person had inserted them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
from ezdxf.enums import TextEntityAlignment

from pid.errors import InputError
from pid.synth.dxf_blocks import BlockBook, Placement
from pid.synth.dxf_shapes import add_shape
from pid.synth.fonts import is_stroke, outline_file
from pid.synth.ink import BLACK, Color, Ink, Lettering, Stroke
from pid.synth.raster import Array

TAG = "TAG"
"""Name of the block attribute that holds a symbol's tag."""
_STROKE_FILES = {"stroke": "simplex.shx", "stroke-plain": "txt.shx"}
_MILLIMETRES = 4
_FORBIDDEN = re.compile(r'[<>/\\":;?*|=`,]')
"""Characters that a DXF layer or block may not be named with."""


@dataclass
class _Symbol:
    """What the ink holds of one symbol."""

    name: str
    strokes: list[Stroke] = field(default_factory=list)
    letterings: list[Lettering] = field(default_factory=list)


def write_dxf(ink: Ink, path: Path, *, exploded: bool = False, tags: Mapping[str, str] | None = None) -> None:
    """Write the sheet as DXF R2010.

    Args:
        ink: The sheet; elements named in `Ink.blocks` become block references.
        path: The file to write.
        exploded: No blocks: every stroke and text lies in the model space by itself.
        tags: Tag of each symbol element; becomes the attribute `TAG`, shown where the ink letters the very same
            string, else invisible. Other lettering of a symbol becomes the attributes ``TEXT1``, ``TEXT2``, ...

    Raises:
        InputError: The file cannot be written.
    """
    document = ezdxf.new("R2010", units=_MILLIMETRES)
    document.header["$LWDISPLAY"] = 1
    document.header["$EXTMIN"], document.header["$EXTMAX"] = (0, 0, 0), (ink.width_mm, ink.height_mm, 0)
    document.header["$LIMMIN"], document.header["$LIMMAX"] = (0, 0), (ink.width_mm, ink.height_mm)
    space = document.modelspace()
    writer = _Writer(document, ink.height_mm)
    symbols = {} if exploded else _gather(ink)
    for mark in ink.marks:
        name = mark.element or ""
        if exploded or name not in ink.blocks:
            writer.add_mark(space, mark)
        elif name in symbols:  # where its first mark is painted
            writer.add_symbol(space, symbols.pop(name), (tags or {}).get(name))
    try:
        document.saveas(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _gather(ink: Ink) -> dict[str, _Symbol]:
    """The marks of each symbol."""
    symbols: dict[str, _Symbol] = {}
    for mark in ink.marks:
        if mark.element is None or mark.element not in ink.blocks:
            continue
        symbol = symbols.setdefault(mark.element, _Symbol(_FORBIDDEN.sub("_", ink.blocks[mark.element])))
        if isinstance(mark, Stroke):
            symbol.strokes.append(mark)
        else:
            symbol.letterings.append(mark)
    return symbols


class _Writer:
    """Adds marks to a DXF document, making layers, line types, text styles and blocks as they are needed."""

    def __init__(self, document: Any, height_mm: float) -> None:
        self.document = document
        self.height_mm = height_mm
        self.blocks = BlockBook()

    def add_mark(self, space: Any, mark: Stroke | Lettering) -> None:
        """Add one mark of the sheet to the model space."""
        if isinstance(mark, Stroke):
            self.add_stroke(space, mark, self.flip(mark.points))
        elif mark.text.strip():
            text = space.add_text(mark.text, height=mark.height_mm, dxfattribs=self.text_attributes(mark))
            text.set_placement(self.flip_point(mark.center), align=TextEntityAlignment.MIDDLE_CENTER)

    def add_stroke(self, space: Any, stroke: Stroke, points: Array) -> None:
        """Add a stroke whose points (N, 2) are already in the space's own frame, y up."""
        attributes = {"layer": self.layer(stroke.layer), **_color(stroke.color)}
        add_shape(space, stroke, points, attributes, line_type=self.line_type(stroke.dash_mm))

    def add_symbol(self, space: Any, symbol: _Symbol, tag: str | None) -> None:
        """Add a symbol as a block reference with its attributes."""
        if not symbol.strokes:
            for mark in symbol.letterings:
                self.add_mark(space, mark)
            return
        outlines = [self.flip(stroke.points) for stroke in symbol.strokes]
        placed = self.blocks.place(symbol.name, symbol.strokes, outlines)
        if placed.is_new:
            self.define(placed, symbol.strokes, outlines)
        reference = space.add_blockref(
            placed.block,
            placed.insert,
            dxfattribs={
                "layer": self.layer(symbol.strokes[0].layer),
                "rotation": placed.rotation,
                "xscale": -1.0 if placed.mirrored else 1.0,
            },
        )
        self.add_attributes(reference, symbol.letterings, tag, placed.insert)

    def define(self, placed: Placement, strokes: list[Stroke], outlines: list[Array]) -> None:
        """Make the block as the symbol stands, its base point in the middle."""
        block = self.document.blocks.new(placed.block)
        for stroke, points in zip(strokes, outlines, strict=True):
            self.add_stroke(block, stroke, points - placed.insert)

    def add_attributes(
        self, reference: Any, letterings: list[Lettering], tag: str | None, insert: tuple[float, float]
    ) -> None:
        """Attach a symbol's lettering, and its tag."""
        count = 0
        shown = False
        for mark in letterings:
            if mark.text == tag and not shown:
                name, shown = TAG, True
            else:
                count += 1
                name = f"TEXT{count}"
            attribute = reference.add_attrib(name, mark.text, dxfattribs=self.text_attributes(mark))
            attribute.dxf.height = mark.height_mm
            attribute.set_placement(self.flip_point(mark.center), align=TextEntityAlignment.MIDDLE_CENTER)
        if tag and not shown:
            attribute = reference.add_attrib(TAG, tag, insert=insert)
            attribute.is_invisible = True

    def text_attributes(self, mark: Lettering) -> dict[str, Any]:
        """DXF attributes of a text but for its height and place."""
        return {
            "layer": self.layer(mark.layer),
            "rotation": mark.angle,
            "width": mark.width_factor,
            "style": self.text_style(mark.font),
            **_color(mark.color),
        }

    def layer(self, name: str) -> str:
        """The layer's name in the file, made if it is not there."""
        name = _FORBIDDEN.sub("_", name) or "0"
        if name not in self.document.layers:
            self.document.layers.add(name, color=7)
        return name

    def text_style(self, font: str) -> str:
        """The text style of a font, made if it is not there."""
        if font not in self.document.styles:
            self.document.styles.add(font, font=_font_file(font))
        return font

    def line_type(self, dash_mm: tuple[float, ...]) -> str | None:
        """The line type of a dash pattern, made if it is not there; None where it is solid."""
        if not dash_mm or sum(dash_mm) <= 0:
            return None
        dashes = dash_mm * 2 if len(dash_mm) % 2 else dash_mm
        name = "DASH_" + "_".join(f"{d:g}" for d in dashes)
        if name not in self.document.linetypes:
            signed = [d if i % 2 == 0 else -d for i, d in enumerate(dashes)]
            self.document.linetypes.add(name, pattern=[sum(dashes), *signed], description="dashed")
        return name

    def flip(self, points: Array) -> Array:
        """Sheet millimetres, y down, to drawing units, y up."""
        return np.asarray(points, np.float64) * (1.0, -1.0) + (0.0, self.height_mm)

    def flip_point(self, point: tuple[float, float]) -> tuple[float, float]:
        """As `flip`, of one point."""
        return point[0], self.height_mm - point[1]


def _font_file(font: str) -> str:
    """What the style names: a CAD program looks it up among its own."""
    if is_stroke(font):
        return _STROKE_FILES[font]
    file = outline_file(font)
    return file.name if isinstance(file, Path) else "arial.ttf"


def _color(color: Color) -> dict[str, int]:
    return {} if color == BLACK else {"true_color": ezdxf.colors.rgb2int(color)}
