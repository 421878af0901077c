"""Where the title block is: the cells, or the part of the page, in which most labels of title blocks stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.document.labels import Label
from pid.document.revision_table import is_revision_table
from pid.document.ruled_page import RuledPage, boxes_of
from pid.document.table_blocks import find_patches
from pid.drawing import Box, Table
from pid.geometry import as_boxes, box_gap

Array = NDArray[np.float64]

TELLING = ("drawing_number", "title", "scale", "sheet", "revision", "size", "drawn_by", "checked_by", "approved_by")
"""Fields that only title blocks have."""
TELLS = 1.0
HINTS = 0.5
"""Weights of the labels of those fields, and of the others."""
LEAST_WEIGHT = 2.0
"""Labels of less weight altogether are no title block."""
NEAR = 4.0
"""Patches, or labels without cells, this many glyphs apart belong to one block."""
LOOSE_NEAR = 30.0


@dataclass(frozen=True, eq=False)
class Place:
    """The title block's box, its cells (indices), and the labels of fields in it."""

    box: Box
    cells: tuple[int, ...]
    labels: tuple[Label, ...]


def find_place(page: RuledPage, tables: Sequence[Table]) -> Place | None:
    """The patch of cells with the most labels and those close to it; else the labels themselves, close together."""
    labels = [label for label in page.labels if not _in_table(label, tables)]
    patches = find_patches(page.cells, glyph_px=page.glyph_px, shape=page.shape)
    owner = {int(cell): i for i, patch in enumerate(patches) for cell in patch}
    inside: dict[int, list[Label]] = {}
    for label in labels:
        if label.string.cell >= 0:
            inside.setdefault(owner[label.string.cell], []).append(label)
    if inside:
        best = max(inside, key=lambda i: _weight(inside[i]))
        if _weight(inside[best]) >= LEAST_WEIGHT:
            return _ruled_place(page, patches, inside, best, labels)
    return _loose_place(page, [label for label in labels if label.string.cell < 0])


def _weight(labels: Sequence[Label]) -> float:
    names = {label.names[0] for label in labels if label.names}
    return sum(TELLS if name in TELLING else HINTS for name in names)


def _ruled_place(
    page: RuledPage,
    patches: Sequence[NDArray[np.int64]],
    inside: dict[int, list[Label]],
    best: int,
    labels: Sequence[Label],
) -> Place:
    """The best patch and further ones with labels close to it; what stands between their cells belongs to them."""
    members = [best]
    box = _hull(page.cells[patches[best]])
    for i in sorted(inside, key=lambda i: -_weight(inside[i])):
        other = _hull(page.cells[patches[i]])
        if i != best and _weight(inside[i]) >= HINTS and box_gap(box, other) <= NEAR * page.glyph_px:
            members.append(i)
            box = _hull(as_boxes([box, other]))
    cells = tuple(int(c) for i in members for c in patches[i])
    own = set(cells)
    found = [label for label in labels if label.string.cell in own or (label.string.cell < 0 and _holds(box, label))]
    return Place(_labelled_part(page, cells, found), cells, tuple(found))


def _labelled_part(page: RuledPage, cells: Sequence[int], labels: Sequence[Label]) -> Box:
    """The box of the cells among which the labels are: a strip along the sheet has other things in it, too."""
    x0, y0, x1, y1 = _hull(as_boxes([label.box for label in labels if label.names]))
    grow = 2 * page.glyph_px
    boxes = page.cells[list(cells)]
    near = (boxes[:, 0] <= x1 + grow) & (boxes[:, 2] >= x0 - grow) & (boxes[:, 1] <= y1 + grow)
    near &= boxes[:, 3] >= y0 - grow
    return _hull(boxes[near]) if near.any() else (x0, y0, x1, y1)


def _loose_place(page: RuledPage, labels: Sequence[Label]) -> Place | None:
    """The closest company of labels without cells."""
    reach = LOOSE_NEAR * page.glyph_px
    groups: list[list[Label]] = []
    for label in labels:
        near = [g for g in groups if any(box_gap(label.box, other.box) <= reach for other in g)]
        groups = [g for g in groups if g not in near] + [[label, *(x for g in near for x in g)]]
    if not groups:
        return None
    best = max(groups, key=_weight)
    if _weight(best) < LEAST_WEIGHT + HINTS:
        return None
    x0, y0, x1, y1 = _hull(as_boxes([label.box for label in best]))
    around = [s for s in page.strings if box_gap(s.box, (x0, y0, x1, y1)) <= reach and s.cell < 0 and s.angle == 0]
    return Place(_hull(boxes_of(around)), (), tuple(best))


def _in_table(label: Label, tables: Sequence[Table]) -> bool:
    """Whether a label belongs to a table and names no field: all but the roles of those who sign.

    Roles over the columns of a revision table name none, either.
    """
    x, y = (label.box[0] + label.box[2]) / 2, (label.box[1] + label.box[3]) / 2
    holder = next((t for t in tables if t.box[0] <= x <= t.box[2] and t.box[1] <= y <= t.box[3]), None)
    if holder is None:
        return False
    return not any(name.endswith("_by") for name in label.names) or is_revision_table(holder)


def _holds(box: Box, label: Label) -> bool:
    x, y = (label.box[0] + label.box[2]) / 2, (label.box[1] + label.box[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _hull(boxes: Array) -> Box:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
