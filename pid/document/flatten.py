"""Curves and outlines as polylines: pure functions on numpy arrays, points (N, 2) in pixels unless stated."""

from __future__ import annotations

import math

import numpy as np

from pid.geometry import Array, bounds

FLATNESS_PX = 0.25
"""How far a flattened curve may leave the true one."""

CIRCLE_TOLERANCE = 0.02
"""Spread of the radius, as a share of it, up to which a curve is a circle; one of four Bezier curves errs by 0.0003."""

BULGE_STEP = math.radians(3.0)
"""Arcs inside polylines are flattened before their size in pixels is known: within 0.25 px up to 730 px radius."""

_MIN_CIRCLE_CORNERS = 12  # a polygon with fewer corners is no circle drawn in straight pieces
_MAX_OUTLINES = 200  # beyond, an object is a pattern and not an outline with holes


def flatten_bezier(control: Array) -> Array:
    """A cubic Bezier curve (4, 2) as points (N, 2) within `FLATNESS_PX`."""
    bend = float(np.hypot(*(control[:-2] - 2 * control[1:-1] + control[2:]).T).max())
    count = int(min(max(np.ceil(np.sqrt(0.75 * bend / FLATNESS_PX)), 1), 500)) + 1
    t = np.linspace(0.0, 1.0, count)[:, None]
    s = 1 - t
    p0, p1, p2, p3 = control
    return np.asarray(s**3 * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t**3 * p3, np.float64)


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
    shifted = points - points[0]  # keeps the squares small
    center = np.linalg.lstsq(np.c_[2 * shifted, np.ones(len(points))], (shifted**2).sum(axis=1), rcond=None)[0][:2]
    radii = np.hypot(*(shifted - center).T)
    radius = float(radii.mean())
    extent = float(np.ptp(points, axis=0).max())
    spread = float(np.abs(radii - radius).max())
    if radius <= 0 or radius > 20 * extent or spread > max(CIRCLE_TOLERANCE * radius, FLATNESS_PX):
        return "polyline"
    if not closed:
        return "arc"
    turns = np.sort(np.arctan2(*(shifted - center).T))
    widest = max(float(np.diff(turns).max(initial=0.0)), float(turns[0] - turns[-1] + 2 * np.pi))
    return "circle" if widest < 1.2 else "polyline"  # a chord closes a segment of a circle


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
