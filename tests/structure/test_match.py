"""One example finds its symbol stretched, turned, mirrored and among lookalikes: drawn here, pixel by pixel known."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.drawing import Word
from pid.errors import InputError
from pid.geometry import box_iou
from pid.structure.anchors import find_anchors
from pid.structure.finds import keep_best, wins_duel
from pid.structure.letter_pieces import pattern_of
from pid.structure.lettering import agreement, find_rows, rows_inside
from pid.structure.library import Example
from pid.structure.match import find_all, find_taught
from pid.structure.template import Template, make_template, make_templates
from pid.structure.trace_primitives import primitives_of_mask

Picture = NDArray[np.uint8]


def line(picture: Picture, *points: tuple[float, float], pen: int = 3) -> None:
    p = np.round(np.array(points) * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(picture, [p], False, 0, pen, cv2.LINE_AA, 4)


def bow_tie(picture: Picture, x: float, y: float, w: float, h: float, *, upright: bool = False) -> None:
    corners = [(x, y), (x + w, y + h), (x + w, y), (x, y + h), (x, y)]
    line(picture, *([(x, y), (x + w, y + h), (x, y + h), (x + w, y), (x, y)] if upright else corners))


def check(picture: Picture, x: float, y: float, w: float, h: float) -> None:
    line(picture, (x, y), (x, y + h), (x + w, y + h / 2), (x, y))
    line(picture, (x + w, y), (x + w, y + h))


def example(kind: str, draw: object, *size: float) -> Example:
    picture = np.full((round(size[1]) + 12, round(size[0]) + 12), 255, np.uint8)
    draw(picture, 6.0, 6.0, *size)  # type: ignore[operator]
    rows, columns = np.nonzero(picture < 160)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    return Example(kind=kind, group="valve", picture=picture, box=box)


@pytest.fixture(scope="module")
def templates() -> tuple[Template, ...]:
    return make_templates([example("bow_tie", bow_tie, 60, 30), example("check", check, 50, 36)])


def plant() -> Picture:
    """Pipes with bow ties as taught, twice as long, upright, and a check valve facing either way."""
    picture = np.full((500, 900), 255, np.uint8)
    for y, x0, x1 in ((65, 40, 100), (65, 160, 300), (65, 420, 800), (250, 40, 200), (250, 250, 500), (250, 550, 860)):
        line(picture, (x0, y), (x1, y))
    bow_tie(picture, 100, 50, 60, 30)
    bow_tie(picture, 300, 50, 120, 30)
    check(picture, 200, 232, 50, 36)
    flipped = np.full((60, 80), 255, np.uint8)
    check(flipped, 10, 12, 50, 36)
    picture[220:280, 480:560] = np.minimum(picture[220:280, 480:560], flipped[:, ::-1])
    line(picture, (700, 300), (700, 340))
    line(picture, (700, 400), (700, 470))
    bow_tie(picture, 685, 340, 30, 60, upright=True)
    return picture


def test_stretched_turned_and_mirrored_symbols_are_found(templates: tuple[Template, ...]) -> None:
    found = find_taught(plant(), templates, least_score=0.5)
    truth = {
        "bow_tie": [(98, 48, 162, 82), (298, 48, 422, 82), (683, 338, 717, 402)],
        "check": [(198, 230, 252, 270), (498, 230, 552, 270)],
    }
    for kind, boxes in truth.items():
        mine = [s.box for s in found if s.kind == kind]
        assert len(mine) == len(boxes), kind
        assert (box_iou(boxes, mine).max(axis=1) > 0.75).all(), kind
    assert all(s.found_by == ("structure",) for s in found)
    upright = next(s for s in found if s.kind == "bow_tie" and s.box[3] - s.box[1] > 50)
    assert upright.rotation in {90.0, 270.0}


def test_an_empty_sheet_and_a_sheet_of_pipes_hold_nothing(templates: tuple[Template, ...]) -> None:
    assert find_taught(np.full((300, 400), 255, np.uint8), templates) == ()
    pipes = np.full((400, 600), 255, np.uint8)
    for k in range(5):
        line(pipes, (20, 60 + 70 * k), (580, 60 + 70 * k))
        line(pipes, (60 + 110 * k, 20), (60 + 110 * k, 380))
    assert find_taught(pipes, templates, least_score=0.5) == ()


def test_hidden_ink_is_not_looked_at(templates: tuple[Template, ...]) -> None:
    hidden = np.array([[90.0, 40.0, 170.0, 90.0]])
    found = find_taught(plant(), templates, least_score=0.5, hidden=hidden)
    assert not any(s.box[0] < 170 and s.box[1] < 90 for s in found)


def test_of_two_that_fit_the_one_that_explains_more_stays(templates: tuple[Template, ...]) -> None:
    globe = example("globe", lambda p, *a: (bow_tie(p, *a), cv2.circle(p, (36, 21), 9, 0, 3, cv2.LINE_AA)), 60, 30)
    finds, factor = find_all(plant(), [*templates, make_template(globe)])
    assert factor == 1
    best = [f for f in keep_best(finds) if f.quality >= 0.5]
    assert "globe" not in {f.template.kind for f in best}
    picture = plant()
    cv2.circle(picture, (130, 65), 9, 0, 3, cv2.LINE_AA)
    finds, _ = find_all(picture, [*templates, make_template(globe)])
    (there,) = [f for f in keep_best(finds) if f.quality >= 0.3 and f.box[0] < 140 < f.box[2] and f.box[1] < 90]
    assert there.template.kind == "globe"


def test_kinds_that_lie_on_the_same_ink_are_told_apart_by_where_they_differ() -> None:
    def heavy(picture: Picture, x: float, y: float, w: float, h: float) -> None:
        bow_tie(picture, x, y, w, h)
        cv2.circle(picture, (round(x) + 3, round(y) + 3), 5, 0, -1, cv2.LINE_AA)  # a knob on the corner

    both = make_templates([example("plain", bow_tie, 60, 30), example("heavy", heavy, 60, 30)])
    picture = np.full((160, 700), 255, np.uint8)
    line(picture, (20, 65), (100, 65))
    bow_tie(picture, 100, 50, 60, 30)
    line(picture, (160, 65), (400, 65))
    heavy(picture, 400, 50, 60, 30)
    line(picture, (460, 65), (680, 65))
    finds, _ = find_all(picture, both)
    best = sorted((f for f in keep_best(finds) if f.quality >= 0.5), key=lambda f: f.box[0])
    assert [f.template.kind for f in best] == ["plain", "heavy"]
    plain = next(f for f in finds if f.template.kind == "plain" and box_iou([f.box], [best[1].box])[0, 0] > 0.7)
    assert wins_duel(best[1], plain)
    assert not wins_duel(plain, best[1])


def test_a_bar_is_found_where_a_pipe_runs_through_it() -> None:
    def bar(picture: Picture, x: float, y: float, w: float, h: float) -> None:
        line(picture, (x + w / 2, y), (x + w / 2, y + h))

    (flange,) = make_templates([example("flange", bar, 4, 36)])
    picture = np.full((160, 700), 255, np.uint8)
    line(picture, (20, 65), (400, 65))
    bar(picture, 200, 47, 4, 36)
    bar(picture, 550, 47, 4, 36)  # a bar that stands alone
    finds, _ = find_all(picture, [flange])
    quality = [max((f.quality for f in finds if f.box[0] < x < f.box[2]), default=0.0) for x in (202, 552)]
    assert quality[0] > 0.6
    assert quality[1] < quality[0] - 0.2


def test_an_example_without_ink_says_so() -> None:
    blank = Example(kind="void", group="other", picture=np.full((40, 40), 255, np.uint8), box=(4, 4, 36, 36))
    with pytest.raises(InputError, match="void holds no strokes"):
        make_template(blank)


def test_arm_classes_survive_a_stretch() -> None:
    masks = []
    for w, h in ((60, 30), (60, 60), (120, 30)):
        picture = np.full((h + 20, w + 20), 255, np.uint8)
        bow_tie(picture, 10, 10, w, h)
        ink = np.asarray(picture < 160, np.uint8)
        anchors = find_anchors(primitives_of_mask(ink), 3.0, least_arm=8.0)
        corner = int(np.hypot(*(anchors.xy - 10.5).T).argmin())
        masks.append(int(anchors.wanted(np.eye(2))[corner]))
    assert masks[0] == masks[1] == masks[2] != 0


def test_lettering_patterns() -> None:
    words = [Word(id="w1", text="PT", box=(20, 10, 40, 20)), Word(id="w2", text="4711", box=(18, 30, 44, 40))]
    rows = rows_inside(words, (0, 0, 60, 50))
    assert rows == ("AA", "9999")
    assert agreement(rows, ("AAA", "999")) == 1.0
    assert agreement(rows, (pattern_of("RO-10"), "999")) < 0.9
    assert rows_inside(words, (100, 100, 160, 150)) == ()


def test_rows_of_loose_pieces_are_lettering_and_bars_are_not() -> None:
    ink = np.zeros((200, 400), np.uint8)
    for k in range(6):
        ink[50:68, 40 + 16 * k : 43 + 16 * k] = 1
        ink[50:53, 40 + 16 * k : 50 + 16 * k] = 1
    ink[120:160, 100:103] = ink[120:160, 112:115] = 1
    rows = find_rows(ink, 3.0)
    assert len(rows) == 1
    assert rows[0].tolist() == [40, 50, 130, 68]
