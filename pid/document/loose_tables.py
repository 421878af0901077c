"""Tables without rules, or with rules of their rows alone: columns told by the white between them.

Terms: a *line* is words on one height; a *segment* is a part of it without wide gaps; a *run* is lines at one pitch.
A *gutter* is white between two columns through nearly all lines of a run. Headings of two levels stand at half pitch:
one that reaches over both levels has its own height between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pid.document.ruled_page import RuledPage
from pid.drawing import Box, Cell, Table, Word
from pid.geometry import bounds

Array = NDArray[np.float64]

GAP = 0.9
"""Words further apart than this, in heights of their boxes, are segments."""
LEAST_LINES = 3
LEAST_COLUMNS = 3
FARTHEST_PITCH = 1.6
"""Lines further apart than this many times the usual pitch are no run."""
WIDEST_PITCH = 4.5
"""The pitch of a run, in heights of its lettering, is at most this."""
HALF_PITCH = 0.75
"""Lines nearer to each other than this share of the pitch are levels of one heading."""
CROSSED = 0.16
"""Share of a run's lines that may cross a gutter: headings do."""
LEAST_GUTTER = 0.5
"""Of a gutter's width, in heights of the lettering."""
FILLED = 0.5
"""A line of the body has something in this share of the columns."""
FULLEST = 0.75
"""Lines with this share of the segments of the fullest one tell the columns."""
LARGER = 1.35
"""Lettering larger than the usual by this factor is a heading of the page."""
LOOSE_SCORE = 0.9
"""A cell that no rule closes in is less sure by this factor."""


@dataclass(frozen=True)
class _Segment:
    words: tuple[Word, ...]
    box: Box

    @property
    def text(self) -> str:
        return " ".join(w.text for w in self.words)


@dataclass(frozen=True)
class _Line:
    segments: tuple[_Segment, ...]
    y: float
    height: float


def find_loose_tables(page: RuledPage, ruled: Sequence[Table] = ()) -> list[Table]:
    """Tables in what lettering of the page stands in none of the ruled ones; their ids are empty."""
    words = [w for s in page.strings if s.angle == 0 for w in s.words if not any(_holds(t.box, w) for t in ruled)]
    tables = (_table(run) for run in _runs(_lines(words)))
    return [table for table in tables if table is not None]


def _holds(box: Box, word: Word) -> bool:
    x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _lines(words: Sequence[Word]) -> list[_Line]:
    rows: list[list[Word]] = []
    for w in sorted(words, key=lambda w: w.box[1] + w.box[3]):
        middle = (w.box[1] + w.box[3]) / 2
        if rows and abs(middle - _middle(rows[-1])) < 0.35 * (w.box[3] - w.box[1]):
            rows[-1].append(w)
        else:
            rows.append([w])
    return [_line(row) for row in rows]


def _middle(words: Sequence[Word]) -> float:
    return float(np.median([(w.box[1] + w.box[3]) / 2 for w in words]))


def _line(words: Sequence[Word]) -> _Line:
    ordered = sorted(words, key=lambda w: w.box[0])
    height = float(np.median([w.box[3] - w.box[1] for w in ordered]))
    groups: list[list[Word]] = [[ordered[0]]]
    for w in ordered[1:]:
        if w.box[0] - groups[-1][-1].box[2] > GAP * height:
            groups.append([w])
        else:
            groups[-1].append(w)
    segments = tuple(_Segment(tuple(g), bounds([c for w in g for c in (w.box[:2], w.box[2:])])) for g in groups)
    return _Line(segments, _middle(words), height)


def _runs(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Lines at one pitch, most of them with several segments."""
    start = 0
    for i in range(1, len(lines) + 1):
        if i < len(lines) and lines[i].y - lines[i - 1].y <= WIDEST_PITCH * min(lines[i].height, lines[i - 1].height):
            continue
        yield from _regular(lines[start:i])
        start = i


def _regular(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Parts of lines without a gap wider than their pitch allows."""
    if len(lines) < LEAST_LINES:
        return
    pitch = _pitch(lines)
    part = [lines[0]]
    for line in lines[1:]:
        if line.y - part[-1].y > FARTHEST_PITCH * pitch:
            yield part
            part = []
        part.append(line)
    yield part


def _pitch(lines: Sequence[_Line]) -> float:
    many = [line.y for line in lines if len(line.segments) >= LEAST_COLUMNS]
    ys = many if len(many) >= LEAST_LINES else [line.y for line in lines]
    return float(np.median(np.diff(ys)))


def _table(lines: Sequence[_Line]) -> Table | None:
    full = [line for line in lines if len(line.segments) >= LEAST_COLUMNS]
    if len(full) < LEAST_LINES:
        return None
    lines = _after_head(_within(lines, full))
    most = max((len(line.segments) for line in lines), default=0)
    columns = _columns([line for line in lines if len(line.segments) >= FULLEST * most])
    if len(columns) < LEAST_COLUMNS:
        return None
    rows = _rows(lines, _pitch(lines))
    cells = _cells(rows, columns)
    if sum(bool(c.text) for c in cells) < FILLED * len(cells):
        return None
    box = bounds([c for line in lines for s in line.segments for c in (s.box[:2], s.box[2:])])
    return Table(id="", box=box, cells=tuple(sorted(cells, key=lambda c: (c.row, c.column))))


def _within(lines: Sequence[_Line], full: Sequence[_Line]) -> list[_Line]:
    """The lines from the first to the last that may be of the table: none that is wider than its full lines."""
    left = min(line.segments[0].box[0] for line in full)
    right = max(line.segments[-1].box[2] for line in full)
    slack = full[0].height
    return [
        line for line in lines if line.segments[0].box[0] >= left - slack and line.segments[-1].box[2] <= right + slack
    ]


def _after_head(lines: Sequence[_Line]) -> list[_Line]:
    """The lines after the name of the page, in larger lettering, and after labels with colons and their values."""
    usual = float(np.median([line.height for line in lines])) if lines else 0.0
    half = len(lines) // 2
    heads = [
        i
        for i, line in enumerate(lines[:half])
        if line.height > LARGER * usual or any(w.text.endswith(":") for s in line.segments for w in s.words)
    ]
    return list(lines[heads[-1] + 1 :] if heads else lines)


def _columns(lines: Sequence[_Line]) -> list[tuple[float, float]]:
    """Left and right side of each column's lettering."""
    height = float(np.median([line.height for line in lines]))
    left = min(line.segments[0].box[0] for line in lines)
    right = max(line.segments[-1].box[2] for line in lines)
    count = np.zeros(int(right - left) + 2)
    for line in lines:
        for s in line.segments:
            count[int(s.box[0] - left) : int(s.box[2] - left) + 1] += 1
    covered = count > max(CROSSED * len(lines), 1.0 if len(lines) >= 4 else 0.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]]).astype(np.int8)))
    spans = edges.reshape(-1, 2).astype(float) + left
    out: list[tuple[float, float]] = []
    for low, high in spans.tolist():
        if out and low - out[-1][1] < LEAST_GUTTER * height:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


