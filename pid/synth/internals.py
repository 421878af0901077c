"""What is drawn inside big equipment: decks, levels, demisters, dip tubes, coils, partitions, remarks. No truth."""

from __future__ import annotations

import numpy as np

from pid.drawing import Point
from pid.synth.draft import Draft
from pid.synth.ink import Stroke
from pid.synth.place import Piece

_LEAST_WIDTH_U = 14.0
_SHARE = 0.55  # of vessels that are wide enough


def draw_internals(draft: Draft, piece: Piece) -> None:
    """One or two kinds of internals in a vessel that is wide enough."""
    x0, y0, x1, y1 = piece.box
    if x1 - x0 < _LEAST_WIDTH_U * draft.u or y1 - y0 < _LEAST_WIDTH_U * draft.u or not draft.chance(_SHARE):
        return
    acts = (_decks, _decks, _level, _dip_tube, _coil, _partition)
    for i in draft.rng.choice(len(acts), int(draft.rng.integers(1, 3)), replace=False):
        acts[int(i)](draft, piece)


def _decks(draft: Draft, piece: Piece) -> None:
    """Dashed or plain lines from wall to wall."""
    _, y0, _, y1 = piece.box
    u = draft.u
    for _ in range(int(draft.rng.integers(1, 4))):
        y = draft.rng.uniform(y0 + 0.2 * (y1 - y0), y1 - 0.15 * (y1 - y0))
        a, b = piece.wall(180, y), piece.wall(0, y)
        if a is None or b is None or b[0] - a[0] < 10 * u:
            continue
        dash = (2.4 * u, 1.2 * u) if draft.chance(0.8) else ()
        for k in range(2 if draft.chance(0.5) else 1):
            _line(draft, [(a[0], y + 1.6 * u * k), (b[0], y + 1.6 * u * k)], dash=dash)
        draft.paper.mark((a[0], y - 0.3 * u, b[0], y + 2.2 * u), 1)
        if draft.chance(0.3):
            draft.write(draft.names.remark(), ((a[0] + b[0]) / 2, y - draft.style.text_mm), owner=piece)


def _level(draft: Draft, piece: Piece) -> None:
    """A liquid level: a line with a triangle and shorter lines below it."""
    _, y0, _, y1 = piece.box
    u = draft.u
    y = y0 + draft.rng.uniform(0.3, 0.75) * (y1 - y0)
    a, b = piece.wall(180, y), piece.wall(0, y)
    if a is None or b is None or b[0] - a[0] < 10 * u:
        return
    _line(draft, [a, b], dash=(1.6 * u, 0.9 * u) if draft.chance(0.5) else ())
    x = a[0] + draft.rng.uniform(0.2, 0.8) * (b[0] - a[0])
    size = draft.rng.uniform(1.2, 2.4) * u
    _line(draft, [(x, y), (x - size / 2, y - size), (x + size / 2, y - size), (x, y)])
    for k in (1, 2):
        _line(draft, [(x - size / k, y + 0.6 * k * u), (x + size / k, y + 0.6 * k * u)])
    if draft.chance(0.4):
        text = draft.pick(["HLL", "NLL", "LLL", "LAH", "NWL"])
        draft.try_write(text, [(x + 5 * u, y - draft.style.text_mm)], height=0.8 * draft.style.text_mm, owner=piece)


def _dip_tube(draft: Draft, piece: Piece) -> None:
    """A tube from the top, or a measuring rod, far down into the vessel."""
    x0, y0, x1, y1 = piece.box
    x = x0 + draft.rng.choice([draft.rng.uniform(0.1, 0.35), draft.rng.uniform(0.65, 0.9)]) * (x1 - x0)
    top = piece.wall(90, x)
    if top is None:
        return
    end = (x, y0 + draft.rng.uniform(0.45, 0.9) * (y1 - y0))
    wide = draft.rng.uniform(0.8, 1.6) * draft.u if draft.chance(0.25) else 0.0
    if wide:
        _line(draft, [(x - wide / 2, top[1]), (x - wide / 2, end[1]), (x + wide / 2, end[1]), (x + wide / 2, top[1])])
    else:
        _line(draft, [top, end], pen=draft.style.pen_mm if draft.chance(0.6) else draft.style.thin_mm)


def _coil(draft: Draft, piece: Piece) -> None:
    """A heating coil: a zigzag or a wave from the side wall."""
    _, y0, _, y1 = piece.box
    u = draft.u
    y = y0 + draft.rng.uniform(0.6, 0.85) * (y1 - y0)
    a, b = piece.wall(180, y), piece.wall(0, y)
    if a is None or b is None or b[0] - a[0] < 12 * u:
        return
    turns, height = int(draft.rng.integers(4, 9)), draft.rng.uniform(1.2, 3.0) * u
    xs = np.linspace(a[0], a[0] + draft.rng.uniform(0.5, 0.8) * (b[0] - a[0]), 2 * turns + 1)
    _line(draft, [(float(x), y + (height if i % 2 else -height)) for i, x in enumerate(xs)])


def _partition(draft: Draft, piece: Piece) -> None:
    """A weir or partition from the bottom, or a short baffle at the wall."""
    x0, y0, x1, y1 = piece.box
    x = x0 + draft.rng.uniform(0.25, 0.75) * (x1 - x0)
    foot = piece.wall(270, x)
    if foot is not None:
        _line(draft, [foot, (x, y1 - draft.rng.uniform(0.25, 0.6) * (y1 - y0))])


def _line(draft: Draft, points: list[Point], *, dash: tuple[float, ...] = (), pen: float | None = None) -> None:
    draft.over.append(Stroke(np.array(points), pen or draft.style.thin_mm, dash_mm=dash, layer="internals"))
