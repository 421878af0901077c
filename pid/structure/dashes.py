"""Rows of dashes: strokes in one line with gaps of paper between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pid.structure.primitives import STROKE, Primitives

LONGEST_GAP_PENS, GAP_SHARE = 9.0, 2.5
"""A gap is at most so many pens, and at most this share of the shorter of both dashes."""
OFF_LINE_PENS = 0.8
"""How far a dash may lie beside the line of its neighbour."""
TURN = 0.985
"""Cosine of the largest angle between neighbours."""
FEWEST = 3


def number_dashes(parts: Primitives, pen: float) -> Primitives:
    """The primitives with each row of at least `FEWEST` dashes numbered."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    n = len(parts)
    if n < FEWEST:
        return parts
    strokes = np.flatnonzero(parts.shape == STROKE)
    ends = np.stack([parts.xy[parts.first[:-1][strokes]], parts.xy[parts.first[1:][strokes] - 1]], axis=1)
    length = parts.length[strokes]
    d = (ends[:, 1] - ends[:, 0]) / np.maximum(length, 1e-9)[:, None]
    degree = np.bincount(parts.nodes[parts.nodes >= 0], minlength=len(parts.node_xy))
    tips = np.concatenate([ends[:, 0], ends[:, 1]])
    outward = np.concatenate([-d, d])
    owner = np.tile(np.arange(len(strokes)), 2)
    free = degree[np.concatenate([parts.nodes[strokes, 0], parts.nodes[strokes, 1]])] == 1
    usable = np.flatnonzero(free & (np.tile(length, 2) > 0.8 * pen))
    if len(usable) < 2:
        return parts
    pairs = cKDTree(tips[usable]).query_pairs(LONGEST_GAP_PENS * pen, output_type="ndarray")
    i, j = usable[pairs[:, 0]], usable[pairs[:, 1]]
    apart = owner[i] != owner[j]
    i, j = i[apart], j[apart]
    gap = tips[j] - tips[i]
    off = np.abs(gap[:, 0] * outward[i, 1] - gap[:, 1] * outward[i, 0])
    ahead = (gap * outward[i]).sum(axis=1)
    facing = (outward[i] * outward[j]).sum(axis=1) < -TURN
    shorter = np.minimum(length[owner[i]], length[owner[j]])
    ok = (
        facing
        & (ahead > 0)
        & (off <= max(OFF_LINE_PENS * pen, 1.0))
        & (ahead <= np.maximum(GAP_SHARE * shorter, 2 * pen))
    )
    i, j = owner[i[ok]], owner[j[ok]]
    m = len(strokes)
    _, label = connected_components(coo_matrix((np.ones(len(i)), (i, j)), shape=(m, m)), directed=False)
    many = np.bincount(label)[label] >= FEWEST
    dash = np.full(n, -1, np.int64)
    if many.any():
        dash[strokes[many]] = np.unique(label[many], return_inverse=True)[1]
    return replace(parts, dash=dash)
