"""Operations on a drawing: what a person did to it, as JSON.

Terms of art: a *part* is one of the drawing's lists; an *operation* changes one element of a part, found by its *name*:
its id, for a connection ``a|b`` (either way round), for a title-block field its field name. ``add``, ``change`` and
``accept`` are a person's word: what they touch gets the score 1, symbols the witness ``person``, fields the mark
``edited``. ``put`` sets an element as it is given: undo is made of puts and removals.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Part = Literal["symbols", "lines", "words", "connections", "tables", "fields"]
MOST_OPERATIONS = 5000
"""More in one edit than a person can have done: the whole list is refused."""


class _Operation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Add(_Operation):
    """A new element; without an id it gets one."""

    op: Literal["add"]
    part: Part
    value: dict[str, JsonValue]


class Change(_Operation):
    """New values for some keys of an element; its name stays."""

    op: Literal["change"]
    part: Part
    id: str
    value: dict[str, JsonValue]


class Remove(_Operation):
    """Take an element away. Connections of a removed symbol go with it, words of a removed element lose their owner."""

    op: Literal["remove"]
    part: Part
    id: str


class Accept(_Operation):
    """A person has looked at these elements and found them right."""

    op: Literal["accept"]
    part: Part
    ids: Annotated[tuple[str, ...], Field(max_length=100_000)]


class Put(_Operation):
    """An element exactly as given: in place of the one of its name, or inserted before position `at` (from 0)."""

    op: Literal["put"]
    part: Part | Literal["title_block"]
    value: dict[str, JsonValue] | None
    at: Annotated[int, Field(ge=0)] | None = None


Operation = Annotated[Add | Change | Remove | Accept | Put, Field(discriminator="op")]
