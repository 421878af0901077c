"""Nodes moved to where fitted strokes meet, which is exact to a fraction of a pixel; acute ones mended.

Where strokes meet at an acute angle their ink is one along a stretch, and the skeleton shows a *bridge* between two
forks instead of a crossing, or a *stem* that runs from a fork to the tip of a corner; a rounded corner has a *chamfer*.
All three go: the lines of the strokes beyond tell the point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import Index

OFF_PENS, OFF_PX = 0.3, 0.6
"""How far a stroke's line may miss the point where it meets others."""
LONGEST_BRIDGE_PENS = 7.0
LEAST_ARM_PENS, LEAST_ARM_PX = 1.3, 4.0
"""Shorter strokes have no certain line."""
FLATTEST = 0.008
"""Least determinant of the mean projection across the lines that meet: about 10 degrees between two."""
STRETCH, STRETCH_PX = 1.5, 3.0
"""A bridge is as long as the pen is wide over the sine of half the angle, times this, and some pixels."""
FARTHEST_PENS = 4.0
"""How far a node may move where all lines agree."""
BACK = 0.7
"""Cosine of the largest angle between a stem and the way that its strokes came."""
CHAMFER_PENS, CHAMFER_PX = 1.6, 2.0
"""A chamfer's length at most, and how far the corner may lie from its ends unless it is acute."""
HOOK_PENS, HOOK_PX = 0.8, 1.5
"""A skeleton's bend into a corner of a flat end, or its overshoot at a sharp corner, is as short as this."""
STUB_PX = 1.0
"""An end that leaves the ink of the others by no more than this is their outline's roughness."""
AS_ONE_PENS, AS_ONE_PX = 0.15, 0.5
"""Two strokes whose node lies so near to the line between their other ends are one."""
SURE_PENS = 4.0
"""A line as long as so many pens is trusted fully, a shorter one less."""
PULL = 0.02
"""Trust in the node's own place, which decides along a line that ends alone."""
ROUNDS = 6


Line = tuple[float, ...]  # a point x, y, a unit direction x, y, and the stroke's width
Place = list[float]


@dataclass(frozen=True, eq=False)
class Pieces:
    """N strokes and curves between nodes, as fitted."""

    nodes: Index
    """(N, 2)."""
    straight: NDArray[np.bool_]
    """(N,)."""
    centre: Array
    """(N, 2) a point of the stroke's line."""
    heading: Array
    """(N, 2) its direction, unit length."""
    length: Array
    """(N,) from node to node."""
    width: Array
    """(N,)."""


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
        if self.degree[p] == 1:
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
        lines, width, a, b = [self.lines[k] for k in arms], self.lines[s][4], xy[p].tolist(), xy[q].tolist()
        if self.chamfer[s]:
            met = _corner(lines, width, a, b)
        elif self.hook[s]:
            met = _straightened(lines, b)
        else:
            met = _meeting(lines, width, a, b, is_stem=bool(self.degree[q] == 1))
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


def _corner(lines: list[Line], width: float, p: Place, q: Place) -> tuple[float, float] | None:
    """The corner that a piece of this width from `p` to `q` cuts off, if it is a chamfer between two lines."""
    found = _nearest_point(lines) if len(lines) == 2 else None
    if found is None:
        return None
    x, y, _ = found
    (a, b), (c, d) = ((line[0] - x, line[1] - y) for line in lines)
    cosine = (a * c + b * d) / max(math.hypot(a, b) * math.hypot(c, d), 1e-9)
    sine = math.sqrt(max(1 - cosine, 0.02) / 2)  # of half the angle within the corner
    away = max(math.dist((x, y), p), math.dist((x, y), q))
    return (x, y) if away <= max(CHAMFER_PENS, STRETCH / sine) * width + CHAMFER_PX else None


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


