"""A sheet in the making: its pieces, its lettering and the paper that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from pid.catalog import Catalog, Kind, Variant
from pid.drawing import Box, Point
from pid.synth.fonts import text_bounds
from pid.synth.ink import Stroke
from pid.synth.network import Network, Pen
from pid.synth.place import ACROSS, ALL_LAYERS, ALONG, SOLID, TEXT, Occupancy, Piece, grown_box
from pid.synth.plant import Names
from pid.synth.style import Style, is_bubble_kind

Owner = Piece | Point | None  # a point stands for the line that passes there

_COUNTED = ("valve", "fitting", "instrument", "actuator", "reducer")
_IN_LINE_GROUPS = ("valve", "fitting", "reducer")
_LARGE_LETTERS = 1.4  # lettering of benchmark balloons fills them
_MOST_CORNERS = 8  # flattened curves have more points
UPRIGHT = ("instrument", "connector")  # groups that are not turned, for their lettering


@dataclass(frozen=True)
class Written:
    """A placed text and what it labels."""

    text: str
    center: Point
    height: float
    angle: int
    box: Box
    owner: Owner


@lru_cache(maxsize=4096)
def axis_ports(variant: Variant) -> tuple[str, str, int] | None:
    """Entry and leaving port of a part that sits in a straight pipe, and the turn that lays its axis to the right.

    None for parts that do not sit in a straight pipe.
    """
    through = [p for p in variant.ports if p.role in ("process", "any")]
    for back, ahead, turn in ((180, 0, 0), (270, 90, 270)):
        entry = [p for p in through if p.direction % 360 == back]
        leave = [p for p in through if p.direction % 360 == ahead]
        for a in entry:
            for b in leave:
                if abs(a.y - b.y if turn == 0 else a.x - b.x) < 0.01:
                    return a.id, b.id, turn
    return None


@lru_cache(maxsize=4096)
def is_angular(variant: Variant) -> bool:
    """Whether a part is drawn with straight lines alone, so that it may be drawn longer without spoiling a circle."""
    return all(len(shape.points) <= _MOST_CORNERS for shape in variant.shapes)


def boxes_meet(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes have paper in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@dataclass(eq=False)
class Sketch:
    """What is on the sheet so far. Lengths in u are multiples of the style's unit, everything else is mm."""

    rng: np.random.Generator
    style: Style
    catalog: Catalog
    names: Names
    paper: Occupancy
    area: Box  # where the plant may be drawn
    net: Network = field(default_factory=Network)
    pieces: list[Piece] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    under: list[Stroke] = field(default_factory=list)
    over: list[Stroke] = field(default_factory=list)
    overlays: list[tuple[Piece, int]] = field(default_factory=list)
    open_ends: list[tuple[int, int]] = field(default_factory=list)  # node, direction outward
    rare: list[Kind] = field(default_factory=list)
    led: set[int] = field(default_factory=set)  # ids of parts that have their tag balloon
    _serial: int = 0

    @cached_property
    def in_line(self) -> tuple[Kind, ...]:
        """Kinds that sit in a straight pipe."""
        found = []
        for kind in self.catalog.values():
            meter = kind.group == "instrument" and not is_bubble_kind(kind)
            if (kind.group in _IN_LINE_GROUPS or meter) and axis_ports(kind.variants[0]) is not None:
                found.append(kind)
        return tuple(found)

    @property
    def parts(self) -> int:
        """Symbols so far without those that come with equipment or are added at the end."""
        return sum(p.kind.group in _COUNTED for p in self.pieces)

    @property
    def u(self) -> float:
        """Paper length of a catalogue millimetre."""
        return self.style.unit

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return bool(self.rng.random() < share)

    def pick(self, of: Sequence[str]) -> str:
        """One of the strings."""
        return of[int(self.rng.integers(len(of)))]

    def has(self, name: str) -> bool:
        """Whether the catalogue has the kind."""
        return name in self.catalog

    def pen(self, kind: str = "process", style: str = "solid", **options: object) -> Pen:
        """The house's pen for a line."""
        width = self.style.pipe_mm if kind == "process" else self.style.thin_mm
        return Pen(kind=kind, style=style, width_mm=width, **options)  # type: ignore[arg-type]

    # -- pieces ------------------------------------------------------------------------------------------------

    def make(
        self,
        kind: Kind | str,
        *,
        at: Point = (0.0, 0.0),
        rotation: int = 0,
        mirrored: bool = False,
        state: str = "",
        stretch: tuple[float, float] = (1.0, 1.0),
        slots: dict[str, str] | None = None,
    ) -> Piece:
        """A piece in the house's manner, not on paper yet."""
        k = self.catalog[kind] if isinstance(kind, str) else kind
        scale = self.style.size_of(k)
        big = k.group in ("vessel", "separator", "heat_exchanger", "compressor", "pump")
        pen = self.style.equipment_pen_mm if big else self.style.pen_mm
        variant = self.style.variant_of(k, self.rng, state=state)
        if self.style.family == "benchmark" and k.group in ("valve", "reducer") and is_angular(variant):
            stretch = (stretch[0] * float(self.rng.uniform(0.72, 1.15)), stretch[1])
        piece = Piece(
            k,
            variant,
            at[0],
            at[1],
            (scale * stretch[0], scale * stretch[1]),
            rotation % 360,
            mirrored,
            pen,
            slots=dict(slots or {}),
            stem_in_box=self.style.stem_in_box and k.group == "actuator",
        )
        if state:
            piece.attributes["state"] = piece.variant.state
        return piece

    def put(self, piece: Piece, *, margin: float = 0.6) -> Piece:
        """Put a piece on paper with the lettering of its slots."""
        piece.id = f"s{self._serial}"
        self._serial += 1
        self.pieces.append(piece)
        box = piece.box
        if piece.kind.group not in ("flow_arrow",):
            self.paper.mark(grown_box(box, margin * self.u), SOLID)
        for slot in piece.variant.texts:
            text = piece.slots.get(slot.slot, "") if slot.slot else slot.text
            if not text:
                continue
            (x, y) = piece.to_sheet([(slot.x, slot.y)])[0]
            height = slot.height * min(abs(piece.scale[0]), abs(piece.scale[1]))
            if self.style.family == "benchmark" and piece.kind.group == "instrument":
                height *= _LARGE_LETTERS
            turned = piece.rotation % 180 == 90 and piece.kind.group in ("other", "connector", "valve", "fitting")
            room = ((box[3] - box[1]) if turned else (box[2] - box[0])) * 0.94
            width = self.extent(text, height)[0]
            if width > room and piece.kind.group in ("instrument", "connector", "nozzle"):
                height *= max(room / width, 0.6)
            self.write(text, (float(x), float(y)), height=height, angle=90 if turned else 0, owner=piece, mark=False)
        return piece

    def erase(self, piece: Piece) -> None:
        """Take a piece that nothing is joined to, and its lettering, off the sheet again."""
        self.pieces.remove(piece)
        self.written = [w for w in self.written if w.owner is not piece]
        self.paper.clear(grown_box(piece.box, 0.3 * self.u))

    def name_bubble(self, piece: Piece, *, controller: bool = False, letters: str | None = None) -> None:
        """Choose the lettering of a balloon or meter that is not on paper yet."""
        first, number = self.names.bubble(controller=controller)
        first = letters or first
        slots = {t.slot for t in piece.variant.texts if t.slot}
        if not slots:
            return
        if slots == {"letters"}:
            first = first[:3]
        piece.slots = {
            "letters": first,
            "number": number,
            "tag": self.pick(["LG-10", "RO-10", "A", "2"]),
            "size": self.names.size(),
        }
        piece.tag = f"{first} {number}" if "number" in slots else first

    def fits(self, box: Box, *, grow: float = 1.0, layers: Sequence[int] = ALL_LAYERS) -> bool:
        """Whether the box, grown by `grow` u, is free and inside the area."""
        b = grown_box(box, grow * self.u)
        a = self.area
        return a[0] <= b[0] and a[1] <= b[1] and b[2] <= a[2] and b[3] <= a[3] and self.paper.free(b, layers)

    # -- lettering ---------------------------------------------------------------------------------------------

    def extent(self, text: str, height: float) -> tuple[float, float]:
        """Width and height of the ink of a text, mm."""
        x0, y0, x1, y1 = text_bounds(text, font=self.style.font, height_mm=height, width_factor=self.style.width_factor)
        return x1 - x0, y1 - y0

    def text_box(self, text: str, center: Point, height: float, angle: int) -> Box:
        """Where the ink of a text lies."""
        x0, y0, x1, y1 = text_bounds(text, font=self.style.font, height_mm=height, width_factor=self.style.width_factor)
        pad = self.style.thin_mm / 2
        x0, y0, x1, y1 = x0 - pad, y0 - pad, x1 + pad, y1 + pad
        if angle == 90:
            x0, y0, x1, y1 = y0, -x1, y1, -x0
        elif angle == 270:
            x0, y0, x1, y1 = -y1, x0, -y0, x1
        return center[0] + x0, center[1] + y0, center[0] + x1, center[1] + y1

    def write(
        self,
        text: str,
        center: Point,
        *,
        height: float | None = None,
        angle: int = 0,
        owner: Owner = None,
        mark: bool = True,
    ) -> Written:
        """Letter a text without asking whether there is room."""
        h = height or self.style.text_mm
        written = Written(text, center, h, angle, self.text_box(text, center, h, angle), owner)
        self.written.append(written)
        if mark:
            self.paper.mark(written.box, TEXT)
        return written

    def try_write(
        self,
        text: str,
        centers: Sequence[Point],
        *,
        height: float | None = None,
        angle: int = 0,
        owner: Owner = None,
        grow: float = 0.5,
    ) -> Written | None:
        """Letter a text at the first of the places that has room."""
        h = height or self.style.text_mm
        for center in centers:
            if self.fits(self.text_box(text, center, h, angle), grow=grow):
                return self.write(text, center, height=h, angle=angle, owner=owner)
        return None

    def write_along(
        self,
        text: str,
        run: tuple[Point, Point],
        *,
        off: float,
        side: int,
        at: Sequence[float],
        owner: Owner = None,
        height: float | None = None,
    ) -> Written | None:
        """Letter a text along a straight pipe, `off` u from it, at the first free share of its length in `at`."""
        h = height or self.style.text_mm
        (ax, ay), (bx, by) = run
        along = abs(bx - ax) >= abs(by - ay)
        width, length = self.extent(text, h)[0], abs(bx - ax) + abs(by - ay)
        angle, shift = (0 if along else 90), side * (h / 2 + off * self.u)
        for t in at:
            f = (width / 2 + t * (length - width)) / length if length > width else 0.5
            x, y = ax + f * (bx - ax), ay + f * (by - ay)
            center = (x, y + shift) if along else (x + shift, y)
            box = self.text_box(text, center, h, angle)
            far = side * 1.6 * self.u  # its own pipe is no obstacle
            away = (
                (box[0], box[1] + far, box[2], box[3] + far) if along else (box[0] + far, box[1], box[2] + far, box[3])
            )
            if self.fits(box, grow=0.2, layers=(SOLID, TEXT, ACROSS if along else ALONG)) and self.fits(away, grow=0.2):
                return self.write(text, center, height=h, angle=angle, owner=owner)
        return None

    def stack(
        self, lines: Sequence[str], box: Box, side: str, *, angle: int, height: float | None = None, gap: float = 0.8
    ) -> list[Written]:
        """Lines of text stacked at a side (above, below, left, right) of a box, not on paper yet."""
        h = height or self.style.text_mm
        pitch, away = 1.5 * h, gap * self.u + h / 2
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        out = []
        for i, line in enumerate(lines):
            from_body = i if side in ("below", "right") else len(lines) - 1 - i
            offset = away + from_body * pitch
            if angle == 90:
                cx = box[2] + offset if side == "right" else box[0] - offset
                center = (cx, y)
            elif side in ("above", "below"):
                center = (x, box[3] + offset if side == "below" else box[1] - offset)
            else:
                width = self.extent(line, h)[0]
                middle = y + (i - (len(lines) - 1) / 2) * pitch
                center = (
                    (box[2] + gap * self.u + width / 2, middle)
                    if side == "right"
                    else (box[0] - gap * self.u - width / 2, middle)
                )
            out.append(Written(line, center, h, angle, self.text_box(line, center, h, angle), None))
        return out

    def commit(self, texts: Sequence[Written], owner: Owner) -> None:
        """Put planned lettering on paper."""
        for t in texts:
            self.written.append(replace(t, owner=owner))
            self.paper.mark(t.box, TEXT)

    def label(
        self, piece: Piece, lines: Sequence[str], *, along: bool, height: float | None = None, clear: float = 0.0
    ) -> bool:
        """Letter lines beside a piece that sits in a horizontal (`along`) or vertical pipe; False without room."""
        texts = self.plan_label(piece, lines, along=along, height=height, clear=clear)
        if texts is None:
            return False
        self.commit(texts, piece)
        return True

    def plan_label(
        self,
        piece: Piece,
        lines: Sequence[str],
        *,
        along: bool,
        height: float | None = None,
        clear: float = 0.0,
        avoid: Sequence[Box] = (),
    ) -> list[Written] | None:
        """Lettering beside a part where there is room, not on paper yet; None without room."""
        if not lines:
            return []
        box, n = grown_box(piece.box, clear * self.u), len(lines)
        first, second = ("above", "below") if along else ("left", "right")
        angle = 0 if along else 90
        plans: list[list[tuple[str, Sequence[str], int]]] = []
        if n > 1:
            plans += [
                [(first, lines[:1], angle), (second, lines[1:], angle)],
                [(first, lines[:-1], angle), (second, lines[-1:], angle)],
            ]
        plans += [[(second, lines, angle)], [(first, lines, angle)]]
        if not along and (self.style.family not in ("offshore", "benchmark") or n == 1):
            plans += [[("right", lines, 0)], [("left", lines, 0)]]
        if self.chance(0.4):
            plans.reverse()
        for plan in plans:
            texts = [t for side, part, a in plan for t in self.stack(part, box, side, angle=a, height=height)]
            if all(self.fits(t.box, grow=0.3) for t in texts) and not any(
                boxes_meet(t.box, b) for t in texts for b in avoid
            ):
                return texts
        return None
