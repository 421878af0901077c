"""The title block: fields by their labels, on any side of the sheet and in any layout.

A label (`pid.document.labels`) stands over or before its value in the same cell, or in a cell of its own with the value
in the next one; beside names and dates stand roles, over them headings. Which cells belong to the block is told by
where the labels are. What a value looks like (`pid.document.title_values`) decides between candidates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.document.labels import Label
from pid.document.ruled_page import RuledPage
from pid.document.title_place import find_place
from pid.document.title_search import Candidate, Search
from pid.document.title_unlabelled import read_unlabelled
from pid.document.title_values import find_date, fits, is_person, without_date
from pid.drawing import Table, TitleBlock, TitleField

PEOPLE = ("drawn", "checked", "designed", "approved")
LEAST_SCORE = 0.15
"""A value less likely than this is none."""


def read_title_block(page: RuledPage, tables: Sequence[Table] = ()) -> TitleBlock | None:
    """The title block of a page, None where nothing looks like one.

    Args:
        page: cells, strings and labels.
        tables: those of the page; the labels in their headings name columns, not fields.
    """
    place = find_place(page, tables)
    if place is None:
        return None
    search = Search(page, place)
    best: dict[str, Candidate] = {}
    for candidate in _candidates(page, search, place.labels):
        if candidate.score > max(LEAST_SCORE, best[candidate.name].score if candidate.name in best else 0.0):
            best[candidate.name] = candidate
    if "title" not in best:
        taken = {s.cell for c in best.values() for s in c.strings}
        best |= {c.name: c for c in read_unlabelled(page, place, taken) if c.name not in best}
    fields = [_field(page, c) for c in _settle(best)]
    if not fields:
        return None
    order = {name: i for i, name in enumerate(page.lexicon.fields)}
    fields.sort(key=lambda f: order.get(f.name, len(order)))
    return TitleBlock(box=place.box, fields=tuple(fields))


def _candidates(page: RuledPage, search: Search, labels: Sequence[Label]) -> list[Candidate]:
    """Every value that a label may have, for each field that it may name."""
    out: list[Candidate] = []
    for label in labels:
        for found in search.values(label):
            for rank, name in enumerate(label.names):
                kind = page.lexicon.fields[name].type
                if "company" in label.names and len(label.names) > 1 and is_person(found.text) == (name == "company"):
                    continue  # who designs may be a firm or a person
                if kind == "person":
                    out += _person(name, label, found)
                    continue
                text = find_date(found.text) if kind == "date" else found.text
                if (found.rows > 1) > (kind == "text") or found.parts > (kind == "number"):
                    continue
                if found.partial and kind == "text":
                    continue
                fit = fits(kind, text)
                if fit > 0:
                    score = found.score * fit * label.fit * (0.95**rank)
                    out.append(found.named(name, text, score))
    return out


def _person(name: str, label: Label, found: Candidate) -> list[Candidate]:
    """Who did it, and when: a name, a date, or both in one string."""
    out = []
    who, when = without_date(found.text), find_date(found.text)
    if who and fits("person", who) > 0:
        out.append(found.named(name, who, found.score * fits("person", who) * label.fit))
    if when and name.removesuffix("_by") in PEOPLE:
        out.append(found.named(name.replace("_by", "_date"), when, found.score * label.fit))
    return out


def _settle(best: dict[str, Candidate]) -> list[Candidate]:
    """One field a value: where two fields claim the same strings, the likelier keeps them."""
    kept: list[Candidate] = []
    taken: dict[tuple[int, str], Candidate] = {}
    for candidate in sorted(best.values(), key=lambda c: -c.score):
        keys = [(id(s), candidate.text) for s in candidate.strings]
        if not any(key in taken for key in keys):
            kept.append(candidate)
            taken |= dict.fromkeys(keys, candidate)
    return kept


def _field(page: RuledPage, candidate: Candidate) -> TitleField:
    kind = page.lexicon.fields.get(candidate.name)
    return TitleField(
        name=candidate.name,
        value=candidate.text,
        box=candidate.box,
        score=float(np.clip(candidate.score, 0.0, 1.0)),
        required=bool(kind and kind.required),
    )
