"""Corrections for other programs: what is written is what was true."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.corrections import read_corrections
from pid.detect.pictures import read_data_yaml
from pid.drawing import Drawing, SheetInfo, Source, Symbol, Word
from pid.export_corrections import cut_word
from pid.structure.library import read_library
from pid.truth.marks import Marks

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two accepted sheets with a valve and a word each, and one that nobody has accepted."""
    for name in ("sheets", "truth", "marks"):
        (tmp_path / name).mkdir()
    for n in range(3):
        picture = np.full((700, 1000), 255, np.uint8)
        cv2.polylines(picture, [np.array([[450, 280], [450, 320], [510, 280], [510, 320]])], True, 0, 3)
        cv2.line(picture, (100, 300), (450, 300), 0, 3)
        cv2.line(picture, (510, 300), (900, 300), 0, 3)
        cv2.imwrite(str(tmp_path / "sheets" / f"p{n}.png"), picture)
        drawing = Drawing(
            source=Source(name=f"p{n}.png", sha256=""), sheet=SheetInfo(width=1000, height=700),
            symbols=(
                Symbol(id="s1", kind="gate_valve", group="valve", box=(448, 278, 512, 322), found_by=("person",)),
            ),
            words=(Word(id="w1", text="HV-1", box=(200, 100, 210, 180), angle=90),),
        )  # fmt: skip
        (tmp_path / "truth" / f"p{n}.json").write_text(drawing.to_json())
        marks = Marks(accepted="Kim", accepted_when="2026-11-25T12:00:00+00:00") if n < 2 else Marks()
        (tmp_path / "marks" / f"p{n}.json").write_text(marks.model_dump_json())
    return tmp_path


def test_only_accepted_sheets_are_learned_from(project: Path) -> None:
    assert [c.name for c in read_corrections(project)] == ["p0", "p1"]


def test_every_format_holds_the_truth(project: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "out"
    assert run("truth", "export", project, "--out", out)[0] == 0
    data = read_data_yaml(out / "yolo" / "data.yaml")
    assert (data.names, [p.stem for p in data.train], [p.stem for p in data.val]) == (("gate_valve",), ["p0"], ["p1"])
    number, *shares = (out / "yolo" / "labels" / "train" / "p0.txt").read_text().split()
    assert number == "0"
    assert np.allclose([float(v) for v in shares], [0.48, 300 / 700, 0.064, 44 / 700], atol=1e-6)
    coco = json.loads((out / "coco" / "annotations.json").read_text())
    assert [b["bbox"] for b in coco["annotations"]] == [[448.0, 278.0, 64.0, 44.0]] * 2
    assert coco["categories"] == [{"id": 1, "name": "gate_valve", "supercategory": "valve"}]
    with (out / "words" / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["HV-1", "HV-1"]
    height, width = cv2.imread(str(out / "words" / rows[0]["file"])).shape[:2]
    assert width > 3 * height  # the word stood upright and lies now
    examples = read_library(out / "symbols")
    assert {e.kind for e in examples} == {"gate_valve"}
    assert run("truth", "export", project, "--out", out, "--to", "gif")[0] == 2


def test_an_upright_word_is_turned_so_that_it_reads_from_left_to_right() -> None:
    gray = np.full((100, 40), 255, np.uint8)
    gray[80:90, 10:20] = 0  # the first letter of a word read from bottom to top is the lowest
    level = cut_word(gray, Word(id="w", text="AB", box=(10, 10, 20, 90), angle=90))
    first = np.flatnonzero((level < 128).any(axis=0))
    assert first.min() <= 2
    assert first.max() < level.shape[1] / 3
