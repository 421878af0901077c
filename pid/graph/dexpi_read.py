"""Proteus / DEXPI XML as a `Drawing`, so that a model can be compared with what is drawn.

Files of ours come back as they were, as far as the loss report says; of others, symbols have the catalogue's kind
where it has one for the DEXPI class, else the class itself. The sheet is as large as the file's drawing; of a foreign
file it is `FOREIGN_WIDTH_PX` wide, and `to_source` leads to the file's own units, y up, as of a DXF.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from lxml import etree
from pydantic import ValidationError

from pid.drawing import Drawing, Matrix, SheetInfo, Source
from pid.errors import InputError
from pid.geometry import bounds
from pid.graph.dexpi_read_items import Items, read_attributes, read_lines, read_symbols, read_words, walk
from pid.graph.dexpi_read_network import read_connections
from pid.graph.dexpi_read_shapes import FileFrame, child, children, local, read_shapes, real
from pid.graph.dexpi_xml import DEFAULT_PX_PER_MM, Array, Element

FOREIGN_WIDTH_PX = 5000
"""The width at which tolerances are stated throughout."""
LARGEST_SIDE_PX = 20_000
_MM = {
    "mm": 1.0, "Millimetre": 1.0, "cm": 10.0, "Centimetre": 10.0, "dm": 100.0, "m": 1000.0, "Metre": 1000.0,
    "in": 25.4, "Inch": 25.4, "ft": 304.8, "Foot": 304.8,
}  # fmt: skip


def read_dexpi(path: Path) -> Drawing:
    """Read a Proteus XML file, of ours or of another program. Raises `InputError` for a file that is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    model = _parse(data, path)
    source, sheet = _own_page(model)
    shapes = read_shapes(model)
    if sheet is not None:
        k = sheet.px_per_mm or DEFAULT_PX_PER_MM
        matrix = np.array([[k, 0, 0], [0, -k, sheet.height], [0, 0, 1]], np.float64)
    else:
        matrix, sheet = _foreign_sheet(model, path, shapes)
    frame = FileFrame(matrix, float(matrix[0, 0]), shapes)
    items = Items()
    read_symbols(model, frame, items)
    read_lines(model, frame, items)
    read_words(model, frame, items)
    if source is None:
        source = Source(name=path.name, sha256=hashlib.sha256(data).hexdigest(), kind="dxf")
    try:
        return Drawing(
            source=source,
            sheet=sheet,
            symbols=tuple(items.symbols.values()),
            lines=tuple(items.lines.values()),
            connections=read_connections(model, items),
            words=tuple(items.words),
        )
    except ValidationError as error:
        raise InputError(f"{path} does not hold a drawing that fits together: {error.errors()[0]['msg']}.") from error


def _parse(data: bytes, path: Path) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, huge_tree=False)
    try:
        model = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{path} is not well-formed XML: {error.msg}.") from error
    if local(model) != "PlantModel":
        raise InputError(f"{path} is not a Proteus file: its root element is {local(model)!r}, not 'PlantModel'.")
    return model


def _own_page(model: Element) -> tuple[Source | None, SheetInfo | None]:
    """Source and sheet as a file of ours notes them."""
    page = child(model, "Drawing")
    found = read_attributes(page) if page is not None else {}
    try:
        source = Source.model_validate_json(found["PidSource"]) if "PidSource" in found else None
        sheet = SheetInfo.model_validate_json(found["PidSheet"]) if "PidSheet" in found else None
    except (ValidationError, json.JSONDecodeError):
        return None, None
    return source, sheet


def _foreign_sheet(model: Element, path: Path, shapes: dict[str, Array]) -> tuple[Array, SheetInfo]:
    """The way from file units to pixels, and the sheet: as large as the extent that the file states, or its content."""
    box = _stated_extent(model) or _content(model, path)
    x0, y0, x1, y1 = box
    k = FOREIGN_WIDTH_PX / (x1 - x0)
    height = round((y1 - y0) * k)
    if not 0 < height <= LARGEST_SIDE_PX:
        raise InputError(f"{path} has a drawing of an odd shape: {x1 - x0:g} x {y1 - y0:g}.")
    matrix = np.array([[k, 0, -x0 * k], [0, -k, y1 * k], [0, 0, 1]], np.float64)
    information = child(model, "PlantInformation")
    unit = _MM.get(information.get("Units", "mm")) if information is not None else None
    back: Any = tuple(map(tuple, np.linalg.inv(matrix).tolist()))
    to_source: Matrix = back
    return matrix, SheetInfo(
        width=FOREIGN_WIDTH_PX, height=height, px_per_mm=k / unit if unit else None, to_source=to_source
    )


def _stated_extent(model: Element) -> tuple[float, float, float, float] | None:
    places = [*children(model, "Drawing"), model]
    borders = [border for page in places for border in children(page, "DrawingBorder")]
    for place in [*places, *borders]:
        extent = child(place, "Extent")
        if extent is None:
            continue
        corners = [(real(c, "X"), real(c, "Y")) for c in children(extent, "Min", "Max")]
        if len(corners) == 2:
            x0, y0, x1, y1 = bounds(corners)
            if x1 > x0 and y1 > y0:
                return x0, y0, x1, y1
    return None


def _content(model: Element, path: Path) -> tuple[float, float, float, float]:
    """Bounds of all coordinates and locations, with a margin."""
    places = [(real(e, "X"), real(e, "Y")) for e in walk(model) if local(e) in ("Coordinate", "Location")]
    if len(places) < 2:
        raise InputError(f"{path} has no graphics: nothing in it has a place.")
    x0, y0, x1, y1 = bounds(places)
    margin = 0.02 * max(x1 - x0, y1 - y0)
    if margin <= 0:
        raise InputError(f"{path} has no graphics: everything is at one place.")
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin
