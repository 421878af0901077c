"""A skeleton as chains between nodes: spurs gone, near junctions one, vertices found by Douglas-Peucker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.skeleton import Skeleton
from pid.structure.curves import find_vertices
from pid.structure.primitives import Index

CORNER_DEPTHS, SPUR_PX = 1.4, 1.2
"""A side branch is a roughness of its stroke's outline if its tip is no farther from the junction than the ink's depth
there and so many pixels; at a stroke's end a corner, if it is within so many depths: sqrt(2) for a flat end."""
BRIDGE_PENS = 1.3
"""Junctions nearer than this are one: two strokes that cross at an angle meet along a stretch."""
LEAST_LOOP_PX = 8
NODE_PX = 0.7
"""Beyond a node's depth, where the skeleton still bends."""
LEAST_RUN_PX = 4
NONE = -1


@dataclass(frozen=True, eq=False)
class Chains:
    """C pixel paths between nodes, flat, with their vertices."""

    pixels: Array
    """(Q, 2) points in order, without those within the nodes."""
    first_pixel: Index
    """(C + 1,)."""
    place: Index
    """(V,) which of the pixels are vertices: the first and the last of each chain, and the bends."""
    first: Index
    """(C + 1,) where each chain's vertices begin."""
    ends: Index
    """(C, 2) nodes."""
    free: NDArray[np.bool_]
    """(C, 2) whether the node at the start and at the end is a free end."""
    width: Array
    """(C,) of the ink, pixels."""


def walk_chains(
    skeleton: NDArray[np.uint8], depth: NDArray[np.float32], pen: float, tolerance: float
) -> tuple[Chains, Array]:
    """The chains of a skeleton (H, W), and the nodes (M, 2).

    `depth` (H, W) is the distance from ink to paper, `tolerance` in pixels that of the vertices.
    """
    parts = Skeleton.of(skeleton)
    places: Array = np.column_stack([parts.x, parts.y]).astype(np.float64) + 0.5
    deep = depth[parts.y, parts.x].astype(np.float64)
    centres = parts.cluster_centres() + 0.5
    paths = list(parts.paths())
    ends = _ends(parts, paths)
    size = np.array([len(p) for p in paths], np.int64)
    tips = np.array([(p[0], p[-1]) for p in paths], np.int64).reshape(-1, 2)
    met = ends >= 0
    keep = met.any(axis=1) | (size >= 3)
    reach = _cluster_depth(parts, deep, len(centres))
    keep &= ~_spurs(ends, tips, places, centres, reach)
    degree = np.bincount(ends[keep][met[keep]], minlength=len(centres) + 1)
    bridge = keep & met.all(axis=1) & (ends[:, 0] != ends[:, 1]) & (size <= BRIDGE_PENS * pen)
    bridge &= (degree[ends] >= 3).all(axis=1)
    ends, centres, reach = _contract(ends, centres, reach, ends[bridge], BRIDGE_PENS * pen)
    bridge &= ends[:, 0] == ends[:, 1]
    kept = np.flatnonzero(keep & ~bridge)
    runs, ends = _runs([paths[k] for k in kept.tolist()], ends[kept], tips[kept], places)
    points = np.vstack([places, centres])
    runs, ends = _join(runs, ends, len(centres), points)
    thick = 2.0 * np.concatenate([deep, np.zeros(len(centres))])
    flat, first_pixel = _trim(runs, ends, points, centres, reach)
    pixels = points[flat]
    place = np.flatnonzero(find_vertices(pixels, first_pixel, tolerance))
    first = np.searchsorted(place, first_pixel)
    # Nodes: the junctions, then the free ends, each at its pixel; a loop begins and ends at one.
    at = np.column_stack([first_pixel[:-1], first_pixel[1:] - 1])
    free = ends < 0
    free[:, 1] &= ~((ends < 0).all(axis=1) & (flat[at[:, 0]] == flat[at[:, 1]]))
    loop = (ends[:, 1] < 0) & ~free[:, 1]
    ends[free] = len(centres) + np.arange(np.count_nonzero(free))
    ends[loop, 1] = ends[loop, 0]
    node_xy = np.vstack([centres, pixels[at[free]]])
    return Chains(
        pixels, first_pixel, place, first, ends, free & ~loop[:, None], _medians(thick[flat], first_pixel)
    ), node_xy


