"""The lists that an engineering office delivers, derived from the sheets of a plant.

What bears the same tag on several sheets is one row; what its rows say is `pid.estimate.sheet_rows`' business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from pid.estimate.plant_facts import PlantFacts
from pid.estimate.rows import (
    ConnectorRow,
    EquipmentRow,
    InstrumentRow,
    LineRow,
    NozzleRow,
    Row,
    SheetRow,
    SignalRow,
    SpecialRow,
    ValveRow,
)
from pid.estimate.sheet_rows import SheetRows, register_row
from pid.estimate.takeoff import plain_tag

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Lists:
    """All lists of a set of sheets."""

    equipment: tuple[EquipmentRow, ...] = ()
    valves: tuple[ValveRow, ...] = ()
    control_valves: tuple[ValveRow, ...] = ()
    instruments: tuple[InstrumentRow, ...] = ()
    lines: tuple[LineRow, ...] = ()
    signals: tuple[SignalRow, ...] = ()
    nozzles: tuple[NozzleRow, ...] = ()
    connectors: tuple[ConnectorRow, ...] = ()
    tie_ins: tuple[ConnectorRow, ...] = ()
    special_items: tuple[SpecialRow, ...] = ()
    drawings: tuple[SheetRow, ...] = ()
    doubtful: tuple[SpecialRow, ...] = ()
    fittings: tuple[tuple[str, int], ...] = ()
    """Kind and count."""

    def as_json(self) -> dict[str, Any]:
        """The lists' contract: a list of objects by name, and the count of each kind of fitting."""
        tables: dict[str, Any] = {name: [row.as_json() for row in rows] for name, rows in self.tables()}
        return {**tables, "fittings": dict(self.fittings)}

    def tables(self) -> Iterable[tuple[str, Sequence[Row]]]:
        """Name and rows of each list of rows."""
        yield from ((f.name, getattr(self, f.name)) for f in fields(self) if f.name != "fittings")


def make_lists(plants: Sequence[PlantFacts]) -> Lists:
    """The lists of a set of sheets; what bears the same tag on several of them is one row."""
    sheets = [SheetRows(plant) for plant in plants]
    fittings = Counter(s.kind for sheet in sheets for s in sheet.counted("fitting", "reducer"))
    return Lists(
        equipment=_once((row for sheet in sheets for row in sheet.equipment()), within_sheet=True),
        valves=_once(row for sheet in sheets for row in sheet.valves(operated=False)),
        control_valves=_once(row for sheet in sheets for row in sheet.valves(operated=True)),
        instruments=_once((row for sheet in sheets for row in sheet.instruments()), also="letters", within_sheet=True),
        lines=_once((row for sheet in sheets for row in sheet.lines()), also="number", within_sheet=True),
        signals=tuple(row for sheet in sheets for row in sheet.signals()),
        nozzles=_once((row for sheet in sheets for row in sheet.nozzles()), also="equipment"),
        connectors=tuple(row for sheet in sheets for row in sheet.connectors(tie_ins=False)),
        tie_ins=_once(row for sheet in sheets for row in sheet.connectors(tie_ins=True)),
        special_items=_once(row for sheet in sheets for row in sheet.special_items()),
        drawings=tuple(register_row(sheet.drawing) for sheet in sheets),
        doubtful=tuple(row for sheet in sheets for row in sheet.doubtful()),
        fittings=tuple(sorted(fittings.items())),
    )


def _once(rows: Iterable[R], *, also: str = "", within_sheet: bool = False) -> tuple[R, ...]:
    """The rows in order of tag, those of one tag as the surest of them with all ids.

    Args:
        rows: rows of all sheets.
        also: a value in which they must agree, too.
        within_sheet: whether two of one tag on one sheet are the same thing; else only those of different sheets are.
    """
    named: dict[tuple[str, ...], R] = {}
    unnamed: list[R] = []
    times: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        tag = plain_tag(row.tag)
        if not tag or row.tag_is_shared:
            unnamed.append(row)
            continue
        key: tuple[str, ...] = (tag, str(getattr(row, also)) if also else "")
        times[(*key, row.sheet)] += 1
        if not within_sheet:
            key = (*key, str(times[(*key, row.sheet)]))
        known = named.get(key, row)
        ids = row.ids if known is row else (*known.ids, *row.ids)
        named[key] = replace(max(known, row, key=lambda r: r.confidence), ids=ids)
    return (*sorted(named.values(), key=lambda r: r.tag), *unnamed)
