"""The truth of a finished draft: symbols, lines, connections and words in pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pid.drawing import (
    Box,
    Cell,
    Connection,
    Drawing,
    Line,
    SheetInfo,
    Source,
    Symbol,
    Table,
    TitleBlock,
    TitleField,
    Word,
)
from pid.geometry import distance_to_segments
from pid.synth.draft import Draft
from pid.synth.network import Chain, find_connections
from pid.synth.place import Piece

Array = NDArray[np.float64]


def chain_points(draft: Draft, chain: Chain) -> Array:
    """Points (N, 2) of a line, mm, without points that are no bends."""
    points = [draft.net.nodes[n].at for n in chain.nodes]
    out = [points[0]]
    for i in range(1, len(points) - 1):
        a, b, c = out[-1], points[i], points[i + 1]
        if abs((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])) > 1e-6:
            out.append(b)
    return np.array([*out, points[-1]])


def build_drawing(
    draft: Draft,
    chains: Sequence[Chain],
    ids: dict[int, str],
    line_of: dict[int, str],
    name: str,
    words: Sequence[Word],
    tables: Sequence[Table],
    title_block: TitleBlock | None,
) -> Drawing:
    """The truth: `ids` names each chain by its first edge, `line_of` each edge; the furniture's parts are in mm."""
    k = draft.style.px_per_mm
    width, height = (round(v * k) for v in draft.style.paper_mm)
    lines = [_line(draft, chain, ids[chain.edges[0]], k) for chain in chains]
    connections = tuple(
        Connection(a=a, b=b, kind=kind, directed=directed, lines=used)
        for a, b, kind, directed, used in find_connections(draft.net, line_of)
    )
    return Drawing(
        source=Source(name=name, sha256=hashlib.sha256(name.encode()).hexdigest(), kind="raster"),
        sheet=SheetInfo(width=width, height=height, px_per_mm=k),
        symbols=tuple(_symbol(piece, k) for piece in draft.pieces),
        lines=tuple(lines),
        connections=connections,
        words=(*_words(draft, lines, k), *(_scaled(w, k, id=f"f{i}", owner=None) for i, w in enumerate(words))),
        tables=tuple(
            _scaled(t, k, id=f"t{i}", cells=tuple(_scaled(c, k) for c in t.cells)) for i, t in enumerate(tables)
        ),
        title_block=title_block and _scaled(title_block, k, fields=tuple(_scaled(f, k) for f in title_block.fields)),
    )


def _line(draft: Draft, chain: Chain, name: str, k: float) -> Line:
    pen = chain.pen
    return Line(
        id=name,
        points=tuple((float(x) * k, float(y) * k) for x, y in chain_points(draft, chain)),
        kind=pen.kind,
        style=pen.style,
        line_number=pen.number,
        direction="forward" if pen.flow > 0 else "backward" if pen.flow < 0 else "unknown",
    )


def _words(draft: Draft, lines: Sequence[Line], k: float) -> Iterator[Word]:
    segments = [(*a, *b) for line in lines for a, b in pairwise(line.points)]
    names = [line.id for line in lines for _ in line.points[1:]]
    for i, w in enumerate(draft.written):
        owner = None
        if isinstance(w.owner, Piece):
            owner = w.owner.id
        elif w.owner is not None and names:  # a point on the line that it labels
            at = (w.owner[0] * k, w.owner[1] * k)
            owner = names[int(distance_to_segments([at], segments)[0].argmin())]
        yield Word(id=f"w{i}", text=w.text, box=_scaled_box(w.box, k), angle=float(w.angle), owner=owner)


_Boxed = TypeVar("_Boxed", Word, Table, Cell, TitleBlock, TitleField)


def _scaled(part: _Boxed, k: float, **update: object) -> _Boxed:
    return part.model_copy(update={"box": _scaled_box(part.box, k), **update})


def _scaled_box(box: Box, k: float) -> Box:
    return box[0] * k, box[1] * k, box[2] * k, box[3] * k


def _symbol(piece: Piece, k: float) -> Symbol:
    ports = tuple(
        (p.x * k, p.y * k) for p in piece.ports if p.role != "actuator" or piece.kind.group in ("valve", "actuator")
    )
    return Symbol(
        id=piece.id,
        kind=piece.kind.name,
        group=piece.kind.group,
        box=_scaled_box(piece.box, k),
        rotation=float(piece.rotation % 360),
        mirrored=piece.mirrored,
        tag=piece.tag,
        ports=ports,
        attributes=dict(piece.attributes),
    )
