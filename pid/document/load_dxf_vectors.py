"""Marks in drawing units into the vectors of a sheet, with layers, linetypes and lineweights resolved."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from ezdxf import colors
from ezdxf.entities.ltype import compile_line_pattern

from pid.document.draw_vectors import text_drop, text_width
from pid.document.flatten import flatten_ellipse, name_shape
from pid.document.load_dxf_blocks import Group, Reference
from pid.document.load_dxf_marks import BYBLOCK_COLOR, BYLAYER_COLOR, BYLAYER_WEIGHT, Mark, Style, bound_marks
from pid.drawing import Box
from pid.geometry import Array, bounds, transform_points
from pid.sheet import VectorBlock, VectorPath, Vectors, VectorText

DEFAULT_WEIGHT_MM = 0.25
"""AutoCAD's default lineweight."""

SHORTEST_DASH_PX = 2.0
"""A linetype with a shorter period looks solid."""

_DOT_PX = 1.0
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)
Color = tuple[int, int, int]


class StyleTable:
    """What a document's layers and linetypes make of a style."""

    def __init__(self, document: Any) -> None:
        self._layers = {layer.dxf.name.lower(): layer for layer in document.layers}
        self._linetypes = {linetype.dxf.name.lower(): _read_pattern(linetype) for linetype in document.linetypes}
        self._ltscale = float(document.header.get("$LTSCALE", 1.0)) or 1.0
        self._hidden = {
            name
            for name, layer in self._layers.items()
            if layer.is_off() or layer.is_frozen() or name == "defpoints" or not layer.dxf.get("plot", 1)
        }

    def is_shown(self, style: Style) -> bool:
        """Whether the layer is on, thawed and printed."""
        return style.layer.lower() not in self._hidden

    def color(self, style: Style) -> Color:
        """RGB; the screen's white (7) is ink."""
        layer = self._layers.get(style.layer.lower())
        if style.true_color is not None:
            return tuple(colors.int2rgb(style.true_color))
        index = style.color
        if index == BYLAYER_COLOR and layer is not None:
            if layer.dxf.hasattr("true_color"):
                return tuple(colors.int2rgb(layer.dxf.true_color))
            index = abs(int(layer.dxf.color))
        if index in {BYBLOCK_COLOR, BYLAYER_COLOR, 7} or not 0 < index < BYLAYER_COLOR:
            return _BLACK
        return tuple(colors.aci2rgb(index))

    def dashes(self, style: Style) -> tuple[float, ...]:
        """Lengths on, off, ... in drawing units; empty is solid."""
        name = style.linetype.lower()
        layer = self._layers.get(style.layer.lower())
        if name == "bylayer" and layer is not None:
            name = str(layer.dxf.get("linetype", "Continuous")).lower()
        pattern = self._linetypes.get(name, ())
        if len(pattern) < 2:
            return ()
        return tuple(abs(v) * self._ltscale * abs(style.ltscale) for v in pattern)

    def weight_mm(self, style: Style) -> float:
        """Width of the pen."""
        weight = style.lineweight
        layer = self._layers.get(style.layer.lower())
        if weight == BYLAYER_WEIGHT and layer is not None:
            weight = int(layer.dxf.get("lineweight", -3))
        return weight / 100 if weight > 0 else DEFAULT_WEIGHT_MM


def _read_pattern(linetype: Any) -> tuple[float, ...]:
    """Lengths on, off, on, ...; letters and shapes inside a linetype (``--GAS--``) stand in its gaps."""
    elements = [float(tag.value) for tag in linetype.pattern_tags.tags if tag.code == 49]
    if len(elements) < 2:
        return ()
    return tuple(float(v) for v in compile_line_pattern(sum(abs(v) for v in elements), elements))


def make_vectors(
    groups: list[Group], to_sheet: Array, styles: StyleTable, *, px_per_mm: float, size: tuple[int, int]
) -> Vectors:
    """Paths, words and outermost block references in pixels.

    Args:
        groups: marks in drawing units, hidden ones left out.
        to_sheet: 3x3 from drawing units to pixels: a scale, a shift and the flip to y down.
        styles: the document's.
        px_per_mm: of paper, for the widths of pens.
        size: width and height of the sheet; what lies wholly outside is left out.
    """
    scale = float(to_sheet[0, 0])
    paths: list[VectorPath] = []
    texts: list[VectorText] = []
    blocks: list[VectorBlock] = []

    @lru_cache(maxsize=4096)
    def pen(style: Style) -> tuple[Color, tuple[float, ...], float]:
        dashes = tuple(max(v * scale, _DOT_PX) for v in styles.dashes(style))
        return styles.color(style), dashes if sum(dashes) >= SHORTEST_DASH_PX * 2 else (), styles.weight_mm(style)

    run = 0
    for group, placed in zip(groups, _place_on_sheet(groups, to_sheet, size), strict=True):
        block = len(blocks) if group.reference is not None and placed else None
        boxes: list[Box] = []
        for mark, points in placed:
            if mark.kind == "text":
                words = _make_words(mark, points, block=block, run=run)
                run += 1
                texts += words
                if mark.attribute is None:
                    boxes += [word.box for word in words]
                continue
            color, dashes, weight = pen(mark.style)
            width = mark.width * scale or weight * px_per_mm
            path = _make_path(mark, points, color=color, dashes=dashes, width=width, block=block)
            paths.append(path)
            boxes.append(bounds(path.points))
        if group.reference is not None and placed:
            blocks.append(_make_block(group.reference, boxes, to_sheet))
    return Vectors(paths=tuple(paths), texts=tuple(texts), blocks=tuple(blocks))


