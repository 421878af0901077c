"""A contact sheet of taught symbols: each with its name, group, ports and lettering, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.structure.library import Example

TILE_PX, CAPTION_PX, BORDER_PX = 190, 46, 12
ACROSS = 8
LARGEST_FACTOR = 4.0
FONT = cv2.FONT_HERSHEY_SIMPLEX
PORT, BOX, TEXT = (30, 30, 220), (230, 170, 60), (60, 150, 40)
"""Colours as blue, green, red."""


def draw_examples(examples: Sequence[Example]) -> NDArray[np.uint8]:
    """The examples as one picture (H, W, 3), blue first: red marks are ports with the way a pipe leaves."""
    tiles = [_tile(e) for e in examples]
    across = min(ACROSS, max(len(tiles), 1))
    blank = np.full((TILE_PX + CAPTION_PX, TILE_PX, 3), 255, np.uint8)
    tiles += [blank] * (-len(tiles) % across)
    rows = [np.hstack(tiles[k : k + across]) for k in range(0, len(tiles), across)]
    return np.asarray(np.vstack(rows) if rows else blank, np.uint8)


def _tile(example: Example) -> NDArray[np.uint8]:
    tile = np.full((TILE_PX + CAPTION_PX, TILE_PX, 3), 255, np.uint8)
    room = TILE_PX - 2 * BORDER_PX
    height, width = example.picture.shape
    factor = min(room / max(height, width), LARGEST_FACTOR)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    picture = cv2.cvtColor(cv2.resize(example.picture, size, interpolation=method), cv2.COLOR_GRAY2BGR)
    left, upper = (TILE_PX - size[0]) // 2, CAPTION_PX + (TILE_PX - size[1]) // 2
    tile[upper : upper + size[1], left : left + size[0]] = picture

    def at(x: float, y: float) -> tuple[int, int]:
        return round(left + x * factor), round(upper + y * factor)

    x0, y0, x1, y1 = example.box
    cv2.rectangle(tile, at(x0, y0), at(x1, y1), BOX, 1)
    for x0, y0, x1, y1 in example.text_boxes:
        cv2.rectangle(tile, at(x0, y0), at(x1, y1), TEXT, 1)
    for x, y, deg in example.ports:
        px, py = at(x, y)
        end = (round(px + 12 * np.cos(np.radians(deg))), round(py - 12 * np.sin(np.radians(deg))))
        cv2.arrowedLine(tile, (px, py), end, PORT, 2, cv2.LINE_AA, tipLength=0.5)
        cv2.circle(tile, (px, py), 3, PORT, -1, cv2.LINE_AA)
    group = example.group + ("?" if "group" in example.guessed else "")
    _write(tile, example.name, 16, 0.45, (0, 0, 0))
    _write(tile, f"{group} {' '.join(example.lettering)}", 34, 0.38, (110, 110, 110))
    cv2.rectangle(tile, (0, 0), (TILE_PX - 1, TILE_PX + CAPTION_PX - 1), (225, 225, 225), 1)
    return tile


def _write(tile: NDArray[np.uint8], text: str, y: int, size: float, color: tuple[int, int, int]) -> None:
    """A line of text, shortened to fit; what the stroke font lacks becomes a question mark."""
    plain = text.encode("ascii", "replace").decode()
    while len(plain) > 4 and cv2.getTextSize(plain, FONT, size, 1)[0][0] > TILE_PX - 10:
        plain = plain[:-4] + "..."
    cv2.putText(tile, plain, (6, y), FONT, size, color, 1, cv2.LINE_AA)
