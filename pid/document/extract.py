"""Extraction rules at work: from a page's words, cells and tables to fields with a value and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pid.document.labels import same_letters
from pid.document.ruled_page import RuledPage
from pid.document.rules import FieldRule, RuleSet
from pid.document.strings import String, flow
from pid.document.title_values import find_date
from pid.drawing import Box, Cell, Table, TitleField, Word
from pid.geometry import bounds

ANCHORED = 0.98
"""Evidence of a value found by its anchor, ..."""
PLACED = 0.9
"""...and of one found by its place on the page alone."""
CORRECTED = 0.85
"""What is left of the score of a value that was put right."""
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
_AS_DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "S": "5", "B": "8", "Z": "2"})


@dataclass(frozen=True)
class Found:
    """A text on the page, where it is, and how sure it is that it is the value."""

    text: str
    box: Box
    score: float


def extract_fields(page: RuledPage, tables: Sequence[Table], rules: RuleSet) -> tuple[TitleField, ...]:
    """The fields that a page has by the rules, in their order; what is not found is left out.

    A field of a table's column holds its values one a line. Raises nothing: rules are checked when they are read.
    """
    out = []
    for rule in rules.fields:
        found = _column(rule, tables) if rule.column else _best(_near(page, rule), rule)
        if found is not None:
            out.append(found)
    return tuple(out)


def _best(candidates: Iterator[Found], rule: FieldRule) -> TitleField | None:
    best: TitleField | None = None
    for found in candidates:
        value, corrected = fit_value(found.text, rule)
        score = found.score * (CORRECTED if corrected else 1.0)
        if value and (best is None or score > best.score):
            best = TitleField(
                name=rule.name, value=value, box=found.box, score=min(score, 1.0), required=rule.required,
                corrected=corrected,
            )  # fmt: skip
    return best


def fit_value(text: str, rule: FieldRule) -> tuple[str, bool]:
    """The part of a text that is a value of the rule's type, and whether letters had to be put right; empty if none."""
    text = text.strip(" :")
    if rule.type == "date":
        return find_date(text), False
    if rule.type == "text":
        return text, False
    pattern = _NUMBER if rule.type == "number" or rule.pattern is None else rule.pattern
    for form, corrected in ((text, False), (text.translate(_AS_DIGITS), True)):
        found = pattern.match(form)
        if found and found.group():
            return found.group(), corrected and found.group() != text[: found.end()]
    return "", False


# ---------------------------------------------------------------- by words and places


def _near(page: RuledPage, rule: FieldRule) -> Iterator[Found]:
    """Texts at the place that a rule tells."""
    if not rule.anchor:
        strings = [s for s in page.strings if _in_region(page, s.box, rule) and _on_sides(page, s.box, rule)]
        for string in strings:
            yield _found([string], PLACED)
        return
    for anchor, rest in _anchors(page, rule.anchor):
        if not _in_region(page, anchor.box, rule):
            continue
        if rest and rule.where == "right":
            yield _of_words(rest)
            continue
        strings = [s for s in _at(page, anchor, rule) if _on_sides(page, s.box, rule)]
        if strings:
            yield _found(strings if rule.all_lines else strings[:1], ANCHORED)


def _anchors(page: RuledPage, names: Sequence[str]) -> Iterator[tuple[String, tuple[Word, ...]]]:
    """Strings that are or begin with one of the names, and the words behind it."""
    for string in page.strings:
        words = string.words
        for count in range(len(words), 0, -1):
            text = " ".join(w.text for w in words[:count])
            if any(same_letters(text, name) for name in names):
                yield string, words[count:]
                break


