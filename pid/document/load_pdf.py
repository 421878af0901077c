"""PDF pages through pdfium: rendered, and their own lines and lettering read where they are drawn and not scanned.

*User space* is the page's own frame, points with y up; *page frame* is what a reader sees: points from the top left
corner of the visible page (crop box, after the page's rotation), y down. `SheetInfo.to_source` leads to the latter.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from pid.document.draw_vectors import visible_paths
from pid.document.load_pdf_paths import PageContent, read_content
from pid.document.load_pdf_text import read_texts
from pid.drawing import SheetInfo, Source
from pid.errors import InputError
from pid.geometry import Array
from pid.sheet import Sheet, Vectors

TARGET_LONG_PX = 7000
"""Long side that a page is rendered to, within the next two limits: A3 at 400 dpi, A1 at 211, A0 at 150."""

DPI = (150.0, 400.0)
"""At 150 dpi, 2.5 mm lettering is 15 px high; above 400 thin lines only become fat."""

MAX_SHEET_PX = 10_000
"""No page is rendered longer, whatever its size in points."""

SCAN_SHARE = 0.5
"""A page that an image covers to this share ..."""

SCAN_PATHS = 12
"""... and that draws no more paths than this (frame, stamp) is a scan, read from its picture alone."""

_END_SEARCH = 65_536
_POINTS_PER_MM = 72 / 25.4
_lock = threading.RLock()  # pdfium must not be entered twice


class PdfFile:
    """A PDF file; closing it frees pdfium's memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _lock:
            self._document = _open_document(path)
            self.count = len(self._document)
            if self.count == 0:
                self._document.close()
                raise InputError(f"{path.name} has no pages.")

    def load(self, page: int, *, source: Source) -> Sheet:
        """Render a page and read its vectors."""
        name = self._path.name if self.count == 1 else f"{self._path.name}, page {page}"
        with _lock:
            try:
                opened = self._document[page - 1]
            except pdfium.PdfiumError as error:
                raise InputError(f"{name} is damaged and cannot be read.") from error
            try:
                return _read_page(opened, name=name, source=source)
            except pdfium.PdfiumError as error:
                raise InputError(f"{name} is damaged and cannot be rendered.") from error
            finally:
                opened.close()

    def close(self) -> None:
        """Close the file."""
        with _lock:
            self._document.close()


def _open_document(path: Path) -> Any:
    with path.open("rb") as stream:
        head = stream.read(1024)
        stream.seek(max(path.stat().st_size - _END_SEARCH, 0))
        tail = stream.read()
    if b"%PDF-" not in head:
        raise InputError(f"{path.name} is not a PDF file, whatever its name says.")
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise InputError(_explain_refusal(path, error.err_code)) from error
    if b"%%EOF" not in tail:  # pdfium repairs what it can: a half sheet would pass for a whole one
        document.close()
        raise InputError(f"{path.name} is cut short: its end is missing.")
    return document


def _explain_refusal(path: Path, code: int) -> str:
    """Why pdfium did not open a file. Its error code may be left over from another file: the file has to agree."""
    data = path.read_bytes()
    if b"/Encrypt" in data and code in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
        return f"{path.name} is encrypted; save it without a password."
    if (
        b"%%EOF" in data[-_END_SEARCH:]
        and re.search(rb"/Count\s+0\b", data)
        and not re.search(rb"/Type\s*/Page\b", data)
    ):
        return f"{path.name} has no pages."
    return f"{path.name} is damaged or cut short and cannot be read."


def _read_page(page: Any, *, name: str, source: Source) -> Sheet:
    size = page.get_size()
    if not (0 < size[0] < np.inf and 0 < size[1] < np.inf):
        raise InputError(f"{name} has no area.")
    scale = _choose_scale(max(size))
    bitmap = page.render(scale=scale, rev_byteorder=True)
    try:
        image = _gray_or_color(bitmap.to_numpy())
    finally:
        bitmap.close()
    height, width = image.shape[:2]
    sx, sy = width / size[0], height / size[1]  # pdfium stretches the page over whole pixels
    to_sheet = np.diag([sx, sy, 1.0]) @ _user_to_page(page)
    info = SheetInfo(
        width=width,
        height=height,
        px_per_mm=sx * _POINTS_PER_MM,
        to_source=((1 / sx, 0.0, 0.0), (0.0, 1 / sy, 0.0), (0.0, 0.0, 1.0)),
    )
    sheet = Sheet(image=image, source=source, info=info)
    content = read_content(page, to_sheet, name=name, longer_px=max(width, height))
    vectors = _read_vectors(page, sheet, content, to_sheet)
    return Sheet(image=image, source=source, info=info, vectors=vectors)


def _choose_scale(long_side_pt: float) -> float:
    """Pixels per point."""
    dpi = min(max(TARGET_LONG_PX / long_side_pt * 72, DPI[0]), DPI[1])
    return min(dpi / 72, MAX_SHEET_PX / long_side_pt)


def _read_vectors(page: Any, sheet: Sheet, content: PageContent, to_sheet: Array) -> Vectors | None:
    paths = visible_paths(content.paths, sheet.gray)
    if len(paths) <= SCAN_PATHS and _image_share(content, sheet.info) >= SCAN_SHARE:
        return None
    texts = read_texts(page, to_sheet)
    if not paths and not texts:
        return None
    return Vectors(paths=tuple(paths), texts=tuple(texts), blocks=tuple(content.blocks), images=tuple(content.images))


def _image_share(content: PageContent, info: SheetInfo) -> float:
    """Share of the page that images cover, overlaps counted once (scans are often stored in strips)."""
    grid = np.zeros((100, 100), bool)
    for x0, y0, x1, y1 in content.images:
        columns = slice(max(round(x0 / info.width * 100), 0), max(round(x1 / info.width * 100), 0))
        rows = slice(max(round(y0 / info.height * 100), 0), max(round(y1 / info.height * 100), 0))
        grid[rows, columns] = True
    return float(grid.mean())


def _gray_or_color(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of pdfium's buffer (H, W, 3): grey (H, W) where no pixel has a colour."""
    red, green, blue = cv2.split(pixels[..., :3])
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return np.asarray(red, np.uint8)
    return np.ascontiguousarray(pixels[..., :3])


def _user_to_page(page: Any) -> Array:
    """3x3 from user space to the page frame."""
    left, bottom, right, top = page.get_bbox()
    matrices = {
        0: [[1, 0, -left], [0, -1, top]],
        90: [[0, 1, -bottom], [1, 0, -left]],
        180: [[-1, 0, right], [0, 1, -bottom]],
        270: [[0, -1, top], [-1, 0, right]],
    }
    return np.array([*matrices[page.get_rotation()], [0, 0, 1]], np.float64)
