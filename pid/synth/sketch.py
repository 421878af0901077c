"""A sheet in the making: its pieces, its lettering and the paper that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from pid.catalog import Catalog, Kind
from pid.drawing import Box, Point
from pid.symbol_svg import Variant
from pid.synth.ink import Stroke
from pid.synth.lettering import Lettering, Written
from pid.synth.network import Network, Pen
from pid.synth.place import SOLID, Occupancy, Piece, grown_box
from pid.synth.plant import Names
from pid.synth.style import Style, is_bubble_kind

_COUNTED = ("valve", "fitting", "instrument", "actuator", "reducer")
_IN_LINE_GROUPS = ("valve", "fitting", "reducer")
_LARGE_LETTERS = 1.4  # lettering of benchmark balloons fills them
_MOST_CORNERS = 8  # flattened curves have more points
UPRIGHT = ("instrument", "connector")  # groups that are not turned, for their lettering


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


@dataclass(eq=False)
class Sketch(Lettering):
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
    open_ends: list[tuple[int, int]] = field(default_factory=list)  # node, direction outward
    rare: list[Kind] = field(default_factory=list)
    led: set[int] = field(default_factory=set)  # ids of parts that have their tag balloon
    _serial: int = 0
    stretched: bool = True
    """Whether symbols may be drawn longer along one axis than in the catalogue; sizes vary all the same."""

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
        if not self.stretched:
            stretch = (float(np.sqrt(stretch[0] * stretch[1])),) * 2
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
