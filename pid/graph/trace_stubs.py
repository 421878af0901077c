"""Links so short that lifting the symbols off leaves nothing of them: between two parts, and from a pipe to a part.

Both are told by the ink that leaves a symbol's box before it is erased. Lengths are for a sheet 5000 px wide and are
multiplied by `scale`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Group, Symbol
from pid.geometry import as_boxes
from pid.graph.strokes import Stroke, StrokeGraph
from pid.graph.symbol_index import HOSTS, INLINE, SymbolIndex
from pid.graph.trace_gaps import straight_pieces
from pid.graph.trace_runs import find_runs

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]

STUB_REACH = 20.0
"""Longer links are strokes of their own once the symbols are lifted off."""
STUB_WIDTH = 12.0
"""Links leave a box in a stroke no broader than this: outlines that stick out of a box are broader."""
STUB_EDGE = 1.5
"""Boxes may be drawn this tight round the ink."""
OUTLINE = 3.0
"""A symbol's outline sticks out of its box by less than this."""
FACING: frozenset[Group] = INLINE | {"actuator"}
GAP_REACH, GAP_BREADTH, FACING_SHARE = 24.0, 12.0, 0.6
"""Parts that face each other over this distance, with this share of the smaller one's side, have only a pipe or a stem
of this breadth between them: letters are as high as that."""
SIDE_MARGIN = 0.12
"""Links leave a side of a box between these shares of it, not at its corners."""
INSET = 4.0
"""A link's ends lie this far inside of the boxes, so that each end has one owner."""


@dataclass(frozen=True, eq=False)
class Stub:
    """Ink that leaves a symbol: where, which way, and how far it runs on straight."""

    symbol: int
    point: Array  # on the side of the box
    way: Array  # unit vector outward
    length: float


def find_stubs(mask: Mask, symbols: Sequence[Symbol], index: SymbolIndex, *, scale: float) -> list[Stub]:
    """The ink that leaves each symbol that lines can end at, in narrow strokes square to its box."""
    depth = max(round(STUB_REACH * scale), 4)
    stubs = []
    for i in np.flatnonzero(index.is_end).tolist():
        if symbols[i].group not in HOSTS:
            for strip, origin, along, way in _sides(mask, index.boxes[i], depth):
                for place, length in _leaving(strip, scale):
                    stubs.append(Stub(i, origin + place * along, way, length))
    return stubs


def _sides(mask: Mask, box: Array, depth: int) -> Iterator[tuple[Mask, Array, Array, Array]]:
    """Per side the strip of ink outside of it (depth, side), its origin, the way along the side, and outward."""
    height, width = mask.shape
    x0, y0 = np.floor(box[:2] - STUB_EDGE).astype(int).tolist()
    x1, y1 = np.ceil(box[2:] + STUB_EDGE).astype(int).tolist()
    if x0 < depth or y0 < depth or x1 + depth >= width or y1 + depth >= height or x1 - x0 < 4 or y1 - y0 < 4:
        return
    right, down = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    yield mask[y0 - depth : y0, x0:x1][::-1], np.array([x0, y0 - 0.5]), right, -down
    yield mask[y1 : y1 + depth, x0:x1], np.array([x0, y1 - 0.5]), right, down
    yield mask[y0:y1, x0 - depth : x0].T[::-1], np.array([x0 - 0.5, y0]), down, -right
    yield mask[y0:y1, x1 : x1 + depth].T, np.array([x1 - 0.5, y0]), down, right


def _leaving(strip: Mask, scale: float) -> Iterator[tuple[float, float]]:
    """Where along a side ink leaves it in a narrow stroke, and how far straight on.

    The first row may still be the symbol's own outline, which is broad; what leaves it does so a little further out.
    """
    side = strip.shape[1]
    for row in (0, round(OUTLINE * scale)):
        narrow = []
        starts, stops = find_runs(np.ascontiguousarray(strip[row : row + 1]))
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            middle = (start + stop - 1) / 2
            inner = SIDE_MARGIN * side <= middle <= (1 - SIDE_MARGIN) * side
            if inner and stop - start <= max(STUB_WIDTH * scale, 3):
                column = strip[:, round(middle)]
                narrow.append((middle, float(len(column) if column.all() else column.argmin())))
        yield from narrow
        if narrow:
            return


