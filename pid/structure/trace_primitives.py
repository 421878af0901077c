"""Pixels to primitives: filled areas made outlines, ink thinned, its paths cut at junctions and corners, fitted.

Steps: ink mask -> pen's width -> filled areas hollowed to outlines -> skeleton without spurs -> paths between junctions
-> vertices (Douglas-Peucker) -> runs of vertices that turn softly one way are arcs, the rest strokes -> nodes moved to
where fitted strokes meet, which is exact to a fraction of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.paper import whiten_paper
from pid.skeleton import Skeleton, thin
from pid.structure.dashes import number_dashes
from pid.structure.join_arcs import join_arcs
from pid.structure.primitives import ARC, BLOB, STROKE, Index, Primitives, make_primitives

Mask = NDArray[np.uint8]

INK_GREY = 160
"""Darker pixels of a whitened sheet are ink: grey signal lines, too."""
BLOB_PENS = 2.4
"""An area that holds a disc of so many pens is filled, not a stroke."""
LONGEST_BAR = 14.0
"""A thick line's length over its thickness from which it is a line for all that."""
SPUR_PENS = 0.8
"""Shorter side branches of a skeleton are corners of the stroke's outline."""
BRIDGE_PENS = 1.3
"""Junctions nearer than this are one: two strokes that cross at an angle meet along a stretch."""
TOLERANCE_PENS, LEAST_TOLERANCE_PX = 0.3, 1.1
"""Of a polyline's vertices against the skeleton."""
SOFT_DEG, HARD_DEG = 7.0, 62.0
"""A bend between these is part of a curve where its neighbours bend alike."""
EVEN_SIDES = 4.0
"""Neighbouring pieces of a curve differ in length by this factor at most."""
LEAST_CURVE_DEG = 50.0
"""A curve turns so far in all."""


@dataclass(frozen=True, eq=False)
class _Chains:
    """Polylines of vertices between nodes, flat."""

    vertices: Array  # (V, 2)
    first: Index  # (C + 1,)
    ends: Index  # (C, 2) nodes
    pixels: Array  # (Q, 2) the skeleton's pixels in order
    first_pixel: Index  # (C + 1,)
    place: Index  # (V,) which pixel each vertex is, within `pixels`
    width: Array  # (C,)


def ink_mask(gray: NDArray[np.uint8]) -> Mask:
    """Ink of a grey sheet (H, W) as 0 and 1, whatever its paper."""
    return np.asarray(whiten_paper(gray) < INK_GREY, np.uint8)


