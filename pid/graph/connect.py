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

from pid.drawing import Connection, Line, Symbol
from pid.geometry import as_boxes, grown
from pid.graph.strokes import direction
from pid.graph.symbol_index import HOSTS, INLINE, NEAR, PASSED, TOUCH, SymbolIndex, enclosing_symbols

Array = NDArray[np.float64]

BUBBLES = ("instrument", "unknown")
"""Kinds of instruments begin so that are bubbles, or may be; the others stand in the pipe as fittings do."""
CONTACT = 13.0
"""Boxes of parts in contact are no further apart, ..."""
NOZZLE_CONTACT = 30.0
"""... a nozzle's tag stands behind the wall of its vessel, ..."""
BUBBLE_CONTACT = 3.0
"""... two bubbles touch only when drawn as one, ..."""
BUBBLE_OVERLAP = 8.0
"""... and may then share a part of their outlines, ..."""
CONTACT_OFFSET = 0.3
"""... and their middles no further off the pipe's axis, in shares of the smaller part's breadth."""
CONTACT_OVERLAP = 0.8
"""In-line parts touch, too, where the smaller one's breadth lies to this share against the other: a blind's foot."""
TEE = 3.0
"""Ends within this distance are one tee."""


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
        close = (gap[..., axis] <= limit) & (-gap[..., axis] <= np.where(both, BUBBLE_OVERLAP, limit / scale) * scale)
        found += np.argwhere(close & aligned & (offset[..., axis] > 0)).tolist()
    return sorted({(i, j) for i, j in found if i < j and not {i, j} & enclosing and _may_touch(symbols[i], symbols[j])})


def _may_touch(a: Symbol, b: Symbol) -> bool:
    """Marks on a line and bubbles beside a part are not in contact; a nozzle with its vessel does not count."""
    groups = {a.group, b.group}
    if groups & PASSED or _nozzle_of(a, b):
        return False
    if groups == {"instrument"} or "actuator" in groups:
        return True
    return not any(s.group == "instrument" and s.kind.startswith(BUBBLES) for s in (a, b))
