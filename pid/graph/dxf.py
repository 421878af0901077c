"""The drawing as a DXF overlay: layers per group, lines and words, blocks with attributes, ids that lead back.

Everything lies in the coordinates of the original: drawing units of a DXF (y up); of a PDF its points and of a raster
its pixels, both with y turned up, the page's lower left corner at the origin, as CAD programs place a page or picture
that is attached at the origin with one unit a point or pixel. Each entity bears the element's id twice: as XDATA of the
application ``PID`` and, for symbols, as the attribute ``ID`` of its block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
from ezdxf.lldxf.const import DXFError
from numpy.typing import NDArray

from pid.catalog import load_catalog
from pid.drawing import Box, Drawing, Line, Symbol, Word
from pid.errors import InputError
from pid.geometry import bounds, transform_points
from pid.graph.overlay import WORD_LAYER, element_rgb, elements, layer_of, layers, outline
from pid.symbol_svg import Variant

Array = NDArray[np.float64]

APP_ID = "PID"
ATTRIBUTES = ("ID", "TAG", "KIND", "GROUP", "SCORE")
_STRING, _REAL = 1000, 1040
_TEXT_SHARE = 0.6
"""Height of an overlay text as a share of the box of the word that it repeats: capitals in a box with a margin."""
_WIDTH_PER_HEIGHT = 0.7
"""Mean advance of a character, in heights: no text is wider than its box, whatever its angle is taken for."""
_LABEL_MM_SHARE = 1 / 400
"""Height of a symbol's tag as a share of the sheet's width: 2.5 mm on an A0 sheet."""


@dataclass(frozen=True)
class OverlayEntity:
    """What an overlay says of one element: its id, layer, and box in the overlay's own coordinates."""

    id: str
    layer: str
    box: Box


