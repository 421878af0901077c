"""Curves as polylines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pid.document.flatten import (
    FLATNESS_PX,
    flatten_bezier,
    flatten_bulges,
    flatten_ellipse,
    join_holes,
    name_shape,
)
from pid.geometry import polyline_length, split_dashes


def ring(radius: float, count: int = 60, span: float = 2 * math.pi) -> np.ndarray:
    t = np.linspace(0, span, count, endpoint=False)
    return 500 + radius * np.column_stack([np.cos(t), np.sin(t)])


@pytest.mark.parametrize("radius", [3.0, 40.0, 2000.0])
def test_flat_arcs_keep_within_the_tolerance(radius: float) -> None:
    points = flatten_ellipse(np.array([[0, 0], [radius, 0], [0, radius]]), 0.0, math.pi)
    middles = (points[1:] + points[:-1]) / 2
    assert np.abs(np.hypot(*middles.T) - radius).max() <= FLATNESS_PX + 1e-9
    assert np.allclose(points[[0, -1]], [[radius, 0], [-radius, 0]])


def test_bezier_quarter_circle() -> None:
    k = 0.5522847
    points = np.array(flatten_bezier((100, 0), (100, 100 * k), (100 * k, 100), (0, 100)))
    assert np.abs(np.hypot(*points.T) - 100).max() < 0.05
    assert np.abs(np.hypot(*((points[1:] + points[:-1]) / 2).T) - 100).max() < FLATNESS_PX


@pytest.mark.parametrize("bulge", [1.0, -1.0, 0.2])
def test_bulge_is_a_quarter_angle_tangent(bulge: float) -> None:
    points = flatten_bulges(np.array([[0.0, 0], [10, 0]]), np.array([bulge, 0]), closed=False)
    sweep = 4 * math.atan(abs(bulge))
    radius = 5 / math.sin(sweep / 2)
    assert polyline_length(points) == pytest.approx(radius * sweep, rel=1e-3)
    assert np.sign(points[len(points) // 2, 1]) == -np.sign(bulge)


@pytest.mark.parametrize(
    ("points", "closed", "curved", "shape"),
    [
        (ring(20), True, True, "circle"),
        (ring(20), True, False, "circle"),
        (ring(20, span=2.0), False, True, "arc"),
        (ring(20, span=3.1), True, True, "polyline"),  # a half disc
        (ring(20, 6), True, False, "polyline"),  # a hexagon
        (ring(20) * [1, 1.2], True, True, "polyline"),
        (np.column_stack([np.arange(20.0), np.zeros(20)]), False, True, "polyline"),
    ],
)
def test_shapes(points: np.ndarray, closed: bool, curved: bool, shape: str) -> None:
    assert name_shape(points, closed=closed, curved=curved) == shape


def test_holes_join_their_outline_and_neighbours_stay_apart() -> None:
    outlines = [ring(50), ring(20), ring(10) + 200]
    joined = join_holes(outlines)
    assert [index for index, _ in joined] == [0, 2]
    assert len(joined[0][1]) == 60 + 1 + 60 + 1 + 1


def test_dashes_add_up() -> None:
    line = np.array([[0.0, 0], [100, 0], [100, 50]])
    dashes = split_dashes(line, (8, 2))
    assert len(dashes) == 15
    assert sum(polyline_length(d) for d in dashes) == pytest.approx(120)
