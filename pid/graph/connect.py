"""Which symbol a line ends at, and which symbols lines join.

Everything here is geometry of a `Drawing`'s own parts, so that it holds for traced, drawn and hand-corrected lines
alike. Lines that share an end point meet in a tee. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Connection, Group, Line, Symbol
from pid.geometry import as_boxes, grown
from pid.graph.strokes import direction

Array = NDArray[np.float64]

PASSED: frozenset[Group] = frozenset({"flow_arrow", "other"})
"""Marks on a line: never an end."""
HOSTS: frozenset[Group] = frozenset({"vessel", "separator", "heat_exchanger", "pump", "compressor"})
"""Equipment whose drawn nozzles stand for it."""
INLINE: frozenset[Group] = frozenset({"valve", "fitting", "reducer"})
CONTROL: frozenset[Group] = frozenset({"instrument", "actuator"})
TOUCH = 10.0
"""A line that ends this near to a symbol's box ends at the symbol ..."""
NEAR = 6.0
"""... whatever its direction within this distance, else only where it points at the box."""
NOZZLE_REACH = 42.0
"""A nozzle's tag box stands this near to the place where its line meets the wall."""
CONTACT = 13.0
"""Boxes of parts in contact are no further apart, ..."""
NOZZLE_CONTACT = 30.0
"""... a nozzle's tag stands behind the wall of its vessel, ..."""
BUBBLE_CONTACT = 3.0
"""... two bubbles touch only when drawn as one, ..."""
CONTACT_OFFSET = 0.3
"""... and their middles no further off the pipe's axis, in shares of the smaller part's breadth."""
HOST_INSET = 0.1
"""A line that ends at a vessel points at its box less this share on each side."""
CONTACT_OVERLAP = 0.8
"""In-line parts touch, too, where the smaller one's breadth lies to this share against the other: a blind's foot."""
TEE = 3.0
"""Ends within this distance are one tee."""


class SymbolIndex:
    """The symbols that lines can end at, ready to be asked for the one at a point."""

    def __init__(self, symbols: Sequence[Symbol], *, scale: float) -> None:
        self.symbols = list(symbols)
        self.scale = scale
        self.boxes = as_boxes([s.box for s in symbols])
        self.area = np.prod(np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 1.0), axis=1)
        enclosing = set(enclosing_symbols(symbols))
        self.is_end = np.array(
            [s.group not in PASSED and not (i in enclosing and s.group not in HOSTS) for i, s in enumerate(symbols)],
            bool,
        ).reshape(-1)
        self.rank = np.array([0 if s.group == "nozzle" else 2 if s.group in HOSTS else 1 for s in symbols], int)

    def holder(self, point: Array, outward: Array, *, reach: float = TOUCH) -> int | None:
        """Index of the symbol that a line end at `point`, running in the direction `outward`, ends at.

        `reach` (at a width of 5000 px) is how far ahead the line may stop short of the symbol.
        """
        if not len(self.boxes):
            return None
        distance = self._distance(point)
        candidates = np.flatnonzero(self.is_end & (distance <= reach * self.scale))
        good = [
            i
            for i in candidates.tolist()
            if self._is_reached(i, point, outward, float(distance[i]), reach * self.scale)
        ]
        if not good:
            return None
        step = 5.0 * self.scale
        best = min(
            good,
            key=lambda i: (int(distance[i] / step), self.rank[i], self._offset(i, point, outward), self.area[i]),
        )
        return self._nozzle_at(best, point) if self.rank[best] == 2 else best

    def _is_reached(self, i: int, point: Array, outward: Array, distance: float, reach: float) -> bool:
        """Whether a line end that is close to a symbol's box belongs to it."""
        if self.rank[i] == 2:  # lines may pass the corners of a round-ended vessel's box
            inset = HOST_INSET * (self.boxes[i, 2:] - self.boxes[i, :2])
            core = self.boxes[i] + np.concatenate([inset, -inset])
            came_from = point - outward * (2 * float(inset.min()) + reach)
            from_outside = bool((came_from < self.boxes[i, :2]).any() or (came_from > self.boxes[i, 2:]).any())
            return from_outside and ray_hits(point, outward, core, reach + float(2 * inset.max()))
        if distance <= NEAR * self.scale:
            return True
        return ray_hits(point, outward, grown(self.boxes[i : i + 1], 2 * self.scale)[0], reach)

    def covers(self, boxes: Array) -> NDArray[np.bool_]:
        """Which boxes (N, 4) have their middle in a symbol that is no vessel."""
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        mine = self.boxes[self.is_end & (self.rank < 2)]
        inside = (middles[:, None] >= mine[None, :, :2]) & (middles[:, None] <= mine[None, :, 2:])
        return np.asarray(inside.all(axis=2).any(axis=1), bool)

    def is_near(self, points: Array, reach: float) -> NDArray[np.bool_]:
        """Which points (N, 2) lie within `reach` (at a width of 5000 px) of a symbol that lines can end at."""
        boxes = grown(self.boxes[self.is_end], reach * self.scale)
        inside = (points[:, None] >= boxes[None, :, :2]) & (points[:, None] <= boxes[None, :, 2:])
        return np.asarray(inside.all(axis=2).any(axis=1), bool)

    def _offset(self, i: int, point: Array, outward: Array) -> float:
        """How far the ray from a point passes by the middle of a box, in quarters of the box's half diagonal."""
        to_middle = (self.boxes[i, :2] + self.boxes[i, 2:]) / 2 - point
        half = float(np.hypot(*(self.boxes[i, 2:] - self.boxes[i, :2]))) / 2
        across = abs(float(to_middle[0] * outward[1] - to_middle[1] * outward[0]))
        return float(int(4 * across / max(half, 1.0)))

    def _nozzle_at(self, host: int, point: Array) -> int:
        """The nozzle whose tag stands where a line meets its vessel, else the vessel itself."""
        near = np.flatnonzero((self.rank == 0) & (self._distance(point) <= NOZZLE_REACH * self.scale))
        if not len(near):
            return host
        return int(near[np.argmin(self._distance(point)[near])])

    def _distance(self, point: Array) -> Array:
        """Distance of a point to each box, 0 inside."""
        gap = np.maximum(np.maximum(self.boxes[:, :2] - point, point - self.boxes[:, 2:]), 0)
        return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def ray_hits(point: Array, outward: Array, box: Array, reach: float) -> bool:
    """Whether the ray from a point meets a box within `reach`; a zero direction hits what is near on any side."""
    if not outward.any():
        return True
    low, high = 0.0, reach
    for axis in (0, 1):
        if abs(outward[axis]) < 1e-9:
            if not box[axis] <= point[axis] <= box[axis + 2]:
                return False
            continue
        t = sorted(float((box[axis + k] - point[axis]) / outward[axis]) for k in (0, 2))
        low, high = max(low, t[0]), min(high, t[1])
    return low <= high


