from __future__ import annotations

import numpy as np
import pytest

from pid.structure.primitives import (
    ARC,
    CIRCLE,
    STROKE,
    Primitives,
    concatenate,
    make_primitives,
    merge,
)


@pytest.fixture
def parts() -> Primitives:
    """A stroke of length 10, a bent arc of 3 + 4, and a closed square of 4 x 2."""
    square = np.array([(20.0, 0.0), (22.0, 0.0), (22.0, 2.0), (20.0, 2.0), (20.0, 0.0)])
    return make_primitives(
        [STROKE, ARC, CIRCLE],
        [(0, 1), (1, 2), (-1, -1)],
        np.array([(0.0, 0.0), (10.0, 0.0), (13.0, 4.0)]),
        [np.array([(0.0, 0.0), (10.0, 0.0)]), np.array([(10.0, 0.0), (13.0, 0.0), (13.0, 4.0)]), square],
        [1.0, 2.0, 3.0],
        [False, False, True],
        (40, 30),
    )


def test_lengths_boxes_and_owners_are_those_of_the_polylines(parts: Primitives) -> None:
    assert parts.length == pytest.approx([10, 7, 8])
    assert parts.boxes == pytest.approx(np.array([(0, 0, 10, 0), (10, 0, 13, 4), (20, 0, 22, 2)]))
    assert parts.owner.tolist() == [0] * 2 + [1] * 3 + [2] * 5


def test_marks_lie_at_quarters_of_the_length(parts: Primitives) -> None:
    assert parts.marks[0] == pytest.approx(np.column_stack([np.linspace(0, 10, 5), np.zeros(5)]))
    assert parts.marks[1][2] == pytest.approx((13.0, 0.5))
    assert parts.marks[2] == pytest.approx(np.array([(20, 0), (22, 0), (22, 2), (20, 2), (20, 0)]))


def test_along_starts_and_ends_at_the_ends_and_stays_on_the_polyline(parts: Primitives) -> None:
    share = np.linspace(0, 1, 41)
    at = parts.along(share)
    assert at.shape == (3, 41, 2)
    for i in range(3):
        points = parts.points(i)
        assert at[i, [0, -1]] == pytest.approx(points[[0, -1]])
        steps = np.abs(np.diff(at[i], axis=0)).sum(axis=1)  # these polylines run along the axes
        assert steps == pytest.approx(np.full(40, parts.length[i] / 40))


def test_samples_are_even_and_their_tangents_unit(parts: Primitives) -> None:
    points, tangents, owner = parts.samples(0.5)
    assert np.bincount(owner).tolist() == [20, 14, 16]
    assert np.hypot(tangents[:, 0], tangents[:, 1]) == pytest.approx(np.ones(50))
    assert points[:20] == pytest.approx(np.column_stack([np.arange(20) * 0.5 + 0.25, np.zeros(20)]))
    assert tangents[20] == pytest.approx((1, 0))
    assert tangents[33] == pytest.approx((0, 1))


def test_only_keeps_columns_and_node_numbers(parts: Primitives) -> None:
    by_mask, by_index = parts.only(np.array([False, True, True])), parts.only(np.array([1, 2]))
    for some in (by_mask, by_index):
        assert len(some) == 2
        assert some.nodes.tolist() == [[1, 2], [-1, -1]]
        assert some.points(0) == pytest.approx(parts.points(1))
        assert some.points(1) == pytest.approx(parts.points(2))
        assert some.width.tolist() == [2, 3]
        assert some.filled.tolist() == [False, True]
        assert len(some.node_xy) == 3
    assert len(parts.only(np.zeros(3, bool))) == 0


def test_concatenated_sets_share_nodes_and_merged_ones_do_not(parts: Primitives) -> None:
    both, apart = concatenate(parts, parts), merge(parts, parts)
    assert both.nodes[3:5].tolist() == [[0, 1], [1, 2]]
    assert apart.nodes[3:5].tolist() == [[3, 4], [4, 5]]
    assert apart.nodes[5].tolist() == [-1, -1]
    assert apart.node_xy[3:] == pytest.approx(parts.node_xy)
    for twice in (both, apart):
        assert twice.length == pytest.approx(np.tile(parts.length, 2))
        assert twice.points(4) == pytest.approx(parts.points(1))


def test_an_empty_set_answers_everything() -> None:
    none = make_primitives([], [], np.zeros((0, 2)), [], [], [], (5, 5))
    assert len(none) == 0
    assert none.length.shape == (0,)
    assert none.boxes.shape == (0, 4)
    assert none.marks.shape == (0, 5, 2)
    assert none.samples(2.0)[0].shape == (0, 2)
    assert len(none.only(np.zeros(0, bool))) == 0
