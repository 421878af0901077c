"""Geometric scan damage: the page skewed, seen from aside, turned, folded or crumpled.

Every step moves the picture and gives back the exact motion of its points: coordinates are those of the drawing,
pixel (i, j) covering i..i+1, j..j+1. A step may enlarge the page so that no corner is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, transform_points
from pid.synth.pixels import Image, gray_value, paper_value, spread

PointMap = Callable[[Array], Array]
Warped = tuple[Image, PointMap]

SKEW_DEG = 0.9
"""Standard deviation of a hand-fed sheet's skew at strength 1."""
MAX_SKEW_DEG = 6.0
PERSPECTIVE = 0.02
"""How far a corner strays at strength 1, of the page's shorter side."""
FOLD_LIFT_PX_PER_MP = 1.6
"""Displacement at a crease at strength 1, times the square root of the megapixels."""
BEND_RISE = 0.02
"""How much nearer to the camera a curl or ridge stands at strength 1, as a share of the distance: 2 cm in a metre."""
DARK_BED_SHARE = 0.2
"""Share of scans in which what lies beside the paper is dark: a table, an open lid."""
GRID_PX = 16
"""Cell of the displacement mesh."""
BAND_PX = 512
_INVERSE_STEPS = 12
"""Fixed-point steps to invert a displacement; each gains a factor of its slope, kept under `_MAX_SLOPE`."""
_MAX_SLOPE = 0.25


def skew(image: Image, rng: np.random.Generator, strength: float) -> Warped:
    """Turn the page by a small angle."""
    angle = float(np.clip(rng.normal(0.0, SKEW_DEG * strength), -MAX_SKEW_DEG, MAX_SKEW_DEG))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return _warp_homography(image, np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]), _surround(image, rng))


