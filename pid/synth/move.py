"""Carry a drawing's truth along when its picture is warped, turned, cropped or scaled.

The picture's motion is given as a function on points. A drawing is only moved here; nothing knows what moved it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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

_Part = TypeVar("_Part")
_Boxed = TypeVar("_Boxed", Cell, Table, TitleField)


def move_drawing(drawing: Drawing, map_points: PointMap, *, width: int, height: int) -> Drawing:
    """The drawing as it stands after `map_points`, on a sheet of `width` x `height` pixels.

    What comes to lie wholly outside the sheet is dropped, with the connections and owners that name it; boxes that
    reach over the edge are cut at it. Lines get extra points where the motion bends them. `to_source` and `px_per_mm`
    are left as they were: a warped sheet has no single matrix back. Findings about dropped elements go with them.
    """
    frame = (float(width), float(height))
    symbols = _present(_move_symbol(s, map_points, frame) for s in drawing.symbols)
    lines = _present(_move_line(line, map_points, frame) for line in drawing.lines)
    symbol_ids, line_ids = {s.id for s in symbols}, {line.id for line in lines}
    words = _present(_move_word(w, map_points, frame, symbol_ids | line_ids) for w in drawing.words)
    tables = _present(_move_table(t, map_points, frame) for t in drawing.tables)
    alive = symbol_ids | line_ids | {w.id for w in words} | {t.id for t in tables}
    known = {e.id for part in (drawing.symbols, drawing.lines, drawing.words, drawing.tables) for e in part}
    return Drawing(
        source=drawing.source,
        sheet=drawing.sheet.model_copy(update={"width": width, "height": height}),
        symbols=symbols,
        lines=lines,
        connections=tuple(_kept_connections(drawing.connections, symbol_ids, line_ids)),
        words=words,
        tables=tables,
        title_block=_move_title_block(drawing.title_block, map_points, frame),
        findings=tuple(f for f in drawing.findings if not set(f.subjects) & (known - alive)),
    )


def _move_symbol(symbol: Symbol, map_points: PointMap, frame: tuple[float, float]) -> Symbol | None:
    box = _move_box(symbol.box, map_points, frame)
    if box is None:
        return None
    turn, flipped = _turn_at(symbol.box, map_points)
    rotation, mirrored = symbol.rotation, symbol.mirrored
    if flipped:
        # A flip F = R(turn) M before R(r) M^m gives R(turn - r) M^(1-m).
        rotation, mirrored = turn - rotation, not mirrored
    else:
        rotation += turn
    ports = tuple(_points(map_points(np.asarray(symbol.ports, np.float64)))) if symbol.ports else ()
    update = {"box": box, "rotation": _tidy_angle(rotation), "mirrored": mirrored, "ports": ports}
    return symbol.model_copy(update=update)


def _move_line(line: Line, map_points: PointMap, frame: tuple[float, float]) -> Line | None:
    points = _move_polyline(np.asarray(line.points, np.float64), map_points)
    if _clip(bounds(points), frame) is None:
        return None
    return line.model_copy(update={"points": tuple(_points(points))})


def _move_word(word: Word, map_points: PointMap, frame: tuple[float, float], owners: set[str]) -> Word | None:
    box = _move_box(word.box, map_points, frame)
    if box is None:
        return None
    turn, _ = _turn_at(word.box, map_points, along=word.angle)
    owner = word.owner if word.owner in owners else None
    return word.model_copy(update={"box": box, "angle": _tidy_angle(word.angle + turn), "owner": owner})


def _move_table(table: Table, map_points: PointMap, frame: tuple[float, float]) -> Table | None:
    moved = _move_boxed(table, map_points, frame)
    if moved is None:
        return None
    cells = _present(_move_boxed(c, map_points, frame) for c in table.cells)
    return moved.model_copy(update={"cells": cells})


def _move_title_block(block: TitleBlock | None, map_points: PointMap, frame: tuple[float, float]) -> TitleBlock | None:
    box = _move_box(block.box, map_points, frame) if block is not None else None
    if block is None or box is None:
        return None
    return TitleBlock(box=box, fields=_present(_move_boxed(f, map_points, frame) for f in block.fields))


def _present(parts: Iterable[_Part | None]) -> tuple[_Part, ...]:
    return tuple(part for part in parts if part is not None)


def _move_boxed(part: _Boxed, map_points: PointMap, frame: tuple[float, float]) -> _Boxed | None:
    box = _move_box(part.box, map_points, frame)
    return None if box is None else part.model_copy(update={"box": box})


def _kept_connections(connections: tuple[Connection, ...], symbols: set[str], lines: set[str]) -> list[Connection]:
    kept = [c for c in connections if c.a in symbols and c.b in symbols]
    return [c.model_copy(update={"lines": tuple(name for name in c.lines if name in lines)}) for c in kept]


def _move_box(box: Box, map_points: PointMap, frame: tuple[float, float]) -> Box | None:
    """Bounds of the box's moved outline, cut at the sheet's edge; None if nothing is left."""
    x0, y0, x1, y1 = box
    t = np.linspace(0.0, 1.0, EDGE_SAMPLES)
    x, y = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
    fixed = np.ones_like(t)
    edges = [np.c_[x, y0 * fixed], np.c_[x, y1 * fixed], np.c_[x0 * fixed, y], np.c_[x1 * fixed, y]]
    return _clip(bounds(map_points(np.concatenate(edges))), frame)


def _clip(box: Box, frame: tuple[float, float]) -> Box | None:
    x0, y0, x1, y1 = box
    width, height = frame
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        return None
    return max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height)


def _turn_at(box: Box, map_points: PointMap, *, along: float = 0.0) -> tuple[float, bool]:
    """How a box's middle is turned, in degrees counter-clockwise, and whether it is mirrored.

    Measured on the box's extent along the direction `along` and across it, so waves shorter than the box average out.
    """
    x0, y0, x1, y1 = box
    half = max(x1 - x0, y1 - y0, 2.0) / 2
    c, s = np.cos(np.radians(along)), np.sin(np.radians(along))
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    u, v = np.array([c, -s]) * half, np.array([s, c]) * half
    left, right, top, bottom = map_points(np.stack([middle - u, middle + u, middle - v, middle + v]))
    du, dv = right - left, bottom - top
    turn = float(np.degrees(np.arctan2(-du[1], du[0]))) - along
    return turn, bool(du[0] * dv[1] - du[1] * dv[0] < 0)


def _tidy_angle(angle: float) -> float:
    angle = round(angle, 2) % 360.0
    nearest = round(angle / 90.0) * 90.0
    return nearest % 360.0 if abs(angle - nearest) <= RIGHT_ANGLE_SNAP_DEG else angle


def _move_polyline(points: Array, map_points: PointMap) -> Array:
    """Moved polyline (M, 2): every given point, and between them those that the motion bends off the chord."""
    dense, given = _subdivide(points)
    moved = np.asarray(map_points(dense), np.float64)
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


def _points(points: Array) -> list[Point]:
    return [(float(x), float(y)) for x, y in points]
