"""What the graph knows beyond lines: flows, operators, process connections, loops and the line list."""

from __future__ import annotations

import pytest

from pid.graph.build import build_graph
from pid.graph.flow import infer_flows
from pid.graph.flow_evidence import find_evidence
from pid.graph.loops import loop_number
from pid.graph.piping import Piping
from pid.graph.plant_reading import read_plant
from pid.graph.runs import line_runs


def flows(unit):
    """Line -> (sense, confidence, source) of a drawing."""
    drawing = unit.drawing()
    piping = Piping.of(drawing)
    found, conflicts = infer_flows(piping, find_evidence(piping, drawing.words))
    return {piping.lines[i].id: (f.sense, f.confidence, f.source) for i, f in found.items()}, conflicts


def test_flow_runs_through_parts_and_past_branches(unit):
    found, conflicts = flows(unit)
    assert conflicts == ()
    assert {name: sense for name, (sense, _, _) in found.items()} == dict.fromkeys(
        ("l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8"), 1
    )
    assert found["l1"][2] == "arrow"
    assert found["l2"][2] == "along the pipe"
    assert found["l2"][1] > found["l3"][1]  # less certain past the tapping


def test_nothing_is_invented(unit):
    unit.drop(["c1", "p1", "psv", "c2"])
    unit.change("l1", direction="unknown")
    found, _ = flows(unit)
    assert found == {}
    graph = build_graph(unit.drawing())
    assert {d["flow"] for *_, d in graph.edges(data=True) if d["edge"] == "line"} == {"unknown"}
    assert {d["flow_confidence"] for *_, d in graph.edges(data=True) if d["edge"] == "line"} == {0.0}


def test_lettering_beats_the_flag(unit):
    unit.change("l1", direction="unknown")
    unit.drop(["p1", "psv", "c2"])
    assert flows(unit)[0]["l1"][0] == 1  # the flag points into the sheet
    unit.write("w1", "TO TANK FARM", 360, 940, owner="c1")
    assert flows(unit)[0]["l1"][0] == -1


@pytest.mark.parametrize(("mirrored", "sense"), [(False, 1), (True, -1)])
def test_check_valve_shows_the_way(unit, mirrored, sense):
    unit.change("l1", direction="unknown")
    unit.drop(["c1", "p1", "psv", "c2"])
    unit.change("v1", kind="check_valve", mirrored=mirrored)
    assert flows(unit)[0]["l1"][0] == sense


def test_last_arm_of_a_joint(unit):
    unit.drop(list(unit.symbols) + list(unit.lines))
    unit.pipe("in1", (500, 1000), (1000, 1000), direction="forward")
    unit.pipe("in2", (1500, 1000), (1000, 1000), direction="forward")
    unit.pipe("out", (1000, 1000), (1000, 1500))
    found, conflicts = flows(unit)
    assert found["out"][0] == 1
    assert conflicts == ()  # two feeds that meet are no contradiction


def test_contradicting_signs_are_a_conflict_and_the_doubtful_pipe_stays_unknown(unit):
    unit.drop(list(unit.symbols) + list(unit.lines))
    unit.pipe("a", (500, 1000), (1000, 1000), direction="forward")
    unit.valve("v", 1000, 1000)
    unit.pipe("b", (1030, 1000), (1500, 1000), direction="backward")
    found, conflicts = flows(unit)
    assert len(conflicts) == 1
    assert len(found) < 2


def test_graph_attributes(unit):
    graph = build_graph(unit.drawing())
    assert graph.nodes["a1"]["operates"] == "cv"
    assert graph.nodes["n1"]["stands_on"] == "d1"
    assert graph.nodes["ft"]["measures"] in ("l2", "l3")
    assert graph.nodes["ft"]["measures_found"] == "line"
    assert graph.nodes["ft"]["loop"] == graph.nodes["fic"]["loop"] == graph.nodes["cv"]["loop"]
    edge = next(d for *_, key, d in graph.edges(keys=True, data=True) if key == "l5")
    assert (edge["size"], edge["service"], edge["number"], edge["spec"]) == ('4"', "P", "1002", "A1A")
    assert (edge["flow"], edge["directed"]) == ("forward", False)
    assert [run["number"] for run in graph.graph["runs"]] == sorted(run["number"] for run in graph.graph["runs"])


