"""The paths and images of a PDF page, read object by object through pdfium's raw interface."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium_c

from pid.document.flatten import flatten_bezier, join_holes, name_shape
from pid.document.load_pdf_forms import Matrix, bind_forms
from pid.drawing import Box
from pid.errors import InputError
from pid.geometry import Array, bounds
from pid.sheet import VectorBlock, VectorPath

MAX_SEGMENTS = 3_000_000
"""Path segments of one page; a dense A0 sheet has some hundred thousand."""

MAX_NESTING = 12
"""Forms in forms."""

_DARK = 128  # mean of the channels
_SAME_POINT_PX = 0.05


@dataclass
class PageContent:
    """Paths in painting order, placed forms and the boxes of raster images, in pixels of the sheet."""

    paths: list[VectorPath] = field(default_factory=list)
    blocks: list[VectorBlock] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    segments: int = 0


class _Pen(NamedTuple):
    stroked: bool
    filled: bool
    width_px: float
    dash_px: tuple[float, ...]
    stroke: tuple[int, int, int]
    fill: tuple[int, int, int]


class _Subpath(NamedTuple):
    points: Array  # flattened, pixels of the sheet
    closed: bool
    curved: bool


def read_content(page: Any, to_sheet: Array, *, name: str, longer_px: float) -> PageContent:
    """Read all paths and images of a page, those inside forms included.

    Args:
        page: an open page of pypdfium2.
        to_sheet: 3x3 from user space to pixels of the sheet.
        name: what an error calls the page.
        longer_px: longer side of the sheet.
    """
    content = PageContent()
    chains: list[tuple[int, ...]] = []
    forms: list[Matrix] = []
    (a, c, e), (b, d, f) = to_sheet[0].tolist(), to_sheet[1].tolist()
    for obj, matrix, chain in _walk_page(page.raw, (a, b, c, d, e, f), forms):
        kind = pdfium_c.FPDFPageObj_GetType(obj)
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            _read_path(obj, matrix, content)
            chains += [chain] * (len(content.paths) - len(chains))
        elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            placed = _object_matrix(obj, matrix)
            content.images.append(bounds([_apply(placed, x, y) for x in (0.0, 1.0) for y in (0.0, 1.0)]))
        if content.segments > MAX_SEGMENTS:
            raise InputError(f"{name} draws more than {MAX_SEGMENTS // 1_000_000} million path segments.")
    if forms:
        content.paths, content.blocks = bind_forms(content.paths, chains, forms, longer_px=longer_px)
    return content


def _walk_page(page: Any, to_sheet: Matrix, forms: list[Matrix]) -> Iterator[tuple[Any, Matrix, tuple[int, ...]]]:
    for index in range(pdfium_c.FPDFPage_CountObjects(page)):
        yield from _walk(pdfium_c.FPDFPage_GetObject(page, index), to_sheet, (), forms)


def _walk(
    obj: Any, matrix: Matrix, chain: tuple[int, ...], forms: list[Matrix]
) -> Iterator[tuple[Any, Matrix, tuple[int, ...]]]:
    """An object, or the objects inside a form, each with the matrix of what contains it and the forms it lies in.

    Each placed form's matrix is added to `forms`.
    """
    if pdfium_c.FPDFPageObj_GetType(obj) != pdfium_c.FPDF_PAGEOBJ_FORM:
        yield obj, matrix, chain
    elif len(chain) < MAX_NESTING:
        inner = _object_matrix(obj, matrix)
        forms.append(inner)
        within = (*chain, len(forms) - 1)
        for index in range(pdfium_c.FPDFFormObj_CountObjects(obj)):
            yield from _walk(pdfium_c.FPDFFormObj_GetObject(obj, index), inner, within, forms)


def _apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _object_matrix(obj: Any, outer: Matrix) -> Matrix:
    """The object's own matrix followed by `outer`."""
    m = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(obj, m):
        return outer
    a, b, c, d, _, _ = outer
    ma, mb, mc, md = m.a, m.b, m.c, m.d
    x, y = _apply(outer, m.e, m.f)
    return a * ma + c * mb, b * ma + d * mb, a * mc + c * md, b * mc + d * md, x, y


