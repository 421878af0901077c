"""Carry a drawing along when its picture is warped, turned, cropped or scaled.

The picture's motion is given as a function on points. A drawing is only moved here; nothing knows what moved it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Cell, Connection, Drawing, Line, Point, Symbol, Table, TitleBlock, TitleField, Word
from pid.geometry import Array, bounds

PointMap = Callable[[Array], Array]
"""Points (N, 2) in pixels of the old sheet to points (N, 2) of the new one."""

EDGE_SAMPLES = 9
"""Points per side of a box: a fold's bend within a symbol is caught, a straight motion is exact with any number."""
LINE_STEP_PX = 48.0
"""Spacing at which a line is tried for bending; shorter than any fold or wave that paper takes at 200 dpi."""
BEND_TOLERANCE_PX = 0.35
"""A subdivision is kept only where it leaves the straight chord by more than this."""
RIGHT_ANGLE_SNAP_DEG = 0.05
"""Angles this near to a whole multiple of 90 are meant as one: a pure scaling must not leave 89.99999."""

_SIDE = np.linspace(0.0, 1.0, EDGE_SAMPLES)
_OUTLINE = np.concatenate(
    [np.stack(side, axis=1) for f in (np.zeros_like(_SIDE), np.ones_like(_SIDE)) for side in ((_SIDE, f), (f, _SIDE))]
)
"""Points (4 * EDGE_SAMPLES, 2) round the unit square."""

_Boxed = TypeVar("_Boxed", Cell, Table, TitleField)


def move_drawing(drawing: Drawing, map_points: PointMap, *, width: int, height: int) -> Drawing:
    """The drawing as it stands after `map_points`, on a sheet of `width` x `height` pixels.

    What comes to lie wholly outside the sheet is dropped, with the connections and owners that name it; boxes that
    reach over the edge are cut at it. Lines get extra points where the motion bends them. `to_source` and `px_per_mm`
    are left as they were: a warped sheet has no single matrix back. Findings about dropped elements go with them.
    """
    motion = _Motion(map_points, float(width), float(height))
    symbols = _move_symbols(drawing.symbols, motion)
    lines = _move_lines(drawing.lines, motion)
    symbol_ids, line_ids = {s.id for s in symbols}, {line.id for line in lines}
    words = _move_words(drawing.words, motion, symbol_ids | line_ids)
    tables = tuple(
        table.model_copy(update={"cells": _move_boxed(table.cells, motion)})
        for table in _move_boxed(drawing.tables, motion)
    )
    alive = symbol_ids | line_ids | {w.id for w in words} | {t.id for t in tables}
    known = {e.id for part in (drawing.symbols, drawing.lines, drawing.words, drawing.tables) for e in part}
    return Drawing(
        source=drawing.source,
        sheet=drawing.sheet.model_copy(update={"width": width, "height": height}),
        symbols=symbols,
        lines=lines,
        connections=_kept_connections(drawing.connections, symbol_ids, line_ids),
        words=words,
        tables=tables,
        title_block=_move_title_block(drawing.title_block, motion),
        findings=tuple(f for f in drawing.findings if not set(f.subjects) & (known - alive)),
    )


@dataclass(frozen=True)
class _Motion:
    """The motion and the frame of the new sheet. A map may be dear per call, so many points go through it at once."""

    map_points: PointMap
    width: float
    height: float

    def points(self, points: Array) -> Array:
        """Moved points (N, 2)."""
        return np.asarray(self.map_points(points), np.float64) if len(points) else np.zeros((0, 2))

    def boxes(self, boxes: Sequence[Box]) -> list[Box | None]:
        """Bounds of the boxes' moved outlines, cut at the sheet's edge; None where nothing is left."""
        corners = np.asarray(boxes, np.float64).reshape(-1, 2, 2)
        outlines = corners[:, None, 0] + _OUTLINE * (corners[:, None, 1] - corners[:, None, 0])
        moved = self.points(outlines.reshape(-1, 2)).reshape(len(corners), len(_OUTLINE), 2)
        both = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)
        return [self.cut(box) for box in both.tolist()]

    def cut(self, box: Sequence[float]) -> Box | None:
        """A box cut at the sheet's edge, None if it lies beyond."""
        x0, y0, x1, y1 = box
        if x1 <= 0 or y1 <= 0 or x0 >= self.width or y0 >= self.height:
            return None
        return max(x0, 0.0), max(y0, 0.0), min(x1, self.width), min(y1, self.height)

    def turns(self, boxes: Sequence[Box], along: Sequence[float]) -> list[tuple[float, bool]]:
        """How each box's middle is turned, in degrees counter-clockwise, and whether it is mirrored.

        Measured over the box's extent in the direction `along` and across it, so waves shorter than it average out.
        """
        box = np.asarray(boxes, np.float64).reshape(-1, 2, 2)
        half = np.maximum((box[:, 1] - box[:, 0]).max(axis=1), 2.0)[:, None] / 2
        c, s = np.cos(np.radians(along)), np.sin(np.radians(along))
        middle = box.mean(axis=1)
        u, v = np.stack([c, -s], axis=1) * half, np.stack([s, c], axis=1) * half
        probes = np.stack([middle - u, middle + u, middle - v, middle + v], axis=1)
        moved = self.points(probes.reshape(-1, 2)).reshape(-1, 4, 2)
        du, dv = moved[:, 1] - moved[:, 0], moved[:, 3] - moved[:, 2]
        turn = np.degrees(np.arctan2(-du[:, 1], du[:, 0])) - np.asarray(along)
        flipped = du[:, 0] * dv[:, 1] - du[:, 1] * dv[:, 0] < 0
        return list(zip(turn.tolist(), flipped.tolist(), strict=True))