def _place_on_sheet(groups: list[Group], to_sheet: Array, size: tuple[int, int]) -> list[list[tuple[Mark, Array]]]:
    """For each group the marks that show on the sheet, and their points in pixels."""
    marks = [mark for group in groups for mark in group.marks]
    if not marks:
        return [[] for _ in groups]
    points = transform_points(to_sheet, np.concatenate([mark.points for mark in marks]))
    low, high = transform_points(to_sheet, bound_marks(marks).reshape(-1, 2)).reshape(-1, 2, 2).swapaxes(0, 1)
    x0, y1, x1, y0 = low[:, 0], low[:, 1], high[:, 0], high[:, 1]  # y is turned over
    shown = iter(((x1 >= 0) & (y1 >= 0) & (x0 <= size[0]) & (y0 <= size[1])).tolist())
    placed: list[list[tuple[Mark, Array]]] = []
    start = 0
    for group in groups:
        placed.append([])
        for mark in group.marks:
            end = start + len(mark.points)
            if next(shown):
                placed[-1].append((mark, points[start:end]))
            start = end
    return placed


def _make_path(
    mark: Mark, points: Array, *, color: Color, dashes: tuple[float, ...], width: float, block: int | None
) -> VectorPath:
    closed = mark.closed
    if mark.kind == "arc":
        axes = points[1:] - points[0]
        points = flatten_ellipse(points, *mark.span)
        round_ = abs(float(axes[0] @ axes[1])) < 0.02 * float(axes[0] @ axes[0])
        round_ = round_ and abs(float(np.hypot(*axes[0]) / max(np.hypot(*axes[1]), 1e-9)) - 1) < 0.02
        shape = ("circle" if closed else "arc") if round_ else "polyline"
    else:
        shape = name_shape(points, closed=closed, curved=mark.curved) if len(points) > 4 else "polyline"
    if closed and len(points) > 2 and np.hypot(*(points[0] - points[-1])) < 0.05:
        points = points[:-1]
    masks = mark.masks or (mark.filled and min(color) >= 250 and mark.style.true_color is not None)
    return VectorPath(
        points=points,
        closed=closed,
        filled=mark.filled,
        width_px=max(width, 1.0),
        dash_px=() if mark.filled else dashes,
        color=_WHITE if masks else (_BLACK if min(color) >= 250 else color),
        layer=mark.style.layer,
        block=block,
        shape=shape,
    )


def _make_words(mark: Mark, points: Array, *, block: int | None, run: int) -> list[VectorText]:
    """A text split at its blanks, like the words of a PDF; the value of an attribute stays whole."""
    origin, along, up = points[0], points[1] - points[0], points[2] - points[0]
    height = float(np.hypot(*up))
    angle = float(np.degrees(np.arctan2(-along[1], along[0]))) % 360
    total = max(text_width(mark.text), 1e-9)
    low = origin - up * text_drop(mark.text)  # all words of a text are as high as the highest
    words: list[VectorText] = []
    position = 0
    for word in [mark.text] if mark.attribute is not None else mark.text.split():
        start = mark.text.index(word, position)
        position = start + len(word)
        a, b = text_width(mark.text[:start]) / total, text_width(mark.text[:position]) / total
        box = bounds([low + along * a, low + along * b, origin + along * a + up, origin + along * b + up])
        words.append(
            VectorText(
                text=word,
                box=box,
                angle=round(angle, 2) % 360,
                height_px=height,
                layer=mark.style.layer,
                block=block,
                attribute=mark.attribute,
                run=run,
            )
        )
    return words


def _make_block(reference: Reference, boxes: list[Box], to_sheet: Array) -> VectorBlock:
    x, y = transform_points(to_sheet, [reference.insert])[0]
    corners = [corner for box in boxes for corner in (box[:2], box[2:])] or [(x, y)]
    return VectorBlock(
        name=reference.name,
        box=bounds(corners),
        insert=(float(x), float(y)),
        rotation=round(reference.rotation, 2) % 360,
        mirrored=reference.mirrored,
        layer=reference.layer,
        attributes=dict(reference.attributes),
    )
