"""Grey pens, as where a drawing program's colours or screened layers are rendered without colour.

A rendered PDF of a CAE system has lettering and equipment near black, its pipes and symbols in greys of 60 to 150.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pid.synth.ink import BLACK, Color, Ink, Lettering, Stroke

GREY_SHARE = 0.35
"""Of sheets; on the others all ink is black."""
GREY_OF_CLASS = 0.6
"""Share of the classes of marks that are grey on such a sheet."""
DARKEST, LIGHTEST = 40, 150
LIGHTEST_TEXT = 110
"""Lettering is seldom as light as lines: it must be read."""


def shade_ink(ink: Ink, rng: np.random.Generator) -> Ink:
    """The sheet with pipes, signals, symbols, equipment and lettering each in a grey of its own, or as it is.

    Only black marks change; fills of "paper" stay white. The truth is the same: no mark moves or changes its width.
    """
    if rng.random() >= GREY_SHARE:
        return ink
    greys: dict[str, Color] = {}

    def grey_of(mark: Stroke | Lettering) -> Color:
        name = _class_of(mark)
        if name not in greys:
            lightest = LIGHTEST_TEXT if isinstance(mark, Lettering) else LIGHTEST
            level = int(rng.integers(DARKEST, lightest)) if rng.random() < GREY_OF_CLASS else 0
            greys[name] = (level, level, level)
        return greys[name]

    return replace(ink, marks=tuple(replace(m, color=grey_of(m)) if m.color == BLACK else m for m in ink.marks))


def _class_of(mark: Stroke | Lettering) -> str:
    """The class that shares a pen: lettering, equipment, pipes, signals, symbols, and the rest."""
    if isinstance(mark, Lettering):
        return "lettering of symbols" if mark.element else "lettering"
    if mark.layer in ("vessel", "separator", "heat_exchanger", "pump", "compressor", "nozzle", "internals"):
        return "equipment"
    if mark.layer in ("process", "signal", "header"):
        return mark.layer
    return "symbols" if mark.element else "rest"
