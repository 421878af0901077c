"""Sheets of symbols thrown at random: no plant, but every kind of the catalogue equally often, in any company.

They complete the plants of `pid.synth.generate` as training pictures, where gate valves outnumber flares by a thousand
to one. Pipes leave the ports for nowhere, lines run across, lettering fills what is left. The truth holds symbols and
words only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from pid.catalog import Kind, load_catalog
from pid.drawing import Box, Drawing, SheetInfo, Source, Symbol, Word
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.place import Piece

WIDTH_MM, HEIGHT_MM = 605.0, 427.0
"""Shows symbols of an A1 plot at the size that they have on an A1 sheet brought to the same pixels."""
GROUP_SHARES = {
    "valve": 0.30, "instrument": 0.18, "fitting": 0.12, "flow_arrow": 0.08, "nozzle": 0.06, "reducer": 0.05,
    "connector": 0.05, "actuator": 0.05, "pump": 0.02, "compressor": 0.015, "heat_exchanger": 0.02, "vessel": 0.02,
    "separator": 0.015, "other": 0.03,
}  # fmt: skip
"""Near the shares of real sheets, the rare groups raised; within a group all kinds come equally often."""
EQUIPMENT = ("vessel", "separator", "heat_exchanger", "pump", "compressor")
MOST_EQUIPMENT, FEWEST_EQUIPMENT = 14, 5
"""Placed first, while there is room for large ones."""
LARGEST_EQUIPMENT, MOST_STRETCH = 4.0, 1.7
"""Times the catalogue's size; sides stretched against each other: vessels are drawn in all proportions."""
MOST_SYMBOLS, FEWEST_SYMBOLS = 520, 250
TRIES = 12
LETTERS = 'ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789-/".'


@dataclass(eq=False)
class _Table:
    """The sheet as it fills: random source, office habits, what is drawn and what room is taken."""

    rng: np.random.Generator
    pen_mm: float
    scale: float
    lines: list[Stroke] = field(default_factory=list)
    marks: list[Stroke | Lettering] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    taken: list[Box] = field(default_factory=list)
    stretched: bool = True

    def is_free(self, box: Box, margin: float) -> bool:
        """Whether a box keeps `margin` mm from all that stands."""
        return all(
            box[2] + margin < t[0] or box[0] - margin > t[2] or box[3] + margin < t[1] or box[1] - margin > t[3]
            for t in self.taken
        )

    def word(self, least: int = 2, most: int = 12) -> str:
        """Random lettering."""
        return "".join(self.rng.choice(list(LETTERS), int(self.rng.integers(least, most))))


def scatter_sheet(seed: int, *, px_per_mm: float = 5.9, stretched: bool = True) -> tuple[Ink, Drawing]:
    """A scattered sheet's ink in mm and its truth in pixels at `px_per_mm`; the same for the same arguments.

    Without `stretched` every symbol keeps the catalogue's proportions; sizes still vary.
    """
    rng = np.random.default_rng(seed)
    table = _Table(rng, pen_mm=float(rng.uniform(0.2, 0.6)), scale=float(rng.uniform(0.75, 1.35)), stretched=stretched)
    catalog = load_catalog()
    groups = [g for g in GROUP_SHARES if catalog.by_group(g)]
    shares = np.array([GROUP_SHARES[g] for g in groups])
    large = [kind for group in EQUIPMENT for kind in catalog.by_group(group)]
    for _ in range(int(rng.integers(FEWEST_EQUIPMENT, MOST_EQUIPMENT))):
        _throw(table, large[int(rng.integers(len(large)))], growth=float(rng.uniform(1.05, LARGEST_EQUIPMENT)))
    for _ in range(int(rng.integers(FEWEST_SYMBOLS, MOST_SYMBOLS))):
        kinds = catalog.by_group(groups[int(rng.choice(len(groups), p=shares / shares.sum()))])
        _throw(table, kinds[int(rng.integers(len(kinds)))])
    _cross_lines(table)
    words = _letter(table, px_per_mm)
    ink = Ink(WIDTH_MM, HEIGHT_MM, (*table.lines, *table.marks))
    width, height = round(WIDTH_MM * px_per_mm), round(HEIGHT_MM * px_per_mm)
    symbols = tuple(
        Symbol(
            id=p.id, kind=p.kind.name, group=p.kind.group, box=_scaled(p.box, px_per_mm), rotation=p.rotation,
            mirrored=p.mirrored, ports=tuple((q.x * px_per_mm, q.y * px_per_mm) for q in p.ports),
        )
        for p in table.pieces
    )  # fmt: skip
    info = SheetInfo(width=width, height=height, px_per_mm=px_per_mm)
    return ink, Drawing(
        source=Source(name=f"scatter-{seed}", sha256="0" * 64), sheet=info, symbols=symbols, words=words
    )


