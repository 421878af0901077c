"""Lists in parts: each part ends in a cursor from which the next one starts, whatever has been added meanwhile."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from pid.errors import InputError

Row = TypeVar("Row")
MAX_LIMIT = 500
DEFAULT_LIMIT = 50


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """A part of a list; `next_cursor` is None at its end."""

    items: Sequence[Row]
    next_cursor: str | None


def newest_first(
    session: Session,
    query: Select[Row],
    *,
    created: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[str],
    cursor: str | None,
    limit: int,
) -> Slice[Row]:
    """The next `limit` rows of a query, latest first; `key` orders rows of one time."""
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor:
        time, last = _decode(cursor)
        query = query.where(or_(created < time, and_(created == time, key < last)))
    rows = session.scalars(query.order_by(created.desc(), key.desc()).limit(limit + 1)).all()
    if len(rows) <= limit:
        return Slice(rows, None)
    end: Any = rows[limit - 1]
    return Slice(rows[:limit], _encode(getattr(end, created.key), getattr(end, key.key)))


def _encode(time: datetime, key: str) -> str:
    return base64.urlsafe_b64encode(f"{time.isoformat()} {key}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        time, key = text.split(" ")
        return datetime.fromisoformat(time), key
    except (ValueError, binascii.Error) as error:
        raise InputError("The cursor is not one that was given out.") from error
