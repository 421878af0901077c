"""Pieces of Proteus XML: attributes, placings, points, lettering; and the frame they are in.

Proteus files count in millimetres with y up, from the sheet's bottom left corner. The order of children follows the
schema 4.1: what every plant item may have comes before what only some have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from lxml import etree
from numpy.typing import ArrayLike, NDArray

from pid.drawing import Box, Drawing, Word
from pid.geometry import transform_points

Array = NDArray[np.float64]
Element: TypeAlias = Any  # an lxml element; lxml has no types of its own

DEFAULT_PX_PER_MM = 150.0 / 25.4
"""Of sheets whose scale nobody knows: 5000 px are then an A1 sheet's width, the usual one of a P&ID."""
OWN_SET = "CustomAttributes"
"""The attribute set that DEXPI leaves to the programs; ours are named ``Pid...``."""
FONT = "Calibri"
CONTEXT = "pid"
"""Context of the persistent ids, which are the drawing's element ids."""


@dataclass
class Frame:
    """Sheet pixels (y down) to millimetres (y up), and ids to ids that XML allows."""

    px_per_mm: float
    height_px: float
    ids: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, drawing: Drawing) -> Frame:
        """The frame of a drawing."""
        return cls(drawing.sheet.px_per_mm or DEFAULT_PX_PER_MM, float(drawing.sheet.height))

    def points(self, points: ArrayLike) -> Array:
        """Points (N, 2) in millimetres."""
        k = 1 / self.px_per_mm
        return transform_points(np.array([[k, 0, 0], [0, -k, self.height_px * k], [0, 0, 1]]), points)

    def id(self, name: str) -> str:
        """An XML id for an element's id: the same where XML allows it, and always the same for the same."""
        if name not in self.ids:
            safe = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII) or "_"
            safe = safe if re.match(r"[A-Za-z_]", safe) else f"_{safe}"
            number, unique = 2, safe
            while unique in self._taken:
                unique, number = f"{safe}_{number}", number + 1
            self._taken.add(unique)
            self.ids[name] = unique
        return self.ids[name]


def add(parent: Element, tag: str, attributes: Mapping[str, object] | None = None, /, **more: object) -> Element:
    """Add a child; attributes that are None are left out, numbers are written short."""
    child = etree.SubElement(parent, tag)
    for key, value in {**(attributes or {}), **more}.items():
        if value is not None:
            child.set(key, number(value) if isinstance(value, float) else clean(str(value)))
    return child


def number(value: float) -> str:
    """A number with what precision a sheet has, and not more: a millionth of a millimetre."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def clean(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "", text)


def add_attributes(item: Element, names: Mapping[str, str | None], *, own: Mapping[str, str | None]) -> None:
    """Add DEXPI's attributes and our own, as far as they have a value."""
    for name, values in (("DexpiAttributes", names), (OWN_SET, own)):
        given = {key: value for key, value in values.items() if value not in (None, "")}
        if given:
            group = add(item, "GenericAttributes", Set=name, Number=len(given))
            for key, value in given.items():
                add(group, "GenericAttribute", Name=key, Value=value, Format="string")


def add_persistent_id(item: Element, name: str) -> None:
    """Add the element id by which the item is found again in the drawing."""
    add(item, "PersistentID", Identifier=name, Context=CONTEXT)


def add_extent(item: Element, frame: Frame, box: Box) -> None:
    """Add the bounding box."""
    (x0, y1), (x1, y0) = frame.points([[box[0], box[1]], [box[2], box[3]]]).tolist()
    extent = add(item, "Extent")
    add(extent, "Min", X=x0, Y=y0)
    add(extent, "Max", X=x1, Y=y1)


def add_position(item: Element, at: Sequence[float], *, angle_deg: float = 0.0, is_flipped: bool = False) -> None:
    """Add a placing: `at` in mm, the local x axis at `angle_deg`; flipped turns the local y axis over."""
    position = add(item, "Position")
    turn = math.radians(angle_deg)
    add(position, "Location", X=float(at[0]), Y=float(at[1]), Z=0)
    add(position, "Axis", X=0, Y=0, Z=-1 if is_flipped else 1)
    add(position, "Reference", X=math.cos(turn), Y=math.sin(turn), Z=0)


def add_presentation(item: Element, *, width_mm: float = 0.25, line_type: str = "0") -> None:
    """Add pen width, line type (0 solid, 2 dashed) and colour (black)."""
    add(item, "Presentation", LineType=line_type, LineWeight=width_mm, R=0, G=0, B=0)


def add_coordinates(item: Element, points: Iterable[Sequence[float]]) -> None:
    """Add points in mm."""
    for x, y in points:
        add(item, "Coordinate", X=float(x), Y=float(y))


def add_label(item: Element, frame: Frame, word: Word) -> None:
    """Add a word as a label: its box and the text in the middle of it."""
    label = add(item, "Label", ID=frame.id(word.id), ComponentClass="Label")
    add_extent(label, frame, word.box)
    add_persistent_id(label, word.id)
    (x0, y1), (x1, y0) = frame.points([word.box[:2], word.box[2:]]).tolist()
    lies = abs(math.cos(math.radians(word.angle))) >= abs(math.sin(math.radians(word.angle)))
    text = add(
        label, "Text", String=word.text, Font=FONT, Justification="CenterCenter", TextAngle=word.angle,
        Width=abs(x1 - x0 if lies else y1 - y0), Height=abs(y1 - y0 if lies else x1 - x0),
    )  # fmt: skip
    add_presentation(text)
    add_extent(text, frame, word.box)
    add_position(text, ((x0 + x1) / 2, (y0 + y1) / 2))
    add_attributes(label, {}, own={"PidScore": f"{word.score:.6g}", "PidOwner": word.owner})
