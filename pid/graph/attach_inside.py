"""Lettering in and at symbols that hold it: bubbles, flags, nozzle boxes, motor circles.

ISA letters over a number make a bubble's tag ("PT" over "92521" is PT-92521). Its area code stands outside its upper
left, its alarm letters at its sides. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol
from pid.geometry import as_boxes
from pid.graph.grammar import Reading
from pid.graph.lettering import Lettering

FLANK = 34.0
"""Area codes and alarm letters stand within this distance of the middle of their text to the bubble's box."""
AREA_CODE = re.compile(r"\d{2,3}")
ALARMS = re.compile(r"A?(?:H{1,3}|L{1,3})|S(?:HH?|LL?)|H L|C|P|S|D")
"""Alarm limits and the letters that tell which system (process, safety, ...) holds a function."""
HOLDERS = ("instrument", "connector", "nozzle", "actuator", "other", "fitting", "valve")
"""Groups whose symbols may hold lettering of their own, unlike equipment, which other things stand in."""
FEWEST_FIGURES = 2
"""A string in a bubble is letters and number in one when its number has so many figures: P1C is PIC misread."""
MOST_HELD = 0.2
"""A symbol that others stand in (a package outline) holds no lettering where it covers this share of the sheet."""


def own_inside(lettering: Lettering) -> None:
    """Give the words inside symbols to these, smallest symbols first, and name bubbles, flags and nozzles by them."""
    boxes, middles = lettering.symbol_boxes, lettering.middles
    if not len(boxes) or not len(middles):
        return
    above = np.asarray(middles[None] > boxes[:, None, :2], bool)
    below = np.asarray(middles[None] < boxes[:, None, 2:], bool)
    inside: NDArray[np.bool_] = np.asarray((above & below).all(axis=2))
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for s in np.argsort(areas, kind="stable").tolist():
        symbol = lettering.symbols[s]
        if symbol.group not in HOLDERS or _encloses(boxes, s):
            continue
        mine = [w for w in np.flatnonzero(inside[s]).tolist() if lettering.is_free(w)]
        mine.sort(key=lambda w: (lettering.words[w].box[1] + lettering.words[w].box[3], lettering.words[w].box[0]))
        if symbol.group in ("valve", "fitting"):
            mine = [w for w in mine if len(lettering.words[w].text.strip()) <= 2]
        for w in mine:
            lettering.give(w, symbol.id)
        if mine:
            _name(lettering, symbol, mine)
    _own_flanks(lettering)


