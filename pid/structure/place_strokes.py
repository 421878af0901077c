"""Hypotheses put in place: screened by a few points, moved onto the ink, their strokes fitted one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.field import FAR_PX, InkField
from pid.structure.hypothesize import Hypotheses
from pid.structure.surroundings import PROBE_PENS, PROBE_PX
from pid.structure.template import Template

SLACK_PX, SLACK_PENS, SLACK_SHARE = 0.6, 0.15, 0.035
"""How far ink may lie from where a template has it: pixels, pens, and a share of the smaller side of its box."""
SCREENED_BY = 5, 20
"""Points of a template that decide first, by any ink, and those that decide then, by ink that runs their way."""
MOST_OFF = 1.7
"""Mean distance of these, in slacks, each counted up to `CAPPED`, beyond which a hypothesis is dropped."""
CAPPED = 4.0
PROBE_COST = 2.0
"""Of a probe that meets ink, in slacks, where too many hypotheses lie on ink."""
MOST_MEASURED = 500
"""Hypotheses of one template that are looked at closely."""
ROUNDS, LOOSE_ROUNDS = 4, 3
TURNED_COS = 0.8
"""Ink that runs across a template's stroke does not pull at it."""
POINT_PULL = 0.06
"""Pull along a stroke against that across it: what ends is drawn to where the ink ends."""
STIFFNESS = 0.12
"""Pull of a stroke back to its place against that of the ink."""
CHUNK = 60_000
"""Hypotheses screened at once."""


@dataclass(frozen=True, eq=False)
class Placed:
    """The strokes of K hypotheses of one template on the sheet."""

    points: Array
    """(K, M, 2)."""
    headings: Array
    """(K, M, 2) unit vectors along the strokes."""
    strain: Array
    """(K,) how far the strokes moved by themselves, in slacks."""

    def only(self, keep: NDArray[np.int64]) -> Placed:
        """Some of them."""
        return Placed(self.points[keep], self.headings[keep], self.strain[keep])


def slack(template: Template, hypotheses: Hypotheses, field: InkField) -> Array:
    """(K,) how far ink may be off, pixels."""
    size = np.abs(hypotheses.matrix) @ np.array(template.size)
    return np.asarray(SLACK_PX + SLACK_PENS * field.pen + SLACK_SHARE * size.min(axis=1), np.float64)


def screen(template: Template, hypotheses: Hypotheses, field: InkField, *, most: float = MOST_OFF) -> Hypotheses:
    """The hypotheses that a few points speak for, best first, one for each place, size and pose.

    Their points lie at most `most` slacks off in the mean.
    """
    hypotheses = _thinned(template, hypotheses)
    kept, costs = [], []
    for start in range(0, len(hypotheses), CHUNK):
        part = hypotheses.only(np.arange(start, min(start + CHUNK, len(hypotheses))))
        cost = np.zeros(0)
        for count in SCREENED_BY:
            some = np.unique(np.linspace(0, len(template.points) - 1, count).astype(int))
            headings = part.turn(template.tangents[some]) if count > SCREENED_BY[0] else None
            distance = field.distance(part.map(template.points[some]), headings)
            limit = slack(template, part, field)[:, None]
            cost = np.minimum(distance / limit, CAPPED).mean(axis=1)
            good = cost <= most
            part, cost = part.only(good), cost[good]
        kept.append(part)
        costs.append(cost)
    if not kept:
        return hypotheses
    cost = np.concatenate(costs)
    everything = Hypotheses(*(np.concatenate([getattr(k, name) for k in kept]) for name in ("matrix", "shift", "pose")))
    if len(everything) > MOST_MEASURED and len(template.probes):
        # Simple templates lie on ink in thousands of places; that nothing else joins them tells the few.
        cost = cost + PROBE_COST * share_of_ink(field, probe_points(template, everything, field), none=0.0)
    order = np.argsort(cost, kind="stable")
    everything = everything.only(order)
    return _thinned(template, everything, share=0.12).only(slice(MOST_MEASURED))


def _thinned(template: Template, hypotheses: Hypotheses, *, share: float = 0.06) -> Hypotheses:
    """The first hypothesis of each pose, place and size, told apart in steps of a share of the size."""
    if not len(hypotheses):
        return hypotheses
    size = np.maximum(np.abs(hypotheses.matrix) @ np.array(template.size), 4.0)
    place = np.round(hypotheses.shift / (share * size.min(axis=1, keepdims=True))).astype(np.int64)
    scale = np.round(np.log(size) / share).astype(np.int64)
    key = ((place[:, 0] * 40_009 + place[:, 1]) * 1_009 + scale[:, 0]) * 1_013 + scale[:, 1]
    _, first = np.unique(key * 8 + hypotheses.pose, return_index=True)
    return hypotheses.only(np.sort(first))


