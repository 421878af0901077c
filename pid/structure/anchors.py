"""Anchors: points of a drawing that stay what they are when it is stretched, and what leaves them which way.

Terms of art: an *arm* is a primitive that leaves an anchor; its *class* is one of the four axis directions or one of
the four quadrants between them. Stretching along an axis leaves a level arm level and an arm that rises to the right
rising to the right, so classes survive any stretch, which angles do not. The *bulge* of a curve is where it is level or
upright: its outermost points, which a stretch keeps outermost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import ARC, BLOB, CIRCLE, Index, Primitives

ARM_PENS = 4.0
"""An arm's direction is measured over so many pens, or its whole length."""
JOIN_PENS = 1.6
"""Nodes joined by shorter primitives are one anchor: corners that ink has rounded."""
AXIS_DEG, LEVEL_DEG, OPEN_DEG = 17.0, 8.0, 14.0
"""An arm within the first of an axis may lie along it, one within the second does; a quadrant reaches the third beyond
its axes: what is nearly level may be either when it is stretched."""
BULGE_DEG = 30.0
"""A curve's outermost point counts where its tangent is within this of the axis."""

AXES = (0.0, 90.0, 180.0, 270.0)  # bits 0..3: right, up, left, down
QUADRANTS = (45.0, 135.0, 225.0, 315.0)  # bits 4..7
BULGE_BIT = 8  # bits 8..11: bulges to the right, up, left, down


@dataclass(frozen=True, eq=False)
class Anchors:
    """A anchors and their B arms; angles are degrees counter-clockwise as seen."""

    xy: Array  # (A, 2)
    arm_anchor: Index  # (B,)
    arm_deg: Array  # (B,)
    bulge_anchor: Index  # (C,)
    bulge_deg: Array  # (C,) outward: 0, 90, 180 or 270

    def masks(self) -> NDArray[np.int64]:
        """(A,) the classes that each anchor offers: an arm near a border offers those on both sides of it."""
        out = np.zeros(len(self.xy), np.int64)
        for bit, axis in enumerate(AXES):
            self._offer(out, bit, np.abs(_apart(self.arm_deg, axis)) <= AXIS_DEG)
        for bit, quadrant in enumerate(QUADRANTS, 4):
            self._offer(out, bit, np.abs(_apart(self.arm_deg, quadrant)) <= 45 + OPEN_DEG)
        for bit, axis in enumerate(AXES, BULGE_BIT):
            hit = self.bulge_anchor[np.abs(_apart(self.bulge_deg, axis)) < 1]
            out[hit] |= 1 << bit
        return out

    def _offer(self, out: NDArray[np.int64], bit: int, arms: NDArray[np.bool_]) -> None:
        out[self.arm_anchor[arms]] |= 1 << bit

    def wanted(self, matrix: Array) -> NDArray[np.int64]:
        """(A,) the classes that each anchor needs where the drawing is turned by `matrix` (2, 2): each arm's one."""
        out = np.zeros(len(self.xy), np.int64)
        angle = turned_deg(self.arm_deg, matrix)
        axis = np.round(angle / 90) % 4
        level = np.abs(_apart(angle, axis * 90)) <= LEVEL_DEG
        quadrant = np.floor(angle / 90) % 4
        bit = np.where(level, axis, 4 + quadrant).astype(np.int64)
        np.bitwise_or.at(out, self.arm_anchor, 1 << bit)
        bulge = (np.round(turned_deg(self.bulge_deg, matrix) / 90) % 4).astype(np.int64)
        np.bitwise_or.at(out, self.bulge_anchor, 1 << (BULGE_BIT + bulge))
        return out


def turned_deg(angle: Array, matrix: Array) -> Array:
    """Directions (N,) in degrees 0..360, counter-clockwise as seen, under a (2, 2) matrix that acts on x and y down."""
    rad = np.radians(angle)
    d = np.column_stack([np.cos(rad), -np.sin(rad)]) @ np.asarray(matrix).T
    return np.asarray(np.degrees(np.arctan2(-d[:, 1], d[:, 0])) % 360, np.float64)


