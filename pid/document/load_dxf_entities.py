"""DXF entities into marks, one reader for each entity type; block references are expanded by `load_dxf_blocks`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from ezdxf import DXFError
from ezdxf.path import from_hatch

from pid.document.draw_vectors import text_width
from pid.document.flatten import flatten_bulges, join_holes
from pid.document.load_dxf_marks import Mark, Style
from pid.geometry import Array

CURVE_STEPS = 300
"""Splines and hatch edges are flattened to within this share of their extent."""

MAX_PATTERN_LINES = 3000
"""Lines of one pattern hatch; a denser pattern is grey shading and left out."""

LINE_PITCH = 5 / 3
"""Base line to base line in MTEXT, in character heights, at a spacing factor of 1 (DXF reference)."""

_FULL = (0.0, 2 * math.pi)


def read_style(entity: Any) -> Style:
    """Display properties as stated."""
    dxf = entity.dxf
    return Style(
        layer=str(dxf.get("layer", "0")),
        color=int(dxf.get("color", 256)),
        true_color=dxf.get("true_color"),
        linetype=str(dxf.get("linetype", "BYLAYER")),
        ltscale=float(dxf.get("ltscale", 1.0)),
        lineweight=int(dxf.get("lineweight", -1)),
    )


def read_entity(entity: Any, *, depth: int = 0) -> Iterator[Mark]:
    """Marks of any entity but a block reference; entities that draw nothing on paper give none."""
    reader = _READERS.get(entity.dxftype())
    if reader is not None:
        yield from reader(entity)
    elif entity.dxftype() not in _NOT_DRAWN and hasattr(entity, "virtual_entities") and depth < 3:
        for part in _parts(entity):  # dimensions, leaders, multilines: as the CAD program composed them
            yield from read_entity(part, depth=depth + 1)


def is_readable(dxftype: str) -> bool:
    """Whether an entity type may draw something on paper."""
    return dxftype not in _NOT_DRAWN


def _parts(entity: Any) -> Iterator[Any]:
    try:
        yield from entity.virtual_entities()
    except (DXFError, ValueError, TypeError, AttributeError, ZeroDivisionError):
        return  # an incomplete composite (a dimension without its block) draws nothing in CAD either


def _line(entity: Any) -> Iterator[Mark]:
    dxf = entity.dxf
    a, b = dxf.start, dxf.end
    yield Mark("path", np.array([[a.x, a.y], [b.x, b.y]]), read_style(entity))


def _arc(entity: Any) -> Iterator[Mark]:
    dxf = entity.dxf
    center, radius = dxf.center, float(dxf.radius)
    axes = _to_world(entity, [[center.x, center.y], [center.x + radius, center.y], [center.x, center.y + radius]])
    span = _FULL
    if entity.dxftype() == "ARC":
        start = math.radians(dxf.start_angle)
        span = start, start + (math.radians(dxf.end_angle) - start) % (2 * math.pi) or start + 2 * math.pi
    yield Mark("arc", axes, read_style(entity), span=span, closed=span is _FULL)


def _ellipse(entity: Any) -> Iterator[Mark]:
    center, major, minor = entity.dxf.center, entity.dxf.major_axis, entity.minor_axis
    axes = np.array([[v.x, v.y] for v in (center, center + major, center + minor)])
    start, end = float(entity.dxf.start_param), float(entity.dxf.end_param)
    sweep = (end - start) % (2 * math.pi) or 2 * math.pi
    closed = sweep > 2 * math.pi - 1e-6
    yield Mark("arc", axes, read_style(entity), span=_FULL if closed else (start, start + sweep), closed=closed)


def _spline(entity: Any) -> Iterator[Mark]:
    try:
        curve = entity.construction_tool()
        control = np.array([[p.x, p.y] for p in curve.control_points])
        distance = max(float(np.ptp(control, axis=0).max()), 1e-9) / CURVE_STEPS
        points = np.array([[p.x, p.y] for p in curve.flattening(distance)])
    except (DXFError, ValueError, IndexError, ZeroDivisionError):
        return  # a spline without enough knots or points has no curve
    if len(points) > 1:
        yield Mark("path", points, read_style(entity), closed=bool(entity.closed), curved=True)


def _lwpolyline(entity: Any) -> Iterator[Mark]:
    rows = np.array(entity.get_points("xyseb"), np.float64).reshape(-1, 5)
    constant = float(entity.dxf.get("const_width", 0.0))
    if constant:
        rows[:, 2:4] = constant
    yield from _wide_polyline(entity, rows, closed=bool(entity.closed))


def _polyline(entity: Any) -> Iterator[Mark]:
    if not (entity.is_2d_polyline or entity.is_3d_polyline):
        for face in _parts(entity):  # meshes
            yield from read_entity(face, depth=2)
        return
    widths = float(entity.dxf.get("default_start_width", 0.0)), float(entity.dxf.get("default_end_width", 0.0))
    rows = np.array(
        [
            (
                v.dxf.location.x,
                v.dxf.location.y,
                float(v.dxf.get("start_width", widths[0])),
                float(v.dxf.get("end_width", widths[1])),
                float(v.dxf.get("bulge", 0.0)),
            )
            for v in entity.vertices
            if not v.dxf.flags & 16  # control point of a curve's frame
        ],
        np.float64,
    ).reshape(-1, 5)
    yield from _wide_polyline(entity, rows, closed=bool(entity.is_closed))


def _wide_polyline(entity: Any, rows: Array, *, closed: bool) -> Iterator[Mark]:
    """A polyline of rows x, y, start width, end width, bulge; segments that taper (arrow heads) become filled areas."""
    if len(rows) < 2:
        return
    style = read_style(entity)
    tapered = np.abs(rows[:, 2] - rows[:, 3]) > 1e-9
    count = len(rows) if closed else len(rows) - 1
    if not tapered[:count].any():
        points = _to_world(entity, flatten_bulges(rows[:, :2], rows[:, 4], closed=closed))
        yield Mark("path", points, style, closed=closed, curved=bool(rows[:, 4].any()), width=float(rows[0, 2]))
        return
    for index in range(count):
        row, following = rows[index], rows[(index + 1) % len(rows)]
        a, b = row[:2], following[:2]
        along = b - a
        length = float(np.hypot(*along))
        if tapered[index] and length > 0:
            across = np.array([-along[1], along[0]]) / length / 2
            outline = [a + across * row[2], b + across * row[3], b - across * row[3], a - across * row[2]]
            yield Mark("path", _to_world(entity, outline), style, closed=True, filled=True)
        else:
            piece = flatten_bulges(np.array([a, b]), np.array([row[4], 0.0]), closed=False)
            yield Mark("path", _to_world(entity, piece), style, curved=bool(row[4]), width=float(row[2]))


def _solid(entity: Any) -> Iterator[Mark]:
    corners = np.array([[v.x, v.y] for v in entity.wcs_vertices()])
    if len(corners) >= 3:
        yield Mark("path", corners, read_style(entity), closed=True, filled=entity.dxftype() != "3DFACE")


def _hatch(entity: Any) -> Iterator[Mark]:
    style = read_style(entity)
    if not entity.dxf.solid_fill:
        yield from _pattern(entity, style)
        return
    outlines = []
    for path in from_hatch(entity):
        box = np.array([[v.x, v.y] for v in path.control_vertices()])
        distance = max(float(np.ptp(box, axis=0).max(initial=0.0)), 1e-9) / CURVE_STEPS if len(box) else 1.0
        points = np.array([[v.x, v.y] for v in path.flattening(distance)])
        if len(points) >= 3:
            outlines.append(points)
    for _, points in join_holes(outlines):
        yield Mark("path", points, style, closed=True, filled=True, curved=True)


def _pattern(entity: Any, style: Style) -> Iterator[Mark]:
    try:
        lines = []
        for a, b in entity.render_pattern_lines():
            lines.append(Mark("path", np.array([[a.x, a.y], [b.x, b.y]]), style))
            if len(lines) > MAX_PATTERN_LINES:
                return
    except (DXFError, ValueError, ZeroDivisionError, AttributeError):
        return  # a pattern without lines, or denser than its outline allows
    yield from lines


def _wipeout(entity: Any) -> Iterator[Mark]:
    outline = np.array([[v.x, v.y] for v in entity.boundary_path_wcs()])
    if len(outline) >= 3:
        yield Mark("path", outline, read_style(entity), closed=True, filled=True, masks=True)


def read_text(entity: Any, *, attribute: str | None = None) -> Iterator[Mark]:
    """A TEXT or ATTRIB, its width taken from the bundled font unless it is fitted between two points."""
    text = entity.plain_text().strip()
    height = float(entity.dxf.get("height", 0.0))
    if not text or height <= 0:
        return
    dxf = entity.dxf
    horizontal, vertical = int(dxf.get("halign", 0)), int(dxf.get("valign", 0))
    first = np.array([dxf.insert.x, dxf.insert.y])
    second = np.array([dxf.align_point.x, dxf.align_point.y]) if dxf.hasattr("align_point") else first
    turn = math.radians(float(dxf.get("rotation", 0.0)))
    width = text_width(text) * height * abs(float(dxf.get("width", 1.0)))
    fitted = float(np.hypot(*(second - first)))
    if horizontal in {3, 5} and fitted > 0:  # aligned (height follows), fit (height stays)
        turn = math.atan2(*(second - first)[::-1])
        height = height if horizontal == 5 else fitted / max(text_width(text), 1e-9)
        width, origin, shift = fitted, first, (0.0, 0.0)
    else:
        origin = second if (horizontal or vertical) and dxf.hasattr("align_point") else first
        left = {1: 0.5, 2: 1.0, 4: 0.5}.get(horizontal, 0.0) * width
        low = 0.5 * height if horizontal == 4 else {1: -0.25, 2: 0.5, 3: 1.0}.get(vertical, 0.0) * height
        shift = left, low
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    origin = origin - np.array(shift) @ axes
    points = _to_world(entity, [origin, origin + axes[0] * width, origin + axes[1] * height])
    yield Mark("text", points, read_style(entity), text=text, attribute=attribute)


def _mtext(entity: Any) -> Iterator[Mark]:
    dxf = entity.dxf
    height = float(dxf.get("char_height", 0.0))
    if height <= 0:
        return
    lines = [
        part for line in entity.plain_text(split=True) for part in _wrap(line, float(dxf.get("width", 0)) / height)
    ]
    pitch = LINE_PITCH * height * float(dxf.get("line_spacing_factor", 1.0))
    turn = math.radians(entity.get_rotation())
    right, up = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    anchor = int(dxf.get("attachment_point", 1)) - 1
    block_height = height + pitch * (len(lines) - 1)
    top = np.array([dxf.insert.x, dxf.insert.y]) + up * block_height * (0.0, 0.5, 1.0)[min(anchor // 3, 2)]
    style = read_style(entity)
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        width = text_width(line) * height
        origin = top - up * (height + pitch * index) - right * width * (0.0, 0.5, 1.0)[anchor % 3]
        points = np.array([origin, origin + right * width, origin + up * height])
        yield Mark("text", points, style, text=line)


def _wrap(line: str, width: float) -> list[str]:
    """Break a line at blanks to a width in cap heights; 0 breaks nowhere."""
    if width <= 0 or text_width(line) <= width:
        return [line]
    lines: list[str] = []
    for word in line.split():
        if lines and text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _to_world(entity: Any, points: Any) -> Array:
    """Points (N, 2) of an entity's own plane on the drawing; mirrored copies have their plane turned over."""
    array = np.asarray(points, np.float64).reshape(-1, 2)
    extrusion = entity.dxf.get("extrusion")
    if extrusion is None or (extrusion.x == 0 and extrusion.y == 0 and extrusion.z > 0):
        return array
    world = entity.ocs().points_to_wcs([(x, y, 0.0) for x, y in array.tolist()])
    return np.array([[p.x, p.y] for p in world])


_READERS: dict[str, Callable[[Any], Iterator[Mark]]] = {
    "LINE": _line,
    "ARC": _arc,
    "CIRCLE": _arc,
    "ELLIPSE": _ellipse,
    "SPLINE": _spline,
    "HELIX": _spline,
    "LWPOLYLINE": _lwpolyline,
    "POLYLINE": _polyline,
    "SOLID": _solid,
    "TRACE": _solid,
    "3DFACE": _solid,
    "HATCH": _hatch,
    "MPOLYGON": _hatch,
    "WIPEOUT": _wipeout,
    "TEXT": read_text,
    "MTEXT": _mtext,
}
_NOT_DRAWN = frozenset(
    ("ATTDEF", "VIEWPORT", "POINT", "IMAGE", "PDFUNDERLAY", "DWFUNDERLAY", "DGNUNDERLAY", "OLE2FRAME", "XLINE", "RAY")
)
