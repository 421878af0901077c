"""Native vectors to strokes: the same graph that thinning makes of ink, from a PDF's or DXF's own paths.

Ends that meet become one node; an end that lies on another path splits it (a tee); paths that merely cross share
nothing. Coordinates are pixels of the sheet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.geometry import as_boxes
from pid.graph.strokes import Stroke, StrokeGraph
from pid.graph.trace_ink import FRAME_MARGIN, FRAME_SHARE, LETTER_RUN
from pid.sheet import VectorPath

Array = NDArray[np.float64]

JOIN = 1.5
"""Ends this near to each other or to a path meet it, at a sheet width of 5000 px."""
DOT_SIZE = 16.0
"""A filled disc up to this size is a connection dot."""


def graph_from_paths(
    paths: Sequence[VectorPath],
    *,
    size: tuple[int, int],
    lifted: ArrayLike = (),
    words: ArrayLike = (),
) -> StrokeGraph:
    """The stroke graph of vector paths.

    Args:
        paths: The page's paths; filled ones and circles are no lines.
        size: Width and height of the sheet in pixels.
        lifted: Boxes (N, 4) that are cut out: symbols, tables.
        words: Boxes (M, 4) of lettering: small paths inside are letters drawn as strokes.
    """
    scale = size[0] / 5000.0
    kept = [p for p in paths if not p.filled and p.shape != "circle" and len(p.points) > 1]
    kept = _without_letters(kept, as_boxes(words), LETTER_RUN * scale)
    if not kept:
        return StrokeGraph()
    segments, owner = _straight_pieces(kept)
    keep = ~_is_frame(segments, size)
    segments, owner = _cut_out(segments[keep], owner[keep], as_boxes(lifted))
    if not len(segments):
        return StrokeGraph()
    segments, owner = _split_at_ends(segments, owner, JOIN * scale)
    widths = np.array([p.width_px for p in kept])
    dashed = np.array([bool(p.dash_px) for p in kept])
    return _joined(segments, widths[owner], dashed[owner], JOIN * scale)


def dot_centres(paths: Sequence[VectorPath], *, scale: float) -> Array:
    """Middles (N, 2) of small filled discs."""
    found = []
    for path in paths:
        low, high = path.points.min(axis=0), path.points.max(axis=0)
        side = high - low
        if path.filled and (path.shape == "circle" or len(path.points) >= 8) and side.max() <= DOT_SIZE * scale:
            found.append((low + high) / 2)
    return np.array(found).reshape(-1, 2)


def _without_letters(paths: list[VectorPath], words: Array, letter: float) -> list[VectorPath]:
    """The paths without small ones in word boxes."""
    if not len(words) or not paths:
        return paths
    low = np.array([p.points.min(axis=0) for p in paths])
    high = np.array([p.points.max(axis=0) for p in paths])
    small = (high - low).max(axis=1) < letter
    inside = np.zeros(len(paths), bool)
    for x0, y0, x1, y1 in words:
        inside |= (low >= (x0 - 2, y0 - 2)).all(axis=1) & (high <= (x1 + 2, y1 + 2)).all(axis=1)
    return [p for p, drop in zip(paths, (small & inside).tolist(), strict=True) if not drop]


def _straight_pieces(paths: Sequence[VectorPath]) -> tuple[Array, NDArray[np.intp]]:
    """All pieces (N, 4) of the paths and the index (N,) of each one's path; pieces without length are left out."""
    rows, owner = [], []
    for i, path in enumerate(paths):
        points = np.vstack([path.points, path.points[:1]]) if path.closed else path.points
        rows.append(np.c_[points[:-1], points[1:]])
        owner.append(np.full(len(points) - 1, i))
    segments, index = np.concatenate(rows), np.concatenate(owner)
    long = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]) > 1e-3
    return segments[long], index[long]


