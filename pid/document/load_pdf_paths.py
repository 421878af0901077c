"""The paths and images of a PDF page, read object by object through pdfium's raw interface."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium_c

from pid.document.flatten import flatten_bezier, join_holes, name_shape
from pid.drawing import Box
from pid.errors import InputError
from pid.geometry import Array, bounds, transform_points
from pid.sheet import VectorPath

MAX_SEGMENTS = 3_000_000
"""Path segments of one page; a dense A0 sheet has some hundred thousand."""

MAX_NESTING = 12
"""Forms in forms."""


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
    subpaths = list(_read_subpaths(obj, matrix, content))
    if pen.filled and not pen.stroked:
        subpaths = [subpath for subpath in subpaths if len(subpath[0]) >= 3]
        joined = join_holes([points for points, _, _ in subpaths])
        subpaths = [(points, True, subpaths[index][2]) for index, points in joined]
    content.paths.extend(_make_path(points, closed, curved, pen) for points, closed, curved in subpaths)


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
