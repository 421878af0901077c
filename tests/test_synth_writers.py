"""Fonts, raster, PDF and DXF of a display list, and the files of a written sheet."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from pid.drawing import Drawing, Line, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.geometry import split_dashes
from pid.synth import fonts
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.raster import render_raster

PX_PER_MM = 8.0
TAG = "HV-1001"


def circle(x: float, y: float, radius: float, count: int = 48) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + radius * np.cos(t), y + radius * np.sin(t)], axis=1)


def bow_tie(x: float, y: float, *, upright: bool = False) -> np.ndarray:
    # One side longer than the other, so that a half turn or a flip is another picture.
    points = np.array([[-3.0, -2.0], [4.0, 2.0], [4.0, -2.0], [-3.0, 2.0]])
    return (points[:, ::-1] * (1, -1) if upright else points) + (x, y)


@pytest.fixture(scope="module")
def ink() -> Ink:
    marks = [
        Stroke(np.array([[5.0, 5.0], [115.0, 5.0], [115.0, 75.0], [5.0, 75.0]]), 0.7, closed=True, layer="frame"),
        Stroke(np.array([[10.0, 20.0], [90.0, 20.0], [90.0, 60.0]]), 0.5, layer="pipe", element="l1"),
        Stroke(np.array([[10.0, 30.0], [80.0, 34.0]]), 0.25, dash_mm=(3.0, 1.5), layer="signal", element="l2"),
        Stroke(bow_tie(40, 20), 0.35, closed=True, fill="paper", element="v1"),
        Stroke(bow_tie(90, 40, upright=True), 0.35, closed=True, fill="paper", element="v2"),
        Stroke(circle(60, 50, 5), 0.25, closed=True, fill="paper", element="b1"),
        Stroke(circle(20, 60, 3), 0.25, closed=True, fill="ink", color=(200, 0, 0)),
        Lettering(TAG, (40, 15), 2.5, element="v1"),
        Lettering("PIC", (60, 48.2), 2.5, font="vera", element="b1"),
        Lettering("1002", (60, 51.8), 2.5, font="vera", element="b1"),
        Lettering('2"-PG-1003-A1A', (84, 50), 2.5, 90.0, font="vera", width_factor=0.8),
        Lettering("SLOPE 1:100", (30, 45), 3.5, 30.0, font="vera-bold"),
        Lettering("NOTE 4 (g)", (30, 70), 2.5, font="stroke-plain"),
    ]
    return Ink(120.0, 80.0, tuple(marks), {"v1": "gate_valve", "v2": "gate_valve", "b1": "bubble"})


def gray(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def far_from(ink: np.ndarray, other: np.ndarray) -> float:
    """Share of ink pixels with no ink of the other picture within a pixel."""
    near = cv2.dilate(other.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return float((ink & ~near).sum() / ink.sum())


def test_fonts_always_there() -> None:
    names = fonts.font_names()
    assert names[:2] == ("stroke", "stroke-plain")
    assert {"vera", "vera-bold"} <= set(names)
    assert set(fonts.font_names(korean=True)) <= set(names)
    assert all(fonts.supports(name, "밸브") for name in fonts.font_names(korean=True))


def test_stroke_font_has_what_drawings_are_lettered_with() -> None:
    assert fonts.supports("stroke", '0123456789ABCXYZabcxyz .,:;()/-+"#%&°±ØøÅåÄÖÜäöüß²³')
    assert not fonts.supports("stroke", "밸브")
    with pytest.raises(InputError, match="밸"):
        fonts.text_strokes("밸브", height_mm=2.5)


def test_unknown_font_is_named() -> None:
    with pytest.raises(InputError, match="comic"):
        fonts.text_size("A", font="comic", height_mm=2.5)


@pytest.mark.parametrize("font", ["stroke", "stroke-plain", "vera", "vera-bold", "pillow"])
@pytest.mark.parametrize("angle", [0.0, 90.0, 180.0, 35.0])
def test_text_lies_where_its_size_says(font: str, angle: float) -> None:
    text, center, height, factor = "HX-Hg20H", (30.0, 30.0), 4.0, 0.8
    mark = Lettering(text, center, height, angle, font, width_factor=factor)
    rows, columns = np.nonzero(render_raster(Ink(60, 60, (mark,)), PX_PER_MM) < 128)
    found = np.stack([columns + 0.5, rows + 0.5], axis=1) / PX_PER_MM - center
    upright = found @ fonts.rotation_matrix(angle)
    x0, y0, x1, y1 = fonts.text_bounds(text, font=font, height_mm=height, width_factor=factor)
    pen = 0.05 * height if fonts.is_stroke(font) else 0.0
    expected = [x0 - pen, y0 - pen, x1 + pen, y1 + pen]
    assert np.allclose([*upright.min(axis=0), *upright.max(axis=0)], expected, atol=2.0 / PX_PER_MM)
    assert fonts.text_size(text, font=font, height_mm=height, width_factor=factor) == pytest.approx((x1 - x0, height))


@pytest.mark.parametrize("width_px", [1.0, 1.5, 2.0, 2.25, 3.0, 5.0])
def test_line_is_as_wide_as_asked(width_px: float) -> None:
    lines = tuple(
        Stroke(np.array(points, float), width_px / PX_PER_MM)
        for points in ([[2, 4], [28, 4]], [[5, 6], [5, 28]], [[8, 8], [26, 28]])
    )
    image = render_raster(Ink(30, 30, lines), PX_PER_MM)
    cover = (255.0 - image) / 255
    assert cover[:60, 120].sum() == pytest.approx(width_px, abs=0.13)
    assert cover[200, :60].sum() == pytest.approx(width_px, abs=0.13)
    slope = math.atan2(20, 18)
    assert cover[180, 62:].sum() * math.sin(slope) == pytest.approx(width_px, rel=0.1, abs=0.25)
    middle = (cover[:60, 120] * (np.arange(60) + 0.5)).sum() / cover[:60, 120].sum()
    assert middle == pytest.approx(4 * PX_PER_MM, abs=0.2)


def test_two_levels_without_antialias(ink: Ink) -> None:
    black = Ink(ink.width_mm, ink.height_mm, tuple(m for m in ink.marks if m.color == (0, 0, 0)))
    two = render_raster(black, PX_PER_MM, antialias=False)
    assert set(np.unique(two)) == {0, 255}
    smooth = render_raster(black, PX_PER_MM) < 128
    assert far_from(two < 128, smooth) < 0.002
    assert far_from(smooth, two < 128) < 0.002


def test_thin_diagonal_of_two_pixels_has_no_holes() -> None:
    image = render_raster(Ink(30, 30, (Stroke(circle(15, 15, 10), 0.25, closed=True),)), PX_PER_MM, antialias=False)
    count, *_ = cv2.connectedComponents((image == 255).astype(np.uint8), connectivity=4)
    assert count - 1 == 2  # inside and outside


def test_paper_hides_and_color_shows(ink: Ink) -> None:
    image = render_raster(ink, PX_PER_MM)
    assert image.shape == (640, 960, 3)
    assert tuple(image[480, 160]) == (200, 0, 0)
    assert image[160, 310].tolist() == [255, 255, 255]  # the pipe, hidden inside the valve's left wing
    assert image[160, 200].tolist() == [0, 0, 0]
    assert render_raster(Ink(10, 10, ()), PX_PER_MM).ndim == 2


def test_dashes() -> None:
    line = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]])
    pieces = split_dashes(line, (4.0, 2.0))
    assert [piece.tolist() for piece in pieces] == [
        [[0, 0], [4, 0]],
        [[6, 0], [10, 0]],
        [[10, 2], [10, 5]],
    ]
    assert len(split_dashes(line, ())) == 1
    assert [len(p) for p in split_dashes(line, (3.0,))] == [2, 2, 2]  # as 3, 3; starts at 0, 6 and 12
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert np.ptp(np.concatenate(split_dashes(square, (10.0, 1.0), closed=True)), axis=0).tolist() == [1, 1]
    assert split_dashes(square, (10.0, 1.0), closed=True)[0][-1].tolist() == [0, 0]


def test_pdf_is_the_raster(ink: Ink, tmp_path: Path) -> None:
    import pypdfium2

    from pid.synth.pdf import write_pdf

    path = tmp_path / "sheet.pdf"
    write_pdf(ink, path)
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        assert page.get_size() == pytest.approx((120 * 72 / 25.4, 80 * 72 / 25.4), abs=0.01)
        text = page.get_textpage().get_text_bounded()
        rendered = page.render(scale=PX_PER_MM * 25.4 / 72).to_numpy()
    ours = render_raster(ink, PX_PER_MM)
    theirs = rendered[: ours.shape[0], : ours.shape[1], ::-1]
    a, b = gray(np.ascontiguousarray(theirs)) < 128, gray(ours) < 128
    assert far_from(a, b) < 0.002
    assert far_from(b, a) < 0.002
    assert a.sum() == pytest.approx(b.sum(), rel=0.06)
    assert "SLOPE 1:100" in text
    assert "PIC" in text
    assert TAG not in text  # stroke lettering is linework
    first = path.read_bytes()
    write_pdf(ink, path)
    assert path.read_bytes() == first


def test_dxf_blocks(ink: Ink, tmp_path: Path) -> None:
    import ezdxf
    from ezdxf import bbox

    from pid.synth.dxf import write_dxf

    path = tmp_path / "sheet.dxf"
    write_dxf(ink, path, tags={"v1": TAG, "v2": "HV-1002", "b1": "PIC-1002"})
    document = ezdxf.readfile(path)
    audit = document.audit()
    assert not audit.errors
    assert not audit.fixes
    assert document.dxfversion == "AC1024"
    assert document.header["$INSUNITS"] == 4
    space = document.modelspace()
    inserts = list(space.query("INSERT"))
    assert [i.dxf.name for i in inserts] == ["gate_valve", "gate_valve", "bubble"]  # the turned valve is the same block
    assert [i.dxf.rotation for i in inserts] == [0, 90, 0]
    assert [i.get_attrib_text("TAG") for i in inserts] == [TAG, "HV-1002", "PIC-1002"]
    assert [bool(i.get_attrib("TAG").is_invisible) for i in inserts] == [False, True, True]
    assert inserts[2].get_attrib_text("TEXT1") == "PIC"
    assert {e.dxf.layer for e in space} >= {"frame", "pipe", "signal", "text"}
    for insert, box in zip(inserts, [(37, 58, 44, 62), (88, 37, 92, 44), (55, 25, 65, 35)], strict=True):
        extents = bbox.extents(insert.virtual_entities(), fast=False)
        assert (*extents.extmin.vec2, *extents.extmax.vec2) == pytest.approx(box, abs=0.05)
    assert next(iter(inserts[2].virtual_entities())).dxftype() in {"HATCH", "CIRCLE"}
    label = next(t for t in space.query("TEXT") if t.dxf.text.startswith('2"'))
    assert label.dxf.rotation == 90
    assert tuple(label.dxf.align_point)[:2] == pytest.approx((84, 30))
    dashed = space.query('LWPOLYLINE[layer=="signal"]').first
    pattern = document.linetypes.get(dashed.dxf.linetype).simplified_line_pattern()
    assert [abs(v) for v in pattern] == pytest.approx([3.0, 1.5])


def test_dxf_exploded_has_the_same_linework(ink: Ink, tmp_path: Path) -> None:
    import ezdxf

    from pid.synth.dxf import write_dxf

    write_dxf(ink, tmp_path / "exploded.dxf", exploded=True)
    document = ezdxf.readfile(tmp_path / "exploded.dxf")
    space = document.modelspace()
    assert not space.query("INSERT")
    assert len(space.query("TEXT")) == 6
    assert len(space.query("CIRCLE")) == 2
    assert len(space.query("LWPOLYLINE")) == 5
    circle_ = next(c for c in space.query("CIRCLE") if c.dxf.radius > 4)
    assert tuple(circle_.dxf.center)[:2] == pytest.approx((60, 30))
    assert circle_.dxf.radius == pytest.approx(5)


def test_dxf_arcs() -> None:
    from pid.synth.dxf_shapes import fit_circle

    t = np.linspace(0.3, 2.0, 12)
    arc = np.stack([3 + 7 * np.cos(t), 4 + 7 * np.sin(t)], axis=1)
    center, radius = fit_circle(arc, closed=False) or (np.zeros(2), 0.0)
    assert center == pytest.approx([3, 4])
    assert radius == pytest.approx(7)
    assert fit_circle(circle(0, 0, 4, 6), closed=True) is None  # a hexagon
    assert fit_circle(np.stack([np.arange(9.0), np.arange(9.0)], axis=1), closed=False) is None
    assert fit_circle(arc * (1, 0.8), closed=False) is None


@dataclass(frozen=True)
class OneStyle:
    px_per_mm: float = PX_PER_MM


@dataclass(frozen=True)
class OneSheet:
    ink: Ink
    drawing: Drawing
    style: OneStyle = OneStyle()


@pytest.fixture
def sheet(ink: Ink) -> OneSheet:
    drawing = Drawing(
        source=Source(name="plant-7", sha256=""),
        sheet=SheetInfo(width=960, height=640, px_per_mm=PX_PER_MM),
        symbols=(Symbol(id="v1", kind="gate_valve", group="valve", box=(296, 144, 352, 176), tag=TAG),),
        lines=(Line(id="l1", points=((80, 160), (720, 160))),),
    )
    return OneSheet(ink, drawing)


def test_written_files(sheet: OneSheet, tmp_path: Path) -> None:
    from pid.synth.write import write_sheets

    files = write_sheets([sheet, sheet], tmp_path, damaged=False)
    assert sorted(f.name for f in files) == sorted(
        f"{stem}.{end}" for stem in ("plant-7", "plant-7-2") for end in ("png", "pdf", "dxf", "json")
    )
    assert all(f.is_file() for f in files)
    truth = Drawing.read(tmp_path / "plant-7.json")
    assert truth.symbols == sheet.drawing.symbols
    assert truth.source.sha256 == hashlib.sha256((tmp_path / "plant-7.png").read_bytes()).hexdigest()
    with PIL.Image.open(tmp_path / "plant-7.png") as image:
        assert image.size == (960, 640)
        assert image.info["dpi"] == pytest.approx((PX_PER_MM * 25.4,) * 2, rel=1e-3)


def test_damaged_files_keep_vectors_apart(sheet: OneSheet, tmp_path: Path) -> None:
    from pid.synth.write import write_sheets

    files = write_sheets([sheet], tmp_path, formats=("png", "pdf"), damaged=True, seed=3)
    assert [f.name for f in files] == ["plant-7.png", "plant-7.json", "plant-7-vector.pdf", "plant-7-vector.json"]
    vector = Drawing.read(tmp_path / "plant-7-vector.json")
    assert vector.source.kind == "pdf"
    assert vector.sheet.to_source[0][0] * 960 == pytest.approx(120 * 72 / 25.4)


def test_unknown_format_is_refused(sheet: OneSheet, tmp_path: Path) -> None:
    from pid.synth.write import write_sheets

    with pytest.raises(InputError, match="svg"):
        write_sheets([sheet], tmp_path, formats=("svg",), damaged=False)
    with pytest.raises(InputError, match="nothing"):
        write_sheets([sheet], tmp_path, formats=(), damaged=False)


def test_unwritable_folder_is_named(sheet: OneSheet, tmp_path: Path) -> None:
    from pid.synth.write import write_sheets

    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_sheets([sheet], tmp_path / "file" / "folder", damaged=False)
