"""Readings to words, boxes of tiles, live text, characters: all without the engine."""

import numpy as np
import pytest

from pid.document.characters import clean_text, is_mark, mend_function_letters
from pid.document.words import (
    Reading,
    cut_at_regions,
    drop_doubles,
    merge_boxes,
    number_words,
    part_of_box,
    prefer_inside,
    split_reading,
    words_of_texts,
)
from pid.drawing import Word
from pid.sheet import VectorText


def word(text: str, box: tuple[float, float, float, float], *, score: float = 0.9, angle: float = 0.0) -> Word:
    return Word(id=f"{text}{box[0]:.0f}", text=text, box=box, angle=angle, score=score)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("80×50", "80x50"),
        ('6"', '6"'),
        ("6~", '6"'),
        ("6''", '6"'),
        ("2″-PL-1001", '2"-PL-1001'),
        ("A~B", "A~B"),
        ("1OO", "100"),
        ("PSV-1O24", "PSV-1024"),
        ("OO", "OO"),
        ("CO2", "CO2"),
        ("O2", "O2"),
        ("2I4", "214"),
        ("HO2A", "HO2A"),
        ("F0001", "F0001"),
        ("20°℃", "20°C"),
        ("PT—101", "PT-101"),
        ("P&ID", "P&ID"),
        ("ＰＴ１", "PT1"),
        ("|4F|", "4F"),
        ("|", ""),
        ("Kühlwasser,", "Kühlwasser,"),
        ("10*", '10"'),
        ("1.1/2'", '1.1/2"'),
        ('16"/3/4*', '16"/3/4"'),
        ("8'-MS-1002", '8"-MS-1002'),
        ("1/2°", '1/2"'),
        ("10°", "10°"),  # an angle
        ("5'", "5'"),  # no nominal size
        ("A3'", "A3'"),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean
    assert clean_text(clean) == clean


@pytest.mark.parametrize(
    ("read", "mended"), [("n", "TI"), ("u", "LI"), ("P5V", "PSV"), ("P1", "PI"), ("LIC", "LIC"), ("23", "23")]
)
def test_function_letters_above_a_number_in_a_bubble(read: str, mended: str) -> None:
    words = [word(read, (40, 20, 60, 40)), word("92524", (20, 44, 80, 64))]
    assert mend_function_letters(words, [(0, 0, 100, 100)])[0].text == mended


def test_function_letters_outside_a_bubble_stay() -> None:
    nozzle = [word("N1", (40, 20, 60, 40)), word("1000", (20, 44, 80, 64))]
    assert mend_function_letters(nozzle, []) == nozzle
    assert mend_function_letters(nozzle, [(200, 0, 300, 100)]) == nozzle


@pytest.mark.parametrize(
    ("text", "score", "mark"),
    [("o", 0.99, True), ("-", 0.99, True), ("E", 0.9, False), ("E", 0.5, True), ("80", 0.5, False)],
)
def test_lone_marks_are_not_words(text: str, score: float, mark: bool) -> None:
    assert is_mark(word(text, (0, 0, 10, 10), score=score)) is mark


def test_tiles_see_a_string_once() -> None:
    twice = [[100, 50, 200, 70], [101, 49, 199, 71], [400, 50, 450, 70]]
    assert merge_boxes(twice).tolist() == [[100, 49, 200, 71], [400, 50, 450, 70]]


def test_a_string_cut_by_tile_edges_is_joined_only_when_cut() -> None:
    parts = [[100, 50, 300, 70], [280, 51, 500, 70]]
    assert merge_boxes(parts, cut=[True, False]).tolist() == [[100, 50, 500, 70]]
    assert len(merge_boxes(parts)) == 2


def test_two_lines_and_their_common_box_stay_apart() -> None:
    assert len(merge_boxes([[0, 0, 100, 20], [0, 24, 100, 44], [0, 0, 100, 44]])) == 3
    assert merge_boxes([]).shape == (0, 4)


