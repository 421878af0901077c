"""The pen of a sheet's furniture: rules, fitted lettering and tables go into the display list and the truth together.

Millimetres of paper, origin top left, y down. A *cell* is a box that its lettering may not leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.drawing import Box, Cell, Table, Word
from pid.geometry import bounds
from pid.synth.fonts import rotation_matrix, supports, text_bounds
from pid.synth.ink import BLACK, Color, Lettering, Stroke

Align = Literal["left", "center", "right"]
Ruling = Literal["grid", "columns", "rows", "head", "none"]
"""Of a table: all rules; those of the columns, its heading and its border; of the rows; above and below its heading and
at its foot; no rules."""
ABOVE = "\N{UPWARDS ARROW}"
"""Stands in a table's rows for a place that belongs to the cell above it."""

NARROWEST = 0.62
"""Width factor below which lettering is set smaller instead; draughting offices seldom squeeze further."""
SMALLEST_MM = 1.0
"""Cap height below which words are dropped instead: smaller does not survive a plot."""
SLACK = 0.7
"""Lettering wished for smaller than `SMALLEST_MM` may still shrink by this factor, e.g. for a J that descends."""
_SUBSTITUTES = {
    "³": "3", "²": "2", "°": " DEG", "Ø": "DIA", "–": "-", "—": "-", "·": ".", "µ": "u", "&": "AND", "±": "+/-",
}  # fmt: skip


@dataclass
class Pen:
    """Collects what is drawn. `font` sets all lettering, `line_mm` is the width of a thin rule."""

    font: str
    line_mm: float
    marks: list[Stroke | Lettering] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def rule(
        self, points: ArrayLike, *, weight: float = 1.0, color: Color = BLACK, dash: tuple[float, ...] = (),
        closed: bool = False, layer: str = "FRAME",
    ) -> None:  # fmt: skip
        """A polyline through points (N, 2), `weight` thin rules wide."""
        path = np.asarray(points, np.float64).reshape(-1, 2)
        self.marks.append(Stroke(path, self.line_mm * weight, closed=closed, dash_mm=dash, color=color, layer=layer))

    def frame(self, box: Box, *, weight: float = 1.0, color: Color = BLACK, layer: str = "FRAME") -> None:
        """A ruled rectangle."""
        self.rule(corners(box), weight=weight, color=color, closed=True, layer=layer)

    def fill(self, points: ArrayLike, *, color: Color = BLACK, paper: bool = False, layer: str = "FRAME") -> None:
        """A filled polygon without outline, in ink or in the colour of the paper."""
        path = np.asarray(points, np.float64).reshape(-1, 2)
        kind: Literal["ink", "paper"] = "paper" if paper else "ink"
        self.marks.append(Stroke(path, self.line_mm, closed=True, fill=kind, color=color, layer=layer, outlined=False))

    def letter(
        self, text: str, cell: Box, *, height: float, align: Align = "center", angle: float = 0.0,
        color: Color = BLACK, layer: str = "TEXT", pad: float | None = None,
    ) -> Word | None:  # fmt: skip
        """Set `text` in the cell, narrower, then smaller, then with fewer words until it fits.

        `height` is the cap height wished for, `align` runs along the reading direction for 0 and 90 degrees and is
        "center" for any other angle, `pad` the room kept to the cell's sides. None where not even one word fits.
        """
        text = settable(text, self.font)
        if not text:
            return None
        turned = angle % 180 == 90
        ends, sides = (min(1.2, 0.45 * height), min(0.8, 0.22 * height)) if pad is None else (pad, pad)
        pad_x, pad_y = (sides, ends) if turned else (ends, sides)
        x0, y0, x1, y1 = cell[0] + pad_x, cell[1] + pad_y, cell[2] - pad_x, cell[3] - pad_y
        room = (y1 - y0, x1 - x0) if turned else (x1 - x0, y1 - y0)
        fitted = _fit(text, self.font, height, room)
        if fitted is None:
            return None
        text, height, factor = fitted
        ink = text_bounds(text, font=self.font, height_mm=height, width_factor=factor)
        spare = (room[0] - (ink[2] - ink[0])) / 2
        shift = {"left": -spare, "center": 0.0, "right": spare}[align if angle % 90 == 0 else "center"]
        # The cap-height middle sits in the cell's middle unless a descender would leave the cell.
        sink = min(0.0, room[1] / 2 - ink[3]) + max(0.0, -room[1] / 2 - ink[1])
        move = rotation_matrix(angle) @ np.array([shift, sink])
        center = (float((x0 + x1) / 2 + move[0]), float((y0 + y1) / 2 + move[1]))
        self.marks.append(
            Lettering(text, center, height, angle, self.font, color=color, layer=layer, width_factor=factor)
        )
        box = turned_box(_with_body(ink, height), center, angle)
        word = Word(id=f"fw{len(self.words)}", text=text, box=box, angle=angle % 360)
        self.words.append(word)
        return word

    def width_of(self, text: str, *, height: float) -> float:
        """Width of the lettering's ink at its natural proportions, mm."""
        ink = text_bounds(settable(text, self.font), font=self.font, height_mm=height)
        return ink[2] - ink[0]


