"""Files, folders and raster pages."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pid.document.load import count_pages, find_drawings, load_page, load_sheets
from pid.document.load_raster import MAX_SHEET_PX
from pid.errors import InputError
from pid.geometry import transform_points


def draw_corner(width: int = 60, height: int = 40) -> Image.Image:
    """White paper with a black patch near the top left: x 5..15, y 3..9."""
    pixels = np.full((height, width), 255, np.uint8)
    pixels[3:9, 5:15] = 0
    return Image.fromarray(pixels)


def write_png_header(path: Path, width: int, height: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))


def only_sheet(path: Path):
    (sheet,) = load_sheets(path)
    return sheet


class TestFindDrawings:
    def test_folder_gives_its_drawings_in_order(self, tmp_path: Path) -> None:
        for name in ("b.PNG", "a.pdf", "notes.txt", ".hidden.png", "c.dxf"):
            (tmp_path / name).write_bytes(b"x")
        (tmp_path / "deeper").mkdir()
        (tmp_path / "deeper" / "d.png").write_bytes(b"x")
        found = find_drawings([tmp_path, tmp_path / "a.pdf"])
        assert [p.name for p in found] == ["a.pdf", "b.PNG", "c.dxf"]

    def test_folder_without_drawings(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("x")
        with pytest.raises(InputError, match=r"holds no drawings \(looked for \.png, \.jpg, "):
            find_drawings([tmp_path])

    @pytest.mark.parametrize("name", ["notes.txt", "plan.dwg"])
    def test_file_of_another_kind(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(InputError, match=name):
            find_drawings([tmp_path / name])

    def test_missing_path(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"gone\.png does not exist"):
            find_drawings([tmp_path / "gone.png"])


class TestColorModels:
    @pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp", "webp"])
    def test_gray_page_of_each_format(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"page.{suffix}"
        draw_corner().save(path, **({"lossless": True} if suffix == "webp" else {}))
        sheet = only_sheet(path)
        assert sheet.image.shape == (40, 60)
        assert sheet.image.dtype == np.uint8
        assert sheet.image[6, 10] < 30
        assert sheet.image[30, 40] > 225
        assert sheet.source.kind == "raster"
        assert sheet.source.name == path.name
        assert sheet.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert sheet.vectors is None
        assert (sheet.info.width, sheet.info.height) == (60, 40)

    def test_color_stays_color_and_empty_color_becomes_gray(self, tmp_path: Path) -> None:
        page = draw_corner().convert("RGB")
        page.save(tmp_path / "gray.png")
        page.putpixel((50, 30), (200, 0, 0))
        page.save(tmp_path / "color.png")
        assert only_sheet(tmp_path / "gray.png").image.ndim == 2
        assert only_sheet(tmp_path / "color.png").image[30, 50].tolist() == [200, 0, 0]

    def test_one_bit_fax(self, tmp_path: Path) -> None:
        path = tmp_path / "fax.tif"
        draw_corner().convert("1").save(path, compression="group4")
        assert set(np.unique(only_sheet(path).image)) == {0, 255}
        assert only_sheet(path).image[6, 10] == 0

    def test_cmyk(self, tmp_path: Path) -> None:
        path = tmp_path / "print.tif"
        draw_corner().convert("CMYK").save(path)
        image = only_sheet(path).image
        assert image[6, 10] < 30
        assert image[30, 40] > 225

    @pytest.mark.parametrize("white", [4095, 65535])
    def test_sixteen_bits(self, tmp_path: Path, white: int) -> None:
        pixels = np.where(np.asarray(draw_corner()) > 0, white, 0).astype(np.uint16)
        pixels[20, 20] = white // 2
        path = tmp_path / "deep.png"
        Image.fromarray(pixels).save(path)
        image = only_sheet(path).image
        assert image[30, 40] == 255
        assert image[6, 10] == 0
        assert image[20, 20] in {127, 128}

    def test_transparent_parts_are_paper(self, tmp_path: Path) -> None:
        clear = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
        clear.paste((0, 0, 0, 255), (5, 3, 15, 9))
        clear.save(tmp_path / "clear.png")
        Image.merge("LA", (clear.getchannel(0), clear.getchannel(3))).save(tmp_path / "gray.png")
        for name in ("clear.png", "gray.png"):
            image = only_sheet(tmp_path / name).image
            assert image[6, 10] == 0
            assert image[30, 40] == 255

    def test_palette_with_a_transparent_entry(self, tmp_path: Path) -> None:
        page = Image.new("P", (60, 40), 1)
        page.putpalette([200, 0, 0, 0, 0, 0])
        page.paste(0, (5, 3, 15, 9))
        page.save(tmp_path / "palette.png", transparency=1)
        image = only_sheet(tmp_path / "palette.png").image
        assert image[6, 10].tolist() == [200, 0, 0]
        assert image[30, 40].tolist() == [255, 255, 255]


class TestFrame:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize(("suffix", "compression"), [("jpg", None), ("tif", None), ("tif", "tiff_lzw")])
    def test_orientation_is_applied_and_undone_by_to_source(
        self, tmp_path: Path, orientation: int, suffix: str, compression: str | None
    ) -> None:
        path = tmp_path / f"turned.{suffix}"
        exif = Image.Exif()
        exif[0x0112] = orientation
        draw_corner().save(path, exif=exif, **({"compression": compression} if compression else {}))
        sheet = only_sheet(path)
        turned = orientation >= 5
        assert sheet.image.shape == ((60, 40) if turned else (40, 60))
        rows, columns = np.nonzero(sheet.image < 128)
        patch = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        back = transform_points(sheet.info.to_source, [patch[:2], patch[2:]])
        assert np.allclose(np.sort(back, axis=0), [[5, 3], [15, 9]], atol=1)
        upright = {1: (5, 3), 2: (45, 3), 3: (45, 31), 4: (5, 31), 5: (3, 5), 6: (31, 5), 7: (31, 45), 8: (3, 45)}
        assert np.allclose(patch[:2], upright[orientation], atol=1)

    def test_large_pages_are_scaled_down(self, tmp_path: Path) -> None:
        page = Image.new("L", (2 * MAX_SHEET_PX, 300), 255)
        page.paste(0, (10_000, 100, 10_400, 200))
        page.save(tmp_path / "long.png", dpi=(400, 400))
        sheet = only_sheet(tmp_path / "long.png")
        assert sheet.image.shape == (150, MAX_SHEET_PX)
        assert np.allclose(transform_points(sheet.info.to_source, [[5000, 50]]), [[10_000, 100]])
        assert sheet.image[75, 5100] == 0
        assert sheet.info.px_per_mm == pytest.approx(200 / 25.4, rel=1e-3)

    @pytest.mark.parametrize(("dpi", "expected"), [(300, 300 / 25.4), (72, None), (96, None), (5000, None)])
    def test_resolution_counts_where_plausible(self, tmp_path: Path, dpi: int, expected: float | None) -> None:
        Image.new("L", (3508, 100), 255).save(tmp_path / "page.tif", dpi=(dpi, dpi))
        assert only_sheet(tmp_path / "page.tif").info.px_per_mm == (
            None if expected is None else pytest.approx(expected, rel=1e-3)
        )


class TestPages:
    @pytest.fixture
    def three_pages(self, tmp_path: Path) -> Path:
        path = tmp_path / "set.tif"
        pages = [Image.new("L", (30 + i, 20), 255 - i) for i in range(3)]
        pages[0].save(path, save_all=True, append_images=pages[1:])
        return path

    def test_all_pages_in_order(self, three_pages: Path) -> None:
        assert count_pages(three_pages) == 3
        assert [(s.source.page, s.info.width) for s in load_sheets(three_pages)] == [(1, 30), (2, 31), (3, 32)]

    def test_chosen_pages(self, three_pages: Path) -> None:
        assert [s.source.page for s in load_sheets(three_pages, pages=[3, 1])] == [3, 1]
        assert load_page(three_pages, 2).info.width == 31

    @pytest.mark.parametrize("page", [0, 4, -1])
    def test_page_that_is_not_there(self, three_pages: Path, page: int) -> None:
        with pytest.raises(InputError, match=f"set.tif has 3 pages; there is no page {page}"):
            load_page(three_pages, page)

    def test_thumbnails_are_no_pages(self, tmp_path: Path) -> None:
        from PIL.TiffImagePlugin import ImageFileDirectory_v2

        reduced = ImageFileDirectory_v2()
        reduced[254] = 1
        page, thumbnail = draw_corner(), Image.new("L", (6, 4), 255)
        thumbnail.encoderinfo = {"tiffinfo": reduced}
        page.save(tmp_path / "page.tif", save_all=True, append_images=[thumbnail])
        assert count_pages(tmp_path / "page.tif") == 1

    def test_a_broken_page_leaves_its_siblings(self, tmp_path: Path) -> None:
        path = tmp_path / "set.tif"
        rng = np.random.default_rng(1)
        pages = [Image.fromarray(rng.integers(0, 255, (200, 200), np.uint8)) for _ in range(3)]
        pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_lzw")
        with Image.open(path) as image:
            image.seek(1)
            offset = image.tag_v2[273][0]
        data = bytearray(path.read_bytes())
        data[offset : offset + 4000] = bytes(4000)
        path.write_bytes(data)
        failed: list[int] = []
        pages_read = [s.source.page for s in load_sheets(path, on_error=lambda page, error: failed.append(page))]
        assert pages_read == [1, 3]
        assert failed == [2]
        with pytest.raises(InputError, match=r"set\.tif, page 2"):
            load_page(path, 2)
        assert load_page(path, 3).info.width == 200


class TestBadInput:
    def test_huge_picture_is_refused_by_its_header(self, tmp_path: Path) -> None:
        write_png_header(tmp_path / "bomb.png", 60_000, 60_000)
        with pytest.raises(InputError, match=r"bomb\.png is too large: 60000 x 60000"):
            only_sheet(tmp_path / "bomb.png")

    def test_endless_strip_is_refused(self, tmp_path: Path) -> None:
        write_png_header(tmp_path / "strip.png", 100_000, 10)
        with pytest.raises(InputError, match=r"strip\.png is too large"):
            only_sheet(tmp_path / "strip.png")

    def test_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "none.png").touch()
        with pytest.raises(InputError, match=r"none\.png is empty"):
            only_sheet(tmp_path / "none.png")

    @pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
    def test_truncated_picture(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"half.{suffix}"
        noise = np.random.default_rng(1).integers(0, 255, (100, 100), np.uint8)
        Image.fromarray(noise).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(InputError, match=rf"half\.{suffix}.* cut short"):
            only_sheet(path)

    @pytest.mark.parametrize("name", ["letter.png", "letter.pdf", "letter.dxf", "letter.tif"])
    def test_text_under_a_false_name(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("Dear Sir or Madam,\n" * 20)
        with pytest.raises(InputError, match=f"{name} is not a"):
            only_sheet(tmp_path / name)

    def test_folder_in_place_of_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="is a folder"):
            only_sheet(tmp_path)


def test_a0_at_400_dpi_needs_less_than_4_gb(tmp_path: Path) -> None:
    """18724 x 13244 in two inks, as a plotter archive stores them."""
    path = tmp_path / "a0.tif"
    Image.new("1", (18_724, 13_244), 1).save(path, compression="group4", dpi=(400, 400))
    code = (
        "import resource, sys; from pathlib import Path; from pid.document.load import load_page\n"
        "info = load_page(Path(sys.argv[1]), 1).info\n"
        "print(info.width, info.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    width, height, peak_mb = (int(v) for v in done.stdout.split())
    assert (width, height) == (MAX_SHEET_PX, 7073)
    assert peak_mb < 4000
