"""Checks of a drawing: coded findings, each with the ids that it concerns and one clear sentence.

The rules stand in `check_tags` (what things are called), `check_lines` (pipes and their numbers) and `check_control`
(valves, loops and relief); `sheets` adds what shows over a set of sheets. Severities and letter tables are data:
``data/rules/checks.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from pid.drawing import Drawing, Finding
from pid.errors import InputError
from pid.graph.check_control import check_control_valves, check_relief_paths
from pid.graph.check_lines import (
    check_dangling_ends,
    check_flow_conflicts,
    check_line_numbers,
    check_size_changes,
)
from pid.graph.check_rules import CheckRules, LetterRule, Problem
from pid.graph.check_tags import check_connector_numbers, check_duplicate_tags, check_repairs, check_tag_letters
from pid.graph.grammar import Grammar
from pid.graph.plant_reading import PlantReading, read_plant
from pid.resources import data_path

Rule = Callable[[PlantReading, CheckRules], Iterable[Problem]]
Severity = Literal["info", "warning", "error"]

RULES: tuple[Rule, ...] = (
    check_duplicate_tags,
    check_tag_letters,
    check_connector_numbers,
    check_dangling_ends,
    check_line_numbers,
    check_size_changes,
    check_flow_conflicts,
    check_control_valves,
    check_relief_paths,
    check_repairs,
)
_ORDER = {"error": 0, "warning": 1, "info": 2}


def check_drawing(
    drawing: Drawing, *, rules: CheckRules | None = None, grammar: Grammar | None = None
) -> tuple[Finding, ...]:
    """The findings of one drawing, errors first. Findings that the drawing holds already are not looked at."""
    rules = rules or load_rules()
    reading = read_plant(drawing, grammar=grammar)
    return as_findings((problem for rule in RULES for problem in rule(reading, rules)), rules)


def as_findings(problems: Iterable[Problem], rules: CheckRules) -> tuple[Finding, ...]:
    """Problems with their severities, errors first, without those that are silenced."""
    found = [
        Finding(
            code=p.code,
            severity=cast(Severity, rules.severity.get(p.code, "warning")),
            subjects=p.subjects,
            message=p.message,
        )
        for p in problems
        if p.code not in rules.silenced
    ]
    return tuple(sorted(found, key=lambda f: (_ORDER[f.severity], f.code)))


def with_checks(drawing: Drawing, *, rules: CheckRules | None = None) -> Drawing:
    """The drawing with the findings of the checks beside those that it has; earlier ones of the same codes go."""
    rules = rules or load_rules()
    kept = tuple(f for f in drawing.findings if f.code not in rules.severity)
    return drawing.model_copy(update={"findings": (*kept, *check_drawing(drawing, rules=rules))})


def load_rules(path: Path | None = None) -> CheckRules:
    """Read a rules file, by default the shipped one (cached). Raises `InputError` for a file that is none."""
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> CheckRules:
    return _read(data_path("rules", "checks.toml"))


def _read(path: Path) -> CheckRules:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        return _build(data)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, re.error) as error:
        raise InputError(f"{path} is not a file of check rules: {error}.") from error


def _build(data: Mapping[str, Any]) -> CheckRules:
    severity = dict(data["severity"])
    for code, value in severity.items():
        if value not in _ORDER:
            raise ValueError(f"the severity {value!r} of {code} is none of info, warning and error")
    control = data["control_valve"]
    return CheckRules(
        severity=severity,
        silenced=frozenset(data.get("silenced", {}).get("codes", ())),
        closed_states=frozenset(data["closed"]["states"]),
        closed_marks=frozenset(data["closed"]["marks"]),
        control_kinds=frozenset(control["kinds"]),
        control_actuators=frozenset(control["actuators"]),
        control_letters=re.compile(control["letters"]),
        self_acting=frozenset(control["self_acting"]),
        letters=tuple(_letter_rules(data.get("letters", ()))),
    )


def _letter_rules(entries: Sequence[Mapping[str, Any]]) -> Iterator[LetterRule]:
    for entry in entries:
        yield LetterRule(
            frozenset(entry.get("groups", ())),
            frozenset(entry.get("kinds", ())),
            entry.get("ends", ""),
            re.compile(entry["unfit"]) if "unfit" in entry else None,
            entry["title"],
        )


def finding_rows(findings: Mapping[str, Sequence[Finding]]) -> list[tuple[str, str, str, str]]:
    """Rows (severity, code, sheet and ids, sentence) of the findings of each sheet, errors first."""
    rows = []
    for sheet, found in findings.items():
        for f in found:
            subjects = ", ".join(f.subjects[:4]) + (", ..." if len(f.subjects) > 4 else "")
            rows.append((f.severity, f.code, f"{sheet}: {subjects}" if subjects else sheet, f.message))
    return sorted(rows, key=lambda row: (_ORDER[row[0]], row[1], row[2]))
