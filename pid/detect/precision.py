"""Average precision: over one class, over many, at one overlap and over the ten of COCO.

Method: candidates in falling order of score, a hit being one that meets a free true box of its label; mean over 101
levels of recall of the best precision reached there or beyond (Lin et al. 2014, COCO).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.learning.calibrate import match_boxes

IOUS: tuple[float, ...] = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
"""The overlaps of COCO's mean; the first alone is what mAP50 means."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One picture's candidates (N) and truth (M): boxes (., 4), scores (N,), labels as numbers (.,)."""

    boxes: Array
    scores: Array
    labels: NDArray[np.int64]
    true_boxes: Array
    true_labels: NDArray[np.int64]
    longer_px: float = 0.0
    """Longer side of the sheet: thin boxes are grown by it before they are compared; 0 compares boxes as they are."""


def average_precision(scores: Array, hits: NDArray[np.bool_], truths: int) -> float:
    """Average precision of candidates with `scores` (N,), of which `hits` (N,) are right, for `truths` true ones."""
    if not len(scores) or not truths:
        return 0.0
    running = np.cumsum(np.asarray(hits, bool)[np.argsort(-np.asarray(scores), kind="stable")])
    recall, precision = running / truths, running / np.arange(1, len(running) + 1)
    best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.append(best_beyond, 0.0)[np.minimum(at, len(best_beyond))].mean())


def precision_by_label(parts: Sequence[Scored], *, ious: Sequence[float] = IOUS) -> dict[int, tuple[int, Array]]:
    """For each label that is true anywhere: how many times, and its average precision at each of `ious`."""
    truths: dict[int, int] = {}
    scores: dict[int, list[Array]] = {}
    hits: dict[int, list[NDArray[np.bool_]]] = {}
    for part in parts:
        for label, count in zip(*np.unique(part.true_labels, return_counts=True), strict=True):
            truths[int(label)] = truths.get(int(label), 0) + int(count)
        for label in np.unique(part.labels):
            mine, true = part.labels == label, part.true_labels == label
            found, rank = part.boxes[mine], part.scores[mine]
            match = [
                match_boxes(found, rank, part.true_boxes[true], longer_px=part.longer_px, least_iou=iou) >= 0
                for iou in ious
            ]
            scores.setdefault(int(label), []).append(rank)
            hits.setdefault(int(label), []).append(np.stack(match))
    result: dict[int, tuple[int, Array]] = {}
    for label, count in sorted(truths.items()):
        if label not in scores:
            result[label] = count, np.zeros(len(ious))
            continue
        rank, hit = np.concatenate(scores[label]), np.concatenate(hits[label], axis=1)
        result[label] = count, np.array([average_precision(rank, row, count) for row in hit])
    return result


def mean_precision(by_label: dict[int, tuple[int, Array]], iou_index: int | None = None) -> float:
    """Mean over labels, at one overlap or over all of them; 0 where nothing is true."""
    values = [float(ap.mean() if iou_index is None else ap[iou_index]) for _, ap in by_label.values()]
    return float(np.mean(values)) if values else 0.0