def refine(template: Template, hypotheses: Hypotheses, field: InkField) -> Hypotheses:
    """The hypotheses moved into place: weighted least squares of point to line, a few rounds.

    Scales and shift follow the ink; turn and shear are left to the strokes (`loosen`).
    """
    if not len(hypotheses):
        return hypotheses
    u = template.points
    matrix, shift = hypotheses.matrix.copy(), hypotheses.shift.copy()
    for _ in range(ROUNDS):
        now = Hypotheses(matrix, shift, hypotheses.pose)
        at, heading = now.map(u), unit(now.turn(template.tangents))
        index = field.nearest(at)
        gap = field.samples[index] - at
        limit = slack(template, now, field)[:, None]
        distance = np.hypot(gap[..., 0], gap[..., 1])
        along = np.abs((heading * field.tangents[index]).sum(axis=-1))
        weight = (along > TURNED_COS) * (distance < np.minimum(CAPPED * limit, FAR_PX)) / (1 + (distance / limit) ** 2)
        across = np.stack([-heading[..., 1], heading[..., 0]], axis=-1)
        # The template's own axes as it is posed: each keeps its direction and changes its length.
        step = _solve_axes(at - shift[:, None], weight, gap, across, heading)
        matrix = matrix * (1 + step[0])[:, :, None]
        shift = shift + step[1]
    return Hypotheses(matrix, shift, hypotheses.pose)


def _solve_axes(turned: Array, weight: Array, gap: Array, across: Array, heading: Array) -> tuple[Array, Array]:
    """Relative growth of both axes (K, 2) and shift (K, 2) that bring points to ink."""
    total = np.zeros((len(turned), 4, 4))
    right = np.zeros((len(turned), 4))
    for direction, pull in ((across, 1.0), (heading, POINT_PULL)):
        row = np.concatenate([direction * turned, direction], axis=-1)  # (K, M, 4)
        wanted = (direction * gap).sum(axis=-1)
        total += np.einsum("km,kmi,kmj->kij", pull * weight, row, row, optimize=True)
        right += np.einsum("km,kmi,km->ki", pull * weight, row, wanted, optimize=True)
    extent = np.abs(turned).max(axis=1)
    damping = np.concatenate([np.maximum(extent**2, 1.0), np.ones_like(extent)], axis=1) * (
        0.02 * weight.sum(axis=1, keepdims=True) + 1
    )
    step = np.linalg.solve(total + np.einsum("ki,ij->kij", damping, np.eye(4)), right[..., None])[..., 0]
    return np.clip(step[:, :2], -0.15, 0.15), step[:, 2:]


def loosen(template: Template, hypotheses: Hypotheses, field: InkField) -> Placed:
    """Each stroke, arc and circle of the hypotheses moved and scaled a little by itself, as a hand draws it.

    A circle in a stretched valve stays round, a lever is longer here than there: same structure, other shape.
    """
    at = hypotheses.map(template.points)
    heading = unit(hypotheses.turn(template.tangents))
    limit = slack(template, hypotheses, field)[:, None]
    starts = np.concatenate([[0], np.cumsum(np.bincount(template.owner))[:-1]])
    count = np.bincount(template.owner)
    moved = at.copy()
    for _ in range(LOOSE_ROUNDS):
        index = field.nearest(moved)
        gap = field.samples[index] - moved
        distance = np.hypot(gap[..., 0], gap[..., 1])
        along = np.abs((heading * field.tangents[index]).sum(axis=-1))
        weight = (along > TURNED_COS) * (distance < np.minimum(CAPPED * limit, FAR_PX)) / (1 + (distance / limit) ** 2)
        middle = np.add.reduceat(moved, starts, axis=1) / count[:, None]
        around = moved - np.repeat(middle, count, axis=1)
        across = np.stack([-heading[..., 1], heading[..., 0]], axis=-1)
        total = np.zeros((len(at), len(count), 4, 4))
        right = np.zeros((len(at), len(count), 4))
        for direction, pull in ((across, 1.0), (heading, POINT_PULL)):
            row = np.concatenate([direction * around, direction], axis=-1)
            wanted = (direction * gap).sum(axis=-1) * weight * pull
            outer = row[..., :, None] * row[..., None, :] * (weight * pull)[..., None, None]
            total += np.add.reduceat(outer, starts, axis=1)
            right += np.add.reduceat(row * wanted[..., None], starts, axis=1)
        extent = np.maximum.reduceat(np.abs(around), starts, axis=1) ** 2
        stiff = np.concatenate([extent + 1.0, np.ones_like(extent)], axis=-1) * STIFFNESS * count[:, None]
        step = np.linalg.solve(total + stiff[..., None] * np.eye(4), right[..., None])[..., 0]
        step = np.repeat(step, count, axis=1)
        moved = moved + around * np.clip(step[..., :2], -0.25, 0.25) + step[..., 2:]
    strain = np.linalg.norm(moved - at, axis=-1) / limit
    return Placed(moved, heading, strain.mean(axis=1))


def probe_points(template: Template, hypotheses: Hypotheses, field: InkField) -> Array:
    """(K, R, 2) where on the sheet it is probed for ink that the template lacks."""
    reach = PROBE_PENS * field.pen + PROBE_PX
    return hypotheses.map(template.probes) + reach * unit(hypotheses.turn(template.probe_headings))


def share_of_ink(field: InkField, points: Array, *, none: float, solid: bool = False) -> Array:
    """(K,) share of points (K, N, 2) that are ink, or in a filled area; `none` where there are no points."""
    return field.is_ink(points, solid=solid).mean(axis=1) if points.shape[1] else np.full(len(points), none)


def unit(vectors: Array) -> Array:
    """Vectors (..., 2) of length 1; zero vectors stay."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float64)
