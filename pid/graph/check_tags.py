"""Checks of what things are called: tags twice, letters that do not fit, connectors without a number, repairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pid.drawing import Symbol
from pid.graph.check_rules import CheckRules, Problem, name_of
from pid.graph.grammar import Grammar, Reading
from pid.graph.plant_reading import PlantReading
from pid.graph.symbol_index import HOSTS

UNIQUE = ("valve", "instrument", "nozzle", *sorted(HOSTS))
"""Groups whose tags stand once on a sheet; a nozzle's once on its equipment."""


def plain_tag(tag: str | None) -> str:
    """A tag without blanks and hyphens: "PT 92521" and "PT-92521" are one."""
    return "".join((tag or "").split()).replace("-", "").upper()


def full_tag(symbol: Symbol) -> str:
    """A symbol's tag with its area code, where that stands beside it."""
    area = symbol.attributes.get("area")
    return (area if isinstance(area, str) else "") + plain_tag(symbol.tag)


def tag_reading(grammar: Grammar, symbol: Symbol) -> Reading | None:
    """The parts of a symbol's tag, None where it is no tag: a size, a class, letters alone."""
    if not symbol.tag:
        return None
    if grammar.read(symbol.tag, "size", "reducer_size", "state", "class_size", "valve_class", repair=False):
        return None
    kinds = {"instrument": ("kks", "instrument"), "valve": ("kks", "valve"), "nozzle": ("nozzle",)}
    return grammar.read(symbol.tag, *kinds.get(symbol.group, ("kks", "equipment")), repair=False)


def check_duplicate_tags(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """A tag that two symbols have. A balloon on a leader to its valve shares the valve's tag by right."""
    host = {reading.piping.symbols[n].id: reading.piping.symbols[h].id for n, h in reading.piping.host_of.items()}
    holders: dict[tuple[str, str], list[Symbol]] = defaultdict(list)
    for symbol in reading.drawing.symbols:
        if symbol.group not in UNIQUE or tag_reading(reading.grammar, symbol) is None:
            continue
        if symbol.group == "nozzle":
            if symbol.id in host:
                holders["nozzle of " + host[symbol.id], full_tag(symbol)].append(symbol)
        else:
            holders["bubble" if symbol.group == "instrument" else "part", full_tag(symbol)].append(symbol)
    by_id = {s.id: s for s in reading.drawing.symbols}
    for (scope, _), same in holders.items():
        if len(same) > 1:
            where = f" on {name_of(by_id[scope.removeprefix('nozzle of ')])}" if scope.startswith("nozzle") else ""
            yield Problem(
                "duplicate-tag",
                tuple(s.id for s in same),
                f"The tag {same[0].tag} stands {len(same)} times{where}: at "
                + " and ".join(f"the {s.kind.replace('_', ' ')} {s.id}" for s in same) + ".",
            )  # fmt: skip


def check_tag_letters(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Letters of a tag that do not fit the symbol: ISA letters, equipment letters, KKS codes."""
    for symbol in reading.drawing.symbols:
        parts = tag_reading(reading.grammar, symbol)
        if parts is None:
            continue
        if parts.kind == "kks":
            groups = reading.grammar.kks_groups.get(parts.parts["component"])
            if groups is not None and symbol.group not in groups:
                code = parts.parts["component"]
                yield Problem(
                    "tag-letters", (symbol.id,), f"The KKS code {code} of {symbol.tag} does not name {_a(symbol)}."
                )
            continue
        letters = parts.parts.get("letters", "")
        for rule in rules.letters:
            if letters and rule.concerns(symbol) and rule.breaks(letters):
                yield Problem(
                    "tag-letters", (symbol.id,),
                    f"The letters {letters} of {symbol.tag} do not fit {rule.title}: the symbol is {_a(symbol)}.",
                )  # fmt: skip
                break


def _a(symbol: Symbol) -> str:
    what = symbol.kind.replace("_", " ") if symbol.kind != "unknown" else symbol.group.replace("_", " ")
    return f"{'an' if what[0] in 'aeio' else 'a'} {what}"


def check_connector_numbers(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Off-page connectors without any lettering: nobody can tell where the pipe goes on."""
    lettered = {w.owner for w in reading.drawing.words if w.owner}
    for symbol in reading.drawing.symbols:
        if symbol.group == "connector" and not symbol.tag and symbol.id not in lettered:
            yield Problem(
                "connector-without-number", (symbol.id,),
                f"The {symbol.kind.replace('_', ' ')} {symbol.id} has no number and no destination.",
            )  # fmt: skip


def check_repairs(reading: PlantReading, rules: CheckRules) -> Iterator[Problem]:
    """Lettering that was put right by the tag grammar, so that a person can look."""
    for symbol in reading.drawing.symbols:
        read = symbol.attributes.get("tag_read")
        if isinstance(read, str) and symbol.tag and read != symbol.tag:
            yield Problem("tag-repaired", (symbol.id,), f"{read!r} was read and taken as {symbol.tag!r}.")
    numbers = {line.id: line.line_number for line in reading.drawing.lines}
    for word in reading.drawing.words:
        number = numbers.get(word.owner or "")
        found = reading.grammar.read(word.text, "line_number") if number else None
        if found is not None and found.repaired and found.text == number:
            yield Problem(
                "tag-repaired", (word.id, word.owner or ""), f"{word.text!r} was read and taken as {number!r}."
            )
