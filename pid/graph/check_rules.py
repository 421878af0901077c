"""What every check is given and what it returns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pid.drawing import Symbol


@dataclass(frozen=True)
class Problem:
    """A finding before its severity is looked up."""

    code: str
    subjects: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class LetterRule:
    """Which tag letters symbols of some groups or kinds have: letters at an end that fit, or a form that does not."""

    groups: frozenset[str]
    kinds: frozenset[str]
    ends: str
    unfit: re.Pattern[str] | None
    title: str

    def concerns(self, symbol: Symbol) -> bool:
        """Whether the rule is about a symbol."""
        return symbol.group in self.groups or symbol.kind in self.kinds

    def breaks(self, letters: str) -> bool:
        """Whether letters do not fit."""
        if self.unfit is not None and self.unfit.fullmatch(letters):
            return True
        return bool(self.ends) and letters[0] not in self.ends and letters[-1] not in self.ends


@dataclass(frozen=True, eq=False)
class CheckRules:
    """Severities, tables and letters of ``data/rules/checks.toml``."""

    severity: Mapping[str, str]
    silenced: frozenset[str]
    closed_states: frozenset[str]
    closed_marks: frozenset[str]
    control_kinds: frozenset[str]
    control_actuators: frozenset[str]
    control_letters: re.Pattern[str]
    self_acting: frozenset[str]
    letters: tuple[LetterRule, ...]

    def is_closed(self, symbol: Symbol) -> bool:
        """Whether a valve or blind is drawn closed or marked as closed in operation."""
        state, mark = symbol.attributes.get("state"), symbol.attributes.get("fail_state")
        return state in self.closed_states or mark in self.closed_marks


def name_of(symbol: Symbol) -> str:
    """What a sentence calls a symbol."""
    what = symbol.kind.replace("_", " ") if symbol.kind != "unknown" else symbol.group.replace("_", " ")
    return f"{what} {symbol.tag}" if symbol.tag else f"{what} {symbol.id}"
