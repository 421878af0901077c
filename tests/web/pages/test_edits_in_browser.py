"""Edits are done twice: at once in the browser, and for good by the service. Both come to the same drawing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from pid.drawing import Connection, Drawing, TitleField
from pid.errors import InputError
from pid.web.edits import apply_operations
from pid.web.operations import Operation

from .conftest import Site, doubted_sample

ROUNDS, STEPS = 4, 25
_operations = TypeAdapter(list[Operation])
IN_BROWSER = """async ([url, drawing, operations]) => {
    const { Model } = await import(url);
    const model = new Model(drawing);
    const undo = operations.map((operation) => model.apply([operation]));
    const edited = model.toDrawing();
    for (const back of undo.reverse()) model.apply(back);
    return [edited, model.toDrawing()];
}"""


def test_browser_and_service_do_the_same(site: Site, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{site.address}/sign-in")
    drawing = doubted_sample()
    for seed in range(ROUNDS):
        operations = random_operations(drawing, random.Random(seed))
        there, back = page.evaluate(
            IN_BROWSER, [f"{site.address}/static/js/review/model.js", json.loads(drawing.to_json()), operations]
        )
        here, undo = apply_operations(drawing, _operations.validate_python(operations))
        assert Drawing.from_dict(there) == here
        assert Drawing.from_dict(back) == drawing
        assert apply_operations(here, undo)[0] == drawing


def random_operations(drawing: Drawing, chance: random.Random) -> list[dict[str, Any]]:
    """What a person might do, one thing after the other; each can be done where the ones before it were."""
    done: list[dict[str, Any]] = []
    while len(done) < STEPS:
        operation = random_operation(drawing, chance, len(done))
        try:
            drawing, _ = apply_operations(drawing, _operations.validate_python([operation]))
        except InputError:
            continue  # e.g. a connection that is there already
        done.append(operation)
    return done


def random_operation(drawing: Drawing, chance: random.Random, number: int) -> dict[str, Any]:
    part = chance.choice(["symbols", "lines", "words", "connections", "fields", "tables"])
    block = drawing.title_block
    elements = (block.fields if block else ()) if part == "fields" else getattr(drawing, part)
    element = chance.choice(elements)
    op = chance.choice(["add", "change", "remove", "accept", "put"])
    if op == "accept":
        return {"op": op, "part": part, "ids": [name_of(e) for e in chance.sample(elements, min(3, len(elements)))]}
    if op == "remove":
        return {"op": op, "part": part, "id": name_of(element)}
    if op == "change":
        return {"op": op, "part": part, "id": name_of(element), "value": changes(part, chance)}
    value = element.model_dump(mode="json")
    if op == "add":
        value |= new_name(part, drawing, chance, number)
    return {"op": op, "part": part, "value": value | (changes(part, chance) if op == "put" else {})}


def name_of(element: Any) -> str:
    if isinstance(element, Connection):
        return f"{element.a}|{element.b}"
    return str(element.name if isinstance(element, TitleField) else element.id)


def new_name(part: str, drawing: Drawing, chance: random.Random, number: int) -> dict[str, Any]:
    if part == "connections":
        a, b = chance.sample(drawing.symbols, 2)
        return {"a": a.id, "b": b.id, "lines": []}
    return {"name": f"field_{number}"} if part == "fields" else {"id": f"new-{number}"}


def changes(part: str, chance: random.Random) -> dict[str, Any]:
    return {
        "symbols": {"kind": "ball_valve", "tag": f"V-{chance.randrange(99)}", "score": 0.4},
        "lines": {"direction": "both", "points": [[1, 2], [chance.randrange(99), 4]]},
        "words": {"text": f"text {chance.randrange(99)}", "owner": None},
        "connections": {"kind": "signal", "directed": True},
        "fields": {"value": f"value {chance.randrange(99)}"},
        "tables": {"box": [0, 0, 10, chance.randrange(99)]},
    }[part]


def test_an_operation_that_cannot_be_done_changes_nothing(site: Site, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{site.address}/sign-in")
    drawing = doubted_sample()
    operations = [
        {"op": "remove", "part": "symbols", "id": "s1"},
        {"op": "change", "part": "symbols", "id": "s1", "value": {"tag": "gone"}},
    ]
    with pytest.raises(InputError, match="s1"):
        apply_operations(drawing, _operations.validate_python(operations))
    kept = page.evaluate(
        """async ([url, drawing, operations]) => {
            const { Model } = await import(url);
            const model = new Model(drawing);
            try { model.apply(operations); } catch { return model.toDrawing(); }
            return null;
        }""",
        [f"{site.address}/static/js/review/model.js", json.loads(drawing.to_json()), operations],
    )
    assert Drawing.from_dict(kept) == drawing
