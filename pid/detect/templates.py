"""What the catalogue's symbols look like, and which of them a few paths are: an exact comparison, no network.

A *template* is one catalogue variant in the unit frame of `pid.detect.outline`, with or without its outside shapes
(stems) and with or without what its paper-coloured fills hide, as files keep either (`pid.detect.template_shapes`). A
*fit* is a template in a pose that lies on given ink.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog, load_catalog
from pid.detect.outline import (
    POSES,
    Outline,
    distance_map,
    pose_fill,
    pose_points,
    to_cells,
)
from pid.detect.template_shapes import Template, make_templates
from pid.drawing import Box, Point
from pid.geometry import Array, bounds

MEAN_MOST, FAR_MOST = 0.016, 0.055
"""Mean and largest distance of ink to ink, both ways, in the unit frame, that is still the same drawing."""
ROUGH_MEAN_MOST = 0.035
"""The same mean on the coarse map, whose cells are 0.02 wide."""
FILL_MOST, FILL_SHARE = 0.02, 0.3
"""Filled area that may differ, of the frame and of the larger filled area; the larger of the two counts."""
PROPORTION_MOST = 1.4
"""Difference of proportions between offices (2:1 and 3:2 valves) for symbols that are not stretched ..."""
STRETCH_MOST = 2.6
"""... and along the axes in which the catalogue lets a symbol be longer."""
PROPORTION_COST = 0.01
"""Added to the mean distance for proportions wrong by a factor of e: of two that fit, the undistorted one is meant."""
COST_STEP = 0.002
"""Costs closer than this are the same: coordinates are rounded in files."""
SAME_POSE = 0.045
"""A template is symmetric when no point of its turned or mirrored copy is further off; two cells of the map."""
_VERIFIED = 40
_FIRST_STEP = 4


@dataclass(frozen=True, eq=False)
class Fit:
    """A template that lies on given ink."""

    template: Template
    pose: tuple[int, bool]
    frame: Box  # of the ink
    cost: float  # mean distance in the unit frame and what proportions add

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.template.kind.name

    @property
    def scale(self) -> float:
        """Units of the ink per catalogue millimetre, the mean of both axes."""
        x0, y0, x1, y1 = self.template.outline.frame
        fx0, fy0, fx1, fy1 = self.frame
        return math.sqrt((fx1 - fx0) * (fy1 - fy0) / ((x1 - x0) * (y1 - y0)))

    def place(self, points: Sequence[Point]) -> Array:
        """Points (N, 2) in catalogue millimetres as they lie in the ink's frame."""
        x0, y0, x1, y1 = self.template.outline.frame
        unit = (np.asarray(points, np.float64).reshape(-1, 2) - (x0, y0)) / (x1 - x0, y1 - y0)
        fx0, fy0, fx1, fy1 = self.frame
        placed = pose_points(unit, self.pose) * (fx1 - fx0, fy1 - fy0) + (fx0, fy0)
        return np.asarray(placed, np.float64)

    @property
    def box(self) -> Box:
        """The symbol's box in the ink's frame."""
        x0, y0, x1, y1 = self.template.box
        return bounds(self.place([(x0, y0), (x1, y1)]))

    @property
    def ports(self) -> tuple[Point, ...]:
        """The variant's ports in the ink's frame."""
        ports = self.template.variant.ports
        placed = self.place([(port.x, port.y) for port in ports]) if ports else np.zeros((0, 2))
        return tuple((float(x), float(y)) for x, y in placed)


