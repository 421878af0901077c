"""Which DEXPI class and Proteus element stand for a symbol, and the other way round.

Terms of art: an *element* is a tag of the Proteus XML schema (``PipingComponent``); a *class* is the DEXPI class that
its ComponentClass names (``GateValve``); a *custom* class is DEXPI's way to hold what it has no class for: it carries
a type name of one's own. Class names are those of the DEXPI P&ID specification 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pid.catalog import Catalog, load_catalog
from pid.drawing import Group, Symbol

EQUIPMENT = "Equipment"
NOZZLE = "Nozzle"
PIPING = "PipingComponent"
CONNECTOR = "PipeOffPageConnector"
SIGNAL_CONNECTOR = "SignalOffPageConnector"
FUNCTION = "ProcessInstrumentationFunction"
ACTUATOR = "ActuatingSystemComponent"
ARROW = "PipeFlowArrow"
SLOPE = "PipeSlopeSymbol"
INSULATION = "InsulationSymbol"
BREAK = "PropertyBreak"
MARK = "Symbol"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPERATED_VALVES = _names("""
    AngleBallValve AngleGlobeValve AnglePlugValve AngleValve BallValve ButterflyValve CustomOperatedValve GateValve
    GlobeValve NeedleValve OperatedValve PlugValve StraightwayValve
""")
"""Valves that an actuating system can refer to."""
OTHER_VALVES = _names("""
    BreatherValve CheckValve CustomCheckValve CustomSafetyValveOrFitting GlobeCheckValve SafetyValveOrFitting
    SpringLoadedAngleGlobeSafetyValve SpringLoadedGlobeSafetyValve SwingCheckValve
""")
METERS = _names("""
    CustomInlinePrimaryElement ElectromagneticFlowMeter FlowMeasuringElement FlowNozzle InlinePrimaryElement
    MassFlowMeasuringElement PositiveDisplacementFlowMeter RestrictionOrifice TurbineFlowMeter VariableAreaFlowMeter
    VenturiTube VolumeFlowMeasuringElement
""")
"""Instruments that stand in the pipe."""
FITTINGS = _names("""
    BlindFlange ClampedFlangeCoupling Compensator ConicalStrainer CustomPipeFitting CustomPipingComponent
    FlameArrestor Flange FlangedConnection Funnel Hose IlluminatedSightGlass InLineMixer LineBlind Penetration
    PipeCoupling PipeFitting PipeFlangeSpacer PipeFlangeSpade PipeReducer PipeTee RuptureDisc SightGlass Silencer
    SteamTrap Strainer VentilationDevice
""")
PIPING_CLASSES = OPERATED_VALVES | OTHER_VALVES | METERS | FITTINGS
PIPE_CONNECTORS = frozenset({"PipeOffPageConnector", "FlowInPipeOffPageConnector", "FlowOutPipeOffPageConnector"})
SIGNAL_CONNECTORS = frozenset(
    {"SignalOffPageConnector", "FlowInSignalOffPageConnector", "FlowOutSignalOffPageConnector"}
)

_EQUIPMENT_BY_GROUP: Mapping[Group, frozenset[str]] = {
    "pump": _names("""
    CentrifugalPump CustomPump EjectorPump Pump ReciprocatingPump RotaryPump
"""),
    "compressor": _names("""
    AirEjector AxialBlower AxialCompressor AxialFan Blower CentrifugalBlower CentrifugalCompressor Compressor
    CustomBlower CustomCompressor CustomFan Fan RadialFan ReciprocatingCompressor RotaryCompressor
"""),
    "heat_exchanger": _names("""
    AirCoolingSystem Boiler CoolingTower CustomCoolingTower CustomHeatExchanger CustomHeater DryCoolingTower
    ElectricHeater Furnace HeatExchanger Heater PlateHeatExchanger SpiralHeatExchanger SprayCooler SteamGenerator
    ThinFilmEvaporator TubularHeatExchanger WetCoolingTower
"""),
    "vessel": _names("""
    CustomVessel PressureVessel ProcessColumn Silo Tank Vessel
"""),
    "separator": _names("""
    Centrifuge CustomCentrifuge CustomFilter CustomSeparator CustomSieve ElectricalSeparator Filter
    FilteringCentrifuge FilterUnit GasFilter GravitationalSeparator LiquidFilter MechanicalSeparator
    RevolvingSieve ScrubbingSeparator SedimentalCentrifuge Separator Sieve StationarySieve VibratingSieve
"""),
    "other": _names("""
    Agglomerator Agitator AlternatingCurrentGenerator AlternatingCurrentMotor BatchWeigher BriquettingRoller
    Chimney CombustionEngine ContinuousWeigher ConvectionDryer Conveyor Crusher CustomDryer
    CustomElectricGenerator CustomEquipment CustomExtruder CustomMill CustomMixer CustomMotor CustomTurbine
    CustomWeigher DirectCurrentGenerator DirectCurrentMotor Dryer ElectricGenerator Extruder Feeder Flare
    GasTurbine GearBox Grinder HeatedSurfaceDryer Kneader Lift LoadingUnloadingSystem Mill Mixer Motor
    PackagingSystem RotaryMixer StaticMixer SteamTurbine Turbine WasteGasEmitter Weigher
