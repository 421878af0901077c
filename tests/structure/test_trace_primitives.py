from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from pid.structure.primitives import ARC, BLOB, CIRCLE, STROKE, Primitives
from pid.structure.trace_primitives import pen_width, trace_primitives

Gray = NDArray[np.uint8]
FINE = 8
SUB_BITS = 4


def draw(lines: Sequence[ArrayLike], pen: float, *, fills: Sequence[ArrayLike] = (), size: int = 400) -> Gray:
    """Polylines with round joins and filled polygons, each pixel the mean of 64: the centre of a pixel is at 0.5."""
    fine = np.full((size * FINE, size * FINE), 255, np.uint8)

    def places(points: ArrayLike) -> NDArray[np.int64]:
        at = (np.asarray(points, float) * FINE - 0.5) * (1 << SUB_BITS)
        return np.round(at).astype(np.int32).reshape(-1, 1, 2)

    for line in lines:
        cv2.polylines(fine, [places(line)], False, 0, round(pen * FINE), cv2.LINE_8, SUB_BITS)
    for polygon in fills:
        cv2.fillPoly(fine, [places(polygon)], 0, cv2.LINE_8, SUB_BITS)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def circle(x: float, y: float, rx: float, ry: float | None = None) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi, 181)
    return np.column_stack([x + rx * np.cos(t), y + (ry or rx) * np.sin(t)])


def degrees_of(parts: Primitives) -> NDArray[np.int64]:
    return np.bincount(parts.nodes[parts.nodes >= 0], minlength=len(parts.node_xy))


def nearest_node(parts: Primitives, at: ArrayLike) -> tuple[int, float]:
    used = np.flatnonzero(degrees_of(parts))
    away = np.hypot(*(parts.node_xy[used] - np.asarray(at)).T)
    return int(used[away.argmin()]), float(away.min())


def bow_tie(x: float, y: float, half_length: float, half_height: float) -> NDArray[np.float64]:
    a, b = half_length, half_height
    return np.array([(x - a, y - b), (x + a, y + b), (x + a, y - b), (x - a, y + b), (x - a, y - b)])


@pytest.mark.parametrize("pen", [2.0, 3.0, 4.0])
@pytest.mark.parametrize("stretch", [(1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (1.2, 0.9)])
def test_a_bow_tie_is_ten_strokes_with_one_centre(pen: float, stretch: tuple[float, float]) -> None:
    x, y, a, b = 200.3, 150.6, 21.0 * stretch[0], 14.0 * stretch[1]
    tie = bow_tie(x, y, a, b)
    parts = trace_primitives(draw([tie, [(20, y), (x - a, y)], [(x + a, y), (380, y)]], pen))
    assert (parts.shape == STROKE).all()
    assert len(parts) == 10  # four arms, four halves of the sides, two pipes
    centre, off = nearest_node(parts, (x, y))
    assert off < 0.7
    assert degrees_of(parts)[centre] == 4
    errors = [nearest_node(parts, corner)[1] for corner in [*tie[:4], (x - a, y), (x + a, y)]]
    assert max(errors) < 1.0
    assert np.mean(errors) < 0.7


def test_a_turned_bow_tie_is_the_same(rng_angle: float = 31.0) -> None:
    c, s = np.cos(np.radians(rng_angle)), np.sin(np.radians(rng_angle))
    tie = bow_tie(0, 0, 30, 18) @ np.array([[c, s], [-s, c]]) + (200, 200)
    parts = trace_primitives(draw([tie], 3.0))
    assert len(parts) == 6
    assert degrees_of(parts)[nearest_node(parts, (200, 200))[0]] == 4


@pytest.mark.parametrize(("rx", "ry"), [(30.0, 30.0), (45.0, 22.0), (25.0, 60.0)])
def test_a_circle_cut_by_a_pipe_is_one_circle(rx: float, ry: float) -> None:
    lines = [circle(200, 200, rx, ry), [(50, 200), (350, 200)]]
    parts = trace_primitives(draw(lines, 3.0))
    assert np.bincount(parts.shape, minlength=4).tolist() == [3, 0, 1, 0]
    ring = parts.points(int(np.flatnonzero(parts.shape == CIRCLE)[0]))
    assert parts.boxes[parts.shape == CIRCLE][0] == pytest.approx((200 - rx, 200 - ry, 200 + rx, 200 + ry), abs=1.2)
    assert np.hypot((ring[:, 0] - 200) / rx, (ring[:, 1] - 200) / ry) == pytest.approx(np.ones(len(ring)), abs=0.05)
    assert nearest_node(parts, (200 - rx, 200))[1] < 1.5


def test_circle_alone_and_half_circle() -> None:
    half = circle(300, 300, 30)[90:]
    parts = trace_primitives(draw([circle(100, 100, 25), half], 3.0))
    assert sorted(parts.shape.tolist()) == [ARC, CIRCLE]
    arc = parts.points(int(np.flatnonzero(parts.shape == ARC)[0]))
    assert np.hypot(*(arc - (300, 300)).T) == pytest.approx(np.full(len(arc), 30.0), abs=0.8)


def test_a_filled_triangle_is_outline_and_blob() -> None:
    triangle = [(100.0, 100.0), (160.0, 130.0), (100.0, 160.0)]
    lines = [[(160, 130), (300, 130)], [(100, 250), (300, 250)]]
    parts = trace_primitives(draw(lines, 3.0, fills=[triangle]))
    assert np.count_nonzero(parts.shape == BLOB) == 1
    outline = parts.only(parts.filled & (parts.shape != BLOB))
    assert (outline.shape == STROKE).all()
    assert len(outline) == 3
    assert not parts.filled[(parts.length > 100) & (parts.shape == STROKE)].any()
    blob = parts.only(parts.shape == BLOB)
    x, y = blob.points(0).T
    area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
    assert area == pytest.approx(1800, rel=0.15)
    assert 20 < blob.width[0] < 45  # the circle within has the diameter 37.1


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("dash", "pen"), [(6.0, 3.0), (10.0, 3.0), (8.0, 5.0)])
def test_a_dashed_line_is_one_numbered_row(dash: float, pen: float, *, turned: bool) -> None:
    starts = np.arange(20, 360, dash * 1.7 + pen)
    lines = [[(s, 80.0), (s + dash, 80.0)] for s in starts]
    gray = draw([*lines, [(20, 200), (380, 200)], [(20, 300), (380, 330)]], pen)
    parts = trace_primitives(np.ascontiguousarray(gray.T) if turned else gray)
    row = parts.dash >= 0
    assert np.count_nonzero(row) == len(starts)
    assert len(np.unique(parts.dash[row])) == 1
    assert len(parts) == len(starts) + 2
    # Round caps add about half a pen to the area.
    assert parts.length[row] == pytest.approx(np.full(len(starts), dash + 0.5 * pen), abs=0.6 * pen)


