"""Whose lettering it is: tags to symbols, line numbers to lines, by where it stands and by what it says.

The order: what stands in a symbol is its own; then tags and what is written with them are shared out among the
symbols beside them; then what stands along pipes goes to these; last, a line number spreads along its run. What a
string may say is the tag grammar's business (`pid.graph.grammar`, ``data/rules/tags.toml``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.drawing import Line, Symbol, Word
from pid.graph.attach_beside import own_beside, own_leftovers
from pid.graph.attach_inside import own_inside
from pid.graph.attach_pipes import own_line_numbers, own_pipes
from pid.graph.grammar import Grammar, load_grammar
from pid.graph.lettering import Lettering
from pid.graph.piping import Piping
from pid.graph.spread import find_breaks, place_along, spread_numbers


def assign_words(
    words: Sequence[Word],
    symbols: Sequence[Symbol],
    lines: Sequence[Line],
    *,
    sheet_width: float,
    grammar: Grammar | None = None,
) -> tuple[tuple[Word, ...], tuple[Symbol, ...], tuple[Line, ...]]:
    """Give each word its owner, each symbol its tag and each line its number, as far as geometry and grammar tell.

    Owners, tags and numbers that are there already stay. Words that name nothing keep no owner; their text stays as
    read. What the lettering says beyond the tag goes into the symbol's attributes: ``tag_parts`` (the parts that the
    grammar names), ``tag_read`` (what was read, where a slip was put right), ``size``, ``size_small``, ``spec``,
    ``set_pressure``, ``fail_state``, ``name``, ``service``, ``destination``, ``area``.
    """
    grammar = grammar or load_grammar()
    lettering = Lettering(words, symbols, lines, scale=sheet_width / 5000.0, grammar=grammar)
    own_inside(lettering)
    numbers = own_line_numbers(lettering)
    own_beside(lettering)
    own_pipes(lettering)
    own_leftovers(lettering)
    owned = tuple(w.model_copy(update={"owner": lettering.owners.get(w.id)}) for w in words)
    written = {line.id: line.line_number or numbers.get(line.id) for line in lines}
    spread = _spread(owned, symbols, lines, written, sheet_width=sheet_width, grammar=grammar)
    return owned, tuple(_with_lettering(s, lettering) for s in symbols), spread


def is_line_number(text: str) -> bool:
    """Whether a string reads as a line number as it stands."""
    return load_grammar().read(text, "line_number", repair=False) is not None


def _with_lettering(symbol: Symbol, lettering: Lettering) -> Symbol:
    """The symbol with its tag and attributes; what it has stays."""
    tag, attributes = lettering.tags.get(symbol.id), lettering.attributes.get(symbol.id)
    if tag == symbol.tag and not attributes:
        return symbol
    return symbol.model_copy(update={"tag": tag, "attributes": {**(attributes or {}), **symbol.attributes}})


def _spread(
    words: Sequence[Word],
    symbols: Sequence[Symbol],
    lines: Sequence[Line],
    written: dict[str, str | None],
    *,
    sheet_width: float,
    grammar: Grammar,
) -> tuple[Line, ...]:
    """The lines with the numbers of the runs that they belong to."""
    piping = Piping(symbols, lines, sheet_width=sheet_width)
    index = {line.id: i for i, line in enumerate(lines)}
    at = {index[name]: number for name, number in written.items() if number is not None}
    places = {}
    for word in words:
        line = index.get(word.owner or "")
        if line in at and grammar.read(word.text, "line_number") is not None:
            middle = np.array([(word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2])
            places[line] = place_along(piping, line, middle)
    numbers = spread_numbers(piping, at, breaks=find_breaks(piping, words, grammar), places=places)
    return tuple(
        line.model_copy(update={"line_number": numbers[i]}) if i in numbers and line.line_number is None else line
        for i, line in enumerate(lines)
    )