def perspective(image: Image, rng: np.random.Generator, strength: float) -> Warped:
    """See the page from aside, as a hand-held camera does."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    reach = PERSPECTIVE * strength * min(width, height)
    strayed = corners + rng.uniform(-reach, reach, (4, 2)).astype(np.float32)
    return _warp_homography(image, cv2.getPerspectiveTransform(corners, strayed), _surround(image, rng))


def turn(image: Image, rng: np.random.Generator, strength: float) -> Warped:
    """Turn the page by a quarter, a half or three quarters, as it was laid on the scanner."""
    height, width = image.shape[:2]
    quarters = int(rng.integers(1, 4))
    matrix = {
        1: [[0, 1, 0], [-1, 0, width], [0, 0, 1]],
        2: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        3: [[0, -1, height], [1, 0, 0], [0, 0, 1]],
    }[quarters]
    return np.ascontiguousarray(np.rot90(image, quarters)), lambda points: transform_points(matrix, points)


def fold(image: Image, rng: np.random.Generator, strength: float) -> Warped:
    """Fold the page once to three times across: bent lines, a worn crease, one side of it in shade."""
    height, width = image.shape[:2]
    mesh = _Mesh.flat(width, height)
    shade = np.ones(mesh.dx.shape, np.float32)
    creases = []
    for _ in range(int(rng.integers(1, 4))):
        upright = rng.random() < 0.6
        at = float(rng.choice([1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4]) + rng.normal(0, 0.01))
        lean = float(rng.normal(0, 0.01))
        start = np.array([at * width, 0.0]) if upright else np.array([0.0, at * height])
        along = np.array([lean, 1.0]) if upright else np.array([1.0, lean])
        _add_crease(mesh, shade, start, along / np.hypot(*along), rng, strength)
        creases.append((start, start + along * (height if upright else width)))
    moved, forward = _warp_mesh(image, mesh.limited())
    moved = _shaded(moved, shade)
    for ends in creases:
        _wear(moved, forward(np.array(ends)), rng, strength)
    return moved, forward


def crumple(image: Image, rng: np.random.Generator, strength: float) -> Warped:
    """A page that was crumpled and flattened: many short creases over a gentle wave."""
    height, width = image.shape[:2]
    mesh = _Mesh.flat(width, height)
    shade = np.ones(mesh.dx.shape, np.float32)
    wave = 0.6 * FOLD_LIFT_PX_PER_MP * strength * np.sqrt(width * height / 1e6)
    for part in (mesh.dx, mesh.dy):
        coarse = rng.normal(0.0, wave, (5, 6)).astype(np.float32)
        part[...] = cv2.resize(coarse, part.shape[::-1], interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(8, 20))):
        angle = rng.uniform(0, np.pi)
        start = rng.uniform(0, 1, 2) * (width, height)
        reach = rng.uniform(0.1, 0.35) * max(width, height)
        _add_crease(mesh, shade, start, np.array([np.cos(angle), np.sin(angle)]), rng, strength * 0.6, reach=reach)
    moved, forward = _warp_mesh(image, mesh.limited())
    return _shaded(moved, shade), forward


def bend(image: Image, rng: np.random.Generator, strength: float) -> Warped:
    """A sheet that does not lie flat, photographed from above: curled, with a fold or two standing up as ridges.

    What is nearer to the camera by the share h of its distance shows that much farther from the picture's middle.
    """
    height, width = image.shape[:2]
    mesh = _Mesh.flat(width, height)
    x, y = mesh.middles()
    curl = rng.uniform(0, np.pi)
    along = ((x - width / 2) * np.cos(curl) + (y - height / 2) * np.sin(curl)) / np.hypot(width, height)
    rise = BEND_RISE * strength * rng.uniform(0.5, 1.0) * (2 * along + rng.uniform(-0.3, 0.3)) ** 2
    shade = 1 - 0.15 * np.clip(along * rng.choice([-1.0, 1.0]), -1, 1)
    for _ in range(int(rng.integers(1, 3))):
        upright = rng.random() < 0.6
        across = (x / width if upright else y / height) - rng.choice([1 / 2, 1 / 3, 2 / 3]) - rng.normal(0, 0.01)
        ridge = np.clip(1 - np.abs(across) / rng.uniform(0.15, 0.3), 0, None)
        rise += BEND_RISE * strength * rng.uniform(0.3, 0.8) * ridge
        shade *= 1 - 0.12 * strength * np.where(across > 0, ridge, 0)
    # Displacements lead from the new page to the old one, so they are negative; h is small enough for one for both.
    mesh.dx[...] = -(x - width / 2) * rise
    mesh.dy[...] = -(y - height / 2) * rise
    moved, forward = _warp_mesh(image, mesh.limited())
    return _shaded(moved, np.clip(shade, 0.4, 1).astype(np.float32)), forward


@dataclass(frozen=True, eq=False)
class _Mesh:
    """Displacement, new page to old page in pixels, at the middles of square cells; bilinear between them."""

    dx: NDArray[np.float32]
    dy: NDArray[np.float32]

    @classmethod
    def flat(cls, width: int, height: int) -> _Mesh:
        shape = (-(-height // GRID_PX), -(-width // GRID_PX))
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def middles(self) -> tuple[Array, Array]:
        rows, columns = self.dx.shape
        x, y = np.meshgrid((np.arange(columns) + 0.5) * GRID_PX, (np.arange(rows) + 0.5) * GRID_PX)
        return x, y

    def limited(self) -> _Mesh:
        """The mesh scaled down where it is so steep that the page would overlap itself."""
        slope = max(float(np.abs(np.diff(part, axis=axis)).max()) for part in (self.dx, self.dy) for axis in (0, 1))
        factor = np.float32(min(1.0, _MAX_SLOPE * GRID_PX / max(slope, 1e-6)))
        return _Mesh(self.dx * factor, self.dy * factor)

    def at(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Displacement at points of the new page, each array of one shape."""
        u, v = x / np.float32(GRID_PX) - np.float32(0.5), y / np.float32(GRID_PX) - np.float32(0.5)
        return _sample(self.dx, u, v), _sample(self.dy, u, v)

    def forward(self, points: Array) -> Array:
        """Old points (N, 2) on the new page: the place q with q + d(q) = p."""
        p = np.asarray(points, np.float64).reshape(-1, 2)
        q = p.copy()
        for _ in range(_INVERSE_STEPS):
            dx, dy = self.at(*np.ascontiguousarray(q.T, np.float32)[:, :, None])
            q = p - np.concatenate([dx, dy], axis=1)
        return q


