"""What a reader of lines is asked beyond their place: the type of each, which way it flows, what meets and what passes.

Terms of art: a *type* is the look of a line (solid, dashed, with ticks, ...); a *meeting* is a place where two lines
share a point: a *tee*, where three line ends and more come together, or a *crossing*, where two lines pass each other.
Lengths are pixels at a sheet width of `REFERENCE_WIDTH_PX`, which all coordinates are brought to first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Drawing, Line
from pid.geometry import as_boxes, distance_to_segments, grown

Array = NDArray[np.float64]
Index = NDArray[np.intp]

REFERENCE_WIDTH_PX = 5000.0
STEP_PX = 4.0
TOLERANCE_PX = 6.0
"""A true line is traced where a predicted one runs within this distance."""
TRACED_SHARE = 0.5
"""Lines of which less than this is traced are missed: that is the recall's business, not the type's."""
TYPED_LENGTH_PX = 120.0
"""A shorter line may show no more than one dash or no tick at all."""
SAME_LOOK = {
    "electric": "dashed",
    "long_dash": "dashed",
    "electric_ticks": "pneumatic",
    "software": "data_link",
}
"""Types that are drawn alike: what they mean is told by the legend of the sheet."""
MEETING_PX = 14.0
"""A predicted tee this near to a true meeting is a reading of it."""
PASSING_PX = 26.0
"""Lines that pass each other by a jump arc keep this near to the true crossing; a tee within it is wrong."""
ARROW_PX = 8.0
"""An arrow this near to a line stands on it ..."""
ARROW_COS = 0.7
"""... where it points along it, or back."""


@dataclass(frozen=True)
class Share:
    """`right` of `asked` items."""

    right: int
    asked: int

    @property
    def value(self) -> float:
        """Share of right ones; nothing asked is perfect."""
        return self.right / self.asked if self.asked else 1.0


@dataclass(frozen=True, eq=False)
class Samples:
    """Points along lines: places (N, 2), unit tangents (N, 2) and the index (N,) of each one's line."""

    points: Array
    tangents: Array
    line: Index

    @classmethod
    def of(cls, lines: Sequence[Line], *, scale: float) -> Samples:
        """Points every `STEP_PX` along lines in pixels times `scale`."""
        points, tangents, owner = [np.zeros((0, 2))], [np.zeros((0, 2))], [np.zeros(0, np.intp)]
        for i, line in enumerate(lines):
            for a, b in pairwise(np.asarray(line.points, np.float64) * scale):
                length = float(np.hypot(*(b - a)))
                if length < 1e-6:
                    continue
                n = max(int(length / STEP_PX), 1)
                points.append(a + (b - a) * (np.arange(n)[:, None] + 0.5) / n)
                tangents.append(np.repeat((b - a)[None] / length, n, axis=0))
                owner.append(np.full(n, i, np.intp))
        return cls(np.concatenate(points), np.concatenate(tangents), np.concatenate(owner))


@dataclass(frozen=True, eq=False)
class LineMatch:
    """For each sample of the truth the predicted sample on the same ink, -1 where there is none."""

    truth: Samples
    found: Samples
    partner: Index

    @classmethod
    def of(cls, truth: Drawing, lines: Sequence[Line]) -> LineMatch:
        """Match predicted lines, in the truth's pixels, to the true ones."""
        from scipy.spatial import cKDTree

        scale = REFERENCE_WIDTH_PX / truth.sheet.width
        want, got = Samples.of(truth.lines, scale=scale), Samples.of(lines, scale=scale)
        partner = np.full(len(want.points), -1, np.intp)
        if len(got.points) and len(want.points):
            distance, nearest = cKDTree(got.points).query(want.points, distance_upper_bound=TOLERANCE_PX)
            hit = np.isfinite(distance)
            hit[hit] &= np.abs((want.tangents[hit] * got.tangents[nearest[hit]]).sum(axis=1)) > 0.7
            partner[hit] = nearest[hit]
        return cls(want, got, partner)

    def partners(self, line: int) -> tuple[Index, Index]:
        """The samples of a true line and their partners; both empty for a line that was not traced."""
        mine = np.flatnonzero(self.truth.line == line)
        traced = mine[self.partner[mine] >= 0]
        if not len(mine) or len(traced) < TRACED_SHARE * len(mine):
            traced = traced[:0]
        return traced, self.partner[traced]


def type_pairs(truth: Drawing, lines: Sequence[Line], match: LineMatch) -> list[tuple[str, str]]:
    """The true and the predicted type of each traced line that is long enough to show its type."""
    pairs = []
    for i, line in enumerate(truth.lines):
        mine, theirs = match.partners(i)
        if not len(mine) or np.count_nonzero(match.truth.line == i) * STEP_PX < TYPED_LENGTH_PX:
            continue
        votes: dict[str, int] = {}
        for k, count in zip(*np.unique(match.found.line[theirs], return_counts=True), strict=True):
            look = _look(lines[int(k)].style)
            votes[look] = votes.get(look, 0) + int(count)
        pairs.append((_look(line.style), max(sorted(votes), key=lambda look: votes[look])))
    return pairs


def _look(style: str) -> str:
    return SAME_LOOK.get(style, style)


def score_types(truth: Drawing, lines: Sequence[Line], match: LineMatch) -> Share:
    """How many traced lines have their true type."""
    pairs = type_pairs(truth, lines, match)
    return Share(sum(want == got for want, got in pairs), len(pairs))


