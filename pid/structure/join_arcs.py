"""Arcs that junctions cut are joined again where they lie on one circle; a whole one becomes a circle."""

from __future__ import annotations

import numpy as np

from pid.geometry import Array
from pid.structure.primitives import ARC, CIRCLE, Primitives, make_primitives

SAME_CENTRE, SAME_RADIUS = 0.2, 0.2
"""Shares of the radius by which centres and radii of arcs on one circle differ at most, with a pixel on top."""
CLOSED_DEG = 340.0
LEAST_SWEEP_DEG = 25.0
"""A flatter arc has no certain circle."""


def fit_circles(parts: Primitives) -> Array:
    """(N, 3) centre and radius of the circle through the points of each primitive (Kasa 1976); nan for straight ones.

    Ellipses get the circle that is nearest.
    """
    points = parts.along(np.linspace(0, 1, 9))
    mean = points.mean(axis=1, keepdims=True)
    p = points - mean
    z = (p**2).sum(axis=2)
    xx, yy, xy = (p[..., 0] ** 2).sum(1), (p[..., 1] ** 2).sum(1), p.prod(axis=2).sum(1)
    xz, yz = (p[..., 0] * z).sum(1), (p[..., 1] * z).sum(1)
    det = 2 * (xx * yy - xy**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        cx, cy = (yy * xz - xy * yz) / det, (xx * yz - xy * xz) / det
        radius = np.sqrt(cx**2 + cy**2 + z.mean(axis=1))
    out = np.column_stack([cx + mean[:, 0, 0], cy + mean[:, 0, 1], radius])
    curved = ((parts.shape == ARC) | (parts.shape == CIRCLE)) & np.isfinite(out).all(axis=1)
    out[~curved] = np.nan
    return out


def join_arcs(parts: Primitives, pen: float) -> Primitives:
    """The primitives with closed arcs, and rings of arcs, as circles; other arcs stay as they are."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    arcs = np.flatnonzero(parts.shape == ARC)
    if not len(arcs):
        return parts
    circle = fit_circles(parts)[arcs]
    sweep = parts.length[arcs] / np.maximum(circle[:, 2], 1e-9) * 180 / np.pi
    sure = np.isfinite(circle).all(axis=1) & (sweep >= LEAST_SWEEP_DEG)
    # Arcs on one circle that share a node.
    a, b = _neighbours(parts, arcs)
    slack = 1.0 + 0.3 * pen
    radius = np.minimum(circle[a, 2], circle[b, 2])
    same = sure[a] & sure[b]
    same &= np.hypot(*(circle[a, :2] - circle[b, :2]).T) <= SAME_CENTRE * radius + slack
    same &= np.abs(circle[a, 2] - circle[b, 2]) <= SAME_RADIUS * radius + slack
    a, b = a[same], b[same]
    n = len(arcs)
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    total = np.bincount(label, np.where(sure, sweep, 0.0))
    closed = parts.nodes[arcs, 0] == parts.nodes[arcs, 1]
    ring = np.flatnonzero(total[label] >= CLOSED_DEG)
    shape = parts.shape.copy()
    alone = arcs[closed & (np.bincount(label)[label] == 1)]
    shape[alone] = CIRCLE
    whole: dict[int, list[int]] = {}
    for k in ring.tolist():
        if not (closed[k] and np.bincount(label)[label[k]] == 1):
            whole.setdefault(int(label[k]), []).append(k)
    drop = np.zeros(len(parts), bool)
    polylines, widths, filled = [], [], []
    for members in whole.values():
        weight = sweep[members]
        cx, cy, r = np.average(circle[members], axis=0, weights=weight)
        at = np.linspace(0, 2 * np.pi, 33)
        polylines.append(np.column_stack([cx + r * np.cos(at), cy + r * np.sin(at)]))
        widths.append(float(np.average(parts.width[arcs[members]], weights=weight)))
        filled.append(bool(parts.filled[arcs[members]].any()))
        drop[arcs[members]] = True
    kept = Primitives(
        shape, np.where((shape == CIRCLE)[:, None], -1, parts.nodes), parts.node_xy, parts.xy, parts.first,
        parts.width, parts.filled, parts.dash, parts.size,
    ).only(~drop)  # fmt: skip
    if not polylines:
        return kept
    rings = make_primitives(
        [CIRCLE] * len(polylines), [(-1, -1)] * len(polylines), parts.node_xy, polylines, widths, filled, parts.size
    )
    return concatenate(kept, rings)


def concatenate(a: Primitives, b: Primitives) -> Primitives:
    """Both sets of primitives of one sheet, which share their nodes."""
    return Primitives(
        np.concatenate([a.shape, b.shape]), np.concatenate([a.nodes, b.nodes]), a.node_xy,
        np.concatenate([a.xy, b.xy]), np.concatenate([a.first, b.first[1:] + a.first[-1]]),
        np.concatenate([a.width, b.width]), np.concatenate([a.filled, b.filled]),
        np.concatenate([a.dash, b.dash]), a.size,
    )  # fmt: skip


def _neighbours(parts: Primitives, arcs: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Pairs of arcs, by their place in `arcs`, that end at one node."""
    node = np.concatenate([parts.nodes[arcs, 0], parts.nodes[arcs, 1]])
    who = np.tile(np.arange(len(arcs)), 2)
    order = np.argsort(node, kind="stable")
    node, who = node[order], who[order]
    first = np.searchsorted(node, node, side="left")
    pairs_a, pairs_b = [], []
    for shift in (1, 2, 3):
        ok = np.arange(len(node)) - shift >= first
        pairs_a.append(who[np.flatnonzero(ok)])
        pairs_b.append(who[np.flatnonzero(ok) - shift])
    return np.concatenate(pairs_a), np.concatenate(pairs_b)
