"""Cutting legends: every symbol under its name, clean, with its ports; the words are given, none are read here."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pid.drawing import Box, Word
from pid.errors import InputError
from pid.geometry import box_iou
from pid.structure.cut_example import Cutout
from pid.structure.legend import Legend, cut_legend
from pid.structure.letter_pieces import letters_only, pattern_of, with_lettering
from pid.synth.legend import LAYOUTS, DrawnLegend, draw_legend
from pid.synth.style import choose_style

KINDS = (
    "gate_valve", "globe_valve", "check_valve", "three_way_valve", "concentric_reducer", "flow_arrow",
    "instrument_discrete_field", "instrument_shared_panel", "centrifugal_pump", "y_strainer", "blind_flange",
    "angle_valve",
)  # fmt: skip
INK = 160


def words_of(legend: DrawnLegend) -> list[Word]:
    """The names as a reader would give them: word by word, boxes a little loose."""
    words = []
    for entry in legend.entries:
        x0, y0, x1, y1 = entry.name_box
        parts, step = entry.name.split(), (x1 - x0) / max(len(entry.name), 1)
        at = 0
        for part in parts:
            at = entry.name.index(part, at)
            box = (x0 + at * step - 2, y0 - 3, x0 + (at + len(part)) * step + 2, y1 + 3)
            words.append(Word(id=f"w{len(words)}", text=part, box=box, score=0.99))
    return words


def blank(width: int = 400, height: int = 300) -> NDArray[np.uint8]:
    return np.full((height, width), 255, np.uint8)


def write(picture: NDArray[np.uint8], text: str, at: tuple[int, int], size: float = 0.6) -> Word:
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 2)
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, 0, 2)
    box = (float(at[0] - 3), float(at[1] - height - 4), float(at[0] + width + 3), float(at[1] + 5))
    return Word(id=text, text=text, box=box, score=0.99)


def bow_tie(picture: NDArray[np.uint8], x: int, y: int, stub: int = 0) -> Box:
    """A gate valve with its middle at x, y, 60 x 40 px with its pen of 4, with stubs."""
    for side in (-1, 1):
        corners = np.array([(x, y), (x + 28 * side, y - 18), (x + 28 * side, y + 18)])
        cv2.polylines(picture, [corners], True, 0, 4)
        if stub:
            cv2.line(picture, (x + 28 * side, y), (x + (28 + stub) * side, y), 0, 4)
    return x - 30.0, y - 20.0, x + 31.0, y + 21.0


def names_and_boxes(legend: Legend) -> dict[str, Box]:
    return {entry.name.kind: entry.cutout.place for entry in legend.entries}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("pipes", [False, True])
def test_every_symbol_of_a_drawn_legend_is_cut_under_its_name(layout: str, pipes: bool) -> None:
    style = choose_style(np.random.default_rng(5), seed=5, family="generic", size="A1")
    drawn = draw_legend(KINDS, 5, style=style, layout=layout, pipes=pipes)  # type: ignore[arg-type]
    legend = cut_legend(drawn.picture, words_of(drawn))
    found = names_and_boxes(legend)
    assert sorted(found) == sorted(entry.name.replace(" ", "") for entry in drawn.entries)
    ious = [float(box_iou([e.box], [found[e.name.replace(" ", "")]])[0, 0]) for e in drawn.entries]
    assert np.mean(np.array(ious) > 0.8) >= 0.75
    assert not legend.empty
    assert not legend.unnamed


def test_stubs_become_ports_and_leave_the_box() -> None:
    picture = blank()
    body = bow_tie(picture, 120, 150, stub=12)
    words = [write(picture, "VALVE-1", (90, 100))]
    (entry,) = cut_legend(picture, words).entries
    assert entry.name.kind == "VALVE-1"
    assert float(box_iou([entry.cutout.place], [body])[0, 0]) > 0.9
    left, right = sorted(entry.cutout.ports)
    shift = entry.cutout.place[0] - entry.cutout.box[0]
    assert left == pytest.approx((90 - shift, entry.cutout.box[1] + 20, 180), abs=2.5)
    assert right == pytest.approx((151 - shift, entry.cutout.box[1] + 20, 0), abs=2.5)


def test_bars_and_outlines_are_no_stubs() -> None:
    picture = blank()
    bow_tie(picture, 120, 150)
    cv2.line(picture, (120, 120), (120, 180), 0, 4)  # a bar across, as long as the symbol is high and more
    cv2.circle(picture, (280, 150), 25, 0, 4)
    words = [write(picture, "A1", (110, 80)), write(picture, "B2", (270, 80))]
    legend = cut_legend(picture, words)
    heights = {e.name.kind: e.cutout.box[3] - e.cutout.box[1] for e in legend.entries}
    assert heights["A1"] == pytest.approx(64, abs=3)
    assert heights["B2"] == pytest.approx(54, abs=2)
    assert not next(e for e in legend.entries if e.name.kind == "B2").cutout.ports


def test_strays_at_the_edge_are_no_part_of_the_symbol() -> None:
    picture = blank()
    body = bow_tie(picture, 120, 150)
    cv2.rectangle(picture, (105, 118), (113, 122), 0, -1)  # feet of letters cut off
    cv2.rectangle(picture, (118, 118), (121, 122), 0, -1)
    words = [write(picture, "VALVE", (90, 90))]
    (entry,) = cut_legend(picture, words).entries
    assert float(box_iou([entry.cutout.place], [body])[0, 0]) > 0.95
    assert (entry.cutout.picture[:3] == 255).all()


def test_lettering_inside_belongs_to_the_symbol() -> None:
    picture = blank()
    cv2.circle(picture, (150, 170), 60, 0, 4)
    inside = [write(picture, "PT", (130, 160), 0.7), write(picture, "101", (122, 200), 0.7)]
    words = [write(picture, "FIELD", (110, 80)), write(picture, "INSTRUMENT", (170, 80)), *inside]
    legend = cut_legend(picture, words)
    (entry,) = legend.entries
    assert (entry.name.text, entry.name.kind) == ("FIELD INSTRUMENT", "FIELDINSTRUMENT")
    letters = letters_only((300, 400), [entry.cutout])
    assert letters is not None
    assert (letters[166:174, 85:215] == 255).all()  # nothing of the outline
    assert (letters[140:165, 130:160] < INK).any()
    lettered = with_lettering(entry.cutout, inside)
    assert lettered.lettering == ("AA", "999")
    for x0, y0, x1, y1 in lettered.text_boxes:
        assert 0 < x1 - x0 < 60
        assert 0 < y1 - y0 < 30
        assert (entry.cutout.picture[round(y0) : round(y1), round(x0) : round(x1)] < INK).any()


def test_marks_that_an_outline_is_read_as_are_no_lettering() -> None:
    assert pattern_of("RO-10") == "AA-99"
    assert pattern_of("p t 101") == "AA999"
    picture = blank()
    cv2.rectangle(picture, (90, 110), (210, 230), 0, 4)
    word = write(picture, "LG-10", (110, 175))
    name = write(picture, "BOX", (120, 80))
    (entry,) = cut_legend(picture, [name, word]).entries
    spoilt = word.model_copy(update={"text": "·LG-10)"})
    assert with_lettering(entry.cutout, [spoilt]).lettering == ("AA-99",)
    assert with_lettering(entry.cutout, [word.model_copy(update={"score": 0.3})]).lettering == ()


def test_headings_and_nameless_ink_are_reported() -> None:
    picture = blank(700, 500)
    bow_tie(picture, 120, 150)
    bow_tie(picture, 320, 150)
    bow_tie(picture, 600, 440)
    words = [write(picture, "LEGEND", (10, 30)), write(picture, "ONE", (100, 110)), write(picture, "TWO", (300, 110))]
    legend = cut_legend(picture, words)
    assert sorted(names_and_boxes(legend)) == ["ONE", "TWO"]
    assert [name.text for name in legend.empty] == ["LEGEND"]
    assert len(legend.unnamed) == 1


@pytest.mark.parametrize("words", [[], [Word(id="w", text="X", box=(0, 0, 5, 5), score=0.1)]])
def test_legends_without_names_or_ink_are_refused(words: Sequence[Word]) -> None:
    with pytest.raises(InputError, match="blank"):
        cut_legend(blank(), words)
    picture = blank()
    bow_tie(picture, 120, 150)
    with pytest.raises(InputError, match="No name was found"):
        cut_legend(picture, words)


def test_grey_paper_becomes_white() -> None:
    picture = blank()
    bow_tie(picture, 120, 150)
    words = [write(picture, "VALVE", (90, 90))]
    noisy = np.clip(
        picture * 0.55 + 70 + np.random.default_rng(0).normal(0, 3, picture.shape), 0, 255
    ).astype(np.uint8)  # fmt: skip
    (entry,) = cut_legend(noisy, words).entries
    cutout: Cutout = entry.cutout
    assert (cutout.picture == 255).mean() > 0.5
    assert cutout.picture.min() < 40
