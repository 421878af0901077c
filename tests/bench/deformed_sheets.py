"""Sheets of catalogue symbols that are all deformed in one way, with pipes, lettering and other lines around them.

Units are millimetres of paper, y down. The truth's boxes are those of the deformed ink. The same arguments give the
same sheet, and a level's sheet has the symbols of the undeformed one wherever they find room.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Kind, load_catalog
from pid.drawing import Box, Drawing, SheetInfo, Source, Symbol
from pid.geometry import bounds
from pid.symbol_svg import Shape, Variant
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster

Array = NDArray[np.float64]

WIDTH_MM, HEIGHT_MM, PX_PER_MM = 605.0, 427.0, 5.9
"""An A1 plot as the scattered sheets of the shape detector's training show it."""
SCALE = 1.25
PEN_MM, PIPE_MM = 0.42, 0.5
IN_LINE = {
    "gate_valve": "iso", "globe_valve": "dot", "ball_valve": "iso", "butterfly_valve": "bars_dot",
    "check_valve": "n_arrow", "three_way_valve": "open", "needle_valve": "needle", "diaphragm_valve": "arc_inside",
    "plug_valve": "bow_tie_diamond", "flange_pair": "bars", "y_strainer": "y_leg", "steam_trap": "circle_half_filled",
    "concentric_reducer": "trapezium", "venturi": "hourglass", "spectacle_blind": "figure_eight_closed",
}  # fmt: skip
"""Kind -> variant; strung on pipes."""
BALLOONS = {
    "instrument_discrete_field": "circle", "instrument_shared_field": "square", "instrument_computer_field": "hexagon",
}  # fmt: skip
ALONE = {
    "psv": "zigzag", "angle_valve": "open", "centrifugal_pump": "iso", "positive_displacement_pump": "square_iso",
    "centrifugal_compressor": "trapezium", "shell_and_tube_exchanger": "iso_circle", "plate_heat_exchanger": "cross",
    "vertical_drum": "tangent_lines", "horizontal_drum": "saddles", "cyclone": "iso",
}  # fmt: skip
KINDS = {**IN_LINE, **BALLOONS, **ALONE}
COPIES, LARGE_COPIES = 5, 2
LARGE_MM = 12.0
TRIES = 400


@dataclass(frozen=True)
class Deformation:
    """What is done to every symbol of a sheet; each symbol draws the axis and the signs."""

    stretch: float = 1.0
    """Along one axis of the symbol, which is not normalised: 3 makes it three times as long."""
    shear_deg: float = 0.0
    ends: str = "met"
    """Of the pipes at its ports: met, none (no pipes at all), short (a gap of `END_MM`), long (into the symbol)."""
    wobble: float = 0.0
    """Amplitude of the unsteady hand as a share of the smaller side."""
    gaps: int = 0
    """Breaks in its strokes."""


END_MM = 0.9
GAP_MM = (0.8, 1.6)


