"""Languages of the pages. An English text is its own key; ``translations/LANGUAGE.json`` has the others.

The same dictionary serves templates and the modules in ``static/js`` (`words.js`).
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from flask import request

LANGUAGES = {"en": "English", "ko": "한국어"}
"""The languages by code, each by its own name."""
COOKIE = "pid-language"
_FOLDER = Path(__file__).parent / "translations"
_PLACE = re.compile(r"\{(\w+)\}")


@cache
def words(language: str) -> dict[str, str]:
    """What texts are called in a language; English has its keys alone."""
    path = _FOLDER / f"{language}.json"
    if language not in LANGUAGES or not path.is_file():
        return {}
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def language() -> str:
    """The language of the request: as chosen, else as the browser prefers."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(list(LANGUAGES), default="en") or "en"


def translate(text: str, **values: object) -> str:
    """A text in the language of the request; ``{name}`` is replaced by the value of that name."""
    found = words(language()).get(text, text)
    return _PLACE.sub(lambda m: str(values.get(m[1], m[0])), found)
