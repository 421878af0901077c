"""Edits of a drawing: operations done, and the operations that take them back. Everything here is pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from pydantic import JsonValue, ValidationError

from pid.drawing import Connection, Drawing, Line, Symbol, Table, TitleBlock, TitleField, Word
from pid.errors import InputError
from pid.web.operations import Accept, Add, Change, Operation, Part, Put, Remove

Element = Symbol | Line | Word | Connection | Table | TitleField
_KINDS: dict[Part, type[Element]] = {
    "symbols": Symbol, "lines": Line, "words": Word, "connections": Connection, "tables": Table, "fields": TitleField,
}  # fmt: skip
_NAMED_BY: dict[Part, tuple[str, ...]] = {"connections": ("a", "b"), "fields": ("name",)}
_NEW_IDS: dict[Part, str] = {"symbols": "s", "lines": "l", "words": "w", "tables": "t"}


class EditError(InputError):
    """An operation that cannot be done; `index` counts from 0 in the list of operations."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"Operation {index + 1}: {reason}")
        self.index = index


def apply_operations(drawing: Drawing, operations: Sequence[Operation]) -> tuple[Drawing, tuple[Operation, ...]]:
    """Do operations one after the other.

    Returns:
        The new drawing, and the operations that make the old one of it again.

    Raises:
        EditError: an operation that cannot be done, by its place in the list; nothing is done then.
    """
    draft = _Draft(drawing)
    undo: list[Operation] = []
    for index, operation in enumerate(operations):
        try:
            undo[:0] = draft.apply(operation)
        except ValidationError as error:
            raise EditError(index, _first_problem(error)) from error
        except InputError as error:
            raise EditError(index, str(error)) from error
    try:
        return draft.finished(), tuple(undo)
    except ValidationError as error:
        raise EditError(len(operations) - 1, f"after it, {_first_problem(error)}") from error


def name_of(part: Part, element: Element) -> str:
    """What operations call an element."""
    return "|".join(str(getattr(element, key)) for key in _NAMED_BY.get(part, ("id",)))


