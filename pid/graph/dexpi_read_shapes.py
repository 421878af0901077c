"""Where the items of a Proteus file are: placings, shapes from the catalogue, bounding boxes; in sheet pixels.

Items may bear their Extent, be placed copies of a shape of the catalogue, hold curves of their own, or all of these.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from pid.drawing import Box
from pid.geometry import bounds, transform_points
from pid.graph.dexpi_shapes import axes
from pid.graph.dexpi_xml import Array, Element

ARC_STEP_DEG = 10.0
"""Arcs are sampled this finely: a box is then within half a percent of the radius."""
WIDTH_PER_HEIGHT = 0.6
"""Mean advance of a character of a CAD or sans-serif font, for texts that state no width."""


@dataclass(frozen=True)
class FileFrame:
    """File units (y up) to sheet pixels (y down), and the shapes of the catalogue by their ComponentName."""

    matrix: Array  # (3, 3)
    px_per_unit: float
    shapes: Mapping[str, Array] = field(default_factory=dict)

    def points(self, points: Array) -> Array:
        """Points (N, 2) in sheet pixels."""
        return transform_points(self.matrix, points)


def local(element: Element) -> str:
    """The tag without its namespace; "" for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """Children with one of the tags."""
    return (child for child in element if local(child) in names)


def child(element: Element, name: str) -> Element | None:
    """The first child with the tag."""
    return next(children(element, name), None)


def real(element: Element, name: str, default: float = 0.0) -> float:
    """A number from an attribute; the default where it is missing or no number."""
    try:
        value = float(element.get(name, default))
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def read_shapes(model: Element) -> dict[str, Array]:
    """The points of each shape of the catalogue, in its own units, by ComponentName."""
    shapes: dict[str, Array] = {}
    for catalogue in children(model, "ShapeCatalogue"):
        for item in catalogue:
            name, points = item.get("ComponentName"), own_points(item)
            if name and len(points):
                shapes[name] = points
    return shapes


def own_points(item: Element) -> Array:
    """Points of the curves that an item holds itself, (N, 2) in file units or, in the catalogue, in the shape's."""
    parts = [curve_points(curve) for curve in item if local(curve) in _CURVES]
    return np.concatenate([np.zeros((0, 2)), *parts])


_CURVES = (
    "PolyLine",
    "Line",
    "Shape",
    "Circle",
    "Ellipse",
    "TrimmedCurve",
    "CompositeCurve",
    "BsplineCurve",
    "CenterLine",
)


def curve_points(curve: Element) -> Array:
    """Points on a curve, (N, 2); of a spline its control points, which bound it."""
    name = local(curve)
    if name in ("Circle", "Ellipse"):
        return _arc(curve, 0.0, 360.0)
    if name == "TrimmedCurve":
        start, end = real(curve, "StartAngle"), real(curve, "EndAngle", 360.0)
        return np.concatenate(
            [
                np.zeros((0, 2)),
                *(_arc(c, start, end if end > start else end + 360) for c in children(curve, "Circle", "Ellipse")),
            ]
        )
    if name == "CompositeCurve":
        return own_points(curve)
    return coordinates(curve)


def coordinates(curve: Element) -> Array:
    """The Coordinate elements of a curve, (N, 2)."""
    found = [(real(c, "X"), real(c, "Y")) for c in curve.iter() if local(c) == "Coordinate"]
    return np.array(found, np.float64).reshape(-1, 2)


def _arc(curve: Element, start_deg: float, end_deg: float) -> Array:
    radius = real(curve, "Radius")
    size = np.array([real(curve, "PrimaryAxis", radius), real(curve, "SecondaryAxis", radius)])
    steps = max(int(abs(end_deg - start_deg) / ARC_STEP_DEG), 2) + 1
    turn = np.deg2rad(np.linspace(start_deg, end_deg, steps))
    placed = placing(curve)
    return transform_points(placed, np.stack([np.cos(turn), np.sin(turn)], axis=1) * size)


def placing(item: Element) -> Array:
    """The 3x3 matrix of an item's Position and Scale: local units to the file's."""
    matrix = np.eye(3)
    position, scale = child(item, "Position"), child(item, "Scale")
    if position is not None:
        angle, is_flipped = turn_of(position)
        matrix[:2, :2] = axes(angle, is_flipped=is_flipped)
        location = child(position, "Location")
        if location is not None:
            matrix[:2, 2] = real(location, "X"), real(location, "Y")
    if scale is not None:
        matrix[:2, :2] *= (real(scale, "X", 1.0), real(scale, "Y", 1.0))
    return matrix


def turn_of(position: Element) -> tuple[float, bool]:
    """Angle of the local x axis in degrees, counter-clockwise, and whether the local y axis is turned over."""
    axis, reference = child(position, "Axis"), child(position, "Reference")
    is_flipped = axis is not None and real(axis, "Z", 1.0) < 0
    if reference is None:
        return 0.0, is_flipped
    return math.degrees(math.atan2(real(reference, "Y"), real(reference, "X", 1.0))) % 360, is_flipped


def item_box(item: Element, frame: FileFrame) -> Box | None:
    """The bounding box of an item's graphics in sheet pixels; None for an item without any."""
    extent = extent_box(item, frame)
    if extent is not None and extent[2] > extent[0] and extent[3] > extent[1]:
        return extent
    parts = [own_points(item)]
    shape = frame.shapes.get(item.get("ComponentName", ""))
    if shape is not None and child(item, "Position") is not None:
        parts.append(transform_points(placing(item), shape))
    points = np.concatenate(parts)
    return bounds(frame.points(points)) if len(points) else extent


def extent_box(item: Element, frame: FileFrame) -> Box | None:
    """The box that an item's Extent states, in sheet pixels."""
    extent = child(item, "Extent")
    if extent is None:
        return None
    corners = [(real(c, "X"), real(c, "Y")) for c in children(extent, "Min", "Max")]
    return bounds(frame.points(np.array(corners, np.float64))) if len(corners) == 2 else None


def text_box(text: Element, content: str, frame: FileFrame) -> Box | None:
    """The box of a Text: its Extent, else from position, height, justification and angle."""
    extent, position = extent_box(text, frame), child(text, "Position")
    if position is None or (extent is not None and extent[2] > extent[0] and extent[3] > extent[1]):
        return extent
    height = real(text, "Height", 2.5)
    rows = content.split("\n")
    width = real(text, "Width") or WIDTH_PER_HEIGHT * height * max(map(len, rows))
    tall = height * (1.5 * len(rows) - 0.5)
    justification = text.get("Justification", "LeftBottom")
    left = {"L": 0.0, "C": -0.5, "R": -1.0}.get(justification[:1], 0.0)
    low = 0.0 if justification.endswith("Bottom") else -1.0 if justification.endswith("Top") else -0.5
    x0, y0 = left * width, low * tall
    corners = np.array([[x0, y0], [x0 + width, y0], [x0 + width, y0 + tall], [x0, y0 + tall]])
    location = child(position, "Location")
    angle = math.radians(real(text, "TextAngle") + turn_of(position)[0])
    c, s = math.cos(angle), math.sin(angle)
    at = (real(location, "X"), real(location, "Y")) if location is not None else (0.0, 0.0)
    return bounds(frame.points(corners @ np.array([[c, s], [-s, c]]) + at))
