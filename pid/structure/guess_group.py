"""Guess what a taught symbol is from the catalogue symbol that it looks most like: its group, and its ports.

Strokes are compared in a unit frame, both boxes stretched to one square, in the eight quarter turns and mirror images;
lettering is left out of the pictures and narrows the choice of groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog, load_catalog
from pid.drawing import Group
from pid.geometry import Array
from pid.skeleton import thin
from pid.structure.letter_pieces import INK_GREY
from pid.structure.library import Port
from pid.structure.trace_primitives import pen_width
from pid.symbol_svg import Variant

SIDE_PX, EDGE_PX, NEAR_PX = 40, 3, 2
"""The unit frame's side, its margin, and the distance at which strokes lie on each other."""
THICKEST = 0.16
"""A pen over the symbol's longer side at most: what looks thicker is a filled symbol."""
PEN_PX, SOLID_PENS = 2, 2.0
"""The unit frame's pen; ink broader than so many pens of the example is a filled area."""
SQUEEZE = 0.2
"""What a difference in proportions costs: the logarithm of their ratio times this."""
MOST_ALIKE = 60
"""So many of the most alike are compared by their ports."""
SURE_SCORE, BAR_SHARE = 0.85, 0.2
"""Alike enough to take the catalogue symbol's ports, and a side so short against the other that it is a bar."""
LETTERED: tuple[Group, ...] = ("instrument", "connector")
"""Groups whose symbols hold several characters."""
FEWEST_CHARACTERS = 2
ROW_COST = 0.95
"""For each row of lettering that one of the two has more than the other, two at most; empty bubbles cost nothing."""
PORT_COST = 0.97
"""For each process port of the catalogue's symbol at which the example has none, three at most, if it has any."""
SAME_PORT = 0.2
"""Ports are the same that are so near in the unit frame."""
UNCOUNTED: Group = "other"


@dataclass(frozen=True)
class Guess:
    """The catalogue symbol that an example looks most like."""

    group: Group
    kind: str
    score: float
    """0..1, how much of the strokes of each lies on the other's."""
    ports: tuple[Port, ...]
    """The catalogue symbol's ports in pixels of the example; empty where it is not alike enough."""


@dataclass(frozen=True, eq=False)
class _Gallery:
    """Every catalogue variant in every pose, in the unit frame."""

    ink: NDArray[np.float32]  # (N, S*S) 0 or 1
    near: NDArray[np.float32]  # (N, S*S) the same, thickened
    aspect: Array  # (N,) width over height
    groups: tuple[Group, ...]
    kinds: tuple[str, ...]
    rows: NDArray[np.int64]  # (N,) rows of lettering inside
    ports: tuple[Array, ...]  # each (P, 5): x, y in the unit frame, direction as a vector y down, 1 for process


def guess_group(
    picture: NDArray[np.uint8],
    box: Sequence[float],
    *,
    lettering: Sequence[str] = (),
    text_boxes: Sequence[Sequence[float]] = (),
    ports: Sequence[Port] = (),
    catalog: Catalog | None = None,
) -> Guess:
    """The catalogue's nearest symbol to a cleaned example.

    `box`, `text_boxes` and `ports` (those that were found on it) are pixels of the picture (H, W).
    """
    clear = picture.copy()
    for x0, y0, x1, y1 in text_boxes:
        clear[max(round(y0), 0) : round(y1), max(round(x0), 0) : round(x1)] = 255
    x0, y0, x1, y1 = (round(v) for v in box)
    if (clear[y0:y1, x0:x1] >= INK_GREY).all():  # all of it was read as lettering: a zigzag as W, a bar as I
        clear = picture
    ink = _unit(np.asarray(clear[y0:y1, x0:x1] < INK_GREY, np.uint8))
    near = _thicken(ink)
    gallery = _gallery(catalog) if catalog is not None else _shipped_gallery()
    flat, flat_near = ink.reshape(-1).astype(np.float32), near.reshape(-1).astype(np.float32)
    there = gallery.near @ flat / max(float(flat.sum()), 1.0)
    back = gallery.ink @ flat_near / np.maximum(gallery.ink.sum(axis=1), 1.0)
    score = np.asarray(there * back, np.float64)
    score = score * np.exp(-SQUEEZE * np.abs(np.log(gallery.aspect * (y1 - y0) / max(x1 - x0, 1))))
    score[[not _may_be(group, lettering) for group in gallery.groups]] = 0.0
    if lettering:
        score = score * ROW_COST ** np.minimum(np.abs(gallery.rows - len(lettering)), 2)
    spots = np.array([((x - x0) / max(x1 - x0, 1), (y - y0) / max(y1 - y0, 1)) for x, y, _ in ports])
    if len(spots):
        near_best = np.argsort(-score)[:MOST_ALIKE]
        score[near_best] *= [PORT_COST ** min(_idle_ports(gallery.ports[k], spots), 3) for k in near_best]
        score[np.setdiff1d(np.arange(len(score)), near_best)] = 0.0
    best = int(score.argmax())
    likely: tuple[Port, ...] = ()
    if min(x1 - x0, y1 - y0) <= BAR_SHARE * max(x1 - x0, y1 - y0):
        likely = _ports_of_bar((x0, y0, x1, y1))
    elif score[best] >= SURE_SCORE:
        likely = tuple(
            (x0 + float(u) * (x1 - x0), y0 + float(v) * (y1 - y0), float(np.degrees(np.arctan2(-dy, dx)) % 360))
            for u, v, dx, dy, _ in gallery.ports[best]
        )
    return Guess(gallery.groups[best], gallery.kinds[best], float(score[best]), likely)


