"""Model cards: what a network was trained on, how well it does on held-out sheets, and its calibration.

A card is the JSON file beside the ONNX file; serving reads the calibration and the labels from it, people the rest.
``map50_kinds`` is the mean over the catalogue's kinds that occur, of the average precision at an overlap of 0.5; a
candidate counts for the one kind that it is given, ranked by its score times the kind's probability.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pid.catalog import load_catalog
from pid.detect.crops import pose_of
from pid.detect.dataset import LabelledSheet
from pid.detect.detect import KINDS_FILE, SHAPE_FILE, SymbolDetector
from pid.detect.names import KindNetwork, Name
from pid.detect.precision import Scored, average_precision, mean_precision, precision_by_label
from pid.drawing import GROUPS
from pid.geometry import Array
from pid.learning.calibrate import Calibration, calibration_error, fit_calibration, match_boxes

AT_HALF = (0.5,)
WORST_KINDS, LEAST_SEEN = 20, 3
"""The card lists so many kinds, of those that occur so often, by rising average precision."""


@dataclass(frozen=True, eq=False)
class _Sheet:
    """One sheet's candidates (N): raw scores, whether each hits, its group, the group it hits (-1); and its truth."""

    score: Array
    hit: NDArray[np.bool_]
    group: NDArray[np.int64]
    true_group: NDArray[np.int64]
    truth_groups: NDArray[np.int64]
    as_groups: Scored
    as_kinds: Scored


def write_shape_card(
    models: Path, sheets: Iterable[LabelledSheet], about: dict[str, Any], *, damaged: Iterable[LabelledSheet] = ()
) -> dict[str, Any]:
    """Calibrate the detector in `models` on held-out sheets and write its card; returns the card.

    `damaged` are sheets with scan damage: where there are any, the card gives their scores apart from those of the
    clean `sheets`, too. The classifier and its card should be there, as it has a say in the scores. `about` (recipe,
    seeds, steps, ...) goes in unchanged. The calibration is checked by fitting it on every other sheet and measuring on
    the rest; what is stored is fitted on all.
    """
    detector = SymbolDetector(models)
    clean = [_candidates(detector, sheet) for sheet in sheets]
    spoilt = [_candidates(detector, sheet) for sheet in damaged]
    everything = clean + spoilt
    if len(everything) < 2:
        raise ValueError("calibration needs at least two held-out sheets")
    calibration = _calibrated(everything)
    checked, other = _calibrated(everything[::2]), everything[1::2]
    apart = {"held_out_clean": clean, "held_out_damaged": spoilt} if clean and spoilt else {}
    card = {
        "network": "YOLO11n, one grey channel; boxes with one of the groups",
        "groups": list(GROUPS),
        "licence": "AGPL-3.0 (the network's definition and loss are ultralytics')",
        **about,
        "held_out": {
            **_rates(everything, calibration),
            "groups": _per_group(everything),
            "worst_kinds": _worst_kinds(everything),
        },
        **{name: _rates(part, calibration) for name, part in apart.items()},
        "calibration_error": round(_calibration_error(other, checked), 4),
        "calibration": calibration.to_dict(),
    }
    write_card(models / SHAPE_FILE, card)
    return card


def measure_shape(models: Path, sheets: Iterable[LabelledSheet]) -> dict[str, float]:
    """The held-out figures of the networks in `models` as they are; nothing is written."""
    detector = SymbolDetector(models)
    return _rates([_candidates(detector, sheet) for sheet in sheets], detector.calibration)


def write_kinds_card(
    models: Path, labels: list[str], sheets: Iterable[LabelledSheet], about: dict[str, Any]
) -> dict[str, Any]:
    """Write the classifier's card with its labels and its scores on the true boxes of held-out `sheets`."""
    card: dict[str, Any] = {"network": "eight 3x3 convolutions on 64 px cut-outs", **about, "labels": labels}
    write_card(models / KINDS_FILE, card)  # the network reads its labels from it
    card["held_out"] = measure_kinds(models, sheets)
    write_card(models / KINDS_FILE, card)
    return card


def measure_kinds(models: Path, sheets: Iterable[LabelledSheet]) -> dict[str, float]:
    """The classifier's scores on the true boxes of `sheets`; nothing is written."""
    network = KindNetwork(models / KINDS_FILE, load_catalog())
    right: list[bool] = []
    near: list[bool] = []
    sure: list[bool] = []
    upright: list[bool] = []
    for sheet in sheets:
        symbols = [s for s in sheet.drawing.symbols if s.kind in network.labels]
        names = network.name(sheet.image, np.array([s.box for s in symbols]), [GROUPS.index(s.group) for s in symbols])
        for symbol, name in zip(symbols, names, strict=True):
            right.append(name.kind == symbol.kind)
            near.append(symbol.kind in (name.kind, *(kind for kind, _ in name.runners_up)))
            sure.append(name.kind != "unknown")
            upright.append(round(name.rotation / 90) == pose_of(symbol) % 4)
    return {
        "symbols": len(right),
        "kind_right": round(float(np.mean(right)), 4),
        "kind_right_where_sure": round(float(np.mean(np.array(right)[np.array(sure)])) if any(sure) else 0.0, 4),
        "kind_among_named": round(float(np.mean(near)), 4),
        "unknown": round(1 - float(np.mean(sure)), 4),
        "rotation_right_symmetry_ignored": round(float(np.mean(upright)), 4),
    }


