"""`pid read`: any page into words, tables, fields and a searchable PDF."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import openpyxl
import pypdfium2
import pytest
from PIL import Image
from typer.testing import CliRunner

from pid.cli import app
from pid.document.region import Region
from pid.document.searchable_pdf import PdfPage, write_searchable_pdf
from pid.drawing import Cell, Table, Word
from pid.errors import InputError
from pid.read_files import Reading, read_files
from pid.synth.forms import draw_form
from pid.synth.raster import render_raster
from pid.write_reading import table_rows, write_book, write_rows


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of a drawn line list and of a file that is no picture."""
    folder = tmp_path_factory.mktemp("read")
    form = draw_form(1, kind="line_list", ruling="grid")
    Image.fromarray(np.asarray(render_raster(form.ink, px_per_mm=7.9))).save(folder / "list.png")
    (folder / "bad.png").write_bytes(b"no picture")
    report = read_files([folder], folder / "out")
    assert [r.document.name for r in report.readings] == ["line_list"]
    assert len(report.failures) == 1
    assert "bad.png" in report.failures[0]
    return folder / "out"


def test_json_holds_everything(read: Path) -> None:
    data = json.loads((read / "list.json").read_text(encoding="utf-8"))
    assert data["schema"] == "pid-page/1"
    assert Reading.model_validate(data).document.name == "line_list"
    (table,) = data["tables"]
    true = draw_form(1, kind="line_list", ruling="grid").drawing.tables[0]
    assert len(table["cells"]) == len(true.cells)
    names = {f["name"]: f for f in data["fields"]}
    assert names["document_number"]["required"]
    assert {"name", "value", "score", "required", "corrected", "edited", "box"} == set(names["project"])
    assert len(data["words"]) > 50


def test_csv_and_workbook_hold_the_table(read: Path) -> None:
    with (read / "list-t1.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    book = openpyxl.load_workbook(read / "list.xlsx")
    assert book.sheetnames == ["Fields", "Words", "t1"]
    assert [[str(v or "") for v in row] for row in book["t1"].iter_rows(values_only=True)] == rows
    assert len(book["t1"].merged_cells.ranges) >= 2
    assert book["Fields"]["A1"].value == "name"


def test_pdf_is_searchable(read: Path) -> None:
    document = pypdfium2.PdfDocument(str(read / "list.pdf"))
    text = document[0].get_textpage().get_text_bounded()
    assert "LINE" in text
    assert "DOCUMENT" in text
    assert document[0].get_width() == pytest.approx(297 * 72 / 25.4, rel=0.02)


@pytest.mark.parametrize("angle", [0.0, 90.0, 180.0, 270.0])
def test_words_lie_where_they_are_read(tmp_path: Path, angle: float) -> None:
    box = (100.0, 200.0, 180.0, 230.0) if angle % 180 == 0 else (100.0, 200.0, 130.0, 280.0)
    page = PdfPage(np.full((400, 300), 255, np.uint8), [Word(id="w1", text="P-101", box=box, angle=angle)], 72 / 25.4)
    write_searchable_pdf([page, page], tmp_path / "a.pdf", title="a")
    document = pypdfium2.PdfDocument(str(tmp_path / "a.pdf"))
    assert len(document) == 2
    text = document[1].get_textpage()
    assert text.get_text_bounded().strip() == "P-101"
    boxes = np.array([text.get_charbox(i) for i in range(5)])
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    assert low[0] >= box[0] - 8
    assert high[0] <= box[2] + 8
    assert 400 - high[1] >= box[1] - 8
    assert 400 - low[1] <= box[3] + 8


def test_region_by_words_and_box() -> None:
    words = [
        Word(id="w1", text="START", box=(10, 10, 60, 20)), Word(id="w2", text="V-1", box=(10, 40, 60, 50)),
        Word(id="w3", text="END", box=(10, 80, 60, 90)),
    ]  # fmt: skip
    part = Region.parse(None, "start", "end")
    assert part is not None
    assert part.on(words, size=(100, 100)) == (0, 20, 100, 80)
    assert part.on(words[:2], size=(100, 100)) is None
    boxed = Region.parse("5,30,70,60", None, None)
    assert boxed is not None
    assert boxed.on(words, size=(100, 100)) == (5, 30, 70, 60)
    assert Region.parse(None, None, None) is None
    for bad in ("1,2,3", "a,b,c,d", "9,9,1,1"):
        with pytest.raises(InputError):
            Region.parse(bad, None, None)


def test_formulas_and_merged_cells_are_written_as_texts(tmp_path: Path) -> None:
    cells = (
        Cell(row=0, column=0, column_span=2, text="=1+1", box=(0, 0, 2, 1)),
        Cell(row=1, column=0, text="a", box=(0, 1, 1, 2)), Cell(row=1, column=1, text="b", box=(1, 1, 2, 2)),
    )  # fmt: skip
    table = Table(id="t1", box=(0, 0, 2, 2), cells=cells)
    assert table_rows(table) == [["=1+1", ""], ["a", "b"]]
    write_rows(table_rows(table), tmp_path / "t.csv")
    assert "'=1+1" in (tmp_path / "t.csv").read_text(encoding="utf-8-sig")
    write_book({}, [table], tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["t1"]
    assert sheet["A1"].value == "=1+1"
    assert sheet["A1"].data_type == "s"


def test_command_says_what_failed_and_why(tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.touch()
    result = CliRunner().invoke(app, ["read", str(empty), "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "empty.png is empty." in result.output
    assert not (tmp_path / "out").exists()