def _read_path(obj: Any, container: Matrix, content: PageContent) -> None:
    matrix = _object_matrix(obj, container)
    pen = _read_pen(obj, matrix)
    if not pen.stroked and not pen.filled:
        return
    subpaths = list(_read_subpaths(obj, matrix, content))
    if pen.filled and not pen.stroked:
        subpaths = [subpath for subpath in subpaths if len(subpath.points) >= 3]
        joined = join_holes([subpath.points for subpath in subpaths])
        subpaths = [_Subpath(points, True, subpaths[index].curved) for index, points in joined]
    content.paths.extend(_make_path(subpath, pen) for subpath in subpaths)


def _read_pen(obj: Any, matrix: Matrix) -> _Pen:
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(obj, mode, stroke)
    stroke_rgb, stroke_alpha = _read_color(obj, pdfium_c.FPDFPageObj_GetStrokeColor) if stroke.value else _NO_COLOR
    filled = mode.value != pdfium_c.FPDF_FILLMODE_NONE
    fill_rgb, fill_alpha = _read_color(obj, pdfium_c.FPDFPageObj_GetFillColor) if filled else _NO_COLOR
    scale = abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]) ** 0.5
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
        stroked=stroke_alpha > 0,
        filled=fill_alpha > 0,
        width_px=max(width.value * scale, 1.0),
        dash_px=dash if sum(dash) > 1.0 else (),
        stroke=stroke_rgb,
        fill=fill_rgb,
    )


_NO_COLOR = (0, 0, 0), 0


def _read_color(obj: Any, getter: Any) -> tuple[tuple[int, int, int], int]:
    r, g, b, a = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    if not getter(obj, r, g, b, a):
        return (0, 0, 0), 255  # a pattern: seen as ink
    return (r.value, g.value, b.value), a.value


def _make_path(subpath: _Subpath, pen: _Pen) -> VectorPath:
    """Under an outline only a dark fill counts as filled: a pale one is a tint, and white is paper."""
    return VectorPath(
        points=subpath.points,
        closed=subpath.closed or pen.filled,
        filled=pen.filled and (not pen.stroked or sum(pen.fill) < 3 * _DARK),
        width_px=pen.width_px,
        dash_px=pen.dash_px,
        color=pen.stroke if pen.stroked else pen.fill,
        shape=name_shape(subpath.points, closed=subpath.closed, curved=subpath.curved),
    )


def _read_subpaths(obj: Any, matrix: Matrix, content: PageContent) -> Iterator[_Subpath]:
    count = pdfium_c.FPDFPath_CountSegments(obj)
    content.segments += max(count, 0)
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    kinds: list[int] = []
    closed = False
    for index in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(obj, index)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO and points:
            yield from _make_subpath(points, kinds, closed)
            points, kinds, closed = [], [], False
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        points.append(_apply(matrix, x.value, y.value))
        kinds.append(kind)
        closed = closed or bool(pdfium_c.FPDFPathSegment_GetClose(segment))
    yield from _make_subpath(points, kinds, closed)


def _make_subpath(points: list[tuple[float, float]], kinds: list[int], closed: bool) -> Iterator[_Subpath]:
    curved = pdfium_c.FPDF_SEGMENT_BEZIERTO in kinds
    flat = _flatten(points, kinds) if curved else points
    if len(flat) > 2 and abs(flat[0][0] - flat[-1][0]) + abs(flat[0][1] - flat[-1][1]) < _SAME_POINT_PX:
        flat, closed = flat[:-1], True
    if len(flat) >= 2 and all(math.isfinite(px) and math.isfinite(py) for px, py in flat):
        yield _Subpath(np.array(flat, np.float64), closed, curved)


def _flatten(points: list[tuple[float, float]], kinds: list[int]) -> list[tuple[float, float]]:
    out = points[:1]
    index = 1
    while index < len(points):
        if kinds[index] == pdfium_c.FPDF_SEGMENT_BEZIERTO and index + 2 < len(points):
            out += flatten_bezier(points[index - 1], *points[index : index + 3])[1:]
            index += 3
        else:
            out.append(points[index])
            index += 1
    return out
