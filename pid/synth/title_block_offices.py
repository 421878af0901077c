"""Further layouts of title blocks, drawn by name only: labels in cells of their own, beside their values or above them,
numbers in parts, blocks without rules, strips on top of the sheet.

The layouts of `HELD_OUT` judge `pid.document.title_block`; nothing there may be tuned by looking at them.
"""

from __future__ import annotations

from pid.synth.title_block_layouts import Layout, Slot


def _pairs(width: float, height: float) -> list[Slot]:
    left, row = width * 0.5, 9.0
    return [
        Slot("field", 0, 0, left, 18, "company", 3.5),
        Slot("pair", left, 0, width - left, row, "plant", 2.5),
        Slot("pair", left, row, width - left, row, "project", 2.5),
        Slot("signatures", 0, 18, left, 36),
        Slot("field", left, 18, width - left, 18, "title", 3.5),
        Slot("pair", left, 36, width - left, row, "project_number", 2.5),
        Slot("pair", left, 45, width * 0.36, row, "drawing_number", 3.0),
        Slot("pair", left + width * 0.36, 45, width * 0.14, row, "revision", 2.5),
    ]


def _parts(width: float, height: float) -> list[Slot]:
    return [
        Slot("logo", 0, 0, 60, 26),
        Slot("beside", 0, 26, 60, 10, "project_number", 2.5),
        Slot("field", 60, 0, 110, 22, "title", 3.5),
        Slot("parts", 60, 22, 92, 14, "drawing_number", 3.2),
        Slot("field", 152, 22, 18, 7, "scale", 2.2),
        Slot("field", 152, 29, 18, 7, "revision", 2.2),
    ]


def _beside(width: float, height: float) -> list[Slot]:
    row = 8.0
    names = ("client", "project", "plant", "status", "document_type")
    rows = [Slot("beside", 0, i * row, width, row, name, 2.5) for i, name in enumerate(names)]
    y = len(names) * row
    return [
        *rows,
        Slot("field", 0, y, width, 20, "title", 3.5),
        Slot("beside", 0, y + 20, width, 10, "drawing_number", 3.0),
        Slot("beside", 0, y + 30, width / 3, row, "scale", 2.2),
        Slot("beside", width / 3, y + 30, width / 3, row, "size", 2.2),
        Slot("beside", 2 * width / 3, y + 30, width / 3, row, "revision", 2.2),
        Slot("revisions", 0, y + 38, width, 26),
    ]


def _headed(width: float, height: float) -> list[Slot]:
    third = width / 3
    return [
        Slot("revisions", 0, 0, width, 32),
        Slot("headed", 0, 32, third, 14, "project_number", 2.5),
        Slot("headed", third, 32, third, 14, "plant", 2.5),
        Slot("headed", 2 * third, 32, third, 14, "client", 2.5),
        Slot("field", 0, 46, width, 18, "title", 3.5),
        Slot("headed", 0, 64, width * 0.5, 14, "drawing_number", 3.2),
        Slot("headed", width * 0.5, 64, width * 0.17, 14, "sheet", 2.2),
        Slot("headed", width * 0.67, 64, width * 0.17, 14, "scale", 2.2),
        Slot("headed", width * 0.84, 64, width * 0.16, 14, "revision", 2.5),
    ]


def _crown(width: float, height: float) -> list[Slot]:
    x = width - 320
    return [
        Slot("field", x, 0, 90, height / 2, "company", 3),
        Slot("field", x, height / 2, 90, height / 2, "project", 2.5),
        Slot("field", x + 90, 0, 120, height * 0.6, "title", 3.2),
        Slot("pair", x + 90, height * 0.6, 120, height * 0.4, "project_number", 2.5),
        Slot("headed", x + 210, 0, 70, height * 0.6, "drawing_number", 3.0),
        Slot("beside", x + 210, height * 0.6, 70, height * 0.4, "sheet", 2.5),
        Slot("headed", x + 280, 0, 40, height * 0.6, "revision", 3.0),
        Slot("beside", x + 280, height * 0.6, 40, height * 0.4, "scale", 2.2),
    ]


def _plain(width: float, height: float) -> list[Slot]:
    return [
        Slot("field", 0, 0, width, 16, "title", 3.5, ruled=False),
        Slot("beside", 0, 17, width, 7, "project", 2.5, ruled=False),
        Slot("beside", 0, 24, width, 7, "client", 2.5, ruled=False),
        Slot("beside", 0, 31, width * 0.5, 7, "drawn_by", 2.2, ruled=False),
        Slot("beside", width * 0.5, 31, width * 0.5, 7, "checked_by", 2.2, ruled=False),
        Slot("beside", 0, 38, width * 0.62, 9, "drawing_number", 3.0, ruled=False),
        Slot("beside", width * 0.62, 38, width * 0.38, 9, "revision", 3.0, ruled=False),
    ]


def _coded(width: float, height: float) -> list[Slot]:
    x = width - 350
    return [
        Slot("revisions", x, 0, 120, height),
        Slot("signatures", x + 120, 0, 70, height * 0.6),
        Slot("copyright", x + 120, height * 0.6, 70, height * 0.4),
        Slot("logo", x + 190, 0, 50, height * 0.6),
        Slot("pair", x + 190, height * 0.6, 50, height * 0.2, "status", 2.2),
        Slot("pair", x + 190, height * 0.8, 50, height * 0.2, "size", 2.2),
        Slot("field", x + 240, 0, 110, height * 0.45, "title", 3.5),
        Slot("headed", x + 240, height * 0.45, 55, height * 0.25, "plant", 2.2),
        Slot("headed", x + 295, height * 0.45, 55, height * 0.25, "project_number", 2.2),
        Slot("parts", x + 240, height * 0.7, 82, height * 0.3, "drawing_number", 3.0),
        Slot("field", x + 322, height * 0.7, 28, height * 0.3, "revision", 3.0),
    ]


