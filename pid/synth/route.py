"""Orthogonal routes over the occupancy map: straight, one bend, two bends, up to four, the cheapest that fits."""

from __future__ import annotations

import itertools

import numpy as np

from pid.drawing import Point
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, Occupancy

STEPS = {0: (1.0, 0.0), 90: (0.0, -1.0), 180: (-1.0, 0.0), 270: (0.0, 1.0)}  # way of a direction, y down

_CLEARANCE = 2.0  # cells kept to bodies, lettering and parallel lines
_TRIM = 3.0  # cells at a route's two ends that lie against the part it starts from
_BEND_COST, _CROSSING_COST = 12.0, 14.0  # in cells of length: a reader takes a detour over a bend or a crossing
_ENOUGH = 3  # feasible routes looked at before the best is taken


def find_route(
    paper: Occupancy,
    start: tuple[Point, int],
    end: tuple[Point, int],
    *,
    rng: np.random.Generator,
    lead: float = 4.0,
    most_crossings: int = 4,
    samples: int = 14,
) -> list[Point] | None:
    """A route from a port to a port, each (point, direction in which the line leaves); None when none fits.

    `lead` is how far the line runs straight out of a port, in cells.
    """
    (a, da), (b, db) = start, end
    u = paper.cell
    p = (a[0] + STEPS[da][0] * lead * u, a[1] + STEPS[da][1] * lead * u)
    q = (b[0] + STEPS[db][0] * lead * u, b[1] + STEPS[db][1] * lead * u)
    candidates = []
    for points in _patterns(p, q, paper, rng, samples):
        route = tidy_route([a, *points, b])
        if route is not None and len(route) >= 2:
            length = sum(abs(x[0] - y[0]) + abs(x[1] - y[1]) for x, y in itertools.pairwise(route))
            candidates.append((length / u + _BEND_COST * (len(route) - 2), route))
    candidates.sort(key=lambda c: c[0])
    best: tuple[float, list[Point]] | None = None
    fits = 0
    for cost, route in candidates:
        if best is not None and cost >= best[0]:
            break
        crossings = count_crossings(paper, route)
        if crossings is None or crossings > most_crossings:
            continue
        total = cost + _CROSSING_COST * crossings
        fits += 1
        if best is None or total < best[0]:
            best = (total, route)
        if fits >= _ENOUGH:
            break
    return best[1] if best else None


def _patterns(p: Point, q: Point, paper: Occupancy, rng: np.random.Generator, samples: int) -> list[list[Point]]:
    u = paper.cell
    rows, columns = paper.grid.shape[1:]

    def snap(value: float, cells: int) -> float:
        return min(max(round(value / grid) * grid, 4 * u), (cells - 5) * u)

    grid = 2.5 * u
    found: list[list[Point]] = [[p, (q[0], p[1]), q], [p, (p[0], q[1]), q]]
    reach = 60 * u
    xs = rng.uniform(min(p[0], q[0]) - reach, max(p[0], q[0]) + reach, samples).tolist()
    ys = rng.uniform(min(p[1], q[1]) - reach, max(p[1], q[1]) + reach, samples).tolist()
    for raw in (*xs, (p[0] + q[0]) / 2):
        x = snap(raw, columns)
        found.append([p, (x, p[1]), (x, q[1]), q])
    for raw in (*ys, (p[1] + q[1]) / 2):
        y = snap(raw, rows)
        found.append([p, (p[0], y), (q[0], y), q])
    for rx, ry in zip(xs, ys, strict=True):
        x = snap(rx, columns)
        y = snap(ry, rows)
        found.append([p, (x, p[1]), (x, y), (q[0], y), q])
        found.append([p, (p[0], y), (x, y), (x, q[1]), q])
    return found


def tidy_route(points: list[Point]) -> list[Point] | None:
    """The route without points that are no bends; None when it turns back on itself or has a bend too short to read."""
    out: list[Point] = [points[0]]
    for point in points[1:]:
        if abs(point[0] - out[-1][0]) + abs(point[1] - out[-1][1]) < 1e-6:
            continue
        if len(out) > 1:
            (x0, y0), (x1, y1) = out[-2], out[-1]
            ahead = ((x1 - x0) * (point[0] - x1), (y1 - y0) * (point[1] - y1))
            if min(ahead) < -1e-9:
                return None
            if max(ahead) > 1e-9:
                out[-1] = point
                continue
        out.append(point)
    return out


def count_crossings(paper: Occupancy, route: list[Point], *, trim_last: bool = True) -> int | None:
    """How many lines a route crosses; None where it runs into something or along another line."""
    u = paper.cell
    total = 0
    last = len(route) - 2
    for i, (a, b) in enumerate(itertools.pairwise(route)):
        along = abs(a[0] - b[0]) >= abs(a[1] - b[1])
        length = abs(a[0] - b[0]) + abs(a[1] - b[1])
        t0 = min(_TRIM * u, length) if i == 0 else -_CLEARANCE * u
        t1 = min(_TRIM * u, length) if i == last and trim_last else -_CLEARANCE * u
        if length - t0 - t1 < u:
            if i in (0, last):
                continue
            if length < 3 * u:
                return None
        s = 1.0 if (b[0] - a[0] + b[1] - a[1]) > 0 else -1.0
        dx, dy = (s, 0.0) if along else (0.0, s)
        a2, b2 = (a[0] + dx * t0, a[1] + dy * t0), (b[0] - dx * t1, b[1] - dy * t1)
        side = _CLEARANCE * u
        box = (
            min(a2[0], b2[0]) - (0 if along else side), min(a2[1], b2[1]) - (side if along else 0),
            max(a2[0], b2[0]) + (0 if along else side), max(a2[1], b2[1]) + (side if along else 0),
        )  # fmt: skip
        if not paper.free(box, (SOLID, TEXT, ALONG if along else ACROSS)):
            return None
        total += paper.crossings(a2, b2)
    return total


def way_of(a: Point, b: Point) -> int:
    """Direction of the straight way from a to b."""
    if abs(b[0] - a[0]) >= abs(b[1] - a[1]):
        return 0 if b[0] > a[0] else 180
    return 270 if b[1] > a[1] else 90