def _ports_of_bar(box: tuple[int, int, int, int]) -> tuple[Port, ...]:
    """A bar stands across its pipe."""
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if y1 - y0 > x1 - x0:
        return (x0, y, 180.0), (x1, y, 0.0)
    return (x, y0, 90.0), (x, y1, 270.0)


def _idle_ports(ports: Array, spots: Array) -> int:
    """How many of a variant's process ports, of (P, 5), have none of the example's, `spots` (Q, 2), near."""
    ports = ports[ports[:, 4] > 0]
    apart = np.hypot(*(ports[:, None, :2] - spots[None]).transpose(2, 0, 1))
    return int((apart.min(axis=1) > SAME_PORT).sum()) if len(ports) else 0


def _may_be(group: Group, lettering: Sequence[str]) -> bool:
    if group == UNCOUNTED:
        return False
    return group in LETTERED or sum(len(row) for row in lettering) < FEWEST_CHARACTERS


@cache
def _shipped_gallery() -> _Gallery:
    return _gallery(load_catalog())


def _gallery(catalog: Catalog) -> _Gallery:
    ink, near, aspect, ports, rows = [], [], [], [], []
    groups: list[Group] = []
    kinds: list[str] = []
    for kind in catalog.values():
        for variant in kind.variants:
            for matrix in _poses():
                picture, spots, ratio = _draw(variant, matrix)
                ink.append(picture.reshape(-1))
                near.append(_thicken(picture).reshape(-1))
                aspect.append(ratio)
                ports.append(spots)
                rows.append(len({round(t.y, 1) for t in variant.texts}))
                groups.append(kind.group)
                kinds.append(kind.name)
    return _Gallery(
        np.array(ink, np.float32), np.array(near, np.float32), np.array(aspect), tuple(groups), tuple(kinds),
        np.array(rows, np.int64), tuple(ports),
    )  # fmt: skip


def _poses() -> list[Array]:
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    return [np.linalg.matrix_power(turn, k) @ np.diag([m, 1.0]) for m in (1.0, -1.0) for k in range(4)]


def _draw(variant: Variant, matrix: Array) -> tuple[NDArray[np.uint8], Array, float]:
    """A variant in a pose in the unit frame, its ports there, and its width over its height."""
    shapes = [s for s in variant.shapes if not s.outside and not (s.fill == "paper" and not s.stroked)]
    every = np.concatenate([s.points for s in shapes]) @ matrix.T
    low, size = every.min(axis=0), np.maximum(np.ptp(every, axis=0), 0.3)
    inner = SIDE_PX - 2 * EDGE_PX
    picture = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for shape in shapes:
        points = np.round(((shape.points @ matrix.T - low) / size * inner + EDGE_PX) * 16).astype(np.int32)
        if shape.fill != "none":
            cv2.fillPoly(picture, [points], 1 if shape.fill == "ink" else 0, shift=4)
        if shape.stroked:
            cv2.polylines(picture, [points], shape.closed, 1, PEN_PX, cv2.LINE_8, 4)
    ports = [p for p in variant.ports if p.role != "actuator"]  # lines end at actuators, not at where these stand
    spots = np.array([(p.x, p.y) for p in ports]).reshape(-1, 2) @ matrix.T
    rays = np.array(
        [(np.cos(np.radians(p.direction)), -np.sin(np.radians(p.direction))) for p in ports]
    ).reshape(-1, 2) @ matrix.T  # fmt: skip
    process = np.array([[p.role == "process"] for p in ports], float).reshape(-1, 1)
    return picture, np.hstack([(spots - low) / size, rays, process]), float(size[0] / size[1])


def _unit(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask in the unit frame: its strokes thinned to the frame's pen, filled areas kept."""
    pen = min(max(pen_width(mask), 1.0), THICKEST * max(mask.shape))
    size = round(SOLID_PENS * pen) | 1
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    lines = np.maximum(thin(mask), solid)
    rows, columns = np.flatnonzero(lines.any(axis=1)), np.flatnonzero(lines.any(axis=0))
    tight = lines[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inner = SIDE_PX - 2 * EDGE_PX
    method = cv2.INTER_AREA if max(tight.shape) > inner else cv2.INTER_NEAREST
    picture = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    small = cv2.resize(tight * np.uint8(255), (inner, inner), interpolation=method) > 0
    picture[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX] = small
    return np.asarray(cv2.dilate(picture, np.ones((PEN_PX, PEN_PX), np.uint8)), np.uint8)


def _thicken(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = 2 * NEAR_PX + 1
    return np.asarray(cv2.dilate(picture, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8)
