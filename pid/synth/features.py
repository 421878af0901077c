"""What hangs in and on pipes: valves and fittings in line, drains and vents, bypasses, relief valves, instruments.

Every function tries once at a random place and says whether it found room.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pid.catalog import Kind
from pid.synth.draft import Draft
from pid.synth.ink import Stroke
from pid.synth.place import Piece, grown_box
from pid.synth.style import is_bubble_kind

# How often a kind stands in a pipe, against 1 for a kind not listed; counted on public sheets.
_COMMON = {
    "gate_valve": 9.0, "ball_valve": 8.0, "globe_valve": 4.0, "check_valve": 3.5, "swing_check_valve": 1.5,
    "butterfly_valve": 3.0, "plug_valve": 2.0, "concentric_reducer": 5.0, "eccentric_reducer": 1.5, "flange": 2.0,
    "flange_pair": 4.0, "spectacle_blind": 5.0, "spacer": 1.8, "spade": 1.5, "strainer": 2.5, "y_strainer": 2.0,
    "restriction_orifice": 1.6, "orifice_plate": 1.6, "diaphragm_valve": 1.5, "needle_valve": 1.2,
}  # fmt: skip
# What CAE systems' standard libraries make common: their sheets have few flanges and many of these.
_COMMON_CAE = {
    "gate_valve": 3.0, "ball_valve": 9.0, "globe_valve": 8.0, "butterfly_valve": 7.0, "swing_check_valve": 6.0,
    "concentric_reducer": 8.0, "flange_pair": 0.7, "flange": 0.7, "check_valve": 2.0,
}  # fmt: skip
# Benchmark sheets draw from a small legend, every sign of it about as often as any other.
_COMMON_BENCHMARK = {
    "gate_valve": 14.0, "ball_valve": 14.0, "globe_valve": 4.0, "check_valve": 16.0, "rotary_valve": 6.0,
    "actuated_valve": 6.0, "diaphragm_valve": 4.0, "needle_valve": 4.0, "quick_closing_valve": 5.0,
    "spectacle_blind": 40.0, "spacer": 22.0, "spade": 10.0, "flange_pair": 25.0, "damper_coil": 22.0,
    "insulated_pipe": 22.0, "concentric_reducer": 8.0,
}  # fmt: skip
_FIELD_BUBBLES = {"discrete_field": 8.0}  # how often a balloon kind whose name holds the key is drawn
_ROOM_BUBBLES = {"shared": 5.0, "discrete_panel": 2.5}
SURROUND = 1.2  # u between a part and the dashed box round it
_IN_LINE_GROUPS = ("valve", "fitting", "reducer")


def choose_in_line(draft: Draft, *, groups: Sequence[str] = _IN_LINE_GROUPS) -> Kind:
    """A kind for a straight pipe; the sheet's palette is a few common kinds and the rare ones that are due."""
    kinds = [k for k in draft.in_line if k.group in groups]
    due = [k for k in draft.rare if k in kinds]
    flat = draft.style.family == "benchmark"
    if due and draft.chance(0.15 if flat else 0.35):
        return due[int(draft.rng.integers(len(due)))]
    own = np.random.default_rng([draft.style.seed, 77])
    common = _COMMON | {"cae": _COMMON_CAE, "benchmark": _COMMON_BENCHMARK}.get(draft.style.family, {})
    weights = np.array([common.get(k.name, 0.6 if k.group == "valve" else 0.35) for k in kinds])
    favour = own.lognormal(0.0, 0.9, 400)[: len(kinds)]
    weights = (np.sqrt(weights) if flat else weights) * favour
    return kinds[int(draft.rng.choice(len(kinds), p=weights / weights.sum()))]


def state_of(draft: Draft, kind: Kind, *, closed: bool | None = None) -> str:
    """The drawn state of a valve."""
    states = [v.state for v in kind.variants if v.state]
    wanted = draft.chance(draft.style.closed_share) if closed is None else closed
    if wanted and "normally_closed" in states:
        return "normally_closed"
    if kind.group == "fitting" and states:
        return draft.pick(states)
    if "locked_open" in states and draft.chance(0.03):
        return "locked_open"
    return ""


def lettering_of(draft: Draft, kind: Kind) -> tuple[str, ...]:  # noqa: PLR0911
    """Lettering of a part in line, tag last."""
    form, names = draft.style.tag_form, draft.names
    if kind.group == "reducer":
        return (names.reducer(),) if draft.chance(0.85) else ()
    if kind.group == "valve":
        if form == "none" and draft.chance(0.7):
            return ()
        return names.valve() if draft.chance(0.95) else ()
    if kind.group == "instrument":
        return (names.size(),) if draft.chance(0.5) else ()
    if kind.name == "insulated_pipe":
        text = draft.pick(("INS", "INS.", "ET", "H", "ST"))
        degrees = f"{draft.rng.integers(-60, 180)}°C"
        return (draft.pick((f"{text} ({degrees})", f"{text} {degrees}", text)),) if draft.chance(0.85) else ()
    if draft.style.family == "benchmark":
        return (names.part(kind.group),) if draft.chance(0.75) and "flange" not in kind.name else ()
    if "flange" in kind.name:
        return ()
    return (names.remark() if draft.chance(0.3) else names.part(kind.group),) if draft.chance(0.4) else ()


