"""The annotated PDF: the original page, and over it the drawing as vectors in layers that a reader can switch.

Layers are PDF's optional content groups. A PDF page stays what it is, vectors and text: it is laid over the overlay in
the blend mode Multiply, in which white paper is clear and the order does not matter. Any other page is a picture
underneath, in a layer of its own. The page is in points; both meet in the frame of the page as uploaded.
"""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFCatalog,
    PDFDictionary,
    PDFName,
    PDFPage,
    PDFString,
)
from reportlab.pdfgen.canvas import Canvas

from pid.drawing import Drawing, Line, Symbol, Word
from pid.errors import InputError
from pid.geometry import transform_points
from pid.graph.overlay import LEAST_SURE, describe, element_rgb, elements, layer_of, layers, outline

Array = NDArray[np.float64]

POINTS_PER_MM = 72.0 / 25.4
DEFAULT_PX_PER_MM = 150.0 / 25.4
"""Of sheets whose scale nobody knows: 5000 px are then an A1 sheet's width, the usual one of a P&ID."""
LONGEST_SIDE_PT = 14_400.0
"""PDF readers do not show larger pages (ISO 32000, annex C)."""
_PEN = 1 / 1600
"""Breadth of an outline as a share of the page's width."""
_FONT = "Helvetica"
_PRINTED = 4
"""Annotation flag: shown on paper as on screen."""
_LAYER_OF_ORIGINAL = "ORIGINAL"


def write_pdf(
    drawing: Drawing, path: Path, *, background: NDArray[np.uint8] | None = None, original: Path | None = None
) -> None:
    """Write the annotated PDF.

    Args:
        drawing: the drawing.
        path: the file.
        background: the page as a picture in the sheet's frame, (H, W) grey or (H, W, 3) RGB, of any size.
        original: the PDF that the drawing was read from; its page stays vectors. Takes the place of `background`.

    Raises:
        InputError: the file cannot be written, or `original` is no such PDF.
    """
    size, matrix = _page_frame(drawing, original)
    data = _draw_overlay(drawing, size, matrix, None if original else background)
    if original is not None:
        data = _lay_over(original, drawing.source.page, data)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _page_frame(drawing: Drawing, original: Path | None) -> tuple[tuple[float, float], Array]:
    """Size of the page in points, and the matrix of sheet pixels to points, y up."""
    if original is not None:
        width, height = _page_size(original, drawing.source.page)
        return (width, height), np.array([[1.0, 0, 0], [0, -1, height], [0, 0, 1]]) @ np.array(drawing.sheet.to_source)
    sheet = drawing.sheet
    k = POINTS_PER_MM / (sheet.px_per_mm or DEFAULT_PX_PER_MM)
    k = min(k, LONGEST_SIDE_PT / max(sheet.width, sheet.height))
    return (sheet.width * k, sheet.height * k), np.array([[k, 0, 0], [0, -k, sheet.height * k], [0, 0, 1]])


def _draw_overlay(
    drawing: Drawing, size: tuple[float, float], matrix: Array, background: NDArray[np.uint8] | None
) -> bytes:
    """One page with the overlay, and the picture underneath where there is one."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=1, pageCompression=1)
    canvas.setTitle(drawing.source.name)
    canvas.setLineJoin(1)
    names = layers(drawing)
    if background is not None:
        names = [_LAYER_OF_ORIGINAL, *names]
    marks, groups = _add_layers(canvas, names)
    if background is not None:
        canvas._code.append(f"/OC /{marks[_LAYER_OF_ORIGINAL]} BDC")
        canvas.drawImage(ImageReader(Image.fromarray(background)), 0, 0, size[0], size[1])
        canvas._code.append("EMC")
    filled: dict[str, list[Symbol | Line | Word]] = defaultdict(list)
    for element in elements(drawing):
        filled[layer_of(element)].append(element)
    for name in layers(drawing):
        canvas._code.append(f"/OC /{marks[name]} BDC")
        for element in filled[name]:
            _draw(canvas, element, matrix, size[0] * _PEN)
        canvas._code.append("EMC")
        for element in filled[name]:
            if not isinstance(element, Word):
                _annotate(canvas, element, matrix, groups[name])
    canvas.showPage()
    _name_layers(canvas, marks, groups)
    canvas.save()
    return buffer.getvalue()


class _LayeredCatalog(PDFCatalog):  # type: ignore[misc]
    """A document catalogue that may have optional content."""

    __NoDefault__ = [*PDFCatalog.__NoDefault__, "OCProperties"]  # noqa: RUF012  # reportlab's own form


class _LayeredPage(PDFPage):  # type: ignore[misc]
    """A page whose resources name layers."""

    layer_properties: dict[str, Any]

    def check_format(self, document: Any) -> None:
        super().check_format(document)
        self.Resources.Properties = self.layer_properties


def _add_layers(canvas: Canvas, names: list[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Make an optional content group of each layer; returns what the page's content calls it, and the group."""
    document = canvas._doc
    groups = {}
    for name in names:
        group = PDFDictionary({"Type": PDFName("OCG"), "Name": PDFString(name.replace("_", " ").title())})
        groups[name] = document.Reference(group, f"Layer{name}")
    catalog = document.Catalog
    catalog.__class__ = _LayeredCatalog
    order = PDFArray(list(groups.values()))
    hidden = PDFArray([groups[name] for name in ("WORDS",) if name in groups])
    catalog.OCProperties = PDFDictionary(
        {"OCGs": order, "D": PDFDictionary({"Order": order, "OFF": hidden, "Name": PDFString("Layers")})}
    )
    marks = {name: f"L{i}" for i, name in enumerate(names)}
    return marks, groups


