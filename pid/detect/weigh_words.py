"""What words say about symbols and symbols about words, where both were found in the same ink."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pid.drawing import Group, Symbol, Word
from pid.geometry import as_boxes, box_area, box_intersection
from pid.place_ports import place_ports

LETTERED_GROUPS: tuple[Group, ...] = ("instrument", "connector", "nozzle")
"""Symbols that hold lettering: their inside is read once more, enlarged."""
SURE_WORD, FEWEST_LETTERS, INSIDE_SHARE = 0.8, 3, 0.7
"""A symbol with this share of its box in a word of this score and length is lettering ..."""
SURE_SYMBOL = 0.9
"""... unless it is at least so sure itself, or surer than the word: a valve between two caps reads as TOG. On eleven
sheets, real and drawn, all 33 symbols in words over this were true ones, and 4 of 14 under it."""
MISREAD_SHARE = 0.5
"""A word with symbols along so much of it was read from them."""
ROUND: tuple[Group, ...] = ("pump", "compressor", "heat_exchanger", "other")
"""Groups whose circles a bubble may be taken for when its number is as wide as itself."""
ROUND_ASPECT = 1.25
"""Sides of a circle's box differ by less than this."""
ASIDE = 0.2
"""The words of a bubble are centred in it to this share of its width."""
FEWEST_FUNCTION, FEWEST_FIGURES = 2, 2
"""Letters of a bubble's function, and figures of its number: a pump may have its own P-1 inside."""
BUBBLE_KIND, NOZZLE_TAG_KIND = "instrument_discrete_field", "nozzle_tag"


def drop_lettering(symbols: Sequence[Symbol], words: Sequence[Word]) -> tuple[Symbol, ...]:
    """The symbols without those that lie in a word: letters that look like one.

    Bubbles, connectors and nozzle boxes hold words themselves and stay, as do block references and what is sure. A lone
    letter read from ink is no evidence, as a valve may be read as an X; live text is exact at any length.
    """
    certain = [w for w in words if w.score >= SURE_WORD and (len(w.text) >= FEWEST_LETTERS or w.score == 1.0)]
    asked = [s for s in symbols if _may_be_lettering(s) and s.score < SURE_SYMBOL]
    if not certain or not asked:
        return tuple(symbols)
    boxes, word_boxes = [s.box for s in asked], [w.box for w in certain]
    inside = box_intersection(boxes, word_boxes) / np.maximum(box_area(boxes), 1e-9)[:, None]
    surer = np.array([w.score for w in certain])[None] >= np.array([s.score for s in asked])[:, None]
    told = np.flatnonzero(((inside >= INSIDE_SHARE) & surer).any(axis=1))
    lettering = {asked[i].id for i in told.tolist()}
    return tuple(s for s in symbols if s.id not in lettering)


def drop_misread(words: Sequence[Word], symbols: Sequence[Symbol]) -> tuple[Word, ...]:
    """The words without those that were read from symbols: most of their length is sure symbols without lettering."""
    plain = (s for s in symbols if _may_be_lettering(s) and s.group != "actuator")  # a motor's M is in its circle
    asked = as_boxes([s.box for s in plain if s.score >= SURE_SYMBOL])
    if not len(asked) or not words:
        return tuple(words)
    boxes = as_boxes([w.box for w in words])
    inside = box_intersection(asked, boxes) >= INSIDE_SHARE * box_area(asked)[:, None]
    along = (boxes[:, 2:] - boxes[:, :2]).argmax(axis=1)
    lengths = (asked[:, 2:] - asked[:, :2])[:, along]
    covered = np.where(inside, lengths, 0.0).sum(axis=0) / np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1e-9)
    return tuple(w for w, share in zip(words, covered.tolist(), strict=True) if share < MISREAD_SHARE)


def _may_be_lettering(symbol: Symbol) -> bool:
    """Whether letters could be taken for it, and it for letters: it holds none itself, and no file says what it is."""
    return symbol.group not in LETTERED_GROUPS and "block" not in symbol.found_by


def name_bubbles(
    symbols: Sequence[Symbol], words: Sequence[Word], *, is_function: Callable[[str], bool]
) -> tuple[Symbol, ...]:
    """The symbols with circles that hold function letters over a number as the instruments that they are.

    Args:
        symbols: What was found; only round equipment is asked.
        words: What was read.
        is_function: Whether letters are a function of ISA-5.1.
    """
    letters = [w for w in words if len(w.text.strip()) >= FEWEST_FUNCTION and is_function(w.text.strip())]
    numbers = [w for w in words if sum(c.isdigit() for c in w.text) >= FEWEST_FIGURES]
    return tuple(_as_bubble(s) if s.group in ROUND and _reads_as_bubble(s, letters, numbers) else s for s in symbols)


def name_nozzle_tags(
    symbols: Sequence[Symbol], words: Sequence[Word], *, is_nozzle: Callable[[str], bool]
) -> tuple[Symbol, ...]:
    """The symbols with those as nozzles' tags whose witnesses disagree and that hold a nozzle's name alone.

    A circle with N2 in it looks like a balloon or a connector; a balloon would have two rows, a connector a reference.

    Args:
        symbols: What was found; only what was taken for two things is asked.
        words: What was read.
        is_nozzle: Whether a text may be a nozzle's name.
    """
    asked = [s for s in symbols if "review" in s.attributes and s.group in (*LETTERED_GROUPS, *ROUND)]
    if not asked or not words:
        return tuple(symbols)
    boxes = as_boxes([w.box for w in words])
    inside = box_intersection(boxes, [s.box for s in asked]) >= INSIDE_SHARE * box_area(boxes)[:, None]
    tags = set()
    for column, symbol in zip(inside.T, asked, strict=True):
        held = [words[i] for i in np.flatnonzero(column).tolist()]
        if len(held) == 1 and is_nozzle(held[0].text.strip()) and _is_centred(held[0], symbol):
            tags.add(symbol.id)
    renamed = {"kind": NOZZLE_TAG_KIND, "group": "nozzle", "rotation": 0.0, "mirrored": False}
    return tuple(s.model_copy(update=renamed) if s.id in tags else s for s in symbols)


def _reads_as_bubble(symbol: Symbol, letters: Sequence[Word], numbers: Sequence[Word]) -> bool:
    x0, y0, x1, y1 = symbol.box
    if max(x1 - x0, y1 - y0) > ROUND_ASPECT * max(min(x1 - x0, y1 - y0), 1.0):
        return False
    middle = (y0 + y1) / 2
    above = any(_is_centred(w, symbol) and y0 <= w.box[1] and _level(w) < middle for w in letters)
    return above and any(_is_centred(w, symbol) and middle < _level(w) < y1 for w in numbers)


def _level(word: Word) -> float:
    """Of a word's middle, y in pixels."""
    return (word.box[1] + word.box[3]) / 2


def _is_centred(word: Word, symbol: Symbol) -> bool:
    aside = abs(word.box[0] + word.box[2] - symbol.box[0] - symbol.box[2]) / 2
    return aside <= ASIDE * (symbol.box[2] - symbol.box[0])


def _as_bubble(symbol: Symbol) -> Symbol:
    ports = place_ports(None, symbol.box, rotation=0.0, mirrored=False)
    return symbol.model_copy(
        update={"kind": BUBBLE_KIND, "group": "instrument", "rotation": 0.0, "mirrored": False, "ports": ports}
    )
