"""Ink to strokes: a thinned picture as a graph of nodes and polyline edges.

Terms of art: a *stroke* is an edge of the graph, a thin polyline without branches; a *node* is a free end (degree 1),
a bend between strokes (degree 2) or a junction (degree 3 and more). All coordinates are pixels, x right, y down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import polyline_length

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]
_RING = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # (dy, dx), clockwise from north


@dataclass(eq=False)
class Stroke:
    """An edge from node `a` to node `b`; `points` (N, 2) run from a to b."""

    a: int
    b: int
    points: Array
    width: float
    gap: bool = False
    """True for a bridge over paper: between dashes, at a gap crossing, under lifted lettering."""
    dashed: bool = False
    """True when the source says so (a vector's dash pattern)."""

    @property
    def length(self) -> float:
        """Length of the polyline in pixels."""
        if len(self.points) == 2:
            (x0, y0), (x1, y1) = self.points.tolist()
            return hypot(x1 - x0, y1 - y0)
        return polyline_length(self.points)

    def other(self, node: int) -> int:
        """The node at the far end."""
        return self.b if node == self.a else self.a

    def leaving(self, node: int) -> Array:
        """The points in the order in which one walks away from `node`."""
        return self.points if node == self.a else self.points[::-1]


@dataclass(eq=False)
class StrokeGraph:
    """A mutable multigraph of strokes."""

    xy: list[Array] = field(default_factory=list)
    strokes: dict[int, Stroke] = field(default_factory=dict)
    at: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Stroke keys at each node; a loop is listed twice."""
    _next: int = 0

    def add_node(self, point: Iterable[float]) -> int:
        """A new node at x, y."""
        self.xy.append(np.asarray(tuple(point), np.float64))
        return len(self.xy) - 1

    def add(self, stroke: Stroke) -> int:
        """A new stroke; returns its key."""
        key, self._next = self._next, self._next + 1
        self.strokes[key] = stroke
        self.at[stroke.a].append(key)
        self.at[stroke.b].append(key)
        return key

    def remove(self, key: int) -> None:
        """Take a stroke out; its nodes stay."""
        stroke = self.strokes.pop(key)
        self.at[stroke.a].remove(key)
        self.at[stroke.b].remove(key)

    def move_end(self, key: int, old: int, new: int) -> None:
        """Hang the end of a stroke that lies at `old` on the node `new`; its polyline follows."""
        stroke = self.strokes[key]
        self.at[old].remove(key)
        self.at[new].append(key)
        if stroke.a == old:
            stroke.a = new
            stroke.points = np.vstack([self.xy[new][None], stroke.points[1:]])
        else:
            stroke.b = new
            stroke.points = np.vstack([stroke.points[:-1], self.xy[new][None]])

    def cut(self, key: int, places: Iterable[int]) -> None:
        """Cut a stroke at some of its inner points, given by their indices in rising order."""
        stroke = self.strokes[key]
        stops = [0, *places, len(stroke.points) - 1]
        nodes = [stroke.a, *(self.add_node(stroke.points[i]) for i in stops[1:-1]), stroke.b]
        self.remove(key)
        for i in range(len(stops) - 1):
            part = stroke.points[stops[i] : stops[i + 1] + 1]
            self.add(Stroke(nodes[i], nodes[i + 1], part, stroke.width, gap=stroke.gap, dashed=stroke.dashed))

    def degree(self, node: int) -> int:
        """Number of stroke ends at a node."""
        return len(self.at[node]) if node in self.at else 0

    def nodes(self) -> list[int]:
        """Nodes that carry a stroke."""
        return [node for node, keys in self.at.items() if keys]

    def free_ends(self) -> list[int]:
        """Nodes of degree 1."""
        return [node for node, keys in self.at.items() if len(keys) == 1]

    def arm(self, node: int, key: int, reach: float) -> Array:
        """Unit vector in which a stroke leaves a node, measured over `reach` pixels; zeros for a dot."""
        points = self.strokes[key].leaving(node)
        return direction(points, reach)


def direction(points: Array, reach: float) -> Array:
    """Unit vector from the first point of a polyline (N, 2) to its point `reach` pixels along; zeros for a dot."""
    (x0, y0), *rest = points.tolist()
    x, y, left = x0, y0, reach
    for px, py in rest:
        step = hypot(px - x, py - y)
        if step >= left > 0:
            x, y = x + (px - x) * left / step, y + (py - y) * left / step
            break
        x, y, left = px, py, left - step
    n = hypot(x - x0, y - y0)
    return np.array([(x - x0) / n, (y - y0) / n]) if n > 1e-6 else np.zeros(2)


def _thinning_tables() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the 256 neighbourhoods may lose their centre in the two passes (Guo and Hall 1989, algorithm A1)."""
    tables = np.zeros((2, 256), bool)
    for code in range(256):
        n, ne, e, se, s, sw, w, nw = ((code >> k) & 1 for k in range(8))
        crossings = (
            (not n and (ne or e)) + (not e and (se or s)) + (not s and (sw or w)) + (not w and (nw or n))
        )  # fmt: skip
        count = min(
            (nw or n) + (ne or e) + (se or s) + (sw or w),
            (n or ne) + (e or se) + (s or sw) + (w or nw),
        )
        if crossings != 1 or not 2 <= count <= 3:
            continue
        tables[0, code] = not ((n or ne or not se) and e)
        tables[1, code] = not ((s or sw or not nw) and w)
    return tables[0], tables[1]


_THIN = _thinning_tables()


def thin(mask: Mask) -> Mask:
    """One-pixel-wide skeleton of a mask (H, W), values 0 and 1.

    Works on the list of ink pixels only, so a sparse sheet of 17 million pixels takes a fraction of a second.
    """
    padded = np.pad((mask > 0).astype(np.uint8), 1)
    flat, width = padded.reshape(-1), padded.shape[1]
    offsets = [dy * width + dx for dy, dx in _RING]
    ink = np.flatnonzero(flat)
    active = ink
    while len(active):
        removed = []
        for table in _THIN:
            code = np.zeros(len(active), np.uint8)
            for k, offset in enumerate(offsets):
                code |= flat[active + offset] << k
            gone = active[table[code]]
            flat[gone] = 0
            active = active[flat[active] > 0]
            removed.append(gone)
        gone = np.concatenate(removed)
        near = (gone[:, None] + np.array(offsets)[None]).reshape(-1)
        active = np.unique(near[flat[near] > 0])
    return np.asarray(padded[1:-1, 1:-1], np.uint8)


def graph_from_ink(mask: Mask, *, simplify_px: float = 1.2) -> StrokeGraph:
    """The stroke graph of a mask (H, W): thinned, walked and simplified to within `simplify_px`."""
    skeleton = thin(mask)
    around = cv2.filter2D(skeleton, cv2.CV_8U, np.ones((3, 3), np.float32), borderType=cv2.BORDER_CONSTANT)
    junctions = ((skeleton > 0) & (around >= 4)).astype(np.uint8)
    _, labels, _, centroids = cv2.connectedComponentsWithStats(junctions, connectivity=8)
    thickness = 2.0 * cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, 3)
    ys, xs = np.nonzero((skeleton > 0) & (junctions == 0))
    graph = StrokeGraph()
    for centre in centroids[1:]:
        graph.add_node(centre)
    pixels = set(zip(ys.tolist(), xs.tolist(), strict=True))
    clusters = {
        (y, x): int(labels[y, x]) - 1 for y, x in zip(*(v.tolist() for v in np.nonzero(junctions)), strict=True)
    }
    for path in _walk(pixels):
        p = np.array(path, np.float64)[:, ::-1]
        rows, columns = np.array(path).T
        width = float(np.median(thickness[rows, columns]))
        first, last = _meets(path[0], clusters), _meets(path[-1], clusters)
        start = first[0] if first else None
        stop = last[0] if last else None
        if len(path) == 1:
            stop = first[1] if len(first) > 1 else None
        a = graph.add_node(p[0]) if start is None else start
        b = graph.add_node(p[-1]) if stop is None else stop
        head = [] if start is None else [graph.xy[a]]
        tail = [] if stop is None else [graph.xy[b]]
        points = np.vstack([*head, p, *tail]) if len(p) + len(head) + len(tail) > 1 else np.vstack([p, p])
        graph.add(Stroke(a, b, simplified(points, simplify_px), width))
    return graph


