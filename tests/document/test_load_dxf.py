"""DXF layouts: vectors, blocks, lettering, and the picture drawn from them."""

from __future__ import annotations

from pathlib import Path

import ezdxf
import numpy as np
import pytest
from ezdxf.document import Drawing as Document
from ezdxf.layouts import Modelspace

from pid.document.load import count_pages, load_page, load_sheets
from pid.errors import InputError
from pid.geometry import bounds, transform_box, transform_points


@pytest.fixture
def document() -> Document:
    """An A3 frame in millimetres."""
    document = ezdxf.new(units=4, setup=["linetypes"])
    document.modelspace().add_lwpolyline([(0, 0), (420, 0), (420, 297), (0, 297)], close=True)
    return document


@pytest.fixture
def model(document: Document) -> Modelspace:
    return document.modelspace()


@pytest.fixture
def load(document: Document, tmp_path: Path):
    def save_and_load():
        document.saveas(tmp_path / "plan.dxf")
        return load_page(tmp_path / "plan.dxf", 1)

    return save_and_load


def in_units(sheet, points) -> np.ndarray:
    return transform_points(sheet.info.to_source, points)


def is_ink(sheet, x: float, y: float) -> bool:
    """Whether the picture is dark at a point in drawing units."""
    column, row = transform_points(np.linalg.inv(sheet.info.to_source), [[x, y]])[0].astype(int)
    return bool(sheet.gray[row - 1 : row + 2, column - 1 : column + 2].min() < 160)


class TestFrame:
    def test_sheet_of_an_a3_drawing(self, load) -> None:
        sheet = load()
        assert sheet.source.kind == "dxf"
        assert 5000 <= sheet.info.width <= 7000
        assert sheet.image.shape == (sheet.info.height, sheet.info.width)
        (frame,) = sheet.vectors.paths
        assert bounds(in_units(sheet, frame.points)) == pytest.approx((0, 0, 420, 297), abs=1e-6)
        assert sheet.info.px_per_mm == pytest.approx(np.ptp(frame.points[:, 0]) / 420)
        assert is_ink(sheet, 200, 0)
        assert not is_ink(sheet, 200, 100)

    def test_units_decide_the_resolution(self, document: Document, load) -> None:
        document.units = 0
        assert load().info.px_per_mm is None
        document.units = 6  # 420 m is no paper
        assert load().info.px_per_mm is None

    def test_lettering_is_big_enough_to_read(self, model: Modelspace, load) -> None:
        model.add_text("P-101", height=2.5).set_placement((100, 100))
        (word,) = load().vectors.texts
        assert 28 <= word.height_px <= 36

    def test_strays_do_not_shrink_the_sheet(self, model: Modelspace, load) -> None:
        for x in range(100):
            model.add_line((4 * x, 10), (4 * x, 200))
        model.add_line((1e6, 1e6), (1e6 + 1, 1e6))
        sheet = load()
        assert in_units(sheet, [[sheet.info.width, 0]])[0][0] < 1000
        assert len(sheet.vectors.paths) == 101