def _ends(parts: Skeleton, paths: list[Index]) -> Index:
    """(P, 2) the cluster that each path meets at its start and at its end, `NONE` for a free end."""
    out = np.full((len(paths), 2), NONE, np.int64)
    if not paths:
        return out
    for side in (0, 1):
        near = parts.near[[p[-side] for p in paths]]
        touched = np.where(near >= 0, parts.cluster[np.maximum(near, 0)], NONE)
        if side:  # a path of one pixel meets two different clusters
            single = np.array([len(p) == 1 for p in paths])
            touched[single[:, None] & (touched == out[:, :1])] = NONE
        column = (touched >= 0).argmax(axis=1)
        out[:, side] = touched[np.arange(len(paths)), column]
    return out


def _cluster_depth(parts: Skeleton, deep: Array, count: int) -> Array:
    out = np.zeros(count)
    member = parts.cluster >= 0
    np.maximum.at(out, parts.cluster[member], deep[member])
    return out


def _spurs(ends: Index, tips: Index, places: Array, centres: Array, depth: Array) -> NDArray[np.bool_]:
    """Which paths (P,) are side branches about as short as their stroke is thick."""
    met = ends >= 0
    rows = np.flatnonzero(met.sum(axis=1) == 1)
    at, tip = ends[rows][met[rows]], tips[rows][~met[rows]]
    reach = np.hypot(*(places[tip] - centres[at]).T)
    corner = reach <= CORNER_DEPTHS * depth[at] + SPUR_PX
    # A stroke's flat end has spurs to both its corners; in its course there is more than one other branch.
    others = np.bincount(ends[met], minlength=len(depth)) - np.bincount(at[corner], minlength=len(depth))
    out = np.zeros(len(ends), bool)
    out[rows] = corner & ((others[at] <= 1) | (reach <= depth[at] + SPUR_PX))
    return out


def _contract(ends: Index, centres: Array, reach: Array, pairs: Index, most: float) -> tuple[Index, Array, Array]:
    """Nodes that bridges join are one, in their middle, and reach as far as all of them.

    Not where one of them would be more than `most` pixels away from it.
    """
    if not len(pairs):
        return ends.copy(), centres, reach
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(centres)
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    count, label = connected_components(links, directed=False)
    middle = _means(centres, label)
    away = np.zeros(count)
    np.maximum.at(away, label, np.hypot(*(centres - middle[label]).T))
    wide = away[label] > most  # small lettering in a thick pen: all of it would become one node
    if wide.any():
        label = np.unique(np.where(wide, count + np.arange(n), label), return_inverse=True)[1]
        middle = _means(centres, label)
    farthest = np.zeros(len(middle))
    np.maximum.at(farthest, label, reach + np.hypot(*(centres - middle[label]).T))
    return np.where(ends >= 0, label[np.maximum(ends, 0)], NONE), middle, farthest


def _means(points: Array, label: Index) -> Array:
    weight = np.maximum(np.bincount(label), 1)[:, None]
    return np.asarray(np.column_stack([np.bincount(label, points[:, k]) for k in (0, 1)]) / weight, np.float64)


def _runs(paths: list[Index], ends: Index, tips: Index, places: Array) -> tuple[list[Index], Index]:
    """Each path with its nodes at the ends, as rows of places and centres; a loop without one begins at a corner."""
    n = len(places)
    gap = np.abs(places[tips[:, 0]] - places[tips[:, 1]]).max(axis=1)
    runs = []
    for path, (a, b), apart in zip(paths, ends.tolist(), gap.tolist(), strict=True):
        run = path
        if a < 0 and b < 0 and apart <= 1.0 and len(path) >= LEAST_LOOP_PX:
            run = _ring(path, places)
        else:
            run = np.concatenate([[n + a] if a >= 0 else path[:0], path, [n + b] if b >= 0 else path[:0]])
        runs.append(run)
    return runs, ends.copy()


