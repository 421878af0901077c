"""The names on a legend: words joined into lines and lines into names, and which symbol each of them names.

Boxes are x0, y0, x1, y1 in pixels of the legend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.geometry import Array, as_boxes, bounds, box_area, box_intersection

Side = Literal["below", "above", "left", "right"]
"""Where the symbol stands, seen from its name."""
SIDES: tuple[Side, ...] = ("below", "left", "above", "right")

LOW, HIGH = 0.55, 1.6
"""Lettering between these shares of the usual height may be a name."""
WORD_GAP, LINE_GAP = 1.0, 0.55
"""Words of one line, and lines of one name, are nearer than these shares of the lettering's height."""
LETTER_GAP = 1.5
"""Blanks within a name are narrower than this many letter heights."""
SAME_LINE = 0.6
LYING_DEG = 20.0
IN_SYMBOL = 0.6
"""A word with so much of its box in a symbol's box is lettering of the symbol."""
ACROSS = 2.0
"""Distance across the direction of reading counts so many times the distance along it."""
OFF_MIDDLE = 0.3
"""How far a symbol's middle is off its name's counts for so much."""
LARGEST_DISTANCE = 1.6
"""In usual distances between names: farther ink belongs to no name, unless a name straight beside it has none yet."""
FAR_COST, LONG_NAME = 0.25, 4
"""What a mean distance of one usual distance between names costs, in shares of names with a symbol; shorter names count
less."""


@dataclass(frozen=True)
class Name:
    """A name on the legend, blanks kept."""

    text: str
    box: Box

    @property
    def kind(self) -> str:
        """The name of the kind: the text without blanks."""
        return re.sub(r"\s+", "", self.text)


def find_names(words: Sequence[Word], symbols: Array, letters: Array) -> tuple[Name, ...]:
    """The names among the words.

    What lies in one of the boxes `symbols` (N, 4) is lettering of that symbol. `letters` (M, 4) are boxes of single
    letters: readers' boxes of neighbouring names overlap, their letters do not.
    """
    level = [w for w in words if min(w.angle % 360, 360 - w.angle % 360) < LYING_DEG]
    if not level:
        return ()
    boxes = as_boxes([w.box for w in level])
    if len(symbols):
        inside = (box_intersection(boxes, symbols) / np.maximum(box_area(boxes), 1e-9)[:, None]).max(axis=1)
        level = [w for w, share in zip(level, inside, strict=True) if share < IN_SYMBOL]
    if not level:
        return ()
    heights = np.array([w.box[3] - w.box[1] for w in level])
    usual = float(np.median(np.repeat(heights, [len(w.text) for w in level])))
    kept = [w for w, h in zip(level, heights, strict=True) if LOW * usual <= h <= HIGH * usual]
    return join_lines(_lines(kept, usual, letters), usual)


