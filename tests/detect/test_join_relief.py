"""Body and spring of a safety valve are one symbol where a witness saw it whole."""

from __future__ import annotations

from pid.detect.join_relief import join_relief
from pid.drawing import Box, Group, Symbol


def symbol(name: str, kind: str, group: Group, box: Box, score: float) -> Symbol:
    return Symbol(id=name, kind=kind, group=group, box=box, score=score)


BODY = symbol("s1", "angle_valve", "valve", (0, 60, 50, 110), 0.99)
SPRING = symbol("s2", "spring_actuator", "actuator", (15, 0, 45, 62), 0.7)
WHOLE = symbol("s9", "psv", "valve", (0, 0, 50, 110), 0.5)
FAR = symbol("s3", "gate_valve", "valve", (400, 60, 450, 110), 0.9)


def test_body_and_spring_become_the_valve_that_was_seen_whole() -> None:
    joined, far = join_relief([BODY, SPRING, FAR], [BODY, SPRING, WHOLE])
    assert (joined.id, joined.kind, joined.box, joined.score) == ("s1", "psv", WHOLE.box, SPRING.score)
    assert far == FAR


def test_without_such_a_witness_they_stay_two() -> None:
    assert join_relief([BODY, SPRING], [BODY, SPRING]) == (BODY, SPRING)
    elsewhere = WHOLE.model_copy(update={"box": (200, 0, 250, 110)})
    assert join_relief([BODY, SPRING], [elsewhere]) == (BODY, SPRING)
