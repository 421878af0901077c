"""The geometry of a symbol file: SVG elements as the shapes, lettering and ports of its variants.

Only what symbols need is read: g, path, line, polyline, polygon, rect, circle, ellipse and text, with transform, fill
(none, black, white) and stroke, as attributes or as a style. Whatever else draws is refused, so that a symbol never
looks different here and in the drawing program. Terms and units are those of `pid.catalog`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box
from pid.errors import InputError
from pid.geometry import bounds

Fill = Literal["none", "ink", "paper"]
Role = Literal["process", "signal", "actuator", "any"]

FLATTENING_ERROR_MM = 0.02  # a tenth of the thinnest pen (0.18 mm): never visible at plotting scale
CAP_HEIGHT = 0.7  # cap height of a font as a share of its size (Arial 0.716, ISO 3098 lettering 0.7)

PID = "{urn:pid:symbol}"
SVG = "{http://www.w3.org/2000/svg}"
_ROLES = ("process", "signal", "actuator", "any")
_FILLS: dict[str, Fill] = {
    "none": "none", "transparent": "none", "white": "paper", "#fff": "paper", "#ffffff": "paper",
    "black": "ink", "#000": "ink", "#000000": "ink", "currentcolor": "ink",
}  # fmt: skip
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", PID + "outside")
_DRAWN = ("path", "line", "polyline", "polygon", "rect", "circle", "ellipse")
_IGNORED = ("title", "desc", "metadata", "defs", "namedview")  # what drawing programs add round the geometry
_START_PIECES, _MOST_PIECES = 4, 512


@dataclass(frozen=True)
class Port:
    """Where a line may end on the symbol."""

    id: str
    x: float
    y: float
    direction: float  # degrees counter-clockwise as seen, the way the pipe leaves
    role: Role


@dataclass(frozen=True, eq=False)
class Shape:
    """One subpath, curves flattened to within `FLATTENING_ERROR_MM`."""

    points: NDArray[np.float64]  # (N, 2) mm; a closed shape does not repeat its first point
    closed: bool
    fill: Fill  # "paper" hides what lies under it
    stroked: bool
    width: float  # mm
    dash: tuple[float, ...]  # mm on, off, on, ...; empty is solid
    outside: bool  # drawn, but not part of the symbol's box


@dataclass(frozen=True)
class TextSlot:
    """Lettering in the symbol, anchored at its middle; `slot` None is fixed lettering."""

    x: float
    y: float
    height: float  # cap height, mm
    text: str
    slot: str | None


@dataclass(frozen=True, eq=False)
class Variant:
    """One way of drawing the kind; `box` bounds the shapes that are not outside, without stroke width."""

    name: str
    weight: float  # relative frequency among the kind's variants
    standard: str
    state: str  # "", "normally_closed", ...
    shapes: tuple[Shape, ...]
    texts: tuple[TextSlot, ...]
    ports: tuple[Port, ...]
    box: Box


def read_root(path: Path) -> ElementTree.Element:
    """The root of an SVG file. Raises `InputError` for anything else."""
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is not well-formed SVG: {error}.") from error
    if root.tag != SVG + "svg":
        raise InputError(f"{path} is not an SVG file: its root element is {root.tag!r}.")
    return root


def variant_groups(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The groups that each draw a variant: children of the root with an id."""
    return [g for g in root.findall(SVG + "g") if g.get("id")]


def read_variants(path: Path) -> tuple[Variant, ...]:
    """The variants of a symbol file, in its order. Raises `InputError` for geometry that cannot be read."""
    root = read_root(path)
    style = _inherit(root, {})
    variants: list[Variant] = []
    try:
        ports = _read_ports(root)
        for group in variant_groups(root):
            variants.append(_read_variant(group, style, ports))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{path}: its geometry cannot be read: {error}.") from error
    names = [v.name for v in variants]
    if len(set(names)) < len(names):
        raise InputError(f"{path}: two variants have the same id.")
    return tuple(variants)


def _read_variant(group: ElementTree.Element, style: dict[str, str], ports: tuple[Port, ...]) -> Variant:
    name = group.get("id", "")
    shapes: list[Shape] = []
    texts: list[TextSlot] = []
    _collect(group, style, _matrix(""), shapes, texts)
    inside = [s.points for s in shapes if not s.outside]
    if not inside:
        raise ValueError(f"the variant {name!r} draws nothing")
    weight = float(group.get(PID + "weight", "1"))
    if not (weight > 0 and math.isfinite(weight)):
        raise ValueError(f"the variant {name!r} has the weight {weight}")
    return Variant(
        name=name,
        weight=weight,
        standard=group.get(PID + "standard", ""),
        state=group.get(PID + "state", ""),
        shapes=tuple(shapes),
        texts=tuple(texts),
        ports=_read_ports(group) or ports,
        box=bounds(np.concatenate(inside)),
    )


def _read_ports(parent: ElementTree.Element) -> tuple[Port, ...]:
    ports: list[Port] = []
    for element in parent.findall(PID + "port"):
        name, role = element.get("id", ""), element.get("role", "process")
        if role not in _ROLES or not name or name in {p.id for p in ports}:
            raise ValueError(f"the port {name!r} with the role {role!r} has no unique id or an unknown role")
        x, y, direction = (float(element.attrib[key]) for key in ("x", "y", "direction"))
        ports.append(Port(name, x, y, direction % 360, cast(Role, role)))
    return tuple(ports)


