"""DEXPI: what is written, that it keeps the schema's rules, and that a foreign program reads the same plant."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from pid.drawing import Drawing
from pid.errors import InputError
from pid.evaluate import read_truth
from pid.graph.build import build_graph
from pid.graph.dexpi import Loss, build_dexpi, loss_report_path, write_dexpi
from pid.graph.dexpi_plan import graph_pairs
from pid.graph.dexpi_read import read_dexpi
from pid.resources import data_path

from .foreign_dexpi import read_with_pydexpi
from .plant import NUMBER, make_plant

WHEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[3] / "shared" / "real" / "truth" / "dexpi-c01.json"
COMMON = {
    "Presentation", "Extent", "PersistentID", "Position", "Scale", "ConnectionPoints", "Label", "Text", "Association",
    "GenericAttributes", "PolyLine", "Shape", "Circle",
}  # fmt: skip
"""What every plant item may have; the schema wants it before what only some items may have."""
PLANT_ITEMS = {
    "Equipment", "Nozzle", "PipingComponent", "PipingNetworkSystem", "PipingNetworkSegment",
    "ProcessInstrumentationFunction", "ActuatingSystem", "ActuatingSystemComponent", "ActuatingFunction",
    "ProcessSignalGeneratingFunction", "InformationFlow", "InstrumentationLoopFunction", "MetaData",
}  # fmt: skip


def sheets() -> dict[str, Drawing]:
    found = {"plant": make_plant(), "sample": Drawing.read(data_path("samples", "truth", "sample.json"))}
    return found | ({"c01": read_truth(REAL).drawing} if REAL.exists() else {})


@pytest.fixture(scope="module", params=["plant", "sample", "c01"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Drawing, Path, set]:
    drawing = sheets().get(request.param)
    if drawing is None:
        pytest.skip(f"{REAL} is not here")
    path = tmp_path_factory.mktemp("dexpi") / "sheet.xml"
    losses = write_dexpi(drawing, build_graph(drawing), path, written_at=WHEN)
    return drawing, path, {frozenset(loss.id.split("|")) for loss in losses if loss.part == "connection"}


def test_pydexpi_reads_the_same_plant(written: tuple[Drawing, Path, set]) -> None:
    drawing, path, lost = written
    foreign = read_with_pydexpi(path)
    assert foreign.complaints == []
    graph = build_graph(drawing)
    drawn = {s.id for s in drawing.symbols}
    assert foreign.pairs(drawn) == graph_pairs(graph) - lost
    not_plant = {s.id for s in drawing.symbols if s.group in ("flow_arrow", "other", "connector")}
    assert drawn - not_plant <= foreign.classes.keys()
    by_id = {s.id: s for s in drawing.symbols}
    for name in drawn & foreign.tags.keys():
        if by_id[name].group in ("vessel", "pump", "nozzle", "valve", "fitting"):
            assert foreign.tags[name] == (by_id[name].tag or None)


def test_own_reader_gives_back_the_drawing(written: tuple[Drawing, Path, set]) -> None:
    drawing, path, lost = written
    back = read_dexpi(path)
    assert (back.source, back.sheet) == (drawing.source, drawing.sheet)
    assert {s.id for s in back.symbols} == {s.id for s in drawing.symbols}
    mine = {s.id: s for s in drawing.symbols}
    for symbol in back.symbols:
        want = mine[symbol.id]
        assert symbol.box == pytest.approx(want.box, abs=1e-3)
        same = symbol.model_copy(update={"box": want.box, "ports": want.ports})
        assert same == want.model_copy(update={"tag": want.tag or None})
    lines = {line.id: line for line in back.lines}
    for line in drawing.lines:
        found = lines.pop(line.id)
        ways = [(line.points, line.direction)]
        turned = {"forward": "backward", "backward": "forward"}.get(line.direction, line.direction)
        ways.append((line.points[::-1], turned))
        assert any(
            found.direction == way
            and [x for p in found.points for x in p] == pytest.approx([x for p in points for x in p])
            for points, way in ways
        )
        assert (found.kind, found.style, found.line_number) == (line.kind, line.style, line.line_number or None)
    assert not lines
    words = {word.id: word for word in back.words}
    assert words.keys() == {word.id for word in drawing.words}
    for word in drawing.words:
        assert words[word.id].box == pytest.approx(word.box, abs=1e-3)
        assert words[word.id].model_copy(update={"box": word.box}) == word
    assert {frozenset((c.a, c.b)) for c in back.connections} == graph_pairs(build_graph(drawing)) - lost


def test_schema_rules_hold(written: tuple[Drawing, Path, set]) -> None:
    """The rules of the Proteus schema 4.1 that concern what is written: order, counts, ids and references."""
    model = etree.parse(written[1]).getroot()
    assert [child.tag for child in model][:1] == ["PlantInformation"]
    ids = [element.get("ID") for element in model.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    for element in model.iter():
        for key in ("ItemID", "FromID", "ToID"):
            assert element.get(key) is None or element.get(key) in ids, (element.tag, key, element.get(key))
        if element.tag in PLANT_ITEMS:
            assert element.get("ID")
            own = [child.tag in COMMON for child in element]
            assert own == sorted(own, reverse=True), (element.tag, [child.tag for child in element])
        if element.tag in ("PolyLine", "CenterLine", "Shape"):
            assert int(element.get("NumPoints")) == len(element.findall("Coordinate"))
            order = [child.tag for child in element]
            wanted = ["Presentation", "Coordinate", "PersistentID", "GenericAttributes"]
            assert order == sorted(order, key=wanted.index)
        if element.tag == "ConnectionPoints":
            nodes = element.findall("Node")
            assert int(element.get("NumPoints")) == len(nodes)
            assert all(len(node) for node in nodes)
            for key in ("FlowIn", "FlowOut"):
                assert 1 <= int(element.get(key, "1")) < len(nodes) or len(nodes) == 1
        if element.tag == "GenericAttributes":
            assert int(element.get("Number")) == len(element) > 0


@pytest.fixture(scope="module")
def plant() -> tuple[etree._Element, tuple[Loss, ...]]:
    drawing = make_plant()
    return build_dexpi(drawing, build_graph(drawing), written_at=WHEN)


def test_what_becomes_of_the_small_plant(plant: tuple[etree._Element, tuple[Loss, ...]]) -> None:
    model, _ = plant

    def one(path: str) -> etree._Element:
        (found,) = model.xpath(path)
        return found

    assert one("Equipment[@ID='tank']/Nozzle/@ID") == "n1"
    assert len(model.xpath("Equipment[@ID='pump']/Nozzle")) == 2  # implied: nobody drew them
    assert {s.get("TagName") for s in model.iter("PipingNetworkSystem")} == {NUMBER, "0050-P-1002-A1", None}
    run = one("//PipingComponent[@ID='hv']/..")
    assert [e.get("ID") for e in run if e.tag in ("CenterLine", "PipingComponent")][:3] == ["a", "hv", "b"]
    assert one("//PipingComponent[@ID='hv']/ConnectionPoints/@FlowIn") == "1"
    assert one("//PipingComponent[@ID='hv']/ConnectionPoints/@FlowOut") == "2"
    assert not model.xpath("//PipingComponent[@ID='red']/ConnectionPoints/@FlowIn")  # nobody knows which way
    tee = one("//PipingComponent[@ComponentClass='PipeTee']")
    sensing = one("//ProcessInstrumentationFunction[@ID='pt']/ProcessSignalGeneratingFunction")
    assert one(f"//*[@ID='{sensing.get('ID')}']/Association[@Type='is located in']/@ItemID") == tee.get("ID")
    system = one("ActuatingSystem")
    assert system.xpath("ActuatingSystemComponent/@ComponentClass") == ["ControlledActuator", "OperatedValveReference"]
    assert system.xpath("ActuatingSystemComponent/Association/@ItemID") == ["cv"]
    assert sorted(one("InstrumentationLoopFunction").xpath("Association/@ItemID")) == ["pic", "pt"]
    assert one("//PipeOffPageConnector[@ID='off']/@ComponentClass") == "FlowOutPipeOffPageConnector"
    assert "PID-0002-001" in one("//PipeOffPageConnectorReference//@Value")
    assert one("//PipeFlowArrow[@ID='arrow']/..").tag == "PipingNetworkSegment"
    assert one("MetaData//GenericAttribute[@Name='DrawingNumberAssignmentClass']/@Value") == "PID-0001-001"
    assert one("//PipingComponent[@ID='hv']/Label[@ID='w1']/Text/@String") == "HV-1"
    assert one("//PipingComponent[@ID='hv']/PersistentID/@Identifier") == "hv"
    assert model.xpath("ShapeCatalogue/PipingComponent[@ComponentName='GATE_VALVE_SHAPE']")


def test_losses_are_named(plant: tuple[etree._Element, tuple[Loss, ...]], tmp_path: Path) -> None:
    _, losses = plant
    found = {(loss.part, loss.id): loss.kept for loss in losses}
    assert found["table", "t1"] is False
    assert found["finding", "finding0"] is False
    assert found["title_block", "title_block"] is False
    assert found["symbol", "chk"] is True  # DEXPI has no stop check valve
    assert found["symbol", "odd"] is True
    assert found["symbol", "earth"] is True
    assert found["symbol", "pump-nozzle1"] is True
    assert ("symbol", "hv") not in found
    drawing = make_plant()
    write_dexpi(drawing, build_graph(drawing), tmp_path / "p.xml", written_at=WHEN)
    report = json.loads(loss_report_path(tmp_path / "p.xml").read_text())
    assert {loss["id"] for loss in report["losses"]} == {loss.id for loss in losses}
    assert all(loss["reason"] for loss in report["losses"])


def test_ids_that_xml_does_not_allow_come_back(tmp_path: Path) -> None:
    plant = make_plant()
    text = plant.to_json().replace('"hv"', '"1 valve/ü"').replace('"cv"', '"1 valve_ü"')
    drawing = Drawing.from_json(text)
    write_dexpi(drawing, build_graph(drawing), tmp_path / "p.xml")
    back = read_dexpi(tmp_path / "p.xml")
    assert {"1 valve/ü", "1 valve_ü"} <= {s.id for s in back.symbols}
    assert len(back.connections) == len(read_dexpi_of(plant, tmp_path).connections)


def read_dexpi_of(drawing: Drawing, folder: Path) -> Drawing:
    write_dexpi(drawing, build_graph(drawing), folder / "q.xml")
    return read_dexpi(folder / "q.xml")


def test_blank_sheet_and_unwritable_place(tmp_path: Path) -> None:
    plant = make_plant()
    blank = Drawing(source=plant.source, sheet=plant.sheet)
    assert read_dexpi_of(blank, tmp_path) == blank
    with pytest.raises(InputError, match="cannot be written"):
        write_dexpi(blank, build_graph(blank), tmp_path / "none" / "p.xml")