def enclosing_symbols(symbols: Sequence[Symbol]) -> list[int]:
    """Indices of symbols that hold the middle of another part well inside: vessels with internals, package outlines."""
    boxes = as_boxes([s.box for s in symbols])
    if not len(boxes):
        return []
    size = boxes[:, 2:] - boxes[:, :2]
    low, high = boxes[:, :2] + 0.08 * size, boxes[:, 2:] - 0.08 * size
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centre[None] > low[:, None]) & (centre[None] < high[:, None])).all(axis=2)
    area = size.prod(axis=1)
    inside &= area[None] < 0.2 * area[:, None]
    solid = np.array([s.group not in PASSED for s in symbols])
    return np.flatnonzero((inside & solid[None]).any(axis=1)).tolist()


def line_ends(line: Line, *, scale: float) -> list[tuple[Array, Array]]:
    """Both ends of a line: point and outward unit vector."""
    p = np.array(line.points, np.float64)
    return [(q[0], -direction(q, 18.0 * scale)) for q in (p, p[::-1])]


def attach_lines(
    symbols: Sequence[Symbol], lines: Sequence[Line], *, scale: float
) -> list[tuple[int | None, int | None]]:
    """The symbol at the start and at the end of each line, as indices into `symbols`."""
    index = SymbolIndex(symbols, scale=scale)
    tees = _tee_points(lines, scale)
    out = []
    for line in lines:
        held: list[int | None] = []
        for point, outward in line_ends(line, scale=scale):
            held.append(index.holder(point, outward, reach=NEAR if tee_key(point, scale) in tees else TOUCH))
        out.append((held[0], held[1]))
    return out


def connect_symbols(symbols: Sequence[Symbol], lines: Sequence[Line], *, sheet_width: float) -> tuple[Connection, ...]:
    """Unordered pairs of symbols joined by lines with no other symbol between, or standing in contact.

    A tee joins all symbols that it reaches, pair by pair. A nozzle is the end instead of its vessel.
    """
    scale = sheet_width / 5000.0
    held = attach_lines(symbols, lines, scale=scale)
    pairs: dict[tuple[int, int], Connection] = {}
    for members in _nets(lines, held, scale):
        _add_net(pairs, symbols, lines, held, members)
    for i, j in contact_pairs(symbols, scale=scale):
        pairs.setdefault((i, j), _pair(symbols, i, j, ()))
    return tuple(pairs[key] for key in sorted(pairs))


