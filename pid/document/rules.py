"""Extraction rules: what a page says as database fields. `data/rules/forms/line_list.toml` explains the format.

A rule names a field, how its value is found (by words near it, by a table's column, by a part of the page) and what it
looks like. Nothing here knows a kind of document; the rules do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pid.drawing import Box
from pid.errors import InputError
from pid.resources import data_path

ValueType = Literal["text", "number", "date", "pattern"]
Where = Literal["right", "below", "same_cell", "next_cell", "below_cell"]
ANY = "any"
WITHIN = 12.0
SIDES = ("above", "below", "left_of", "right_of")
_KEYS = frozenset(
    {"name", "type", "pattern", "required", "anchor", "where", "within", "region", "lines", "column", *SIDES}
)


@dataclass(frozen=True)
class FieldRule:
    """How one field is found; see the format's description for the meaning of each part."""

    name: str
    type: ValueType = "text"
    pattern: re.Pattern[str] | None = None
    required: bool = False
    anchor: tuple[str, ...] = ()
    where: Where = "right"
    within: float = WITHIN
    region: Box | None = None
    sides: Mapping[str, tuple[str, ...]] | None = None
    all_lines: bool = False
    column: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleSet:
    """The rules of a file and the document types that they are for."""

    name: str
    documents: tuple[str, ...]
    fields: tuple[FieldRule, ...]

    def suits(self, document_type: str) -> bool:
        """Whether the rules are for documents of a type."""
        return ANY in self.documents or document_type in self.documents


def read_rules(path: Path) -> RuleSet:
    """Read a file of rules. Raises `InputError` with the field and key that is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}.") from error
    documents = data.get("documents", [ANY])
    entries = data.get("field", [])
    if not isinstance(documents, list) or not isinstance(entries, list) or not entries:
        raise InputError(f"{path} holds no extraction rules (documents = [...] and [[field]] tables).")
    rules = tuple(_read_field(entry, path) for entry in entries)
    names = [rule.name for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: the field {twice!r} is defined twice.")
    return RuleSet(path.stem, tuple(str(d) for d in documents), rules)


def shipped_rules() -> tuple[RuleSet, ...]:
    """The rules that come with the package."""
    return tuple(read_rules(path) for path in sorted(data_path("rules", "forms").glob("*.toml")))


def _read_field(entry: Any, path: Path) -> FieldRule:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise InputError(f"{path}: every [[field]] needs a name.")
    where = f"{path}: the field {entry['name']!r}"
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise InputError(f"{where} has the unknown key {unknown[0]!r}.")
    kind = _choice(entry, "type", get_args(ValueType), "text", where)
    region = entry.get("region")
    if region is not None and not (isinstance(region, list) and len(region) == 4):
        raise InputError(f"{where}: region is not [x0, y0, x1, y1].")
    rule = FieldRule(
        name=entry["name"],
        type=kind,
        pattern=_pattern(entry.get("pattern"), where),
        required=bool(entry.get("required", False)),
        anchor=_words(entry.get("anchor", ())),
        where=_choice(entry, "where", get_args(Where), "right", where),
        within=float(entry.get("within", WITHIN)),
        region=None if region is None else (float(region[0]), float(region[1]), float(region[2]), float(region[3])),
        sides={side: _words(entry[side]) for side in SIDES if side in entry},
        all_lines=_choice(entry, "lines", ("first", "all"), "first", where) == "all",
        column=_words(entry.get("column", ())),
    )
    if rule.type == "pattern" and rule.pattern is None:
        raise InputError(f"{where} is of the type pattern, but has no pattern.")
    if not (rule.anchor or rule.region or rule.column):
        raise InputError(f"{where} needs an anchor, a region or a column.")
    return rule


def _choice(entry: Mapping[str, Any], key: str, allowed: Iterable[str], default: str, where: str) -> Any:
    value = entry.get(key, default)
    if value not in tuple(allowed):
        raise InputError(f"{where}: {key} is {value!r}, which is none of {', '.join(allowed)}.")
    return value


def _pattern(text: Any, where: str) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(str(text))
    except re.error as error:
        raise InputError(f"{where}: its pattern is not a regular expression: {error}.") from error


def _words(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)
