"""Extraction rules: fields by words, places and columns, with types; and what is wrong with a file of rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from pid.document.extract import extract_fields, fit_value
from pid.document.rules import FieldRule, read_rules, shipped_rules
from pid.document.tables import find_tables
from pid.errors import InputError
from pid.resources import data_path
from pid.synth.forms import FORM_KINDS, draw_form


@pytest.mark.parametrize("kind", FORM_KINDS)
def test_shipped_rules_work_on_a_generated_page(kind, page_of) -> None:
    form = draw_form(7, kind=kind, ruling="grid")
    page = page_of(form)
    tables = find_tables(page)
    rules = next(r for r in shipped_rules() if r.suits(kind))
    fields = {f.name: f for f in extract_fields(page, tables, rules)}
    texts = [w.text for w in form.drawing.words]
    for name, label in (("document_number", "DOCUMENT NO.:"), ("project", "PROJECT:")):
        assert fields[name].value == texts[texts.index(label) + 1]
    assert {r.name for r in rules.fields if r.required} <= set(fields)
    assert all(f.required == next(r.required for r in rules.fields if r.name == f.name) for f in fields.values())


def test_a_column_becomes_a_list(page_of) -> None:
    form = draw_form(9, kind="line_list", ruling="grid")
    page = page_of(form)
    rules = next(r for r in shipped_rules() if r.suits("line_list"))
    fields = {f.name: f for f in extract_fields(page, find_tables(page), rules)}
    (table,) = form.drawing.tables
    head = next(c for c in table.cells if c.text == "LINE NO.")
    want = [c.text for c in table.cells if c.column == head.column and c.row >= head.row + head.row_span]
    assert fields["line_numbers"].value.split("\n") == want


def write(path: Path, text: str) -> Path:
    file = path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_places_below_and_in_a_region(tmp_path: Path, page_of) -> None:
    form = draw_form(3, kind="parts_list", ruling="grid")
    page = page_of(form)
    rules = read_rules(write(tmp_path, """
documents = ["any"]
[[field]]
name = "first_description"
anchor = "DESCRIPTION"
where = "below_cell"
[[field]]
name = "heading"
region = [0.3, 0.0, 0.7, 0.1]
[[field]]
name = "nowhere"
anchor = ["NOT ON THE PAGE"]
required = true
"""))  # fmt: skip
    assert rules.suits("whatever")
    fields = {f.name: f.value for f in extract_fields(page, (), rules)}
    (table,) = form.drawing.tables
    head = next(c for c in table.cells if c.text == "DESCRIPTION")
    first = next(c for c in table.cells if c.column == head.column and c.row == head.row + head.row_span)
    assert fields == {"first_description": first.text, "heading": "PARTS LIST"}


@pytest.mark.parametrize(
    ("rule", "text", "value"),
    [
        (FieldRule("n", type="number"), "12,5 m3/h", ("12,5", False)),
        (FieldRule("n", type="number"), "1O0 kW", ("1", False)),
        (FieldRule("n", type="number"), "O.5", ("0.5", True)),
        (FieldRule("n", type="number"), "NONE", ("", False)),
        (FieldRule("d", type="date"), "issued 2024.07.15", ("2024.07.15", False)),
        (FieldRule("t"), ": Feed pump ", ("Feed pump", False)),
    ],
)
def test_values_fit_their_type(rule: FieldRule, text: str, value: tuple[str, bool]) -> None:
    assert fit_value(text, rule) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("documents = [", "is not TOML"),
        ("", "holds no extraction rules"),
        ("[[field]]\nanchor = 'A'", "needs a name"),
        ("[[field]]\nname = 'a'", "needs an anchor, a region or a column"),
        ("[[field]]\nname = 'a'\nanchor = 'A'\ncolour = 'red'", "unknown key 'colour'"),
        ("[[field]]\nname = 'a'\nanchor = 'A'\ntype = 'colour'", "type is 'colour'"),
        ("[[field]]\nname = 'a'\nanchor = 'A'\ntype = 'pattern'", "has no pattern"),
        ("[[field]]\nname = 'a'\nanchor = 'A'\npattern = '('", "not a regular expression"),
        ("[[field]]\nname = 'a'\nregion = [0, 1]", "region is not"),
        ("[[field]]\nname='a'\nanchor='A'\n[[field]]\nname='a'\nanchor='B'", "defined twice"),
    ],
)
def test_bad_rules_get_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_rules(write(tmp_path, text))


def test_every_shipped_file_is_read() -> None:
    assert {r.name for r in shipped_rules()} == {p.stem for p in data_path("rules", "forms").glob("*.toml")}
