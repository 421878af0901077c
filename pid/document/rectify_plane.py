"""The flat motion that brings a sheet's long lines to level and upright: a small turn, or a view from aside.

A *plane fit* is a 3x3 matrix, old pixels to new, under which samples of each level line share one y and those of each
upright line one x, as nearly as may be. The larger model is taken only where the smaller leaves lines leaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.document.long_lines import LongLines
from pid.geometry import transform_points

Array = NDArray[np.float64]

LEAST_SAMPLES = 60
"""With fewer samples than this, about 500 px of line, nothing is told of a sheet."""
LEAST_SKEW_DEG = 0.03
"""Over a 5000 px sheet this is 2.6 px: less than a pen line, and less than any reader or tracer notices."""
LEAST_TILT_PX = 3.0
"""Least motion of a corner beyond the turn that counts as a view from aside, at `REFERENCE_PX`."""
REFERENCE_PX = 5000.0
BETTER = 0.8
"""The larger model must bring the remaining error under this share of the smaller one's."""
SCALES_PX = (30.0, 12.0, 5.0, 3.0, 3.0)
"""Residual at which a sample loses most of its weight, round by round, at `REFERENCE_PX`: leaning lines drop out."""
ANGLE_BIN_DEG = 0.25
MOST_SKEW_DEG = 8.0
TURN = np.array([[1.0], [-1.0], [0.0], [0.0]])
PROJECTIVE = np.eye(4)
"""Free combinations of b, d, g, h in x' = (x + b y) / (1 + g x + h y), y' = (d x + y) / (1 + g x + h y)."""


@dataclass(frozen=True)
class PlaneFit:
    """Old pixels to new ones: `matrix` about the sheet's middle, of unchanged scale there.

    `error_px` is the weighted mean distance of samples to their straightened lines; `tilt_px` how far a corner moves
    beyond the turn by `angle_deg` (counter-clockwise as seen, of the page as it lies).
    """

    matrix: Array
    angle_deg: float
    tilt_px: float
    error_px: float

    @property
    def is_tilted(self) -> bool:
        """Whether it is more than a turn."""
        return self.tilt_px > 1.0


def fit_plane(lines: LongLines) -> PlaneFit | None:
    """The motion that straightens the sheet, or None if its lines are straight or too few to tell."""
    if len(lines.line) < LEAST_SAMPLES:
        return None
    frame = _Frame.of(lines)
    start = float(np.tan(np.radians(_usual_angle(lines))))
    turn = frame.solve(np.array([start, -start, 0.0, 0.0]), TURN)
    turned, tilted = frame.describe(turn), frame.describe(frame.solve(turn, PROJECTIVE))
    scale = max(lines.shape) / REFERENCE_PX
    if tilted.tilt_px >= LEAST_TILT_PX * scale and tilted.error_px < BETTER * turned.error_px:
        return tilted
    return turned if abs(turned.angle_deg) >= LEAST_SKEW_DEG else None


def _usual_angle(lines: LongLines) -> float:
    """The commonest lean of the lines' pieces, degrees; positive brings level lines down to the right."""
    step = np.diff(lines.points, axis=0)
    same = np.diff(lines.line) == 0
    dx, dy = step[same].T
    upright = lines.is_upright[1:][same]
    lean = np.degrees(np.where(upright, np.arctan2(-dx, dy), np.arctan2(dy, dx)))
    length = np.hypot(dx, dy)
    edges = np.arange(-MOST_SKEW_DEG, MOST_SKEW_DEG + ANGLE_BIN_DEG / 2, ANGLE_BIN_DEG)
    counts = np.convolve(np.histogram(lean, edges, weights=length)[0], np.ones(3), "same")
    middle = float(edges[int(counts.argmax())]) + ANGLE_BIN_DEG / 2
    near = np.abs(lean - middle) <= 1.5 * ANGLE_BIN_DEG
    return float(np.average(lean[near], weights=length[near])) if near.any() else 0.0


@dataclass(frozen=True, eq=False)
class _Frame:
    """Samples in units of half the longer side, about the sheet's middle."""

    xy: Array  # (N, 2)
    line: NDArray[np.intp]
    upright: NDArray[np.bool_]
    half_px: float
    middle: Array
    shape: tuple[int, int]

    @classmethod
    def of(cls, lines: LongLines) -> _Frame:
        height, width = lines.shape
        middle, half = np.array([width, height]) / 2, max(width, height) / 2
        return cls((lines.points - middle) / half, lines.line, lines.is_upright, half, middle, lines.shape)

    def residuals(self, params: Array, weights: Array) -> Array:
        """Distance (N,) of each moved sample from the mean of its line."""
        b, d, g, h = params
        x, y = self.xy.T
        w = 1 + g * x + h * y
        across = np.where(self.upright, x + b * y, y + d * x) / w
        return np.asarray(across - self._line_mean(across, weights), np.float64)

    def slopes(self, params: Array, weights: Array) -> Array:
        """Derivatives (N, 4) of the residuals by b, d, g, h."""
        b, d, g, h = params
        x, y = self.xy.T
        w = 1 + g * x + h * y
        across = np.where(self.upright, x + b * y, y + d * x) / w
        by = np.stack(
            [np.where(self.upright, y, 0) / w, np.where(self.upright, 0, x) / w, -across * x / w, -across * y / w], 1
        )
        return np.asarray(by - np.stack([self._line_mean(column, weights) for column in by.T], axis=1), np.float64)

    def _line_mean(self, values: Array, weights: Array) -> Array:
        total = np.bincount(self.line, weights=weights)
        mean = np.bincount(self.line, weights=weights * values) / np.maximum(total, 1e-12)
        return np.asarray(mean[self.line], np.float64)

    def solve(self, params: Array, model: Array) -> Array:
        """Gauss-Newton with weights that fall off with the residual, ever faster; leaning lines end up with none.

        `model` (4, M) says which combinations of the parameters are free.
        """
        weights = np.ones(len(self.line))
        unit = REFERENCE_PX / 2
        for scale_px in SCALES_PX:
            weights = 1 / (1 + (self.residuals(params, weights) * unit / scale_px) ** 2) ** 2
            residual = self.residuals(params, weights)
            slope = self.slopes(params, weights) @ model
            normal = slope.T @ (slope * weights[:, None]) + 1e-9 * np.eye(model.shape[1])
            params = params - model @ np.linalg.solve(normal, slope.T @ (residual * weights))
        return params

    def describe(self, params: Array) -> PlaneFit:
        b, d, g, h = params
        angle = np.arctan((d - b) / 2)
        core = np.array([[1.0, b, 0], [d, 1, 0], [g, h, 1]])
        core[:2] /= np.sqrt(abs(np.linalg.det(core[:2, :2])))
        shift = np.array([[1, 0, self.middle[0]], [0, 1, self.middle[1]], [0, 0, 1.0]])
        half = np.diag([self.half_px, self.half_px, 1.0])
        matrix = shift @ half @ core @ np.linalg.inv(half) @ np.linalg.inv(shift)
        turn = shift @ _turn(float(angle)) @ np.linalg.inv(shift)
        height, width = self.shape
        corners = [[0, 0], [width, 0], [width, height], [0, height]]
        tilt = float(np.abs(transform_points(matrix, corners) - transform_points(turn, corners)).max())
        ones = np.ones(len(self.line))
        residual = np.abs(self.residuals(params, ones)) * self.half_px
        limit = SCALES_PX[1] * max(self.shape) / REFERENCE_PX
        return PlaneFit(matrix, float(np.degrees(angle)), tilt, float(np.minimum(residual, limit).mean()))


def _turn(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