def meeting_points(node_xy: Array, pieces: Pieces) -> Array:
    """Each node at the point nearest to the lines of its strokes.

    At most about a pen from where it was; farther where all lines agree and are long enough to be trusted.
    """
    m = len(node_xy)
    matrix = np.zeros((3, m))  # xx, xy, yy of the sum of projections across the lines
    right = np.zeros((2, m))
    s = pieces.straight
    c, h, width = pieces.centre[s], pieces.heading[s], pieces.width[s]
    trust = np.clip(pieces.length[s] / np.maximum(SURE_PENS * width, 1e-9), 0.05, 1.0) ** 2
    across = trust * np.stack([1 - h[:, 0] ** 2, -h[:, 0] * h[:, 1], 1 - h[:, 1] ** 2])
    push = np.stack([across[0] * c[:, 0] + across[1] * c[:, 1], across[1] * c[:, 0] + across[2] * c[:, 1]])
    away, shortest = np.zeros(m), np.full(m, np.inf)
    for side in (0, 1):
        at = pieces.nodes[s, side]
        matrix += np.stack([np.bincount(at, row, m) for row in across])
        right += np.stack([np.bincount(at, row, m) for row in push])
        np.maximum.at(away, at, width)
        np.minimum.at(shortest, at, pieces.length[s])
    total = matrix[0] + matrix[2]  # the sum of all trust
    sharp = (matrix[0] * matrix[2] - matrix[1] ** 2 > FLATTEST * total**2) & (total > 1e-3)
    pull_at = np.where(sharp, 1e-6, PULL)
    xx, yy, xy = matrix[0] + pull_at, matrix[2] + pull_at, matrix[1]
    rx, ry = right + pull_at * node_xy.T
    moved = np.column_stack([yy * rx - xy * ry, xx * ry - xy * rx]) / (xx * yy - xy**2)[:, None]
    off = np.zeros(m)
    for side in (0, 1):
        at = pieces.nodes[s, side]
        step = moved[at] - c
        np.maximum.at(off, at, np.abs(step[:, 0] * h[:, 1] - step[:, 1] * h[:, 0]))
    shift = np.hypot(*(moved - node_xy).T)
    agree = sharp & (off <= OFF_PENS * away + OFF_PX) & (shift < 0.8 * shortest)
    near = shift <= np.maximum(np.where(agree, FARTHEST_PENS, 1.0) * away, 1.5)
    return np.where(near[:, None], moved, node_xy)


def stubs(nodes: Index, node_xy: Array, width: Array) -> NDArray[np.bool_]:
    """Which pieces (N,) are ends beyond a corner or junction too short to be strokes."""
    degree = np.bincount(nodes.reshape(-1), minlength=len(node_xy))[nodes]
    span = node_xy[nodes[:, 1]] - node_xy[nodes[:, 0]]
    brief = np.hypot(span[:, 0], span[:, 1]) <= width / 2 + STUB_PX
    return np.asarray(brief & (degree.min(axis=1) == 1) & (degree.max(axis=1) >= 3), np.bool_)


def join_straight(nodes: Index, node_xy: Array, straight: NDArray[np.bool_], width: Array) -> NDArray[np.bool_]:
    """Make strokes one that go on straight where nothing else ends; which pieces (N,) are left.

    `nodes` (N, 2) is changed in place: the stroke that stays ends where the one that goes ended.
    """
    left = np.ones(len(nodes), bool)
    flat = nodes.reshape(-1)
    degree = np.bincount(flat, minlength=len(node_xy))
    plain = np.bincount(nodes[straight].reshape(-1), minlength=len(node_xy))
    ends = np.flatnonzero((degree[flat] == 2) & (plain[flat] == 2))
    ends = ends[np.argsort(flat[ends], kind="stable")]
    one, two = ends[::2], ends[1::2]
    a, b, m = node_xy[flat[one ^ 1]], node_xy[flat[two ^ 1]], node_xy[flat[one]]
    chord = b - a
    reach = np.hypot(chord[:, 0], chord[:, 1])
    off = np.abs((m - a)[:, 0] * chord[:, 1] - (m - a)[:, 1] * chord[:, 0]) / np.maximum(reach, 1e-9)
    between = ((m - a) * chord).sum(axis=1) * ((b - m) * chord).sum(axis=1) > 0
    near = AS_ONE_PENS * np.minimum(width[one // 2], width[two // 2]) + AS_ONE_PX
    heir = np.arange(len(nodes))
    gone: dict[int, list[Array]] = {}
    for i in np.flatnonzero(between & (off <= near)).tolist():
        p, q = _heir(heir, int(one[i]) // 2), _heir(heir, int(two[i]) // 2)
        node = int(flat[one[i]])
        if p == q:
            continue
        start = int(nodes[p, 0] if nodes[p, 1] == node else nodes[p, 1])
        stop = int(nodes[q, 0] if nodes[q, 1] == node else nodes[q, 1])
        passed = [*gone.get(p, []), *gone.get(q, []), node_xy[node]]
        line = node_xy[stop] - node_xy[start]
        size = float(np.hypot(line[0], line[1]))
        step = np.array(passed) - node_xy[start]
        if start == stop or (np.abs(step[:, 0] * line[1] - step[:, 1] * line[0]) > 1.5 * near[i] * size).any():
            continue
        nodes[p] = start, stop
        left[q] = False
        heir[q], gone[p] = p, passed
    return left


def _heir(heir: Index, piece: int) -> int:
    """The stroke that a stroke became part of."""
    while heir[piece] != piece:
        piece = int(heir[piece])
    return piece
