"""Which ruled cells belong together: patches of cells wall to wall, cut into blocks with rows and columns of their own.

A *patch* may be several tables side by side, a title block with its revision table, or a frame with grid letters. A
*cut* is a straight wall through a whole block that no cell crosses. Boxes are (N, 4) px; lengths are in glyphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]

WALL = 0.9
"""Cells this near to each other share a wall."""
SNAP = 0.5
"""Sides of cells that differ by less lie on one wall."""
TILED = 0.9
"""A block's cells fill its bounding box at least to this share; otherwise it is several."""
AGREEMENT = 0.6
"""Two sides of a cut are one block when they share this much of the walls of the side that has fewer."""
HEADING = 5.0
"""A heading over a whole table is no higher."""
LABELLED = 2
"""So many labels in a column, and fewer in the one before, begin a block: a table has them in its first column."""
FRAME_DEPTH = 0.06
"""A drawing frame's cells lie within this share of the page from its edge."""
FRAME_SLACK = 0.003
"""...all of them equally near to it, to this share of the page's side..."""
FRAME_LENGTH = 0.4
"""...and the row of them reaches over this much of the page's side."""


def find_patches(cells: Array, *, glyph_px: float, shape: tuple[int, ...]) -> list[Index]:
    """Indices of the cells of each patch, largest first."""
    if not len(cells):
        return []
    scale = 4.0 / max(WALL * glyph_px, 4.0)  # a wall is four pixels of a small picture
    reach = WALL * glyph_px / 2
    paint = np.zeros((int(shape[0] * scale) + 2, int(shape[1] * scale) + 2), np.uint8)
    grown = np.round((cells + np.array([-reach, -reach, reach, reach])) * scale).astype(int)
    for x0, y0, x1, y1 in np.clip(grown, 0, None).tolist():
        paint[y0 : y1 + 1, x0 : x1 + 1] = 1
    _, labels = cv2.connectedComponents(paint, connectivity=4)
    middle = ((cells[:, :2] + cells[:, 2:]) / 2 * scale).astype(int)
    patch = labels[middle[:, 1], middle[:, 0]]
    groups = [np.flatnonzero(patch == label) for label in np.unique(patch)]
    return sorted(groups, key=lambda g: -len(g))


def frame_cells(cells: Array, texts: Sequence[str], *, shape: tuple[int, ...]) -> Flags:
    """Which cells (N,) are zones of the drawing's frame: along the page's edge, each with one or two characters."""
    height, width = shape[:2]
    out = np.zeros(len(cells), bool)
    if not len(cells):
        return out
    short = np.array([len(t.replace(" ", "")) <= 2 for t in texts])
    for axis, side in ((1, height), (0, width)):
        for edge, reach in ((axis, cells[:, axis + 2]), (axis + 2, side - cells[:, axis])):
            band = np.flatnonzero((reach <= FRAME_DEPTH * side) & short)
            if not len(band):
                continue
            outermost = cells[band, edge].min() if edge == axis else cells[band, edge].max()
            band = band[np.abs(cells[band, edge] - outermost) <= FRAME_SLACK * side]
            covered = float((cells[band, 3 - axis] - cells[band, 1 - axis]).sum())
            out[band] |= covered >= FRAME_LENGTH * (width if axis else height)
    return out


def walls(values: Array, *, snap: float) -> Array:
    """Positions of walls, ascending, from the sides of cells that lie on either side of them."""
    v = np.sort(np.asarray(values, np.float64), axis=None)
    if not len(v):
        return v
    starts = np.concatenate([[True], np.diff(v) > snap])
    return np.array([part.mean() for part in np.split(v, np.flatnonzero(starts)[1:])])


