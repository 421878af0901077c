"""The tag grammar: what a string of lettering says, from ``data/rules/tags.toml``.

Terms of art: a *kind* of string is ``line_number``, ``instrument``, ``valve``, ``equipment``, ``size`` and so on; a
*reading* is a string understood as one kind, with its parts; a *slip* is a character that the reader took for one
that looks alike (O for 0), or a hyphen that it missed. A slip is put right only where exactly one result reads.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pid.errors import InputError
from pid.resources import data_path

LINE_PARTS = ("size", "service", "number", "spec", "insulation")
"""The parts of a line number that lines of the graph and of the line list carry."""
SOUND = (
    "line_number",
    "valve",
    "equipment",
    "kks",
    "nozzle",
    "sheet_number",
    "reducer_size",
    "class_size",
    "valve_class",
    "spec",
)
"""A string that reads as one of these has no slip that could be told."""
MENDED = ("valve_class",)
"""Kinds whose slips are told in any lettering: four letters before figures are seldom anything else. Line numbers and
tags are put right where the graph needs them; on every string of a sheet it did more harm than good (1.4571)."""


@dataclass(frozen=True)
class Reading:
    """A string understood: `text` is what it says, `raw` what was read, different only where a slip was put right."""

    kind: str
    text: str
    raw: str
    pattern: str
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def repaired(self) -> bool:
        """Whether a slip was put right."""
        return self.text != self.raw


@dataclass(frozen=True)
class _Pattern:
    kind: str
    name: str
    regex: re.Pattern[str]
    repair: bool
    example: str


@dataclass(frozen=True, eq=False)
class Grammar:
    """Patterns in the order in which they are tried, and the letter tables of ISA-5.1 and KKS."""

    patterns: tuple[_Pattern, ...]
    alike: Mapping[str, str]
    """Characters that each character may have been: ``"0"`` to ``"OQD"``."""
    hyphens: bool
    shortest: int
    first_letters: Mapping[str, str]
    succeeding_letters: Mapping[str, str]
    kks_groups: Mapping[str, tuple[str, ...]]
    _known: dict[tuple[str, tuple[str, ...]], Reading | None] = field(default_factory=dict)

    def read(self, text: str, *kinds: str, repair: bool = True) -> Reading | None:
        """The string as the first of the kinds that it reads as, None where it reads as none.

        A slip is put right only when the string reads as no line number and no tag as it stands.
        """
        raw = normalize(text)
        key = (raw, (*kinds, str(repair)))
        if key not in self._known:
            found = next((r for kind in kinds for r in self._match(raw, kind)), None)
            if found is None and repair and not any(True for kind in SOUND for _ in self._match(raw, kind)):
                found = next((r for kind in kinds for r in self._repair(raw, kind)), None)
            self._known[key] = found
        return self._known[key]

    def mend(self, text: str) -> str | None:
        """What a string that reads as nothing must have been to be one of `MENDED`; None where not one alone fits.

        Only look-alikes are exchanged, and only in strings with a figure or a doubled O, which words seldom have.
        """
        raw = normalize(text)
        if len(raw) < self.shortest or not re.search(r"\d|OO", raw) or self._reads(raw):
            return None
        slips = {slip for slip in self._slips(raw) if len(slip) == len(raw)}
        found = {slip for slip in slips for kind in MENDED for _ in self._match(slip, kind)}
        return found.pop() if len(found) == 1 else None

    def _reads(self, text: str) -> bool:
        """Whether a string reads as anything as it stands."""
        return any(True for kind in {p.kind for p in self.patterns} for _ in self._match(text, kind))

    def is_isa(self, letters: str) -> bool:
        """Whether letters are a first letter and succeeding letters of ISA-5.1."""
        whole = letters.split("/", maxsplit=1)[0].rstrip("abcdefghijklmnopqrstuvwxyz")
        return bool(whole) and whole[0] in self.first_letters and all(c in self.succeeding_letters for c in whole[1:])

    def line_parts(self, line_number: str) -> dict[str, str]:
        """Size, service, number, spec and insulation as far as a line number states them."""
        reading = self.read(line_number, "line_number", repair=False)
        return {k: reading.parts[k] for k in LINE_PARTS if reading.parts.get(k)} if reading else {}

    def _match(self, text: str, kind: str, *, repairable: bool = False, raw: str | None = None) -> Iterator[Reading]:
        for pattern in self.patterns:
            if pattern.kind != kind or (repairable and not pattern.repair):
                continue
            match = pattern.regex.fullmatch(text)
            if match:
                parts = {k: v.strip() for k, v in match.groupdict().items() if v}
                if kind != "instrument" or self.is_isa(parts["letters"]):
                    yield Reading(kind, text, text if raw is None else raw, pattern.name, parts)

    def _repair(self, raw: str, kind: str) -> Iterator[Reading]:
        """The one reading that a single slip away from the string reads, if there is exactly one."""
        if len(raw) < self.shortest or not any(p.repair for p in self.patterns if p.kind == kind):
            return
        found: dict[str, Reading] = {}
        for candidate in self._slips(raw):
            for reading in self._match(candidate, kind, repairable=True, raw=raw):
                found.setdefault(reading.text, reading)
        if len(found) == 1:
            yield next(iter(found.values()))

    def _slips(self, text: str) -> Iterator[str]:
        """All strings that one slip made this one of; the same slip may have been made throughout (02OO for 0200)."""
        for i, character in enumerate(text):
            for other in self.alike.get(character, ""):
                yield text[:i] + other + text[i + 1 :]
                if i and text[i - 1] == character:
                    yield text.replace(character, other)
            if self.hyphens and i and "-" not in text[i - 1 : i + 1]:
                yield f"{text[:i]}-{text[i:]}"


def normalize(text: str) -> str:
    """A string with single blanks and one kind of inch mark, hyphen and multiplication sign."""
    text = " ".join(text.split())
    for strange, plain in (("''", '"'), ("”", '"'), ("“", '"'), ("″", '"'), ("–", "-"), ("—", "-"), ("×", "x")):
        text = text.replace(strange, plain)
    return text


def load_grammar(path: Path | None = None) -> Grammar:
    """Read a grammar file, by default the shipped one (cached). Raises `InputError` for a file that is no grammar."""
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> Grammar:
    return _read(data_path("rules", "tags.toml"))


def _read(path: Path) -> Grammar:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} is not a grammar of tags: {error}.") from error
    try:
        return _build(data)
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise InputError(f"{path} is not a grammar of tags: {error}.") from error


def _build(data: Mapping[str, Any]) -> Grammar:
    fragments = _expanded(data.get("fragments", {}))
    slips = data.get("slips", {})
    alike: dict[str, str] = {}
    for pair in slips.get("alike", ()):
        a, b = pair
        alike[a] = alike.get(a, "") + b
        alike[b] = alike.get(b, "") + a
    return Grammar(
        patterns=tuple(_patterns(data["pattern"], fragments)),
        alike=alike,
        hyphens=bool(slips.get("hyphens", True)),
        shortest=int(slips.get("shortest", 5)),
        first_letters=dict(data["isa"]["first"]),
        succeeding_letters=dict(data["isa"]["succeeding"]),
        kks_groups={code: tuple(groups) for code, groups in data.get("kks", {}).items()},
    )


def _patterns(entries: Iterable[Mapping[str, Any]], fragments: Mapping[str, str]) -> Iterator[_Pattern]:
    for entry in entries:
        regex = re.compile(_fill(entry["regex"], fragments))
        yield _Pattern(
            entry["kind"], entry["name"], regex, bool(entry.get("repair", False)), str(entry.get("example", ""))
        )


def _expanded(fragments: Mapping[str, str]) -> dict[str, str]:
    """Fragments with the fragments that they use, which stand above them."""
    known: dict[str, str] = {}
    for name, regex in fragments.items():
        known[name] = _fill(regex, known)
    return known


def _fill(regex: str, fragments: Mapping[str, str]) -> str:
    return re.sub(r"%([a-z_]+)%", lambda match: fragments[match[1]], regex)
