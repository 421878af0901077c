"""Nodes at the points where fitted strokes meet, exact to a fraction of a pixel; what is no stroke of its own goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import Index

OFF_PENS, OFF_PX = 0.3, 0.6
"""How far a stroke's line may miss the point where it meets others."""
FLATTEST = 0.008
"""Least determinant of the mean projection across the lines that meet: about 10 degrees between two."""
SURE_PENS = 4.0
"""A line as long as so many pens is trusted fully, a shorter one less."""
PULL = 0.02
"""Trust in the node's own place, which decides along a line that ends alone."""
FARTHEST_PENS = 4.0
"""How far a node may move where all lines agree."""
AS_ONE_PENS, AS_ONE_PX = 0.15, 0.5
"""Two strokes whose node lies so near to the line between their other ends are one."""
STUB_PX = 1.0
"""An end that leaves the ink of the others by no more than this is their outline's roughness."""


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


def join_straight(
    nodes: Index, node_xy: Array, straight: NDArray[np.bool_], width: Array, also: Index | None = None
) -> NDArray[np.bool_]:
    """Make strokes one that go on straight where nothing else ends; which pieces (N,) are left.

    `nodes` (N, 2) is changed in place: the stroke that stays ends where the one that goes ended. At the nodes `also`
    something else ends that is no piece.
    """
    left = np.ones(len(nodes), bool)
    flat = nodes.reshape(-1)
    degree = np.bincount(flat, minlength=len(node_xy))
    if also is not None:
        degree[also] += 1
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
