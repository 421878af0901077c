"""Connectors over a set of sheets: a generated five-sheet unit with planted mismatches, and what each finding says."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from pid.cli import app
from pid.drawing import Drawing, SheetInfo, TitleBlock, TitleField, Word
from pid.graph.pair_connectors import drawing_number, find_connectors, pair_connectors
from pid.graph.sheets import build_plant, check_sheets, sheet_names
from pid.synth.generate import generate_sheet

SEEDS = range(9100, 9105)


def _numbered(drawing: Drawing, number: str, name: str) -> Drawing:
    """A generated sheet as sheet `number` of a unit: own ids of tags, no connectors' lettering."""
    connectors = {s.id for s in drawing.symbols if s.group == "connector"}
    field = TitleField(name="drawing_number", value=number, box=(0, 0, 1, 1))
    return drawing.model_copy(
        update={
            "source": drawing.source.model_copy(update={"name": name}),
            "symbols": tuple(
                s.model_copy(update={"tag": None if s.id in connectors else f"{name}-{s.tag}" if s.tag else None})
                for s in drawing.symbols
            ),
            "words": tuple(w for w in drawing.words if w.owner not in connectors),
            "title_block": TitleBlock(box=(0, 0, 1, 1), fields=(field,)),
        }
    )


def _label(drawing: Drawing, connector: str, target: str, line: str, number: str, service: str) -> Drawing:
    """Write the target sheet and the service at a connector, and the line number on its pipe."""
    old = next(x.line_number for x in drawing.lines if x.id == line)
    symbol = next(s for s in drawing.symbols if s.id == connector)
    return drawing.model_copy(
        update={
            "symbols": tuple(
                s.model_copy(update={"tag": target}) if s.id == connector else s for s in drawing.symbols
            ),
            "lines": tuple(
                x.model_copy(update={"line_number": number})
                if x.id == line or (old and x.line_number == old)
                else x
                for x in drawing.lines
            ),
            "words": (*drawing.words, Word(id=f"svc-{connector}", text=service, box=symbol.box, owner=connector)),
        }
    )  # fmt: skip


def _ends(drawing: Drawing) -> dict[int, list[tuple[str, str]]]:
    """Connectors by the sense of their flow, with the line that ends there."""
    out: dict[int, list[tuple[str, str]]] = {1: [], -1: []}
    used: set[str] = set()
    for c in find_connectors([drawing]):
        line = next(
            (
                x
                for x in drawing.lines
                if any(c.symbol.id in (k.a, k.b) and x.id in k.lines for k in drawing.connections)
                and x.kind != "signal"
                and _touches(x, c.symbol.box)
            ),
            None,
        )
        number = line.line_number if line else None
        if line is not None and c.sense and number not in used:
            used.add(number or line.id)
            out[c.sense].append((c.symbol.id, line.id))
    return out


def _touches(line, box) -> bool:
    return any(
        box[0] - 3 <= x <= box[2] + 3 and box[1] - 3 <= y <= box[3] + 3 for x, y in (line.points[0], line.points[-1])
    )


@pytest.fixture(scope="module")
def generated() -> tuple[list[Drawing], list[tuple[int, str, int, str]]]:
    """Five sheets, each with a pipe to the next; and (sheet, connector, next sheet, its connector) for each pipe."""
    numbers = [f"D-350-{k:03d}" for k in range(1, 6)]
    sheets = [
        _numbered(generate_sheet(seed, family="cae", size="A3").drawing, number, f"unit{number[-1]}.png")
        for seed, number in zip(SEEDS, numbers, strict=True)
    ]
    ends = [_ends(sheet) for sheet in sheets]
    pipes = []
    for k, (here, there) in enumerate(pairwise([*range(5), 0])):
        if ends[here][-1] and ends[there][1]:
            (a, line_a), (b, line_b) = ends[here][-1].pop(), ends[there][1].pop()
        else:
            (a, line_a), (b, line_b) = ends[here][1].pop(), ends[there][-1].pop()
        number, service = f'6"-CW-90{k}1-A1A-H', f"STREAM {'ABCDE'[k]}"
        sheets[here] = _label(sheets[here], a, numbers[there], line_a, number, service)
        sheets[there] = _label(sheets[there], b, numbers[here], line_b, number, service)
        pipes.append((here, a, there, b))
    return sheets, pipes


def test_all_pipes_of_the_unit_are_paired_and_nothing_is_found(generated):
    sheets, pipes = generated
    pairs = {frozenset(((p.a.sheet, p.a.symbol.id), (p.b.sheet, p.b.symbol.id))) for p in pair_connectors(sheets)}
    assert pairs == {frozenset(((a, x), (b, y))) for a, x, b, y in pipes}
    assert check_sheets(sheets) == ()


def test_two_planted_mismatches_and_only_these_are_found(generated):
    sheets, pipes = list(generated[0]), generated[1]
    (_, _, size_sheet, size_end), (_, _, lost_sheet, lost_end) = pipes[0], pipes[2]
    sheets[size_sheet] = sheets[size_sheet].model_copy(
        update={
            "lines": tuple(
                x.model_copy(update={"line_number": '4"-CW-9001-A1A-H'}) if x.line_number == '6"-CW-9001-A1A-H' else x
                for x in sheets[size_sheet].lines
            )
        }
    )
    elsewhere = next(drawing_number(d) for k, d in enumerate(sheets) if k not in (lost_sheet, pipes[2][0]))
    sheets[lost_sheet] = sheets[lost_sheet].model_copy(
        update={
            "symbols": tuple(
                s.model_copy(update={"tag": elsewhere}) if s.id == lost_end else s for s in sheets[lost_sheet].symbols
            )
        }
    )
    found = {f.code: f for f in check_sheets(sheets)}
    names = sheet_names(sheets)
    assert set(found) == {"connector-size-differs", "connector-points-elsewhere"}
    assert f"{names[size_sheet]}#{size_end}" in found["connector-size-differs"].subjects
    assert f"{names[lost_sheet]}#{lost_end}" in found["connector-points-elsewhere"].subjects
    assert found["connector-size-differs"].severity == "error"


