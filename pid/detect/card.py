"""Model cards: what a network was trained on, how well it does on held-out sheets, and its calibration.

A card is the JSON file beside the ONNX file; serving reads the calibration and the labels from it, people the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pid.catalog import load_catalog
from pid.detect.calibrate import Calibration, fit_calibration, match_boxes
from pid.detect.crops import pose_of
from pid.detect.dataset import LabelledSheet
from pid.detect.detect import KINDS_FILE, SHAPE_FILE, SymbolDetector
from pid.detect.names import KindNetwork
from pid.drawing import GROUPS


def write_shape_card(models: Path, sheets: Iterable[LabelledSheet], about: dict[str, Any]) -> dict[str, Any]:
    """Calibrate the detector in `models` on held-out `sheets` and write its card; returns the card.

    The classifier and its card must be there, as it has a say in the scores. `about` (recipe, seeds, steps, ...) goes
    in unchanged. The calibration is checked by fitting it on every other sheet and measuring on the rest; what is
    stored is fitted on all.
    """
    detector = SymbolDetector(models)
    per_sheet = [_candidates(detector, sheet) for sheet in sheets]
    if len(per_sheet) < 2:
        raise ValueError("calibration needs at least two held-out sheets")
    everything = _joined(per_sheet)
    calibration = fit_calibration(everything["score"], everything["hit"], int(everything["truths"]))
    half = _joined(per_sheet[::2])
    checked, other = fit_calibration(half["score"], half["hit"], int(half["truths"])), _joined(per_sheet[1::2])
    card = {
        "network": "YOLO11n, one grey channel, trained from nothing; boxes with one of the groups",
        "groups": list(GROUPS),
        "licence": "AGPL-3.0 (the network's definition and loss are ultralytics')",
        **about,
        "held_out": {"sheets": len(per_sheet), **_rates(everything, calibration), "groups": _per_group(everything)},
        "calibration_error": round(_calibration_error(other, checked), 4),
        "calibration": calibration.to_dict(),
    }
    _write(models / SHAPE_FILE, card)
    return card


def write_kinds_card(
    models: Path, labels: list[str], sheets: Iterable[LabelledSheet], about: dict[str, Any]
) -> dict[str, Any]:
    """Write the classifier's card with its labels and its scores on the true boxes of held-out `sheets`."""
    card: dict[str, Any] = {"network": "eight 3x3 convolutions on 64 px cut-outs", **about, "labels": labels}
    _write(models / KINDS_FILE, card)
    network = KindNetwork(models / KINDS_FILE, load_catalog())
    right: list[bool] = []
    near: list[bool] = []
    sure: list[bool] = []
    upright: list[bool] = []
    for sheet in sheets:
        symbols = [s for s in sheet.drawing.symbols if s.kind in labels]
        names = network.name(sheet.image, np.array([s.box for s in symbols]), [GROUPS.index(s.group) for s in symbols])
        for symbol, name in zip(symbols, names, strict=True):
            right.append(name.kind == symbol.kind)
            near.append(symbol.kind in (name.kind, *(kind for kind, _ in name.runners_up)))
            sure.append(name.kind != "unknown")
            upright.append(round(name.rotation / 90) == pose_of(symbol) % 4)
    card["held_out"] = {
        "symbols": len(right),
        "kind_right": round(float(np.mean(right)), 4),
        "kind_right_where_sure": round(float(np.mean(np.array(right)[np.array(sure)])) if any(sure) else 0.0, 4),
        "kind_among_named": round(float(np.mean(near)), 4),
        "unknown": round(1 - float(np.mean(sure)), 4),
        "rotation_right_symmetry_ignored": round(float(np.mean(upright)), 4),
    }
    _write(models / KINDS_FILE, card)
    return card


def _write(network: Path, card: dict[str, Any]) -> None:
    network.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")


def _candidates(detector: SymbolDetector, sheet: LabelledSheet) -> dict[str, Any]:
    """Raw scores, hits and groups of one sheet's candidates, and the groups of its true symbols."""
    found, _ = detector.find_named(sheet.image)
    match = match_boxes(found.boxes, found.scores, sheet.boxes, longer_px=max(sheet.image.shape))
    named = np.where(match >= 0, sheet.groups[np.maximum(match, 0)] if len(sheet.groups) else -1, -1)
    return {
        "score": found.scores, "hit": match >= 0, "group": found.groups, "true_group": named,
        "truth_groups": sheet.groups, "truths": len(sheet.boxes),
    }  # fmt: skip


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    arrays = ("score", "hit", "group", "true_group", "truth_groups")
    return {name: np.concatenate([p[name] for p in parts]) for name in arrays} | {
        "truths": sum(p["truths"] for p in parts)
    }


def _rates(found: dict[str, Any], calibration: Calibration) -> dict[str, float]:
    """Precision, recall and F1 at the threshold, the share of hits with the right group, and average precision."""
    told = found["score"] >= calibration.threshold
    hits = int((found["hit"] & told).sum())
    precision, recall = hits / max(int(told.sum()), 1), hits / max(found["truths"], 1)
    same = (found["group"] == found["true_group"]) & found["hit"] & told
    order = np.argsort(-found["score"], kind="stable")
    running = np.cumsum(found["hit"][order])
    reach, exact = running / max(found["truths"], 1), running / np.arange(1, len(order) + 1)
    ap50 = float(np.mean([exact[reach >= r].max(initial=0.0) for r in np.linspace(0, 1, 101)]))
    values = {
        "symbols": found["truths"], "ap50": ap50, "precision": precision, "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9), "group_right": float(same.sum()) / max(hits, 1),
    }  # fmt: skip
    return {name: round(float(value), 4) for name, value in values.items()}


def _per_group(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """How many true symbols of each group were among the candidates, at any score."""
    rows: dict[str, dict[str, float]] = {}
    for i, group in enumerate(GROUPS):
        truths = int((found["truth_groups"] == i).sum())
        if truths:
            hits = int((found["hit"] & (found["true_group"] == i)).sum())
            rows[group] = {"symbols": truths, "candidate_recall": round(hits / truths, 3)}
    return rows


def _calibration_error(found: dict[str, Any], calibration: Calibration, *, bins: int = 10) -> float:
    """Expected calibration error: mean gap between probability and hit rate over bins, by their counts."""
    chance = calibration(found["score"])
    index = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = [
        abs(float(chance[index == b].mean() - found["hit"][index == b].mean())) * int((index == b).sum())
        for b in range(bins)
        if (index == b).any()
    ]
    return sum(gaps) / max(len(chance), 1)
