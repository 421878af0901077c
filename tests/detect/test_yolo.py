"""The network's tensor is read as documented."""

import numpy as np
import pytest

from pid.detect.yolo import Found, as_ink, decode, join_found
from pid.drawing import GROUPS


def test_decode_reads_corners_scores_and_groups() -> None:
    output = np.zeros((4 + len(GROUPS), 50), np.float32)
    output[:4, 7] = [10, 20, 60, 45]
    output[4 + GROUPS.index("valve"), 7] = 0.8
    output[4 + GROUPS.index("reducer"), 7] = 0.3
    output[:4, 9] = [1, 2, 3, 4]
    output[4 + GROUPS.index("pump"), 9] = 0.02  # under the least score
    found = decode(output)
    assert found.boxes.tolist() == [[10, 20, 60, 45]]
    assert found.scores == pytest.approx([0.8])
    assert [GROUPS[g] for g in found.groups] == ["valve"]
    assert len(decode(output, least_score=0.01).boxes) == 2


def test_decode_refuses_another_layout() -> None:
    with pytest.raises(ValueError, match="the network gave"):
        decode(np.zeros((84, 50), np.float32))


def test_ink_is_one_and_paper_is_nothing() -> None:
    assert as_ink(np.array([[[0, 255]]], np.uint8)).tolist() == [[[[1.0, 0.0]]]]


def test_joining_nothing_gives_empty_arrays() -> None:
    empty = join_found([])
    assert (empty.boxes.shape, empty.scores.shape, empty.groups.shape) == ((0, 4), (0,), (0,))
    one = Found(np.ones((1, 4)), np.ones(1), np.ones(1, np.int64))
    assert len(join_found([one, one]).boxes) == 2
