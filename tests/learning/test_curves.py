"""The course of a training is kept and drawn."""

from pathlib import Path

import cv2
import pytest

from pid.learning.curves import Curves, draw_curves, read_curves


def told(folder: Path, steps: range, *, begin: int) -> Curves:
    curves = Curves(folder, ("box", "cls"), ("map50",))
    curves.begin(begin)
    for step in steps:
        curves.add(step=step, seconds=step * 1.5, tiles=4 * step, loss=9.0 / step, box=3.0, cls=2.0, rate=0.001)
    curves.add(step=steps[-1], seconds=1.0, tiles=4, map50=0.25)
    return curves


def test_rows_after_the_checkpoint_are_told_again(tmp_path: Path) -> None:
    told(tmp_path, range(1, 8), begin=0)
    curves = told(tmp_path, range(6, 10), begin=5)
    rows = read_curves(curves.path)
    assert [int(r["step"]) for r in rows] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert rows[-1]["map50"] == "0.25"
    assert rows[-1]["loss"] == ""
    assert list(rows[0]) == ["step", "seconds", "tiles", "loss", "box", "cls", "rate", "map50"]
    told(tmp_path, range(1, 3), begin=0)
    assert len(read_curves(curves.path)) == 3


def test_a_row_cut_short_is_left_out(tmp_path: Path) -> None:
    curves = told(tmp_path, range(1, 4), begin=0)
    with curves.path.open("a") as file:
        file.write("4,6.0,1")
    assert len(read_curves(curves.path)) == 4


def test_they_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra 'train'")
    curves = Curves(tmp_path, ("box",))
    curves.begin(0)
    assert draw_curves(curves.path) is None
    path = draw_curves(told(tmp_path, range(1, 30), begin=0).path)
    assert path == tmp_path / "curves.png"
    picture = cv2.imread(str(path))
    assert picture.shape[1] > 600
    assert (picture.max(axis=2).astype(int) - picture.min(axis=2) > 60).sum() > 500  # coloured curves