def write_dxf(drawing: Drawing, path: Path, *, source_height: float | None = None) -> None:
    """Write the overlay.

    Args:
        drawing: the drawing.
        path: the DXF file.
        source_height: height of the page as uploaded, pixels or points; by default as the sheet's `to_source` has it.

    Raises:
        InputError: the file cannot be written.
    """
    document = ezdxf.new("R2010", setup=["linetypes"])
    document.appids.add(APP_ID)
    space = document.modelspace()
    matrix = overlay_matrix(drawing, source_height=source_height)
    colors = {layer_of(element): element_rgb(element) for element in elements(drawing)}
    for name in layers(drawing):
        document.layers.add(f"PID_{name}").rgb = colors[name]
    if drawing.words:  # the original shows them already: one switches them on to check what was read
        document.layers.get(f"PID_{WORD_LAYER}").off()
    blocks: set[str] = set()
    for line in drawing.lines:
        _add_line(space, line, matrix)
    label = _scale(matrix) * drawing.sheet.width * _LABEL_MM_SHARE
    for symbol in drawing.symbols:
        _add_symbol(document, space, symbol, matrix, blocks, label)
    for word in drawing.words:
        _add_word(space, word, matrix)
    if len(space):
        document.header["$EXTMIN"], document.header["$EXTMAX"] = _page(drawing, matrix)
    try:
        document.saveas(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def overlay_matrix(drawing: Drawing, *, source_height: float | None = None) -> Array:
    """The 3x3 matrix of sheet pixels to overlay coordinates, y up."""
    to_source = np.asarray(drawing.sheet.to_source, np.float64)
    if drawing.source.kind == "dxf":
        return to_source
    size = [[0, 0], [drawing.sheet.width, 0], [drawing.sheet.width, drawing.sheet.height], [0, drawing.sheet.height]]
    height = float(transform_points(to_source, size)[:, 1].max()) if source_height is None else source_height
    return np.array([[1.0, 0, 0], [0, -1, height], [0, 0, 1]]) @ to_source


def read_overlay(path: Path) -> dict[str, OverlayEntity]:
    """The elements that an overlay's entities lead back to, by id. Raises `InputError` for a file that is no DXF."""
    try:
        document = ezdxf.readfile(path)
    except (OSError, DXFError) as error:
        raise InputError(f"{path} cannot be read as DXF: {error}.") from error
    found: dict[str, OverlayEntity] = {}
    for entity in document.modelspace():
        if not entity.has_xdata(APP_ID):
            continue
        values = [tag.value for tag in entity.get_xdata(APP_ID) if tag.code in (_STRING, _REAL)]
        layer = entity.dxf.layer.removeprefix("PID_")
        x0, y0, x1, y1 = (float(v) for v in values[1:5])
        found[str(values[0])] = OverlayEntity(str(values[0]), layer, (x0, y0, x1, y1))
    return found


def _add_line(space: Any, line: Line, matrix: Array) -> None:
    points = transform_points(matrix, line.points)
    style = {"linetype": "CONTINUOUS" if line.style == "solid" else "DASHED"}
    entity = space.add_lwpolyline(points.tolist(), dxfattribs={"layer": f"PID_{layer_of(line)}", **style})
    _mark(entity, line.id, points, line.kind, line.line_number or "", line.direction, line.score)


def _add_word(space: Any, word: Word, matrix: Array) -> None:
    corners = transform_points(matrix, outline(word))
    quarter = round(word.angle / 90) % 4
    base, along = corners[(3, 2, 1, 0)[quarter]], corners[(2, 1, 0, 3)[quarter]]
    up = corners[(0, 3, 2, 1)[quarter]]
    widest = float(np.hypot(*(along - base))) / (_WIDTH_PER_HEIGHT * max(len(word.text), 1))
    height = max(min(_TEXT_SHARE * float(np.hypot(*(up - base))), widest), 1e-6)
    turn = math.degrees(math.atan2(*(along - base)[::-1]))
    entity = space.add_text(
        word.text.replace("\n", " "), height=height, rotation=turn, dxfattribs={"layer": f"PID_{layer_of(word)}"}
    )
    entity.set_placement(tuple((base + 0.5 * (1 - _TEXT_SHARE) * (up - base)).tolist()))
    _mark(entity, word.id, corners, word.text, word.owner or "", "", word.score)


def _add_symbol(
    document: Any, space: Any, symbol: Symbol, matrix: Array, blocks: set[str], label_height: float
) -> None:
    """Add a reference of the kind's block that fills the symbol's box, and the box."""
    variant = _variant(symbol.kind)
    name = f"PID_{symbol.kind}" if variant else f"PID_{symbol.group}_BOX"
    if name not in blocks:
        blocks.add(name)
        _add_block(document, name, variant)
    corners = transform_points(matrix, outline(symbol))
    layer = f"PID_{layer_of(symbol)}"
    x_axis, y_axis = _block_axes(symbol, variant, corners)
    scale = {"xscale": float(np.hypot(*x_axis)), "yscale": float(np.hypot(*y_axis))}
    if x_axis[0] * y_axis[1] - x_axis[1] * y_axis[0] < 0:
        scale["yscale"] *= -1
    turn = math.degrees(math.atan2(x_axis[1], x_axis[0]))
    middle = corners.mean(axis=0)
    reference = space.add_blockref(name, tuple(middle.tolist()), dxfattribs={"layer": layer, "rotation": turn, **scale})
    values = (symbol.id, symbol.tag or "", symbol.kind, symbol.group, f"{symbol.score:.3f}")
    at = corners[np.argmax(corners[:, 1] - corners[:, 0] * 1e-6)]
    for tag, value in zip(ATTRIBUTES, values, strict=True):
        attribute = reference.add_attrib(tag, value, tuple(at.tolist()), {"height": label_height, "layer": layer})
        attribute.is_invisible = tag != "TAG" or not value
    _mark(reference, symbol.id, corners, symbol.kind, symbol.tag or "", symbol.group, symbol.score)


def _variant(kind: str) -> Variant | None:
    kinds = load_catalog()
    return kinds[kind].variants[0] if kind in kinds else None


def _add_block(document: Any, name: str, variant: Variant | None) -> None:
    """A block of unit size round the origin: the kind's linework, or a box for a kind that nobody knows."""
    block = document.blocks.new(name)
    if variant is None:
        block.add_lwpolyline(
            [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], close=True, dxfattribs={"layer": "0"}
        )
    else:
        middle, size = _frame(variant)
        for shape in variant.shapes:
            points = (shape.points - middle) / size * (1, -1)
            block.add_lwpolyline(points.tolist(), close=shape.closed, dxfattribs={"layer": "0"})
    for tag in ATTRIBUTES:
        block.add_attdef(tag, (0, 0), dxfattribs={"height": 0.1, "layer": "0"}).is_invisible = tag != "TAG"


def _frame(variant: Variant) -> tuple[Array, Array]:
    x0, y0, x1, y1 = variant.box
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.maximum([x1 - x0, y1 - y0], 1e-3)


def _block_axes(symbol: Symbol, variant: Variant | None, corners: Array) -> tuple[Array, Array]:
    """Where the unit block's x and y axes (y up) come to lie, in overlay coordinates.

    The sheet's axes are taken from the corners of the box; the symbol's turn and mirroring come before.
    """
    right, up = corners[1] - corners[0], corners[0] - corners[3]
    if variant is None:
        return right, up
    turn = math.radians(symbol.rotation)
    c, s = math.cos(turn), math.sin(turn)
    if abs(c) < 0.1 or abs(s) < 0.1:  # at quarter turns the block fills the box
        c, s = round(c), round(s)
        x_axis, y_axis = c * right + s * up, -s * right + c * up
    else:
        _, size = _frame(variant)
        width, height = max(float(np.hypot(*right)), 1e-9), max(float(np.hypot(*up)), 1e-9)
        k = min(width / (abs(c) * size[0] + abs(s) * size[1]), height / (abs(s) * size[0] + abs(c) * size[1]))
        x_unit, y_unit = right / width, up / height
        x_axis, y_axis = k * size[0] * (c * x_unit + s * y_unit), k * size[1] * (-s * x_unit + c * y_unit)
    return (-x_axis if symbol.mirrored else x_axis), y_axis


def _mark(entity: Any, name: str, points: Array, *rest: str | float) -> None:
    """Note the element's id, its box and more on the entity."""
    box = bounds(points)
    texts = [(_STRING, str(value)[:250]) for value in rest[:-1]]
    entity.set_xdata(APP_ID, [(_STRING, name), *((_REAL, v) for v in box), *texts, (_REAL, float(rest[-1]))])


def _scale(matrix: Array) -> float:
    return math.sqrt(abs(float(np.linalg.det(matrix[:2, :2]))))


def _page(drawing: Drawing, matrix: Array) -> tuple[Sequence[float], Sequence[float]]:
    x0, y0, x1, y1 = bounds(transform_points(matrix, [[0, 0], [drawing.sheet.width, drawing.sheet.height]]))
    return (x0, y0, 0.0), (x1, y1, 0.0)
