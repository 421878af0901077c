"""Symbols, lines and words of a Proteus file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pid.drawing import GROUPS, Line, Point, Symbol, Word
from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_read_shapes import (
    FileFrame,
    child,
    children,
    coordinates,
    extent_box,
    item_box,
    local,
    text_box,
    turn_of,
)
from pid.graph.dexpi_xml import CONTEXT, Element

SYMBOLS = (
    classes.EQUIPMENT, classes.NOZZLE, classes.PIPING, classes.CONNECTOR, classes.SIGNAL_CONNECTOR, classes.FUNCTION,
    classes.ACTUATOR, classes.ARROW, classes.SLOPE, classes.INSULATION, classes.BREAK, classes.MARK,
    "InformationFlowOffPageConnector", "PipeConnectorSymbol", "SignalConnectorSymbol", "ProcessInstrument",
)  # fmt: skip
_AS_ELEMENT = {
    "InformationFlowOffPageConnector": classes.SIGNAL_CONNECTOR, "PipeConnectorSymbol": classes.CONNECTOR,
    "SignalConnectorSymbol": classes.SIGNAL_CONNECTOR, "ProcessInstrument": classes.FUNCTION,
}  # fmt: skip
JOINT_CLASSES = ("PipeTee",)
"""Parts that a drawing has as a meeting of lines and not as a symbol."""
LINE_ID = "PidLineId"
"""Attribute by which a curve, once read, names the line that it became."""
_TAGS = ("TagName", "SubTagName", "PipingComponentNumber", "PipingComponentName", "ItemTag")
_SOLID = ("0", "solid", "")


@dataclass
class Items:
    """What a file's items became: elements of the drawing and their ids by the id in the file."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def unique(self, name: str) -> str:
        """The name, numbered if an element has it already."""
        found, number = name, 2
        while found in self.used:
            found, number = f"{name}-{number}", number + 1
        self.used.add(found)
        return found


def walk(model: Element) -> Iterator[Element]:
    """All elements of a model except those of the shape catalogue, in file order."""
    for part in model:
        if local(part) != "ShapeCatalogue":
            yield from part.iter()


def read_attributes(item: Element) -> dict[str, str]:
    """The generic attributes that have a value, names without the endings that DEXPI gives them."""
    found: dict[str, str] = {}
    for group in children(item, "GenericAttributes"):
        for attribute in children(group, "GenericAttribute"):
            name, value = attribute.get("Name", ""), attribute.get("Value")
            if name and value is not None:
                found.setdefault(name.removesuffix("AssignmentClass").removesuffix("Specialization"), value)
    return found


def persistent_id(item: Element) -> str | None:
    """The id that the item had in a drawing of ours."""
    return next((p.get("Identifier") for p in children(item, "PersistentID") if p.get("Context") == CONTEXT), None)


def read_symbols(model: Element, frame: FileFrame, items: Items) -> None:
    """Read everything that has graphics and is no joint of pipes."""
    for item in walk(model):
        if local(item) not in SYMBOLS or item.get("ComponentClass") in JOINT_CLASSES or not item.get("ID"):
            continue
        box = item_box(item, frame)
        if box is not None:
            items.symbols[item.get("ID", "")] = _read_symbol(item, box, frame, items)


def _read_symbol(item: Element, box: tuple[float, float, float, float], frame: FileFrame, items: Items) -> Symbol:
    found = read_attributes(item)
    tag_name = _AS_ELEMENT.get(local(item), local(item))
    group, kind = classes.read_class(tag_name, item.get("ComponentClass", ""), found.get("TypeName"))
    position = child(item, "Position")
    angle, is_flipped = turn_of(position) if position is not None else (0.0, False)
    # A flip turns the local y axis over: that is mirroring left-right and half a turn.
    rotation = (angle + 180) % 360 if is_flipped else angle
    is_ours = found.get("PidGroup") in GROUPS
    attributes = _json(found.get("PidAttributes"), {}) if is_ours else _foreign_attributes(item, found)
    return Symbol(
        id=items.unique(persistent_id(item) or item.get("ID", "")),
        kind=found.get("PidKind") or kind,
        group=found["PidGroup"] if is_ours else group,  # type: ignore[arg-type]
        box=box,
        rotation=_number(found.get("PidRotation"), round(rotation, 3)) % 360,
        mirrored=found.get("PidMirrored") == "true" if is_ours else is_flipped,
        tag=found.get("PidTag") if is_ours else _read_tag(item, found),
        score=_score(found),
        found_by=tuple(found.get("PidFoundBy", "").split()),  # type: ignore[arg-type]
        ports=tuple(map(tuple, _json(found.get("PidPorts"), []))) if is_ours else _read_ports(item, frame),
        attributes=attributes,
    )


