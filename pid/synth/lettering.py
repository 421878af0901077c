"""Lettering on a sheet in the making: where there is room for it, and what it labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pid.drawing import Box, Point
from pid.synth.fonts import text_bounds
from pid.synth.place import ACROSS, ALL_LAYERS, ALONG, SOLID, TEXT, Occupancy, Piece, grown_box
from pid.synth.plant import Names
from pid.synth.style import Style

Owner = Piece | Point | None  # a point stands for the line that passes there


@dataclass(frozen=True)
class Written:
    """A placed text and what it labels."""

    text: str
    center: Point
    height: float
    angle: int
    box: Box
    owner: Owner


def boxes_meet(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes have paper in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


class Lettering:
    """What letters a sheet; whoever inherits it holds the fields. Lengths in u are multiples of the style's unit."""

    rng: np.random.Generator
    style: Style
    names: Names
    paper: Occupancy
    area: Box  # where the plant may be drawn
    written: list[Written]

    @property
    def u(self) -> float:
        """Paper length of a catalogue millimetre."""
        return self.style.unit

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return bool(self.rng.random() < share)

    def fits(self, box: Box, *, grow: float = 1.0, layers: Sequence[int] = ALL_LAYERS) -> bool:
        """Whether the box, grown by `grow` u, is free and inside the area."""
        b = grown_box(box, grow * self.u)
        a = self.area
        return a[0] <= b[0] and a[1] <= b[1] and b[2] <= a[2] and b[3] <= a[3] and self.paper.free(b, layers)

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
        """Put planned lettering on paper, and what it says of a part among the part's attributes."""
        for t in texts:
            if isinstance(owner, Piece):
                owner.attributes.update(self.names.meaning.get(t.text, {}))
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
