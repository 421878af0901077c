"""Draw a legend: symbols in a grid or list, each with its name beside it, and the truth of where they are.

A legend belongs to an office: drawn in a sheet's style it shows the symbols as that sheet draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Kind, load_catalog
from pid.drawing import Box, Point
from pid.errors import InputError
from pid.symbol_svg import Variant
from pid.synth.fonts import supports, text_bounds
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.pixels import as_gray
from pid.synth.place import Piece
from pid.synth.raster import render_raster
from pid.synth.style import EQUIPMENT_GROUPS, Style, choose_style

Layout = Literal["above", "below", "right", "ruled"]
"""Where the name stands: above, below, right of its symbol, or right of it in a ruled table."""
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
Naming = Literal["title", "kind", "number"]
"""Names as the catalogue's titles in capitals, its kinds, or ``symbol-7``."""

GAP_U, CELL_U = 3.0, 4.0
"""Paper between a symbol and its name and between cells, in the style's units."""
NAME_APART, NAMES_APART = 1.8, 2.5
"""Least paper between a symbol and its name and between cells over the names' height: what is nearer is one."""
NAME_MM = 0.9
"""Height of the names over that of the style's tags."""
STUB_U = (1.2, 3.0)
"""Length of the remains of pipes."""
LEAST_NAME_PX = 11.0
"""Cap height below which no reader reads."""
MARGIN_U = 6.0
PLAIN_FONT = "stroke"
_SAMPLES = {"letters": "PT", "number": "101", "tag": "A1", "service": "TO TANK", "size": "DN50", "sheet": "12"}


@dataclass(frozen=True)
class LegendEntry:
    """A symbol of a legend: its kind, the name written beside it, and places in pixels."""

    kind: str
    name: str
    box: Box
    """Ink without pipes and lettering."""
    name_box: Box
    """Ink of the name."""
    ports: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class DrawnLegend:
    """A legend's picture (H, W) uint8 and what it shows, in reading order."""

    picture: NDArray[np.uint8]
    entries: tuple[LegendEntry, ...]
    layout: Layout


@dataclass(frozen=True, eq=False)
class _Cell:
    piece: Piece
    name: str
    reach: Box
    """All ink of the piece, lettering and pipes included, about its own origin, mm."""
    text: Box
    """Ink of the name about its middle, mm."""


def draw_legend(
    kinds: Sequence[str],
    seed: int,
    *,
    variants: Sequence[str] | None = None,
    style: Style | None = None,
    layout: Layout | None = None,
    naming: Naming = "title",
    pipes: bool | None = None,
    columns: int | None = None,
) -> DrawnLegend:
    """A legend of catalogue kinds, the same for the same arguments.

    Args:
        kinds: Catalogue kinds, in the order drawn.
        seed: Of everything that is left to chance.
        variants: The way in which each is drawn, by the catalogue's names; the office's usual one where not given.
        style: Of the office, e.g. that of a generated sheet; drawn by chance where it is not given.
        layout: By chance where it is not given.
        naming: How symbols are called.
        pipes: Whether short remains of pipes stand at the ports; by chance where it is not given.
        columns: Symbols in a row; by their number where it is not given.

    Raises:
        InputError: a kind, or a way of drawing it, is not in the catalogue.
    """
    rng = np.random.default_rng([seed, 77])
    style = style or choose_style(np.random.default_rng([seed, 3]), seed=seed)
    layout = layout or LAYOUTS[int(rng.integers(len(LAYOUTS)))]
    with_pipes = bool(rng.random() < 0.5) if pipes is None else pipes
    cells, marks = [], []
    height = max(style.text_mm * NAME_MM, LEAST_NAME_PX / style.px_per_mm)
    drawn = (
        [_drawn(name, None, style, rng) for name in kinds]
        if variants is None
        else [_drawn(*pair, style, rng) for pair in zip(kinds, variants, strict=True)]
    )
    for number, (kind, variant) in enumerate(drawn, 1):
        piece, own = _draw_piece(kind, variant, style, rng, f"s{number}", with_pipes=with_pipes)
        text = _name(piece.kind, naming, number)
        font = style.font if supports(style.font, text) else PLAIN_FONT
        bounds = text_bounds(text, font=font, height_mm=height, width_factor=style.width_factor)
        cells.append(_Cell(piece, text, _reach(piece, own), bounds))
        marks.append((own, font))
    across = columns or max(1, round(len(kinds) ** 0.5 * (1.2 if layout in ("above", "below") else 0.6)))
    places, size, rules = _lay_out(cells, layout, across, style)
    ink: list[Stroke | Lettering] = list(rules)
    entries = []
    for cell, (own, font), (at, middle) in zip(cells, marks, places, strict=True):
        ink += [_moved(mark, at) for mark in own]
        ink.append(Lettering(cell.name, middle, height, font=font, width_factor=style.width_factor))
        entries.append(_entry(cell, at, middle, style.px_per_mm))
    picture = as_gray(render_raster(Ink(*size, tuple(ink)), style.px_per_mm))
    return DrawnLegend(picture, tuple(entries), layout)


