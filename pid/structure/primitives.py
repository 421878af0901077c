"""A sheet's ink as primitives: strokes, arcs, circles and filled blobs, with the nodes where they meet.

Terms of art: a *stroke* is straight; an *arc* is curved and open; a *circle* is curved and closed, an ellipse too; a
*blob* is a filled area, whose outline is made of strokes and arcs as that of an open shape is, so that a closed and an
open valve have one structure; a *node* is where primitives end: a free end, a corner or a junction; a *dash* is a
stroke of a row of strokes with gaps.

All coordinates are pixels of the sheet, origin top left, x right, y down; the centre of the pixel in the first row and
column is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array

Index = NDArray[np.int64]

STROKE, ARC, CIRCLE, BLOB = range(4)


@dataclass(frozen=True, eq=False)
class Primitives:
    """N primitives as columns, M nodes."""

    shape: NDArray[np.int8]
    """(N,) STROKE, ARC, CIRCLE or BLOB."""
    nodes: Index
    """(N, 2) the node at the start and at the end; -1 for circles and blobs."""
    node_xy: Array
    """(M, 2)."""
    xy: Array
    """(P, 2) the polylines of all primitives, one after the other; a circle's ends where it began, a blob's too."""
    first: Index
    """(N + 1,) where each primitive's polyline begins in `xy`; the last entry is P."""
    width: Array
    """(N,) of the pen in pixels; of a blob, twice its largest distance to paper."""
    filled: NDArray[np.bool_]
    """(N,) whether it is (part of the outline of) a filled area."""
    dash: Index
    """(N,) number of the row of dashes that it is in, -1 for none."""
    size: tuple[int, int]
    """Width and height of the sheet."""

    def __len__(self) -> int:
        return len(self.shape)

    def points(self, index: int) -> Array:
        """The polyline (K, 2) of one primitive."""
        return self.xy[self.first[index] : self.first[index + 1]]

    @cached_property
    def owner(self) -> Index:
        """(P,) the primitive of each polyline point."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    @cached_property
    def boxes(self) -> Array:
        """(N, 4) bounds of the polylines, x0, y0, x1, y1, without the pen's width."""
        if not len(self):
            return np.zeros((0, 4))
        low, high = (f.reduceat(self.xy, self.first[:-1], axis=0) for f in (np.minimum, np.maximum))
        return np.hstack([low, high])

    @cached_property
    def length(self) -> Array:
        """(N,) along the polyline, pixels."""
        steps = np.hypot(*np.diff(self.xy, axis=0).T)
        within = self.owner[1:] == self.owner[:-1]
        return np.bincount(self.owner[1:][within], steps[within], len(self)).astype(np.float64)

    @cached_property
    def marks(self) -> Array:
        """(N, 5, 2) start, quarter, middle, three quarters and end along each polyline."""
        return self.along(np.array([0.0, 0.25, 0.5, 0.75, 1.0]))

    def along(self, share: Array) -> Array:
        """(N, K, 2) points at shares 0..1 (K,) of the length of each polyline."""
        n = len(self)
        if not n:
            return np.zeros((0, len(share), 2))
        at = self._run[self.first[:-1], None] + share * self.length[:, None]
        return self._at(at.reshape(-1), np.repeat(np.arange(n), len(share))).reshape(n, len(share), 2)

    def samples(self, step: float) -> tuple[Array, Array, Index]:
        """Points about `step` pixels apart along all primitives, their unit tangents, and whose they are."""
        counts = np.maximum(np.ceil(self.length / step), 1).astype(np.int64)
        owner = np.repeat(np.arange(len(self)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = self._run[self.first[:-1]][owner] + self.length[owner] * (within + 0.5) / counts[owner]
        points = self._at(at, owner)
        later = self._at(np.minimum(at + 0.5, self._run[self.first[1:] - 1][owner]), owner)
        sooner = self._at(np.maximum(at - 0.5, self._run[self.first[:-1]][owner]), owner)
        step_xy = later - sooner
        norm = np.maximum(np.hypot(step_xy[:, 0], step_xy[:, 1]), 1e-9)
        return points, step_xy / norm[:, None], owner

    def only(self, keep: NDArray[np.bool_] | Index) -> Primitives:
        """Some of the primitives; nodes keep their numbers."""
        index = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        counts = np.diff(self.first)[index]
        first = np.concatenate([[0], np.cumsum(counts)])
        rows = np.repeat(self.first[index] - first[:-1], counts) + np.arange(first[-1])
        return Primitives(
            self.shape[index], self.nodes[index], self.node_xy, self.xy[rows], first, self.width[index],
            self.filled[index], self.dash[index], self.size,
        )  # fmt: skip

    @cached_property
    def _run(self) -> Array:
        """(P,) running length over all polylines, rising by 1 from one to the next so that it tells them apart."""
        steps = np.hypot(*np.diff(self.xy, axis=0).T)
        steps[self.owner[1:] != self.owner[:-1]] = 1.0
        return np.concatenate([[0.0], np.cumsum(steps)])

    def _at(self, run: Array, owner: Index) -> Array:
        """Points (K, 2) at running lengths (K,) of the primitives `owner`."""
        low, high = self.first[:-1][owner], np.maximum(self.first[1:][owner] - 1, self.first[:-1][owner])
        after = np.clip(np.searchsorted(self._run, run), low + (high > low), high)
        before = np.maximum(after - 1, low)
        span = self._run[after] - self._run[before]
        t = np.where(span > 0, (run - self._run[before]) / np.where(span > 0, span, 1.0), 0.0)
        return self.xy[before] + np.clip(t, 0, 1)[:, None] * (self.xy[after] - self.xy[before])


def make_primitives(
    shapes: Sequence[int] | NDArray[np.integer],
    nodes: Sequence[tuple[int, int]] | Index,
    node_xy: Array,
    polylines: Sequence[Array],
    widths: Sequence[float] | Array,
    filled: Sequence[bool] | NDArray[np.bool_],
    size: tuple[int, int],
) -> Primitives:
    """Primitives of columns, none of them in a row of dashes."""
    counts = [len(p) for p in polylines]
    return Primitives(
        np.array(shapes, np.int8),
        np.array(nodes, np.int64).reshape(-1, 2),
        np.asarray(node_xy, np.float64).reshape(-1, 2),
        np.concatenate(polylines) if polylines else np.zeros((0, 2)),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array(widths, np.float64),
        np.array(filled, np.bool_),
        np.full(len(shapes), -1, np.int64),
        size,
    )


def concatenate(a: Primitives, b: Primitives) -> Primitives:
    """Both sets of primitives of one sheet, which share their nodes (those of `a`)."""
    return Primitives(
        np.concatenate([a.shape, b.shape]), np.concatenate([a.nodes, b.nodes]), a.node_xy,
        np.concatenate([a.xy, b.xy]), np.concatenate([a.first, b.first[1:] + a.first[-1]]),
        np.concatenate([a.width, b.width]), np.concatenate([a.filled, b.filled]),
        np.concatenate([a.dash, b.dash]), a.size,
    )  # fmt: skip


def merge(a: Primitives, b: Primitives) -> Primitives:
    """Both sets of primitives of one sheet, each with nodes of its own."""
    nodes = np.where(b.nodes >= 0, b.nodes + len(a.node_xy), -1)
    node_xy = np.vstack([a.node_xy, b.node_xy])
    return concatenate(replace(a, node_xy=node_xy), replace(b, nodes=nodes))
