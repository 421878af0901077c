"""Title blocks: a layout's slots filled with values, and the truth of every field. Field names are `FIELDS`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pid.drawing import Box, TitleBlock, TitleField, Word
from pid.geometry import bounds
from pid.synth.furniture_marks import draw_logo, draw_signature
from pid.synth.furniture_pen import SMALLEST_MM, Pen, corners, draw_table
from pid.synth.furniture_words import (
    CITIES,
    COMPANIES,
    COMPANIES_KO,
    COPYRIGHT,
    PLANTS,
    PROJECTS,
    PROJECTS_KO,
    REVISION_TEXTS,
    REVISION_TEXTS_KO,
    STATUSES,
    TYPES,
    Wording,
)
from pid.synth.ink import BLACK, Color
from pid.synth.title_block_layouts import Layout, Slot

FIELDS = (
    "drawing_number", "title", "project", "project_number", "client", "company", "sheet", "revision", "scale", "size",
    "drawn_by", "drawn_date", "checked_by", "checked_date", "designed_by", "designed_date", "approved_by",
    "approved_date", "status", "document_type", "plant", "file_name",
)  # fmt: skip

LABEL_SHARE = 0.38
"""Of a slot's width or height, for a label that has a cell of its own."""
SPACED = "  "
"""Between a person and a date in one string."""
PART_HEADS = ("FACILITY CODE", "ORIG.", "DISC.", "SEQ. No.", "PART")