class TestEntities:
    def test_curves(self, model: Modelspace, load) -> None:
        model.add_circle((100, 100), 10)
        model.add_arc((200, 100), 10, 0, 90)
        model.add_ellipse((300, 100), (20, 0), 0.5)
        model.add_spline([(50, 200), (80, 220), (120, 180), (150, 200)])
        sheet = load()
        circle, arc, ellipse, spline = sheet.vectors.paths[1:]
        assert [p.shape for p in (circle, arc, ellipse, spline)] == ["circle", "arc", "polyline", "polyline"]
        assert circle.closed
        assert bounds(in_units(sheet, circle.points)) == pytest.approx((90, 90, 110, 110), abs=0.05)
        assert np.allclose(in_units(sheet, arc.points)[[0, -1]], [[210, 100], [200, 110]])
        assert bounds(in_units(sheet, ellipse.points)) == pytest.approx((280, 90, 320, 110), abs=0.1)
        assert np.allclose(in_units(sheet, spline.points)[[0, -1]], [[50, 200], [150, 200]], atol=1e-6)
        assert is_ink(sheet, 200 + 10 * 0.5**0.5, 100 + 10 * 0.5**0.5)

    def test_polyline_with_bulge_and_width(self, model: Modelspace, load) -> None:
        model.add_lwpolyline([(100, 100, 0, 0, 1), (120, 100, 0, 0, 0)], close=True)
        model.add_lwpolyline([(200, 100), (250, 100)], dxfattribs={"const_width": 2})
        sheet = load()
        half, pipe = sheet.vectors.paths[1:]
        assert bounds(in_units(sheet, half.points)) == pytest.approx((100, 90, 120, 100), abs=0.05)
        assert pipe.width_px == pytest.approx(2 * sheet.info.px_per_mm)

    def test_tapered_polyline_is_an_arrow_head(self, model: Modelspace, load) -> None:
        model.add_lwpolyline([(100, 100, 0, 0), (110, 100, 6, 0), (120, 100, 0, 0)])
        sheet = load()
        shaft, head = sheet.vectors.paths[1:]
        assert not shaft.filled
        assert head.filled
        assert bounds(in_units(sheet, head.points)) == pytest.approx((110, 97, 120, 103))

    def test_fills_with_holes(self, model: Modelspace, load) -> None:
        hatch = model.add_hatch(color=7)
        hatch.paths.add_polyline_path([(100, 100), (140, 100), (140, 140), (100, 140)], is_closed=True, flags=1)
        hatch.paths.add_polyline_path([(110, 110), (130, 110), (130, 130), (110, 130)], is_closed=True, flags=16)
        model.add_solid([(200, 100), (210, 100), (200, 110), (210, 110)])
        sheet = load()
        assert is_ink(sheet, 105, 120)
        assert not is_ink(sheet, 120, 120)
        assert is_ink(sheet, 205, 109)
        assert [p.filled for p in sheet.vectors.paths[1:]] == [True, True]

    def test_mirrored_plane(self, model: Modelspace, load) -> None:
        model.add_arc((-200, 100), 10, 0, 90, dxfattribs={"extrusion": (0, 0, -1)})
        sheet = load()
        assert np.allclose(in_units(sheet, sheet.vectors.paths[1].points)[[0, -1]], [[190, 100], [200, 110]])

    def test_styles(self, document: Document, model: Modelspace, load) -> None:
        document.layers.add("SIGNAL", color=1, linetype="DASHED", lineweight=50)
        model.add_line((0, 50), (400, 50), dxfattribs={"layer": "SIGNAL"})
        model.add_line((0, 60), (400, 60), dxfattribs={"color": 2})
        sheet = load()
        frame, signal, yellow = sheet.vectors.paths
        assert frame.color == (0, 0, 0)
        assert signal.color == (255, 0, 0)
        assert signal.dash_px == pytest.approx((1.27 * sheet.info.px_per_mm, 0.254 * sheet.info.px_per_mm))
        assert signal.width_px == pytest.approx(0.5 * sheet.info.px_per_mm)
        assert signal.layer == "SIGNAL"
        assert yellow.color == (255, 255, 0)
        assert is_ink(sheet, 200, 60)

    def test_linetype_with_letters_has_gaps(self, document: Document, model: Modelspace, load) -> None:
        pattern = 'A,5,-2,["GAS",STANDARD,S=1,U=0.0,X=-0.1,Y=-.05],-3'
        document.linetypes.add("GASLINE", pattern=pattern, description="gas", length=10)
        model.add_line((0, 50), (400, 50), dxfattribs={"linetype": "GASLINE"})
        sheet = load()
        assert sheet.vectors.paths[1].dash_px == pytest.approx((5 * sheet.info.px_per_mm, 5 * sheet.info.px_per_mm))

    def test_hidden_layers(self, document: Document, model: Modelspace, load) -> None:
        document.layers.add("OFF").off()
        document.layers.add("FROZEN").freeze()
        for name in ("OFF", "FROZEN", "Defpoints"):
            model.add_line((0, 50), (400, 50), dxfattribs={"layer": name})
        model.add_line((0, 50), (400, 50), dxfattribs={"invisible": 1})
        assert len(load().vectors.paths) == 1

    def test_dimension_draws_its_block(self, model: Modelspace, load) -> None:
        model.add_linear_dim(base=(100, 120), p1=(100, 100), p2=(150, 100)).render()
        sheet = load()
        assert "50" in [t.text for t in sheet.vectors.texts]
        assert is_ink(sheet, 110, 120)