def score_directions(truth: Drawing, lines: Sequence[Line], match: LineMatch) -> Share:
    """How many lines with a known flow and an arrow on them are predicted to flow that way.

    An arrow that stands across a line is on another one, which meets it there: it says nothing of the first.
    """
    arrows = [s for s in truth.symbols if s.group == "flow_arrow"]
    heads = grown(as_boxes([s.box for s in arrows]) * _scale(truth), ARROW_PX)
    turns = np.deg2rad([s.rotation for s in arrows])
    headings = np.column_stack([np.cos(turns), -np.sin(turns)])
    sign = {"forward": 1.0, "backward": -1.0}
    right = asked = 0
    for i, line in enumerate(truth.lines):
        if line.direction not in sign or not arrows:
            continue
        mine, theirs = match.partners(i)
        own = match.truth.line == i
        places, ways = match.truth.points[own], match.truth.tangents[own]
        on = ((places[:, None] >= heads[None, :, :2]) & (places[:, None] <= heads[None, :, 2:])).all(axis=2)
        if not len(mine) or not (on & (np.abs(ways @ headings.T) > ARROW_COS)).any():
            continue
        along = np.sign((match.truth.tangents[mine] * match.found.tangents[theirs]).sum(axis=1))
        flow = np.array([sign.get(lines[int(k)].direction, 0.0) for k in match.found.line[theirs]])
        asked += 1
        right += bool((along * flow).sum() * sign[line.direction] > 0)
    return Share(right, asked)


def score_meetings(truth: Drawing, lines: Sequence[Line]) -> Share:
    """How many tees and crossings are told apart: a tee has a predicted tee, a crossing two lines and no tee."""
    scale = _scale(truth)
    tees, crossings = true_meetings(truth)
    found = find_tees(lines, scale=scale)
    right = sum(_is_near(p, found) for p in tees)
    segments = _segments(lines, scale)[0]
    wrong = np.array([p for p in found if not _is_near(p, tees)]).reshape(-1, 2)
    right += sum(not _is_near(p, wrong, PASSING_PX) and _two_pass(p, segments) for p in crossings)
    return Share(right, len(tees) + len(crossings))


def true_meetings(truth: Drawing) -> tuple[Array, Array]:
    """Tees (N, 2) and crossings (M, 2) outside of symbols, at the reference width."""
    scale = _scale(truth)
    boxes = grown([s.box for s in truth.symbols if s.group != "flow_arrow"], MEETING_PX / scale) * scale
    tees, crossings = find_tees(truth.lines, scale=scale), find_crossings(truth.lines, scale=scale)
    return _outside(tees, boxes), _outside(crossings, boxes)


def find_tees(lines: Sequence[Line], *, scale: float) -> Array:
    """Places (N, 2) where three line ends and more come together."""
    ends = np.array([p for line in lines for p in (line.points[0], line.points[-1])]).reshape(-1, 2) * scale
    if not len(ends):
        return ends
    from scipy.spatial import cKDTree

    near = cKDTree(ends).query_ball_point(ends, 3.0)
    return np.array([ends[group[0]] for i, group in enumerate(near) if len(group) >= 3 and min(group) == i]).reshape(
        -1, 2
    )


def find_crossings(lines: Sequence[Line], *, scale: float) -> Array:
    """Places (N, 2) where two lines pass each other, away from their ends and bends."""
    segments, owner = _segments(lines, scale)
    if not len(segments):
        return np.zeros((0, 2))
    found: list[Array] = []
    start, d = segments[:, :2], segments[:, 2:] - segments[:, :2]
    length = np.hypot(d[:, 0], d[:, 1])
    for i in range(len(segments)):
        others = np.flatnonzero((owner != owner[i]) & (np.arange(len(segments)) > i))
        v = start[others] - start[i]
        cross = d[i, 0] * d[others, 1] - d[i, 1] * d[others, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (v[:, 0] * d[others, 1] - v[:, 1] * d[others, 0]) / cross
            s = (v[:, 0] * d[i, 1] - v[:, 1] * d[i, 0]) / cross
            clear = np.minimum(t, 1 - t) * length[i] > MEETING_PX
            clear &= np.minimum(s, 1 - s) * length[others] > MEETING_PX
        found += [start[i] + t[k] * d[i] for k in np.flatnonzero(clear & (np.abs(cross) > 1e-9))]
    return np.array(found).reshape(-1, 2)


def _segments(lines: Sequence[Line], scale: float) -> tuple[Array, Index]:
    """All straight pieces (N, 4) and the index (N,) of each one's line."""
    rows = [np.zeros((0, 4))]
    for line in lines:
        p = np.asarray(line.points, np.float64) * scale
        rows.append(np.c_[p[:-1], p[1:]])
    owner = np.repeat(np.arange(len(lines)), [len(r) for r in rows[1:]]) if lines else np.zeros(0, np.intp)
    return np.concatenate(rows), owner


def _two_pass(point: Array, segments: Array) -> bool:
    """Whether two pieces that lie across each other run through a point."""
    if not len(segments):
        return False
    near = segments[distance_to_segments(point[None], segments)[0] <= PASSING_PX]
    d = near[:, 2:] - near[:, :2]
    d = d / np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)[:, None]
    return bool((np.abs(d @ d.T) < 0.7).any())


def _is_near(point: Array, places: Array, reach: float = MEETING_PX) -> bool:
    return bool(len(places) and (np.hypot(*(places - point).T) <= reach).any())


def _outside(points: Array, boxes: Array) -> Array:
    """The points (N, 2) that lie in none of the boxes (M, 4)."""
    low = np.asarray(points[:, None] > boxes[None, :, :2], bool).all(axis=2)
    high = np.asarray(points[:, None] < boxes[None, :, 2:], bool).all(axis=2)
    inside: NDArray[np.bool_] = np.logical_and(low, high)
    return np.asarray(points[~inside.any(axis=1)], np.float64)


def _scale(truth: Drawing) -> float:
    return REFERENCE_WIDTH_PX / truth.sheet.width
