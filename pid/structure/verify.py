"""How well a template lies on a sheet's ink: what speaks for and against each hypothesis in place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.field import SPACING_PX, InkField
from pid.structure.hypothesize import Hypotheses
from pid.structure.place_strokes import CAPPED, Placed, probe_points, share_of_ink, slack, unit
from pid.structure.template import Template

FILLED_PX = 1.0
"""The outline of a small filled area lies so much farther inside on a sheet than on an enlarged example."""
PIPE_PENS, PIPE_PX, PIPE_WIDE = (1.0, 1.8), 1.5, 0.8
"""A pipe leaves a port where ink runs its way so many pens and pixels behind it, beside it by at most the last pens."""
ISOLATED = 1.15
"""Ink whose connected shape is no longer than the symbol times this leads nowhere: lettering, not plant."""
TOUCHING = 0.35
"""Weight of strange ink where lettering stands but which is not loose: letters touch lines."""
DISTINCT_SPACINGS = 1.5
"""A place of ink is as wide as so many spacings of a template's points."""
LETTER_SHARE = 0.5
"""Connected ink smaller than this share of a symbol's smaller side may be its lettering."""


@dataclass(frozen=True, eq=False)
class Measures:
    """Of K hypotheses: columns (K,)."""

    off: Array
    """Mean distance of the strokes to ink, in slacks, each point counted up to `CAPPED`."""
    support: Array
    """Share of the strokes' length that lies on ink."""
    missing: Array
    """Share of the length in strokes of which more than half has no ink."""
    strain: Array
    """How far strokes had to move by themselves, in slacks; 0 where they were not loosened."""
    strange: Array
    """Length of strokes in the box that the template lacks over its own length; 0 until `count_strange` has looked."""
    inked: Array
    """Places of ink that the strokes lie on over places of the strokes: less than 1 where two lie on the same ink."""
    covered: Array
    """Length of ink on the sheet that the strokes explain, pixels; 0 until `count_strange` has looked."""
    probed: Array
    """Share of probes round ends and corners that meet ink which the template lacks."""
    unpiped: Array
    """Share of a bar's sides from which no pipe leads on; 0 of what is more than a bar."""
    isolated: Array
    """1 where no ink leads away, 0 elsewhere."""
    filled: Array
    """Share of the filled areas that is ink; 1 where there are none."""
    blotted: Array
    """Share of the template's paper that is ink: what is filled here but open in the example."""
    lettered: Array
    """Share of ink where lettering stands in the example; -1 where there is none."""
    misread: Array
    """How unlike the lettering in the place is to the example's, 0..1; 0 where there is none, or none was read."""
    length: Array
    """Of the template's strokes on the sheet, pixels."""
    box: Array
    """(K, 4) bounds of the strokes with the pen's width."""

    def only(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Measures:
        """Some of them."""
        return Measures(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def measure(template: Template, hypotheses: Hypotheses, field: InkField, placed: Placed | None = None) -> Measures:
    """What speaks for and against each hypothesis, strokes where they are `placed` or as the hypothesis has them."""
    if placed is None:
        at, heading = hypotheses.map(template.points), hypotheses.turn(template.tangents)
        strain = np.zeros(len(hypotheses))
    else:
        at, heading, strain = placed.points, placed.headings, placed.strain
    limit = slack(template, hypotheses, field)
    distance = field.distance(at, heading) / limit[:, None]
    on = distance <= 1.0
    count = np.bincount(template.owner)
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    each = np.add.reduceat(on, starts, axis=1) / count
    missing = (each < 0.5) @ (count / count.sum())
    lengthened = np.linalg.norm(hypotheses.turn(template.tangents), axis=-1).mean(axis=1)
    return Measures(
        off=np.minimum(distance, CAPPED).mean(axis=1),
        support=on.mean(axis=1),
        missing=missing,
        strain=strain,
        strange=np.zeros(len(at)),
        covered=np.zeros(len(at)),
        inked=_distinct(
            hypotheses.map(template.points),
            field.samples[field.nearest(at)],
            template.length * lengthened / len(template.points),
        ),
        probed=share_of_ink(field, probe_points(template, hypotheses, field), none=0.0),
        unpiped=_unpiped(template, hypotheses, field),
        isolated=_isolated(at, field),
        filled=share_of_ink(field, hypotheses.map(template.fill), none=1.0),
        blotted=share_of_ink(field, hypotheses.map(template.open), none=0.0, solid=True),
        lettered=share_of_ink(field, hypotheses.map(template.lettered), none=-1.0),
        misread=np.zeros(len(at)),
        length=template.length * lengthened,
        box=_ink_boxes(template, hypotheses, at, field.pen),
    )


def _ink_boxes(template: Template, hypotheses: Hypotheses, at: Array, pen: float) -> Array:
    """(K, 4) bounds of placed strokes (K, M, 2) with the pen's width, and what a filled area's outline falls short."""
    corners = np.stack([-template.margin[0], template.margin[1]])
    reach = np.einsum("kij,nj->kni", hypotheses.matrix, corners)
    low, high = np.minimum(reach.min(axis=1), 0.0), np.maximum(reach.max(axis=1), 0.0)
    half = pen / 2 + (FILLED_PX if template.fill_length > 0 else 0.0)
    return np.concatenate([at.min(axis=1) + low - half, at.max(axis=1) + high + half], axis=1)


def _unpiped(template: Template, hypotheses: Hypotheses, field: InkField) -> Array:
    """(K,) share of a bar's exits that no pipe leaves."""
    if not len(template.exits):
        return np.zeros(len(hypotheses))
    at, heading = hypotheses.map(template.exits), unit(hypotheses.turn(template.exit_headings))
    reach = [pens * field.pen + PIPE_PX for pens in PIPE_PENS]
    far = np.max([field.distance(at + r * heading, heading) for r in reach], axis=0)
    return np.asarray((far > PIPE_WIDE * field.pen + 1.0).mean(axis=1), np.float64)


def _isolated(at: Array, field: InkField) -> Array:
    """(K,) whether the ink under strokes (K, M, 2) is connected to nothing beyond them: 1 or 0."""
    extent = (at.max(axis=1) - at.min(axis=1)).max(axis=1) + field.pen
    shape = field.shape_px[field.nearest(at)].max(axis=1)
    return np.asarray(shape <= ISOLATED * extent + field.pen, np.float64)


def count_strange(
    template: Template, hypotheses: Hypotheses, field: InkField, measures: Measures, placed: Placed
) -> Measures:
    """The measures with the ink that the template does not explain.

    Loose letters count where the example has none, and then half: tags stand near everything.
    """
    from scipy.spatial.distance import cdist

    limit = slack(template, hypotheses, field)
    half = np.array(template.size) / 2
    strange, covered = np.zeros(len(hypotheses)), np.zeros(len(hypotheses))
    for k in range(len(hypotheses)):
        box = measures.box[k]
        near = field.cells.near(box)
        points = field.samples[near]
        inside = ((points >= box[:2]) & (points <= box[2:])).all(axis=1)
        near, points = near[inside], points[inside]
        u = (points - hypotheses.shift[k]) @ np.linalg.inv(hypotheses.matrix[k]).T
        lettering, pipe = template.chart.look(u)
        strokes = placed.points[k]
        spacing = float(measures.length[k]) / len(strokes)
        apart = cdist(points, strokes, "sqeuclidean").min(axis=1, initial=np.inf)
        loose = field.shape_px[near] < LETTER_SHARE * (box[2:] - box[:2]).min()
        weight = np.where(loose, np.where(lettering, 0.0, 0.5), np.where(lettering, TOUCHING, 1.0))
        beyond = (np.abs(u) > half).any(axis=1)
        far = (apart > limit[k] ** 2 + (spacing / 2) ** 2) & ~pipe & ~beyond
        length = max(float(measures.length[k]), 1.0)
        strange[k] = SPACING_PX * float((far * weight).sum()) / length
        covered[k] = SPACING_PX * float(((apart <= limit[k] ** 2 + (spacing / 2) ** 2) & ~loose).sum())
    return replace(measures, strange=strange, covered=covered)


def _distinct(strokes: Array, ink: Array, spacing: Array) -> Array:
    """(K,) places of points (K, M, 2) of ink for each place of strokes; a place is as wide as their spacing."""
    cell = np.maximum(DISTINCT_SPACINGS * spacing, 2.0)[:, None, None]
    counts = []
    for points in (ink, strokes):
        column, row = np.moveaxis(np.floor(points / cell).astype(np.int64), -1, 0)
        key = np.sort(row * 100_000 + column, axis=1)
        counts.append((np.diff(key, axis=1) != 0).sum(axis=1) + 1)
    return np.asarray(np.minimum(counts[0] / counts[1], 1.0), np.float64)
