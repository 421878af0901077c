"""One stroke as DXF entities: circles and arcs where its points lie on one, else a polyline; fills as hatches."""

from __future__ import annotations

from typing import Any

import ezdxf.colors
import numpy as np
from ezdxf.lldxf.const import VALID_DXF_LINEWEIGHTS

from pid.synth.ink import Stroke
from pid.synth.raster import Array

ARC_POINTS = 6
"""Fewest points that are taken for a flattened arc; a hexagon's corners lie on a circle too, so a closed one needs
`CIRCLE_POINTS`."""
CIRCLE_POINTS = 12
ROUND_TOLERANCE = 2e-3
"""Scatter of the radius, of the radius."""
STEP_TOLERANCE = 0.2
"""Scatter of the spacing, of the spacing: a curve is flattened evenly, a traced outline is not."""
_PAPER_COLOR = (255, 255, 255)


def add_shape(space: Any, stroke: Stroke, points: Array, attributes: dict[str, Any], *, line_type: str | None) -> None:
    """Add a stroke to a model space or block; `points` (N, 2) are in its frame, y up."""
    if stroke.fill != "none" and len(points) > 2:
        _add_fill(space, stroke, points, attributes)
    if not stroke.outlined:
        return
    pen = {**attributes, "lineweight": nearest_lineweight(stroke.width_mm)}
    if line_type is not None:
        pen["linetype"] = line_type
    circle = fit_circle(points, closed=stroke.closed)
    if circle is None:
        space.add_lwpolyline(points.tolist(), close=stroke.closed, dxfattribs=pen)
        return
    center, radius = circle
    if stroke.closed:
        space.add_circle(center.tolist(), radius, dxfattribs=pen)
        return
    angles = np.degrees(np.arctan2(*(points - center)[:, ::-1].T))
    rising = (angles[1] - angles[0] + 180) % 360 > 180
    start, end = (angles[0], angles[-1]) if rising else (angles[-1], angles[0])
    space.add_arc(center.tolist(), radius, float(start), float(end), dxfattribs=pen)


def nearest_lineweight(width_mm: float) -> int:
    """The DXF line weight, hundredths of a millimetre, nearest to a pen's width."""
    valid = [weight for weight in VALID_DXF_LINEWEIGHTS if weight > 0]
    return int(min(valid, key=lambda weight: abs(weight - width_mm * 100)))


def fit_circle(points: Array, *, closed: bool) -> tuple[Array, float] | None:
    """Centre and radius of the circle that a stroke is a flattened piece of, None if it is not."""
    if closed and len(points) > 1 and np.allclose(points[0], points[-1]):
        points = points[:-1]
    if len(points) < (CIRCLE_POINTS if closed else ARC_POINTS):
        return None
    steps = np.hypot(*np.diff(points, axis=0).T)
    if steps.max() - steps.min() > STEP_TOLERANCE * steps.mean():
        return None
    middle = points.mean(axis=0)
    local = points - middle
    solution, *_ = np.linalg.lstsq(np.c_[2 * local, np.ones(len(local))], (local**2).sum(axis=1), rcond=None)
    square = solution[2] + solution[0] ** 2 + solution[1] ** 2
    if square <= 0 or square > (100 * np.ptp(points, axis=0).max()) ** 2:  # straight
        return None
    radius = float(np.sqrt(square))
    distance = np.hypot(*(local - solution[:2]).T)
    if np.abs(distance - radius).max() > ROUND_TOLERANCE * radius:
        return None
    turn = steps.sum() / radius
    if closed != (turn > 2 * np.pi * (1 - 1.5 / len(points))):
        return None
    return middle + solution[:2], radius


def _add_fill(space: Any, stroke: Stroke, points: Array, attributes: dict[str, Any]) -> None:
    """A solid hatch. "Paper" is white by true colour: a plotter hides with it, and colour 7 would print black."""
    color = dict(attributes)
    if stroke.fill == "paper":
        color["true_color"] = ezdxf.colors.rgb2int(_PAPER_COLOR)
    hatch = space.add_hatch(dxfattribs=color)
    hatch.set_solid_fill(style=0)
    if stroke.fill == "paper":
        hatch.rgb = _PAPER_COLOR
    elif "true_color" in attributes:
        hatch.dxf.true_color = attributes["true_color"]
    hatch.paths.add_polyline_path(points.tolist(), is_closed=True)