def _is_frame(segments: Array, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pieces (N, 4) are the sheet's border: along most of a side and close to the edge."""
    out = np.zeros(len(segments), bool)
    for axis in (0, 1):
        side, depth = size[axis], size[1 - axis]
        span = np.abs(segments[:, axis + 2] - segments[:, axis])
        at = (segments[:, 1 - axis] + segments[:, 3 - axis]) / 2
        level = np.abs(segments[:, 1 - axis] - segments[:, 3 - axis]) < 2
        out |= level & (span > FRAME_SHARE * side) & (np.minimum(at, depth - at) < FRAME_MARGIN * depth)
    return out


def _cut_out(segments: Array, owner: NDArray[np.intp], boxes: Array) -> tuple[Array, NDArray[np.intp]]:
    """The parts of the pieces that lie outside of all boxes."""
    from shapely import STRtree, box

    if not len(boxes) or not len(segments):
        return segments, owner
    low, high = np.minimum(segments[:, :2], segments[:, 2:]), np.maximum(segments[:, :2], segments[:, 2:])
    which, of = STRtree(box(*boxes.T)).query(box(*low.T, *high.T))
    enter, leave = _crossing_range(segments[which], boxes[of])
    crossed = enter < leave
    which, enter, leave = which[crossed], enter[crossed], leave[crossed]
    order = np.lexsort((enter, which))
    which, enter, leave = which[order], enter[order], leave[order]
    # How far along each piece all is cut out: the largest so far, pieces kept apart by adding 2 for each.
    done = np.maximum.accumulate(leave + 2.0 * which) - 2.0 * which
    first, last = (np.diff(which, prepend=-1) > 0), (np.diff(which, append=len(segments)) > 0)
    before = np.where(first, 0.0, np.concatenate([[0.0], done[:-1]]))
    parts = [(which, before, enter), (which[last], done[last], np.ones(int(last.sum())))]
    index, start, stop = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = stop > start
    index, start, stop = index[kept], start[kept, None], stop[kept, None]
    way = segments[index, 2:] - segments[index, :2]
    left = np.c_[
        segments[index, :2] + way * start, np.where(stop < 1, segments[index, :2] + way * stop, segments[index, 2:])
    ]
    whole = np.ones(len(segments), bool)
    whole[which] = False
    return np.concatenate([segments[whole], left]), np.concatenate([owner[whole], owner[index]])


def _crossing_range(segments: Array, boxes: Array) -> tuple[Array, Array]:
    """Where along each piece (0..1) it enters and leaves its box (Liang and Barsky 1984); enter >= leave misses it."""
    d = segments[:, 2:] - segments[:, :2]
    with np.errstate(divide="ignore", invalid="ignore"):
        t0 = (boxes[:, :2] - segments[:, :2]) / d
        t1 = (boxes[:, 2:] - segments[:, :2]) / d
    still = d == 0
    within = (segments[:, :2] >= boxes[:, :2]) & (segments[:, :2] <= boxes[:, 2:])
    low = np.where(still, np.where(within, -np.inf, np.inf), np.minimum(t0, t1))
    high = np.where(still, np.where(within, np.inf, -np.inf), np.maximum(t0, t1))
    return np.clip(low.max(axis=1), 0, 1), np.clip(high.min(axis=1), 0, 1)


def _split_at_ends(segments: Array, owner: NDArray[np.intp], join: float) -> tuple[Array, NDArray[np.intp]]:
    """The pieces, split where an end of another lies on them."""
    from shapely import STRtree, linestrings, points

    ends = np.concatenate([segments[:, :2], segments[:, 2:]])
    tree = STRtree(linestrings(segments.reshape(-1, 2, 2)))
    which_end, which = tree.query(points(ends), predicate="dwithin", distance=join)
    start, d = segments[which, :2], segments[which, 2:] - segments[which, :2]
    length = np.hypot(d[:, 0], d[:, 1])
    t = ((ends[which_end] - start) * d).sum(axis=1) / length**2
    inner = (t * length > join) & ((1 - t) * length > join)
    which, t = which[inner], t[inner]
    if not len(which):
        return segments, owner
    whole = np.ones(len(segments), bool)
    whole[which] = False
    rows, owners = [segments[whole]], [owner[whole]]
    for i in np.unique(which).tolist():
        stops = np.concatenate([[0.0], np.unique(t[which == i]), [1.0]])
        at = segments[i, :2] + stops[:, None] * (segments[i, 2:] - segments[i, :2])
        rows.append(np.c_[at[:-1], at[1:]])
        owners.append(np.full(len(stops) - 1, owner[i]))
    return np.concatenate(rows), np.concatenate(owners)


def _joined(segments: Array, widths: Array, dashed: NDArray[np.bool_], join: float) -> StrokeGraph:
    """A graph with one stroke a piece; ends within `join` are one node, doubled pieces one stroke."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    ends = np.concatenate([segments[:, :2], segments[:, 2:]])
    pairs = cKDTree(ends).query_pairs(join, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    count, label = connected_components(links, directed=False)
    graph = StrokeGraph()
    weight = np.bincount(label, minlength=count)
    for axis_mean in np.c_[
        np.bincount(label, ends[:, 0], count) / weight, np.bincount(label, ends[:, 1], count) / weight
    ]:
        graph.add_node(axis_mean)
    seen: set[tuple[int, int]] = set()
    n = len(segments)
    for i in range(n):
        a, b = int(label[i]), int(label[n + i])
        if a == b or (min(a, b), max(a, b)) in seen:
            continue
        seen.add((min(a, b), max(a, b)))
        graph.add(Stroke(a, b, np.vstack([graph.xy[a], graph.xy[b]]), float(widths[i]), dashed=bool(dashed[i])))
    return graph
