"""How good the structure network is on held-out sheets: primitives, symbols, panoptic quality, calibration.

Panoptic quality (Kirillov et al. 2019) as symbol spotting uses it (Fan et al. 2021): a found symbol is right when it
has the label of a true one and shares more than half of the primitives with it, each weighing log(1 + length).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pid.drawing import GROUPS
from pid.geometry import Array
from pid.learning.calibrate import Calibration, calibration_error, fit_calibration, match_boxes
from pid.structure.find_instances import StructureFinder
from pid.structure.instances import Instances
from pid.structure.labels import BACKGROUND, LabelledGraph
from pid.structure.primitives import Index, Primitives

Sheet = tuple[Primitives, LabelledGraph]
LEAST_OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class _Read:
    """A sheet, what was found on it, and the class (N,) thought likeliest for each primitive."""

    parts: Primitives
    truth: LabelledGraph
    found: Instances
    classes: Index

    @property
    def longer(self) -> float:
        return float(max(self.parts.size))


@dataclass
class _Quality:
    """Counts of panoptic quality."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    overlap: float = 0.0

    def figures(self) -> dict[str, float]:
        """PQ, and its parts recognition and segmentation quality."""
        weight = self.right + 0.5 * (self.wrong + self.missed)
        rq = self.right / weight if weight else 0.0
        sq = self.overlap / self.right if self.right else 0.0
        return {"pq": round(rq * sq, 4), "rq": round(rq, 4), "sq": round(sq, 4)}


@dataclass
class _Hits:
    """Found, true and matched symbols by label."""

    found: dict[str, int] = field(default_factory=dict)
    true: dict[str, int] = field(default_factory=dict)
    matched: dict[str, int] = field(default_factory=dict)

    def add(self, names: list[str], true: list[str], matched: list[str]) -> None:
        """Count one sheet."""
        for where, labels in ((self.found, names), (self.true, true), (self.matched, matched)):
            for name in labels:
                where[name] = where.get(name, 0) + 1

    def f1(self) -> float:
        """Over all labels together."""
        total = sum(self.found.values()) + sum(self.true.values())
        return round(2 * sum(self.matched.values()) / total, 4) if total else 0.0

    def by_label(self) -> dict[str, float]:
        """F1 of each label that is on the sheets."""
        return {
            name: round(2 * self.matched.get(name, 0) / (self.found.get(name, 0) + count), 3)
            for name, count in sorted(self.true.items())
        }


def judge_structure(
    finder: StructureFinder, sheets: Iterable[Sheet], *, calibration: Calibration | None = None
) -> tuple[Calibration, dict[str, Any]]:
    """The calibration that the sheets call for, or the one given, and the figures with it."""
    read = [_read(finder, parts, truth) for parts, truth in sheets]
    calibration = calibration or _calibrate(finder, read)
    keep = [r.found.scores >= calibration.threshold for r in read]
    figures: dict[str, Any] = _primitive_figures(read, finder.groups)
    groups, kinds = _Hits(), _Hits()
    for r, kept in zip(read, keep, strict=True):
        for hits, labels in ((kinds, _kind_labels(finder, r)), (groups, _group_labels(finder, r))):
            _count_hits(hits, r, kept, *labels)
    figures |= {
        "symbols_f1": groups.f1(),
        "kinds_f1": kinds.f1(),
        "kinds_f1_mean": round(float(np.mean(list(kinds.by_label().values()))), 4) if kinds.true else 0.0,
        "panoptic_kinds": _panoptic(read, keep, [_kind_labels(finder, r) for r in read]),
        "panoptic_groups": _panoptic(read, keep, [_group_labels(finder, r) for r in read]),
        "calibration_error": _calibration_error(finder, read, calibration),
        "symbols": sum(len(r.truth.boxes) for r in read),
        "by_group": groups.by_label(),
        "by_kind": kinds.by_label(),
    }
    return calibration, figures


def _read(finder: StructureFinder, parts: Primitives, truth: LabelledGraph) -> _Read:
    classes, _ = finder.predict(truth.graph)
    return _Read(parts, truth, finder.find(parts, truth.graph), classes.argmax(axis=1))


def _kind_labels(finder: StructureFinder, r: _Read) -> tuple[list[str], list[str]]:
    return [finder.names[k] for k in r.found.kinds.argmax(axis=1)], [finder.names[k] for k in r.truth.kinds]


