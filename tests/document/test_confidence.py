"""Scores as probabilities."""

import json
from pathlib import Path

import numpy as np
import pytest

from pid.document.confidence import Confidence, buy, load_confidence
from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Word
from pid.judge_confidence import Scored, calibration_error, fit_confidence, judge, write_confidence
from pid.learning.calibrate import Calibration

HALVED = Calibration(np.array([0.0, 1.0]), np.array([0.0, 0.5]))


def drawing(**parts: object) -> Drawing:
    return Drawing(source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=1000, height=800), **parts)


def valve(name: str, x: float, *, score: float = 0.8, by: str = "shape") -> Symbol:
    return Symbol(id=name, kind="gate_valve", group="valve", box=(x, 100, x + 40, 120), score=score, found_by=(by,))


def test_each_part_has_its_curve_and_what_the_file_says_stays() -> None:
    found = drawing(
        symbols=(
            valve("a", 100, score=0.8), valve("b", 300, score=0.6), valve("c", 500, by="block"),
            valve("d", 700, by="person"),
        ),
        words=(Word(id="w", text="V-1", box=(100, 60, 140, 80), score=0.9),),
    )  # fmt: skip
    scores = [s.score for s in Confidence({"symbols": HALVED}).calibrate(found).symbols]
    assert scores[0] == pytest.approx(0.4, abs=0.01)
    assert scores[0] > scores[1]
    assert scores[2:] == [0.8, 0.8]
    assert Confidence({"symbols": HALVED}).calibrate(found).words == found.words
    assert Confidence({}).calibrate(found) == found


def test_level_curves_keep_the_order_of_scores() -> None:
    level = Confidence({"symbols": Calibration(np.array([0.0, 1.0]), np.array([0.7, 0.7]))})
    found = drawing(symbols=tuple(valve(f"s{i}", 60 * i, score=0.1 * i) for i in range(10)))
    scores = [s.score for s in level.calibrate(found).symbols]
    assert scores == sorted(scores) and len(set(scores)) == 10
    assert scores == pytest.approx([0.7] * 10, abs=0.01)


def test_what_is_right_is_told_part_by_part() -> None:
    truth = drawing(
        symbols=(valve("a", 100), valve("b", 500)),
        lines=(Line(id="l", points=((140, 110), (500, 110))),),
        connections=(Connection(a="a", b="b", lines=("l",)),),
        words=(Word(id="w", text="GAS COOLER", box=(100, 60, 220, 80)),),
    )
    found = drawing(
        symbols=(valve("x", 101, score=0.9), valve("y", 500, score=0.7), valve("z", 800, score=0.3)),
        lines=(
            Line(id="m", points=((140, 110), (500, 110)), score=0.9),
            Line(id="n", points=((540, 600), (700, 600)), score=0.2),
        ),
        connections=(Connection(a="x", b="y", score=0.8), Connection(a="y", b="z", score=0.5)),
        words=(
            Word(id="v", text="COOLER", box=(160, 60, 220, 80), score=0.9),
            Word(id="u", text="GA5", box=(100, 60, 150, 80), score=0.5),
        ),
    )  # fmt: skip
    judged = judge(found, truth)
    told = {part: dict(zip(sample.scores.round(3), sample.right, strict=True)) for part, sample in judged.items()}
    assert told == {
        "symbols": {0.9: 1, 0.7: 1, 0.3: 0},
        "lines": {0.9: 1, 0.2: 0},
        "connections": {0.504: 1, 0.105: 0},
        "words": {0.9: 1, 0.5: 0},
    }


def test_fitted_curves_are_nearer_to_the_truth_on_other_sheets_and_are_kept(tmp_path: Path) -> None:
    """Scores that are the square root of the chance: far off before, near after."""
    rng = np.random.default_rng(1)

    def sheet() -> dict[str, Scored]:
        chance = rng.random(800)
        return {"symbols": Scored(np.sqrt(chance), (rng.random(800) < chance).astype(float))}

    path = write_confidence([sheet() for _ in range(8)], tmp_path)
    figures = json.loads(path.read_text())["held_out"]["symbols"]
    assert figures["error"] < 0.04
    assert figures["error_before"] > 0.1
    curve = load_confidence(tmp_path).curves["symbols"]
    assert curve(np.array([0.5]))[0] == pytest.approx(0.25, abs=0.08)
    assert fit_confidence({"symbols": Scored(np.ones(3), np.ones(3))}).curves == {}


def test_calibration_error_is_the_gap_of_told_and_true() -> None:
    assert calibration_error(np.array([0.9, 0.9]), np.array([1.0, 0.0])) == pytest.approx(0.4)
    assert calibration_error(np.array([0.25] * 4), np.array([1.0, 0, 0, 0])) == pytest.approx(0.0)


def test_what_a_threshold_buys() -> None:
    bought = buy([0.95, 0.85, 0.4, 0.2], 0.8)
    assert (bought.share, bought.precision) == (pytest.approx(0.5), pytest.approx(0.9))
    assert buy([0.1], 0.5).precision == 1.0
