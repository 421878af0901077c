"""Everything on a sheet that is not the plant: border, title block, tables, notes, stamps, with their exact truth.

Millimetres of paper in the ink's frame (origin top left, y down). Terms: the *drawable* is the inside of the border
less a title strip or column; *blocked* boxes lie in it and are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pid.drawing import Box, Table, TitleBlock, Word
from pid.synth.fonts import supports
from pid.synth.furniture_frame import draw_border
from pid.synth.furniture_marks import draw_headline, draw_stamp, revision_cloud, revision_triangle
from pid.synth.furniture_pen import Pen, draw_table
from pid.synth.furniture_tables import (
    LINE_WIDTHS,
    column_widths,
    draw_equipment_matrix,
    draw_equipment_sheets,
    draw_list,
    draw_notes,
    line_rows,
    note_sentences,
    reference_rows,
)
from pid.synth.furniture_words import Language, Wording
from pid.synth.ink import Lettering, Stroke
from pid.synth.title_block_layouts import LAYOUTS, Layout, sheet_size
from pid.synth.title_block_offices import FURTHER, HELD_OUT
from pid.synth.title_blocks import draw_title_block

__all__ = [
    "Furniture", "Pen", "draw_furniture", "draw_notes", "draw_stamp", "draw_table", "revision_cloud",
    "revision_triangle",
]  # fmt: skip

TITLE_SHARE = (0.6, 0.55)
"""Most of the inside's width and height that a corner block may take; its scale gives way."""
BLOCKED_SHARE = 0.36
"""No further table or note is added once this much of the drawable is taken: the plant needs the rest."""
CLEARANCE_MM = 2.0
_LAYOUT_WEIGHTS = {"iso": 3.0, "strip": 3.0, "column": 2.0, "cae": 2.0, "open": 2.0, "compact": 2.0, "vendor": 2.0}


@dataclass(frozen=True)
class Furniture:
    """What was drawn and its truth, mm; word and table ids start with ``fw`` and ``ft``."""

    marks: tuple[Stroke | Lettering, ...]
    words: tuple[Word, ...]
    tables: tuple[Table, ...]
    title_block: TitleBlock
    blocked: tuple[Box, ...]
    drawable: Box


def draw_furniture(
    rng: np.random.Generator, width_mm: float, height_mm: float, *, font: str, line_mm: float, korean: bool,
    drawing_number: str, title: str, bom_rows: Sequence[Sequence[str]] = (), layout: str | None = None,
    language: Language = "en",
) -> Furniture:  # fmt: skip
    """Draw a sheet's furniture.

    Args:
        rng: The same state gives the same sheet.
        width_mm: Paper's width.
        height_mm: Paper's height.
        font: A name known to `pid.synth.fonts`; without Hangul in it `korean` has no effect.
        line_mm: Width of a thin rule.
        korean: Whether labels and texts may be Korean.
        drawing_number: Goes into the title block.
        title: Goes into the title block, in up to three lines.
        bom_rows: A bill of material to draw, heading first; as many rows as fit.
        layout: A name of `LAYOUTS`, `FURTHER` or `HELD_OUT`; one of the first by chance without it.
        language: Of the labels, where they are not Korean.
    """
    words = Wording(rng, korean=korean and supports(font, "도면번호"), language=language)
    pen = Pen(font, line_mm)
    size = sheet_size(width_mm, height_mm)
    scale = float(np.clip(np.sqrt(width_mm * height_mm / (841 * 594)), 0.5, 1.25) * rng.uniform(0.88, 1.12))
    inner = draw_border(pen, width_mm=width_mm, height_mm=height_mm, words=words, size=size, scale=scale)
    if layout is None:
        weights = np.array(list(_LAYOUT_WEIGHTS.values()))
        layout = str(rng.choice(list(_LAYOUT_WEIGHTS), p=weights / weights.sum()))
    chosen = next(item for item in (*LAYOUTS, *FURTHER, *HELD_OUT) if item.name == layout)
    composer = _Composer(pen, words, inner, scale)
    block = composer.place_title(chosen, drawing_number=drawing_number, title=title, size=size)
    composer.fill(bom_rows)
    return Furniture(
        tuple(pen.marks), tuple(pen.words), tuple(pen.tables), block, tuple(composer.blocked), composer.drawable
    )


