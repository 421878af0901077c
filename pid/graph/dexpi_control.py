"""Instrumentation of a Proteus file: functions with their flows, actuating systems and loops."""

from __future__ import annotations

from collections import defaultdict

from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_items import Book, add_item, add_reference
from pid.graph.dexpi_network import add_center_line
from pid.graph.dexpi_signals import ActuatingSystem, Control, Flow, can_be_sensed
from pid.graph.dexpi_xml import Element, add, add_attributes, add_coordinates, add_presentation

_ENDS = {"start": "is logical start of", "end": "is logical end of"}


def add_control(book: Book, model: Element, control: Control) -> None:
    """Add actuating systems, instrumentation functions and loops."""
    for system in control.systems.values():
        _add_actuating_system(book, model, system)
    for name, chosen in book.plan.classes.items():
        if chosen.element == classes.FUNCTION:
            _add_function(book, model, name, control)
    for number, functions in control.loops.items():
        loop = add(
            model, "InstrumentationLoopFunction", ID=book.frame.id(f"InstrumentationLoopFunction-{number}"),
            ComponentClass="InstrumentationLoopFunction",
        )  # fmt: skip
        add_attributes(loop, {"InstrumentationLoopFunctionNumberAssignmentClass": number}, own={})
        for function in functions:
            add(loop, "Association", Type="is a collection including", ItemID=book.frame.id(function))


def _add_actuating_system(book: Book, model: Element, system: ActuatingSystem) -> None:
    frame, symbols = book.frame, book.plan.symbols
    item = add(model, "ActuatingSystem", ID=frame.id(system.id), ComponentClass="ActuatingSystem")
    tags = [symbols[name].tag for name in (system.actuator, system.valve) if name]
    add_attributes(item, {"ActuatingSystemNumberAssignmentClass": next((t for t in tags if t), None)}, own={})
    for key in system.stems:
        line = book.plan.lines[key]
        curve = add(item, "PolyLine", NumPoints=len(line.points))
        add_presentation(curve)
        add_coordinates(curve, frame.points(line.points))
        add_attributes(curve, {}, own={"PidLine": key, "PidKind": line.kind, "PidStyle": line.style})
    for function in system.functions:
        add(item, "Association", Type="fulfills", ItemID=frame.id(function))
    if system.actuator:
        add_item(book, item, symbols[system.actuator])
    if system.valve:
        reference = add(
            item, classes.ACTUATOR, ID=frame.id(f"{system.id}-valve-reference"), ComponentClass="OperatedValveReference"
        )
        add(reference, "Association", Type="refers to", ItemID=frame.id(system.valve))


def _add_function(book: Book, model: Element, name: str, control: Control) -> None:
    frame = book.frame
    item = add_item(book, model, book.plan.symbols[name])
    ends = _flow_ends(control)
    _add_ends(book, item, ends[name])
    for number, functions in control.loops.items():
        if name in functions:
            loop = frame.id(f"InstrumentationLoopFunction-{number}")
            add(item, "Association", Type="is a part of", ItemID=loop)
    for actuating in control.actuatings:
        if actuating.function == name:
            part = add(item, "ActuatingFunction", ID=frame.id(actuating.id), ComponentClass="ActuatingFunction")
            add(part, "Association", Type="is fulfilled by", ItemID=frame.id(actuating.system))
            _add_ends(book, part, ends[actuating.id])
    for sensing in control.sensings:
        if sensing.function == name:
            tag = "ProcessSignalGeneratingFunction"
            part = add(item, tag, ID=frame.id(sensing.id), ComponentClass=tag)
            if can_be_sensed(book.plan, sensing.location):
                add(part, "Association", Type="is located in", ItemID=frame.id(sensing.location))
            else:
                add_attributes(part, {}, own={"PidLocation": sensing.location})
            _add_ends(book, part, ends[sensing.id])
    for flow in control.flows:
        if flow.holder == name:
            _add_flow(book, item, flow)
    for connector, holder in control.connectors.items():
        if holder == name:
            _add_signal_connector(book, item, connector, ends[connector])


def _add_signal_connector(book: Book, item: Element, connector: str, ends: list[tuple[str, str]]) -> None:
    symbol = book.plan.symbols[connector]
    way = {role for role, _ in ends}
    name = {"end": "FlowOutSignalOffPageConnector", "start": "FlowInSignalOffPageConnector"}
    chosen = name[way.pop()] if len(way) == 1 else "SignalOffPageConnector"
    part = add_item(book, item, symbol, name=chosen)
    _add_ends(book, part, ends)
    add_reference(part, "SignalOffPageConnectorReference", "SignalOffPageConnector", symbol, book.frame)


def _flow_ends(control: Control) -> dict[str, list[tuple[str, str]]]:
    """For each start and end of a flow: whether it is the start or the end, and the flow's id."""
    ends: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for flow in control.flows:
        for role, name in (("start", flow.source), ("end", flow.target)):
            if name:
                ends[name].append((role, flow.id))
    return ends


def _add_ends(book: Book, item: Element, ends: list[tuple[str, str]]) -> None:
    for role, flow in ends:
        add(item, "Association", Type=_ENDS[role], ItemID=book.frame.id(flow))


def _add_flow(book: Book, item: Element, flow: Flow) -> None:
    name = "MeasuringLineFunction" if flow.is_measuring else "SignalLineFunction"
    part = add(item, "InformationFlow", ID=book.frame.id(flow.id), ComponentClass=name)
    add_attributes(part, {}, own={"PidKind": flow.kind, "PidEnds": " ".join(book.frame.id(end) for end in flow.ends)})
    for role, end in (("start", flow.source), ("end", flow.target)):
        if end:
            add(part, "Association", Type=f"has logical {role}", ItemID=book.frame.id(end))
    for key in flow.lines:
        add_center_line(book, part, key, is_forward=True)
