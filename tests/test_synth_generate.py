"""Generated sheets: deterministic, and their truth holds by geometry alone, without the generator's own graph."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest

from pid.drawing import Drawing, Symbol
from pid.geometry import box_intersection, distance_to_segments
from pid.synth.generate import SynthSheet, generate_sheet
from pid.synth.ink import Lettering
from pid.synth.style import FAMILIES

SEED = {"offshore": 11, "cae": 12, "vendor": 13, "benchmark": 14, "generic": 15}
NEVER_AN_END = ("flow_arrow", "other")


@cache
def sheet(family: str) -> SynthSheet:
    return generate_sheet(SEED[family], family=family, size="A2")


@pytest.fixture(params=FAMILIES)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    return sheet(request.param).drawing


def test_same_seed_same_sheet() -> None:
    one, two = sheet("cae"), generate_sheet(SEED["cae"], family="cae", size="A2")
    assert one.drawing == two.drawing
    assert len(one.ink.marks) == len(two.ink.marks)
    for a, b in zip(one.ink.marks, two.ink.marks, strict=True):
        assert type(a) is type(b)
        if isinstance(a, Lettering):
            assert a == b
        else:
            assert np.array_equal(a.points, b.points)  # type: ignore[union-attr]


def test_other_seed_other_sheet() -> None:
    assert generate_sheet(16, family="cae", size="A2").drawing.symbols != sheet("cae").drawing.symbols


def test_round_trip(drawing: Drawing) -> None:
    assert Drawing.from_json(drawing.to_json()) == drawing


def test_everything_lies_on_the_sheet(drawing: Drawing) -> None:
    frame = np.array([drawing.sheet.width, drawing.sheet.height])
    boxes = np.array([e.box for e in (*drawing.symbols, *drawing.words)])
    points = np.array([p for line in drawing.lines for p in line.points])
    assert boxes.min() >= 0 and (boxes[:, 2:] <= frame).all()
    assert points.min() >= 0 and (points <= frame).all()
    assert all(s.box[2] > s.box[0] and s.box[3] > s.box[1] for s in drawing.symbols)


def test_words_have_owners(drawing: Drawing) -> None:
    owned = [w for w in drawing.words if w.owner is not None]
    assert len(owned) > 0.5 * sum(not w.id.startswith("f") for w in drawing.words)
    symbols = {s.id: s for s in drawing.symbols}
    reach = 16 * (drawing.sheet.px_per_mm or 1.0)
    for w in owned:
        if w.owner in symbols:
            a, b = np.array(w.box), np.array(symbols[w.owner].box)
            assert math.hypot(*np.maximum(0, np.maximum(a[:2] - b[2:], b[:2] - a[2:]))) < reach
    bubbles = [s for s in drawing.symbols if s.kind.startswith("instrument_")]
    inside = defaultdict(set)
    for w in owned:
        inside[w.owner].add(w.text)
    assert all(s.tag and set(s.tag.split(" ")) <= inside[s.id] for s in bubbles)


def test_symbols_do_not_cover_each_other(drawing: Drawing) -> None:
    parts = [s for s in drawing.symbols if s.group in ("valve", "fitting", "reducer", "connector", "pump")]
    boxes = np.array([s.box for s in parts])
    overlap = box_intersection(boxes, boxes)
    area = np.minimum(overlap.diagonal()[:, None], overlap.diagonal()[None])
    np.fill_diagonal(overlap, 0)
    assert (overlap > 0.3 * area).sum() <= 2 * 0.01 * len(parts) + 2


def test_lines_end_at_symbols_and_tees(drawing: Drawing) -> None:
    """An end of a line touches a symbol's box, another line, or hangs free; most do not hang free."""
    boxes = np.array([s.box for s in drawing.symbols])
    near = 2.0
    held = 0
    ends = [(line, p) for line in drawing.lines for p in (line.points[0], line.points[-1])]
    segments = np.array(
        [(*a, *b) for line in drawing.lines for a, b in zip(line.points, line.points[1:], strict=False)]
    )
    owner = np.array([i for i, line in enumerate(drawing.lines) for _ in line.points[1:]])
    for line, (x, y) in ends:
        inside = (
            (boxes[:, 0] - near <= x)
            & (x <= boxes[:, 2] + near)
            & (boxes[:, 1] - near <= y)
            & (y <= boxes[:, 3] + near)
        )
        others = owner != drawing.lines.index(line)
        joined = distance_to_segments([(x, y)], segments[others])[0].min() < 0.5 if others.any() else False
        held += bool(inside.any() or joined)
    assert held >= 0.9 * len(ends)


def test_connections_are_what_the_lines_join(drawing: Drawing) -> None:
    """By coordinates alone: the lines that a connection names run as one path from the one symbol to the other."""
    ids = {s.id: s for s in drawing.symbols}
    for c in drawing.connections:
        assert ids[c.a].group not in NEVER_AN_END and ids[c.b].group not in NEVER_AN_END
        if not c.lines:
            continue
        used = {line.id: line for line in drawing.lines if line.id in c.lines}
        assert set(used) == set(c.lines)
        ends = [_rounded(p) for line in used.values() for p in (line.points[0], line.points[-1])]
        loose = [k for k, n in Counter(ends).items() if n == 1]
        # the lines of a connection form one path from a to b: two loose ends, one at each symbol
        assert len(loose) == 2
        a, b = ids[c.a], ids[c.b]
        near = 0.008 * drawing.sheet.width  # a nozzle's tag stands behind the wall, a leader may stop short
        straight = _touching(a, loose[0], near) and _touching(b, loose[1], near)
        crossed = _touching(a, loose[1], near) and _touching(b, loose[0], near)
        assert straight or crossed, (a, b, loose)


def _rounded(p: tuple[float, float]) -> tuple[int, int]:
    return round(p[0] * 4), round(p[1] * 4)


def _touching(symbol: Symbol, k: tuple[int, int], by: float) -> bool:
    if symbol.kind == "header_connector":  # stands on a stub of the header line that the pipe ends on
        by *= 10
    x, y = k[0] / 4, k[1] / 4
    x0, y0, x1, y1 = symbol.box
    return x0 - by <= x <= x1 + by and y0 - by <= y <= y1 + by


def test_contacts_touch(drawing: Drawing) -> None:
    """Connections without lines are parts that lie against each other."""
    ids = {s.id: s for s in drawing.symbols}
    for c in drawing.connections:
        if not c.lines:
            a, b = np.array(ids[c.a].box), np.array(ids[c.b].box)
            gap = np.maximum(0, np.maximum(a[:2] - b[2:], b[:2] - a[2:]))
            assert math.hypot(*gap) < 8 * (drawing.sheet.px_per_mm or 1.0)


def test_every_kind_is_drawn_sooner_or_later() -> None:
    seen: set[str] = set()
    for seed, family in enumerate(("offshore", "benchmark", "cae", "generic")):
        seen |= {s.kind for s in generate_sheet(seed, family=family, size="A2").drawing.symbols}
    assert len(seen) > 70
    assert {"gate_valve", "flow_arrow", "off_page_connector", "blind_flange", "concentric_reducer", "nozzle"} <= seen


def test_manners_differ() -> None:
    counts = {f: Counter(s.group for s in sheet(f).drawing.symbols) for f in FAMILIES}
    assert counts["benchmark"]["vessel"] == 0 < counts["offshore"]["vessel"] + counts["offshore"]["separator"]
    assert counts["offshore"]["nozzle"] > counts["benchmark"]["nozzle"]
