"""Lettering as a witness for doubtful valves, and the ball valve with a dot in its ring."""

import cv2
import numpy as np
import pytest

from pid.detect.dotted_ball import name_dotted_balls
from pid.detect.tag_witness import witness_tags
from pid.drawing import Symbol, Word

VALVES = frozenset({"gate_valve", "butterfly_valve", "ball_valve"})


def _symbol(name: str, x: float, y: float, score: float, kind: str = "gate_valve", **more: object) -> Symbol:
    group = "valve" if kind in VALVES else "other"
    return Symbol(id=name, kind=kind, group=group, box=(x - 20, y - 10, x + 20, y + 10), score=score, attributes=more)  # type: ignore[arg-type]


def _tag(text: str, x: float, y: float) -> Word:
    return Word(id=text, text=text, box=(x - 32, y - 14, x + 32, y + 14))


def _witness(symbols: list[Symbol], words: list[Word]) -> dict[str, tuple[str, float]]:
    found = witness_tags(symbols, words, is_valve_tag=lambda t: t.startswith("V-"), valve_kinds=VALVES)
    return {s.id: (s.kind, round(s.score, 2)) for s in found}


def test_a_tag_raises_the_doubtful_valve_beside_it_and_no_other():
    found = _witness([_symbol("a", 100, 100, 0.5), _symbol("b", 400, 100, 0.5)], [_tag("V-1", 100, 72)])
    assert found == {"a": ("gate_valve", 0.8), "b": ("gate_valve", 0.5)}


def test_a_tag_that_a_sure_valve_claims_raises_nothing():
    found = _witness([_symbol("sure", 100, 100, 0.9), _symbol("doubtful", 100, 40, 0.5)], [_tag("V-1", 100, 70)])
    assert found["doubtful"] == ("gate_valve", 0.5)


def test_other_lettering_and_noise_raise_nothing():
    found = _witness(
        [_symbol("a", 100, 100, 0.5), _symbol("n", 300, 100, 0.1)], [_tag("100", 100, 72), _tag("V-2", 300, 72)]
    )
    assert found == {"a": ("gate_valve", 0.5), "n": ("gate_valve", 0.1)}


def test_what_was_also_taken_for_a_valve_becomes_one():
    mark = _symbol("m", 100, 100, 0.45, "slope_mark", runners_up=[["butterfly_valve", 0.3], ["gate_valve", 0.1]])
    assert _witness([mark], [_tag("V-1", 100, 72)]) == {"m": ("butterfly_valve", 0.78)}
    assert _witness([mark], [])["m"] == ("slope_mark", 0.45)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize(
    ("disc", "ring", "kind"), [(5, 9, "ball_valve"), (5, 0, "plug_valve"), (0, 9, "plug_valve"), (9, 0, "plug_valve")]
)
def test_a_dot_in_a_ring_is_a_ball_valve_and_either_alone_is_not(scale: int, disc: int, ring: int, kind: str):
    gray = np.full((100 * scale, 100 * scale), 255, np.uint8)
    c, w = 50 * scale, 2 * scale
    for side in (-1, 1):
        corners = [(c, c), (c + side * 21 * scale, c - 11 * scale), (c + side * 21 * scale, c + 11 * scale)]
        cv2.polylines(gray, [np.array(corners, np.int32)], True, 0, w)
    cv2.circle(gray, (c, c), (ring or 1) * scale, 255, -1)
    if ring:
        cv2.circle(gray, (c, c), ring * scale, 0, w)
    if disc:
        cv2.circle(gray, (c, c), disc * scale, 0, -1)
    box = tuple(float(v * scale) for v in (28, 38, 73, 61))
    (named,) = name_dotted_balls([Symbol(id="v", kind="plug_valve", group="valve", box=box)], gray)  # type: ignore[arg-type]
    assert named.kind == kind
