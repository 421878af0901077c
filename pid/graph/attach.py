"""Whose lettering it is: tags to symbols, line numbers to lines.

A *tag* names a symbol: ISA letters over a number in a bubble ("PT" over "92521" is PT-92521), or a valve's, nozzle's or
equipment's number beside it. A *line number* names a pipe: size, service, sequence and class, joined by hyphens, or by
blanks in German practice. Lengths are for a sheet 5000 px wide, multiplied by `scale`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Line, Symbol, Word
from pid.geometry import as_boxes, distance_to_segments
from pid.graph.symbol_index import HOSTS, PASSED

Array = NDArray[np.float64]

LETTERS = re.compile(r"^[A-Z]{1,6}[a-z]?$")
"""Function letters of a bubble: PT, LIC, PICSA, PDT, HSxy."""
NUMBER = re.compile(r"^\d{1,6}(?:[.\-/]?[\dA-Z]{1,4}){0,3}$")
"""Loop number of a bubble: 92521, 4750.03, 92529-02, 92521A."""
BUBBLE_TAG = re.compile(r"^([A-Z]{1,6})[-\s]?(\d[\dA-Z.\-/]*)$")
EQUIPMENT_TAG = re.compile(r"^(?:\d{1,3}[-.]?)?[A-Z]{1,4}[-.]?\d{2,6}(?:[-.]?[A-Z\d]{1,3})?$")
"""P4711, T4750, 23-VG-9101, E-101A."""
VALVE_TAG = re.compile(r"^(?:\d{1,3}-)?[A-Z]{1,4}[- ]?\d{3,6}(?:[.\-][\dA-Z]{1,3})?[A-Z]?$")
"""23-V-90311, PV4712.02, HV-101A."""
NOZZLE_TAG = re.compile(r"^[A-Z]{1,2}\d{1,3}[A-Z]?$")
"""N1, N10A, M2."""
LINE_NUMBER = re.compile(
    r"""^(?:
        [\d/.]{1,7}(?:"|''|”|in|mm)-[A-Z]{1,4}-[A-Z\d.]+(?:-[A-Z\d]+)*                       # 10"-MS-1002-D1B
        | \d{1,4}-[A-Z]{1,4}-[A-Z\d]*\d[A-Z\d]*(?:-[A-Z\d"]+)+                             # 0200-PL-23L91374-AD20-0
        | [A-Z]{1,4}[a-z]?[ ]\d{4,6}[ ]\w{3,8}[ ]\d{2,4}(?:[ ][A-Z][ ]?\d{1,3})?            # MNb 47121 75HB13 80
        | [A-Z]{1,4}-\d{3,6}-\d{1,4}(?:"|mm)?-[A-Z\d]{2,8}(?:-[A-Z\d]{1,4})?                # MS-1002-150-D1B
    )$""",
    re.VERBOSE,
)
TAG_REACH = 110.0
"""A tag beside its symbol is no further off."""
OUTSIDE = 40.0
"""A tag outside of its equipment counts as so much further off than one inside."""
LINE_REACH = 90.0
"""A line number is no further off its line, unless a leader joins them."""
_TAGGED_BESIDE = {
    "valve": VALVE_TAG,
    "actuator": VALVE_TAG,
    "nozzle": NOZZLE_TAG,
    "pump": EQUIPMENT_TAG,
    "compressor": EQUIPMENT_TAG,
    "vessel": EQUIPMENT_TAG,
    "separator": EQUIPMENT_TAG,
    "heat_exchanger": EQUIPMENT_TAG,
}


def assign_words(
    words: Sequence[Word], symbols: Sequence[Symbol], lines: Sequence[Line], *, sheet_width: float
) -> tuple[tuple[Word, ...], tuple[Symbol, ...], tuple[Line, ...]]:
    """Give each word its owner, each symbol its tag and each line its number, as far as geometry and grammar tell.

    Tags and numbers that are there already stay. Words that name nothing keep no owner.
    """
    scale = sheet_width / 5000.0
    owners: dict[str, str] = {}
    tags = _bubble_tags(words, symbols, owners)
    tags |= _tags_beside(words, symbols, owners, tags, scale)
    numbers = _line_numbers(words, lines, owners, scale)
    return (
        tuple(w.model_copy(update={"owner": owners[w.id]}) if w.id in owners else w for w in words),
        tuple(s.model_copy(update={"tag": tags[s.id]}) if s.tag is None and s.id in tags else s for s in symbols),
        tuple(
            line.model_copy(update={"line_number": numbers[line.id]})
            if line.line_number is None and line.id in numbers
            else line
            for line in lines
        ),
    )


def is_line_number(text: str) -> bool:
    """Whether a string reads as a line number."""
    return bool(LINE_NUMBER.match(" ".join(text.split())))


def _middles(words: Sequence[Word]) -> Array:
    boxes = as_boxes([w.box for w in words])
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2)


def _bubble_tags(words: Sequence[Word], symbols: Sequence[Symbol], owners: dict[str, str]) -> dict[str, str]:
    """Tags of bubbles, flags and boxes from the words inside them, read top to bottom."""
    tags: dict[str, str] = {}
    middles = _middles(words)
    inner = [s for s in symbols if s.group in ("instrument", "connector", "nozzle")]
    for symbol in sorted(inner, key=lambda s: (s.box[2] - s.box[0]) * (s.box[3] - s.box[1])):
        x0, y0, x1, y1 = symbol.box
        inside = (middles[:, 0] > x0) & (middles[:, 0] < x1) & (middles[:, 1] > y0) & (middles[:, 1] < y1)
        mine = [words[i] for i in np.flatnonzero(inside).tolist() if words[i].id not in owners]
        if not mine:
            continue
        mine.sort(key=lambda w: (w.box[1] + w.box[3], w.box[0]))
        tag = _bubble_tag([w.text.strip() for w in mine]) if symbol.group == "instrument" else None
        if symbol.group == "nozzle":
            tag = next((w.text for w in mine if NOZZLE_TAG.match(w.text)), None)
        elif symbol.group == "connector":
            tag = max((w.text for w in mine), key=len)
        owners.update((w.id, symbol.id) for w in mine)
        if tag:
            tags[symbol.id] = tag
    return tags


def _bubble_tag(texts: Sequence[str]) -> str | None:
    """The tag that the strings in a bubble make: letters and the number under them, joined by a hyphen."""
    for text in texts:
        whole = BUBBLE_TAG.match(text.replace(" ", ""))
        if whole:
            return f"{whole[1]}-{whole[2].lstrip('-')}"
    for i, text in enumerate(texts):
        if not LETTERS.match(text):
            continue
        for below in texts[i + 1 :]:
            if NUMBER.match(below.replace(" ", "")):
                return f"{text}-{below.replace(' ', '')}"
    return None


def _tags_beside(
    words: Sequence[Word], symbols: Sequence[Symbol], owners: dict[str, str], known: dict[str, str], scale: float
) -> dict[str, str]:
    """Tags of valves, nozzles and equipment from the lettering next to (or in) them, nearest first, one each."""
    offers = []
    for s, symbol in enumerate(symbols):
        grammar = _TAGGED_BESIDE.get(symbol.group)
        if grammar is None or symbol.id in known or symbol.group in PASSED:
            continue
        for w, word in enumerate(words):
            text = word.text.strip()
            if word.id in owners or is_line_number(text) or not grammar.match(text):
                continue
            if _box_distance(symbol.box, word.box) <= TAG_REACH * scale:
                offers.append((_tag_cost(symbol, word, scale), s, w))
    tags: dict[str, str] = {}
    for _, s, w in sorted(offers):
        if symbols[s].id not in tags and words[w].id not in owners:
            tags[symbols[s].id] = words[w].text.strip()
            owners[words[w].id] = symbols[s].id
    return tags


def _tag_cost(symbol: Symbol, word: Word, scale: float) -> float:
    """How ill a tag stands by a symbol: its distance, and half of how far the two are off a common axis.

    Equipment is large: its tag stands anywhere inside, or else near.
    """
    x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    if symbol.group in HOSTS:
        outside = _box_distance(symbol.box, (x, y, x, y))
        return outside + OUTSIDE * scale if outside else 0.0
    dx = abs(x - (symbol.box[0] + symbol.box[2]) / 2)
    dy = abs(y - (symbol.box[1] + symbol.box[3]) / 2)
    return _box_distance(symbol.box, word.box) + 0.5 * min(dx, dy)


def _box_distance(a: Sequence[float], b: Sequence[float]) -> float:
    """Distance between two boxes, 0 where they overlap."""
    dx = max(a[0] - b[2], b[0] - a[2], 0.0)
    dy = max(a[1] - b[3], b[1] - a[3], 0.0)
    return float(np.hypot(dx, dy))


def _line_numbers(words: Sequence[Word], lines: Sequence[Line], owners: dict[str, str], scale: float) -> dict[str, str]:
    """Numbers of lines: each goes to the nearest parallel part of a pipe, and from there to the lines that run on."""
    numbers: dict[str, str] = {}
    pieces = [
        (i, *a, *b) for i, line in enumerate(lines) for a, b in zip(line.points[:-1], line.points[1:], strict=True)
    ]
    if not pieces:
        return numbers
    table = np.array(pieces, np.float64)
    lengths = np.hypot(table[:, 3] - table[:, 1], table[:, 4] - table[:, 2])
    level = np.abs(table[:, 3] - table[:, 1]) >= np.abs(table[:, 4] - table[:, 2])
    process = np.array([line.kind != "signal" for line in lines])[table[:, 0].astype(int)]
    votes: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for word in words:
        if word.id in owners or not is_line_number(word.text):
            continue
        x0, y0, x1, y1 = word.box
        lies_level = round(word.angle / 90) % 2 == 0
        middle = np.array([[(x0 + x1) / 2, (y0 + y1) / 2]])
        distance = distance_to_segments(middle, table[:, 1:])[0] + 40 * scale * ~process
        good = np.flatnonzero((level == lies_level) & (lengths > 20 * scale) & (distance <= LINE_REACH * scale))
        if len(good):
            best = good[np.argmin(distance[good])]
            line = lines[int(table[best, 0])]
            owners[word.id] = line.id
            votes[line.id].append((float(distance[best]), " ".join(word.text.split())))
    for name, found in votes.items():
        numbers[name] = min(found)[1]
    return numbers
