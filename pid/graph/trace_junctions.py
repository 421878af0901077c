"""Junctions of a stroke graph: merged where thinning split them, freed of spurs, and told apart from crossings.

At a *crossing* the arms pair off into straight lines that pass each other; a *tee* joins all its arms. Lengths are for
a sheet 5000 px wide and are multiplied by `scale`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
from numpy.typing import NDArray

from pid.geometry import as_boxes
from pid.graph.strokes import Stroke, StrokeGraph
from pid.graph.trace_gaps import ARM_REACH, DASH_GAP, DASH_LENGTH

Array = NDArray[np.float64]

SPUR_LENGTH = 9.0
"""Shorter free branches are thinning's whiskers, arrow barbs or ticks, ..."""
MERGE_LENGTH = 5.0
"""... and shorter strokes between junctions are one junction that thinning has split."""
RING_ARC = 70.0
"""Each half of a circle on a line is shorter than this."""
STRAIGHT_COS = -0.92
"""Cosine between two arms that run on through a junction: 157 degrees and more."""
AXIS_COS = 0.97
"""A pipe's pieces on both sides of an arrow head lie this exactly on one axis through its middle."""


def merge_junctions(graph: StrokeGraph, *, scale: float) -> None:
    """Contract short strokes between two junctions."""
    for key in list(graph.strokes):
        stroke = graph.strokes.get(key)
        if stroke is None or stroke.gap or stroke.a == stroke.b:
            continue
        limit = MERGE_LENGTH * scale + 0.9 * stroke.width
        if stroke.length <= limit and graph.degree(stroke.a) > 2 and graph.degree(stroke.b) > 2:
            _contract(graph, key)


def prune_spurs(graph: StrokeGraph, *, scale: float, keep: Container[int] = ()) -> None:
    """Remove short free branches off junctions, but for those whose free end is in `keep`."""
    for _ in range(2):
        for node in graph.free_ends():
            key = graph.at[node][0]
            stroke = graph.strokes[key]
            limit = SPUR_LENGTH * scale + 0.5 * stroke.width
            root = stroke.other(node)
            if node in keep or stroke.length >= limit or graph.degree(root) < 3:
                continue
            if not (stroke.length > 0.4 * limit and _continues(graph, root, key, scale)):
                graph.remove(key)


def _continues(graph: StrokeGraph, node: int, key: int, scale: float) -> bool:
    """Whether a stroke runs on straight from another at a node: the end of a dash, no whisker."""
    arm = graph.arm(node, key, ARM_REACH * scale)
    return any(
        float(arm @ graph.arm(node, other, ARM_REACH * scale)) <= STRAIGHT_COS
        for other in graph.at[node]
        if other != key
    )


def collapse_boxes(graph: StrokeGraph, boxes: Array, *, keep: Container[int] = ()) -> None:
    """Make one node of what stands inside each box (N, 4): an arrow head becomes a point of its line.

    Short open branches that stick out of a box go with it, but for those whose free end is in `keep`.
    """
    boxes = as_boxes(boxes)
    if not len(boxes):
        return
    nodes = graph.nodes()
    xy = np.array([graph.xy[n] for n in nodes]).reshape(-1, 2)
    for x0, y0, x1, y1 in boxes:
        inside = (xy[:, 0] >= x0) & (xy[:, 0] <= x1) & (xy[:, 1] >= y0) & (xy[:, 1] <= y1)
        group = {n for n, hit in zip(nodes, inside.tolist(), strict=True) if hit and graph.degree(n)}
        if len(group) > 1:
            _collapse(graph, group, np.array([x0, y0, x1, y1]), keep)


def _collapse(graph: StrokeGraph, group: set[int], box: Array, keep: Container[int]) -> None:
    """Put all arms that leave a group of nodes on one of them and drop the strokes between them."""
    keys = {k for n in group for k in graph.at[n]}
    reach = box + np.array([-1, -1, 1, 1]) * 0.5 * max(box[2] - box[0], box[3] - box[1])
    for key in list(keys):
        stroke = graph.strokes[key]
        if (
            stroke.a in group
            and stroke.b in group
            and bool(((stroke.points >= reach[:2]) & (stroke.points <= reach[2:])).all())
        ):
            graph.remove(key)
            keys.discard(key)
    arms = [(key, n) for key in sorted(keys) for n in group if n in (graph.strokes[key].a, graph.strokes[key].b)]
    side = float(max(box[2] - box[0], box[3] - box[1]))
    barbs = [
        (key, n)
        for key, n in arms
        if graph.degree(graph.strokes[key].other(n)) == 1
        and graph.strokes[key].other(n) not in keep
        and graph.strokes[key].length < 0.8 * side
        and not _leads_on(graph, key, n, arms, box)
    ]
    if 0 < len(barbs) < len(arms):
        for key, _ in barbs:
            if key in graph.strokes:
                graph.remove(key)
        arms = [arm for arm in arms if arm not in barbs]
    if not arms:
        return
    hub = _hub_of(graph, group, arms)
    for key, node in arms:
        if node != hub and node in (graph.strokes[key].a, graph.strokes[key].b):
            graph.move_end(key, node, hub)


