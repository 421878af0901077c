"""What becomes of readings: merging boxes of overlapping tiles, splitting strings into words, joining them again.

A *reading* is what an engine says about one box of lettering; a *word* is a run of characters between blanks, the unit
of `pid.drawing.Word`; a *string* is the words of one line of lettering joined again. Nothing here knows an engine.
Angles: 0 reads left to right, 90 bottom to top, 180 upside down, 270 top to bottom.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.document.characters import clean_text
from pid.drawing import Box, Word
from pid.geometry import as_boxes, box_area, box_intersection
from pid.sheet import VectorText

Array = NDArray[np.float64]
Correct = Callable[[str, Sequence[float]], str]
"""A word and the scores of its characters to what it must have been meant to be."""

SAME_SHARE = 0.5
"""Two boxes are the same lettering when they share this much of the smaller one."""
UNSURE = 0.8
"""Below this mean probability of its characters a reading is more often wrong than right."""
SAME_THICKNESS = 1.6
"""...and their thicknesses differ by no more than this factor: a box over two lines is not the same as one line."""


@dataclass(frozen=True)
class Reading:
    """One box of lettering as read; `places` are the characters' centres along the reading direction, 0..1."""

    text: str
    box: Box
    angle: float
    places: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def score(self) -> float:
        """Mean of the characters' probabilities; 0 where nothing was read."""
        return float(np.mean(self.scores)) if self.scores else 0.0

    def as_long_as(self, other: Reading) -> bool:
        """Whether both have the same number of characters, blanks aside."""
        return len("".join(self.text.split())) == len("".join(other.text.split()))


# ---------------------------------------------------------------- boxes


def merge_boxes(boxes: ArrayLike, *, cut: ArrayLike | None = None, share: float = SAME_SHARE) -> Array:
    """Boxes (N, 4) of overlapping tiles as (M, 4): boxes over the same line of lettering become their union.

    `cut` (N,) marks boxes that end at the edge of their tile: such a box is also joined to one that merely overlaps it
    in the same row. A box of another thickness (a glimpse of two lines at once) is left as it is.
    """
    b = as_boxes(boxes)
    if len(b) == 0:
        return b
    ends = np.zeros(len(b), bool) if cut is None else np.asarray(cut, bool)
    inter = box_intersection(b, b)
    area = box_area(b)
    thick = np.minimum(b[:, 2] - b[:, 0], b[:, 3] - b[:, 1])
    ratio = np.maximum(thick[:, None], thick[None]) / np.maximum(np.minimum(thick[:, None], thick[None]), 1e-9)
    same = (inter > share * np.minimum(area[:, None], area[None])) & (ratio < SAME_THICKNESS)
    same |= _in_row(b) & (inter > 0) & (ends[:, None] | ends[None])
    group = _components(same)
    return np.array([[*b[group == g, :2].min(axis=0), *b[group == g, 2:].max(axis=0)] for g in range(group.max() + 1)])


def cut_at_regions(boxes: ArrayLike, regions: ArrayLike, *, least: float) -> Array:
    """Lying boxes (N, 4) that run out of a region (a bubble) cut at its side, since lettering inside stands alone.

    Only where the part inside and the part outside are both longer than `least` px: a long tag may poke out of its
    bubble by a letter.
    """
    pending, out = [tuple(b) for b in as_boxes(boxes)], []
    sides = as_boxes(regions)
    while pending:
        x0, y0, x1, y1 = pending.pop()
        rows = sides[(sides[:, 1] <= (y0 + y1) / 2) & (sides[:, 3] >= (y0 + y1) / 2)]
        inside = np.minimum(rows[:, 2], x1) - np.maximum(rows[:, 0], x0) > least
        cuts = [float(x) for x in rows[inside][:, [0, 2]].ravel() if x0 + least < x < x1 - least]
        if cuts and x1 - x0 > y1 - y0:
            pending += [(x0, y0, cuts[0], y1), (cuts[0], y0, x1, y1)]
        else:
            out.append((x0, y0, x1, y1))
    return as_boxes(out)


def prefer_inside(words: Sequence[Word], inside: Sequence[Word]) -> list[Word]:
    """Both lists as one. A word read inside a region replaces those that it covers if it is surer and as long.

    Against a rival that was itself unsure, being surer is enough: strokes of the outline had been read along.
    """
    kept: list[Word] = list(words)
    for w in inside:
        area = max(float(box_area(w.box)[0]), 1e-9)
        share = box_intersection(w.box, [k.box for k in kept])[0] / area if kept else np.zeros(0)
        rivals = [k for k, s in zip(kept, share, strict=True) if s > SAME_SHARE]
        if all(w.score > k.score and (len(w.text) == len(k.text) or k.score < UNSURE) for k in rivals):
            kept = [k for k in kept if k not in rivals] + [w]
    return kept


