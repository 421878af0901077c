"""The rows that one sheet gives to each list.

Terms of art: a *final element* is a valve that an instrument operates: it is the instrument department's and listed
apart from the piping's valves unless it has a valve tag of its own. A symbol is *doubtful* where nothing names it and
it is not sure: it stands in a list for review and in no other, so that what was mistaken for a part is not bought.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pid.drawing import Drawing, Symbol
from pid.estimate.equipment_data import DataColumn, find_equipment_data
from pid.estimate.plant_facts import Pipe, PipeEnd, PlantFacts
from pid.estimate.rows import (
    ConnectorRow,
    EquipmentRow,
    InstrumentRow,
    LineRow,
    NozzleRow,
    SheetRow,
    SignalRow,
    SpecialRow,
    ValveRow,
)
from pid.estimate.takeoff import (
    A1_WIDTH_MM,
    EQUIPMENT,
    is_named,
    line_number_of_symbols,
    nominal_size,
    sheet_name,
    zone,
)
from pid.geometry import box_gap

SURE_UNNAMED = 0.8
"""Symbols that no lettering names are listed from this score on."""
SURE_KIND = 0.6
"""A kind less sure than this is not claimed for equipment: its group is."""
PLAIN_FITTINGS = frozenset({
    "flange", "flange_pair", "blind_flange", "cap", "plug", "coupling", "union", "insulated_pipe", "spacer", "vent",
})  # fmt: skip
"""Fittings that come with the piping class; the others are special items."""
NOZZLE_TAG = re.compile(r"N-?\d{1,2}[A-Z]?")
NOZZLE_TAG_MM = 8.0
"""A nozzle's tag stands no further from where its pipe meets the wall."""
TIE_IN = "tie_in"
"""The kind of connector at which new pipe meets existing."""
DATA_ONLY = 0.5
"""Confidence of equipment that a data block names and no symbol was found for."""


def register_row(drawing: Drawing) -> SheetRow:
    """The drawing register's row of a sheet: its title block, or the file's name where it has none."""
    block = drawing.title_block
    told = {f.name.lower().replace(" ", "_"): f.value for f in block.fields} if block else {}
    number = next((told[k] for k in ("drawing_number", "drawing_no", "document_number") if told.get(k)), "")
    return SheetRow(
        tag=number or drawing.source.name.rsplit(".", 1)[0],
        sheet=sheet_name(drawing),
        title=told.get("title") or told.get("drawing_title") or "",
        revision=told.get("revision") or "",
        date=told.get("date") or "",
        page=drawing.source.page,
        confidence=min((f.score for f in block.fields), default=0.0) if block else 0.0,
    )