def test_plant_graph_leads_over_all_sheets(generated):
    import networkx as nx

    sheets, pipes = generated
    plant = build_plant(sheets)
    names = sheet_names(sheets)
    joined = {frozenset((a, b)) for a, b, d in plant.graph.edges(data=True) if d.get("edge") == "sheet"}
    assert joined == {frozenset((f"{names[a]}#{x}", f"{names[b]}#{y}")) for a, x, b, y in pipes}
    assert all(d["flow"] == "forward" for *_, d in plant.graph.edges(data=True) if d.get("edge") == "sheet")
    first = f"{names[pipes[0][0]]}#{pipes[0][1]}"
    assert {n.split("#")[0] for n in nx.node_connected_component(plant.graph.to_undirected(), first)} >= {
        names[pipes[0][0]], names[pipes[0][2]]
    }  # fmt: skip
    assert plant.findings == ()


@pytest.fixture
def two(unit) -> tuple[Drawing, Drawing]:
    """The clean unit as two sheets: the second takes up what leaves the first."""
    first = unit.drawing()
    unit.number = "D-100-003"
    unit.change("c1", tag="D-100-001")
    unit.change("c2", tag="D-100-009")
    unit.change("l1", line_number='2"-P-1004-A1A')
    unit.change("l7", line_number='2"-P-3004-A1A')
    unit.change("l8", line_number='2"-P-3004-A1A')
    for name in ("v1", "cv", "psv"):
        unit.change(name, tag=unit.symbols[name].tag.replace("100", "300"))
    return first, unit.drawing()


def _update(drawing: Drawing, name: str, **update) -> Drawing:
    return drawing.model_copy(
        update={
            part: tuple(x.model_copy(update=update) if x.id == name else x for x in getattr(drawing, part))
            for part in ("symbols", "lines")
        }
    )


def test_sheets_that_are_not_there_are_told_apart(two):
    found = check_sheets(two)
    assert {(f.code, f.severity) for f in found} == {("connector-sheet-missing", "info")}
    assert {f.subjects for f in found} == {("D-100-001.png#c1",), ("D-100-003.png#c2",)}


@pytest.mark.parametrize(
    ("name", "update", "code"),
    [
        ("c1", {"tag": "D-100-077"}, "connector-points-elsewhere"),
        ("l1", {"line_number": '3"-P-1004-A1A'}, "connector-size-differs"),
        ("l1", {"line_number": '2"-P-1008-A1A'}, "connector-line-number-differs"),
        ("l1", {"direction": "backward"}, "connector-direction-differs"),
        ("v1", {"tag": "HV-1001"}, "duplicate-tag-across-sheets"),
    ],
)
def test_mismatches(two, name, update, code):
    found = [f for f in check_sheets((two[0], _update(two[1], name, **update))) if f.severity != "info"]
    assert [f.code for f in found] == [code]
    assert found[0].message.endswith(".")


def test_services_that_differ(two):
    sheets = []
    for drawing, owner, text in zip(two, ("c2", "c1"), ("LP STEAM", "CONDENSATE"), strict=True):
        word = Word(id="svc", text=text, box=(10, 10, 90, 30), owner=owner)
        sheets.append(drawing.model_copy(update={"words": (word,)}))
    assert "connector-service-differs" in [f.code for f in check_sheets(sheets)]


def test_connector_that_the_other_sheet_lacks(two):
    gone = two[1].model_copy(
        update={
            "symbols": tuple(s for s in two[1].symbols if s.id != "c1"),
            "connections": tuple(c for c in two[1].connections if "c1" not in (c.a, c.b)),
        }
    )
    found = [f for f in check_sheets((two[0], gone)) if f.severity == "error"]
    assert [(f.code, f.subjects) for f in found] == [("connector-without-partner", ("D-100-001.png#c2",))]


def test_marks_pair_without_drawing_numbers(two):
    sheets = [_update(two[0], "c2", tag="TP14"), _update(two[1], "c1", tag="TP14")]
    (pair,) = pair_connectors(sheets)
    assert {(pair.a.sheet, pair.a.symbol.id), (pair.b.sheet, pair.b.symbol.id)} == {(0, "c2"), (1, "c1")}


def test_sheets_of_one_name_are_told_apart(two):
    same = [d.model_copy(update={"source": two[0].source, "sheet": SheetInfo(width=5000, height=3500)}) for d in two]
    assert sheet_names(same) == ["D-100-001.png", "D-100-001.png (2)"]


def test_check_command(two, tmp_path):
    for drawing in two:
        (tmp_path / f"{drawing_number(drawing)}.json").write_text(drawing.to_json(), encoding="utf-8")
    clean = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert clean.exit_code == 0, clean.output
    assert "connector-sheet-missing" in clean.output
    (tmp_path / "D-100-003.json").write_text(_update(two[1], "c1", tag="D-100-077").to_json(), encoding="utf-8")
    broken = CliRunner().invoke(app, ["check", str(tmp_path), "--json"])
    assert broken.exit_code == 1
    assert next(f["code"] for f in json.loads(broken.output)["all sheets"]) == "connector-points-elsewhere"
    alone = CliRunner().invoke(app, ["check", str(tmp_path / "D-100-001.json")])
    assert (alone.exit_code, "nothing found" in alone.output) == (0, True)
