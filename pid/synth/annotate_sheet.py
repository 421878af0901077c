"""What is written and marked on a finished plant: line numbers, flow arrows, sleeves, slopes, spec breaks, remarks."""

from __future__ import annotations

import numpy as np

from pid.drawing import Point
from pid.synth import marks
from pid.synth.draft import Draft
from pid.synth.ink import Stroke
from pid.synth.network import Chain
from pid.synth.paint_sheet import chain_points
from pid.synth.place import ACROSS, ALONG, SOLID, TEXT, grown_box
from pid.synth.route import STEPS


def annotate_sheet(draft: Draft) -> None:
    """Everything, in the order in which a draughtsman would squeeze it in."""
    chains = [c for c in draft.net.chains() if c.pen.kind == "process"]
    add_flow_arrows(draft, chains)
    add_line_numbers(draft, chains)
    lots = len(chains) / 40
    clouds = 2.5 if draft.chance(0.3) else 0.0
    acts = (
        (add_sleeve, 3.0), (add_slope, 1.5), (add_spec_break, 3.0), (add_boundary, 0.8), (add_remark, 8.0), (add_size, 4.0),
        (marks.add_data_block, 1.5), (marks.add_text_box, 1.5), (marks.add_tracing, 1.5), (marks.add_break_mark, 0.7), (marks.add_dimension, 0.7),
        (marks.add_cloud, clouds),
    )  # fmt: skip
    for act, count in acts:
        if draft.style.family == "benchmark" and act is not add_sleeve:
            continue
        for _ in range(draft.rng.poisson(count * min(2.0, lots))):
            act(draft)


def _straights(draft: Draft, chain: Chain, least: float) -> list[tuple[Point, Point]]:
    points = chain_points(draft, chain)
    return [
        (tuple(a), tuple(b)) for a, b in zip(points, points[1:], strict=False)
        if np.abs(b - a).max() >= least * draft.u and np.abs(b - a).min() < 1e-6
    ]  # fmt: skip


def _heading(a: Point, b: Point) -> int:
    if abs(b[0] - a[0]) >= abs(b[1] - a[1]):
        return 0 if b[0] > a[0] else 180
    return 270 if b[1] > a[1] else 90


def add_flow_arrows(draft: Draft, chains: list[Chain]) -> None:
    """Arrow heads at bends, in the middle of pipes or at their ends."""
    if not draft.has("flow_arrow"):
        return
    where = draft.style.arrows_at
    share = {"benchmark": 0.05, "offshore": 0.6, "cae": 0.45}.get(draft.style.family, 0.5)
    for chain in chains:
        if not draft.chance(share):
            continue
        runs = _straights(draft, chain, 9)
        if not runs:
            continue
        place = where if draft.chance(0.75) else draft.pick(["corner", "middle", "end"])
        runs = runs if chain.pen.flow >= 0 else [(b, a) for a, b in reversed(runs)]
        chosen = {
            "corner": runs[: int(draft.rng.integers(1, 3))],
            "middle": [runs[int(draft.rng.integers(len(runs)))]],
            "end": [runs[-1]],
        }[place]
        for a, b in chosen:
            arrow = draft.make("flow_arrow", rotation=_heading(a, b))
            dx, dy = STEPS[_heading(a, b)]
            length = abs(b[0] - a[0]) + abs(b[1] - a[1])
            out = arrow.port("b")
            back = {"corner": 0.3, "end": draft.rng.uniform(1.5, 5)}.get(place, 0.0) * draft.u
            if place == "middle":
                back = draft.rng.uniform(0.3, 0.7) * length
            tip_gap = abs(out.x - arrow.x) + abs(out.y - arrow.y)
            arrow.x, arrow.y = b[0] - dx * (back + tip_gap), b[1] - dy * (back + tip_gap)
            along = dx != 0
            box = grown_box(arrow.box, 0.2 * draft.u)
            ahead = (
                box[0] - dx * 2 * draft.u,
                box[1] - dy * 2 * draft.u,
                box[2] - dx * 2 * draft.u,
                box[3] - dy * 2 * draft.u,
            )
            if place != "corner" and not draft.paper.free(box, (SOLID, TEXT, ACROSS if along else ALONG)):
                continue
            if not draft.paper.free(ahead, (SOLID, TEXT, ACROSS if along else ALONG)) or not draft.paper.free(
                box, (SOLID, TEXT)
            ):
                continue
            draft.put(arrow)
            draft.paper.mark(box, SOLID)


def add_line_numbers(draft: Draft, chains: list[Chain]) -> None:
    """Line numbers along the longest straight of a pipe, or beside it with a leader and arrow."""
    share = {"benchmark": 0.35, "offshore": 0.6, "vendor": 0.3}.get(draft.style.family, 0.65)
    done: set[str] = set()
    for chain in sorted(chains, key=lambda c: -sum(draft.net.length(e) for e in c.edges)):
        number = chain.pen.number
        if not number or number in done or not draft.chance(share):
            continue
        for a, b in sorted(
            _straights(draft, chain, 12), key=lambda r: -abs(r[0][0] - r[1][0]) - abs(r[0][1] - r[1][1])
        )[:2]:
            if (
                _number_on(draft, number, a, b)
                if draft.style.numbers_on_line or draft.chance(0.4)
                else _number_beside(draft, number, a, b)
            ):
                done.add(number)
                break


