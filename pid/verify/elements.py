"""Every element of a sheet as two predictions see it, beside the truth.

Terms of art: a *part* is symbols, connections, lines, words, cells (of tables) or fields (of the title block); a
*reading* is what one drawing says of an element; an *alignment* tells for each true element what one prediction read
there and whether that is right, and what it read where nothing is true (*false* readings). An *element* joins two
alignments: A is the old model, B the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pid.drawing import Box
from pid.geometry import box_iou, grown

Part = Literal["symbols", "connections", "lines", "words", "cells", "fields"]
PARTS: tuple[Part, ...] = ("symbols", "connections", "lines", "words", "cells", "fields")
State = Literal["only_a", "only_b", "both_same", "both_different", "neither"]
STATES: tuple[State, ...] = ("only_a", "only_b", "both_same", "both_different", "neither")

SAME_PLACE_IOU = 0.5
"""Two false readings whose boxes overlap so much are of one thing."""
GROW_PX = 4.0
"""Boxes are grown by this before they are compared: a straight line has a box of no height."""


@dataclass(frozen=True)
class Reading:
    """What one drawing says: the value that is compared, the class that it counts for, where, and how sure."""

    value: str
    group: str
    box: Box
    kind: str = ""
    """Within the group; empty where the part has no kinds."""
    score: float = 1.0


@dataclass(frozen=True)
class Read:
    """A prediction's reading of a true element, and whether it is right."""

    reading: Reading
    right: bool


@dataclass(frozen=True)
class Alignment:
    """One prediction against the truth, for one part of one sheet."""

    truths: tuple[Reading, ...]
    read: tuple[Read | None, ...]
    """For each of `truths`; None where it was missed."""
    false: tuple[Reading, ...]


@dataclass(frozen=True)
class Element:
    """A true thing, or one that a prediction made up (`truth` is None), as A and B read it."""

    sheet: str
    part: Part
    truth: Reading | None
    a: Reading | None
    b: Reading | None
    a_right: bool
    """Whether what A says is right; of a thing that is not there, saying nothing is."""
    b_right: bool

    @property
    def state(self) -> State:
        """Who read something here, and whether both read the same."""
        if self.a is None and self.b is None:
            return "neither"
        if self.a is None or self.b is None:
            return "only_b" if self.a is None else "only_a"
        return "both_same" if self.a.value == self.b.value else "both_different"

    @property
    def any_reading(self) -> Reading:
        """The truth, or where there is none what was read."""
        reading = self.truth or self.b or self.a
        assert reading is not None
        return reading


def join(sheet: str, part: Part, a: Alignment, b: Alignment) -> list[Element]:
    """The elements of two alignments with the same truth: the true ones, then the false ones, paired by place."""
    elements = [
        Element(
            sheet, part, truth, mine.reading if mine else None, theirs.reading if theirs else None,
            a_right=mine is not None and mine.right, b_right=theirs is not None and theirs.right,
        )
        for truth, mine, theirs in zip(a.truths, a.read, b.read, strict=True)
    ]  # fmt: skip
    pairs = pair_boxes([r.box for r in a.false], [r.box for r in b.false])
    for i, reading in enumerate(a.false):
        other = b.false[pairs[i]] if i in pairs else None
        elements.append(Element(sheet, part, None, reading, other, a_right=False, b_right=other is None))
    taken = set(pairs.values())
    elements += [
        Element(sheet, part, None, None, reading, a_right=True, b_right=False)
        for j, reading in enumerate(b.false)
        if j not in taken
    ]
    return elements


def pair_boxes(a: Sequence[Box], b: Sequence[Box], *, least_iou: float = SAME_PLACE_IOU) -> dict[int, int]:
    """Index in `b` for each box of `a` that has a partner there, one to one, the best overlaps first."""
    if not a or not b:
        return {}
    iou = box_iou(grown(list(a), GROW_PX), grown(list(b), GROW_PX))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for flat in np.argsort(-iou, axis=None, kind="stable"):
        i, j = divmod(int(flat), len(b))
        if iou[i, j] < least_iou:
            break
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs
