"""What people said of a base truth: this is right, that is wrong, this is noise; who, and when.

Terms of art: the *base* is the drawing that recognition wrote; a *mark* is one person's say on one of its elements.
``right``: the element is true as it is. ``wrong``: it is there, but not so; with `value` the mark says how it is, and
without one the sheet cannot be accepted. ``noise``: nothing is there (a stain, lettering taken for a symbol).
``missing``: the base lacked an element, which is `value`. Marks lie beside the drawing, so that the drawing stays a
plain `Drawing`; they keep what the base said, which the truth no longer shows.

An element's *key* is its id; a connection's is ``A--B`` of its symbols' ids, a title-block field's its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from pid.drawing import Drawing
from pid.errors import InputError

Verdict = Literal["right", "wrong", "noise", "missing"]
Part = Literal["symbols", "lines", "connections", "words", "tables", "fields"]
PARTS: tuple[Part, ...] = ("symbols", "lines", "connections", "words", "tables", "fields")
UNSAID = frozenset({"score", "found_by", "owner"})
"""Fields that a person does not correct: two elements that differ in these only are the same."""


class Mark(BaseModel):
    """One person's say on one element."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Part
    element: str
    """The element's key."""
    verdict: Verdict
    who: str = Field(min_length=1)
    when: str
    """ISO 8601 in UTC."""
    value: dict[str, JsonValue] | None = None
    """Of a wrong element the fields that are otherwise, of a missing one all of them."""
    before: dict[str, JsonValue] | None = None
    """What the base said of a wrong element or of noise."""


class Marks(BaseModel):
    """All marks of a sheet, oldest first, and who accepted it as true as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["pid-marks/1"] = Field(default="pid-marks/1", alias="schema")
    marks: tuple[Mark, ...] = ()
    accepted: str | None = None
    """Who said that the sheet is true as it stands now."""
    accepted_when: str | None = None

    @property
    def open(self) -> tuple[Mark, ...]:
        """The elements that somebody found wrong and nobody has put right since."""
        last = {(m.part, m.element): m for m in self.marks}
        return tuple(m for m in last.values() if m.verdict == "wrong" and m.value is None)


def read_marks(path: Path) -> Marks:
    """Read a file of marks; no marks where there is no file."""
    if not path.exists():
        return Marks()
    try:
        return Marks.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path} is not a file of marks: {where}: {first['msg']}.") from error


def now() -> str:
    """This moment as marks write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def elements_of(drawing: Drawing) -> dict[tuple[Part, str], dict[str, Any]]:
    """The elements of a drawing as JSON objects, by part and key."""
    data = drawing.model_dump(mode="json", by_alias=True)
    data["fields"] = (data["title_block"] or {}).get("fields", [])
    return {(part, _key(part, item)): item for part in PARTS for item in data[part]}


def _key(part: Part, item: Mapping[str, Any]) -> str:
    if part == "connections":
        return "--".join(sorted((item["a"], item["b"])))
    return str(item["name" if part == "fields" else "id"])


def find_element(drawing: Drawing, key: str) -> tuple[Part, dict[str, Any]]:
    """The part and the JSON of the element with a key. Raises `InputError` where there is none."""
    for (part, name), item in elements_of(drawing).items():
        if name == key:
            return part, item
    raise InputError(f"{drawing.source.name} has no element {key!r}.")


def mark_element(
    drawing: Drawing,
    marks: Marks,
    key: str,
    verdict: Verdict,
    *,
    who: str,
    value: Mapping[str, Any] | None = None,
    part: Part = "symbols",
    when: str | None = None,
) -> tuple[Drawing, Marks]:
    """One more mark, and the drawing as it is then true; who marks an accepted sheet opens it again.

    Args:
        drawing: The truth as it stands.
        marks: What was said of it before.
        key: The element's key.
        verdict: What is said of it.
        who: Who says so.
        value: Of a wrong element the fields that are otherwise; of a missing one the whole element.
        part: Where a missing element belongs; others say it themselves.
        when: ISO 8601; this moment where it is not given.

    Raises:
        InputError: There is no such element, or the value makes no valid drawing.
    """
    before: dict[str, Any] | None = None
    if verdict != "missing":
        part, before = find_element(drawing, key)
    elif value is None:
        raise InputError(f"The missing element {key!r} needs a value.")
    changed = None if value is None else dict(value)
    mark = Mark(
        part=part, element=key, verdict=verdict, who=who, when=when or now(), value=changed,
        before=before if verdict in ("wrong", "noise") else None,
    )  # fmt: skip
    return apply_mark(drawing, mark), Marks(marks=(*marks.marks, mark))


