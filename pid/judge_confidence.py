"""How well scores tell the truth on generated sheets, and the curves that make them do so: `pid train confidence`.

Every predicted element is right or not: a symbol in place and of its group, a connection between the right two, a line
that lies on true ones for most of its length, a word that is a true word or a run of whole words of one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from pid.document.confidence import CONFIDENCE_FILE, OWN_WITNESS, Confidence, weigh_connections
from pid.drawing import Drawing, Word
from pid.errors import InputError
from pid.evaluate import Truth, counted_symbols, in_truth_frame, match_symbols
from pid.evaluate_lines import LineMatch
from pid.evaluate_words import plain_text, word_centres, word_reach
from pid.geometry import Array
from pid.learning.calibrate import calibration_error, fit_calibration
from pid.pipeline import Progress, Recognizer
from pid.sheet import Sheet
from pid.synth.held_out_sheet import draw_held_out_sheet, plant_seeds

FIRST_SEED = 960_000_001
LINE_SHARE = 0.5
"""A line is right where so much of its length is on true ones."""
BINS = 10


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores (N,) of elements and whether each is right (N,), 0 or 1."""

    scores: Array
    right: Array


Samples = Mapping[str, Scored]
"""By part."""


def train_confidence(out: Path, *, sheets: int, threads: int | None = None, progress: Progress | None = None) -> Path:
    """Fit the curves on `sheets` plants, each clean and through a scanner, and write them with what they are worth.

    The calibration error is told of each plant by curves that were fitted on the others.
    Raises `InputError` for fewer than two sheets.
    """
    if sheets < 2:
        raise InputError("Confidence needs two sheets at least: one to fit by and one to judge by.")
    recognizer = Recognizer(threads=threads, calibrated=False)
    judged = []
    for done, seed in enumerate(plant_seeds(FIRST_SEED, sheets)):
        for damaged in (False, True):
            if progress:
                progress(f"plant {done + 1} of {sheets}", (2 * done + damaged) / (2 * sheets))
            image, truth = draw_held_out_sheet(seed, damaged=damaged)
            found = recognizer.recognize_sheet(Sheet(image, truth.source, truth.sheet))
            judged.append(judge(found, truth))
    return write_confidence(judged, out)


def write_confidence(judged: Sequence[Samples], out: Path) -> Path:
    """Fit on all sheets (each plant's clean and damaged one in turn) and write curves and figures.

    The figures are of plants that the curve was not fitted on: each is judged by the curves of all others.
    """
    plants = [joined(judged[i : i + 2]) for i in range(0, len(judged), 2)]
    everything = joined(plants)
    chances: dict[str, list[Array]] = defaultdict(list)
    for i, plant in enumerate(plants):
        others = fit_confidence(joined(plants[:i] + plants[i + 1 :]))
        for part, curve in others.curves.items():
            chances[part].append(curve(plant[part].scores))
    figures = {
        part: {
            "elements": len(everything[part].scores),
            "error_before": round(calibration_error(everything[part].scores, everything[part].right), 4),
            "error": round(calibration_error(np.concatenate(told), everything[part].right), 4),
            "reliability": reliability(np.concatenate(told), everything[part].right),
        }
        for part, told in chances.items()
        if len(told) == len(plants)
    }
    out.mkdir(parents=True, exist_ok=True)
    path = out / CONFIDENCE_FILE
    told = {**fit_confidence(everything).to_dict(), "sheets": len(judged), "held_out": figures}
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return path


def fit_confidence(samples: Samples) -> Confidence:
    """A curve for each part with elements both right and wrong."""
    return Confidence(
        {
            part: fit_calibration(sample.scores, sample.right, max(int(sample.right.sum()), 1))
            for part, sample in samples.items()
            if len(set(sample.right.tolist())) > 1
        }
    )


def joined(judged: Iterable[Samples]) -> dict[str, Scored]:
    """The samples of several sheets as one."""
    parts: dict[str, list[Scored]] = defaultdict(list)
    for samples in judged:
        for part, sample in samples.items():
            parts[part].append(sample)
    return {
        part: Scored(np.concatenate([s.scores for s in some]), np.concatenate([s.right for s in some]))
        for part, some in parts.items()
    }


def reliability(chances: Array, right: Array) -> list[dict[str, float]]:
    """For each tenth of probability: its elements, their mean probability, and the share of them that is right."""
    place = np.minimum((chances * BINS).astype(int), BINS - 1)
    return [
        {
            "elements": int((place == b).sum()),
            "told": round(float(chances[place == b].mean()), 4),
            "right": round(float(right[place == b].mean()), 4),
        }
        for b in range(BINS)
        if (place == b).any()
    ]


def judge(found: Drawing, true: Drawing) -> dict[str, Scored]:
    """What of a drawing is right by the truth, part by part; what needs no calibration is left out."""
    truth = Truth(true)
    moved = in_truth_frame(found, truth)
    symbols = counted_symbols(truth, moved.symbols)
    pairs = match_symbols(true.symbols, symbols, sheet_width=true.sheet.width)
    partner = {symbols[i].id: true.symbols[j] for i, j in pairs.items()}
    judged = [s for s in symbols if not OWN_WITNESS & set(s.found_by)]
    wanted = {frozenset((c.a, c.b)) for c in true.connections}
    return {
        "symbols": _scored((s.score, s.id in partner and partner[s.id].group == s.group) for s in judged),
        "connections": _scored(
            (c.score, {c.a, c.b} <= partner.keys() and frozenset((partner[c.a].id, partner[c.b].id)) in wanted)
            for c in weigh_connections(moved)
        ),
        "lines": _scored(_judge_lines(moved, true)),
        "words": _scored(_judge_words(moved.words, true.words)),
    }


def _scored(pairs: Iterable[tuple[float, bool]]) -> Scored:
    table = np.array([(score, float(right)) for score, right in pairs], float).reshape(-1, 2)
    return Scored(table[:, 0], table[:, 1])


def _judge_lines(found: Drawing, true: Drawing) -> Iterator[tuple[float, bool]]:
    match = LineMatch.of(found.model_copy(update={"sheet": true.sheet}), true.lines)
    length = np.bincount(match.truth.line, minlength=len(found.lines))
    traced = np.bincount(match.truth.line[match.partner >= 0], minlength=len(found.lines))
    for line, n, t in zip(found.lines, length, traced, strict=True):
        if n:
            yield line.score, bool(t >= LINE_SHARE * n)


def _judge_words(found: Sequence[Word], true: Sequence[Word]) -> Iterator[tuple[float, bool]]:
    centres = word_centres(found)
    right = np.zeros(len(found), bool)
    for word in true:
        low, high, _ = word_reach(word)
        runs = _whole_words(word.text)
        for i in np.flatnonzero(((centres > low) & (centres < high)).all(axis=1)):
            right[i] |= plain_text(found[int(i)].text) in runs
    yield from ((w.score, bool(r)) for w, r in zip(found, right, strict=True))


def _whole_words(text: str) -> set[str]:
    """Runs of whole words of a text, plain: a reader may part it at any blank."""
    parts = re.split(r"\s+", text.strip())
    return {plain_text("".join(parts[i:j])) for i, j in combinations(range(len(parts) + 1), 2)}
