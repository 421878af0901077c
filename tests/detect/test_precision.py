"""Average precision is what everybody else computes."""

import numpy as np
import pytest

from pid.detect.precision import IOUS, Scored, average_precision, mean_precision, precision_by_label


def test_known_values() -> None:
    assert average_precision(np.array([0.9, 0.8]), np.array([True, True]), 2) == 1.0
    assert average_precision(np.array([0.9, 0.8]), np.array([True, False]), 2) == pytest.approx(51 / 101)
    assert average_precision(np.array([0.9, 0.8]), np.array([False, True]), 1) == pytest.approx(0.5)
    assert average_precision(np.zeros(0), np.zeros(0, bool), 3) == 0.0


def scene(rng: np.random.Generator) -> Scored:
    """Truth of three classes, found with jitter, misses, wrong classes and ghosts."""
    middle, size = rng.uniform(50, 950, (40, 2)), rng.uniform(20, 80, (40, 2))
    true = np.c_[middle - size / 2, middle + size / 2]
    labels = rng.integers(3, size=40)
    seen = rng.random(40) < 0.8
    found = true[seen] + rng.normal(0, 3, (int(seen.sum()), 4))
    told = np.where(rng.random(len(found)) < 0.9, labels[seen], 2)
    ghosts = rng.uniform(0, 900, (10, 2))
    boxes = np.r_[found, np.c_[ghosts, ghosts + 40]]
    scores = np.r_[rng.uniform(0.3, 1, len(found)), rng.uniform(0, 0.6, 10)]
    return Scored(boxes, scores, np.r_[told, rng.integers(3, size=10)], true, labels)


def test_labels_pictures_and_overlaps() -> None:
    rng = np.random.default_rng(0)
    parts = [scene(rng) for _ in range(4)]
    by_label = precision_by_label(parts)
    assert set(by_label) == {0, 1, 2}
    assert sum(count for count, _ in by_label.values()) == 160
    for _, ap in by_label.values():
        assert (np.diff(ap) <= 1e-9).all()  # a stricter overlap is never easier
        assert 0.3 < ap[0] < 1
    assert mean_precision(by_label) < mean_precision(by_label, 0)
    perfect = [Scored(p.true_boxes, np.ones(40), p.true_labels, p.true_boxes, p.true_labels) for p in parts]
    assert mean_precision(precision_by_label(perfect)) == 1.0
    assert mean_precision({}) == 0.0


def test_a_label_never_found_counts_as_nothing() -> None:
    part = Scored(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), np.array([[0.0, 0, 9, 9]]), np.array([5]))
    assert mean_precision(precision_by_label([part])) == 0.0


def test_it_agrees_with_ultralytics() -> None:
    metrics = pytest.importorskip("ultralytics.utils.metrics", reason="ultralytics is in the extra 'train' only")
    from pid.learning.calibrate import match_boxes

    rng = np.random.default_rng(3)
    parts = [scene(rng) for _ in range(5)]
    hits = []
    for part in parts:
        hit = np.zeros((len(part.boxes), len(IOUS)))
        for label in range(3):
            mine, true = part.labels == label, part.true_labels == label
            for k, iou in enumerate(IOUS):
                match = match_boxes(
                    part.boxes[mine], part.scores[mine], part.true_boxes[true], longer_px=0, least_iou=iou
                )
                hit[mine, k] = match >= 0
        hits.append(hit)
    theirs = metrics.ap_per_class(
        np.concatenate(hits), np.concatenate([p.scores for p in parts]), np.concatenate([p.labels for p in parts]),
        np.concatenate([p.true_labels for p in parts]),
    )[5]  # fmt: skip
    ours = np.stack([ap for _, ap in precision_by_label(parts).values()])
    assert ours == pytest.approx(theirs, abs=0.02)
