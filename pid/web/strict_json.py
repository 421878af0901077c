"""JSON as it is taken from outside: only what every part of the service, and every database, can hold."""

from __future__ import annotations

import json
from typing import Any

from flask.json.provider import DefaultJSONProvider

DEEPEST = 40
"""Levels of lists and objects in each other; a drawing has six."""


class StrictJson(DefaultJSONProvider):
    """Flask's JSON without NUL characters, halves of characters, numbers that are none, and endless nesting."""

    ensure_ascii = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Read JSON text. Raises `ValueError`."""
        try:
            value = json.loads(s, parse_constant=_refuse, **options)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        _check(value, 0)
        return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a NUL character")
        value.encode()  # a `UnicodeEncodeError` is a `ValueError`
    elif isinstance(value, dict):
        _check_depth(depth)
        for key, inner in value.items():
            _check(key, depth)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        _check_depth(depth)
        for inner in value:
            _check(inner, depth + 1)


def _check_depth(depth: int) -> None:
    if depth >= DEEPEST:
        raise ValueError("nested too deeply")
