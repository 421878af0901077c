"""PDF pages: picture, paths and words in one frame."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pid.document.draw_vectors import draw_vectors
from pid.document.load import count_pages, load_page, load_sheets
from pid.errors import InputError
from pid.geometry import transform_box, transform_points

PAGE = (620.0, 841.89)


def draw_sheet(canvas: Canvas) -> None:
    """A pipe from (100, 700) to (500, 700), a circle about (300, 400), points with y up."""
    canvas.setLineWidth(1)
    canvas.line(100, 700, 500, 700)
    canvas.circle(300, 400, 30)
    canvas.setFont("Helvetica", 10)
    canvas.drawString(100, 710, "LINE 4711-A")


def only_sheet(path: Path):
    (sheet,) = load_sheets(path)
    return sheet


def words_of(sheet) -> list[str]:
    return [text.text for text in sheet.vectors.texts]


@pytest.fixture
def canvas(tmp_path: Path) -> Canvas:
    return Canvas(str(tmp_path / "page.pdf"), pagesize=PAGE, pageCompression=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "page.pdf"


class TestFrame:
    def test_picture_vectors_and_source_agree(self, canvas: Canvas, path: Path) -> None:
        draw_sheet(canvas)
        canvas.save()
        sheet = only_sheet(path)
        assert sheet.source.kind == "pdf"
        assert sheet.image.ndim == 2
        assert sheet.info.width == pytest.approx(PAGE[0] / 72 * 400, abs=1)
        assert sheet.info.px_per_mm == pytest.approx(400 / 25.4, rel=1e-3)
        pipe, circle = sheet.vectors.paths
        assert np.allclose(
            transform_points(sheet.info.to_source, pipe.points), [[100, 141.89], [500, 141.89]], atol=0.01
        )
        assert pipe.width_px == pytest.approx(400 / 72, rel=1e-3)
        column, row = pipe.points.mean(axis=0).astype(int)
        assert sheet.gray[row, column] < 60
        assert circle.shape == "circle"
        assert circle.closed
        assert transform_box(sheet.info.to_source, [*circle.points.min(0), *circle.points.max(0)]) == pytest.approx(
            (270, 411.89, 330, 471.89), abs=0.1
        )

    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    def test_turned_and_cropped_pages(self, canvas: Canvas, path: Path, turn: int) -> None:
        canvas.setPageSize((850, 850))
        canvas.setPageRotation(turn)
        canvas.setCropBox((50, 100, 650, 800))
        draw_sheet(canvas)
        canvas.save()
        sheet = only_sheet(path)
        assert (sheet.info.width > sheet.info.height) == (turn in {90, 270})
        pipe = next(p for p in sheet.vectors.paths if p.shape == "polyline")
        for x, y in pipe.points[0] * 0.9 + pipe.points[1] * 0.1, pipe.points.mean(axis=0):
            assert sheet.gray[int(y), int(x)] < 60
        expected = {
            0: [[50, 100], [450, 100]],
            90: [[600, 50], [600, 450]],
            180: [[550, 600], [150, 600]],
            270: [[100, 550], [100, 150]],
        }[turn]
        assert np.allclose(transform_points(sheet.info.to_source, pipe.points), expected, atol=0.05)
        assert sheet.vectors.texts[0].angle == (-turn) % 360

    @pytest.mark.parametrize(
        ("size", "dpi"), [((595, 842), 400), ((2384, 1684), 211.4), ((3370, 2384), 150), ((14_400, 1000), 50)]
    )
    def test_resolution_follows_the_paper(self, tmp_path: Path, size: tuple[float, float], dpi: float) -> None:
        canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=size)
        canvas.line(10, 10, 500, 10)
        canvas.save()
        assert only_sheet(tmp_path / "page.pdf").info.px_per_mm == pytest.approx(dpi / 25.4, rel=0.01)


class TestPaths:
    def test_pen(self, canvas: Canvas, path: Path) -> None:
        canvas.setDash([6, 3])
        canvas.setStrokeColorRGB(1, 0, 0)
        canvas.setLineWidth(2)
        canvas.line(100, 100, 500, 100)
        canvas.save()
        sheet = only_sheet(path)
        (line,) = sheet.vectors.paths
        scale = 400 / 72
        assert line.dash_px == pytest.approx((6 * scale, 3 * scale), rel=1e-3)
        assert line.width_px == pytest.approx(2 * scale, rel=1e-3)
        assert line.color == (255, 0, 0)
        assert sheet.image.ndim == 3

    def test_fills(self, canvas: Canvas, path: Path) -> None:
        canvas.rect(100, 100, 50, 50, fill=1, stroke=0)
        canvas.setFillColorRGB(1, 1, 0.8)
        canvas.rect(200, 100, 50, 50, fill=1, stroke=1)
        canvas.save()
        solid, tinted = only_sheet(path).vectors.paths
        assert solid.filled
        assert not tinted.filled
        assert tinted.closed

    def test_hole_of_a_filled_ring_stays_paper(self, canvas: Canvas, path: Path) -> None:
        ring = canvas.beginPath()
        ring.rect(100, 100, 100, 100)
        ring.rect(120, 120, 60, 60)
        canvas.drawPath(ring, fill=1, stroke=0, fillMode=0)
        canvas.save()
        sheet = only_sheet(path)
        (path_,) = sheet.vectors.paths
        redrawn = draw_vectors(sheet.vectors, width=sheet.info.width, height=sheet.info.height)
        assert len(path_.points) > 8
        assert cv2.absdiff(redrawn, sheet.gray).mean() < 0.5

    def test_forms_are_placed(self, canvas: Canvas, path: Path) -> None:
        canvas.beginForm("valve")
        canvas.line(0, 0, 10, 10)
        canvas.endForm()
        for x in (100, 300):
            canvas.saveState()
            canvas.translate(x, 200)
            canvas.rotate(90)
            canvas.scale(2, 2)
            canvas.doForm("valve")
            canvas.restoreState()
        canvas.save()
        sheet = only_sheet(path)
        ends = [transform_points(sheet.info.to_source, p.points) for p in sheet.vectors.paths]
        assert np.allclose(ends[0], [[100, 641.89], [80, 621.89]], atol=0.01)
        assert np.allclose(ends[1], [[300, 641.89], [280, 621.89]], atol=0.01)

    def test_forms_are_blocks_and_what_holds_them_is_not(self, canvas: Canvas, path: Path) -> None:
        canvas.beginForm("valve")
        canvas.lines([(0, 0, 10, 5), (0, 5, 10, 0)])
        canvas.endForm()
        canvas.beginForm("sheet")
        canvas.line(50, 100, 550, 100)
        for x, turn in ((100, 0), (300, 90)):
            canvas.saveState()
            canvas.translate(x, 200)
            canvas.rotate(turn)
            canvas.scale(-2 if turn == 0 else 2, 2)
            canvas.doForm("valve")
            canvas.restoreState()
        canvas.endForm()
        canvas.doForm("sheet")
        canvas.save()
        vectors = only_sheet(path).vectors
        assert [p.block for p in vectors.paths] == [None, 0, 0, 1, 1]
        assert [(b.rotation, b.mirrored) for b in vectors.blocks] == [(0.0, True), (90.0, False)]
        for number, block in enumerate(vectors.blocks):
            points = np.concatenate([p.points for p in vectors.paths if p.block == number])
            assert block.box == pytest.approx((*points.min(0), *points.max(0)))

    def test_what_the_picture_hides_is_left_out(self, canvas: Canvas, path: Path) -> None:
        canvas.line(100, 100, 500, 100)
        canvas.line(550, 100, 570, 100)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(520, 50, 90, 90, fill=1, stroke=0)  # covers the second line
        canvas.save()
        assert len(only_sheet(path).vectors.paths) == 1

    def test_arc_and_curve(self, canvas: Canvas, path: Path) -> None:
        canvas.arc(100, 100, 200, 200, 0, 120)
        canvas.bezier(300, 100, 350, 300, 400, 0, 500, 100)
        canvas.save()
        arc, curve = only_sheet(path).vectors.paths
        assert (arc.shape, curve.shape) == ("arc", "polyline")
        assert len(curve.points) > 10


class TestWords:
    def test_words_of_a_string_share_a_run(self, canvas: Canvas, path: Path) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(100, 700, "MNb 47121 75HB13")
        canvas.drawString(400, 700, "P-101")
        canvas.save()
        texts = only_sheet(path).vectors.texts
        assert [t.text for t in texts] == ["MNb", "47121", "75HB13", "P-101"]
        runs = [t.run for t in texts]
        assert runs[0] == runs[1] == runs[2] != runs[3]
        assert len({(t.box[1], t.box[3]) for t in texts[:3]}) == 1
        assert texts[0].height_px == pytest.approx(7.2 * 400 / 72, rel=0.05)

    @pytest.mark.parametrize("angle", [0, 30, 90, 180, 270])
    def test_angle_and_box(self, canvas: Canvas, path: Path, angle: int) -> None:
        canvas.translate(300, 400)
        canvas.rotate(angle)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(0, 0, "FIC-2001")
        canvas.save()
        sheet = only_sheet(path)
        (word,) = sheet.vectors.texts
        assert word.text == "FIC-2001"
        assert word.angle == pytest.approx(angle, abs=0.1)
        rows, columns = np.nonzero(sheet.gray < 128)
        ink = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert word.box == pytest.approx(ink, abs=14 if angle == 30 else 3)

    def test_letters_drawn_one_by_one_are_one_word(self, canvas: Canvas, path: Path) -> None:
        canvas.setFont("Helvetica", 10)
        x = 100.0
        for letter in "PSV-4711":
            canvas.drawString(x, 700, letter)
            x += canvas.stringWidth(letter, "Helvetica", 10)
        canvas.save()
        assert words_of(only_sheet(path)) == ["PSV-4711"]

    def test_neighbouring_cells_stay_apart(self, canvas: Canvas, path: Path) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(100, 700, "CHECKED")
        canvas.drawString(100 + canvas.stringWidth("CHECKED", "Helvetica", 10) + 0.5, 700, "SMITH")
        canvas.save()
        texts = only_sheet(path).vectors.texts
        assert [t.text for t in texts] == ["CHECKED", "SMITH"]
        assert texts[0].run != texts[1].run

    def test_overprinted_bold_counts_once(self, canvas: Canvas, path: Path) -> None:
        for shift in (0, 0.3):
            canvas.drawString(100 + shift, 700, "TITLE")
        canvas.save()
        assert words_of(only_sheet(path)) == ["TITLE"]


class TestScans:
    def draw_scan(self, canvas: Canvas, box: tuple[float, float, float, float]) -> None:
        pixels = np.full((400, 600), 255, np.uint8)
        pixels[100:110, 50:550] = 0
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        stream.seek(0)
        canvas.drawImage(ImageReader(stream), *box)

    def test_a_scan_has_no_vectors(self, canvas: Canvas, path: Path) -> None:
        self.draw_scan(canvas, (0, 0, *PAGE))
        hidden = canvas.beginText(100, 700)
        hidden.setTextRenderMode(3)
        hidden.textOut("WRONG OCR")
        canvas.drawText(hidden)
        canvas.save()
        sheet = only_sheet(path)
        assert sheet.vectors is None
        assert sheet.gray.min() == 0

    def test_a_mixed_page_has_vectors_and_says_where_images_are(self, canvas: Canvas, path: Path) -> None:
        self.draw_scan(canvas, (300, 0, 300, 200))
        draw_sheet(canvas)
        canvas.save()
        sheet = only_sheet(path)
        assert len(sheet.vectors.paths) == 2
        (image,) = sheet.vectors.images
        assert transform_box(sheet.info.to_source, image) == pytest.approx((300, 641.89, 600, 841.89), abs=0.1)

    def test_an_empty_page_has_no_vectors(self, canvas: Canvas, path: Path) -> None:
        canvas.showPage()
        canvas.save()
        assert only_sheet(path).vectors is None


class TestPages:
    def test_pages_are_read_one_by_one(self, canvas: Canvas, path: Path) -> None:
        for number in range(3):
            canvas.drawString(100, 100, f"SHEET-{number + 1}")
            canvas.showPage()
        canvas.save()
        assert count_pages(path) == 3
        sheets = load_sheets(path)
        assert words_of(next(sheets)) == ["SHEET-1"]
        assert words_of(load_page(path, 3)) == ["SHEET-3"]
        assert [s.source.page for s in sheets] == [2, 3]

    def test_a_broken_page_leaves_its_siblings(self, canvas: Canvas, path: Path) -> None:
        for number in range(3):
            canvas.drawString(100, 100, f"SHEET-{number + 1}")
            canvas.showPage()
        canvas.save()
        data = path.read_bytes()
        pages = [i for i in range(len(data)) if data.startswith(b"/Type /Page\n", i)]
        assert len(pages) == 3
        path.write_bytes(data[: pages[1]] + b"/Type /Junk\n" + data[pages[1] + 12 :])
        failed: list[str] = []
        good = [words_of(s)[0] for s in load_sheets(path, on_error=lambda page, error: failed.append(str(error)))]
        assert good == ["SHEET-1", "SHEET-3"]
        assert failed == ["page.pdf, page 2 is damaged and cannot be read."]


class TestBadInput:
    def test_encrypted(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.pdf"
        canvas = Canvas(str(path), encrypt=StandardEncryption("open sesame"))
        canvas.drawString(100, 100, "x")
        canvas.save()
        with pytest.raises(InputError, match=r"secret\.pdf is encrypted"):
            only_sheet(path)

    def test_no_pages(self, tmp_path: Path) -> None:
        path = tmp_path / "none.pdf"
        objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
        data, offsets = b"%PDF-1.4\n", []
        for number, body in enumerate(objects, 1):
            offsets.append(len(data))
            data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"xref\n0 3\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % o for o in offsets)
        trailer = b"trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
        path.write_bytes(data + table + trailer)
        with pytest.raises(InputError, match=r"none\.pdf has no pages"):
            count_pages(path)

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
    def test_truncated(self, canvas: Canvas, path: Path, share: float) -> None:
        draw_sheet(canvas)
        canvas.save()
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match=r"page\.pdf is .*cut short"):
            only_sheet(path)
