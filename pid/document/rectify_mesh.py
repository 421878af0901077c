"""Flatten a folded, crumpled or curled page: a mesh of displacements under which bent lines become straight.

Level lines tell how far each place has to move up or down, upright ones how far to the sides, each line up to an offset
of its own; between lines the mesh is as smooth as it can be. Whether a page is bent at all is asked of lines that the
mesh was not made from: every other line must be made straighter by a mesh of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from pid.document.long_lines import LongLines

Array = NDArray[np.float64]
Field = NDArray[np.float32]

CELLS = 60
"""Cells along the longer side; 100 of them flatten no better and take three times as long."""
STIFFNESS = 2.0
"""Weight of the mesh's second differences beside that of a sample."""
PULL = 1e-4
"""Weight of the displacement itself: where nothing is known the page stays where it is."""
SCALES_PX = (60.0, 10.0, 4.0)
"""Residual at which a sample loses most of its weight, round by round, at `REFERENCE_PX`."""
REFERENCE_PX = 5000.0
BENT_PX = 0.5
"""Mean distance, at `REFERENCE_PX`, of its samples from its middle from which a line is bent: it crosses pixels."""
LEAST_BENT = 14
"""With fewer bent lines a page is flat: drawn kinks, and lines that run into others, make up to a dozen."""
FOLDS = 4
IMPROVED = 0.7
"""Share of bent lines that a mesh of the others must straighten; on pages truly bent it is 0.75 and more."""
MOST_LEAN = 0.03
"""A line that leans by more from end to end was drawn leaning."""
BAND_PX = 512
_INVERSE_STEPS = 10


@dataclass(frozen=True, eq=False)
class Mesh:
    """Where each place of the flat page lies on the bent one: displacements in px at the corners of square cells."""

    dx: Field  # (rows + 1, columns + 1)
    dy: Field
    cell_px: float

    def __call__(self, points: Array) -> Array:
        """Points (N, 2) of the flat page on the bent one."""
        p = np.asarray(points, np.float64).reshape(-1, 2)
        return p + np.stack([_sample(part, p, self.cell_px) for part in (self.dx, self.dy)], axis=1)

    @property
    def largest_px(self) -> float:
        """The farthest that any corner moves."""
        return float(np.hypot(self.dx, self.dy).max())


def fit_mesh(lines: LongLines) -> Mesh | None:
    """The mesh that flattens a page, or None where its lines are straight or too few."""
    if len(lines.upright) < LEAST_BENT:
        return None
    lines = _without_leaning(lines)
    parts = [_Direction.of(lines, upright=upright) for upright in (True, False)]
    bent = [part.line_errors(None) >= BENT_PX * part.scale for part in parts]
    count = sum(int(some.sum()) for some in bent)
    if count < LEAST_BENT:
        return None
    if sum(_straightened(part, some) for part, some in zip(parts, bent, strict=True)) < IMPROVED * count:
        return None
    dx, dy = (part.solve() for part in parts)
    return _inverse(dx, dy, parts[0].cell_px)


def _straightened(part: _Direction, bent: NDArray[np.bool_]) -> int:
    """How many of the bent lines a mesh made from other lines alone would make straighter."""
    better = 0
    for fold in range(FOLDS):
        held = np.arange(part.lines) % FOLDS == fold
        mesh = part.only(~held[part.line]).solve()
        better += int((bent & held & (part.line_errors(mesh) < part.line_errors(None))).sum())
    return better


def flatten(image: NDArray[np.uint8], mesh: Mesh) -> NDArray[np.uint8]:
    """The flat picture, of the same size, of a bent page."""
    height, width = image.shape[:2]
    flat = np.empty_like(image)
    paper = np.median(image[::37, ::41].reshape(-1, *image.shape[2:]), axis=0).reshape(-1).tolist()
    x = np.arange(width) + 0.5
    for y0 in range(0, height, BAND_PX):
        y = np.arange(y0, min(y0 + BAND_PX, height)) + 0.5
        u = (x[None, :] - 0.5 + _sample_raster(mesh.dx, x, y, mesh.cell_px)).astype(np.float32)
        v = (y[:, None] - 0.5 + _sample_raster(mesh.dy, x, y, mesh.cell_px)).astype(np.float32)
        flat[y0 : y0 + len(y)] = cv2.remap(
            image, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
        )
    return flat


