"""Bypasses: a part between block valves, a pipe with a hand valve round it."""

from __future__ import annotations

import numpy as np

from pid.catalog import Kind
from pid.synth.branches import add_drain
from pid.synth.draft import Draft
from pid.synth.features import choose_edge, choose_in_line, lettering_of, small_valve, state_of
from pid.synth.place import Piece
from pid.synth.route import STEPS


def add_bypass(draft: Draft, main: Kind | None = None) -> Piece | None:
    """A part between block valves with a bypass round it; returns the part."""
    u = draft.u
    half = draft.rng.uniform(19, 27)
    edges = draft.pipe_edges(2 * half + 14)
    if not edges:
        return None
    edge = choose_edge(draft, edges)
    length = draft.net.length(edge)
    t = draft.rng.uniform(half + 7, length / u - half - 7) * u
    depth = draft.rng.uniform(11, 16) * u
    heading = draft.heading(edge)
    side = (heading + int(draft.rng.choice([90, -90]))) % 360
    (dx, dy), (hx, hy) = STEPS[side], STEPS[heading]
    c = draft.point_on(edge, t)
    a, b = (c[0] - hx * half * u, c[1] - hy * half * u), (c[0] + hx * half * u, c[1] + hy * half * u)
    a2, b2 = (a[0] + dx * depth, a[1] + dy * depth), (b[0] + dx * depth, b[1] + dy * depth)
    corners = np.array([a, b, a2, b2])
    inner = np.array([(p[0] + dx * 2.3 * u, p[1] + dy * 2.3 * u) for p in (a, b)])
    far = np.array([(p[0] + dx * 3 * u, p[1] + dy * 3 * u) for p in (a2, b2)])
    box = np.r_[np.vstack([inner, far]).min(axis=0), np.vstack([inner, far]).max(axis=0)]
    low, high = corners[:2].min(axis=0), corners[:2].max(axis=0)
    strip = (low[0] - 1.2 * u, low[1] - 1.2 * u, high[0] + 1.2 * u, high[1] + 1.2 * u)
    along = heading in (0, 180)
    if not draft.fits(tuple(box), grow=1.5) or not draft.paper.free(strip, (0, 1, 3 if along else 2)):
        return None
    first = draft.net.tee(edge, a)
    middle = next(e for e in sorted(draft.net.at_node[first]) if draft.net.edges[e].a == first)
    second = draft.net.tee(middle, b)
    middle = next(e for e in sorted(draft.net.at_node[second]) if draft.net.edges[e].b == second)
    pen = draft.net.edges[middle].pen
    loop = draft.connect(first, [a2, b2], second, pen)
    valve = (
        choose_in_line(draft, groups=("valve",))
        if draft.chance(0.4)
        else draft.catalog["globe_valve" if draft.has("globe_valve") else "gate_valve"]
    )
    draft.insert(loop[1], half * u, valve, state=state_of(draft, valve), label=lettering_of(draft, valve))
    kind = main or (draft.catalog["control_valve"] if draft.has("control_valve") else choose_in_line(draft))
    placed = draft.insert(
        middle,
        half * u,
        kind,
        flip=side == (heading + 90) % 360,
        label=() if kind.name == "control_valve" else lettering_of(draft, kind),
    )
    if placed is None:
        return None
    piece, before, after = placed
    block = small_valve(draft)
    for e, t_end, order in ((before, -1, 0), (after, 1, 1)):
        rest, x = e, draft.net.length(e)
        reducer = draft.chance(0.5) and draft.has("concentric_reducer")
        if reducer:
            at = x - 4.5 * u if t_end < 0 else 4.5 * u
            made = draft.insert(
                e, at, draft.catalog["concentric_reducer"], reverse=order == 1, label=(draft.names.reducer(),)
            )
            if made is not None:
                rest = made[1] if t_end < 0 else made[2]
        x = draft.net.length(rest)
        at = x * 0.42 if t_end < 0 else x * 0.58
        made = draft.insert(rest, at, block, state="", label=lettering_of(draft, block))
        if made is not None and draft.chance(0.5):
            add_drain(draft, [made[2] if t_end < 0 else made[1]])
    return piece
