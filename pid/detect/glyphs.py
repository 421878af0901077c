"""Small drawings on a vector page: which paths may together be one symbol.

Terms of art: a *bit* is a path small enough to belong to a symbol; long ones are pipes, frames and walls. Bits touch
when they are a pen's width apart at most; those that hang together are a *heap*. A *run* is a bit that may be a pipe:
open, and straight or with level and upright pieces only. A *tail* is a run with an end that touches no other bit: the
stub of a pipe. A *bridge* is a run whose removal parts what it joins: the pipe or stem between two symbols. A *glyph*
is a set of bits that is offered for comparison; glyphs overlap, as it is the comparison that tells which is a symbol.
Symbols are mostly drawn with one pen, another than the pipe's, and path after path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray

from pid.drawing import Box
from pid.geometry import Array, as_boxes, bounds
from pid.sheet import VectorPath

REFERENCE_WIDTH = 5000.0
"""Lengths below are pixels of a sheet this wide."""
LONGEST_BIT, LONGEST_LINE = 200.0, 110.0
"""A bit is no longer; a straight one even less: 34 and 18 mm on A1. Closed paths may be as long as `LONGEST_RING`."""
LONGEST_RING = 1000.0
TOUCH = 1.6
SMALLEST = 9.0
"""A symbol's longer side is no shorter: half the width of a line of small lettering."""
MOST_BITS = 80
"""A heap of more is lettering, hatching or a table, and no symbol is looked for in it as a whole."""
_PAPER = 250


@dataclass(frozen=True)
class Glyph:
    """Indices of paths that may be one symbol, and the box of their geometry."""

    members: tuple[int, ...]
    box: Box


