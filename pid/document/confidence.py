"""Scores as probabilities: among what scores 0.9 nine in ten are right, and what a threshold buys.

The stages give scores that rank well, each on a scale of its own. `Confidence` maps those of a page that was read from
its pixels, with one rising curve for symbols, lines, connections and words each, fitted on generated sheets that
nothing was trained on (`pid train confidence`; isotonic regression, see `pid.learning.calibrate`). What the file itself
says, live text, paths, block names, keeps its score, as does what a person said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pid.drawing import Connection, Drawing, Line, Symbol, Word
from pid.learning.calibrate import Calibration
from pid.resources import data_path

CONFIDENCE_FILE = "confidence.json"
PARTS = ("symbols", "lines", "connections", "words")
OWN_ORDER = 0.01
"""This share of a score is the raw one: a curve has level parts, and what ranked higher shall go on doing so."""
OWN_WITNESS = frozenset({"vector", "block", "person"})
"""Who needs no calibration."""

_Scored = TypeVar("_Scored", Symbol, Line, Connection, Word)


@dataclass(frozen=True)
class Confidence:
    """A curve for each of `PARTS` that has one; the others keep their scores."""

    curves: Mapping[str, Calibration]

    def calibrate(self, drawing: Drawing) -> Drawing:
        """The drawing of a page that was read from its pixels, its scores as probabilities."""
        if not self.curves:
            return drawing
        told = [s for s in drawing.symbols if OWN_WITNESS & set(s.found_by)]
        kept = {s.id for s in told}
        symbols = {s.id: s for s in self._scored("symbols", [s for s in drawing.symbols if s.id not in kept])}
        return drawing.model_copy(
            update={
                "symbols": tuple(symbols.get(s.id, s) for s in drawing.symbols),
                "lines": self._scored("lines", drawing.lines),
                "connections": self._scored("connections", weigh_connections(drawing)),
                "words": self._scored("words", drawing.words),
            }
        )

    def _scored(self, part: str, elements: Sequence[_Scored]) -> tuple[_Scored, ...]:
        curve = self.curves.get(part)
        if curve is None or not elements:
            return tuple(elements)
        raw = np.array([e.score for e in elements])
        chances = (1 - OWN_ORDER) * curve(raw) + OWN_ORDER * raw
        return tuple(e.model_copy(update={"score": float(p)}) for e, p in zip(elements, chances, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """For the file."""
        return {part: curve.to_dict() for part, curve in self.curves.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Confidence:
        """From the file."""
        return cls({part: Calibration.from_dict(data[part]) for part in PARTS if part in data})


def weigh_connections(drawing: Drawing) -> tuple[Connection, ...]:
    """The connections with the scores of their ends in their own: what joins a doubtful symbol is as doubtful."""
    sure = {s.id: s.score for s in drawing.symbols}
    return tuple(c.model_copy(update={"score": c.score * sure[c.a] * sure[c.b]}) for c in drawing.connections)


@cache
def load_confidence(models: Path | None = None) -> Confidence:
    """The curves that lie with the networks of a folder, the shipped ones by default; none where there is no file."""
    path = (models or data_path("models")) / CONFIDENCE_FILE
    return Confidence.from_dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Confidence({})


@dataclass(frozen=True)
class Bought:
    """What a threshold buys: the share of elements at or above it, and how many of those are right, as expected."""

    share: float
    precision: float


def buy(scores: Sequence[float], threshold: float) -> Bought:
    """What a threshold buys among elements with these probabilities; nothing above it is as good as all right."""
    passing = [s for s in scores if s >= threshold]
    return Bought(len(passing) / max(len(scores), 1), float(np.mean(passing)) if passing else 1.0)
