"""Layouts of title blocks: seven, as they come from standards, CAE tools, contractors and vendors.

A layout is a list of slots in millimetres at scale 1, relative to the block's top left corner; the block is scaled to
the sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SlotKind = Literal[
    "field", "pair", "beside", "headed", "parts", "logo", "revisions", "signatures", "copyright", "blank", "city"
]
"""A field has its label above the value in one cell, a pair has it in a cell on the left; "beside" in the same cell and
row; "headed" in a cell above; "parts" above the parts of a number, each headed, too."""
Place = Literal["corner", "bottom", "right", "top"]
SIZES = {"A0": 1189, "A1": 841, "A2": 594, "A3": 420, "A4": 297}


@dataclass(frozen=True)
class Slot:
    """A ruled box of the block: what it holds, where, and the cap height wished for."""

    kind: SlotKind
    x: float
    y: float
    w: float
    h: float
    name: str = ""
    text_mm: float = 2.5
    ruled: bool = True


@dataclass(frozen=True)
class Layout:
    """Size at scale 1; a "bottom" or "top" block is stretched to the sheet's width, a "right" one to its height."""

    name: str
    place: Place
    width: float
    height: float
    slots: Callable[[float, float], list[Slot]]


def _iso(width: float, height: float) -> list[Slot]:
    top = height - 56
    return [
        Slot("revisions", 0, 0, width, top),
        Slot("logo", 0, top, 42, 20),
        Slot("field", 42, top, 78, 10, "client", 3),
        Slot("field", 42, top + 10, 78, 10, "project"),
        Slot("field", 120, top, 60, 10, "document_type", 2.2),
        Slot("field", 120, top + 10, 30, 10, "status", 2.2),
        Slot("field", 150, top + 10, 30, 10, "plant", 2.2),
        Slot("signatures", 0, top + 20, 80, 24),
        Slot("field", 80, top + 20, 100, 24, "title", 3.5),
        Slot("field", 0, top + 44, 30, 12, "scale"),
        Slot("field", 30, top + 44, 20, 12, "size"),
        Slot("field", 50, top + 44, 30, 12, "project_number", 2.2),
        Slot("field", 80, top + 44, 66, 12, "drawing_number", 4),
        Slot("field", 146, top + 44, 17, 12, "sheet"),
        Slot("field", 163, top + 44, 17, 12, "revision", 3.5),
    ]


def _strip(width: float, height: float) -> list[Slot]:
    x = width - 300
    return [
        Slot("revisions", x - 130, 0, 130, height),
        Slot("logo", x, 0, 70, height * 0.42),
        Slot("field", x, height * 0.42, 70, height * 0.36, "company", 3),
        Slot("field", x, height * 0.78, 70, height * 0.22, "project_number", 2.5),
        Slot("field", x + 70, 0, 60, height * 0.5, "client", 4),
        Slot("city", x + 70, height * 0.5, 60, height * 0.2),
        Slot("field", x + 70, height * 0.7, 30, height * 0.3, "plant"),
        Slot("field", x + 100, height * 0.7, 30, height * 0.3, "status"),
        Slot("field", x + 130, 0, 170, height * 0.3, "project", 3.5),
        Slot("field", x + 130, height * 0.3, 130, height * 0.4, "title", 3.5),
        Slot("field", x + 260, height * 0.3, 40, height * 0.2, "scale"),
        Slot("field", x + 260, height * 0.5, 40, height * 0.2, "size"),
        Slot("field", x + 130, height * 0.7, 110, height * 0.3, "drawing_number", 4),
        Slot("field", x + 240, height * 0.7, 30, height * 0.3, "sheet"),
        Slot("field", x + 270, height * 0.7, 30, height * 0.3, "revision", 4),
    ]


def _column(width: float, height: float) -> list[Slot]:
    y = height - 210
    return [
        Slot("revisions", 0, y, width, 60),
        Slot("logo", 0, y + 60, width, 22),
        Slot("field", 0, y + 82, width, 14, "client", 3.5),
        Slot("field", 0, y + 96, width, 14, "project", 3),
        Slot("signatures", 0, y + 110, width, 30),
        Slot("field", 0, y + 140, width, 30, "title", 4),
        Slot("field", 0, y + 170, width / 2, 12, "scale"),
        Slot("field", width / 2, y + 170, width / 2, 12, "project_number"),
        Slot("field", 0, y + 182, width, 16, "drawing_number", 5),
        Slot("field", 0, y + 198, width / 2, 12, "sheet", 3),
        Slot("field", width / 2, y + 198, width / 2, 12, "revision", 4),
    ]


