"""Furniture of a sheet: its truth must say exactly what its ink shows."""

from __future__ import annotations

import numpy as np
import pytest

from pid.drawing import Drawing, SheetInfo, Source
from pid.geometry import box_area, box_intersection
from pid.synth.fonts import font_names, supports
from pid.synth.furniture import Furniture, Pen, draw_furniture, draw_notes, draw_table, revision_cloud
from pid.synth.furniture_frame import draw_border
from pid.synth.furniture_marks import draw_signature, draw_stamp, revision_triangle
from pid.synth.furniture_pen import ABOVE, settable
from pid.synth.furniture_words import LABELS, Wording
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.raster import render_raster
from pid.synth.title_block_layouts import LAYOUTS, sheet_size
from pid.synth.title_block_offices import FURTHER, HELD_OUT
from pid.synth.title_blocks import FIELDS

NUMBER, TITLE = "10-PID-4711-03", "REBOILER AND OVERHEAD SYSTEM OF SOLVENT COLUMN C-410"
BOM = [["ITEM", "QTY", "DESCRIPTION"], *[[str(i), "2", f"GATE VALVE DN{25 * i}"] for i in range(1, 7)]]
EVERY = (*LAYOUTS, *FURTHER, *HELD_OUT)
CASES = [(layout.name, size) for layout in EVERY for size in ((841.0, 594.0), (420.0, 297.0))]


def furnish(seed: int, layout: str | None = None, *, size: tuple[float, float] = (841.0, 594.0), **more) -> Furniture:
    options = {"font": "stroke", "line_mm": 0.25, "korean": False, "drawing_number": NUMBER, "title": TITLE} | more
    return draw_furniture(np.random.default_rng(seed), *size, layout=layout, **options)


def inside(inner, outer, slack=1e-6) -> bool:
    return all(i >= o - slack for i, o in zip(inner[:2], outer[:2], strict=True)) and all(
        i <= o + slack for i, o in zip(inner[2:], outer[2:], strict=True)
    )


@pytest.mark.parametrize(("layout", "size"), CASES)
def test_everything_stays_where_it_belongs(layout, size):
    sheet = furnish(3, layout, size=size, bom_rows=BOM)
    paper = (0.0, 0.0, *size)
    for mark in sheet.marks:
        if isinstance(mark, Stroke):
            assert inside((*mark.points.min(axis=0), *mark.points.max(axis=0)), paper)
    assert all(inside(w.box, paper) for w in sheet.words)
    assert all(inside(b, sheet.drawable) for b in sheet.blocked)
    for table in sheet.tables:
        for cell in table.cells:
            assert inside(cell.box, table.box)
    in_drawable = [w.box for w in sheet.words if box_intersection([w.box], [sheet.drawable])[0, 0] > 0.01]
    for box in in_drawable:
        assert any(inside(box, taken, 1e-3) for taken in sheet.blocked), box
    taken = box_area(sheet.blocked).sum() if sheet.blocked else 0.0
    assert taken < 0.62 * box_area([sheet.drawable])[0], "too little is left for the plant"


@pytest.mark.parametrize(("layout", "size"), CASES)
def test_words_do_not_overlap(layout, size):
    words = furnish(5, layout, size=size, bom_rows=BOM).words
    boxes = np.array([w.box for w in words if w.angle % 90 == 0])  # upright boxes of a slanted stamp's rows may overlap
    overlap = box_intersection(boxes, boxes) / np.minimum(box_area(boxes)[:, None], box_area(boxes)[None])
    np.fill_diagonal(overlap, 0)
    assert overlap.max() < 0.05


@pytest.mark.parametrize("layout", [layout.name for layout in EVERY])
def test_title_block_holds_number_and_title(layout):
    block = furnish(7, layout).title_block
    values = {f.name: f.value for f in block.fields}
    assert values["drawing_number"] == NUMBER
    assert values["title"] == TITLE
    assert values["revision"]
    assert len(values) == len(block.fields) >= 5
    assert set(values) <= set(FIELDS)
    assert all(inside(f.box, block.box) for f in block.fields)


