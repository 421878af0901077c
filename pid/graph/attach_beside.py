"""Lettering beside symbols: tags and sizes of valves, names of equipment, set pressures, services of connectors.

A stack of words goes to one symbol as a whole. Tags are shared out so that as many as possible find a symbol that
they may name, at the least total distance; then remarks go to what they stand by. Lengths are for a sheet 5000 px
wide, multiplied by `scale`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from pid.drawing import Symbol
from pid.geometry import box_gap
from pid.graph.grammar import Reading
from pid.graph.lettering import Lettering
from pid.graph.symbol_index import HOSTS, PASSED

Array = NDArray[np.float64]

TAG_REACH = 110.0
"""A tag beside its symbol is no further off."""
OUTSIDE = 40.0
"""A tag outside of its equipment counts as so much further off than one inside."""
ODD = 60.0
"""A tag whose letters do not suit the symbol counts as so much further off."""
REMARK_REACH = 60.0
"""Remarks, sizes and services stand this near to what they are about."""
SIZE_REACH = 25.0
"""A size of a part stands closer than other remarks, ..."""
CENTRED = 0.35
"""... and its middle is no further off the part's middle than this share of the part's length."""
MARK_REACH, LONGEST_MARK = 30.0, 6
"""A short word that nothing else claims belongs to the symbol that it stands this close to."""
NO_MATCH = 4.0
"""What leaving a stack without a symbol costs, in reaches: more than any match."""
FEWEST_SEEN, RARE = 2, 1 / 3
"""Letters seen so often have a habit; what is up to this share of it is against it."""
REPEATED = 2
"""A tag that stands twice on the sheet counts as so many sightings at equipment."""
_PIPE_PARTS = ("valve", "fitting")
_SIZED = ("valve", "fitting", "reducer", "instrument", "nozzle")
_FIGURES = re.compile(r"[1-9]|[1-4]\d")
"""A size in inches whose mark was not read."""
RELIEF = ("psv", "pilot_psv", "relief_valve", "vacuum_relief_valve", "breather_valve", "rupture_disc")
TAG_KINDS = ("kks", "valve", "equipment", "class_size", "nozzle")
_TAGGED: dict[str, tuple[str, ...]] = {
    "valve": ("kks", "valve", "class_size"),
    "fitting": ("kks", "valve"),
    "nozzle": ("nozzle",),
    "pump": ("kks", "equipment"),
    "compressor": ("kks", "equipment"),
    "vessel": ("kks", "equipment"),
    "separator": ("kks", "equipment"),
    "heat_exchanger": ("kks", "equipment"),
    "instrument": ("kks",),
    "reducer": ("reducer_size",),
}
"""What may name a symbol of each group when it stands beside it."""


def own_beside(lettering: Lettering) -> None:
    """Give tags and the stacks that they stand in to their symbols, then remarks to what they are next to."""
    _share_out_tags(lettering)
    _own_remarks(lettering)
    _own_sizes(lettering)
    _own_connector_lettering(lettering)


def _share_out_tags(lettering: Lettering) -> None:
    """Match stacks that hold a tag with symbols: one each, least total cost.

    A first match shows which letters this plant gives to equipment and which to parts of the pipe; the second keeps to
    that habit, so that a pump's tag goes to no valve beside it.
    """
    stacks = [members for members in lettering.stacks().values() if _holds_tag(lettering, members)]
    symbols = [s for s in lettering.symbols if s.group in _TAGGED and s.id not in lettering.tags]
    if not stacks or not symbols:
        return
    reach = (TAG_REACH + OUTSIDE) * lettering.scale
    cost = np.full((len(stacks), len(symbols)), NO_MATCH * reach)
    for i, members in enumerate(stacks):
        box = _bounds(lettering, members)
        for j, symbol in enumerate(symbols):
            if box_gap(box, symbol.box) <= TAG_REACH * lettering.scale:
                reading = stack_tag(lettering, members, symbol)
                if reading is not None:
                    cost[i, j] = min(_cost(lettering, symbol, box, reading), (NO_MATCH - 0.1) * reach)
    habits = _find_habits(lettering, [(stacks[i], symbols[j]) for i, j in _match(cost, NO_MATCH * reach)])
    for i, j in np.argwhere(cost < NO_MATCH * reach).tolist():
        reading = stack_tag(lettering, stacks[i], symbols[j])
        if reading is not None and _is_against(habits, reading, symbols[j]):
            cost[i, j] = NO_MATCH * reach
    for i, j in _match(cost, NO_MATCH * reach):
        reading = stack_tag(lettering, stacks[i], symbols[j])
        if reading is not None:
            lettering.set_tag(symbols[j], reading.text, reading)
            _give_stack(lettering, stacks[i], symbols[j])


def _match(cost: Array, limit: float) -> list[tuple[int, int]]:
    """Rows and columns of the assignment of least total cost, those at the limit left out."""
    from scipy.optimize import linear_sum_assignment

    return [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(cost), strict=True) if cost[i, j] < limit]


def _find_habits(lettering: Lettering, pairs: Sequence[tuple[Sequence[int], Symbol]]) -> dict[str, Counter[bool]]:
    """Letters of tags -> how often they name equipment (True) and parts of the pipe (False).

    A tag that stands again elsewhere heads a column of equipment data or is a reference: equipment's.
    """
    habits: dict[str, Counter[bool]] = defaultdict(Counter)
    for members, symbol in pairs:
        reading = stack_tag(lettering, members, symbol)
        if reading is not None and symbol.group in (*HOSTS, *_PIPE_PARTS):
            habits[reading.parts.get("letters", "")][symbol.group in HOSTS] += 1
    times = Counter(w.text.strip() for w in lettering.words)
    for text, count in times.items():
        reading = lettering.grammar.read(text, "equipment", repair=False)
        if count > 1 and reading is not None:
            habits[reading.parts["letters"]][True] += REPEATED
    return habits


def _is_against(habits: Mapping[str, Counter[bool]], reading: Reading, symbol: Symbol) -> bool:
    """Whether a plant gives such letters to the other sort of symbol."""
    letters = reading.parts.get("letters", "")
    if not letters or symbol.group not in (*HOSTS, *_PIPE_PARTS):
        return False
    counts = habits.get(letters, Counter())
    return counts.total() >= FEWEST_SEEN and counts[symbol.group in HOSTS] <= RARE * counts.total()


def _holds_tag(lettering: Lettering, members: Sequence[int]) -> bool:
    return any(
        lettering.read(w, *TAG_KINDS, "reducer_size") is not None and lettering.read(w, "line_number") is None
        for w in members
    )


def stack_tag(lettering: Lettering, members: Sequence[int], symbol: Symbol) -> Reading | None:
    """What a stack calls a symbol, None where nothing in it may name one of its group.

    Kinds go before each other in the order in which the group has them: a class is a tag only for want of a tag.
    """
    for kind in _TAGGED[symbol.group]:
        for w in reversed(members):
            if lettering.read(w, "line_number", "sheet_number") is not None and kind != "reducer_size":
                continue
            reading = lettering.read(w, kind)
            if reading is not None and _may_name(lettering, reading, symbol):
                return reading
    return None


def _may_name(lettering: Lettering, reading: Reading, symbol: Symbol) -> bool:
    if reading.kind == "kks":
        return symbol.group in lettering.grammar.kks_groups.get(reading.parts["component"], ())
    return True


def _suits(reading: Reading, symbol: Symbol) -> bool:
    """Whether a tag's letters are usual for a symbol: valves' tags end in V (or are NORSOK's), equipment's do not."""
    letters = reading.parts.get("letters", "")
    if symbol.group in ("valve", "actuator"):
        return letters.endswith("V") or reading.pattern == "NORSOK" or reading.kind != "valve"
    if symbol.group in HOSTS:
        return not letters.endswith("SV") and (len(letters) < 2 or "area" in reading.parts or letters[0] in "DVTSPEKCH")
    return symbol.group in ("nozzle", "reducer")


def _cost(lettering: Lettering, symbol: Symbol, box: Sequence[float], reading: Reading) -> float:
    """How ill a stack stands by a symbol: its distance, and half of how far the two are off a common axis.

    Equipment is large: its tag stands anywhere inside, or else near.
    """
    scale = lettering.scale
    odd = 0.0 if _suits(reading, symbol) else ODD * scale
    odd += ODD * scale if symbol.group == "fitting" else 0.0  # flanges and bars carry no tags, specials seldom do
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if symbol.group in HOSTS:
        outside = box_gap(symbol.box, (x, y, x, y))
        return odd + (outside + OUTSIDE * scale if outside else 0.0)
    dx = abs(x - (symbol.box[0] + symbol.box[2]) / 2)
    dy = abs(y - (symbol.box[1] + symbol.box[3]) / 2)
    return odd + box_gap(symbol.box, box) + 0.5 * min(dx, dy)


def _bounds(lettering: Lettering, members: Sequence[int]) -> tuple[float, float, float, float]:
    boxes = lettering.boxes[list(members)]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _give_stack(lettering: Lettering, members: Sequence[int], symbol: Symbol) -> None:
    """Give a symbol the words of a stack and take from them what they say of it."""
    for w in members:
        if lettering.read(w, "line_number") is None:
            lettering.give(w, symbol.id)
            _note(lettering, symbol, w)


def _note(lettering: Lettering, symbol: Symbol, w: int) -> None:
    """Keep size, class, set pressure, fail state or name of a symbol among its attributes."""
    attributes = lettering.attributes[symbol.id]
    if symbol.group == "nozzle" and _is_bare_inches(lettering, w):
        attributes.setdefault("size", lettering.words[w].text + '"')
        return
    reading = lettering.grammar.read(
        lettering.words[w].text,
        "reducer_size",
        "set_pressure",
        "state",
        "class_size",
        "valve_class",
        "size",
        repair=False,
    )
    if reading is None:
        text = lettering.words[w].text.strip()
        if symbol.group in HOSTS and text.isupper() and text != lettering.tags.get(symbol.id):
            attributes.setdefault("name", text)
        return
    facts: dict[str, JsonValue] = {
        "reducer_size": {"size": reading.parts.get("size", ""), "size_small": reading.parts.get("small", "")},
        "size": {"size": reading.parts.get("size", "")},
        "valve_class": {"spec": reading.parts.get("spec", "")},
        "class_size": {"spec": reading.parts.get("spec", ""), "size": reading.parts.get("size", "")},
        "set_pressure": {"set_pressure": " ".join(v for k, v in reading.parts.items() if k in ("value", "unit"))},
        "state": {"fail_state": reading.text.replace(".", "")},
    }
    facts_of = facts[reading.kind]
    if isinstance(facts_of, dict):
        for name, value in facts_of.items():
            if value:
                attributes.setdefault(name, value)


def _own_remarks(lettering: Lettering) -> None:
    """Give set pressures to relief devices, and states and notes to the symbol that they stand by."""
    for members in list(lettering.stacks().values()):
        readings = [lettering.grammar.read(lettering.words[w].text, "set_pressure", "orifice") for w in members]
        if any(r is not None for r in readings):
            near = _nearest(lettering, members, lambda s: s.kind in RELIEF, 1.6 * REMARK_REACH)
            if near is not None:
                _give_stack(lettering, members, near)
        elif any(lettering.read(w, "valve_class") is not None for w in members):
            near = _nearest(lettering, members, lambda s: s.group == "valve", REMARK_REACH)
            if near is not None:
                _give_stack(lettering, members, near)
    for w in lettering.free_words():
        if lettering.grammar.read(lettering.words[w].text, "state", "note", repair=False) is not None:
            near = _nearest(lettering, [w], lambda s: s.group != "flow_arrow", REMARK_REACH)
            if near is not None:
                lettering.give(w, near.id)
                _note(lettering, near, w)


def _own_sizes(lettering: Lettering) -> None:
    """Give sizes to the nozzle that they are at or the part that they are centred at; others stand at bare pipe."""
    for w in lettering.free_words():
        bare = _is_bare_inches(lettering, w)
        if not bare and lettering.grammar.read(lettering.words[w].text, "size", "reducer_size", repair=False) is None:
            continue
        near = _nearest(lettering, [w], lambda s: s.group in _SIZED, SIZE_REACH)
        if near is not None and (near.group == "nozzle" or (not bare and _is_centred(lettering, w, near))):
            lettering.give(w, near.id)
            _note(lettering, near, w)


def _is_bare_inches(lettering: Lettering, w: int) -> bool:
    """Whether a word may be a size in inches whose mark was not read; at a nozzle it is one."""
    return lettering.writes_inches and _FIGURES.fullmatch(lettering.words[w].text) is not None


def _is_centred(lettering: Lettering, w: int, symbol: Symbol) -> bool:
    """Whether a word stands over, under or beside the middle part of a symbol."""
    middle = lettering.middles[w]
    box = np.asarray(symbol.box)
    off = np.abs(middle - (box[:2] + box[2:]) / 2) / np.maximum(box[2:] - box[:2], 8 * lettering.scale)
    return bool(off.min() <= CENTRED)


def own_leftovers(lettering: Lettering) -> None:
    """Give short words that nothing has claimed to the symbol that they almost touch."""
    for w in lettering.free_words():
        if len(lettering.words[w].text.strip()) > LONGEST_MARK:
            continue
        near = _nearest(lettering, [w], lambda s: s.group not in PASSED, MARK_REACH)
        if near is not None:
            lettering.give(w, near.id)


def _own_connector_lettering(lettering: Lettering) -> None:
    """Give services and destinations above or below a flag to it."""
    for members in list(lettering.stacks().values()):
        if any(lettering.read(w, "line_number") for w in members):
            continue
        near = _nearest(lettering, members, lambda s: s.group not in PASSED, REMARK_REACH)
        if near is None or near.group != "connector":
            continue
        for w in members:
            lettering.give(w, near.id)
            text = lettering.words[w].text.strip()
            reading = lettering.read(w, "sheet_number", "destination")
            if reading is not None and reading.kind == "sheet_number":
                lettering.set_tag(near, reading.text, reading)
            else:
                key = "destination" if reading is not None else "service"
                lettering.attributes[near.id].setdefault(key, text)


def _nearest(
    lettering: Lettering, members: Sequence[int], wanted: Callable[[Symbol], bool], reach: float
) -> Symbol | None:
    """The symbol that a stack stands nearest to, among those wanted, within reach."""
    box = _bounds(lettering, members)
    offers = [
        (box_gap(box, s.box), (s.box[2] - s.box[0]) * (s.box[3] - s.box[1]), i)
        for i, s in enumerate(lettering.symbols)
        if wanted(s)
    ]
    if not offers:
        return None
    gap, _, best = min(offers)
    return lettering.symbols[best] if gap <= reach * lettering.scale else None
