"""The contract: round trip, validation on entry, clear errors."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pid.drawing import (
    GROUPS,
    Cell,
    Connection,
    Drawing,
    Finding,
    Line,
    SheetInfo,
    Source,
    Symbol,
    Table,
    TitleBlock,
    TitleField,
    Word,
)
from pid.errors import InputError

numbers = st.floats(-1e6, 1e6)
scores = st.floats(0, 1)
texts = st.text(max_size=12)
boxes = st.tuples(numbers, numbers, numbers, numbers).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    symbols = tuple(
        draw(
            st.builds(
                Symbol, id=st.just(f"s{i}"), kind=texts, group=st.sampled_from(GROUPS), box=boxes,
                rotation=st.floats(0, 359.9), mirrored=st.booleans(), tag=st.none() | texts, score=scores,
                found_by=st.lists(st.sampled_from(["shape", "structure", "person"]), max_size=2).map(tuple),
                ports=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
                attributes=st.dictionaries(texts, json_values, max_size=3),
            )
        )
        for i in range(draw(st.integers(0, 3)))
    )  # fmt: skip
    points = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=4).map(tuple)
    lines = tuple(
        draw(st.builds(Line, id=st.just(f"l{i}"), points=points, line_number=st.none() | texts, score=scores))
        for i in range(draw(st.integers(0, 2)))
    )
    names = [s.id for s in symbols]
    connections = (Connection(a=names[0], b=names[-1], lines=tuple(line.id for line in lines)),) if names else ()
    words = (Word(id="w0", text=draw(texts), box=draw(boxes), owner=names[0] if names else None),)
    cell = Cell(row=0, column=1, text=draw(texts), box=draw(boxes))
    field = TitleField(name="drawing_number", value=draw(texts), box=draw(boxes))
    return Drawing(
        source=Source(name=draw(texts), sha256="ab"),
        sheet=SheetInfo(width=10, height=20, px_per_mm=draw(st.none() | st.floats(0.1, 50))),
        symbols=symbols, lines=lines, connections=connections, words=words,
        tables=(Table(id="t0", box=draw(boxes), cells=(cell,)),),
        title_block=TitleBlock(box=draw(boxes), fields=(field,)),
        findings=(Finding(code="x", message=draw(texts)),),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(drawings())
def test_json_round_trip_is_exact_and_fits_the_schema(drawing: Drawing) -> None:
    text = drawing.to_json()
    assert Drawing.from_json(text) == drawing
    jsonschema.validate(json.loads(text), Drawing.json_schema())


def minimal() -> dict[str, object]:
    drawing = Drawing(
        source=Source(name="a.png", sha256=""),
        sheet=SheetInfo(width=10, height=10),
        symbols=(Symbol(id="s1", box=(0, 0, 4, 4)), Symbol(id="s2", box=(5, 5, 9, 9))),
        lines=(Line(id="l1", points=((4, 4), (5, 5))),),
    )
    data: dict[str, object] = json.loads(drawing.to_json())
    return data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "pid-drawing/2"}, r"x\.json has the schema 'pid-drawing/2'; this version reads 'pid-drawing/1'"),
        ({"symbols": [{"id": "a", "box": [5, 0, 1, 1]}]}, "corners are not ordered"),
        ({"symbols": [{"id": "a", "box": [0, 0, 1, 1]}] * 2}, "'a' is used twice"),
        ({"symbols": [{"id": "a", "box": [0, 0, 1, 1], "colour": 1}]}, "symbols.0.colour"),
        ({"symbols": [{"id": "a", "box": [0, 0, 1, 1], "score": 1.5}]}, "symbols.0.score"),
        ({"symbols": [{"id": "a", "box": [0, 0, 1, 1], "group": "thing"}]}, "symbols.0.group"),
        ({"connections": [{"a": "s1", "b": "s9"}]}, "'s9', which the drawing lacks"),
        ({"connections": [{"a": "s1", "b": "s2", "lines": ["l9"]}]}, "'l9', which the drawing lacks"),
        ({"words": [{"id": "w", "text": "", "box": [0, 0, 1, 1], "owner": "q"}]}, "'q', which the drawing lacks"),
        ({"lines": [{"id": "l1", "points": [[0, 0]]}]}, "lines.0.points"),
    ],
)
def test_bad_json_is_one_sentence(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Drawing.from_json(json.dumps(minimal() | change), name="x.json")


def test_not_json_and_not_an_object_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not JSON"):
        Drawing.from_json("{")
    with pytest.raises(InputError, match="a JSON object was expected"):
        Drawing.from_json("[]")
    with pytest.raises(InputError, match="cannot be read"):
        Drawing.read(tmp_path / "none.json")


def test_parts_are_immutable() -> None:
    symbol = Symbol(id="s", box=(0, 0, 1, 1))
    with pytest.raises(ValidationError):
        symbol.tag = "x"  # type: ignore[misc]
