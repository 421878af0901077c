"""The lists say what is drawn, once, in the terms of the lists' contract, with the way back to the elements."""

import pytest

from pid.drawing import Box, Connection, Drawing, Line, SheetInfo, Source, Symbol, Word
from pid.estimate.lists import make_lists
from pid.estimate.plant_facts import Pipe, PipeEnd, PlantFacts


def _symbol(
    name: str, kind: str, group: str, tag: str | None = None, x: float = 0, score: float = 0.95, **more: object
) -> Symbol:
    return Symbol(id=name, kind=kind, group=group, box=(x, 0, x + 20, 20), tag=tag, score=score, attributes=more)  # type: ignore[arg-type]


def _word(text: str, x: float, y: float, owner: str | None = None) -> Word:
    box: Box = (x - 5 * len(text), y - 8, x + 5 * len(text), y + 8)
    return Word(id=f"{text}@{x:.0f},{y:.0f}", text=text, box=box, owner=owner)


def plant(name: str = "a.png") -> PlantFacts:
    symbols = (
        _symbol("p", "centrifugal_pump", "pump", "PA001"),
        _symbol("n", "nozzle", "nozzle", "N1", size="80"),
        _symbol("v", "ball_valve", "valve", "AB001"),
        _symbol("c", "control_valve", "valve"),
        _symbol("a", "diaphragm_actuator", "actuator"),
        _symbol("ghost", "gate_valve", "valve", score=0.6),
        _symbol(
            "f", "instrument_shared_field", "instrument", "FIC-F0001", tag_parts={"letters": "FIC", "number": "F0001"}
        ),
        _symbol("u", "instrument_shared_field", "instrument", "US-7", tag_parts={"letters": "US", "number": "7"}),
        _symbol("o", "off_page_connector", "connector", "280"),
        _symbol("t", "steam_trap", "fitting"),
    )
    lines = (
        Line(id="l", points=((0, 0), (9, 9)), line_number="LR001.10000-100-10HF01B1"),
        Line(id="s", points=((0, 0), (9, 9)), kind="signal", style="dashed"),
    )
    pipe = Pipe(
        number="LR001.10000-100-10HF01B1", tag="LR001", size="100", fluid="10000", spec="10HF01B1",
        start=PipeEnd("o", "280", "connector"), stop=PipeEnd("n", "PA001 N1", "equipment"), directed=True,
        lines=("l",), symbols=("v", "c"),
    )  # fmt: skip
    words = (
        _word("280", 10, 10, "o"), _word("UER-1234567", 10, 40, "o"), _word("TA9", 10, 60, "o"),
        _word("material", 100, 960), _word("PA001", 300, 920), _word("GGG-40", 300, 960), _word("PA002", 500, 920),
        _word("1.4571", 500, 960), _word("far below", 300, 1400),
    )  # fmt: skip
    drawing = Drawing(
        source=Source(name=name, sha256=""), sheet=SheetInfo(width=2000, height=1500), symbols=symbols, lines=lines,
        words=words, connections=(Connection(a="f", b="u", kind="signal", lines=("s",)),),
    )  # fmt: skip
    return PlantFacts(drawing=drawing, pipes=(pipe,), operators={"a": "c"}, hosts={"n": "p"}, measured={"f": "l"})


def test_valves_apart_from_final_elements_and_from_what_is_doubtful():
    lists = make_lists([plant()])
    (valve,) = lists.valves
    assert (valve.tag, valve.kind, valve.dn, valve.line, valve.spec) == (
        "AB001",
        "ball valve",
        "100",
        "LR001",
        "10HF01B1",
    )
    assert [(v.kind, v.actuator) for v in lists.control_valves] == [("control valve", "diaphragm actuator")]
    assert [row.ids for row in lists.doubtful] == [("a.png#ghost",)]


def test_lines_name_their_ends_as_line_lists_do():
    (row,) = make_lists([plant()]).as_json()["lines"]
    assert (row["tag"], row["from"], row["to"]) == ("LR001", "UER-1234567", "PA001/N1")
    assert (row["dn"], row["class"], row["fluid"], row["ids"]) == ("100", "10HF01B1", "10000", ("a.png#l",))


def test_an_end_without_a_tag_gives_way_to_the_one_that_has_one_and_a_lettered_nozzle_counts():
    symbols = (
        _symbol("p", "centrifugal_pump", "pump", "PA001", x=1000),
        _symbol("q", "nozzle", "nozzle"),
        _symbol("o", "off_page_connector", "connector", "281"),
    )
    words = (_word("N2", 1035, 15), _word("N9", 1300, 15))
    pump = PipeEnd("p", "PA001", "equipment", 1020, 10)
    pipe = Pipe(
        number="1", tag="1", start=PipeEnd("q", "q", "equipment"), stop=PipeEnd("o", "281", "connector"),
        branches=(pump,),
    )  # fmt: skip
    drawing = Drawing(
        source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=2000, height=1500, px_per_mm=4),
        symbols=symbols, words=words,
    )  # fmt: skip
    (row,) = make_lists([PlantFacts(drawing=drawing, pipes=(pipe,))]).lines
    assert (row.from_, row.to) == ("PA001/N2", "281")


def test_instruments_signals_nozzles_and_special_items():
    lists = make_lists([plant()])
    assert [(r.tag, r.letters, r.measures) for r in lists.instruments] == [
        ("F0001", "FIC", "LR001"),
        ("US-7", "US", ""),
    ]
    assert [(r.a, r.b, r.style) for r in lists.signals] == [("F0001", "US-7", "dashed")]
    assert [(r.tag, r.equipment, r.dn) for r in lists.nozzles] == [("N1", "PA001", "80")]
    assert [r.kind for r in lists.special_items] == ["steam trap"]
    assert dict(lists.fittings) == {"steam_trap": 1}


def test_data_blocks_tell_of_equipment_even_where_no_symbol_was_found():
    rows = {r.tag: r for r in make_lists([plant()]).equipment}
    assert rows["PA001"].kind == "centrifugal pump"
    assert rows["PA001"].data == {"material": "GGG-40"}
    assert rows["PA002"].data == {"material": "1.4571"}
    assert rows["PA002"].confidence == pytest.approx(0.5)


def test_what_stands_on_two_sheets_is_one_row_and_every_id_leads_to_an_element():
    sheets = [plant("a.png"), plant("b.png")]
    lists = make_lists(sheets)
    assert [r.tag for r in lists.valves] == ["AB001"]
    assert lists.valves[0].ids == ("a.png#v", "b.png#v")
    assert len(lists.drawings) == 2
    known = {
        f"{s.drawing.source.name}#{e.id}" for s in sheets
        for e in (*s.drawing.symbols, *s.drawing.lines, *s.drawing.words)
    }  # fmt: skip
    used = [i for _, rows in lists.tables() for row in rows for i in row.ids]
    assert used
    assert set(used) <= known


def test_a_class_and_size_at_many_valves_names_none_of_them():
    """CAE sheets label valves ``73KH12-50``; two such valves are two, on one sheet or on several."""
    parts = {"spec": "73KH12", "size": "50"}
    symbols = tuple(_symbol(name, "ball_valve", "valve", "73KH12-50", tag_parts=parts) for name in "ab")
    sheets = [
        PlantFacts(
            drawing=Drawing(source=Source(name=n, sha256=""), sheet=SheetInfo(width=900, height=600), symbols=symbols)
        )
        for n in ("1.png", "2.png")
    ]
    assert [row.tag for row in make_lists(sheets).valves] == ["73KH12-50"] * 4
