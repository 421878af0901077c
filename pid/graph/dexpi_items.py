"""Items of a Proteus file: one symbol, nozzle, tee or mark as XML, with its DEXPI attributes, ports and graphics."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pid.drawing import Symbol, Word
from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_plan import Edge, Plan
from pid.graph.dexpi_shapes import add_box, add_placing, choose_variant, place_shape, shape_name
from pid.graph.dexpi_signals import LOOP_NUMBER
from pid.graph.dexpi_xml import (
    Element,
    Frame,
    add,
    add_attributes,
    add_extent,
    add_label,
    add_persistent_id,
    add_position,
)

_TAG_ATTRIBUTE = {
    classes.EQUIPMENT: "TagNameAssignmentClass",
    classes.NOZZLE: "SubTagNameAssignmentClass",
    classes.PIPING: "PipingComponentNumberAssignmentClass",
    classes.ACTUATOR: "SubTagNameAssignmentClass",
}
_ANNOTATIONS = (
    classes.CONNECTOR, classes.SIGNAL_CONNECTOR, classes.ARROW, classes.SLOPE, classes.INSULATION, classes.BREAK,
    classes.MARK,
)  # fmt: skip
"""Elements that the schema gives neither a tag nor labels."""


@dataclass
class Book:
    """A plan on its way into XML."""

    plan: Plan
    frame: Frame
    words: dict[str, list[Word]] = field(default_factory=dict)
    """Words by the element that holds them in the file; the rest are held by the drawing."""
    shapes: dict[str, classes.ProteusClass] = field(default_factory=dict)
    """Catalogue kinds that are used."""


def add_item(book: Book, parent: Element, symbol: Symbol, *, name: str | None = None) -> Element:
    """Add a symbol's element: id, tag, graphics, attributes and labels. `name` is its class if not the planned one."""
    chosen = book.plan.classes[symbol.id]
    variant = choose_variant(symbol.kind)
    item = add(
        parent, chosen.element, ID=book.frame.id(symbol.id), ComponentClass=name or chosen.name,
        ComponentName=shape_name(symbol.kind) if variant else None,
        TagName=None if chosen.element in _ANNOTATIONS else symbol.tag,
    )  # fmt: skip
    add_extent(item, book.frame, symbol.box)
    add_persistent_id(item, symbol.id)
    if variant is None:
        add_box(item, book.frame, symbol)
    else:
        book.shapes.setdefault(symbol.kind, chosen)
        add_placing(item, place_shape(symbol, variant, book.frame))
    add_attributes(item, _dexpi_attributes(symbol, chosen), own=_own_attributes(symbol))
    if chosen.element not in _ANNOTATIONS:
        add_labels(book, item, symbol.id)
    return item


def add_labels(book: Book, item: Element, owner: str) -> None:
    """Add the words that belong to an element; the book forgets them."""
    for word in book.words.pop(owner, ()):
        add_label(item, book.frame, word)


def _dexpi_attributes(symbol: Symbol, chosen: classes.ProteusClass) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    if chosen.name.startswith("Custom"):
        found["TypeNameAssignmentClass"] = chosen.type_name or symbol.kind
    if chosen.element == classes.FUNCTION:
        return found | _function_attributes(symbol.tag or "")
    if chosen.element in _TAG_ATTRIBUTE:
        found[_TAG_ATTRIBUTE[chosen.element]] = symbol.tag
    return found


def _function_attributes(tag: str) -> dict[str, str | None]:
    """ISA letters of a bubble: the measured variable, what is done with it, and the number."""
    found = LOOP_NUMBER.match(tag.strip())
    if not found:
        return {"ProcessInstrumentationFunctionNumberAssignmentClass": tag}
    letters = found["letters"]
    return {
        "ProcessInstrumentationFunctionCategoryAssignmentClass": letters[0],
        "ProcessInstrumentationFunctionsAssignmentClass": letters[1:],
        "ProcessInstrumentationFunctionNumberAssignmentClass": (found["before"] or "")
        + tag.strip()[found.start("number") :],
    }


