"""The take-off counts what is there, once, with the way back to the symbols."""

import csv
from pathlib import Path

import openpyxl
import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Word
from pid.errors import InputError
from pid.estimate.plant_facts import PlantFacts
from pid.estimate.rules import read_rules
from pid.estimate.sizes import dn
from pid.estimate.spreadsheet import COLUMNS, write_csv, write_workbook
from pid.estimate.takeoff import IMPLIED, count_by_group, nominal_size, take_off


def build_drawing(name: str = "a.png") -> Drawing:
    symbols = (
        Symbol(id="s1", kind="gate_valve", group="valve", box=(0, 0, 10, 10), tag="V-1", score=0.9),
        Symbol(id="s2", kind="gate_valve", group="valve", box=(900, 500, 910, 510), tag="V-2", score=0.5),
        Symbol(id="s3", kind="gate_valve", group="valve", box=(40, 0, 50, 10), score=0.99),
        Symbol(id="s4", kind="flow_arrow", group="flow_arrow", box=(60, 0, 70, 10)),
        Symbol(id="s5", kind="=cmd()", group="fitting", box=(80, 0, 90, 10)),
    )
    lines = (
        Line(id="l1", points=((10, 5), (900, 505)), line_number='10"-MS-1002-D1B'),
        Line(id="l2", points=((50, 5), (60, 5))),
    )
    connections = (Connection(a="s1", b="s2", lines=("l1",)), Connection(a="s3", b="s5", lines=("l2",)))
    return Drawing(
        source=Source(name=name, sha256=""), sheet=SheetInfo(width=1000, height=700), symbols=symbols, lines=lines,
        connections=connections,
    )  # fmt: skip


def plant(name: str = "a.png") -> PlantFacts:
    return PlantFacts(drawing=build_drawing(name))


def test_items_by_kind_and_size_with_their_symbols() -> None:
    drawn = [item for item in take_off([plant()]) if item.group != IMPLIED]
    sized, unknown, plain = sorted(drawn, key=lambda i: (-len(i.size), i.description))
    assert (sized.kind, sized.size, sized.quantity, sized.tags) == ("gate_valve", '10"', 2, ("V-1", "V-2"))
    assert sized.line_numbers == ('10"-MS-1002-D1B',)
    assert sized.ids == ("a.png#s1", "a.png#s2")
    assert sized.zones == ("A1", "E8")
    assert sized.score == 0.5
    assert (unknown.code, unknown.quantity) == ("UNKNOWN", 1)
    assert (plain.size, plain.quantity) == ("", 1)


def test_a_vessel_has_no_size_of_the_pipes_that_meet_it() -> None:
    drawing = build_drawing()
    tank = drawing.symbols[1].model_copy(update={"kind": "tank", "group": "vessel", "tag": "T-1"})
    drawing = drawing.model_copy(update={"symbols": (drawing.symbols[0], tank, *drawing.symbols[2:])})
    sizes = {item.group: (item.size, item.line_numbers) for item in take_off([PlantFacts(drawing=drawing)])}
    assert sizes["vessel"] == ("", ())
    assert '10"' in {item.size for item in take_off([PlantFacts(drawing=drawing)]) if item.group == "valve"}


def test_flow_arrows_are_never_counted_untagged_symbols_once_and_tags_once_over_all_sheets() -> None:
    items = [item for item in take_off([plant(), plant("b.png")]) if item.group != IMPLIED]
    ids = [i for item in items for i in item.ids]
    assert len(ids) == len(set(ids)) == 6
    assert not any(i.endswith("#s4") for i in ids)
    assert count_by_group(items) == {"valve": 4, "fitting": 2}
    assert {i for i in ids if i.startswith("b.png")} == {"b.png#s3", "b.png#s5"}


def test_flanged_ends_bring_flanges_gaskets_and_bolts_from_a_size_on() -> None:
    """Two 10 inch gate valves: two flanged ends each; the valve without a size brings nothing."""
    implied = {item.code: item for item in take_off([plant()]) if item.group == IMPLIED}
    assert {code: item.quantity for code, item in implied.items()} == {"FLW": 4, "GSK": 4, "BLT": 4}
    assert implied["FLW"].size == '10"'
    assert implied["FLW"].ids == ("a.png#s1", "a.png#s2")


def _alone(
    symbols: tuple[Symbol, ...], words: tuple[Word, ...] = (), operators: dict[str, str] | None = None
) -> PlantFacts:
    drawing = Drawing(
        source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=1000, height=700, px_per_mm=1), symbols=symbols,
        words=words,
    )  # fmt: skip
    return PlantFacts(drawing=drawing, operators=operators or {})


def _quantities(plant: PlantFacts) -> dict[tuple[str, str], int]:
    return {(item.kind, item.scope): item.quantity for item in take_off([plant]) if item.group != IMPLIED}


