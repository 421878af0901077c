"""A small plant for the tests of exports: every kind of part and joint that a format has to hold."""

from __future__ import annotations

from pid.drawing import (
    Cell,
    Connection,
    Drawing,
    Finding,
    Line,
    SheetInfo,
    Source,
    Symbol,
    Table,
    TitleBlock,
    TitleField,
    Word,
)
from pid.graph.connect import connect_symbols

WIDTH, HEIGHT = 5000, 3500
NUMBER = "0100-P-1001-A1"


def make_plant() -> Drawing:
    """Tank - valve - tee - control valve - reducer - pump - connector, with a loop, an open end and a mark."""
    symbols = (
        Symbol(id="tank", kind="cone_roof_tank", group="vessel", box=(300, 800, 700, 1200), tag="T-1"),
        Symbol(id="n1", kind="nozzle", group="nozzle", box=(690, 980, 730, 1020), tag="N1"),
        Symbol(id="hv", kind="gate_valve", group="valve", box=(1000, 980, 1060, 1020), tag="HV-1", score=0.5),
        Symbol(id="cv", kind="control_valve", group="valve", box=(1600, 980, 1660, 1020), tag="PV-7"),
        Symbol(id="act", kind="diaphragm_actuator", group="actuator", box=(1610, 900, 1650, 930)),
        Symbol(id="red", kind="concentric_reducer", group="reducer", box=(1900, 985, 1940, 1015), mirrored=True),
        Symbol(id="pump", kind="centrifugal_pump", group="pump", box=(2300, 930, 2440, 1070), tag="P-1"),
        Symbol(id="off", kind="off_page_connector", group="connector", box=(3000, 980, 3120, 1020), tag="PID-0002-001"),
        Symbol(id="pt", kind="instrument_discrete_field", group="instrument", box=(1250, 500, 1350, 600), tag="PT-7"),
        Symbol(id="pic", kind="instrument_shared_panel", group="instrument", box=(1580, 500, 1680, 600), tag="PIC-7"),
        Symbol(id="chk", kind="stop_check_valve", group="valve", box=(1280, 1300, 1320, 1360), rotation=90.0),
        Symbol(id="arrow", kind="flow_arrow", group="flow_arrow", box=(1100, 988, 1130, 1012)),
        Symbol(id="odd", kind="thing", group="fitting", box=(4000, 2000, 4100, 2100)),
        Symbol(id="earth", kind="earth", group="other", box=(4300, 2000, 4340, 2050)),
    )
    lines = (
        Line(id="a", points=((730, 1000), (1000, 1000)), line_number=NUMBER, direction="forward"),
        Line(id="b", points=((1300, 1000), (1060, 1000)), line_number=NUMBER, direction="backward"),
        Line(id="c", points=((1300, 1000), (1600, 1000)), line_number=NUMBER),
        Line(id="d", points=((1660, 1000), (1900, 1000)), line_number=NUMBER),
        Line(id="e", points=((1940, 1000), (2300, 1000)), line_number="0050-P-1002-A1"),
        Line(id="f", points=((2440, 1000), (3000, 1000)), direction="forward", score=0.75),
        Line(id="g", points=((1300, 1000), (1300, 1300))),
        Line(id="h", points=((1300, 1360), (1300, 1700))),
        Line(id="i", points=((1300, 600), (1300, 1000)), kind="signal"),
        Line(id="j", points=((1350, 550), (1580, 550)), kind="signal", style="dashed", direction="forward"),
        Line(id="k", points=((1630, 600), (1630, 900)), kind="signal", style="dashed"),
    )
    found = connect_symbols(symbols, lines, sheet_width=WIDTH)
    stem = Connection(a="act", b="cv", kind="signal")
    has_stem = any({c.a, c.b} == {"act", "cv"} for c in found)
    field = TitleField(name="drawing_number", value="PID-0001-001", box=(4500, 3300, 4800, 3400))
    return Drawing(
        source=Source(name="plant.png", sha256="0" * 64),
        sheet=SheetInfo(width=WIDTH, height=HEIGHT, px_per_mm=8.0),
        symbols=symbols,
        lines=lines,
        connections=found if has_stem else (*found, stem),
        words=(
            Word(id="w1", text="HV-1", box=(1000, 940, 1060, 965), owner="hv", score=0.9),
            Word(id="w2", text=NUMBER, box=(800, 700, 830, 960), angle=90.0, owner="a"),
            Word(id="w3", text="NOTES", box=(4000, 100, 4200, 140)),
        ),
        tables=(Table(id="t1", box=(10, 10, 90, 40), cells=(Cell(box=(10, 10, 90, 40), row=0, column=0, text="x"),)),),
        title_block=TitleBlock(box=(4000, 3000, 4900, 3450), fields=(field,)),
        findings=(Finding(code="dangling-end", subjects=("h",)),),
    )
