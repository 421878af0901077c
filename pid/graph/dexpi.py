"""DEXPI: a drawing as Proteus XML (schema 4.1, as DEXPI 1.3 writes it), with a report of what it could not hold.

What is written: equipment with nozzles, piping network systems, segments, parts and their connections, instrumentation
functions, actuating systems, flows and loops, and the graphics of all of it with a shape catalogue. The persistent id
of each item is the element's id in the drawing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from pid import __version__
from pid.drawing import Drawing
from pid.errors import InputError
from pid.graph import dexpi_classes as classes
from pid.graph.dexpi_control import add_control
from pid.graph.dexpi_items import Book, add_item
from pid.graph.dexpi_network import add_equipment, add_systems
from pid.graph.dexpi_pipes import plan_systems
from pid.graph.dexpi_plan import Loss, Plan, graph_pairs, sort_elements
from pid.graph.dexpi_shapes import add_shape
from pid.graph.dexpi_signals import Control, can_be_sensed, plan_control
from pid.graph.dexpi_xml import Element, Frame, add, add_attributes, add_extent, add_label, add_presentation

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Loss", "build_dexpi", "loss_report_path", "write_dexpi"]

SCHEMA_VERSION = "4.1"
DEXPI_VERSION = "1.3"
_IN_DRAWING = (classes.ARROW, classes.SLOPE, classes.INSULATION, classes.BREAK, classes.MARK)
_META = {
    "approved_by": "ApproverName",
    "approved_date": "ApprovalDateRepresentation",
    "checked_by": "CheckerName",
    "client": "EnterpriseName",
    "company": "EnterpriseName",
    "designed_by": "DesignerName",
    "drawing_number": "DrawingNumber",
    "drawn_by": "DrafterName",
    "drawn_date": "CreationDateRepresentation",
    "plant": "ProcessPlantName",
    "project": "ProjectName",
    "project_number": "ProjectNumber",
    "revision": "RevisionNumber",
    "sheet": "SheetNumber",
    "sheet_number": "SheetNumber",
    "size": "SheetFormat",
    "title": "DrawingName",
    "unit": "UnitName",
}
"""Title block fields that DEXPI's meta data hold."""


def write_dexpi(
    drawing: Drawing, graph: nx.MultiDiGraph, path: Path, *, written_at: datetime | None = None
) -> tuple[Loss, ...]:
    """Write the drawing and, beside it, the loss report (`loss_report_path`).

    Args:
        drawing: the drawing.
        graph: its plant graph, as `pid.graph.build.build_graph` makes it.
        path: the XML file.
        written_at: the date that the file bears; now by default.

    Returns:
        What the format could not hold.

    Raises:
        InputError: a file cannot be written.
    """
    model, losses = build_dexpi(drawing, graph, written_at=written_at)
    report = {
        "format": f"DEXPI {DEXPI_VERSION} (Proteus {SCHEMA_VERSION})",
        "losses": [asdict(loss) for loss in losses],
    }
    try:
        etree.ElementTree(model).write(path, xml_declaration=True, encoding="utf-8", pretty_print=True)
        loss_report_path(path).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    return losses


def loss_report_path(path: Path) -> Path:
    """Where the loss report of an exported file is."""
    return path.with_name(f"{path.stem}-losses.json")


def build_dexpi(
    drawing: Drawing, graph: nx.MultiDiGraph, *, written_at: datetime | None = None
) -> tuple[Element, tuple[Loss, ...]]:
    """The PlantModel element of a drawing and what it could not hold."""
    plan = sort_elements(drawing, graph)
    control = plan_control(plan)
    systems = plan_systems(plan)
    book = Book(plan, Frame.of(drawing))
    loose = [word for word in drawing.words if not _is_held(plan, word.owner)]
    for word in drawing.words:
        if word.owner is not None and _is_held(plan, word.owner):
            book.words.setdefault(word.owner, []).append(word)
    model = etree.Element("PlantModel")
    _add_information(model, written_at or datetime.now(UTC))
    _add_meta_data(plan, model)
    sheet_box = (0.0, 0.0, float(drawing.sheet.width), float(drawing.sheet.height))
    add_extent(model, book.frame, sheet_box)
    page = add(model, "Drawing", Name=drawing.source.name or "drawing", Type="PID")
    catalogue = add(model, "ShapeCatalogue", Name="Shapes", Units="mm")
    senses: dict[str, list[str]] = defaultdict(list)
    for sensing in control.sensings:
        if can_be_sensed(plan, sensing.location):
            senses[sensing.location].append(sensing.id)
    add_equipment(book, model, senses)
    add_systems(book, model, systems, senses)
    add_control(book, model, control)
    _fill_drawing(book, page, control, model)
    for word in loose:
        add_label(page, book.frame, word)
    for kind, chosen in book.shapes.items():
        add_shape(catalogue, book.frame, kind, chosen)
    _note_rest(plan)
    known = graph_pairs(graph)
    for connection in drawing.connections:
        pair = frozenset((connection.a, connection.b))
        if len(pair) == 2 and pair not in known:
            plan.lose("|".join(sorted(pair)), "connection", "the plant graph of the drawing's lines does not have it")
    return model, tuple(plan.losses)


