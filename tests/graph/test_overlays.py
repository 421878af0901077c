"""DXF, SVG and PDF overlays: they lie on the original, and each element leads back to the drawing."""

import re
from pathlib import Path

import cv2
import ezdxf
import numpy as np
import pypdfium2
import pytest
from ezdxf.bbox import extents
from lxml import etree

from pid.drawing import Drawing
from pid.errors import InputError
from pid.geometry import transform_box
from pid.graph.dxf import overlay_matrix, read_overlay, write_dxf
from pid.graph.pdf import write_pdf
from pid.graph.svg import SVG, write_svg

from .plant import make_plant


def on_page(kind: str, matrix: tuple) -> Drawing:
    plant = make_plant()
    return plant.model_copy(
        update={
            "source": plant.source.model_copy(update={"kind": kind}),
            "sheet": plant.sheet.model_copy(update={"to_source": matrix}),
        }
    )


DXF_UNITS = ((0.1, 0.0, 50.0), (0.0, -0.1, 400.0), (0.0, 0.0, 1.0))
POINTS = ((0.2, 0.0, 0.0), (0.0, 0.2, 0.0), (0.0, 0.0, 1.0))


@pytest.mark.parametrize(("kind", "matrix", "valve"), [
    ("dxf", DXF_UNITS, (150.0, 298.0, 156.0, 302.0)),
    ("pdf", POINTS, (200.0, 496.0, 212.0, 504.0)),
])  # fmt: skip
def test_dxf_lies_on_the_original_and_leads_back(kind: str, matrix: tuple, valve: tuple, tmp_path: Path) -> None:
    drawing = on_page(kind, matrix)
    path = tmp_path / "o.dxf"
    write_dxf(drawing, path)
    document = ezdxf.readfile(path)
    audit = document.audit()
    assert not audit.errors and not audit.fixes
    found = read_overlay(path)
    elements = {e.id: e for e in (*drawing.symbols, *drawing.lines, *drawing.words)}
    assert found.keys() == elements.keys()
    assert found["hv"].box == pytest.approx(valve)
    for symbol in drawing.symbols:
        assert found[symbol.id].box == pytest.approx(transform_box(overlay_matrix(drawing), symbol.box))
        assert found[symbol.id].layer == f"SYMBOLS_{symbol.group.upper()}"
    assert found["a"].layer == "LINES_PROCESS" and found["k"].layer == "LINES_SIGNAL" and found["w1"].layer == "WORDS"


def test_dxf_blocks_carry_attributes_and_fill_the_boxes(tmp_path: Path) -> None:
    drawing = on_page("dxf", DXF_UNITS)
    write_dxf(drawing, tmp_path / "o.dxf")
    document = ezdxf.readfile(tmp_path / "o.dxf")
    found = read_overlay(tmp_path / "o.dxf")
    inserts = {e.get_attrib_text("ID"): e for e in document.modelspace().query("INSERT")}
    assert inserts.keys() == {s.id for s in drawing.symbols}
    valve = inserts["hv"]
    assert [valve.get_attrib_text(t) for t in ("TAG", "KIND", "GROUP", "SCORE")] == [
        "HV-1",
        "gate_valve",
        "valve",
        "0.500",
    ]
    assert inserts["odd"].dxf.name == "PID_fitting_BOX"
    for name in ("hv", "chk", "red", "pump", "odd"):  # turned, mirrored, large, of an unknown kind
        box = extents(inserts[name].virtual_entities(), fast=True)
        assert (box.extmin.x, box.extmin.y, box.extmax.x, box.extmax.y) == pytest.approx(found[name].box, abs=0.02)
    reducer, mirrored = inserts["red"], inserts["red"].virtual_entities()
    assert reducer.dxf.yscale < 0 or reducer.dxf.xscale < 0
    assert list(mirrored)
    assert document.layers.get("PID_WORDS").is_off()
    words = {e.dxf.text: e.dxf.rotation for e in document.modelspace().query("TEXT")}
    assert words["HV-1"] == pytest.approx(0)
    assert words["0100-P-1001-A1"] == pytest.approx(90)


def test_svg_has_layers_ids_and_tooltips(tmp_path: Path) -> None:
    drawing = make_plant()
    picture = np.full((350, 500, 3), (255, 0, 0), np.uint8)
    write_svg(drawing, tmp_path / "o.svg", background=picture)
    root = etree.parse(tmp_path / "o.svg").getroot()
    assert root.get("viewBox") == "0 0 5000 3500"
    layers = [g.get("id") for g in root.findall(f"{{{SVG}}}g")]
    assert layers[:3] == ["layer-ORIGINAL", "layer-LINES_PROCESS", "layer-LINES_SIGNAL"]
    assert layers[-1] == "layer-WORDS"
    by_id = {e.get("id"): e for e in root.iter() if e.get("id")}
    assert {e.id for e in (*drawing.symbols, *drawing.lines, *drawing.words)} <= by_id.keys()
    valve = by_id["hv"]
    assert (valve.get("x"), valve.get("y"), valve.get("width"), valve.get("height")) == ("1000", "980", "60", "40")
    assert valve.findtext(f"{{{SVG}}}title") == "gate valve HV-1 (0.50)"
    assert valve.get("stroke-dasharray") and not by_id["cv"].get("stroke-dasharray")
    assert by_id["a"].get("points") == "730,1000 1000,1000"
    assert "rotate(-90)" in by_id["w2"].get("transform")
    data = root.find(f".//{{{SVG}}}image").get("href").partition(",")[2]
    import base64

    back = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert back.shape == (350, 500, 3)
    assert back[100, 100].tolist() == pytest.approx([0, 0, 255], abs=3)  # still red


