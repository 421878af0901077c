"""Flanges drawn as one bar at a valve's end: too thin for the networks, certain by where they stand.

Terms of art: an *end bar* is a stroke across the pipe, as broad as the valve and a narrow gap away from its end. A
pipe goes on from a flange and not from a blind one; bars on short stems at both ends are a flanged valve's own. A
*loose bar* is a stroke of ink that has neither a pipe nor a part in front of it: a dash of the surround of a valve, on
one side of its pipe.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.detect.end_strip import BAR_LENGTH, BEFORE, ONWARD, REACH, Bar, find_bar
from pid.drawing import Symbol
from pid.geometry import as_boxes, box_area, box_intersection, grown
from pid.paper import paper_grey
from pid.place_ports import place_ports

SLENDER = 1.4
"""A valve's ends are the short sides of a box at least so many times longer than broad."""
BAR_SCORE = 0.75
TAKEN = 0.5
"""A bar apart from the end bar with so much of its box in the valve's is the valve's own end."""
BESIDE = 0.3
"""Bars this near to one another are one flange."""
BAR_KINDS = ("flange", "blind_flange", "restriction_orifice", "cap")
BAR_ASPECT = 3.0
FACING, FACING_SHARE = 0.6, 0.5
"""A part stands in front of a bar within this share of the bar's length, with this share of its length."""
IN_LINE = ("valve", "fitting", "reducer", "nozzle")
INK_SHARE = 0.5
"""Of the paper's grey level; darker pixels are ink: between two strokes close by paper is grey."""


