"""A PDF that looks like the page and can be searched: its picture, with the words in invisible letters where they are.

A page of a PDF that has live text keeps all it has.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pid.drawing import Word
from pid.errors import InputError

POINTS_PER_MM = 72.0 / 25.4
DEFAULT_PX_PER_MM = 200.0 / 25.4
"""Of pages whose scale nobody knows: 200 dpi, as most scanners are set."""
LONGEST_SIDE_PT = 14_400.0
"""PDF readers do not show larger pages (ISO 32000, annex C)."""
JPEG_QUALITY = 80
INVISIBLE = 3
"""Text rendering mode of ISO 32000, table 106."""
LATIN, KOREAN = "Helvetica", "HYSMyeongJo-Medium"
"""Fonts that every reader has; the letters are not seen."""


@dataclass(frozen=True, eq=False)
class PdfPage:
    """A page to write: its picture (H, W) or (H, W, 3) and its words, or the PDF and page number to keep as it is."""

    image: NDArray[np.uint8]
    words: Sequence[Word]
    px_per_mm: float | None = None
    original: tuple[Path, int] | None = None


def write_searchable_pdf(pages: Sequence[PdfPage], path: Path, *, title: str) -> None:
    """Write the pages of a document. Raises `InputError` where an original cannot be read again."""
    import pypdfium2

    target = pypdfium2.PdfDocument.new()
    try:
        for page in pages:
            _add_page(target, page, title)
        target.save(str(path))
    finally:
        target.close()


def _add_page(target: Any, page: PdfPage, title: str) -> None:
    import pypdfium2

    try:
        if page.original is not None:
            source, number = pypdfium2.PdfDocument(str(page.original[0])), page.original[1] - 1
        else:
            source, number = pypdfium2.PdfDocument(_draw_page(page, title)), 0
    except pypdfium2.PdfiumError as error:
        raise InputError(f"{title} cannot be copied into a searchable PDF: {error}.") from error
    try:
        target.import_pages(source, [number])
    finally:
        source.close()


def _draw_page(page: PdfPage, title: str) -> bytes:
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(KOREAN))
    height, width = page.image.shape[:2]
    k = min(POINTS_PER_MM / (page.px_per_mm or DEFAULT_PX_PER_MM), LONGEST_SIDE_PT / max(height, width))
    buffer, picture = io.BytesIO(), io.BytesIO()
    Image.fromarray(page.image).save(picture, "JPEG", quality=JPEG_QUALITY)
    canvas = Canvas(buffer, pagesize=(width * k, height * k), invariant=1, pageCompression=1)
    canvas.setTitle(title)
    picture.seek(0)
    canvas.drawImage(ImageReader(picture), 0, 0, width * k, height * k)
    for word in page.words:
        _write_word(canvas, word, k, height * k)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _write_word(canvas: Any, word: Word, k: float, page_height: float) -> None:
    """The word's letters, as high and as long as its box, along its reading direction."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    if not word.text:
        return
    font = LATIN if word.text.isascii() else KOREAN if _is_korean(word.text) else LATIN
    x0, y0, x1, y1 = (v * k for v in word.box)
    quarter = round(word.angle / 90) % 4
    long, high = (y1 - y0, x1 - x0) if quarter % 2 else (x1 - x0, y1 - y0)
    size = max(high, 0.1)
    natural = max(stringWidth(word.text, font, size), 0.1)
    start = ((x0, y1), (x1, y1), (x1, y0), (x0, y0))[quarter]
    canvas.saveState()
    canvas.translate(start[0], page_height - start[1])
    canvas.rotate(90 * quarter)
    text = canvas.beginText(0, 0.2 * high)
    text.setFont(font, size)
    text.setTextRenderMode(INVISIBLE)
    text.setHorizScale(100 * long / natural)
    text.textOut(word.text)
    canvas.drawText(text)
    canvas.restoreState()


def _is_korean(text: str) -> bool:
    return any("\u1100" <= c <= "\u11ff" or "\u3130" <= c <= "\u318f" or "\uac00" <= c <= "\ud7af" for c in text)