def _number_on(draft: Draft, number: str, a: Point, b: Point) -> bool:
    width = draft.extent(number, draft.style.text_mm)[0]
    if width > (abs(b[0] - a[0]) + abs(b[1] - a[1])) * 1.15:
        return False
    side = -1 if draft.chance(0.8) else 1
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    at = draft.rng.uniform(0.05, 0.95, 8).tolist()
    return (
        draft.write_along(number, (a, b), off=draft.rng.uniform(0.4, 1.1), side=side, at=at, owner=middle) is not None
    )


def _number_beside(draft: Draft, number: str, a: Point, b: Point) -> bool:
    u, h = draft.u, draft.style.text_mm
    width = draft.extent(number, h)[0]
    along = _heading(a, b) in (0, 180)
    for _ in range(6):
        t = draft.rng.uniform(0.15, 0.85)
        tip = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
        sx, sy = draft.rng.choice([-1, 1]), draft.rng.choice([-1, 1])
        if along:
            knee = (tip[0] + sx * draft.rng.uniform(2, 5) * u, tip[1] + sy * draft.rng.uniform(6, 14) * u)
        else:
            knee = (
                tip[0] + sx * draft.rng.uniform(5, 10) * u,
                tip[1] + (0 if draft.chance(0.6) else sy * draft.rng.uniform(3, 8) * u),
            )
        end = (knee[0] + sx * 2 * u, knee[1])
        center = (end[0] + sx * (width / 2 + 0.8 * u), end[1])
        if not draft.fits(draft.text_box(number, center, h, 0), grow=0.5):
            continue
        if not draft.fits(
            (min(knee[0], end[0]), min(knee[1], end[1]), max(knee[0], end[0]), max(knee[1], end[1])), grow=0.4
        ):
            continue
        if not _path_free(draft, tip, knee):
            continue
        draft.write(number, center, owner=tip)
        draw_leader(draft, [end, knee, tip])
        return True
    return False


def _path_free(draft: Draft, a: Point, b: Point) -> bool:
    for t in np.linspace(0.2, 1.0, 8):
        x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        if not draft.paper.free((x, y, x, y)):
            return False
    return True


def draw_leader(draft: Draft, points: list[Point], *, head: bool = True) -> None:
    """A thin line with a slim filled head on its last point; no symbol, no pipe."""
    u = draft.u
    draft.over.append(Stroke(np.array(points), draft.style.thin_mm, layer="leader"))
    for p, q in zip(points, points[1:], strict=False):
        for t in np.linspace(0, 0.85, 8):
            x, y = p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])
            draft.paper.mark((x, y, x, y), TEXT)
    if head:
        tip, back = np.array(points[-1]), np.array(points[-2])
        d = (tip - back) / max(float(np.hypot(*(tip - back))), 1e-9)
        s = np.array([-d[1], d[0]])
        foot = tip - d * 3.0 * u
        draft.over.append(
            Stroke(
                np.array([tip, foot + s * 0.55 * u, foot - s * 0.55 * u]),
                draft.style.thin_mm,
                closed=True,
                fill="ink",
                layer="leader",
            )
        )


def _free_straight(draft: Draft, least: float) -> tuple[Point, Point] | None:
    edges = draft.pipe_edges(least)
    if not edges:
        return None
    return draft.net.ends(edges[int(draft.rng.integers(len(edges)))])


def add_sleeve(draft: Draft) -> None:
    """An insulation or tracing sleeve on a pipe."""
    run = _free_straight(draft, 24)
    if run is None or not draft.has("insulation_sleeve"):
        return
    a, b = run
    t = draft.rng.uniform(0.2, 0.8)
    at = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
    along = _heading(a, b) in (0, 180)
    text = draft.pick(["7C 70 N", "4C 40 Y", "8C 100 N", "H 40", "ST", "50", "INS (45°C)"])
    piece = draft.make("insulation_sleeve", at=at, rotation=0 if along else 90, slots={"letters": text, "size": text})
    length = abs(b[0] - a[0]) + abs(b[1] - a[1])
    box = grown_box(piece.box, 0.6 * draft.u)
    span = (box[2] - box[0]) if along else (box[3] - box[1])
    if (
        span > 0.8 * min(t, 1 - t) * 2 * length
        or not draft.paper.free(box, (SOLID, TEXT, ACROSS if along else ALONG))
        or not draft.fits(box, grow=0, layers=())
    ):
        return
    draft.put(piece)


def add_slope(draft: Draft) -> None:
    """A slope mark beside a pipe."""
    run = _free_straight(draft, 14)
    if run is None or not draft.has("slope_mark"):
        return
    a, b = run
    t = draft.rng.uniform(0.2, 0.8)
    along = _heading(a, b) in (0, 180)
    off = 3.0 * draft.u
    at = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
    at = (at[0], at[1] - off) if along else (at[0] + off, at[1])
    piece = draft.make(
        "slope_mark",
        at=at,
        rotation=0 if along else 90,
        mirrored=draft.chance(0.5),
        slots={"size": draft.pick(["1:100", "5.00 %", "10.00 %"])},
    )
    if draft.fits(piece.box, grow=0.3):
        draft.put(piece)