def add_in_line(draft: Draft, edges: Sequence[int] | None = None, kind: Kind | None = None) -> bool:
    """Put a part into a pipe."""
    edges = edges if edges is not None else draft.pipe_edges(9)
    if not edges:
        return False
    edge = choose_edge(draft, edges)
    kind = kind or choose_in_line(draft)
    length = draft.net.length(edge)
    t = draft.rng.uniform(0.06, 0.94) * length
    lines = lettering_of(draft, kind)
    surround = kind.group == "valve" and draft.chance(draft.style.surround_share)
    placed = draft.insert(
        edge, t, kind, state=state_of(draft, kind), flip=draft.chance(0.5), reverse=draft.chance(0.3),
        label=lines, must_label=draft.chance(0.9), clear=SURROUND if surround else 0.0,
    )  # fmt: skip
    if placed is None:
        return False
    piece = placed[0]
    _after_part(draft, piece, lines)
    if surround:
        add_surround(draft, piece)
    return True


def _after_part(draft: Draft, piece: Piece, lines: Sequence[str]) -> None:
    if lines and piece.kind.group in ("valve", "fitting"):  # beside reducers and meters stands their size
        piece.tag = lines[-1]
    if piece.kind in draft.rare:
        draft.rare.remove(piece.kind)


def add_surround(draft: Draft, piece: Piece) -> None:
    """A dashed box round a valve (a supplier's part, an interlock)."""
    x0, y0, x1, y1 = grown_box(piece.box, SURROUND * draft.u)
    points = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    dash = (1.6 * draft.u, 0.7 * draft.u)
    draft.over.append(Stroke(points, draft.style.thin_mm, closed=True, dash_mm=dash, layer="surround"))


def choose_edge(draft: Draft, edges: Sequence[int]) -> int:
    """One of the edges, long ones more often."""
    lengths = np.array([draft.net.length(e) for e in edges])
    return edges[int(draft.rng.choice(len(edges), p=lengths / lengths.sum()))]


def add_train(draft: Draft) -> bool:
    """Several parts in a row in one pipe, as at a pump or a meter run."""
    edges = draft.pipe_edges(34)
    if not edges:
        return False
    edge = choose_edge(draft, edges)
    t = draft.rng.uniform(0.1, 0.6) * draft.net.length(edge)
    made = 0
    for _ in range(int(draft.rng.integers(2, 5))):
        kind = choose_in_line(draft)
        lines = lettering_of(draft, kind)
        placed = draft.insert(
            edge, t, kind, state=state_of(draft, kind), flip=draft.chance(0.5), label=lines, must_label=True
        )
        if placed is None:
            t += 5 * draft.u
            continue
        piece, _, edge = placed
        _after_part(draft, piece, lines)
        made += 1
        t = draft.rng.uniform(5.5, 12.0) * draft.u
        if t > draft.net.length(edge):
            break
    return made > 0


def small_valve(draft: Draft) -> Kind:
    """The house's kind for drains and vents."""
    own = np.random.default_rng([draft.style.seed, 5])
    names = [n for n in ("gate_valve", "ball_valve", "globe_valve", "plug_valve", "needle_valve") if draft.has(n)]
    return draft.catalog[
        str(own.choice(names, p=np.array([5, 4, 1, 1, 1.0])[: len(names)] / sum([5, 4, 1, 1, 1.0][: len(names)])))
    ]


def add_line_balloon(draft: Draft) -> bool:
    """A balloon that the pipe itself runs through, as vendors draw sight glasses and flow indicators."""
    edges = draft.pipe_edges(30)
    bubbles = [k for k in draft.catalog.by_group("instrument") if is_bubble_kind(k)]
    if not edges or not bubbles:
        return False
    edge = choose_edge(draft, edges)
    return (
        draft.insert(edge, draft.rng.uniform(0.1, 0.9) * draft.net.length(edge), choose_bubble(draft, bubbles))
        is not None
    )


def choose_bubble(draft: Draft, kinds: Sequence[Kind], *, remote: bool = False) -> Kind:
    """A balloon kind: field ones on pipes, control-room ones in loops, and the rare ones that are due."""
    due = [k for k in draft.rare if k in kinds]
    if due and draft.chance(0.5):
        return due[int(draft.rng.integers(len(due)))]
    own = np.random.default_rng([draft.style.seed, 9 + remote])
    weights = np.array([
        next((w for part, w in (_ROOM_BUBBLES if remote else _FIELD_BUBBLES).items() if part in k.name), 0.35)
        for k in kinds
    ]) * own.lognormal(0, 0.5, len(kinds))  # fmt: skip
    return kinds[int(draft.rng.choice(len(kinds), p=weights / weights.sum()))]