def test_a_dash_that_meets_a_pipe_keeps_its_rest() -> None:
    lines = [[(100.0, y), (100.0, y + 12)] for y in range(20, 380, 20)]
    parts = trace_primitives(draw([*lines, [(100, 206), (380, 206)]], 3.0))
    upright = parts.only(np.abs(np.diff(parts.marks[:, [0, 4], 0], axis=1)).ravel() < 2)
    covered = np.zeros(400, bool)
    for x0, y0, x1, y1 in np.round(upright.boxes).astype(int):
        assert 98 <= x0 <= x1 <= 102
        covered[y0:y1] = True
    assert covered[200:212].sum() >= 9


def test_a_thick_line_is_no_blob() -> None:
    parts = trace_primitives(draw([[(20, 100), (380, 100)], *[[(20, y), (380, y)] for y in range(200, 300, 12)]], 2.0))
    assert (parts.shape == STROKE).all()
    gray = draw([[(20, y), (380, y)] for y in range(200, 300, 12)], 2.0)
    gray[60:72, 20:380] = 0
    gray[60:120, 200:212] = 0  # it bends, so it is no lonely bar
    parts = trace_primitives(gray)
    assert not (parts.shape == BLOB).any()
    assert parts.width.max() == pytest.approx(12, abs=2)


@pytest.mark.parametrize("angle", [18.0, 30.0, 60.0, 90.0])
def test_crossing_lines_meet_in_one_node(angle: float) -> None:
    d = 120 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    middle = np.array([200.4, 199.7])
    parts = trace_primitives(draw([[(60, 199.7), (340, 199.7)], [middle - d, middle + d]], 3.0))
    assert len(parts) == 4
    node, off = nearest_node(parts, middle)
    assert degrees_of(parts)[node] == 4
    assert off < 1.0


def test_a_tee_leaves_the_through_line_straight() -> None:
    parts = trace_primitives(draw([[(60, 200.5), (340, 200.5)], [(200.5, 200.5), (200.5, 330)]], 5.0))
    assert len(parts) == 3
    node, off = nearest_node(parts, (200.5, 200.5))
    assert degrees_of(parts)[node] == 3
    assert off < 0.7


def test_a_rectangle_alone_is_four_strokes_and_closed() -> None:
    box = [(100.5, 100.5), (180.5, 100.5), (180.5, 150.5), (100.5, 150.5), (100.5, 100.5)]
    parts = trace_primitives(draw([box], 3.0))
    assert len(parts) == 4
    assert (degrees_of(parts)[np.unique(parts.nodes)] == 2).all()
    assert max(nearest_node(parts, corner)[1] for corner in box) < 0.8


def test_turning_the_sheet_turns_the_primitives() -> None:
    y = 120.5
    lines = [bow_tie(150.5, y, 24, 15), [(20, y), (126.5, y)], circle(250, 250, 28), [(250, 278), (250, 360)]]
    gray = draw(lines, 3.0)
    turned = trace_primitives(np.ascontiguousarray(np.rot90(gray, -1)))  # clockwise: (x, y) -> (400 - y, x)
    straight = trace_primitives(gray)
    assert np.bincount(turned.shape).tolist() == np.bincount(straight.shape).tolist()
    marks = straight.marks[:, 2]
    want = np.column_stack([400 - marks[:, 1], marks[:, 0]])[straight.shape == STROKE]
    found = turned.marks[:, 2][turned.shape == STROKE]
    assert np.hypot(*(want[:, None] - found[None]).transpose(2, 0, 1)).min(axis=1).max() < 1.0


def test_an_empty_page_has_no_primitives() -> None:
    parts = trace_primitives(np.full((300, 200), 255, np.uint8))
    assert len(parts) == 0
    assert parts.size == (200, 300)


def test_hidden_boxes_leave_no_ink() -> None:
    gray = draw([[(20, 100), (380, 100)], [(20, 300), (60, 320), (80, 290)]], 3.0)
    parts = trace_primitives(gray, hidden=np.array([(10.0, 280.0, 90.0, 330.0)]))
    assert len(parts) == 1
    assert parts.boxes[0] == pytest.approx((20, 100, 380, 100), abs=2.5)


def test_the_pen_is_the_commonest_stroke() -> None:
    lines = [[(20, y), (380, y)] for y in range(20, 380, 20)]
    for pen in (2.0, 3.0, 6.0):
        assert pen_width(np.asarray(draw(lines, pen) < 128, np.uint8)) == pytest.approx(pen, abs=0.5)
