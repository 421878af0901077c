"""The benchmark manner: a random lattice of pipes, every stretch with a part in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Kind
from pid.drawing import Point
from pid.synth.balloons import bubbles_of
from pid.synth.branches import add_dead_end
from pid.synth.draft import Draft
from pid.synth.features import choose_in_line, lettering_of, state_of
from pid.synth.network import Pen
from pid.synth.place import SOLID

Cell = tuple[int, int]
Place = Callable[[Cell], Point]
# How often a balloon of the legend is drawn, against 0.2 for any other.
_LEGEND_BUBBLES = {
    "instrument_discrete_field": 4.0, "instrument_discrete_panel": 3.0, "instrument_discrete_auxiliary": 2.5,
    "instrument_shared_field": 7.0, "instrument_shared_panel": 3.0,
}  # fmt: skip
_STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def lay_lattice(draft: Draft) -> None:
    """A connected random walk over a coarse lattice; some stretches are dashed."""
    u, rng = draft.u, draft.rng
    x0, y0, x1, y1 = draft.area
    pitch = rng.uniform(14, 20) * u
    nx, ny = max(4, int((x1 - x0) / pitch) - 1), max(4, int((y1 - y0) / pitch) - 1)
    origin = (x0 + (x1 - x0 - (nx - 1) * pitch) / 2, y0 + (y1 - y0 - (ny - 1) * pitch) / 2)

    def point(cell: Cell) -> Point:
        return origin[0] + cell[0] * pitch, origin[1] + cell[1] * pitch

    target = int(draft.style.symbols * rng.uniform(0.55, 0.8))
    runs: list[list[Cell]] = []
    state = _Lattice(nx, ny)
    for _ in range(target * 6):
        if sum(len(r) - 1 for r in runs) > target * 2.6:
            break
        run = _walk(draft, state, point)
        if len(run) >= 4:
            state.take(run)
            runs.append(run)
    _draw_runs(draft, runs, state, point)
    _fill(draft)


@dataclass(eq=False)
class _Lattice:
    """Cells and stretches that pipes already use."""

    nx: int
    ny: int
    cells: set[Cell] = field(default_factory=set)
    stretches: set[frozenset[Cell]] = field(default_factory=set)
    bends: set[Cell] = field(default_factory=set)

    def take(self, run: list[Cell]) -> None:
        """Use the cells of a run."""
        self.cells.update(run)
        self.stretches.update(frozenset(s) for s in itertools.pairwise(run))
        self.bends.update(b for a, b, c in zip(run, run[1:], run[2:], strict=False) if (a[0] == b[0]) != (b[0] == c[0]))


def _walk(draft: Draft, lattice: _Lattice, point: Place) -> list[Cell]:
    """A run that starts on a pipe, goes straight with a few bends, and often ends on another pipe."""
    rng = draft.rng
    start = (int(rng.integers(lattice.nx)), int(rng.integers(lattice.ny)))
    if lattice.cells and draft.chance(0.9):
        pool = sorted(lattice.cells)
        start = pool[int(rng.integers(len(pool)))]
    step = _STEPS[int(rng.integers(4))]
    run, since = [start], 0
    for _ in range(int(rng.integers(4, 16))):
        here = run[-1]
        if since > 2 and here not in lattice.cells and draft.chance(0.16):
            step, since = ((step[1], step[0]), (-step[1], -step[0]))[int(rng.integers(2))], 0
        there = (here[0] + step[0], here[1] + step[1])
        if not (0 <= there[0] < lattice.nx and 0 <= there[1] < lattice.ny) or there in run or there in lattice.bends:
            break
        beside = [
            ((there[0] + step[1] * s, there[1] + step[0] * s), (here[0] + step[1] * s, here[1] + step[0] * s))
            for s in (-1, 1)
        ]
        used = lattice.stretches
        if frozenset((here, there)) in used or any(frozenset(b) in used for b in beside):
            break
        if not _open_paper(draft, point(here), point(there)):
            break
        run.append(there)
        since += 1
        if there in lattice.cells and len(run) > 3 and draft.chance(0.45):
            break
    return run


def _open_paper(draft: Draft, a: Point, b: Point) -> bool:
    box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
    return draft.fits(box, grow=5.0, layers=(SOLID,))


def _draw_runs(draft: Draft, runs: list[list[Cell]], lattice: _Lattice, point: Place) -> None:
    """Pipes of the runs; two runs are joined where one ends on the other, and only cross elsewhere."""
    ends = {c for run in runs for c in (run[0], run[-1])}
    at: dict[Cell, int] = {}
    for run in runs:
        style = "dashed" if draft.chance(0.15) else "solid"
        pen = Pen("process", style, draft.style.pipe_mm, draft.names.line_number())
        stops = [run[0], *[c for c in run[1:-1] if c in ends or c in lattice.bends], run[-1]]
        for a, b in itertools.pairwise(stops):
            for c in (a, b):
                if c not in at:
                    at[c] = draft.net.add_node(point(c))
            draft.mark_edge(draft.net.add_edge(at[a], at[b], pen))


def _fill(draft: Draft) -> None:
    bubbles = bubbles_of(draft)
    due_bubbles = [k for k in draft.rare if k in bubbles]
    weights = np.array([_LEGEND_BUBBLES.get(k.name, 0.2) for k in bubbles])
    misses = 0
    while draft.parts < draft.style.symbols and misses < 220:
        edges = draft.pipe_edges(9)
        if not edges:
            break
        edge = edges[int(draft.rng.integers(len(edges)))]
        roll = draft.rng.random()
        made: object = None
        if roll < 0.18 and bubbles:
            kind = due_bubbles.pop() if due_bubbles else _choose(draft, bubbles, weights)
            made = draft.insert(edge, draft.rng.uniform(0.1, 0.9) * draft.net.length(edge), kind)
        elif roll < 0.21:
            made = add_dead_end(draft) or None
        else:
            groups = [("valve",), ("fitting",), ("reducer",), ("instrument",)][
                int(draft.rng.choice(4, p=[0.56, 0.3, 0.09, 0.05]))
            ]
            kind = choose_in_line(draft, groups=groups)
            lines = lettering_of(draft, kind)
            made = draft.insert(
                edge,
                draft.rng.uniform(0.1, 0.9) * draft.net.length(edge),
                kind,
                state=state_of(draft, kind),
                flip=draft.chance(0.5),
                reverse=draft.chance(0.5),
                label=lines,
                must_label=draft.chance(0.85),
            )
            if made is not None:
                made[0].tag = lines[-1] if lines else None
                if kind in draft.rare:
                    draft.rare.remove(kind)
        misses = misses + 1 if made is None else 0
    _close_ends(draft)


def _choose(draft: Draft, kinds: list[Kind], weights: NDArray[np.float64]) -> Kind:
    return kinds[int(draft.rng.choice(len(kinds), p=weights / weights.sum()))]


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
        way = round(np.degrees(np.arctan2(-(at[1] - other[1]), at[0] - other[0]))) % 360
        if way % 90:
            continue
        piece = draft.make("flange_pair", rotation=way)
        entry = next((p for p in piece.ports if p.direction == (way + 180) % 360), None)
        if entry is None:
            continue
        piece.move_port_to(entry.id, at)
        draft.net.nodes[node].piece, draft.net.nodes[node].port = piece, entry.id
        draft.put(piece)