class SheetRows:
    """One sheet and the rows that it gives each list."""

    def __init__(self, plant: PlantFacts) -> None:
        self.plant, self.drawing = plant, plant.drawing
        self.name = sheet_name(plant.drawing)
        self.by_id = {s.id: s for s in plant.drawing.symbols}
        self.pipe_of = {name: pipe for pipe in plant.pipes for name in (*pipe.symbols, *pipe.lines)}
        self.numbers = line_number_of_symbols(plant.drawing)
        self.pipe_by_number = {pipe.number: pipe for pipe in plant.pipes}
        self.operated = {valve: actuator for actuator, valve in plant.operators.items()}

    def place(self, symbol: Symbol) -> dict[str, Any]:
        """What all rows say of a symbol, by the names of their fields."""
        return {
            "tag": symbol.tag or "",
            "tag_is_shared": symbol.tag is not None and not is_named(symbol),
            "sheet": self.name,
            "zone": zone(self.drawing, symbol),
            "confidence": round(symbol.score, 3),
            "ids": (f"{self.name}#{symbol.id}",),
        }

    def counted(self, *groups: str) -> list[Symbol]:
        """The symbols of some groups that are sure or named."""
        return [s for s in self.drawing.symbols if s.group in groups and not _is_doubtful(s)]

    def pipe(self, symbol: Symbol) -> Pipe | None:
        """The pipe that a symbol is in or at."""
        return self.pipe_of.get(symbol.id) or self.pipe_by_number.get(self.numbers.get(symbol.id, ""))

    def in_line(self, symbol: Symbol) -> dict[str, Any]:
        """Line and size of a part; the line's size where nothing is written at the part."""
        pipe = self.pipe(symbol)
        number = pipe.number if pipe else self.numbers.get(symbol.id, "")
        written = str(symbol.attributes.get("size") or "")
        return {
            "line": pipe.tag if pipe else number,
            "dn": written or (pipe.size if pipe else "") or nominal_size(number),
        }

    def equipment(self) -> Iterable[EquipmentRow]:
        """Equipment that was found, then what a data block alone names."""
        columns = find_equipment_data(self.drawing, {s.tag for s in self.counted(*EQUIPMENT) if s.tag})
        found: set[str] = set()
        for symbol in self.counted(*EQUIPMENT):
            column = columns.get(symbol.tag or "")
            found.add(symbol.tag or "")
            named = str(symbol.attributes.get("name") or "")
            yield EquipmentRow(
                **self.place(symbol), kind=equipment_kind(symbol), name=named, data=dict(column.data) if column else {}
            )
        yield from (self._from_data(tag, column) for tag, column in columns.items() if tag not in found)

    def _from_data(self, tag: str, column: DataColumn) -> EquipmentRow:
        ids = tuple(f"{self.name}#{word}" for word in column.words)
        return EquipmentRow(tag=tag, sheet=self.name, confidence=DATA_ONLY, ids=ids, data=dict(column.data))

    def valves(self, *, operated: bool) -> Iterable[ValveRow]:
        """The piping's valves, or the final elements."""
        for symbol in self.counted("valve"):
            by = self.by_id.get(self.operated.get(symbol.id, ""))
            if operated != (by is not None and not symbol.tag and by.kind != "hand_actuator"):
                continue
            pipe = self.pipe(symbol)
            yield ValveRow(
                **self.place(symbol), **self.in_line(symbol), kind=_plain(symbol.kind),
                spec=str(symbol.attributes.get("spec") or (pipe.spec if pipe else "")),
                actuator=_plain(by.kind) if by else "", loop=self.plant.loops.get(symbol.id, ""),
                state=str(symbol.attributes.get("fail_state") or ""),
                set_pressure=str(symbol.attributes.get("set_pressure") or ""),
            )  # fmt: skip

    def instruments(self) -> Iterable[InstrumentRow]:
        """Instruments with a tag: an index is by tag."""
        for symbol in self.counted("instrument"):
            if not symbol.tag:
                continue
            parts = symbol.attributes.get("tag_parts")
            letters = str(parts.get("letters") or "") if isinstance(parts, dict) else ""
            yield InstrumentRow(
                **{**self.place(symbol), "tag": function_tag(symbol)}, letters=letters, kind=_plain(symbol.kind),
                loop=self.plant.loops.get(symbol.id, ""), measures=self.called(self.plant.measured.get(symbol.id, "")),
            )  # fmt: skip

    def called(self, element: str) -> str:
        """What a symbol or line is called in the lists."""
        symbol = self.by_id.get(element)
        if symbol is None:
            pipe = self.pipe_of.get(element)
            return pipe.tag if pipe else ""
        host = self.by_id.get(self.plant.hosts.get(element, ""))
        if symbol.group == "instrument":
            return function_tag(symbol)
        names = "/".join(t for t in (host.tag if host else None, symbol.tag) if t)
        return names or f"{_plain(symbol.kind)} without a tag"

    def lines(self) -> Iterable[LineRow]:
        """Line numbers with their ends."""
        for pipe in self.plant.pipes:
            ids = tuple(f"{self.name}#{name}" for name in pipe.lines)
            yield LineRow(
                tag=pipe.tag, sheet=self.name, confidence=round(pipe.score, 3), ids=ids, number=pipe.number,
                from_=self.end(self.named(pipe.start, pipe)), to=self.end(self.named(pipe.stop, pipe)), dn=pipe.size,
                service=pipe.service,
                fluid=pipe.fluid, class_=pipe.spec, insulation=pipe.insulation,
                other_ends=", ".join(sorted({name for e in pipe.branches if (name := self.end(e))})),
                directed=pipe.directed,
            )  # fmt: skip

    def named(self, end: PipeEnd | None, pipe: Pipe) -> PipeEnd | None:
        """An end, or the one further end that has a tag where it has none: what has none may be no end at all."""
        symbol = self.by_id.get(end.symbol) if end else None
        if end is None or symbol is None or symbol.tag:
            return end
        others = [e for e in pipe.branches if (s := self.by_id.get(e.symbol)) and s.tag]
        return others[0] if len(others) == 1 else end

    def end(self, end: PipeEnd | None) -> str:
        """What a line list calls a pipe's end."""
        if end is None:
            return ""
        if end.kind == "line":
            other = self.pipe_by_number.get(end.name)
            return other.tag if other else end.name
        symbol = self.by_id.get(end.symbol)
        if symbol is not None and symbol.group == "connector":
            return _destination(symbol, self.lettering(symbol)) or end.name
        name = self.called(end.symbol) or ("" if end.kind == "open" else end.name)
        nozzle = self.nozzle_lettered_at(end) if symbol is not None and symbol.group in EQUIPMENT else ""
        return f"{name}/{nozzle}" if nozzle else name

    def nozzle_lettered_at(self, end: PipeEnd) -> str:
        """The nozzle's tag that stands where a pipe meets its equipment, where no nozzle was found as a symbol."""
        reach = NOZZLE_TAG_MM * (self.drawing.sheet.px_per_mm or self.drawing.sheet.width / A1_WIDTH_MM)
        taken = {s.id for s in self.drawing.symbols if s.group == "nozzle"}
        near = [
            (box_gap(w.box, (end.x, end.y, end.x, end.y)), w.text.strip())
            for w in self.drawing.words
            if w.owner not in taken and NOZZLE_TAG.fullmatch(w.text.strip())
        ]
        gap, text = min(near, default=(reach + 1, ""))
        return text if gap <= reach else ""

    def lettering(self, symbol: Symbol) -> list[str]:
        """The strings at a symbol, in reading order."""
        words = [w for w in self.drawing.words if w.owner == symbol.id]
        return [w.text for w in sorted(words, key=lambda w: (w.box[1], w.box[0]))]

    def signals(self) -> Iterable[SignalRow]:
        """Pairs of instruments that a signal joins, each once."""
        seen: set[frozenset[str]] = set()
        style_of = {line.id: line.style for line in self.drawing.lines}
        for connection in self.drawing.connections:
            ends = [self.by_id[connection.a], self.by_id[connection.b]]
            names = [function_tag(s) if s.group == "instrument" else "" for s in ends]
            if connection.kind != "signal" or not all(names) or frozenset(names) in seen or names[0] == names[1]:
                continue
            seen.add(frozenset(names))
            styles = sorted({style_of[name] for name in connection.lines})
            yield SignalRow(
                a=names[0], b=names[1], style=", ".join(styles), sheet=self.name, zone=zone(self.drawing, ends[0]),
                confidence=round(connection.score, 3),
                ids=tuple(f"{self.name}#{i}" for i in (connection.a, connection.b, *connection.lines)),
            )  # fmt: skip

    def nozzles(self) -> Iterable[NozzleRow]:
        """Nozzles with the equipment that they stand on."""
        for symbol in self.counted("nozzle"):
            host = self.by_id.get(self.plant.hosts.get(symbol.id, ""))
            yield NozzleRow(**self.place(symbol), **self.in_line(symbol), equipment=(host.tag or "") if host else "")

    def connectors(self, *, tie_ins: bool) -> Iterable[ConnectorRow]:
        """The tie-in points, or the other connectors, with their lettering."""
        for symbol in self.counted("connector"):
            if tie_ins != (symbol.kind == TIE_IN):
                continue
            line = self.in_line(symbol)["line"]
            text = " | ".join(self.lettering(symbol))
            yield ConnectorRow(**self.place(symbol), kind=_plain(symbol.kind), line=line, lettering=text)

    def special_items(self) -> Iterable[SpecialRow]:
        """Fittings that do not come with the piping class."""
        for symbol in self.counted("fitting"):
            if symbol.kind not in PLAIN_FITTINGS:
                yield SpecialRow(**self.place(symbol), **self.in_line(symbol), kind=_plain(symbol.kind))

    def doubtful(self) -> Iterable[SpecialRow]:
        """What is too doubtful for the other lists."""
        for symbol in self.drawing.symbols:
            if _is_doubtful(symbol):
                yield SpecialRow(**self.place(symbol), **self.in_line(symbol), kind=_plain(symbol.kind))