def test_each_word_is_its_lettering():
    sheet = furnish(11, "iso", bom_rows=BOM)
    letters = [m for m in sheet.marks if isinstance(m, Lettering)]
    assert [m.text for m in letters] == [w.text for w in sheet.words]
    assert len({w.id for w in sheet.words}) == len(sheet.words)
    assert all(w.id.startswith("fw") for w in sheet.words)
    assert all(t.id.startswith("ft") for t in sheet.tables)
    cells = [c.text for t in sheet.tables for c in t.cells if c.text]
    assert set(cells) <= {w.text for w in sheet.words}


@pytest.mark.parametrize(("font", "seed"), [("stroke", 1), ("vera", 2)])
def test_word_boxes_hold_the_ink(font, seed):
    """All lettering's ink lies in word boxes, and every word box has ink close to its ends."""
    px = 6.0
    sheet = furnish(seed, "cae", size=(420.0, 297.0), font=font)
    letters = tuple(m for m in sheet.marks if isinstance(m, Lettering))
    picture = np.asarray(render_raster(Ink(420.0, 297.0, letters), px_per_mm=px))
    ink = (picture.reshape(*picture.shape[:2], -1).min(axis=2) < 200).astype(np.uint8)
    covered = np.zeros_like(ink)
    for word in sheet.words:
        x0, y0, x1, y1 = (
            int(v) for v in (*np.floor(np.array(word.box[:2]) * px), *np.ceil(np.array(word.box[2:]) * px))
        )
        covered[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3] = 1
        part = ink[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2]
        assert part.any(), word.text
        if word.angle == 0 and len(word.text) > 3:
            columns = np.flatnonzero(part.any(axis=0))
            # Outline fonts are set with whole-pixel advances, which add up along a string.
            slack = 4 + 0.03 * part.shape[1]
            assert columns[0] <= slack, word.text
            assert columns[-1] >= part.shape[1] - 1 - slack, word.text
    assert (ink & (1 - covered)).sum() < 0.002 * ink.sum()


def test_same_rng_same_sheet():
    first, second, other = furnish(21, bom_rows=BOM), furnish(21, bom_rows=BOM), furnish(22, bom_rows=BOM)
    assert first.words == second.words
    assert first.tables == second.tables
    assert first.blocked == second.blocked
    for a, b in zip(first.marks, second.marks, strict=True):
        assert (a == b) if isinstance(a, Lettering) else np.array_equal(a.points, b.points)
    assert first.words != other.words


def test_bill_of_material_is_drawn_in_order():
    sheet = furnish(4, "iso", bom_rows=BOM)
    bill = next(t for t in sheet.tables if any(c.text == "DESCRIPTION" and c.row == 1 for c in t.cells))
    rows = [[c.text for c in bill.cells if c.row == r] for r in range(1, 1 + len(BOM))]
    assert rows == BOM


def test_korean_labels_only_where_the_font_has_hangul():
    assert not any("가" <= c <= "힣" for w in furnish(2, "iso", korean=True).words for c in w.text)
    fonts = font_names(korean=True)
    if not fonts:
        pytest.skip("no Korean font on this machine")
    texts = " ".join(w.text for w in furnish(2, "iso", korean=True, font=fonts[0]).words)
    assert LABELS["drawing_number"][1] in texts
    assert LABELS["scale"][1] in texts


def test_truth_fits_the_drawing_model():
    sheet = furnish(9, "strip")
    drawing = Drawing(
        source=Source(name="s", sha256="0"), sheet=SheetInfo(width=841, height=594), words=sheet.words,
        tables=sheet.tables, title_block=sheet.title_block,
    )  # fmt: skip
    assert Drawing.from_json(drawing.to_json()) == drawing


