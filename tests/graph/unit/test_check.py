"""Checks: each planted fault is found, and a clean sheet has none."""

from __future__ import annotations

import pytest

from pid.drawing import Word
from pid.errors import InputError
from pid.graph.check import check_drawing, finding_rows, load_rules, with_checks
from pid.resources import data_path


def codes(unit):
    return [f.code for f in check_drawing(unit.drawing())]


def only(unit, code):
    """The one finding of a drawing, which has that code."""
    found = check_drawing(unit.drawing())
    assert [f.code for f in found] == [code]
    assert found[0].message.endswith(".")
    return found[0]


def test_clean_sheet_has_no_findings(unit):
    assert check_drawing(unit.drawing()) == ()


def test_dangling_end(unit):
    unit.drop(["c2"])
    finding = only(unit, "dangling-end")
    assert (finding.severity, finding.subjects) == ("warning", ("l8",))


def test_an_end_that_says_where_it_goes_does_not_dangle(unit):
    unit.drop(["c2"])
    unit.write("w1", "TO ATM", 3660, 490)
    assert codes(unit) == []


def test_duplicate_tag(unit):
    unit.change("v1", tag="FV 1002")
    finding = only(unit, "duplicate-tag")
    assert (finding.severity, set(finding.subjects)) == ("error", {"v1", "cv"})


def test_nozzles_share_names_on_different_equipment_only(unit):
    unit.put("n3", "nozzle", "nozzle", (2380, 990, 2400, 1010), "N1")
    assert "duplicate-tag" not in codes(unit)
    unit.change("n2", tag="N1")
    finding = next(f for f in check_drawing(unit.drawing()) if f.code == "duplicate-tag")
    assert set(finding.subjects) == {"n1", "n2"}


def test_sizes_are_no_tags(unit):
    unit.change("v1", tag='6"')
    unit.change("cv", tag='6"')
    assert "duplicate-tag" not in codes(unit)


@pytest.mark.parametrize(
    ("name", "tag"), [("psv", "LCV-1004"), ("p1", "E-101"), ("v1", "PSV-1001"), ("v1", "1LAB10AP001")]
)
def test_tag_letters(unit, name, tag):
    unit.change(name, tag=tag)
    found = [f for f in check_drawing(unit.drawing()) if f.code == "tag-letters"]
    assert [f.subjects for f in found] == [(name,)]


@pytest.mark.parametrize(
    ("number", "lacks"), [('4"-P-1002', "piping class"), ("1LAB10BR010", "size"), ("1LAB10BR010", "piping class")]
)
def test_line_number_without_size_or_class(unit, number, lacks):
    unit.change("l5", line_number=number)
    found = [f for f in check_drawing(unit.drawing()) if f.code == "line-number-incomplete"]
    assert any(f.subjects == ("l5",) and lacks in f.message for f in found)


def test_a_house_that_states_no_class_is_left_alone(unit):
    for i, line in enumerate([name for name in unit.lines if unit.lines[name].line_number]):
        unit.change(line, line_number=f'6"-P-20{i:02d}')
    assert "line-number-incomplete" not in codes(unit)


def test_control_valve_without_loop(unit):
    unit.drop(["ft", "fic", "s1", "s2", "impulse"])
    finding = only(unit, "control-valve-without-loop")
    assert finding.subjects == ("cv", "a1")


def test_a_hand_valve_needs_no_loop(unit):
    unit.drop(["ft", "fic", "s1", "s2", "impulse"])
    unit.change("cv", tag="HV-1002")
    unit.change("a1", kind="hand_actuator")
    assert codes(unit) == []


@pytest.mark.parametrize("attributes", [{"state": "normally_closed"}, {"fail_state": "LC"}])
def test_relief_path_blocked(unit, attributes):
    unit.change("l8", points=((3224, 490), (3300, 490)))
    unit.valve("block", 3300, 490, "HV-1009", attributes=attributes)
    unit.pipe("l9", (3330, 490), (3600, 490), number='2"-P-1004-A1A')
    finding = only(unit, "relief-path-blocked")
    assert (finding.severity, finding.subjects) == ("error", ("psv", "block"))


def test_open_block_valve_in_a_relief_path_is_no_fault(unit):
    unit.change("l8", points=((3224, 490), (3300, 490)))
    unit.valve("block", 3300, 490, "HV-1009", attributes={"fail_state": "LO"})
    unit.pipe("l9", (3330, 490), (3600, 490), number='2"-P-1004-A1A')
    assert codes(unit) == []


def test_size_change_without_reducer(unit):
    unit.drop(["r1"])
    unit.valve("v2", 2000, 1000, "HV-1007")
    finding = only(unit, "size-change-without-reducer")
    assert set(finding.subjects) == {"l4", "l5", "v2"}


def test_a_relief_valve_has_a_wider_outlet(unit):
    unit.change("l8", line_number='3"-P-1005-A1A')
    assert codes(unit) == []


def test_connector_without_number(unit):
    unit.change("c2", tag=None)
    assert only(unit, "connector-without-number").subjects == ("c2",)
    unit.write("w1", "FLARE", 3700, 440, owner="c2")
    assert codes(unit) == []


def test_flow_conflict(unit):
    unit.change("l6", direction="backward")  # into the pump's outlet
    finding = only(unit, "flow-conflict")
    assert "p1" in finding.subjects


def test_arrows_both_ways(unit):
    unit.change("l8", direction="both")
    assert only(unit, "flow-conflict").subjects == ("l8",)


def test_repairs_are_told(unit):
    unit.change("v1", attributes={"tag_read": "HV-1OO1"})
    unit.words["w1"] = Word(id="w1", text='4"-P-1OO2-A1A', box=(2100, 960, 2300, 980), owner="l5")
    found = check_drawing(unit.drawing())
    assert [(f.code, f.severity) for f in found] == [("tag-repaired", "info")] * 2
    assert {f.subjects for f in found} == {("v1",), ("w1", "l5")}


def test_findings_join_those_of_the_drawing_once(unit):
    unit.drop(["c2"])
    once = with_checks(unit.drawing())
    assert [f.code for f in once.findings] == ["dangling-end"]
    assert with_checks(once) == once


def test_rows_put_errors_first(unit):
    unit.drop(["c2"])
    unit.change("v1", tag="FV-1002")
    rows = finding_rows({"sheet": check_drawing(unit.drawing())})
    assert [row[0] for row in rows] == ["error", "warning"]


def test_rules_are_data(unit, tmp_path):
    text = data_path("rules", "checks.toml").read_text("utf-8")
    path = tmp_path / "checks.toml"
    path.write_text(text.replace("codes = []", 'codes = ["dangling-end"]'), encoding="utf-8")
    unit.drop(["c2"])
    assert check_drawing(unit.drawing(), rules=load_rules(path)) == ()
    path.write_text(text.replace('dangling-end = "warning"', 'dangling-end = "loud"'), encoding="utf-8")
    with pytest.raises(InputError, match="loud"):
        load_rules(path)
