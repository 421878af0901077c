"""`pid teach` and `pid recognize --library`: what a user types, sees and gets."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.drawing import Drawing
from pid.geometry import box_iou
from pid.structure.library import read_library
from pid.synth.legend import draw_legend
from pid.synth.style import choose_style
from pid.teach import catalog_kind, code_of

Run = Callable[..., tuple[int, str, str]]
KINDS = (
    "gate_valve",
    "globe_valve",
    "concentric_reducer",
    "instrument_discrete_field",
    "y_strainer",
    "centrifugal_pump",
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def legend(tmp_path: Path) -> Path:
    style = choose_style(np.random.default_rng(5), seed=5, family="generic", size="A1")
    style = replace(style, font="vera", width_factor=1.0)  # whatever fonts a machine has, this one is there
    drawn = draw_legend(KINDS, 5, style=style, layout="right", naming="number", pipes=False)
    cv2.imwrite(str(tmp_path / "legend.png"), drawn.picture)
    return tmp_path / "legend.png"


def bow_tie(picture: NDArray[np.uint8], x: int, y: int, *, upright: bool = False) -> None:
    for side in (-1, 1):
        corners = np.array([(0, 0), (28 * side, -18), (28 * side, 18)])
        corners = corners[:, ::-1] if upright else corners
        cv2.polylines(picture, [corners + np.array([x, y])], True, 0, 4)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Three valves in pipes, one of them upright, and a vessel."""
    picture = np.full((700, 1000), 255, np.uint8)
    for x, y in ((300, 200), (600, 200)):
        bow_tie(picture, x, y)
    bow_tie(picture, 800, 400, upright=True)
    for a, b in (
        ((100, 200), (272, 200)),
        ((328, 200), (572, 200)),
        ((628, 200), (800, 200)),
        ((800, 200), (800, 372)),
    ):
        cv2.line(picture, a, b, 0, 4)
    cv2.line(picture, (800, 428), (800, 640), 0, 4)
    cv2.rectangle(picture, (200, 350), (420, 620), 0, 4)
    cv2.imwrite(str(tmp_path / "sheet.png"), picture)
    return tmp_path / "sheet.png"


