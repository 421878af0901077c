"""Marks on base truth: what becomes of the drawing, who said so, and when a sheet is true."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, TitleBlock, TitleField, Word
from pid.errors import InputError
from pid.truth.marks import Marks, accept, apply_mark, elements_of, mark_element, marks_between

Run = Callable[..., tuple[int, str, str]]
WHEN = "2026-11-25T12:00:00+00:00"


def base() -> Drawing:
    return Drawing(
        source=Source(name="sheet.png", sha256=""), sheet=SheetInfo(width=1000, height=700),
        symbols=(
            Symbol(id="s1", kind="gate_valve", group="valve", box=(100, 100, 160, 140), score=0.6, found_by=("shape",)),
            Symbol(id="s2", kind="flange", group="fitting", box=(300, 100, 310, 140), score=0.5),
        ),
        lines=(Line(id="l1", points=((160, 120), (300, 120)), score=0.7),),
        connections=(Connection(a="s1", b="s2", lines=("l1",), score=0.7),),
        words=(Word(id="w1", text="HV-1O1", box=(100, 70, 160, 90), score=0.8, owner="s1"),),
        title_block=TitleBlock(
            box=(0, 600, 1000, 700), fields=(TitleField(name="revision", value="8", box=(0, 0, 9, 9)),)
        ),
    )  # fmt: skip


def test_a_wrong_element_becomes_what_the_mark_says() -> None:
    drawing, marks = mark_element(base(), Marks(), "w1", "wrong", who="Kim", value={"text": "HV-101"}, when=WHEN)
    assert (drawing.words[0].text, drawing.words[0].score) == ("HV-101", 1.0)
    mark = marks.marks[0]
    assert (mark.who, mark.when, mark.part) == ("Kim", WHEN, "words")
    assert mark.before is not None
    assert mark.before["text"] == "HV-1O1"
    named, _ = mark_element(drawing, marks, "s1", "wrong", who="Kim", value={"kind": "ball_valve"})
    assert named.symbols[0].found_by == ("shape", "person")
    block, _ = mark_element(drawing, marks, "revision", "wrong", who="Kim", value={"value": "B"})
    assert block.title_block is not None
    assert block.title_block.fields[0].value == "B"


def test_noise_goes_with_all_that_hung_on_it() -> None:
    drawing, marks = mark_element(base(), Marks(), "s1", "noise", who="Kim")
    assert [s.id for s in drawing.symbols] == ["s2"]
    assert drawing.connections == ()
    assert drawing.words[0].owner is None
    assert marks.marks[0].before is not None
    assert mark_element(base(), Marks(), "s1--s2", "noise", who="Kim")[0].connections == ()


def test_a_missing_element_is_added_as_a_persons() -> None:
    value = {"kind": "cap", "group": "fitting", "box": [500, 100, 520, 120]}
    drawing, _ = mark_element(base(), Marks(), "s9", "missing", who="Kim", value=value)
    assert drawing.symbols[-1].id == "s9"
    assert drawing.symbols[-1].found_by == ("person",)
    with pytest.raises(InputError, match="needs a value"):
        mark_element(base(), Marks(), "s9", "missing", who="Kim")
    with pytest.raises(InputError, match="is not a valid drawing"):
        mark_element(base(), Marks(), "s9", "missing", who="Kim", value={"box": [9, 9, 1, 1]})


def test_a_sheet_with_an_open_wrong_cannot_be_accepted() -> None:
    drawing, marks = mark_element(base(), Marks(), "w1", "wrong", who="Kim")
    assert drawing == base()
    with pytest.raises(InputError, match="nobody said how these are: w1"):
        accept(drawing, marks, who="Kim")
    drawing, marks = mark_element(drawing, marks, "w1", "wrong", who="Lee", value={"text": "HV-101"})
    true, marks = accept(drawing, marks, who="Lee", when=WHEN)
    assert (marks.accepted, marks.accepted_when) == ("Lee", WHEN)
    assert {s.score for s in true.symbols} == {1.0}
    _, again = mark_element(true, marks, "w1", "wrong", who="Kim")
    assert again.accepted is None  # a new mark opens the sheet


def test_what_a_person_changed_is_found_out_and_leads_from_base_to_corrected() -> None:
    corrected, _ = mark_element(base(), Marks(), "s1", "noise", who="x")
    corrected, _ = mark_element(corrected, Marks(), "w1", "wrong", who="x", value={"text": "HV-101"})
    added = {"kind": "cap", "group": "fitting", "box": [500.0, 100.0, 520.0, 120.0]}
    corrected, _ = mark_element(corrected, Marks(), "s9", "missing", who="x", value=added)
    marks = marks_between(base(), corrected, who="Kim", when=WHEN)
    assert {(m.element, m.verdict) for m in marks} == {
        ("s1", "noise"), ("s1--s2", "noise"), ("w1", "wrong"), ("s9", "missing"),
    }  # fmt: skip
    again = base()
    for mark in marks:
        again = apply_mark(again, mark)
    plain = {k: {f: v for f, v in e.items() if f != "score"} for k, e in elements_of(again).items()}
    assert plain == {k: {f: v for f, v in e.items() if f != "score"} for k, e in elements_of(corrected).items()}
    assert marks_between(base(), base(), who="Kim") == ()


def draw(path: Path) -> None:
    image = np.full((700, 1000), 255, np.uint8)
    cv2.line(image, (100, 300), (450, 300), 0, 3)
    cv2.line(image, (510, 300), (900, 300), 0, 3)
    cv2.polylines(image, [np.array([[450, 280], [450, 320], [510, 280], [510, 320]])], True, 0, 3)
    cv2.imwrite(str(path), image)


def test_from_drawing_to_accepted_truth_by_command(tmp_path: Path, run: Run) -> None:
    draw(tmp_path / "sheet.png")
    out = tmp_path / "truth"
    assert run("truth", "create", tmp_path / "sheet.png", "--out", out)[0] == 0
    drawing = Drawing.read(out / "truth" / "sheet.json")
    assert (out / "sheets" / "sheet.png").read_bytes() == (tmp_path / "sheet.png").read_bytes()
    first = drawing.symbols[0].id
    status, _, err = run("verify", "--truth", out, "--models", out / "truth", out / "truth", "--out", tmp_path / "v")
    assert status == 2  # nobody has accepted it yet
    assert "holds no accepted truth" in err
    marked = ("truth", "mark", out, "sheet", "--by", "Kim", "--wrong", first)
    assert run(*marked, "--set", "kind=ball_valve", "--set", "rotation=90")[0] == 0
    assert run("truth", "accept", out, "--by", "Kim")[0] == 0
    true = Drawing.read(out / "truth" / "sheet.json")
    assert (true.symbols[0].kind, true.symbols[0].rotation) == ("ball_valve", 90.0)
    assert "accepted by Kim" in run("truth", "status", out)[1]
    assert run("truth", "create", tmp_path / "sheet.png", "--out", out)[0] == 0
    assert Drawing.read(out / "truth" / "sheet.json") == true  # what people did stays
    assert run("verify", "--truth", out, "--models", out / "truth", out / "truth", "--out", tmp_path / "v")[0] == 0
    assert run("truth", "mark", out, "sheet", "--by", "Kim", "--noise", "s999")[0] == 2


def test_corrected_drawings_are_taken_with_their_marks(tmp_path: Path, run: Run) -> None:
    for name in ("truth", "marks", "corrected"):
        (tmp_path / name).mkdir()
    (tmp_path / "truth" / "a.json").write_text(base().to_json(), encoding="utf-8")
    (tmp_path / "marks" / "a.json").write_text(Marks().model_dump_json())
    fixed = base().model_copy(update={"words": (base().words[0].model_copy(update={"text": "HV-101"}),)})
    (tmp_path / "corrected" / "a.json").write_text(fixed.to_json(), encoding="utf-8")
    assert run("truth", "accept", tmp_path, "--by", "Lee", "--corrected", tmp_path / "corrected")[0] == 0
    data = json.loads((tmp_path / "marks" / "a.json").read_text())
    assert (data["accepted"], data["marks"][0]["value"]) == ("Lee", {"text": "HV-101"})