def _without_leaning(lines: LongLines) -> LongLines:
    """The lines whose ends lie nearly level or upright."""
    first = np.flatnonzero(np.diff(lines.line, prepend=-1))
    last = np.append(first[1:], len(lines.line)) - 1
    ends = np.abs(lines.points[last] - lines.points[first])
    along, across = np.where(lines.upright[:, None], ends[:, ::-1], ends).T
    kept = (across <= MOST_LEAN * along)[lines.line]
    number = np.unique(lines.line[kept], return_inverse=True)
    return LongLines(lines.points[kept], number[1].astype(np.intp), lines.upright[number[0]], lines.shape)


@dataclass(frozen=True, eq=False)
class _Direction:
    """Samples of the lines of one direction, and the grid of the mesh."""

    points: Array  # (N, 2)
    across: Array  # (N,): the coordinate that should be the same all along a line
    line: NDArray[np.intp]
    lines: int
    cell_px: float
    nodes: tuple[int, int]  # rows, columns
    scale: float

    @classmethod
    def of(cls, lines: LongLines, *, upright: bool) -> _Direction:
        mine = lines.is_upright == upright
        number = np.unique(lines.line[mine], return_inverse=True)[1].astype(np.intp)
        cell = max(lines.shape) / CELLS
        nodes = (int(np.ceil(lines.shape[0] / cell)) + 1, int(np.ceil(lines.shape[1] / cell)) + 1)
        points = lines.points[mine]
        count = int(number.max(initial=-1)) + 1
        return cls(points, points[:, 0 if upright else 1], number, count, cell, nodes, max(lines.shape) / REFERENCE_PX)

    def only(self, kept: NDArray[np.bool_]) -> _Direction:
        number = np.unique(self.line[kept], return_inverse=True)[1].astype(np.intp)
        count = int(number.max(initial=-1)) + 1
        return _Direction(self.points[kept], self.across[kept], number, count, self.cell_px, self.nodes, self.scale)

    def line_errors(self, field: Field | None) -> Array:
        """Mean distance (lines,) of each line's samples from its middle, after the field has moved them."""
        moved = self.across if field is None else self.across + _sample(field, self.points, self.cell_px)
        away = np.abs(moved - self._middle(moved, np.ones(len(moved))))
        return np.bincount(self.line, away, self.lines) / np.maximum(np.bincount(self.line, None, self.lines), 1)

    def _middle(self, values: Array, weights: Array) -> Array:
        total = np.bincount(self.line, weights=weights, minlength=self.lines)
        mean = np.bincount(self.line, weights=weights * values, minlength=self.lines) / np.maximum(total, 1e-12)
        return np.asarray(mean[self.line], np.float64)

    def solve(self) -> Field:
        """Displacements (rows, columns) that add to `across`; lines keep their middle as far as the rest allows."""
        count = self.nodes[0] * self.nodes[1]
        if self.lines == 0:
            return np.zeros(self.nodes, np.float32)
        place = _bilinear(self.points, self.nodes, self.cell_px)
        own = sparse.csr_matrix((np.ones(len(self.line)), (np.arange(len(self.line)), self.line)))
        system = sparse.hstack([place, -own]).tocsr()
        smooth = STIFFNESS * _second_differences(self.nodes) + PULL * sparse.eye(count)
        prior = sparse.block_diag([smooth, 1e-6 * sparse.eye(self.lines)])
        weights = np.ones(len(self.line))
        values = np.zeros(count + self.lines)
        for limit in SCALES_PX:
            target = -(self.across - self._middle(self.across, weights))
            residual = system @ values - target
            weights = 1 / (1 + (residual / (limit * self.scale)) ** 2) ** 2
            target = -(self.across - self._middle(self.across, weights))
            weighted = system.multiply(weights[:, None]).tocsr()
            values = spsolve((system.T @ weighted + prior).tocsc(), weighted.T @ target)
        return np.asarray(values[:count].reshape(self.nodes), np.float32)


