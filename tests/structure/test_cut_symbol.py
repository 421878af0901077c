"""A symbol cut out of a drawing by a loose box: its pipes are ports, its surroundings are left out."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.errors import InputError
from pid.geometry import box_iou
from pid.structure.cut_symbol import cut_symbol
from pid.structure.guess_group import guess_group

BODY = (270.0, 180.0, 331.0, 221.0)


def sheet() -> NDArray[np.uint8]:
    """A valve in a level pipe, a parallel pipe below, a tag above and another valve near."""
    picture = np.full((400, 600), 255, np.uint8)
    for x in (300, 420):
        for side in (-1, 1):
            corners = np.array([(x, 200), (x + 28 * side, 182), (x + 28 * side, 218)])
            cv2.polylines(picture, [corners], True, 0, 4)
    cv2.line(picture, (0, 200), (271, 200), 0, 4)
    cv2.line(picture, (329, 200), (391, 200), 0, 4)
    cv2.line(picture, (449, 200), (600, 200), 0, 4)
    cv2.line(picture, (0, 232), (600, 232), 0, 4)
    cv2.putText(picture, "HV1", (280, 170), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0, 1)
    return picture


TAG = Word(id="w1", text="HV1", box=(278, 156, 314, 173), score=0.99)


@pytest.mark.parametrize(
    "box",
    [(268, 178, 333, 223), (255, 170, 346, 231), (255, 152, 347, 238)],
    ids=["tight", "loose", "with its tag and another pipe"],
)
def test_loose_boxes_give_the_same_symbol(box: Box) -> None:
    cutout = cut_symbol(sheet(), box, [TAG])
    assert float(box_iou([cutout.place], [BODY])[0, 0]) > 0.9
    dx, dy = cutout.place[0] - cutout.box[0], cutout.place[1] - cutout.box[1]
    left, right = sorted((x + dx, y + dy, d) for x, y, d in cutout.ports)
    assert left == pytest.approx((270, 200, 180), abs=3)
    assert right == pytest.approx((330, 200, 0), abs=3)
    assert (cutout.picture[:4] == 255).all()
    assert cutout.picture.shape == (cutout.box[3] + 4, cutout.box[2] + 4)


def test_arrow_heads_keep_their_tips() -> None:
    picture = np.full((200, 300), 255, np.uint8)
    cv2.line(picture, (0, 100), (300, 100), 0, 4)
    cv2.fillPoly(picture, [np.array([(130, 88), (130, 112), (170, 100)])], 0)
    cutout = cut_symbol(picture, (122, 80, 180, 120))
    assert cutout.place[0] == pytest.approx(130, abs=2)
    assert cutout.place[2] == pytest.approx(170, abs=5)
    assert [d for _, _, d in sorted(cutout.ports)] == [180, 0]


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((10, 20, 10, 40), "is empty"),
        ((40, 40, 20, 60), "is empty"),
        ((700, 10, 800, 60), "outside of the sheet, which is 600 x 400 pixels"),
        ((-50, -50, -10, -10), "outside of the sheet"),
        ((100, 300, 200, 380), "There is no ink"),
        ((100, 220, 200, 244), "There is no symbol"),
    ],
)
def test_boxes_without_a_symbol_are_refused(box: Box, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        cut_symbol(sheet(), box)


def test_the_catalogue_says_what_it_looks_like() -> None:
    cutout = cut_symbol(sheet(), (255, 170, 346, 231))
    guess = guess_group(cutout.picture, cutout.box, ports=cutout.ports)
    assert guess.group == "valve"
    assert guess.score > 0.8
    places = sorted((x, y) for x, y, d in guess.ports if d in (0, 180))
    x0, y0, x1, y1 = cutout.box
    assert places[0] == pytest.approx((x0, (y0 + y1) / 2), abs=3)
    assert places[-1] == pytest.approx((x1, (y0 + y1) / 2), abs=3)


def test_lettering_narrows_the_guess_to_instruments() -> None:
    picture = np.full((108, 108), 255, np.uint8)
    cv2.circle(picture, (54, 54), 48, 0, 4)
    box = (4.0, 4.0, 104.0, 104.0)
    assert guess_group(picture, box, lettering=("AA", "999")).group == "instrument"


def test_a_symbol_read_as_lettering_whole_is_guessed_by_its_ink() -> None:
    picture = np.full((60, 80), 255, np.uint8)
    cv2.polylines(picture, [np.array([(10, 45), (20, 15), (30, 45), (40, 15), (50, 45)], np.int32)], False, 0, 3)
    box = (8.0, 13.0, 53.0, 48.0)
    assert guess_group(picture, box, lettering=("AA",), text_boxes=[box]).group