def _own_attributes(symbol: Symbol) -> dict[str, str | None]:
    return {
        "PidKind": symbol.kind,
        "PidGroup": symbol.group,
        "PidTag": symbol.tag,
        "PidRotation": f"{symbol.rotation:.6g}",
        "PidMirrored": "true" if symbol.mirrored else None,
        "PidScore": f"{symbol.score:.6g}",
        "PidFoundBy": " ".join(symbol.found_by),
        "PidPorts": json.dumps([[round(x, 3), round(y, 3)] for x, y in symbol.ports]) if symbol.ports else None,
        "PidAttributes": json.dumps(symbol.attributes, ensure_ascii=False) if symbol.attributes else None,
    }


def add_ports(
    book: Book, item: Element, node: str, edges: Sequence[Edge], *, flow: tuple[str | None, str | None]
) -> None:
    """Add the connection points of a piping item: its origin and one for each pipe end.

    Args:
        book: the plan.
        item: the XML element.
        node: its id.
        edges: the pipe edges at the node, those of its own chain first.
        flow: keys of the edges by which the flow comes in and goes out, as far as known.
    """
    points = add(item, "ConnectionPoints", NumPoints=len(edges) + 1)
    keys = [edge.key for edge in edges]
    for attribute, key in zip(("FlowIn", "FlowOut"), flow, strict=True):
        if key in keys:
            points.set(attribute, str(keys.index(key) + 1))
    add(points, "Node", ID=book.frame.id(f"{node}-origin"))
    for i, edge in enumerate(edges, 1):
        port = add(points, "Node", ID=book.frame.id(f"{node}-node{i}"), Type="process")
        end = line_end(book.plan, node, edge)
        if end is not None:
            add_position(port, book.frame.points([end])[0])
    for name in points.findall("Node"):
        if len(name) == 0:
            add_position(name, book.frame.points([_middle(book.plan, node)])[0])


def node_index(node: str, edges: Sequence[Edge], key: str) -> int:
    """The number of an edge's connection point at a node, from 1; `edges` as given to `add_ports`."""
    return [edge.key for edge in edges].index(key) + 1


def line_end(plan: Plan, node: str, edge: Edge) -> tuple[float, float] | None:
    """Where an edge's line ends at a node, in sheet pixels; None for a contact."""
    line = plan.lines.get(edge.key) if edge.is_line else None
    if line is None:
        return None
    at = _middle(plan, node)
    return min((line.points[0], line.points[-1]), key=lambda p: (p[0] - at[0]) ** 2 + (p[1] - at[1]) ** 2)


def _middle(plan: Plan, node: str) -> tuple[float, float]:
    if node in plan.joints:
        return plan.joints[node]
    symbol = plan.symbols.get(node) or plan.symbols[plan.hosts[node]]
    return (symbol.box[0] + symbol.box[2]) / 2, (symbol.box[1] + symbol.box[3]) / 2


def add_joint(book: Book, parent: Element, joint: str, degree: int) -> Element:
    """Add a tee, or the open end of a line, as a piping component without graphics of its own."""
    name, type_name = ("PipeTee", None) if degree > 2 else ("CustomPipeFitting", "OpenEnd" if degree < 2 else "Joint")
    item = add(parent, classes.PIPING, ID=book.frame.id(joint), ComponentClass=name)
    add_persistent_id(item, joint)
    add_position(item, book.frame.points([book.plan.joints[joint]])[0])
    add_attributes(item, {"TypeNameAssignmentClass": type_name}, own={"PidNode": "tee" if degree > 2 else "end"})
    return item


def add_reference(item: Element, tag: str, name: str, symbol: Symbol, frame: Frame) -> None:
    """Add where an off-page connector leads: the drawing number or tag that stands in it."""
    if symbol.tag:
        reference = add(item, tag, ID=frame.id(f"{symbol.id}-reference"), ComponentClass=f"{name}ReferenceByNumber")
        is_drawing = len(re.findall(r"\d", symbol.tag)) >= 3
        key = "ReferencedDrawingNumberAssignmentClass" if is_drawing else "ReferencedConnectorNumberAssignmentClass"
        add_attributes(reference, {key: symbol.tag}, own={})
