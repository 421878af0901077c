"""Where lines may end on a found symbol: the catalogue's ports carried into its box."""

from __future__ import annotations

import numpy as np

from pid.catalog import Kind
from pid.drawing import Box, Point
from pid.symbol_svg import Variant

THIN_MM = 0.5
"""A variant flatter than this (a bar) is not scaled along its thickness."""


def place_ports(kind: Kind | None, box: Box, *, rotation: float, mirrored: bool) -> tuple[Point, ...]:
    """Ports of `kind` in the `box` (pixels) under a pose; the middles of the box's sides where the kind is unknown.

    The commonest variant's geometry is used; turning is to the nearest quarter, as the box allows no finer one.
    """
    x0, y0, x1, y1 = box
    variants = kind.variants if kind is not None else ()
    ports: list[Point] = []
    if variants:
        ports = _carried(max(variants, key=lambda v: v.weight), box, round(rotation / 90) % 4, mirrored)
    if ports:
        return tuple(ports)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return ((x1, cy), (cx, y0), (x0, cy), (cx, y1))


def _carried(variant: Variant, box: Box, quarters: int, mirrored: bool) -> list[Point]:
    x0, y0, x1, y1 = variant.box
    middle, size = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.array([x1 - x0, y1 - y0])
    target = np.array([box[2] - box[0], box[3] - box[1]])
    if quarters % 2:
        size = size[::-1]
    scale = np.where(size >= THIN_MM, target / np.maximum(size, THIN_MM), 0.0)
    if not scale.all():
        scale = np.where(scale > 0, scale, scale.max())
    ports: list[Point] = []
    for port in variant.ports:
        x, y = np.array([port.x, port.y]) - middle
        x = -x if mirrored else x
        for _ in range(quarters):  # a quarter turn counter-clockwise as seen, y down
            x, y = y, -x
        ports.append(((box[0] + box[2]) / 2 + float(x * scale[0]), (box[1] + box[3]) / 2 + float(y * scale[1])))
    return ports