class Splitter:
    """Cuts patches into blocks.

    Args:
        cells: boxes (N, 4) of all cells.
        texts: what is written in each.
        fields: which cells hold a label and its value, as cells of title blocks do and those of tables don't.
        marked: names of the labels in them, roles of signers included, but headings of usual columns; else empty.
        glyph_px: height of the usual capital.
    """

    def __init__(
        self, cells: Array, texts: Sequence[str], fields: Flags, marked: Sequence[str], *, glyph_px: float
    ) -> None:
        self.cells = cells
        self.texts = texts
        self.fields = fields
        self.marked = marked
        self.glyph = glyph_px

    def split(self, members: Index) -> Iterator[Index]:
        """The blocks of a patch (or block) given by the indices of its cells."""
        cut = self._must_cut(members) if len(members) > 1 else None
        if cut is None:
            yield members
            return
        axis, at = cut
        first = (self.cells[members, axis] + self.cells[members, axis + 2]) / 2 < at
        yield from self.split(members[first])
        yield from self.split(members[~first])

    def _must_cut(self, members: Index) -> tuple[int, float] | None:
        """Axis (0: left from right) and position of the cut that tells two blocks apart best."""
        cuts = [(axis, at) for axis in (0, 1) for at in self._cuts(members, axis)]
        if not cuts:
            return None
        if self._tiled([members]) < TILED:
            shares = [self._tiled(self._sides(members, *cut)) for cut in cuts]
            best = int(np.argmax(shares))
            if shares[best] > self._tiled([members]) + 0.01:
                return cuts[best]
        agreements = [self._agreement(members, *cut) for cut in cuts]
        worst = int(np.argmin(agreements))
        if agreements[worst] < AGREEMENT:
            return cuts[worst]
        return next((cut for cut in cuts if self._repeats(*self._sides(members, *cut), cut[0])), None)

    def _cuts(self, members: Index, axis: int) -> list[float]:
        """Walls through the whole block that no cell crosses."""
        low, high = self.cells[members, axis], self.cells[members, axis + 2]
        snap = SNAP * self.glyph
        at = walls(np.concatenate([low, high]), snap=snap)[1:-1]
        crossed = ((low[None] < at[:, None] - snap) & (high[None] > at[:, None] + snap)).any(axis=1)
        return [float(v) for v in at[~crossed]]

    def _sides(self, members: Index, axis: int, at: float) -> tuple[Index, Index]:
        first = (self.cells[members, axis] + self.cells[members, axis + 2]) / 2 < at
        return members[first], members[~first]

    def _hull(self, members: Index) -> Array:
        c = self.cells[members]
        return np.concatenate([c[:, :2].min(axis=0), c[:, 2:].max(axis=0)])

    def _tiled(self, blocks: Sequence[Index]) -> float:
        """Share of the blocks' bounding boxes that their cells fill, walls included."""
        grow = WALL * self.glyph / 4
        filled = whole = 0.0
        for members in blocks:
            c = self.cells[members]
            filled += float((c[:, 2:] - c[:, :2] + 2 * grow).prod(axis=1).sum())
            hull = self._hull(members)
            whole += float((hull[2:] - hull[:2] + 2 * grow).prod())
        return filled / max(whole, 1.0)

    def _agreement(self, members: Index, axis: int, at: float) -> float:
        """How well the walls that end on the two sides of a cut continue each other, 0..1."""
        first, second = self._sides(members, axis, at)
        other, snap = 1 - axis, SNAP * self.glyph
        a, b = self._hull(first), self._hull(second)
        if max(abs(a[other] - b[other]), abs(a[other + 2] - b[other + 2])) > self.glyph:
            return 0.0
        before = first[np.abs(self.cells[first, axis + 2] - at) <= 2 * snap]
        behind = second[np.abs(self.cells[second, axis] - at) <= 2 * snap]
        if _differ(self.fields[before], self.fields[behind]):
            return 0.0
        if axis == 0 and self._marks(behind) >= LABELLED > self._marks(before):
            return 0.0
        mine, theirs = self._inner_walls(before, other), self._inner_walls(behind, other)
        if not len(mine) and not len(theirs):
            return 0.0 if self.fields[before].any() or self.fields[behind].any() else 1.0
        if not len(mine) or not len(theirs):
            alone, rest = (first, second) if not len(mine) else (second, first)
            return float(self._heads(alone, rest, axis))
        near = np.abs(mine[:, None] - theirs[None]) <= snap
        return float(min(near.any(axis=1).sum(), near.any(axis=0).sum()) / min(len(mine), len(theirs)))

    def _marks(self, members: Index) -> int:
        """How many different labels the cells hold."""
        return len({self.marked[i] for i in members.tolist()} - {""})

    def _inner_walls(self, members: Index, axis: int) -> Array:
        c = self.cells[members]
        return walls(np.concatenate([c[:, axis], c[:, axis + 2]]), snap=SNAP * self.glyph)[1:-1]

    def _heads(self, alone: Index, rest: Index, axis: int) -> bool:
        """Whether a side without walls of its own is a heading over (or before) all of the other."""
        if len(alone) != 1 or self.fields[alone].any() or not self.texts[int(alone[0])]:
            return False
        size = self.cells[alone[0], 2:] - self.cells[alone[0], :2]
        if axis == 1:
            return bool(size[1] <= HEADING * self.glyph)
        hull = self._hull(rest)
        return bool(size[0] < (hull[2] - hull[0]) / 2 and not self.fields[rest].any())

    def _repeats(self, first: Index, second: Index, axis: int) -> bool:
        """Whether the first columns on both sides of a cut say the same: two tables of one kind.

        A column may well say a thing twice, so of two tables one above the other their heads must be alike, too.
        """
        mine, theirs = self._first_column(first), self._first_column(second)
        if len([t for t in set(mine) & set(theirs) if len(t) > 2]) < 2:
            return False
        return axis == 0 or mine[0] == theirs[0]

    def _first_column(self, members: Index) -> list[str]:
        """What is written in the first column, from top to bottom."""
        low = self.cells[members, 0]
        column = members[low <= low.min() + SNAP * self.glyph]
        ordered = column[np.argsort(self.cells[column, 1])]
        return [text for i in ordered if (text := self.texts[int(i)].upper().replace(" ", ""))]


def _differ(mine: Flags, theirs: Flags) -> bool:
    """Whether most cells on one side of a cut are fields of a title block, and few on the other."""
    few, many = sorted((float(mine.mean()) if len(mine) else 0.0, float(theirs.mean()) if len(theirs) else 0.0))
    return many >= 0.5 and few <= 0.2
