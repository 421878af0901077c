"""Pages put right: what was turned, skewed or seen from aside comes back; what is straight is left alone."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.document.light import even_light
from pid.document.long_lines import follow_long_lines
from pid.document.ocr_upside import UpsideDownClassifier
from pid.document.rectify import rectify_sheet
from pid.document.rectify_plane import fit_plane
from pid.document.rectify_turn import find_turn
from pid.drawing import SheetInfo, Source
from pid.geometry import transform_points
from pid.sheet import Sheet
from pid.synth import scanner, warps
from pid.synth.generate import generate_sheet
from pid.synth.raster import render_raster

Image = NDArray[np.uint8]
SEED = 950_000_011


@pytest.fixture(scope="module")
def drawn() -> Image:
    """A generated sheet as grey values."""
    sheet = generate_sheet(SEED)
    image = render_raster(sheet.ink, sheet.style.px_per_mm)
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


@pytest.fixture(scope="module")
def upside_down() -> UpsideDownClassifier:
    return UpsideDownClassifier(threads=1)


def as_sheet(image: Image) -> Sheet:
    return Sheet(image, Source(name="page", sha256=""), SheetInfo(width=image.shape[1], height=image.shape[0]))


def never(crops: Sequence[Image]) -> NDArray[np.float64]:
    return np.zeros(len(crops))


def grid(image: Image) -> NDArray[np.float64]:
    """Points (5, 7, 2) spread over the page."""
    height, width = image.shape
    x, y = np.meshgrid(np.linspace(0.1, 0.9, 7) * width, np.linspace(0.1, 0.9, 5) * height)
    return np.stack([x, y], axis=2)


def test_clean_sheet_passes_as_it_is(drawn: Image, upside_down: UpsideDownClassifier) -> None:
    sheet = as_sheet(drawn)
    rectified = rectify_sheet(sheet, upside_down=upside_down)
    assert rectified.page is sheet
    assert rectified.reading is sheet
    assert rectified.findings == ()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turned_page_comes_back_exactly(drawn: Image, upside_down: UpsideDownClassifier, quarters: int) -> None:
    lying = np.ascontiguousarray(np.rot90(drawn, quarters))
    rectified = rectify_sheet(as_sheet(lying), upside_down=upside_down)
    assert np.array_equal(rectified.page.image, drawn)
    assert [f.code for f in rectified.findings] == ["page-turned"]
    # The pixel that `to_source` names shows the same ink on the page as uploaded.
    y, x = (int(v) for v in np.argwhere(drawn < 60)[1234])
    (there,) = transform_points(rectified.page.info.to_source, [[x + 0.5, y + 0.5]])
    assert lying[int(there[1]), int(there[0])] == drawn[y, x]


@pytest.mark.parametrize("degrees", [-4.0, -0.6, 0.1, 2.5])
def test_skew_is_measured_and_undone(drawn: Image, degrees: float) -> None:
    height, width = drawn.shape
    matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0, 0, 1]])
    skewed = np.asarray(
        cv2.warpAffine(drawn, matrix[:2], (width, height), flags=cv2.INTER_CUBIC, borderValue=(255,)), np.uint8
    )
    rectified = rectify_sheet(as_sheet(skewed), upside_down=never)
    assert [f.code for f in rectified.findings] == ["page-skewed"]
    back = np.asarray(rectified.page.info.to_source)
    assert np.degrees(np.arctan2(-back[1, 0], back[0, 0])) == pytest.approx(degrees, abs=0.02)
    again = fit_plane(follow_long_lines(rectified.page.gray))
    assert again is None


@pytest.mark.parametrize("seed", range(3))
def test_page_seen_from_aside_is_pulled_straight(drawn: Image, seed: int) -> None:
    tilted, move = warps.perspective(drawn, np.random.default_rng(seed), 2.0)
    points = grid(drawn)
    moved = move(points.reshape(-1, 2))
    rectified = rectify_sheet(as_sheet(tilted), upside_down=never, steps=["plane"])
    assert [f.code for f in rectified.findings] == ["page-tilted"]
    flat = transform_points(np.linalg.inv(np.asarray(rectified.page.info.to_source)), moved).reshape(5, 7, 2)
    assert (
        np.ptp(moved.reshape(5, 7, 2)[..., 1], axis=1).max() + np.ptp(moved.reshape(5, 7, 2)[..., 0], axis=0).max() > 15
    )
    assert np.ptp(flat[..., 1], axis=1).max() < 1.5
    assert np.ptp(flat[..., 0], axis=0).max() < 1.5


def test_few_lines_settle_nothing() -> None:
    blank = np.full((900, 1300), 255, np.uint8)
    assert fit_plane(follow_long_lines(blank)) is None
    assert find_turn(blank, never) == 0
    cv2.line(blank, (100, 200), (300, 215), (0,), 2)
    sheet = as_sheet(blank)
    assert rectify_sheet(sheet, upside_down=never).page is sheet
    tiny = np.full((3, 2), 255, np.uint8)
    assert rectify_sheet(as_sheet(tiny), upside_down=never).page.image is tiny


def test_slanted_lines_do_not_turn_a_straight_sheet(drawn: Image) -> None:
    crossed = drawn.copy()
    height, width = drawn.shape
    for k in range(6):
        start = (int(0.2 * width), int((0.2 + 0.1 * k) * height))
        cv2.line(crossed, start, (int(0.7 * width), start[1] + int(0.02 * width)), (0,), 2, cv2.LINE_AA)
    assert fit_plane(follow_long_lines(crossed)) is None


def test_shadow_is_lifted_and_ink_kept(drawn: Image) -> None:
    shaded = scanner.uneven_light(drawn, np.random.default_rng(3), 2.5)
    even, done = even_light(shaded)
    assert done
    assert (shaded[drawn == 255] < 200).mean() > 0.05
    assert (even[drawn == 255] > 235).mean() > 0.99
    assert (even < 160).sum() == pytest.approx((drawn < 160).sum(), rel=0.05)


def test_pale_ink_is_darkened(drawn: Image) -> None:
    pale = np.asarray(255 - (255 - drawn.astype(int)) * 0.35, np.uint8)
    even, done = even_light(pale)
    assert "ink" in done
    assert (even < 100).sum() == pytest.approx((drawn < 100).sum(), rel=0.1)
    assert np.array_equal(even_light(drawn)[0], drawn)


@pytest.mark.parametrize(("step", "strength"), [("bend", 1.0), ("crumple", 1.5)])
def test_bent_page_is_flattened(drawn: Image, step: str, strength: float) -> None:
    bent, _move = getattr(warps, step)(drawn, np.random.default_rng(2), strength)
    rectified = rectify_sheet(as_sheet(bent), upside_down=never, steps=["plane", "mesh"])
    assert [f.code for f in rectified.findings][-1] == "page-bent"
    assert rectified.mesh is not None
    assert rectified.reading.image.shape == rectified.page.image.shape
    before, after = (_line_error(image) for image in (rectified.page.gray, rectified.reading.gray))
    assert after < 0.5 * before
    # The mesh leads from the ink of the reading to the same ink on the page.
    y, x = np.argwhere(rectified.reading.gray < 40)[::4001].T
    there = rectified.mesh(np.stack([x + 0.5, y + 0.5], axis=1)).astype(int)
    assert np.mean(rectified.page.gray[there[:, 1], there[:, 0]] < 150) > 0.95


def _line_error(image: Image) -> float:
    """Mean distance of samples of long lines from their line's middle, in px."""
    lines = follow_long_lines(image)
    across = np.where(lines.is_upright, lines.points[:, 0], lines.points[:, 1])
    middle = (np.bincount(lines.line, across) / np.bincount(lines.line))[lines.line]
    return float(np.minimum(np.abs(across - middle), 20).mean())
