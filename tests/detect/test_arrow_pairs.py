"""Two arrows head to head are no valve where the sheet's sizes say so."""

from __future__ import annotations

from pid.detect.arrow_pairs import part_arrows
from pid.drawing import Box, Group, Symbol


def symbol(name: str, group: Group, box: Box, *, both: bool = True) -> Symbol:
    kind = "flow_arrow" if group == "flow_arrow" else "gate_valve"
    by = ("shape", "structure") if both else ("shape",)
    return Symbol(id=name, kind=kind, group=group, box=box, score=0.9, found_by=by)  # type: ignore[arg-type]


ARROWS = [symbol(f"f{k}", "flow_arrow", (100.0 * k, 0, 100.0 * k + 20, 13)) for k in range(4)]
VALVES = [symbol(f"v{k}", "valve", (100.0 * k, 100, 100.0 * k + 51, 126)) for k in range(4)]


def test_a_valve_of_two_arrows_size_is_two_arrows_that_point_at_each_other() -> None:
    pair = symbol("p", "valve", (500, 200, 538, 213), both=False)
    *_, a, b = part_arrows([*ARROWS, *VALVES, pair])
    assert [(s.group, s.box, s.rotation) for s in (a, b)] == [
        ("flow_arrow", (500, 200, 519, 213), 0.0),
        ("flow_arrow", (519, 200, 538, 213), 180.0),
    ]
    upright = symbol("p", "valve", (500, 200, 513, 238), both=False)
    *_, a, b = part_arrows([*ARROWS, *VALVES, upright])
    assert [s.rotation for s in (a, b)] == [270.0, 90.0]


def test_other_sizes_and_what_both_witnesses_saw_stay() -> None:
    usual = symbol("p", "valve", (500, 200, 551, 226), both=False)
    agreed = symbol("p", "valve", (500, 200, 538, 213))
    for valve in (usual, agreed):
        assert part_arrows([*ARROWS, *VALVES, valve])[-1] == valve


def test_without_arrows_to_compare_with_nothing_is_parted() -> None:
    pair = symbol("p", "valve", (500, 200, 538, 213), both=False)
    assert part_arrows([*ARROWS[:2], *VALVES, pair])[-1] == pair
