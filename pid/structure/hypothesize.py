"""Where a template might be: pairs of anchors of the sheet that offer what a pair of the template needs.

A hypothesis is the map that takes a template to the sheet: ``x = matrix @ u + shift`` with u as in
`pid.structure.template`. Two anchors that differ along both axes fix it, as a symbol is turned by quarters, mirrored
and stretched along axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, as_boxes
from pid.structure.field import InkField
from pid.structure.primitives import Index
from pid.structure.template import Template

FEWEST_PAIRS, ENOUGH = 2, 8_000
"""Pairs of a template's anchors that are looked for in each pose, the rarest on the sheet first: at least so many, and
more until there are so many hypotheses."""
FLAT, LEVEL_PENS = 0.1, 0.7
"""Of a pair of anchors that spans less than the first share of the longer axis along the other, as a bar's ends do, the
other axis says nothing of the scale; on the sheet such anchors lie within so many pens of a level."""
MOST_PAIRS = 300_000
"""Hypotheses of one pair of anchors in one pose; beyond, the sheet is too crowded for them to tell anything."""


@dataclass(frozen=True)
class Scales:
    """Sizes that are looked for: an example's pixels to the sheet's."""

    middle: float = 1.0
    least: float = 0.5
    """Least of the smaller of both axes' scales, times `middle`."""
    most: float = 1.7
    """Most of the smaller scale, times `middle`."""
    stretch: float = 3.4
    """Most of one axis against the other."""

    def allow(self, sx: Array, sy: Array, factor: float) -> NDArray[np.bool_]:
        """Which pairs of scales (N,) of a template with that many pixels for one of its example are looked for."""
        short, long = np.minimum(sx, sy) * factor, np.maximum(sx, sy) * factor
        m = self.middle
        return np.asarray((short >= self.least * m) & (short <= self.most * m) & (long <= self.stretch * short))

    def reach(self, factor: float) -> tuple[float, float]:
        """Least and most scale of either axis for such a template."""
        return self.least * self.middle / factor, self.most * self.stretch * self.middle / factor


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """K maps of one template: matrices (K, 2, 2), shifts (K, 2), and which of its poses (K,) each began as."""

    matrix: Array
    shift: Array
    pose: Index

    def __len__(self) -> int:
        return len(self.shift)

    def only(self, keep: NDArray[np.bool_] | Index | slice) -> Hypotheses:
        """Some of them."""
        return Hypotheses(self.matrix[keep], self.shift[keep], self.pose[keep])

    def map(self, points: Array) -> Array:
        """Points (N, 2) of the template on the sheet, (K, N, 2)."""
        return self.turn(points) + self.shift[:, None]

    def turn(self, vectors: Array) -> Array:
        """Vectors (N, 2) of the template on the sheet, (K, N, 2), not normalised."""
        # Written out: a fifth of the time of einsum and matmul for so small matrices.
        m, x, y = self.matrix[:, None], vectors[:, 0], vectors[:, 1]
        out = np.empty((len(self.matrix), len(vectors), 2))
        out[..., 0] = m[..., 0, 0] * x + m[..., 0, 1] * y
        out[..., 1] = m[..., 1, 0] * x + m[..., 1, 1] * y
        return out


def join_hypotheses(parts: list[Hypotheses]) -> Hypotheses:
    """All of them."""
    if not parts:
        return Hypotheses(np.zeros((0, 2, 2)), np.zeros((0, 2)), np.zeros(0, np.int64))
    return Hypotheses(
        np.concatenate([p.matrix for p in parts]),
        np.concatenate([p.shift for p in parts]),
        np.concatenate([p.pose for p in parts]),
    )


def anchor_hypotheses(template: Template, field: InkField, scales: Scales) -> Hypotheses:
    """Every map that takes a pair of the template's anchors to anchors of the sheet that offer their classes."""
    out = []
    reach = scales.reach(template.factor)
    for number, pose in enumerate(template.poses):
        matrix = pose.matrix
        wanted = template.anchors.wanted(matrix)
        turned = template.anchors.xy @ matrix.T
        offers = {k: np.flatnonzero(field.masks & wanted[k] == wanted[k]) for k in np.unique(template.pairs).tolist()}
        rarest = sorted(template.pairs.tolist(), key=lambda pair: len(offers[pair[0]]) * len(offers[pair[1]]))
        made = 0
        for tried, (i, j) in enumerate(rarest):
            if tried >= FEWEST_PAIRS and made > ENOUGH:
                break
            span = turned[j] - turned[i]
            pairs = _pairs_in_reach(field.anchors.xy, offers[i], offers[j], span, reach, LEVEL_PENS * field.pen)
            if not len(pairs) or len(pairs) > MOST_PAIRS:
                continue
            at = field.anchors.xy[pairs[:, 0]]
            scale = _scales(field.anchors.xy[pairs[:, 1]] - at, span)
            ok = scales.allow(scale[:, 0], scale[:, 1], template.factor)
            at, scale = at[ok], scale[ok]
            made += len(at)
            out.append(_axis_maps(matrix, scale, at - scale * turned[i], number))
    return join_hypotheses(out)


def box_hypotheses(template: Template, boxes: Array, pen: float, scales: Scales) -> Hypotheses:
    """Maps of a template to boxes (N, 4) that something else has found, ink included, in every pose."""
    boxes = as_boxes(boxes)
    size = np.maximum(boxes[:, 2:] - boxes[:, :2] - pen, 1.0)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    out = []
    for number, pose in enumerate(template.poses):
        scale = size / np.abs(pose.matrix @ np.array(template.size))
        ok = scales.allow(scale[:, 0], scale[:, 1], template.factor)
        out.append(_axis_maps(pose.matrix, scale[ok], middle[ok], number))
    return join_hypotheses(out)


def _axis_maps(matrix: Array, scale: Array, shift: Array, number: int) -> Hypotheses:
    return Hypotheses(scale[:, :, None] * matrix[None], shift, np.full(len(shift), number, np.int64))


def _is_flat(span: Array) -> NDArray[np.bool_]:
    """(2,) along which axis a span (x, y) is too short to tell a scale."""
    return np.asarray(np.abs(span) < FLAT * np.abs(span).max(), np.bool_)


def _scales(apart: Array, span: Array) -> Array:
    """(N, 2) both axes' scales of pairs `apart` (N, 2) as `span` (x, y) is; of a bar's ends, one for both."""
    if _is_flat(span).any():
        along = int(np.argmax(np.abs(span)))
        return np.repeat(apart[:, along : along + 1] / span[along], 2, axis=1)
    return apart / span


def _pairs_in_reach(xy: Array, a: Index, b: Index, span: Array, scales: tuple[float, float], level: float) -> Index:
    """Pairs (K, 2) of an anchor of `a` and one of `b` that lie apart as `span` (x, y) does, at scales looked for.

    Along an axis that a bar does not span they lie apart by at most `level` pixels.
    """
    order = np.argsort(xy[b, 0], kind="stable")
    b = b[order]
    flat = _is_flat(span)[:, None]
    reach, (low, high) = np.where(flat, (-level, level), np.sort(np.outer(span, scales), axis=1))
    start = np.searchsorted(xy[b, 0], xy[a, 0] + reach[0])
    stop = np.searchsorted(xy[b, 0], xy[a, 0] + reach[1])
    counts = np.maximum(stop - start, 0)
    first = np.repeat(a, counts)
    within = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    second = b[np.repeat(start, counts) + within]
    dy = xy[second, 1] - xy[first, 1]
    ok = (dy >= low) & (dy <= high)
    return np.column_stack([first[ok], second[ok]])
