"""Lines of a sheet: from ink (or native vectors) to polylines that stop at symbols and tees.

Steps: `trace_ink` lifts lettering, symbols and frame off; `strokes` thins the rest to a graph; `trace_junctions` tells
tees from crossings; `trace_gaps` bridges dashes and breaks; `trace_chain` makes lines; `trace_filter` keeps what can be
a pipe or a signal. All in pixels of the sheet; lengths in constants are for a sheet 5000 px wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.drawing import Line, Point, Symbol, Word
from pid.geometry import as_boxes, grown
from pid.graph.strokes import StrokeGraph, draw_strokes, graph_from_ink
from pid.graph.strokes_vector import dot_centres, graph_from_paths
from pid.graph.symbol_index import CONTROL, HOSTS, PASSED, TANKS, TOUCH, SymbolIndex, enclosing_symbols
from pid.graph.trace_chain import Chain
from pid.graph.trace_dashes import DASH_AIM, close_dashes
from pid.graph.trace_filter import drop_marks, line_kind, line_score
from pid.graph.trace_gaps import bridge_gaps
from pid.graph.trace_grid import lift_tables
from pid.graph.trace_ink import (
    erase_boxes,
    erase_shell,
    erase_silhouette,
    find_ink,
    keep_between,
    lift_frame,
    lift_letters,
    lift_solids,
    lift_surrounds,
    lift_words,
)
from pid.graph.trace_junctions import (
    collapse_boxes,
    find_dots,
    flatten_rings,
    merge_junctions,
    nodes_at,
    prune_spurs,
    split_crossings,
    split_dashed_crossings,
)
from pid.graph.trace_landing import end_symbol, held_ends, land_on_symbols
from pid.graph.trace_lettering import Lettering
from pid.graph.trace_sleeves import draw_through, find_sleeves, hidden_by
from pid.graph.trace_stubs import Stub, add_stubs, find_links, find_stubs, gaps_between
from pid.graph.trace_ticks import told_style
from pid.sheet import Vectors

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]

WORKING_WIDTH = 5000
"""Wider sheets are reduced to this width: lines are then still 2 px and more wide, and no slower than on others."""
REDUCE_FROM = 6000
ERASE_MARGIN = 3.0
"""Half a stroke's width: boxes may follow the middle of a symbol's outline."""

LINK_SCORE = 0.9
"""How sure a link is that was told by the ink between two boxes, before calibration."""


@dataclass(frozen=True)
class Trace:
    """Traced lines and the places where they meet."""

    lines: tuple[Line, ...]
    junctions: tuple[Point, ...] = ()
    """Tees; each is an end point of three lines or more."""
    sleeves: frozenset[str] = frozenset()
    """Ids of symbols that are insulation sleeves, as a pipe goes on at both of their ends."""


def trace_lines(
    gray: Gray,
    *,
    symbols: Sequence[Symbol],
    words: Sequence[Word] = (),
    excluded_boxes: ArrayLike = (),
) -> Trace:
    """Trace the pipes and signal lines of a grey sheet (H, W).

    Args:
        gray: The rectified sheet, paper light.
        symbols: What was recognised; lines stop at them, but pass flow arrows and marks of group ``other``.
        words: Lettering; lines pass under it, leaders end at it.
        excluded_boxes: Boxes (K, 4) of tables, title block and notes, which hold no pipes.
    """
    factor = WORKING_WIDTH / gray.shape[1] if gray.shape[1] > REDUCE_FROM else 1.0
    if factor != 1.0:
        gray = np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    scaled = [s.model_copy(update={"box": tuple(v * factor for v in s.box)}) for s in symbols]
    lettering = Lettering.of(words, symbols, factor=factor)
    excluded = as_boxes(excluded_boxes) * factor
    scale = gray.shape[1] / 5000.0
    mask = _drawn_ink(gray, lettering.boxes, excluded, scaled, scale)
    sleeves = find_sleeves(mask, lettering.boxes, scaled, scale=scale)
    hidden = hidden_by(sleeves, scaled)
    mask, scaled = draw_through(mask, sleeves, scale=scale), [s for s in scaled if s.id not in hidden]
    index = SymbolIndex(scaled, scale=scale)
    stubs = find_stubs(mask, scaled, index, scale=scale)
    mask, depth = _line_ink(mask, scaled, scale)
    graph = graph_from_ink(mask, depth)
    return replace(_finish(graph, index, lettering, mask, factor=factor, depth=depth, stubs=stubs), sleeves=hidden)


def trace_vectors(
    vectors: Vectors,
    *,
    size: tuple[int, int],
    symbols: Sequence[Symbol],
    words: Sequence[Word] = (),
    excluded_boxes: ArrayLike = (),
) -> Trace:
    """Trace the pipes and signal lines of a page from its native paths; see `trace_lines` for the rest.

    Args:
        vectors: Native content in pixels of the sheet.
        size: Width and height of the sheet in pixels.
        symbols: What was recognised.
        words: Lettering.
        excluded_boxes: Boxes (K, 4) of tables, title block and notes.
    """
    scale = size[0] / 5000.0
    lettering = Lettering.of(words, symbols)
    enclosing = set(enclosing_symbols(symbols))
    held = [s.box for i, s in enumerate(symbols) if s.group != "flow_arrow" and i not in enclosing]
    lifted = np.vstack([as_boxes(excluded_boxes), grown(held, max(ERASE_MARGIN * scale, 1.0))])
    graph = graph_from_paths(vectors.paths, size=size, lifted=lifted, words=lettering.boxes)
    index = SymbolIndex(symbols, scale=scale)
    ink = draw_strokes(graph, size)
    return _finish(graph, index, lettering, ink, factor=1.0, dots=dot_centres(vectors.paths, scale=scale))


def _drawn_ink(gray: Gray, words: Array, excluded: Array, symbols: Sequence[Symbol], scale: float) -> NDArray[np.uint8]:
    """The ink of symbols and lines: no solid areas, tables, frame and lettering."""
    index = SymbolIndex(symbols, scale=scale)
    parts = [s.box for i, s in enumerate(symbols) if index.is_end[i] and s.group not in HOSTS]
    mask = lift_tables(lift_solids(find_ink(gray), scale=scale), scale=scale, parts=parts)
    mask = erase_boxes(lift_frame(mask), excluded)
    return keep_between(lift_words(mask, words, scale=scale), mask, gaps_between(symbols, scale=scale))


def _line_ink(
    mask: NDArray[np.uint8], symbols: Sequence[Symbol], scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The ink that can be lines, and its distance to paper."""
    enclosing = set(enclosing_symbols(symbols))
    tanks = [s.box for i, s in enumerate(symbols) if s.group in TANKS and i not in enclosing]
    shells = [s.box for i, s in enumerate(symbols) if s.group in HOSTS and i in enclosing]
    whole = [
        s.box for i, s in enumerate(symbols) if i not in enclosing and s.group not in TANKS and s.group != "flow_arrow"
    ]
    mask = erase_boxes(mask, whole, grow=max(ERASE_MARGIN * scale, 1.0))
    for box in tanks:
        mask = erase_silhouette(mask, box, scale=scale)
    for box in shells:
        mask = erase_shell(mask, box, scale=scale)
    valves = [s.box for s in symbols if s.group == "valve"]
    return lift_letters(lift_surrounds(mask, valves, scale=scale), scale=scale)