def _drawn(name: str, variant: str | None, style: Style, rng: np.random.Generator) -> tuple[Kind, Variant]:
    """A kind of the catalogue and the way to draw it."""
    catalog = load_catalog()
    if name not in catalog:
        raise InputError(f"The catalogue has no kind {name!r}.")
    if variant is None:
        return catalog[name], style.usual_variant(catalog[name], rng)
    named = [v for v in catalog[name].variants if v.name == variant]
    if not named:
        raise InputError(f"The catalogue draws no {name!r} as {variant!r}.")
    return catalog[name], named[0]


def _name(kind: Kind, naming: Naming, number: int) -> str:
    return {"title": kind.title.upper(), "kind": kind.name, "number": f"symbol-{number}"}[naming]


def _draw_piece(
    kind: Kind, variant: Variant, style: Style, rng: np.random.Generator, name: str, *, with_pipes: bool
) -> tuple[Piece, list[Stroke | Lettering]]:
    """A symbol about the origin in the office's manner, and its ink."""
    scale = style.size_of(kind)
    pen = style.equipment_pen_mm if kind.group in EQUIPMENT_GROUPS else style.pen_mm
    piece = Piece(kind, variant, 0.0, 0.0, (scale, scale), 0, False, pen, id=name)
    ink: list[Stroke | Lettering] = []
    if with_pipes:
        length = float(rng.uniform(*STUB_U)) * style.unit
        for port in piece.ports:
            if port.role == "process":
                turn = np.radians(port.direction)
                start = np.array([port.x, port.y])
                end = start + length * np.array([np.cos(turn), -np.sin(turn)])
                ink.append(Stroke(np.array([start, end]), style.pipe_mm))
    for shape in piece.variant.shapes:
        dash = tuple(d * scale for d in shape.dash)
        ink.append(
            Stroke(
                piece.to_sheet(shape.points), piece.pen_of(shape.width), shape.closed, shape.fill, dash,
                element=name, outlined=shape.stroked,
            )
        )  # fmt: skip
    for slot in piece.variant.texts:
        text = _SAMPLES.get(slot.slot, "A") if slot.slot else slot.text
        if text:
            x, y = piece.to_sheet([(slot.x, slot.y)])[0]
            font = style.font if supports(style.font, text) else PLAIN_FONT
            ink.append(
                Lettering(
                    text, (float(x), float(y)), slot.height * scale, font=font, width_factor=style.width_factor
                )
            )  # fmt: skip
    return piece, ink


