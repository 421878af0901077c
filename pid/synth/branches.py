"""What hangs on pipes: drains and vents, relief valves, tappings, dead ends, bypasses.

Every function tries once at a random place and says whether it found room.
"""

from __future__ import annotations

from collections.abc import Sequence

from pid.catalog import Kind
from pid.drawing import Box
from pid.synth.draft import Draft, Item, Train
from pid.synth.features import choose_bubble, choose_edge, choose_in_line, lettering_of, small_valve, state_of
from pid.synth.lettering import Written
from pid.synth.network import Pen
from pid.synth.place import Piece, grown_box
from pid.synth.route import STEPS
from pid.synth.sketch import axis_ports
from pid.synth.style import is_bubble_kind


def branch_point(draft: Draft, edge: int, *, side: int | None = None) -> tuple[float, int]:
    """A place on an edge and a direction square to it."""
    heading = draft.heading(edge)
    side = side if side is not None else int(draft.rng.choice([90, -90]))
    return float(draft.rng.uniform(0.05, 0.95) * draft.net.length(edge)), (heading + side) % 360


def try_branch(
    draft: Draft,
    items: Sequence[Item],
    *,
    tail: float = 0.0,
    edges: Sequence[int] | None = None,
    pen: Pen | None = None,
    labels: Sequence[Sequence[str]] = (),
    end_text: str = "",
    direction: int | None = None,
) -> tuple[list[Piece], list[int]] | None:
    """A train square to a pipe from a new tee; None without room. Returns its pieces and nodes."""
    edges = edges if edges is not None else draft.pipe_edges(8)
    if direction is not None:
        edges = [e for e in edges if draft.heading(e) % 180 != direction % 180]
    if not edges:
        return None
    edge = choose_edge(draft, edges)
    t, way = branch_point(draft, edge)
    if direction is not None:
        way = direction
    length = draft.net.length(edge)
    if t < 2.6 * draft.u or t > length - 2.6 * draft.u:
        return None
    at = draft.point_on(edge, t)
    train = draft.plan_train(at, way, items, tail=tail)
    if train is None:
        return None
    dx, dy = STEPS[way]
    x0, y0, x1, y1 = train.box
    cut = 2.2 * draft.u  # the pipe itself is not in the way
    clear = grown_box((x0, y0, x1, y1), 0.9 * draft.u)
    clear = (
        max(clear[0], at[0] + cut) if dx > 0 else clear[0], max(clear[1], at[1] + cut) if dy > 0 else clear[1],
        min(clear[2], at[0] - cut) if dx < 0 else clear[2], min(clear[3], at[1] - cut) if dy < 0 else clear[3],
    )  # fmt: skip
    tee = (at[0] - 1.2 * draft.u, at[1] - 1.2 * draft.u, at[0] + 1.2 * draft.u, at[1] + 1.2 * draft.u)
    along = draft.heading(edge) in (0, 180)
    if not draft.fits(clear, grow=0.0) or not draft.paper.free(tee, (0, 1, 3 if along else 2)):
        return None
    texts = _end_text(draft, train, way, end_text) if end_text else []
    if texts is None:
        return None
    planned = _plan_labels(draft, train, way, labels, avoid=[t.box for t in texts])
    node = draft.net.tee(edge, at)
    for layer in (2, 3):
        draft.paper.mark(tee, layer)
    own = pen or draft.net.edges[next(iter(draft.net.at_node[node]))].pen
    nodes = draft.lay_train(train, node, own)
    _commit_labels(draft, planned)
    for piece, _, _ in train.parts:
        if piece.kind in draft.rare:
            draft.rare.remove(piece.kind)
    if texts:
        draft.commit(texts, at)
    return [p for p, _, _ in train.parts], nodes


def _plan_labels(
    draft: Draft, train: Train, way: int, labels: Sequence[Sequence[str]], *, avoid: Sequence[Box]
) -> list[tuple[Piece, list[Written]]]:
    """Lettering beside the parts of a train where there is room; planned before the parts take their margins."""
    taken = [*avoid, *(piece.box for piece, _, _ in train.parts)]
    planned = []
    for (piece, _, _), lines in zip(train.parts, labels, strict=False):
        if not lines:
            continue
        for shift in (0.0, 1.5, 3.0, 5.0):  # outward, off the pipe that the branch leaves
            texts = _plan_shifted(draft, piece, lines, way, shift * draft.u, taken)
            if texts:
                planned.append((piece, texts))
                taken += [t.box for t in texts]
                break
    return planned


