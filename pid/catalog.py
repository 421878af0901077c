"""The symbol catalogue: one SVG file a kind under ``data/symbols/<group>/<kind>.svg``. Adding a kind is adding a file.

Terms of art: a *kind* is what an engineer calls the thing (``gate_valve``); a *variant* is one way offices draw it (a
``<g id>`` child of the file's root); a *port* is where a line may end; a *text slot* is where lettering sits.

One user unit is one millimetre of paper, y down, origin at the symbol's natural centre. A port's direction is the way
the pipe leaves, in degrees counter-clockwise as the reader sees it. `load_catalog` reads metadata only; geometry is
read by `pid.symbol_svg` when `Kind.variants` is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import cast

from pid.drawing import GROUPS, Group
from pid.errors import InputError
from pid.resources import data_path
from pid.symbol_svg import PID, SVG, Variant, read_root, read_variants, variant_groups

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_BOM_CODE = re.compile(r"[A-Z0-9]*")
_STRETCHES = ("", "x", "y", "xy")


@dataclass(frozen=True, eq=False)
class Kind:
    """A catalogue kind."""

    name: str
    group: Group
    title: str
    bom_code: str  # empty when never counted
    dexpi_class: str
    rdl: str
    standard: str
    stretch: str  # axes along which the symbol may be drawn longer: "", "x", "y" or "xy"
    path: Path

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The drawing variants, in file order. Raises `InputError` when the file's geometry is broken."""
        return read_variants(self.path)


class Catalog(Mapping[str, Kind]):
    """Kinds by name, in order of group and name."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(kinds)

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def by_group(self, group: str) -> tuple[Kind, ...]:
        """The kinds of one group, by name."""
        return tuple(kind for kind in self.values() if kind.group == group)


def load_catalog(folder: Path | None = None) -> Catalog:
    """Read the metadata of every ``<group>/<kind>.svg`` under `folder`, by default the shipped catalogue (cached).

    Raises `InputError` naming the file and the reason for a file that is no catalogue symbol.
    """
    return _shipped_catalog() if folder is None else _scan(folder)


@cache
def _shipped_catalog() -> Catalog:
    return _scan(data_path("symbols"))


def _scan(folder: Path) -> Catalog:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of symbols.")
    kinds: dict[str, Kind] = {}
    codes: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*.svg")):
        kind = _read_kind(path)
        if kind.name in kinds:
            raise InputError(f"{path}: the kind {kind.name!r} is also defined by {kinds[kind.name].path}.")
        if kind.bom_code and kind.bom_code in codes:
            raise InputError(f"{path}: the BOM code {kind.bom_code!r} is also used by {codes[kind.bom_code]}.")
        kinds[kind.name] = kind
        codes[kind.bom_code] = path
    return Catalog(kinds)


def _read_kind(path: Path) -> Kind:
    root = read_root(path)
    meta = root.find(PID + "symbol")
    if meta is None:
        raise InputError(f"{path} has no <pid:symbol> metadata element.")
    name, group = meta.get("kind", ""), meta.get("group", "")
    bom_code, stretch = meta.get("bom", ""), meta.get("stretch", "")
    problems = (
        (group not in GROUPS, f"the group {group!r} is unknown; known are {', '.join(GROUPS)}"),
        (group != path.parent.name, f"the group {group!r} is not the name of its folder {path.parent.name!r}"),
        (name != path.stem, f"the kind {name!r} is not the name of the file"),
        (not _NAME.fullmatch(name), f"the kind {name!r} is not in snake_case"),
        (not _BOM_CODE.fullmatch(bom_code), f"the BOM code {bom_code!r} is not made of A-Z and digits"),
        (stretch not in _STRETCHES, f"the stretch {stretch!r} is none of '', 'x', 'y' and 'xy'"),
        (not variant_groups(root), "it has no variant: a <g id=...> child of the root"),
    )
    for broken, reason in problems:
        if broken:
            raise InputError(f"{path}: {reason}.")
    return Kind(
        name=name,
        group=cast(Group, group),
        title=(root.findtext(SVG + "title") or name.replace("_", " ").capitalize()).strip(),
        bom_code=bom_code,
        dexpi_class=meta.get("dexpi", ""),
        rdl=meta.get("rdl", ""),
        standard=meta.get("standard", ""),
        stretch=stretch,
        path=path,
    )