"""),
}  # fmt: skip
EQUIPMENT_CLASSES = frozenset[str]().union(*_EQUIPMENT_BY_GROUP.values())

_CUSTOM: Mapping[Group, tuple[str, str]] = {
    "valve": (PIPING, "CustomOperatedValve"),
    "fitting": (PIPING, "CustomPipeFitting"),
    "reducer": (PIPING, "PipeReducer"),
    "pump": (EQUIPMENT, "CustomPump"),
    "compressor": (EQUIPMENT, "CustomCompressor"),
    "heat_exchanger": (EQUIPMENT, "CustomHeatExchanger"),
    "vessel": (EQUIPMENT, "CustomVessel"),
    "separator": (EQUIPMENT, "CustomSeparator"),
    "nozzle": (NOZZLE, "Nozzle"),
    "instrument": (FUNCTION, "ProcessInstrumentationFunction"),
    "actuator": (ACTUATOR, "ControlledActuator"),
    "connector": (CONNECTOR, "PipeOffPageConnector"),
    "flow_arrow": (ARROW, "PipeFlowArrow"),
    "other": (MARK, "Symbol"),
}
"""Element and class of a symbol of which only the group is known."""
_MARKS = {"PipeSlopeSymbol": SLOPE, "PipeInsulation": INSULATION, "PropertyBreak": BREAK, "PipeFlowArrow": ARROW}


@dataclass(frozen=True)
class ProteusClass:
    """Where a symbol goes: its element, its class, and the type name that a custom class carries, else None."""

    element: str
    name: str
    type_name: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether DEXPI has a class for the symbol's kind."""
        return self.type_name is None


def choose_class(symbol: Symbol, *, catalog: Catalog | None = None) -> ProteusClass:
    """The Proteus element and DEXPI class of a symbol: by its kind where DEXPI knows it, else by its group."""
    kinds = load_catalog() if catalog is None else catalog
    wanted = kinds[symbol.kind].dexpi_class if symbol.kind in kinds else symbol.kind
    for classes, element in _elements_for(symbol.group):
        if wanted in classes:
            return ProteusClass(element, wanted, symbol.kind if wanted.startswith("Custom") else None)
    if symbol.group == "other" and wanted in _MARKS:
        return ProteusClass(_MARKS[wanted], wanted)
    element, name = _CUSTOM[symbol.group]
    exact = name in (wanted, symbol.kind) or symbol.group in ("nozzle", "flow_arrow", "actuator", "reducer")
    return ProteusClass(element, name, None if exact else symbol.kind)


def _elements_for(group: Group) -> tuple[tuple[frozenset[str], str], ...]:
    """The classes that a symbol of a group may have, with their element."""
    if group in ("valve", "fitting", "reducer"):
        return ((PIPING_CLASSES, PIPING),)
    if group == "instrument":
        return ((METERS | FITTINGS, PIPING),)
    if group == "connector":
        return ((PIPE_CONNECTORS, CONNECTOR), (SIGNAL_CONNECTORS, SIGNAL_CONNECTOR))
    if group in _EQUIPMENT_BY_GROUP:
        return ((EQUIPMENT_CLASSES, EQUIPMENT),)
    return ()


@cache
def _kinds_by_class() -> Mapping[str, tuple[Group, str]]:
    """Group and kind of the classes that exactly one catalogue kind has."""
    kinds: dict[str, list[tuple[Group, str]]] = {}
    for kind in load_catalog().values():
        kinds.setdefault(kind.dexpi_class, []).append((kind.group, kind.name))
    return {name: found[0] for name, found in kinds.items() if len(found) == 1}


_GROUP_BY_ELEMENT: Mapping[str, Group] = {
    PIPING: "fitting", EQUIPMENT: "other", NOZZLE: "nozzle", FUNCTION: "instrument", ACTUATOR: "actuator",
    CONNECTOR: "connector", SIGNAL_CONNECTOR: "connector", ARROW: "flow_arrow",
}  # fmt: skip


def read_class(element: str, name: str, type_name: str | None) -> tuple[Group, str]:
    """Group and kind of an item of a foreign file; the kind is the class where the catalogue has no single one for it.

    Args:
        element: the Proteus tag.
        name: its ComponentClass.
        type_name: the type name of a custom class, if any.
    """
    if type_name and type_name in load_catalog():
        return load_catalog()[type_name].group, type_name
    if name in _kinds_by_class():
        return _kinds_by_class()[name]
    return _group_of(element, name), type_name or name or "unknown"


def _group_of(element: str, name: str) -> Group:
    if element == EQUIPMENT:
        return next((group for group, names in _EQUIPMENT_BY_GROUP.items() if name in names), "other")
    if element == PIPING:
        if name in OPERATED_VALVES | OTHER_VALVES:
            return "valve"
        if name in METERS - {"RestrictionOrifice"}:
            return "instrument"
        return "reducer" if name == "PipeReducer" else "fitting"
    return _GROUP_BY_ELEMENT.get(element, "other")