def test_a_legend_is_taught_listed_and_forgotten(run: Run, legend: Path, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    groups = tmp_path / "groups.csv"
    groups.write_text("name,group,code,title\nsymbol-1,valve,GV9,Our gate valve\n\nsymbol-77,pump\n")
    status, out, err = run("teach", "--legend", legend, "--library", library, "--groups", groups)
    assert status == 0, err
    assert "6 example(s) of 6 symbol(s)" in out
    assert "Our gate valve: added; valve, code GV9" in out
    assert "symbol-4: added; instrument (guessed), code SYMBOL4" in out
    assert "No symbol is called 'symbol-77'." in err
    examples = {e.kind: e for e in read_library(library)}
    assert list(examples) == [f"symbol-{n}" for n in range(1, 7)]
    assert examples["symbol-4"].lettering
    assert {len(e.ports) > 0 for e in examples.values()} == {True}
    image = cv2.imread(str(library / "library.png"))
    assert image is not None
    assert image.shape[0] > 200

    status, out, _ = run("teach", "--legend", legend, "--library", library)
    assert status == 0
    assert out.count(": replaced; ") == 6
    assert "Our gate valve: replaced; valve, code GV9" in out  # what was said before is kept

    status, out, _ = run("teach", "--list", "--library", library)
    assert status == 0
    assert out.splitlines()[0].split("\t")[:3] == ["symbol-1", "valve", "GV9"]
    status, out, _ = run("teach", "--remove", "symbol-1", "--library", library)
    assert (status, "1 example(s) forgotten" in out) == (0, True)
    assert len(read_library(library)) == 5
    assert run("teach", "--remove", "symbol-1", "--library", library)[0] == 2


def test_taught_from_a_sheet_and_found_on_it(run: Run, sheet: Path, tmp_path: Path) -> None:
    library, results = tmp_path / "lib", tmp_path / "out"
    status, out, err = run(
        "teach", "My  valve", "--from", sheet, "--box", "260,170,342,232", "--library", library, "--code", "MV"
    )  # fmt: skip
    assert status == 0, err
    assert "My valve: added; valve (guessed), code MV, 2 port(s)" in out
    (example,) = read_library(library)
    assert example.kind == "Myvalve"
    assert float(box_iou([example.place], [(270, 180, 331, 221)])[0, 0]) > 0.9

    status, _, err = run(
        "recognize", sheet, "--library", library, "--only-taught", "--out", results, "--export", "dexpi,dxf"
    )
    assert status == 0, err
    drawing = Drawing.read(results / "sheet.json")
    assert {s.kind for s in drawing.symbols} == {"Myvalve"}
    truth = [(270, 180, 331, 221), (570, 180, 631, 221), (780, 370, 821, 431)]
    best = box_iou(truth, [s.box for s in drawing.symbols]).max(axis=1)
    assert best.min() > 0.8
    assert len(drawing.symbols) == 3
    with (results / "bom.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(r["Code"], r["Description"], r["Group"], r["Quantity"]) for r in rows] == [
        ("MV", "My valve", "valve", "3")
    ]
    assert (results / "sheet.xml").stat().st_size > 1000


def test_ports_and_catalogue_names(run: Run, sheet: Path, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    ports = "270,200 331,200"
    status, out, err = run(
        "teach", "Gate valve", "--from", sheet, "--box", "262,172,340,230", "-l", library, "--ports", ports
    )
    assert status == 0, err
    assert "Gate valve is a kind of the catalogue (gate_valve)" in err
    assert "2 port(s)\n" in out
    (example,) = read_library(library)
    assert (example.kind, example.group, example.guessed) == ("gate_valve", "valve", ())
    dx, dy = example.place[0] - example.box[0], example.place[1] - example.box[1]
    assert [(x + dx, y + dy, d) for x, y, d in example.ports] == [(270, 200, 180), (331, 200, 0)]


def test_names_and_codes() -> None:
    kind = catalog_kind("GATE VOLVE")
    assert kind is not None
    assert kind.name == "gate_valve"
    assert catalog_kind("class-7") is None
    assert code_of("class-1") == "CLASS1"
    assert code_of("밸브") == "TAUGHT"


BOX = ("--box", "262,172,340,230")


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "Say one of --legend"),
        (("--list", "--remove", "x"), "Say one of --legend"),
        (("V", "--from", "sheet.png"), "Say the symbol's name and its --box"),
        (("--from", "sheet.png", *BOX), "Say the symbol's name and its --box"),
        (("V", "--from", "sheet.png", "--box", "1,2,3"), "is not x0,y0,x1,y1"),
        (("V", "--from", "sheet.png", "--box", "a,b,c,d"), "is not made of numbers"),
        (("V", "--from", "sheet.png", "--box", "1,2,inf,4"), "finite"),
        (("V", "--from", "sheet.png", "--box", "2000,10,2100,60"), "outside of the sheet, which is 1000 x 700 pixels"),
        (("V", "--from", "sheet.png", "--box", "500,300,560,340"), "There is no ink in the box"),
        (("V", "--from", "sheet.png", "--box", "60,60,40,80"), "is empty"),
        (("V", "--from", "none.png", *BOX), "none.png"),
        (("V", "--from", "text.png", *BOX), "text.png"),
        (("V", "--from", "sheet.png", *BOX, "--group", "valves"), "the group 'valves' is unknown"),
        (("V", "--from", "sheet.png", *BOX, "--ports", "5"), "is not x,y"),
        (("V", "--from", "sheet.png", *BOX, "--page", "7"), "7"),
        ((" ", "--from", "sheet.png", *BOX), "needs a name"),
        (("V", "--from", "sheet.png", *BOX, "--library", "text.png"), "a library is a folder"),
        (("--legend", "blank.png"), "blank"),
        (("--legend", "text.png"), "text.png"),
        (("--legend", "sheet.png", "--group", "valve"), "give groups and codes with --groups"),
        (("--legend", "sheet.png", "--groups", "none.csv"), "none.csv cannot be read"),
        (("--legend", "sheet.png", "--groups", "bad.csv"), "bad.csv, line 2: the group 'valves' is unknown"),
        (("--list",), "does not exist"),
        (("--remove", "x"), "does not exist"),
    ],
)
def test_bad_input_is_one_sentence(
    run: Run, sheet: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(sheet.parent)
    Path("text.png").write_text("no picture")
    Path("bad.csv").write_text("a,valve\nb,valves\n")
    cv2.imwrite("blank.png", np.full((200, 300), 255, np.uint8))
    options = () if "--library" in args else ("--library", "lib")
    status, _, err = run("teach", *args, *options)
    assert status == 2, err
    assert reason in err
    assert "Traceback" not in err
    assert not Path("lib").exists()


def test_recognize_needs_a_library_that_can_be_read(run: Run, sheet: Path, tmp_path: Path) -> None:
    for options, reason in (
        (("--only-taught",), "--only-taught goes with --library"),
        (("--library", tmp_path / "none"), "does not exist"),
        (("--library", sheet), "a library is a folder"),
        (("--library", tmp_path / "empty"), "holds no taught symbols"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        status, _, err = run("recognize", sheet, *options, "--out", tmp_path / "out")
        assert (status, reason in err) == (2, True), err
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "x.1.json").write_text(json.dumps({"kind": "x"}))
    status, _, err = run("recognize", sheet, "--library", broken, "--out", tmp_path / "out")
    assert (status, "x.1.json is not a taught symbol" in err) == (2, True)
    assert not (tmp_path / "out").exists()
