"""Live text of a PDF page: characters become words by where they stand, for the file's own strings are arbitrary.

Exporters write a string as one object, as one object a word or as one a letter; pdfium gives characters in the order of
the page. A *word* is a row of characters with one direction and size, without a blank or a gap; a *run* is a row of
words on one base line that are no more than a blank apart.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c

from pid.drawing import Box
from pid.geometry import Array
from pid.sheet import VectorText

CAP_SHARE = 0.72
"""Height of a capital as a share of the font size: 0.72 in Arial and Helvetica, 0.66 to 0.74 in CAD fonts."""

MAX_GAP = 0.25
"""Gap between two characters of a word, in font sizes; a blank is 0.25 to 0.33 wide."""

RUN_GAP = (0.2, 0.8)
"""Gap between two words of a run, in font sizes: a blank; strings that touch are cells side by side."""

MAX_FRAGMENT = 2
"""Neighbouring objects are parts of one word only where one has at most so many characters: exporters that cut words
cut off single letters and separators; two longer strings side by side are two strings, however close."""

MAX_SIZE_STEP = 0.3
"""Difference of font size within a word: separators are sometimes set larger (seen 0.25); exponents differ by 0.5."""

MAX_BASELINE_STEP = 0.3
"""Step off the base line within a word, in font sizes: room for an exponent's rise is not given, its size differs."""

_REPEATED_STEP = 0.15  # cap heights between two copies of a word that is drawn twice to look bold
_MAX_ANGLE_STEP = 2.0
_LEVEL = 1.0  # degrees


@dataclass(frozen=True)
class _Character:
    text: str
    box: Box  # ink, pixels of the sheet
    origin: tuple[float, float]  # on the base line, pixels of the sheet
    end: float  # where the ink ends along the reading direction, from the origin, pixels
    angle: float
    size: float  # font size, pixels
    piece: int  # address of the text object that it belongs to


def read_texts(page: Any, to_sheet: Array) -> list[VectorText]:
    """All words of a page in pixels of the sheet; what has no Unicode meaning is left to OCR."""
    text_page = page.get_textpage()
    try:
        return _drop_repeats(_number_runs(list(_join_words(_read_characters(text_page.raw, to_sheet)))))
    finally:
        text_page.close()