def render(path: Path, width: int) -> np.ndarray:
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    image = page.render(scale=width / page.get_size()[0], rev_byteorder=True).to_numpy()[..., :3].copy()
    document.close()
    return image


def is_colored(pixels: np.ndarray) -> np.ndarray:
    return pixels.max(axis=-1).astype(int) - pixels.min(axis=-1) > 60


def test_pdf_draws_on_a_picture_in_layers(tmp_path: Path) -> None:
    drawing = make_plant()
    page = np.full((350, 500), 255, np.uint8)
    page[300:310, 400:410] = 0
    write_pdf(drawing, tmp_path / "o.pdf", background=page)
    image = render(tmp_path / "o.pdf", 1000)
    assert image.shape[:2] == (700, 1000)
    assert image[610, 810].max() < 60  # the picture's ink
    assert is_colored(image[195:206, 180:185]).any()  # line a on its way from x = 730 to 1000
    assert not is_colored(image[100:150, 600:700]).any()
    raw = (tmp_path / "o.pdf").read_bytes()
    names = set(re.findall(rb"/Name \(([^)]*)\)[^>]*/Type /OCG", raw))
    assert {b"Original", b"Lines Process", b"Symbols Valve", b"Words"} <= names
    assert b"/OCProperties" in raw and b"/Properties" in raw
    assert len(re.findall(rb"/NM \(", raw)) == len(drawing.symbols) + len(drawing.lines)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pdf_keeps_the_original_page_as_vectors(rotation: int, tmp_path: Path) -> None:
    original = tmp_path / "page.pdf"
    make_page(original, rotation)
    wide = rotation % 180 == 0
    drawing = Drawing.model_validate(
        make_plant().model_dump(by_alias=True) | {
            "sheet": {"width": 500 if wide else 350, "height": 350 if wide else 500, "to_source": POINTS},
            "symbols": (), "lines": (), "connections": (), "tables": (), "title_block": None, "findings": (),
            "words": (),
        }
    )  # fmt: skip
    box = find_ink(render(original, 400 if wide else 280)) * (500 / 400)
    mark = {"id": "m", "group": "valve", "kind": "gate_valve", "box": tuple(box)}
    drawing = drawing.model_validate(drawing.model_dump(by_alias=True) | {"symbols": (mark,)})
    write_pdf(drawing, tmp_path / "o.pdf", original=original)
    image = render(tmp_path / "o.pdf", 400 if wide else 280)
    assert find_ink(image) == pytest.approx(box * 400 / 500, abs=1.5)
    colored = np.argwhere(is_colored(image))
    assert [*colored.min(axis=0)[::-1], *colored.max(axis=0)[::-1] + 1] == pytest.approx(box * 400 / 500, abs=2)
    document = pypdfium2.PdfDocument(tmp_path / "o.pdf")
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "LIVE TEXT" in text


def make_page(path: Path, rotation: int) -> None:
    """A page of 100 x 70 points with a visible corner off the origin, a black box in it, and live text."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(120, 90), cropBox=(10, 5, 110, 75))
    canvas.setPageRotation(rotation)
    canvas.rect(30, 50, 20, 10, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.setFontSize(2)
    canvas.drawString(32, 54, "LIVE TEXT")
    canvas.save()


def find_ink(image: np.ndarray) -> np.ndarray:
    dark = np.argwhere(image.max(axis=-1) < 80)
    return np.array([*dark.min(axis=0)[::-1], *dark.max(axis=0)[::-1] + 1], float)


def test_overlays_of_a_blank_sheet_and_unwritable_places(tmp_path: Path) -> None:
    plant = make_plant()
    blank = Drawing(source=plant.source, sheet=plant.sheet)
    for write, name in ((write_dxf, "b.dxf"), (write_svg, "b.svg"), (write_pdf, "b.pdf")):
        write(blank, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
        with pytest.raises(InputError, match="cannot be written"):
            write(blank, tmp_path / "none" / name)
    assert read_overlay(tmp_path / "b.dxf") == {}
    with pytest.raises(InputError, match="cannot be read"):
        write_pdf(plant, tmp_path / "c.pdf", original=tmp_path / "b.svg")
    assert not ezdxf.readfile(tmp_path / "b.dxf").audit().errors
