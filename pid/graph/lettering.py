"""The lettering of a sheet while it finds its owners: words, their stacks, and what has been given away so far.

Terms of art: a *stack* is a block of words set under each other (size, class and tag of a valve). A word's *rows* run
in its reading direction. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from pid.drawing import Line, Symbol, Word
from pid.geometry import as_boxes
from pid.graph.grammar import Grammar, Reading

Array = NDArray[np.float64]

ROW_GAP = 0.95
"""Rows of a stack are no further apart than this share of their height ..."""
ROW_SHIFT = 0.55
"""... and are centred or flush to within this share of it."""
LIKE_HEIGHT = 1.6
"""Heights of a stack's rows differ by no more than this factor."""

INCHES_SEEN = 3
"""So many sizes with an inch mark show that the sheet writes inches."""


class Lettering:
    """Words with what they read as, and the owners, tags and attributes that they have brought so far."""

    def __init__(
        self,
        words: Sequence[Word],
        symbols: Sequence[Symbol],
        lines: Sequence[Line],
        *,
        scale: float,
        grammar: Grammar,
    ) -> None:
        self.words, self.symbols, self.lines = list(words), list(symbols), list(lines)
        self.scale, self.grammar = scale, grammar
        self.boxes = as_boxes([w.box for w in words])
        self.middles: Array = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        self.symbol_boxes = as_boxes([s.box for s in symbols])
        self.owners: dict[str, str] = {w.id: w.owner for w in words if w.owner is not None}
        self.tags: dict[str, str] = {s.id: s.tag for s in symbols if s.tag is not None}
        self.attributes: dict[str, dict[str, JsonValue]] = defaultdict(dict)

    def is_free(self, word: int) -> bool:
        """Whether a word has no owner yet."""
        return self.words[word].id not in self.owners

    def free_words(self) -> list[int]:
        """Indices of the words without an owner."""
        return [i for i in range(len(self.words)) if self.is_free(i)]

    def read(self, word: int, *kinds: str) -> Reading | None:
        """A word as one of the kinds."""
        return self.grammar.read(self.words[word].text, *kinds)

    def give(self, word: int, owner: str) -> None:
        """Make a symbol or line the owner of a word, unless it has one."""
        self.owners.setdefault(self.words[word].id, owner)

    def set_tag(self, symbol: Symbol, tag: str, reading: Reading | None = None) -> None:
        """Name a symbol, with the parts of its tag and what was read where that was put right."""
        if symbol.id in self.tags:
            return
        self.tags[symbol.id] = tag
        if reading is not None:
            if reading.parts:
                self.attributes[symbol.id]["tag_parts"] = dict(reading.parts)
            if reading.repaired:
                self.attributes[symbol.id]["tag_read"] = reading.raw

    @cached_property
    def writes_inches(self) -> bool:
        """Whether the sheet gives sizes in inches, by those that bear the mark."""
        marked = [w for w in self.words if w.text.endswith('"')]
        return sum(self.grammar.read(w.text, "size", repair=False) is not None for w in marked) >= INCHES_SEEN

    @cached_property
    def stack_of(self) -> list[int]:
        """The number of the stack that each word belongs to; words on their own have one for themselves."""
        parent = list(range(len(self.words)))

        def root(i: int) -> int:
            while parent[i] != i:
                parent[i] = parent[parent[i]]
                i = parent[i]
            return i

        for i, j in self._rows_together():
            parent[root(i)] = root(j)
        return [root(i) for i in range(len(self.words))]

    def _rows_together(self) -> list[tuple[int, int]]:
        """Pairs of words of which one stands right under the other."""
        if not len(self.words):
            return []
        level = np.array([round(w.angle / 90) % 2 == 0 for w in self.words])
        pairs: list[tuple[int, int]] = []
        for along in (0, 1):
            index = np.flatnonzero(level if along == 0 else ~level)
            low, high = self.boxes[index, :2], self.boxes[index, 2:]
            across = 1 - along
            height = high[:, across] - low[:, across]
            smaller = np.minimum(height[:, None], height[None])
            alike = np.maximum(height[:, None], height[None]) <= LIKE_HEIGHT * smaller
            gap = low[None, :, across] - high[:, None, across]
            near = (gap >= -0.35 * smaller) & (gap <= ROW_GAP * smaller)
            shift = np.minimum.reduce(
                [
                    np.abs(low[:, None, along] - low[None, :, along]),
                    np.abs(high[:, None, along] - high[None, :, along]),
                    np.abs((low + high)[:, None, along] - (low + high)[None, :, along]) / 2,
                ]
            )
            beneath = gap > -0.35 * smaller
            hits = np.argwhere(alike & near & beneath & (shift <= ROW_SHIFT * smaller))
            pairs += [(int(index[a]), int(index[b])) for a, b in hits.tolist() if a != b]
        return pairs

    def stacks(self) -> dict[int, list[int]]:
        """Free words by stack, in reading order."""
        out: dict[int, list[int]] = defaultdict(list)
        for i in self.free_words():
            out[self.stack_of[i]].append(i)
        for members in out.values():
            members.sort(key=lambda i: (self.words[i].box[1] + self.words[i].box[3], self.words[i].box[0]))
        return out