def test_table_spans_and_rules():
    pen = Pen("stroke", 0.25)
    rows = [["HEAD", None, None], ["A", "B", None], ["C", "", "D"]]
    table = draw_table(pen, 10, 20, widths=[20, 10, 10], heights=[5, 5, 5], rows=rows, text_mm=2.0)
    spans = {(c.row, c.column): (c.column_span, c.text) for c in table.cells}
    assert spans == {(0, 0): (3, "HEAD"), (1, 0): (1, "A"), (1, 1): (2, "B"), (2, 0): (1, "C"), (2, 1): (1, ""),
                     (2, 2): (1, "D")}  # fmt: skip
    assert table.box == (10, 20, 50, 35)
    # Five verticals inside: none in the heading, one in the second row, two in the third; two horizontals; a border.
    assert len([m for m in pen.marks if isinstance(m, Stroke)]) == 1 + 2 + 2 + 1


def test_table_cells_reach_over_rows_and_columns():
    pen = Pen("stroke", 0.25)
    rows = [["NO", "DESIGN", None, None], [ABOVE, "P", "T", ABOVE], ["1", "6", "80", "x"]]
    rows[1][3] = None  # T reaches over two columns
    table = draw_table(pen, 0, 0, widths=[10] * 4, heights=[5] * 3, rows=rows, text_mm=2.0, header_rows=2)
    spans = {(c.row, c.column): (c.row_span, c.column_span, c.text) for c in table.cells}
    assert spans == {(0, 0): (2, 1, "NO"), (0, 1): (1, 3, "DESIGN"), (1, 1): (1, 1, "P"), (1, 2): (1, 2, "T"),
                     (2, 0): (1, 1, "1"), (2, 1): (1, 1, "6"), (2, 2): (1, 1, "80"), (2, 3): (1, 1, "x")}  # fmt: skip
    assert [c.box for c in table.cells if c.text == "NO"] == [(0, 0, 10, 10)]
    level = [m.points for m in pen.marks if isinstance(m, Stroke) and not m.closed and np.ptp(m.points[:, 1]) == 0]
    assert [(p[0].tolist(), p[1].tolist()) for p in level] == [([10, 5], [40, 5]), ([0, 10], [40, 10])]


@pytest.mark.parametrize(
    ("ruling", "level", "upright"),
    [("grid", 4, 3), ("columns", 3, 3), ("rows", 4, 0), ("head", 3, 0), ("none", 0, 0)],
)
def test_table_ruling(ruling, level, upright):
    pen = Pen("stroke", 0.25)
    rows = [["H", "K"], ["A", "C"], ["B", "D"]]
    draw_table(pen, 0, 0, widths=[10, 10], heights=[5] * 3, rows=rows, text_mm=2.0, ruling=ruling)
    strokes = [m for m in pen.marks if isinstance(m, Stroke)]
    rows_at = {float(p[1]) for m in strokes for p in m.points if m.closed or np.ptp(m.points[:, 1]) == 0}
    columns_at = {float(p[0]) for m in strokes for p in m.points if m.closed or np.ptp(m.points[:, 0]) == 0}
    assert (len(rows_at), len(columns_at)) == (level, upright)


def test_lettering_is_squeezed_then_shortened():
    pen = Pen("stroke", 0.25)
    word = pen.letter("CENTRIFUGAL PUMP", (0, 0, 18, 4), height=2.5)
    assert word is not None
    assert word.text == "CENTRIFUGAL PUMP"
    assert inside(word.box, (0, 0, 18, 4))
    mark = pen.marks[-1]
    assert isinstance(mark, Lettering)
    assert mark.width_factor < 1
    short = pen.letter("CENTRIFUGAL PUMP WITH DRIVER", (0, 0, 9, 4), height=2.5)
    assert short is not None
    assert "CENTRIFUGAL PUMP WITH DRIVER".startswith(short.text)
    assert len(short.text) < len("CENTRIFUGAL PUMP WITH DRIVER")
    assert pen.letter("CENTRIFUGAL", (0, 0, 1, 1), height=2.5) is None


