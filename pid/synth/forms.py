"""Pages that are forms rather than drawings: line lists, data sheets and parts lists with headings of several levels.

Each comes with its exact truth: words, and a table whose cells reach over rows and columns as they are drawn, with all
rules, some or none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pid.drawing import Box, Drawing, SheetInfo, Source, Table, Word
from pid.synth.fonts import font_names, is_stroke, supports
from pid.synth.furniture_pen import ABOVE, Pen, Ruling, draw_table
from pid.synth.furniture_tables import CLASSES, KINDS, MATERIALS, SERVICES
from pid.synth.furniture_words import COMPANIES, PROJECTS, Wording
from pid.synth.ink import Ink

FormKind = Literal["line_list", "data_sheet", "parts_list"]
FORM_KINDS: tuple[FormKind, ...] = ("line_list", "data_sheet", "parts_list")
TITLES: dict[FormKind, tuple[str, str]] = {
    "line_list": ("LINE LIST", "배관 목록"),
    "data_sheet": ("EQUIPMENT DATA SHEET", "기기 사양서"),
    "parts_list": ("PARTS LIST", "부품 목록"),
}
RULINGS: tuple[Ruling, ...] = ("grid", "columns", "rows", "head", "none")
A4_MM = (297.0, 210.0)
MARGIN_MM = 14.0
TEXT_MM = 2.4

Row = list[str | None]
Heading = tuple[tuple[str, str], tuple[tuple[str, str], ...]]
"""A heading and those under it, each in English and Korean."""
_HEADINGS: dict[FormKind, tuple[Heading, ...]] = {
    "line_list": (
        (("LINE NO.", "라인 번호"), ()), (("SIZE", "구경"), ()), (("FLUID", "유체"), ()),
        (("DESIGN", "설계"), (("P barg", "압력"), ("T degC", "온도"))),
        (("OPERATING", "운전"), (("P barg", "압력"), ("T degC", "온도"))),
        (("MATERIAL", "재질"), ()),
    ),
    "data_sheet": (
        (("ITEM", "항목"), ()), (("UNIT", "단위"), ()),
        (("SPECIFIED", "사양"), (("MIN", "최소"), ("NORMAL", "정상"), ("MAX", "최대"))),
        (("REMARKS", "비고"), ()),
    ),
    "parts_list": (
        (("POS", "번호"), ()), (("DESCRIPTION", "품명"), ()), (("QTY", "수량"), ()),
        (("SIZE", "치수"), (("DN", "호칭"), ("LENGTH", "길이"))), (("MATERIAL", "재질"), ()),
    ),
}  # fmt: skip
_GROUPS = {"line_list": ("UNIT 100", "UNIT 200", "FLARE"), "data_sheet": ("PROCESS", "DESIGN", "MOTOR"),
           "parts_list": ("PIPE", "VALVES", "BOLTS")}  # fmt: skip
_ITEMS = ("CAPACITY", "HEAD", "NPSH", "PRESSURE", "TEMPERATURE", "DENSITY", "VISCOSITY", "POWER", "SPEED", "WEIGHT")
_PARTS = ("GATE VALVE", "FLANGE WN", "ELBOW 90", "TEE EQUAL", "REDUCER CONC", "GASKET", "STUD BOLT", "PIPE SMLS", "CAP")


@dataclass(frozen=True, eq=False)
class Form:
    """A drawn form: what it is, how its table is ruled, its ink in mm and its truth in pixels."""

    kind: FormKind
    ruling: Ruling
    ink: Ink
    drawing: Drawing


def draw_form(
    seed: int, *, kind: FormKind | None = None, ruling: Ruling | None = None, korean: bool = False,
    px_per_mm: float = 7.9,
) -> Form:  # fmt: skip
    """A form, the same for the same arguments; what is not given is drawn by chance.

    Args:
        seed: of the random choices.
        kind: what it is.
        ruling: which rules its table has.
        korean: whether headings are Korean; without a Korean font on the machine they are not.
        px_per_mm: pixels of the truth per mm; 7.9 is a scan of 200 dpi.
    """
    rng = np.random.default_rng([seed, 23])
    kind = kind or FORM_KINDS[int(rng.integers(len(FORM_KINDS)))]
    ruling = ruling or RULINGS[int(rng.choice(len(RULINGS), p=[0.6, 0.1, 0.1, 0.1, 0.1]))]
    pen = Pen(_font(rng, korean), float(rng.uniform(0.2, 0.4)))
    korean = korean and supports(pen.font, "번호")
    words = Wording(rng, korean=False)
    top = _draw_head(pen, kind, words, korean)
    _draw_body(pen, rng, kind, ruling, top, korean)
    ink = Ink(*A4_MM, tuple(pen.marks))
    return Form(kind, ruling, ink, _truth(f"form-{seed}", pen, px_per_mm))


def _font(rng: np.random.Generator, korean: bool) -> str:
    fitting = [f for f in font_names(korean=korean) if korean or not is_stroke(f)]
    return str(rng.choice(fitting or list(font_names())))


def _draw_head(pen: Pen, kind: FormKind, words: Wording, korean: bool) -> float:
    """The form's name and a few labelled lines; returns where the table may begin."""
    right = A4_MM[0] - MARGIN_MM
    pen.letter(TITLES[kind][korean], (MARGIN_MM, 10, right, 18), height=4.5)
    lines = (
        ("PROJECT:", words.pick(PROJECTS)), ("CLIENT:", words.pick(COMPANIES)),
        ("DOCUMENT NO.:", words.number()), ("DATE:", words.date()),
    )  # fmt: skip
    for i, (label, value) in enumerate(lines):
        x, y = MARGIN_MM + (i % 2) * 140, 22 + (i // 2) * 6
        mark = pen.letter(label, (x, y, x + 40, y + 5), height=TEXT_MM, align="left")
        left = mark.box[2] + 2 if mark else x + 30
        pen.letter(value, (left, y, x + 130, y + 5), height=TEXT_MM, align="left")
    return 38.0


def _draw_body(pen: Pen, rng: np.random.Generator, kind: FormKind, ruling: Ruling, top: float, korean: bool) -> None:
    grouped = ruling in ("grid", "rows") and bool(rng.random() < 0.5)  # without rules nobody could tell them
    heads = _heading_rows(kind, korean, grouped)
    count = int(rng.integers(6, 15))
    body = [[*_GROUPS[kind][:1] * grouped, *_body_row(kind, rng, i)] for i in range(count)]
    if grouped:
        _join_groups(body, kind, rng)
    rows: list[Row] = [*heads, *body]
    if rng.random() < 0.4:
        rows.insert(0, [TITLES[kind][korean], *[None] * (len(heads[0]) - 1)])
    shares = np.array([max(len(str(r[c] or "")) for r in rows[-count:]) + 5.0 for c in range(len(rows[0]))])
    width = float(rng.uniform(0.75, 1.0)) * (A4_MM[0] - 2 * MARGIN_MM)
    height = min(float(rng.uniform(6.0, 8.5)), (A4_MM[1] - MARGIN_MM - top) / len(rows))
    draw_table(
        pen, MARGIN_MM, top, widths=(shares / shares.sum() * width).tolist(), heights=[height] * len(rows), rows=rows,
        text_mm=TEXT_MM, aligns=("left",) if rng.random() < 0.5 else (), header_rows=len(rows) - count,
        outline=float(rng.choice([1.0, 2.0])), ruling=ruling,
    )  # fmt: skip


def _heading_rows(kind: FormKind, korean: bool, grouped: bool) -> list[Row]:
    """Two rows of headings: those with some under them reach over columns, the others over both rows."""
    upper: Row = ["구분" if korean else "GROUP"] if grouped else []
    lower: Row = [ABOVE] if grouped else []
    for head, under in _HEADINGS[kind]:
        upper += [head[korean], *[None] * (len(under) - 1)]
        lower += [name[korean] for name in under] or [ABOVE]
    return [upper, lower]


def _body_row(kind: FormKind, rng: np.random.Generator, index: int) -> Row:
    def pick(of: Sequence[str]) -> str:
        return str(of[int(rng.integers(len(of)))])

    def number(low: float, high: float) -> str:
        return str(int(rng.uniform(low, high)))

    size = pick(("25", "50", "80", "100", "150", "200"))
    if kind == "line_list":
        fluid = pick(SERVICES)
        line = f"{size}-{fluid}-{number(1000, 9999)}-{pick(CLASSES)}"
        return [line, size, fluid, number(2, 60), number(20, 300), number(1, 50), number(10, 250), pick(MATERIALS)]
    if kind == "data_sheet":
        unit = pick(("m3/h", "barg", "kW", "rpm", "kg", "mm"))
        remark = pick(("", "NOTE 1", "VENDOR", "HOLD", pick([name for name, _ in KINDS.values()])))
        return [_ITEMS[index % len(_ITEMS)], unit, number(1, 50), number(50, 100), number(100, 900), remark]
    return [str(index + 1), pick(_PARTS), number(1, 40), size, number(50, 6000), pick(MATERIALS)]


def _join_groups(body: list[Row], kind: FormKind, rng: np.random.Generator) -> None:
    """Cells of the first column over the rows of one group."""
    names = list(_GROUPS[kind])
    cuts = sorted({0, *(int(c) for c in rng.integers(2, len(body) - 1, size=len(names) - 1))})
    for start, name in zip(cuts, names, strict=False):
        body[start][0] = name
    for i, row in enumerate(body):
        if i not in cuts:
            row[0] = ABOVE


def _truth(name: str, pen: Pen, k: float) -> Drawing:
    def scaled(box: Box) -> Box:
        return box[0] * k, box[1] * k, box[2] * k, box[3] * k

    def word(w: Word) -> Word:
        return w.model_copy(update={"box": scaled(w.box)})

    def table(t: Table) -> Table:
        cells = tuple(c.model_copy(update={"box": scaled(c.box)}) for c in t.cells)
        return t.model_copy(update={"box": scaled(t.box), "cells": cells})

    return Drawing(
        source=Source(name=name, sha256=hashlib.sha256(name.encode()).hexdigest()),
        sheet=SheetInfo(width=round(A4_MM[0] * k), height=round(A4_MM[1] * k), px_per_mm=k),
        words=tuple(word(w) for w in pen.words),
        tables=tuple(table(t) for t in pen.tables),
    )
