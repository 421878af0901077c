"""`pid export` and `pid import`: formats by name, the original underneath, files that do not fit."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.document.load import load_page
from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.export_files import FORMATS, export_drawing, in_sheet_frame, write_exports

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def original(tmp_path: Path) -> Path:
    page = np.full((350, 500), 255, np.uint8)
    cv2.line(page, (130, 150), (300, 150), 0, 3)
    cv2.imwrite(str(tmp_path / "page.png"), page)
    return tmp_path / "page.png"


@pytest.fixture
def drawing(original: Path) -> Drawing:
    info = load_page(original, 1).info
    valves = tuple(Symbol(id=f"v{x}", kind="gate_valve", group="valve", box=(x, 140, x + 30, 160)) for x in (100, 300))
    return Drawing(
        source=Source(name="page.png", sha256=""),
        sheet=SheetInfo(width=info.width, height=info.height, px_per_mm=5.0, to_source=info.to_source),
        symbols=valves,
        lines=(Line(id="l1", points=((130, 150), (300, 150))),),
        connections=(Connection(a="v100", b="v300", lines=("l1",)),),
    )


@pytest.mark.parametrize("name", FORMATS)
def test_export_writes_every_format(name: str, drawing: Drawing, original: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(drawing.to_json(), encoding="utf-8")
    out = tmp_path / "out.file"
    status, said, err = run("export", tmp_path / "d.json", "--to", name, "--original", original, "--out", out)
    assert (status, err) == (0, "")
    assert str(out) in said
    assert out.stat().st_size > 500


def test_model_comes_back_through_the_command_line(drawing: Drawing, run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(drawing.to_json(), encoding="utf-8")
    assert run("export", tmp_path / "d.json", "--to", "dexpi", "--out", tmp_path / "d.xml")[0] == 0
    status, said, _ = run("import", tmp_path / "d.xml", "--out", tmp_path / "back.json")
    assert status == 0
    assert "2 symbol(s), 1 connection(s)" in said
    back = Drawing.read(tmp_path / "back.json")
    assert {s.id for s in back.symbols} == {"v100", "v300"}
    assert {frozenset((c.a, c.b)) for c in back.connections} == {frozenset(("v100", "v300"))}


def test_wrong_names_and_files_are_one_sentence(drawing: Drawing, run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(drawing.to_json(), encoding="utf-8")
    out = tmp_path / "o"
    for args, reason in (
        (("export", tmp_path / "d.json", "--to", "visio", "--out", out), "'visio' is not a format"),
        (("export", tmp_path / "none.json", "--to", "svg", "--out", out), "none.json cannot be read"),
        (("import", tmp_path / "d.json", "--out", out), "is not well-formed XML"),
        (("recognize", tmp_path, "--export", "visio", "--out", out), "'visio' is not a format"),
    ):
        status, _, err = run(*args)
        assert status == 2
        assert reason in err
        assert len(err.splitlines()) == 1
    assert not out.exists()


def test_exports_appear_together_or_not_at_all(drawing: Drawing, original: Path, tmp_path: Path) -> None:
    sheet = load_page(original, 1)
    out = tmp_path / "out"
    written = write_exports(drawing, "page", out, ("dexpi", "json", "pdf"), original=original, sheet=sheet)
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in written)
    assert {p.name for p in written} == {"page.xml", "page-losses.json", "page-graph.json", "page-overlay.pdf"}
    with pytest.raises(InputError):
        write_exports(drawing, "page", tmp_path / "two", ("json", "visio"), original=original, sheet=sheet)
    assert not (tmp_path / "two").exists()
    assert write_exports(drawing, "page", tmp_path / "three", (), original=original, sheet=sheet) == []


def test_background_is_pulled_into_the_frame_of_the_drawing(drawing: Drawing, original: Path) -> None:
    sheet = load_page(original, 1)
    assert in_sheet_frame(drawing, sheet) is sheet.image
    turned = drawing.sheet.model_copy(
        update={"width": 350, "height": 500, "to_source": ((0, 1, 0), (-1, 0, 350), (0, 0, 1))}
    )
    straight = in_sheet_frame(drawing.model_copy(update={"sheet": turned}), sheet)
    assert straight.shape[:2] == (500, 350)
    assert straight[200, 200].max() < 60 < straight[200, 150].min()  # the line stands at x = 350 - 150 now


def test_original_of_another_drawing_is_refused(drawing: Drawing, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "other.png"), np.full((3000, 4000), 255, np.uint8))
    with pytest.raises(InputError, match=r"other\.png does not fit the drawing"):
        export_drawing(drawing, "svg", tmp_path / "o.svg", original=tmp_path / "other.png")