def _read_tag(item: Element, found: Mapping[str, str]) -> str | None:
    if local(item) in (classes.FUNCTION, "ProcessInstrument"):
        letters = found.get("ProcessInstrumentationFunctionCategory", "") + found.get(
            "ProcessInstrumentationFunctions", ""
        )
        number = found.get("ProcessInstrumentationFunctionNumber", "")
        if letters or number:
            return f"{letters} {number}".strip()
    for reference in item:
        if local(reference).endswith("OffPageConnectorReference"):
            inner = read_attributes(reference)
            return inner.get("ReferencedDrawingNumber") or inner.get("ReferencedConnectorNumber")
    return item.get("TagName") or next((found[name] for name in _TAGS if found.get(name)), None)


def _foreign_attributes(item: Element, found: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in found.items() if not name.startswith("Pid")}
    return {"dexpi_class": item.get("ComponentClass", ""), **kept}


def _read_ports(item: Element, frame: FileFrame) -> tuple[Point, ...]:
    ports: list[Point] = []
    for points in children(item, "ConnectionPoints"):
        for node in children(points, "Node"):
            position = child(node, "Position")
            location = child(position, "Location") if position is not None else None
            if node.get("Type") in ("process", "signal") and location is not None:
                x, y = frame.points([[float(location.get("X", 0)), float(location.get("Y", 0))]])[0].tolist()  # type: ignore[arg-type]
                ports.append((x, y))
    return tuple(ports)


def read_lines(model: Element, frame: FileFrame, items: Items) -> None:
    """Read the centre lines of pipes and signals, and the stems of actuators."""
    for parent in walk(model):
        if local(parent) not in ("PipingNetworkSegment", "InformationFlow", "ActuatingSystem"):
            continue
        is_pipe = local(parent) == "PipingNetworkSegment"
        number = _line_number(parent) if is_pipe else None
        for curve in children(parent, "CenterLine", "PolyLine"):
            found = read_attributes(curve)
            points = frame.points(coordinates(curve))
            if len(points) < 2 or (local(curve) == "PolyLine" and "PidLine" not in found):
                continue
            name = persistent_id(curve) or found.get("PidLine") or curve.get("ID") or f"line{len(items.lines) + 1}"
            line_id = items.unique(name)
            curve.set(LINE_ID, line_id)
            items.lines[line_id] = Line(
                id=line_id,
                points=tuple((float(x), float(y)) for x, y in points),
                kind=found.get("PidKind", "process" if is_pipe else "signal"),
                style=found.get("PidStyle", _style(curve)),
                line_number=found.get("PidLineNumber") if "PidKind" in found else number,
                direction=found.get("PidDirection", "unknown"),  # type: ignore[arg-type]
                score=_score(found),
            )


def _line_number(segment: Element) -> str | None:
    system = segment.getparent()
    for item in (segment, system):
        found = read_attributes(item) if item is not None else {}
        if found.get("LineNumber"):
            return found["LineNumber"]
    return system.get("TagName") if system is not None else None


def _style(curve: Element) -> str:
    presentation = child(curve, "Presentation")
    line_type = presentation.get("LineType", "") if presentation is not None else ""
    return "solid" if line_type.lower() in _SOLID else "dashed"


def read_words(model: Element, frame: FileFrame, items: Items) -> None:
    """Read all lettering; words of ours know their owner, others belong to the item that holds them."""
    owners = {s.id for s in items.symbols.values()} | items.lines.keys()
    for text in walk(model):
        if local(text) != "Text":
            continue
        content = text.get("String") or "\n".join(s.get("Value") or s.text or "" for s in children(text, "String"))
        label = text.getparent()
        box = text_box(text, content, frame)
        if not content.strip() or box is None or label is None:
            continue
        found = read_attributes(label)
        holder = next((a.get("ID") for a in text.iterancestors() if a.get("ID") in items.symbols), None)
        owner = found.get("PidOwner") if persistent_id(label) else items.symbols[holder].id if holder else None
        items.words.append(
            Word(
                id=items.unique(persistent_id(label) or label.get("ID") or "text"),
                text=content,
                box=(extent_box(label, frame) if persistent_id(label) else None) or box,
                angle=_number(text.get("TextAngle"), 0.0),
                score=_score(found),
                owner=owner if owner in owners else None,
            )
        )


def _score(found: Mapping[str, str]) -> float:
    return min(max(_number(found.get("PidScore"), 1.0), 0.0), 1.0)


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _json(text: str | None, default: Any) -> Any:
    try:
        found = json.loads(text) if text else default
    except ValueError:
        return default
    return found if isinstance(found, type(default)) else default