def find_anchors(parts: Primitives, pen: float, *, least_arm: float = 0.0) -> Anchors:
    """The anchors of primitives drawn with a pen of so many pixels; arms shorter than `least_arm` are not told."""
    ends = np.flatnonzero((parts.shape != CIRCLE) & (parts.shape != BLOB) & (parts.nodes[:, 0] >= 0))
    label, xy = _join_nodes(parts, ends, JOIN_PENS * pen)
    node, deg = _arms(parts, ends, ARM_PENS * pen)
    long = np.tile(parts.length[ends] >= max(0.8 * pen, least_arm), 2)
    arm_anchor, arm_deg = label[node[long]], deg[long]
    bulge_xy, bulge_deg = _bulges(parts)
    used, arm_anchor = np.unique(arm_anchor, return_inverse=True)
    count = len(used)
    return Anchors(
        np.vstack([xy[used], bulge_xy]),
        arm_anchor.astype(np.int64),
        arm_deg,
        np.arange(count, count + len(bulge_xy)),
        bulge_deg,
    )


def _join_nodes(parts: Primitives, ends: Index, reach: float) -> tuple[Index, Array]:
    """Which anchor each node belongs to, and the anchors' places."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(parts.node_xy)
    short = ends[parts.length[ends] <= reach]
    a, b = parts.nodes[short, 0], parts.nodes[short, 1]
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    count = int(label.max(initial=-1)) + 1
    weight = np.maximum(np.bincount(label, minlength=count), 1)
    xy = np.column_stack([np.bincount(label, parts.node_xy[:, k], count) / weight for k in (0, 1)])
    return label.astype(np.int64), xy


def _arms(parts: Primitives, ends: Index, reach: float) -> tuple[Index, Array]:
    """The node and the direction of each end of some primitives: first all starts, then all ends."""
    length = np.maximum(parts.length[ends], 1e-9)
    share = np.minimum(reach / length, 1.0)
    some = parts.only(ends)
    run = some._run[some.first[:-1]]
    who = np.arange(len(ends))
    start, stop = some.xy[some.first[:-1]], some.xy[some.first[1:] - 1]
    ahead = some._at(run + share * length, who) - start
    back = some._at(run + (1 - share) * length, who) - stop
    d = np.vstack([ahead, back])
    deg = np.degrees(np.arctan2(-d[:, 1], d[:, 0])) % 360
    return np.concatenate([parts.nodes[ends, 0], parts.nodes[ends, 1]]), deg


def _bulges(parts: Primitives) -> tuple[Array, Array]:
    """Outermost points (C, 2) of curves where these are level or upright, and which way they lie (C,)."""
    curves = parts.only((parts.shape == CIRCLE) | (parts.shape == ARC))
    if not len(curves):
        return np.zeros((0, 2)), np.zeros(0)
    share = np.linspace(0, 1, 65)
    points = curves.along(share)
    places, degs = [], []
    closed = curves.shape == CIRCLE
    for deg, axis, sign in ((0.0, 0, 1), (90.0, 1, -1), (180.0, 0, -1), (270.0, 1, 1)):
        best = (sign * points[:, :, axis]).argmax(axis=1)
        rows = np.arange(len(curves))
        before = np.where(closed, (best - 2) % 64, np.maximum(best - 2, 0))
        after = np.where(closed, (best + 2) % 64, np.minimum(best + 2, 64))
        tangent = points[rows, after] - points[rows, before]
        along, across = np.abs(tangent[:, axis]), np.abs(tangent[:, 1 - axis])
        good = along <= np.tan(np.radians(BULGE_DEG)) * across
        places.append(points[rows, best][good])
        degs.append(np.full(int(good.sum()), deg))
    return np.vstack(places), np.concatenate(degs)


def _apart(a: Array, b: Array | float) -> Array:
    """Signed difference of angles in degrees, -180..180."""
    return np.asarray((np.asarray(a) - b + 180) % 360 - 180, np.float64)
