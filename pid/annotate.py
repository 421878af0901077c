"""The annotated picture: what was recognised, drawn over the sheet."""

from __future__ import annotations

import colorsys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import GROUPS, Drawing, Symbol
from pid.errors import InputError
from pid.sheet import Sheet

FADED = 0.55
"""How much of the sheet's ink stays, so that the colours stand out."""
REFERENCE_WIDTH_PX = 5000.0
LARGEST_SIDE_PX = 7000
SIGNAL_BGR = (200, 120, 0)
PROCESS_BGR = (170, 60, 160)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def group_color(group: str) -> tuple[int, int, int]:
    """Blue, green, red (0..255) of a symbol group, evenly spread hues."""
    hue = (GROUPS.index(group) if group in GROUPS else 0) / len(GROUPS)
    r, g, b = colorsys.hsv_to_rgb(hue, 0.95, 0.8)
    return round(255 * b), round(255 * g), round(255 * r)


def draw_annotations(sheet: Sheet, drawing: Drawing) -> NDArray[np.uint8]:
    """The sheet with symbols, lines and tags drawn over it, as (H, W, 3) BGR uint8.

    Sheets beyond `LARGEST_SIDE_PX` are drawn smaller. Solid boxes score 0.8 or more, thin ones less.
    """
    scale = min(1.0, LARGEST_SIDE_PX / max(sheet.gray.shape))
    gray = cv2.resize(sheet.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else sheet.gray
    faded = 255 - ((255 - gray.astype(np.uint16)) * round(256 * FADED) >> 8)
    picture = cv2.cvtColor(faded.astype(np.uint8), cv2.COLOR_GRAY2BGR)
    unit = max(drawing.sheet.width * scale / REFERENCE_WIDTH_PX, 0.4)
    for line in drawing.lines:
        color = PROCESS_BGR if line.kind == "process" else SIGNAL_BGR
        points = np.round(np.array(line.points) * scale).astype(np.int32)
        cv2.polylines(picture, [points.reshape(-1, 1, 2)], False, color, max(round(3 * unit), 1), cv2.LINE_AA)
    for symbol in drawing.symbols:
        _draw_symbol(picture, symbol, scale, unit)
    _draw_legend(picture, drawing, unit)
    return np.asarray(picture, np.uint8)


def _draw_symbol(picture: NDArray[np.uint8], symbol: Symbol, scale: float, unit: float) -> None:
    x0, y0, x1, y1 = (round(v * scale) for v in symbol.box)
    color = group_color(symbol.group)
    thick = max(round((3 if symbol.score >= 0.8 else 1.5) * unit), 1)
    cv2.rectangle(picture, (x0, y0), (x1, y1), color, thick)
    label = symbol.kind.replace("_", " ") if symbol.kind != "unknown" else f"{symbol.group}?"
    text = f"{label} {symbol.tag or ''} {symbol.score:.2f}"
    cv2.putText(picture, text, (x0, y0 - round(4 * unit)), _FONT, 0.5 * unit, color, max(round(unit), 1), cv2.LINE_AA)


def _draw_legend(picture: NDArray[np.uint8], drawing: Drawing, unit: float) -> None:
    counts = {g: sum(s.group == g for s in drawing.symbols) for g in GROUPS}
    rows = [(g, n) for g, n in counts.items() if n]
    step, width = round(34 * unit), round(330 * unit)
    cv2.rectangle(picture, (0, 0), (width, step * (len(rows) + 1)), (255, 255, 255), -1)
    for i, (group, count) in enumerate(rows, 1):
        color = group_color(group)
        cv2.rectangle(picture, (step // 3, step * i - step // 2), (step, step * i), color, -1)
        text = f"{group.replace('_', ' ')}: {count}"
        cv2.putText(picture, text, (round(step * 1.3), step * i), _FONT, 0.8 * unit, (0, 0, 0), max(round(unit), 1))


def write_annotated(sheet: Sheet, drawing: Drawing, path: Path) -> None:
    """Write the annotated picture as PNG. Raises `InputError` where the file cannot be written."""
    done, data = cv2.imencode(".png", draw_annotations(sheet, drawing), [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise InputError(f"{path} could not be encoded as PNG.")
    path.write_bytes(data.tobytes())
