"""Catalogue symbols put on paper, and the map of what paper is taken.

Terms of art: a *piece* is a catalogue symbol at a place on the sheet; its *ports* are in sheet millimetres; the
*occupancy* is a coarse bitmap with one layer each for bodies, lettering, and lines along and across the sheet.

Sheet frame: millimetres, origin top left, y down; angles counter-clockwise as seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Kind
from pid.drawing import Box, Point
from pid.symbol_svg import Port, Variant

Array = NDArray[np.float64]

SOLID, TEXT, ALONG, ACROSS = 0, 1, 2, 3  # layers: bodies, lettering, horizontal lines, vertical lines
ALL_LAYERS = (SOLID, TEXT, ALONG, ACROSS)


@dataclass(frozen=True)
class PiecePort:
    """A port of a placed symbol, sheet mm."""

    id: str
    x: float
    y: float
    direction: int  # degrees, multiple of 45
    role: str


@dataclass(eq=False)
class Piece:
    """A symbol on the sheet."""

    kind: Kind
    variant: Variant
    x: float
    y: float
    scale: tuple[float, float]
    rotation: int
    mirrored: bool
    pen_mm: float  # width of the catalogue's 0.35 mm pen on this sheet
    id: str = ""
    tag: str | None = None
    slots: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    stem_in_box: bool = False
    parent: Piece | None = None  # the equipment that a nozzle is on
    _box: tuple[object, Box] | None = field(default=None, repr=False)
    _ports: tuple[object, tuple[PiecePort, ...]] | None = field(default=None, repr=False)

    def to_sheet(self, points: Array | Sequence[Point]) -> Array:
        """Catalogue points (N, 2) in sheet mm."""
        sx, sy = self.scale
        c, s = _COS_SIN[self.rotation % 360]
        sx = -sx if self.mirrored else sx
        matrix = np.array([[sx * c, -sx * s], [sy * s, sy * c]])
        return np.asarray(np.asarray(points, np.float64).reshape(-1, 2) @ matrix + (self.x, self.y), np.float64)

    def _place(self) -> tuple[float, float, tuple[float, float], int, bool]:
        return self.x, self.y, self.scale, self.rotation, self.mirrored

    @property
    def item(self) -> Piece:
        """The equipment that a nozzle is on; any other piece itself."""
        return self.parent or self

    @property
    def box(self) -> Box:
        """Ink of the symbol without its lettering and outside shapes, half the pen included, sheet mm."""
        if self._box is not None and self._box[0] == self._place():
            return self._box[1]
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for shape in self.variant.shapes:
            if (shape.outside and not self.stem_in_box) or (shape.fill == "paper" and not shape.stroked):
                continue
            p = self.to_sheet(shape.points)
            half = self.pen_of(shape.width) / 2 if shape.stroked else 0.0
            low, high = np.minimum(low, p.min(axis=0) - half), np.maximum(high, p.max(axis=0) + half)
        box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
        self._box = (self._place(), box)
        return box

    def pen_of(self, width: float) -> float:
        """Sheet pen for a catalogue pen."""
        return self.pen_mm * width / _CATALOG_PEN

    @property
    def ports(self) -> tuple[PiecePort, ...]:
        """All ports in sheet mm."""
        if self._ports is None or self._ports[0] != self._place():
            self._ports = (self._place(), tuple(self._port(p) for p in self.variant.ports))
        return self._ports[1]

    def _port(self, port: Port) -> PiecePort:
        c, s = _COS_SIN[self.rotation % 360]
        px, py = port.x * self.scale[0] * (-1 if self.mirrored else 1), port.y * self.scale[1]
        x, y = px * c + py * s + self.x, py * c - px * s + self.y
        direction = 180 - port.direction if self.mirrored else port.direction
        return PiecePort(port.id, float(x), float(y), round(direction + self.rotation) % 360, port.role)

    def port(self, name: str) -> PiecePort:
        """The port of that id."""
        return next(p for p in self.ports if p.id == name)

    def move_port_to(self, name: str, at: Point) -> None:
        """Shift the piece so that the port lies at `at`."""
        port = self.port(name)
        self.x += at[0] - port.x
        self.y += at[1] - port.y

    def wall(self, direction: int, at: float) -> Point | None:
        """Where a ray in `direction` (0, 90, 180, 270) at the height or abscissa `at` leaves the symbol."""
        sideways = direction in (0, 180)
        best: float | None = None
        for shape in self.variant.shapes:
            if shape.outside:
                continue
            p = self.to_sheet(shape.points)
            if shape.closed:
                p = np.vstack([p, p[:1]])
            u, v = (p[:, 1], p[:, 0]) if sideways else (p[:, 0], p[:, 1])
            u0, u1, v0, v1 = u[:-1], u[1:], v[:-1], v[1:]
            hit = (np.minimum(u0, u1) <= at) & (np.maximum(u0, u1) >= at) & (u0 != u1)
            if not hit.any():
                continue
            t = (at - u0[hit]) / (u1[hit] - u0[hit])
            values = v0[hit] + t * (v1[hit] - v0[hit])
            value = float(values.max() if direction in (0, 270) else values.min())
            if best is None or (value > best if direction in (0, 270) else value < best):
                best = value
        if best is None:
            return None
        return (best, at) if sideways else (at, best)

    def edge_towards(self, target: Point) -> Point:
        """Where the straight line from the middle of the box to `target` leaves the symbol's outline."""
        x0, y0, x1, y1 = self.box
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        d = np.asarray(target) - middle
        length = float(np.hypot(*d))
        if length < 1e-9:
            return float(middle[0]), float(middle[1])
        d, best = d / length, 0.0
        for shape in self.variant.shapes:
            if shape.outside:
                continue
            p = self.to_sheet(shape.points) - middle
            if shape.closed:
                p = np.vstack([p, p[:1]])
            along, off = p @ d, p @ np.array([-d[1], d[0]])
            o0, o1, a0, a1 = off[:-1], off[1:], along[:-1], along[1:]
            hit = (o0 * o1 <= 0) & (o0 != o1)
            if hit.any():
                best = max(best, float((a0[hit] + (a1[hit] - a0[hit]) * o0[hit] / (o0[hit] - o1[hit])).max()))
        return float(middle[0] + d[0] * best), float(middle[1] + d[1] * best)


