"""What people say of taught kinds beside their picture: group, BOM code and title, one by one or as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pid.drawing import GROUPS, Group
from pid.errors import InputError
from pid.structure.library import TERMS, Example


@dataclass(frozen=True)
class Wish:
    """What a person says of a kind; None where nothing is said."""

    group: Group | None = None
    code: str | None = None
    title: str | None = None


def apply_wishes(
    examples: Sequence[Example], wishes: Mapping[str, Wish]
) -> tuple[tuple[Example, ...], tuple[str, ...]]:
    """The examples with what people have said of their kinds, and the names that no example has."""
    by_name = {_key(name): wish for name, wish in wishes.items()}
    out = []
    for example in examples:
        wish = by_name.get(_key(example.kind), Wish())
        said = {
            term for term, value in zip(TERMS, (wish.group, wish.code, wish.title), strict=True) if value is not None
        }
        guessed = tuple(g for g in example.guessed if g not in said)
        out.append(
            replace(
                example, group=wish.group or example.group, guessed=guessed,
                bom_code=example.bom_code if wish.code is None else wish.code,
                title=example.title if wish.title is None else wish.title,
            )
        )  # fmt: skip
    known = {_key(e.kind) for e in examples}
    return tuple(out), tuple(name for name in wishes if _key(name) not in known)


def read_wishes(path: Path) -> dict[str, Wish]:
    """A table ``name,group,code,title`` as CSV, the last two optional, with or without a head line.

    Raises `InputError` naming the line that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a table: {error}.") from error
    wishes: dict[str, Wish] = {}
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[:2] == ["name", "group"]):
            continue
        name, group, code, title = (*cells, "", "", "")[:4]
        if not name:
            raise InputError(f"{path}, line {number}: the name is missing.")
        wishes[name] = Wish(
            check_group(group, f"{path}, line {number}: ") if group else None, code or None, title or None
        )
    return wishes


def check_group(text: str, where: str = "") -> Group:
    """The group called so. Raises `InputError` for one that is unknown."""
    name = text.strip().lower().replace(" ", "_")
    if name not in GROUPS:
        raise InputError(f"{where}the group {text!r} is unknown; known are {', '.join(GROUPS)}.")
    return name


def _key(name: str) -> str:
    return "".join(name.split()).lower()
