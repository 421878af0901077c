"""Types, flow, and tees against crossings: known answers."""

from __future__ import annotations

import numpy as np
import pytest

from pid.drawing import Drawing, Line, SheetInfo, Source, Symbol
from pid.evaluate import Truth, evaluate
from pid.evaluate_lines import (
    LineMatch,
    Share,
    find_crossings,
    find_tees,
    score_directions,
    score_meetings,
    score_types,
)


def _drawing(*lines: Line, symbols: tuple[Symbol, ...] = (), width: int = 2500) -> Drawing:
    return Drawing(
        source=Source(name="t", sha256=""), sheet=SheetInfo(width=width, height=1600), lines=lines, symbols=symbols
    )


ACROSS = Line(id="a", points=((100, 400), (900, 400)), direction="forward")
UP = Line(id="b", points=((500, 100), (500, 700)), style="dashed", kind="signal")
ARROW = Symbol(id="r", group="flow_arrow", box=(300, 392, 316, 408))


def test_types_are_compared_line_by_line() -> None:
    truth = _drawing(ACROSS, UP)
    wrong = (ACROSS, UP.model_copy(update={"style": "solid"}))
    assert score_types(truth, truth.lines, LineMatch.of(truth, truth.lines)) == Share(2, 2)
    assert score_types(truth, wrong, LineMatch.of(truth, wrong)) == Share(1, 2)


def test_the_longest_part_tells_the_type_and_looks_that_are_alike_count_as_one() -> None:
    truth = _drawing(UP.model_copy(update={"style": "electric"}))
    parts = (
        Line(id="x", points=((500, 100), (500, 250)), style="solid"),
        Line(id="y", points=((500, 700), (500, 250)), style="dashed"),
    )
    assert score_types(truth, parts, LineMatch.of(truth, parts)) == Share(1, 1)


def test_lines_that_were_not_traced_or_are_short_are_not_asked() -> None:
    truth = _drawing(ACROSS, UP, Line(id="s", points=((20, 20), (60, 20)), style="dotted"))
    assert score_types(truth, (ACROSS,), LineMatch.of(truth, (ACROSS,))) == Share(1, 1)


@pytest.mark.parametrize(
    ("way", "reverse", "right"),
    [("forward", False, 1), ("backward", True, 1), ("backward", False, 0), ("unknown", False, 0), ("both", False, 0)],
)
def test_direction_follows_the_way_the_line_was_drawn(way: str, reverse: bool, right: int) -> None:
    truth = _drawing(ACROSS, symbols=(ARROW,))
    points = ACROSS.points[::-1] if reverse else ACROSS.points
    lines = (ACROSS.model_copy(update={"points": points, "direction": way}),)
    assert score_directions(truth, lines, LineMatch.of(truth, lines)) == Share(right, 1)


def test_direction_is_asked_only_where_an_arrow_is() -> None:
    truth = _drawing(ACROSS)
    assert score_directions(truth, truth.lines, LineMatch.of(truth, truth.lines)).asked == 0


def test_an_arrow_across_a_line_belongs_to_the_one_that_it_meets_there() -> None:
    truth = _drawing(ACROSS, symbols=(ARROW.model_copy(update={"rotation": 90.0}),))
    assert score_directions(truth, truth.lines, LineMatch.of(truth, truth.lines)).asked == 0


def _four_ways() -> tuple[Line, ...]:
    middle = (500.0, 400.0)
    ends = ((100, 400), (900, 400), (500, 100), (500, 700))
    return tuple(Line(id=f"p{i}", points=(end, middle)) for i, end in enumerate(ends))


def test_crossing_read_as_tee_and_tee_read_as_crossing_are_wrong() -> None:
    crossing, tee = _drawing(ACROSS, UP), _drawing(*_four_ways())
    assert score_meetings(crossing, crossing.lines) == Share(1, 1)
    assert score_meetings(tee, tee.lines) == Share(1, 1)
    assert score_meetings(crossing, tee.lines) == Share(0, 1)
    assert score_meetings(tee, crossing.lines) == Share(0, 1)
    assert score_meetings(crossing, (ACROSS,)) == Share(0, 1)


def test_jump_arc_is_a_crossing() -> None:
    truth = _drawing(ACROSS, UP)
    arc = [(500 + 10 * np.cos(t), 400 - 10 * np.sin(t)) for t in np.linspace(np.pi, 0, 7)]
    lines = (ACROSS.model_copy(update={"points": ((100, 400), *arc, (900, 400))}), UP)
    assert score_meetings(truth, lines) == Share(1, 1)


def test_meetings_inside_symbols_do_not_count() -> None:
    truth = _drawing(ACROSS, UP, symbols=(Symbol(id="v", group="valve", box=(480, 380, 520, 420)),))
    assert score_meetings(truth, ()) == Share(0, 0)


def test_places() -> None:
    assert find_tees(_four_ways(), scale=2.0).tolist() == [[1000, 800]]
    assert find_crossings((ACROSS, UP), scale=2.0).tolist() == [[1000, 800]]
    assert find_tees((ACROSS, UP), scale=2.0).shape == (0, 2)


def test_figures_appear_where_the_truth_holds_them() -> None:
    truth = _drawing(ACROSS, UP, symbols=(ARROW,))
    figures = evaluate(truth, Truth(truth)).figures()
    assert figures["lines.types"] == figures["lines.directions"] == figures["lines.meetings"] == 1.0
    partial = evaluate(truth, Truth(truth, complete=frozenset({"lines"}))).figures()
    assert "lines.types" not in partial
    assert partial["lines.meetings"] == 1.0