def _leads_on(graph: StrokeGraph, key: int, node: int, arms: list[tuple[int, int]], box: Array) -> bool:
    """Whether an open branch comes out of a box straight opposite another: the pipe behind an arrow, up to a gap."""
    end = graph.xy[graph.strokes[key].other(node)]
    if bool(((end >= box[:2]) & (end <= box[2:])).all()):
        return False
    middle = (box[:2] + box[2:]) / 2
    way = (end - middle) / np.hypot(*(end - middle))
    for other, root in arms:
        far = graph.xy[graph.strokes[other].other(root)]
        if other != key and bool(((far < box[:2]) | (far > box[2:])).any()):
            back = far - middle
            if float(way @ back) < -AXIS_COS * float(np.hypot(*back)):
                return True
    return False


def _hub_of(graph: StrokeGraph, group: set[int], arms: list[tuple[int, int]]) -> int:
    """The node that the arms shall meet in: the far tip for one arm, else the one with most arms, most central."""
    members = sorted(group)
    if len(arms) == 1:
        far = graph.xy[graph.strokes[arms[0][0]].other(arms[0][1])]
        return max(members, key=lambda n: float(np.hypot(*(graph.xy[n] - far))))
    centre = np.mean([graph.xy[n] for _, n in arms], axis=0)
    return max(members, key=lambda n: (sum(m == n for _, m in arms), -float(np.hypot(*(graph.xy[n] - centre)))))


def _contract(graph: StrokeGraph, key: int) -> None:
    """Merge the two nodes of a stroke into the first."""
    stroke = graph.strokes[key]
    a, b = stroke.a, stroke.b
    graph.remove(key)
    graph.xy[a] = (graph.xy[a] + graph.xy[b]) / 2
    for other in list(graph.at[b]):
        if other in graph.strokes and b in (graph.strokes[other].a, graph.strokes[other].b):
            graph.move_end(other, b, a)
    for other in graph.at[a]:
        s = graph.strokes[other]
        if s.a == a:
            s.points = np.vstack([graph.xy[a][None], s.points[1:]])
        if s.b == a:
            s.points = np.vstack([s.points[:-1], graph.xy[a][None]])


def straight_pairs(graph: StrokeGraph, node: int, *, scale: float) -> list[tuple[int, int]]:
    """Pairs of stroke keys that run on straight through a junction, the straightest first, each key once."""
    keys = graph.at[node]
    arms = [graph.arm(node, key, ARM_REACH * scale) for key in keys]
    offers = sorted(
        (float(arms[i] @ arms[j]), i, j)
        for i in range(len(keys))
        for j in range(i + 1, len(keys))
        if keys[i] != keys[j]
    )
    used: set[int] = set()
    pairs = []
    for cosine, i, j in offers:
        if cosine <= STRAIGHT_COS and not used & {i, j}:
            used |= {i, j}
            pairs.append((keys[i], keys[j]))
    return pairs


def flatten_rings(graph: StrokeGraph, *, scale: float) -> None:
    """Make one straight stroke of each small ring that a line passes through: the circles of a data link."""
    arcs: dict[tuple[int, int], list[int]] = {}
    for key, stroke in graph.strokes.items():
        if stroke.a != stroke.b and stroke.length < RING_ARC * scale and not stroke.gap:
            arcs.setdefault((min(stroke.a, stroke.b), max(stroke.a, stroke.b)), []).append(key)
    for (a, b), pair in arcs.items():
        if len(pair) == 2 and _runs_through(graph, a, b, pair, scale) and _runs_through(graph, b, a, pair, scale):
            width = graph.strokes[pair[0]].width
            for key in pair:
                graph.remove(key)
            graph.add(Stroke(a, b, np.vstack([graph.xy[a], graph.xy[b]]), width))


