"""A tick before a wall with a nozzle's tag beside it is a nozzle; other bars stay what they are."""

import cv2
import numpy as np
import pytest

from pid.detect.nozzle_stubs import name_nozzle_stubs
from pid.drawing import Symbol, Word
from pid.geometry import box_iou

TICK = (288.0, 196.0, 312.0, 204.0)
STUB = (288.0, 196.0, 312.0, 250.0)


@pytest.fixture
def paper():
    """A pipe from above to the tick at (300, 200) and a stub from there to y = 250, without equipment."""
    gray = np.full((500, 600), 255, np.uint8)
    cv2.line(gray, (300, 20), (300, 250), 0, 4)
    cv2.line(gray, (288, 200), (312, 200), 0, 8)
    return gray


def symbol(box, ident="s1", kind="flange", group="fitting", **more):
    return Symbol(id=ident, kind=kind, group=group, box=box, score=0.6, **more)


def tag(text="N3", box=(320.0, 200.0, 350.0, 220.0)):
    return Word(id=f"w-{text}", text=text, box=box)


def draw_wall(gray, wall):
    if wall == "flat":
        cv2.rectangle(gray, (200, 250), (420, 450), 0, 4)
    elif wall == "round":
        cv2.circle(gray, (300, 330), 80, 0, 4)
    else:
        cv2.line(gray, (240, 220), (360, 280), 0, 4)
        cv2.line(gray, (240, 220), (240, 450), 0, 4)


@pytest.mark.parametrize("wall", ["flat", "round", "slanted"])
def test_a_tick_before_a_wall_is_a_nozzle_up_to_the_wall(paper, wall):
    draw_wall(paper, wall)
    (found,) = name_nozzle_stubs([symbol(TICK)], [tag()], paper)
    assert (found.group, found.kind) == ("nozzle", "nozzle")
    assert float(box_iou([found.box], [STUB])[0, 0]) > 0.75
    assert found.attributes["runners_up"][0][0] == "flange"
    (ax, ay), (bx, by) = found.ports
    assert (ax, bx) == (300, 300)
    assert ay < 205
    assert by > 240


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_stubs_in_every_direction(paper, quarters):
    draw_wall(paper, "flat")
    turned = np.rot90(paper, quarters)

    def turn(box):
        height, width = paper.shape
        for _ in range(quarters):  # (x, y) -> (y, width - x)
            box, height, width = (box[1], width - box[2], box[3], width - box[0]), width, height
        return box

    (found,) = name_nozzle_stubs([symbol(turn(TICK))], [tag(box=turn((320.0, 200.0, 350.0, 220.0)))], turned)
    assert found.group == "nozzle"
    assert float(box_iou([found.box], [turn(STUB)])[0, 0]) > 0.75


def test_without_a_tag_a_tick_is_a_flange(paper):
    draw_wall(paper, "flat")
    assert name_nozzle_stubs([symbol(TICK)], [tag("25")], paper)[0].group == "fitting"


def test_a_tag_in_a_box_has_a_symbol_of_its_own(paper):
    draw_wall(paper, "flat")
    boxed = symbol((315.0, 195.0, 355.0, 225.0), "s2", "nozzle_tag", "nozzle")
    assert [s.group for s in name_nozzle_stubs([symbol(TICK), boxed], [tag()], paper)] == ["fitting", "nozzle"]


def test_a_flange_in_a_pipe_stays(paper):
    cv2.line(paper, (300, 20), (300, 480), 0, 4)
    assert name_nozzle_stubs([symbol(TICK)], [tag()], paper)[0].group == "fitting"


def test_another_tick_is_no_wall(paper):
    cv2.line(paper, (300, 20), (300, 480), 0, 4)
    cv2.line(paper, (288, 250), (312, 250), 0, 8)
    assert name_nozzle_stubs([symbol(TICK)], [tag()], paper)[0].group == "fitting"


def test_a_block_reference_is_not_doubted(paper):
    draw_wall(paper, "flat")
    exact = symbol(TICK, found_by=("block",))
    assert name_nozzle_stubs([exact], [tag()], paper) == (exact,)


def test_a_nozzle_found_already_is_not_doubled(paper):
    draw_wall(paper, "flat")
    there = symbol(STUB, "s2", "nozzle", "nozzle")
    assert name_nozzle_stubs([symbol(TICK), there], [tag(box=(350.0, 200.0, 360.0, 220.0))], paper) == (there,)
