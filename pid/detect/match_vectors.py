"""Symbols that a vector page draws exactly as the catalogue does: matched path by path, no network.

`find_exact` compares glyphs with the catalogue's templates and keeps, of those that overlap, the ones that explain most
ink. What a *plain* template matches (a bar, a circle, a box) is told apart: any circle is like a bubble, so it only
counts where something else says that a symbol is there.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from pid.detect.glyphs import Glyph, GlyphField
from pid.detect.outline import Outline, Piece, frame_of, make_outline
from pid.detect.templates import COST_STEP, Fit, TemplateBook
from pid.drawing import Box
from pid.geometry import Array, as_boxes, bounds, polyline_length
from pid.sheet import VectorPath, VectorText

SCALE_SPREAD = 2.3
"""Symbols of one sheet are drawn to one scale within this factor."""
FEWEST_FOR_SCALE = 4
"""Matches that a sheet's scale is believed from."""
WORD_SHARE = 0.6
"""A glyph that lies in a word's box to this share of its own is lettering drawn as lines."""
EQUAL_FACTOR = 1.75
"""Fits whose cost is within this factor of the best one's are as good: sizes of dots and lengths of ticks vary."""
ISA_LETTERS = re.compile(r"[A-Z]{2,6}|[A-Z]{1,4}-?\d{1,6}[A-Z]?")
"""The function letters of a bubble (PT, TICSA), with or without its number."""
MOST_WORDS = 4
LETTERED_GROUPS = ("instrument", "connector", "nozzle", "vessel")
_KEY_STEPS = 48


@dataclass(frozen=True, eq=False)
class Match:
    """A glyph and what it is: templates of one cost, the likeliest first."""

    glyph: Glyph
    fits: tuple[Fit, ...]
    ink: float  # length of its strokes, px
    repeats: int = 1  # glyphs of the page that look the same

    lettered: bool = False  # the lettering inside says that it is what the first fit says

    @property
    def plain(self) -> bool:
        """Whether its ink alone says little, and its lettering no more."""
        return self.fits[0].template.plain and not self.lettered


class GlyphMatcher:
    """Compares the glyphs of one page with templates; equal glyphs are compared once."""

    def __init__(self, paths: Sequence[VectorPath], texts: Sequence[VectorText], book: TemplateBook) -> None:
        self._paths = paths
        self._texts = texts
        self.book = book
        self._known: dict[bytes, list[Fit]] = {}
        self._probes = np.array([_probe(p) for p in paths]).reshape(-1, 5, 2)
        self._looks = np.array([(len(p.points), p.closed, p.filled) for p in paths], np.uint32).reshape(-1, 3)
        boxes = as_boxes([t.box for t in texts])
        self._centers = shapely.STRtree(shapely.points((boxes[:, :2] + boxes[:, 2:]) / 2))

    def outline(self, members: Iterable[int]) -> Outline:
        """The ink of some paths in the unit frame."""
        return make_outline([as_piece(self._paths[i]) for i in members])

    def match(self, glyph: Glyph, *, kinds: Collection[str] | None = None) -> Match | None:
        """What the glyph is, None if it is nothing of the catalogue."""
        key = self._key(glyph) + repr(sorted(kinds or ())).encode()
        fits = self._known.get(key)
        if fits is None:
            fits = self._known[key] = self.book.fit(self.outline(glyph.members), kinds=kinds)
        frame = frame_of(glyph.box)
        fits = [replace(fit, frame=frame) for fit in fits]
        if not fits:
            return None
        equal = [f for f in fits if f.cost <= EQUAL_FACTOR * fits[0].cost + COST_STEP]
        fits, lettered = self._lettered_right(equal, glyph.box)
        if not fits:
            return None
        return Match(glyph, tuple(fits), sum(path_length(self._paths[i]) for i in glyph.members), lettered=lettered)

    def _key(self, glyph: Glyph) -> bytes:
        """Equal for glyphs drawn alike, path by path, wherever and however large."""
        members = list(glyph.members)
        x0, y0, x1, y1 = frame_of(glyph.box)
        unit = (self._probes[members] - (x0, y0)) / max(x1 - x0, y1 - y0)
        return np.round(unit * _KEY_STEPS).astype(np.int8).tobytes() + self._looks[members].tobytes()

    def nearest(self, glyph: Glyph, kind: str) -> Match | None:
        """The look of a kind that comes nearest, however far that is; None where proportions rule out all."""
        fits = self.book.fit(self.outline(glyph.members), kinds=[kind], loosely=True)
        return Match(glyph, tuple(fits[:1]), 0.0) if fits else None

    def _lettered_right(self, fits: list[Fit], box: Box) -> tuple[list[Fit], bool]:
        """Fits whose lettering stands in the glyph, and whether it says what they are.

        Fixed letters (the M of a motor) have to be there; letters over a number make a circle a bubble.
        """
        if not any(f.template.letters or f.template.plain for f in fits):
            return fits, False
        inside = self.words_in(box)
        lettered = [f for f in fits if f.template.letters and not Counter(f.template.letters) - Counter(inside)]
        if lettered:
            return lettered, True
        fits = [f for f in fits if not f.template.letters]
        bubbles = [f for f in fits if f.template.kind.group == "instrument"]
        named = any(ISA_LETTERS.fullmatch(word) for word in inside) and len(inside) <= MOST_WORDS
        return (bubbles, True) if bubbles and named else (fits, False)

    def words_in(self, box: Box) -> list[str]:
        """Live text whose middle lies in the box."""
        held = np.sort(self._centers.query(shapely.box(*box)))
        return [self._texts[k].text for k in held.tolist()]


