"""Templates: the catalogue's variants as outlines, with or without what files leave out, and which of them are plain.

A template is *plain* when its ink alone says little: a bar, a circle, a box, a triangle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pid.catalog import Kind
from pid.detect.outline import Outline, Piece, make_outline
from pid.drawing import Box
from pid.geometry import Array
from pid.symbol_svg import Shape, Variant

PLAIN_STROKES, PLAIN_CORNERS = 2, 4
_ROUND_POINTS, _ROUND_SPREAD = 12, 0.03


@dataclass(frozen=True, eq=False)
class Template:
    """A catalogue variant in the unit frame."""

    kind: Kind
    variant: Variant
    outline: Outline  # frame in catalogue mm
    box: Box  # of the symbol in catalogue mm: without outside shapes, where the outline has these
    letters: tuple[str, ...]  # fixed lettering
    plain: bool


def make_templates(kind: Kind, variant: Variant) -> Iterator[Template]:
    """With and without outside shapes, with and without what paper hides, where these differ."""
    inside = [s for s in variant.shapes if not s.outside]
    sets = [variant.shapes] if len(inside) == len(variant.shapes) else [variant.shapes, tuple(inside)]
    letters = tuple(t.text for t in variant.texts if t.slot is None and t.text)
    for shapes in sets:
        pieces = [Piece(s.points, s.closed, s.fill == "ink") for s in shapes if s.stroked or s.fill == "ink"]
        if not pieces:
            continue
        plain = _is_plain(pieces)
        hidden = _hidden_areas(shapes)
        for masks in [hidden, ()] if hidden else [()]:
            outline = make_outline(pieces, hidden=masks)
            yield Template(kind, variant, outline, variant.box, letters, plain)


def _hidden_areas(shapes: Sequence[Shape]) -> list[tuple[int, Array]]:
    areas = []
    drawn = 0
    for shape in shapes:
        if shape.fill == "paper" and drawn and len(shape.points) > 2:
            areas.append((drawn, shape.points))
        drawn += shape.stroked or shape.fill == "ink"
    return areas


def _is_plain(pieces: Sequence[Piece]) -> bool:
    """Whether it is one or two strokes, a circle with a stroke, or one simple closed form."""
    corners = sum(1 if _is_round(piece) else _turning(piece) for piece in pieces)
    if corners <= PLAIN_STROKES:
        return True
    (piece, *others) = pieces
    return not others and piece.closed and corners <= PLAIN_CORNERS and not _crosses_itself(piece.points)


def _is_round(piece: Piece) -> bool:
    if not piece.closed or len(piece.points) < _ROUND_POINTS:
        return False
    low, high = piece.points.min(axis=0), piece.points.max(axis=0)
    reach = np.hypot(*((piece.points - (low + high) / 2) / np.maximum((high - low) / 2, 1e-9)).T)
    return float(np.abs(reach - 1).max()) < _ROUND_SPREAD


def _turning(piece: Piece) -> int:
    """Straight sides of a piece, a gentle curve counted as one."""
    run = np.vstack([piece.points, piece.points[:2]]) if piece.closed else piece.points
    steps = np.diff(run, axis=0)
    angles = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    turned = np.abs((np.diff(angles) + 180) % 360 - 180) > 25
    return int(turned.sum()) + (0 if piece.closed else 1)


def _crosses_itself(points: Array) -> bool:
    """Whether a four-sided closed piece is a bow tie: its diagonals lie on one side of each other."""
    if len(points) != PLAIN_CORNERS:
        return False
    x, y = points.T
    area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
    box = float(np.ptp(x) * np.ptp(y))
    return area < 0.25 * box