def simplified(points: Array, tolerance: float) -> Array:
    """The polyline (N, 2) with points left out that lie within `tolerance` of the rest (Douglas-Peucker)."""
    if len(points) <= 2:
        return points
    kept = cv2.approxPolyDP(points.astype(np.float32).reshape(-1, 1, 2), tolerance, False).reshape(-1, 2)
    kept = kept.astype(np.float64)
    return kept if len(kept) >= 2 else points[[0, -1]]


def _meets(pixel: tuple[int, int], clusters: dict[tuple[int, int], int]) -> list[int]:
    """The junction clusters that touch a pixel, each once."""
    y, x = pixel
    found: dict[int, None] = {}
    for dy, dx in _RING:
        cluster = clusters.get((y + dy, x + dx))
        if cluster is not None:
            found[cluster] = None
    return list(found)


def _walk(pixels: set[tuple[int, int]]) -> Iterable[list[tuple[int, int]]]:
    """Ordered pixel paths of a skeleton without junctions: each pixel has at most two neighbours."""
    left = set(pixels)

    def neighbours(pixel: tuple[int, int]) -> list[tuple[int, int]]:
        y, x = pixel
        return [(y + dy, x + dx) for dy, dx in _RING if (y + dy, x + dx) in left]

    while left:
        seed = left.pop()
        arms = []
        for start in neighbours(seed)[:2]:
            if start not in left:
                continue
            arm = [start]
            left.discard(start)
            while True:
                ahead = neighbours(arm[-1])
                if not ahead:
                    break
                left.discard(ahead[0])
                arm.append(ahead[0])
            arms.append(arm)
        before = arms[0][::-1] if arms else []
        after = arms[1] if len(arms) > 1 else []
        yield [*before, seed, *after]
