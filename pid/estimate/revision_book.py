"""Changes between revisions as an XLSX workbook, and the picture of both in two colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Drawing
from pid.estimate.revisions import Comparison, DeltaRow
from pid.estimate.spreadsheet import add_table
from pid.geometry import Array

CHANGE_COLUMNS = (
    ("What", 20), ("Subject", 36), ("Old", 30), ("New", 30), ("Zone", 7), ("Old element", 16), ("New element", 16),
)  # fmt: skip
DELTA_COLUMNS = (
    ("Code", 9), ("Description", 34), ("Size", 12), ("Class", 12), ("Scope", 11), ("Old", 8), ("New", 8),
    ("Difference", 11), ("Cost", 12),
)  # fmt: skip
OLD_COLOR, NEW_COLOR, SAME_COLOR = (40, 40, 210), (160, 90, 0), (190, 190, 190)
"""BGR: the old revision alone is red, the new one alone blue, what both have grey."""
PICTURE_WIDTH, BESIDE_PX = 3000, 9


def write_changes(comparison: Comparison, delta: Sequence[DeltaRow], path: Path) -> None:
    """Two sheets: the differences, and the rows of the take-off whose quantity changed with what that costs."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True})
        money = book.add_format({"num_format": "#,##0.00"})
        page = add_table(book, "Changes", CHANGE_COLUMNS, head, len(comparison.changes))
        for n, change in enumerate(comparison.changes, 1):
            page.write_row(n, 0, list(change.as_json().values()))
        page = add_table(book, "Take-off", DELTA_COLUMNS, head, len(delta))
        for n, row in enumerate(delta, 1):
            *texts, cost = asdict(row).values()
            page.write_row(n, 0, texts)
            page.write_formula(n, 7, f"=G{n + 1}-F{n + 1}", None, row.new - row.old)
            page.write(n, 8, cost, money)


def draw_overlay(old: Drawing, new: Drawing, comparison: Comparison) -> NDArray[np.uint8]:
    """Both revisions in the new one's frame, (H, W, 3) BGR uint8: lines and symbol boxes, coloured by who has them."""
    scale = PICTURE_WIDTH / new.sheet.width
    size = (round(new.sheet.height * scale), PICTURE_WIDTH)
    before, after = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    of_old = {i for c in comparison.changes for i in c.old_id.split()}
    of_new = {i for c in comparison.changes for i in c.new_id.split()}
    for line in old.lines:
        _draw(before, comparison.alignment.map(np.array(line.points)) * scale, 1)
    for line in new.lines:
        _draw(after, np.array(line.points) * scale, 1)
    picture = _in_colors(before, after)
    for symbol in old.symbols:
        if symbol.id in of_old:
            _draw(picture, comparison.alignment.map(_corners(symbol.box)) * scale, OLD_COLOR)
    for symbol in new.symbols:
        _draw(picture, _corners(symbol.box) * scale, NEW_COLOR if symbol.id in of_new else SAME_COLOR)
    return picture


def _in_colors(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is drawn (H, W) before alone, after alone, and both times there or right beside, each in its colour."""
    picture = np.full((*before.shape, 3), 255, np.uint8)
    beside = np.ones((BESIDE_PX, BESIDE_PX), np.uint8)
    was, now = cv2.dilate(before, beside) > 0, cv2.dilate(after, beside) > 0
    picture[before > 0] = OLD_COLOR
    picture[after > 0] = NEW_COLOR
    picture[((before > 0) & now) | ((after > 0) & was)] = SAME_COLOR
    return picture


def _corners(box: Sequence[float]) -> Array:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], np.float64)


def _draw(picture: NDArray[np.uint8], points: Array, color: tuple[int, int, int] | int) -> None:
    cv2.polylines(picture, [np.rint(points).astype(np.int32).reshape(-1, 1, 2)], False, color, 3)
