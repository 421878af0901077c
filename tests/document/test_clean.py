"""Marks on top of a drawing: lifted off and kept, what is printed under them staying; the drawing's colours stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.document.clean import clean_sheet
from pid.document.read import WordReader
from pid.drawing import SheetInfo, Source
from pid.sheet import Sheet
from pid.synth.damage import STEPS
from pid.synth.generate import generate_sheet
from pid.synth.raster import render_raster

Image = NDArray[np.uint8]
SEED = 950_000_005


@pytest.fixture(scope="module")
def drawn() -> Image:
    """A generated sheet without colour, (H, W)."""
    sheet = generate_sheet(SEED)
    image = render_raster(sheet.ink, sheet.style.px_per_mm)
    assert image.ndim == 2
    return image


def as_gray(image: Image) -> Image:
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def wrong(image: Image, truth: Image) -> int:
    """Pixels that are ink in one and paper in the other, by a wide margin."""
    return int((np.abs(image.astype(int) - truth) > 60).sum())


@pytest.mark.parametrize(
    ("step", "kinds"),
    [
        ("stamp", {"stamp", "markup"}), ("seal", {"stamp", "markup"}), ("signature", {"markup"}),
        ("scribbles", {"markup"}), ("highlighter", {"highlighter"}),
    ],
)  # fmt: skip
def test_coloured_marks_go_and_ink_stays(drawn: Image, step: str, kinds: set[str]) -> None:
    marked, _ = STEPS[step](drawn, np.random.default_rng(1), 1.0)
    cleaned = clean_sheet(marked, as_gray(marked))
    assert {mark.kind for mark in cleaned.marks} <= kinds
    assert cleaned.marks
    assert wrong(cleaned.gray, drawn) < 0.35 * wrong(as_gray(marked), drawn)
    colored = np.ptp(marked.astype(int), axis=2) > 90
    for mark in cleaned.marks:
        x0, y0, x1, y1 = (round(v) for v in mark.box)
        assert mark.crop.shape == (y1 - y0, x1 - x0, 3)
        colored[y0:y1, x0:x1] = False
    assert colored.mean() < 2e-5  # every mark is kept somewhere


def test_watermark_goes_and_ink_stays(drawn: Image) -> None:
    marked, _ = STEPS["watermark"](drawn, np.random.default_rng(1), 1.0)
    cleaned = clean_sheet(marked, marked)
    assert [mark.kind for mark in cleaned.marks] == ["watermark"]
    assert (cleaned.gray[drawn == 255] < 240).mean() < 0.02 * (marked[drawn == 255] < 240).mean()
    assert (cleaned.gray < 128).sum() == pytest.approx((drawn < 128).sum(), rel=0.03)


def test_shadow_and_old_paper_are_no_marks(drawn: Image) -> None:
    for step in ("uneven_light", "yellowed_paper", "gray_paper"):
        worn, _ = STEPS[step](drawn, np.random.default_rng(2), 1.5)
        assert clean_sheet(worn, as_gray(worn)).marks == ()


def test_a_drawing_in_colours_stays_as_it_is(drawn: Image) -> None:
    colored = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_GRAY2RGB), np.uint8)
    half = drawn.shape[1] // 2
    for columns, ink in ((slice(0, half), (200, 30, 30)), (slice(half, None), (20, 60, 200))):
        part = colored[:, columns].astype(int)
        colored[:, columns] = 255 - (255 - part) * (255 - np.array(ink)) // 255
    gray = as_gray(colored)
    cleaned = clean_sheet(colored, gray)
    assert cleaned.gray is gray
    assert cleaned.marks == ()


def test_word_under_a_stamp_is_read() -> None:
    page = np.full((1600, 2400), 255, np.uint8)
    cv2.putText(page, "HV-40217", (1040, 800), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0,), 2, cv2.LINE_AA)
    layer = np.full((1600, 2400, 3), 255, np.uint8)
    cv2.rectangle(layer, (1000, 740), (1420, 840), (205, 40, 50), 5)
    for row in (770, 800, 825):
        cv2.putText(layer, "APPROVED VOID", (1010, row), cv2.FONT_HERSHEY_DUPLEX, 1.4, (205, 40, 50), 4, cv2.LINE_AA)
    askew = cv2.getRotationMatrix2D((1200, 800), 4.0, 1.0)
    layer = np.asarray(cv2.warpAffine(layer, askew, (2400, 1600), borderValue=(255, 255, 255)), np.uint8)
    stamped = np.asarray(cv2.multiply(cv2.cvtColor(page, cv2.COLOR_GRAY2RGB), layer, scale=1 / 255), np.uint8)
    reader = WordReader(threads=1)
    source, info = Source(name="page", sha256=""), SheetInfo(width=2400, height=1600)
    cleaned = clean_sheet(stamped, as_gray(stamped))
    before = {w.text for w in reader.read_words(Sheet(as_gray(stamped), source, info))}
    after = {w.text for w in reader.read_words(Sheet(cleaned.gray, source, info))}
    assert "HV-40217" not in before
    assert after == {"HV-40217"}