def test_an_actuator_is_part_of_its_valve_and_counts_alone_otherwise() -> None:
    valve = Symbol(id="v", kind="control_valve", group="valve", box=(0, 0, 10, 10))
    actuator = Symbol(id="a", kind="diaphragm_actuator", group="actuator", box=(0, 20, 10, 30))
    assert _quantities(_alone((valve, actuator), operators={"a": "v"})) == {("control_valve", ""): 1}
    assert _quantities(_alone((valve, actuator)))["diaphragm_actuator", ""] == 1


def test_typical_of_spare_units_and_remarks_of_scope() -> None:
    symbols = (
        Symbol(id="v", kind="gate_valve", group="valve", box=(0, 0, 10, 10)),
        Symbol(id="w", kind="ball_valve", group="valve", box=(500, 0, 510, 10)),
        Symbol(id="p", kind="centrifugal_pump", group="pump", box=(200, 0, 240, 40), tag="P-101A/B"),
    )
    words = (
        Word(id="1", text="TYP. OF 4", box=(0, 14, 40, 22)),
        Word(id="2", text="(Future)", box=(500, 14, 540, 22), owner="w"),
    )
    assert _quantities(_alone(symbols, words)) == {
        ("gate_valve", ""): 4, ("centrifugal_pump", ""): 2, ("ball_valve", "future"): 1,
    }  # fmt: skip


def test_equipment_that_nothing_names_and_that_is_not_sure_is_not_counted() -> None:
    ghost = Symbol(id="g", kind="drum", group="vessel", box=(0, 0, 90, 90), score=0.7)
    assert _quantities(_alone((ghost,))) == {}
    assert _quantities(_alone((ghost.model_copy(update={"tag": "V-1"}),))) == {("drum", ""): 1}
    assert _quantities(_alone((ghost.model_copy(update={"score": 0.9}),))) == {("drum", ""): 1}


@pytest.mark.parametrize(
    ("size", "mm"),
    [
        ("DN 80", 80),
        ("0300", 80),
        ("0065", 65),
        ("3000", 750),
        ('3"', 80),
        ('1-1/2"', 40),
        ('3/4"', 20),
        ("100", 100),
        ("", 0),
        ("x", 0),
    ],
)
def test_sizes_however_written(size: str, mm: float) -> None:
    assert dn(size) == mm


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ('10"-MS-1002-D1B', '10"'), ("0200-PL-23L91374-AD20-0", "DN 50"), ("0075-PV-23L92639", "DN 20"),
        ('1-1/2"-WX-1', '1-1/2"'), ("PL DN 80", "DN 80"), ("MS-1002", ""), ("", ""),
    ],
)  # fmt: skip
def test_nominal_size(number: str, size: str) -> None:
    assert nominal_size(number) == size


def test_csv_and_workbook_hold_the_same_rows_and_no_formula_from_the_sheet(tmp_path: Path) -> None:
    drawing = build_drawing()
    items = take_off([PlantFacts(drawing=drawing)])
    write_csv(items, tmp_path / "bom.csv")
    write_workbook(items, [drawing], tmp_path / "bom.xlsx", groups=read_rules().groups)
    with (tmp_path / "bom.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    book = openpyxl.load_workbook(tmp_path / "bom.xlsx")
    page = book["Bill of materials"]
    assert rows[0] == [name for name, _ in COLUMNS] == [cell.value for cell in page[1]]
    assert [int(row[4]) for row in rows[1:]] == [page.cell(i, 5).value for i in range(2, page.max_row + 1)]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref
    symbols = book["Symbols"]
    assert symbols.max_row == 1 + len(drawing.symbols)
    assert [c.value for c in symbols["C"]].count("=cmd()") == 1
    assert all(c.data_type != "f" for c in symbols["C"])
    assert book["Summary"]["B11"].data_type == "f"


def test_a_broken_rule_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[[group]]\nname = 1\n")
    with pytest.raises(InputError, match=r"r\.toml is not a take-off rule file"):
        read_rules(path)


def test_taught_kinds_are_counted_by_their_own_code() -> None:
    terms = {"taught": True, "bom_code": "XV9", "title": "Our valve"}
    symbols = tuple(
        Symbol(id=f"t{i}", kind="class-1", group="valve", box=(20 * i, 0, 20 * i + 9, 9), attributes=terms)
        for i in (1, 2)
    )
    other = Symbol(id="s1", kind="unknown", group="valve", box=(80, 0, 90, 10))
    known = Symbol(id="s2", kind="gate_valve", group="valve", box=(95, 0, 99, 10), attributes={"taught": True})
    items = take_off(
        [
            PlantFacts(
                drawing=build_drawing().model_copy(update={"symbols": (*symbols, other, known), "connections": ()})
            )
        ]
    )
    rows = {item.kind: (item.code, item.description, item.quantity) for item in items}
    assert rows["class-1"] == ("XV9", "Our valve", 2)
    assert rows["unknown"] == ("UNKNOWN", "Valve, kind not recognised", 1)
    assert rows["gate_valve"][1] == "Gate valve"
