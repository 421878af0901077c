"""Rows of the lists that an engineering office delivers. Each says where on which sheet it is and how sure it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

_SHARED = ("sheet", "zone", "confidence", "ids")
"""What all rows say last."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One entry of a list."""

    tag: str = ""
    sheet: str = ""
    zone: str = ""
    confidence: float = 1.0
    ids: tuple[str, ...] = ()
    """``sheet#element`` for each element behind the row."""
    tag_is_shared: bool = False
    """Whether the tag is a size and class that many parts bear, and names none of them."""

    def as_json(self) -> dict[str, Any]:
        """The row with the names of the lists' contract (``from`` and ``class`` are words of Python)."""
        values = {name.rstrip("_"): value for name, value in asdict(self).items() if name != "tag_is_shared"}
        return {"tag": values["tag"], **{k: v for k, v in values.items() if k not in _SHARED}, **values}


@dataclass(frozen=True, kw_only=True)
class EquipmentRow(Row):
    """A vessel, pump, exchanger and so on; `data` is what a data block on the sheet says of it, by caption."""

    kind: str = ""
    name: str = ""
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ValveRow(Row):
    """A valve of the piping or, in a list apart, one that an instrument operates."""

    kind: str = ""
    dn: str = ""
    line: str = ""
    spec: str = ""
    actuator: str = ""
    loop: str = ""
    state: str = ""
    set_pressure: str = ""


@dataclass(frozen=True, kw_only=True)
class InstrumentRow(Row):
    """An instrument function; `measures` is the line or equipment that it taps."""

    letters: str = ""
    kind: str = ""
    loop: str = ""
    measures: str = ""


@dataclass(frozen=True, kw_only=True)
class LineRow(Row):
    """A line number; `directed` says whether the flow tells from and to apart."""

    number: str = ""
    from_: str = ""
    to: str = ""
    dn: str = ""
    service: str = ""
    fluid: str = ""
    class_: str = ""
    insulation: str = ""
    other_ends: str = ""
    directed: bool = False


@dataclass(frozen=True, kw_only=True)
class SignalRow(Row):
    """Two functions that a signal joins."""

    a: str = ""
    b: str = ""
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class NozzleRow(Row):
    """A nozzle and the equipment that it stands on."""

    equipment: str = ""
    dn: str = ""
    line: str = ""


@dataclass(frozen=True, kw_only=True)
class ConnectorRow(Row):
    """An off-page connector or a tie-in with what is written at it."""

    kind: str = ""
    line: str = ""
    lettering: str = ""


@dataclass(frozen=True, kw_only=True)
class SpecialRow(Row):
    """A special item of the piping: strainers, traps, hoses, flame arrestors and the like."""

    kind: str = ""
    dn: str = ""
    line: str = ""


@dataclass(frozen=True, kw_only=True)
class SheetRow(Row):
    """A drawing of the set, by its title block; the tag is its number."""

    title: str = ""
    revision: str = ""
    date: str = ""
    page: int = 1
