"""Correction of words after recognition, against lists of the field's words and against the way tags are written.

A word is changed only where one reading alone fits and the characters that change were unsure, or are ones that every
reader takes for each other (O and 0, I and 1). What was read is kept beside what it became.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from pid.errors import InputError
from pid.resources import data_path

Mend = Callable[[str], str | None]
"""What a string that is no tag as it stands must have been to be one; None where nothing or several fit."""

SHIPPED = ("english", "german", "norwegian")
SHORTEST, SHORTEST_GAPPED = 5, 7
"""Fewest letters of words that are corrected, and of those that may lack a letter or have one more."""
UNSURE_CHARACTER = 0.9
"""A character scored below may be another one."""
LOOK_ALIKE = str.maketrans("01582|", "OISBZI")
_LETTERS = re.compile(r"[^\W_]+")


class Lexicon:
    """Words that stand on drawings, without regard to case.

    Args:
        words: the terms.
        mend_tag: puts right what is no word but nearly a tag.
    """

    def __init__(self, words: Iterable[str], *, mend_tag: Mend = lambda text: None) -> None:
        self._words = frozenset(word.upper() for word in words)
        self._mend_tag = mend_tag
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self._words):
            self._by_length[len(word)].append(word)

    def correct(self, text: str, scores: Sequence[float]) -> str:
        """The text as it must have been meant, or as it is; `scores` (len(text),) are those of its characters."""
        tag = self._mend_tag(text)
        if tag is not None and text.upper() not in self._words and not any(True for _ in self._near(text.upper())):
            return tag
        out, moved = text, 0
        for match in _LETTERS.finditer(text):
            part = match.group()
            better = self._correct_word(part, scores[match.start() : match.end()])
            start = match.start() + moved
            out = out[:start] + better + out[start + len(part) :]
            moved += len(better) - len(part)
        return out

    def _correct_word(self, word: str, scores: Sequence[float]) -> str:
        whole = word.upper()
        if len(word) < SHORTEST or whole in self._words or sum(c.isdigit() for c in word) * 2 > len(word):
            return word
        plain = whole.translate(LOOK_ALIKE)
        if plain in self._words:
            return _in_case_of(plain, word)
        if any(c.isdigit() for c in word):
            return word
        found = {other for other in self._near(whole) if _may_be(whole, other, scores)}
        return _in_case_of(found.pop(), word) if len(found) == 1 else word

    def _near(self, word: str) -> Iterator[str]:
        """Terms that one changed letter makes of the word; of long ones also one that lacks or has a letter more."""
        lengths = (len(word), len(word) - 1, len(word) + 1) if len(word) >= SHORTEST_GAPPED else (len(word),)
        for length in lengths:
            yield from (other for other in self._by_length[length] if _place_of_slip(word, other) is not None)


def _place_of_slip(read: str, meant: str) -> int | None:
    """Where two strings that one letter parts differ, in `read`; None where more does, or nothing."""
    at = next((i for i, (a, b) in enumerate(zip(read, meant, strict=False)) if a != b), min(len(read), len(meant)))
    same = len(read) == len(meant)
    rest = read[at + (same or len(read) > len(meant)) :], meant[at + (same or len(read) < len(meant)) :]
    return at if read != meant and rest[0] == rest[1] else None


def _may_be(read: str, meant: str, scores: Sequence[float]) -> bool:
    """Whether the reader was unsure where both differ; of a missing letter, on either side of the gap."""
    at = _place_of_slip(read, meant)
    if at is None:
        return False
    around = scores[max(at - 1, 0) : at + 1] if len(read) < len(meant) else scores[at : at + 1]
    return bool(around) and min(around) < UNSURE_CHARACTER


def _in_case_of(word: str, read: str) -> str:
    """An upper-case term as the reader saw it written: in capitals, small, or with one capital."""
    letters = [c for c in read if c.isalpha()]
    if all(c.isupper() for c in letters):
        return word
    return word.capitalize() if letters[0].isupper() else word.lower()


def read_terms(path: Path) -> list[str]:
    """The words of a list: any number a line, # begins a remark. Raises `InputError` for a file that is no text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a list of words: it is not text in UTF-8.") from error
    return [word for line in lines for word in line.split("#")[0].split()]


@cache
def shipped_terms() -> tuple[str, ...]:
    """The words of ``data/lexicons``."""
    return tuple(word for name in SHIPPED for word in read_terms(data_path("lexicons", f"{name}.txt")))