@dataclass(eq=False)
class GlyphField:
    """The bits of a page, with what touches what.

    Args:
        paths: All paths of the page.
        width: Width of the sheet in pixels.
        left_out: Indices of paths that are explained already.
    """

    paths: Sequence[VectorPath]
    width: float
    left_out: Iterable[int] = ()
    bits: list[int] = field(init=False)
    """Indices into `paths`."""
    boxes: Array = field(init=False)
    """(N, 4), of the bits."""

    def __post_init__(self) -> None:
        gone = set(self.left_out)
        self._scale = self.width / REFERENCE_WIDTH
        candidates = [i for i, p in enumerate(self.paths) if i not in gone and min(p.color) < _PAPER]
        every = path_boxes([self.paths[i] for i in candidates])
        longer = (every[:, 2:] - every[:, :2]).max(axis=1, initial=0.0)
        most = np.array([self._longest(self.paths[i]) for i in candidates]).reshape(-1)
        chosen = np.flatnonzero(longer <= most)
        self.bits = [candidates[k] for k in chosen]
        self.boxes = every[chosen]
        shapes = np.array([_as_line(self.paths[i]) for i in self.bits], object)
        self._tree = shapely.STRtree(shapes)
        a, b = self._tree.query(shapes, predicate="dwithin", distance=TOUCH * self._scale)
        self._near: list[set[int]] = [set() for _ in self.bits]
        for i, j in zip(a.tolist(), b.tolist(), strict=True):
            if i != j:
                self._near[i].add(j)
        self._box_tree = shapely.STRtree(shapely.box(*self.boxes.T) if self.bits else [])
        self._pens = [_pen(self.paths[i]) for i in self.bits]
        self._run_ends = self._find_run_ends()

    def _longest(self, path: VectorPath) -> float:
        if path.closed:
            return LONGEST_RING * self._scale
        return (LONGEST_LINE if len(path.points) == 2 else LONGEST_BIT) * self._scale

    def _find_run_ends(self) -> dict[int, tuple[set[int], set[int]]]:
        """For each run what touches its one end and its other."""
        runs = [k for k, i in enumerate(self.bits) if _is_run(self.paths[i])]
        if not runs:
            return {}
        ends = shapely.points(np.concatenate([self.paths[self.bits[k]].points[[0, -1]] for k in runs]))
        found, near = self._tree.query(ends, predicate="dwithin", distance=TOUCH * self._scale)
        touched: list[set[int]] = [set() for _ in range(2 * len(runs))]
        for end, bit in zip(found.tolist(), near.tolist(), strict=True):
            if bit != runs[end // 2]:
                touched[end].add(bit)
        return {k: (touched[2 * n], touched[2 * n + 1]) for n, k in enumerate(runs)}

    def glyphs(self) -> list[Glyph]:
        """All glyphs of the page, each set of bits once."""
        sets: set[frozenset[int]] = set()
        large = set(np.flatnonzero((self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1, initial=0) > self._large))
        for heap in self._connected(frozenset(range(len(self.bits))) - large):
            sets.update(self._cut_heap(heap))
        sets.update(self._fillings())
        return self._as_glyphs(sets)

    def glyphs_in(self, box: Box) -> list[Glyph]:
        """Glyphs of the bits inside a box."""
        inside = self._inside(box)
        sets = {inside} | set(self._cut_heap(inside)) if len(inside) <= MOST_BITS else set()
        for heap in self._connected(inside):
            sets.update(self._cut_heap(heap))
        return self._as_glyphs(sets)

    def strangers(self, glyph: Glyph) -> Array:
        """Boxes (N, 4) of bits that lie inside a glyph's box and are none of its own."""
        own = set(glyph.members)
        return self.boxes[[k for k in sorted(self._inside(glyph.box)) if self.bits[k] not in own]]

    @property
    def _large(self) -> float:
        return LONGEST_BIT * self._scale

    def _as_glyphs(self, sets: Iterable[frozenset[int]]) -> list[Glyph]:
        return [g for g in map(self._glyph, sorted(map(sorted, sets))) if g is not None]

    def _glyph(self, bits: list[int]) -> Glyph | None:
        if not bits:
            return None
        box = box_around(self.boxes[bits])
        longer = max(box[2] - box[0], box[3] - box[1])
        if not SMALLEST * self._scale <= longer <= LONGEST_RING * self._scale:
            return None
        return Glyph(tuple(self.bits[k] for k in bits), box)

    def _connected(self, bits: frozenset[int]) -> Iterator[frozenset[int]]:
        """The heaps among some bits."""
        left = set(bits)
        while left:
            heap, queue = set(), [left.pop()]
            while queue:
                bit = queue.pop()
                heap.add(bit)
                fresh = self._near[bit] & left
                left -= fresh
                queue += fresh
            yield frozenset(heap)

    def _cut_heap(self, heap: frozenset[int]) -> Iterator[frozenset[int]]:
        """The cuts of a heap, and those of what each pen drew of it."""
        if len(heap) <= MOST_BITS:
            yield from self._cut(heap)
        by_pen: dict[object, set[int]] = defaultdict(set)
        for bit in heap:
            by_pen[self._pens[bit]].add(bit)
        for bits in by_pen.values():
            for part in self._connected(frozenset(bits)) if len(by_pen) > 1 else [heap]:
                if len(by_pen) > 1 and len(part) <= MOST_BITS:
                    yield from self._cut(part)
                yield from self._rows(part)

    def _rows(self, bits: frozenset[int]) -> Iterator[frozenset[int]]:
        """Bits whose paths follow one another in the file, where that does not hold of all."""
        row: list[int] = []
        for bit in sorted(bits):
            if row and self.bits[bit] != self.bits[row[-1]] + 1:
                yield frozenset(row)
                row = []
            row.append(bit)
        if 0 < len(row) < len(bits):
            yield frozenset(row)

    def _cut(self, heap: frozenset[int]) -> Iterator[frozenset[int]]:
        """The heap, without its tails, and the parts that are left without its bridges."""
        yield heap
        core = self._without_tails(heap)
        if core != heap and core:
            yield core
        if not any(bit in self._run_ends for bit in core):
            return
        graph = nx.Graph()
        graph.add_nodes_from(core)
        graph.add_edges_from((a, b) for a in core for b in self._near[a] & core if a < b)
        bridges = {bit for bit in nx.articulation_points(graph) if bit in self._run_ends}
        cuts = [bridges, *({bridge} for bridge in bridges if 1 < len(bridges) <= _MOST_SINGLE)]
        for cut in cuts if bridges else ():
            for part in self._connected(core - cut):
                yield part
                yield self._without_tails(part)

    def _without_tails(self, bits: frozenset[int]) -> frozenset[int]:
        alive = set(bits)
        changed = True
        while changed:
            tails = {k for k in alive if k in self._run_ends and not all(e & alive for e in self._run_ends[k])}
            alive -= tails
            changed = bool(tails)
        return frozenset(alive)

    def _fillings(self) -> Iterator[frozenset[int]]:
        """Each closed bit with all that lies inside its box, and with only that part of it which touches."""
        rings = [k for k, i in enumerate(self.bits) if self.paths[i].closed]
        if not rings:
            return
        grown = self.boxes[rings] + np.array([-1, -1, 1, 1]) * TOUCH * self._scale
        found, held = self._box_tree.query(shapely.box(*grown.T), predicate="contains")
        inside: dict[int, set[int]] = {k: {k} for k in rings}
        for n, bit in zip(found.tolist(), held.tolist(), strict=True):
            inside[rings[n]].add(bit)
        for ring, bits in inside.items():
            if len(bits) <= MOST_BITS:
                yield frozenset(bits)
                yield frozenset(self._reached(ring, bits))

    def _reached(self, start: int, bits: set[int]) -> set[int]:
        reached, queue = {start}, [start]
        while queue:
            fresh = (self._near[queue.pop()] & bits) - reached
            reached |= fresh
            queue += fresh
        return reached

    def _inside(self, box: Box) -> frozenset[int]:
        if not self.bits:
            return frozenset()
        return frozenset(self._box_tree.query(shapely.box(*box), predicate="contains").tolist())


_MOST_SINGLE = 12  # bridges of a heap that are tried one by one
_LEVEL = 0.01  # rise of a level piece


def box_around(boxes: Array) -> Box:
    """The box around boxes (N, 4), N >= 1."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def path_boxes(paths: Sequence[VectorPath]) -> Array:
    """Boxes (N, 4) of paths without their pens' width."""
    return as_boxes([bounds(p.points) for p in paths])


def _pen(path: VectorPath) -> object:
    return path.color, round(path.width_px, 1), path.layer, bool(path.dash_px)


def _is_run(path: VectorPath) -> bool:
    if path.closed:
        return False
    steps = np.abs(np.diff(path.points, axis=0))
    return len(path.points) == 2 or bool((steps.min(axis=1) <= _LEVEL * steps.max(axis=1)).all())


def _as_line(path: VectorPath) -> shapely.LineString:
    points: NDArray[np.float64] = np.vstack([path.points, path.points[:1]]) if path.closed else path.points
    return shapely.LineString(points)