def _finish(
    graph: StrokeGraph,
    index: SymbolIndex,
    lettering: Lettering,
    ink: NDArray[np.uint8],
    *,
    factor: float,
    depth: NDArray[np.float32] | None = None,
    dots: Array | None = None,
    stubs: Sequence[Stub] = (),
) -> Trace:
    """From the raw stroke graph to lines, in the sheet's own pixels."""
    symbols, scale = index.symbols, index.scale
    arrows = as_boxes([s.box for s in symbols if s.group == "flow_arrow"])
    marks = as_boxes([s.box for s in symbols if s.group in PASSED and s.group != "flow_arrow"])
    heads = grown(arrows, 4 * scale)
    collapse_boxes(graph, heads, keep=held_ends(graph, index, scale=scale))
    merge_junctions(graph, scale=scale)
    prune_spurs(graph, scale=scale, keep=held_ends(graph, index, scale=scale))
    merge_junctions(graph, scale=scale)
    flatten_rings(graph, scale=scale)
    land_on_symbols(graph, index, scale=scale)
    add_stubs(graph, stubs, scale=scale)
    drawn = find_dots(graph, depth) if depth is not None else nodes_at(graph, dots, reach=4 * scale)
    split_crossings(graph, scale=scale, dots=drawn)
    split_dashed_crossings(graph, scale=scale)
    lifted = np.vstack([lettering.boxes[~index.covers(lettering.boxes)], marks])
    walls = as_boxes([symbols[i].box for i in enclosing_symbols(symbols) if symbols[i].group in HOSTS])
    for _ in range(2):  # once more for gaps that only a bridged line crosses
        bridge_gaps(graph, scale=scale, lifted=lifted, held=held_ends(graph, index, scale=scale), walls=walls)
    held, aimed = (held_ends(graph, index, scale=scale, reach=reach) for reach in (TOUCH, DASH_AIM))
    close_dashes(graph, scale=scale, held=held, aimed=aimed, tips=heads)
    chains = drop_marks(graph, index, lettering, marks, scale=scale)
    trace = _to_lines(graph, chains, index, ink, scale=scale, factor=factor)
    links = find_links(stubs, index, scale=scale)
    return _with_links(trace, links, chains, graph, index, factor=factor)