def corners(box: Box) -> NDArray[np.float64]:
    """The four corners (4, 2) of a box."""
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def turned_box(ink: Box, center: tuple[float, float], angle: float) -> Box:
    """Upright box round the box `ink`, given relative to `center`, turned by `angle` about it."""
    return bounds(corners(ink) @ rotation_matrix(angle).T + np.array(center))


def _with_body(ink: Box, height: float) -> Box:
    """The ink's box, a pen's width thick at least: a lone dash or 1 of a stroke font has none."""
    x0, y0, x1, y1 = ink
    grow_x, grow_y = (max(0.0, 0.12 * height - side) / 2 for side in (x1 - x0, y1 - y0))
    return x0 - grow_x, y0 - grow_y, x1 + grow_x, y1 + grow_y


def settable(text: str, font: str) -> str:
    """The text with characters that the font lacks replaced by what a drawing office writes, or left out."""
    if supports(font, text):
        return text.strip()
    parts = [c if supports(font, c) else _SUBSTITUTES.get(c, "") for c in text]
    return " ".join("".join(p for p in parts if supports(font, p)).split())


def _fit(text: str, font: str, height: float, room: tuple[float, float]) -> tuple[str, float, float] | None:
    """Text, cap height and width factor that fit into room (width, height), or None."""
    if min(room) <= 0:
        return None
    while text:
        x0, y0, x1, y1 = text_bounds(text, font=font, height_mm=1.0)
        size = min(height, room[1] / max(y1 - y0, 1e-6))
        factor = min(1.0, room[0] / max((x1 - x0) * size, 1e-6))
        if factor < NARROWEST:
            size, factor = size * factor / NARROWEST, NARROWEST
        if size >= min(SMALLEST_MM, SLACK * height):
            # A hair is kept back so that rounding never lets ink touch the rule.
            return text, size * 0.999, factor * 0.999
        text = " ".join(text.split()[:-1])
    return None


def draw_table(
    pen: Pen, x: float, y: float, *, widths: Sequence[float], heights: Sequence[float],
    rows: Sequence[Sequence[str | None]], text_mm: float, aligns: Sequence[Align] = (), header_rows: int = 1,
    outline: float = 2.0, ruling: Ruling = "grid",
) -> Table:  # fmt: skip
    """A table with its top left corner at (x, y).

    Args:
        pen: What it is drawn with; the table is added to its tables.
        x: Left side, mm.
        y: Top, mm.
        widths: Of the columns, mm.
        heights: Of the rows, mm, one per row.
        rows: Texts, one per column; None joins a place to the cell on its left, `ABOVE` to the cell above it.
        text_mm: Cap height wished for.
        aligns: Per column, centred where it is shorter; the first `header_rows` rows are centred.
        header_rows: How many rows are headings.
        outline: Weight of the border in thin rules.
        ruling: Which rules are drawn.
    """
    xs = x + np.concatenate([[0.0], np.cumsum(widths)])
    ys = y + np.concatenate([[0.0], np.cumsum(heights)])
    owner = _owners(rows)
    headed: dict[str, Sequence[int]] = {"columns": range(1, header_rows + 1), "head": (header_rows,), "none": ()}
    ruled = headed.get(ruling, range(1, len(rows)))
    cells: list[Cell] = []
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if owner[r, c] != r * owner.shape[1] + c:
                continue
            taken = np.argwhere(owner == owner[r, c])
            below, right = (taken.max(axis=0) + 1).tolist()
            box = (float(xs[c]), float(ys[r]), float(xs[right]), float(ys[below]))
            align: Align = aligns[c] if r >= header_rows and c < len(aligns) else "center"
            word = pen.letter(text or "", box, height=text_mm, align=align)
            drawn = word.text if word else ""
            cells.append(Cell(row=r, column=c, row_span=below - r, column_span=right - c, text=drawn, box=box))
            if c and ruling in ("grid", "columns"):
                pen.rule([[xs[c], ys[r]], [xs[c], ys[below]]], layer="TABLE")
        if r and r in ruled:
            _rule_between(pen, owner[r - 1], owner[r], xs, float(ys[r]))
    outer = (float(xs[0]), float(ys[0]), float(xs[-1]), float(ys[-1]))
    if ruling in ("grid", "columns"):
        pen.frame(outer, weight=outline, layer="TABLE")
    elif ruling != "none":
        for side in (outer[1], outer[3]):
            pen.rule([[outer[0], side], [outer[2], side]], weight=outline, layer="TABLE")
    table = Table(id=f"ft{len(pen.tables)}", box=outer, cells=tuple(cells))
    pen.tables.append(table)
    return table


def _owners(rows: Sequence[Sequence[str | None]]) -> NDArray[np.int64]:
    """For each place (row, column) the flat index of the top left place of its cell."""
    width = len(rows[0])
    owner = np.arange(len(rows) * width).reshape(len(rows), width)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if text is None:
                owner[r, c] = owner[r, c - 1]
            elif text == ABOVE:
                owner[r, c] = owner[r - 1, c]
    return owner


def _rule_between(
    pen: Pen, above: NDArray[np.int64], below: NDArray[np.int64], xs: NDArray[np.float64], y: float
) -> None:
    """The rule between two rows, left out where one cell reaches over both."""
    parted = np.concatenate([[False], above != below, [False]]).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(parted) == 1), np.flatnonzero(np.diff(parted) == -1)
    for start, end in zip(starts, ends, strict=True):
        pen.rule([[xs[start], y], [xs[end], y]], layer="TABLE")