def _lines(words: Sequence[Word], height: float, letters: Array) -> list[Name]:
    """Words in lines, lines parted where their letters are far apart."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.box[0]):
        for row in rows:
            last = row[-1]
            shared = min(last.box[3], word.box[3]) - max(last.box[1], word.box[1])
            lower = min(last.box[3] - last.box[1], word.box[3] - word.box[1])
            if shared >= SAME_LINE * lower and word.box[0] - last.box[2] <= WORD_GAP * height:
                row.append(word)
                break
        else:
            rows.append([word])
    return [line for row in rows for line in _parted(row, letters)]


def _parted(row: Sequence[Word], letters: Array) -> list[Name]:
    """The names of a row of words, parted at gaps of `LETTER_GAP` letter heights; boxes as tight as their letters."""
    around = np.array(_around([w.box for w in row]))
    middle = (letters[:, :2] + letters[:, 2:]) / 2
    held = letters[((middle > around[:2]) & (middle < around[2:])).all(axis=1)]
    if not len(held):
        return [Name(_written(row), _around([w.box for w in row]))]
    held = held[np.argsort(held[:, 0])]
    gap = LETTER_GAP * float(np.percentile(held[:, 3] - held[:, 1], 75))
    start = held[1:, 0] - np.maximum.accumulate(held[:, 2])[:-1]
    parts = np.split(held, np.flatnonzero(start > gap) + 1)
    out = []
    for k, part in enumerate(parts):
        low = -np.inf if k == 0 else part[:, 0].min() - gap / 2
        high = np.inf if k == len(parts) - 1 else part[:, 2].max() + gap / 2
        inside = [w for w in row if low <= (w.box[0] + w.box[2]) / 2 < high]
        if inside:
            out.append(Name(_written(inside), bounds(part.reshape(-1, 2))))
    return out


def join_lines(lines: Sequence[Name], height: float) -> tuple[Name, ...]:
    """Lines close below each other become one name, in reading order."""
    names: list[Name] = []
    for line in sorted(lines, key=lambda n: (n.box[1], n.box[0])):
        above = next(
            (
                i for i, n in enumerate(names)
                if line.box[1] - n.box[3] <= LINE_GAP * height and line.box[1] > n.box[1] + 0.5 * height
                and min(n.box[2], line.box[2]) > max(n.box[0], line.box[0])
            ),
            None,
        )  # fmt: skip
        if above is None:
            names.append(line)
        else:
            names[above] = Name(f"{names[above].text} {line.text}", _around([names[above].box, line.box]))
    return tuple(names)


def _written(words: Sequence[Word]) -> str:
    """What words say, without the marks before them that a symbol is read as."""
    text = " ".join(w.text for w in words)
    return re.sub(r"^[-–—_=.,:;·•'`|/\\]+\s*", "", text) or text


def _around(boxes: Sequence[Box]) -> Box:
    return bounds(as_boxes(boxes).reshape(-1, 2))


def assign_pieces(names: Sequence[Name], pieces: Array) -> tuple[Side, list[list[int]], list[int]]:
    """Which of the boxes `pieces` (N, 4) each name names.

    All names of a legend stand on the same side of their symbols: the side is taken from which most names find a
    symbol nearest.

    Returns:
        The side, for each name its pieces' numbers, and the pieces that no name is near to.
    """
    if not names or not len(pieces):
        return "below", [[] for _ in names], list(range(len(pieces)))
    boxes = as_boxes([n.box for n in names])
    pitch = _pitch(boxes)
    weight = np.array([min(len(n.kind), LONG_NAME) for n in names], float)
    best = max(SIDES, key=lambda side: _plausibility(_distances(boxes, pieces, side), pitch, weight))
    distance = _distances(boxes, pieces, best)
    nearest, cost = distance.argmin(axis=0), distance.min(axis=0)
    near = cost <= LARGEST_DISTANCE * pitch
    bare = ~np.isin(np.arange(len(names)), nearest[near])
    near |= bare[nearest] & _in_column(boxes[nearest], pieces, best) & np.isfinite(cost)
    lots = [np.flatnonzero(near & (nearest == i)).tolist() for i in range(len(names))]
    return best, lots, np.flatnonzero(~near).tolist()


def _plausibility(distance: Array, pitch: float, weight: Array) -> float:
    """How well symbols stand on a side: the share of names with a near piece, less their mean distance.

    `weight` (N,) of the names: symbols are misread as short ones.
    """
    nearest, cost = distance.argmin(axis=0), distance.min(axis=0)
    near = cost <= LARGEST_DISTANCE * pitch
    closest = np.full(len(distance), np.inf)
    np.minimum.at(closest, nearest[near], cost[near])
    found = np.isfinite(closest)
    mean = float(np.average(closest[found], weights=weight[found])) if found.any() else pitch
    return float(weight[found].sum() / weight.sum()) - FAR_COST * mean / pitch


def _in_column(names: Array, pieces: Array, side: Side) -> NDArray[np.bool_]:
    """Whether each of N pieces stands straight below, above or beside its name."""
    across = 0 if side in ("below", "above") else 1
    shared = np.minimum(names[:, across + 2], pieces[:, across + 2]) - np.maximum(names[:, across], pieces[:, across])
    return np.asarray(shared > 0, bool)


def find_misread(names: Sequence[Name], empty: Sequence[bool], side: Side) -> set[int]:
    """The names without a symbol that are symbols themselves: each stands where a longer one's symbol should be."""
    boxes = as_boxes([n.box for n in names])
    alone = np.flatnonzero(empty)
    if len(alone) < 2:  # a name and what was misread
        return set()
    distance = _distances(boxes, boxes, side)
    limit = LARGEST_DISTANCE * _pitch(boxes)
    out = set()
    for i in alone.tolist():
        shorter = [j for j in alone.tolist() if len(names[j].kind) < len(names[i].kind) and distance[i, j] <= limit]
        if shorter:
            out.add(min(shorter, key=lambda j: float(distance[i, j])))
    return out


def _pitch(boxes: Array) -> float:
    """Usual distance between neighbouring names, at least their width."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    if len(boxes) == 1:
        return float(3 * (boxes[0, 2:] - boxes[0, :2]).max())
    apart = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return float(np.median(apart.min(axis=1)))


def _distances(names: Array, pieces: Array, side: Side) -> Array:
    """Distance (N, M) of M pieces from N names where symbols stand on that side; infinite on the others."""
    along = 1 if side in ("below", "above") else 0
    across = 1 - along
    sign = 1.0 if side in ("below", "right") else -1.0
    name_middle, piece_middle = (names[:, :2] + names[:, 2:]) / 2, (pieces[:, :2] + pieces[:, 2:]) / 2
    beyond = sign * (piece_middle[None, :, along] - name_middle[:, None, along])
    gap = (
        pieces[None, :, along] - names[:, None, along + 2]
        if sign > 0
        else names[:, None, along] - pieces[None, :, along + 2]
    )
    aside = np.maximum(
        np.maximum(pieces[None, :, across], names[:, None, across])
        - np.minimum(pieces[None, :, across + 2], names[:, None, across + 2]),
        0.0,
    )
    off = np.abs(piece_middle[None, :, across] - name_middle[:, None, across])
    distance = np.abs(gap) + ACROSS * aside + OFF_MIDDLE * off
    return np.asarray(np.where(beyond > 0, distance, np.inf), np.float64)
