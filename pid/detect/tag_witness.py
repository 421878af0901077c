"""Lettering as a witness: a doubtful symbol with a valve's tag written beside it is a valve.

P&IDs letter a tag at the part that it names, centred along one of its sides. So where shape and structure cannot agree
on a small symbol, a tag there that no surer symbol can claim says that something is there, and what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pid.drawing import Symbol, Word
from pid.geometry import Array, as_boxes, box_iou

CERTAIN = 0.6
"""Symbols of this score can claim a tag for themselves."""
DOUBTFUL = 0.35
"""Less likely symbols are noise even with a tag beside them."""
TAG_SCORE = 0.6
"""Share of doubt that a tag takes from a symbol."""
ASIDE, ALONG = 1.1, 0.6
"""How far the tag's middle may be off the symbol's, across and along its reading direction, in symbol lengths; half of
the tag's height and a little of its length come on top."""
SAME_IOU = 0.3
"""Boxes that overlap so much mean one symbol."""
FLOOR = 0.02
"""Least score of a valve kind among the runners-up for it to be taken."""


def witness_tags(
    symbols: Sequence[Symbol],
    words: Sequence[Word],
    *,
    is_valve_tag: Callable[[str], bool],
    valve_kinds: frozenset[str],
) -> tuple[Symbol, ...]:
    """The symbols, those that a tag says are valves surer, and valves.

    Args:
        symbols: of the sheet, uncertain ones included.
        words: of the sheet.
        is_valve_tag: whether a string may be a valve's tag.
        valve_kinds: catalogue kinds of valves; a symbol taken for something else becomes the likeliest of these.
    """
    tags = [w for w in words if is_valve_tag(w.text)]
    takers = [s for s in symbols if _may_carry(s, valve_kinds)]
    if not tags or not takers:
        return tuple(symbols)
    cost = _distances(takers, tags)
    claimed = {int(np.argmin(cost[i])) for i, s in enumerate(takers) if s.score >= CERTAIN and cost[i].min() < np.inf}
    surer: dict[str, Symbol] = {}
    for j in range(len(tags)):
        if j in claimed or not (cost[:, j] < np.inf).any():
            continue
        taker = takers[int(np.argmin(cost[:, j]))]
        if taker.score < CERTAIN:
            surer[taker.id] = _as_valve(taker, valve_kinds)
    return tuple(surer.get(s.id, s) for s in symbols)


def rescue_tagged(
    symbols: Sequence[Symbol],
    doubtful: Sequence[Symbol],
    words: Sequence[Word],
    *,
    is_valve_tag: Callable[[str], bool],
    valve_kinds: frozenset[str],
) -> tuple[Symbol, ...]:
    """The symbols, and those of the doubtful that a tag says are valves, where none of the symbols is there already."""
    known = {s.id for s in symbols}
    apart = [s for s in doubtful if s.id not in known and _is_apart(s, symbols)]
    raised = witness_tags([*symbols, *apart], words, is_valve_tag=is_valve_tag, valve_kinds=valve_kinds)
    return tuple(s for s in raised if s.id in known or s.attributes.get("witness") == "tag")


def _is_apart(symbol: Symbol, others: Sequence[Symbol]) -> bool:
    return not others or float(box_iou(symbol.box, [s.box for s in others]).max()) < SAME_IOU


def _may_carry(symbol: Symbol, valve_kinds: frozenset[str]) -> bool:
    if symbol.group == "valve":
        return symbol.score >= DOUBTFUL
    return DOUBTFUL <= symbol.score < CERTAIN and _valve_kind(symbol, valve_kinds) is not None


def _valve_kind(symbol: Symbol, valve_kinds: frozenset[str]) -> tuple[str, float] | None:
    """The likeliest valve among what a symbol was also taken for, with its score."""
    runners = symbol.attributes.get("runners_up")
    pairs = [r for r in runners if isinstance(r, list) and len(r) == 2] if isinstance(runners, list) else []
    good = [(str(k), float(v)) for k, v in pairs if k in valve_kinds and isinstance(v, int | float) and v >= FLOOR]
    return max(good, key=lambda pair: pair[1], default=None)


def _as_valve(symbol: Symbol, valve_kinds: frozenset[str]) -> Symbol:
    score = 1.0 - (1.0 - symbol.score) * (1.0 - TAG_SCORE)
    attributes = {**symbol.attributes, "witness": "tag"}
    found = _valve_kind(symbol, valve_kinds)
    if symbol.group == "valve" or found is None:
        return symbol.model_copy(update={"score": score, "attributes": attributes})
    attributes |= {"kind_score": found[1], "review": f"also taken for {symbol.kind}"}
    return symbol.model_copy(update={"kind": found[0], "group": "valve", "score": score, "attributes": attributes})


def _distances(symbols: Sequence[Symbol], words: Sequence[Word]) -> Array:
    """Distance (N, M) of symbols to words in symbol lengths, infinite where the word stands elsewhere."""
    boxes, letters = as_boxes([s.box for s in symbols]), as_boxes([w.box for w in words])
    size = boxes[:, 2:] - boxes[:, :2]
    length = size.max(axis=1)[:, None]
    level = np.array([round(w.angle / 90) % 2 == 0 for w in words])
    off = np.abs((letters[:, :2] + letters[:, 2:])[None] / 2 - (boxes[:, :2] + boxes[:, 2:])[:, None] / 2)
    half = (letters[:, 2:] - letters[:, :2])[None] / 2
    across = np.where(level[None], off[..., 1] - half[..., 1], off[..., 0] - half[..., 0])
    along = np.where(level[None], off[..., 0] - half[..., 0] / 3, off[..., 1] - half[..., 1] / 3)
    beside = (across <= ASIDE * length) & (along <= ALONG * length)
    return np.asarray(np.where(beside, np.hypot(off[..., 0], off[..., 1]) / length, np.inf), np.float64)