def _bilinear(points: Array, nodes: tuple[int, int], cell_px: float) -> sparse.csr_matrix:
    """Matrix (N, nodes) that interpolates the mesh at points."""
    i, j, s, t = _cells(points, nodes, cell_px)
    rows = np.repeat(np.arange(len(points)), 4)
    columns = np.stack([j * nodes[1] + i, j * nodes[1] + i + 1, (j + 1) * nodes[1] + i, (j + 1) * nodes[1] + i + 1], 1)
    share = np.stack([(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t], axis=1)
    shape = (len(points), nodes[0] * nodes[1])
    return sparse.csr_matrix((share.reshape(-1), (rows, columns.reshape(-1))), shape)


def _second_differences(nodes: tuple[int, int]) -> sparse.csr_matrix:
    """Matrix of the bending energy: squares of second differences along, across and mixed."""

    def first(n: int) -> sparse.csr_matrix:
        return sparse.diags([-np.ones(n - 1), np.ones(n - 1)], [0, 1], shape=(n - 1, n)).tocsr()

    rows, columns = nodes
    down, right = (first(n - 1) @ first(n) for n in nodes)
    parts = (
        sparse.kron(down, sparse.eye(columns)),
        sparse.kron(sparse.eye(rows), right),
        np.sqrt(2) * sparse.kron(first(rows), first(columns)),
    )
    return sum(part.T @ part for part in parts).tocsr()


def _inverse(dx: Field, dy: Field, cell_px: float) -> Mesh:
    """The mesh from flat to bent of displacements from bent to flat: at each corner q the p with p + d(p) = q."""
    rows, columns = dx.shape
    x, y = np.meshgrid(np.arange(columns) * cell_px, np.arange(rows) * cell_px)
    q = np.stack([x.reshape(-1), y.reshape(-1)], axis=1)
    p = q.copy()
    for _ in range(_INVERSE_STEPS):
        p = q - np.stack([_sample(part, p, cell_px) for part in (dx, dy)], axis=1)
    moved = (p - q).reshape(rows, columns, 2).astype(np.float32)
    return Mesh(moved[..., 0], moved[..., 1], cell_px)


def _cells(
    points: Array, nodes: tuple[int, int], cell_px: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, Array]:
    """Column and row of the cell that each point (N, 2) lies in, and its place there, 0..1."""
    u = np.clip(points[:, 0] / cell_px, 0, nodes[1] - 1)
    v = np.clip(points[:, 1] / cell_px, 0, nodes[0] - 1)
    i, j = np.minimum(u.astype(np.intp), nodes[1] - 2), np.minimum(v.astype(np.intp), nodes[0] - 2)
    return i, j, u - i, v - j


def _sample(field: Field, points: Array, cell_px: float) -> Array:
    i, j, s, t = _cells(points, (field.shape[0], field.shape[1]), cell_px)
    upper = field[j, i] * (1 - s) + field[j, i + 1] * s
    lower = field[j + 1, i] * (1 - s) + field[j + 1, i + 1] * s
    return np.asarray(upper * (1 - t) + lower * t, np.float64)


def _sample_raster(field: Field, x: NDArray[Any], y: NDArray[Any], cell_px: float) -> Array:
    """As `_sample`, on the raster of `x` (columns) and `y` (rows)."""
    rows, columns = field.shape
    v = np.clip(y / cell_px, 0, rows - 1)
    j = np.minimum(v.astype(np.intp), rows - 2)
    t = (v - j)[:, None]
    down = field[j] * (1 - t) + field[j + 1] * t
    u = np.clip(x / cell_px, 0, columns - 1)
    i = np.minimum(u.astype(np.intp), columns - 2)
    s = (u - i)[None, :]
    return np.asarray(down[:, i] * (1 - s) + down[:, i + 1] * s, np.float64)