class _Composer:
    """Places items on one sheet and keeps account of what is taken."""

    def __init__(self, pen: Pen, words: Wording, inner: Box, scale: float) -> None:
        self.pen = pen
        self.words = words
        self.rng = words.rng
        self.scale = scale
        self.inner = inner
        self.drawable = inner
        self.blocked: list[Box] = []
        self.title = inner
        self.side: Box | None = None  # room for text outside the drawable: the rest of a title strip or column

    def place_title(self, layout: Layout, *, drawing_number: str, title: str, size: str) -> TitleBlock:
        """Draw the title block and take its room from the drawable."""
        x0, y0, x1, y1 = self.inner
        w, h = x1 - x0, y1 - y0
        scale = self.scale
        if layout.place in ("bottom", "top"):
            scale = min(scale, w / layout.width, 0.3 * h / layout.height)
            height = layout.height * scale
            top, bottom = (y0, y0 + height) if layout.place == "top" else (y1 - height, y1)
            self.title = (x0, top, x1, bottom)
            self.drawable = (x0, bottom, x1, y1) if layout.place == "top" else (x0, y0, x1, top)
            spare = w - layout.width * scale
            self.side = (x0, top, x0 + spare, bottom) if spare > 40 else None
        elif layout.place == "right":
            scale = min(scale, 0.28 * w / layout.width, 0.85 * h / layout.height)
            self.title = (x1 - layout.width * scale, y0, x1, y1)
            self.drawable = (x0, y0, self.title[0], y1)
            self.side = (self.title[0], y0, x1, y1 - layout.height * scale)
        else:
            scale = min(scale, TITLE_SHARE[0] * w / layout.width, TITLE_SHARE[1] * h / layout.height)
            self.title = (x1 - layout.width * scale, y1 - layout.height * scale, x1, y1)
            self.blocked.append(self.title)
        self.title_scale = scale
        return draw_title_block(
            self.pen, self.words, layout, self.title, scale=scale, drawing_number=drawing_number, title=title, size=size
        )

    def fill(self, bom_rows: Sequence[Sequence[str]]) -> None:
        """Tables, notes and a stamp, as long as room is left for the plant."""
        rng = self.rng
        if bom_rows:
            self._hang_list(bom_rows, head=self._heading("bill"))
        if self.side is not None:
            if rng.random() < 0.4:
                self.side = self._under_headline(self.side)
            self._fill_side(self.side)
        elif rng.random() < 0.6:
            self._hang_notes()
        if rng.random() < 0.5:
            self._stand_equipment()
        if rng.random() < 0.2:
            self._hang_list(line_rows(self.words, int(rng.integers(3, 14))), head="LINE LIST", widths=LINE_WIDTHS)
        if rng.random() < 0.3:
            self._hang_references()
        if rng.random() < 0.4:
            self._stamp()
        if rng.random() < 0.25 and self._taken() < BLOCKED_SHARE:
            taken = draw_headline(self.pen, self._column(float(rng.uniform(60, 120)) * self.scale), words=self.words)
            if taken is not None:
                self._block(taken)

    def _under_headline(self, side: Box) -> Box:
        """What is left of a strip or column under a headline."""
        taken = draw_headline(self.pen, _inset(side, 1.0), words=self.words)
        return side if taken is None else (side[0], taken[3] + 1.0, side[2], side[3])

    def _heading(self, name: str) -> str:
        if name == "bill":
            return "자재표" if self.words.korean else "BILL OF MATERIAL"
        return self.words.label(name)

    def _taken(self) -> float:
        x0, y0, x1, y1 = self.drawable
        return sum((b[2] - b[0]) * (b[3] - b[1]) for b in self.blocked) / ((x1 - x0) * (y1 - y0))

    def _block(self, box: Box) -> None:
        x0, y0, x1, y1 = self.drawable
        c = CLEARANCE_MM
        self.blocked.append((max(x0, box[0] - c), max(y0, box[1] - c), min(x1, box[2] + c), min(y1, box[3] + c)))

    def _column(self, width: float) -> Box:
        """The free room at the drawable's right side, `width` wide."""
        x0, y0, x1, y1 = self.drawable
        left = max(x0, x1 - width)
        gap = CLEARANCE_MM if self.rng.random() < 0.5 else 0.0
        over = [b for b in self.blocked if b[2] > left and b[0] < x1]
        top = max([y0 + gap, *[b[3] for b in over if b[1] < (y0 + y1) / 2]])
        bottom = min([y1, *[b[1] for b in over if b[1] >= top]])
        return left, top, x1 - gap, bottom - CLEARANCE_MM

    def _hang_list(
        self, rows: Sequence[Sequence[str | None]], *, head: str, widths: Sequence[float] | None = None
    ) -> None:
        if self._taken() > BLOCKED_SHARE:
            return
        scale = self.scale
        wish = widths or [w / scale for w in column_widths(self.pen, rows, text_mm=1.9 * scale)]
        room = self._column(min(sum(wish) * scale + 4, 0.42 * (self.drawable[2] - self.drawable[0])))
        table = draw_list(self.pen, room, rows=rows, widths=wish, scale=scale, head=head)
        if table is not None:
            self._block(table.box)

    def _hang_notes(self) -> None:
        scale = self.scale
        room = self._column(float(self.rng.uniform(70, 105)) * scale)
        if self._taken() < BLOCKED_SHARE:
            self._write_notes((room[0], room[1] + 2, room[2], room[3]), block=True)

    def _write_notes(self, box: Box, *, block: bool) -> None:
        numbering = str(self.rng.choice(["{n}.", "{n})", "{n}", "NOTE {n}:"], p=[0.55, 0.25, 0.15, 0.05]))
        taken = draw_notes(
            self.pen, box, sentences=note_sentences(self.words), text_mm=float(self.rng.uniform(1.8, 2.6)) * self.scale,
            heading=self._heading("notes"), numbering=numbering,
            joined=bool(self.rng.random() < 0.6),
        )  # fmt: skip
        if taken is not None and block:
            self._block(taken)

    def _fill_side(self, side: Box) -> None:
        """Notes, and beside or below them references or a stamp, in the title strip or column."""
        x0, y0, x1, y1 = side
        inset = 2.5 * self.title_scale
        tall = y1 - y0 > x1 - x0
        cut = float(self.rng.uniform(0.5, 0.65))
        if tall:
            first, second = (x0, y0, x1, y0 + cut * (y1 - y0)), (x0, y0 + cut * (y1 - y0), x1, y1)
        else:
            first, second = (x0, y0, x0 + cut * (x1 - x0), y1), (x0 + cut * (x1 - x0), y0, x1, y1)
        self._write_notes(_inset(first, inset), block=False)
        if self.rng.random() < 0.5:
            size = 0.8 * min(second[2] - second[0], (second[3] - second[1]) * 1.4, 70 * self.scale)
            if size > 20:
                draw_stamp(
                    self.pen, ((second[0] + second[2]) / 2, (second[1] + second[3]) / 2), size_mm=size, words=self.words
                )
        else:
            rows = [[self._heading("references"), None], *reference_rows(self.words)]
            draw_list(self.pen, _inset(second, inset), rows=rows, widths=(60.0, 34.0), scale=self.title_scale)

    def _stand_equipment(self) -> None:
        x0, y0, x1, y1 = self.drawable
        if self._taken() > BLOCKED_SHARE:
            return
        right = min([x1, *[b[0] for b in self.blocked if b[3] > y1 - 60 * self.scale]])
        room = (x0, y0, right - CLEARANCE_MM, y1)
        if room[2] - room[0] < 90 * self.scale:
            return
        draw = draw_equipment_sheets if self.rng.random() < 0.6 else draw_equipment_matrix
        for table in draw(self.pen, room, words=self.words, scale=self.scale):
            self._block(table.box)

    def _hang_references(self) -> None:
        rows = reference_rows(self.words)
        if self.rng.random() < 0.5:
            self._hang_list([[self.words.label("title"), self.words.label("drawing_number")], *rows],
                            head=self._heading("references"), widths=(62.0, 36.0))  # fmt: skip
            return
        room = self._column(95 * self.scale)
        if self._taken() < BLOCKED_SHARE:
            taken = draw_notes(
                self.pen, (room[0], room[1] + 2, room[2], room[3]), sentences=[f"{a}: {b}" for a, b in rows],
                text_mm=2.1 * self.scale, heading=self._heading("references"), numbering="",
            )  # fmt: skip
            if taken is not None:
                self._block(taken)

    def _stamp(self) -> None:
        """A stamp left of the title block or in the free room above it."""
        size = float(self.rng.uniform(38, 70)) * self.scale
        room = self._column(size + 4)
        if room[3] - room[1] < size or self._taken() > BLOCKED_SHARE:
            return
        center = ((room[0] + room[2]) / 2, room[3] - size / 2)
        self._block(draw_stamp(self.pen, center, size_mm=size * 0.95, words=self.words))


def _inset(box: Box, by: float) -> Box:
    return box[0] + by, box[1] + by, box[2] - by, box[3] - by