def write_card(network: Path, card: dict[str, Any]) -> None:
    """Write the card of the ONNX file `network` beside it."""
    network.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _candidates(detector: SymbolDetector, sheet: LabelledSheet) -> _Sheet:
    found, names = detector.find_named(sheet.image)
    longer = float(max(sheet.image.shape))
    match = match_boxes(found.boxes, found.scores, sheet.boxes, longer_px=longer)
    named = np.where(match >= 0, sheet.groups[np.maximum(match, 0)] if len(sheet.groups) else -1, -1)
    index = {kind: i for i, kind in enumerate(load_catalog())}
    kinds = np.array([index.get(_best_kind(name), -1) for name in names], np.int64)
    true_kinds = np.array([index.get(s.kind, -1) for s in sheet.drawing.symbols], np.int64)
    listed = true_kinds >= 0
    sure = found.scores * np.array([name.probability for name in names])
    return _Sheet(
        found.scores, match >= 0, found.groups, named, sheet.groups,
        Scored(found.boxes, found.scores, found.groups, sheet.boxes, sheet.groups, longer),
        Scored(found.boxes, sure, kinds, sheet.boxes[listed], true_kinds[listed], longer),
    )  # fmt: skip


def _best_kind(name: Name) -> str:
    """The most probable kind, also where it was too improbable to be told."""
    return name.runners_up[0][0] if name.kind == "unknown" and name.runners_up else name.kind


def _calibrated(sheets: Sequence[_Sheet]) -> Calibration:
    scores, hits = np.concatenate([s.score for s in sheets]), np.concatenate([s.hit for s in sheets])
    return fit_calibration(scores, hits, sum(len(s.truth_groups) for s in sheets))


def _rates(sheets: Sequence[_Sheet], calibration: Calibration) -> dict[str, float]:
    """Precision, recall and F1 at the threshold, the share of hits with the right group, and average precisions."""
    score, hit = np.concatenate([s.score for s in sheets]), np.concatenate([s.hit for s in sheets])
    same = np.concatenate([s.group == s.true_group for s in sheets])
    truths = sum(len(s.truth_groups) for s in sheets)
    told = score >= calibration.threshold
    hits = int((hit & told).sum())
    precision, recall = hits / max(int(told.sum()), 1), hits / max(truths, 1)
    kinds = precision_by_label([s.as_kinds for s in sheets], ious=AT_HALF)
    groups = precision_by_label([s.as_groups for s in sheets], ious=AT_HALF)
    values = {
        "sheets": len(sheets), "symbols": truths, "kinds": len(kinds),
        "ap50": average_precision(score, hit, truths), "map50_groups": mean_precision(groups),
        "map50_kinds": mean_precision(kinds), "precision": precision, "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "group_right": float((same & hit & told).sum()) / max(hits, 1),
    }  # fmt: skip
    return {name: round(value, 4) for name, value in values.items()}


def _per_group(sheets: Sequence[_Sheet]) -> dict[str, dict[str, float]]:
    """Of each group: how many true symbols, the share of them among the candidates at any score, and AP50."""
    truth = np.concatenate([s.truth_groups for s in sheets])
    hit_groups = np.concatenate([s.true_group[s.hit] for s in sheets])
    precisions = precision_by_label([s.as_groups for s in sheets], ious=AT_HALF)
    return {
        GROUPS[i]: {
            "symbols": count,
            "candidate_recall": round(int((hit_groups == i).sum()) / int((truth == i).sum()), 3),
            "ap50": round(float(ap[0]), 3),
        }
        for i, (count, ap) in precisions.items()
    }


def _worst_kinds(sheets: Sequence[_Sheet]) -> dict[str, dict[str, float]]:
    """The kinds that are found worst: where the next look at misses should go."""
    kinds = list(load_catalog())
    found = precision_by_label([s.as_kinds for s in sheets], ious=AT_HALF)
    often = [(float(ap[0]), kinds[i], count) for i, (count, ap) in found.items() if count >= LEAST_SEEN]
    return {kind: {"symbols": count, "ap50": round(ap, 3)} for ap, kind, count in sorted(often)[:WORST_KINDS]}


def _calibration_error(sheets: Sequence[_Sheet], calibration: Calibration) -> float:
    chance = calibration(np.concatenate([s.score for s in sheets]))
    return calibration_error(chance, np.concatenate([s.hit for s in sheets]).astype(float))
