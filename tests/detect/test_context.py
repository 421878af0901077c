"""What is round a candidate changes what it is believed to be."""

import cv2
import numpy as np
import pytest

from pid.detect.context import join_pieces, share_alone, weigh_alone, weigh_context, weigh_parts
from pid.detect.names import Name
from pid.detect.yolo import Found
from pid.drawing import GROUPS, Group


def groups_of(*names: Group) -> np.ndarray:
    return np.array([GROUPS.index(name) for name in names], np.int64)


def named(kind: str, group: Group = "fitting") -> Name:
    return Name(kind, group, 0.9, 0.0, False, (), 0.0)


@pytest.fixture
def sheet() -> np.ndarray:
    """A valve in a line at (100, 100), a letter at (300, 100), a row of dashes at y = 200."""
    page = np.full((400, 600), 255, np.uint8)
    cv2.line(page, (20, 100), (250, 100), 0, 2)
    cv2.fillPoly(page, [np.array([[85, 90], [115, 110], [115, 90], [85, 110]])], 0)
    cv2.putText(page, "A", (290, 112), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 0, 2)
    for x in range(20, 500, 30):
        cv2.line(page, (x, 200), (x + 16, 200), 0, 4)
    return page


VALVE, LETTER, DASH = [84.0, 89, 117, 112], [288.0, 90, 310, 115], [138.0, 197, 160, 204]


def test_ink_that_ends_inside_is_alone(sheet: np.ndarray) -> None:
    assert share_alone(sheet, np.array(VALVE)) < 0.2
    assert share_alone(sheet, np.array(LETTER)) == 1.0
    assert share_alone(sheet, np.array(DASH)) == 1.0
    assert share_alone(sheet, np.array([400.0, 300, 440, 340])) == 0.0
    assert share_alone(sheet, np.array([-9.0, -9, -2, -2])) == 0.0


def test_letters_and_dashes_are_doubted_and_valves_and_bubbles_are_not(sheet: np.ndarray) -> None:
    boxes = np.array([VALVE, LETTER, DASH, LETTER])
    before = np.full(4, 0.8)
    after = weigh_alone(sheet, boxes, before, groups_of("valve", "valve", "fitting", "instrument"))
    assert after[0] == after[3] == 0.8
    assert after[1] < 0.2
    assert after[2] < 0.2
    assert (before == 0.8).all()


def test_of_part_and_whole_the_weaker_is_doubted() -> None:
    boxes = np.array([[0.0, 0, 60, 30], [2, 2, 20, 28], [200, 0, 230, 30]])
    kept = weigh_parts(boxes, np.array([0.9, 0.6, 0.5]), groups_of("valve", "fitting", "valve"))
    assert kept[0] == 0.9
    assert 0.1 < kept[1] < 0.3
    assert kept[2] == 0.5
    turned = weigh_parts(boxes, np.array([0.4, 0.6, 0.5]), groups_of("valve", "fitting", "valve"))
    assert turned[1] == 0.6
    assert turned[0] < 0.4


def test_equipment_holds_its_nozzles_and_neighbours_stay() -> None:
    boxes = np.array([[0.0, 0, 200, 300], [2, 100, 22, 110], [50, 50, 90, 90], [195, 100, 240, 130]])
    scores = np.array([0.9, 0.6, 0.5, 0.7])
    after = weigh_parts(boxes, scores, groups_of("vessel", "nozzle", "instrument", "actuator"))
    np.testing.assert_array_equal(after, scores)


def test_a_piece_of_a_spectacle_blind_is_joined_to_its_flanges() -> None:
    discs, flanges = [100.0, 100, 116, 132], [96.0, 136, 120, 160]
    boxes = np.array([discs, flanges, [300.0, 100, 324, 124]])
    names = [named("spectacle_blind"), named("flange_pair"), named("flange_pair")]
    joined, scores, left = join_pieces(boxes, np.array([0.4, 0.7, 0.6]), groups_of(*["fitting"] * 3), names)
    assert left.tolist() == [True, False, True]
    assert joined[0].tolist() == [96, 100, 120, 160]
    assert scores[0] == 0.7
    assert boxes[0].tolist() == discs  # what came in is as it was


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ([96.0, 190, 120, 214], "flange_pair"),  # too far along the axis
        ([140.0, 136, 164, 160], "flange_pair"),  # beside the axis
        ([96.0, 136, 120, 160], "spectacle_blind"),  # another whole one
    ],
)
def test_what_is_no_flange_of_the_piece_is_left(other: list[float], kind: str) -> None:
    boxes = np.array([[100.0, 100, 116, 132], other])
    names = [named("spectacle_blind"), named(kind)]
    if kind == "spectacle_blind":
        boxes[1] = [96.0, 136, 120, 176]
    joined, _, left = join_pieces(boxes, np.array([0.4, 0.7]), groups_of("fitting", "fitting"), names)
    assert left.all()
    np.testing.assert_array_equal(joined, boxes)


def test_names_follow_their_candidates(sheet: np.ndarray) -> None:
    boxes = np.array([[100.0, 300, 116, 332], [96.0, 336, 120, 360], VALVE])
    found = Found(boxes, np.array([0.4, 0.7, 0.9]), groups_of("fitting", "fitting", "valve"))
    names = [named("spectacle_blind"), named("flange_pair"), named("gate_valve", "valve")]
    after, told = weigh_context(sheet, found, names)
    assert [n.kind for n in told] == ["spectacle_blind", "gate_valve"]
    assert len(after.boxes) == len(after.scores) == len(after.groups) == 2
    none, nobody = weigh_context(sheet, found.only(np.zeros(3, bool)), [])
    assert none.boxes.shape == (0, 4)
    assert nobody == []


def test_a_whole_and_the_same_joined_are_one(sheet: np.ndarray) -> None:
    boxes = np.array([[100.0, 300, 116, 332], [96.0, 336, 120, 360], [97.0, 299, 121, 361]])
    found = Found(boxes, np.array([0.4, 0.7, 0.6]), groups_of("fitting", "fitting", "fitting"))
    after, told = weigh_context(sheet, found, [named("spectacle_blind"), named("flange_pair"), named("unknown")])
    assert after.boxes.tolist() == [[96, 300, 120, 360]]
    assert [n.kind for n in told] == ["spectacle_blind"]
