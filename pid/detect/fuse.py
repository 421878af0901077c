"""One list of symbols from what the network saw and what a vector page says about itself.

Blocks and exact vectors know kind, box and pose; the network sees everything else. Where they mean the same place they
become one symbol: the exact kind and box, a score that both raise, and the network's name kept among the runners-up
where it differs. What the network alone sees gets the extent of the paths that it covers, and is dropped where these
paths are explained already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import JsonValue

from pid.catalog import load_catalog
from pid.detect.block_names import shipped_names
from pid.detect.glyphs import REFERENCE_WIDTH, Glyph, GlyphField
from pid.detect.match_blocks import BlockMatches, match_blocks
from pid.detect.match_vectors import GlyphMatcher, Match, WordBoxes, drawn_box, find_exact, is_whole
from pid.detect.templates import Fit, TemplateBook, shipped_templates
from pid.drawing import Box, Symbol
from pid.geometry import Array, as_boxes, box_area, box_intersection, box_iou, grown
from pid.sheet import Vectors

SAME_IOU = 0.35
"""Boxes that mean one place overlap so far, ..."""
SAME_INSIDE, SAME_AREA = 0.8, 0.2
"""... or lie in one another to this share, neither smaller than this share of the other."""
LEAST_SIDE = 16.0
"""Thinner boxes are grown to this before they are compared, at a sheet width of 5000 px: bars have no area."""
SNAP_IOU = 0.55
"""The network's box is replaced by the extent of paths that it covers this well."""
LOOK_ROUND = 0.2
"""Paths are looked for beyond the network's box by this share of its longer side."""
EXPLAINED = 0.75
"""Where other symbols own this share of the ink in its box, the network saw a part of them."""
VECTOR_SCORE, REPEATED_SCORE = 0.85, 0.93
"""Of an exact match that the network did not see, met once, and met several times on the sheet."""
REPEATED = 3
PLAIN_SCORE = 0.5
"""What a plain match adds to the network's score: both are independent witnesses."""
SURE = 0.999
_TRIED = 8  # glyphs under one of the network's boxes that are compared with the catalogue
_STEP = 4.0  # between ink samples, px at a sheet width of 5000


@dataclass(frozen=True, eq=False)
class _Ink:
    """Points along all small paths, sorted by x, and whether exact symbols own them."""

    points: Array
    owned: NDArray[np.bool_]

    def owned_share(self, box: Box) -> float:
        """Share of the ink in a box that is owned; 0 where there is none."""
        start, end = np.searchsorted(self.points[:, 0], [box[0], box[2]])
        near = self.points[start:end, 1]
        inside = (near >= box[1]) & (near <= box[3])
        return float(self.owned[start:end][inside].mean()) if inside.any() else 0.0


def fuse_vectors(
    shapes: Sequence[Symbol], vectors: Vectors, *, width: float, book: TemplateBook | None = None
) -> tuple[Symbol, ...]:
    """Symbols of a vector page, best first, ids ``s1`` on.

    Args:
        shapes: What the network found on the page's picture; may be empty.
        vectors: The page's native content, in the same pixels.
        width: Of the sheet in pixels.
        book: What geometry is compared with; the shipped catalogue where it is not given.
    """
    matcher = GlyphMatcher(vectors.paths, vectors.texts, shipped_templates() if book is None else book)
    blocks = match_blocks(vectors, width=width, names=shipped_names(), matcher=matcher, catalog=load_catalog())
    field = GlyphField(vectors.paths, width, blocks.explained)
    words = WordBoxes(as_boxes([t.box for t in vectors.texts]))
    matches = find_exact(field, matcher, words)
    return _Fusion(vectors, width, blocks, field, matcher, words).join(shapes, matches)


