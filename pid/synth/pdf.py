"""Write a display list as a vector PDF: paths, and live text in embedded TrueType fonts.

Stroke lettering becomes paths, as CAD programs plot their single-stroke fonts; everything else can be searched and
copied. The page is in points, y up; all placing is that of `pid.synth.raster`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import FILL_EVEN_ODD, Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from pid.errors import InputError
from pid.synth.fonts import em_per_cap, is_stroke, outline_file, rotation_matrix, text_size, text_start, text_strokes
from pid.synth.ink import Color, Ink, Lettering, Stroke
from pid.synth.raster import STROKE_FONT_PEN, Array

POINTS_PER_MM = 72.0 / 25.4
_ROUND = 1
_PAPER: Color = (255, 255, 255)


def write_pdf(ink: Ink, path: Path, *, title: str = "") -> None:
    """Write one page. The same ink gives the same bytes. Raises `InputError` if the file cannot be written."""
    canvas = Canvas(
        str(path),
        pagesize=(ink.width_mm * POINTS_PER_MM, ink.height_mm * POINTS_PER_MM),
        invariant=1,
        pageCompression=1,
    )
    canvas.setTitle(title or path.stem)
    canvas.setLineCap(_ROUND)
    canvas.setLineJoin(_ROUND)
    for mark in ink.marks:
        if isinstance(mark, Stroke):
            _draw_stroke(canvas, mark, ink.height_mm)
        elif is_stroke(mark.font):
            _draw_stroke_text(canvas, mark, ink.height_mm)
        else:
            _draw_text(canvas, mark, ink.height_mm)
    try:
        canvas.save()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _draw_stroke(canvas: Canvas, stroke: Stroke, height_mm: float) -> None:
    canvas.setLineWidth(stroke.width_mm * POINTS_PER_MM)
    canvas.setDash([d * POINTS_PER_MM for d in stroke.dash_mm], 0)
    _set_colors(canvas, stroke.color, stroke.color if stroke.fill == "ink" else _PAPER)
    path = canvas.beginPath()
    _add_polyline(path, stroke.points, height_mm, closed=stroke.closed)
    canvas.drawPath(path, stroke=int(stroke.outlined), fill=int(stroke.fill != "none"), fillMode=FILL_EVEN_ODD)


def _draw_stroke_text(canvas: Canvas, mark: Lettering, height_mm: float) -> None:
    canvas.setLineWidth(STROKE_FONT_PEN * mark.height_mm * POINTS_PER_MM)
    canvas.setDash([], 0)
    _set_colors(canvas, mark.color, mark.color)
    path = canvas.beginPath()
    for points in text_strokes(
        mark.text, font=mark.font, height_mm=mark.height_mm, width_factor=mark.width_factor, angle=mark.angle
    ):
        _add_polyline(path, points + np.array(mark.center), height_mm, closed=False)
    canvas.drawPath(path, stroke=1, fill=0)


def _draw_text(canvas: Canvas, mark: Lettering, height_mm: float) -> None:
    width, cap = text_size(mark.text, font=mark.font, height_mm=mark.height_mm, width_factor=mark.width_factor)
    bearing = text_start(mark.text, mark.font) * mark.height_mm * mark.width_factor
    start = np.array(mark.center) + rotation_matrix(mark.angle) @ [-width / 2 - bearing, cap / 2]
    c, s = np.cos(np.radians(mark.angle)), np.sin(np.radians(mark.angle))
    _set_colors(canvas, mark.color, mark.color)
    text = canvas.beginText()
    text.setTextTransform(
        c * mark.width_factor,
        s * mark.width_factor,
        -s,
        c,
        float(start[0]) * POINTS_PER_MM,
        (height_mm - float(start[1])) * POINTS_PER_MM,
    )
    text.setFont(_embedded(mark.font), mark.height_mm * em_per_cap(mark.font) * POINTS_PER_MM)
    text.textOut(mark.text)
    canvas.drawText(text)


@cache
def _embedded(font: str) -> str:
    """Register an outline font with reportlab; returns the name it is known under there."""
    name = f"pid-{font}"
    file = outline_file(font)
    try:
        pdfmetrics.registerFont(TTFont(name, str(file) if isinstance(file, Path) else file))
    except TTFError as error:
        raise InputError(f"the font {font!r} cannot be embedded in a PDF: {error}.") from error
    return name


def _add_polyline(path: PDFPathObject, points: Array, height_mm: float, *, closed: bool) -> None:
    at = np.stack([points[:, 0], height_mm - points[:, 1]], axis=1) * POINTS_PER_MM
    path.moveTo(*at[0].tolist())
    for point in at[1:].tolist():
        path.lineTo(*point)
    if closed:
        path.close()


def _set_colors(canvas: Canvas, pen: Color, fill: Color) -> None:
    canvas.setStrokeColorRGB(*(v / 255 for v in pen))
    canvas.setFillColorRGB(*(v / 255 for v in fill))