def _encloses(boxes: NDArray[np.float64], s: int) -> bool:
    """Whether other symbols' middles lie inside a symbol's box, as in a package outline."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    clear = np.minimum(middles - boxes[s, :2], boxes[s, 2:] - middles).min(axis=1) > 0
    smaller = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) < MOST_HELD * (boxes[s, 2:] - boxes[s, :2]).prod()
    return int(np.count_nonzero(clear & smaller)) > 1


def _name(lettering: Lettering, symbol: Symbol, mine: Sequence[int]) -> None:
    """The tag that the words in a symbol make."""
    if symbol.group == "instrument":
        found = bubble_tag(lettering, mine)
        if found is not None:
            lettering.set_tag(symbol, *found)
    elif symbol.group == "nozzle":
        readings = [lettering.read(w, "nozzle") for w in mine]
        reading = next((r for r in readings if r is not None), None)
        if reading is not None:
            lettering.set_tag(symbol, reading.text, reading)
    elif symbol.group == "connector":
        numbers = [lettering.read(w, "sheet_number") for w in mine]
        reading = next((r for r in numbers if r is not None), None)
        texts = [lettering.words[w].text.strip() for w in mine]
        figured = [t for t in texts if any(c.isdigit() for c in t)]
        lettering.set_tag(symbol, reading.text if reading else max(figured or texts, key=len), reading)


def bubble_tag(lettering: Lettering, mine: Sequence[int]) -> tuple[str, Reading] | None:
    """Tag and reading of the words in a bubble, in reading order.

    A number may repeat the measured variable (``FIC`` over ``F0001``): it is a number where letters stand over it, and
    a tag in one string where it stands alone.
    """
    for w in mine:
        for over in _function_letters(lettering, mine, w):
            letters, number = _letters(lettering, over), _number(lettering, w)
            if letters is not None and number is not None:
                raw = f"{lettering.words[over].text.strip()}-{lettering.words[w].text.strip()}"
                text = f"{letters}-{number}"
                return text, Reading("instrument", text, raw, "bubble", {"letters": letters, "number": number})
    for w in mine:
        whole = lettering.read(w, "kks") or lettering.grammar.read(lettering.words[w].text, "instrument", repair=False)
        if whole is not None and sum(c.isdigit() for c in whole.parts["number"]) >= FEWEST_FIGURES:
            return _written(whole), whole
    return None


def _function_letters(lettering: Lettering, mine: Sequence[int], number: int) -> list[int]:
    """The words before a number in reading order that may be its letters: alarm limits last, then the most centred."""
    before = mine[: list(mine).index(number)]
    x = lettering.middles[number][0]

    def rank(w: int) -> tuple[bool, float]:
        return ALARMS.fullmatch(lettering.words[w].text.strip()) is not None, abs(float(lettering.middles[w][0] - x))

    return sorted((w for w in before if _number(lettering, w) is None), key=rank)


def _written(reading: Reading) -> str:
    if reading.kind == "kks":
        return reading.text
    return f"{reading.parts['letters']}-{reading.parts['number']}"


def _letters(lettering: Lettering, w: int) -> str | None:
    """Function letters, with figures that only letters can be (P1C) put right where ISA-5.1 then reads them."""
    text = lettering.words[w].text.strip()
    grammar = lettering.grammar
    if grammar.read(text, "letters", repair=False) is not None:
        return text
    if not text or not any(c.isdigit() for c in text) or text.isdigit() or len(text) < 2:
        return None
    options = {""}
    for c in text:
        options = {o + a for o in options for a in ((c,) if c.isalpha() else grammar.alike.get(c, ""))}
    good = [o for o in options if o.isupper() and grammar.is_isa(o)]
    return good[0] if len(good) == 1 else None


def _number(lettering: Lettering, w: int) -> str | None:
    """A loop number; letters among its figures are put right where one way alone makes it a number."""
    text = lettering.words[w].text.replace(" ", "")
    grammar = lettering.grammar
    if grammar.read(text, "loop_number", repair=False) is not None:
        return text
    if sum(c.isdigit() for c in text) < 2:
        return None
    good = {
        text[:i] + other + text[i + 1 :]
        for i, c in enumerate(text)
        if not c.isdigit()
        for other in grammar.alike.get(c, "")
        if grammar.read(text[:i] + other + text[i + 1 :], "loop_number", repair=False) is not None
    }
    return good.pop() if len(good) == 1 else None


def _own_flanks(lettering: Lettering) -> None:
    """Give area codes and alarm letters to the bubble that they stand at."""
    bubbles = [s for s in lettering.symbols if s.group == "instrument"]
    free = [w for w in lettering.free_words() if _flanking(lettering.words[w].text)]
    if not bubbles or not free:
        return
    boxes = as_boxes([s.box for s in bubbles])
    for w in free:
        middle = lettering.middles[w]
        gap = np.maximum(np.maximum(boxes[:, :2] - middle, middle - boxes[:, 2:]), 0)
        distance = np.hypot(gap[:, 0], gap[:, 1])
        best = int(np.argmin(distance))
        if distance[best] <= FLANK * lettering.scale:
            lettering.give(w, bubbles[best].id)
            text = lettering.words[w].text.strip()
            if AREA_CODE.fullmatch(text):
                lettering.attributes[bubbles[best].id].setdefault("area", text)


def _flanking(text: str) -> bool:
    text = text.strip()
    return bool(AREA_CODE.fullmatch(text) or ALARMS.fullmatch(text))