class TestText:
    def test_words_and_codes(self, model: Modelspace, load) -> None:
        model.add_text('6%%d MNb 4"', height=3).set_placement((100, 100))
        texts = load().vectors.texts
        assert [t.text for t in texts] == ["6°", "MNb", '4"']
        assert len({t.run for t in texts}) == 1
        assert texts[0].box[2] < texts[1].box[0]

    @pytest.mark.parametrize("angle", [0, 30, 90, 270])
    def test_picture_and_box_agree(self, document: Document, model: Modelspace, load, angle: int) -> None:
        model.delete_all_entities()
        model.add_line((0, 0), (0.1, 0))
        model.add_line((100, 80), (100.1, 80))
        model.add_text("TEE-X", height=4, rotation=angle).set_placement((50, 40))
        sheet = load()
        (word,) = sheet.vectors.texts
        assert word.angle == angle
        rows, columns = np.nonzero(sheet.gray[50:-50, 50:-50] < 160)
        ink = bounds(np.column_stack([columns, rows]) + 50)
        assert word.box == pytest.approx(ink, abs=0.2 * word.height_px)

    def test_alignment(self, model: Modelspace, load) -> None:
        from ezdxf.enums import TextEntityAlignment as Align

        model.add_text("MID", height=4).set_placement((100, 100), align=Align.MIDDLE_CENTER)
        model.add_text("FITTED", height=4).set_placement((200, 100), (260, 100), align=Align.FIT)
        sheet = load()
        middle, fitted = (transform_box(sheet.info.to_source, t.box) for t in sheet.vectors.texts)
        assert ((middle[0] + middle[2]) / 2, (middle[1] + middle[3]) / 2) == pytest.approx((100, 100))
        assert fitted == pytest.approx((200, 100, 260, 104))

    def test_mtext_lines(self, model: Modelspace, load) -> None:
        model.add_mtext("{\\fArial|b1;NOTES}\\PSEE 4711", dxfattribs={"char_height": 4, "insert": (100, 200)})
        sheet = load()
        texts = sheet.vectors.texts
        assert [t.text for t in texts] == ["NOTES", "SEE", "4711"]
        first, second = (transform_box(sheet.info.to_source, t.box) for t in texts[:2])
        assert first[3] == pytest.approx(200)
        assert first[1] - second[1] == pytest.approx(4 * 5 / 3)


class TestBlocks:
    @pytest.fixture
    def valve(self, document: Document):
        block = document.blocks.new("VALVE", base_point=(3, 2))
        block.add_lwpolyline([(0, 0), (6, 4), (6, 0), (0, 4)], close=True)
        block.add_attdef("TAG", (0, 5), dxfattribs={"height": 2})
        return block

    def test_reference_with_attributes(self, model: Modelspace, valve, load) -> None:
        reference = model.add_blockref("VALVE", (100, 100), dxfattribs={"rotation": 90, "layer": "EQUIPMENT"})
        reference.add_auto_attribs({"TAG": "HV 101"})
        sheet = load()
        (block,) = sheet.vectors.blocks
        assert block.name == "VALVE"
        assert block.rotation == 90
        assert not block.mirrored
        assert block.attributes == {"TAG": "HV 101"}
        assert block.layer == "EQUIPMENT"
        assert np.allclose(in_units(sheet, [block.insert]), [[100, 100]])
        assert transform_box(sheet.info.to_source, block.box) == pytest.approx((98, 97, 102, 103))
        body = sheet.vectors.paths[1]
        assert (body.block, body.layer) == (0, "EQUIPMENT")
        (tag,) = sheet.vectors.texts
        assert (tag.text, tag.attribute, tag.block, tag.angle) == ("HV 101", "TAG", 0, 90)

    @pytest.mark.parametrize(
        ("xscale", "yscale", "rotation", "expected"),
        [(-1, 1, 0, (0, True)), (1, -1, 0, (180, True)), (-1, -1, 30, (210, False)), (-1, 1, 90, (90, True))],
    )
    def test_flips(self, model: Modelspace, valve, load, xscale, yscale, rotation, expected) -> None:
        attributes = {"xscale": xscale, "yscale": yscale, "rotation": rotation}
        model.add_blockref("VALVE", (100, 100), dxfattribs=attributes)
        (block,) = load().vectors.blocks
        assert (block.rotation, block.mirrored) == (pytest.approx(expected[0]), expected[1])

    def test_nested_references_belong_to_the_outermost(
        self, document: Document, model: Modelspace, valve, load
    ) -> None:
        station = document.blocks.new("STATION")
        station.add_blockref("VALVE", (0, 0), dxfattribs={"xscale": 2, "yscale": 2, "rotation": 90})
        station.add_line((0, 0), (20, 0))
        model.add_blockref("STATION", (200, 100), dxfattribs={"rotation": 90})
        sheet = load()
        assert [b.name for b in sheet.vectors.blocks] == ["STATION"]
        valve_path, line = sheet.vectors.paths[1:]
        assert bounds(in_units(sheet, valve_path.points)) == pytest.approx((194, 96, 206, 104))
        assert np.allclose(in_units(sheet, line.points), [[200, 100], [200, 120]])

    def test_a_sheet_bound_as_one_block_shows_the_blocks_inside(
        self, document: Document, model: Modelspace, valve, load
    ) -> None:
        whole = document.blocks.new("SHEET")
        whole.add_lwpolyline([(0, 0), (420, 0), (420, 297), (0, 297)], close=True)
        for x in (100, 200):
            whole.add_blockref("VALVE", (x, 100)).add_attrib("TAG", f"V{x}", (x, 110), dxfattribs={"height": 2})
        model.add_blockref("SHEET", (0, 0))
        sheet = load()
        assert [(b.name, b.attributes["TAG"]) for b in sheet.vectors.blocks] == [("VALVE", "V100"), ("VALVE", "V200")]
        assert np.allclose(in_units(sheet, [b.insert for b in sheet.vectors.blocks]), [[100, 100], [200, 100]])
        assert len(sheet.vectors.paths) == 4

    def test_repeated_reference(self, model: Modelspace, valve, load) -> None:
        model.add_blockref("VALVE", (100, 100), dxfattribs={"column_count": 3, "column_spacing": 20, "row_count": 2,
                                                            "row_spacing": 20})  # fmt: skip
        assert len(load().vectors.paths) == 1 + 6

    def test_colour_from_the_reference(self, document: Document, model: Modelspace, load) -> None:
        block = document.blocks.new("PART")
        block.add_line((0, 0), (5, 0), dxfattribs={"color": 0})
        model.add_blockref("PART", (100, 100), dxfattribs={"color": 1})
        assert load().vectors.paths[1].color == (255, 0, 0)

    @pytest.mark.parametrize("length", [1, 3])
    def test_cycles_are_named(self, document: Document, model: Modelspace, load, length: int) -> None:
        names = [f"LOOP{i}" for i in range(length)]
        for i, name in enumerate(names):
            document.blocks.new(name).add_blockref(names[(i + 1) % length], (1, 1))
        model.add_blockref("LOOP0", (100, 100))
        with pytest.raises(InputError, match=r"^plan\.dxf: the block 'LOOP0' contains itself\.$"):
            load()

    def test_blocks_that_explode_are_refused(self, document: Document, model: Modelspace, load) -> None:
        document.blocks.new("B0").add_line((0, 0), (1, 1))
        for level in range(1, 9):
            block = document.blocks.new(f"B{level}")
            for x in range(10):
                block.add_blockref(f"B{level - 1}", (x, 0))
        model.add_blockref("B8", (0, 0))
        with pytest.raises(InputError, match=r"plan\.dxf draws more than 500000 things"):
            load()


