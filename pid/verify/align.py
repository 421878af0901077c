"""One prediction against the truth of its sheet, part by part: what was read at each true element, and what falsely.

What counts as right follows `pid.evaluate`. A symbol: place and group, and kind where the truth holds kinds. A
connection: both ends. A line: most of its length traced, and its type where the truth holds types. A word: every
character. What the truth does not hold in full is not asked, and nothing is false there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pid.drawing import Box, Drawing, Line, Symbol, Word
from pid.evaluate import Truth, counted_symbols, in_truth_frame, match_symbols
from pid.evaluate_lines import SAME_LOOK, LineMatch
from pid.evaluate_words import read_words_at, word_centres, word_reach
from pid.geometry import bounds
from pid.verify.align_tables import align_cells, align_fields
from pid.verify.elements import Alignment, Part, Read, Reading

LINE_SHARE = 0.8
"""A line is right where so much of its length is traced; one of which less than `FALSE_SHARE` is true is false."""
FALSE_SHARE = 0.5


def align(found: Drawing, truth: Truth) -> dict[Part, Alignment]:
    """The parts that the truth holds, of a prediction in its own pixels."""
    moved = in_truth_frame(found, truth)
    held: dict[Part, tuple[set[str], Callable[[Drawing, Truth], Alignment]]] = {
        "symbols": ({"symbols"}, align_symbols),
        "connections": ({"connections"}, align_connections),
        "lines": ({"lines"}, align_lines),
        "words": ({"words", "words_some"}, align_words),
        "cells": ({"tables"}, align_cells),
        "fields": ({"title_block"}, align_fields),
    }
    return {part: of(moved, truth) for part, (names, of) in held.items() if names & truth.complete}


def align_symbols(found: Drawing, truth: Truth) -> Alignment:
    """Symbols by place, group and, where the truth holds them, kind; `found` in the truth's pixels."""
    symbols = counted_symbols(truth, found.symbols)
    pairs = match_symbols(truth.drawing.symbols, symbols, sheet_width=truth.drawing.sheet.width)
    by_truth = {j: symbols[i] for i, j in pairs.items()}
    read: list[Read | None] = []
    for j, true in enumerate(truth.drawing.symbols):
        mine = by_truth.get(j)
        right = mine is not None and ("groups" not in truth.complete or mine.group == true.group)
        right = right and ("kinds" not in truth.complete or (mine is not None and mine.kind == true.kind))
        read.append(None if mine is None else Read(_symbol(mine, truth), right))
    false = tuple(_symbol(s, truth) for i, s in enumerate(symbols) if i not in pairs)
    return Alignment(tuple(_symbol(s, truth) for s in truth.drawing.symbols), tuple(read), false)


def _symbol(symbol: Symbol, truth: Truth) -> Reading:
    kind = symbol.kind if "kinds" in truth.complete else ""
    value = f"{symbol.group}: {kind}" if kind else symbol.group
    return Reading(value, symbol.group, symbol.box, kind=kind, score=symbol.score)


def align_connections(found: Drawing, truth: Truth) -> Alignment:
    """Pairs of joined symbols; a pair with an end that is no true symbol is false."""
    symbols = counted_symbols(truth, found.symbols)
    pairs = match_symbols(truth.drawing.symbols, symbols, sheet_width=truth.drawing.sheet.width)
    ids = {symbols[i].id: truth.drawing.symbols[j].id for i, j in pairs.items()}
    counted = {s.id: s for s in symbols if s.group != "flow_arrow"}
    true_boxes = {s.id: s.box for s in truth.drawing.symbols}
    want = {frozenset((c.a, c.b)): c.kind for c in truth.drawing.connections if c.a != c.b}
    got = {frozenset((c.a, c.b)): c for c in found.connections if c.a != c.b and {c.a, c.b} <= counted.keys()}
    hits, false = {}, []
    for pair, connection in got.items():
        mapped = frozenset(ids.get(end, "") for end in pair)
        if mapped in want:
            hits[mapped] = connection.score
        else:
            box = _around([counted[end].box for end in pair])
            value = " - ".join(sorted(counted[end].kind for end in pair))
            false.append(Reading(value, connection.kind, box, score=connection.score))
    names = {s.id: s.tag or s.kind for s in truth.drawing.symbols}
    truths = [
        Reading(" - ".join(sorted(names[e] for e in pair)), kind, _around([true_boxes[e] for e in pair]))
        for pair, kind in want.items()
    ]
    read = [
        Read(Reading(r.value, r.group, r.box, score=hits[pair]), right=True) if pair in hits else None
        for pair, r in zip(want, truths, strict=True)
    ]
    return Alignment(tuple(truths), tuple(read), tuple(false))