class WordBoxes:
    """Boxes (M, 4) of live text, ready to be asked what lies in them."""

    def __init__(self, boxes: Array) -> None:
        self._boxes = boxes
        self._tree = shapely.STRtree(shapely.box(*boxes.T) if len(boxes) else [])

    def hold(self, boxes: Array) -> NDArray[np.bool_]:
        """Which boxes (N, 4) are lettering: they lie in one word's box."""
        inside = np.zeros(len(boxes), bool)
        if len(boxes) and len(self._boxes):
            which, of = self._tree.query(shapely.box(*boxes.T))
            low = np.maximum(boxes[which, :2], self._boxes[of, :2])
            high = np.minimum(boxes[which, 2:], self._boxes[of, 2:])
            area = np.maximum((boxes[which, 2:] - boxes[which, :2]).prod(axis=1), 1.0)
            inside[which[np.clip(high - low, 0, None).prod(axis=1) >= WORD_SHARE * area]] = True
        return inside


def find_exact(field: GlyphField, matcher: GlyphMatcher, words: WordBoxes) -> list[Match]:
    """All glyphs that are catalogue symbols, none sharing a path with another, most ink first.

    Args:
        field: The page's glyphs.
        matcher: Of the same page.
        words: The page's live text: what lies in it is lettering.
    """
    found = []
    glyphs = field.glyphs()
    lettering = words.hold(as_boxes([g.box for g in glyphs]))
    for glyph, letter in zip(glyphs, lettering.tolist(), strict=True):
        match = None if letter else matcher.match(glyph)
        if match is not None and is_whole(match, field, words):
            found.append(match)
    found = _to_scale(found)
    found.sort(key=lambda m: (m.plain, -m.ink, m.fits[0].cost))
    taken: set[int] = set()
    kept = []
    for match in found:
        if taken.isdisjoint(match.glyph.members):
            taken.update(match.glyph.members)
            kept.append(match)
    alike = [(m.fits[0].kind, m.fits[0].template.variant.name, round(math.log(m.fits[0].scale) * 20)) for m in kept]
    counts = Counter(alike)
    return [replace(m, repeats=counts[like]) for m, like in zip(kept, alike, strict=True)]


def is_whole(match: Match, field: GlyphField, words: WordBoxes) -> bool:
    """Whether nothing else is drawn inside of the match, which would make it another symbol.

    Lettering drawn as lines may stand in what is made to be lettered.
    """
    if match.fits[0].template.kind.group in LETTERED_GROUPS:
        return True
    return bool(words.hold(field.strangers(match.glyph)).all())


def sheet_scale(matches: Iterable[Match]) -> float | None:
    """Pixels per catalogue millimetre that the telling matches of a sheet agree on, None where there are too few."""
    scales = [math.log(m.fits[0].scale) for m in matches if not m.plain]
    return math.exp(float(np.median(scales))) if len(scales) >= FEWEST_FOR_SCALE else None


def _to_scale(matches: list[Match]) -> list[Match]:
    """Order equal fits by how well their size suits the sheet; those that are far too large or small are dropped."""
    scale = sheet_scale(matches)
    if scale is None:
        return matches
    out = []
    for match in matches:
        suited = sorted(match.fits, key=lambda f: round(abs(math.log(f.scale / scale)), 1))  # stable: ties keep order
        suited = [f for f in suited if abs(math.log(f.scale / scale)) <= math.log(SCALE_SPREAD)]
        if suited:
            out.append(replace(match, fits=tuple(suited)))
    return out


def as_piece(path: VectorPath) -> Piece:
    """A path for comparison; one that comes back to its start is closed."""
    closed = path.closed or (len(path.points) > 3 and float(np.hypot(*(path.points[0] - path.points[-1]))) < 1e-6)
    return Piece(path.points, closed, path.filled)


def path_length(path: VectorPath) -> float:
    """Length of a path's stroke in pixels."""
    points = np.vstack([path.points, path.points[:1]]) if path.closed else path.points
    return polyline_length(points)


def drawn_box(paths: Sequence[VectorPath], members: Iterable[int], *, inner: Box | None = None) -> Box:
    """Where paths leave ink: half a pen's width beyond their geometry, or beyond the part `inner` of it."""
    chosen = [paths[i] for i in members]
    box = bounds(np.concatenate([p.points for p in chosen])) if inner is None else inner
    half = max((0.0 if p.filled else p.width_px) for p in chosen) / 2
    return box[0] - half, box[1] - half, box[2] + half, box[3] + half


def _probe(path: VectorPath) -> Array:
    """Five points along a path (5, 2), by count."""
    last = len(path.points) - 1
    return path.points[[0, last // 4, last // 2, last - last // 4, last]]