class _Fusion:
    def __init__(
        self,
        vectors: Vectors,
        width: float,
        blocks: BlockMatches,
        field: GlyphField,
        matcher: GlyphMatcher,
        words: WordBoxes,
    ) -> None:
        self._vectors = vectors
        self._scale = width / REFERENCE_WIDTH
        self._blocks = blocks
        self._field = field
        self._matcher = matcher
        self._words = words
        self._open = as_boxes(blocks.open_boxes)

    def join(self, shapes: Sequence[Symbol], matches: Sequence[Match]) -> tuple[Symbol, ...]:
        """All symbols: blocks, exact matches that tell by themselves, and what else the network saw."""
        telling = [m for m in matches if not m.plain]
        exact = [*self._blocks.symbols, *(self._symbol(m, m.fits[0]) for m in telling)]
        seen_by = self._assign(shapes, exact)
        owner = self._ink([*self._blocks.explained, *(i for m in telling for i in m.glyph.members)])
        out: list[Symbol] = []
        for k, symbol in enumerate(exact):
            seen = [s for s, index in zip(shapes, seen_by, strict=True) if index == k]
            best = max(seen, key=lambda s: s.score, default=None)
            drawn = k - len(self._blocks.symbols)
            if best is None:
                out.append(symbol)
            elif drawn < 0:
                out.append(_merge(symbol, best))
            else:
                out.append(_merge(self._symbol(telling[drawn], _choose(telling[drawn].fits, best)), best))
        for shape, index in zip(shapes, seen_by, strict=True):
            if index is None and owner.owned_share(shape.box) < EXPLAINED:
                out.append(self._refine(shape))
        out.sort(key=lambda s: -s.score)
        return tuple(s.model_copy(update={"id": f"s{n}"}) for n, s in enumerate(out, start=1))

    def _assign(self, shapes: Sequence[Symbol], exact: Sequence[Symbol]) -> list[int | None]:
        """For each of the network's symbols the exact one at its place."""
        if not shapes or not exact:
            return [None] * len(shapes)
        a, b = self._padded([s.box for s in shapes]), self._padded([s.box for s in exact])
        iou = box_iou(a, b)
        areas = np.stack(np.broadcast_arrays(box_area(a)[:, None], box_area(b)[None]))
        inside = box_intersection(a, b) / np.maximum(areas.min(axis=0), 1e-9)
        alike = areas.min(axis=0) / np.maximum(areas.max(axis=0), 1e-9)
        same = (iou >= SAME_IOU) | ((inside >= SAME_INSIDE) & (alike >= SAME_AREA))
        best = np.where(same, iou, -1.0).argmax(axis=1)
        return [int(j) if same[i, j] else None for i, j in enumerate(best.tolist())]

    def _refine(self, shape: Symbol) -> Symbol:
        """The network's symbol with the extent of the paths that it covers, and their kind where they tell it."""
        by = LOOK_ROUND * max(shape.box[2] - shape.box[0], shape.box[3] - shape.box[1])
        box = grown(shape.box, by)[0].tolist()
        glyphs = self._field.glyphs_in((box[0], box[1], box[2], box[3]))
        boxes = [drawn_box(self._vectors.paths, g.members) for g in glyphs]
        every = as_boxes([*boxes, *self._open.tolist()])
        if not len(every):
            return shape
        iou = box_iou(self._padded([shape.box]), self._padded(every))[0]
        order = np.argsort(-iou, kind="stable")[:_TRIED].tolist()
        for k in order:
            if iou[k] >= SAME_IOU and k < len(glyphs):
                told = self._told(shape, glyphs[k])
                if told is not None:
                    return told
        best = order[0]
        return shape.model_copy(update={"box": tuple(every[best].tolist())}) if iou[best] >= SNAP_IOU else shape

    def _told(self, shape: Symbol, glyph: Glyph) -> Symbol | None:
        """The symbol as the glyph's geometry tells it, where the network agrees at least on the group."""
        match = self._matcher.match(glyph)
        if match is None or not is_whole(match, self._field, self._words):
            return None
        agreed = [f for f in match.fits if f.template.kind.group == shape.group]
        if not agreed:
            return None
        return _merge(self._symbol(match, _choose(agreed, shape)), shape)

    def _symbol(self, match: Match, fit: Fit) -> Symbol:
        others = [f.kind for f in match.fits if f.kind != fit.kind]
        quarter, mirrored = fit.pose
        score = REPEATED_SCORE if match.repeats >= REPEATED else VECTOR_SCORE
        if match.plain:
            score = PLAIN_SCORE
        return Symbol(
            id="v",
            kind=fit.kind,
            group=fit.template.kind.group,
            box=drawn_box(self._vectors.paths, match.glyph.members, inner=fit.box),
            rotation=90.0 * quarter,
            mirrored=mirrored,
            score=score,
            found_by=("vector",),
            ports=fit.ports,
            attributes={
                "kind_score": round(1.0 / len(match.fits), 3),
                "runners_up": [[name, round(1.0 / len(match.fits), 3)] for name in others[:3]],
            },
        )

    def _padded(self, boxes: ArrayLike) -> Array:
        b = as_boxes(boxes)
        grow = np.clip(LEAST_SIDE * self._scale - (b[:, 2:] - b[:, :2]), 0, None) / 2
        return np.asarray(np.concatenate([b[:, :2] - grow, b[:, 2:] + grow], axis=1), np.float64)

    def _ink(self, explained: Sequence[int]) -> _Ink:
        """Samples along the small paths and along those of exact symbols."""
        mine = set(explained)
        parts, owned = [np.zeros((0, 2))], [np.zeros(0, bool)]
        for index in sorted(mine | set(self._field.bits)):
            points = _along(self._vectors.paths[index].points, _STEP * self._scale)
            parts.append(points)
            owned.append(np.full(len(points), index in mine))
        every, flags = np.concatenate(parts), np.concatenate(owned)
        order = np.argsort(every[:, 0], kind="stable")
        return _Ink(every[order], flags[order])


def _choose(fits: Sequence[Fit], shape: Symbol) -> Fit:
    """Of equal fits the one of the network's kind, or of its group, or the likeliest."""
    same_kind = next((f for f in fits if f.kind == shape.kind), None)
    return same_kind or next((f for f in fits if f.template.kind.group == shape.group), fits[0])


def _merge(symbol: Symbol, shape: Symbol) -> Symbol:
    """One symbol of an exact one and what the network saw there."""
    update: dict[str, object] = {}
    if symbol.kind == "unknown" and symbol.group == shape.group:
        update = {"kind": shape.kind, "rotation": shape.rotation, "mirrored": shape.mirrored}
    kind = update.get("kind", symbol.kind)
    attributes = dict(symbol.attributes)
    if shape.kind != kind:
        seen = shape.attributes.get("runners_up", [])
        first: list[JsonValue] = [shape.kind, shape.attributes.get("kind_score", 0.0)]
        others: list[JsonValue] = [first, *(seen if isinstance(seen, list) else [])]
        named = [pair for pair in others if isinstance(pair, list) and pair[0] not in {kind, "unknown"}]
        if named:
            attributes["runners_up"] = [*named[:3]]
    return symbol.model_copy(
        update={
            **update,
            "score": min(1.0 - (1.0 - symbol.score) * (1.0 - shape.score), SURE),
            "found_by": tuple(dict.fromkeys((*symbol.found_by, *shape.found_by))),
            "attributes": attributes,
        }
    )


def _along(points: Array, step: float) -> Array:
    """Points along a polyline, about a step apart."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    total = float(lengths.sum())
    at = np.linspace(0.0, total, max(math.ceil(total / step), 1) + 1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)
