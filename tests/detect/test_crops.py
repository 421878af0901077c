"""Cut-outs hold the symbol, and poses turn with the picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.detect.crops import CROP_PX, NOTHING, cut_crop, cut_crops, flipped_pose, pose_of, turned_pose
from pid.detect.dataset import SheetFolder
from pid.drawing import Symbol
from pid.synth.ink import Ink, Stroke
from pid.synth.place import Piece
from pid.synth.raster import render_raster


def drawn(rotation: int, mirrored: bool) -> np.ndarray:
    """A symbol without any symmetry, drawn by the generator's own rules."""
    kind = load_catalog()["y_strainer"]
    piece = Piece(kind, kind.variants[0], 10.0, 10.0, (1.0, 1.0), rotation, mirrored, 0.35)
    marks = tuple(Stroke(piece.to_sheet(s.points), 0.35, s.closed, s.fill) for s in piece.variant.shapes)
    return render_raster(Ink(20.0, 20.0, marks), 8.0)


@pytest.mark.parametrize("pose", range(8))
def test_poses_follow_the_picture(pose: int) -> None:
    picture = drawn(90 * (pose % 4), pose >= 4)
    for turned, after in ((np.rot90(picture), turned_pose(pose)), (picture[:, ::-1], flipped_pose(pose))):
        wanted = drawn(90 * (after % 4), after >= 4)
        assert np.abs(turned.astype(int) - wanted).mean() < 1.0
        others = [np.abs(turned.astype(int) - drawn(90 * (p % 4), p >= 4)).mean() for p in range(8) if p != after]
        assert min(others) > 2.0


def test_pose_of_a_symbol() -> None:
    assert pose_of(Symbol(id="a", box=(0, 0, 1, 1), rotation=270)) == 3
    assert pose_of(Symbol(id="a", box=(0, 0, 1, 1), rotation=89, mirrored=True)) == 5
    assert pose_of(Symbol(id="a", box=(0, 0, 1, 1), rotation=359)) == 0


@pytest.mark.parametrize("box", [(40, 30, 90, 55), (0, 0, 200, 200), (-20, -20, 10, 10), (195, 195, 260, 230)])
def test_crops_are_square_centred_and_padded(box: tuple[float, float, float, float]) -> None:
    sheet = np.full((200, 200), 255, np.uint8)
    x0, y0, x1, y1 = (round(v) for v in box)
    cv2.rectangle(sheet, (x0, y0), (x1 - 1, y1 - 1), 0, -1)
    crop = cut_crop(sheet, box)
    assert crop.shape == (CROP_PX, CROP_PX)
    ys, xs = np.nonzero(crop < 128)
    if min(box) >= 0 and max(box) <= 200:
        assert abs(xs.mean() - CROP_PX / 2) < 2
        assert abs(ys.mean() - CROP_PX / 2) < 2
        assert np.ptp(xs) + 1 == pytest.approx(CROP_PX * (x1 - x0) / max(x1 - x0, y1 - y0) / 1.36, abs=3)


def test_a_box_off_the_sheet_gives_paper() -> None:
    assert (cut_crop(np.zeros((50, 50), np.uint8), (100, 100, 120, 120)) == 255).all()


def test_batches_hold_kinds_and_nothing(sheet_folder: Path) -> None:
    labels = [*load_catalog(), NOTHING]
    batches = cut_crops(SheetFolder(sheet_folder), labels, np.random.default_rng(0), batch=96, jitter=0.05)
    batch = next(batches)
    assert batch.images.shape == (96, CROP_PX, CROP_PX)
    assert ((batch.poses >= 0) == (batch.kinds != labels.index(NOTHING))).all()
    assert 0 < (batch.poses < 0).sum() < 40
    assert len(set(batch.kinds.tolist())) > 20