def _move_symbols(symbols: Sequence[Symbol], motion: _Motion) -> tuple[Symbol, ...]:
    old = [s.box for s in symbols]
    ports = motion.points(np.array([port for s in symbols for port in s.ports], np.float64).reshape(-1, 2))
    ends = np.cumsum([len(s.ports) for s in symbols], dtype=int).tolist()
    moved = []
    for symbol, box, (turn, flipped), end in zip(
        symbols, motion.boxes(old), motion.turns(old, [0.0] * len(old)), ends, strict=True
    ):
        if box is None:
            continue
        # A flipping motion is R(turn) after top-bottom, that is R(turn + 180) M; with the symbol's own R(r) M^m it
        # makes R(turn + 180 - r) M^(1 - m).
        rotation = turn + 180.0 - symbol.rotation if flipped else turn + symbol.rotation
        update = {
            "box": box,
            "rotation": _tidy_angle(rotation),
            "mirrored": symbol.mirrored != flipped,
            "ports": _points(ports[end - len(symbol.ports) : end]),
        }
        moved.append(symbol.model_copy(update=update))
    return tuple(moved)


def _move_lines(lines: Sequence[Line], motion: _Motion) -> tuple[Line, ...]:
    dense = [_subdivide(np.asarray(line.points, np.float64)) for line in lines]
    points = motion.points(np.concatenate([d for d, _ in dense])) if dense else np.zeros((0, 2))
    moved, start = [], 0
    for line, (own, given) in zip(lines, dense, strict=True):
        kept = _without_straight(points[start : start + len(own)], given)
        start += len(own)
        if motion.cut(bounds(kept)) is not None:
            moved.append(line.model_copy(update={"points": _points(kept)}))
    return tuple(moved)


def _move_words(words: Sequence[Word], motion: _Motion, owners: set[str]) -> tuple[Word, ...]:
    old = [w.box for w in words]
    moved = []
    for word, box, (turn, _) in zip(words, motion.boxes(old), motion.turns(old, [w.angle for w in words]), strict=True):
        if box is not None:
            owner = word.owner if word.owner in owners else None
            update = {"box": box, "angle": _tidy_angle(word.angle + turn), "owner": owner}
            moved.append(word.model_copy(update=update))
    return tuple(moved)


def _move_title_block(block: TitleBlock | None, motion: _Motion) -> TitleBlock | None:
    box = motion.boxes([block.box])[0] if block is not None else None
    if block is None or box is None:
        return None
    return TitleBlock(box=box, fields=_move_boxed(block.fields, motion))


def _move_boxed(parts: Sequence[_Boxed], motion: _Motion) -> tuple[_Boxed, ...]:
    boxes = motion.boxes([part.box for part in parts])
    return tuple(
        part.model_copy(update={"box": box}) for part, box in zip(parts, boxes, strict=True) if box is not None
    )


def _kept_connections(connections: Sequence[Connection], symbols: set[str], lines: set[str]) -> tuple[Connection, ...]:
    kept = [c for c in connections if c.a in symbols and c.b in symbols]
    return tuple(c.model_copy(update={"lines": tuple(name for name in c.lines if name in lines)}) for c in kept)


def _tidy_angle(angle: float) -> float:
    angle = round(angle, 2) % 360.0
    nearest = round(angle / 90.0) * 90.0
    return nearest % 360.0 if abs(angle - nearest) <= RIGHT_ANGLE_SNAP_DEG else angle


def _without_straight(moved: Array, given: list[int]) -> Array:
    """Of a moved dense polyline, the points that were given, and between them those that leave the chord."""
    keep: list[int] = [0]
    for start, end in pairwise(given):
        keep += _bends(moved, start, end)
        keep.append(end)
    return moved[keep]


def _subdivide(points: Array) -> tuple[Array, list[int]]:
    pieces, given = [points[:1]], [0]
    for a, b in pairwise(points):
        n = max(1, int(np.ceil(np.hypot(*(b - a)) / LINE_STEP_PX)))
        pieces.append(a + np.linspace(0.0, 1.0, n + 1)[1:, None] * (b - a))
        given.append(given[-1] + n)
    return np.concatenate(pieces), given


def _bends(points: NDArray[np.float64], start: int, end: int) -> list[int]:
    """Indices strictly between `start` and `end` that Douglas-Peucker keeps, in order."""
    if end - start < 2:
        return []
    a, b = points[start], points[end]
    chord = b - a
    length = float(np.hypot(*chord))
    inner = points[start + 1 : end] - a
    if length < 1e-9:
        away = np.hypot(inner[:, 0], inner[:, 1])
    else:
        away = np.abs(inner[:, 0] * chord[1] - inner[:, 1] * chord[0]) / length
    worst = int(away.argmax())
    if away[worst] <= BEND_TOLERANCE_PX:
        return []
    at = start + 1 + worst
    return [*_bends(points, start, at), at, *_bends(points, at, end)]


def _points(points: Array) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in points)