def add_spec_break(draft: Draft) -> None:
    """A tick across a pipe with a piping class on either side."""
    run = _free_straight(draft, 12)
    if run is None:
        return
    u, h = draft.u, draft.style.text_mm
    a, b = run
    t = draft.rng.uniform(0.25, 0.75)
    x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
    along = _heading(a, b) in (0, 180)
    s = -1 if draft.chance(0.6) else 1
    one, two = draft.names.spec(), draft.names.spec()
    reach = draft.rng.uniform(8, 13) * u
    texts = []
    for k, text in ((-1, one), (1, two)):
        w = draft.extent(text, h)[0]
        if along:
            texts.append((text, (x + k * (w / 2 + u), y + s * (reach - 2.0 * u) - 1.2 * h), 0))
        else:
            texts.append((text, (x + s * (reach - w / 2 + u), y + k * (h / 2 + u)), 0))
    far = (x, y + s * reach) if along else (x + s * reach, y)
    near = (x, y + s * 1.8 * u) if along else (x + s * 1.8 * u, y)
    line = (min(near[0], far[0]), min(near[1], far[1]), max(near[0], far[0]), max(near[1], far[1]))
    if not draft.fits(line, grow=0.6) or not all(draft.fits(draft.text_box(c, p, h, g), grow=0.3) for c, p, g in texts):
        return
    draft.over.append(Stroke(np.array([(x, y), far]), draft.style.thin_mm, layer="spec"))
    draft.paper.mark(line, TEXT)
    for text, center, angle in texts:
        draft.write(text, center, angle=angle, owner=(x, y))
    if along and draft.chance(0.6):
        bar = y + s * (reach - 2.0 * u)
        for k in (-1, 1):
            draw_leader(draft, [(x + k * 6 * u, bar), (x, bar)])


def add_remark(draft: Draft) -> None:
    """A remark beside a part or a pipe."""
    if not draft.pieces:
        return
    piece = draft.pieces[int(draft.rng.integers(len(draft.pieces)))]
    x0, y0, x1, y1 = piece.box
    text = draft.names.remark()
    h = draft.style.text_mm
    w = draft.extent(text, h)[0]
    c = ((x0 + x1) / 2, (y0 + y1) / 2)
    u = draft.u
    draft.try_write(
        text,
        [
            (c[0], y1 + h + u),
            (c[0], y0 - h - u),
            (x1 + w / 2 + u, y0 - h),
            (x0 - w / 2 - u, y1 + h),
            (c[0], y1 + 2.6 * h + u),
        ],
        owner=piece,
    )


def add_size(draft: Draft) -> None:
    """A size beside a pipe."""
    run = _free_straight(draft, 8)
    if run is None:
        return
    a, b = run
    owner = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    side = -1 if draft.chance(0.7) else 1
    draft.write_along(
        draft.names.size(),
        run,
        off=draft.rng.uniform(0.4, 1.1),
        side=side,
        at=draft.rng.uniform(0.1, 0.9, 4).tolist(),
        owner=owner,
    )


def add_boundary(draft: Draft) -> None:
    """A dash-dot box round part of the plant: a package, a skid, a limit of supply."""
    u = draft.u
    x0, y0, x1, y1 = draft.area
    w, h = draft.rng.uniform(0.15, 0.45) * (x1 - x0), draft.rng.uniform(0.15, 0.5) * (y1 - y0)
    x, y = draft.rng.uniform(x0 + 2 * u, x1 - w - 2 * u), draft.rng.uniform(y0 + 2 * u, y1 - h - 2 * u)
    corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    for p, q in zip(corners, [*corners[1:], corners[0]], strict=True):
        along = p[1] == q[1]
        box = (min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1]))
        if not draft.paper.free(box, (SOLID, TEXT, ALONG if along else ACROSS)):
            return
    dash = [(6.0, 1.2, 0.9, 1.2), (3.0, 1.2), (8.0, 1.5, 1.5, 1.5)][int(draft.rng.integers(3))]
    draft.over.append(
        Stroke(
            np.array(corners), draft.style.thin_mm, closed=True, dash_mm=tuple(d * u for d in dash), layer="boundary"
        )
    )
    for p, q in zip(corners, [*corners[1:], corners[0]], strict=True):
        draft.paper.mark(
            (min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1])), ALONG if p[1] == q[1] else ACROSS
        )
    tag, name = draft.names.equipment("other")
    text = draft.pick([tag, name, "SKID LIMITS", "PACKAGE LIMIT", f"{name} {tag}"])
    tw = draft.extent(text, draft.style.title_mm)[0]
    draft.try_write(
        text,
        [(x + tw / 2 + 2 * u, y + 3 * u), (x + tw / 2 + 2 * u, y + h - 3 * u), (x + w - tw / 2 - 2 * u, y + h + 3 * u)],
        height=draft.style.title_mm,
    )
