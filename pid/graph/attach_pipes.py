"""Lettering along pipes: line numbers, sizes and piping classes to the line that they stand at.

A line number stands along its pipe; where it does not, a leader joins them, which is no line of the drawing, so the
nearest pipe in reach is taken. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Line
from pid.geometry import as_boxes
from pid.graph.lettering import Lettering

Array = NDArray[np.float64]

ALONG_REACH = 60.0
"""A line number written along its line is no further off than this from box to line ..."""
LEADER_REACH = 120.0
"""... and one on a leader no further than this."""
NOT_ALONG = 60.0
"""A line that runs across a word's reading direction counts as so much further off."""
SHORTER = 0.5
"""A piece shorter than this share of a line number counts as far off as one across: numbers stand along pipes that are
longer than they are, while insulation marks and drains beside these are not."""
SHORT = 20.0
"""Pieces of a line shorter than this carry no number."""
SIZE_REACH = 40.0
"""Sizes and classes stand this near to their line."""
END_REACH = 45.0
"""What is written at an open end (DRAIN, ATM) stands this near to it."""


def own_pipes(lettering: Lettering) -> None:
    """Give sizes, classes and the texts at open ends to their lines."""
    pieces = _Pieces(lettering.lines, lettering.scale)
    for w in lettering.free_words():
        if lettering.grammar.read(lettering.words[w].text, "size", "spec", "reducer_size", repair=False) is not None:
            best = pieces.nearest(lettering.words[w].box, lettering.words[w].angle, SIZE_REACH, shortest=0.0)
            if best is not None:
                lettering.give(w, lettering.lines[best[0]].id)
    _own_ends(lettering)


def own_line_numbers(lettering: Lettering) -> dict[str, str]:
    """Give line numbers to their lines; returns the number of each line, the nearest where several stand at it."""
    pieces = _Pieces(lettering.lines, lettering.scale)
    votes: dict[str, list[tuple[float, str]]] = {}
    for w in lettering.free_words():
        reading = lettering.read(w, "line_number")
        if reading is None:
            continue
        word = lettering.words[w]
        best = pieces.nearest(word.box, word.angle, LEADER_REACH, shortest=SHORT, usual=SHORTER * _length(word.box))
        if best is None:
            continue
        line = lettering.lines[best[0]]
        lettering.give(w, line.id)
        votes.setdefault(line.id, []).append((best[1], reading.text))
    return {name: min(found)[1] for name, found in votes.items()}


def _length(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _own_ends(lettering: Lettering) -> None:
    """Give the words at open ends to the line that ends there."""
    ends = [
        (i, *point)
        for i, line in enumerate(lettering.lines)
        if line.kind != "signal"
        for point in (line.points[0], line.points[-1])
    ]
    if not ends:
        return
    table = np.array(ends, np.float64)
    for w in lettering.free_words():
        text = lettering.words[w].text.strip()
        if not text.isupper() or len(text) > 24 or lettering.read(w, "line_number") is not None:
            continue
        box = lettering.boxes[w]
        gap = np.maximum(np.maximum(box[:2] - table[:, 1:], table[:, 1:] - box[2:]), 0)
        distance = np.hypot(gap[:, 0], gap[:, 1])
        best = int(np.argmin(distance))
        if distance[best] <= END_REACH * lettering.scale and distance[best] < _gap_to_symbols(lettering, box):
            lettering.give(w, lettering.lines[int(table[best, 0])].id)


def _gap_to_symbols(lettering: Lettering, box: Array) -> float:
    """Distance of a box to the nearest symbol."""
    boxes = lettering.symbol_boxes
    if not len(boxes):
        return float("inf")
    gap = np.maximum(np.maximum(boxes[:, :2] - box[2:], box[:2] - boxes[:, 2:]), 0)
    return float(np.hypot(gap[:, 0], gap[:, 1]).min())


class _Pieces:
    """The straight pieces of all lines, to be asked for the process line that a word stands at."""

    def __init__(self, lines: Sequence[Line], scale: float) -> None:
        rows = [(i, *a, *b) for i, line in enumerate(lines) for a, b in pairwise(line.points)]
        self.scale = scale
        table = np.array(rows, np.float64).reshape(-1, 5)
        self.line = table[:, 0].astype(int)
        self.segments = table[:, 1:]
        d = np.abs(self.segments[:, 2:] - self.segments[:, :2])
        self.length: Array = np.hypot(d[:, 0], d[:, 1])
        self.level = d[:, 0] >= d[:, 1]
        self.signal = np.array([lines[i].kind == "signal" for i in self.line], bool).reshape(-1)
        self.low = np.minimum(self.segments[:, :2], self.segments[:, 2:])
        self.high = np.maximum(self.segments[:, :2], self.segments[:, 2:])

    def nearest(
        self, box: Box, angle: float, reach: float, *, shortest: float, usual: float = 0.0
    ) -> tuple[int, float] | None:
        """Line index and cost of the piece that a word stands at; None where none is within reach.

        Pieces along the word's reading direction come first, those over whose length its middle stands before others,
        and those of at least a `usual` length, px, before shorter ones.
        """
        if not len(self.line):
            return None
        b = as_boxes([box])[0]
        gap = np.maximum(np.maximum(self.low - b[2:], b[:2] - self.high), 0)
        distance = np.hypot(gap[:, 0], gap[:, 1])
        middle = (b[:2] + b[2:]) / 2
        to_middle = np.maximum(np.maximum(self.low - middle, middle - self.high), 0)
        lies_level = round(angle / 90) % 2 == 0
        along = self.level == lies_level
        beyond = np.where(self.level, to_middle[:, 0], to_middle[:, 1])
        cost = distance + 0.3 * beyond + NOT_ALONG * self.scale * (~along | (self.length < usual))
        limit = np.where(along, min(reach, ALONG_REACH), reach) * self.scale
        long = (self.length >= shortest * self.scale) & ~self.signal
        for offers in (long & (distance <= limit), long & (distance <= reach * self.scale)):
            good = np.flatnonzero(offers)
            if len(good):
                best = good[np.argmin(cost[good])]
                return int(self.line[best]), float(cost[best])
        return None