@pytest.mark.parametrize(
    ("angle", "align", "side"), [(0, "left", 0), (0, "right", 2), (90, "left", 3), (90, "right", 1)]
)
def test_alignment_runs_along_the_reading_direction(angle, align, side):
    cell = (10.0, 10.0, 70.0, 70.0)
    word = Pen("stroke", 0.25).letter("P-101", cell, height=3, angle=angle, align=align, pad=1.0)
    assert word is not None
    assert abs(word.box[side] - (cell[side] + (1.0 if side < 2 else -1.0))) < 0.05
    assert word.angle == angle


def test_unsettable_characters_are_written_out():
    assert not supports("stroke", "가")
    assert settable("용량 5 가", "stroke") == "5"


def test_notes_wrap_and_stop_at_the_bottom():
    pen = Pen("stroke", 0.25)
    box = (0.0, 0.0, 60.0, 30.0)
    sentences = [f"NOTE TEXT NUMBER {i} WITH QUITE A FEW WORDS THAT WRAP" for i in range(20)]
    taken = draw_notes(pen, box, sentences=sentences, text_mm=2.0, heading="NOTES:")
    assert taken is not None
    assert inside(taken, box, 0.01)
    assert all(inside(w.box, box, 0.01) for w in pen.words)
    assert pen.words[0].text == "NOTES:"
    assert pen.words[1].text == "1."
    text = " ".join(w.text for w in pen.words)
    assert sentences[0] in text
    assert sentences[-1] not in text
    assert draw_notes(pen, (0, 0, 60, 4), sentences=sentences, text_mm=2.0, heading="NOTES:") is None


def test_cloud_goes_round_the_box():
    box = (20.0, 30.0, 80.0, 60.0)
    cloud = revision_cloud(box, np.random.default_rng(0), bump_mm=6.0)
    x, y = cloud.points.T
    within = (x > box[0] + 1e-6) & (x < box[2] - 1e-6) & (y > box[1] + 1e-6) & (y < box[3] - 1e-6)
    assert not within.any()
    assert x.min() < box[0] - 1
    assert x.max() > box[2] + 1
    assert x.min() > box[0] - 6
    assert y.max() < box[3] + 6


@pytest.mark.parametrize("seed", range(12))
def test_stamp_fills_the_box_it_reports(seed):
    pen = Pen("stroke", 0.25)
    box = draw_stamp(pen, (100.0, 100.0), size_mm=50.0, words=Wording(np.random.default_rng(seed), korean=False))
    points = np.concatenate([m.points for m in pen.marks if isinstance(m, Stroke)])
    assert inside((*points.min(axis=0), *points.max(axis=0)), box)
    assert all(inside(w.box, box) for w in pen.words)
    assert box[2] - box[0] < 54
    assert pen.words


def test_marks_without_lettering_leave_no_word():
    pen = Pen("stroke", 0.25)
    draw_signature(pen, (0, 0, 30, 8), rng=np.random.default_rng(0))
    assert not pen.words
    assert len(pen.marks) == 1
    word = revision_triangle(pen, (50, 50), "Z5")
    assert word is not None
    assert word.text == "Z5"


@pytest.mark.parametrize("seed", range(8))
def test_border_leaves_most_of_the_sheet(seed):
    pen = Pen("stroke", 0.25)
    words = Wording(np.random.default_rng(seed), korean=False)
    inner = draw_border(pen, width_mm=594, height_mm=420, words=words, size=sheet_size(594, 420), scale=0.7)
    assert inside(inner, (0, 0, 594, 420))
    assert box_area([inner])[0] > 0.85 * 594 * 420
    assert not [w for w in pen.words if box_intersection([w.box], [inner])[0, 0] > 0]


def test_sheet_size_names():
    assert [sheet_size(w, h) for w, h in ((1189, 841), (594, 841), (420, 594), (420, 297), (297, 210))] == [
        "A0", "A1", "A2", "A3", "A4",
    ]  # fmt: skip
