"""The take-off counts what is there, once, with the way back to the symbols."""

import csv
from pathlib import Path

import openpyxl
import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.estimate.spreadsheet import COLUMNS, write_csv, write_workbook
from pid.estimate.takeoff import count_by_group, nominal_size, read_counted_groups, take_off


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


def test_items_by_kind_and_size_with_their_symbols() -> None:
    sized, unknown, plain = sorted(take_off([build_drawing()]), key=lambda i: (-len(i.size), i.description))
    assert (sized.kind, sized.size, sized.quantity, sized.tags) == ("gate_valve", '10"', 2, ("V-1", "V-2"))
    assert sized.line_numbers == ('10"-MS-1002-D1B',)
    assert sized.ids == ("a.png#s1", "a.png#s2")
    assert sized.zones == ("A1", "E8")
    assert sized.score == 0.5
    assert (unknown.code, unknown.quantity) == ("UNKNOWN", 1)
    assert (plain.size, plain.quantity) == ("", 1)


def test_flow_arrows_are_never_counted_and_every_other_symbol_exactly_once() -> None:
    items = take_off([build_drawing(), build_drawing("b.png")])
    ids = [i for item in items for i in item.ids]
    assert len(ids) == len(set(ids)) == 8
    assert not any(i.endswith("#s4") for i in ids)
    assert count_by_group(items) == {"valve": 6, "fitting": 2}


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ('10"-MS-1002-D1B', '10"'), ("0200-PL-23L91374-AD20-0", "DN 200"), ("0075-PV-23L92639", "DN 75"),
        ('1-1/2"-WX-1', '1-1/2"'), ("PL DN 80", "DN 80"), ("MS-1002", ""), ("", ""),
    ],
)  # fmt: skip
def test_nominal_size(number: str, size: str) -> None:
    assert nominal_size(number) == size


def test_csv_and_workbook_hold_the_same_rows_and_no_formula_from_the_sheet(tmp_path: Path) -> None:
    drawing = build_drawing()
    items = take_off([drawing])
    write_csv(items, tmp_path / "bom.csv")
    write_workbook(items, [drawing], tmp_path / "bom.xlsx")
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
        read_counted_groups(path)


def test_taught_kinds_are_counted_by_their_own_code() -> None:
    terms = {"taught": True, "bom_code": "XV9", "title": "Our valve"}
    symbols = tuple(
        Symbol(id=f"t{i}", kind="class-1", group="valve", box=(20 * i, 0, 20 * i + 9, 9), attributes=terms)
        for i in (1, 2)
    )
    other = Symbol(id="s1", kind="unknown", group="valve", box=(80, 0, 90, 10))
    known = Symbol(id="s2", kind="gate_valve", group="valve", box=(95, 0, 99, 10), attributes={"taught": True})
    items = take_off([build_drawing().model_copy(update={"symbols": (*symbols, other, known), "connections": ()})])
    rows = {item.kind: (item.code, item.description, item.quantity) for item in items}
    assert rows["class-1"] == ("XV9", "Our valve", 2)
    assert rows["unknown"] == ("UNKNOWN", "Valve, kind not recognised", 1)
    assert rows["gate_valve"][1] == "Gate valve"