def _is_held(plan: Plan, owner: str | None) -> bool:
    """Whether the file has an element for a word's owner that may hold labels."""
    if owner in plan.lines:
        return any(edge.key == owner for edge in plan.pipes)
    return owner in plan.classes and plan.classes[owner].element in (
        classes.EQUIPMENT, classes.NOZZLE, classes.PIPING, classes.FUNCTION, classes.ACTUATOR,
    )  # fmt: skip


def _add_information(model: Element, written_at: datetime) -> None:
    information = add(
        model, "PlantInformation",
        SchemaVersion=SCHEMA_VERSION, Application="Dexpi", ApplicationVersion=DEXPI_VERSION,
        OriginatingSystem="pid", OriginatingSystemVendor="pid", OriginatingSystemVersion=__version__,
        Date=f"{written_at:%Y-%m-%d}", Time=f"{written_at:%H:%M:%S}", Is3D="no", Units="mm", Discipline="PID",
    )  # fmt: skip
    add(information, "UnitsOfMeasure", Distance="mm")


def _add_meta_data(plan: Plan, model: Element) -> None:
    block = plan.drawing.title_block
    if block is None:
        return
    found: dict[str, str | None] = {}
    for field in block.fields:
        name = _META.get(field.name)
        if name and f"{name}AssignmentClass" not in found:
            found[f"{name}AssignmentClass"] = field.value
        else:
            plan.lose(field.name, "title_block", f"DEXPI's meta data have no place for the field {field.name!r}")
    item = add(model, "MetaData", ID="MetaData-1", ComponentClass="MetaData")
    add_attributes(item, found, own={})


def _fill_drawing(book: Book, page: Element, control: Control, model: Element) -> None:
    """Add the sheet's frame and source, and what belongs to no pipe: marks and connectors without a signal."""
    drawing = book.plan.drawing
    add_presentation(page)
    add_extent(page, book.frame, (0.0, 0.0, float(drawing.sheet.width), float(drawing.sheet.height)))
    add_attributes(
        page, {},
        own={"PidSource": drawing.source.model_dump_json(), "PidSheet": drawing.sheet.model_dump_json()},
    )  # fmt: skip
    placed = {e.get("ID") for e in model.iter(classes.ARROW)}
    for name, chosen in book.plan.classes.items():
        if chosen.element in _IN_DRAWING and book.frame.id(name) not in placed:
            add_item(book, page, book.plan.symbols[name])
        elif chosen.element == classes.SIGNAL_CONNECTOR and name not in control.connectors:
            book.plan.classes[name] = classes.ProteusClass(classes.MARK, "SignalOffPageConnector")
            add_item(book, page, book.plan.symbols[name])


def _note_rest(plan: Plan) -> None:
    """Losses of what Proteus has no element for at all."""
    drawing = plan.drawing
    for table in drawing.tables:
        plan.lose(table.id, "table", "Proteus has no tables; only words outside of cells are written")
    for i, finding in enumerate(drawing.findings):
        plan.lose(f"finding{i}", "finding", f"Proteus has no findings ({finding.code})")
    if drawing.title_block is not None:
        reason = "places and scores of the title block's fields have no element; values are written as meta data"
        plan.lose("title_block", "title_block", reason)
    for name, edge in plan.implied.items():
        reason = f"not drawn: DEXPI wants a nozzle between {plan.hosts[name]} and {edge}"
        plan.lose(name, "symbol", reason, kept=True)