class _Block:
    """One title block in the making."""

    def __init__(self, pen: Pen, words: Wording, *, scale: float, values: dict[str, str], revision_index: int) -> None:
        self.pen = pen
        self.words = words
        self.rng = words.rng
        self.scale = scale
        self.values = values
        self.revision_index = revision_index
        self.fields: list[TitleField] = []
        self.redact = bool(self.rng.random() < 0.12)
        r, g, b = (int(v) for v in self.rng.integers(0, 200, 3))
        self.color: Color = (r, g, b) if self.rng.random() < 0.25 else BLACK

    def note(self, name: str, words: Sequence[Word]) -> None:
        """Record a field whose value is drawn as `words`, from top to bottom; a person may have a date behind."""
        if name.endswith("_by") and len(words) == 1 and SPACED in words[0].text:
            for part, value in zip((name, name.replace("_by", "_date")), words[0].text.split(SPACED), strict=True):
                self.fields.append(TitleField(name=part, value=value, box=words[0].box))
        elif words:
            box = _hull([w.box for w in words])
            self.fields.append(TitleField(name=name, value=" ".join(w.text for w in words), box=box))

    def draw(self, slot: Slot, box: Box) -> None:
        """Fill one slot and rule round it."""
        pen, s = self.pen, self.scale
        if slot.kind == "field":
            self._field(slot, box)
        elif slot.kind in ("pair", "headed"):
            self._celled(slot, box)
        elif slot.kind == "beside":
            self._beside(slot, box)
        elif slot.kind == "parts":
            self._parts(slot, box)
        elif slot.kind == "logo":
            draw_logo(pen, box, rng=self.rng, color=self.color, name=self.values["company"])
        elif slot.kind == "city":
            pen.letter(self.words.pick(CITIES), box, height=slot.text_mm * s)
        elif slot.kind == "copyright":
            text = self.words.pick(COPYRIGHT).replace("THE COMPANY", self.values["company"].upper())
            write_lines(pen, text, box, height=1.6 * s, limit=3)
        elif slot.kind == "revisions":
            self._revisions(box)
        elif slot.kind == "signatures":
            self._signatures(box)
        if slot.ruled and slot.kind not in ("revisions", "signatures"):
            pen.frame(box, layer="TITLE")

    def _celled(self, slot: Slot, box: Box) -> None:
        """A label in a cell of its own, on the left or above, and the value in the other."""
        pen, s = self.pen, self.scale
        x0, y0, x1, y1 = box
        if slot.kind == "pair":
            x = x0 + LABEL_SHARE * (x1 - x0)
            label, room, rule = (x0, y0, x, y1), (x, y0, x1, y1), [[x, y0], [x, y1]]
        else:
            y = y0 + LABEL_SHARE * (y1 - y0)
            label, room, rule = (x0, y0, x1, y), (x0, y, x1, y1), [[x0, y], [x1, y]]
        pen.letter(self.words.label(slot.name), label, height=max(SMALLEST_MM * 1.2, 1.9 * s), align="left")
        pen.rule(rule, layer="TITLE")
        self._value(slot, room)

    def _beside(self, slot: Slot, box: Box) -> None:
        """The value right of its label, on the same line."""
        pen = self.pen
        x0, y0, x1, y1 = box
        height = max(SMALLEST_MM * 1.2, 1.9 * self.scale)
        mark = pen.letter(self.words.label(slot.name), (x0, y0, x0 + 0.6 * (x1 - x0), y1), height=height, align="left")
        left = mark.box[2] + height if mark else x0
        self._value(slot, (left, y0, x1, y1))

    def _parts(self, slot: Slot, box: Box) -> None:
        """A drawing number in parts: a wide heading, a small one over each part, and the parts."""
        pen, s = self.pen, self.scale
        x0, y0, x1, y1 = box
        first, second = y0 + 0.3 * (y1 - y0), y0 + 0.55 * (y1 - y0)
        parts = [part for part in re.split(r"[-\s]+", self.values[slot.name]) if part][: len(PART_HEADS)]
        heads = PART_HEADS[: len(parts)]
        pen.letter(self.words.label(slot.name), (x0, y0, x1, first), height=2.2 * s)
        pen.rule([[x0, first], [x1, first]], layer="TITLE")
        pen.rule([[x0, second], [x1, second]], layer="TITLE")
        edges = np.linspace(x0, x1, len(parts) + 1)
        found = []
        for part, head, left, right in zip(parts, heads, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            pen.letter(head, (left, first, right, second), height=max(SMALLEST_MM * 1.2, 1.6 * s))
            found.append(pen.letter(part, (left, second, right, y1), height=slot.text_mm * s))
            if left > x0:
                pen.rule([[left, first], [left, y1]], layer="TITLE")
        drawn = [word for word in found if word]
        if drawn:
            box = _hull([w.box for w in drawn])
            self.fields.append(TitleField(name=slot.name, value="-".join(w.text for w in drawn), box=box))

    def _field(self, slot: Slot, box: Box) -> None:
        pen, s = self.pen, self.scale
        x0, y0, x1, y1 = box
        label_mm = max(SMALLEST_MM * 1.2, min(1.8 * s, (y1 - y0) * 0.28))
        below = y0 + label_mm * 1.6
        pen.letter(self.words.label(slot.name), (x0, y0, x1, below), height=label_mm, align="left")
        self._value(slot, (x0, below, x1, y1))

    def _value(self, slot: Slot, room: Box) -> None:
        """The slot's value in its room, a title in up to three lines."""
        pen, s = self.pen, self.scale
        value = self.values.get(slot.name, "")
        if slot.name == "title":
            found = write_lines(pen, value, room, height=slot.text_mm * s, limit=3)
        else:
            word = pen.letter(value, room, height=slot.text_mm * s) if value else None
            found = [word] if word else []
        self.note(slot.name, found)

    def _revisions(self, box: Box) -> None:
        """The table of revisions, newest on top, heading at the bottom or on top."""
        pen, words, rng = self.pen, self.words, self.rng
        x0, y0, x1, y1 = box
        count = max(2, int((y1 - y0) / (5.2 * self.scale)))
        shares = np.array([0.09, 0.16, 0.42, 0.11, 0.11, 0.11])
        names = ("revision", "date", "rev_description", "drawn_by", "checked_by", "approved_by")
        heading: list[str | None] = [words.label(name) for name in names]
        last = self.revision_index
        filled = min(int(rng.integers(1, count)), last + 1)
        dates = words.dates(filled)
        body: list[list[str | None]] = [
            [
                words.revision(last - filled + 1 + i),
                dates[i],
                words.pick(REVISION_TEXTS, REVISION_TEXTS_KO),
                *("" if self.redact else words.person() for _ in range(3)),
            ]
            for i in range(filled)
        ]
        empty: list[list[str | None]] = [[""] * 6 for _ in range(count - 1 - filled)]
        foot = bool(rng.random() < 0.6)
        rows = [*empty, *body[::-1], heading] if foot else [heading, *body, *empty]
        table = draw_table(
            pen, x0, y0, widths=list(shares * (x1 - x0)), heights=[(y1 - y0) / count] * count, rows=rows,
            text_mm=1.9 * self.scale, aligns=("center", "center", "left"), header_rows=0 if foot else 1, outline=1.5,
        )  # fmt: skip
        if self.redact:
            top = len(empty) if foot else 1
            people = [c.box for c in table.cells if c.column >= 3 and top <= c.row < top + filled]
            pen.fill(corners(_hull(people)), layer="REDACTION")

    def _signatures(self, box: Box) -> None:
        """Rows of role, name, date and signature under a heading."""
        pen, words, rng = self.pen, self.words, self.rng
        x0, y0, x1, y1 = box
        roles = ("drawn", "checked", "approved") if rng.random() < 0.6 else ("drawn", "designed", "checked", "approved")
        rows: list[list[str | None]] = [["", words.label("name"), words.label("date"), words.label("signature")]]
        dates = words.dates(len(roles))
        rows += [[words.label(f"{r}_by"), words.person(), d, ""] for r, d in zip(roles, dates, strict=True)]
        height = (y1 - y0) / len(rows)
        first = len(pen.words)
        table = draw_table(
            pen, x0, y0, widths=[(x1 - x0) * f for f in (0.27, 0.27, 0.25, 0.21)], heights=[height] * len(rows),
            rows=rows, text_mm=2.0 * self.scale, aligns=("left",), outline=1.5,
        )  # fmt: skip
        boxes = {(c.row, c.column): c.box for c in table.cells}
        for row, role in enumerate(roles, start=1):
            for column, what in ((1, "by"), (2, "date")):
                self.note(f"{role}_{what}", [w for w in pen.words[first:] if _holds(boxes[row, column], w.box)])
            if rng.random() < 0.5:
                draw_signature(pen, boxes[row, 3], rng=rng)


def _hull(boxes: Sequence[Box]) -> Box:
    return bounds(np.array(boxes).reshape(-1, 2))


def _holds(cell: Box, box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return cell[0] <= x <= cell[2] and cell[1] <= y <= cell[3]


def write_lines(pen: Pen, text: str, box: Box, *, height: float, limit: int) -> list[Word]:
    """Set text centred in as few lines as keep its height, at most `limit`; the lines from top to bottom."""
    x0, y0, x1, y1 = box
    width = pen.width_of(text, height=height)
    lines = int(np.clip(np.ceil(width * 0.9 / max(x1 - x0, 1e-6)), 1, limit))
    parts = text.split()
    rows: list[str] = []
    for i in range(lines):
        goal = len(" ".join(parts)) / (lines - i)
        row = [parts.pop(0)] if parts else []
        while parts and (i == lines - 1 or len(" ".join([*row, parts[0]])) <= goal + len(parts[0]) / 2):
            row.append(parts.pop(0))
        if row:
            rows.append(" ".join(row))
    pitch = min((y1 - y0) / max(len(rows), 1), height * 1.9)
    top = (y0 + y1 - pitch * len(rows)) / 2
    found = [pen.letter(r, (x0, top + i * pitch, x1, top + (i + 1) * pitch), height=height) for i, r in enumerate(rows)]
    return [word for word in found if word]


def draw_title_block(
    pen: Pen, words: Wording, layout: Layout, box: Box, *, scale: float, drawing_number: str, title: str, size: str
) -> TitleBlock:
    """Draw a layout into `box` (mm) with lettering scaled by `scale`; the truth holds every field drawn."""
    rng = words.rng
    sheets = int(rng.integers(1, 9))
    revision_index = int(rng.integers(0, 6))
    values = {
        "drawing_number": drawing_number,
        "title": title,
        "project": words.pick(PROJECTS, PROJECTS_KO),
        "project_number": f"{words.code(1)}{rng.integers(10, 99)}-{rng.integers(100, 9999)}",
        "client": words.pick(COMPANIES, COMPANIES_KO),
        "company": words.pick(COMPANIES, COMPANIES_KO),
        "sheet": (f"{rng.integers(1, sheets + 1)} OF {sheets}", f"{sheets:03}", f"1/{sheets}")[int(rng.integers(3))],
        "revision": words.revision(revision_index),
        "scale": ("NONE", "NTS", "1:1", "N/A", "-")[int(rng.integers(5))],
        "size": size,
        "status": words.pick(STATUSES),
        "document_type": words.pick(TYPES),
        "plant": words.pick(PLANTS),
        "file_name": f"{drawing_number}.{('pid', 'dwg', 'dgn')[int(rng.integers(3))]}",
        "drawn_by": f"{words.person()}{SPACED}{words.date()}",
        "checked_by": words.person(),
    }
    block = _Block(pen, words, scale=scale, values=values, revision_index=revision_index)
    x0, y0 = box[0], box[1]
    for slot in layout.slots((box[2] - x0) / scale, (box[3] - y0) / scale):
        x, y = x0 + slot.x * scale, y0 + slot.y * scale
        block.draw(slot, (x, y, x + slot.w * scale, y + slot.h * scale))
    if any(slot.ruled for slot in layout.slots(layout.width, layout.height)):
        pen.frame(box, weight=2.0, layer="TITLE")
    return TitleBlock(box=box, fields=tuple(block.fields))
