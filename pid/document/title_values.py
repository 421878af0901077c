"""What the values of a title block's fields look like, and what is left of a text when it is read as one."""

from __future__ import annotations

import re
from collections.abc import Callable

MONTH = r"(?:[A-Z]{3,9}|[0-3]?\d)"
DATE = re.compile(
    rf"(?:\d{{4}}|[0-3]?\d)\s?[-./ ]\s?{MONTH}\s?[-./ ,]\s?(?:\d{{4}}|\d{{2}})|[A-Z]{{3,9}}\.?\s+\d{{1,2}},?\s+\d{{4}}"
    r"|[0-3]?\d[A-Z]{3}\d{2,4}|\d{4}\s?년\s?\d{1,2}\s?월\s?\d{1,2}\s?일",
    re.IGNORECASE,
)
"""2017-08-08, 08.03.06, 16-JAN-92, 2015.04.17, 04/17/2015, MAR 3, 2010, 19Mar09."""
_REVISION = re.compile(r"[A-Z]?\d{1,3}[A-Z]?|[A-Z]{1,2}\d?|-", re.IGNORECASE)
_SCALE = re.compile(
    r"\d+(?:[.,]\d+)?\s?[:/]\s?\d+|NONE|N\.?T\.?S\.?|N\.?/?A\.?|-+|OHNE|UTEN|없음|\d+\s?%", re.IGNORECASE
)
_SIZE = re.compile(r"(?:ISO|ANSI|DIN)?\s?(?:A[0-5]|[A-F]|ARCH\s?[A-F])\b", re.IGNORECASE)
_SHEET = re.compile(r"\d{1,4}[A-Z]?(?:\s?(?:OF|/|VON|AV|중|-)\s?\d{1,4})?|[A-Z]\d{0,3}|-", re.IGNORECASE)
_CODE = re.compile(r"[^\s].*\d.*|\d")
_FIRMS = re.compile(
    r"\b(?:LTD|INC|GMBH|AG|AS|CO|CORP|LLC|PLC|S\.?A|B\.?V|ENGINEER\w*|COMPANY|PLANT|GROUP|CONTRACTORS?|PROCESS|OIL|GAS|"
    r"PARTNERS|REFINING|ENERGY|POWER|UTILITIES|WATER|CHEMICALS?|PETROCHEM|PHARMA)\b|㈜|\(주\)",
    re.IGNORECASE,
)
_PERSON = re.compile(r"[A-Z]{2,4}|(?:[A-Z]\. ?)+\w[\w' -]+|[가-힣]{2,4}|[A-Z]{1,2}/[A-Z]{1,2}")
"""Initials, or a name after them, or a Korean name."""
LONGEST_PERSON = 28
LONGEST_NUMBER = 40


def is_firm(text: str) -> bool:
    """Whether a text names a company rather than a person."""
    return bool(_FIRMS.search(text))


def is_person(text: str) -> bool:
    """Whether a text is written as persons are on drawings."""
    return bool(_PERSON.fullmatch(without_date(text))) and not is_firm(text)


def find_date(text: str) -> str:
    """The first date in a text, as it is written; empty where there is none."""
    found = DATE.search(text)
    return found.group().strip() if found else ""


def without_date(text: str) -> str:
    """A text without its dates."""
    return " ".join(DATE.sub(" ", text).split())


def _matches(pattern: re.Pattern[str]) -> Callable[[str], float]:
    return lambda text: 1.0 if pattern.fullmatch(text.strip()) else 0.0


def _number(text: str) -> float:
    if not any(c.isdigit() for c in text) or len(text) > LONGEST_NUMBER or DATE.fullmatch(text):
        return 0.2 if any(c.isalnum() for c in text) and len(text) > 2 else 0.0
    return 1.0 if sum(c.isdigit() for c in text) >= 2 and len(text.split()) <= 6 else 0.7


def _person(text: str) -> float:
    if len(text) > LONGEST_PERSON or is_firm(text):
        return 0.0
    return 1.0 if sum(c.isalpha() for c in text) >= 2 or find_date(text) else 0.4


def _text(text: str) -> float:
    letters, digits = sum(c.isalpha() for c in text), sum(c.isdigit() for c in text)
    return 1.0 if letters >= 2 else 0.6 if letters + digits >= 2 else 0.1 * (letters + digits)


_FITS: dict[str, Callable[[str], float]] = {
    "number": _number,
    "text": _text,
    "revision": _matches(_REVISION),
    "date": lambda text: 1.0 if find_date(text) else 0.0,
    "person": _person,
    "scale": _matches(_SCALE),
    "size": lambda text: 1.0 if _SIZE.match(text.strip()) else 0.0,
    "sheet": _matches(_SHEET),
    "code": lambda text: 1.0 if _CODE.search(text) else 0.6 if text.strip() else 0.0,
}


def fits(kind: str, text: str) -> float:
    """How well a text can be a value of a type (`pid.document.labels.TYPES`): 0 not at all, 1 entirely."""
    return _FITS[kind](text) if text.strip() else 0.0