def _sample(grid: NDArray[np.float32], u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bilinear values of a grid; plain arithmetic because OpenCV's own rounds positions to 1/32 of a cell."""
    rows, columns = grid.shape
    u, v = np.clip(u, 0, columns - 1), np.clip(v, 0, rows - 1)
    i, j = np.minimum(u.astype(np.intp), max(columns - 2, 0)), np.minimum(v.astype(np.intp), max(rows - 2, 0))
    s, t = u - i, v - j
    i1, j1 = np.minimum(i + 1, columns - 1), np.minimum(j + 1, rows - 1)
    upper = grid[j, i] * (1 - s) + grid[j, i1] * s
    lower = grid[j1, i] * (1 - s) + grid[j1, i1] * s
    return np.asarray(upper * (1 - t) + lower * t, np.float32)


def _add_crease(
    mesh: _Mesh,
    shade: NDArray[np.float32],
    start: Array,
    along: Array,
    rng: np.random.Generator,
    strength: float,
    *,
    reach: float | None = None,
) -> None:
    """Bend the mesh toward a line from `start` along the unit vector `along`, `reach` pixels either way."""
    rows, columns = mesh.dx.shape
    size = np.sqrt(rows * columns * GRID_PX * GRID_PX / 1e6)
    lift = FOLD_LIFT_PX_PER_MP * strength * size * rng.uniform(0.4, 1.0) * rng.choice([-1.0, 1.0])
    width = rng.uniform(0.015, 0.05) * max(rows, columns) * GRID_PX
    across = np.array([-along[1], along[0]])
    x, y = mesh.middles()
    away = (x - start[0]) * across[0] + (y - start[1]) * across[1]
    fade = 1.0
    if reach is not None:
        fade = np.exp(-((((x - start[0]) * along[0] + (y - start[1]) * along[1]) / reach) ** 2))
    bend = lift * np.exp(-np.abs(away) / width) * fade
    slide = 0.5 * bend * rng.uniform(-1, 1)
    mesh.dx[...] += (bend * across[0] * np.sign(away) * (1 - np.exp(-np.abs(away) / 8)) + slide * along[0]).astype(
        np.float32
    )
    mesh.dy[...] += (bend * across[1] * np.sign(away) * (1 - np.exp(-np.abs(away) / 8)) + slide * along[1]).astype(
        np.float32
    )
    dark = min(0.35, rng.uniform(0.04, 0.16) * strength)
    side = away * rng.choice([-1.0, 1.0])
    shade *= (1 - dark * np.exp(-np.abs(away) / (0.7 * width)) * np.where(side > 0, 1.0, 0.25) * fade).astype(
        np.float32
    )


def _wear(image: Image, ends: Array, rng: np.random.Generator, strength: float) -> None:
    """Rub the ink off along a crease, in places."""
    length = float(np.hypot(*(ends[1] - ends[0])))
    along = np.sort(rng.uniform(0, 1, int(min(0.5, 0.25 * strength) * length / 12) * 2)).reshape(-1, 2)
    paper = paper_value(image)
    for pair in along:
        points = np.round((ends[0] + pair[:, None] * (ends[1] - ends[0])) * 16 - 8).astype(np.int32)
        if abs(pair[1] - pair[0]) * length < 80:
            cv2.polylines(image, [points], False, paper, int(rng.integers(1, 3)), cv2.LINE_AA, 4)


def _shaded(image: Image, shade: NDArray[np.float32]) -> Image:
    """Darken a page by a coarse field of factors 0..1."""
    height, width = image.shape[:2]
    # Straight to bytes at full size: a float field of an A1 scan would be half a gigabyte.
    field = cv2.resize(np.rint(shade * 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image, spread(np.asarray(field, np.uint8), image), scale=1 / 255), np.uint8)


def _warp_mesh(image: Image, mesh: _Mesh) -> Warped:
    height, width = image.shape[:2]
    moved = np.empty_like(image)
    paper = paper_value(image)
    x = np.arange(width, dtype=np.float32) + np.float32(0.5)
    for y0 in range(0, height, BAND_PX):
        y = np.arange(y0, min(y0 + BAND_PX, height), dtype=np.float32) + np.float32(0.5)
        maps = [_stretched(part, x, y) for part in (mesh.dx, mesh.dy)]
        maps[0] += x[None, :] - np.float32(0.5)
        maps[1] += y[:, None] - np.float32(0.5)
        moved[y0 : y0 + len(y)] = cv2.remap(
            image, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
        )
    return moved, mesh.forward


def _stretched(grid: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """As `_sample` on the raster of `x` (columns) and `y` (rows), pixels: bilinear is rows, then columns."""
    columns = np.clip(x / GRID_PX - 0.5, 0, grid.shape[1] - 1)
    rows = np.clip(y / GRID_PX - 0.5, 0, grid.shape[0] - 1)
    i = np.minimum(rows.astype(np.intp), max(grid.shape[0] - 2, 0))
    t = (rows - i)[:, None].astype(np.float32)
    i1 = np.minimum(i + 1, grid.shape[0] - 1)
    down = grid[i] * (1 - t) + grid[i1] * t
    j = np.minimum(columns.astype(np.intp), max(grid.shape[1] - 2, 0))
    s = (columns - j)[None, :].astype(np.float32)
    j1 = np.minimum(j + 1, grid.shape[1] - 1)
    return np.asarray(down[:, j] * (1 - s) + down[:, j1] * s, np.float32)


def _warp_homography(image: Image, matrix: Array, border: tuple[int, ...]) -> Warped:
    """Warp by a 3x3 matrix (old to new points), shifted and the page enlarged so that all of it stays."""
    height, width = image.shape[:2]
    corners = transform_points(matrix, [[0, 0], [width, 0], [width, height], [0, height]])
    low = np.floor(corners.min(axis=0) + 1e-6)
    size = np.ceil(corners.max(axis=0) - low - 1e-6)
    whole = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ matrix
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])  # OpenCV's pixel (0, 0) has its middle at 0, 0
    moved = cv2.warpPerspective(
        image,
        np.linalg.inv(half) @ whole @ half,
        (int(size[0]), int(size[1])),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=border,
    )
    return np.asarray(moved, np.uint8), lambda points: transform_points(whole, points)


def _surround(image: Image, rng: np.random.Generator) -> tuple[int, ...]:
    """Colour beside the paper: mostly as the paper, sometimes dark."""
    paper = paper_value(image)
    return gray_value(image, float(rng.integers(20, 90))) if rng.random() < DARK_BED_SHARE else paper
