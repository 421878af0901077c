"""How well a detector of a user's classes does on labelled pictures, and the card that says so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pid.detect.card import write_card
from pid.detect.dataset import LabelledSheet
from pid.detect.detect import SHAPE_FILE, SymbolDetector
from pid.detect.look import Look
from pid.detect.pictures import PictureSet
from pid.detect.precision import Scored, mean_precision, precision_by_label
from pid.learning.calibrate import IDENTITY, Calibration, fit_calibration, match_boxes

LEAST_CANDIDATES = 20
"""Fewer say nothing about what a score means; raw scores are served as they are."""


def write_candidate_card(models: Path, names: tuple[str, ...], look: Look) -> None:
    """The least card with which weights in `models` can be served: what they find and how they look."""
    write_card(models / SHAPE_FILE, {"classes": list(names), "look": look.to_dict(), "calibration": IDENTITY.to_dict()})


def judge_pictures(models: Path, pictures: Iterable[LabelledSheet]) -> dict[str, float]:
    """``map50`` and ``map50_95`` over the classes, of the weights in `models` served as they will be."""
    by_class = precision_by_label(_score(models, pictures))
    return {"map50": mean_precision(by_class, 0), "map50_95": mean_precision(by_class)}


def write_pictures_card(models: Path, pictures: PictureSet, about: dict[str, Any]) -> dict[str, Any]:
    """Judge and calibrate the detector in `models` on `pictures` and write its card; returns the card.

    `about` goes in unchanged. The card in place must name the classes (`write_candidate_card`).
    """
    parts = _score(models, (pictures.get(i) for i in range(len(pictures))))
    by_class = precision_by_label(parts)
    calibration = _calibrate(parts)
    card = {
        "network": "YOLO11n, one grey channel; boxes with one of the classes",
        "classes": list(pictures.names),
        "look": pictures.look.to_dict(),
        "licence": "AGPL-3.0 (the network's definition and loss are ultralytics')",
        **about,
        "validation": {
            "pictures": len(parts),
            "map50": round(mean_precision(by_class, 0), 4),
            "map50_95": round(mean_precision(by_class), 4),
            "classes": {
                pictures.names[label]: {
                    "boxes": count, "ap50": round(float(ap[0]), 4), "ap50_95": round(float(ap.mean()), 4),
                }
                for label, (count, ap) in by_class.items()
            },
            "note": "the best weights were chosen, and scores calibrated, on these pictures",
        },
        "calibration": calibration.to_dict(),
    }  # fmt: skip
    write_card(models / SHAPE_FILE, card)
    return card


def _score(models: Path, pictures: Iterable[LabelledSheet]) -> list[Scored]:
    detector = SymbolDetector(models)
    parts = []
    for picture in pictures:
        found = detector.find(picture.image)
        parts.append(Scored(found.boxes, found.scores, found.groups, picture.boxes, picture.groups))
    return parts


def _calibrate(parts: list[Scored]) -> Calibration:
    """What a raw score means: the chance that box and class are right."""
    hits = []
    for part in parts:
        match = match_boxes(part.boxes, part.scores, part.true_boxes, longer_px=0.0)
        hit = match >= 0
        hit[hit] = part.true_labels[match[hit]] == part.labels[hit]
        hits.append(hit)
    scores, right = np.concatenate([p.scores for p in parts]), np.concatenate(hits)
    if len(scores) < LEAST_CANDIDATES or not right.any():
        return IDENTITY
    return fit_calibration(scores, right.astype(float), sum(len(p.true_boxes) for p in parts))
