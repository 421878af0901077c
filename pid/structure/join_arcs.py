"""Arcs that junctions cut are joined again where they go on smoothly; a ring of them becomes a circle."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pid.geometry import Array
from pid.structure.primitives import ARC, CIRCLE, Index, Primitives, concatenate, make_primitives

SMOOTH = 0.82
"""Cosine of the largest angle by which two arcs of one curve turn at the node between them."""
MOST_TURN = 0.6
"""Radians by which a curve turns between its end and the middle of its first piece at most."""
CLOSED_DEG = 250.0
"""A ring turns so far at least within its arcs; the rest it turns at its nodes, where the ends of arcs are trimmed."""
ELLIPSE_OFF_PX, ELLIPSE_OFF_SHARE = 1.5, 0.04
"""How far a ring's points lie off its ellipse at most: pixels, and share of its larger radius."""
RING_POINTS = 48


def join_arcs(parts: Primitives) -> Primitives:
    """The primitives with closed arcs, and rings of arcs, as circles; other arcs stay as they are."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    arcs = np.flatnonzero(parts.shape == ARC)
    if not len(arcs):
        return parts
    turned = turnings(parts)[arcs]
    a, b = _smooth_pairs(parts, arcs, turned)
    n = len(arcs)
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    total = np.bincount(label, np.abs(turned))
    # In a ring every arc goes on at both ends: as many links as members.
    ring = (np.bincount(label[a], minlength=len(total)) >= np.bincount(label)) & (total >= CLOSED_DEG)
    closed = (parts.nodes[arcs, 0] == parts.nodes[arcs, 1]) & (np.abs(turned) >= CLOSED_DEG)
    alone = closed & ~ring[label]
    shape = parts.shape.copy()
    shape[arcs[alone]] = CIRCLE
    drop = np.zeros(len(parts), bool)
    polylines, widths, filled = [], [], []
    for k in np.flatnonzero(ring).tolist():
        members = arcs[label == k]
        polylines.append(_ring_points(parts, members))
        widths.append(float(np.average(parts.width[members], weights=parts.length[members])))
        filled.append(bool(parts.filled[members].any()))
        drop[members] = True
    nodes = np.where((shape == CIRCLE)[:, None], -1, parts.nodes)
    kept = replace(parts, shape=shape, nodes=nodes).only(~drop)
    count = len(polylines)
    return concatenate(
        kept,
        make_primitives([CIRCLE] * count, [(-1, -1)] * count, parts.node_xy, polylines, widths, filled, parts.size),
    )


def turnings(parts: Primitives) -> Array:
    """(N,) degrees by which each polyline turns in all; positive is clockwise as seen."""
    step = np.diff(parts.xy, axis=0)
    heading = np.arctan2(step[:, 1], step[:, 0])
    bend = (np.diff(heading) + np.pi) % (2 * np.pi) - np.pi
    own = parts.owner[2:] == parts.owner[:-2]
    return np.degrees(np.bincount(parts.owner[2:][own], bend[own], len(parts)))


def _smooth_pairs(parts: Primitives, arcs: Index, turned: Array) -> tuple[Index, Index]:
    """Pairs of arcs, by their place in `arcs`, of which one goes on where the other ends, bending the same way.

    Each end is in one pair at most, the smoothest.
    """
    n = len(arcs)
    low, high = parts.first[:-1][arcs], parts.first[1:][arcs] - 1
    out = np.vstack([_tangents(parts.xy, low, 1, high - low), _tangents(parts.xy, high, -1, high - low)])
    bends = np.concatenate([np.sign(turned), -np.sign(turned)])
    node = parts.nodes[arcs].T.reshape(-1)
    order = np.argsort(node, kind="stable")
    first = np.searchsorted(node[order], node[order], side="left")
    found = []
    for shift in range(1, 5):
        i = np.flatnonzero(np.arange(2 * n) - shift >= first)
        found.append(np.column_stack([order[i], order[i - shift]]))
    pairs = np.vstack(found)
    smooth = -(out[pairs[:, 0]] * out[pairs[:, 1]]).sum(axis=1)
    ok = (smooth >= SMOOTH) & (bends[pairs[:, 0]] == -bends[pairs[:, 1]])
    pairs, smooth = pairs[ok], smooth[ok]
    taken: set[int] = set()
    kept = []
    for e, f in pairs[np.argsort(-smooth, kind="stable")].tolist():
        if e not in taken and f not in taken:
            taken |= {e, f}
            kept.append((e % n, f % n))
    both = np.array(kept, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _tangents(xy: Array, at: Index, step: int, room: Index) -> Array:
    """(K, 2) unit direction in which each polyline leaves its end `at`, going on with the curvature beside it."""
    one, two = at + step, at + step * np.minimum(room, 2)
    a, b = xy[one] - xy[at], xy[two] - xy[one]
    first, second = np.arctan2(a[:, 1], a[:, 0]), np.arctan2(b[:, 1], b[:, 0])
    near, far = np.hypot(a[:, 0], a[:, 1]), np.hypot(b[:, 0], b[:, 1])
    turn = np.where(far > 0, (second - first + np.pi) % (2 * np.pi) - np.pi, 0.0)
    angle = first - np.clip(turn * near / np.maximum(near + far, 1e-9), -MOST_TURN, MOST_TURN)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _ring_points(parts: Primitives, members: Index) -> Array:
    """The closed polyline of a ring of arcs: that of their ellipse, or their own points where they are no ellipse."""
    order, at = [], int(parts.nodes[members[0], 0])
    left = members.tolist()
    while left:
        k = next((m for m in left if at in parts.nodes[m]), left[0])
        left.remove(k)
        forward = parts.nodes[k, 0] == at
        at = int(parts.nodes[k, 1 if forward else 0])
        order.append(parts.points(k)[:-1] if forward else parts.points(k)[:0:-1])
    own = np.vstack([*order, order[0][:1]])
    if len(own) < 6:
        return own
    (cx, cy), (w, h), angle = cv2.fitEllipseDirect(own.astype(np.float32))
    t, c, s = np.linspace(0, 2 * np.pi, RING_POINTS + 1), np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[c, s], [-s, c]])
    local = (own - (cx, cy)) @ turn.T / np.maximum([w / 2, h / 2], 1e-6)
    off = np.abs(np.hypot(local[:, 0], local[:, 1]) - 1) * min(w, h) / 2
    if not (np.isfinite(off).all() and off.max() <= ELLIPSE_OFF_PX + ELLIPSE_OFF_SHARE * max(w, h) / 2):
        return own
    return np.asarray(np.column_stack([w / 2 * np.cos(t), h / 2 * np.sin(t)]) @ turn + (cx, cy), np.float64)
