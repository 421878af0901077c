"""Operations on a drawing: what they do, and that their undo gives back the very drawing."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Table, TitleBlock, TitleField, Word
from pid.web.edits import EditError, apply_operations
from pid.web.operations import Operation

OPERATIONS = TypeAdapter(list[Operation])
BOX = (10.0, 10.0, 30.0, 30.0)
NAMES = {
    "symbols": ("s1", "s2", "s3", "s4"),
    "lines": ("l1", "l2", "l3"),
    "words": ("w1", "w2", "w3"),
    "tables": ("t1", "t2"),
    "fields": ("title", "number", "revision"),
}


def plain_drawing() -> Drawing:
    """Two valves and a pump on a pipe, a word on each of two of them, a title block of two fields."""
    symbols = [Symbol(id=n, kind="gate_valve", group="valve", box=BOX, score=0.6, found_by=("shape",)) for n in "abc"]
    fields = TitleField(name="title", value="P&ID", box=BOX, score=0.2), TitleField(name="no", value="1", box=BOX)
    return Drawing(
        source=Source(name="x.png", sha256="0" * 64),
        sheet=SheetInfo(width=100, height=100),
        symbols=tuple(symbols),
        lines=(Line(id="l1", points=((0, 0), (5, 5)), score=0.5), Line(id="l2", points=((5, 5), (9, 9)))),
        connections=(
            Connection(a="a", b="b", lines=("l1",), score=0.4),
            Connection(a="b", b="c", lines=("l1", "l2")),
            Connection(a="a", b="c", lines=("l2",)),
        ),
        words=(Word(id="w1", text="V-1", box=BOX, owner="b", score=0.3), Word(id="w2", text="8", box=BOX, owner="l1")),
        title_block=TitleBlock(box=BOX, fields=fields),
    )


def as_operations(*operations: dict[str, object]) -> list[Operation]:
    """Operations as they arrive, as JSON."""
    return OPERATIONS.validate_json(json.dumps(operations))


def apply(drawing: Drawing, *operations: dict[str, object]) -> tuple[Drawing, Drawing]:
    """The drawing after the operations, and after their undo."""
    edited, undo = apply_operations(drawing, as_operations(*operations))
    again = OPERATIONS.validate_json(OPERATIONS.dump_json(list(undo)))  # undo travels as JSON
    return edited, apply_operations(edited, again)[0]


def test_a_removed_symbol_takes_its_connections_along_and_frees_its_words() -> None:
    before = plain_drawing()
    after, undone = apply(before, {"op": "remove", "part": "symbols", "id": "b"})
    assert [s.id for s in after.symbols] == ["a", "c"]
    assert [(c.a, c.b) for c in after.connections] == [("a", "c")]
    assert after.words[0].owner is None
    assert undone == before


def test_a_removed_line_leaves_the_connections_without_it() -> None:
    before = plain_drawing()
    after, undone = apply(before, {"op": "remove", "part": "lines", "id": "l1"})
    assert [c.lines for c in after.connections] == [(), ("l2",), ("l2",)]
    assert after.words[1].owner is None
    assert undone == before


def test_what_a_person_changes_bears_the_persons_mark() -> None:
    before = plain_drawing()
    after, undone = apply(
        before,
        {"op": "change", "part": "symbols", "id": "a", "value": {"kind": "globe_valve", "tag": "HV-1", "score": 0.1}},
        {"op": "change", "part": "fields", "id": "title", "value": {"value": "Flare"}},
        {"op": "accept", "part": "words", "ids": ["w1", "w2"]},
        {"op": "change", "part": "connections", "id": "b|a", "value": {"directed": True}},
    )
    symbol, field = after.symbols[0], after.title_block.fields[0] if after.title_block else None
    assert (symbol.kind, symbol.tag, symbol.score, symbol.found_by) == ("globe_valve", "HV-1", 1.0, ("shape", "person"))
    assert field is not None
    assert (field.value, field.edited, field.score) == ("Flare", True, 1.0)
    assert [w.score for w in after.words] == [1.0, 1.0]
    assert (after.connections[0].directed, after.connections[0].score) == (True, 1.0)
    assert after.symbols[1] == before.symbols[1]
    assert undone == before


def test_new_elements_get_ids_and_may_be_joined_at_once() -> None:
    before = plain_drawing()
    after, undone = apply(
        before,
        {"op": "add", "part": "symbols", "value": {"kind": "pump", "group": "pump", "box": BOX}},
        {"op": "add", "part": "connections", "value": {"a": "s-p1", "b": "a"}},
        {"op": "add", "part": "tables", "value": {"box": BOX}},
    )
    assert after.symbols[-1].id == "s-p1"
    assert after.symbols[-1].found_by == ("person",)
    assert after.connections[-1] == Connection(a="s-p1", b="a")
    assert undone == before


def test_a_first_field_makes_a_title_block_and_undo_takes_it_away() -> None:
    before = plain_drawing().model_copy(update={"title_block": None})
    after, undone = apply(before, {"op": "add", "part": "fields", "value": {"name": "no", "value": "7", "box": BOX}})
    assert after.title_block is not None
    assert after.title_block.fields[0].edited
    assert undone == before


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ({"op": "remove", "part": "symbols", "id": "z"}, "no 'z' among the symbols"),
        ({"op": "change", "part": "symbols", "id": "a", "value": {"id": "q"}}, "cannot be changed"),
        ({"op": "change", "part": "symbols", "id": "a", "value": {"box": [9, 0, 1, 1]}}, "not ordered"),
        ({"op": "change", "part": "symbols", "id": "a", "value": {"colour": "red"}}, "colour"),
        ({"op": "add", "part": "symbols", "value": {"id": "a", "box": BOX}}, "already"),
        ({"op": "add", "part": "words", "value": {"id": "a", "text": "x", "box": BOX}}, "used twice"),
        ({"op": "add", "part": "connections", "value": {"a": "b", "b": "a"}}, "already"),
        ({"op": "add", "part": "connections", "value": {"a": "b", "b": "q"}}, "'q'"),
        ({"op": "add", "part": "lines", "value": {"points": [[1, 1]]}}, "points"),
        ({"op": "put", "part": "words", "value": None}, "title block"),
        ({"op": "remove", "part": "title_block", "id": "a"}, None),
    ],
)
def test_what_cannot_be_done_names_the_operation(operation: dict[str, object], says: str | None) -> None:
    good = {"op": "accept", "part": "symbols", "ids": ["a"]}
    if says is None:
        with pytest.raises(ValueError, match="title_block"):
            as_operations(operation)
        return
    with pytest.raises(EditError, match=says) as caught:
        apply_operations(plain_drawing(), as_operations(good, operation))
    assert caught.value.index == 1


scores = st.floats(0, 1)
boxes = st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(50, 90), st.floats(50, 90))
texts = st.text(max_size=8)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Small drawings whose references hold, with any subset of the names above."""

    def some(part: str) -> list[str]:
        return draw(st.lists(st.sampled_from(NAMES[part]), unique=True))

    symbols, lines = some("symbols"), some("lines")
    owners = st.sampled_from([None, *symbols, *lines])
    pairs = [(a, b) for i, a in enumerate(symbols) for b in symbols[i + 1 :]]
    joined = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    ran = st.lists(st.sampled_from(lines), unique=True) if lines else st.just([])
    fields = [TitleField(name=n, value=draw(texts), box=draw(boxes), score=draw(scores)) for n in some("fields")]
    return Drawing(
        source=Source(name="x.png", sha256="0" * 64),
        sheet=SheetInfo(width=100, height=100),
        symbols=tuple(Symbol(id=n, box=draw(boxes), score=draw(scores), tag=draw(texts | st.none())) for n in symbols),
        lines=tuple(Line(id=n, points=((0, 0), (1, 1)), score=draw(scores)) for n in lines),
        words=tuple(Word(id=n, text=draw(texts), box=draw(boxes), owner=draw(owners)) for n in some("words")),
        connections=tuple(Connection(a=a, b=b, lines=tuple(draw(ran)), score=draw(scores)) for a, b in joined),
        tables=tuple(Table(id=n, box=draw(boxes)) for n in some("tables")),
        title_block=draw(st.sampled_from([None, TitleBlock(box=BOX, fields=tuple(fields))])),
    )