def _reach(piece: Piece, ink: Sequence[Stroke | Lettering]) -> Box:
    points = [np.array(piece.box).reshape(2, 2)]
    points += [np.asarray(mark.points) for mark in ink if isinstance(mark, Stroke)]
    every = np.concatenate(points)
    low, high = every.min(axis=0), every.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _lay_out(
    cells: Sequence[_Cell], layout: Layout, across: int, style: Style
) -> tuple[list[tuple[Point, Point]], tuple[float, float], list[Stroke]]:
    """For each cell the place of its symbol's origin and of its name's middle; the paper's size; ruling. All mm."""
    beside = layout in ("right", "ruled")
    height = max(c.text[3] - c.text[1] for c in cells)
    gap, room = max(GAP_U * style.unit, NAME_APART * height), max(CELL_U * style.unit, NAMES_APART * height)
    symbol = np.array([(c.reach[2] - c.reach[0], c.reach[3] - c.reach[1]) for c in cells])
    text = np.array([(c.text[2] - c.text[0], c.text[3] - c.text[1]) for c in cells])
    column, row = np.arange(len(cells)) % across, np.arange(len(cells)) // across
    symbol_width = np.array([symbol[column == k, 0].max() for k in range(min(across, len(cells)))])
    text_width = np.array([text[column == k, 0].max() for k in range(min(across, len(cells)))])
    symbol_height = np.array([symbol[row == k, 1].max() for k in range(row.max() + 1)])
    text_height = np.array([text[row == k, 1].max() for k in range(row.max() + 1)])
    widths = symbol_width + gap + text_width if beside else np.maximum(symbol_width, text_width)
    heights = np.maximum(symbol_height, text_height) if beside else symbol_height + gap + text_height
    margin = MARGIN_U * style.unit
    lefts = margin + np.concatenate([[0.0], np.cumsum(widths + room)])
    tops = margin + np.concatenate([[0.0], np.cumsum(heights + room)])
    places: list[tuple[Point, Point]] = []
    for i, cell in enumerate(cells):
        k, r = int(column[i]), int(row[i])
        if beside:
            middle = (float(lefts[k] + symbol_width[k] / 2), float(tops[r] + heights[r] / 2))
            named = (float(lefts[k] + symbol_width[k] + gap + text[i, 0] / 2), middle[1])
        else:
            x = float(lefts[k] + widths[k] / 2)
            first = float(tops[r])
            over = layout == "above"
            middle = (x, first + float(text_height[r] + gap + symbol[i, 1] / 2 if over else symbol_height[r] / 2))
            named = (x, first + float(text_height[r] / 2 if over else symbol_height[r] + gap + text_height[r] / 2))
        x0, y0, x1, y1 = cell.reach
        places.append(((middle[0] - (x0 + x1) / 2, middle[1] - (y0 + y1) / 2), named))
    size = (float(lefts[-1] - room + margin), float(tops[-1] - room + margin))
    rules = _ruling(lefts - room / 2, tops - room / 2, style) if layout == "ruled" else []
    return places, size, rules


def _ruling(xs: NDArray[np.float64], ys: NDArray[np.float64], style: Style) -> list[Stroke]:
    across = [Stroke(np.array([(xs[0], y), (xs[-1], y)]), style.thin_mm) for y in ys]
    return across + [Stroke(np.array([(x, ys[0]), (x, ys[-1])]), style.thin_mm) for x in xs]


def _moved(mark: Stroke | Lettering, by: Point) -> Stroke | Lettering:
    if isinstance(mark, Stroke):
        return replace(mark, points=np.asarray(mark.points) + np.array(by))
    return replace(mark, center=(mark.center[0] + by[0], mark.center[1] + by[1]))


def _entry(cell: _Cell, at: Point, middle: Point, px_per_mm: float) -> LegendEntry:
    ports = tuple(((p.x + at[0]) * px_per_mm, (p.y + at[1]) * px_per_mm) for p in cell.piece.ports)
    box, named = _placed(cell.piece.box, at, px_per_mm), _placed(cell.text, middle, px_per_mm)
    return LegendEntry(cell.piece.kind.name, cell.name, box, named, ports)


def _placed(box: Box, at: Point, px_per_mm: float) -> Box:
    x0, y0, x1, y1 = box
    return (x0 + at[0]) * px_per_mm, (y0 + at[1]) * px_per_mm, (x1 + at[0]) * px_per_mm, (y1 + at[1]) * px_per_mm
