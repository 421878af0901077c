"""What an office sets: take-off rules, prices, how its tags are written, what is checked, thresholds.

Each setting is one text. A project's own goes before the installation's, and that before the shipped one. A text is
read before it is kept, so that one that cannot be used never gets in.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pid.errors import InputError
from pid.estimate.prices import PriceBook, read_prices
from pid.estimate.rules import TakeoffRules, read_rules
from pid.graph.check import load_rules
from pid.graph.check_rules import CheckRules
from pid.graph.grammar import Grammar, load_grammar
from pid.resources import data_path
from pid.web.files import temporary_folder
from pid.web.store import Store
from pid.web.store_projects import ACCEPT_SCORE, REVIEW_SCORE

SettingName = Literal["rules", "prices", "lexicons", "checks", "thresholds"]
SETTING_NAMES: tuple[SettingName, ...] = get_args(SettingName)
LONGEST_TEXT = 5_000_000
KEPT_READINGS = 32
_FILES: dict[SettingName, str] = {
    "rules": "takeoff.toml", "prices": "prices.csv", "lexicons": "tags.toml", "checks": "checks.toml",
    "thresholds": "thresholds.json",
}  # fmt: skip
T = TypeVar("T")


class Thresholds(BaseModel):
    """Scores of new projects: from `accept` on elements are right, below `review` they are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    accept: float = Field(default=ACCEPT_SCORE, ge=0, le=1)
    review: float = Field(default=REVIEW_SCORE, ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if self.review > self.accept:
            raise ValueError("review is above accept")
        return self


def setting_text(store: Store, name: SettingName, project_id: str | None = None) -> str:
    """The text that holds for a project, or for the installation."""
    own = store.setting(name, project_id=project_id) if project_id else None
    text = own if own is not None else store.setting(name)
    return shipped_text(name) if text is None else text


def shipped_text(name: SettingName) -> str:
    """The text that comes with the package; without a price book of one's own there are no prices."""
    if name == "prices":
        return ""
    if name == "thresholds":
        return Thresholds().model_dump_json(indent=1)
    return data_path("rules", _FILES[name]).read_text("utf-8")


def keep_setting(store: Store, name: SettingName, text: str | None, project_id: str | None = None) -> None:
    """Keep a text, or (None) go back to what held before. Raises `InputError` for one that cannot be used."""
    if text is not None:
        if len(text) > LONGEST_TEXT:
            raise InputError(f"{_FILES[name]} is longer than {LONGEST_TEXT} characters.")
        if "\0" in text:
            raise InputError(f"{_FILES[name]} is no text.")
        _READERS[name](text)
    store.set_setting(name, text, project_id=project_id)


def takeoff_rules(store: Store, project_id: str) -> TakeoffRules:
    """The take-off rules of a project."""
    return _rules(setting_text(store, "rules", project_id))


def price_book(store: Store, project_id: str) -> PriceBook:
    """The price book of a project; empty where there is none."""
    return _prices(setting_text(store, "prices", project_id))


def tag_grammar(store: Store, project_id: str) -> Grammar:
    """How tags are written in a project."""
    return _grammar(setting_text(store, "lexicons", project_id))


def check_rules(store: Store, project_id: str) -> CheckRules:
    """What is checked in a project."""
    return _checks(setting_text(store, "checks", project_id))


def thresholds(store: Store) -> Thresholds:
    """Thresholds of new projects."""
    return _thresholds(setting_text(store, "thresholds"))


@lru_cache(maxsize=KEPT_READINGS)
def _rules(text: str) -> TakeoffRules:
    return _read("rules", text, read_rules)


@lru_cache(maxsize=KEPT_READINGS)
def _prices(text: str) -> PriceBook:
    return _read("prices", text, read_prices) if text.strip() else PriceBook(())


@lru_cache(maxsize=KEPT_READINGS)
def _grammar(text: str) -> Grammar:
    return _read("lexicons", text, load_grammar)


@lru_cache(maxsize=KEPT_READINGS)
def _checks(text: str) -> CheckRules:
    return _read("checks", text, load_rules)


def _thresholds(text: str) -> Thresholds:
    try:
        return Thresholds.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"thresholds.json cannot be used: {first['msg']}.") from error
    except ValueError as error:
        raise InputError(f"thresholds.json is not JSON: {error}.") from error


def _read(name: SettingName, text: str, read: Callable[[Path], T]) -> T:
    """Read a text by what reads its file; an error names the file as the user knows it."""
    with temporary_folder() as folder:
        path = folder / _FILES[name]
        path.write_text(text, encoding="utf-8")
        try:
            return read(path)
        except InputError as error:
            raise InputError(str(error).replace(f"{folder}/", "")) from error


_READERS: dict[SettingName, Callable[[str], object]] = {
    "rules": _rules, "prices": _prices, "lexicons": _grammar, "checks": _checks, "thresholds": _thresholds,
}  # fmt: skip