def _commit_labels(draft: Draft, planned: Sequence[tuple[Piece, list[Written]]]) -> None:
    for piece, written in planned:
        draft.commit(written, piece)
        if piece.kind.group in ("valve", "fitting"):  # beside reducers and meters stands their size
            piece.tag = written[-1].text


def _plan_shifted(
    draft: Draft, piece: Piece, lines: Sequence[str], way: int, shift: float, avoid: Sequence[Box]
) -> list[Written] | None:
    """Lettering beside a part as if it stood `shift` mm further along the branch."""
    dx, dy = STEPS[way]
    at = piece.x, piece.y
    piece.x, piece.y = at[0] + dx * shift, at[1] + dy * shift
    try:
        return draft.plan_label(piece, lines, along=way in (0, 180), avoid=avoid)
    finally:
        piece.x, piece.y = at


def _end_text(draft: Draft, train: Train, way: int, text: str) -> list[Written] | None:
    side = {0: "right", 90: "above", 180: "left", 270: "below"}[way]
    texts = draft.stack([text], train.box, side, angle=0)
    return texts if all(draft.fits(t.box, grow=0.3) for t in texts) else None


_RELIEF_SHARE = {"offshore": 0.12, "generic": 0.06, "vendor": 0.05}
"""Of branches meant for a drain, those that become a relief valve, by family."""


def add_drain(draft: Draft, edges: Sequence[int] | None = None) -> bool:
    """A drain or vent: a short branch with a valve, mostly closed with a blind flange; now and then a relief valve."""
    if edges is None and draft.chance(_RELIEF_SHARE.get(draft.style.family, 0.0)):
        return add_relief(draft)
    kind = small_valve(draft) if draft.chance(0.85) else choose_in_line(draft, groups=("valve",))
    state = state_of(draft, kind, closed=draft.chance(0.8 if draft.style.closed_share > 0.2 else 0.3))
    gap = (3.5, 7.0) if draft.style.tag_form == "stack" else (2.4, 5.0)  # long tags beside the valve need the room
    items = [Item(kind, draft.rng.uniform(*gap), state)]
    labels: list[Sequence[str]] = [lettering_of(draft, kind)]
    if draft.chance(0.15) and draft.has("concentric_reducer"):
        items.insert(0, Item(draft.catalog["concentric_reducer"], 2.5))
        labels.insert(0, (draft.names.reducer(),))
    if draft.style.family == "offshore" and draft.chance(0.25) and draft.has("flange"):  # a root valve
        root = choose_in_line(draft, groups=("valve",)) if draft.chance(0.3) else draft.catalog["ball_valve"]
        bar = Item(draft.catalog["flange"], draft.rng.uniform(0.5, 0.9))
        items[:0] = [Item(root, draft.rng.uniform(2.4, 4.0)), bar]
        labels[:0] = [lettering_of(draft, root), ()]
    end, tail = "", 0.0
    roll = draft.rng.random()
    if roll < draft.style.branch_cap_share:
        caps = [k for k in draft.catalog.by_group("fitting") if _is_cap(k)]
        if caps:
            blind = (
                draft.catalog["blind_flange"]
                if draft.has("blind_flange") and draft.chance(0.75)
                else caps[int(draft.rng.integers(len(caps)))]
            )
            due = [k for k in draft.rare if _is_cap(k)]
            blind = due[0] if due else blind
            near = draft.style.variant_of(blind, draft.rng).name.startswith("bar_off")  # its port stands off the bar
            items.append(Item(blind, 0.0 if near else draft.rng.uniform(0.5, 0.95)))
    elif roll < draft.style.branch_cap_share + 0.3:
        tail = draft.rng.uniform(2, 5)
        end = draft.pick(["D", "V", "DRAIN", "VENT", "TO CLOSED DRAIN", "ATM", "CD", "S"])
    return try_branch(draft, items, tail=tail, edges=edges, labels=labels, end_text=end) is not None


def _is_cap(kind: Kind) -> bool:
    process = [p for p in kind.variants[0].ports if p.role in ("process", "any")]
    return kind.group == "fitting" and len(process) == 1


def add_dead_end(draft: Draft) -> bool:
    """A branch that ends in a flange pair or another part, as on benchmark sheets."""
    kind = (
        draft.catalog["flange_pair"]
        if draft.has("flange_pair") and draft.chance(0.6)
        else choose_in_line(draft, groups=("fitting",))
    )
    return try_branch(draft, [Item(kind, draft.rng.uniform(6, 22))], tail=0.0) is not None


