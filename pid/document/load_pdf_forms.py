"""Form XObjects as block references: exporters draw a symbol once and place it as a form wherever it stands.

A form has no name that pdfium tells. Forms that hold large parts of the page (layers, whole sheets) are passed through:
those inside them are the outermost that mean something.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pid.drawing import Box
from pid.geometry import bounds
from pid.sheet import VectorBlock, VectorPath

CONTAINER_SHARE = 0.4
"""A form longer than this share of the page's longer side holds symbols and is none."""

Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f of PDF: x' = a x + c y + e, y' = b x + d y + f. Plain floats: an A1 sheet has 40,000 objects."""


def bind_forms(
    paths: Sequence[VectorPath], chains: Sequence[tuple[int, ...]], matrices: Sequence[Matrix], *, longer_px: float
) -> tuple[list[VectorPath], list[VectorBlock]]:
    """Give the paths that belong to a form the index of its block, and make the blocks.

    Args:
        paths: of the page, in pixels.
        chains: for each path the forms that it lies in, outermost first, as indices into `matrices`.
        matrices: of each placed form, its units to pixels.
        longer_px: longer side of the page.
    """
    boxes: dict[int, list[Box]] = defaultdict(list)
    for path, chain in zip(paths, chains, strict=True):
        for form in chain:
            boxes[form].append(bounds(path.points))
    every = {form: _around(held) for form, held in boxes.items()}
    small = {form: box for form, box in every.items() if _longer(box) <= CONTAINER_SHARE * longer_px}
    number = {form: index for index, form in enumerate(sorted(small))}
    bound = []
    for path, chain in zip(paths, chains, strict=True):
        outermost = next((form for form in chain if form in small), None)
        bound.append(path if outermost is None else replace(path, block=number[outermost]))
    return bound, [_make_block(matrices[form], small[form]) for form in sorted(small)]


def _make_block(matrix: Matrix, box: Box) -> VectorBlock:
    a, b, c, d, e, f = matrix
    return VectorBlock(
        name="",
        box=box,
        insert=(e, f),
        rotation=round(math.degrees(math.atan2(-d, c)) - 90, 2) % 360,  # where the form's upward axis points
        mirrored=a * d - b * c > 0,  # the sheet's y is turned over
    )


def _around(boxes: Sequence[Box]) -> Box:
    return bounds(np.array(boxes).reshape(-1, 2))


def _longer(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])