def _cae(width: float, height: float) -> list[Slot]:
    x = width - 200
    return [
        Slot("logo", 0, 0, x, 26),
        Slot("field", 0, 26, x, 14, "company", 3),
        Slot("city", 0, 40, x, 14),
        Slot("revisions", 0, 54, x, 56),
        Slot("field", x, 0, 60, 12, "status"),
        Slot("field", x + 60, 0, 140, 12, "plant", 4),
        Slot("field", x, 12, 60, 12, "scale", 3),
        Slot("field", x + 60, 12, 140, 40, "title", 4.5),
        Slot("field", x, 24, 60, 14, "drawn_by"),
        Slot("field", x, 38, 60, 14, "checked_by"),
        Slot("logo", x, 52, 60, 32),
        Slot("field", x + 60, 52, 110, 26, "drawing_number", 5),
        Slot("field", x + 170, 52, 30, 13, "size", 2.2),
        Slot("field", x + 170, 65, 30, 13, "revision", 2.5),
        Slot("field", x + 60, 78, 70, 16, "file_name", 2.2),
        Slot("field", x + 130, 78, 70, 16, "document_type", 2.2),
        Slot("copyright", x, 84, 60, 10),
        Slot("field", x, 94, 100, 16, "project"),
        Slot("field", x + 100, 94, 70, 16, "client"),
        Slot("field", x + 170, 94, 30, 16, "sheet"),
    ]


def _open(width: float, height: float) -> list[Slot]:
    return [
        Slot("revisions", 0, 0, width, 50),
        Slot("blank", 0, 50, width, 40),
        Slot("city", 0, 90, width, 10),
        Slot("field", 0, 100, width, 22, "title", 4.5),
        Slot("signatures", 0, 122, width * 0.45, 30),
        Slot("field", width * 0.45, 122, width * 0.55, 14, "project_number", 3),
        Slot("field", width * 0.45, 136, width * 0.42, 16, "drawing_number", 4),
        Slot("field", width * 0.87, 136, width * 0.13, 16, "revision", 3),
    ]


def _compact(width: float, height: float) -> list[Slot]:
    return [
        Slot("field", 0, 0, 66, 16, "company", 3.5),
        Slot("field", 66, 0, 64, 8, "plant", 2.2),
        Slot("field", 66, 8, 64, 8, "project", 2.2),
        Slot("signatures", 0, 16, 66, 28),
        Slot("field", 66, 16, 64, 14, "title", 3),
        Slot("field", 66, 30, 44, 14, "drawing_number", 3),
        Slot("field", 110, 30, 20, 7, "revision", 2.2),
        Slot("field", 110, 37, 20, 7, "sheet", 2),
    ]


def _vendor(width: float, height: float) -> list[Slot]:
    half = width / 2
    return [
        Slot("field", 0, 0, half, 10, "project_number", 2.2),
        Slot("field", half, 0, half, 10, "status", 2.2),
        Slot("field", 0, 10, half, 12, "project", 2.2),
        Slot("field", half, 10, half, 12, "client", 2.5),
        Slot("logo", 0, 22, half, 20),
        Slot("city", half, 22, half, 20),
        Slot("revisions", 0, 42, width, 34),
        Slot("signatures", 0, 76, width, 20),
        Slot("copyright", 0, 96, half, 10),
        Slot("field", half, 96, half / 2, 10, "scale", 2),
        Slot("field", half * 1.5, 96, half / 2, 10, "size", 2),
        Slot("logo", 0, 106, 34, 26),
        Slot("field", 34, 106, width - 34, 14, "title", 3.2),
        Slot("field", 34, 120, width - 74, 12, "drawing_number", 3.5),
        Slot("field", width - 40, 120, 20, 12, "revision", 3),
        Slot("field", width - 20, 120, 20, 12, "sheet", 2.2),
    ]


LAYOUTS = (
    Layout("iso", "corner", 180, 86, _iso),
    Layout("strip", "bottom", 430, 48, _strip),
    Layout("column", "right", 84, 210, _column),
    Layout("cae", "corner", 330, 110, _cae),
    Layout("open", "corner", 170, 152, _open),
    Layout("compact", "corner", 130, 44, _compact),
    Layout("vendor", "corner", 110, 132, _vendor),
)


def sheet_size(width_mm: float, height_mm: float) -> str:
    """The nearest ISO size's name."""
    longest = max(width_mm, height_mm)
    return min(SIZES, key=lambda name: abs(SIZES[name] - longest))
