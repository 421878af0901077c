"""A small plant in which nothing is wrong, to be changed by the tests."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pid.drawing import Box, Drawing, Group, Line, Point, SheetInfo, Source, Symbol, TitleBlock, TitleField, Word
from pid.graph.connect import connect_symbols

WIDTH, HEIGHT = 5000, 3500  # the reference width: every tolerance counts in pixels


class Unit:
    """Symbols, lines and words of a sheet by name; `drawing` makes the connections."""

    def __init__(self, number: str = "D-100-001") -> None:
        self.number = number
        self.symbols: dict[str, Symbol] = {}
        self.lines: dict[str, Line] = {}
        self.words: dict[str, Word] = {}

    def put(self, name: str, kind: str, group: Group, box: Box, tag: str | None = None, **more: object) -> None:
        self.symbols[name] = Symbol(id=name, kind=kind, group=group, box=box, tag=tag, **more)

    def valve(
        self, name: str, x: float, y: float, tag: str | None = None, kind: str = "gate_valve", **more: object
    ) -> None:
        """A valve 30 px long in a level pipe, its left end at x."""
        self.put(name, kind, "valve", (x, y - 12, x + 30, y + 12), tag, **more)

    def bubble(self, name: str, x: float, y: float, tag: str | None, **more: object) -> None:
        self.put(name, "instrument_shared_field", "instrument", (x - 30, y - 30, x + 30, y + 30), tag, **more)

    def pipe(self, name: str, *points: Point, number: str | None = None, direction: str = "unknown") -> None:
        self.lines[name] = Line(id=name, points=points, line_number=number, direction=direction)

    def signal(self, name: str, *points: Point, style: str = "dashed") -> None:
        self.lines[name] = Line(id=name, points=points, kind="signal", style=style)

    def write(self, name: str, text: str, x: float, y: float, owner: str | None = None) -> None:
        """A word with its middle at x, y."""
        half = 6.0 * len(text)
        self.words[name] = Word(id=name, text=text, box=(x - half, y - 10, x + half, y + 10), owner=owner)

    def change(self, name: str, **update: object) -> None:
        """Change fields of a symbol or line."""
        held: dict[str, Symbol] | dict[str, Line] = self.symbols if name in self.symbols else self.lines
        held[name] = held[name].model_copy(update=update)  # type: ignore[assignment]

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.symbols.pop(name, None)
            self.lines.pop(name, None)

    def drawing(self) -> Drawing:
        symbols, lines = tuple(self.symbols.values()), tuple(self.lines.values())
        field = TitleField(name="drawing_number", value=self.number, box=(4500, 3400, 4900, 3450))
        return Drawing(
            source=Source(name=f"{self.number}.png", sha256="0"),
            sheet=SheetInfo(width=WIDTH, height=HEIGHT),
            symbols=symbols,
            lines=lines,
            connections=connect_symbols(symbols, lines, sheet_width=WIDTH),
            words=tuple(self.words.values()),
            title_block=TitleBlock(box=(4500, 3300, 4950, 3450), fields=(field,)),
        )


@pytest.fixture
def unit() -> Unit:
    """Feed from a connector over a flow control station, a reducer and a pump to a drum with a relief valve."""
    u = Unit()
    feed, suction, discharge, relief = '6"-P-1001-A1A', '4"-P-1002-A1A', '4"-P-1003-A1A', '2"-P-1004-A1A'
    u.put("c1", "off_page_connector", "connector", (200, 970, 520, 1030), "D-100-002")
    u.pipe("l1", (520, 1000), (1000, 1000), number=feed, direction="forward")
    u.valve("v1", 1000, 1000, "HV-1001")
    u.pipe("l2", (1030, 1000), (1300, 1000), number=feed)
    u.pipe("l3", (1300, 1000), (1600, 1000), number=feed)
    u.valve("cv", 1600, 1000, "FV-1002", kind="globe_valve")
    u.put("a1", "diaphragm_actuator", "actuator", (1595, 930, 1635, 960))
    u.signal("stem", (1615, 960), (1615, 988), style="solid")
    u.bubble("ft", 1300, 800, "FT-1002")
    u.pipe("impulse", (1300, 830), (1300, 1000))
    u.bubble("fic", 1615, 800, "FIC-1002")
    u.signal("s1", (1330, 800), (1585, 800))
    u.signal("s2", (1615, 830), (1615, 930))
    u.pipe("l4", (1630, 1000), (2000, 1000), number=feed)
    u.put("r1", "concentric_reducer", "reducer", (2000, 985, 2030, 1015), attributes={"size": '6"', "size_small": '4"'})
    u.pipe("l5", (2030, 1000), (2400, 1000), number=suction)
    u.put("p1", "gear_pump", "pump", (2400, 950, 2500, 1050), "P-101")
    u.pipe("l6", (2500, 1000), (2980, 1000), number=discharge)
    u.put("n1", "nozzle", "nozzle", (2980, 990, 3000, 1010), "N1")
    u.put("d1", "vertical_drum", "vessel", (3000, 700, 3400, 1300), "V-201")
    u.put("n2", "nozzle", "nozzle", (3190, 680, 3210, 700), "N2")
    u.pipe("l7", (3200, 680), (3200, 520), number=relief)
    u.put("psv", "psv", "valve", (3184, 430, 3224, 520), "PSV-1004")
    u.pipe("l8", (3224, 490), (3600, 490), number=relief)
    u.put("c2", "off_page_connector", "connector", (3600, 460, 3920, 520), "D-100-003")
    return u
