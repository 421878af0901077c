"""Curves and outlines as polylines: pure functions on numpy arrays, points (N, 2) in pixels unless stated."""

from __future__ import annotations

import math

import numpy as np

from pid.drawing import Point
from pid.geometry import Array, bounds

FLATNESS_PX = 0.25
"""How far a flattened curve may leave the true one."""

CIRCLE_TOLERANCE = 0.02
"""Spread of the radius, as a share of it, up to which a curve is a circle; one of four Bezier curves errs by 0.0003."""

BULGE_STEP = math.radians(3.0)
"""Arcs inside polylines are flattened before their size in pixels is known: within 0.25 px up to 730 px radius."""

_MIN_CIRCLE_CORNERS = 12  # a polygon with fewer corners is no circle drawn in straight pieces
_WIDEST_CIRCLE_STEP = 1.2  # radians between neighbouring points of a whole circle
_MAX_OUTLINES = 200  # beyond, an object is a pattern and not an outline with holes


def flatten_bezier(p0: Point, p1: Point, p2: Point, p3: Point) -> list[Point]:
    """A cubic Bezier curve as points within `FLATNESS_PX`, both ends included.

    In plain floats: curves are many and short, an array for each would cost ten times as much.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = p0, p1, p2, p3
    bend = max(math.hypot(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2), math.hypot(x1 - 2 * x2 + x3, y1 - 2 * y2 + y3))
    if not math.isfinite(bend):
        return [p0, p3]
    count = min(max(math.ceil(math.sqrt(0.75 * bend / FLATNESS_PX)), 1), 500)
    points = [p0]
    for index in range(1, count):
        t = index / count
        s = 1 - t
        a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
        points.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    points.append(p3)
    return points


def flatten_ellipse(axes: Array, start: float, end: float) -> Array:
    """An elliptic arc as points (N, 2) within `FLATNESS_PX`.

    Args:
        axes: (3, 2): the centre and the ends of two conjugate half axes.
        start: parameter in radians at which the arc starts.
        end: parameter at which it ends, above `start`.
    """
    center, major, minor = axes[0], axes[1] - axes[0], axes[2] - axes[0]
    radius = max(float(np.hypot(*major)), float(np.hypot(*minor)), 1.0)
    step = 2 * math.acos(1 - FLATNESS_PX / radius)
    count = int(min(max(math.ceil((end - start) / step), 6), 1000)) + 1
    t = np.linspace(start, end, count)[:, None]
    return np.asarray(center + np.cos(t) * major + np.sin(t) * minor, np.float64)


def flatten_bulges(points: Array, bulges: Array, *, closed: bool) -> Array:
    """A polyline with arcs, in any unit; a bulge is the tangent of a quarter of the arc's angle, left turn positive."""
    if not bulges.any():
        return points
    out = []
    ends = np.roll(points, -1, axis=0)
    for index in range(len(points) if closed else len(points) - 1):
        a, b, bulge = points[index], ends[index], float(bulges[index])
        out.append(a[None])
        sweep = 4 * math.atan(bulge)
        if abs(sweep) < 1e-6 or not (b - a).any():
            continue
        half = (b - a) / 2
        center = a + half + np.array([-half[1], half[0]]) * (1 - bulge**2) / (2 * bulge)
        t = np.linspace(0.0, sweep, math.ceil(abs(sweep) / BULGE_STEP) + 1)[1:-1, None]
        r = a - center
        out.append(center + np.cos(t) * r + np.sin(t) * np.array([-r[1], r[0]]))
    if not closed:
        out.append(points[-1:])
    return np.concatenate(out)


def name_shape(points: Array, *, closed: bool, curved: bool) -> str:
    """``circle``, ``arc`` or ``polyline`` of a flattened path (N, 2); `curved`: the file draws it as a curve."""
    if len(points) < (5 if curved else _MIN_CIRCLE_CORNERS) or not (curved or closed):
        return "polyline"
    third = len(points) // 3 if closed else len(points) // 2
    center = _circle_center(*points[[0, third, 2 * third if closed else -1]].tolist())
    if center is None:
        return "polyline"
    spokes = points - np.array(center)
    radii = np.sqrt(spokes[:, 0] ** 2 + spokes[:, 1] ** 2)
    smallest, largest = float(radii.min()), float(radii.max())
    if largest - smallest > 2 * max(CIRCLE_TOLERANCE * smallest, FLATNESS_PX):
        return "polyline"
    if not closed:
        extent = float((points.max(axis=0) - points.min(axis=0)).max())
        return "arc" if smallest < 20 * extent else "polyline"
    turns = np.sort(np.arctan2(spokes[:, 0], spokes[:, 1]))
    widest = max(float((turns[1:] - turns[:-1]).max()), float(turns[0] - turns[-1] + 2 * np.pi))
    return "circle" if widest < _WIDEST_CIRCLE_STEP else "polyline"  # a chord closes a segment of a circle


def _circle_center(a: list[float], b: list[float], c: list[float]) -> Point | None:
    """Centre of the circle through three points; None where they are in line."""
    bx, by, cx, cy = b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]
    cross = 2 * (bx * cy - by * cx)
    if abs(cross) < 1e-9:
        return None
    bb, cc = bx * bx + by * by, cx * cx + cy * cy
    return a[0] + (cy * bb - by * cc) / cross, a[1] + (bx * cc - cx * bb) / cross


def join_holes(outlines: list[Array]) -> list[tuple[int, Array]]:
    """Outlines that are filled together: each hole is joined by a seam to the outline around it, so it stays empty.

    Returns:
        Index of each outer outline and its points, holes included.
    """
    if not 2 <= len(outlines) <= _MAX_OUTLINES:
        return list(enumerate(outlines))
    boxes = np.array([bounds(points) for points in outlines])
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    holes: dict[int, list[int]] = {}
    inner: set[int] = set()
    for index, box in enumerate(boxes):
        around = (boxes[:, :2] <= box[:2]).all(axis=1) & (boxes[:, 2:] >= box[2:]).all(axis=1) & (area > area[index])
        if around.any():
            outer = int(np.argmax(np.where(around, area, -1.0)))
            holes.setdefault(outer, []).append(index)
            inner.add(index)
    joined = []
    for index, points in enumerate(outlines):
        if index in inner:
            continue
        parts = [points]
        for hole in holes.get(index, ()):
            parts += [points[:1], outlines[hole], outlines[hole][:1]]
        joined.append((index, np.concatenate([*parts, points[:1]]) if index in holes else points))
    return joined