def align_lines(found: Drawing, truth: Truth) -> Alignment:
    """Lines by the share of their length that is traced, and by their type."""
    there = LineMatch.of(truth.drawing, found.lines)
    back = LineMatch.of(found.model_copy(update={"sheet": truth.drawing.sheet}), truth.drawing.lines)
    typed = "line_types" in truth.complete
    read: list[Read | None] = []
    for i, line in enumerate(truth.drawing.lines):
        mine, partners = there.partners(i)
        if not len(partners):
            read.append(None)
            continue
        main = found.lines[int(np.bincount(there.found.line[partners]).argmax())]
        share = len(mine) / int(np.count_nonzero(there.truth.line == i))
        right = share >= LINE_SHARE and (not typed or _look(main) == _look(line))
        value = f"{_look(main)}{'' if share >= LINE_SHARE else f', {share:.0%} traced'}"
        reading = Reading(value, _look(main) if typed else "line", bounds(main.points), score=main.score)
        read.append(Read(reading, right))
    traced = np.bincount(back.truth.line[back.partner >= 0], minlength=len(found.lines))
    length = np.bincount(back.truth.line, minlength=len(found.lines))
    false = [
        _line(line, typed)
        for line, t, n in zip(found.lines, traced, length, strict=True)
        if n and t < FALSE_SHARE * n and not _inside(line, truth.drawing.symbols)
    ]
    return Alignment(tuple(_line(line, typed) for line in truth.drawing.lines), tuple(read), tuple(false))


def _line(line: Line, typed: bool) -> Reading:
    return Reading(_look(line), _look(line) if typed else "line", bounds(line.points), score=line.score)


def _look(line: Line) -> str:
    return SAME_LOOK.get(line.style, line.style)


def _inside(line: Line, symbols: Sequence[Symbol]) -> bool:
    """Whether a line lies within one symbol: what is drawn there is not asked."""
    x0, y0, x1, y1 = bounds(line.points)
    return any(s.box[0] <= x0 and s.box[1] <= y0 and s.box[2] >= x1 and s.box[3] >= y1 for s in symbols)


def align_words(found: Drawing, truth: Truth) -> Alignment:
    """Words by their characters; where the truth holds all words, those in no true word's place are false."""
    words = [w for w in found.words if w.text]
    truths = tuple(_word(w) for w in truth.drawing.words)
    read = [
        Read(Reading(r.text, t.group, t.box, score=1.0 - r.error), right=r.exact) if r.text else None
        for r, t in zip(read_words_at(truth.drawing.words, words, spellings=truth.spellings), truths, strict=True)
    ]
    false: list[Reading] = []
    if "words" in truth.complete:
        centres, free = word_centres(words), np.ones(len(words), bool)
        for want in truth.drawing.words:
            low, high, _ = word_reach(want)
            free &= ~((centres > low) & (centres < high)).all(axis=1)
        false = [_word(words[int(i)]) for i in np.flatnonzero(free)]
    return Alignment(truths, tuple(read), tuple(false))


def _word(word: Word) -> Reading:
    return Reading(word.text, _lettering(word.text), word.box, score=word.score)


def _lettering(text: str) -> str:
    """What sort of string it is: readers fail at each of them in their own way."""
    letters, digits = any(c.isalpha() for c in text), any(c.isdigit() for c in text)
    return "tag" if letters and digits else "number" if digits else "text"


def _around(boxes: Sequence[Box]) -> Box:
    b = np.asarray(boxes, np.float64)
    return (float(b[:, 0].min()), float(b[:, 1].min()), float(b[:, 2].max()), float(b[:, 3].max()))