def _with_links(
    trace: Trace,
    links: Sequence[tuple[int, int, Array, Array]],
    chains: Sequence[Chain],
    graph: StrokeGraph,
    index: SymbolIndex,
    *,
    factor: float,
) -> Trace:
    """The trace with a short line for each link of two symbols that no traced line joins."""
    joined = {frozenset(end_symbol(c, w, graph, index, scale=index.scale) for w in (0, 1)) for c in chains}
    lines = list(trace.lines)
    for number, (i, j, start, stop) in enumerate(links, len(chains) + 1):
        if frozenset((i, j)) not in joined:
            points = tuple((round(float(x), 2), round(float(y), 2)) for x, y in np.vstack([start, stop]) / factor)
            control = {index.symbols[i].group, index.symbols[j].group} & CONTROL
            kind = "signal" if control else "process"
            lines.append(Line(id=f"l{number}", points=points, kind=kind, score=LINK_SCORE))
    return Trace(tuple(lines), trace.junctions)


def _to_lines(
    graph: StrokeGraph,
    chains: Sequence[Chain],
    index: SymbolIndex,
    ink: NDArray[np.uint8],
    *,
    scale: float,
    factor: float,
) -> Trace:
    """Lines with ids in reading order; marks in the ink beside them tell what kind of signal they are."""
    ordered = sorted(chains, key=lambda c: (round(float(c.points[0, 1])), round(float(c.points[0, 0]))))
    lines = []
    junctions: dict[int, Point] = {}
    typical = float(np.median([c.width for c in ordered])) if ordered else 1.0
    for number, chain in enumerate(ordered, 1):
        points = tuple((round(float(x), 2), round(float(y), 2)) for x, y in chain.points / factor)
        if len(points) < 2 or (points[0] == points[-1] and len(points) == 2):
            continue
        for node, point in ((chain.a, points[0]), (chain.b, points[-1])):
            if graph.degree(node) > 2:
                junctions[node] = point
        kind = line_kind(chain, graph, index, typical_width=typical, scale=scale)
        told = told_style(chain.points, ink, width=chain.width, scale=scale, signal=kind == "signal")
        lines.append(
            Line(
                id=f"l{number}",
                points=points,
                kind="signal" if told else kind,
                style=told or chain.style,
                score=line_score(chain, graph, index, scale=scale),
            )
        )
    return Trace(tuple(lines), tuple(junctions.values()))