def _ring(path: Index, points: Array) -> Index:
    """A closed path that begins, and ends again, at its point farthest from the middle: a corner if it has any."""
    ring = points[path]
    begin = int(((ring - ring.mean(axis=0)) ** 2).sum(axis=1).argmax())
    return np.concatenate([path[begin:], path[: begin + 1]])


def _join(runs: list[Index], ends: Index, count: int, points: Array) -> tuple[list[Index], Index]:
    """Chains that meet at a node where nothing else ends are one."""
    flat = ends.reshape(-1)
    degree = np.bincount(flat[flat >= 0], minlength=max(count, 1))
    through = np.flatnonzero((flat >= 0) & (degree[np.maximum(flat, 0)] == 2))
    order = through[np.argsort(flat[through], kind="stable")]
    partner: dict[int, int] = {}
    for e, f in zip(order[::2].tolist(), order[1::2].tolist(), strict=True):
        partner[e], partner[f] = f, e
    if not partner:
        return runs, ends
    out_runs, out_ends = [], []
    done = np.zeros(len(runs), bool)
    touched = sorted({e // 2 for e in partner})
    # From open ends first; what is left then are rings.
    starts = [2 * c + s for c in touched for s in (0, 1) if 2 * c + s not in partner]
    for start in [*starts, *(2 * c for c in touched)]:
        if done[start // 2]:
            continue
        pieces: list[Index] = []
        here = start
        while True:
            chain, side = divmod(here, 2)
            done[chain] = True
            run = runs[chain] if side == 0 else runs[chain][::-1]
            pieces.append(run if not pieces else run[1:])
            stop = 2 * chain + 1 - side
            here = partner.get(stop, -1)
            if here < 0 or done[here // 2]:
                break
        run = np.concatenate(pieces)
        if start in partner:
            out_runs.append(_ring(run[:-1], points))
            out_ends.append((NONE, NONE))
        else:
            out_runs.append(run)
            out_ends.append((int(flat[start]), int(flat[stop])))
    rest = np.flatnonzero(~done)
    joined = np.array(out_ends, np.int64).reshape(-1, 2)
    return [*(runs[k] for k in rest.tolist()), *out_runs], np.vstack([ends[rest], joined])


def _trim(runs: list[Index], ends: Index, points: Array, centres: Array, reach: Array) -> tuple[Index, Index]:
    """All runs one after the other and where each begins, without what lies within their nodes.

    There the skeleton bends towards the other strokes; a run with fewer than `LEAST_RUN_PX` outside stays whole.
    """
    size = np.array([len(r) for r in runs], np.int64)
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    if not runs:
        return np.zeros(0, np.int64), first
    flat = np.concatenate(runs)
    owner = np.repeat(np.arange(len(runs)), size)
    at = np.arange(len(flat)) - first[owner]
    bounds = []
    for side in (0, 1):
        node = np.maximum(ends[owner, side], 0)
        outside = ends[owner, side] < 0
        if len(centres):
            outside |= np.hypot(*(points[flat] - centres[node]).T) > reach[node] + NODE_PX
        if side:
            bounds.append(np.maximum.reduceat(np.where(outside, at, -1), first[:-1]))
        else:
            bounds.append(np.minimum.reduceat(np.where(outside, at, len(flat)), first[:-1]))
    low, high = bounds
    whole = high - low + 1 < LEAST_RUN_PX
    low, high = np.where(whole, 0, low), np.where(whole, size - 1, high)
    keep = (at >= low[owner]) & (at <= high[owner])
    return flat[keep], np.concatenate([[0], np.cumsum(high - low + 1)]).astype(np.int64)


def _medians(values: Array, first: Index) -> Array:
    """The middle of the values that are not 0 in each group; 0 where there is none."""
    owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
    real = values > 0
    values, owner = values[real], owner[real]
    order = np.lexsort((values, owner))
    count = np.bincount(owner, minlength=len(first) - 1)
    begin = np.cumsum(count) - count
    out = np.zeros(len(first) - 1)
    some = count > 0
    out[some] = values[order[(begin + count // 2)[some]]]
    return out
