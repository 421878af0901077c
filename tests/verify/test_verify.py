"""`pid verify`: who read what, what is a loss and what is chance, and the report that says so."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.drawing import (
    Cell,
    Connection,
    Drawing,
    Line,
    SheetInfo,
    Source,
    Symbol,
    Table,
    TitleBlock,
    TitleField,
    Word,
)
from pid.evaluate import Truth
from pid.verify.align import align
from pid.verify.align_tables import header_rows
from pid.verify.compare import compare_drawings
from pid.verify.elements import Element
from pid.verify.figures import score_elements, sign_chance

KINDS = {"valve": ("gate_valve", "ball_valve"), "instrument": ("instrument_discrete_field",), "fitting": ("flange",)}
Run = Callable[..., tuple[int, str, str]]


def plant(seed: int = 0, count: int = 36) -> Drawing:
    """A sheet with some of everything, on a grid so that nothing overlaps."""
    rng = np.random.default_rng(seed)
    names = [(group, kind) for group, kinds in KINDS.items() for kind in kinds]
    symbols, lines, words, connections = [], [], [], []
    for i in range(count):
        x, y = 200.0 + 500 * (i % 6), 200.0 + 300 * (i // 6)
        group, kind = names[i % len(names)]
        symbols.append(Symbol(id=f"s{i}", kind=kind, group=group, box=(x, y, x + 80, y + 60)))  # type: ignore[arg-type]
        words.append(Word(id=f"w{i}", text=f"{kind[:2].upper()}-{rng.integers(100, 999)}", box=(x, y - 40, x + 90, y)))
        if i % 6:
            lines.append(Line(id=f"l{i}", points=((x - 420, y + 30), (x, y + 30))))
            connections.append(Connection(a=f"s{i - 1}", b=f"s{i}", lines=(f"l{i}",)))
    return Drawing(
        source=Source(name=f"plant-{seed}.png", sha256=""), sheet=SheetInfo(width=3400, height=2200), symbols=symbols,
        lines=lines, words=words, connections=connections, tables=(table(),),
        title_block=TitleBlock(
            box=(2600, 2000, 3300, 2150),
            fields=(
                TitleField(name="drawing_number", value="P-1001", box=(2600, 2000, 2800, 2040)),
                TitleField(name="revision", value="B", box=(2900, 2000, 2950, 2040)),
            ),
        ),
    )  # fmt: skip


def table() -> Table:
    """Two header rows, the first merged over two columns, and two rows under them."""
    texts = [["Design", None, "Fluid"], ["bar", "degC", "name"], ["10", "120", "steam"], ["16", "80", "water"]]
    cells = []
    for r, row in enumerate(texts):
        for c, text in enumerate(row):
            if text is not None:
                span = 2 if text == "Design" else 1
                box = (100 + 100 * c, 2000 + 30 * r, 100 + 100 * (c + span), 2030 + 30 * r)
                cells.append(Cell(row=r, column=c, column_span=span, text=text, box=box))
    return Table(id="t1", box=(100, 2000, 400, 2120), cells=tuple(cells))


def elements_of(truth: Drawing, a: Drawing, b: Drawing) -> dict[str, list[Element]]:
    out: dict[str, list[Element]] = {}
    for element in compare_drawings("x", Truth(truth), a, b):
        out.setdefault(element.part, []).append(element)
    return out


def without(drawing: Drawing, *ids: str) -> Drawing:
    return drawing.model_copy(
        update={
            "symbols": tuple(s for s in drawing.symbols if s.id not in ids),
            "connections": tuple(c for c in drawing.connections if not {c.a, c.b} & set(ids)),
        }
    )


def test_perfect_predictions_have_all_right_and_nothing_false() -> None:
    drawing = plant()
    parts = elements_of(drawing, drawing, drawing)
    assert {part: len(found) for part, found in parts.items()} == {
        "symbols": 36, "connections": 30, "lines": 30, "words": 36, "cells": 11, "fields": 2,
    }  # fmt: skip
    assert all(e.state == "both_same" and e.a_right and e.b_right for found in parts.values() for e in found)
    assert all(f.a.f1 == f.b.f1 == 1.0 for f in score_elements([e for found in parts.values() for e in found]))


def test_each_element_tells_who_read_it_and_who_is_right() -> None:
    truth = plant()
    symbols = list(truth.symbols)
    symbols[1] = symbols[1].model_copy(update={"kind": "gate_valve"})  # a ball valve named wrongly
    ghost = Symbol(id="g", kind="flange", group="fitting", box=(3200, 100, 3260, 160), score=0.7)
    a = without(truth, "s4")
    b = truth.model_copy(update={"symbols": (*symbols, ghost)})
    found = {(e.state, e.a_right, e.b_right) for e in elements_of(truth, a, b)["symbols"]}
    assert found == {
        ("both_same", True, True),  # the rest
        ("only_b", False, True),  # s4, which A missed
        ("both_different", True, False),  # the valve
        ("only_b", True, False),  # the ghost
    }


def test_a_false_reading_in_both_is_one_element() -> None:
    truth = plant()
    ghosts = [Symbol(id=f"g{i}", kind="cap", group="fitting", box=(3200 + i, 100, 3260, 160)) for i in range(2)]
    a, b = (truth.model_copy(update={"symbols": (*truth.symbols, g)}) for g in ghosts)
    false = [e for e in elements_of(truth, a, b)["symbols"] if e.truth is None]
    assert [(e.state, e.a_right, e.b_right) for e in false] == [("both_same", False, False)]


def test_tables_are_compared_cell_by_cell_with_their_merged_headers() -> None:
    truth = plant()
    assert header_rows(truth.tables[0]) == 2
    cells = list(truth.tables[0].cells)
    cells[0] = cells[0].model_copy(update={"column_span": 1, "box": (100, 2000, 250, 2030)})  # the merge was missed
    cells[6] = cells[6].model_copy(update={"text": "l20"})
    spoilt = truth.model_copy(update={"tables": (truth.tables[0].model_copy(update={"cells": tuple(cells)}),)})
    lost = [e for e in elements_of(truth, truth, spoilt)["cells"] if not e.b_right]
    assert [(e.truth.group, e.truth.value, e.b.value) for e in lost if e.truth and e.b] == [
        ("merged header", "Design [1 x 2]", "Design"), ("cell", "120", "l20"),
    ]  # fmt: skip


def test_one_table_row_too_many_spoils_no_other_cell() -> None:
    truth = plant()
    moved = tuple(c.model_copy(update={"row": c.row + 1}) for c in truth.tables[0].cells)
    extra = Cell(row=0, column=0, text="Data", box=(100, 1960, 200, 1990))
    other = truth.model_copy(update={"tables": (truth.tables[0].model_copy(update={"cells": (extra, *moved)}),)})
    lost = [e for e in elements_of(truth, truth, other)["cells"] if not e.b_right]
    assert [e.truth for e in lost] == [None]


def test_fields_go_by_name() -> None:
    truth = plant()
    assert truth.title_block is not None
    number, _ = truth.title_block.fields
    block = truth.title_block.model_copy(update={"fields": (number.model_copy(update={"value": "P-1007"}),)})
    found = elements_of(truth, truth, truth.model_copy(update={"title_block": block}))["fields"]
    assert [(e.state, e.b_right) for e in found] == [("both_different", False), ("only_a", False)]


def test_half_a_line_is_not_a_line_and_its_type_counts() -> None:
    truth = plant()
    half = truth.lines[0].model_copy(update={"points": (truth.lines[0].points[0], (490.0, 230.0))})
    dashed = truth.lines[1].model_copy(update={"style": "dashed"})
    ghost = Line(id="g", points=((100, 2150), (900, 2150)))
    lines = (half, dashed, *truth.lines[2:], ghost)
    alignment = align(truth.model_copy(update={"lines": lines, "connections": ()}), Truth(truth))["lines"]
    assert [bool(r and r.right) for r in alignment.read[:3]] == [False, False, True]
    assert len(alignment.false) == 1


def test_a_partial_truth_is_asked_for_its_parts_only() -> None:
    truth = plant()
    some = Truth(truth.model_copy(update={"words": truth.words[:3]}), frozenset({"words_some"}))
    parts = align(truth, some)
    assert set(parts) == {"words"}
    assert not parts["words"].false


def test_a_class_that_broke_is_named_and_a_shuffle_is_not() -> None:
    sheets = [plant(seed) for seed in range(4)]
    valves, shuffled = [], []
    for name, sheet in enumerate(sheets):
        broken = tuple(
            s.model_copy(update={"kind": "check_valve"}) if s.kind == "gate_valve" else s for s in sheet.symbols
        )
        valves += compare_drawings(str(name), Truth(sheet), sheet, sheet.model_copy(update={"symbols": broken}))
        # A misses one of each kind, B another one of each kind.
        a, b = without(sheet, "s0", "s1", "s2", "s3"), without(sheet, "s4", "s5", "s6", "s7")
        shuffled += compare_drawings(str(name), Truth(sheet), a, b)
    lost = [(f.level, f.label) for f in score_elements(valves) if f.significant_loss]
    assert lost == [("part", "symbols"), ("group", "valve"), ("kind", "gate_valve")]
    assert not [f for f in score_elements(shuffled) if f.significant_loss]


def test_a_single_lost_element_is_no_significant_loss() -> None:
    truth = plant()
    figures = score_elements(compare_drawings("x", Truth(truth), truth, without(truth, "s0")))
    assert any(f.difference < 0 for f in figures)
    assert not any(f.significant_loss for f in figures)
    assert sign_chance(1, 0) == 0.5
    assert sign_chance(5, 0) == pytest.approx(0.5**5)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A folder of truth with its sheets, good results, and results in which one class is broken."""
    for name in ("truth", "sheets", "good", "bad"):
        (tmp_path / name).mkdir()
    for seed in range(4):
        sheet = plant(seed)
        picture = np.full((2200, 3400), 255, np.uint8)
        for s in sheet.symbols:
            x0, y0, x1, y1 = (int(v) for v in s.box)
            cv2.rectangle(picture, (x0, y0), (x1, y1), 0, 3)
        cv2.imwrite(str(tmp_path / "sheets" / f"plant-{seed}.png"), picture)
        broken = tuple(
            s.model_copy(update={"kind": "check_valve"}) if s.kind == "gate_valve" else s for s in sheet.symbols
        )
        for folder, drawing in (
            ("truth", sheet),
            ("good", sheet),
            ("bad", sheet.model_copy(update={"symbols": broken})),
        ):
            (tmp_path / folder / f"plant-{seed}.json").write_text(drawing.to_json(), encoding="utf-8")
    return tmp_path, tmp_path / "good", tmp_path / "bad"


