"""Symbols that a vector page draws exactly as the catalogue does: matched path by path, no network.

`find_exact` compares glyphs with the catalogue's templates and keeps, of those that overlap, the ones that explain most
ink. What a *plain* template matches (a bar, a circle, a box) is told apart: any circle is like a bubble, so it only
counts where something else says that a symbol is there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pid.detect.glyphs import Glyph, GlyphField
from pid.detect.outline import Outline, Piece, make_outline
from pid.detect.templates import COST_STEP, Fit, TemplateBook
from pid.drawing import Box
from pid.geometry import Array, bounds, polyline_length
from pid.sheet import VectorPath, VectorText

SCALE_SPREAD = 2.3
"""Symbols of one sheet are drawn to one scale within this factor."""
FEWEST_FOR_SCALE = 4
"""Matches that a sheet's scale is believed from."""
WORD_SHARE = 0.6
"""A glyph that lies in a word's box to this share of its own is lettering drawn as lines."""
_KEY_STEPS = 24


@dataclass(frozen=True, eq=False)
class Match:
    """A glyph and what it is: templates of one cost, the likeliest first."""

    glyph: Glyph
    fits: tuple[Fit, ...]
    ink: float  # length of its strokes, px
    repeats: int = 1  # glyphs of the page that look the same

    @property
    def plain(self) -> bool:
        """Whether its ink alone says little."""
        return self.fits[0].template.plain


class GlyphMatcher:
    """Compares the glyphs of one page with templates; equal glyphs are compared once."""

    def __init__(self, paths: Sequence[VectorPath], texts: Sequence[VectorText], book: TemplateBook) -> None:
        self._paths = paths
        self._texts = texts
        self.book = book
        self._known: dict[bytes, list[Fit]] = {}
        self._centers = np.array([((t.box[0] + t.box[2]) / 2, (t.box[1] + t.box[3]) / 2) for t in texts]).reshape(-1, 2)

    def outline(self, members: Iterable[int]) -> Outline:
        """The ink of some paths in the unit frame."""
        return make_outline([as_piece(self._paths[i]) for i in members])

    def match(self, glyph: Glyph, *, kinds: Collection[str] | None = None) -> Match | None:
        """What the glyph is, None if it is nothing of the catalogue."""
        ink = self.outline(glyph.members)
        key = _key(ink) + repr(sorted(kinds or ())).encode()
        fits = self._known.get(key)
        if fits is None:
            fits = self._known[key] = self.book.fit(ink, kinds=kinds)
        fits = [replace(fit, frame=ink.frame) for fit in fits]
        fits = self._lettered_right(fits, glyph.box)
        if not fits:
            return None
        equal = tuple(f for f in fits if f.cost <= fits[0].cost + COST_STEP)
        return Match(glyph, equal, sum(path_length(self._paths[i]) for i in glyph.members))

    def nearest(self, glyph: Glyph, kind: str) -> Match | None:
        """The look of a kind that comes nearest, however far that is; None where proportions rule out all."""
        fits = self.book.fit(self.outline(glyph.members), kinds=[kind], loosely=True)
        return Match(glyph, tuple(fits[:1]), 0.0) if fits else None

    def _lettered_right(self, fits: list[Fit], box: Box) -> list[Fit]:
        """Fits whose fixed lettering stands in the glyph; those that say which letters come first."""
        if not any(f.template.letters for f in fits):
            return fits
        inside = Counter(self.words_in(box))
        lettered = [f for f in fits if f.template.letters and not Counter(f.template.letters) - inside]
        unlettered = [f for f in fits if not f.template.letters]
        return lettered or unlettered

    def words_in(self, box: Box) -> list[str]:
        """Live text whose middle lies in the box."""
        x0, y0, x1, y1 = box
        x, y = self._centers.T
        held = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        return [self._texts[k].text for k in np.flatnonzero(held)]


def find_exact(field: GlyphField, matcher: GlyphMatcher, words: Array) -> list[Match]:
    """All glyphs that are catalogue symbols, none sharing a path with another, most ink first.

    Args:
        field: The page's glyphs.
        matcher: Of the same page.
        words: Boxes (M, 4) of live text: what lies in them is lettering.
    """
    found = []
    for glyph in field.glyphs():
        if not _in_words(glyph.box, words):
            match = matcher.match(glyph)
            if match is not None:
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


def _in_words(box: Box, words: Array) -> bool:
    if not len(words):
        return False
    low, high = np.maximum(words[:, :2], box[:2]), np.minimum(words[:, 2:], box[2:])
    shared = np.clip(high - low, 0, None).prod(axis=1).max()
    return bool(shared >= WORD_SHARE * max((box[2] - box[0]) * (box[3] - box[1]), 1.0))


def _key(ink: Outline) -> bytes:
    """Equal for ink that looks the same, wherever and however large it is drawn."""
    cells = np.unique(np.round(ink.points * _KEY_STEPS).astype(np.uint8), axis=0)
    return cells.tobytes() + ink.fill.tobytes() + round(math.log(ink.aspect) * 20).to_bytes(2, "little", signed=True)

