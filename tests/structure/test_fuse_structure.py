from pid.drawing import Box, Group, Symbol
from pid.structure.fuse import ALONE, CONTRADICTED, drop_lone, fuse_structure


def symbol(name: str, box: Box, *, kind: str = "gate_valve", group: Group = "valve", score: float = 0.8) -> Symbol:
    by = ("shape",) if name.startswith("s") else ("structure",)
    return Symbol(id=name, kind=kind, group=group, box=box, score=score, found_by=by)  # type: ignore[arg-type]


def test_agreement_raises_and_both_are_named() -> None:
    (one,) = fuse_structure([symbol("s1", (0, 0, 60, 30))], [symbol("t1", (1, 0, 61, 30), score=0.7)])
    assert one.score > 0.9
    assert one.found_by == ("shape", "structure")
    assert one.id == "s1"
    assert one.box == (0.5, 0, 60.5, 30)


def test_disagreement_lowers_and_asks_for_review() -> None:
    pump = symbol("t1", (0, 0, 60, 60), kind="centrifugal_pump", group="pump", score=0.6)
    (one,) = fuse_structure([symbol("s1", (0, 0, 60, 60))], [pump])
    assert one.group == "valve"
    assert one.score < 0.8
    assert "centrifugal_pump" in str(one.attributes["review"])


def test_surer_structure_wins() -> None:
    pump = symbol("t1", (0, 0, 60, 60), kind="centrifugal_pump", group="pump", score=0.9)
    (one,) = fuse_structure([symbol("s1", (0, 0, 60, 60), score=0.4)], [pump])
    assert one.group == "pump"
    assert 0.4 < one.score < 0.9


def test_pieces_of_a_stretched_symbol_go() -> None:
    places = ((0, 0, 25, 30), (160, 0, 180, 30), (400, 0, 430, 30))
    pieces = [symbol(f"s{k}", box, score=0.7) for k, box in enumerate(places, 1)]
    found = fuse_structure(pieces, [symbol("t1", (0, 0, 180, 30))])
    assert {s.id for s in found} == {"t1", "s3"}


def test_vessels_keep_what_stands_in_them() -> None:
    drum = symbol("t1", (0, 0, 400, 800), kind="vertical_drum", group="vessel", score=0.9)
    bubble = symbol("s1", (100, 100, 160, 160), kind="instrument_discrete_field", group="instrument")
    assert {s.id for s in fuse_structure([bubble], [drum])} == {"t1", "s1"}


def test_one_witness_alone_stays_as_it_is() -> None:
    shapes = [symbol("s1", (0, 0, 60, 30))]
    assert fuse_structure(shapes, []) == tuple(shapes)
    assert fuse_structure([], shapes) == tuple(shapes)


def test_thin_bars_are_compared_with_their_length() -> None:
    bar = symbol("s1", (100, 0, 103, 60), kind="flange", group="fitting")
    found = fuse_structure([bar], [symbol("t1", (101, 0, 104, 60), kind="flange", group="fitting")])
    assert len(found) == 1


def test_what_one_witness_alone_was_not_sure_of_goes() -> None:
    both = symbol("s1", (0, 0, 60, 30), score=0.3).model_copy(update={"found_by": ("shape", "structure")})
    shapes = [symbol("s2", (100, 0, 160, 30), score=ALONE - 0.1), symbol("s3", (200, 0, 260, 30))]
    lone = [symbol("t1", (300, 0, 360, 30), score=ALONE - 0.1), symbol("t2", (400, 0, 460, 30), score=0.7)]
    assert [s.id for s in drop_lone([both, *shapes, *lone])] == ["s1", "s3", "t2"]


def test_what_both_saw_and_named_differently_stays_for_review() -> None:
    (one,) = fuse_structure(
        [symbol("s1", (0, 0, 60, 60), kind="nozzle_tag", group="nozzle", score=0.76)],
        [symbol("t1", (0, 0, 60, 60), kind="instrument_discrete_field", group="instrument", score=0.8)],
    )
    assert CONTRADICTED < one.score < ALONE
    assert drop_lone([one]) == (one,)
    assert drop_lone([one.model_copy(update={"score": CONTRADICTED - 0.01})]) == ()


def test_a_piece_that_structure_saw_in_a_surer_symbol_goes() -> None:
    found = fuse_structure([symbol("s1", (0, 0, 60, 60), score=0.9)], [symbol("t1", (5, 5, 30, 20), score=0.7)])
    assert [s.id for s in found] == ["s1"]


def test_neighbours_that_structure_took_for_one_stay_apart() -> None:
    nozzles = [symbol(f"s{k}", (50 * k, 0, 50 * k + 24, 47), kind="nozzle", group="nozzle", score=0.9) for k in (0, 1)]
    both = symbol("t1", (0, 0, 74, 50), kind="nozzle", group="nozzle", score=0.7)
    assert {s.id for s in fuse_structure(nozzles, [both])} == {"s0", "s1"}


def test_of_boxes_that_differ_the_surer_one_is_taken() -> None:
    (one,) = fuse_structure([symbol("s1", (0, 0, 60, 30), score=0.9)], [symbol("t1", (20, 0, 62, 30), score=0.6)])
    assert one.box == (0, 0, 60, 30)


def test_a_flange_that_structure_saw_as_one_with_its_valve_stays() -> None:
    valve = symbol("s1", (0, 0, 60, 30), score=0.85)
    flange = symbol("s2", (66, 0, 78, 30), kind="flange", group="fitting", score=0.53)
    both = symbol("t1", (0, 0, 78, 30), kind="gate_valve", score=0.62)
    found = {s.id: s for s in fuse_structure([valve, flange], [both])}
    assert found["s1"].box == valve.box
    assert found["s2"].score > ALONE
    assert found["s2"].found_by == ("shape", "structure")


def test_half_of_a_symbol_is_no_neighbour_of_it() -> None:
    most = symbol("s1", (0, 0, 60, 30), score=0.85)
    half = symbol("s2", (40, 0, 78, 30), score=0.53)
    whole = symbol("t1", (0, 0, 78, 30), score=0.62)
    assert {s.id for s in fuse_structure([most, half], [whole])} == {"s1"}
