"""The command line: what a user types, sees and gets."""

import importlib.util
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import ezdxf
import numpy as np
import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Word

Run = Callable[..., tuple[int, str, str]]


def make_huge_png(path: Path) -> None:
    """A PNG whose header says 60000 x 60000 and whose data are a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def make_truncated_png(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300), np.uint8)
    path.write_bytes(cv2.imencode(".png", noise)[1].tobytes()[:20000])


def make_encrypted_pdf(path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), encrypt=StandardEncryption("secret", strength=128))
    canvas.drawString(10, 10, "x")
    canvas.save()


def make_pageless_pdf(path: Path) -> None:
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n"
        b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n99\n%%EOF\n"
    )


def make_cyclic_dxf(path: Path) -> None:
    doc = ezdxf.new()
    block = doc.blocks.new("LOOP")
    block.add_line((0, 0), (10, 0))
    block.add_blockref("LOOP", (5, 5))
    doc.modelspace().add_blockref("LOOP", (0, 0))
    doc.saveas(path)


BAD: dict[str, Callable[[Path], object]] = {
    "empty.png": lambda p: p.write_bytes(b""),
    "empty.pdf": lambda p: p.write_bytes(b""),
    "truncated.png": make_truncated_png,
    "text.png": lambda p: p.write_text("this is a text file\n" * 40),
    "huge.png": make_huge_png,
    "encrypted.pdf": make_encrypted_pdf,
    "pageless.pdf": make_pageless_pdf,
    "broken.pdf": lambda p: p.write_bytes(b"%PDF-1.7\n%garbage"),
    "cyclic.dxf": make_cyclic_dxf,
    "broken.dxf": lambda p: p.write_text("0\nSECTION\n2\nENT"),
    "letter.docx": lambda p: p.write_bytes(b"PK\3\4"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_writes_nothing(name: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / name
    BAD[name](path)
    status, out, err = run("recognize", path, "--out", tmp_path / "out")
    said = [line for line in err.splitlines() if line.strip()]
    assert status == 2
    assert len(said) == 1, err
    assert name in said[0]
    assert said[0].endswith(".")
    assert not out
    assert not (tmp_path / "out").exists()


def test_missing_file_and_folder_without_drawings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("x")
    for path in (tmp_path / "none.png", tmp_path / "folder"):
        status, _, err = run("recognize", path, "--out", tmp_path / "out")
        assert status == 2
        assert len(err.splitlines()) == 1
        assert path.name in err
    assert not (tmp_path / "out").exists()


def draw_valve(path: Path) -> None:
    image = np.full((700, 1000), 255, np.uint8)
    cv2.line(image, (100, 300), (450, 300), 0, 3)
    cv2.line(image, (510, 300), (900, 300), 0, 3)
    cv2.polylines(image, [np.array([[450, 280], [450, 320], [510, 280], [510, 320]])], True, 0, 3)
    cv2.putText(image, "HV-101", (440, 260), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    cv2.imwrite(str(path), image)


def test_bad_file_leaves_the_others_results_and_is_listed_at_the_end(run: Run, tmp_path: Path) -> None:
    draw_valve(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"")
    out = tmp_path / "out"
    status, said, err = run("recognize", tmp_path / "bad.png", tmp_path / "good.png", "--out", out)
    assert status == 2
    assert err.splitlines()[-2].startswith("1 could not be recognised")
    assert "bad.png" in err.splitlines()[-1]
    assert "1 page(s) recognised" in said
    assert sorted(p.name for p in out.iterdir()) == [
        "bom.csv",
        "bom.xlsx",
        "good-annotated.png",
        "good.json",
        "timings.csv",
    ]
    drawing = Drawing.read(out / "good.json")
    assert (drawing.sheet.width, drawing.sheet.height) == (1000, 700)
    assert "101" in "".join(w.text for w in drawing.words)
    assert cv2.imread(str(out / "good-annotated.png")).shape == (700, 1000, 3)


def test_pages_and_equal_stems_get_names_of_their_own(run: Run, tmp_path: Path) -> None:
    from PIL import Image

    page = Image.new("L", (400, 300), 255)
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page])
    page.save(tmp_path / "a.png")
    status, _, _ = run("recognize", tmp_path, "--out", tmp_path / "out")
    assert status == 0
    names = {p.name for p in (tmp_path / "out").glob("*.json")}
    assert names == {"a-tif-p1.json", "a-tif-p2.json", "a-png.json"}
    drawing = Drawing.read(tmp_path / "out" / "a-tif-p2.json")
    assert drawing.source.page == 2
    assert [f.code for f in drawing.findings] == ["blank-page"]


def test_evaluate_prints_every_figure(run: Run, tmp_path: Path) -> None:
    symbols = tuple(Symbol(id=f"s{x}", group="valve", box=(x, 10, x + 30, 30)) for x in (10, 100))
    drawing = Drawing(
        source=Source(name="t.png", sha256=""),
        sheet=SheetInfo(width=1000, height=700),
        symbols=symbols,
        lines=(Line(id="l1", points=((40, 20), (100, 20))),),
        connections=(Connection(a="s10", b="s100", lines=("l1",)),),
        words=(Word(id="w1", text="V-1", box=(10, 0, 40, 8)),),
    )
    (tmp_path / "t.json").write_text(drawing.to_json(), encoding="utf-8")
    status, out, _ = run("evaluate", tmp_path / "t.json", tmp_path / "t.json")
    assert status == 0
    for part in ("AP50", "group F1", "conn F1", "line P", "CER", "load", "valve"):
        assert part in out
    status, out, _ = run("evaluate", tmp_path / "t.json", tmp_path / "t.json", "--json")
    assert json.loads(out)["t"]["symbols.f1"] == 1.0
    status, _, err = run("evaluate", tmp_path / "none", tmp_path)
    assert (status, err) == (2, f"{tmp_path / 'none'} does not exist.\n")


def test_synth_draws_what_recognize_reads_and_refuses_an_unknown_family(run: Run, tmp_path: Path) -> None:
    status, _, _ = run("synth", "--seed", 3, "--family", "benchmark", "--formats", "png", "--out", tmp_path / "s")
    assert status == 0
    assert sorted(p.suffix for p in (tmp_path / "s").iterdir()) == [".json", ".png"]
    assert Drawing.read(next((tmp_path / "s").glob("*.json"))).symbols
    status, _, err = run("synth", "--family", "cubist", "--out", tmp_path / "t")
    assert status == 2
    assert "'cubist' is not a family" in err.splitlines()[-1]
    assert not (tmp_path / "t").exists()


def test_training_without_torch_says_what_to_install(run: Run, tmp_path: Path) -> None:
    if importlib.util.find_spec("torch"):
        pytest.skip("torch is installed")
    status, _, err = run("train", "shape", "--out", tmp_path / "t")
    assert status == 2
    assert err == "Training needs torch: pip install 'pid-reader[train]'.\n"


def test_help_names_the_commands(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    for command in ("recognize", "demo", "evaluate", "synth", "train"):
        assert command in out
