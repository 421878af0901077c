"""Symbols that a drawing names itself: block references whose name or geometry is a catalogue kind's.

The block's geometry gives box, pose and ports; its name gives the kind, and where they disagree the name wins, for
offices draw one kind in many ways but call it by its name. Attributes give tag and size.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pid.catalog import Catalog
from pid.detect.block_names import NO_SYMBOL, BlockNames, Meaning
from pid.detect.glyphs import Glyph, box_around, path_boxes
from pid.detect.match_vectors import GlyphMatcher, Match, drawn_box
from pid.detect.templates import Fit
from pid.drawing import Box, Group, Point, Symbol
from pid.geometry import Array
from pid.place_ports import place_ports
from pid.sheet import VectorBlock, VectorPath, Vectors

NAMED_SCORE, DRAWN_SCORE, BOTH_SCORE = 0.97, 0.95, 0.99
"""Of a block known by its name, by its geometry, by both."""
GROUP_SCORE = 0.9
"""Of a block whose name tells the group only."""
LARGEST_SHARE = 0.4
"""A block over more than this share of the sheet's width is a frame, a title block or a unit, whatever its name."""
MOST_PATHS = 400
"""A block of more paths is a drawing; only its name tells what it is."""
_LEVEL = 1.0  # degrees off a quarter turn


@dataclass(frozen=True)
class BlockMatches:
    """What the blocks of a page say."""

    symbols: tuple[Symbol, ...]
    explained: frozenset[int]
    """Indices of paths that belong to these symbols or to blocks that are none."""
    open_boxes: tuple[Box, ...]
    """Boxes of blocks that nothing is known of: if the detector sees a symbol there, this is its extent."""


def match_blocks(
    vectors: Vectors, *, width: float, names: BlockNames, matcher: GlyphMatcher, catalog: Catalog
) -> BlockMatches:
    """Symbols of the page's block references, ids ``b1`` on.

    Args:
        vectors: The page's native content.
        width: Of the sheet in pixels.
        names: The naming rules.
        matcher: Of the same page.
        catalog: Where kinds are looked up.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for index, path in enumerate(vectors.paths):
        if path.block is not None:
            members[path.block].append(index)
    symbols: list[Symbol] = []
    explained: set[int] = set()
    open_boxes: list[Box] = []
    for number, block in enumerate(vectors.blocks):
        mine = [i for i in members[number] if min(vectors.paths[i].color) < _PAPER]
        if not mine:
            continue
        meaning = names.read(block.name)
        if meaning == NO_SYMBOL:
            explained.update(mine)
            continue
        known = meaning if isinstance(meaning, Meaning) else None
        extent = box_around(path_boxes([vectors.paths[i] for i in mine]))
        if max(extent[2] - extent[0], extent[3] - extent[1]) > LARGEST_SHARE * width:
            continue
        found = _match_geometry(block, mine, extent, known, vectors.paths, matcher)
        if known is None and found is None:
            open_boxes.append(drawn_box(vectors.paths, mine))
            continue
        explained.update(mine)
        box = drawn_box(vectors.paths, mine)
        symbols.append(
            _make_symbol(f"b{len(symbols) + 1}", block, box, known, found, vectors.paths, mine, catalog, names)
        )
    return BlockMatches(tuple(symbols), frozenset(explained), tuple(open_boxes))


@dataclass(frozen=True, eq=False)
class _Found:
    """A fit of a block's geometry, and the turn (degrees) that was taken back before it was made."""

    match: Match
    turn: float
    about: Point
    loose: bool = False

    @property
    def fit(self) -> Fit:
        return self.match.fits[0]