def test_the_command_names_the_loss_and_shows_it(folders: tuple[Path, Path, Path], run: Run) -> None:
    truth, good, bad = folders
    status, out, _ = run("verify", "--truth", truth, "--models", good, bad, "--out", truth / "v")
    assert status == 1
    assert "kind gate_valve (F1 1.000 to 0.000)" in out
    page = (truth / "v" / "verify.html").read_text()
    assert "Significant loss in symbols" in page
    assert page.count("data:image/png;base64,") == 36
    assert "http" not in page.replace("http://www.w3.org", "")  # it needs nothing from elsewhere
    told = json.loads((truth / "v" / "verify.json").read_text())
    assert told["significant_loss"]
    assert len(told["regressions"]) == 36
    assert told["states"]["symbols"] == {"both_same.right": 108, "both_different.a": 36}


def test_equal_models_pass(folders: tuple[Path, Path, Path], run: Run) -> None:
    truth, good, bad = folders
    for folder in (good, bad):
        status, out, _ = run("verify", "--truth", truth, "--models", folder, folder, "--out", truth / "v")
        assert status == 0
        assert "No significant loss" in out
    assert run("verify", "--truth", truth, "--models", bad, good, "--out", truth / "v")[0] == 0  # a gain is no loss


@pytest.mark.parametrize(
    ("truth", "models", "sentence"),
    [
        ("nowhere", ("good", "good"), "holds no truth"),
        (".", ("good", "nowhere"), "is not a folder of networks or of results"),
        (".", ("good", "sheets"), "holds neither networks"),
    ],
)
def test_bad_input_is_one_sentence(
    folders: tuple[Path, Path, Path], run: Run, truth: str, models: tuple[str, str], sentence: str
) -> None:
    root = folders[0]
    status, _, err = run("verify", "--truth", root / truth, "--models", root / models[0], root / models[1])
    assert status == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
