"""Stubs: the remains of pipes on a cut-out symbol. They say where its ports are and are no part of it.

A stub is a run of ink of even breadth that comes from outside and ends where the ink becomes much broader: at the
symbol's body. It is looked for from all four sides; from each, the mask is seen as if the side were the left one.
Masks are (H, W) uint8 of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

DIRECTIONS = (180, 0, 90, 270)
GROWTH, SHRINK = 1.5, 0.5
"""A stub ends where its breadth has grown by the first factor, or it parts; what narrows to the second is a head."""
JUMP, JUMP_PX = 2.5, 2
"""Breadth of the body over the stub's, reached within so many pixels, that makes the shortest stub certain."""
TIP_PX, TIP_GROWTH_PX = 3, 4
"""In its first columns a round end may grow by so many pixels each."""
TIP_BEND_PX = 1.0
"""A tip broadens evenly to within this; a circle does not."""
TIP_STEP, TIP_BREADTHS, LEAST_SLOPE, MOST_SLOPE = 3, 4.0, 0.2, 2.5
"""A tip is told over twice so many columns, or over so many breadths of the pipe; in each it broadens by between the
other two, in pixels."""
SHORTEST, LEAST_LENGTH = 0.15, 0.6
"""Length over breadth of a stub, and of one that meets a tip, where the ink broadens little by little."""
EVEN, EVEN_SHARE = 0.1, 0.7
"""A stub that meets a tip has its usual breadth to this share in so many of its columns: a tip itself has not."""
DEEPEST = 0.18
"""How far a stub reaches in between other ink at most, over the ink's depth."""
SLANT = 0.15
"""How far a stub drifts sideways at most, over its length."""
BROADEST, LONGEST = 0.35, 0.35
"""Breadth of a stub over the symbol's side, and length over its depth; longer only in pairs."""
LOOK_AHEAD, SHOULDER = 0.3, 0.08
"""Within the first share of the depth behind a stub, the body reaches so far to both of its sides."""
SHORT = 0.15
"""Length over depth of a stub beside which other ink sticks out as far."""
FEWEST_PX = 4
"""Narrower ink has no stubs."""
FEWEST_ALIKE, ALIKE_SHARE, ALIKE = 5, 0.35, 0.15
"""From so many stubs on, and this share of all, of lengths within the last share, a legend has a usual stub."""
LEFT_SHARE = 0.3
"""Where stubs of both axes leave less than this share of a side, those along it were a bar, and the others its pipe."""
PAIR_OFFSET = 0.06
"""Stubs of a pair are in line to within this share of the side."""


@dataclass(frozen=True)
class Stub:
    """A stub in pixels of the mask it was found in."""

    x: float
    """Where it meets the body: a port."""
    y: float
    direction: int
    """The way it leaves: 0 right, 90 up, 180 left, 270 down."""
    length: int
    breadth: float
    alone: bool
    """Whether nothing else sticks out as far."""


def view_from(mask: Mask, direction: int) -> Mask:
    """The mask with the side that `direction` points to on the left; writing to the view writes to the mask."""
    if direction == 180:
        return mask
    if direction == 0:
        return mask[:, ::-1]
    return mask.T if direction == 90 else mask[::-1].T


def point_from(x: float, y: float, shape: tuple[int, int], direction: int) -> tuple[float, float]:
    """A point of the view from a side, in pixels of the mask of that shape (H, W)."""
    height, width = shape
    if direction == 180:
        return x, y
    if direction == 0:
        return width - x, y
    return (y, x) if direction == 90 else (y, height - x)


