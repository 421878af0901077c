"""Scores become probabilities; matching is one to one."""

import json

import numpy as np
import pytest

from pid.learning.calibrate import Calibration, fit_calibration, match_boxes


def test_calibrated_scores_are_probabilities() -> None:
    rng = np.random.default_rng(0)
    raw = rng.uniform(0.05, 0.95, 4000)
    hit = rng.random(4000) < raw**2  # an overconfident detector
    calibration = fit_calibration(raw, hit, truths=2500)
    fresh = rng.uniform(0.1, 0.9, 4000)
    happened = rng.random(4000) < fresh**2
    chance = calibration(fresh)
    for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 1.0)):
        inside = (chance >= low) & (chance < high)
        assert inside.sum() > 100
        assert happened[inside].mean() == pytest.approx(chance[inside].mean(), abs=0.06)


def test_calibration_rises_and_survives_the_card() -> None:
    rng = np.random.default_rng(1)
    calibration = fit_calibration(rng.random(300), rng.random(300) < 0.5, truths=200)
    assert (np.diff(calibration.probability) >= 0).all()
    again = Calibration.from_dict(json.loads(json.dumps(calibration.to_dict())))
    grid = np.linspace(0, 1, 50)
    assert again(grid) == pytest.approx(calibration(grid), abs=1e-3)
    assert again.threshold == pytest.approx(calibration.threshold, abs=1e-3)


def test_threshold_has_the_best_f1() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.2])
    hits = [True, True, True, False, False, False]
    assert fit_calibration(scores, hits, truths=3).threshold == pytest.approx(0.7)


def test_matching_is_one_to_one_best_first() -> None:
    truth = np.array([[0.0, 0, 100, 50], [200, 0, 260, 60]])
    found = np.array([[0.0, 0, 90, 50], [0, 0, 100, 50], [500, 500, 560, 560], [201, 0, 260, 60]])
    match = match_boxes(found, np.array([0.6, 0.9, 0.8, 0.5]), truth, longer_px=5000)
    assert match.tolist() == [-1, 0, -1, 1]


def test_bars_are_matched_though_thin() -> None:
    bar, shifted = np.array([[100.0, 100, 102, 124]]), np.array([[103.0, 100, 106, 124]])
    assert match_boxes(shifted, np.ones(1), bar, longer_px=5000).tolist() == [0]
    assert match_boxes(np.zeros((0, 4)), np.zeros(0), bar, longer_px=5000).tolist() == []
    assert match_boxes(bar, np.ones(1), np.zeros((0, 4)), longer_px=5000).tolist() == [-1]
