"""Pieces of ink against OpenCV's labelling; skeletons as paths."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pid.graph.trace_runs import Runs, long_runs
from pid.skeleton import Skeleton, thin


def _speckle(seed, share=0.35, shape=(60, 83)):
    return (np.random.default_rng(seed).random(shape) < share).astype(np.uint8)


@pytest.mark.parametrize(("diagonal", "connectivity"), [(True, 8), (False, 4)])
@pytest.mark.parametrize("seed", range(4))
def test_pieces_are_those_of_a_labelling(seed, diagonal, connectivity):
    mask = _speckle(seed)
    runs = Runs.of(mask, diagonal=diagonal)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    assert runs.count == count - 1
    ours = sorted(map(tuple, np.column_stack([runs.boxes, runs.area]).astype(int).tolist()))
    x, y, w, h, area = stats[1:].T
    assert ours == sorted(zip(x.tolist(), y.tolist(), (x + w).tolist(), (y + h).tolist(), area.tolist(), strict=True))
    assert len(set(zip(runs.piece.tolist(), labels[runs.row, runs.start].tolist(), strict=True))) == runs.count


def test_most_and_erase():
    mask = _speckle(9)
    runs = Runs.of(mask)
    values = np.random.default_rng(1).random(mask.shape).astype(np.float32)
    _, labels = cv2.connectedComponents(mask, connectivity=8)
    piece = int(runs.piece[0])
    mine = labels == labels[runs.row[0], runs.start[0]]
    assert runs.most(values)[piece] == pytest.approx(values[mine].max())
    runs.erase(mask, runs.piece == piece)
    assert not mask[mine].any()
    assert mask.sum() == runs.area.sum() - runs.area[piece]


def test_extents_of_a_slanted_bar_and_of_an_l():
    picture = np.zeros((120, 120), np.uint8)
    cv2.line(picture, (10, 10), (60, 40), 1, 3)
    picture[70:110, 70:73] = 1
    picture[107:110, 70:95] = 1
    runs = Runs.of(picture)
    bar, corner = runs.extents
    assert bar[0] == pytest.approx(np.hypot(50, 30), abs=5)
    assert bar[1] == pytest.approx(runs.area[0] / bar[0], rel=0.25)
    assert corner[1] > 10


def test_blank_picture_has_no_runs():
    runs = Runs.of(np.zeros((5, 7), np.uint8))
    assert runs.count == 0
    assert runs.boxes.shape == (0, 4)


def test_long_runs_keeps_only_long_ones():
    mask = np.zeros((3, 20), np.uint8)
    mask[0, 2:9], mask[2, 15:] = 1, 1
    kept = long_runs(mask, 6)
    assert kept[0].sum() == 7
    assert kept[2].sum() == 0


def test_skeleton_of_a_tee_is_three_paths_at_one_cluster():
    picture = np.zeros((80, 120), np.uint8)
    cv2.line(picture, (5, 40), (110, 40), 1, 3)
    cv2.line(picture, (60, 40), (60, 5), 1, 3)
    skeleton = Skeleton.of(thin(picture))
    centres = skeleton.cluster_centres()
    paths = [p for p in skeleton.paths() if len(p) > 3]
    assert len(paths) == 3
    assert np.hypot(*(centres - [60, 40]).T).min() < 3
    assert all(skeleton.meets(p[0]) or skeleton.meets(p[-1]) for p in paths)
    steps = np.concatenate([np.abs(np.diff(np.c_[skeleton.x[p], skeleton.y[p]], axis=0)).max(axis=1) for p in paths])
    assert steps.max() == 1  # each path is in order


def test_ring_is_walked_once():
    picture = np.zeros((60, 60), np.uint8)
    cv2.circle(picture, (30, 30), 20, 1, 2)
    skeleton = Skeleton.of(thin(picture))
    paths = list(skeleton.paths())
    assert sum(map(len, paths)) == np.count_nonzero(skeleton.cluster < 0)
    assert max(map(len, paths)) > 100
