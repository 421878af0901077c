"""Prices match with fall-backs that show, totals agree everywhere, and the workbook computes what the JSON says."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from pid.drawing import Drawing, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.estimate.cost import Z80, Estimate, price_items
from pid.estimate.lists import make_lists
from pid.estimate.plant_facts import Pipe, PlantFacts
from pid.estimate.prices import ANY_CLASS, EXACT, NO_PRICE, OTHER_CLASS, OTHER_SIZE, PriceBook, read_prices
from pid.estimate.rules import read_rules
from pid.estimate.takeoff import take_off
from pid.estimate.workbook import write_estimate
from pid.resources import data_path

BOOK = """# a remark
code,size,class,material,hours,rate,escalation,region
VGA,DN 100,A1,500,4,50,1.10,1.2
VGA,DN 100,,400,4,50,,
VGA,DN 200,A1,900,6,50,,
VBA,DN 25,B2,80,1,50,,
EPCF,,,10000,40,50,,
GSK,DN 100,,10,0,50,,
"""


@pytest.fixture
def book(tmp_path: Path) -> PriceBook:
    path = tmp_path / "prices.csv"
    path.write_text(BOOK, encoding="utf-8")
    return read_prices(path)


@pytest.mark.parametrize(
    ("code", "size", "class_", "how", "cost"),
    [
        ("VGA", '4"', "A1", EXACT, (500 * 1.1 + 200) * 1.2),
        ("VGA", "0400", "C3", ANY_CLASS, 600),
        ("VBA", "25", "A1", OTHER_CLASS, 130),
        ("VGA", "DN 150", "A1", OTHER_SIZE, 1200),
        ("VGA", "DN 600", "A1", NO_PRICE, 0),
        ("EPCF", "", "", EXACT, 12000),
        ("XXX", "DN 100", "", NO_PRICE, 0),
    ],
)
def test_a_price_is_found_by_steps_and_says_which(
    book: PriceBook, code: str, size: str, class_: str, how: str, cost: float
) -> None:
    match = book.match(code, size, class_)
    assert match.how == how
    assert match.unit_cost == pytest.approx(cost)
    assert match.note.startswith(how)


def test_a_price_of_another_size_names_that_size(book: PriceBook) -> None:
    assert book.match("VGA", "DN 150", "A1").note == "price of the nearest size (DN 200 A1)"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "code"),
        ("code,material\nV,much\n", "line 2: material"),
        ("code,material\nV,-1\n", "negative"),
        ("", "no prices"),
    ],
)
def test_what_is_no_price_book_is_said_in_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        read_prices(tmp_path / "p.csv")


def test_a_workbook_of_prices_reads_like_its_csv(tmp_path: Path, book: PriceBook) -> None:
    table = openpyxl.Workbook()
    assert table.active is not None
    for line in BOOK.splitlines()[1:]:
        table.active.append(line.split(","))
    table.save(tmp_path / "p.xlsx")
    assert read_prices(tmp_path / "p.xlsx") == book


def test_the_sample_book_prices_every_code_of_the_take_off() -> None:
    from pid.catalog import load_catalog
    from pid.estimate.prices import codes_without_price

    rules = read_rules()
    counted = {g.name for g in rules.groups}
    codes = [k.bom_code for k in load_catalog().values() if k.group in counted and k.bom_code]
    assert codes
    assert (
        codes_without_price(read_prices(data_path("prices.csv")), codes + [c for c, _ in rules.implied_codes.values()])
        == []
    )


def plant() -> PlantFacts:
    symbols = (
        Symbol(id="v", kind="gate_valve", group="valve", box=(0, 0, 9, 9), tag="V1", score=0.9),
        Symbol(id="w", kind="gate_valve", group="valve", box=(20, 0, 29, 9), tag="V2", score=0.5),
        Symbol(id="x", kind="gate_valve", group="valve", box=(200, 0, 209, 9), attributes={"size": "DN 600"}),
        Symbol(id="p", kind="centrifugal_pump", group="pump", box=(400, 0, 440, 40), tag="P-1", score=1.0),
    )
    drawing = Drawing(source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=900, height=600), symbols=symbols)
    pipe = Pipe(number="100-W-1001-A1", tag="100-W-1001-A1", size="100", spec="A1", symbols=("v", "w"))
    return PlantFacts(drawing=drawing, pipes=(pipe,))


@pytest.fixture
def priced(book: PriceBook) -> Estimate:
    rules = read_rules()
    return price_items(take_off([plant()], rules=rules), book, rules)


def test_total_and_range_follow_from_prices_and_probabilities(priced: Estimate) -> None:
    """A valve is 900 with two gaskets of 10; flanges and bolts have no price; the pump is 12,000."""
    valve = 900 + 20
    assert priced.total == pytest.approx(2 * valve + 12000)
    assert priced.mean == pytest.approx(0.9 * valve + 0.5 * valve + 12000)
    found = (0.09 + 0.25) * valve**2
    prices = (0.1 * 1800) ** 2 + (0.15 * 40) ** 2 + (0.1 * 12000) ** 2
    assert priced.deviation == pytest.approx(math.sqrt(found + prices))
    assert priced.high - priced.mean == pytest.approx(Z80 * priced.deviation)
    assert {row.item.code for row in priced.unpriced} >= {"VGA", "FLW", "BLT"}


def test_every_way_of_summing_gives_the_total(priced: Estimate) -> None:
    for totals in (priced.by_discipline(), priced.by_line(), priced.by_area(), priced.by_sheet()):
        assert sum(totals.values()) == pytest.approx(priced.total)
    assert priced.by_discipline() == pytest.approx({"equipment": 12000, "piping": 1840})


@pytest.fixture
def workbook(tmp_path: Path, priced: Estimate) -> Path:
    path = tmp_path / "estimate.xlsx"
    write_estimate(priced, make_lists([plant()]), [plant().drawing], path, priced_by="prices.csv")
    return path


def test_the_workbook_has_formulas_lists_filters_and_headings_that_stay(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    assert {"Cover", "Estimate", "Parts", "Range", "Totals", "Valves", "Equipment", "Drawings"} <= set(book.sheetnames)
    for name in ("Estimate", "Parts", "Valves"):
        assert book[name].freeze_panes == "A2"
        assert book[name].auto_filter.ref
        assert book[name].print_title_rows == "$1:$1"
    assert book["Estimate"]["U2"].data_type == "f"
    assert book["Cover"]["B3"].value == f"=SUM(Estimate!U2:U{book['Estimate'].max_row})"


def _figures(path: Path) -> dict[str, float]:
    book = openpyxl.load_workbook(path, data_only=True)
    cover = {book["Cover"].cell(n, 1).value: book["Cover"].cell(n, 2).value for n in range(3, 7)}
    return {**cover, "parts": sum(v for (v,) in book["Parts"].iter_rows(2, min_col=11, max_col=11, values_only=True))}


def _expected(priced: Estimate) -> dict[str, float]:
    return {
        "Total of what was counted": priced.total, "Expected, by confidence": priced.mean, "Range from": priced.low,
        "Range to": priced.high, "parts": priced.total,
    }  # fmt: skip


def test_the_values_written_are_those_of_the_json(workbook: Path, priced: Estimate) -> None:
    assert _figures(workbook) == pytest.approx(_expected(priced))
    data = json.loads(json.dumps(priced.as_json()))
    assert sum(item["total"] for item in data["items"]) == pytest.approx(data["total"])


def test_zones_lead_to_the_drawing(tmp_path: Path, priced: Estimate) -> None:
    path = tmp_path / "linked.xlsx"
    lists = make_lists([plant()])
    write_estimate(priced, lists, [plant().drawing], path, link=lambda name: f"http://plant/{name.split('#')[1]}")
    book = openpyxl.load_workbook(path)
    targets = {
        name: {cell.hyperlink.target for row in book[name].iter_rows(2) for cell in row if cell.hyperlink}
        for name in ("Estimate", "Parts", "Valves")
    }
    assert targets["Parts"] == {f"http://plant/{name}" for name in "vwxp"}
    assert targets["Valves"] <= targets["Parts"] >= targets["Estimate"]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_computes_the_same(workbook: Path, priced: Estimate, tmp_path: Path) -> None:
    out = tmp_path / "computed"
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(workbook)], check=True, timeout=120, capture_output=True)
    assert _figures(out / "estimate.xlsx") == pytest.approx(_expected(priced))
