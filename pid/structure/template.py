"""One example of a symbol, made ready to be found: what must be there, what must not, and by which points to look.

All coordinates of a template are pixels of its example, scaled to a usual pen, relative to the middle of its strokes'
bounds, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Group
from pid.errors import InputError
from pid.geometry import Array
from pid.structure.anchors import Anchors, find_anchors
from pid.structure.example_ink import ink_of, stroke_widths, take_letters
from pid.structure.field import SPACING_PX
from pid.structure.ink_samples import sample_ink
from pid.structure.library import Example
from pid.structure.primitives import BLOB, Index, Primitives
from pid.structure.solids import hollow_solids
from pid.structure.surroundings import Chart, bar_exits, draw_chart, probe_places
from pid.structure.trace_primitives import primitives_of_mask
from pid.structure.turns import Pose, different_poses

SAMPLES = 110
"""Points along the strokes of a template."""
GRID = 26
"""Cells along each side of the grid on which filled areas and lettering are looked at."""
NEAR_SHARE, NEAR_PENS = 0.035, 0.9
"""Cells nearer to a stroke than this share of the symbol's size and so many pens are neither fill nor lettering."""
ARM_SHARE = 0.13
"""Strokes shorter than this share of the longer side say nothing of an anchor: they are its rounded corner."""
BAR_SHARE, MOST_BARS = 0.5, 3
"""A symbol of up to so many strokes whose shorter side is at most this share of the longer one is a bar, or a few."""
MOST_PAIRS = 4
LEAST_SPAN = 0.3
"""A pair of anchors spans at least this share of both sides, so that it gives both scales."""
THIN_PX, LEAST_SIDE_PX = 5.0, 40.0
"""Examples are brought to this width of their thinner strokes, unless the longer side would fall below the second:
the edges of enlarged pictures are ragged, and thinner strokes break up."""
SMOOTHED, SMOOTHED_WHOLE = 0.12, 0.25
"""Blur before scaling down, and without scaling, in widths of the thinner strokes: takes the steps off ragged edges."""
AGREE_PX, AGREE_PENS, AGREE_SHARE = 0.5, 0.2, 0.985
"""Primitives say what the ink says where this share of each lies so near to the other."""
PEN_SPREAD = 1.6
"""A pen thicker than this times that of the other examples is a filled symbol's breadth."""


@dataclass(frozen=True, eq=False)
class Template:
    """An example made ready."""

    kind: str
    group: Group
    size: tuple[float, float]
    """Of the strokes' bounds, without the pen's width."""
    factor: float
    """Template pixels for a pixel of the example."""
    pen: float
    points: Array
    """(K, 2) along the strokes, evenly."""
    tangents: Array
    """(K, 2) unit vectors."""
    owner: Index
    """(K,) number of the stroke, arc or circle that each point is on."""
    length: float
    """Of all strokes together."""
    anchors: Anchors
    pairs: Index
    """(P, 2) anchors to look by, the most telling pair first."""
    fill: Array
    """(F, 2) where there must be ink, on a grid."""
    fill_length: float
    """Of a stroke that has as much ink as the filled areas."""
    margin: Array
    """(2, 2) how far ink reaches beyond the strokes' bounds and half a pen: left and upper, right and lower side."""
    open: Array
    """(B, 2) where there is paper, on a grid."""
    chart: Chart
    """What ink belongs to the symbol."""
    probes: Array
    """(R, 2) anchors round which nothing else may join ..."""
    probe_headings: Array
    """(R, 2) ... in these directions, unit vectors."""
    ports: tuple[tuple[float, float, float], ...]
    """x, y and the direction a pipe leaves in, degrees counter-clockwise as seen."""
    exits: Array
    """(E, 2) where pipes leave a symbol that is no more than a bar or a few: they say what it is ..."""
    exit_headings: Array
    """(E, 2) ... and which way, unit vectors."""
    lettered: Array
    """(T, 2) where lettering stands."""
    lettering: tuple[str, ...]
    """Rows of lettering inside, letters as A and digits as 9."""
    poses: tuple[Pose, ...]
    """Those that look different."""


