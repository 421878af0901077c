"""What changed between two revisions of a sheet: symbols, connections and lines; and what that does to the take-off.

The sheets are aligned first, as a revision is often plotted at another scale or place: by the tags that both have, each
once. Then symbols are paired, by tag and group, what is left by place; pairs are compared. A symbol has *moved* where
it is further off its aligned place than the plotting explains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pid.drawing import Drawing, Symbol
from pid.estimate.cost import Estimate
from pid.estimate.takeoff import is_named, plain_tag, zone
from pid.geometry import Array

COMPARED = ("size", "size_small", "spec", "set_pressure", "fail_state")
"""Attributes whose change is told."""
MOVED = 1.0
"""A symbol has moved where it is so many of its own lengths off, at least."""
SAME_PLACE = 1.5
"""Symbols without a common tag are one where they are no further apart than this in lengths of the larger."""
FEWEST_TAGS = 3
"""With fewer common tags the sheets are aligned by their corners."""
UNCOMPARED = ("flow_arrow", "other")


@dataclass(frozen=True)
class Change:
    """One difference. Ids are empty where the sheet has no such thing."""

    what: str
    """``added``, ``removed``, ``tag``, ``kind``, an attribute's name, ``moved``, or ``connection`` or ``line`` with
    ``added`` or ``removed``."""
    subject: str
    """What it is, for people."""
    old: str
    new: str
    zone: str
    old_id: str
    new_id: str

    def as_json(self) -> dict[str, Any]:
        """The change as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Alignment:
    """From the old sheet's pixels to the new one's: x' = scale x + offset, per axis."""

    scale: tuple[float, float]
    offset: tuple[float, float]

    def map(self, points: Array) -> Array:
        """Points (N, 2) of the old sheet on the new one."""
        return np.asarray(points * np.array(self.scale) + np.array(self.offset), np.float64)


@dataclass(frozen=True)
class Comparison:
    """Two revisions side by side."""

    alignment: Alignment
    changes: tuple[Change, ...]


def compare_revisions(old: Drawing, new: Drawing) -> Comparison:
    """The differences of two drawings of the same part of a plant."""
    alignment = align(old, new)
    pairs = _pair(old, new, alignment)
    return Comparison(
        alignment,
        (
            *_symbol_changes(old, new, pairs, alignment),
            *_connection_changes(old, new, pairs),
            *_line_changes(old, new),
        ),
    )


def align(old: Drawing, new: Drawing) -> Alignment:
    """Scale and offset from the tags that stand once on both sheets, by medians, as some will have moved."""
    a, b = _by_tag(old), _by_tag(new)
    keys = [k for k in a if k in b and len(a[k]) == len(b[k]) == 1]
    corner = (new.sheet.width / old.sheet.width, new.sheet.height / old.sheet.height)
    if len(keys) < FEWEST_TAGS:
        return Alignment(corner, (0.0, 0.0))
    p, q = _middles([a[k][0] for k in keys]), _middles([b[k][0] for k in keys])
    scale, offset = [], []
    for axis in (0, 1):
        s = _median_slope(p[:, axis], q[:, axis], corner[axis])
        scale.append(s)
        offset.append(float(np.median(q[:, axis] - s * p[:, axis])))
    return Alignment((scale[0], scale[1]), (offset[0], offset[1]))


def _median_slope(x: Array, y: Array, default: float) -> float:
    """The median slope of all pairs of points that are far apart (Theil-Sen)."""
    i, j = np.triu_indices(len(x), 1)
    run = x[j] - x[i]
    far = np.abs(run) >= 0.25 * max(float(np.ptp(x)), 1e-9)
    return float(np.median((y[j] - y[i])[far] / run[far])) if np.ptp(x) > 1 else default


def _by_tag(drawing: Drawing) -> dict[tuple[str, str], list[Symbol]]:
    found: dict[tuple[str, str], list[Symbol]] = {}
    for symbol in _compared(drawing):
        if is_named(symbol):
            found.setdefault((symbol.group, plain_tag(symbol.tag)), []).append(symbol)
    return found


def _compared(drawing: Drawing) -> list[Symbol]:
    return [s for s in drawing.symbols if s.group not in UNCOMPARED]


def _middles(symbols: Sequence[Symbol]) -> Array:
    boxes = np.array([s.box for s in symbols], np.float64).reshape(-1, 4)
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float64)


def _lengths(symbols: Sequence[Symbol]) -> Array:
    boxes = np.array([s.box for s in symbols], np.float64).reshape(-1, 4)
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1), np.float64)


def _pair(old: Drawing, new: Drawing, alignment: Alignment) -> list[tuple[Symbol, Symbol]]:
    """The same symbols of both sheets: those of one tag, nearest first, then those at one place."""
    pairs: list[tuple[Symbol, Symbol]] = []
    a, b = _by_tag(old), _by_tag(new)
    for key in a:
        if key in b:
            pairs += _nearest_pairs(a[key], b[key], alignment, np.inf)
    taken = {s.id for s, _ in pairs}, {s.id for _, s in pairs}
    left = [s for s in _compared(old) if s.id not in taken[0]]
    right = [s for s in _compared(new) if s.id not in taken[1]]
    for group in dict.fromkeys(s.group for s in left):
        pairs += _nearest_pairs(
            [s for s in left if s.group == group], [s for s in right if s.group == group], alignment, SAME_PLACE
        )
    return pairs