class TemplateBook:
    """All templates of a catalogue, ready for comparison."""

    def __init__(self, catalog: Catalog) -> None:
        self.templates = tuple(t for kind in catalog.values() for v in kind.variants for t in make_templates(kind, v))
        outlines = [t.outline for t in self.templates]
        self._maps = np.stack([distance_map(o.points) for o in outlines])
        posed = np.stack([[pose_points(o.sparse, pose) for pose in POSES] for o in outlines])
        self._cells = to_cells(posed)  # (T, 8, SPARSE, 2)
        self._differs = self._find_differing()
        self._aspects = np.log([o.aspect for o in outlines])
        ranges = np.array([_proportions(t.kind.stretch) for t in self.templates])
        self._narrower, self._wider = ranges[:, 0], ranges[:, 1]
        self._kinds = np.array([t.kind.name for t in self.templates])
        self._filled = np.array([float(o.fill.mean()) for o in outlines])
        self._trees: dict[int, Any] = {}

    def fit(self, ink: Outline, *, kinds: Collection[str] | None = None, loosely: bool = False) -> list[Fit]:
        """Templates that lie on the ink, best first, one for each kind.

        Args:
            ink: What was drawn.
            kinds: Only these kinds.
            loosely: Whatever lies nearest, be it exact or not: for the pose of a symbol that is known by its name.
        """
        turned = np.array([quarter % 2 == 1 for quarter, _ in POSES])
        ratio = np.where(turned, -1.0, 1.0) * math.log(ink.aspect) - self._aspects[:, None]  # (T, 8)
        fits = (ratio >= self._narrower[:, None]) & (ratio <= self._wider[:, None]) & self._differs
        if kinds is not None:
            fits &= np.isin(self._kinds, list(kinds))[:, None]
        if not loosely:
            filled = float(ink.fill.mean())
            fits &= (np.abs(self._filled - filled) <= _fill_limit(self._filled, filled))[:, None]
        rows, poses = np.nonzero(fits)
        rows, poses, rough = self._rough(ink, rows, poses, limit=np.inf if loosely else ROUGH_MEAN_MOST)
        tree = _tree(ink.points) if len(rows) else None
        best: dict[str, Fit] = {}
        least = np.inf
        for k in np.argsort(rough, kind="stable")[:_VERIFIED].tolist():
            if rough[k] > least + ROUGH_MEAN_MOST:
                break
            row, pose = int(rows[k]), int(poses[k])
            found = self._verify(ink, tree, row, pose, float(ratio[row, pose]), loosely=loosely)
            if found is not None:
                least = min(least, found.cost)
                if found.kind not in best or _rank(found) < _rank(best[found.kind]):
                    best[found.kind] = found
        return sorted(best.values(), key=_rank)

    def _find_differing(self) -> NDArray[np.bool_]:
        """Which poses (T, 8) of each template look different from all before: a circle has one."""
        each = np.arange(len(self.templates))[:, None, None]
        off = self._maps[each, self._cells[..., 1], self._cells[..., 0]]  # (T, 8, SPARSE)
        same = off.max(axis=2) < SAME_POSE
        differs = np.ones((len(self.templates), len(POSES)), bool)
        for pose in range(1, len(POSES)):
            for earlier in range(pose):
                differs[:, pose] &= ~same[:, _STEP_BETWEEN[earlier][pose]]
        return differs

    def _rough(
        self, ink: Outline, rows: NDArray[np.intp], poses: NDArray[np.intp], *, limit: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Of posed templates those near the ink on the coarse map, with the larger of both mean distances.

        A few points decide first, as most templates are far off.
        """
        ink_map = distance_map(ink.points)
        for step in (_FIRST_STEP, 1):
            cells = self._cells[rows, poses, ::step]
            there = ink_map[cells[..., 1], cells[..., 0]].mean(axis=-1)
            keep = there <= limit * (2 if step > 1 else 1)
            rows, poses, there = rows[keep], poses[keep], there[keep]
        unposed = to_cells(np.stack([_unpose(ink.sparse, pose) for pose in POSES]))[poses]  # (K, SPARSE, 2)
        back = self._maps[rows[:, None], unposed[..., 1], unposed[..., 0]].mean(axis=-1)
        rough = np.maximum(there, back).astype(np.float64)
        keep = rough <= limit
        return rows[keep], poses[keep], rough[keep]

    def _verify(self, ink: Outline, tree: Any, row: int, pose: int, ratio: float, *, loosely: bool) -> Fit | None:
        template = self.templates[row]
        if not loosely and not _same_fill(ink.fill, pose_fill(template.outline.fill, POSES[pose])):
            return None
        posed = pose_points(template.outline.points, POSES[pose])
        if row not in self._trees:
            self._trees[row] = _tree(template.outline.points)
        most = np.inf if loosely else FAR_MOST
        mean, far = _distances(tree, posed, self._trees[row], _unpose(ink.points, POSES[pose]), most=most)
        if not loosely and (mean > MEAN_MOST or far > FAR_MOST):
            return None
        return Fit(template, POSES[pose], ink.frame, mean + PROPORTION_COST * abs(ratio))


@cache
def shipped_templates() -> TemplateBook:
    """The templates of the shipped catalogue, made once."""
    return TemplateBook(load_catalog())


def _proportions(stretch: str) -> tuple[float, float]:
    """Lowest and highest log ratio of the ink's aspect to the template's."""
    mild, wide = math.log(PROPORTION_MOST), math.log(STRETCH_MOST)
    return (-wide if "y" in stretch else -mild), (wide if "x" in stretch else mild)


def _unpose(points: Array, pose: tuple[int, bool]) -> Array:
    """Points brought back to where a pose took them from."""
    quarter, mirrored = pose
    upright = pose_points(points, ((4 - quarter) % 4, False))
    return pose_points(upright, (0, mirrored))


def _tree(points: Array) -> Any:
    from scipy.spatial import cKDTree

    return cKDTree(points)


def _distances(ink: Any, posed: Array, template: Any, unposed: Array, *, most: float) -> tuple[float, float]:
    """The larger of both mean distances, and the largest distance of all, between trees and the other's points.

    Infinite where a point is clearly farther off than `most`, beyond which nothing is searched.
    """
    there = np.asarray(ink.query(posed, distance_upper_bound=1.01 * most)[0])
    if not np.isfinite(there).all():
        return np.inf, np.inf
    back = np.asarray(template.query(unposed, distance_upper_bound=1.01 * most)[0])
    return float(max(there.mean(), back.mean())), float(max(there.max(), back.max()))


def _fill_limit(a: NDArray[np.float64] | float, b: float) -> NDArray[np.float64]:
    return np.maximum(FILL_MOST, FILL_SHARE * np.maximum(a, b))


def _same_fill(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> bool:
    differs = float((a ^ b).mean())
    return differs <= float(_fill_limit(float(a.mean()), float(b.mean())))


def _rank(fit: Fit) -> tuple[float, float, bool, int]:
    """Cost in steps that tell, then how usual the variant is for its kind, then the simpler pose."""
    share = fit.template.variant.weight / sum(v.weight for v in fit.template.kind.variants)
    return round(fit.cost / COST_STEP), -share, fit.pose[1], fit.pose[0]


def _find_step(start: tuple[int, bool], end: tuple[int, bool]) -> int:
    """The pose that leads back from `end` to `start`, up to symmetry: `start` undone after `end`."""
    marks = np.array([[0.9, 0.6], [0.8, 0.1]])
    back = _unpose(pose_points(marks, end), start)
    return next(i for i, pose in enumerate(POSES) if np.allclose(pose_points(marks, pose), back))


_STEP_BETWEEN = [[_find_step(a, b) for b in POSES] for a in POSES]
