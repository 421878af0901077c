"""The paths and images of a PDF page, read object by object through pdfium's raw interface."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium_c

from pid.drawing import Box
from pid.errors import InputError
from pid.geometry import Array, bounds, transform_points
from pid.sheet import VectorPath

FLATNESS_PX = 0.25
"""How far a flattened curve may leave the true one."""

CIRCLE_TOLERANCE = 0.02
"""Spread of the radius, as a share of it, up to which a curve is an arc or a circle; four Bezier curves err by 0.0003."""

MAX_SEGMENTS = 3_000_000
"""Path segments of one page; a dense A0 sheet has some hundred thousand."""

MAX_NESTING = 12
"""Forms in forms."""

_MIN_CIRCLE_CORNERS = 12
"""A polygon with fewer corners is no circle drawn in straight pieces."""


@dataclass
class PageContent:
    """Paths in painting order and the boxes of raster images, in pixels of the sheet."""

    paths: list[VectorPath] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    segments: int = 0


@dataclass(frozen=True)
class _Pen:
    stroked: bool
    filled: bool
    width_px: float
    dash_px: tuple[float, ...]
    stroke: tuple[int, int, int]
    fill: tuple[int, int, int]


def read_content(page: Any, to_sheet: Array, *, name: str) -> PageContent:
    """Read all paths and images of a page, those inside forms included.

    Args:
        page: an open page of pypdfium2.
        to_sheet: 3x3 from user space to pixels of the sheet.
        name: what an error calls the page.
    """
    content = PageContent()
    for obj, matrix in _walk_page(page.raw, to_sheet):
        kind = pdfium_c.FPDFPageObj_GetType(obj)
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            _read_path(obj, matrix, content)
        elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            unit = transform_points(matrix @ _object_matrix(obj), [[0, 0], [1, 0], [1, 1], [0, 1]])
            content.images.append(bounds(unit))
        if content.segments > MAX_SEGMENTS:
            raise InputError(f"{name} draws more than {MAX_SEGMENTS // 1_000_000} million path segments.")
    return content


def _walk_page(page: Any, to_sheet: Array) -> Iterator[tuple[Any, Array]]:
    for index in range(pdfium_c.FPDFPage_CountObjects(page)):
        yield from _walk(pdfium_c.FPDFPage_GetObject(page, index), to_sheet, 0)


def _walk(obj: Any, matrix: Array, depth: int) -> Iterator[tuple[Any, Array]]:
    """An object, or the objects inside a form, each with the matrix of what contains it."""
    if pdfium_c.FPDFPageObj_GetType(obj) != pdfium_c.FPDF_PAGEOBJ_FORM:
        yield obj, matrix
    elif depth < MAX_NESTING:
        inner = matrix @ _object_matrix(obj)
        for index in range(pdfium_c.FPDFFormObj_CountObjects(obj)):
            yield from _walk(pdfium_c.FPDFFormObj_GetObject(obj, index), inner, depth + 1)


def _object_matrix(obj: Any) -> Array:
    m = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(obj, m):
        return np.eye(3)
    return np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0, 0, 1]], np.float64)


def _read_path(obj: Any, container: Array, content: PageContent) -> None:
    matrix = container @ _object_matrix(obj)
    pen = _read_pen(obj, matrix)
    if not pen.stroked and not pen.filled:
        return
    subpaths = [
        _make_path(points, closed, curved, pen) for points, closed, curved in _read_subpaths(obj, matrix, content)
    ]
    if pen.filled and not pen.stroked:
        content.paths.extend(join_holes([p for p in subpaths if len(p.points) >= 3]))
    else:
        content.paths.extend(subpaths)


def _read_pen(obj: Any, matrix: Array) -> _Pen:
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(obj, mode, stroke)
    stroke_rgb, stroke_alpha = _read_color(obj, pdfium_c.FPDFPageObj_GetStrokeColor)
    fill_rgb, fill_alpha = _read_color(obj, pdfium_c.FPDFPageObj_GetFillColor)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    width = ctypes.c_float()
    pdfium_c.FPDFPageObj_GetStrokeWidth(obj, width)
    count = pdfium_c.FPDFPageObj_GetDashCount(obj) if stroke.value else 0
    dash: tuple[float, ...] = ()
    if count > 0:
        lengths = (ctypes.c_float * count)()
        pdfium_c.FPDFPageObj_GetDashArray(obj, lengths, count)
        dash = tuple(float(v) * scale for v in lengths)
        dash = dash * 2 if count % 2 else dash  # an odd pattern repeats with on and off exchanged
    return _Pen(
        stroked=bool(stroke.value) and stroke_alpha > 0,
        filled=mode.value != pdfium_c.FPDF_FILLMODE_NONE and fill_alpha > 0,
        width_px=max(width.value * scale, 1.0),
        dash_px=dash if sum(dash) > 1.0 else (),
        stroke=stroke_rgb,
        fill=fill_rgb,
    )


def _read_color(obj: Any, getter: Any) -> tuple[tuple[int, int, int], int]:
    r, g, b, a = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    if not getter(obj, r, g, b, a):
        return (0, 0, 0), 255  # a pattern: seen as ink
    return (r.value, g.value, b.value), a.value


def _make_path(points: Array, closed: bool, curved: bool, pen: _Pen) -> VectorPath:
    only_filled = pen.filled and not pen.stroked
    return VectorPath(
        points=points,
        closed=closed or pen.filled,
        filled=pen.filled and min(pen.fill) < 250,
        width_px=pen.width_px,
        dash_px=pen.dash_px,
        color=pen.fill if only_filled else pen.stroke,
        shape=name_shape(points, closed=closed, curved=curved),
    )


def _read_subpaths(obj: Any, matrix: Array, content: PageContent) -> Iterator[tuple[Array, bool, bool]]:
    """Each subpath flattened, in pixels of the sheet: points (N, 2), whether closed, whether it has curves."""
    count = pdfium_c.FPDFPath_CountSegments(obj)
    content.segments += max(count, 0)
    x, y = ctypes.c_float(), ctypes.c_float()
    kinds, raw, closes = [], [], []
    for index in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(obj, index)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        raw.append((x.value, y.value))
        kinds.append(pdfium_c.FPDFPathSegment_GetType(segment))
        closes.append(bool(pdfium_c.FPDFPathSegment_GetClose(segment)))
    if not raw:
        return
    points = transform_points(matrix, raw)
    starts = [i for i, kind in enumerate(kinds) if kind == pdfium_c.FPDF_SEGMENT_MOVETO] or [0]
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        flat, curved = _flatten(points[start:end], kinds[start:end])
        closed = any(closes[start:end])
        if len(flat) > 2 and np.hypot(*(flat[0] - flat[-1])) < 0.05:
            flat, closed = flat[:-1], True
        if len(flat) >= 2 and np.isfinite(flat).all():
            yield flat, closed, curved


def _flatten(points: Array, kinds: list[int]) -> tuple[Array, bool]:
    if pdfium_c.FPDF_SEGMENT_BEZIERTO not in kinds:
        return points, False
    out = [points[:1]]
    index = 1
    while index < len(points):
        if kinds[index] == pdfium_c.FPDF_SEGMENT_BEZIERTO and index + 2 < len(points):
            out.append(flatten_bezier(points[index - 1 : index + 3])[1:])
            index += 3
        else:
            out.append(points[index : index + 1])
            index += 1
    return np.concatenate(out), True


def flatten_bezier(control: Array) -> Array:
    """A cubic Bezier curve (4, 2) as points (N, 2) within `FLATNESS_PX`."""
    bend = float(np.hypot(*(control[:-2] - 2 * control[1:-1] + control[2:]).T).max())
    count = int(min(max(np.ceil(np.sqrt(0.75 * bend / FLATNESS_PX)), 1), 500)) + 1
    t = np.linspace(0.0, 1.0, count)[:, None]
    s = 1 - t
    p0, p1, p2, p3 = control
    return np.asarray(s**3 * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t**3 * p3, np.float64)


def name_shape(points: Array, *, closed: bool, curved: bool) -> str:
    """``circle``, ``arc`` or ``polyline`` of a flattened path (N, 2)."""
    if len(points) < (5 if curved else _MIN_CIRCLE_CORNERS) or not (curved or closed):
        return "polyline"
    fitted = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points**2).sum(axis=1), rcond=None)[0]
    center = fitted[:2]
    radii = np.hypot(*(points - center).T)
    radius = float(radii.mean())
    extent = float(np.ptp(points, axis=0).max())
    if (
        radius <= 0
        or radius > 20 * extent
        or np.abs(radii - radius).max() > max(CIRCLE_TOLERANCE * radius, FLATNESS_PX)
    ):
        return "polyline"
    if not closed:
        return "arc"
    turns = np.sort(np.arctan2(*(points - center).T))
    widest = max(float(np.diff(turns).max(initial=0.0)), float(turns[0] - turns[-1] + 2 * np.pi))
    return "circle" if widest < 1.2 else "polyline"  # a chord closes a segment of a circle


def join_holes(paths: list[VectorPath]) -> list[VectorPath]:
    """Filled paths of one object: each hole is joined to the outline around it by a seam, so that it stays paper."""
    if len(paths) < 2 or len(paths) > 200:
        return paths
    boxes = np.array([bounds(p.points) for p in paths])
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    holes: dict[int, list[int]] = {}
    inner: set[int] = set()
    for i, box in enumerate(boxes):
        inside = (boxes[:, :2] <= box[:2]).all(axis=1) & (boxes[:, 2:] >= box[2:]).all(axis=1) & (area > area[i])
        if inside.any():
            candidates = np.flatnonzero(inside)
            holes.setdefault(int(candidates[np.argmax(area[candidates])]), []).append(i)
            inner.add(i)
    out = []
    for i, path in enumerate(paths):
        if i in inner:
            continue
        parts = [path.points, path.points[:1]]
        for j in holes.get(i, ()):
            parts += [paths[j].points, paths[j].points[:1], path.points[:1]]
        joined = i in holes
        out.append(
            VectorPath(points=np.concatenate(parts), closed=True, filled=True, width_px=path.width_px, color=path.color)
            if joined
            else path
        )
    return out