def add_rare_branch(draft: Draft) -> bool:
    """A branch for a due kind that fits nowhere else: its first port on the branch, stubs at the others."""
    due = [
        k
        for k in draft.rare
        if k.group in ("valve", "fitting", "reducer", "other", "separator", "instrument")
        and any(p.role in ("process", "any") for p in k.variants[0].ports)
    ]
    if not due:
        return False
    kind = due[int(draft.rng.integers(len(due)))]
    made = try_branch(
        draft,
        [Item(kind, draft.rng.uniform(4, 9), state_of(draft, kind), flip=draft.chance(0.5))],
        labels=[lettering_of(draft, kind)],
    )
    if made is None:
        return False
    pieces, nodes = made
    add_stubs(draft, pieces[-1], {draft.net.nodes[n].port for n in nodes})
    return True


def add_stubs(draft: Draft, piece: Piece, used: set[str]) -> None:
    """Leave short pipes open at the ports that are not used, to be led on later."""
    for port in piece.ports:
        if port.role != "process" or port.id in used or port.direction % 90 or draft.chance(0.1):
            continue
        draft.open_ends.append((draft.port_node(piece, port.id), port.direction))


def add_relief(draft: Draft) -> bool:
    """A relief valve on a branch upward, its outlet to be led on to a header."""
    kinds = [k for k in draft.catalog.by_group("valve") if _is_angle(k)]
    if not kinds:
        return False
    psv = [k for k in kinds if "psv" in k.name or "relief" in k.name or "safety" in k.name] or kinds
    due = [k for k in draft.rare if k in kinds]
    kind = due[0] if due else psv[int(draft.rng.integers(len(psv)))]
    if not due and draft.has("psv") and draft.chance(0.6):
        kind = draft.catalog["psv"]
    items: list[Item] = []
    labels: list[Sequence[str]] = []
    if draft.chance(0.6):
        valve = small_valve(draft)
        items.append(Item(valve, draft.rng.uniform(3, 6), state_of(draft, valve, closed=False)))
        labels.append(lettering_of(draft, valve))
    if draft.chance(0.4) and draft.has("concentric_reducer"):
        items.append(Item(draft.catalog["concentric_reducer"], draft.rng.uniform(2, 5)))
        labels.append((draft.names.reducer(),))
    items.append(Item(kind, draft.rng.uniform(2, 6), flip=draft.chance(0.5)))
    labels.append(())
    made = try_branch(draft, items, labels=labels, direction=90 if draft.chance(0.9) else None)
    if made is None:
        return False
    pieces, nodes = made
    piece = pieces[-1]
    letters, number = ("PSV", draft.names.bubble(first="P")[1])
    piece.tag = f"{letters} {number}"
    beside = draft.names.set_pressure() if draft.chance(0.6) else (piece.tag,)
    side = "right" if piece.mirrored else "left"
    texts = draft.stack(beside, piece.box, side, angle=0, gap=draft.rng.uniform(1.6, 2.4))
    if all(draft.fits(t.box, grow=0.1) for t in texts):
        draft.commit(texts, piece)
    out = draft.net.nodes[nodes[-1]]
    draft.open_ends.append((nodes[-1], piece.port(out.port).direction))
    return True


def _is_angle(kind: Kind) -> bool:
    ports = [p for p in kind.variants[0].ports if p.role == "process"]
    return len(ports) == 2 and axis_ports(kind.variants[0]) is None


def add_tapping(draft: Draft) -> tuple[Piece, int] | None:
    """A tapping: a branch, maybe a root valve, and a balloon. Returns the balloon and its node."""
    bubbles = [k for k in draft.catalog.by_group("instrument") if is_bubble_kind(k)]
    kind = choose_bubble(draft, bubbles)
    items: list[Item] = []
    labels: list[Sequence[str]] = []
    if draft.chance(0.5):
        valve = small_valve(draft)
        items.append(Item(valve, draft.rng.uniform(2.5, 5)))
        labels.append(lettering_of(draft, valve))
    if draft.chance(0.2) and draft.has("flange_pair"):
        items.append(Item(draft.catalog["flange_pair"], draft.rng.uniform(1, 3)))
        labels.append(())
    items.append(Item(kind, draft.rng.uniform(3, 8)))
    pen = draft.pen("process" if items[:-1] or draft.style.family != "cae" else "signal", "solid")
    pen = Pen(pen.kind, "solid", draft.style.thin_mm if draft.chance(0.5) else draft.style.pipe_mm)
    made = try_branch(draft, items, labels=labels, pen=pen)
    if made is None:
        return None
    piece = made[0][-1]
    return piece, made[1][-1]
