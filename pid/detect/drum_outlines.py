"""Drums by their outline: two parallel walls, equally long, closed by a dished head at either end.

Equipment is the rarest and largest thing on a sheet, and what stands in it (internals, nozzle tags, bubbles, notes)
makes each look its own. How its shell is drawn does not change, and nozzles stand along it, which frames and tables
have none of. Lengths are pixels at a sheet width of `REFERENCE_PX`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol
from pid.geometry import Array, as_boxes, box_iou
from pid.place_ports import place_ports

Mask = NDArray[np.uint8]

REFERENCE_PX = 2500.0
LEAST_WALL = 90.0
THICKEST_WALL = 8.0
GAP = 7
"""Breaks in a wall that are closed."""
BREADTH = (70.0, 700.0)
LEAST_SLENDER = 0.6
"""A wall is at least so many breadths long."""
LEVEL_PX, UNEVEN = 6.0, 0.3
"""Walls begin at one level, and end at one but for breaks in a skirt, in breadths."""
FEWEST_NOZZLES, NOZZLE_REACH = 2, 20.0
"""Nozzles in a drum or this near to it."""
SKIRT, LEVEL_STEP_PX = 0.7, 2.0
"""A head begins no further before its walls' ends than this many breadths."""
HEADS = tuple(np.arange(0.14, 0.52, 0.02).tolist())
"""Heights of heads tried, in breadths: from shallow dished to half round."""
HEAD_DRAWN, HEAD_OFF_PX = 0.95, 2
"""Of a head's half ellipse, share with ink, so near to it."""
ASIDE_PX, ASIDE_DRAWN = 6.0, 0.3
"""So far inside and outside of it there is less ink than this share: it is a stroke, not lettering or a table."""
_ANGLES = np.linspace(0.1, np.pi - 0.1, 90)  # without the very ends, which are the walls'
_COS, _SIN = np.cos(_ANGLES), np.sin(_ANGLES)
DRUM_SCORE = 0.75
HOSTS = ("vessel", "separator", "heat_exchanger", "compressor", "pump")
SAME_IOU = 0.3
"""Equipment that overlaps a drum so much is the drum."""
INK_SHARE = 0.75
"""Of the paper's grey level; darker pixels are ink."""


@dataclass(frozen=True)
class _Wall:
    """A straight upright stroke: its column and its first and last row."""

    x: float
    top: float
    bottom: float


def add_drums(symbols: Sequence[Symbol], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The symbols of a sheet (H, W), paper bright, and the drums among its ink that are none of them yet."""
    factor = min(REFERENCE_PX / gray.shape[1], 1.0)
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    ink = np.asarray(small < INK_SHARE * float(np.percentile(small[::5, ::5], 90)), np.uint8)
    nozzles = as_boxes([s.box for s in symbols if s.group == "nozzle"]) * factor
    places = (nozzles[:, :2] + nozzles[:, 2:]) / 2
    upright = [(box, "vertical_drum") for box in _find_drums(ink, places)]
    lying = _find_drums(np.ascontiguousarray(ink.T), places[:, ::-1])
    level = [(box[[1, 0, 3, 2]], "horizontal_drum") for box in lying]
    known = [s.box for s in symbols if s.group in HOSTS]
    out = list(symbols)
    for box, kind in sorted((*upright, *level), key=lambda found: -float(np.prod(found[0][2:] - found[0][:2]))):
        x0, y0, x1, y1 = (float(v) for v in box / factor)
        if not known or box_iou([(x0, y0, x1, y1)], as_boxes(known)).max() < SAME_IOU:
            known.append((x0, y0, x1, y1))
            out.append(_drum(f"drum{len(known)}", kind, known[-1]))
    return tuple(out)


def _drum(name: str, kind: str, box: tuple[float, float, float, float]) -> Symbol:
    return Symbol(
        id=name,
        kind=kind,
        group="vessel",
        box=box,
        score=DRUM_SCORE,
        found_by=("structure",),
        ports=place_ports(None, box, rotation=0.0, mirrored=False),
    )


def _find_drums(ink: Mask, nozzles: Array) -> Iterator[Array]:
    """Boxes of the upright drums in ink (H, W) with nozzles (N, 2)."""
    if len(nozzles) < FEWEST_NOZZLES:
        return
    near = cv2.dilate(ink, np.ones((2 * HEAD_OFF_PX + 1, 2 * HEAD_OFF_PX + 1), np.uint8))
    walls = _find_walls(ink)
    for i, left in enumerate(walls):
        for right in walls[i + 1 :]:
            breadth = right.x - left.x
            top, bottom = max(left.top, right.top), min(left.bottom, right.bottom)
            if not BREADTH[0] <= breadth <= BREADTH[1] or bottom - top < LEAST_SLENDER * breadth:
                continue
            if abs(left.top - right.top) > LEVEL_PX or abs(left.bottom - right.bottom) > LEVEL_PX + UNEVEN * breadth:
                continue
            along = (nozzles[:, 1] >= top - breadth) & (nozzles[:, 1] <= bottom + breadth)
            across = (nozzles[:, 0] >= left.x - NOZZLE_REACH) & (nozzles[:, 0] <= right.x + NOZZLE_REACH)
            if np.count_nonzero(along & across) < FEWEST_NOZZLES:
                continue
            ends = (min(left.top, right.top), max(left.bottom, right.bottom))
            over = _find_head(ink, near, left.x, right.x, top, -1)
            under = _find_head(ink, near, left.x, right.x, bottom, 1) if over is not None else None
            if over is not None and under is not None:
                yield np.array([left.x, min(over, ends[0]), right.x, max(under, ends[1])])


def _find_walls(ink: Mask) -> list[_Wall]:
    """Upright strokes of a wall's length, from left to right."""
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((GAP, 1), np.uint8))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((int(LEAST_WALL), 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    thin = stats[1:][stats[1:, cv2.CC_STAT_WIDTH] <= THICKEST_WALL]
    walls = [_Wall(x + (w - 1) / 2, float(y), float(y + h - 1)) for x, y, w, h, _ in thin.tolist()]
    return sorted(walls, key=lambda wall: wall.x)


def _find_head(ink: Mask, near: Mask, left: float, right: float, end: float, way: int) -> float | None:
    """The apex of the head that joins two walls near their end, upward (`way` -1) or downward (1).

    Walls run on into the head's steep sides, and below a vessel into its skirt, so that the head may begin before them.
    """
    breadth = right - left
    for back in np.arange(0.0, SKIRT * breadth, LEVEL_STEP_PX):
        level = end - way * back
        for share in HEADS:
            height = share * breadth
            if (
                _drawn(near, left, right, level, way * height) >= HEAD_DRAWN
                and _drawn(ink, left, right, level, way * (height + ASIDE_PX)) <= ASIDE_DRAWN
                and _drawn(ink, left, right, level - way * ASIDE_PX, way * (height - ASIDE_PX)) <= ASIDE_DRAWN
            ):
                return float(level + way * height)
    return None


def _drawn(ink: Mask, left: float, right: float, level: float, height: float) -> float:
    """Share of ink on the half ellipse over two walls; 1 where it leaves the picture."""
    columns, rows = (left + right) / 2 + (right - left) / 2 * _COS, level + height * _SIN
    x, y = np.round(columns).astype(int), np.round(rows).astype(int)
    if y.min() < 0 or y.max() >= ink.shape[0] or x.min() < 0 or x.max() >= ink.shape[1]:
        return 1.0
    return float(ink[y, x].mean())
