"""Nominal sizes, however a drawing writes them."""

from __future__ import annotations

import re
from fractions import Fraction

_DN_OF_INCH = {
    "1/4": 8, "3/8": 10, "1/2": 15, "3/4": 20, "1": 25, "5/4": 32, "3/2": 40, "2": 50, "5/2": 65, "3": 80, "4": 100,
    "5": 125, "6": 150, "8": 200, "10": 250, "12": 300, "14": 350, "16": 400, "18": 450, "20": 500, "24": 600,
    "28": 700, "30": 750, "32": 800, "36": 900, "40": 1000, "48": 1200,
}  # fmt: skip
"""ISO 6708 against ASME B36.10."""
_INCH = re.compile(
    r"""(?:(?P<whole>\d+)[-. ])?(?:(?P<part>\d+/\d+|\d+(?:\.\d+)?)\s*(?:"|in|''|″|”)|(?P<fraction>\d/\d))"""
)
"""A fraction is of an inch, with its mark or without."""
_HUNDREDTHS = re.compile(r"\d{4}")
"""Offshore line numbers write inches so: 0075 is 3/4 inch, 0200 is 2 and 3000 is 30 (DN 3000 there is none)."""
_METRIC = re.compile(r"(?:DN\s*)?0*(?P<dn>\d{1,4})(?:\s*mm)?", re.IGNORECASE)


def dn(size: str) -> float:
    """The nominal diameter in mm of a size as written (``DN 80``, ``0300``, ``3"``, ``1-1/2"``); 0 for no size."""
    text = size.strip()
    inch = _INCH.fullmatch(text)
    if inch:
        value = Fraction(inch["whole"] or 0) + Fraction(inch["part"] or inch["fraction"])
        return float(_DN_OF_INCH.get(str(value), round(float(value) * 25)))
    if _HUNDREDTHS.fullmatch(text):
        value = Fraction(int(text), 100)
        if value >= Fraction(1, 2) and str(value) in _DN_OF_INCH:
            return float(_DN_OF_INCH[str(value)])
    metric = _METRIC.fullmatch(text)
    return float(metric["dn"]) if metric else 0.0