def _name_layers(canvas: Canvas, marks: dict[str, str], groups: dict[str, Any]) -> None:
    """Have the finished page's resources name its layers."""
    page = canvas._doc.idToObject["Page1"]
    page.__class__ = _LayeredPage
    page.layer_properties = {marks[name]: groups[name] for name in marks}


def _draw(canvas: Canvas, element: Symbol | Line | Word, matrix: Array, pen: float) -> None:
    r, g, b = (c / 255 for c in element_rgb(element))
    canvas.setStrokeColorRGB(r, g, b)
    canvas.setFillColorRGB(r, g, b)
    canvas.setLineWidth(pen)
    if isinstance(element, Word):
        _draw_word(canvas, element, matrix)
        return
    is_line = isinstance(element, Line)
    points = _corners(element, matrix)
    dashed = element.style != "solid" if isinstance(element, Line) else element.score < LEAST_SURE
    canvas.setDash([4 * pen, 2 * pen] if dashed else [])
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if not is_line:
        path.close()
    canvas.drawPath(path, stroke=1, fill=0)


def _corners(element: Symbol | Line, matrix: Array) -> Array:
    return transform_points(matrix, element.points if isinstance(element, Line) else outline(element))


def _annotate(canvas: Canvas, element: Symbol | Line, matrix: Array, group: Any) -> None:
    """Add an invisible comment: readers show it where the pointer rests; its name is the element's id."""
    corners = _corners(element, matrix)
    box = [*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()]
    note = PDFDictionary(
        {
            "Type": PDFName("Annot"), "Subtype": PDFName("Square"), "Rect": PDFArray(box), "OC": group,
            "Contents": PDFString(describe(element)), "NM": PDFString(element.id), "T": PDFString("pid"),
            "BS": PDFDictionary({"W": 0}), "F": _PRINTED,
        }
    )  # fmt: skip
    canvas._addAnnotation(note, f"Note{canvas._doc.inObject}{element.id}", 1)


def _draw_word(canvas: Canvas, word: Word, matrix: Array) -> None:
    """Lettering as wide as the word's box, in its middle."""
    corners = transform_points(matrix, outline(word))
    sides = np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[3] - corners[0]))
    length, height = sides if round(word.angle / 90) % 2 == 0 else sides[::-1]
    text = word.text.encode("cp1252", "replace").decode("cp1252")
    size = max(0.8 * float(height), 0.1)
    natural = canvas.stringWidth(text, _FONT, size)
    tilt = float(np.degrees(np.arctan2(*(corners[1] - corners[0])[::-1])))
    canvas.saveState()
    canvas.translate(*corners.mean(axis=0).tolist())
    canvas.rotate(tilt + word.angle)
    item = canvas.beginText(-float(length) / 2, -0.35 * size)
    item.setFont(_FONT, size)
    if natural > 0:
        item.setHorizScale(100 * float(length) / natural)
    item.textOut(text)
    canvas.drawText(item)
    canvas.restoreState()


def _page_size(original: Path, page: int) -> tuple[float, float]:
    document = _open(original, page)
    try:
        width, height = document[page - 1].get_size()
    finally:
        document.close()
    return float(width), float(height)


def _open(original: Path, page: int) -> Any:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(original.read_bytes())
    except OSError as error:
        raise InputError(f"{original} cannot be read: {error.strerror}.") from error
    except pypdfium2.PdfiumError as error:
        raise InputError(f"{original} cannot be read as PDF: {error}.") from error
    if len(document) < page:
        count = len(document)
        document.close()
        raise InputError(f"{original} has {count} page(s); the drawing was read from page {page}.")
    return document


def _lay_over(original: Path, page: int, overlay: bytes) -> bytes:
    """The overlay's page with the original's page on it, in Multiply. Comments of the original stay behind.

    pdfium turns the page upright and moves its visible corner to the origin.
    """
    import pypdfium2
    import pypdfium2.raw as pdfium_c

    source, target = _open(original, page), pypdfium2.PdfDocument(overlay)
    try:
        picture = source.page_as_xobject(page - 1, target).as_pageobject()
        pdfium_c.FPDFPageObj_SetBlendMode(picture, b"Multiply")
        sheet = target[0]
        sheet.insert_obj(picture)
        sheet.gen_content()
        buffer = io.BytesIO()
        target.save(buffer)
    finally:
        target.close()
        source.close()
    return buffer.getvalue()
