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
SURE_PENS = 4.0
"""A line as long as so many pens is trusted fully, a shorter one less."""
PULL = 0.02
"""Trust in the node's own place, which decides along a line that ends alone."""
ROUNDS = 3


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
    solid = pieces.straight & (pieces.length >= np.maximum(LEAST_ARM_PENS * pieces.width, LEAST_ARM_PX))
    brief = pieces.straight & (pieces.length <= LONGEST_BRIDGE_PENS * pieces.width + STRETCH_PX)
    for _ in range(ROUNDS):
        merged = _mend_round(pieces, nodes, node_xy, left, solid, brief)
        if not merged:
            break
    return nodes, node_xy, left


def _mend_round(
    pieces: Pieces, nodes: Index, node_xy: Array, left: NDArray[np.bool_], solid: NDArray[np.bool_],
    brief: NDArray[np.bool_],
) -> int:  # fmt: skip
    """Change nodes, places and what is left where a bridge or a stem is found; the number of them."""
    index = np.flatnonzero(left)
    degree = np.bincount(nodes[index].reshape(-1), minlength=len(node_xy))
    flat = nodes.reshape(-1)
    order = np.flatnonzero(np.repeat(left, 2))
    order = order[np.argsort(flat[order], kind="stable")]
    first = np.concatenate([[0], np.cumsum(degree)])
    d = degree[nodes]
    bridge = (d.min(axis=1) >= 2) & (d.max(axis=1) >= 3)
    stem = (d.min(axis=1) == 1) & (d.max(axis=1) == 3)
    chamfer = (d == 2).all(axis=1) & (pieces.length <= CHAMFER_PENS * pieces.width + CHAMFER_PX)
    todo = np.flatnonzero(left & brief & (bridge | stem | chamfer) & (nodes[:, 0] != nodes[:, 1]))
    moved: set[int] = set()
    arms_of = np.bincount(nodes[left & solid].reshape(-1), minlength=len(node_xy))
    todo = todo[arms_of[nodes[todo]].sum(axis=1) - 2 * solid[todo] >= np.where(bridge[todo], 3, 2)]
    count = 0
    for s in todo.tolist():
        p, q = nodes[s].tolist()
        if p in moved or q in moved:
            continue
        if degree[p] == 1:
            p, q = q, p
        ends = [order[first[n] : first[n + 1]] for n in (p, q)]
        arms = [e // 2 for e in np.concatenate(ends).tolist() if e // 2 != s and solid[e // 2]]
        if chamfer[s]:
            met = _corner(pieces, arms, s, node_xy[[p, q]])
        else:
            met = _meeting(pieces, arms, s, node_xy[p], node_xy[q], is_stem=bool(degree[q] == 1))
        if met is None:
            continue
        left[s] = False
        flat[ends[1]] = p
        node_xy[p] = met
        moved |= {p, q}
        count += 1
    return count


def _meeting(
    pieces: Pieces, arms: list[int], s: int, p: Array, q: Array, *, is_stem: bool
) -> tuple[float, float] | None:
    """Where the lines of the arms meet, if the piece `s` between `p` and `q` is a bridge or a stem of theirs."""
    if len(arms) < (2 if is_stem else 3):
        return None
    c, h = pieces.centre[arms], pieces.heading[arms]
    found = _nearest_point(c.tolist(), h.tolist())
    if found is None:
        return None
    x, y, sine = found
    width = max(float(pieces.width[s]), *(float(w) for w in pieces.width[arms]))
    off = np.abs((x - c[:, 0]) * h[:, 1] - (y - c[:, 1]) * h[:, 0]).max()
    reach = float(np.hypot(*(q - p)))
    if off > OFF_PENS * width + OFF_PX or reach > STRETCH * width / sine * (0.5 if is_stem else 1.0) + STRETCH_PX:
        return None
    u = (q - p) / max(reach, 1e-9)
    along = float((x - p[0]) * u[0] + (y - p[1]) * u[1])
    beside = abs(float((x - p[0]) * u[1] - (y - p[1]) * u[0]))
    if beside > 0.7 * width + 1 or not -0.5 * width - 1 <= along <= reach + width + 1:
        return None
    if is_stem:  # it goes on where its two strokes came from, up to where they meet
        back = c - p
        if (back @ u > -BACK * np.hypot(back[:, 0], back[:, 1])).any() or along < reach / 2:
            return None
    return x, y


def _corner(pieces: Pieces, arms: list[int], s: int, ends: Array) -> tuple[float, float] | None:
    """The corner that the piece `s` with these `ends` (2, 2) cuts off, if it is a chamfer between its two arms."""
    if len(arms) != 2:
        return None
    found = _nearest_point(pieces.centre[arms].tolist(), pieces.heading[arms].tolist())
    if found is None:
        return None
    at = np.array(found[:2])
    one, two = pieces.centre[arms] - at
    cosine = float(one @ two) / max(float(np.hypot(*one) * np.hypot(*two)), 1e-9)
    sine = math.sqrt(max(1 - cosine, 0.02) / 2)  # of half the angle within the corner
    away = float(np.hypot(*(at - ends).T).max())
    return found[:2] if away <= max(CHAMFER_PENS, STRETCH / sine) * pieces.width[s] + CHAMFER_PX else None


def _nearest_point(centres: list[list[float]], headings: list[list[float]]) -> tuple[float, float, float] | None:
    """The point nearest to lines in the sense of least squares, and the sine of half the angle that they span."""
    xx = xy = yy = rx = ry = 0.0
    for (cx, cy), (hx, hy) in zip(centres, headings, strict=True):
        a, b, d = 1 - hx * hx, -hx * hy, 1 - hy * hy
        xx, xy, yy = xx + a, xy + b, yy + d
        rx, ry = rx + a * cx + b * cy, ry + b * cx + d * cy
    n = len(centres)
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
