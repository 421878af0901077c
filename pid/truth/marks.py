"""What people said of a base truth: this is right, that is wrong, this is noise; who, and when.

Terms of art: the *base* is the drawing that recognition wrote; a *mark* is one person's say on one of its elements.
``right``: the element is true as it is. ``wrong``: it is there, but not so; with `value` the mark says how it is, and
without one the sheet cannot be accepted. ``noise``: nothing is there (a stain, lettering taken for a symbol).
``missing``: the base lacked an element, which is `value`. Marks lie beside the drawing, so that the drawing stays a
plain `Drawing`; they keep what the base said of a wrong element, which the truth no longer shows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from pid.drawing import Line, Symbol, Table, Word
from pid.errors import InputError

SCHEMA = "pid-marks/1"
Verdict = Literal["right", "wrong", "noise", "missing"]
Lists = Literal["symbols", "lines", "words", "tables"]
LISTS: tuple[Lists, ...] = ("symbols", "lines", "words", "tables")
_MODELS: dict[Lists, type[Symbol | Line | Word | Table]] = {
    "symbols": Symbol, "lines": Line, "words": Word, "tables": Table,
}  # fmt: skip


class Mark(BaseModel):
    """One person's say on one element."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    element: str
    """The element's id."""
    verdict: Verdict
    who: str = Field(min_length=1)
    when: str
    """ISO 8601 in UTC."""
    part: Lists = "symbols"
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
        raise InputError(
            f"{path} is not a file of marks: {'.'.join(map(str, first['loc']))}: {first['msg']}."
        ) from error


def now() -> str:
    """This moment as marks write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