@dataclass(eq=False)
class Placed:
    """A deformed symbol at a place."""

    kind: Kind
    variant: Variant
    turn: int
    mirrored: bool
    matrix: Array
    """(2, 2) catalogue mm to sheet mm."""
    waves: Array
    """(W, 6) vector x, y (mm), wave x, y (1/mm), phase and a spare of the wobble's waves, about the symbol's centre."""
    at: Array = field(default_factory=lambda: np.zeros(2))

    def to_sheet(self, points: Array) -> Array:
        """Catalogue points (N, 2) in sheet mm."""
        p = np.asarray(points, np.float64).reshape(-1, 2) @ self.matrix.T
        shift = np.zeros_like(p)
        for vx, vy, kx, ky, phase, _ in self.waves:
            s = np.sin(p @ np.array([kx, ky]) + phase)
            shift += np.outer(s, (vx, vy))
        return p + shift + self.at

    def outline(self, shape: Shape) -> Array:
        """A shape in sheet mm, closed by its first point, with points dense enough to bend."""
        p = shape.points
        if shape.closed:
            p = np.vstack([p, p[:1]])
        if len(self.waves):
            p = dense(p, 0.3)
        return self.to_sheet(p)

    @property
    def box(self) -> Box:
        """The ink without lettering, sheet mm."""
        parts = [self.outline(s) for s in self.variant.shapes if not s.outside and (s.stroked or s.fill != "paper")]
        x0, y0, x1, y1 = bounds(np.vstack(parts))
        half = PEN_MM / 2
        return x0 - half, y0 - half, x1 + half, y1 + half

    def ports(self) -> list[tuple[Array, int, str]]:
        """Place in sheet mm, direction (a multiple of 45 degrees, counter-clockwise as seen) and role of each port."""
        out = []
        for port in self.variant.ports:
            direction = 180 - port.direction if self.mirrored else port.direction
            out.append((self.to_sheet(np.array([port.x, port.y]))[0], round(direction + self.turn) % 360, port.role))
        return out


def dense(points: Array, step: float) -> Array:
    """A polyline (N, 2) with points at most `step` apart."""
    out = [points[:1]]
    for a, b in pairwise(points):
        n = max(1, math.ceil(float(np.hypot(*(b - a))) / step))
        out.append(a + (b - a) * (np.arange(1, n + 1) / n)[:, None])
    return np.vstack(out)


def deform(name: str, deformation: Deformation, rng: np.random.Generator, *, turn: int | None = None) -> Placed:
    """A symbol of a kind, deformed, about the origin."""
    kind = load_catalog()[name]
    variant = next(v for v in kind.variants if v.name == KINDS[name])
    turn = int(rng.choice([0, 90, 180, 270])) if turn is None else turn
    mirrored, along_x = bool(rng.random() < 0.3), bool(rng.random() < 0.5)
    sign, shear_x = rng.choice([-1.0, 1.0]), bool(rng.random() < 0.5)
    scale = np.diag([deformation.stretch, 1.0] if along_x else [1.0, deformation.stretch]) * SCALE
    flip = np.diag([-1.0 if mirrored else 1.0, 1.0])
    c, s = round(math.cos(math.radians(turn))), round(math.sin(math.radians(turn)))
    rotation = np.array([[c, s], [-s, c]], float)  # y down, so this is counter-clockwise as seen
    t = sign * math.tan(math.radians(deformation.shear_deg))
    shear = np.array([[1.0, t], [0.0, 1.0]] if shear_x else [[1.0, 0.0], [t, 1.0]])
    x0, y0, x1, y1 = variant.box
    side = min(x1 - x0, y1 - y0) * SCALE
    matrix = shear @ rotation @ flip @ scale
    waves = np.zeros((0, 6))
    if deformation.wobble:
        amplitude = deformation.wobble * side * rng.normal(0, 0.6, (4, 2))
        length = max(x1 - x0, y1 - y0) * SCALE * rng.uniform(0.4, 1.2, 4)
        heading = rng.uniform(0, 2 * np.pi, 4)
        wave = np.column_stack([np.cos(heading), np.sin(heading)]) * (2 * np.pi / length)[:, None]
        waves = np.column_stack([amplitude, wave, rng.uniform(0, 2 * np.pi, 4), np.zeros(4)])
    return Placed(kind, variant, turn, mirrored, matrix, waves)


