"""Ink to strokes: a thinned picture as a graph of nodes and polyline edges.

Terms of art: a *stroke* is an edge of the graph, a thin polyline without branches; a *node* is a free end (degree 1),
a bend between strokes (degree 2) or a junction (degree 3 and more). All coordinates are pixels, x right, y down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.skeleton import Skeleton, thin

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]


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
        return path_length(self.points)

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


def path_length(points: Array) -> float:
    """Length of a polyline (N, 2) of few points, for which arrays take longer than numbers."""
    rows = points.tolist()
    return sum(hypot(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(rows))


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


def graph_from_ink(mask: Mask, depth: NDArray[np.float32] | None = None, *, simplify_px: float = 1.2) -> StrokeGraph:
    """The stroke graph of a mask (H, W): thinned, walked and simplified to within `simplify_px`.

    `depth` (H, W) is the distance of the ink to paper, for the strokes' widths; computed where it is not given.
    """
    if depth is None:
        depth = np.asarray(cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, 3))
    graph = StrokeGraph()
    skeleton = Skeleton.of(thin(mask))
    for centre in skeleton.cluster_centres():
        graph.add_node(centre)
    places = np.column_stack([skeleton.x, skeleton.y]).astype(np.float64)
    thickness = 2.0 * depth[skeleton.y, skeleton.x]
    for path in skeleton.paths():
        p = places[path]
        first, last = skeleton.meets(path[0]), skeleton.meets(path[-1])
        start = first[0] if first else None
        stop = last[0] if last else None
        if len(path) == 1:
            stop = first[1] if len(first) > 1 else None
        a = graph.add_node(p[0]) if start is None else start
        b = graph.add_node(p[-1]) if stop is None else stop
        head = [] if start is None else [graph.xy[a]]
        tail = [] if stop is None else [graph.xy[b]]
        points = np.vstack([*head, p, *tail]) if len(p) + len(head) + len(tail) > 1 else np.vstack([p, p])
        graph.add(Stroke(a, b, simplified(points, simplify_px), _median(thickness[path])))
    return graph


def draw_strokes(graph: StrokeGraph, size: tuple[int, int]) -> Mask:
    """The ink (H, W) of a graph's strokes on a sheet of a width and height, pixels."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    for stroke in graph.strokes.values():
        points = np.round(stroke.points).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(mask, [points], False, 1, max(round(stroke.width), 1))
    return mask


def _median(values: NDArray[np.float32]) -> float:
    """The median of a few numbers; numpy's own takes several times as long for these."""
    order = np.sort(values)
    n = len(order)
    return float((order[(n - 1) // 2] + order[n // 2]) / 2)


def simplified(points: Array, tolerance: float) -> Array:
    """The polyline (N, 2) with points left out that lie within `tolerance` of the rest (Douglas-Peucker)."""
    if len(points) <= 2:
        return points
    kept = cv2.approxPolyDP(points.astype(np.float32).reshape(-1, 1, 2), tolerance, False).reshape(-1, 2)
    kept = kept.astype(np.float64)
    return kept if len(kept) >= 2 else points[[0, -1]]