def gaps_between(symbols: Sequence[Symbol], *, scale: float) -> Array:
    """Boxes (N, 4) round the axis between parts that face each other so close that no lettering stands between them."""
    parts = [s for s in symbols if s.group in FACING]
    boxes = as_boxes([s.box for s in parts])
    found = []
    for along in (0, 1):
        across = 1 - along
        gap = boxes[None, :, along] - boxes[:, None, along + 2]
        low = np.maximum(boxes[:, None, across], boxes[None, :, across])
        high = np.minimum(boxes[:, None, across + 2], boxes[None, :, across + 2])
        size = boxes[:, across + 2] - boxes[:, across]
        facing = (gap > 0) & (gap <= GAP_REACH * scale) & (high - low >= FACING_SHARE * np.minimum.outer(size, size))
        for i, j in np.argwhere(facing).tolist():
            box = np.empty(4)
            box[[along, along + 2]] = boxes[i, along + 2], boxes[j, along]
            box[[across, across + 2]] = (low[i, j] + high[i, j]) / 2 + GAP_BREADTH * scale * np.array([-0.5, 0.5])
            found.append(box)
    return as_boxes(found)


def add_stubs(graph: StrokeGraph, stubs: Sequence[Stub], *, scale: float) -> None:
    """Join symbols to the strokes that pass close by, where ink leads over and no stroke ends there already."""
    from scipy.spatial import cKDTree

    if not stubs or not graph.strokes:
        return
    ends = np.array([graph.xy[n] for n in graph.nodes() if graph.degree(n) != 2]).reshape(-1, 2)
    segments = straight_pieces(graph)
    places = np.array([stub.point for stub in stubs])
    nearest = cKDTree(ends).query(places, p=np.inf)[0] if len(ends) else np.full(len(places), np.inf)
    for stub, gap in zip(stubs, nearest.tolist(), strict=True):
        if gap < 8 * scale + 2:
            continue
        hit = _crossed(stub, segments, scale)
        if hit is not None:
            key, at, point = hit
            points = graph.strokes[key].points
            graph.strokes[key].points = np.insert(points, at, point, axis=0)
            width = graph.strokes[key].width
            node = len(graph.xy)
            graph.cut(key, [at])
            end = graph.add_node(stub.point)
            graph.add(Stroke(node, end, np.vstack([point, stub.point]), width))
            segments = straight_pieces(graph)


def _crossed(stub: Stub, segments: Array, scale: float) -> tuple[int, int, Array] | None:
    """The stroke that a stub runs into: its key, the index of the new point in it, and the point."""
    axis = int(np.argmax(np.abs(stub.way)))
    low = np.minimum(segments[:, 1 - axis], segments[:, 3 - axis])
    high = np.maximum(segments[:, 1 - axis], segments[:, 3 - axis])
    at = stub.point[1 - axis]
    level = np.abs(segments[:, 2 + axis] - segments[:, axis]) < 0.2 * (high - low)
    ahead = ((segments[:, axis] + segments[:, 2 + axis]) / 2 - stub.point[axis]) * stub.way[axis]
    margin = 6 * scale
    good = level & (low < at - margin) & (high > at + margin) & (ahead > 0) & (ahead <= stub.length)
    if not good.any():
        return None
    row = int(np.flatnonzero(good)[np.argmin(ahead[good])])
    key = int(segments[row, 4])
    place = int(np.count_nonzero(segments[:row, 4] == key)) + 1
    point = stub.point + stub.way * ahead[row]
    return key, place, np.asarray(point)


def find_links(stubs: Sequence[Stub], index: SymbolIndex, *, scale: float) -> list[tuple[int, int, Array, Array]]:
    """Pairs of symbols with an unbroken straight stroke between them, and its two ends, a little inside of both."""
    links: dict[tuple[int, int], tuple[int, int, Array, Array]] = {}
    for stub in stubs:
        far = stub.point + stub.way * stub.length
        low, high = index.boxes[:, :2] - STUB_EDGE, index.boxes[:, 2:] + STUB_EDGE
        inside = ((far >= low - 1) & (far <= high + 1)).all(axis=1) & index.is_end & (index.rank < 2)
        inside &= ((stub.point < index.boxes[:, :2]) | (stub.point > index.boxes[:, 2:])).any(axis=1)
        inside[stub.symbol] = False
        for j in np.flatnonzero(inside).tolist():
            pair = (min(stub.symbol, j), max(stub.symbol, j))
            axis = int(np.argmax(np.abs(stub.way)))
            side = index.boxes[j][axis if stub.way[axis] > 0 else axis + 2]
            stop = stub.point.copy()
            stop[axis] = side
            inset = stub.way * INSET * scale
            links.setdefault(pair, (stub.symbol, j, stub.point - inset, stop + inset))
    return list(links.values())
