"""Turn raw detector scores into probabilities, learned on held-out generated sheets.

Method: isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002) of hit against raw score, thinned to a
few knots. A hit is a candidate whose box meets a true one of IoU >= 0.5, one to one, best first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array, as_boxes, box_iou

MATCH_IOU = 0.5
THINNEST_SHARE = 16.0 / 5000.0
"""Thin boxes are first grown to this share of the sheet's longer side, as the evaluation does."""
KNOTS = 24
HIGHEST = 0.995
"""No finite number of held-out symbols justifies certainty."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Raw scores `raw` (K,) rising, and the probability `probability` (K,) at each; linear between."""

    raw: Array
    probability: Array
    threshold: float = 0.25
    """Raw score from which a symbol is reported: the best F1 on the held-out sheets."""

    def __call__(self, scores: Array) -> Array:
        """Probabilities (N,) of raw scores (N,)."""
        return np.asarray(np.interp(scores, self.raw, self.probability), float)

    def to_dict(self) -> dict[str, Any]:
        """For the model card."""
        return {
            "threshold": round(self.threshold, 4),
            "raw": [round(float(v), 4) for v in self.raw],
            "probability": [round(float(v), 4) for v in self.probability],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Calibration:
        """From the model card."""
        return cls(np.array(data["raw"], float), np.array(data["probability"], float), float(data["threshold"]))


IDENTITY = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
"""Raw scores as they are, for a network not calibrated yet."""


def match_boxes(
    found: Array, scores: Array, truth: Array, *, longer_px: float, least_iou: float = MATCH_IOU
) -> NDArray[np.int64]:
    """For each found box (N, 4) the index (N,) of the true box (M, 4) that it hits, or -1; greedy by score."""
    least = THINNEST_SHARE * longer_px
    iou = box_iou(_thickened(found, least), _thickened(truth, least))
    match = np.full(len(iou), -1, np.int64)
    free = np.ones(iou.shape[1], bool)
    for i in np.argsort(-scores, kind="stable"):
        candidates = np.where(free, iou[i], 0.0) if iou.shape[1] else np.zeros(0)
        if candidates.size and candidates.max() >= least_iou:
            match[i] = int(candidates.argmax())
            free[match[i]] = False
    return match


def fit_calibration(scores: Array, hits: Sequence[bool] | Array, truths: int) -> Calibration:
    """Learn from candidates' raw scores (N,), whether each hit (N,), and the number of true symbols in all."""
    scores, hit = np.asarray(scores, float), np.asarray(hits, float)
    if len(scores) < 2 or truths < 1:
        raise ValueError("calibration needs candidates and true symbols")
    order = np.argsort(scores, kind="stable")
    level = _pool_adjacent(hit[order])
    at = np.unique(np.linspace(0, len(scores) - 1, KNOTS).round().astype(int))
    raw, rising = scores[order][at], level[at]
    raw, first = np.unique(raw, return_index=True)
    found = np.arange(1, len(scores) + 1)
    f1 = 2 * np.cumsum(hit[order][::-1]) / (found + truths)
    threshold = float(scores[order][::-1][int(f1.argmax())])
    return Calibration(raw, np.clip(rising[first], 0.0, HIGHEST), threshold)


def calibration_error(chances: Array, hits: Array, *, bins: int = 10) -> float:
    """Expected calibration error: the mean gap of probability (N,) and hit rate (N,) over bins, by their counts."""
    place = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = np.abs(np.bincount(place, chances, bins) - np.bincount(place, hits, bins))
    return float(gaps.sum() / max(len(chances), 1))


def _pool_adjacent(values: Array) -> Array:
    """The rising sequence nearest to `values` (N,) in squares."""
    means: list[float] = []
    counts: list[int] = []
    for value in values:
        means.append(float(value))
        counts.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            count = counts[-2] + counts[-1]
            means[-2] = (means[-2] * counts[-2] + means[-1] * counts[-1]) / count
            counts[-2] = count
            means.pop()
            counts.pop()
    return np.asarray(np.repeat(means, counts), float)


def _thickened(boxes: Array, least: float) -> Array:
    boxes = as_boxes(boxes)
    grow = np.clip(least - (boxes[:, 2:] - boxes[:, :2]), 0, None) / 2
    return np.asarray(np.c_[boxes[:, :2] - grow, boxes[:, 2:] + grow], float)