@dataclass(eq=False)
class _Sheet:
    rng: np.random.Generator
    deformation: Deformation
    marks: list[Stroke | Lettering] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    taken: list[Box] = field(default_factory=list)

    def free(self, box: Box, margin: float) -> bool:
        x0, y0, x1, y1 = box
        if x0 < 14 or y0 < 14 or x1 > WIDTH_MM - 14 or y1 > HEIGHT_MM - 14:
            return False
        return all(
            x1 + margin < t[0] or x0 - margin > t[2] or y1 + margin < t[1] or y0 - margin > t[3] for t in self.taken
        )

    def put(self, piece: Placed) -> None:
        """Draw a symbol that has its place."""
        self.placed.append(piece)
        self.taken.append(piece.box)
        shapes, element = piece.variant.shapes, f"s{len(self.placed)}"
        outlines = [piece.outline(s) for s in shapes]
        breaks = self._breaks([o for o, s in zip(outlines, shapes, strict=True) if s.stroked])
        k = 0
        for points, shape in zip(outlines, shapes, strict=True):
            width = max(shape.width, 0.18) / 0.35 * PEN_MM
            if shape.fill != "none":
                self.marks.append(Stroke(points, width, True, shape.fill, element=element, outlined=False))
            if shape.stroked:
                for run in cut(points, breaks[k]):
                    self.marks.append(Stroke(run, width, dash_mm=shape.dash, element=element))
                k += 1
        self._letter_symbol(piece)

    def _breaks(self, outlines: list[Array]) -> list[list[tuple[float, float]]]:
        """Spans along each outline that are left out."""
        lengths = np.array([np.hypot(*np.diff(o, axis=0).T).sum() for o in outlines])
        out: list[list[tuple[float, float]]] = [[] for _ in outlines]
        for _ in range(self.deformation.gaps):
            k = int(self.rng.choice(len(outlines), p=lengths / lengths.sum()))
            at, gap = self.rng.uniform(0, lengths[k]), self.rng.uniform(*GAP_MM)
            out[k].append((at - gap / 2, at + gap / 2))
        return out

    def _letter_symbol(self, piece: Placed) -> None:
        for text in piece.variant.texts:
            letters = text.text
            if text.slot == "letters":
                letters = "".join(self.rng.choice(list("PTFLAHICV"), int(self.rng.integers(2, 4))))
            elif text.slot:
                letters = str(self.rng.integers(100, 9999))
            x, y = piece.to_sheet(np.array([text.x, text.y]))[0]
            smaller = min(np.linalg.norm(piece.matrix, axis=0))
            self.marks.append(Lettering(letters, (float(x), float(y)), text.height * float(smaller)))

    def pipe(self, points: list[Array], *, dashed: bool = False) -> None:
        """A pipe through points, and the paper it takes."""
        line = np.array(points)
        self.marks.insert(0, Stroke(line, PIPE_MM, dash_mm=(2.5, 1.2) if dashed else ()))
        for a, b in pairwise(line):
            self.taken.append((*np.minimum(a, b).tolist(), *np.maximum(a, b).tolist()))  # type: ignore[arg-type]

    def stub(self, port: tuple[Array, int, str], reach: float) -> None:
        """A pipe that leaves a port, now and then with a bend."""
        if self.deformation.ends == "none":
            return
        at, direction, _ = port
        way = heading(direction)
        points = [at + way * self.offset(), at + way * reach]
        if self.rng.random() < 0.35:
            points.append(points[1] + heading(direction + self.rng.choice([90, -90])) * self.rng.uniform(4, 20))
        self.pipe(points, dashed=bool(self.rng.random() < 0.1))

    def offset(self) -> float:
        """Where a pipe begins, beyond its port."""
        return {"met": 0.0, "none": 0.0, "short": END_MM, "long": -END_MM}[self.deformation.ends]


def heading(direction: float) -> Array:
    """The unit vector of a direction counter-clockwise as seen."""
    return np.array([math.cos(math.radians(direction)), -math.sin(math.radians(direction))])