_CATALOG_PEN = 0.35
_COS_SIN = {a: (round(math.cos(math.radians(a)), 12), round(math.sin(math.radians(a)), 12)) for a in range(0, 360, 45)}


class Occupancy:
    """A bitmap of the sheet in cells of `cell_mm`; outside of `area` everything is taken."""

    def __init__(self, width_mm: float, height_mm: float, cell_mm: float) -> None:
        self.cell = cell_mm
        self.grid = np.zeros((4, math.ceil(height_mm / cell_mm) + 1, math.ceil(width_mm / cell_mm) + 1), np.bool_)

    def _span(self, box: Sequence[float]) -> tuple[slice, slice]:
        c = self.cell
        return (
            slice(max(0, math.floor(box[1] / c)), max(0, math.floor(box[3] / c) + 1)),
            slice(max(0, math.floor(box[0] / c)), max(0, math.floor(box[2] / c) + 1)),
        )

    def inside(self, box: Sequence[float]) -> bool:
        """Whether the box lies on the sheet."""
        rows, columns = self.grid.shape[1:]
        return box[0] >= 0 and box[1] >= 0 and box[2] < (columns - 1) * self.cell and box[3] < (rows - 1) * self.cell

    def free(self, box: Sequence[float], layers: Sequence[int] = ALL_LAYERS) -> bool:
        """Whether none of the layers holds anything in the box."""
        if not self.inside(box):
            return False
        rows, columns = self._span(box)
        return not any(self.grid[layer, rows, columns].any() for layer in layers)

    def mark(self, box: Sequence[float], layer: int) -> None:
        """Take the box."""
        rows, columns = self._span(box)
        self.grid[layer, rows, columns] = True

    def clear(self, box: Sequence[float]) -> None:
        """Give the box back."""
        rows, columns = self._span(box)
        self.grid[:, rows, columns] = False

    def mark_line(self, a: Point, b: Point, half_mm: float) -> None:
        """Take a straight line; its ends are taken in both line layers, so that nothing crosses a bend or a tee."""
        box = (
            min(a[0], b[0]) - half_mm,
            min(a[1], b[1]) - half_mm,
            max(a[0], b[0]) + half_mm,
            max(a[1], b[1]) + half_mm,
        )
        dx, dy = abs(a[0] - b[0]), abs(a[1] - b[1])
        if min(dx, dy) > self.cell:  # slanted: sample it
            for t in np.linspace(0, 1, max(2, int(max(dx, dy) / self.cell))):
                x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
                for layer in (ALONG, ACROSS):
                    self.mark((x - half_mm, y - half_mm, x + half_mm, y + half_mm), layer)
            return
        self.mark(box, ALONG if dx >= dy else ACROSS)
        for x, y in (a, b):
            for layer in (ALONG, ACROSS):
                self.mark((x - half_mm, y - half_mm, x + half_mm, y + half_mm), layer)

    def crossings(self, a: Point, b: Point) -> int:
        """How many lines the straight line from a to b crosses."""
        along = abs(a[0] - b[0]) >= abs(a[1] - b[1])
        rows, columns = self._span((min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])))
        strip = self.grid[ACROSS if along else ALONG, rows, columns]
        row = strip[0] if along else strip[:, 0]
        return int((row[1:] & ~row[:-1]).sum() + row[:1].sum())


def grown_box(box: Sequence[float], by: float) -> Box:
    """The box with every side moved outward."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def union_box(boxes: Sequence[Sequence[float]]) -> Box:
    """The smallest box round all."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    (x0, y0), (x1, y1) = b[:, :2].min(axis=0), b[:, 2:].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
