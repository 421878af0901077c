"""Polylines cut where others cross them or end on them, all at once.

Terms of art: a *piece* is one stroke or curve as a polyline; a *cut* is a length along it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.geometry import Array
from pid.structure.primitives import Index

PARALLEL = 0.05
"""Sine of the angle below which two segments are parallel and do not cross."""


def cut_places(pieces: Sequence[Array], near: Array) -> tuple[Index, Array]:
    """Pieces (K,) and lengths along them (K,) at which another piece crosses or ends on them.

    `near` (N,) is how far, in pixels, an end may be from each piece to be on it. Ends of open pieces are no cuts.
    """
    from shapely import STRtree, linestrings

    owner, starts, steps, run = _segments(pieces)
    total = np.bincount(owner, np.hypot(steps[:, 0], steps[:, 1]), len(pieces))
    tree = STRtree(linestrings(np.stack([starts, starts + steps], axis=1)))
    i, j = tree.query(tree.geometries, predicate="dwithin", distance=float(near.max(initial=0.0)))
    other = owner[i] != owner[j]
    i, j = i[other], j[other]
    who, at = [], []
    size = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    p, d, q, e = starts[i], steps[i], starts[j], steps[j]
    cross = d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0]
    skew = np.abs(cross) > PARALLEL * size[i] * size[j]
    w = q - p
    safe = np.where(skew, cross, 1.0)
    t = (w[:, 0] * e[:, 1] - w[:, 1] * e[:, 0]) / safe
    u = (w[:, 0] * d[:, 1] - w[:, 1] * d[:, 0]) / safe
    # The other reaches the line, or misses it by no more than is near.
    slack_t, slack_u = near[owner[i]] / size[i], near[owner[i]] / size[j]
    meets = skew & (t > -slack_t) & (t < 1 + slack_t) & (u > -slack_u) & (u < 1 + slack_u)
    who.append(owner[i][meets])
    at.append((run[i] + np.clip(t, 0, 1) * size[i])[meets])
    places, lengths = np.concatenate(who), np.concatenate(at)
    margin = near[places]
    closed = np.array([np.abs(p[0] - p[-1]).max() < 1e-6 for p in pieces])
    inner = closed[places] | ((lengths > margin) & (lengths < total[places] - margin))
    return places[inner], lengths[inner]


def cut_pieces(pieces: Sequence[Array], who: Index, at: Array, apart: float) -> tuple[list[Array], Index]:
    """The pieces cut at lengths `at` (K,) of the pieces `who` (K,), and the piece (M,) that each part is of.

    Cuts nearer together than `apart` are one.
    """
    order = np.lexsort((at, who))
    who, at = who[order], at[order]
    first = np.searchsorted(who, np.arange(len(pieces) + 1))
    parts: list[Array] = []
    owner: list[int] = []
    for k, piece in enumerate(pieces):
        cuts = at[first[k] : first[k + 1]]
        if len(cuts):
            cuts = cuts[np.concatenate([[True], np.diff(cuts) > apart])]
            parts += _cut(piece, cuts)
        else:
            parts.append(piece)
        owner += [k] * (len(cuts) + 1)
    return parts, np.array(owner, np.int64)


def _segments(pieces: Sequence[Array]) -> tuple[Index, Array, Array, Array]:
    """Of all segments: the piece, the start (S, 2), the step to the end (S, 2), and the length before it."""
    count = np.array([len(p) for p in pieces], np.int64)
    owner = np.repeat(np.arange(len(pieces)), count)
    xy = np.concatenate(pieces)
    same = owner[1:] == owner[:-1]
    starts, steps = xy[:-1][same], np.diff(xy, axis=0)[same]
    owner = owner[:-1][same]
    size = np.hypot(steps[:, 0], steps[:, 1])
    run = np.cumsum(size) - size
    head = np.searchsorted(owner, owner, side="left")
    return owner, starts, steps, run - run[head]


def _cut(piece: Array, cuts: Array) -> list[Array]:
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(piece, axis=0).T))])
    at = np.column_stack([np.interp(cuts, along, piece[:, k]) for k in (0, 1)])
    index = np.searchsorted(along, cuts)
    ends = [*index.tolist(), len(piece)]
    begin, head = 0, piece[:0]
    parts = []
    for k, stop in enumerate(ends):
        tail = at[k : k + 1] if k < len(cuts) else piece[:0]
        parts.append(np.concatenate([head, piece[begin:stop], tail]))
        begin, head = stop, tail
    return parts