def test_edges_run_as_drawn_and_flow_says_the_way(unit):
    unit.change("l1", direction="backward")
    graph = build_graph(unit.drawing())
    (edge,) = [(a, b, d) for a, b, key, d in graph.edges(keys=True, data=True) if key == "l1"]
    assert edge[:2] == ("v1", "c1")
    assert (edge[2]["flow"], edge[2]["directed"]) == ("forward", True)


def test_a_loose_balloon_measures_what_it_stands_beside(unit):
    unit.drop(["impulse", "s1"])
    unit.change("ft", box=(1270, 925, 1330, 985))
    (found,) = [m for m in read_plant(unit.drawing()).measured if m.instrument == "ft"]
    assert (found.target, found.found) in (("l2", "place"), ("l3", "place"))
    assert found.confidence <= 0.5


def test_a_leader_names_the_part(unit):
    unit.bubble("tag", 1015, 900, "HV-1001")
    unit.signal("leader", (1015, 930), (1015, 988), style="solid")
    (found,) = [m for m in read_plant(unit.drawing()).measured if m.instrument == "tag"]
    assert (found.target, found.found) == ("v1", "leader")


def test_balloons_on_one_pipe_are_not_one_loop(unit):
    unit.bubble("pt", 1150, 800, "PT-1009")
    unit.pipe("tap", (1150, 830), (1150, 1000))
    unit.change("l2", points=((1030, 1000), (1150, 1000)))
    unit.pipe("l2b", (1150, 1000), (1300, 1000))
    loops = read_plant(unit.drawing()).loops
    (pressure,) = [loop for loop in loops if "pt" in loop.members]
    assert pressure.members == ("pt",)
    assert pressure.number == "P-1009"


def test_positioner_operates_the_valve_of_its_actuator(unit):
    unit.put("pos", "positioner_actuator", "actuator", (1595, 890, 1635, 930), None)
    unit.drop(["s2"])
    assert read_plant(unit.drawing()).operators == {"a1": "cv", "pos": "cv"}


@pytest.mark.parametrize(
    ("tag", "number"),
    [
        ("PIC-92538", "P-92538"), ("PT 92538A", "P-92538"), ("PV92538", "P-92538"), ("23-PDT-92502", "P-92502"),
        ("PICSA 4712.02", "P-4712.02"), ("TW/TI 35463", "T-35463"), ("E", None), (None, None),
    ],
)  # fmt: skip
def test_loop_number(tag, number):
    assert loop_number(tag) == number


def test_line_list(unit):
    runs = {run.number: run for run in line_runs(unit.drawing())}
    feed = runs['6"-P-1001-A1A']
    assert (feed.start.name, feed.stop.name, feed.directed) == ("D-100-002", '4"-P-1002-A1A', True)
    assert set(feed.lines) == {"l1", "l2", "l3", "l4"}
    assert (feed.size, feed.service, feed.sequence, feed.spec) == ('6"', "P", "1001", "A1A")
    assert {"v1", "cv", "r1"} <= set(feed.symbols)
    assert [end.symbol for end in feed.branches] == []
    suction, discharge = runs['4"-P-1002-A1A'], runs['4"-P-1003-A1A']
    assert suction.stop.name == discharge.start.name == "P-101"
    assert discharge.stop.name == "V-201 N1"
    relief = runs['2"-P-1004-A1A']
    assert (relief.start.name, relief.stop.name) == ("V-201 N2", "D-100-003")
    assert relief.length_px == pytest.approx(160 + 376)


def test_line_list_without_flow_is_not_directed(unit):
    unit.drop(["c1", "psv", "p1"])
    unit.change("c2", kind="utility_connector")
    unit.change("l1", direction="unknown")
    assert not any(run.directed for run in line_runs(unit.drawing()))
