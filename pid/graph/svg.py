"""The drawing as layered SVG: a group a layer, an element's id on its shape, a tooltip that says what it is.

User units are pixels of the sheet. The page as it looks may lie underneath, as an embedded picture. Layers carry
Inkscape's layer marks, which browsers ignore.
"""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
from lxml import etree
from numpy.typing import NDArray

from pid.drawing import Drawing, Line, Symbol, Word
from pid.errors import InputError
from pid.graph.overlay import LEAST_SURE, describe, element_rgb, elements, layer_of, layers

SVG = "http://www.w3.org/2000/svg"
INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"
JPEG_QUALITY = 80
_STROKE = 1 / 1600
"""Breadth of an outline as a share of the sheet's width: about 3 px of 5000."""
_CAP_SHARE = 0.8
"""Font size as a share of the height of a word's box."""


def write_svg(drawing: Drawing, path: Path, *, background: NDArray[np.uint8] | None = None) -> None:
    """Write the drawing as SVG.

    Args:
        drawing: the drawing.
        path: the file.
        background: the page in the sheet's frame, (H, W) grey or (H, W, 3) RGB, of any size.

    Raises:
        InputError: the file cannot be written.
    """
    width, height = drawing.sheet.width, drawing.sheet.height
    root = etree.Element(f"{{{SVG}}}svg", nsmap={None: SVG, "inkscape": INKSCAPE})
    root.set("viewBox", f"0 0 {width} {height}")
    root.set("width", f"{width}")
    root.set("height", f"{height}")
    etree.SubElement(root, f"{{{SVG}}}title").text = drawing.source.name
    if background is not None:
        _add_background(root, background, width, height)
    groups = {name: _add_layer(root, name) for name in layers(drawing)}
    pen = width * _STROKE
    for element in elements(drawing):
        shape = _add_shape(groups[layer_of(element)], element, pen)
        shape.set("id", element.id)
        etree.SubElement(shape, f"{{{SVG}}}title").text = describe(element)
    try:
        etree.ElementTree(root).write(path, xml_declaration=True, encoding="utf-8", pretty_print=True)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _add_background(root: etree._Element, image: NDArray[np.uint8], width: int, height: int) -> None:
    pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise InputError("The original's picture could not be encoded as JPEG.")
    layer = _add_layer(root, "ORIGINAL")
    picture = etree.SubElement(layer, f"{{{SVG}}}image", x="0", y="0", width=str(width), height=str(height))
    picture.set("preserveAspectRatio", "none")
    picture.set("href", "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii"))


def _add_layer(root: etree._Element, name: str) -> etree._Element:
    layer = etree.SubElement(root, f"{{{SVG}}}g", id=f"layer-{name}")
    layer.set(f"{{{INKSCAPE}}}groupmode", "layer")
    layer.set(f"{{{INKSCAPE}}}label", name)
    return layer


def _add_shape(layer: etree._Element, element: Symbol | Line | Word, pen: float) -> etree._Element:
    color = "#{:02x}{:02x}{:02x}".format(*element_rgb(element))
    if isinstance(element, Word):
        return _add_word(layer, element, color)
    style = {"fill": "none", "stroke": color, "stroke-width": _short(pen)}
    if isinstance(element, Line):
        points = " ".join(f"{_short(x)},{_short(y)}" for x, y in element.points)
        if element.style != "solid":
            style["stroke-dasharray"] = f"{_short(4 * pen)} {_short(2 * pen)}"
        return etree.SubElement(layer, f"{{{SVG}}}polyline", points=points, **{"stroke-opacity": "0.7", **style})
    if element.score < LEAST_SURE:
        style["stroke-dasharray"] = f"{_short(3 * pen)} {_short(2 * pen)}"
    x0, y0, x1, y1 = element.box
    place = {"x": _short(x0), "y": _short(y0), "width": _short(x1 - x0), "height": _short(y1 - y0)}
    shape = etree.SubElement(layer, f"{{{SVG}}}rect", **place, **(style | {"fill": color, "fill-opacity": "0.12"}))
    for key, value in (("kind", element.kind), ("group", element.group), ("tag", element.tag)):
        if value:
            shape.set(f"data-{key}", value)
    return shape


def _add_word(layer: etree._Element, word: Word, color: str) -> etree._Element:
    x0, y0, x1, y1 = word.box
    is_upright = round(word.angle / 90) % 2 == 0
    length, height = (x1 - x0, y1 - y0) if is_upright else (y1 - y0, x1 - x0)
    text = etree.SubElement(layer, f"{{{SVG}}}text", fill=color)
    text.set("font-family", "sans-serif")
    text.set("font-size", _short(_CAP_SHARE * height))
    text.set("text-anchor", "middle")
    text.set("dominant-baseline", "central")
    text.set("textLength", _short(length))
    text.set("lengthAdjust", "spacingAndGlyphs")
    text.set("transform", f"translate({_short((x0 + x1) / 2)} {_short((y0 + y1) / 2)}) rotate({_short(-word.angle)})")
    text.text = "".join(c for c in word.text if c >= " ")
    return text


def _short(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
