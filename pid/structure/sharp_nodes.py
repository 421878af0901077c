"""Acute corners and crossings mended.

Where strokes meet at an acute angle their ink is one along a stretch, and the skeleton shows a *bridge* between two
forks instead of a crossing, or a *stem* that runs from a fork to the tip of a corner; a rounded corner has a *chamfer*.
All three go: the lines of the strokes beyond tell the point.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.place_nodes import FLATTEST, OFF_PENS, OFF_PX, Pieces
from pid.structure.primitives import Index

LONGEST_BRIDGE_PENS = 7.0
LEAST_ARM_PENS, LEAST_ARM_PX = 1.3, 4.0
"""Shorter strokes have no certain line."""
STRETCH, STRETCH_PX = 1.5, 3.0
"""A bridge is as long as the pen is wide over the sine of half the angle, times this, and some pixels."""
BACK = 0.7
"""Cosine of the largest angle between a stem and the way that its strokes came."""
CHAMFER_PENS, CHAMFER_PX = 1.6, 2.0
"""A chamfer's length at most, and how far the corner may lie from its ends unless it is acute."""
HOOK_ARM, CHAMFER_ARM, BRIDGE_ARM = 2.0, 1.5, 0.8
"""The strokes that tell the point are at least so many times as long as what goes: small lettering is left alone."""
CORNER_ARM = 0.7
"""A corner is no farther from its chamfer than this share of the shorter of its strokes."""
HOOK_PENS, HOOK_PX = 0.8, 1.5
"""A skeleton's bend into a corner of a flat end, or its overshoot at a sharp corner, is as short as this."""
ROUNDS = 6


Line = tuple[float, ...]  # a point x, y, a unit direction x, y, and the stroke's width
Place = list[float]


def mend_acute(pieces: Pieces, node_xy: Array) -> tuple[Index, Array, NDArray[np.bool_]]:
    """The pieces' nodes (N, 2) and their places (M, 2) with bridges and stems gone, and which pieces are left (N,)."""
    nodes, node_xy = pieces.nodes.copy(), node_xy.copy()
    left = np.ones(len(nodes), bool)
    lines = [tuple(row) for row in np.column_stack([pieces.centre, pieces.heading, pieces.width]).tolist()]
    fresh = np.ones(len(node_xy), bool)
    for _ in range(ROUNDS):
        one = _Round(pieces, lines, nodes, node_xy, left)
        if not sum(one.mend(s) for s in one.todo(fresh) if left[s]):
            break
        fresh = np.zeros(len(node_xy), bool)
        fresh[list(one.moved)] = True  # the others were tried in vain
        for s in np.flatnonzero(left & fresh[nodes].any(axis=1)).tolist():
            fresh[nodes[s]] = True
    return nodes, node_xy, left


