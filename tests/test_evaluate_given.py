"""Tracing with the truth's symbols given, from files on disk."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.evaluate import read_truth
from pid.evaluate_given import evaluate_given, given_parts
from pid.sheet import Sheet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    gray = np.full((800, 1250), 255, np.uint8)
    for x in (150, 600, 1000):
        cv2.rectangle(gray, (x - 15, 388), (x + 15, 412), 0, 2)
    cv2.line(gray, (165, 400), (585, 400), 0, 2)
    cv2.line(gray, (615, 400), (985, 400), 0, 2)
    cv2.imwrite(str(tmp_path / "one.png"), gray)
    symbols = [
        Symbol(id=n, group="valve", box=(x - 16, 387, x + 16, 413)) for n, x in (("a", 150), ("b", 600), ("c", 1000))
    ]
    truth = Drawing(
        source=Source(name="one.png", sha256=""),
        sheet=SheetInfo(width=1250, height=800),
        symbols=symbols,
        lines=[Line(id="l1", points=((165, 400), (585, 400))), Line(id="l2", points=((615, 400), (985, 400)))],
        connections=[Connection(a="a", b="b"), Connection(a="b", b="c")],
    )
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "one.json").write_text(truth.to_json(), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("given", [["symbols", "words"], ["symbols"]])
def test_lines_and_connections_are_scored_by_themselves(folder: Path, given: list[str]) -> None:
    predicted = folder / "predicted"
    predicted.mkdir()
    blank = read_truth(folder / "truth" / "one.json").drawing.model_copy(
        update={"symbols": (), "connections": (), "lines": ()}
    )
    (predicted / "one.json").write_text(blank.to_json(), encoding="utf-8")
    result = evaluate_given(folder / "truth", folder, given=given, predicted=predicted)["one"]
    assert result.connections is not None
    assert result.connections.f1 == 1.0
    assert result.lines is not None
    assert result.lines.f1 > 0.99
    assert result.symbols is not None
    assert result.symbols.f1 == 1.0


@pytest.mark.parametrize("given", [[], ["words"], ["symbols", "lines"]])
def test_what_cannot_be_given_is_said(folder: Path, given: list[str]) -> None:
    with pytest.raises(InputError, match="say symbols"):
        evaluate_given(folder / "truth", folder, given=given)


def test_a_missing_drawing_is_named(folder: Path) -> None:
    (folder / "one.png").unlink()
    with pytest.raises(InputError, match="holds no drawing one"):
        evaluate_given(folder / "truth", folder, given=["symbols"])


def test_parts_come_in_the_pixels_of_the_sheet(tmp_path: Path) -> None:
    truth = {
        "complete": ["symbols", "words"],
        "sheet": {"width": 5000, "height": 3500},
        "source_to_sheet": [[2, 0, 0], [0, -2, 3500], [0, 0, 1]],
        "symbols": [{"id": "a", "group": "valve", "box": [100, 100, 160, 160], "ports": [[100, 130]], "tag": "V1"}],
        "words": [{"id": "w", "text": "V1", "box": [100, 60, 160, 80], "owner": "a"}],
    }
    path = tmp_path / "t.json"
    path.write_text(json.dumps(truth))
    to_source = ((2.5, 0, 0), (0, -2.5, 1750), (0, 0, 1))
    info = SheetInfo(width=1000, height=700, to_source=to_source)
    sheet = Sheet(np.zeros((700, 1000), np.uint8), Source(name="t", sha256=""), info)
    (symbol,), (word,) = given_parts(sheet, read_truth(path))
    assert symbol.box == pytest.approx((20, 20, 32, 32))
    assert symbol.ports[0] == pytest.approx((20, 26))
    assert symbol.tag is None
    assert word.box == pytest.approx((20, 12, 32, 16))
    assert word.owner is None
