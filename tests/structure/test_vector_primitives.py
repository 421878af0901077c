from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from pid.document.load import load_page
from pid.sheet import VectorPath, Vectors
from pid.structure.primitives import ARC, BLOB, CIRCLE, STROKE, Primitives
from pid.structure.trace_primitives import trace_primitives
from pid.structure.vector_primitives import vector_primitives
from pid.synth.dxf import write_dxf
from pid.synth.generate import generate_sheet
from pid.synth.ink import Ink, Stroke
from pid.synth.pdf import write_pdf


def path(points: ArrayLike, **options: object) -> VectorPath:
    return VectorPath(np.asarray(points, float), width_px=3.0, **options)  # type: ignore[arg-type]


def primitives_of(*paths: VectorPath) -> Primitives:
    return vector_primitives(Vectors(paths), (400, 300))


def circle(x: float, y: float, r: float, *, share: float = 1.0) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi * share, 49)
    return np.column_stack([x + r * np.cos(t), y + r * np.sin(t)])


def degrees_of(parts: Primitives) -> NDArray[np.int64]:
    return np.bincount(parts.nodes[parts.nodes >= 0], minlength=len(parts.node_xy))


def node_at(parts: Primitives, at: ArrayLike) -> int:
    used = np.flatnonzero(degrees_of(parts))
    away = np.hypot(*(parts.node_xy[used] - np.asarray(at)).T)
    assert away.min() < 0.6
    return int(used[away.argmin()])


def test_a_crossing_is_one_node_of_four_arms() -> None:
    parts = primitives_of(path([(50, 100), (250, 100)]), path([(120, 40), (120, 200)]))
    assert len(parts) == 4
    assert degrees_of(parts)[node_at(parts, (120, 100))] == 4
    assert parts.width.tolist() == [3.0] * 4


def test_an_end_on_a_stroke_splits_it() -> None:
    for miss in (0.0, 1.2, -1.2):
        parts = primitives_of(path([(50, 100), (250, 100)]), path([(120, 100 + miss), (120, 200)]))
        assert len(parts) == 3
        assert degrees_of(parts).max() == 3
    assert len(primitives_of(path([(50, 100), (250, 100)]), path([(120, 106), (120, 200)]))) == 2


def test_a_bow_tie_in_one_path_has_a_centre_of_four_arms() -> None:
    tie = [(100, 100), (140, 130), (140, 100), (100, 130)]
    parts = primitives_of(path(tie, closed=True), path([(40, 115), (100, 115)]), path([(140, 115), (200, 115)]))
    assert len(parts) == 10
    assert (parts.shape == STROKE).all()
    assert degrees_of(parts)[node_at(parts, (120, 115))] == 4
    for corner in tie:
        assert degrees_of(parts)[node_at(parts, corner)] == 2


def test_strokes_that_go_on_straight_are_one_and_doubles_go() -> None:
    parts = primitives_of(
        path([(10, 50), (60, 50)]), path([(60, 50), (120, 50.2)]), path([(120, 50.2), (200, 50)]),
        path([(10, 50), (60, 50)]), path([(60, 50), (10, 50)]),
    )  # fmt: skip
    assert len(parts) == 1
    assert parts.boxes[0] == pytest.approx((10, 50, 200, 50), abs=0.3)


def test_a_circle_cut_by_a_pipe_is_whole_and_cuts_the_pipe() -> None:
    for parts in (
        primitives_of(path(circle(150, 150, 40), closed=True, shape="circle"), path([(50, 150), (250, 150)])),
        primitives_of(
            path(circle(150, 150, 40, share=0.5), shape="arc"),
            path(circle(150, 150, -40, share=0.5), shape="arc"),
            path([(50, 150), (250, 150)]),
        ),
    ):
        assert np.bincount(parts.shape, minlength=4).tolist() == [3, 0, 1, 0]
        assert parts.boxes[parts.shape == CIRCLE][0] == pytest.approx((110, 110, 190, 190), abs=1.0)
        assert node_at(parts, (110, 150)) >= 0


def test_an_arc_is_an_arc_and_a_smooth_polyline_too() -> None:
    for shape in ("arc", "polyline"):
        parts = primitives_of(path(circle(150, 150, 40, share=0.4), shape=shape))
        assert parts.shape.tolist() == [ARC]


def test_a_filled_triangle_is_outline_and_blob_and_a_thin_box_a_stroke() -> None:
    parts = primitives_of(
        path([(100, 100), (160, 130), (100, 160)], closed=True, filled=True),
        path([(20, 20), (220, 20), (220, 24), (20, 24)], closed=True, filled=True),
    )
    assert np.bincount(parts.shape, minlength=4).tolist() == [4, 0, 0, 1]
    assert parts.filled.tolist() == [True, True, True, False, True]
    bar = parts.only(~parts.filled)
    assert bar.length[0] == pytest.approx(200, abs=0.5)
    assert bar.width[0] == pytest.approx(4, abs=0.1)
    assert parts.width[parts.shape == BLOB][0] == pytest.approx(37.1, rel=0.1)


def test_dashes_of_a_pattern_and_drawn_ones_are_numbered() -> None:
    drawn = [path([(20 + 14 * k, 200), (28 + 14 * k, 200)]) for k in range(8)]
    parts = primitives_of(path([(20, 100), (220, 100)], dash_px=(12.0, 6.0)), *drawn)
    assert (parts.dash >= 0).all()
    upper = parts.marks[:, 2, 1] < 150
    assert len(np.unique(parts.dash[upper])) == len(np.unique(parts.dash[~upper])) == 1
    assert set(parts.dash[upper]).isdisjoint(parts.dash[~upper])
    assert np.count_nonzero(upper) == 12


def test_paper_coloured_and_empty_pages_have_nothing() -> None:
    white = path([(0, 0), (100, 0), (100, 100)], closed=True, filled=True, color=(255, 255, 255))
    for parts in (primitives_of(), primitives_of(white), primitives_of(path([(5, 5), (5, 5)]))):
        assert len(parts) == 0
        assert parts.size == (400, 300)


@pytest.mark.parametrize("ending", ["dxf", "pdf"])
def test_vectors_give_what_their_picture_gives(ending: str, tmp_path: Path) -> None:
    sheet = generate_sheet(900_000_001, size="A3")
    ink = Ink(sheet.ink.width_mm, sheet.ink.height_mm, tuple(m for m in sheet.ink.marks if isinstance(m, Stroke)))
    file = tmp_path / f"sheet.{ending}"
    (write_dxf if ending == "dxf" else write_pdf)(ink, file)
    page = load_page(file, 1)
    assert page.vectors is not None
    native = vector_primitives(page.vectors, (page.info.width, page.info.height))
    traced = trace_primitives(page.gray)
    a, b = (parts.only(parts.shape != BLOB).samples(3.0) for parts in (native, traced))
    for (points, ways, _), (others, other_ways, _) in ((a, b), (b, a)):
        away, near = cKDTree(others).query(points)
        same = (away < 3.0) & (np.abs((ways * other_ways[near]).sum(axis=1)) > 0.9)
        assert same.mean() > 0.85