def _ledger(width: float, height: float) -> list[Slot]:
    row = 7.5
    names = ("client", "project", "project_number", "plant", "document_type", "status", "scale", "size")
    pairs = [Slot("pair", 0, i * row, width, row, name, 2.4) for i, name in enumerate(names)]
    y = len(names) * row
    return [
        *pairs,
        Slot("pair", 0, y, width, 18, "title", 3.0),
        Slot("pair", 0, y + 18, width, row, "drawn_by", 2.4),
        Slot("pair", 0, y + 25.5, width, row, "checked_by", 2.4),
        Slot("pair", 0, y + 33, width, 10, "drawing_number", 3.2),
        Slot("pair", 0, y + 43, width / 2, row, "revision", 2.5),
        Slot("pair", width / 2, y + 43, width / 2, row, "sheet", 2.5),
    ]


def _banner(width: float, height: float) -> list[Slot]:
    x, h = width - 380, height
    return [
        Slot("signatures", x, 0, 80, h),
        Slot("field", x + 80, 0, 130, h * 0.6, "title", 3.5),
        Slot("beside", x + 80, h * 0.6, 130, h * 0.2, "project", 2.5),
        Slot("beside", x + 80, h * 0.8, 130, h * 0.2, "client", 2.5),
        Slot("headed", x + 210, 0, 60, h * 0.5, "project_number", 2.5),
        Slot("headed", x + 210, h * 0.5, 60, h * 0.5, "plant", 2.5),
        Slot("parts", x + 270, 0, 110, h * 0.5, "drawing_number", 3.2),
        Slot("headed", x + 270, h * 0.5, 30, h * 0.5, "scale", 2.5),
        Slot("headed", x + 300, h * 0.5, 30, h * 0.5, "size", 2.5),
        Slot("headed", x + 330, h * 0.5, 25, h * 0.5, "sheet", 2.2),
        Slot("headed", x + 355, h * 0.5, 25, h * 0.5, "revision", 3.0),
    ]


def _stack(width: float, height: float) -> list[Slot]:
    y = height - 190
    return [
        Slot("field", 0, y, width, 14, "company", 3.5),
        Slot("beside", 0, y + 14, width, 9, "client", 2.5),
        Slot("pair", 0, y + 23, width, 9, "project", 2.5),
        Slot("pair", 0, y + 32, width, 9, "project_number", 2.5),
        Slot("field", 0, y + 41, width, 26, "title", 3.5),
        Slot("revisions", 0, y + 67, width, 50),
        Slot("signatures", 0, y + 117, width, 32),
        Slot("beside", 0, y + 149, width * 0.5, 9, "scale", 2.5),
        Slot("beside", width * 0.5, y + 149, width * 0.5, 9, "status", 2.5),
        Slot("headed", 0, y + 158, width, 18, "drawing_number", 4.0),
        Slot("field", 0, y + 176, width * 0.6, 14, "sheet", 3.0),
        Slot("field", width * 0.6, y + 176, width * 0.4, 14, "revision", 3.5),
    ]


def _quarters(width: float, height: float) -> list[Slot]:
    half, row = width / 2, 10.0
    return [
        Slot("logo", 0, 0, half, 24),
        Slot("field", half, 0, half, 24, "title", 3.2),
        Slot("pair", 0, 24, half, row, "client", 2.4),
        Slot("pair", 0, 34, half, row, "plant", 2.4),
        Slot("pair", 0, 44, half, row, "drawn_by", 2.2),
        Slot("headed", half, 24, half * 0.5, 15, "document_type", 2.0),
        Slot("headed", half * 1.5, 24, half * 0.5, 15, "project_number", 2.4),
        Slot("beside", half, 39, half * 0.7, 15, "drawing_number", 3.2),
        Slot("beside", half * 1.7, 39, half * 0.3, 15, "revision", 3.0),
    ]


def _bare(width: float, height: float) -> list[Slot]:
    half = width / 2
    return [
        Slot("field", 0, 0, half, 12, "client", 2.8, ruled=False),
        Slot("field", half, 0, half, 12, "project", 2.8, ruled=False),
        Slot("field", 0, 14, width, 18, "title", 3.5, ruled=False),
        Slot("field", 0, 34, half, 12, "drawing_number", 3.2, ruled=False),
        Slot("field", half, 34, half * 0.5, 12, "scale", 2.6, ruled=False),
        Slot("field", half * 1.5, 34, half * 0.5, 12, "revision", 3.0, ruled=False),
    ]


FURTHER = (
    Layout("pairs", "corner", 190, 54, _pairs),
    Layout("parts", "corner", 170, 36, _parts),
    Layout("beside", "corner", 120, 104, _beside),
    Layout("headed", "corner", 150, 78, _headed),
    Layout("crown", "top", 330, 34, _crown),
    Layout("plain", "corner", 130, 48, _plain),
    Layout("coded", "bottom", 350, 46, _coded),
    Layout("ledger", "corner", 110, 112, _ledger),
)
"""To tune with."""
HELD_OUT = (
    Layout("banner", "bottom", 380, 44, _banner),
    Layout("stack", "right", 86, 190, _stack),
    Layout("quarters", "corner", 200, 54, _quarters),
    Layout("bare", "corner", 150, 48, _bare),
)
"""To judge with."""
