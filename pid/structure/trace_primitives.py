"""Pixels to primitives: filled areas made outlines, ink thinned, its paths cut at junctions and corners, fitted.

Steps: ink mask -> pen's width -> isolated bars told by their moments -> filled areas hollowed to outlines -> skeleton
-> chains between junctions -> vertices -> runs of vertices that turn softly one way are arcs, the rest strokes -> nodes
moved to where fitted strokes meet -> dashes numbered, arcs joined.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.paper import whiten_paper
from pid.skeleton import thin
from pid.structure.bars import bar_primitives, take_bars
from pid.structure.chains import Chains, walk_chains
from pid.structure.curves import soft_vertices, tolerance_of
from pid.structure.dashes import number_dashes
from pid.structure.fit_lines import fit_lines
from pid.structure.join_arcs import join_arcs
from pid.structure.place_nodes import Pieces, join_straight, meeting_points, stubs
from pid.structure.primitives import ARC, STROKE, Index, Primitives, make_primitives, merge
from pid.structure.sharp_nodes import CHAMFER_PENS, CHAMFER_PX, mend_acute
from pid.structure.solids import hollow_solids, with_blobs

Mask = NDArray[np.uint8]

INK_GREY = 160
"""Darker pixels of a whitened sheet are ink: grey signal lines, too."""
CURVE_STEP_PX, SMOOTHED_PX = 4.0, 2
"""Distance of a curve's points, and how many pixels to both sides each is the mean of."""
NEAR_INK_PX = 1.5
"""No node moves farther from ink: the corner of strokes with a bevel join may lie outside a little."""
WIDEST_RUN = 64


def ink_mask(gray: NDArray[np.uint8]) -> Mask:
    """Ink of a grey sheet (H, W) as 0 and 1, whatever its paper."""
    return np.asarray(whiten_paper(gray) < INK_GREY, np.uint8)


