"""What kind of document a page is, by its words: weighted phrases of each kind, in `data/lexicons/document_types.toml`.

The confidence is a softmax over what each kind's phrases add up to, "other" having a fixed sum.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pid.document.strings import String
from pid.drawing import TitleBlock
from pid.errors import InputError
from pid.resources import data_path

OTHER = "other"
OTHER_WEIGHT = 1.6
"""What the phrases of a kind must add up to for the page to be that kind as likely as none."""
LARGE = 1.5
"""Lettering this many times higher than the usual one is a heading."""


@dataclass(frozen=True)
class DocumentType:
    """A kind of document: phrases of its title, weighted phrases, and patterns of words that are frequent in it."""

    name: str
    title: tuple[str, ...] = ()
    words: Mapping[str, float] = field(default_factory=dict)
    marks: tuple[re.Pattern[str], ...] = ()
    most_marks: int = 10
    mark_weight: float = 0.2


@dataclass(frozen=True)
class DocumentTypes:
    """All kinds; `title_factor` is what a title's phrase counts in large lettering."""

    types: tuple[DocumentType, ...]
    title_factor: float = 3.0


@cache
def load_types(path: Path | None = None) -> DocumentTypes:
    """The kinds shipped, or those of a file of the user's."""
    path = path or data_path("lexicons", "document_types.toml")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        kinds = tuple(_read_type(entry) for entry in data.get("type", []))
        return DocumentTypes(kinds, float(data.get("title_factor", 3.0)))
    except (OSError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, re.error) as error:
        raise InputError(f"{path} does not tell document types: {error}.") from error


def _read_type(entry: Mapping[str, Any]) -> DocumentType:
    return DocumentType(
        name=str(entry["name"]),
        title=tuple(str(t) for t in entry.get("title", ())),
        words={str(k): float(v) for k, v in entry.get("words", {}).items()},
        marks=tuple(re.compile(str(m)) for m in entry.get("marks", ())),
        most_marks=int(entry.get("most_marks", 10)),
        mark_weight=float(entry.get("mark_weight", 0.2)),
    )


def classify(
    strings: Sequence[String], *, title_block: TitleBlock | None = None, types: DocumentTypes | None = None
) -> tuple[str, float]:
    """The kind of a page and how sure it is, 0..1.

    Args:
        strings: the page's lettering.
        title_block: its title and document type count as headings.
        types: the kinds; those shipped where it is not given.
    """
    types = types or load_types()
    told = {f.name: f.value for f in title_block.fields} if title_block else {}
    usual = float(np.median([s.height for s in strings])) if strings else 1.0
    headings = [s.text for s in strings if s.height >= LARGE * usual]
    headings += [told[name] for name in ("title", "document_type") if name in told]
    texts, heads = _padded(s.text for s in strings), _padded(headings)
    words = [w.text for s in strings for w in s.words]
    sums = [_weigh(kind, texts, heads, words, types.title_factor) for kind in types.types]
    odds = np.exp(np.array([*sums, OTHER_WEIGHT]) - max(*sums, OTHER_WEIGHT))
    best = int(np.argmax(odds))
    names = [*(kind.name for kind in types.types), OTHER]
    return names[best], float(odds[best] / odds.sum())


def _weigh(kind: DocumentType, texts: str, heads: str, words: Sequence[str], title_factor: float) -> float:
    total = 0.0
    if any(_plain(phrase) in heads for phrase in kind.title):
        total += title_factor
    elif any(_plain(phrase) in texts for phrase in kind.title):
        total += 1.0
    total += sum(weight for phrase, weight in kind.words.items() if _plain(phrase) in texts)
    marks = sum(any(mark.fullmatch(word) for mark in kind.marks) for word in words) if kind.marks else 0
    return total + kind.mark_weight * min(marks, kind.most_marks)


def _plain(text: str) -> str:
    """A text as whole words, lower case, marks as blanks, with a blank on either side."""
    words = re.sub(r"[^\w&/]+", " ", text.lower().replace("ß", "ss")).split()
    return f" {' '.join(words)} "


def _padded(texts: Any) -> str:
    return "|".join(_plain(text) for text in texts)