def _is_doubtful(symbol: Symbol) -> bool:
    unmarked = symbol.group not in ("flow_arrow", "other")
    return unmarked and not symbol.tag and symbol.score < SURE_UNNAMED and "person" not in symbol.found_by


def equipment_kind(symbol: Symbol) -> str:
    """The kind of equipment where it is sure, else its group: how a vessel is drawn says little of what it is."""
    score = symbol.attributes.get("kind_score", 1.0)
    sure = isinstance(score, int | float) and score >= SURE_KIND
    return _plain(symbol.kind if sure and symbol.kind != "unknown" else symbol.group)


def function_tag(symbol: Symbol) -> str:
    """An instrument's tag in the index; a number with a letter of its own (F0001 under FIC) is the tag by itself."""
    parts = symbol.attributes.get("tag_parts")
    number = str(parts.get("number") or "") if isinstance(parts, dict) else ""
    return number if number[:1].isalpha() else symbol.tag or ""


def _destination(symbol: Symbol, lettering: Sequence[str]) -> str:
    """Where a connector leads: the longest string at it with a figure that is neither its mark nor a line number."""
    others = [t for t in lettering if any(c.isdigit() for c in t) and t != symbol.tag and t.count("-") <= 2]
    return max(others, key=len, default=symbol.tag or "")


def _plain(kind: str) -> str:
    return kind.replace("_", " ")
