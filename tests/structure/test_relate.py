"""The graph on primitives and its numbers: who is whose neighbour, and what stretching changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pid.structure.encode import EDGE_NUMBERS, EXTENT, KNOWN, NODE_NUMBERS, encode
from pid.structure.primitives import CIRCLE, STROKE, Primitives, make_primitives
from pid.structure.relate import NEIGHBOURS, POSES, Graph, relate, usual_pen

PEN = 3.0


def drawn(stretch: tuple[float, float] = (1.0, 1.0)) -> Primitives:
    """A gate valve with pipes at both ends, a pressure gauge above it and, far away, a lonely stroke."""
    nodes = np.array(
        [(0, 100), (100, 100), (100, 70), (100, 130), (150, 100), (200, 70), (200, 130), (200, 100), (300, 100),
         (150, 60), (900, 900), (940, 900)], float,
    ) * stretch  # fmt: skip
    pairs = [(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (4, 6), (5, 7), (6, 7), (7, 8), (4, 9), (10, 11)]
    turn = np.linspace(0, 2 * np.pi, 33)
    ring = (np.column_stack([150 + 25 * np.cos(turn), 35 + 25 * np.sin(turn)])) * stretch
    count = len(pairs)
    return make_primitives(
        [STROKE] * count + [CIRCLE], [*pairs, (-1, -1)], nodes, [*(nodes[list(p)] for p in pairs), ring],
        [PEN] * (count + 1), [False] * (count + 1), (1000, 1000),
    )  # fmt: skip


@pytest.fixture
def graph() -> Graph:
    return relate(drawn())


def neighbours(graph: Graph, k: int) -> set[int]:
    return set(graph.neighbours[k][graph.known[k]].tolist())


def test_primitives_that_share_a_node_are_neighbours_first(graph: Graph) -> None:
    assert {0, 2, 3} <= neighbours(graph, 1)
    assert (graph.gap[1, :3] == 0).all()
    assert 12 in neighbours(graph, 10)  # the gauge's stem ends on its circle
    assert graph.degree[3].tolist() == [2, 5]
    assert graph.neighbours.shape == (13, NEIGHBOURS)
    alone = graph.known[11].sum()
    assert alone == 0
    assert (graph.neighbours[11] == 11).all()


def test_the_pen_is_that_of_most_ink() -> None:
    parts = drawn()
    assert usual_pen(parts) == PEN
    thick = replace(parts, width=np.where(np.arange(13) == 11, 9.0, PEN))
    assert usual_pen(thick) == PEN


@pytest.mark.parametrize("stretch", [(2.0, 1.0), (1.0, 3.0), (0.6, 1.0), (2.5, 2.5)])
def test_edges_look_the_same_on_a_stretched_sheet(graph: Graph, stretch: tuple[float, float]) -> None:
    other = relate(drawn(stretch))
    # The same pairs in the same columns; which pairs are near may change, what they look like must not.
    same = replace(other, neighbours=graph.neighbours, known=graph.known, gap=graph.gap)
    assert encode(same)[1] == pytest.approx(encode(graph)[1], abs=1e-5)
    nodes, before = encode(same)[0], encode(graph)[0]
    assert np.delete(nodes, [30, EXTENT], axis=1) == pytest.approx(np.delete(before, [30, EXTENT], axis=1), abs=1e-5)
    for k in range(1, 9):  # the valve's strokes keep all that they touch
        touching = {j for j, gap in zip(graph.neighbours[k], graph.gap[k], strict=True) if gap == 0}
        assert touching <= neighbours(other, k) | {k}


def test_it_does_not_matter_how_a_stroke_was_traced(graph: Graph) -> None:
    parts = drawn()
    turned = [parts.points(k)[::-1] if k % 2 else parts.points(k) for k in range(len(parts))]
    nodes = np.where((np.arange(13) % 2 == 1)[:, None], parts.nodes[:, ::-1], parts.nodes)
    other = make_primitives(
        parts.shape.tolist(), [tuple(p) for p in nodes.tolist()], parts.node_xy, turned, parts.width.tolist(),
        parts.filled.tolist(), parts.size,
    )  # fmt: skip
    same = replace(relate(other), neighbours=graph.neighbours, known=graph.known, gap=graph.gap)
    for own, given in zip(encode(graph), encode(same), strict=True):
        assert given == pytest.approx(own, abs=1e-6)


def test_eight_poses_are_eight_and_the_first_changes_nothing(graph: Graph) -> None:
    marks = [graph.turned(pose).marks for pose in range(POSES)]
    assert np.array_equal(marks[0], graph.marks)
    for a in range(POSES):
        assert not any(np.allclose(marks[a], marks[b]) for b in range(a))
    boxes = graph.turned(5).boxes
    assert (boxes[:, 2:] >= boxes[:, :2]).all()


def test_a_part_of_a_graph_keeps_its_inner_edges(graph: Graph) -> None:
    part = graph.only(np.arange(1, 9))
    assert len(part) == 8
    assert neighbours(part, 0) == {k - 1 for k in neighbours(graph, 1) if 1 <= k < 9}
    outside = ~part.known
    assert (part.neighbours[outside] == np.nonzero(outside)[0]).all()


def test_numbers_are_finite_and_small_and_missing_neighbours_silent(graph: Graph) -> None:
    nodes, edges = encode(graph)
    assert nodes.shape == (13, NODE_NUMBERS)
    assert edges.shape == (13, NEIGHBOURS, EDGE_NUMBERS)
    assert np.abs(nodes).max() <= 2
    assert np.abs(edges).max() <= 2
    assert not edges[~graph.known].any()
    assert (edges[graph.known][:, KNOWN] == 1).all()


@pytest.mark.parametrize("make", [lambda: drawn().only(np.zeros(13, bool)), lambda: drawn().only(np.arange(1))])
def test_none_or_one_primitive_is_a_graph_too(make: Callable[[], Primitives]) -> None:
    graph = relate(make())
    nodes, edges = encode(graph)
    assert len(nodes) == len(edges) == len(graph)
    assert not graph.known.any()
