"""Nozzles of CAE sheets: a short stub between the wall of equipment and a tick, named "N1" beside it.

The tick alone looks like a flange in a pipe, and the detector may say so; the lettering and the wall tell. Terms of
art: the *tick* is the bar at the stub's outer end, the *wall* the equipment's outline where its inner end is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Point, Symbol, Word
from pid.geometry import Array, box_iou

NOZZLE_TAG = re.compile(r"N-?\d{1,3}[A-Z]?")
THINNEST_TICK = 1.8
"""A tick is at least this many times longer than thick."""
SHORTEST_STUB, LONGEST_STUB = 0.3, 7.0
"""In lengths of the tick, as are all distances below."""
TAG_ASIDE, TAG_ALONG = 3.0, 5.0
"""How far the tag's middle may be from the tick across and along the stub."""
SOLID = 0.85
"""Of a stub's middle line, ink."""
BESIDE, BEYOND = (0.3, 0.5), (0.75, 0.95)
"""Where ink across the stub is looked for: beside the stub, and further out than any tick reaches."""
SLANT = 0.9
"""How much further in a slanted or round wall may be on one side than on the other."""
INK_SHARE = 0.7
"""Of the paper's grey level; darker pixels are ink."""


@dataclass(frozen=True, eq=False)
class _Strip:
    """Ink (T, W) along a pipe from a tick on: row t is t pixels beyond the tick, the middle column the pipe's axis."""

    ink: NDArray[np.bool_]
    length: float  # of the tick, pixels

    def wall(self) -> int | None:
        """Rows from the tick to the wall, or None where the pipe goes on without one or is not drawn through."""
        middle = self.ink.shape[1] // 2
        beside, beyond = self._across(BESIDE), self._across(BEYOND)
        slant = max(2, round(SLANT * self.length))
        # Lettering may stand on one side of the stub; a wall is on both.
        for row in np.flatnonzero(beside.any(axis=1)):
            if row < SHORTEST_STUB * self.length or not beside[row : row + slant].any(axis=0).all():
                continue
            drawn = self.ink[:row, middle - 1 : middle + 2].any(axis=1).mean() >= SOLID
            return int(row) if drawn and beyond[max(0, row - slant) : row + 2 * slant].any() else None
        return None

    def _across(self, band: tuple[float, float]) -> NDArray[np.bool_]:
        """Whether there is ink in a band, (T, 2): on the one side of the pipe and on the other."""
        middle = self.ink.shape[1] // 2
        near, far = max(2, round(band[0] * self.length)), round(band[1] * self.length) + 1
        sides = (self.ink[:, middle - far : middle - near], self.ink[:, middle + near : middle + far])
        return np.stack([side.any(axis=1) for side in sides], axis=1)


def name_nozzle_stubs(symbols: Sequence[Symbol], words: Sequence[Word], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The symbols with nozzles in place of the ticks that stand before a wall and have a nozzle's tag beside them.

    Args:
        symbols, words: of the sheet, in its pixels.
        gray: the sheet, (H, W) uint8, paper bright.
    """
    tags = _loose_tags(symbols, words)
    ticks = [s for s in symbols if _is_tick(s)]
    if not len(tags) or not ticks:
        return tuple(symbols)
    known = [s.box for s in symbols if s.group == "nozzle"]
    changed: dict[str, Symbol | None] = {}
    for tick in ticks:
        nozzle = _nozzle_at(tick, tags, gray)
        if nozzle is not None:
            doubled = bool(known) and float(box_iou(nozzle.box, known).max()) > 0.3
            changed[tick.id] = None if doubled else nozzle
    kept = (changed.get(s.id, s) for s in symbols)
    return tuple(s for s in kept if s is not None)


def _loose_tags(symbols: Sequence[Symbol], words: Sequence[Word]) -> Array:
    """Middles (N, 2) of the nozzle tags that stand in no symbol: those in a box have a symbol of their own."""
    middles = [
        ((w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2)
        for w in words if NOZZLE_TAG.fullmatch(w.text.strip().upper())
    ]  # fmt: skip
    holders = [s.box for s in symbols if s.group in ("nozzle", "instrument", "connector")]
    free = [
        (x, y) for x, y in middles
        if not any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in holders)
    ]  # fmt: skip
    return np.array(free, float).reshape(-1, 2)


def _is_tick(symbol: Symbol) -> bool:
    """A thin bar that was taken for a fitting; what a block reference says is not doubted."""
    wide, high = symbol.box[2] - symbol.box[0], symbol.box[3] - symbol.box[1]
    thin = max(wide, high) >= THINNEST_TICK * min(wide, high)
    return symbol.group == "fitting" and thin and "block" not in symbol.found_by


def _nozzle_at(tick: Symbol, tags: Array, gray: NDArray[np.uint8]) -> Symbol | None:
    """The nozzle whose outer end `tick` is, or None."""
    x0, y0, x1, y1 = tick.box
    center = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    along = np.array([0.0, 1.0]) if x1 - x0 > y1 - y0 else np.array([1.0, 0.0])
    length, thickness = max(x1 - x0, y1 - y0), min(x1 - x0, y1 - y0)
    aside = np.abs((tags - center) @ along[::-1])
    ahead = (tags - center) @ along
    near = (aside < TAG_ASIDE * length) & (np.abs(ahead) < TAG_ALONG * length)
    if not near.any():
        return None
    found: list[tuple[int, Array]] = []
    for heading in (along, -along):
        start = center + heading * (thickness / 2 + 2)
        rows = _cut_strip(gray, start, heading, length).wall()
        if rows is not None:
            found.append((rows, start + heading * rows))
    if not found:
        return None
    _, wall = min(found, key=lambda f: f[0])  # stubs are short
    outer = center - np.sign((wall - center) @ along) * along * thickness / 2
    half = along[::-1] * length / 2
    corners = np.stack([outer - half, outer + half, wall - half, wall + half])
    low, high = corners.min(axis=0), corners.max(axis=0)
    box: Box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    ports: tuple[Point, ...] = ((float(outer[0]), float(outer[1])), (float(wall[0]), float(wall[1])))
    others = [[tick.kind, tick.attributes.get("kind_score", tick.score)]]
    return tick.model_copy(
        update={
            "kind": "nozzle", "group": "nozzle", "box": box, "ports": ports, "rotation": 0.0, "mirrored": False,
            "attributes": {**tick.attributes, "runners_up": others},
        }
    )  # fmt: skip


def _cut_strip(gray: NDArray[np.uint8], start: Array, heading: Array, length: float) -> _Strip:
    """Ink from `start` on along `heading`, a unit vector along x or y; paper beyond the sheet."""
    reach, half = round(LONGEST_STUB * length), round(length) + 2
    t, w = np.meshgrid(np.arange(reach), np.arange(-half, half + 1), indexing="ij")
    x = np.rint(start[0] + heading[0] * t + abs(heading[1]) * w).astype(int)
    y = np.rint(start[1] + heading[1] * t + abs(heading[0]) * w).astype(int)
    height, width = gray.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    values = np.where(inside, gray[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], 255)
    return _Strip(values < INK_SHARE * np.percentile(values, 90), length)
