"""The graph on a sheet's primitives: which ones touch or lie near each other, a bounded number for each.

Terms of art: a primitive's *neighbours* are those it shares a node with, then those nearest to it, `NEIGHBOURS` at
most; the *gap* is the least distance between two of them; a *pose* is one of the eight quarter turns and mirror images.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import BLOB, Index, Primitives

NEIGHBOURS = 12
SAMPLE_PENS = 2.5
"""Primitives are compared at points so far apart."""
NEAREST = 16
"""Points that are looked up round each point; those of the primitive itself count, too."""
FARTHEST_PENS = 60.0
POSES = 8

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Graph:
    """N primitives, each with its neighbours; what `pid.structure.encode` needs of them, in pixels."""

    marks: Array  # (N, 5, 2) start, quarter, middle, three quarters, end
    boxes: Array  # (N, 4)
    shape: NDArray[np.int8]  # (N,)
    nodes: Index  # (N, 2), -1 for closed ones
    degree: Index  # (N, 2) primitives that end at each node
    width: Array  # (N,)
    filled: Flags  # (N,)
    dash: Index  # (N,) row of dashes, -1 for none
    neighbours: Index  # (N, K), the primitive itself where there are no more
    known: Flags  # (N, K) whether there is a neighbour
    gap: Array  # (N, K) px
    pen: float
    """The sheet's usual pen, px."""

    def __len__(self) -> int:
        return len(self.shape)

    def turned(self, pose: int) -> Graph:
        """The same graph in pose 0..7: bit 0 flips x, bit 1 flips y, bit 2 swaps both axes then. Pose 0 is this one."""
        sign = np.array([-1.0 if pose & 1 else 1.0, -1.0 if pose & 2 else 1.0])
        order = [1, 0] if pose & 4 else [0, 1]
        corners = (self.boxes.reshape(-1, 2, 2) * sign)[..., order]
        boxes = np.hstack([corners.min(axis=1), corners.max(axis=1)])
        return replace(self, marks=(self.marks * sign)[..., order], boxes=boxes)

    def only(self, index: Index) -> Graph:
        """The graph of some of its primitives; neighbours that are left out become unknown."""
        place = np.full(len(self), -1, np.int64)
        place[index] = np.arange(len(index))
        neighbours = place[self.neighbours[index]]
        known = self.known[index] & (neighbours >= 0)
        neighbours = np.where(known, neighbours, np.arange(len(index))[:, None])
        return Graph(
            self.marks[index], self.boxes[index], self.shape[index], self.nodes[index], self.degree[index],
            self.width[index], self.filled[index], self.dash[index], neighbours, known, self.gap[index], self.pen,
        )  # fmt: skip


def usual_pen(parts: Primitives) -> float:
    """The pen in px that most of the ink's length is drawn with: the median width, weighted by length."""
    line = parts.shape != BLOB
    if not line.any():
        return 1.0
    width, length = parts.width[line], parts.length[line]
    order = np.argsort(width)
    run = np.cumsum(length[order])
    return max(1.0, float(width[order][int(np.searchsorted(run, run[-1] / 2))]))


def relate(parts: Primitives, *, most: int = NEIGHBOURS) -> Graph:
    """The graph of a sheet's primitives. 20,000 of them take about a second on one core."""
    n, pen = len(parts), usual_pen(parts)
    at = np.bincount(parts.nodes[parts.nodes >= 0], minlength=max(1, len(parts.node_xy)))
    degree = np.where(parts.nodes >= 0, at[parts.nodes], 0)
    if n:
        source, target, gap = _join(_near(parts, pen), _sharing(parts.nodes), n)
    else:
        source, target, gap = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    # Rows sorted by source and gap: the place within its source's run is the column.
    order = np.lexsort((gap, source))
    source, target, gap = source[order], target[order], gap[order]
    column = np.arange(len(source)) - np.searchsorted(source, source)
    kept = column < most
    neighbours = np.repeat(np.arange(n)[:, None], most, axis=1)
    known, gaps = np.zeros((n, most), np.bool_), np.zeros((n, most))
    neighbours[source[kept], column[kept]] = target[kept]
    known[source[kept], column[kept]] = True
    gaps[source[kept], column[kept]] = np.maximum(gap[kept], 0.0)
    return Graph(
        parts.marks, parts.boxes, parts.shape, parts.nodes, degree.astype(np.int64), parts.width, parts.filled,
        parts.dash, neighbours, known, gaps, pen,
    )  # fmt: skip


def _near(parts: Primitives, pen: float) -> tuple[Index, Index, Array]:
    """Pairs of primitives that lie near each other, and their gaps."""
    from scipy.spatial import cKDTree

    points, _, owner = parts.samples(SAMPLE_PENS * pen)
    ends = parts.marks[:, [0, 4]].reshape(-1, 2)
    points = np.vstack([points, ends])
    owner = np.concatenate([owner, np.repeat(np.arange(len(parts)), 2)])
    count = min(NEAREST, len(points))
    away, index = cKDTree(points, balanced_tree=False, compact_nodes=False).query(
        points, k=count, distance_upper_bound=FARTHEST_PENS * pen
    )
    found = np.isfinite(away.reshape(len(points), -1))
    source = np.repeat(owner, found.sum(axis=1))
    target = owner[index.reshape(len(points), -1)[found]]
    gap = away.reshape(len(points), -1)[found]
    apart = source != target
    return source[apart], target[apart], gap[apart]


def _sharing(nodes: Index) -> tuple[Index, Index, Array]:
    """Ordered pairs of primitives that share a node; their gap is put at -1 so that they come first."""
    node, owner = nodes.reshape(-1), np.repeat(np.arange(len(nodes)), 2)
    order = np.argsort(node, kind="stable")
    order = order[node[order] >= 0]
    node, owner = node[order], owner[order]
    first, last = np.searchsorted(node, node, "left"), np.searchsorted(node, node, "right")
    count = last - first
    source = np.repeat(owner, count)
    within = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    target = owner[np.repeat(first, count) + within]
    apart = source != target
    return source[apart], target[apart], np.full(int(apart.sum()), -1.0)


def _join(a: tuple[Index, Index, Array], b: tuple[Index, Index, Array], n: int) -> tuple[Index, Index, Array]:
    """Both sets of pairs, each way round, once each with its least gap."""
    source, target = np.concatenate([a[0], a[1], b[0]]), np.concatenate([a[1], a[0], b[1]])
    gap = np.concatenate([a[2], a[2], b[2]])
    key = source * n + target
    order = np.argsort(key, kind="stable")
    key, gap = key[order], gap[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, np.int64)
    least = np.minimum.reduceat(gap, first) if len(first) else gap
    return key[first] // n, key[first] % n, least