def pen_width(mask: Mask) -> float:
    """The commonest width of a stroke in pixels: the mode of the lengths of runs of ink along rows and columns."""
    votes = np.zeros(WIDEST_RUN + 1)
    for view in (mask, mask.T):
        flat = np.pad(view[:: max(1, view.shape[0] // 1500)], ((0, 0), (1, 1))).astype(np.int8).reshape(-1)
        edges = np.flatnonzero(np.diff(flat))
        votes += np.bincount(np.minimum(edges[1::2] - edges[::2], WIDEST_RUN), minlength=WIDEST_RUN + 1)
    votes[:2] *= 0.2  # specks
    votes[WIDEST_RUN] = 0
    if not votes.any():
        return 1.0
    top = int(votes.argmax())
    near = slice(max(top - 1, 1), top + 2)
    return float(np.average(np.arange(WIDEST_RUN + 1)[near], weights=votes[near] + 1e-9))


def trace_primitives(gray: NDArray[np.uint8], *, hidden: Array | None = None) -> Primitives:
    """The primitives of a grey sheet (H, W) uint8.

    `hidden` are boxes (K, 4) in sheet pixels whose ink is left out: lettering that was read.
    """
    dark = np.asarray(255 - whiten_paper(gray), np.uint8)
    if hidden is not None:
        for x0, y0, x1, y1 in np.round(hidden).astype(int).clip(0):
            dark[y0:y1, x0:x1] = 0
    return _primitives(np.asarray(dark > 255 - INK_GREY, np.uint8), dark, None)


def primitives_of_mask(mask: Mask, *, pen: float | None = None) -> Primitives:
    """The primitives of ink (H, W), values 0 and 1, drawn with a `pen` of so many pixels (measured where not given)."""
    return _primitives(mask, np.asarray(mask * 255, np.uint8), pen)


def _primitives(mask: Mask, dark: NDArray[np.uint8], pen: float | None) -> Primitives:
    """The primitives of ink (H, W); `dark` (H, W) is how dark it is, 0 to 255."""
    size = (mask.shape[1], mask.shape[0])
    if not mask.any():
        return make_primitives([], [], np.zeros((0, 2)), [], [], [], size)
    pen = pen_width(mask) if pen is None else pen
    rest, axes, widths = take_bars(mask, pen)
    hollow, solid = hollow_solids(rest, pen)
    depth = np.asarray(cv2.distanceTransform(hollow, cv2.DIST_L2, 3), np.float32)
    chains, node_xy = walk_chains(thin(hollow), depth, pen, tolerance_of(pen))
    if solid.any():
        dark = np.where(rest == hollow, dark, 0).astype(np.uint8)
    parts = merge(_fit(chains, node_xy, rest, solid, dark), bar_primitives(axes, widths, size))
    return with_blobs(join_arcs(number_dashes(parts, pen)), solid)


def _fit(chains: Chains, node_xy: Array, ink: Mask, solid: Mask, dark: NDArray[np.uint8]) -> Primitives:
    """Strokes and arcs of the chains: corners become nodes, then all nodes move to where strokes meet."""
    size = (ink.shape[1], ink.shape[0])
    v, first = chains.pixels[chains.place], chains.first
    chain = np.repeat(np.arange(len(first) - 1), np.diff(first))
    inner = np.ones(len(v), bool)
    inner[first[:-1]] = inner[first[1:] - 1] = False
    soft = soft_vertices(v, inner, CHAMFER_PENS * chains.width[chain] + CHAMFER_PX)
    # A piece runs between two vertices that are not soft: one segment is a stroke, more are an arc.
    breaks = np.flatnonzero(~soft)
    same = chain[breaks[1:]] == chain[breaks[:-1]]
    start, stop = breaks[:-1][same], breaks[1:][same]
    numbers = np.full(len(v), -1, np.int64)
    numbers[first[:-1]], numbers[first[1:] - 1] = chains.ends[:, 0], chains.ends[:, 1]
    corners = np.flatnonzero(inner & ~soft)
    numbers[corners] = len(node_xy) + np.arange(len(corners))
    node_xy = np.vstack([node_xy, v[corners]])
    straight = stop - start == 1
    width = chains.width[chain[start]]
    nodes = np.column_stack([numbers[start], numbers[stop]])
    span = node_xy[nodes[:, 1]] - node_xy[nodes[:, 0]]
    length = np.hypot(span[:, 0], span[:, 1])
    centre, heading = fit_lines(chains, start, stop, nodes, span, straight, dark)
    pieces = Pieces(nodes, straight, centre, heading, length, width)
    nodes, node_xy, left = mend_acute(pieces, node_xy)
    used, nodes = np.unique(nodes[left], return_inverse=True)
    nodes = nodes.reshape(-1, 2)
    start, stop, straight, width = start[left], stop[left], straight[left], width[left]
    moved = meeting_points(node_xy[used], Pieces(nodes, straight, centre[left], heading[left], length[left], width))
    moved = np.where(_on_ink(moved, ink)[:, None], moved, node_xy[used])
    for tidy in (~stubs(nodes, moved, width), None):
        left = join_straight(nodes, moved, straight, width) if tidy is None else tidy
        nodes, start, stop, straight, width = nodes[left], start[left], stop[left], straight[left], width[left]
    polylines = _polylines(chains, chains.place[start], chains.place[stop], straight, moved[nodes])
    middle = chains.pixels[(chains.place[start] + chains.place[stop]) // 2].astype(int)
    near = cv2.dilate(solid, np.ones((3, 3), np.uint8)) if solid.any() else solid
    filled = near[middle[:, 1].clip(0, size[1] - 1), middle[:, 0].clip(0, size[0] - 1)] > 0
    return make_primitives(np.where(straight, STROKE, ARC), nodes, moved, polylines, width, filled, size)


def _on_ink(points: Array, ink: Mask) -> NDArray[np.bool_]:
    """Which points (K,) have ink within about `NEAR_INK_PX`."""
    out = np.zeros(len(points), bool)
    for dx in (-NEAR_INK_PX, 0.0, NEAR_INK_PX):
        for dy in (-NEAR_INK_PX, 0.0, NEAR_INK_PX):
            x, y = (points + np.array([dx, dy])).astype(np.int64).T
            out |= ink[y.clip(0, ink.shape[0] - 1), x.clip(0, ink.shape[1] - 1)] > 0
    return out


def _polylines(chains: Chains, a: Index, b: Index, straight: NDArray[np.bool_], ends: Array) -> list[Array]:
    """Each piece from pixel `a` to pixel `b` (K,): its `ends` (K, 2, 2), and between them a curve's smoothed pixels."""
    out = list(ends)
    pixels = chains.pixels
    sums = np.vstack([np.zeros((1, 2)), np.cumsum(pixels, axis=0)])
    for k in np.flatnonzero(~straight).tolist():
        low, high = int(a[k]), int(b[k])
        steps = max(round((high - low) / CURVE_STEP_PX), 2)
        at = np.round(np.linspace(low, high, steps + 1)[1:-1]).astype(np.int64)
        half = np.minimum(np.minimum(at - low, high - at), SMOOTHED_PX)
        middle = (sums[at + half + 1] - sums[at - half]) / (2 * half + 1)[:, None]
        out[k] = np.vstack([ends[k, :1], middle, ends[k, 1:]])
    return out
