"""A drawing into files of other programs: the formats by name, and what each needs of the original page."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.document.load import load_page
from pid.drawing import Drawing
from pid.errors import InputError
from pid.geometry import transform_points
from pid.graph.build import build_graph
from pid.graph.dexpi_plan import Loss
from pid.sheet import Sheet

FORMATS = {
    "dexpi": ".xml",
    "graphml": ".graphml",
    "json": "-graph.json",
    "dxf": "-overlay.dxf",
    "svg": ".svg",
    "pdf": "-overlay.pdf",
}
"""Formats and how their files end beside the drawing's own NAME.json."""
_ON_PAGE = ("svg", "pdf")
_SAME_PLACE_PX = 2.0
"""Corners of the drawing may lie this far from the original's: less than a skew that is put right."""


def check_formats(names: Sequence[str]) -> None:
    """Raise `InputError` for a format that is not written."""
    for name in names:
        if name not in FORMATS:
            raise InputError(f"{name!r} is not a format that is exported; known are {', '.join(FORMATS)}.")


def export_drawing(
    drawing: Drawing, to: str, out: Path, *, original: Path | None = None, sheet: Sheet | None = None
) -> tuple[Loss, ...]:
    """Write a drawing in another format.

    Args:
        drawing: the drawing.
        to: one of `FORMATS`.
        out: the file.
        original: the file that the drawing was read from; it lies under an SVG or PDF.
        sheet: its page, if it has been read already.

    Returns:
        What the format could not hold; only DEXPI reports that.

    Raises:
        InputError: the format is unknown, `original` does not fit the drawing, or a file cannot be read or written.
    """
    check_formats([to])
    if to in _ON_PAGE:
        if original is not None and sheet is None and not (to == "pdf" and _is_pdf(original)):
            sheet = load_page(original, drawing.source.page)
        _write_on_page(drawing, to, out, original, sheet)
        return ()
    if to == "dxf":
        from pid.graph.dxf import write_dxf

        write_dxf(drawing, out)
        return ()
    graph = build_graph(drawing)
    if to == "dexpi":
        from pid.graph.dexpi import write_dexpi

        return write_dexpi(drawing, graph, out)
    from pid.graph.export import write_graphml, write_node_link

    (write_graphml if to == "graphml" else write_node_link)(graph, out)
    return ()


def write_exports(
    drawing: Drawing, stem: str, out: Path, formats: Sequence[str], *, original: Path, sheet: Sheet
) -> list[Path]:
    """Write the drawing as STEM in several formats; all files appear at once, or none. Returns what was written."""
    check_formats(formats)
    if not formats:
        return []
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(dir=out, prefix=".") as folder:
        for name in formats:
            export_drawing(drawing, name, Path(folder) / f"{stem}{FORMATS[name]}", original=original, sheet=sheet)
        for path in sorted(Path(folder).iterdir()):
            written.append(Path(shutil.move(path, out / path.name)))
    return written


def import_drawing(path: Path) -> Drawing:
    """A Proteus / DEXPI XML file as a drawing."""
    from pid.graph.dexpi_read import read_dexpi

    return read_dexpi(path)


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == ".pdf"


def _write_on_page(drawing: Drawing, to: str, out: Path, original: Path | None, sheet: Sheet | None) -> None:
    if to == "pdf" and original is not None and _is_pdf(original):
        from pid.graph.pdf import write_pdf

        write_pdf(drawing, out, original=original)
        return
    background = None if sheet is None else in_sheet_frame(drawing, sheet)
    write: Callable[..., None]
    if to == "pdf":
        from pid.graph.pdf import write_pdf as write
    else:
        from pid.graph.svg import write_svg as write
    write(drawing, out, background=background)


def in_sheet_frame(drawing: Drawing, sheet: Sheet) -> NDArray[np.uint8]:
    """The page's picture in the drawing's frame: as it is where the two agree, else pulled straight.

    Raises `InputError` where the drawing's corners do not lie on the page: it was read from another file.
    """
    matrix = np.linalg.inv(np.asarray(sheet.info.to_source)) @ np.asarray(drawing.sheet.to_source)
    width, height = drawing.sheet.width, drawing.sheet.height
    rows, columns = sheet.gray.shape
    found = transform_points(matrix, [[0, 0], [width, 0], [width, height], [0, height]])
    page = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float64)
    if float(np.abs(found - page).max()) <= _SAME_PLACE_PX:
        return sheet.image
    middle = found.mean(axis=0)
    inside = bool(((middle >= 0) & (middle <= (columns, rows))).all())
    share = abs(float(np.linalg.det(matrix[:2, :2]))) * width * height / (rows * columns)
    if not inside or not 0.2 < share < 1.5:
        raise InputError(f"{sheet.source.name} does not fit the drawing, which was read from {drawing.source.name}.")
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])  # OpenCV's pixel (0, 0) has its middle at 0, 0
    matrix = np.linalg.inv(half) @ matrix @ half
    straight = cv2.warpPerspective(
        sheet.image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255)
    )
    return np.asarray(straight, np.uint8)