def _nearest_pairs(
    old: Sequence[Symbol], new: Sequence[Symbol], alignment: Alignment, reach: float
) -> Iterator[tuple[Symbol, Symbol]]:
    """Pairs of least total distance, none further apart than `reach` lengths."""
    from scipy.optimize import linear_sum_assignment

    if not old or not new:
        return
    gap = _distances(old, new, alignment)
    limit = reach if np.isfinite(reach) else float(gap.max()) + 1
    cost = np.minimum(gap, limit)
    yield from ((old[i], new[j]) for i, j in zip(*linear_sum_assignment(cost), strict=True) if gap[i, j] <= limit)


def _distances(old: Sequence[Symbol], new: Sequence[Symbol], alignment: Alignment) -> Array:
    """Distances (N, M) in lengths of the larger symbol."""
    gap = np.linalg.norm(alignment.map(_middles(old))[:, None] - _middles(new)[None], axis=2)
    length = np.maximum(_lengths(old)[:, None] * max(alignment.scale), _lengths(new)[None])
    return np.asarray(gap / np.maximum(length, 1.0), np.float64)


def _symbol_changes(
    old: Drawing, new: Drawing, pairs: Sequence[tuple[Symbol, Symbol]], alignment: Alignment
) -> Iterator[Change]:
    for a, b in pairs:
        facts = [("tag", a.tag or "", b.tag or ""), ("kind", a.kind, b.kind)]
        facts += [(name, str(a.attributes.get(name) or ""), str(b.attributes.get(name) or "")) for name in COMPARED]
        for what, before, after in facts:
            same = plain_tag(before) == plain_tag(after) if what == "tag" else before == after
            if not same:
                yield Change(what, called(b), before, after, zone(new, b), a.id, b.id)
        if float(_distances([a], [b], alignment)[0, 0]) >= MOVED:
            yield Change("moved", called(b), zone(old, a), zone(new, b), zone(new, b), a.id, b.id)
    known = {a.id for a, _ in pairs}, {b.id for _, b in pairs}
    for s in _compared(old):
        if s.id not in known[0]:
            yield Change("removed", called(s), called(s), "", zone(old, s), s.id, "")
    for s in _compared(new):
        if s.id not in known[1]:
            yield Change("added", called(s), "", called(s), zone(new, s), "", s.id)


def _connection_changes(old: Drawing, new: Drawing, pairs: Sequence[tuple[Symbol, Symbol]]) -> Iterator[Change]:
    """Connections between symbols that both sheets have: those of added and removed symbols go without saying."""
    new_of = {a.id: b.id for a, b in pairs}
    old_of = {b: a for a, b in new_of.items()}
    before = {frozenset((new_of[c.a], new_of[c.b])) for c in old.connections if c.a in new_of and c.b in new_of}
    after = {frozenset((c.a, c.b)) for c in new.connections if c.a in old_of and c.b in old_of}
    by_id = {s.id: s for s in new.symbols}
    for what, ends in (("connection removed", before - after), ("connection added", after - before)):
        for pair in sorted(ends, key=sorted):
            names = sorted(pair)
            text = " - ".join(called(by_id[i]) for i in names)
            where = zone(new, by_id[names[0]])
            told = ("", text) if what.endswith("added") else (text, "")
            yield Change(what, text, *told, where, " ".join(old_of[i] for i in names), " ".join(names))


def _line_changes(old: Drawing, new: Drawing) -> Iterator[Change]:
    """Line numbers that one sheet alone has; a number says its size and class, so that a change of these shows too."""
    before, after = ({line.line_number: line.id for line in d.lines if line.line_number} for d in (old, new))
    for number in sorted(before.keys() - after.keys()):
        yield Change("line removed", number, number, "", "", before[number], "")
    for number in sorted(after.keys() - before.keys()):
        yield Change("line added", number, "", number, "", "", after[number])


def called(symbol: Symbol) -> str:
    """A symbol for people: its tag and kind."""
    return " ".join(t for t in (symbol.tag, symbol.kind.replace("_", " ")) if t)


@dataclass(frozen=True)
class DeltaRow:
    """A row of the take-off whose quantity changed."""

    code: str
    description: str
    size: str
    class_: str
    scope: str
    old: int
    new: int
    cost: float
    """Change of cost, by the new revision's price where it has one."""


def delta_take_off(old: Estimate, new: Estimate) -> tuple[DeltaRow, ...]:
    """The rows that differ, in order of code and size."""
    rows, prices, counts = {}, {}, (Counter[tuple[str, ...]](), Counter[tuple[str, ...]]())
    for which, estimate in enumerate((old, new)):
        for row in estimate.items:
            item = row.item
            key = item.code, item.kind, item.size, item.spec, item.scope
            rows[key], prices[key] = item, 0.0 if item.scope else row.match.unit_cost
            counts[which][key] += item.quantity
    return tuple(
        DeltaRow(
            key[0], rows[key].description, key[2], key[3], key[4], counts[0][key], counts[1][key],
            (counts[1][key] - counts[0][key]) * prices[key],
        )
        for key in sorted(rows) if counts[0][key] != counts[1][key]
    )  # fmt: skip