@st.composite
def operation(draw: st.DrawFn) -> dict[str, object]:
    """Any operation on the names above, sensible or not."""
    op = draw(st.sampled_from(["add", "change", "remove", "accept", "put"]))
    part = draw(st.sampled_from([*NAMES, "connections"]))
    one = st.sampled_from(NAMES["symbols"])
    name = f"{draw(one)}|{draw(one)}" if part == "connections" else draw(st.sampled_from(NAMES[part]))
    if op == "remove":
        return {"op": op, "part": part, "id": name}
    if op == "accept":
        return {"op": op, "part": part, "ids": [name]}
    a, _, b = name.partition("|")
    key = {"connections": {"a": a, "b": b}, "fields": {"name": name}}.get(part, {"id": name})
    value = {
        "symbols": {"tag": draw(texts), "box": draw(boxes)},
        "lines": {"points": [(0, 0), (2, draw(scores))]},
        "words": {"text": draw(texts), "box": draw(boxes), "owner": draw(st.sampled_from([None, "s1", "l1"]))},
        "tables": {"box": draw(boxes)},
        "fields": {"value": draw(texts), "box": draw(boxes)},
        "connections": {"kind": draw(texts)},
    }[part]
    if op == "change":
        return {"op": op, "part": part, "id": name, "value": value}
    at = {"at": draw(st.integers(0, 5) | st.none())} if op == "put" else {}
    return {"op": op, "part": part, "value": {**key, **value}, **at}


@settings(max_examples=100, deadline=None)
@given(drawings(), st.lists(operation(), max_size=6))
def test_undo_gives_back_the_very_drawing(drawing: Drawing, operations: list[dict[str, object]]) -> None:
    possible: list[Operation] = []
    for one in as_operations(*operations):
        try:
            apply_operations(drawing, [*possible, one])
        except EditError:
            continue
        possible.append(one)
    edited, undo = apply_operations(drawing, possible)
    assert Drawing.from_json(edited.to_json()) == edited
    back, redo = apply_operations(edited, undo)
    assert back == drawing
    assert apply_operations(back, redo)[0] == edited
