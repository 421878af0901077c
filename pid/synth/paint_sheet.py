"""From a finished draft to ink and truth: both from the same numbers."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Drawing, Point, Table, TitleBlock, Word
from pid.synth.draft import CONTACT, Draft
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.network import Chain
from pid.synth.place import Piece
from pid.synth.sheet_truth import build_drawing, chain_points

Array = NDArray[np.float64]

DASHES = {  # lengths in u; what the line means is told by the marks on it
    "dashed": (2.4, 1.2),
    "long_dash": (6.0, 1.5),
    "dash_dot": (6.0, 1.2, 0.8, 1.2),
    "dotted": (0.5, 0.9),
    "electric": (2.4, 1.2),
}
_MARKED = ("pneumatic", "capillary", "hydraulic", "data_link", "software", "electric_ticks")


def paint_sheet(
    draft: Draft,
    *,
    name: str,
    marks: Sequence[Stroke | Lettering] = (),
    words: Sequence[Word] = (),
    tables: Sequence[Table] = (),
    title_block: TitleBlock | None = None,
) -> tuple[Ink, Drawing]:
    """The display list in mm and the truth in pixels. `marks`, `words`, `tables` are the furniture, mm."""
    chains = [c for c in draft.net.chains() if c.pen.style != CONTACT]
    ids = {c.edges[0]: f"l{i}" for i, c in enumerate(chains)}
    line_of = {e: ids[c.edges[0]] for c in chains for e in c.edges}
    gaps = _crossing_gaps(draft, chains)
    ink: list[Stroke | Lettering] = list(draft.under)
    for chain in chains:
        ink += _draw_chain(draft, chain, gaps, ids[chain.edges[0]])
    ink += _draw_tees(draft)
    for piece in draft.pieces:
        ink += _draw_piece(piece)
    ink += draft.over
    ink += [
        _letter(draft, w.text, w.center, w.height, w.angle, w.owner.id if isinstance(w.owner, Piece) else None)
        for w in draft.written
    ]
    ink += marks
    width, height = draft.style.paper_mm
    drawing = build_drawing(draft, chains, ids, line_of, name, words, tables, title_block)
    blocks = {p.id: p.kind.name for p in draft.pieces}
    return Ink(width, height, tuple(ink), blocks), drawing


def _letter(draft: Draft, text: str, center: Point, height: float, angle: int, element: str | None) -> Lettering:
    return Lettering(
        text, center, height, float(angle), draft.style.font, element=element, width_factor=draft.style.width_factor
    )


def _draw_piece(piece: Piece) -> list[Stroke | Lettering]:
    out: list[Stroke | Lettering] = []
    k = (abs(piece.scale[0]) + abs(piece.scale[1])) / 2
    for shape in piece.variant.shapes:
        out.append(
            Stroke(
                piece.to_sheet(shape.points), piece.pen_of(shape.width), shape.closed, shape.fill,
                tuple(d * k for d in shape.dash), layer=piece.kind.group, element=piece.id, outlined=shape.stroked,
            )
        )  # fmt: skip
    return out


def _crossing_gaps(draft: Draft, chains: Sequence[Chain]) -> dict[int, list[tuple[Point, str]]]:
    """Where an edge gives way to another that it crosses, by edge: (point, gap | arc)."""
    level: list[tuple[int, float, float, float]] = []
    upright: list[tuple[int, float, float, float]] = []
    net = draft.net
    for chain in chains:
        for e in chain.edges:
            (ax, ay), (bx, by) = net.ends(e)
            if abs(ay - by) < 1e-6:
                level.append((e, ay, min(ax, bx), max(ax, bx)))
            elif abs(ax - bx) < 1e-6:
                upright.append((e, ax, min(ay, by), max(ay, by)))
    gaps: dict[int, list[tuple[Point, str]]] = defaultdict(list)
    if draft.style.crossing == "plain" or not level or not upright:
        return gaps
    h, v = np.array([r[1:] for r in level]), np.array([r[1:] for r in upright])
    keep = 2.2 * draft.u
    inside = (
        (h[:, None, 1] < v[None, :, 0] - 1e-6)
        & (v[None, :, 0] < h[:, None, 2] - 1e-6)
        & (v[None, :, 1] < h[:, None, 0] - 1e-6)
        & (h[:, None, 0] < v[None, :, 2] - 1e-6)
    )
    for i, j in np.argwhere(inside):
        x, y = v[j, 0], h[i, 0]
        room_h = min(x - h[i, 1], h[i, 2] - x) > keep
        room_v = min(y - v[j, 1], v[j, 2] - y) > keep
        first_v = draft.style.gap_across
        kinds = net.edges[level[i][0]].pen.kind, net.edges[upright[j][0]].pen.kind
        if kinds[0] != kinds[1]:
            first_v = kinds[1] == "signal"
        for use_v in (first_v, not first_v):
            if room_v if use_v else room_h:
                gaps[upright[j][0] if use_v else level[i][0]].append(((float(x), float(y)), draft.style.crossing))
                break
    return gaps


def _draw_chain(
    draft: Draft, chain: Chain, gaps: dict[int, list[tuple[Point, str]]], line_id: str
) -> list[Stroke | Lettering]:
    u, pen = draft.u, chain.pen
    radius = (1.6 if draft.style.crossing == "arc" else 2.0) * u
    parts: list[list[Point]] = [[draft.net.nodes[chain.nodes[0]].at]]
    for a, b, e in zip(chain.nodes, chain.nodes[1:], chain.edges, strict=False):
        p, q = np.array(draft.net.nodes[a].at), np.array(draft.net.nodes[b].at)
        length = float(np.hypot(*(q - p)))
        if length < 1e-9:
            continue
        d = (q - p) / length
        for at in sorted(gaps.get(e, ()), key=lambda g: float((np.array(g[0]) - p) @ d)):
            c = np.array(at[0])
            parts[-1].append(tuple(c - d * radius))
            if at[1] == "arc":
                side = np.array([d[1], -d[0]]) if d[1] <= 0 else np.array([-d[1], d[0]])
                for k in np.linspace(np.pi, 0, 9)[1:-1]:
                    parts[-1].append(tuple(c + d * radius * np.cos(k) + side * radius * np.sin(k)))
                parts[-1].append(tuple(c + d * radius))
            else:
                parts.append([tuple(c + d * radius)])
        parts[-1].append(tuple(q))
    if draft.style.wobble:
        parts = [_wobbled(draft, p) for p in parts]
    dash = tuple(x * u for x in DASHES.get(pen.style, ()))
    out: list[Stroke | Lettering] = [
        Stroke(np.array(p), pen.width_mm, dash_mm=dash, layer=pen.kind, element=line_id) for p in parts if len(p) > 1
    ]
    if pen.style in _MARKED:
        out += _line_marks(draft, chain, line_id)
    return out


def _wobbled(draft: Draft, points: list[Point]) -> list[Point]:
    """The stroke with its ends a little off, as where a tool joins pipes carelessly; the truth stays on the axis."""
    off = draft.rng.normal(0.0, draft.style.wobble * draft.u, (2, 2)).clip(-0.45 * draft.u, 0.45 * draft.u)
    return [
        (points[0][0] + off[0, 0], points[0][1] + off[0, 1]),
        *points[1:-1],
        (points[-1][0] + off[1, 0], points[-1][1] + off[1, 1]),
    ]


def _line_marks(draft: Draft, chain: Chain, line_id: str) -> list[Stroke | Lettering]:
    """Ticks, crosses, circles or L along a signal line that tell its kind."""
    u, style = draft.u, chain.pen.style
    out: list[Stroke | Lettering] = []
    pitch = 11.0 * u
    points = chain_points(draft, chain)
    for p, q in itertools.pairwise(points):
        length = float(np.hypot(*(q - p)))
        n = int(length // pitch)
        d = (q - p) / max(length, 1e-9)
        s = np.array([d[1], -d[0]])
        for i in range(n):
            c = p + d * (length / n * (i + 0.5))
            if style in ("pneumatic", "electric_ticks"):
                for k in (-0.5, 0.5):
                    a = c + d * k * u
                    out.append(
                        Stroke(
                            np.array([a - s * u - d * 0.5 * u, a + s * u + d * 0.5 * u]),
                            chain.pen.width_mm,
                            layer="signal",
                            element=line_id,
                        )
                    )
            elif style == "capillary":
                for k in (-1.0, 1.0):
                    out.append(
                        Stroke(
                            np.array([c - (d + s * k) * 0.9 * u, c + (d + s * k) * 0.9 * u]),
                            chain.pen.width_mm,
                            layer="signal",
                            element=line_id,
                        )
                    )
            elif style in ("data_link", "software"):
                t = np.linspace(0, 2 * np.pi, 13)[:-1]
                out.append(
                    Stroke(
                        c + 0.75 * u * np.c_[np.cos(t), np.sin(t)],
                        chain.pen.width_mm,
                        closed=True,
                        fill="paper",
                        layer="signal",
                        element=line_id,
                    )
                )
            else:
                out.append(
                    Stroke(
                        np.array(
                            [c - (0.6, 1.6) * np.array(u), c + (-0.6, 0.6) * np.array(u), c + (0.8, 0.6) * np.array(u)]
                        ),
                        chain.pen.width_mm,
                        layer="signal",
                        element=line_id,
                    )
                )
    return out


def _draw_tees(draft: Draft) -> list[Stroke | Lettering]:
    r = draft.style.tee_dot * draft.u
    if not r:
        return []
    t = np.linspace(0, 2 * np.pi, 17)[:-1]
    ring = np.c_[np.cos(t), np.sin(t)] * r
    return [
        Stroke(ring + node.at, draft.style.thin_mm, closed=True, fill="ink", layer="tee")
        for i, node in enumerate(draft.net.nodes)
        if node.piece is None and len(draft.net.at_node[i]) > 2
    ]
