"""What the name of a CAD block says: a kind of the catalogue, a group, that it is no symbol, or nothing.

The rules are data (``data/rules/block_names.toml``, which explains them); kind names, DEXPI classes and BOM codes come
from the catalogue.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from pid.catalog import Catalog, load_catalog
from pid.drawing import GROUPS, Group
from pid.errors import InputError
from pid.resources import data_path

LYING = 1.15
"""A block is drawn lying when its width is this many times its height."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_NUMBERS = {"2": "two", "3": "three", "4": "four"}
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])")
_ANONYMOUS = re.compile(r"^(\*|A\$C)")


@dataclass(frozen=True)
class Meaning:
    """What a name says; `kind` None leaves the kind open, `lying` is the kind of a block drawn lying."""

    group: Group
    kind: str | None = None
    lying: str | None = None

    def kind_of(self, width: float, height: float) -> str | None:
        """The kind for a block drawn so wide and so high."""
        return self.lying if self.lying is not None and width > LYING * height else self.kind


NO_SYMBOL = "no symbol"


@dataclass(frozen=True)
class _Phrase:
    words: frozenset[str]
    meaning: Meaning
    text: str | None = None  # in other scripts: what the name has to contain, without blanks

    @property
    def weight(self) -> tuple[int, int]:
        """More words tell more, then more letters."""
        return len(self.words), sum(map(len, self.words))


class BlockNames:
    """The rules of one table. Raises `InputError` for a table that is not as described."""

    def __init__(self, table: Mapping[str, Any], catalog: Catalog, *, name: str = "block names") -> None:
        try:
            self._noise = frozenset(word for text in table["noise"] for word in _words(text))
            self._nothing = frozenset(table["nothing"])
            self.tag_attributes = tuple(_plain(a) for a in table["tag_attributes"])
            self.size_attributes = tuple(_plain(a) for a in table["size_attributes"])
            self._phrases = list(self._read_phrases(table, catalog))
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{name} lacks or misuses the entry {error}.") from error
        self._codes = {k.bom_code.lower(): Meaning(k.group, k.name) for k in catalog.values() if k.bom_code}
        self._read: dict[str, Meaning | str | None] = {}
        self._by_word: dict[str, list[_Phrase]] = defaultdict(list)
        for phrase in self._phrases:
            for word in phrase.words:
                self._by_word[word].append(phrase)

    def read(self, name: str) -> Meaning | str | None:
        """What `name` says: a `Meaning`, `NO_SYMBOL`, or None where it is not known."""
        if name not in self._read:
            self._read[name] = self._find(name)
        return self._read[name]

    def _find(self, name: str) -> Meaning | str | None:
        if _ANONYMOUS.match(name):
            return None
        if name.lower() in self._codes:
            return self._codes[name.lower()]
        words = frozenset(_words(name)) - self._noise
        compact = _plain(name)
        holding = {p for word in words for p in self._by_word[word] if p.words <= words}
        holding |= {p for p in self._phrases if p.text is not None and p.text in compact}
        best = max((p.weight for p in holding), default=None)
        winners = {p.meaning: p for p in holding if p.weight == best}
        used = frozenset(word for p in winners.values() for word in p.words)
        if compact in self._nothing or any(word in self._nothing for word in words - used):
            return NO_SYMBOL
        if any(not word.isascii() and word in compact for word in self._nothing):
            return NO_SYMBOL
        if len(winners) == 1:
            return next(iter(winners))
        groups = {meaning.group for meaning in winners}
        return Meaning(groups.pop()) if len(groups) == 1 else None

    @staticmethod
    def plain(name: str) -> str:
        """A name of a block or an attribute as it is compared: lower case without blanks and separators."""
        return _plain(name)

    def _read_phrases(self, table: Mapping[str, Any], catalog: Catalog) -> Iterator[_Phrase]:
        meanings: dict[str, Meaning] = {kind.name: Meaning(kind.group, kind.name) for kind in catalog.values()}
        for entry in table["kind"]:
            kind, lying = entry["name"], entry.get("lying")
            if kind not in catalog or (lying is not None and lying not in catalog):
                raise KeyError(f"{kind}: no such kind in the catalogue")
            meanings[kind] = Meaning(catalog[kind].group, kind, lying)
            for text in entry["phrases"]:
                yield self._phrase(text, meanings[kind])
        for entry in table["group"]:
            if entry["name"] not in GROUPS:
                raise KeyError(f"{entry['name']}: no such group")
            for text in entry["phrases"]:
                yield self._phrase(text, Meaning(cast(Group, entry["name"])))
        listed = Counter(kind.dexpi_class for kind in catalog.values())
        for kind in catalog.values():
            yield self._phrase(kind.name, meanings[kind.name])
            if kind.dexpi_class and listed[kind.dexpi_class] == 1 and not kind.dexpi_class.startswith("Custom"):
                yield self._phrase(kind.dexpi_class, meanings[kind.name])

    def _phrase(self, text: str, meaning: Meaning) -> _Phrase:
        words = frozenset(_words(text)) - self._noise
        if not text.isascii() and any(unicodedata.category(letter) == "Lo" for letter in text):
            return _Phrase(words, meaning, _plain(text))
        return _Phrase(words, meaning)


@cache
def shipped_names() -> BlockNames:
    """The shipped rules."""
    return read_names(data_path("rules", "block_names.toml"), load_catalog())


def read_names(path: Path, catalog: Catalog) -> BlockNames:
    """Rules from a file. Raises `InputError` naming the file and the reason."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} is not TOML: {error}.") from error
    return BlockNames(table, catalog, name=str(path))


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name, lower case, accents folded; of numbers only those that count ways are kept."""
    spaced = _CAMEL.sub(" ", unicodedata.normalize("NFC", name))
    words = []
    for part in _WORD.findall(spaced):
        if part.isdigit():
            if part in _NUMBERS and re.search(rf"{part}[\s_-]*w(ay|ege)", spaced, re.IGNORECASE):
                words.append(_NUMBERS[part])
            continue
        folded = part.lower().translate(_UMLAUTS)
        decomposed = unicodedata.normalize("NFD", folded) if folded.isascii() or _is_latin(folded) else folded
        words.append("".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn"))
    return tuple(words)


def _is_latin(word: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in word)


def _plain(text: str) -> str:
    """Lower case without blanks and separators."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text).lower())