def _read_characters(text_page: Any, to_sheet: Array) -> Iterator[_Character | None]:
    """Characters in page order; None stands for a blank or what cannot be read."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_double(), ctypes.c_double()
    m = pdfium_c.FS_MATRIX()
    (a, b, tx), (c, d, ty) = to_sheet[0].tolist(), to_sheet[1].tolist()
    for index in range(pdfium_c.FPDFText_CountChars(text_page)):
        code = pdfium_c.FPDFText_GetUnicode(text_page, index)
        if pdfium_c.FPDFText_IsGenerated(text_page, index) == 1:
            continue  # pdfium's own guess at a blank or a line's end: the gap decides
        text = chr(code) if 0 < code < 0x110000 else ""
        piece = ctypes.cast(pdfium_c.FPDFText_GetTextObject(text_page, index), ctypes.c_void_p).value or 0
        if not _is_readable(text) or pdfium_c.FPDFText_HasUnicodeMapError(text_page, index) == 1:
            yield None
            continue
        pdfium_c.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
        pdfium_c.FPDFText_GetCharOrigin(text_page, index, x, y)
        pdfium_c.FPDFText_GetMatrix(text_page, index, m)
        xs = [a * u + b * v + tx for u in (left.value, right.value) for v in (bottom.value, top.value)]
        ys = [c * u + d * v + ty for u in (left.value, right.value) for v in (bottom.value, top.value)]
        box = min(xs), min(ys), max(xs), max(ys)
        origin = a * x.value + b * y.value + tx, c * x.value + d * y.value + ty
        ux, uy = a * m.a + b * m.b, c * m.a + d * m.b  # one unit along the text, in pixels
        vx, vy = a * m.c + b * m.d, c * m.c + d * m.d
        reach = math.hypot(ux, uy) or 1.0
        end = max(((px - origin[0]) * ux + (py - origin[1]) * uy) / reach for px, py in zip(xs, ys, strict=True))
        size = pdfium_c.FPDFText_GetFontSize(text_page, index) * math.hypot(vx, vy)
        angle = math.degrees(math.atan2(-uy, ux)) % 360
        yield _Character(text, box, origin, end, angle, max(size, 0.1), piece)


def _is_readable(text: str) -> bool:
    """Neither blank nor control, private-use, unassigned or replacement character."""
    return bool(text) and not text.isspace() and text != "\ufffd" and unicodedata.category(text)[0] != "C"


def _join_words(characters: Iterator[_Character | None]) -> Iterator[VectorText]:
    stream = list(characters)
    lengths = Counter(c.piece for c in stream if c is not None)
    word: list[_Character] = []
    for character in stream:
        if word and (character is None or not _continues(word[-1], character, lengths)):
            yield _make_word(word)
            word = []
        if character is not None:
            word.append(character)
    if word:
        yield _make_word(word)


def _continues(last: _Character, new: _Character, lengths: Counter[int]) -> bool:
    if last.piece != new.piece and min(lengths[last.piece], lengths[new.piece]) > MAX_FRAGMENT:
        return False
    if abs((new.angle - last.angle + 180) % 360 - 180) > _MAX_ANGLE_STEP:
        return False
    if abs(new.size - last.size) > MAX_SIZE_STEP * min(last.size, new.size):
        return False
    turn = math.radians(last.angle)
    dx, dy = new.origin[0] - last.origin[0], new.origin[1] - last.origin[1]
    along = dx * math.cos(turn) - dy * math.sin(turn)
    across = -dx * math.sin(turn) - dy * math.cos(turn)
    size = last.size
    return bool(abs(across) < MAX_BASELINE_STEP * size and -0.2 * size < along and along - last.end < MAX_GAP * size)


def _make_word(word: list[_Character]) -> VectorText:
    return VectorText(
        text="".join(c.text for c in word),
        box=_around([c.box for c in word]),
        angle=round(word[0].angle, 2) % 360,
        height_px=CAP_SHARE * word[0].size,
    )


def _number_runs(words: list[VectorText]) -> list[VectorText]:
    """Give words of one string the same `run` and the same height, as the reader sees them."""
    runs: list[list[VectorText]] = []
    for word in words:
        if runs and _same_run(runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    return [
        VectorText(word.text, box, word.angle, word.height_px, run=number)
        for number, run in enumerate(runs)
        for word, box in zip(run, _level_boxes(run), strict=True)
    ]


def _level_boxes(run: list[VectorText]) -> list[Box]:
    """Boxes of a run's words; where the run is level or upright, all as high as the highest."""
    x0, y0, x1, y1 = _around([w.box for w in run])
    quarter = run[0].angle % 180
    if min(quarter, 180 - quarter) < _LEVEL:
        return [(w.box[0], y0, w.box[2], y1) for w in run]
    if abs(quarter - 90) < _LEVEL:
        return [(x0, w.box[1], x1, w.box[3]) for w in run]
    return [w.box for w in run]


def _same_run(last: VectorText, new: VectorText) -> bool:
    if abs(last.angle - new.angle) > 0.5 or abs(last.height_px - new.height_px) > MAX_SIZE_STEP * last.height_px:
        return False
    size = last.height_px / CAP_SHARE
    turn = math.radians(last.angle)
    ax, ay = abs(math.cos(turn)), abs(math.sin(turn))
    (cx, cy), (nx, ny) = _center(last.box), _center(new.box)
    dx, dy = nx - cx, ny - cy
    along = dx * math.cos(turn) - dy * math.sin(turn)
    across = -dx * math.sin(turn) - dy * math.cos(turn)
    half = sum((b[2] - b[0]) * ax + (b[3] - b[1]) * ay for b in (last.box, new.box)) / 2
    gap = (along - half) / size
    return bool(along > 0 and RUN_GAP[0] < gap < RUN_GAP[1] and abs(across) < 0.5 * size)


def _around(boxes: list[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _center(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _drop_repeats(words: list[VectorText]) -> list[VectorText]:
    """Of words drawn twice on the same spot (bold by overprinting) keep the first."""
    kept: set[tuple[str, int, int]] = set()
    out = []
    for word in words:
        step = max(_REPEATED_STEP * word.height_px, 1.0)
        x, y = (round(v / step) for v in _center(word.box))
        if any((word.text, x + i, y + j) in kept for i in (-1, 0, 1) for j in (-1, 0, 1)):
            continue
        kept.add((word.text, x, y))
        out.append(word)
    return out
