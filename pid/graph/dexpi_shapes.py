"""The shape catalogue of a Proteus file: each kind's linework once, and how a symbol is a placed copy of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pid.catalog import load_catalog
from pid.drawing import Symbol
from pid.graph.dexpi_classes import ProteusClass
from pid.graph.dexpi_xml import Array, Element, Frame, add, add_coordinates, add_position, add_presentation
from pid.symbol_svg import Shape, Variant

SMALLEST_MM = 1e-3
"""A catalogue symbol thinner than this has no breadth that could be scaled."""


@dataclass(frozen=True)
class Placing:
    """A placed copy: position in mm, y up; scales along the symbol's own axes before it is turned."""

    at: tuple[float, float]
    scale: tuple[float, float]
    angle_deg: float
    is_flipped: bool


def choose_variant(kind: str) -> Variant | None:
    """The first way of drawing a kind, None for a kind that the catalogue lacks."""
    kinds = load_catalog()
    return kinds[kind].variants[0] if kind in kinds else None


def shape_name(kind: str) -> str:
    """The ComponentName by which items name their shape."""
    return f"{kind.upper()}_SHAPE"


def place_shape(symbol: Symbol, variant: Variant, frame: Frame) -> Placing:
    """How the variant is scaled, turned and moved to fill the symbol's box.

    At quarter turns both directions fill the box; at other angles the shape keeps its proportions and fits in.
    """
    corners = frame.points([symbol.box[:2], symbol.box[2:]])
    width, height = np.abs(corners[1] - corners[0]).tolist()
    x0, y0, x1, y1 = variant.box
    own = (max(x1 - x0, SMALLEST_MM), max(y1 - y0, SMALLEST_MM))
    turn = symbol.rotation % 180
    if min(turn, 180 - turn) < 1:
        scale = (width / own[0], height / own[1])
    elif abs(turn - 90) < 1:
        scale = (height / own[0], width / own[1])
    else:
        c, s = abs(math.cos(math.radians(turn))), abs(math.sin(math.radians(turn)))
        k = min(width / (c * own[0] + s * own[1]), height / (s * own[0] + c * own[1]))
        scale = (k, k)
    scale = (scale[0] if x1 - x0 > SMALLEST_MM else 1.0, scale[1] if y1 - y0 > SMALLEST_MM else 1.0)
    # Mirroring left-right is turning over the y axis and half a turn.
    angle = (symbol.rotation + (180 if symbol.mirrored else 0)) % 360
    matrix = axes(angle, is_flipped=symbol.mirrored) * np.array(scale)
    middle = np.array([(x0 + x1) / 2, -(y0 + y1) / 2])
    at = corners.mean(axis=0) - matrix @ middle
    return Placing((float(at[0]), float(at[1])), scale, angle, symbol.mirrored)


def axes(angle_deg: float, *, is_flipped: bool) -> Array:
    """The 2x2 matrix whose columns are the local axes of a placing."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, s if is_flipped else -s], [s, -c if is_flipped else c]])


def add_placing(item: Element, placing: Placing) -> None:
    """Add position and scale."""
    add_position(item, placing.at, angle_deg=placing.angle_deg, is_flipped=placing.is_flipped)
    add(item, "Scale", X=placing.scale[0], Y=placing.scale[1])


def add_shape(catalogue: Element, frame: Frame, kind: str, chosen: ProteusClass) -> None:
    """Add a kind's linework to the shape catalogue, in mm, y up."""
    variant = choose_variant(kind)
    if variant is None:
        return
    name = shape_name(kind)
    item = add(
        catalogue,
        chosen.element,
        ID=frame.id(f"{chosen.element}-{name}"),
        ComponentClass=chosen.name,
        ComponentName=name,
    )
    for shape in variant.shapes:
        _add_curve(item, shape)


def add_box(item: Element, frame: Frame, symbol: Symbol) -> None:
    """Add the symbol's box as its graphics, for kinds whose shape nobody knows."""
    x0, y0, x1, y1 = symbol.box
    points = frame.points([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    line = add(item, "PolyLine", NumPoints=len(points))
    add_presentation(line)
    add_coordinates(line, points)


def _add_curve(item: Element, shape: Shape) -> None:
    points = shape.points * (1, -1)
    points = np.concatenate([points, points[:1]]) if shape.closed else points
    is_filled = shape.fill == "ink"
    curve = add(
        item, "Shape" if is_filled else "PolyLine", NumPoints=len(points), Filled="Solid" if is_filled else None
    )
    add_presentation(curve, width_mm=shape.width, line_type="2" if shape.dash else "0")
    add_coordinates(curve, points)