def _in_row(b: Array) -> NDArray[np.bool_]:
    """Whether two boxes (N, 4) lie in the same row, or both in the same column: their thin sides agree, (N, N)."""
    out = np.zeros((len(b), len(b)), bool)
    lying = (b[:, 2] - b[:, 0]) >= (b[:, 3] - b[:, 1])
    for axis, member in ((1, lying), (0, ~lying)):
        low, high = b[:, axis], b[:, axis + 2]
        shared = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
        thicker = np.maximum((high - low)[:, None], (high - low)[None])
        out |= (shared > 0.75 * thicker) & member[:, None] & member[None]
    return out


def _components(linked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Component numbers (N,) of a symmetric relation (N, N)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    return np.asarray(connected_components(csr_array(linked), directed=False)[1], np.int64)


# ---------------------------------------------------------------- readings to words


def split_reading(reading: Reading, correct: Correct | None = None) -> list[Word]:
    """The words of a reading, each with its part of the box and its own score; ids are left empty.

    `correct` is asked about each word and the scores of its characters.
    """
    out = []
    text, places, scores = reading.text, reading.places, reading.scores
    half = 0.6 * float(np.median(np.diff(places))) if len(places) > 1 else 0.5
    for m in re.finditer(r"\S+", text):
        first, last = m.start(), m.end() - 1
        low = 0.0 if not text[:first].strip() else max(places[first] - half, 0.0)
        high = 1.0 if not text[last + 1 :].strip() else min(places[last] + half, 1.0)
        clean = clean_text(m.group())
        if clean:
            box = part_of_box(reading.box, reading.angle, low, max(high, low))
            score = min(max(float(np.mean(scores[first : last + 1])), 0.0), 1.0)
            own = scores[first : last + 1]
            told = own if len(own) == len(clean) else (score,) * len(clean)
            meant = clean if correct is None else correct(clean, told)
            raw = None if meant == clean else clean
            out.append(Word(id="", text=meant, box=box, angle=reading.angle, score=score, raw=raw))
    return out


def part_of_box(box: Box, angle: float, low: float, high: float) -> Box:
    """The part of a box between two shares (0..1) of its length along the reading direction."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    quarter = round(angle / 90) % 4
    if quarter == 0:
        return x0 + low * w, y0, x0 + high * w, y1
    if quarter == 1:
        return x0, y1 - high * h, x1, y1 - low * h
    if quarter == 2:
        return x1 - high * w, y0, x1 - low * w, y1
    return x0, y0 + low * h, x1, y0 + high * h


def drop_doubles(words: Sequence[Word], *, share: float = SAME_SHARE) -> list[Word]:
    """Words without doubles: of words that share most of the smaller one's box, the surer and longer stays."""
    order = sorted(range(len(words)), key=lambda i: -words[i].score * np.sqrt(len(words[i].text)))
    boxes = as_boxes([w.box for w in words])
    area = np.maximum(box_area(boxes), 1e-9)
    inter = box_intersection(boxes, boxes) / np.minimum(area[:, None], area[None])
    kept: list[int] = []
    for i in order:
        if not kept or float(inter[i, kept].max()) < share:
            kept.append(i)
    return [words[i] for i in sorted(kept)]


def number_words(words: Iterable[Word]) -> tuple[Word, ...]:
    """Words from top to bottom with the ids w1, w2, ..."""
    order = sorted(words, key=lambda w: (w.box[1], w.box[0]))
    return tuple(w.model_copy(update={"id": f"w{i}"}) for i, w in enumerate(order, 1))


def words_of_texts(texts: Iterable[VectorText]) -> list[Word]:
    """Live text as words of score 1: lines and blanks split, boxes shared out by the number of characters."""
    out = []
    for t in texts:
        lines = [line for line in re.split(r"[\r\n]+", t.text) if line.strip()]
        for i, line in enumerate(lines):
            box = _line_of_box(t.box, t.angle, i, len(lines))
            n = len(line)
            for m in re.finditer(r"\S+", line):
                part = part_of_box(box, t.angle, m.start() / n, m.end() / n)
                out.append(Word(id="", text=m.group(), box=part, angle=t.angle % 360, score=1.0))
    return out


def _line_of_box(box: Box, angle: float, index: int, count: int) -> Box:
    """Line `index` of `count` lines of a text box: part of it along the direction a quarter turn clockwise."""
    return part_of_box(box, angle - 90, index / count, (index + 1) / count)
