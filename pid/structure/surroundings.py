"""What may stand round a symbol: lettering and pipes where its example has them, nothing at its free corners.

All in a template's frame: pixels of its example relative to the middle of its strokes' bounds, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.anchors import Anchors

MARGIN_PX, TEXT_GROWTH = 4.0, 0.1
"""Of the chart round the strokes, and of the room for lettering round that of the example, in shares of its side."""
PROBE_PENS, PROBE_PX = 2.2, 1.5
"""How far from an anchor it is probed."""
PROBE_DEG, PORT_SHARE = 60.0, 0.12
"""Probes keep so far from an anchor's arms, and anchors so near to a port, in shares of the longer side, have none."""


@dataclass(frozen=True, eq=False)
class Chart:
    """Where in a template's frame lettering may stand and pipes may come in."""

    lettering: NDArray[np.bool_]
    """(h, w), a cell a template pixel."""
    pipes: NDArray[np.bool_]
    origin: tuple[float, float]
    """Where the corner of the chart lies in the template's frame."""

    def look(self, points: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of points (K, 2): whether lettering may stand there, whether a pipe may."""
        cell = np.floor(points - self.origin).astype(np.intp)
        column = np.clip(cell[:, 0], 0, self.pipes.shape[1] - 1)
        row = np.clip(cell[:, 1], 0, self.pipes.shape[0] - 1)
        return self.lettering[row, column], self.pipes[row, column]


def draw_chart(
    middle: Array, size: Array, pen: float, ports: list[tuple[float, float, float]],
    text: list[tuple[float, ...]],
) -> Chart:  # fmt: skip
    """The chart of a template whose bounds have this middle and size, in its example's pixels."""
    half = np.ceil(size / 2 + MARGIN_PX).astype(int)
    shape = (2 * half[1], 2 * half[0])
    lettering, pipes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    if text:
        boxes = np.array(text) + np.tile(half - middle, 2)
        grow = TEXT_GROWTH * float(size.max())
        x0, y0 = np.floor(boxes[:, :2].min(axis=0) - grow).astype(int).clip(0)
        x1, y1 = np.ceil(boxes[:, 2:].max(axis=0) + grow).astype(int)
        lettering[y0:y1, x0:x1] = 1
    for x, y, deg in ports:
        d = np.array([np.cos(np.radians(deg)), -np.sin(np.radians(deg))])
        start = np.array([x, y]) + half
        ends = [tuple(np.round(p).astype(int).tolist()) for p in (start, start + d * float(size.max()))]
        cv2.line(pipes, ends[0], ends[1], 1, max(round(2 * pen), 1))
    return Chart(lettering > 0, pipes > 0, (float(-half[0]), float(-half[1])))


def probe_places(
    anchors: Anchors, ports: Array, middle: Array, longer: float, mask: NDArray[np.uint8], pen: float
) -> tuple[Array, Array]:
    """Where and in which directions (R, 2) nothing leaves the ends and corners; not at ports, where pipes do."""
    count = int(anchors.arm_anchor.max(initial=-1)) + 1
    places, headings = [], []
    for k in range(count):
        arms = anchors.arm_deg[anchors.arm_anchor == k]
        if not len(arms) or (len(ports) and np.hypot(*(ports - anchors.xy[k]).T).min() < PORT_SHARE * longer):
            continue
        for deg in range(0, 360, 45):
            if np.abs((arms - deg + 180) % 360 - 180).min() > PROBE_DEG:
                places.append(anchors.xy[k])
                headings.append((np.cos(np.radians(deg)), -np.sin(np.radians(deg))))
    at, ahead = np.array(places).reshape(-1, 2), np.array(headings).reshape(-1, 2)
    cell = np.floor(at + (PROBE_PENS * pen + PROBE_PX) * ahead + middle).astype(int)
    cell = np.clip(cell, 0, np.array(mask.shape[::-1]) - 1)
    clear = mask[cell[:, 1], cell[:, 0]] == 0 if len(cell) else np.zeros(0, bool)
    return at[clear], ahead[clear]


def bar_exits(ports: Sequence[tuple[float, float, float]], size: Array) -> Array:
    """(E, 4) places and directions in which pipes leave a bar: its ports, else the middle of both its sides."""
    if not ports:
        across = np.array([1.0, 0.0]) if size[0] < size[1] else np.array([0.0, 1.0])
        return np.array([[*(side * across * size / 2), *(side * across)] for side in (-1, 1)])
    turns = np.radians([deg for _, _, deg in ports])
    return np.column_stack([np.array(ports)[:, :2], np.cos(turns), -np.sin(turns)])