def runs_of(column: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of ink in a column (H,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], column > 0, [0]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


@dataclass(frozen=True)
class Walk:
    """A walk inward from a run: the rows of each column that it covered, and the run it stopped before."""

    start: int
    rows: tuple[tuple[int, int], ...]
    body: tuple[int, int] | None
    """None where the ink ended, or narrowed, before any body."""

    @property
    def breadth(self) -> float:
        """The usual breadth of the run."""
        return float(np.median([b - a for a, b in self.rows]))

    @property
    def end(self) -> int:
        """The column after the last one covered."""
        return self.start + len(self.rows)


def walk_inward(view: Mask, x: int, run: tuple[int, int]) -> Walk:
    """Follow a run of column `x` to the right until it becomes much broader, narrows or ends."""
    rows: list[tuple[int, int]] = [run]
    for column in range(x + 1, view.shape[1]):
        a, b = rows[-1]
        met = [r for r in runs_of(view[:, column]) if r[0] < b + 1 and r[1] > a - 1]
        if not met:
            return Walk(x, tuple(rows), None)
        here = (met[0][0], met[-1][1])
        length = here[1] - here[0]
        usual = float(np.median([q - p for p, q in rows[TIP_PX:] or rows]))
        is_tip = len(rows) < TIP_PX and length - (b - a) <= TIP_GROWTH_PX
        parts = len(met) > 1 and length > usual + 1
        if (parts or length > GROWTH * usual + 1) and not is_tip:
            return Walk(x, tuple(rows), here)
        if length < SHRINK * usual:
            return Walk(x, tuple(rows), None)
        rows.append(here)
    return Walk(x, tuple(rows), None)


@dataclass(frozen=True)
class Find:
    """A walk that is a stub."""

    walk: Walk
    broad: bool
    """Whether the body begins with a jump, and not as a tip."""
    alone: bool


def tip_length(view: Mask, walk: Walk) -> int:
    """How many of a walk's last columns are the tip of a body that broadens evenly, such as an arrow's head."""
    if walk.body is None or len(walk.rows) < TIP_STEP:
        return 0
    lengths: list[int] = []
    run = walk.body
    for column in range(walk.end, min(walk.end + max(2 * TIP_STEP, round(TIP_BREADTHS * walk.breadth)), view.shape[1])):
        met = [r for r in runs_of(view[:, column]) if r[0] < run[1] and r[1] > run[0]]
        if not met:
            break
        run = (met[0][0], met[-1][1])
        if lengths and not lengths[-1] - 1 <= run[1] - run[0] <= lengths[-1] + MOST_SLOPE + 2:
            break
        lengths.append(run[1] - run[0])
    if len(lengths) <= TIP_STEP or lengths[0] > JUMP * walk.breadth:
        return 0
    slope, start = (float(v) for v in np.polyfit(np.arange(len(lengths)), lengths, 1))
    bend = np.abs(np.array(lengths) - start - slope * np.arange(len(lengths))).max()
    if not LEAST_SLOPE <= slope <= MOST_SLOPE or bend > TIP_BEND_PX:
        return 0
    return min(round(start / slope), len(walk.rows))


def clear_walk(view: Mask, walk: Walk) -> None:
    """Take the ink of a walk off."""
    for column, (a, b) in enumerate(walk.rows, walk.start):
        view[a:b, column] = 0


def stub_of(walk: Walk, shape: tuple[int, int], direction: int, *, alone: bool = True) -> Stub:
    """The stub that a walk from a side has found; `shape` (H, W) is the mask's."""
    a, b = walk.rows[-1]
    x, y = point_from(walk.end, (a + b) / 2, shape, direction)
    return Stub(float(x), float(y), direction, len(walk.rows), walk.breadth, alone)


def take_stubs(mask: Mask, *, usual: tuple[float, float] | None = None) -> list[Stub]:
    """Find the stubs that stick out of a symbol's ink and take them off the mask.

    They are short, or, where both ends of an axis hold one in line with each other, of any length, or like those of
    other symbols: `usual` is the length and breadth of these.
    """
    found = {direction: _outermost(view_from(mask, direction), usual) for direction in DIRECTIONS}
    taken = []
    for direction, finds in found.items():
        view = view_from(mask, direction)
        if not finds:
            continue
        side, depth = np.ptp(np.flatnonzero(view.any(axis=1))) + 1, np.ptp(np.flatnonzero(view.any(axis=0))) + 1
        for find in finds:
            length = len(find.walk.rows)
            others = found[(direction + 180) % 360]
            paired = find.alone and any(o.alone and _in_line(find.walk, o.walk, float(side)) for o in others)
            short = length <= LONGEST * (depth - length) if find.alone else length <= SHORT * depth
            if short or paired or _is_usual(find.walk, usual):
                taken.append((stub_of(find.walk, (mask.shape[0], mask.shape[1]), direction, alone=find.alone), find))
    taken = _without_bar(mask, taken)
    for stub, find in taken:
        clear_walk(view_from(mask, stub.direction), find.walk)
    return [stub for stub, _ in taken]


def _without_bar(mask: Mask, taken: list[tuple[Stub, Find]]) -> list[tuple[Stub, Find]]:
    """The stubs without the ends of bars that pipes cross; of a cross, the thinner or longer pair is the pipe."""
    left = mask.copy()
    for stub, find in taken:
        clear_walk(view_from(left, stub.direction), find.walk)
    spans = [(np.ptp(np.flatnonzero(m.any(axis=k))) + 1 if m.any() else 0) for m in (mask, left) for k in (0, 1)]
    level = [t for t in taken if t[0].direction in (0, 180)]
    upright = [t for t in taken if t[0].direction in (90, 270)]
    if not (level and upright):
        return taken
    gone = [spans[2] < LEFT_SHARE * spans[0], spans[3] < LEFT_SHARE * spans[1]]
    if all(gone):
        return max(level, upright, key=lambda lot: (min(-s.breadth for s, _ in lot), sum(s.length for s, _ in lot)))
    return upright if gone[0] else level if gone[1] else taken


def usual_stub(stubs: Sequence[Stub]) -> tuple[float, float] | None:
    """Length and breadth of a legend's stubs where many of them are alike, else None."""
    if len(stubs) < FEWEST_ALIKE:
        return None
    size = np.array([(s.length, s.breadth) for s in stubs], float)
    alike = np.abs(size[:, None, 0] - size[None, :, 0]) <= np.maximum(ALIKE * size[None, :, 0], 1.0)
    alike &= np.abs(size[:, None, 1] - size[None, :, 1]) <= np.maximum(2 * ALIKE * size[None, :, 1], 1.0)
    best = int(alike.sum(axis=0).argmax())
    members = alike[:, best]
    if members.sum() < max(FEWEST_ALIKE, ALIKE_SHARE * len(stubs)):
        return None
    length, breadth = np.median(size[members], axis=0).tolist()
    return length, breadth


def _is_usual(walk: Walk, usual: tuple[float, float] | None) -> bool:
    return (
        usual is not None
        and abs(len(walk.rows) - usual[0]) <= max(ALIKE * usual[0], 2.0)
        and abs(walk.breadth - usual[1]) <= max(2 * ALIKE * usual[1], 1.0)
    )


def _in_line(a: Walk, b: Walk, side: float) -> bool:
    """Whether two walks from opposite sides are on one line; the rows of both views run the same way."""
    first, second = a.rows[-1], b.rows[-1]
    return abs(sum(first) - sum(second)) / 2 <= max(PAIR_OFFSET * side, 2.0)


def _outermost(view: Mask, usual: tuple[float, float] | None) -> list[Find]:
    """The stubs that begin at the leftmost ink."""
    columns, rows = np.flatnonzero(view.any(axis=0)), np.flatnonzero(view.any(axis=1))
    if len(columns) < FEWEST_PX:
        return []
    size = (float(np.ptp(rows) + 1), float(np.ptp(columns) + 1))
    runs = runs_of(view[:, columns[0]])
    hits = [hit for run in runs if (hit := _check(view, int(columns[0]), run, size)) is not None]
    if len(runs) > 1:  # others stick out as far: only what meets the body soon and squarely is sure
        short = SHORT * size[1]
        hits = [h for h in hits if (h[1] and len(h[0].rows) <= short) or _is_usual(h[0], usual)]
    return [Find(*hit, len(runs) == 1) for hit in hits]


def _check(view: Mask, x: int, run: tuple[int, int], size: tuple[float, float]) -> tuple[Walk, bool] | None:
    """The walk from a run of the leftmost column, if it is a stub; `size` is the ink's breadth and depth."""
    side, depth = size
    if run[1] - run[0] > BROADEST * side:
        return None
    walk = walk_inward(view, x, run)
    if walk.body is None or walk.breadth > BROADEST * side or not _is_straight(walk):
        return None
    broad = _begins_broad(view, walk)
    if not (_is_even(walk) if not broad else len(walk.rows) >= max(SHORTEST * walk.breadth, 2)):
        return None
    if _depth_inside(view, walk) > DEEPEST * depth:
        return None
    reach = view[:, walk.end : walk.end + max(round(LOOK_AHEAD * depth), 3)].any(axis=1)
    inked, (a, b) = np.flatnonzero(reach), walk.rows[-1]
    shoulders = min(a - inked[0], inked[-1] + 1 - b) >= SHOULDER * side
    return (walk, broad) if shoulders else None


def _depth_inside(view: Mask, walk: Walk) -> int:
    """For how many columns a walk runs between other ink: a bar across a valve does, a pipe ends at its wall."""
    beside = view[:, walk.start : walk.end].copy()
    for column, (a, b) in enumerate(walk.rows):
        beside[a:b, column] = 0
    there = np.flatnonzero(beside.any(axis=0))
    return int(len(walk.rows) - there[0]) if len(there) else 0


def _is_straight(walk: Walk) -> bool:
    """Whether a walk keeps to its rows; pipes do, the arms of a symbol slant."""
    (a, b), (c, d) = walk.rows[0], walk.rows[-1]
    return abs(a + b - c - d) / 2 <= max(SLANT * len(walk.rows), 2.0)


def _is_even(walk: Walk) -> bool:
    """Whether a walk is long and of even breadth."""
    lengths = np.array([b - a for a, b in walk.rows])
    even = np.abs(lengths - walk.breadth) <= max(EVEN * walk.breadth, 1.0)
    return bool(len(lengths) >= max(LEAST_LENGTH * walk.breadth, 4) and even.mean() >= EVEN_SHARE)


def _begins_broad(view: Mask, walk: Walk) -> bool:
    """Whether the ink is `JUMP` times as broad as the walk within `JUMP_PX` of its end."""
    ahead = view[:, walk.end : walk.end + JUMP_PX + 1]
    return float(max(b - a for column in ahead.T for a, b in runs_of(column))) >= JUMP * walk.breadth