def _nets(lines: Sequence[Line], held: list[tuple[int | None, int | None]], scale: float) -> list[list[int]]:
    """Groups of line indices that hang together over tees; a symbol at an end parts them."""
    parent = list(range(len(lines)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    at: dict[tuple[int, int], int] = {}
    for i, line in enumerate(lines):
        for end, holder in zip((line.points[0], line.points[-1]), held[i], strict=True):
            if holder is None:
                parent[root(i)] = root(at.setdefault(tee_key(np.array(end), scale), i))
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(lines)):
        groups[root(i)].append(i)
    return list(groups.values())


def tee_key(point: Array, scale: float) -> tuple[int, int]:
    """Tee points are shared to the last digit by the tracer; hand-drawn ones agree within a pixel or two."""
    step = max(TEE * scale, 1.0)
    return round(float(point[0]) / step), round(float(point[1]) / step)


def _tee_points(lines: Sequence[Line], scale: float) -> set[tuple[int, int]]:
    seen: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines:
        for end in (line.points[0], line.points[-1]):
            seen[tee_key(np.array(end), scale)] += 1
    return {key for key, count in seen.items() if count > 1}


def _add_net(
    pairs: dict[tuple[int, int], Connection],
    symbols: Sequence[Symbol],
    lines: Sequence[Line],
    held: list[tuple[int | None, int | None]],
    members: list[int],
) -> None:
    """Add all pairs of symbols that one net of lines reaches."""
    reached: dict[int, list[int]] = defaultdict(list)
    for i in members:
        for holder in held[i]:
            if holder is not None:
                reached[holder].append(i)
    names = tuple(lines[i].id for i in members)
    drawn = [lines[i] for i in members]
    for i, j in combinations(sorted(reached), 2):
        if not _nozzle_of(symbols[i], symbols[j]) and not _along_wall(symbols, i, j, drawn):
            own = {*reached[i], *reached[j]}
            direct = reached[i] == reached[j] and len(reached[i]) == 1
            ids = (lines[reached[i][0]].id,) if direct else names
            pairs[i, j] = _pair(symbols, i, j, ids, [lines[k] for k in sorted(own)] or drawn)


def _nozzle_of(a: Symbol, b: Symbol) -> bool:
    """Whether one is a nozzle and the other the equipment it may stand for."""
    return (a.group == "nozzle" and b.group in HOSTS) or (b.group == "nozzle" and a.group in HOSTS)


def _along_wall(symbols: Sequence[Symbol], i: int, j: int, drawn: Sequence[Line]) -> bool:
    """Whether two nozzles are joined by pieces of their vessel's outline only."""
    if symbols[i].group != "nozzle" or symbols[j].group != "nozzle":
        return False
    points = np.array([p for line in drawn for p in line.points])
    for host in symbols:
        if host.group in HOSTS:
            x0, y0, x1, y1 = grown(host.box, 0.02 * (host.box[2] - host.box[0]))[0]
            inside = (points[:, 0] >= x0) & (points[:, 0] <= x1) & (points[:, 1] >= y0) & (points[:, 1] <= y1)
            if inside.all():
                return True
    return False


def _pair(symbols: Sequence[Symbol], i: int, j: int, names: tuple[str, ...], drawn: Sequence[Line] = ()) -> Connection:
    """The connection of two symbols; a bubble's leader, a stem and a dashed line make it a signal."""
    a, b = symbols[i], symbols[j]
    signal = any(line.kind == "signal" for line in drawn) or "actuator" in (a.group, b.group)
    score = min([a.score, b.score, *(line.score for line in drawn)])
    directed = len(names) == 1 and any(line.direction in ("forward", "backward") for line in drawn)
    return Connection(
        a=a.id, b=b.id, kind="signal" if signal else "process", directed=directed, lines=names, score=score
    )


def contact_pairs(symbols: Sequence[Symbol], *, scale: float) -> list[tuple[int, int]]:
    """Pairs of in-line parts whose boxes touch along the pipe's axis."""
    boxes = as_boxes([s.box for s in symbols])
    if not len(boxes):
        return []
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    gap = np.maximum(boxes[:, None, :2], boxes[None, :, :2]) - np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    offset = np.abs(centre[:, None] - centre[None])
    breadth = np.minimum(size[:, None], size[None])
    enclosing = set(enclosing_symbols(symbols))
    bubbles = np.array([s.group == "instrument" for s in symbols])
    inline = np.array([s.group in INLINE for s in symbols])
    both, pipes = np.logical_and.outer(bubbles, bubbles), np.logical_and.outer(inline, inline)
    nozzles = np.array([s.group == "nozzle" for s in symbols])
    tags = np.logical_and.outer(nozzles, inline) | np.logical_and.outer(inline, nozzles)
    found: list[list[int]] = []
    for axis in (0, 1):
        across = 1 - axis
        width = np.maximum(breadth[..., across], 6 * scale)
        aligned = offset[..., across] <= CONTACT_OFFSET * width
        aligned |= (pipes | tags) & (-gap[..., across] >= CONTACT_OVERLAP * width)
        limit = np.where(both, BUBBLE_CONTACT, np.where(tags, NOZZLE_CONTACT, CONTACT)) * scale
        close = np.abs(gap[..., axis]) <= limit
        found += np.argwhere(close & aligned & (offset[..., axis] > 0)).tolist()
    return sorted({(i, j) for i, j in found if i < j and not {i, j} & enclosing and _may_touch(symbols[i], symbols[j])})


def _may_touch(a: Symbol, b: Symbol) -> bool:
    """Marks on a line and bubbles beside a part are not in contact; a nozzle with its vessel does not count."""
    groups = {a.group, b.group}
    if groups & PASSED or _nozzle_of(a, b):
        return False
    return "instrument" not in groups or groups == {"instrument"} or "actuator" in groups
