"""What the overlays of a drawing have in common: layers, colours, and what to say of an element."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

from pid.drawing import GROUPS, Drawing, Group, Line, Symbol, Word

LINE_LAYERS = {"process": "LINES_PROCESS", "signal": "LINES_SIGNAL"}
WORD_LAYER = "WORDS"
LEAST_SURE = 0.8
"""Elements that score less are drawn dashed: look at them first."""
_LINE_HUES = {"process": 0.83, "signal": 0.58}
_GREY = (90, 90, 90)


def layer_of(element: Symbol | Line | Word) -> str:
    """The layer of an element: one a symbol group, one a line kind, one for words."""
    if isinstance(element, Symbol):
        return f"SYMBOLS_{element.group.upper()}"
    if isinstance(element, Line):
        return LINE_LAYERS.get(element.kind, "LINES_OTHER")
    return WORD_LAYER


def layers(drawing: Drawing) -> list[str]:
    """The layers that a drawing fills: lines first, then symbols in the order of the groups, then words."""
    used = {layer_of(element) for element in elements(drawing)}
    order = [*LINE_LAYERS.values(), "LINES_OTHER", *(f"SYMBOLS_{group.upper()}" for group in GROUPS), WORD_LAYER]
    return [name for name in order if name in used]


def elements(drawing: Drawing) -> Iterator[Symbol | Line | Word]:
    """Lines, symbols and words, in the order in which they are drawn."""
    yield from drawing.lines
    yield from drawing.symbols
    yield from drawing.words


def group_rgb(group: Group) -> tuple[int, int, int]:
    """Colour of a symbol group, 0..255: evenly spread hues."""
    return _rgb(GROUPS.index(group) / len(GROUPS))


def element_rgb(element: Symbol | Line | Word) -> tuple[int, int, int]:
    """Colour of an element, 0..255."""
    if isinstance(element, Symbol):
        return group_rgb(element.group)
    if isinstance(element, Line):
        return _rgb(_LINE_HUES.get(element.kind, 0.45))
    return _GREY


def _rgb(hue: float) -> tuple[int, int, int]:
    r, g, b = colorsys.hsv_to_rgb(hue, 0.95, 0.8)
    return round(255 * r), round(255 * g), round(255 * b)


def describe(element: Symbol | Line | Word) -> str:
    """One line on an element: what it is, its tag, how sure that is."""
    if isinstance(element, Symbol):
        name = element.kind if element.kind != "unknown" else f"unknown {element.group}"
        parts = [name.replace("_", " "), element.tag or ""]
    elif isinstance(element, Line):
        parts = [f"{element.kind} line", element.style if element.style != "solid" else "", element.line_number or ""]
    else:
        parts = [element.text]
    return " ".join(part for part in [*parts, f"({element.score:.2f})"] if part)


def outline(element: Symbol | Word) -> list[tuple[float, float]]:
    """The four corners of an element's box, in sheet pixels: left top, right top, right bottom, left bottom."""
    x0, y0, x1, y1 = element.box
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
