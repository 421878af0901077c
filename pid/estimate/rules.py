"""The rules of the take-off, from ``data/rules/takeoff.toml``: what counts, what comes with it, what is not ours."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pid.errors import InputError
from pid.resources import data_path

SMALLEST_PIPE = 15
"""Nominal size below which there is tubing rather than pipe."""


@dataclass(frozen=True)
class CountedGroup:
    """A symbol group that the bill of materials lists."""

    name: str
    title: str
    discipline: str


@dataclass(frozen=True)
class Implied:
    """Parts that a flanged symbol brings along: `parts` is part name and quantity."""

    groups: frozenset[str]
    kinds: frozenset[str]
    """All kinds of the groups where it is empty."""
    least_dn: float
    parts: tuple[tuple[str, int], ...]

    def concerns(self, group: str, kind: str, dn: float) -> bool:
        """Whether a symbol of this size brings the parts; 0 is a size not known, and most pipe is not that small."""
        large = dn >= self.least_dn or (dn == 0 and self.least_dn <= SMALLEST_PIPE)
        return group in self.groups and (not self.kinds or kind in self.kinds) and large


@dataclass(frozen=True)
class TakeoffRules:
    """All rules; the file says what each is for."""

    groups: tuple[CountedGroup, ...]
    part_of: Mapping[str, str]
    least_unnamed_equipment: float
    scopes: tuple[tuple[str, re.Pattern[str]], ...]
    multiplier: re.Pattern[str]
    multiplier_reach_mm: float
    implied: tuple[Implied, ...]
    implied_codes: Mapping[str, tuple[str, str]]
    """Part name -> code and description."""

    def implied_by(self, group: str, kind: str, dn: float) -> tuple[tuple[str, int], ...]:
        """The parts of the first rule that concerns a symbol."""
        return next((rule.parts for rule in self.implied if rule.concerns(group, kind, dn)), ())

    def scope_of(self, texts: list[str]) -> str:
        """Whose business a part is by the remarks at it; empty where it is ours."""
        found = (name for name, pattern in self.scopes for text in texts if pattern.search(text.upper()))
        return next(found, "")


def read_rules(path: Path | None = None) -> TakeoffRules:
    """The rules of a file, the shipped one by default. Raises `InputError` for a file that cannot be used."""
    path = path or data_path("rules", "takeoff.toml")
    try:
        return _build(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as error:
        raise InputError(f"{path} is not a take-off rule file: {error!r}.") from error


def _build(rules: Mapping[str, Any]) -> TakeoffRules:
    multiplier = rules.get("multiplier", {})
    return TakeoffRules(
        groups=tuple(CountedGroup(g["name"], g["title"], g["discipline"]) for g in rules["group"]),
        part_of=dict(rules.get("part_of", {})),
        least_unnamed_equipment=float(rules.get("equipment", {}).get("least_unnamed", 0.0)),
        scopes=tuple((s["name"], re.compile(s["pattern"])) for s in rules.get("scope", ())),
        multiplier=re.compile(multiplier.get("pattern", r"(?!)(?P<count>)")),
        multiplier_reach_mm=float(multiplier.get("reach_mm", 0.0)),
        implied=tuple(_implied(entry) for entry in rules.get("implied", ())),
        implied_codes={name: (code, title) for name, (code, title) in rules.get("implied_codes", {}).items()},
    )


def _implied(entry: Mapping[str, Any]) -> Implied:
    parts = tuple((name, int(entry[name])) for name in ("flange", "gasket", "bolts") if entry.get(name))
    return Implied(frozenset(entry["groups"]), frozenset(entry.get("kinds", ())), float(entry["least_dn"]), parts)
