"""Every text of the pages is there in every language."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pid.web
from pid.web.models import ROLES
from pid.web.pages.i18n import LANGUAGES, words
from pid.web.pages.review_texts import KEYS, TABS, TOOLS
from pid.web.pages.views import SECTIONS

from .conftest import Site

WEB = Path(pid.web.__file__).parent
SOURCES = [
    *(p for p in (WEB / "static" / "js").rglob("*.js")),
    *(p for p in (WEB / "templates").glob("*.html") if p.name != "api_docs.html"),
]
OTHERS = sorted(set(LANGUAGES) - {"en"})
_CALL = re.compile(r"""\bt\(\s*(["'])((?:(?!\1).)*)\1""")
_HOLES = re.compile(r"\{\w+\}")


def texts() -> set[str]:
    """What templates and modules ask to be translated, and the texts of constants that they are given."""
    found = {match[2] for path in SOURCES for match in _CALL.finditer(path.read_text(encoding="utf-8"))}
    constants = [*(title for _, title, _ in TOOLS), *(title for _, title in TABS), *(what for _, what in KEYS)]
    return found | set(constants) | set(SECTIONS.values()) | set(ROLES)


def test_texts_are_found_in_the_sources() -> None:
    assert {"Sign in", "Accept", "{n} to review", "Add a symbol", "Taught symbols"} <= texts()
    assert len(SOURCES) > 30


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    assert texts() - set(words(language)) == set()


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_the_places_of_values(language: str) -> None:
    for english, other in words(language).items():
        assert sorted(_HOLES.findall(english)) == sorted(_HOLES.findall(other)), english


def test_pages_are_in_the_readers_language(site: Site, review: Callable[..., Any]) -> None:
    page = review(language="ko-KR")
    assert page.get_attribute("html", "lang") == "ko"
    assert page.inner_text("#tab-review") == "검토"
    page.keyboard.press("j")
    assert "확정" in page.inner_text("#card .actions")
    page.click(".languages >> text=EN")
    page.wait_for_selector("body[data-ready]")
    assert page.inner_text("#tab-review") == "Review"
    assert page.url.startswith(site.review)
