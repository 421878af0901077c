"""Grouping by affinities."""

from __future__ import annotations

import numpy as np

from pid.structure.group import contract_edges, group_primitives
from pid.structure.primitives import STROKE, make_primitives
from pid.structure.relate import Graph, relate


def chain(count: int) -> Graph:
    """Strokes one after the other in a row, each sharing a node with the next."""
    xy = np.column_stack([np.arange(count + 1) * 40.0, np.zeros(count + 1)])
    pairs = [(k, k + 1) for k in range(count)]
    lines = [xy[list(p)] for p in pairs]
    return relate(make_primitives([STROKE] * count, pairs, xy, lines, [2.0] * count, [False] * count, (1000, 10)))


def affinity(graph: Graph, label: list[int], *, within: float = 0.9, across: float = 0.1) -> np.ndarray:  # type: ignore[type-arg]
    own = np.array(label)
    return np.where(own[:, None] == own[graph.neighbours], within, across)


def test_what_belongs_together_becomes_one_instance_and_background_none() -> None:
    graph = chain(6)
    found = group_primitives(graph, np.array([0.9, 0.9, 0.1, 0.9, 0.9, 0.9]), affinity(graph, [0, 0, 9, 1, 1, 2]))
    assert found.tolist() == [0, 0, -1, 1, 1, 2]


def test_one_doubtful_edge_joins_nothing_that_others_part() -> None:
    # Two triangles with one edge of 0.6 between them, and two of 0.2.
    pairs = [(0, 1, 3.0), (1, 2, 3.0), (0, 2, 3.0), (3, 4, 3.0), (4, 5, 3.0), (3, 5, 3.0), (2, 3, 0.4), (1, 4, -1.4)]
    source, target, weight = (np.array(c) for c in zip(*pairs, strict=True))
    found = contract_edges(6, source, target, weight.astype(float))
    assert len(set(found.tolist())) == 2
    assert len(set(found[:3].tolist())) == 1
    joined = contract_edges(6, source[:7], target[:7], weight[:7].astype(float))
    assert len(set(joined.tolist())) == 1


def test_both_directions_of_an_edge_count_by_their_mean() -> None:
    source, target = np.array([0, 1]), np.array([1, 0])
    assert len(set(contract_edges(2, source, target, np.array([2.0, -1.0])).tolist())) == 1
    assert len(set(contract_edges(2, source, target, np.array([1.0, -2.0])).tolist())) == 2


def test_a_sheet_without_symbols_has_no_instance() -> None:
    graph = chain(3)
    assert (group_primitives(graph, np.zeros(3), affinity(graph, [0, 0, 0])) == -1).all()