def _runs_through(graph: StrokeGraph, node: int, far: int, ring: list[int], scale: float) -> bool:
    """Whether one stroke comes to a ring's node in the direction of its node on the far side."""
    others = [k for k in graph.at[node] if k not in ring]
    way = graph.xy[far] - graph.xy[node]
    if len(others) != 1:
        return False
    arm = graph.arm(node, others[0], ARM_REACH * scale)
    return bool(float(arm @ way) < STRAIGHT_COS * float(np.hypot(*way)))


def split_crossings(graph: StrokeGraph, *, scale: float, dots: Container[int] = ()) -> None:
    """Take crossings apart: of four arms two that run straight on get a node of their own.

    The other two are the crossing line, or what merely touches: a revision cloud, a dashed surround.

    A node in `dots` (a drawn connection dot) stays a junction.
    """
    for node in graph.nodes():
        if graph.degree(node) != 4 or node in dots:
            continue
        pairs = straight_pairs(graph, node, scale=scale)
        if pairs:
            give_own_node(graph, node, pairs[0])


def split_dashed_crossings(graph: StrokeGraph, *, scale: float) -> None:
    """Take tees apart that are a dashed line passing a solid one: the last dash touches, the next lies beyond.

    A free end beyond the bar of the tee, on the stem's line and within a dash gap, tells.
    """
    free = graph.free_ends()
    if not free:
        return
    points = np.array([graph.xy[n] for n in free])
    taken: set[int] = set()
    for node in graph.nodes():
        if graph.degree(node) != 3:
            continue
        pairs = straight_pairs(graph, node, scale=scale)
        stems = [k for k in graph.at[node] if pairs and k not in pairs[0]]
        if len(stems) != 1:
            continue
        outward = -graph.arm(node, stems[0], ARM_REACH * scale)
        v = points - graph.xy[node]
        distance = np.hypot(v[:, 0], v[:, 1])
        along, across = v @ outward, np.abs(v[:, 0] * outward[1] - v[:, 1] * outward[0])
        hits = np.flatnonzero((along > 0) & (distance < DASH_GAP * scale) & (across < 2.5 * scale + 0.05 * distance))
        for i in hits[np.argsort(distance[hits])].tolist():
            end = free[i]
            key = graph.at[end][0]
            inward = graph.arm(end, key, ARM_REACH * scale)
            short = min(graph.strokes[key].length, graph.strokes[stems[0]].length) <= DASH_LENGTH * scale
            if end not in taken and key not in graph.at[node] and short and float(inward @ outward) > -STRAIGHT_COS:
                taken.add(end)
                give_own_node(graph, node, pairs[0])
                line = np.vstack([graph.xy[node], graph.xy[end]])
                graph.add(Stroke(node, end, line, graph.strokes[key].width, gap=True))
                break


def give_own_node(graph: StrokeGraph, node: int, keys: Iterable[int]) -> int:
    """Move the named strokes' ends from a node to a new node at the same place, and return that."""
    new = graph.add_node(graph.xy[node])
    for key in keys:
        graph.move_end(key, node, new)
    return new


def find_dots(graph: StrokeGraph, depth: NDArray[np.float32]) -> set[int]:
    """Four-armed nodes where the ink is clearly thicker than the lines that meet: a connection dot was drawn.

    `depth` (H, W) is the distance from each ink pixel to paper. Two lines of width w that merely cross
    reach w * sqrt(2) in the middle.
    """
    dots = set()
    height, width = depth.shape
    for node in graph.nodes():
        if graph.degree(node) != 4:
            continue
        x, y = (round(float(v)) for v in graph.xy[node])
        near = depth[max(y - 2, 0) : min(y + 3, height), max(x - 2, 0) : min(x + 3, width)]
        widest = max(graph.strokes[k].width for k in graph.at[node])
        if near.size and 2.0 * float(near.max()) > 1.7 * widest + 1.0:
            dots.add(node)
    return dots


def nodes_at(graph: StrokeGraph, places: Array | None, *, reach: float) -> set[int]:
    """Nodes within `reach` of one of the places (N, 2)."""
    from scipy.spatial import cKDTree

    nodes = graph.nodes()
    if places is None or not len(places) or not nodes:
        return set()
    xy = np.array([graph.xy[n] for n in nodes])
    near = cKDTree(places).query(xy, p=np.inf)[0] <= reach
    return {n for n, hit in zip(nodes, near.tolist(), strict=True) if hit}
