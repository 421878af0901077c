"""Tables of a page: from cells wall to wall to rows and columns, spans and texts.

Ruled tables come from their cells (`pid.document.ruling`), patches of which are cut into blocks
(`pid.document.table_blocks`). Columns and rows count from 0; a cell over several of them has spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pid.document.ruled_page import RuledPage
from pid.document.strings import String
from pid.document.table_blocks import SNAP, Splitter, find_patches, walls
from pid.document.table_rows import split_tall_rows
from pid.drawing import Box, Cell, Table

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LEAST_CELLS = 6
"""Fewer cells are no table."""
MOST_HOLES = 0.5
"""Share of a table's places that no cell was found for (a redaction, a broken rule); with more it is none."""
LEAST_SIDES = 2
"""A wall within a table has a cell on either side."""
HOLE_SCORE = 0.3
"""Of a place that no cell was found for."""
EMPTY_SCORE = 0.9
"""Of a cell with nothing in it."""
FULLEST = 0.5
"""Some row or column of a table has this share of its cells written in: its headings."""
MOST_FIELDS = 0.34
"""Share of a block's written cells that may hold a label and its value; with more it is part of a title block."""
MOST_MARKED = 3
"""So many different labels that are headings of no usual column make a block part of a title block."""


def find_tables(page: RuledPage) -> tuple[Table, ...]:
    """The ruled tables of a page, from top to bottom, with the ids t1, t2, ..."""
    fields = page.fields
    splitter = Splitter(page.cells, page.texts, fields, page.marked, glyph_px=page.glyph_px)
    found: list[Table] = []
    for patch in find_patches(page.cells, glyph_px=page.glyph_px, shape=page.shape):
        if len(patch) < LEAST_CELLS:
            continue
        for block in splitter.split(patch):
            if len(block) < LEAST_CELLS or _is_title(page, block, fields):
                continue
            cells = lay_out(page.cells[block], [page.within[int(i)] for i in block], snap=SNAP * page.glyph_px)
            if is_table(cells):
                found.append(Table(id="", box=_hull(page.cells[block]), cells=cells))
    return number_tables(found)


def number_tables(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Tables from top to bottom with the ids t1, t2, ..."""
    ordered = sorted(tables, key=lambda t: (t.box[1], t.box[0]))
    return tuple(t.model_copy(update={"id": f"t{i}"}) for i, t in enumerate(ordered, 1))


def _is_title(page: RuledPage, block: Index, fields: NDArray[np.bool_]) -> bool:
    """Whether a block is part of a title block: fields, or labels that are no headings of its rows and columns."""
    written = sum(bool(page.within[int(i)]) for i in block)
    rows = len(walls(page.cells[block][:, [1, 3]], snap=SNAP * page.glyph_px)) - 1
    names = {page.marked[i] for i in block.tolist()} - {""}
    marked = sum(not name.endswith("_by") for name in names)  # who signs stands in tables, too
    parts = sum(page.lexicon.is_part(page.texts[i]) for i in block.tolist()) if marked else 0
    if fields[block].sum() > MOST_FIELDS * max(written, 1) or marked >= MOST_MARKED:
        return True
    return (marked > 1 and rows <= 2) or parts > 1  # a label over its value, or over the parts of a number


def lay_out(boxes: Array, strings: Sequence[Sequence[String]], *, snap: float) -> tuple[Cell, ...]:
    """Cells of a table from the boxes (N, 4) of its paper and the strings in each, places without one filled.

    Sides nearer to each other than `snap` px are one wall. No cells come back where too many places are without one.
    """
    columns, rows = _shared_walls(boxes[:, [0, 2]], snap), _shared_walls(boxes[:, [1, 3]], snap)
    boxes, strings, rows = split_tall_rows(boxes, strings, rows, snap=snap)
    taken = np.zeros((max(len(rows) - 1, 0), max(len(columns) - 1, 0)), bool)
    cells = []
    for box, texts in zip(boxes, strings, strict=True):
        c0, c1 = (int(np.abs(columns - box[i]).argmin()) for i in (0, 2))
        r0, r1 = (int(np.abs(rows - box[i]).argmin()) for i in (1, 3))
        if r1 <= r0 or c1 <= c0 or taken[r0:r1, c0:c1].any():
            continue
        taken[r0:r1, c0:c1] = True
        cells.append(_cell(r0, c0, r1 - r0, c1 - c0, _box(box), texts))
    holes = np.argwhere(~taken).tolist()
    if len(holes) > MOST_HOLES * taken.size:
        return ()
    for r, c in holes:
        box = (float(columns[c]), float(rows[r]), float(columns[c + 1]), float(rows[r + 1]))
        cells.append(Cell(row=r, column=c, text="", box=box, score=HOLE_SCORE))
    return tuple(sorted(cells, key=lambda cell: (cell.row, cell.column)))


def _shared_walls(sides: Array, snap: float) -> Array:
    """Walls of cells from their sides (N, 2): what one side alone stands at is the edge of a blot."""
    at = walls(sides, snap=snap)
    near = (np.abs(sides.ravel()[None] - at[:, None]) <= snap).sum(axis=1) >= LEAST_SIDES
    near[[0, -1]] = True
    return np.asarray(at[near], np.float64)


def _cell(row: int, column: int, row_span: int, column_span: int, box: Box, strings: Sequence[String]) -> Cell:
    text = " ".join(s.text for s in strings)
    score = min((s.score for s in strings), default=EMPTY_SCORE)
    return Cell(
        row=row, column=column, row_span=row_span, column_span=column_span, text=text, box=box, score=score
    )  # fmt: skip


def is_table(cells: Sequence[Cell]) -> bool:
    """Whether cells have at least two rows and columns, and headings."""
    if len(cells) < LEAST_CELLS:
        return False
    rows = max(c.row + c.row_span for c in cells)
    columns = max(c.column + c.column_span for c in cells)
    if rows < 2 or columns < 2:
        return False
    lines = [*_lines(cells, "row", rows), *_lines(cells, "column", columns)]
    return any(sum(bool(c.text) for c in line) >= FULLEST * len(line) for line in lines if len(line) > 1)


def _lines(cells: Sequence[Cell], axis: str, count: int) -> list[list[Cell]]:
    return [
        [c for c in cells if getattr(c, axis) <= i < getattr(c, axis) + getattr(c, f"{axis}_span")]
        for i in range(count)
    ]


def _hull(boxes: Array) -> Box:
    return _box(np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]))


def _box(values: Array) -> Box:
    x0, y0, x1, y1 = (float(v) for v in values)
    return x0, y0, x1, y1