class _Round:
    """What touches what at the beginning of a round of mending; nodes and pieces change as it goes on."""

    def __init__(
        self, pieces: Pieces, lines: list[Line], nodes: Index, node_xy: Array, left: NDArray[np.bool_]
    ) -> None:
        self.pieces, self.lines, self.nodes, self.node_xy, self.left = pieces, lines, nodes, node_xy, left
        self.solid = pieces.straight & (pieces.length >= np.maximum(LEAST_ARM_PENS * pieces.width, LEAST_ARM_PX))
        self.degree = np.bincount(nodes[left].reshape(-1), minlength=len(node_xy))
        order = np.flatnonzero(np.repeat(left, 2))
        self.order = order[np.argsort(nodes.reshape(-1)[order], kind="stable")]
        self.first = np.concatenate([[0], np.cumsum(self.degree)])
        d, size, width = self.degree[nodes], pieces.length, pieces.width
        low, high = d.min(axis=1), d.max(axis=1)
        self.bridge = (low >= 2) & (high >= 3)
        self.stem = (low == 1) & (high == 3)
        self.hook = (low == 1) & (high == 2) & (size <= HOOK_PENS * width + HOOK_PX)
        self.chamfer = (high == 2) & (low == 2) & (size <= CHAMFER_PENS * width + CHAMFER_PX)
        self.moved: set[int] = set()

    def todo(self, fresh: NDArray[np.bool_]) -> list[int]:
        """The pieces at `fresh` nodes (M,) that may be bridges, stems, hooks or chamfers."""
        p, nodes = self.pieces, self.nodes
        brief = p.straight & (p.length <= LONGEST_BRIDGE_PENS * p.width + STRETCH_PX)
        arms = np.bincount(nodes[self.left & self.solid].reshape(-1), minlength=len(self.node_xy))
        enough = arms[nodes].sum(axis=1) - 2 * self.solid >= np.select([self.bridge, self.stem], [3, 2], 1)
        any_of = self.bridge | self.stem | self.hook | self.chamfer
        apart = (nodes[:, 0] != nodes[:, 1]) & fresh[nodes].any(axis=1)
        return np.flatnonzero(self.left & brief & any_of & enough & apart).tolist()

    def ends(self, node: int) -> Index:
        """The piece ends at a node: twice the piece, and 1 more for its second end."""
        return self.order[self.first[node] : self.first[node + 1]]

    def arms(self, node: int, but: int) -> list[int]:
        """The pieces with a certain line at a node, without the piece `but`."""
        return [e // 2 for e in self.ends(node).tolist() if e // 2 != but and self.solid[e // 2]]

    def mend(self, s: int) -> bool:
        """Take away the piece `s`, if it is none of its own; its nodes become one."""
        p, q = self.nodes[s].tolist()
        if self.degree[p] == 1 or (self.degree[p] == 2 and self.degree[q] > 2):
            p, q = q, p
        drop = [s]
        if self.chamfer[s]:
            if not self.arms(p, s):
                p, q = q, p
            if not self.arms(q, s):  # a chamfer of two pieces
                drop.append(next(e // 2 for e in self.ends(q).tolist() if e // 2 != s))
                if not self.chamfer[drop[1]]:
                    return False
                q = int(self.nodes[drop[1]].sum()) - q
        if p == q or p in self.moved or q in self.moved:
            return False
        arms, xy = self.arms(p, s) + self.arms(q, drop[-1]), self.node_xy
        size = self.pieces.length
        least = (HOOK_ARM if self.hook[s] else CHAMFER_ARM if self.chamfer[s] else BRIDGE_ARM) * float(size[drop].sum())
        if any(size[k] < least for k in arms):
            return False
        lines, width, a, b = [self.lines[k] for k in arms], self.lines[s][4], xy[p].tolist(), xy[q].tolist()
        if self.chamfer[s]:
            met = _corner(lines, width, a, b, CORNER_ARM * min((float(size[k]) for k in arms), default=0.0))
        elif self.hook[s]:
            met = _straightened(lines, b)
        else:
            met = _meeting(lines, width, a, b, is_stem=bool(self.degree[q] == 1))
            to_corner = self.degree[q] == 2  # the fork is a corner whose one side goes on
            if met and to_corner and math.dist(met, a) < math.dist(met, b):
                return False
        if met is None:
            return False
        self.left[drop] = False
        self.nodes.reshape(-1)[self.ends(q)] = p
        xy[p] = met
        self.moved |= {p, q}
        return True


def _meeting(lines: list[Line], width: float, p: Place, q: Place, *, is_stem: bool) -> tuple[float, float] | None:
    """Where lines meet, if the piece of this width from `p` to `q` is a bridge or a stem of theirs."""
    found = _nearest_point(lines) if len(lines) >= (2 if is_stem else 3) else None
    if found is None:
        return None
    x, y, sine = found
    width = max(width, *(line[4] for line in lines))
    reach = math.dist(p, q)
    ux, uy = (q[0] - p[0]) / max(reach, 1e-9), (q[1] - p[1]) / max(reach, 1e-9)
    along, beside = (x - p[0]) * ux + (y - p[1]) * uy, abs((x - p[0]) * uy - (y - p[1]) * ux)
    if (
        reach > STRETCH * width / sine * (0.5 if is_stem else 1.0) + STRETCH_PX
        or beside > 0.7 * width + 1
        or not -0.5 * width - 1 <= along <= reach + width + 1
        or any(abs((x - c) * k - (y - d) * h) > OFF_PENS * width + OFF_PX for c, d, h, k, _ in lines)
    ):
        return None
    if is_stem:  # it goes on where its two strokes came from, up to where they meet
        back = [(c - p[0], d - p[1]) for c, d, *_ in lines]
        if any(c * ux + d * uy > -BACK * math.hypot(c, d) for c, d in back):
            return None
        if along < reach / 2 and reach > HOOK_PENS * width + HOOK_PX:
            return None
    return x, y


def _straightened(lines: list[Line], tip: Place) -> tuple[float, float] | None:
    """The foot of a hook's tip on the line of the only stroke that it ends."""
    if len(lines) != 1:
        return None
    c, d, h, k, _ = lines[0]
    along = (tip[0] - c) * h + (tip[1] - d) * k
    return c + along * h, d + along * k


def _corner(lines: list[Line], width: float, p: Place, q: Place, most: float) -> tuple[float, float] | None:
    """The corner that a piece of this width from `p` to `q` cuts off, at most so far away, if it is a chamfer."""
    found = _nearest_point(lines) if len(lines) == 2 else None
    if found is None:
        return None
    x, y, _ = found
    (a, b), (c, d) = ((line[0] - x, line[1] - y) for line in lines)
    cosine = (a * c + b * d) / max(math.hypot(a, b) * math.hypot(c, d), 1e-9)
    sine = math.sqrt(max(1 - cosine, 0.02) / 2)  # of half the angle within the corner
    away = max(math.dist((x, y), p), math.dist((x, y), q))
    for line, end in zip(lines, (p, q), strict=True):  # it lies beyond the ends of both, not back where they came from
        if (x - end[0]) * (end[0] - line[0]) + (y - end[1]) * (end[1] - line[1]) < 0:
            return None
    return (x, y) if away <= min(max(CHAMFER_PENS, STRETCH / sine) * width + CHAMFER_PX, most) else None


def _nearest_point(lines: list[Line]) -> tuple[float, float, float] | None:
    """The point nearest to lines in the sense of least squares, and the sine of half the angle that they span."""
    xx = xy = yy = rx = ry = 0.0
    for cx, cy, hx, hy, _ in lines:
        a, b, d = 1 - hx * hx, -hx * hy, 1 - hy * hy
        xx, xy, yy = xx + a, xy + b, yy + d
        rx, ry = rx + a * cx + b * cy, ry + b * cx + d * cy
    n = len(lines)
    det = xx * yy - xy * xy
    if det < FLATTEST * n * n:
        return None
    least = (xx + yy) / 2 - math.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    return (yy * rx - xy * ry) / det, (xx * ry - xy * rx) / det, math.sqrt(max(least / n, 1e-6))
