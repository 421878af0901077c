"""The engine on small drawn sheets: upright, standing, in bubbles, on lines; live text; lettering without an engine."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.document.lettering import glyph_rows, ink_mask, lift_lines, measure_glyphs, tiles_with_ink
from pid.document.read import WordReader
from pid.drawing import SheetInfo, Source
from pid.sheet import Sheet, Vectors, VectorText

Gray = NDArray[np.uint8]


@pytest.fixture(scope="module")
def reader() -> WordReader:
    return WordReader(threads=1)


def paper(height: int = 400, width: int = 700) -> Gray:
    return np.full((height, width), 255, np.uint8)


def letter(image: Gray, text: str, at: tuple[int, int], *, size: float = 0.8) -> None:
    """Draw text with its lower left corner at `at`; a capital is about 22 px high at size 1."""
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, 0, 2, cv2.LINE_AA)


def sheet_of(image: Gray, texts: tuple[VectorText, ...] | None = None) -> Sheet:
    info = SheetInfo(width=image.shape[1], height=image.shape[0])
    vectors = None if texts is None else Vectors(texts=texts)
    return Sheet(image, Source(name="drawn.png", sha256="0" * 64), info, vectors)


def test_reads_upright_standing_and_on_lines(reader: WordReader) -> None:
    image = paper()
    letter(image, "23-V-90314", (60, 80))
    cv2.line(image, (40, 84), (660, 84), 0, 3)  # touches the feet of the letters
    standing = paper(200, 300)
    letter(standing, "0075-PL-450", (40, 100))
    image[120:400, 400:600] = np.rot90(standing)[20:, :]
    falling = paper(200, 300)
    letter(falling, "HV-92526", (40, 100))
    image[120:400, 60:260] = np.rot90(falling, -1)[:280, :]
    shares: list[float] = []
    words = reader.read_words(sheet_of(image), progress=shares.append)
    found = {w.text: w for w in words}
    assert set(found) == {"23-V-90314", "0075-PL-450", "HV-92526"}
    assert (found["23-V-90314"].angle, found["0075-PL-450"].angle, found["HV-92526"].angle) == (0, 90, 270)
    x0, y0, x1, y1 = found["23-V-90314"].box
    assert abs(x0 - 60) < 12
    assert 50 < y0 < 66
    assert 76 < y1 < 95
    assert x1 < 260
    assert all(0.5 < w.score <= 1 for w in words)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_reads_bubbles_and_keeps_the_note_beside_apart(reader: WordReader) -> None:
    image = paper(300, 600)
    cv2.circle(image, (150, 150), 62, 0, 3)
    cv2.line(image, (88, 150), (212, 150), 0, 3)
    letter(image, "PIC", (125, 138), size=0.75)
    letter(image, "92538", (108, 178), size=0.75)
    letter(image, "(NOTE 12)", (222, 178), size=0.75)
    words = reader.read_words(sheet_of(image), regions=[(87, 87, 213, 213)])
    assert sorted(w.text for w in words) == ["(NOTE", "12)", "92538", "PIC"]
    assert len({w.id for w in words}) == 4


def test_live_text_is_taken_and_the_rest_read(reader: WordReader) -> None:
    image = paper(200, 600)
    letter(image, "LIVE-1", (40, 80))
    letter(image, "DRAWN-2", (300, 80))
    words = reader.read_words(sheet_of(image, (VectorText("TRUE-1", (38, 55, 150, 88)),)))
    assert [(w.text, w.score) for w in words if w.box[0] < 200] == [("TRUE-1", 1.0)]
    assert [w.text for w in words if w.box[0] > 200] == ["DRAWN-2"]


def test_a_string_across_tiles_is_one_word(reader: WordReader) -> None:
    image = paper(120, 3400)
    letter(image, "0400-PV-23L91370-AD20-0", (1600, 70))
    assert [w.text for w in reader.read_words(sheet_of(image))] == ["0400-PV-23L91370-AD20-0"]


def test_an_empty_sheet_has_no_words() -> None:
    reader = WordReader()
    assert reader.read_words(sheet_of(paper())) == ()


def test_telemetry_never_loads() -> None:
    code = (
        "import sys; from pid.document.read import WordReader; assert 'rapidocr' not in sys.modules;"
        "from pid.engine import silence_telemetry as s; s(); import openvino;"
        "assert not any(m.startswith('openvino_telemetry') and sys.modules[m] for m in list(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_lifting_lines_keeps_letters() -> None:
    bare = paper()
    letter(bare, "HE-101", (60, 80))
    ruled = bare.copy()
    cv2.line(ruled, (10, 200), (690, 200), 0, 4)
    cv2.line(ruled, (400, 10), (400, 390), 0, 4)
    lifted = lift_lines(ruled)
    assert np.array_equal(lifted[:120, :390], bare[:120, :390])
    assert cv2.countNonZero(ink_mask(lifted)[120:]) < 40  # rounded ends


def test_glyphs_are_measured_and_rows_found() -> None:
    image = paper()
    letter(image, "80", (60, 80))
    letter(image, "PSV-1024", (60, 160))
    letter(image, "TT 4711", (60, 240))
    ink = ink_mask(image)
    glyph = measure_glyphs(ink)
    assert 15 <= glyph <= 22
    rows = glyph_rows(ink, glyph_px=glyph)
    assert len(rows) == 3
    seen = glyph_rows(ink, glyph_px=glyph, without=np.array([[50.0, 130.0, 300.0, 170.0]]))
    assert len(seen) == 2


def test_tiles_cover_the_ink_and_skip_blank_paper() -> None:
    ink = np.zeros((3000, 4000), np.uint8)
    assert tiles_with_ink(ink, size=1280, overlap=200) == []
    ink[:] = 1
    seen = np.zeros_like(ink)
    tiles = tiles_with_ink(ink, size=1280, overlap=200)
    for t in tiles:
        assert t.x1 - t.x0 <= 1280
        assert t.y1 - t.y0 <= 1280
        seen[t.y0 : t.y1, t.x0 : t.x1] = 1
    assert seen.all()
    ink[:, 1500:] = 0
    assert 0 < len(tiles_with_ink(ink, size=1280, overlap=200)) < len(tiles)