def make_templates(examples: Sequence[Example]) -> tuple[Template, ...]:
    """Make the examples of a library ready. Raises `InputError` for one that holds no strokes."""
    pens = [stroke_widths(example) for example in examples]
    usual = float(np.median([pen for pen, _ in pens])) if pens else 0.0
    return tuple(
        make_template(e, pens=(usual, usual) if pen > PEN_SPREAD * usual else (pen, thin_pen))
        for e, (pen, thin_pen) in zip(examples, pens, strict=True)
    )


def make_template(example: Example, *, pens: tuple[float, float] | None = None) -> Template:
    """Make an example ready. Raises `InputError` where it holds no strokes.

    `pens` are the usual width of its strokes and that of the thinner ones in pixels, measured where not given.
    """
    pen, thin_pen = pens or stroke_widths(example)
    longer = max(example.box[2] - example.box[0], example.box[3] - example.box[1], 1.0)
    factor = float(max(min(THIN_PX / thin_pen, 1.0), LEAST_SIDE_PX / longer))
    mask = ink_of(example, factor, blur=(SMOOTHED if factor < 1.0 else SMOOTHED_WHOLE) * thin_pen)
    pen *= factor
    parts = primitives_of_mask(mask, pen=pen)
    strokes = parts.only(parts.shape != BLOB)
    if not len(strokes):
        raise InputError(f"The example of {example.kind} holds no strokes.")
    ink, headings = _sample(strokes, mask, pen)
    low, high = ink.min(axis=0), ink.max(axis=0)
    middle, size = (low + high) / 2, np.maximum(high - low, 1.0)
    owner = _owners(strokes, ink)
    order = np.argsort(owner, kind="stable")
    order = order[:: max(len(ink) // SAMPLES, 1)]
    points, tangents, owner = ink[order], headings[order], np.unique(owner[order], return_inverse=True)[1]
    total = SPACING_PX * len(ink)
    found = find_anchors(parts, pen, least_arm=max(ARM_SHARE * float(size.max()), 1.5 * pen))
    anchors = Anchors(found.xy - middle, found.arm_anchor, found.arm_deg, found.bulge_anchor, found.bulge_deg)
    text = [tuple(v * factor for v in box) for box in take_letters(example)[1]]
    fill, blank, lettered, area = _grid(mask, pen, (*low, *high), text, ink)
    ports = [(x * factor - middle[0], y * factor - middle[1], deg) for x, y, deg in example.ports]
    row, column = np.nonzero(mask)
    edge = np.array([[column.min(), row.min()], [column.max() + 1, row.max() + 1]], np.float64)
    margin = np.maximum(np.array([[-1.0], [1.0]]) * (edge - np.array([low, high])) - pen / 2, 0.0)
    places = np.array([(x, y) for x, y, _ in ports]).reshape(-1, 2)
    is_bar = float(size.min()) <= BAR_SHARE * float(size.max()) and int(owner.max()) < MOST_BARS
    exits = bar_exits(ports, size) if is_bar else np.zeros((0, 4))
    probes, directions = probe_places(anchors, places, middle, float(size.max()), mask, pen)
    return Template(
        kind=example.kind,
        group=example.group,
        size=(float(size[0]), float(size[1])),
        factor=factor,
        pen=pen,
        points=points - middle,
        tangents=tangents,
        owner=owner,
        length=total,
        anchors=anchors,
        pairs=_choose_pairs(anchors, size),
        fill=fill - middle,
        fill_length=len(fill) * area / pen,
        margin=margin,
        open=blank - middle,
        chart=draw_chart(middle, size, pen, ports, text),
        probes=probes,
        probe_headings=directions,
        lettered=lettered - middle,
        ports=tuple(ports),
        exits=exits[:, :2],
        exit_headings=exits[:, 2:],
        lettering=example.lettering if text else (),
        poses=different_poses((points - middle) / size, (fill - middle) / size),
    )


def _sample(strokes: Primitives, mask: NDArray[np.uint8], pen: float) -> tuple[Array, Array]:
    """Points (S, 2) about a pixel apart along an example's strokes, and their tangents.

    Those of the primitives where these say all that the ink says, for they have corners where a skeleton has stems;
    those of the skeleton where the ink is too rough for primitives.
    """
    from scipy.spatial import cKDTree

    ink, headings = sample_ink(mask, pen)
    points, tangents, _ = strokes.samples(SPACING_PX)
    near = AGREE_PX + AGREE_PENS * pen
    agree = min(
        float((cKDTree(points).query(ink)[0] <= near).mean()), float((cKDTree(ink).query(points)[0] <= near).mean())
    )
    return (points, tangents) if agree >= AGREE_SHARE else (ink, headings)


def _owners(strokes: Primitives, ink: Array) -> Index:
    """(S,) the primitive nearest to each sample of ink."""
    from scipy.spatial import cKDTree

    points, _, owner = strokes.samples(0.7)
    return np.asarray(owner[cKDTree(points).query(ink)[1]], np.int64)


def _grid(
    mask: NDArray[np.uint8],
    pen: float,
    box: Box,
    text: list[tuple[float, ...]],
    samples: Array,
) -> tuple[Array, Array, Array, float]:
    """Cells of the box in filled areas (F, 2), of paper (B, 2) and in lettering (T, 2), and a cell's area."""
    x0, y0, x1, y1 = box
    columns = x0 + (np.arange(GRID) + 0.5) * (x1 - x0) / GRID
    rows = y0 + (np.arange(GRID) + 0.5) * (y1 - y0) / GRID
    cells = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    from scipy.spatial import cKDTree

    clear = np.asarray(cKDTree(samples).query(cells)[0]) > NEAR_PENS * pen + NEAR_SHARE * max(x1 - x0, y1 - y0)
    _, solid = hollow_solids(mask, pen)
    at = np.clip(cells.astype(int), 0, np.array(mask.shape[::-1]) - 1)
    inside = solid[at[:, 1], at[:, 0]] > 0
    lettered = np.zeros(len(cells), bool)
    for left, top, right, bottom in text:
        lettered |= (cells > (left, top)).all(axis=1) & (cells < (right, bottom)).all(axis=1)
    area = (x1 - x0) * (y1 - y0) / GRID**2
    return cells[clear & inside], cells[clear & ~inside & ~lettered], cells[clear & lettered], float(area)


def _choose_pairs(anchors: Anchors, size: Array) -> Index:
    """Pairs of anchors far apart along both axes with many arms, most telling first, not all through one anchor.

    Of a bar, which has none, the two that are farthest apart.
    """
    n = len(anchors.xy)
    if n < 2:
        return np.zeros((0, 2), np.int64)
    arms = np.bincount(anchors.arm_anchor, minlength=n) + 1.0 * np.bincount(anchors.bulge_anchor, minlength=n)
    i, j = np.triu_indices(n, 1)
    span = np.abs(anchors.xy[i] - anchors.xy[j]) / size
    worth = span.min(axis=1) * (np.minimum(arms[i], 4) + np.minimum(arms[j], 4))
    ok = span.min(axis=1) >= LEAST_SPAN
    if not ok.any():
        far = int(np.hypot(*(anchors.xy[i] - anchors.xy[j]).T).argmax())
        return np.array([[i[far], j[far]]], np.int64)
    order = np.argsort(-worth, kind="stable")
    used = np.zeros(n, np.int64)
    chosen: list[tuple[int, int]] = []
    for k in order[ok[order]].tolist():
        a, b = int(i[k]), int(j[k])
        if used[a] < 2 and used[b] < 2:
            chosen.append((a, b))
            used[[a, b]] += 1
        if len(chosen) == MOST_PAIRS:
            break
    return np.array(chosen, np.int64).reshape(-1, 2)