class TestPages:
    def test_paper_layouts_follow_the_model(self, document: Document, tmp_path: Path) -> None:
        document.layout("Layout1").add_text("TITLE", height=5)
        document.saveas(tmp_path / "plan.dxf")
        assert count_pages(tmp_path / "plan.dxf") == 2
        model, paper = load_sheets(tmp_path / "plan.dxf")
        assert (len(model.vectors.paths), len(model.vectors.texts)) == (1, 0)
        assert [t.text for t in paper.vectors.texts] == ["TITLE"]

    def test_empty_model_space_is_no_page(self, tmp_path: Path) -> None:
        document = ezdxf.new()
        document.layout("Layout1").add_line((0, 0), (100, 50))
        document.saveas(tmp_path / "plan.dxf")
        (sheet,) = load_sheets(tmp_path / "plan.dxf")
        assert sheet.source.page == 1
        assert len(sheet.vectors.paths) == 1


class TestBadInput:
    def test_empty_drawing(self, tmp_path: Path) -> None:
        ezdxf.new().saveas(tmp_path / "plan.dxf")
        with pytest.raises(InputError, match=r"plan\.dxf draws nothing"):
            load_page(tmp_path / "plan.dxf", 1)

    @pytest.mark.parametrize("share", [0.3, 0.9])
    def test_truncated(self, document: Document, tmp_path: Path, share: float) -> None:
        path = tmp_path / "plan.dxf"
        document.saveas(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match=r"plan\.dxf is cut short"):
            load_page(path, 1)

    def test_damaged(self, tmp_path: Path) -> None:
        path = tmp_path / "plan.dxf"
        path.write_text("  0\nSECTION\n  2\nENTITIES\nrubbish\nmore rubbish\nEOF\n")
        with pytest.raises(InputError, match=r"plan\.dxf"):
            load_page(path, 1)