def _group_labels(finder: StructureFinder, r: _Read) -> tuple[list[str], list[str]]:
    groups = np.array(GROUPS)[finder.groups]
    return groups[r.found.kinds.argmax(axis=1)].tolist(), groups[r.truth.kinds].tolist()


def _calibrate(finder: StructureFinder, read: list[_Read]) -> Calibration:
    scores, hits = _hits_of_all(finder, read)
    return fit_calibration(scores, hits, sum(len(r.truth.boxes) for r in read))


def _hits_of_all(finder: StructureFinder, read: list[_Read]) -> tuple[Array, Array]:
    """Raw scores of all that was found, and whether each has the box and the group of a true symbol."""
    scores, hits = [np.zeros(0)], [np.zeros(0)]
    for r in read:
        found, true = _group_labels(finder, r)
        scores.append(r.found.scores)
        hits.append((_match(r, np.ones(len(found), bool), found, true) >= 0).astype(float))
    return np.concatenate(scores), np.concatenate(hits)


def _match(r: _Read, keep: np.ndarray[Any, np.dtype[np.bool_]], found: list[str], true: list[str]) -> Index:
    """For each found symbol the true one of its label that its box meets, -1 for none or where it is not kept."""
    out = np.full(len(found), -1, np.int64)
    for label in set(found) & set(true):
        i = np.flatnonzero(np.array([n == label for n in found]) & keep)
        j = np.flatnonzero([n == label for n in true])
        hit = match_boxes(r.found.boxes[i], r.found.scores[i], r.truth.boxes[j], longer_px=r.longer)
        out[i[hit >= 0]] = j[hit[hit >= 0]]
    return out


def _count_hits(
    hits: _Hits, r: _Read, keep: np.ndarray[Any, np.dtype[np.bool_]], found: list[str], true: list[str]
) -> None:
    match = _match(r, keep, found, true)
    hits.add([n for n, k in zip(found, keep, strict=True) if k], true, [true[j] for j in match[match >= 0]])


def _primitive_figures(read: list[_Read], groups: Index) -> dict[str, Any]:
    kinds = len(groups)
    group = np.concatenate([groups, len(GROUPS) + np.arange(len(BACKGROUND))])
    told = np.concatenate([r.classes for r in read])
    true = np.concatenate([r.truth.classes for r in read])
    is_symbol, told_symbol = true < kinds, told < kinds
    return {
        "primitives": len(true),
        "primitives_right": round(float((told == true).mean()), 4),
        "primitives_symbol_or_not": round(float((is_symbol == told_symbol).mean()), 4),
        "symbol_primitives_kind_right": round(float((told == true)[is_symbol].mean()), 4),
        "symbol_primitives_group_right": round(float((group[told] == group[true])[is_symbol].mean()), 4),
    }


def _panoptic(
    read: list[_Read], keep: list[np.ndarray[Any, np.dtype[np.bool_]]], labels: list[tuple[list[str], list[str]]]
) -> dict[str, float]:
    quality = _Quality()
    for r, kept, (found, true) in zip(read, keep, labels, strict=True):
        weight = np.log1p(r.parts.length)
        there = np.unique(r.truth.instances[r.truth.instances >= 0])
        size = np.bincount(np.maximum(r.truth.instances, 0), weight * (r.truth.instances >= 0), len(true))
        own = np.bincount(np.maximum(r.found.label, 0), weight * (r.found.label >= 0), max(len(found), 1))
        both = (r.truth.instances >= 0) & (r.found.label >= 0)
        key = r.found.label[both] * max(len(true), 1) + r.truth.instances[both]
        pairs, inverse = np.unique(key, return_inverse=True)
        shared = np.bincount(inverse, weight[both], len(pairs))
        right = 0
        for pair, common in zip(pairs.tolist(), shared.tolist(), strict=True):
            i, j = divmod(pair, max(len(true), 1))
            overlap = common / (own[i] + size[j] - common)
            if kept[i] and found[i] == true[j] and overlap > LEAST_OVERLAP:
                right += 1
                quality.overlap += float(overlap)
        quality.right += right
        quality.wrong += int(kept.sum()) - right
        quality.missed += len(there) - right
    return quality.figures()


def _calibration_error(finder: StructureFinder, read: list[_Read], calibration: Calibration) -> float:
    scores, hits = _hits_of_all(finder, read)
    return round(calibration_error(calibration(scores), hits), 4)