@dataclass(frozen=True)
class _Row:
    """A line's place among the rows: a heading over two levels has a span of 2."""

    line: _Line
    row: int
    span: int = 1


def _rows(lines: Sequence[_Line], pitch: float) -> list[_Row]:
    """Rows of lines; of three lines at half pitch the middle one reaches over the rows of the others."""
    out: list[_Row] = []
    i = row = 0
    while i < len(lines):
        levels = lines[i : i + 3]
        near = [b.y - a.y < HALF_PITCH * pitch for a, b in pairwise(levels)]
        if near == [True, True]:
            out += [_Row(levels[0], row), _Row(levels[1], row, 2), _Row(levels[2], row + 1)]
            i, row = i + 3, row + 2
        else:
            out.append(_Row(lines[i], row))
            i, row = i + 1, row + 1
    return out


def _cells(rows: Sequence[_Row], columns: Sequence[tuple[float, float]]) -> list[Cell]:
    """Cells of all rows and columns, headings over several of them first."""
    count = max(r.row + r.span for r in rows)
    taken = np.zeros((count, len(columns)), bool)
    cells: list[Cell] = []
    heads = _heading_rows(rows, columns)
    for r in sorted(rows, key=lambda r: -r.span):
        free = [not taken[r.row : r.row + r.span, c].any() for c in range(len(columns))]
        for segment, (first, last) in _places(r.line, columns, free, wide=r.row < heads and r.span == 1):
            if taken[r.row : r.row + r.span, first : last + 1].any():
                continue
            taken[r.row : r.row + r.span, first : last + 1] = True
            score = LOOSE_SCORE * min(w.score for w in segment.words)
            cells.append(
                Cell(row=r.row, column=first, row_span=r.span, column_span=last - first + 1, text=segment.text,
                     box=segment.box, score=score)
            )  # fmt: skip
    for row, column in np.argwhere(~taken).tolist():
        y = next((r.line.y for r in rows if r.row == row), 0.0)
        cells.append(
            Cell(row=row, column=column, box=(columns[column][0], y, columns[column][1], y), score=LOOSE_SCORE)
        )
    return cells


def _heading_rows(rows: Sequence[_Row], columns: Sequence[tuple[float, float]]) -> int:
    """How many rows stand above the first that fills most columns."""
    levels = max((r.row + 1 for r in rows if r.span == 2), default=0)
    for r in sorted(rows, key=lambda r: r.row):
        if r.row >= levels and r.span == 1 and len(r.line.segments) >= FILLED * len(columns):
            return r.row
    return levels


def _places(
    line: _Line, columns: Sequence[tuple[float, float]], free: Sequence[bool], *, wide: bool
) -> Iterator[tuple[_Segment, tuple[int, int]]]:
    """First and last column of each segment; in `wide` lines it may reach over columns that it does not cover."""
    for segment in line.segments:
        under = [i for i, (low, high) in enumerate(columns) if segment.box[0] < high and segment.box[2] > low]
        first, last = (under[0], under[-1]) if under else _nearest(segment, columns)
        yield segment, _centred(segment, columns, first, last, free) if wide else (first, last)


def _nearest(segment: _Segment, columns: Sequence[tuple[float, float]]) -> tuple[int, int]:
    middle = (segment.box[0] + segment.box[2]) / 2
    best = min(range(len(columns)), key=lambda i: abs(sum(columns[i]) / 2 - middle))
    return best, best


def _centred(
    segment: _Segment, columns: Sequence[tuple[float, float]], first: int, last: int, free: Sequence[bool]
) -> tuple[int, int]:
    """The columns, these included, in whose middle a segment stands."""
    middle = (segment.box[0] + segment.box[2]) / 2
    low, high = first, last
    while low > 0 and free[low - 1]:
        low -= 1
    while high < len(columns) - 1 and free[high + 1]:
        high += 1
    spans = [(a, b) for a in range(low, first + 1) for b in range(last, high + 1)]

    def off(span: tuple[int, int]) -> float:
        return abs((columns[span[0]][0] + columns[span[1]][1]) / 2 - middle)

    best = min(spans, key=off)
    return best if off(best) + (segment.box[3] - segment.box[1]) / 2 < off((first, last)) else (first, last)
