"""An office's own workbook, filled."""

from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName

from pid.drawing import Drawing, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.estimate.cost import Estimate, price_items
from pid.estimate.lists import Lists, make_lists
from pid.estimate.plant_facts import PlantFacts
from pid.estimate.prices import Price, PriceBook
from pid.estimate.rules import read_rules
from pid.estimate.takeoff import take_off
from pid.estimate.template import fill_template, open_template


@pytest.fixture
def counted() -> tuple[Estimate, Lists]:
    symbols = tuple(
        Symbol(id=f"s{i}", kind=kind, group="pump", box=(90 * i, 0, 90 * i + 40, 40), tag=tag)
        for i, (kind, tag) in enumerate(
            [("centrifugal_pump", "P-1"), ("gear_pump", "=P-2"), ("centrifugal_pump", "P-3")]
        )
    )
    plant = PlantFacts(
        drawing=Drawing(source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=900, height=600), symbols=symbols)
    )
    rules = read_rules()
    items = take_off([plant], rules=rules)
    book = PriceBook(tuple(Price(item.code, "", "", 1000.0, 0, 0) for item in items))
    return price_items(items, book, rules), make_lists([plant])


def template(path: Path, names: dict[str, str], **cells: object) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Offer"
    for cell, value in cells.items():
        page[cell] = value
    page["B6"].font = Font(bold=True)
    for name, cell in names.items():
        book.defined_names[name] = DefinedName(name, attr_text=f"Offer!${cell[0]}${cell[1:]}")
    book.save(path)
    return path


def test_named_cells_and_columns_are_filled_and_the_rest_stays(tmp_path: Path, counted: tuple[Estimate, Lists]) -> None:
    names = {"pid.total": "B2", "pid.items.quantity": "B6", "pid.items.tags": "C6", "pid.equipment.tag": "E6"}
    source = template(tmp_path / "offer.xlsx", names, A1="Our offer", B3="=B2*1.1", B5="Quantity")
    out = tmp_path / "filled.xlsx"
    fill_template(source, out, *counted)
    page = openpyxl.load_workbook(out)["Offer"]
    assert page["A1"].value == "Our offer"
    assert page["B2"].value == 3000
    assert page["B3"].value == "=B2*1.1"
    assert [page["B6"].value, page["B7"].value] == [2, 1]
    assert page["B7"].font.bold
    assert [page["C6"].value, page["C7"].value] == ["P-1, P-3", "'=P-2"]
    assert sorted(page[f"E{n}"].value for n in (6, 7, 8)) == ["'=P-2", "P-1", "P-3"]


@pytest.mark.parametrize(
    ("names", "cells", "says"),
    [
        ({"pid.totall": "B2"}, {}, "pid.totall stands for nothing"),
        ({"pid.items.colour": "B2"}, {}, "pid.items.colour stands for nothing"),
        ({"pid.items.quantity": "B6"}, {"B7": "Total"}, "room for 1 rows, and there are 2"),
    ],
)
def test_what_cannot_be_filled_is_said(
    tmp_path: Path, counted: tuple[Estimate, Lists], names: dict[str, str], cells: dict[str, str], says: str
) -> None:
    source = template(tmp_path / "offer.xlsx", names, **cells)
    with pytest.raises(InputError, match=says):
        fill_template(source, tmp_path / "out.xlsx", *counted)


def test_what_is_no_template_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no cell to fill"):
        open_template(template(tmp_path / "empty.xlsx", {"total": "B2"}))
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(InputError, match="is not a workbook"):
        open_template(tmp_path / "text.xlsx")
    with pytest.raises(InputError, match="is not a workbook"):
        open_template(tmp_path / "absent.xlsx")