def _match_geometry(
    block: VectorBlock,
    mine: list[int],
    box: Box,
    known: Meaning | None,
    paths: Sequence[VectorPath],
    matcher: GlyphMatcher,
) -> _Found | None:
    """What the block draws: exactly a symbol of the catalogue, or the nearest look of the kind that it is named."""
    if len(mine) > MOST_PATHS:
        return None
    turn = (block.rotation + 45) % 90 - 45
    if abs(turn) > _LEVEL:
        upright = [_turned(paths[i], -turn, block.insert) for i in mine]
        matcher = GlyphMatcher(upright, (), matcher.book)
        box = box_around(path_boxes(upright))
        mine = list(range(len(upright)))
    else:
        turn = 0.0
    glyph = Glyph(tuple(mine), box)
    kind = known.kind_of(box[2] - box[0], box[3] - box[1]) if known is not None else None
    match = matcher.match(glyph)
    if match is not None and known is not None:
        same = tuple(f for f in match.fits if f.kind == kind) or tuple(
            f for f in match.fits if f.template.kind.group == known.group
        )
        match = replace(match, fits=same) if same else None
    if match is not None and (known is not None or not match.plain):
        return _Found(match, turn, block.insert)
    nearest = matcher.nearest(glyph, kind) if kind is not None else None
    return _Found(nearest, turn, block.insert, loose=True) if nearest is not None else None


def _make_symbol(
    ident: str,
    block: VectorBlock,
    box: Box,
    known: Meaning | None,
    found: _Found | None,
    paths: Sequence[VectorPath],
    mine: list[int],
    catalog: Catalog,
    names: BlockNames,
) -> Symbol:
    kind = known.kind_of(box[2] - box[0], box[3] - box[1]) if known is not None else None
    exact = found is not None and not found.loose
    if kind is None and exact and found is not None:
        kind = found.fit.kind
    group: Group = catalog[kind].group if kind is not None else known.group if known is not None else "other"
    if exact and found is not None and found.turn == 0.0:
        box = drawn_box(paths, mine, inner=found.fit.box)
    rotation, mirrored = block.rotation, block.mirrored
    ports: tuple[Point, ...] = ()
    if found is not None:
        quarter, mirrored = found.fit.pose
        rotation = (90.0 * quarter + found.turn) % 360
        ports = _turned_points(found.fit.ports, found.turn, found.about)
    if not ports:
        ports = place_ports(catalog.get(kind) if kind else None, box, rotation=rotation, mirrored=mirrored)
    score = GROUP_SCORE if kind is None else NAMED_SCORE
    if exact and found is not None:
        score = DRAWN_SCORE if known is None else BOTH_SCORE if kind == found.fit.kind else NAMED_SCORE
    tag, attributes = read_attributes(block.attributes, names)
    others = [f.kind for f in found.match.fits if f.kind != kind] if exact and found is not None else []
    return Symbol(
        id=ident,
        kind=kind or "unknown",
        group=group,
        box=box,
        rotation=round(rotation, 2) % 360,
        mirrored=mirrored,
        tag=tag,
        score=score,
        found_by=("block",),
        ports=ports,
        attributes={
            "block": block.name,
            "kind_score": score,
            **({"runners_up": [[name, 0.0] for name in others[:3]]} if others else {}),
            **attributes,
        },
    )


def read_attributes(given: Mapping[str, str], names: BlockNames) -> tuple[str | None, dict[str, Any]]:
    """The tag among a block's attributes, and the rest: ``size`` where there is one, all as ``block_attributes``."""
    values = {name: text.strip() for name, text in given.items() if text.strip()}
    plain = {names.plain(name): text for name, text in values.items()}
    tag = next((plain[name] for name in names.tag_attributes if name in plain), None)
    size = next((plain[name] for name in names.size_attributes if name in plain), None)
    attributes: dict[str, Any] = {"size": size} if size is not None else {}
    if values:
        attributes["block_attributes"] = values
    return tag, attributes


def _turned(path: VectorPath, degrees: float, about: Point) -> VectorPath:
    return replace(path, points=_turn(path.points, degrees, about))


def _turn(points: Array, degrees: float, about: Point) -> Array:
    """Points (N, 2) turned counter-clockwise as seen, y down."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.asarray((points - about) @ np.array([[c, -s], [s, c]]) + about, np.float64)


def _turned_points(points: tuple[Point, ...], degrees: float, about: Point) -> tuple[Point, ...]:
    if not points or degrees == 0.0:
        return points
    return tuple((float(x), float(y)) for x, y in _turn(np.array(points), degrees, about))


_PAPER = 250
