"""The plant graph, flow directions and the owners of words."""

from __future__ import annotations

import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Word
from pid.graph.attach import assign_words, is_line_number
from pid.graph.build import build_graph, direct_connections, direct_lines
from pid.graph.connect import connect_symbols


def _symbol(name, x, y, group="valve", w=30, h=24, **more):
    return Symbol(id=name, group=group, box=(x - w / 2, y - h / 2, x + w / 2, y + h / 2), **more)


@pytest.fixture
def drawing():
    symbols = (
        _symbol("a", 300, 400),
        _symbol("b", 900, 400),
        _symbol("c", 600, 700),
        _symbol("f", 919, 400, "fitting", 4),
    )
    lines = (
        Line(id="l1", points=((600, 400), (315, 400)), line_number="1-P-1", direction="backward"),
        Line(id="l2", points=((600, 400), (885, 400))),
        Line(id="l3", points=((600, 400), (600, 688))),
        Line(id="l4", points=((300, 412), (300, 600))),
    )
    connections = connect_symbols(symbols, lines, sheet_width=2500)
    return Drawing(
        source=Source(name="x.png", sha256="0"),
        sheet=SheetInfo(width=2500, height=1600),
        symbols=symbols,
        lines=lines,
        connections=connections,
    )


def test_graph_has_symbols_tees_ends_and_contacts(drawing):
    graph = build_graph(drawing)
    kinds = {n: d["node"] for n, d in graph.nodes(data=True)}
    assert sorted(kinds.values()) == ["end", "symbol", "symbol", "symbol", "symbol", "tee"]
    (tee,) = [n for n, kind in kinds.items() if kind == "tee"]
    assert graph.has_edge("a", tee, key="l1")  # the line runs from the tee to a, but flows the other way
    assert graph.edges["a", tee, "l1"]["directed"]
    assert graph.edges["a", tee, "l1"]["length_px"] == pytest.approx(285)
    assert graph.edges["a", tee, "l1"]["line_number"] == "1-P-1"
    contacts = [(u, v) for u, v, d in graph.edges(data=True) if d["edge"] == "contact"]
    assert [set(c) for c in contacts] == [{"b", "f"}]


def test_arrows_give_direction():
    symbols = [_symbol("a", 300, 400), _symbol("b", 900, 400), _symbol("c", 600, 700), _symbol("d", 600, 1000)]
    lines = (
        Line(id="l1", points=((885, 400), (315, 400))),
        Line(id="l2", points=((600, 712), (600, 988))),
    )
    arrows = [
        _symbol("r", 500, 400, "flow_arrow", 16, 12, rotation=0),
        _symbol("up", 600, 800, "flow_arrow", 12, 16, rotation=90),
    ]
    directed = direct_lines(lines, [*symbols, *arrows], sheet_width=2500)
    assert [line.direction for line in directed] == ["backward", "backward"]
    found = connect_symbols([*symbols, *arrows], directed, sheet_width=2500)
    flows = direct_connections(found, directed, [*symbols, *arrows], sheet_width=2500)
    assert {(c.a, c.b, c.directed) for c in flows} == {("a", "b", True), ("d", "c", True)}


def test_opposite_arrows_make_both():
    line = Line(id="l", points=((0, 100), (800, 100)))
    arrows = [
        _symbol("x", 200, 100, "flow_arrow", 16, 12, rotation=0),
        _symbol("y", 600, 100, "flow_arrow", 16, 12, rotation=180),
    ]
    assert direct_lines([line], arrows, sheet_width=2500)[0].direction == "both"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0200-PL-23L91374-AD20-0", True),
        ("3000-PV-23L91367-AD20-7C", True),
        ("MNb 47121 75HB13 80", True),
        ("MNc 47127 75HB13 50 Q 80", True),
        ('10"-MS-1002-D1B', True),
        ('4"-JO-9505', True),
        ("23-V-90311", False),
        ("PT-92521", False),
        ("PH-ME-P-0267-001", False),
        ("0600x0400", False),
        ("NOTE 5", False),
        ("2016-04-01", False),
    ],
)
def test_line_number_grammar(text, expected):
    assert is_line_number(text) is expected


def test_words_get_owners():
    symbols = [
        _symbol("pt", 500, 200, "instrument", 60, 60),
        _symbol("hv", 700, 200, "instrument", 60, 60),
        _symbol("v", 600, 400),
        _symbol("far", 1200, 400),
        _symbol("p", 300, 600, "pump", 80, 80),
    ]
    lines = [
        Line(id="l1", points=((615, 400), (1185, 400))),
        Line(id="s1", points=((615, 430), (1185, 430)), kind="signal", style="dashed"),
    ]
    words = [
        Word(id="w1", text="PT", box=(490, 180, 510, 195)),
        Word(id="w2", text="92521", box=(475, 205, 525, 220)),
        Word(id="w3", text="23-V-90311", box=(570, 370, 640, 384)),
        Word(id="w4", text="0200-PL-23L91374-AD20-0", box=(800, 408, 960, 422)),
        Word(id="w5", text="P4711", box=(280, 540, 330, 556)),
        Word(id="w6", text="HV101", box=(680, 190, 720, 210)),
        Word(id="w7", text="NOTES", box=(2000, 1200, 2050, 1214)),
    ]
    out_words, out_symbols, out_lines = assign_words(words, symbols, lines, sheet_width=2500)
    owners = {w.id: w.owner for w in out_words}
    assert owners == {"w1": "pt", "w2": "pt", "w3": "v", "w4": "l1", "w5": "p", "w6": "hv", "w7": None}
    tags = {s.id: s.tag for s in out_symbols}
    assert tags == {"pt": "PT-92521", "hv": "HV-101", "v": "23-V-90311", "far": None, "p": "P4711"}
    assert [line.line_number for line in out_lines] == ["0200-PL-23L91374-AD20-0", None]


def test_known_tags_stay():
    symbol = _symbol("v", 600, 400, tag="KEPT")
    _, (out,), _ = assign_words(
        [Word(id="w", text="23-V-90311", box=(570, 370, 640, 384))], [symbol], [], sheet_width=2500
    )
    assert out.tag == "KEPT"


def test_connection_names_its_line_only_when_direct(drawing):
    pair = {frozenset((c.a, c.b)): c for c in drawing.connections}
    assert isinstance(pair[frozenset("bf")], Connection)
    assert pair[frozenset("bf")].lines == ()
    assert set(pair[frozenset("ab")].lines) == {"l1", "l2", "l3"}


def test_a_taught_pump_says_nothing_of_flow(drawing):
    taught = drawing.symbols[0].model_copy(update={"kind": "our-pump", "group": "pump"})
    graph = build_graph(drawing.model_copy(update={"symbols": (taught, *drawing.symbols[1:])}))
    assert graph.nodes["a"]["kind"] == "our-pump"