def apply_mark(drawing: Drawing, mark: Mark) -> Drawing:
    """The drawing as a mark says it is. What hung on removed noise goes with it. Raises `InputError`."""
    data = drawing.model_dump(mode="json", by_alias=True)
    if mark.part == "fields" and data["title_block"] is None:
        raise InputError(f"{drawing.source.name} has no title block for the field {mark.element!r}.")
    holder = data["title_block"] if mark.part == "fields" else data
    items: list[dict[str, Any]] = holder[mark.part]
    if mark.verdict == "missing":
        items.append(_sure({"id": mark.element, **(mark.value or {})}, mark.part))
    elif mark.verdict == "noise":
        holder[mark.part] = [i for i in items if _key(mark.part, i) != mark.element]
        _drop_references(data, mark.element)
    else:
        value = mark.value if mark.verdict == "wrong" else {}
        if value is not None:
            holder[mark.part] = [
                _sure({**i, **value}, mark.part, corrected=bool(value)) if _key(mark.part, i) == mark.element else i
                for i in items
            ]
    return Drawing.from_dict(data, name=f"{drawing.source.name} as marked")


def _sure(item: dict[str, Any], part: Part, *, corrected: bool = True) -> dict[str, Any]:
    """An element that a person vouches for."""
    if part in ("connections", "fields"):
        item.pop("id", None)
    if part != "tables":
        item["score"] = 1.0
    if part == "symbols" and corrected:
        item["found_by"] = list(dict.fromkeys([*item.get("found_by", []), "person"]))
    return item


def _drop_references(data: dict[str, Any], gone: str) -> None:
    """Take what named an element out of a drawing's JSON."""
    data["connections"] = [c for c in data["connections"] if gone not in (c["a"], c["b"])]
    for connection in data["connections"]:
        connection["lines"] = [line for line in connection["lines"] if line != gone]
    for word in data["words"]:
        word["owner"] = None if word["owner"] == gone else word["owner"]
    data["findings"] = [f for f in data["findings"] if gone not in f["subjects"]]


def marks_between(base: Drawing, corrected: Drawing, *, who: str, when: str | None = None) -> tuple[Mark, ...]:
    """What a person who made `corrected` of `base` said: what they removed is noise, what they added was missing."""
    old, new, moment = elements_of(base), elements_of(corrected), when or now()
    marks = []
    for place in [*old, *(p for p in new if p not in old)]:
        before, after = old.get(place), new.get(place)
        if after is None:
            verdict: Verdict = "noise"
            value = None
        elif before is None:
            verdict, value = "missing", after
        else:
            value = {k: v for k, v in after.items() if k not in UNSAID and before.get(k) != v}
            if not value:
                continue
            verdict = "wrong"
        marks.append(
            Mark(part=place[0], element=place[1], verdict=verdict, who=who, when=moment, value=value, before=before)
        )
    return tuple(marks)


def accept(
    drawing: Drawing, marks: Marks, *, who: str, corrected: Drawing | None = None, when: str | None = None
) -> tuple[Drawing, Marks]:
    """The sheet as true as a whole: as it stands, or as a person has `corrected` it.

    Raises `InputError` where an element was found wrong and nobody said how it is.
    """
    moment = when or now()
    said: Iterable[Mark] = ()
    if corrected is not None:
        said = marks_between(drawing, corrected, who=who, when=moment)
        drawing = corrected
    whole = Marks(marks=(*marks.marks, *said))
    known = elements_of(drawing)
    left = [m.element for m in whole.open if (m.part, m.element) in known]
    if left and corrected is None:
        raise InputError(f"{drawing.source.name} cannot be accepted: nobody said how these are: {', '.join(left)}.")
    return _all_sure(drawing), whole.model_copy(update={"accepted": who, "accepted_when": moment})


def _all_sure(drawing: Drawing) -> Drawing:
    """Every element with a score of 1: an accepted sheet is true."""
    sure: dict[str, Any] = {
        part: tuple(e.model_copy(update={"score": 1.0}) for e in getattr(drawing, part))
        for part in ("symbols", "lines", "connections", "words")
    }
    return drawing.model_copy(update=sure)
