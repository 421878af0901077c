"""Strokes to lines: chains of strokes between terminals, with geometry straightened and style told.

A *terminal* is a node that is not simply passed: a free end or a tee. A *chain* is what runs between two terminals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.graph.strokes import StrokeGraph, path_length, simplified
from pid.graph.trace_gaps import straight_pieces

Array = NDArray[np.float64]

DASHED_PIECES = 3
"""Fewer pieces do not make a dashed line, ..."""
DASHED_LENGTH = 130.0
"""... nor do pieces with a median length beyond this, at a sheet width of 5000 px."""
DASH_DOT_RATIO = 3.0
"""In a dash-dot line the long pieces are this much longer than the short ones."""


DOTTED_LENGTH = 8.0
"""Pieces of a dotted line are shorter than this."""
CROSSED_PART = 0.2
"""A line that a gap is left for runs through the middle of the gap, this share of it away from its ends."""


@dataclass(eq=False)
class Chain:
    """A run of strokes from terminal `a` to terminal `b`."""

    a: int
    b: int
    keys: tuple[int, ...]
    points: Array  # (N, 2) from a to b
    style: str  # solid | dashed | dash_dot | dotted
    width: float

    @property
    def length(self) -> float:
        """Length of the polyline in pixels."""
        return path_length(self.points)


def find_chains(graph: StrokeGraph, *, scale: float) -> list[Chain]:
    """All chains; a closed ring without a terminal is left out, for it leads nowhere."""
    chains = []
    seen: set[int] = set()
    passed = _crossed_gaps(graph)
    for node in graph.nodes():
        if graph.degree(node) == 2:
            continue
        for key in list(graph.at[node]):
            if key not in seen:
                chain = _follow(graph, node, key, passed, scale)
                seen.update(chain.keys)
                chains.append(chain)
    return chains


def _crossed_gaps(graph: StrokeGraph) -> set[int]:
    """Gaps in whose middle part a drawn line runs across: a line that gives way to another is not dashed by that."""
    pieces = straight_pieces(graph)
    drawn = pieces[[not graph.strokes[int(k)].gap for k in pieces[:, 4]]]
    passed = set()
    for key, stroke in graph.strokes.items():
        if stroke.gap and len(drawn):
            a, d = stroke.points[0], stroke.points[-1] - stroke.points[0]
            side = d[0] * (drawn[:, [1, 3]] - a[1]) - d[1] * (drawn[:, [0, 2]] - a[0])
            across = np.flatnonzero(side[:, 0] * side[:, 1] < 0)
            share = side[across, 0] / (side[across, 0] - side[across, 1])
            at = drawn[across, :2] + share[:, None] * (drawn[across, 2:4] - drawn[across, :2])
            along = (at - a) @ d / max(float(d @ d), 1e-9)
            if ((along > CROSSED_PART) & (along < 1 - CROSSED_PART)).any():
                passed.add(key)
    return passed


def _follow(graph: StrokeGraph, start: int, key: int, passed: set[int], scale: float) -> Chain:
    """The chain that leaves a terminal along a stroke."""
    keys = [key]
    points = [graph.strokes[key].leaving(start)]
    node = graph.strokes[key].other(start)
    while graph.degree(node) == 2 and node != start:
        first, second = graph.at[node]
        key = second if first == keys[-1] else first
        if key == keys[-1]:
            break
        keys.append(key)
        points.append(graph.strokes[key].leaving(node)[1:])
        node = graph.strokes[key].other(node)
    style, width = _look(graph, keys, passed, scale)
    line = straightened(simplified(np.vstack(points), 2.0 * scale), tolerance=3.0 * scale)
    return Chain(start, node, tuple(keys), line, style, width)


def _look(graph: StrokeGraph, keys: list[int], passed: set[int], scale: float) -> tuple[str, float]:
    """Style and median width of a chain; gaps in `passed` are no gaps between dashes."""
    drawn = [graph.strokes[k] for k in keys if not graph.strokes[k].gap]
    if not drawn:
        return "solid", 1.0
    lengths = np.array([s.length for s in drawn])
    weights = np.maximum(lengths, 1)
    width = float(np.array([s.width for s in drawn]) @ weights / weights.sum())
    if sum(s.length for s in drawn if s.dashed) > 0.5 * lengths.sum():
        return "dashed", width
    runs = _runs(graph, keys, passed)
    if len(runs) < DASHED_PIECES or float(np.median(runs)) > DASHED_LENGTH * scale:
        return "solid", width
    gaps = sum(graph.strokes[k].length for k in keys if graph.strokes[k].gap and k not in passed)
    if gaps < 0.08 * (gaps + runs.sum()):
        return "solid", width
    if float(np.median(runs)) < DOTTED_LENGTH * scale:
        return "dotted", width
    inner = np.sort(runs[1:-1]) if len(runs) > 5 else np.sort(runs)
    middle = len(inner) // 2
    short, long = float(np.median(inner[:middle])), float(np.median(inner[middle:]))
    return ("dash_dot" if len(runs) > 5 and long > DASH_DOT_RATIO * max(short, 1.0) else "dashed"), width


def _runs(graph: StrokeGraph, keys: list[int], passed: set[int]) -> Array:
    """Lengths of the drawn runs between the gaps of a chain, those in `passed` left aside."""
    runs = [0.0]
    for key in keys:
        stroke = graph.strokes[key]
        if key in passed:
            continue
        if stroke.gap:
            runs.append(0.0)
        else:
            runs[-1] += stroke.length
    return np.array([r for r in runs if r > 0])


def straightened(points: Array, *, tolerance: float) -> Array:
    """The polyline with nearly upright and level segments made exactly so."""
    out = points.copy()
    d = np.abs(np.diff(points, axis=0))
    limit = np.minimum(tolerance, 0.1 * d.max(axis=1))
    for axis in (0, 1):
        aligned = (d[:, axis] <= np.maximum(limit, 1.0)) & (d[:, 1 - axis] > d[:, axis])
        for i in np.flatnonzero(aligned).tolist():
            # The ends of the line stay where they are: they are shared with other lines.
            if i == 0:
                value = out[0, axis]
            elif i + 1 == len(out) - 1:
                value = out[-1, axis]
            else:
                value = (out[i, axis] + out[i + 1, axis]) / 2
            if i > 0:
                out[i, axis] = value
            if i + 1 < len(out) - 1:
                out[i + 1, axis] = value
    return out
