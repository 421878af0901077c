"""Lines that were taken together come apart, and blanks that an engine left out come back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.document.stacks import add_blanks, bands, lines_of, split_lines
from pid.document.words import Reading

Gray = NDArray[np.uint8]


def lettered(*lines: tuple[str, int, int]) -> Gray:
    """Paper with lines of lettering, capitals 21 px high, at their lower left corners."""
    image = np.full((200, 400), 255, np.uint8)
    for text, x, y in lines:
        cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2, cv2.LINE_AA)
    return image


def reading(text: str, image: Gray) -> Reading:
    """A reading of the whole image, characters at the centres of its ink's bands."""
    found = bands(np.asarray((image < 128).any(axis=0)))
    assert len(found) == len(text)
    places = tuple((a + b) / 2 / image.shape[1] for a, b in found)
    return Reading(text, (0, 0, image.shape[1], image.shape[0]), 0.0, places, (0.9,) * len(text))


def test_two_lines_in_one_box_come_apart() -> None:
    image = lettered(("GBAS00R", 20, 60), ("0100", 60, 100))
    boxes = split_lines(image, np.array([[10.0, 30, 200, 110]]), glyph_px=21.0)
    assert len(boxes) == 2
    assert boxes[0][3] <= boxes[1][1]
    assert (boxes[:, [0, 2]] == [10, 200]).all()


def test_one_line_and_lying_lettering_stay_whole() -> None:
    image = lettered(("GBAS00R", 20, 60))
    one = np.array([[10.0, 30, 200, 70]])
    assert (split_lines(image, one, glyph_px=21.0) == one).all()
    lying = np.ascontiguousarray(np.rot90(image))
    standing = np.array([[30.0, 200, 70, 390]])
    assert (split_lines(lying, standing, glyph_px=21.0) == standing).all()


def test_lines_leave_out_what_is_no_lettering() -> None:
    image = lettered(("N2", 20, 40), ("25", 20, 160))
    cv2.rectangle(image, (20, 60), (60, 120), 0, -1)
    assert len(lines_of(image, np.array([10.0, 0, 80, 180]), glyph_px=21.0)) == 2


def test_a_wide_gap_is_a_blank_and_a_letter_gap_is_none() -> None:
    apart = lettered(("80", 20, 60), ("/", 75, 60), ("50", 110, 60))
    assert add_blanks(reading("80/50", apart), apart).text == "80 / 50"
    close = lettered(("80/50", 20, 60))
    assert add_blanks(reading("80/50", close), close).text == "80/50"
    tag = lettered(("PT-10411", 20, 60))
    assert add_blanks(reading("PT-10411", tag), tag).text == "PT-10411"


def test_a_blank_has_a_place_between_its_neighbours_and_is_added_once() -> None:
    apart = lettered(("AB CD", 20, 60))
    once = add_blanks(reading("ABCD", apart), apart)
    assert once.text == "AB CD"
    assert list(once.places) == sorted(once.places)
    assert len(once.scores) == 5
    assert add_blanks(once, apart) == once
