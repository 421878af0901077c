"""Tables: what is drawn with rules comes back as the same rows, columns, spans and texts."""

from __future__ import annotations

import numpy as np
import pytest

from pid.document.ruled_page import RuledPage
from pid.document.tables import find_tables
from pid.drawing import Cell, Table, Word
from pid.synth.furniture_pen import ABOVE, Pen, draw_table
from pid.synth.ink import Ink
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster

PX = 5.0
SIZE = (210.0, 148.0)
PLAIN = [["TAG", "SERVICE", "DN"], ["V-1", "STEAM", "50"], ["V-2", "WATER", "80"], ["V-3", "AIR", ""]]
MERGED = [
    ["LINE", "DESIGN", None, "MATERIAL"],
    [ABOVE, "P barg", "T degC", ABOVE],
    ["L-100", "10", "80", "CS"],
    ["L-101", "16", "120", ABOVE],
    ["L-102", "25", "60", "SS"],
]


def drawn(pen: Pen) -> RuledPage:
    gray = as_gray(render_raster(Ink(*SIZE, tuple(pen.marks)), px_per_mm=PX))
    words = [w.model_copy(update={"box": tuple(v * PX for v in w.box)}) for w in pen.words]
    return RuledPage.of(gray, [part for w in words for part in _split(w)])


def _split(word: Word) -> list[Word]:
    """One word a run of characters, as reading gives them."""
    x0, y0, x1, y1 = word.box
    pitch = (x1 - x0) / len(word.text)
    out, at = [], 0
    for part in word.text.split():
        at = word.text.index(part, at)
        box = (x0 + at * pitch, y0, x0 + (at + len(part)) * pitch, y1)
        out.append(word.model_copy(update={"text": part, "box": box}))
        at += len(part)
    return out


def table(pen: Pen, rows, x: float = 20.0, y: float = 20.0, widths=None, **more) -> Table:
    widths = widths or [30.0] * len(rows[0])
    return draw_table(pen, x, y, widths=widths, heights=[6.0] * len(rows), rows=rows, text_mm=2.2, **more)


def shape(cells: tuple[Cell, ...]) -> set[tuple[int, int, int, int, str]]:
    return {(c.row, c.column, c.row_span, c.column_span, c.text) for c in cells}


@pytest.mark.parametrize("rows", [PLAIN, MERGED], ids=["plain", "merged"])
def test_cells_come_back(rows) -> None:
    pen = Pen("stroke", 0.3)
    want = table(pen, rows)
    found = find_tables(drawn(pen))
    assert [shape(t.cells) for t in found] == [shape(want.cells)]
    assert np.abs(np.array(found[0].box) - PX * np.array(want.box)).max() < 6


def test_data_blocks_side_by_side_are_tables_of_their_own() -> None:
    pen = Pen("stroke", 0.3)
    for i, tag in enumerate(("P-1", "P-2")):
        rows = [["Ident", tag], ["Description", "PUMP"], ["Capacity", f"{i}5 m3/h"], ["Head", "20 m"]]
        table(pen, rows, x=20.0 + 60 * i, widths=[30.0, 30.0])
    assert [len(t.cells) for t in find_tables(drawn(pen))] == [8, 8]


def test_frame_with_grid_letters_is_no_table() -> None:
    pen = Pen("stroke", 0.3)
    pen.frame((2, 2, 208, 146))
    pen.frame((7, 7, 203, 141))
    for i in range(10):
        x = 7 + 19.6 * i
        for y in (2.0, 141.0):
            pen.letter(str(i + 1), (x, y, x + 19.6, y + 5), height=2.5)
            pen.rule([[x, y], [x, y + 5]])
    assert find_tables(drawn(pen)) == ()


def test_a_column_of_boxes_is_no_table() -> None:
    pen = Pen("stroke", 0.3)
    table(pen, [[f"NOTE {i}"] for i in range(8)])
    assert find_tables(drawn(pen)) == ()


def test_blacked_out_cells_are_empty_places() -> None:
    pen = Pen("stroke", 0.3)
    rows = [["REV", "DATE", "BY", "CHK"], *[[str(i), f"0{i}.01.16", "AB", "CD"] for i in range(1, 5)]]
    want = table(pen, rows)
    hidden = [c for c in want.cells if c.row in (2, 3) and c.column >= 2]
    for c in hidden:
        pen.fill([[c.box[0], c.box[1]], [c.box[2], c.box[1]], [c.box[2], c.box[3]], [c.box[0], c.box[3]]])
    pen.words[:] = [
        w for w in pen.words if not any(c.text == w.text and c.box[1] <= w.box[1] <= c.box[3] for c in hidden)
    ]
    (found,) = find_tables(drawn(pen))
    texts = {(c.row, c.column): c.text for c in found.cells}
    assert len(texts) == 20
    assert {place for place, text in texts.items() if not text} == {(c.row, c.column) for c in hidden}