def test_a_note_beside_a_bubble_is_cut_off() -> None:
    region = [[100, 0, 200, 100]]
    assert sorted(cut_at_regions([[110, 50, 300, 70]], region, least=40).tolist()) == [
        [110, 50, 200, 70],
        [200, 50, 300, 70],
    ]
    poking_out = [[95, 50, 215, 70]]
    assert cut_at_regions(poking_out, region, least=40).tolist() == poking_out
    elsewhere = [[110, 150, 300, 170]]
    assert cut_at_regions(elsewhere, region, least=40).tolist() == elsewhere


def test_split_reading_shares_out_box_and_scores() -> None:
    text = "PT 101"
    places = tuple((i + 0.5) / 6 for i in range(6))
    first, second = split_reading(Reading(text, (0, 0, 60, 10), 0.0, places, (0.9, 0.7, 0.1, 1.0, 1.0, 1.0)))
    assert (first.text, second.text) == ("PT", "101")
    assert first.score == pytest.approx(0.8)
    assert second.score == pytest.approx(1.0)
    assert first.box[2] == pytest.approx(21, abs=2)
    assert second.box[0] == pytest.approx(29, abs=2)
    assert second.box[2] == 60


@pytest.mark.parametrize(
    ("angle", "part"),
    [(0, (0, 0, 25, 40)), (90, (0, 30, 100, 40)), (180, (75, 0, 100, 40)), (270, (0, 0, 100, 10))],
)
def test_first_quarter_of_a_box_in_reading_direction(angle: float, part: tuple[float, ...]) -> None:
    assert part_of_box((0, 0, 100, 40), angle, 0.0, 0.25) == part


def test_doubles_go_and_neighbours_stay() -> None:
    whole, half, beside = (
        word("PSV-1001", (0, 0, 80, 20), score=0.95),
        word("1001", (40, 0, 80, 20), score=0.97),
        word("DN50", (90, 0, 130, 20)),
    )
    assert drop_doubles([half, whole, beside]) == [whole, beside]
    assert drop_doubles([]) == []


def test_inside_reading_wins_only_if_surer_and_not_shorter() -> None:
    clear = word("92521", (10, 50, 60, 70), score=0.98)
    assert prefer_inside([word("92S21", (10, 50, 60, 70), score=0.9)], [clear]) == [clear]
    longer = word("92521-MB", (0, 50, 80, 70), score=0.95)
    assert prefer_inside([longer], [clear]) == [longer]
    assert prefer_inside([word("(92521", (5, 50, 60, 70), score=0.6)], [clear]) == [clear]
    assert prefer_inside([], [clear]) == [clear]


def test_live_text_is_split_at_blanks_and_lines() -> None:
    texts = [VectorText("MNb 47121", (0, 0, 90, 10)), VectorText("PI\r4712.01", (0, 100, 70, 140))]
    words = words_of_texts(texts)
    assert [w.text for w in words] == ["MNb", "47121", "PI", "4712.01"]
    assert {w.score for w in words} == {1.0}
    assert words[0].box == pytest.approx((0, 0, 30, 10))
    assert words[1].box == pytest.approx((40, 0, 90, 10))
    assert words[2].box[1::2] == (100, 120)
    assert words[3].box[1::2] == (120, 140)


def test_standing_live_text_reads_upward() -> None:
    low, high = words_of_texts([VectorText("A B", (0, 0, 10, 90), angle=90.0)])
    assert (low.text, high.text) == ("A", "B")
    assert low.box[1] > high.box[1]
    first, second = words_of_texts([VectorText("A\nB", (0, 0, 40, 90), angle=90.0)])
    assert first.box[2] <= second.box[0]


def test_ids_are_unique_and_in_reading_order() -> None:
    words = number_words([word("B", (0, 50, 10, 60)), word("A", (0, 0, 10, 10))])
    assert [(w.id, w.text) for w in words] == [("w1", "A"), ("w2", "B")]


def test_reading_without_characters_scores_zero() -> None:
    assert Reading("", (0, 0, 1, 1), 0.0, (), ()).score == 0.0
    assert np.isfinite(Reading("A", (0, 0, 1, 1), 0.0, (0.5,), (0.5,)).score)