class _Draft:
    """A drawing in the making: its parts as lists."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._title_block = drawing.title_block
        self._parts: dict[Part, list[Element]] = {
            "symbols": [*drawing.symbols],
            "lines": [*drawing.lines],
            "words": [*drawing.words],
            "connections": [*drawing.connections],
            "tables": [*drawing.tables],
        }

    def finished(self) -> Drawing:
        """The drawing; pydantic's `ValidationError` where references do not hold."""
        parts = {name: tuple(elements) for name, elements in self._parts.items()}
        old = self._drawing
        return Drawing(
            source=old.source, sheet=old.sheet, findings=old.findings, title_block=self._title_block,
            **cast(dict[str, Any], parts),
        )  # fmt: skip

    def apply(self, operation: Operation) -> list[Operation]:
        """Do one operation; returns what takes it back."""
        if operation.part in ("fields", "title_block"):
            return self._apply_to_fields(operation)
        if isinstance(operation, Put):
            return self._put(cast(Part, operation.part), operation)
        if isinstance(operation, Add):
            return self._add(operation)
        if isinstance(operation, Change):
            return self._replace(operation.part, operation.id, operation.value)
        if isinstance(operation, Remove):
            return list(self._remove(operation.part, operation.id))
        undo: list[Operation] = []
        for name in operation.ids:
            undo[:0] = self._accept(operation.part, name)
        return undo

    def _find(self, part: Part, name: str) -> int:
        names = {name, "|".join(reversed(name.split("|")))} if part == "connections" else {name}
        for i, element in enumerate(self._parts[part]):
            if name_of(part, element) in names:
                return i
        raise InputError(f"there is no {name!r} among the {part}.")

    def _has(self, part: Part, name: str) -> bool:
        try:
            self._find(part, name)
        except InputError:
            return False
        return True

    def _add(self, operation: Add) -> list[Operation]:
        part = operation.part
        value = {**operation.value}
        if part in _NEW_IDS and not value.get("id"):
            value["id"] = self._new_id(_NEW_IDS[part])
        element = _by_person(_read(part, value))
        name = name_of(part, element)
        if self._has(part, name):
            raise InputError(f"{name!r} is among the {part} already.")
        self._parts[part].append(element)
        return [Remove(op="remove", part=part, id=name)]

    def _new_id(self, letter: str) -> str:
        """The first of e.g. ``s-p1``, ``s-p2`` that nothing is called."""
        taken = {e.id for part in _NEW_IDS for e in self._parts[part] if not isinstance(e, Connection | TitleField)}
        number = 1
        while f"{letter}-p{number}" in taken:
            number += 1
        return f"{letter}-p{number}"

    def _replace(self, part: Part, name: str, value: dict[str, JsonValue]) -> list[Operation]:
        at = self._find(part, name)
        old = self._parts[part][at]
        self._parts[part][at] = _by_person(_changed(part, old, value))
        return [_put(part, old)]

    def _accept(self, part: Part, name: str) -> list[Operation]:
        at = self._find(part, name)
        old = self._parts[part][at]
        new = _sure(old)
        if new == old:
            return []
        self._parts[part][at] = new
        return [_put(part, old)]

    def _put(self, part: Part, operation: Put) -> list[Operation]:
        if operation.value is None:
            raise InputError("only the title block can be put away so; an element is removed by `remove`.")
        element = _read(part, operation.value)
        elements = self._parts[part]
        if operation.at is not None:
            elements.insert(operation.at, element)
            return [Remove(op="remove", part=part, id=name_of(part, element))]
        name = name_of(part, element)
        if not self._has(part, name):
            elements.append(element)
            return [Remove(op="remove", part=part, id=name)]
        at = self._find(part, name)
        old, elements[at] = elements[at], element
        return [_put(part, old)]

    def _remove(self, part: Part, name: str) -> Iterator[Operation]:
        """Take an element away with what hangs on it; yields what takes that back, in the order to be done."""
        at = self._find(part, name)
        old = self._parts[part].pop(at)
        yield _put(part, old, at=at)
        if isinstance(old, Symbol):
            yield from self._drop_connections(old.id)
        if isinstance(old, Line):
            yield from self._drop_line(old.id)
        if isinstance(old, Symbol | Line):
            yield from self._free_words(old.id)

    def _drop_connections(self, symbol: str) -> Iterator[Operation]:
        connections = self._parts["connections"]
        for i, c in enumerate(cast(list[Connection], [*connections])):
            if symbol in (c.a, c.b):
                yield _put("connections", c, at=i)
        connections[:] = [c for c in cast(list[Connection], connections) if symbol not in (c.a, c.b)]

    def _drop_line(self, line: str) -> Iterator[Operation]:
        connections = self._parts["connections"]
        for i, c in enumerate(cast(list[Connection], [*connections])):
            if line in c.lines:
                connections[i] = c.model_copy(update={"lines": tuple(name for name in c.lines if name != line)})
                yield _put("connections", c)

    def _free_words(self, owner: str) -> Iterator[Operation]:
        words = self._parts["words"]
        for i, word in enumerate(cast(list[Word], [*words])):
            if word.owner == owner:
                words[i] = word.model_copy(update={"owner": None})
                yield _put("words", word)

    def _apply_to_fields(self, operation: Operation) -> list[Operation]:
        """Fields have no ids and may share names: what takes a change back is the whole title block as it was."""
        before = self._title_block
        if operation.part == "title_block":
            if not isinstance(operation, Put):
                raise InputError("the title block as a whole can only be put.")
            self._title_block = None if operation.value is None else TitleBlock.model_validate(operation.value)
        else:
            self._parts["fields"] = [*before.fields] if before else []
            self._change_fields(operation)
            fields = cast(tuple[TitleField, ...], tuple(self._parts.pop("fields")))
            if before is None and not fields:
                return []
            self._title_block = TitleBlock(box=before.box if before else fields[0].box, fields=fields)
        value = None if before is None else cast(dict[str, JsonValue], before.model_dump(mode="json"))
        return [Put(op="put", part="title_block", value=value)]

    def _change_fields(self, operation: Operation) -> None:
        if isinstance(operation, Add):
            self._add(operation)
        elif isinstance(operation, Change):
            self._replace("fields", operation.id, operation.value)
        elif isinstance(operation, Remove):
            self._parts["fields"].pop(self._find("fields", operation.id))
        elif isinstance(operation, Accept):
            for name in operation.ids:
                self._accept("fields", name)
        else:
            self._put("fields", operation)


def _read(part: Part, value: dict[str, JsonValue]) -> Element:
    return _KINDS[part].model_validate(value)


def _put(part: Part, element: Element, *, at: int | None = None) -> Put:
    return Put(op="put", part=part, value=element.model_dump(mode="json"), at=at)


def _changed(part: Part, element: Element, value: dict[str, JsonValue]) -> Element:
    for key in _NAMED_BY.get(part, ("id",)):
        if key in value and value[key] != getattr(element, key):
            raise InputError(f"{key!r} is what {name_of(part, element)!r} is found by and cannot be changed.")
    return type(element).model_validate({**element.model_dump(mode="json"), **value})


def _by_person(element: Element) -> Element:
    """The element with the marks of a person's word."""
    sure = _sure(element)
    if isinstance(sure, Symbol) and "person" not in sure.found_by:
        return sure.model_copy(update={"found_by": (*sure.found_by, "person")})
    return sure.model_copy(update={"edited": True}) if isinstance(sure, TitleField) else sure


def _sure(element: Element) -> Element:
    """The element with the score 1; a table's cells have it instead."""
    if isinstance(element, Table):
        return element.model_copy(update={"cells": tuple(c.model_copy(update={"score": 1.0}) for c in element.cells)})
    return element.model_copy(update={"score": 1.0})


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}." if where else f"{first['msg']}."
