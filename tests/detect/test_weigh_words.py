"""Letters taken for symbols, and symbols for letters."""

from __future__ import annotations

from pid.detect.weigh_words import drop_lettering, drop_misread, name_bubbles, name_nozzle_tags
from pid.drawing import Box, Group, Symbol, Word


def symbol(box: Box, score: float, *, kind: str = "ball_valve", group: Group = "valve") -> Symbol:
    return Symbol(id=f"{kind}{box[0]}", kind=kind, group=group, box=box, score=score)


def word(text: str, box: Box, score: float = 0.95) -> Word:
    return Word(id=text, text=text, box=box, score=score)


def test_an_unsure_symbol_in_a_word_is_lettering_and_a_sure_one_is_not() -> None:
    doubtful, sure = symbol((12, 2, 30, 18), 0.8), symbol((212, 2, 230, 18), 0.95)
    words = [word("FLARE", (0, 0, 100, 20)), word("TOG", (200, 0, 300, 20))]
    assert drop_lettering([doubtful, sure], words) == (sure,)


def test_a_symbol_that_is_surer_than_the_word_stays() -> None:
    flange = symbol((12, 2, 30, 18), 0.89)
    assert drop_lettering([flange], [word("TOG", (0, 0, 100, 20), 0.87)]) == (flange,)


def test_a_lone_letter_is_no_evidence_against_a_valve() -> None:
    valve = symbol((2, 2, 28, 18), 0.7)
    assert drop_lettering([valve], [word("X", (0, 0, 30, 20))]) == (valve,)


def test_a_bubble_keeps_what_stands_in_it() -> None:
    bubble = symbol((2, 0, 30, 20), 0.7, kind="instrument_field", group="instrument")
    words = (word("PIC", (0, 0, 32, 20)),)
    assert drop_lettering([bubble], words) == (bubble,)
    assert drop_misread(words, [bubble]) == words


def test_a_word_read_from_a_row_of_sure_symbols_is_dropped() -> None:
    row = [symbol((4, 2, 12, 18), 0.99), symbol((16, 2, 56, 18), 0.99), symbol((60, 2, 68, 18), 0.99)]
    number, misread = word("V-90315", (0, 40, 70, 60)), word("HDOH", (0, 0, 72, 20))
    assert drop_misread([number, misread], row) == (number,)


def test_a_word_beside_a_symbol_whose_box_it_touches_stays() -> None:
    reducer, size = symbol((2, 2, 28, 18), 0.99, kind="reducer", group="reducer"), word("X200x150", (0, 0, 130, 20))
    assert drop_misread([size], [reducer]) == (size,)


def test_a_letter_in_a_motor_is_a_word() -> None:
    motor = symbol((0, 0, 30, 30), 0.99, kind="motor_actuator", group="actuator")
    letter = word("M", (3, 3, 27, 27))
    assert drop_misread([letter], [motor]) == (letter,)


def test_a_circle_with_function_letters_over_a_number_is_an_instrument() -> None:
    circle = symbol((0, 0, 80, 80), 0.9, kind="metering_pump", group="pump")
    bubble = [word("LEX", (20, 10, 60, 35)), word("92529-MB", (-5, 42, 90, 70))]
    isa = {"LEX"}.__contains__
    (seen,) = name_bubbles([circle], bubble, is_function=isa)
    assert (seen.group, seen.box) == ("instrument", circle.box)
    assert name_bubbles([circle], bubble[1:], is_function=isa) == (circle,)
    assert name_bubbles([circle], [word("P", (30, 10, 50, 35)), bubble[1]], is_function=isa) == (circle,)
    upside_down = [word("LEX", (20, 45, 60, 70)), word("92529", (10, 10, 70, 35))]
    assert name_bubbles([circle], upside_down, is_function=isa) == (circle,)


def test_a_contradicted_circle_with_a_nozzles_name_alone_is_its_tag() -> None:
    balloon = symbol((0, 0, 50, 50), 0.5, kind="instrument_discrete_field", group="instrument")
    doubted = balloon.model_copy(update={"attributes": {"review": "also taken for nozzle_tag"}})
    name, row = word("N1B", (6, 12, 44, 38)), word("PI", (15, 2, 35, 12))
    is_nozzle = {"N1B"}.__contains__
    (tag,) = name_nozzle_tags([doubted], [name], is_nozzle=is_nozzle)
    assert (tag.kind, tag.group, tag.box) == ("nozzle_tag", "nozzle", doubted.box)
    assert name_nozzle_tags([balloon], [name], is_nozzle=is_nozzle) == (balloon,)  # nobody took it for anything else
    assert name_nozzle_tags([doubted], [name, row], is_nozzle=is_nozzle) == (doubted,)  # a balloon's two rows
    assert name_nozzle_tags([doubted], [word("N1B", (60, 12, 98, 38))], is_nozzle=is_nozzle) == (doubted,)
