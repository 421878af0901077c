"""The benchmark manner: a random lattice of pipes, every stretch with a part in it."""

from __future__ import annotations

import numpy as np

from pid.drawing import Point
from pid.synth.control import bubbles_of
from pid.synth.draft import Draft
from pid.synth.features import add_dead_end, choose_in_line, lettering_of, state_of
from pid.synth.network import Pen
from pid.synth.place import SOLID


def lay_lattice(draft: Draft) -> None:
    """A connected random walk over a coarse lattice; some stretches are dashed."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = draft.area
    pitch = rng.uniform(14, 20) * u
    nx, ny = max(4, int((x1 - x0) / pitch) - 1), max(4, int((y1 - y0) / pitch) - 1)
    origin = (x0 + (x1 - x0 - (nx - 1) * pitch) / 2, y0 + (y1 - y0 - (ny - 1) * pitch) / 2)
    at: dict[tuple[int, int], int] = {}
    used: dict[tuple[tuple[int, int], tuple[int, int]], bool] = {}

    def point(c: tuple[int, int]) -> tuple[float, float]:
        return origin[0] + c[0] * pitch, origin[1] + c[1] * pitch

    target = int(draft.style.symbols * rng.uniform(0.55, 0.8))
    taken: set[tuple[int, int]] = set()
    long_runs: list[list[tuple[int, int]]] = []
    for _ in range(target * 6):
        if sum(len(r) - 1 for r in long_runs) > target * 3:
            break
        start = (int(rng.integers(nx)), int(rng.integers(ny)))
        if taken and draft.chance(0.9):
            pool = sorted(taken)
            start = pool[int(rng.integers(len(pool)))]
        step = ((1, 0), (-1, 0), (0, 1), (0, -1))[int(rng.integers(4))]
        n = int(rng.integers(3, 12))
        run = [start]
        for _ in range(n):
            nxt = (run[-1][0] + step[0], run[-1][1] + step[1])
            key = tuple(sorted((run[-1], nxt)))
            side = [(nxt[0] + step[1] * s, nxt[1] + step[0] * s) for s in (-1, 1)]
            if not (0 <= nxt[0] < nx and 0 <= nxt[1] < ny) or key in used:
                break
            beside = [tuple(sorted((a, (a[0] - step[0], a[1] - step[1])))) for a in side]
            if any(b in used for b in beside) or not _open_paper(draft, point(run[-1]), point(nxt)):
                break
            run.append(nxt)
        if len(run) < 4:
            continue
        for a, b in zip(run, run[1:], strict=False):
            used[tuple(sorted((a, b)))] = True  # type: ignore[index]
        taken.update(run)
        long_runs.append(run)
    _draw_runs(draft, long_runs, at, point)
    _fill(draft)


def _open_paper(draft: Draft, a: Point, b: Point) -> bool:
    box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
    return draft.fits(box, grow=5.0, layers=(SOLID,))


def _draw_runs(draft: Draft, runs, at, point) -> None:  # type: ignore[no-untyped-def]
    """Pipes of the runs; two runs are joined where one ends on the other, and only cross elsewhere."""
    ends = {c for run in runs for c in (run[0], run[-1])}
    corners: dict[tuple[int, int], list[int]] = {}
    for i, run in enumerate(runs):
        for c in run:
            corners.setdefault(c, []).append(i)
    for run in runs:
        style = "dashed" if draft.chance(0.15) else "solid"
        pen = Pen("process", style, draft.style.pipe_mm, draft.names.line_number())
        stops = [run[0], *[c for c in run[1:-1] if c in ends], run[-1]]
        for a, b in zip(stops, stops[1:], strict=False):
            for c in (a, b):
                if c not in at:
                    at[c] = draft.net.add_node(point(c))
            draft.mark_edge(draft.net.add_edge(at[a], at[b], pen))


def _fill(draft: Draft) -> None:
    bubbles = bubbles_of(draft)
    due_bubbles = [k for k in draft.rare if k in bubbles]
    misses = 0
    while draft.parts < draft.style.symbols and misses < 220:
        edges = draft.pipe_edges(9)
        if not edges:
            break
        edge = edges[int(draft.rng.integers(len(edges)))]
        roll = draft.rng.random()
        made: object = None
        if roll < 0.18 and bubbles:
            kind = due_bubbles.pop() if due_bubbles else bubbles[int(draft.rng.integers(len(bubbles)))]
            made = draft.insert(edge, draft.rng.uniform(0.1, 0.9) * draft.net.length(edge), kind)
        elif roll < 0.21:
            made = add_dead_end(draft) or None
        else:
            groups = [("valve",), ("fitting",), ("reducer",), ("instrument",)][int(draft.rng.choice(4, p=[0.56, 0.3, 0.09, 0.05]))]
            kind = choose_in_line(draft, groups=groups)
            lines = lettering_of(draft, kind)
            made = draft.insert(edge, draft.rng.uniform(0.1, 0.9) * draft.net.length(edge), kind, state=state_of(draft, kind), flip=draft.chance(0.5), reverse=draft.chance(0.5), label=lines, must_label=draft.chance(0.85))
            if made is not None:
                made[0].tag = lines[-1] if lines else None  # type: ignore[index]
                if kind in draft.rare:
                    draft.rare.remove(kind)
        misses = misses + 1 if made is None else 0
    _close_ends(draft)


def _close_ends(draft: Draft) -> None:
    """Flange pairs on most of the open ends."""
    if not draft.has("flange_pair"):
        return
    for node in range(len(draft.net.nodes)):
        if draft.net.nodes[node].piece is not None or len(draft.net.at_node[node]) != 1 or draft.chance(0.15):
            continue
        edge = next(iter(draft.net.at_node[node]))
        other = draft.net.nodes[draft.net.other(edge, node)].at
        at = draft.net.nodes[node].at
        way = int(round(np.degrees(np.arctan2(-(at[1] - other[1]), at[0] - other[0])))) % 360
        if way % 90:
            continue
        piece = draft.make("flange_pair", rotation=way)
        entry = next((p for p in piece.ports if p.direction == (way + 180) % 360), None)
        if entry is None:
            continue
        piece.move_port_to(entry.id, at)
        draft.net.nodes[node].piece, draft.net.nodes[node].port = piece, entry.id
        draft.put(piece)
