"""Files of other programs: what a Proteus file says in ways that ours do not."""

from pathlib import Path

import pytest

from pid.errors import InputError
from pid.graph.dexpi_read import FOREIGN_WIDTH_PX, read_dexpi

PLACE = (
    '<Position><Location X="{x}" Y="{y}" Z="0"/><Axis X="0" Y="0" Z="1"/><Reference X="{c}" Y="{s}" Z="0"/></Position>'
)


def at(x: float, y: float, c: int = 1, s: int = 0, scale: float = 1.0) -> str:
    return PLACE.format(x=x, y=y, c=c, s=s) + f'<Scale X="{scale}" Y="{scale}"/>'


def line(*points: tuple[float, float]) -> str:
    inner = "".join(f'<Coordinate X="{x}" Y="{y}"/>' for x, y in points)
    return f'<CenterLine NumPoints="{len(points)}"><Presentation LineType="0"/>{inner}</CenterLine>'


def attribute(name: str, value: str) -> str:
    inner = f'<GenericAttribute Name="{name}" Value="{value}"/>'
    return f'<GenericAttributes Set="DexpiAttributes">{inner}</GenericAttributes>'


# A model as CAE programs export it: shapes in a catalogue, no extents of items, lines without ids, a chamber without
# graphics in its tank, a nozzle without graphics, a tee, a segment that is sensed, and a namespace.
MODEL = f"""<?xml version="1.0" encoding="utf-8"?>
<PlantModel xmlns="http://www.example.org/proteus">
  <PlantInformation SchemaVersion="4.1.1" Units="mm" Discipline="PID"/>
  <Extent><Min X="0" Y="0"/><Max X="400" Y="200"/></Extent>
  <Drawing Name="D" Type="PID"><Presentation/>
    <Text String="NOTES" Font="Calibri" Height="3" Width="0" Justification="CenterCenter">{at(300, 150)}</Text>
  </Drawing>
  <ShapeCatalogue Name="S">
    <Equipment ID="s1" ComponentName="TANK"><PolyLine NumPoints="2"><Coordinate X="-10" Y="-5"/>
      <Coordinate X="10" Y="5"/></PolyLine></Equipment>
    <PipingComponent ID="s2" ComponentName="VALVE"><Shape NumPoints="3"><Coordinate X="-4" Y="-2"/>
      <Coordinate X="4" Y="2"/><Coordinate X="4" Y="-2"/></Shape></PipingComponent>
    <ProcessInstrumentationFunction ID="s3" ComponentName="BUBBLE"><Circle Radius="5">{at(0, 0)}</Circle>
    </ProcessInstrumentationFunction>
    <Nozzle ID="s4" ComponentName="STUB"><TrimmedCurve StartAngle="0" EndAngle="90"><Circle Radius="2">{at(0, 0)}
      </Circle></TrimmedCurve></Nozzle>
  </ShapeCatalogue>
  <Equipment ID="Tank-1" ComponentClass="Tank" ComponentName="TANK">{at(50, 100)}
    {attribute("TagNameAssignmentClass", "T4750")}
    <Label ID="TagLabel-1"><Text String="T4750" Font="Calibri" Height="4" Width="0" Justification="LeftBottom">
      {at(45, 120)}</Text></Label>
    <Equipment ID="Chamber-1" ComponentClass="Chamber"><Nozzle ID="Nozzle-2" ComponentClass="Nozzle"/></Equipment>
    <Nozzle ID="Nozzle-1" ComponentClass="Nozzle" ComponentName="STUB">{at(60, 100)}</Nozzle>
  </Equipment>
  <PipingNetworkSystem ID="Sys-1" ComponentClass="PipingNetworkSystem">
    {attribute("LineNumberAssignmentClass", "47121")}
    <PipingNetworkSegment ID="Seg-1" ComponentClass="PipingNetworkSegment">
      {line((62, 100), (96, 100))}
      <PipingComponent ID="V-1" ComponentClass="BallValve" ComponentName="VALVE">{at(100, 100, scale=0.5)}
        {attribute("PipingComponentNumberAssignmentClass", "C1")}</PipingComponent>
      {line((104, 100), (150, 100))}
      <PipingComponent ID="PipeTee-1" ComponentClass="PipeTee" ComponentName="VALVE">{at(150, 100)}</PipingComponent>
      <Connection FromID="Nozzle-1" FromNode="1" ToID="PipeTee-1" ToNode="1"/>
    </PipingNetworkSegment>
    <PipingNetworkSegment ID="Seg-2" ComponentClass="PipingNetworkSegment">
      {line((150, 100), (150, 56))}
      <PipingComponent ID="V-2" ComponentClass="GlobeValve" ComponentName="VALVE">{at(150, 50, 0, 1)}</PipingComponent>
      <PipingComponent ID="F-1" ComponentClass="BlindFlange" ComponentName="VALVE">{at(150, 40)}</PipingComponent>
      <Connection FromID="PipeTee-1" FromNode="3" ToID="F-1" ToNode="1"/>
    </PipingNetworkSegment>
    <PipingNetworkSegment ID="Seg-3" ComponentClass="PipingNetworkSegment">
      {line((150, 100), (200, 100))}
      <PipeOffPageConnector ID="Out-1" ComponentClass="FlowOutPipeOffPageConnector" ComponentName="VALVE">
        {at(204, 100)}</PipeOffPageConnector>
      <Connection FromID="PipeTee-1" FromNode="2" ToID="Out-1" ToNode="1"/>
    </PipingNetworkSegment>
    <PipingNetworkSegment ID="Seg-4" ComponentClass="PipingNetworkSegment">
      {line((40, 95), (40, 60))}
      <PipingComponent ID="V-3" ComponentClass="GateValve" ComponentName="VALVE">{at(40, 56, 0, 1)}</PipingComponent>
      <Connection FromID="Nozzle-2" ToID="V-3"/>
    </PipingNetworkSegment>
  </PipingNetworkSystem>
  <ActuatingSystem ID="AS-1"><ActuatingSystemComponent ID="A-1" ComponentClass="ControlledActuator"
    ComponentName="BUBBLE">{at(160, 50)}</ActuatingSystemComponent>
    <ActuatingSystemComponent ID="R-1" ComponentClass="OperatedValveReference">
      <Association Type="refers to" ItemID="V-2"/></ActuatingSystemComponent></ActuatingSystem>
  <ProcessInstrumentationFunction ID="PIC" ComponentClass="ProcessInstrumentationFunction" ComponentName="BUBBLE">
    {at(180, 150)}
    <GenericAttributes Set="DexpiAttributes">
      <GenericAttribute Name="ProcessInstrumentationFunctionCategoryAssignmentClass" Value="P"/>
      <GenericAttribute Name="ProcessInstrumentationFunctionsAssignmentClass" Value="IC"/>
      <GenericAttribute Name="ProcessInstrumentationFunctionNumberAssignmentClass" Value="4712.02"/>
    </GenericAttributes>
    <ActuatingFunction ID="AF-1"><Association Type="is fulfilled by" ItemID="AS-1"/></ActuatingFunction>
    <ProcessSignalGeneratingFunction ID="G-1"><Association Type="is located in" ItemID="Seg-3"/>
    </ProcessSignalGeneratingFunction>
    <InformationFlow ID="IF-1" ComponentClass="MeasuringLineFunction">
      <Association Type="has logical start" ItemID="G-1"/><Association Type="has logical end" ItemID="PIC"/>
      {line((180, 100), (180, 145))}</InformationFlow>
    <InformationFlow ID="IF-2" ComponentClass="SignalLineFunction">
      <Association Type="has logical start" ItemID="PIC"/><Association Type="has logical end" ItemID="AF-1"/>
      <CenterLine NumPoints="2"><Presentation LineType="2"/><Coordinate X="180" Y="145"/><Coordinate X="160" Y="55"/>
      </CenterLine></InformationFlow>
  </ProcessInstrumentationFunction>
</PlantModel>
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.xml"
    file.write_text(MODEL, encoding="utf-8")
    return file


def test_sheet_and_symbols_of_a_foreign_model(path: Path) -> None:
    drawing = read_dexpi(path)
    k = FOREIGN_WIDTH_PX / 400
    assert (drawing.sheet.width, drawing.sheet.height, drawing.sheet.px_per_mm) == (5000, 2500, k)
    symbols = {s.id: s for s in drawing.symbols}
    assert symbols.keys() == {"Tank-1", "Nozzle-1", "V-1", "V-2", "V-3", "F-1", "Out-1", "A-1", "PIC"}
    groups = {name: s.group for name, s in symbols.items()}
    assert groups["Tank-1"] == "vessel"
    assert (groups["V-1"], groups["F-1"], groups["Out-1"], groups["A-1"]) == (
        "valve",
        "fitting",
        "connector",
        "actuator",
    )
    assert (symbols["V-1"].kind, symbols["F-1"].kind) == ("ball_valve", "blind_flange")
    assert symbols["Tank-1"].box == pytest.approx((40 * k, 95 * k, 60 * k, 105 * k))
    assert symbols["V-1"].box == pytest.approx((98 * k, 99 * k, 102 * k, 101 * k))
    assert symbols["V-2"].box == pytest.approx((148 * k, 146 * k, 152 * k, 154 * k))  # turned, y down
    assert symbols["V-2"].rotation == 90
    assert symbols["Nozzle-1"].box == pytest.approx((60 * k, 98 * k, 62 * k, 100 * k), abs=0.01)
    assert (symbols["Tank-1"].tag, symbols["PIC"].tag) == ("T4750", "PIC 4712.02")
    x, y = symbols["V-1"].box[:2]
    (a, _, c), (_, e, f), _ = drawing.sheet.to_source
    assert (a * x + c, e * y + f) == pytest.approx((98, 101))


def test_topology_of_a_foreign_model(path: Path) -> None:
    drawing = read_dexpi(path)
    pairs = {frozenset((c.a, c.b)): c for c in drawing.connections}
    tee = [("V-1", "V-2"), ("V-1", "Out-1"), ("V-2", "Out-1")]
    tapped = [("PIC", "Out-1"), ("PIC", "V-1"), ("PIC", "V-2")]  # senses a segment that the tee is an end of
    others = [("Nozzle-1", "V-1"), ("V-2", "F-1"), ("Tank-1", "V-3"), ("PIC", "A-1"), ("A-1", "V-2")]
    assert pairs.keys() == {frozenset(pair) for pair in [*tee, *tapped, *others]}
    assert pairs[frozenset(("PIC", "A-1"))].kind == "signal"
    assert pairs[frozenset(("V-2", "F-1"))].lines == ()
    assert len(pairs[frozenset(("Nozzle-1", "V-1"))].lines) == 1


def test_lines_and_words_of_a_foreign_model(path: Path) -> None:
    drawing = read_dexpi(path)
    assert len(drawing.lines) == 7
    assert {line.line_number for line in drawing.lines if line.kind == "process"} == {"47121"}
    assert [line.style for line in drawing.lines if line.kind == "signal"] == ["solid", "dashed"]
    assert {w.text: w.owner for w in drawing.words} == {"NOTES": None, "T4750": "Tank-1"}
    notes = next(w for w in drawing.words if w.text == "NOTES")
    k = FOREIGN_WIDTH_PX / 400
    assert (notes.box[0] + notes.box[2]) / 2 == pytest.approx(300 * k)
    assert notes.box[3] - notes.box[1] == pytest.approx(3 * k)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<PlantModel", "is not well-formed XML"),
        ("<svg/>", "is not a Proteus file"),
        ("<PlantModel/>", "has no graphics"),
        (
            '<PlantModel><Extent><Min X="0" Y="0"/><Max X="1" Y="100"/></Extent></PlantModel>',
            "has a drawing of an odd shape",
        ),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><PlantModel>&b;</PlantModel>', "has no graphics"),
    ],
)
def test_bad_files_are_one_sentence(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "bad.xml").write_text(text)
    with pytest.raises(InputError, match=rf"bad.xml {reason}.*\.$"):
        read_dexpi(tmp_path / "bad.xml")
    with pytest.raises(InputError, match="cannot be read"):
        read_dexpi(tmp_path / "none.xml")
