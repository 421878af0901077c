"""Title blocks: every layout's fields come back from its picture and its words."""

from __future__ import annotations

import numpy as np
import pytest

from pid.document.labels import load_lexicon
from pid.document.revision_table import is_revision_table, read_revisions
from pid.document.ruled_page import RuledPage
from pid.document.tables import find_tables
from pid.document.title_block import read_title_block
from pid.document.title_values import find_date, fits, without_date
from pid.drawing import Cell, Table, TitleField, Word
from pid.synth.furniture import draw_furniture
from pid.synth.ink import Ink
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.synth.title_block_layouts import LAYOUTS
from pid.synth.title_block_offices import FURTHER

PX = 5.0
SIZE = (841.0, 594.0)
NUMBER, TITLE = "10-PID-4711-03", "REBOILER AND OVERHEAD SYSTEM OF SOLVENT COLUMN C-410"


def read_drawn(layout: str, *, seed: int = 5, language: str = "en") -> tuple[list[TitleField], list[TitleField]]:
    """True fields and found ones of a drawn block, its words given."""
    sheet = draw_furniture(
        np.random.default_rng(seed), *SIZE, font="stroke", line_mm=0.3, korean=False, drawing_number=NUMBER,
        title=TITLE, layout=layout, language=language,
    )  # fmt: skip
    gray = as_gray(render_raster(Ink(*SIZE, sheet.marks), px_per_mm=PX))
    page = RuledPage.of(gray, [part for w in sheet.words for part in as_read(w)])
    block = read_title_block(page, find_tables(page))
    return list(sheet.title_block.fields), list(block.fields) if block else []


def as_read(word: Word) -> list[Word]:
    """A string as reading gives it: one word a run of characters, in pixels."""
    x0, y0, x1, y1 = (v * PX for v in word.box)
    if word.angle:
        return [word.model_copy(update={"box": (x0, y0, x1, y1)})]
    pitch, out, at = (x1 - x0) / len(word.text), [], 0
    for part in word.text.split():
        at = word.text.index(part, at)
        box = (x0 + at * pitch, y0, x0 + (at + len(part)) * pitch, y1)
        out.append(word.model_copy(update={"text": part, "box": box}))
        at += len(part)
    return out


@pytest.mark.parametrize("layout", [layout.name for layout in (*LAYOUTS, *FURTHER)])
def test_fields_come_back(layout: str) -> None:
    want, got = read_drawn(layout)
    values = {f.name: f.value for f in got}
    right = [f.name for f in want if values.get(f.name, "").replace(" ", "") == f.value.replace(" ", "")]
    assert len(right) >= 0.9 * len(want), [(f, values.get(f.name)) for f in want if f.name not in right]
    assert {"drawing_number", "title"} <= set(right)
    assert {f.name for f in got if f.required} == {"drawing_number", "title", "revision"} & set(values)
    assert all(0 < f.score <= 1 for f in got)


@pytest.mark.parametrize("language", ["de", "no"])
def test_labels_in_other_languages(language: str) -> None:
    want, got = read_drawn("iso", language=language)
    values = {f.name: f.value for f in got}
    assert sum(values.get(f.name) == f.value for f in want) >= 0.9 * len(want)


def test_field_boxes_lie_on_their_values() -> None:
    want, got = read_drawn("column")
    boxes = {f.name: f.box for f in got}
    for f in want:
        if f.name in boxes:
            assert np.abs(np.array(boxes[f.name]) - PX * np.array(f.box)).max() < 4 * PX, f.name


def test_a_sheet_without_labels_has_no_title_block() -> None:
    gray = np.full((600, 800), 255, np.uint8)
    gray[100:102, 100:700] = 0
    words = [Word(id="w1", text="P-101", box=(100, 80, 150, 95)), Word(id="w2", text="SCALE", box=(400, 300, 450, 315))]
    assert read_title_block(RuledPage.of(gray, words)) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("DRAWING NO.", ("drawing_number",)), ("DRAWlNG N0", ("drawing_number",)), ("Maßstab", ("scale",)),
        ("도면번호", ("drawing_number",)), ("GODKJENT", ("approved_by",)), ("C. Hecker", ()), ("PUMP", ()),
    ],
)  # fmt: skip
def test_labels(text: str, names: tuple[str, ...]) -> None:
    assert load_lexicon().names(text)[0] == names


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("revision", ("A", "0", "Z5", "01", "P1", "12B"), ("NONE", "ISSUED", "2016-04-01")),
        ("scale", ("1:1", "NTS", "NONE", "1 : 50"), ("A1", "DRAWN")),
        ("size", ("A1", "A3", "D"), ("REV", "12")),
        ("sheet", ("1 OF 4", "003", "1/7", "001"), ("SCALE", "A.B")),
        ("date", ("2016-04-01", "12.03.17", "16-JAN-92", "19Mar09", "04/17/2015"), ("4711-03", "PUMP")),
        ("number", ("10-PID-4711-03", "PH-ME-P-0152-001", "837043545"), ("", "2016-04-01")),
    ],
)
def test_values_have_types(kind: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    assert all(fits(kind, text) >= 0.7 for text in good)
    assert all(fits(kind, text) < 0.5 for text in bad)


def test_dates_are_cut_out() -> None:
    assert find_date("A. Keller 16-JAN-92") == "16-JAN-92"
    assert without_date("A. Keller 16-JAN-92") == "A. Keller"


@pytest.mark.parametrize("foot", [False, True])
def test_revision_history_is_read_from_the_oldest_on(foot: bool) -> None:
    heads = ["REV", "DATE", "DESCRIPTION", "BY"]
    rows = [["A", "01.02.16", "FIRST ISSUE", "AK"], ["B", "03.04.17", "AS BUILT", "JM"]]
    lines = [*rows[::-1], heads] if foot else [heads, *rows]
    cells = [
        Cell(row=r, column=c, text=text, box=(c, r, c + 1, r + 1))
        for r, line in enumerate(lines)
        for c, text in enumerate(line)
    ]
    table = Table(id="t1", box=(0, 0, 4, 3), cells=tuple(cells))
    assert is_revision_table(table)
    assert [r.text("revision") for r in read_revisions(table)] == ["A", "B"]
    assert read_revisions(table)[-1].text("date") == "03.04.17"
    assert not is_revision_table(table.model_copy(update={"cells": tuple(cells[4:8])}))