def _collect(
    element: ElementTree.Element, style: dict[str, str], matrix: Any, shapes: list[Shape], texts: list[TextSlot]
) -> None:
    """Add what `element` draws to `shapes` and `texts`, in painting order; `matrix` maps its parent to the symbol."""
    if not element.tag.startswith(SVG):
        return  # ports, and elements private to a drawing program
    tag = element.tag.removeprefix(SVG)
    style = _inherit(element, style)
    matrix = _matrix(element.get("transform", "")) * matrix
    if tag == "g":
        for child in element:
            _collect(child, style, matrix, shapes, texts)
    elif tag in _DRAWN:
        shapes.extend(_read_shapes(element, tag, style, matrix))
    elif tag == "text":
        texts.append(_read_text(element, style, matrix))
    elif tag not in _IGNORED:
        raise ValueError(f"the element <{tag}> is not among those a symbol may use")


def _inherit(element: ElementTree.Element, style: dict[str, str]) -> dict[str, str]:
    own = {key: element.attrib[key] for key in _INHERITED if key in element.attrib}
    for part in element.get("style", "").split(";"):
        key, colon, value = part.partition(":")
        if colon and key.strip() in _INHERITED:
            own[key.strip()] = value.strip()
    return {**style, **own}


def _matrix(transform: str) -> Any:
    from svgelements import Matrix

    return Matrix(transform)


def _scale(matrix: Any) -> float:
    return math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.replace(",", " ").split())


def _read_shapes(element: ElementTree.Element, tag: str, style: dict[str, str], matrix: Any) -> Iterator[Shape]:
    fill = style.get("fill", "black").lower()
    if fill not in _FILLS:
        raise ValueError(f"the fill {fill!r} is none of none, black and white")
    scale = _scale(matrix)
    dash = style.get("stroke-dasharray", "none")
    for points, closed in _flatten(_as_path(element, tag) * matrix):
        yield Shape(
            points=points,
            closed=closed,
            fill=_FILLS[fill],
            stroked=style.get("stroke", "none") != "none",
            width=float(style.get("stroke-width", "0.35")) * scale,
            dash=() if dash == "none" else tuple(scale * d for d in _numbers(dash)),
            outside=style.get(PID + "outside") == "true",
        )


def _read_text(element: ElementTree.Element, style: dict[str, str], matrix: Any) -> TextSlot:
    x, y = matrix.point_in_matrix_space((float(element.get("x", "0")), float(element.get("y", "0"))))
    height = float(style.get("font-size", "3")) * CAP_HEIGHT * _scale(matrix)
    text = "".join(element.itertext()).strip()
    return TextSlot(float(x), float(y), height, text, element.get(PID + "slot"))


def _as_path(element: ElementTree.Element, tag: str) -> Any:
    import svgelements

    if tag == "path":
        return svgelements.Path(element.attrib["d"])
    if tag in ("polyline", "polygon"):
        numbers = _numbers(element.attrib["points"])
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        closing = [svgelements.Close(points[-1], points[0])] if tag == "polygon" else []
        steps = [svgelements.Line(a, b) for a, b in pairwise(points)]
        return svgelements.Path(svgelements.Move(points[0]), *steps, *closing)
    keys = {
        "line": ("x1", "y1", "x2", "y2"), "rect": ("x", "y", "width", "height", "rx", "ry"),
        "circle": ("cx", "cy", "r"), "ellipse": ("cx", "cy", "rx", "ry"),
    }[tag]  # fmt: skip
    sizes = {key: float(element.attrib[key]) for key in keys if key in element.attrib}
    maker = {
        "line": svgelements.SimpleLine, "rect": svgelements.Rect,
        "circle": svgelements.Circle, "ellipse": svgelements.Ellipse,
    }[tag]  # fmt: skip
    return svgelements.Path(maker(**sizes))


def _flatten(path: Any) -> Iterator[tuple[NDArray[np.float64], bool]]:
    """The subpaths of a path as points (N, 2) and whether each is closed."""
    from svgelements import Close, Line, Move

    path.reify()
    points: list[tuple[float, float]] = []
    closed = False
    for segment in path:
        if isinstance(segment, Move):
            if len(points) > 1:
                yield _as_points(points, closed)
            points, closed = [(segment.end.x, segment.end.y)], False
        elif isinstance(segment, Close):
            closed = True
        elif isinstance(segment, Line):
            points.append((segment.end.x, segment.end.y))
        else:
            points.extend(_flatten_curve(segment))
    if len(points) > 1:
        yield _as_points(points, closed)


def _as_points(points: list[tuple[float, float]], closed: bool) -> tuple[NDArray[np.float64], bool]:
    array = np.array(points, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("a coordinate is not finite")
    if closed and len(array) > 2 and np.allclose(array[0], array[-1], atol=1e-6):
        array = array[:-1]
    return array, closed


def _flatten_curve(segment: Any) -> list[tuple[float, float]]:
    """Points of a curve after its start, close enough for chords to stay within the permitted error."""
    pieces = _START_PIECES
    while True:
        fine = np.asarray(segment.npoint(np.linspace(0, 1, 2 * pieces + 1)), np.float64)
        chord_middles = (fine[:-2:2] + fine[2::2]) / 2
        off = np.hypot(*(fine[1::2] - chord_middles).T)  # an upper bound of the distance to the chord
        if off.max() <= FLATTENING_ERROR_MM or pieces >= _MOST_PIECES:
            return [(float(x), float(y)) for x, y in fine[2::2]]
        pieces *= 2
