"""A title without a label: the largest lettering in a cell of its own, from the general to the particular.

Offices that do not label it write, line by line, plant and project, the kind of drawing, and what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from pid.document.ruled_page import RuledPage
from pid.document.strings import String
from pid.document.title_place import Place
from pid.document.title_search import Candidate, of_strings
from pid.document.title_values import is_firm

EVIDENCE = 0.6
"""Of what no label names."""
TITLE_LETTERING = 1.0
"""A title is lettered at least as high as the usual capital's word."""
LEAST_LETTERS = 8
MOST_WORDS = 4
"""More words make nothing more of a title."""
KINDS = re.compile(
    r"P\s?&\s?I|PIPING (?:&|AND) INSTR|PROCESS (?:&|AND) INSTR|PROCESS FLOW|FLOW DIAGRAM|FLOW SHEET|FLIESSBILD"
    r"|FLIE[SẞB]BILD|FLYTSKJEMA|ENGINEERING FLOW|배관 ?계장|공정 ?흐름",
    re.IGNORECASE,
)
"""Names of kinds of drawings."""


def read_unlabelled(page: RuledPage, place: Place, taken: Collection[int]) -> list[Candidate]:
    """The title, and the project and document type over it, of a title block that labels no title.

    `taken` are the cells with the values of other fields.
    """
    labelled = {label.string.cell for label in place.labels}
    cells = [i for i in place.cells if i not in labelled and i not in taken and _is_inside(page, i, place)]
    free = [page.within[i] for i in cells]
    titles = sorted((strings for strings in free if _may_be_title(strings, page.glyph_px)), key=_weight)
    if not titles:
        return []
    lines = titles[-1]
    kind = next((i for i, s in enumerate(lines) if KINDS.search(s.text)), None)
    if kind is None or kind == len(lines) - 1:
        return [_named("title", lines)]
    found = [_named("document_type", lines[kind : kind + 1]), _named("title", lines[kind + 1 :])]
    return [*found, _named("project", lines[:kind])] if kind else found


def _is_inside(page: RuledPage, cell: int, place: Place) -> bool:
    x, y = (page.cells[cell][:2] + page.cells[cell][2:]) / 2
    return bool(place.box[0] <= x <= place.box[2] and place.box[1] <= y <= place.box[3])


def _may_be_title(strings: Sequence[String], glyph_px: float) -> bool:
    letters = sum(c.isalpha() for s in strings for c in s.text)
    if letters < LEAST_LETTERS or is_firm(" ".join(s.text for s in strings)):
        return False
    return max(s.height for s in strings) >= TITLE_LETTERING * glyph_px


def _weight(strings: Sequence[String]) -> float:
    """High lettering counts, and that there are several words of it."""
    words = [w for s in strings for w in s.words if sum(c.isalpha() for c in w.text) > 1]
    return max(s.height for s in strings) * min(len(words), MOST_WORDS)


def _named(name: str, strings: Sequence[String]) -> Candidate:
    return replace(of_strings(strings, EVIDENCE), name=name)