def pen_width(mask: Mask) -> float:
    """The commonest width of a stroke in pixels: the mode of the lengths of runs of ink along rows and columns."""
    votes = np.zeros(65)
    for view in (mask, mask.T):
        flat = np.pad(view[:: max(1, view.shape[0] // 1500)], ((0, 0), (1, 1))).astype(np.int8).reshape(-1)
        edges = np.flatnonzero(np.diff(flat))
        votes += np.bincount(np.minimum(edges[1::2] - edges[::2], 64), minlength=65)
    votes[:2] *= 0.2  # specks
    votes[64] = 0
    if not votes.any():
        return 1.0
    top = int(votes.argmax())
    near = slice(max(top - 1, 1), top + 2)
    return float(np.average(np.arange(65)[near], weights=votes[near] + 1e-9))


def trace_primitives(gray: NDArray[np.uint8], *, hidden: Array | None = None) -> Primitives:
    """The primitives of a grey sheet (H, W) uint8.

    `hidden` are boxes (K, 4) in sheet pixels whose ink is left out: lettering that was read.
    """
    mask = ink_mask(gray)
    if hidden is not None:
        for x0, y0, x1, y1 in np.round(hidden).astype(int).clip(0):
            mask[y0:y1, x0:x1] = 0
    return primitives_of_mask(mask)


def primitives_of_mask(mask: Mask) -> Primitives:
    """The primitives of ink (H, W), values 0 and 1."""
    size = (mask.shape[1], mask.shape[0])
    if not mask.any():
        return make_primitives([], [], np.zeros((0, 2)), [], [], [], size)
    pen = pen_width(mask)
    hollow, solid = hollow_solids(mask, pen)
    depth = np.asarray(cv2.distanceTransform(hollow, cv2.DIST_L2, 3))
    skeleton = _without_spurs(thin(hollow), depth, pen)
    chains, node_xy = _walk(skeleton, depth, pen)
    parts = join_arcs(number_dashes(_fit(chains, node_xy, solid, size), pen), pen)
    return _with_blobs(parts, mask, solid)


def hollow_solids(mask: Mask, pen: float) -> tuple[Mask, Mask]:
    """The mask with filled areas made outlines one pen thick, and the mask (H, W) of these areas."""
    size = max(5, round(BLOB_PENS * pen) + 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    core = cv2.erode(mask, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not core.any():
        return mask, np.zeros_like(mask)
    solid = np.asarray(cv2.dilate(core, disc), np.uint8) & mask
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    deepest = np.zeros(count, np.float32)
    rows, columns = np.nonzero(solid)
    np.maximum.at(deepest, labels[rows, columns], depth[rows, columns])
    bar = stats[:, cv2.CC_STAT_AREA] > LONGEST_BAR * (2 * deepest) ** 2
    bar[0] = True
    if bar[1:].any():
        solid = np.asarray(~bar[labels], np.uint8)
    wall = max(2, round(pen))
    inside = cv2.erode(solid, np.ones((2 * wall - 1, 2 * wall - 1), np.uint8), borderValue=0)
    # Away from the true outline only: where a line joins the area, the opening's edge is no edge of the ink.
    deep = cv2.distanceTransform(mask, cv2.DIST_L2, 3) > wall
    return np.asarray(mask & (1 - (inside & deep)), np.uint8), solid


def _without_spurs(skeleton: Mask, depth: NDArray[np.float32], pen: float) -> Mask:
    """The skeleton without side branches about as short as the pen is thick."""
    parts = Skeleton.of(skeleton)
    longest = 2 + SPUR_PENS * pen
    drop = []
    for path in parts.paths():
        if len(path) > longest:
            continue
        ends = parts.meets(int(path[0])), parts.meets(int(path[-1]))
        if bool(ends[0]) != bool(ends[1]) or (len(path) == 1 and len(ends[0]) == 1):
            at = int(path[-1] if ends[0] else path[0])
            if len(path) <= SPUR_PENS * 2 * depth[parts.y[at], parts.x[at]] + 2:
                drop.append(path)
    if not drop:
        return skeleton
    gone = np.concatenate(drop)
    out = skeleton.copy()
    out[parts.y[gone], parts.x[gone]] = 0
    return thin(out)


def _walk(skeleton: Mask, depth: NDArray[np.float32], pen: float) -> tuple[_Chains, Array]:
    """Paths between nodes with their vertices, and the nodes (M, 2)."""
    parts = Skeleton.of(skeleton)
    centres = parts.cluster_centres() + 0.5
    paths, ends, free = [], [], []
    bridges: list[tuple[int, int]] = []
    count = len(centres)
    shortest = BRIDGE_PENS * pen
    for path in parts.paths():
        a, b = parts.meets(int(path[0])), parts.meets(int(path[-1]))
        if len(path) == 1:
            a, b = a[:1], a[1:2]
        if a and b and a[0] != b[0] and len(path) <= shortest:
            bridges.append((a[0], b[0]))
            continue
        if not (a or b) and len(path) < 3:
            continue
        pair = []
        for met, at in ((a, path[0]), (b, path[-1])):
            if met:
                pair.append(met[0])
            else:
                pair.append(count + len(free))
                free.append((parts.x[at] + 0.5, parts.y[at] + 0.5))
        paths.append(path)
        ends.append(pair)
    node_xy = np.vstack([centres, np.array(free).reshape(-1, 2)])
    joined, node_xy = _contract(np.array(ends, np.int64).reshape(-1, 2), node_xy, bridges)
    places = np.column_stack([parts.x, parts.y]) + 0.5
    thickness = 2.0 * depth[parts.y, parts.x]
    tolerance = max(LEAST_TOLERANCE_PX, TOLERANCE_PENS * pen)
    pixels, vertices, index, widths = [], [], [], []
    offset = 0
    for path, (i, j) in zip(paths, joined.tolist(), strict=True):
        run = np.vstack([node_xy[i], places[path], node_xy[j]])
        if i >= count and len(run) > 3:  # a free end is its own first pixel
            run = run[1:]
        if j >= count and len(run) > 3:
            run = run[:-1]
        at = _vertices(run, tolerance)
        pixels.append(run)
        vertices.append(run[at])
        index.append(at + offset)
        offset += len(run)
        widths.append(np.partition(thickness[path], len(path) // 2)[len(path) // 2])
    chains = _Chains(
        np.concatenate(vertices) if vertices else np.zeros((0, 2)),
        np.concatenate([[0], np.cumsum([len(v) for v in vertices])]).astype(np.int64),
        joined,
        np.concatenate(pixels) if pixels else np.zeros((0, 2)),
        np.concatenate([[0], np.cumsum([len(p) for p in pixels])]).astype(np.int64),
        np.concatenate(index) if index else np.zeros(0, np.int64),
        np.array(widths, np.float64),
    )
    return chains, node_xy


def _contract(ends: Index, node_xy: Array, bridges: list[tuple[int, int]]) -> tuple[Index, Array]:
    """Nodes that bridges join are one, in their middle."""
    if not bridges:
        return ends, node_xy
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = np.array(bridges)
    n = len(node_xy)
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    count, label = connected_components(links, directed=False)
    first = np.full(count, n, np.int64)
    np.minimum.at(first, label, np.arange(n))
    weight = np.bincount(label, minlength=count)[:, None]
    middle = np.column_stack([np.bincount(label, node_xy[:, k], count) for k in (0, 1)]) / weight
    return first[label][ends], middle[label]


def _vertices(run: Array, tolerance: float) -> Index:
    """Which points (K,) of a pixel path are its vertices."""
    if len(run) <= 3:
        return np.array([0, len(run) - 1])
    kept = cv2.approxPolyDP(run.astype(np.float32).reshape(-1, 1, 2), tolerance, False).reshape(-1, 2)
    if len(kept) <= 2 and np.abs(run[0] - run[-1]).max() > 0.5:
        return np.array([0, len(run) - 1])
    out, start = [], 0
    for point in kept:  # in order, so each is sought behind the last
        step = np.abs(run[start:] - point).max(axis=1) < 0.01
        if step.any():
            start += int(step.argmax())
            out.append(start)
            start += 1
    if not out or out[-1] != len(run) - 1:
        out.append(len(run) - 1)
    return np.unique(np.array([0, *out], np.int64))


def _fit(chains: _Chains, node_xy: Array, solid: Mask, size: tuple[int, int]) -> Primitives:
    """Strokes and arcs of the chains: corners become nodes, then all nodes move to where strokes meet."""
    v, first = chains.vertices, chains.first
    chain = np.repeat(np.arange(len(first) - 1), np.diff(first))
    inner = np.ones(len(v), bool)
    inner[first[:-1]] = inner[first[1:] - 1] = False
    soft = _soft_vertices(v, inner)
    # A piece runs between two vertices that are not soft: one segment is a stroke, more are an arc.
    breaks = np.flatnonzero(~soft)
    same = chain[breaks[1:]] == chain[breaks[:-1]]
    start, stop = breaks[:-1][same], breaks[1:][same]
    numbers = np.full(len(v), -1, np.int64)
    numbers[first[:-1]], numbers[first[1:] - 1] = chains.ends[:, 0], chains.ends[:, 1]
    corners = np.flatnonzero(inner & ~soft)
    numbers[corners] = len(node_xy) + np.arange(len(corners))
    node_xy = np.vstack([node_xy, v[corners]])
    nodes = np.column_stack([numbers[start], numbers[stop]])
    shape = np.where(stop - start > 1, ARC, STROKE).astype(np.int8)
    moved = _meeting_points(node_xy, nodes, *_lines(chains, start, stop), shape == STROKE, chains.width[chain[start]])
    polylines = []
    for a, b, (i, j) in zip(start.tolist(), stop.tolist(), nodes.tolist(), strict=True):
        run = v[a : b + 1].copy()
        run[0], run[-1] = moved[i], moved[j]
        polylines.append(run)
    middle = np.clip(chains.pixels[(chains.place[start] + chains.place[stop]) // 2].astype(int), 0, None)
    near = cv2.dilate(solid, np.ones((3, 3), np.uint8)) if solid.any() else solid
    filled = near[middle[:, 1].clip(max=size[1] - 1), middle[:, 0].clip(max=size[0] - 1)] > 0
    return make_primitives(
        shape.tolist(), [tuple(p) for p in nodes.tolist()], moved, polylines, chains.width[chain[start]].tolist(),
        filled.tolist(), size,
    )  # fmt: skip


def _soft_vertices(v: Array, inner: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which vertices (V,) lie within a curve."""
    if len(v) < 3:
        return np.zeros(len(v), bool)
    step = np.diff(v, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    cross = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    dot = (step[:-1] * step[1:]).sum(axis=1)
    turn = np.zeros(len(v))
    turn[1:-1] = np.degrees(np.arctan2(cross, dot))
    even = np.zeros(len(v), bool)
    ratio = length[1:] / np.maximum(length[:-1], 1e-9)
    even[1:-1] = (ratio < EVEN_SIDES) & (ratio > 1 / EVEN_SIDES)
    soft = inner & even & (np.abs(turn) > SOFT_DEG) & (np.abs(turn) < HARD_DEG)
    # Runs of neighbours that turn the same way, each long enough in all to be a curve.
    sign = np.where(soft, np.sign(turn), 0).astype(int)
    edge = np.concatenate([[True], sign[1:] != sign[:-1]])
    run = np.cumsum(edge) - 1
    total = np.bincount(run, np.abs(turn) * soft)
    count = np.bincount(run, soft)
    good = (total >= LEAST_CURVE_DEG) & (count >= 2)
    soft &= good[run]
    # Where a curve turns over to the other side, the vertex between has a run on both sides: it stays a node.
    return soft


def _lines(chains: _Chains, start: Index, stop: Index) -> tuple[Array, Array]:
    """Centre (K, 2) and unit direction (K, 2) of the line through the pixels of each piece (total least squares)."""
    a, b = chains.place[start], chains.place[stop] + 1
    trim = np.minimum((b - a) // 6, 3)  # pixels beside a junction are pulled towards it
    a, b = a + trim, b - trim
    p = chains.pixels
    zero = np.zeros((1, 2))
    sums = np.vstack([zero, np.cumsum(p, axis=0)])
    squares = np.vstack(
        [np.zeros((1, 3)), np.cumsum(np.column_stack([p[:, 0] ** 2, p[:, 1] ** 2, p.prod(axis=1)]), axis=0)]
    )
    n = (b - a)[:, None].astype(float)
    mean = (sums[b] - sums[a]) / n
    moment = (squares[b] - squares[a]) / n
    xx, yy, xy = moment[:, 0] - mean[:, 0] ** 2, moment[:, 1] - mean[:, 1] ** 2, moment[:, 2] - mean.prod(axis=1)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    return mean, np.column_stack([np.cos(angle), np.sin(angle)])


def _meeting_points(
    node_xy: Array, nodes: Index, centre: Array, heading: Array, straight: NDArray[np.bool_], width: Array
) -> Array:
    """Each node at the point nearest to the lines of its strokes, at most about a pen from where the skeleton has it."""
    matrix = np.zeros((len(node_xy), 3))  # xx, xy, yy of the sum of projections across the lines
    right = np.zeros((len(node_xy), 2))
    away = np.zeros(len(node_xy))
    for side in (0, 1):
        at, d, c = nodes[straight, side], heading[straight], centre[straight]
        across = np.column_stack([1 - d[:, 0] ** 2, -d[:, 0] * d[:, 1], 1 - d[:, 1] ** 2])
        np.add.at(matrix, at, across)
        np.add.at(right, at, np.column_stack([across[:, 0] * c[:, 0] + across[:, 1] * c[:, 1],
                                              across[:, 1] * c[:, 0] + across[:, 2] * c[:, 1]]))  # fmt: skip
        np.maximum.at(away, at, width[straight])
    pull = 0.02  # keeps the place along a line that ends alone
    matrix[:, [0, 2]] += pull
    right += pull * node_xy
    det = matrix[:, 0] * matrix[:, 2] - matrix[:, 1] ** 2
    moved = np.column_stack([
        matrix[:, 2] * right[:, 0] - matrix[:, 1] * right[:, 1],
        matrix[:, 0] * right[:, 1] - matrix[:, 1] * right[:, 0],
    ]) / det[:, None]  # fmt: skip
    near = np.hypot(*(moved - node_xy).T) <= np.maximum(away, 1.5)
    return np.where(near[:, None], moved, node_xy)


def _with_blobs(parts: Primitives, mask: Mask, solid: Mask) -> Primitives:
    """The primitives and one more for each filled area: its outline, closed."""
    if not solid.any():
        return parts
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    polylines, widths = [], []
    for outline in outlines:
        run = outline.reshape(-1, 2)
        if len(run) < 8:
            continue
        x0, y0 = run.min(axis=0)
        x1, y1 = run.max(axis=0) + 1
        widths.append(2.0 * float(depth[y0:y1, x0:x1].max()))
        polylines.append(np.vstack([run, run[:1]]) + 0.5)
    blobs = make_primitives(
        [BLOB] * len(polylines), [(-1, -1)] * len(polylines), parts.node_xy, polylines, widths,
        [True] * len(polylines), parts.size,
    )  # fmt: skip
    return Primitives(
        np.concatenate([parts.shape, blobs.shape]), np.concatenate([parts.nodes, blobs.nodes]), parts.node_xy,
        np.concatenate([parts.xy, blobs.xy]), np.concatenate([parts.first, blobs.first[1:] + parts.first[-1]]),
        np.concatenate([parts.width, blobs.width]), np.concatenate([parts.filled, blobs.filled]),
        np.concatenate([parts.dash, blobs.dash]), parts.size,
    )  # fmt: skip