def cut(points: Array, breaks: list[tuple[float, float]]) -> list[Array]:
    """A polyline (N, 2) without spans of its length."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    edges, start = [], 0.0
    for low, high in sorted(breaks):
        edges.append((start, low))
        start = max(start, high)
    edges.append((start, float(along[-1])))
    runs = []
    for start, end in edges:
        low, high = max(start, 0.0), min(end, float(along[-1]))
        if high - low < 0.05:
            continue
        inner = points[(along > low) & (along < high)]
        ends = np.column_stack([np.interp([low, high], along, points[:, k]) for k in (0, 1)])
        runs.append(np.vstack([ends[:1], inner, ends[1:]]))
    return runs


def deformed_sheet(seed: int, deformation: Deformation) -> tuple[NDArray[np.uint8], Drawing]:
    """The grey picture (H, W) uint8 and its truth: symbols, boxes in pixels."""
    sheet = _Sheet(np.random.default_rng(seed), deformation)
    for name in sorted(ALONE, key=lambda n: -_longest(n)):
        for _ in range(LARGE_COPIES if _longest(name) > LARGE_MM else COPIES):
            _throw(sheet, name, stubs=4)
    for name in BALLOONS:
        for _ in range(COPIES):
            _throw(sheet, name, stubs=2)
    _string(sheet)
    _long_lines(sheet)
    _letter(sheet)
    marks = [
        Stroke(np.array([(8, 8), (WIDTH_MM - 8, 8), (WIDTH_MM - 8, HEIGHT_MM - 8), (8, HEIGHT_MM - 8)]), 0.6, True)
    ]
    ink = Ink(WIDTH_MM, HEIGHT_MM, (*marks, *sheet.marks))
    gray = as_gray(render_raster(ink, PX_PER_MM))
    return gray, _truth(sheet, seed, gray)


def example_of(name: str) -> tuple[NDArray[np.uint8], Symbol]:
    """A kind drawn once, undeformed, without pipes and lettering, and where it is: what a person would teach from."""
    rng = np.random.default_rng(0)
    piece = deform(name, Deformation(), rng, turn=0)
    piece.mirrored, piece.matrix = False, np.eye(2) * SCALE
    x0, y0, x1, y1 = piece.box
    piece.at = np.array([6.0 - x0, 6.0 - y0])
    sheet = _Sheet(rng, Deformation())
    piece.variant = replace(piece.variant, texts=())
    sheet.put(piece)
    ink = Ink(x1 - x0 + 12, y1 - y0 + 12, tuple(sheet.marks))
    return as_gray(render_raster(ink, PX_PER_MM)), _symbol(piece, "s1")


def _symbol(piece: Placed, name: str) -> Symbol:
    x0, y0, x1, y1 = (v * PX_PER_MM for v in piece.box)
    ports = tuple((float(p[0]) * PX_PER_MM, float(p[1]) * PX_PER_MM) for p, *_ in piece.ports())
    return Symbol(
        id=name, kind=piece.kind.name, group=piece.kind.group, box=(x0, y0, x1, y1), rotation=piece.turn,
        mirrored=piece.mirrored, ports=ports,
    )  # fmt: skip


def _truth(sheet: _Sheet, seed: int, gray: NDArray[np.uint8]) -> Drawing:
    info = SheetInfo(width=gray.shape[1], height=gray.shape[0], px_per_mm=PX_PER_MM)
    symbols = tuple(_symbol(p, f"s{i}") for i, p in enumerate(sheet.placed, start=1))
    return Drawing(source=Source(name=f"deformed-{seed}", sha256="0" * 64), sheet=info, symbols=symbols)


def _longest(name: str) -> float:
    kind = load_catalog()[name]
    x0, y0, x1, y1 = next(v for v in kind.variants if v.name == KINDS[name]).box
    return max(x1 - x0, y1 - y0)


def _throw(sheet: _Sheet, name: str, *, stubs: int) -> None:
    """Place a symbol somewhere, with stubs of pipe at some of its process ports."""
    rng = sheet.rng
    piece = deform(name, sheet.deformation, rng)
    for _ in range(TRIES):
        piece.at = np.array([rng.uniform(20, WIDTH_MM - 20), rng.uniform(20, HEIGHT_MM - 20)])
        if sheet.free(piece.box, 8.0):
            break
    else:
        return
    sheet.put(piece)
    ports = [p for p in piece.ports() if p[2] in ("process", "any") and p[1] % 90 == 0]
    for k in rng.permutation(len(ports))[:stubs]:
        sheet.stub(ports[int(k)], float(rng.uniform(4, 7)))


def _string(sheet: _Sheet) -> None:
    """Pipes, level and upright, with in-line symbols on them."""
    rng = sheet.rng
    names = [n for n in IN_LINE for _ in range(COPIES)]
    rng.shuffle(names)
    for _ in range(TRIES * 4):
        if not names:
            return
        level = bool(rng.random() < 0.6)
        at = np.array([rng.uniform(20, WIDTH_MM - 60), rng.uniform(20, HEIGHT_MM - 60)])
        way = np.array([1.0, 0.0]) if level else np.array([0.0, 1.0])
        drawn = 0
        while names and drawn < 5:
            piece = _next_in_line(sheet, names[-1], at + way * rng.uniform(8, 16), level=level)
            if piece is None:
                break
            entry, leave = _through(piece, level=level)
            run = (*np.minimum(at, entry).tolist(), *np.maximum(at, entry).tolist())
            if not sheet.free(run, 2.0) and drawn == 0:
                break
            names.pop()
            sheet.put(piece)
            if sheet.deformation.ends != "none":
                first = at if drawn == 0 else at + way * sheet.offset()
                sheet.pipe([first, entry - way * sheet.offset()])
            at, drawn = leave, drawn + 1
        if drawn and sheet.deformation.ends != "none":
            sheet.pipe([at + way * sheet.offset(), at + way * rng.uniform(6, 14)])


def _next_in_line(sheet: _Sheet, name: str, entry: Array, *, level: bool) -> Placed | None:
    """The symbol with its entering port at a point, if there is room."""
    turn = int(sheet.rng.choice([0, 180] if level else [90, 270]))
    piece = deform(name, sheet.deformation, sheet.rng, turn=turn)
    first, _ = _through(piece, level=level)
    piece.at = entry - first
    return piece if sheet.free(piece.box, 5.0) else None


def _through(piece: Placed, *, level: bool) -> tuple[Array, Array]:
    """The port on the left (above) and that on the right (below)."""
    ends = [p[0] for p in piece.ports() if p[2] == "process" and p[1] in ((0, 180) if level else (90, 270))]
    ends.sort(key=lambda p: float(p[0] if level else p[1]))
    return ends[0], ends[-1]


def _long_lines(sheet: _Sheet) -> None:
    """Pipes that pass between everything."""
    rng = sheet.rng
    for _ in range(60):
        a = np.array([rng.uniform(15, WIDTH_MM - 15), rng.uniform(15, HEIGHT_MM - 15)])
        b = a + heading(float(rng.choice([0, 270]))) * rng.uniform(30, 160)
        box = (*np.minimum(a, b).tolist(), *np.maximum(a, b).tolist())
        if sheet.free(box, 2.5):
            sheet.pipe([a, b], dashed=bool(rng.random() < 0.2))


def _letter(sheet: _Sheet) -> None:
    """Tags, notes, and a table in a corner."""
    rng = sheet.rng
    letters = list("ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789-/")
    for _ in range(420):
        text = "".join(rng.choice(letters, int(rng.integers(2, 12))))
        height, upright = float(rng.choice([1.8, 2.2, 2.6, 3.2])), bool(rng.random() < 0.2)
        half = np.array([len(text) * height * 0.42, height * 0.65])[:: -1 if upright else 1]
        x, y = rng.uniform(16, WIDTH_MM - 16), rng.uniform(16, HEIGHT_MM - 16)
        box = (x - half[0], y - half[1], x + half[0], y + half[1])
        if sheet.free(box, 1.0):
            sheet.taken.append(box)
            sheet.marks.append(Lettering(text, (float(x), float(y)), height, angle=90.0 if upright else 0.0))