def mend_bars(symbols: Sequence[Symbol], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The symbols of a sheet (H, W), paper bright, with end bars and without loose ones that structure alone saw."""
    ink = np.asarray(gray < INK_SHARE * paper_grey(gray), bool)
    ends: list[tuple[Symbol, Symbol]] = []
    mended = list(symbols)
    for i, valve in enumerate(symbols):
        bars = _look(valve, ink) if valve.group == "valve" else []
        flanged = _with_own_bars(valve, bars)
        if flanged is not None and not any(_is_taken(bar, valve, symbols) for _, bar in bars):
            mended[i] = flanged
        else:
            ends += [(valve, bar) for _, bar in bars]
    doubtful = [s for s in mended if _is_bar(s) and s.found_by == ("structure",)]
    sure = [s for s in mended if s.group in IN_LINE and s not in doubtful]
    gone = {s.id for s in doubtful if _is_beside(s, ends) or not (_is_joined(s, ink) or _faces(s, sure))}
    kept = [s for s in mended if s.id not in gone]
    return (*kept, *(bar for valve, bar in ends if not _is_taken(bar, valve, kept)))


def _is_bar(symbol: Symbol) -> bool:
    wide, high = symbol.box[2] - symbol.box[0], symbol.box[3] - symbol.box[1]
    return symbol.kind in BAR_KINDS and max(wide, high) >= BAR_ASPECT * min(wide, high)


def _look(valve: Symbol, ink: NDArray[np.bool_]) -> list[tuple[Bar, Symbol]]:
    """The bars in front of a valve's ends, in their strips and as symbols."""
    axis = int(valve.box[3] - valve.box[1] > valve.box[2] - valve.box[0])
    length, breadth = (valve.box[k + 2] - valve.box[k] for k in (axis, 1 - axis))
    if length < SLENDER * breadth:
        return []
    view = ink if axis == 1 else ink.T  # rows run along the pipe
    middle = (valve.box[1 - axis] + valve.box[3 - axis]) / 2
    found = []
    for end, way in ((valve.box[axis], -1), (valve.box[axis + 2], 1)):
        rows = np.round(end + way * np.arange(-BEFORE * breadth, (REACH + ONWARD) * breadth)).astype(int)
        columns = np.round(middle + np.arange(-breadth, breadth)).astype(int)
        if min(rows.min(), columns.min()) < 0 or rows.max() >= view.shape[0] or columns.max() >= view.shape[1]:
            continue
        bar = find_bar(view[np.ix_(rows, columns)], breadth)
        if bar is not None:
            low, high = sorted((rows[bar.start], rows[bar.stop - 1]))
            x0, y0, x1, y1 = columns[bar.left], low, columns[bar.right - 1] + 1, high + 1
            box = (x0, y0, x1, y1) if axis == 1 else (y0, x0, y1, x1)
            found.append((bar, _symbol(f"{valve.id}-bar{'ab'[way > 0]}", box, bar)))
    return found


def _symbol(name: str, box: tuple[int, int, int, int], bar: Bar) -> Symbol:
    x0, y0, x1, y1 = (float(v) for v in box)
    return Symbol(
        id=name,
        kind="flange" if bar.onward else "blind_flange",
        group="fitting",
        box=(x0, y0, x1, y1),
        score=BAR_SCORE,
        found_by=("structure",),
        ports=place_ports(None, (x0, y0, x1, y1), rotation=0.0, mirrored=False),
    )


def _with_own_bars(valve: Symbol, bars: Sequence[tuple[Bar, Symbol]]) -> Symbol | None:
    """A flanged valve in a box with the bars on stems at both of its ends; None for any other."""
    if len(bars) != 2 or not all(bar.stemmed and bar.onward for bar, _ in bars):
        return None
    boxes = np.array([valve.box, *(s.box for _, s in bars)])
    whole = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    return valve.model_copy(update={"box": whole})


def _is_taken(bar: Symbol, valve: Symbol, symbols: Sequence[Symbol]) -> bool:
    """Whether a symbol other than its valve holds a bar, or is right beside it: a flange may have two bars."""
    boxes = as_boxes([s.box for s in symbols if s is not valve and s.group in IN_LINE])
    by = BESIDE * max(bar.box[2] - bar.box[0], bar.box[3] - bar.box[1])
    return bool(len(boxes)) and bool((box_intersection(grown([bar.box], by), boxes) > 0).any())


def _is_beside(symbol: Symbol, ends: Sequence[tuple[Symbol, Symbol]]) -> bool:
    """Whether what was seen as a bar is the valve's own end, or an end bar with the dashes of a surround beside it."""
    along = int(symbol.box[3] - symbol.box[1] > symbol.box[2] - symbol.box[0])
    across, length = 1 - along, symbol.box[along + 2] - symbol.box[along]
    for valve, bar in ends:
        own = bar.box[along + 2] - bar.box[along]
        gap = max(bar.box[across], symbol.box[across]) - min(bar.box[across + 2], symbol.box[across + 2])
        if own <= bar.box[across + 2] - bar.box[across] or gap > BESIDE * own:
            continue
        centred = abs(bar.box[along] + bar.box[along + 2] - symbol.box[along] - symbol.box[along + 2]) <= own
        in_valve = box_intersection([symbol.box], [valve.box])[0, 0] / max(box_area([symbol.box])[0], 1e-9)
        if centred and (length > BAR_LENGTH[1] * own or (gap > 0 and in_valve >= TAKEN)):
            return True
    return False


def _is_joined(bar: Symbol, ink: NDArray[np.bool_]) -> bool:
    """Whether ink leads away from the middle of one of a bar's long sides."""
    x0, y0, x1, y1 = (round(v) for v in bar.box)
    view, (left, top, right, bottom) = (ink, (x0, y0, x1, y1)) if x1 - x0 > y1 - y0 else (ink.T, (y0, x0, y1, x1))
    length = right - left
    middle = slice(left + round(0.3 * length), right - round(0.3 * length))
    reach = max(round(0.3 * length), 4)
    sides = (view[max(top - reach, 0) : top - 1, middle], view[bottom + 1 : bottom + reach, middle])
    return any(side.size > 0 and bool(side.any(axis=1).all()) for side in sides)


def _faces(bar: Symbol, parts: Sequence[Symbol]) -> bool:
    """Whether a part stands right in front of a bar."""
    along = int(bar.box[3] - bar.box[1] > bar.box[2] - bar.box[0])
    across, length = 1 - along, bar.box[along + 2] - bar.box[along]
    for part in parts:
        gap = max(bar.box[across], part.box[across]) - min(bar.box[across + 2], part.box[across + 2])
        shared = min(bar.box[along + 2], part.box[along + 2]) - max(bar.box[along], part.box[along])
        if gap <= FACING * length and shared >= FACING_SHARE * length:
            return True
    return False