def _throw(table: _Table, kind: Kind, *, growth: float = 1.0) -> None:
    """Place a symbol where there is room, with stubs of pipe; nothing where none is found.

    With a `growth` above 1 it is that much larger, and stretched along one side.
    """
    rng = table.rng
    weights = np.array([v.weight for v in kind.variants])
    variant = kind.variants[int(rng.choice(len(weights), p=weights / weights.sum()))]
    scale = table.scale * float(rng.uniform(0.85, 1.15)) * growth
    stretch = float(np.exp(rng.uniform(-1, 1) * np.log(MOST_STRETCH))) if growth > 1 else 1.0
    stretch = stretch if table.stretched else 1.0
    size = (scale * stretch**0.5, scale / stretch**0.5)
    turn, mirrored = int(rng.choice([0, 0, 90, 90, 180, 270])), bool(rng.random() < 0.25)
    piece = Piece(kind, variant, 0.0, 0.0, size, turn, mirrored, table.pen_mm, id=f"s{len(table.pieces) + 1}")
    for _ in range(TRIES):
        piece.x, piece.y = float(rng.uniform(15, WIDTH_MM - 15)), float(rng.uniform(15, HEIGHT_MM - 15))
        box = piece.box
        if box[0] < 0 or box[1] < 0 or box[2] > WIDTH_MM or box[3] > HEIGHT_MM:
            continue
        if table.is_free(piece.box, float(rng.choice([0.5, 2.0, 4.0]))):
            break
    else:
        return
    table.taken.append(piece.box)
    table.pieces.append(piece)
    _draw(table, piece)
    for port in piece.ports:
        if rng.random() < 0.85:
            dashed = rng.random() < (0.6 if port.role == "signal" else 0.2)
            table.lines.append(_stub(table, (port.x, port.y), port.direction, dashed=dashed))


def _draw(table: _Table, piece: Piece) -> None:
    for shape in piece.variant.shapes:
        table.marks.append(
            Stroke(
                piece.to_sheet(shape.points), piece.pen_of(max(shape.width, 0.18)), shape.closed, shape.fill,
                shape.dash, element=piece.id, outlined=shape.stroked,
            )
        )  # fmt: skip
    for text in piece.variant.texts:
        x, y = piece.to_sheet([(text.x, text.y)])[0]
        if text.slot is None:
            letters = text.text
        elif text.slot == "letters":
            letters = "".join(table.rng.choice(list("PTFLAHICVSD"), int(table.rng.integers(2, 4))))
        else:
            letters = table.word(3, 6)
        if letters:
            height = text.height * piece.scale[0] * float(table.rng.uniform(0.8, 1.1))
            table.marks.append(Lettering(letters, (float(x), float(y)), height))


def _stub(table: _Table, at: tuple[float, float], direction: float, *, dashed: bool) -> Stroke:
    """A pipe that leaves `at`, now and then with a bend."""
    rng = table.rng
    points = [np.array(at)]
    points.append(points[0] + _heading(direction) * rng.choice([3, 8, 20, 50]) * rng.uniform(0.5, 1.5))
    if rng.random() < 0.35:
        points.append(points[1] + _heading(direction + rng.choice([90, -90])) * rng.uniform(5, 60))
    width = table.pen_mm * float(rng.choice([0.6, 1.0, 1.6]))
    return Stroke(np.array(points), width, dash_mm=(2.0, 1.0) if dashed else ())


def _cross_lines(table: _Table) -> None:
    """Long lines under everything, through symbols too, as pipes pass under bubbles."""
    rng = table.rng
    for _ in range(int(rng.integers(10, 60))):
        start = np.array([rng.uniform(5, WIDTH_MM - 5), rng.uniform(5, HEIGHT_MM - 5)])
        end = start + _heading(float(rng.choice([0, 270]))) * rng.uniform(10, 250)
        width = table.pen_mm * float(rng.choice([0.6, 1.0, 1.6]))
        table.lines.append(Stroke(np.array([start, end]), width, dash_mm=() if rng.random() < 0.8 else (2.0, 1.0)))


def _letter(table: _Table, px_per_mm: float) -> tuple[Word, ...]:
    """Lettering in the room that is left."""
    rng = table.rng
    words: list[Word] = []
    for _ in range(int(rng.integers(150, 420))):
        text, height, upright = table.word(), float(rng.choice([1.6, 2.0, 2.5, 3.0])), rng.random() < 0.25
        half = np.array([len(text) * height * 0.42, height * 0.6])
        half = half[::-1] if upright else half
        x, y = float(rng.uniform(10, WIDTH_MM - 10)), float(rng.uniform(5, HEIGHT_MM - 5))
        box = (x - float(half[0]), y - float(half[1]), x + float(half[0]), y + float(half[1]))
        if not table.is_free(box, 0.3):
            continue
        table.taken.append(box)
        angle = 90.0 if upright else 0.0
        table.marks.append(Lettering(text, (x, y), height, angle=angle))
        words.append(Word(id=f"w{len(words) + 1}", text=text, box=_scaled(box, px_per_mm), angle=angle))
    return tuple(words)


def _heading(direction: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.cos(math.radians(direction)), -math.sin(math.radians(direction))])


def _scaled(box: Box, by: float) -> Box:
    return box[0] * by, box[1] * by, box[2] * by, box[3] * by