def _at(page: RuledPage, anchor: String, rule: FieldRule) -> list[String]:
    """The strings where the rule looks from an anchor, nearest first."""
    x0, y0, x1, y1 = anchor.box
    reach = rule.within * anchor.height
    others = [s for s in page.strings if s is not anchor and s.angle == anchor.angle]
    if rule.where == "right":
        row = [s for s in others if min(s.box[3], y1) - max(s.box[1], y0) > 0.4 * min(s.height, anchor.height)]
        near = [s for s in row if s.box[0] >= x1 - s.height / 2 and (s.box[0] - x1 <= reach or rule.sides)]
        return sorted(near, key=lambda s: s.box[0])
    if rule.where == "below":
        under = [s for s in others if s.box[1] >= y1 - s.height / 2 and s.box[1] - y1 <= reach]
        under = [s for s in under if s.box[0] <= x1 and s.box[2] >= x0]
        return sorted(under, key=lambda s: s.box[1])
    if anchor.cell < 0:
        return []
    if rule.where == "same_cell":
        return [s for s in page.within[anchor.cell] if s is not anchor]
    return _next_cell(page, anchor.cell, axis=0 if rule.where == "next_cell" else 1)


def _next_cell(page: RuledPage, cell: int, *, axis: int) -> list[String]:
    """What stands in the cell right of one (axis 0) or below it (axis 1)."""
    here, cells = page.cells[cell], page.cells
    shared = np.minimum(cells[:, 3 - axis], here[3 - axis]) - np.maximum(cells[:, 1 - axis], here[1 - axis])
    gap = cells[:, axis] - here[axis + 2]
    fits = np.flatnonzero((shared > 0) & (gap > -page.glyph_px / 2) & (gap < page.glyph_px))
    if not len(fits):
        return []
    return list(page.within[int(fits[np.argmax(shared[fits])])])


def _in_region(page: RuledPage, box: Box, rule: FieldRule) -> bool:
    if rule.region is None:
        return True
    height, width = page.shape[:2]
    x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
    return rule.region[0] <= x <= rule.region[2] and rule.region[1] <= y <= rule.region[3]


def _on_sides(page: RuledPage, box: Box, rule: FieldRule) -> bool:
    """Whether a box lies on the sides of words that a rule names: above and below them in their column as well."""
    for side, names in (rule.sides or {}).items():
        marks = [anchor.box for anchor, _ in _anchors(page, names)]
        if not any(_is_on_side(box, mark, side) for mark in marks):
            return False
    return True


def _is_on_side(box: Box, mark: Box, side: str) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    in_column = box[0] <= mark[2] and box[2] >= mark[0]
    return {
        "above": y < mark[1] and in_column,
        "below": y > mark[3] and in_column,
        "left_of": x < mark[0],
        "right_of": x > mark[2],
    }[side]


def _found(strings: Sequence[String], evidence: float) -> Found:
    ordered = flow(strings)
    box = bounds([corner for s in ordered for corner in (s.box[:2], s.box[2:])])
    return Found(" ".join(s.text for s in ordered), box, evidence * min(s.score for s in ordered))


def _of_words(words: Sequence[Word]) -> Found:
    box = bounds([corner for w in words for corner in (w.box[:2], w.box[2:])])
    return Found(" ".join(w.text for w in words), box, ANCHORED * min(w.score for w in words))


# ---------------------------------------------------------------- by a table's column


def _column(rule: FieldRule, tables: Sequence[Table]) -> TitleField | None:
    """The values under a heading, one a line."""
    for table in tables:
        head = next((c for c in table.cells if any(same_letters(c.text, name) for name in rule.column)), None)
        if head is None:
            continue
        cells = [c for c in table.cells if c.column == head.column and c.row >= head.row + head.row_span and c.text]
        values = [(fit_value(c.text, rule), c) for c in cells]
        kept = [(value, corrected, cell) for (value, corrected), cell in values if value]
        if kept:
            return _list_field(rule, kept)
    return None


def _list_field(rule: FieldRule, kept: Sequence[tuple[str, bool, Cell]]) -> TitleField:
    box = bounds([corner for _, _, c in kept for corner in (c.box[:2], c.box[2:])])
    corrected = any(c for _, c, _ in kept)
    score = min(cell.score for _, _, cell in kept) * (CORRECTED if corrected else 1.0)
    return TitleField(
        name=rule.name, value="\n".join(value for value, _, _ in kept), box=box, score=score, required=rule.required,
        corrected=corrected,
    )  # fmt: skip
