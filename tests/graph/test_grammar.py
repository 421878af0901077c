"""The tag grammar: what strings read as, and slips that are put right."""

from __future__ import annotations

from pathlib import Path

import pytest

from pid.errors import InputError
from pid.graph.grammar import load_grammar, normalize


@pytest.fixture(scope="module")
def grammar():
    return load_grammar()


def test_every_pattern_reads_its_own_example(grammar):
    for pattern in grammar.patterns:
        reading = grammar.read(pattern.example, pattern.kind, repair=False)
        assert reading is not None, pattern
        assert reading.pattern == pattern.name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('10"-MS-1002-D1B', {"size": '10"', "service": "MS", "number": "1002", "spec": "D1B"}),
        (
            "0200-PL-23L91374-AD20-0",
            {"size": "0200", "service": "PL", "number": "23L91374", "spec": "AD20", "insulation": "0"},
        ),
        ('6"-NL-4383', {"size": '6"', "service": "NL", "number": "4383"}),
        (
            "MNc 47127 75HB13 50 Q 80",
            {"service": "MNc", "number": "47127", "spec": "75HB13", "size": "50", "insulation": "Q 80"},
        ),
        ("QS-84295-25", {"service": "QS", "number": "84295", "size": "25"}),
    ],
)
def test_line_numbers_come_apart(grammar, text, parts):
    assert grammar.line_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("1LAB10AA001", "kks", {"area": "1", "service": "LAB", "system": "10", "component": "AA", "number": "001"}),
        ("23-V-90316", "valve", {"area": "23", "letters": "V", "number": "90316"}),
        ("P-101A/B", "equipment", {"letters": "P", "number": "101", "suffix": "A/B"}),
        ("T4750", "equipment", {"letters": "T", "number": "4750"}),
        ("0200x0150", "reducer_size", {"size": "0200", "small": "0150"}),
        ("DN 80", "size", {"size": "80"}),
        ('3/4"', "size", {"size": '3/4"'}),
        ("SET @ 12 BARG", "set_pressure", {"value": "12", "unit": "BARG"}),
        ("PICSA 4712.02", "instrument", {"letters": "PICSA", "number": "4712.02"}),
    ],
)
def test_tags_and_sizes_come_apart(grammar, text, kind, parts):
    reading = grammar.read(text, kind)
    assert reading is not None
    assert dict(reading.parts) == parts
    assert not reading.repaired


@pytest.mark.parametrize(
    ("raw", "kind", "text"),
    [
        ("23-V-9O316", "valve", "23-V-90316"),
        ("23V-90316", "valve", "23-V-90316"),
        ("02OO-PL-23L91374-AD20-0", "line_number", "0200-PL-23L91374-AD20-0"),
        ("0200-PL-23L9I374-AD20-0", "line_number", "0200-PL-23L91374-AD20-0"),
        ("0200PL-23L91374-AD20-0", "line_number", "0200-PL-23L91374-AD20-0"),
        ("1LABI0AA001", "kks", "1LAB10AA001"),
    ],
)
def test_one_slip_is_put_right_and_recorded(grammar, raw, kind, text):
    reading = grammar.read(raw, kind)
    assert reading is not None
    assert (reading.text, reading.raw, reading.repaired) == (text, raw, True)
    assert grammar.read(raw, kind, repair=False) is None


def test_a_slip_with_several_readings_is_left_alone(grammar):
    options = [f"23-{letter}-90316" for letter in "OQD"]  # the figure 0 may be any of the three letters
    assert all(grammar.read(text, "valve", repair=False) for text in options)
    assert grammar.read("23-0-90316", "valve") is None


def test_prose_is_not_made_a_tag(grammar):
    assert grammar.read("NOTES", "valve", "equipment", "line_number") is None


@pytest.mark.parametrize("text", ["PT-92521", "PT-92521-02", "2016-04-01", "PH-ME-P-0267-001", "20-DV-8754", "NOTE 5"])
def test_what_is_no_line_number_is_not_made_one(grammar, text):
    assert grammar.read(text, "line_number") is None


def test_isa_letters(grammar):
    assert grammar.is_isa("PICSA")
    assert grammar.is_isa("TW/TI")
    assert not grammar.is_isa("P1C")
    assert not grammar.is_isa("")


def test_marks_are_made_one():
    assert normalize("10''-MS –1  x") == '10"-MS -1 x'


def test_a_grammar_of_ones_own(tmp_path: Path, grammar):
    own = tmp_path / "tags.toml"
    own.write_text(
        '[isa.first]\nP = "pressure"\n[isa.succeeding]\nT = "transmit"\n[[pattern]]\nkind = "line_number"\n'
        'name = "ours"\nregex = \'L(?P<number>\\d{4})/(?P<size>\\d+)\'\nexample = "L1234/50"\n'
    )
    assert load_grammar(own).line_parts("L1234/50") == {"number": "1234", "size": "50"}
    assert grammar.line_parts("L1234/50") == {}


@pytest.mark.parametrize("content", ["no toml [", "a = 1", '[isa]\nfirst = 1\n[[pattern]]\nkind = "x"'])
def test_what_is_no_grammar_is_one_sentence(tmp_path: Path, content):
    path = tmp_path / "tags.toml"
    path.write_text(content)
    with pytest.raises(InputError, match="is not a grammar of tags"):
        load_grammar(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_grammar(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("GBBSOOR", "GBBS00R"),
        ("CLAS1OR", "CLAS10R"),
        ("GBBS00R", None),
        ("FLOOR", None),
        ("COMMON", None),
        ("HV-92526", None),
        ("WATER", None),
        ("1.4571", None),
        ("200-N2-17759-AC21", None),
    ],
)
def test_lettering_is_mended_where_one_tag_alone_fits(read: str, meant: str | None) -> None:
    assert load_grammar().mend(read) == meant
