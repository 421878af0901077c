"""Draw a random sheet with its exact truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pid.catalog import load_catalog
from pid.drawing import Box, Drawing
from pid.synth import control, features, layout
from pid.synth.annotate_sheet import annotate_sheet
from pid.synth.draft import Draft
from pid.synth.furniture import Furniture, draw_furniture
from pid.synth.ink import Ink
from pid.synth.lattice import lay_lattice
from pid.synth.paint_sheet import paint_sheet
from pid.synth.place import ALL_LAYERS, SOLID, Occupancy
from pid.synth.plant import Names
from pid.synth.style import Style, choose_style, rare_kinds

_MARGIN_U = 8.0  # paper kept free along the frame
_MISSES = 160  # tries in a row without room after which a sheet counts as full

# How often each act is tried, by family; what does not find room is simply not drawn.
_ACTS: dict[str, dict[Callable[[Draft], object], float]] = {
    "offshore": {features.add_in_line: 6, features.add_drain: 5, features.add_relief: 1, control.add_indication: 2.2, control.add_loop: 1, control.add_operated_valve: 1.2, control.add_tag_bubble: 2, features.add_train: 1.5, features.add_rare_branch: 1},
    "vendor": {features.add_in_line: 5, features.add_drain: 4, features.add_relief: 1, control.add_indication: 3, control.add_loop: 0.8, control.add_operated_valve: 0.8, control.add_tag_bubble: 1.5, features.add_train: 1.5, features.add_rare_branch: 1},
    "cae": {features.add_in_line: 5, features.add_drain: 2, features.add_relief: 0.6, control.add_indication: 2, control.add_loop: 0.5, control.add_operated_valve: 1, features.add_rare_branch: 1, control.add_tag_bubble: 0.2},
    "generic": {features.add_in_line: 5, features.add_drain: 3, features.add_relief: 0.8, control.add_indication: 2, control.add_loop: 1, control.add_operated_valve: 1, control.add_tag_bubble: 0.6, features.add_train: 1.2, features.add_rare_branch: 1},
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SynthSheet:
    """A drawn sheet and its truth."""

    ink: Ink
    drawing: Drawing
    style: Style


def generate_sheet(seed: int, *, family: str | None = None, size: str | None = None) -> SynthSheet:
    """A random sheet, the same for the same arguments: ink in mm, truth in pixels at ``style.px_per_mm``.

    `family` is one of `pid.synth.style.FAMILIES`, `size` one of A0 to A3; both are drawn by chance when None.
    """
    rng = np.random.default_rng(seed)
    catalog = load_catalog()
    style = choose_style(rng, seed=seed, family=family, size=size)
    names = Names(rng, style.family)
    furniture = _furniture(rng, style, names)
    paper = Occupancy(*style.paper_mm, style.unit)
    draft = Draft(rng, style, catalog, names, paper, _area(furniture.drawable, style))
    for box in furniture.blocked:
        for layer in ALL_LAYERS:
            paper.mark(box, layer)
        paper.mark(box, SOLID)
    draft.rare = rare_kinds(catalog, seed)
    if style.family == "benchmark":
        lay_lattice(draft)
    else:
        _lay_plant(draft)
    annotate_sheet(draft)
    ink, drawing = paint_sheet(
        draft, name=f"synth-{seed}", marks=furniture.marks, words=furniture.words, tables=furniture.tables,
        title_block=furniture.title_block,
    )  # fmt: skip
    return SynthSheet(ink, drawing, style)


def _furniture(rng: np.random.Generator, style: Style, names: Names) -> Furniture:
    width, height = style.paper_mm
    return draw_furniture(
        rng, width, height, font=style.font, line_mm=style.thin_mm, korean=style.vectors_korean,
        drawing_number=names.sheet(), title=names.service(), bom_rows=(),
    )  # fmt: skip


def _area(drawable: Box, style: Style) -> Box:
    m = _MARGIN_U * style.unit
    return drawable[0] + m, drawable[1] + m, drawable[2] - m, drawable[3] - m


def _lay_plant(draft: Draft) -> None:
    rng, style = draft.rng, draft.style
    dense = style.symbols / 120
    items = layout.place_equipment(draft)
    headers = int(rng.poisson({"offshore": 3.0, "cae": 0.2, "vendor": 0.5}.get(style.family, 1.0)))
    layout.lay_headers(draft, headers)
    count = lambda mean: int(rng.poisson(mean * dense)) + 1  # noqa: E731
    terminals = layout.place_connectors(draft, at_left=count(4), at_right=count(3))
    for item in items:
        terminals += layout.equipment_terminals(draft, item)
    left = layout.lay_flows(draft, terminals)
    layout.finish_open_ends(draft)
    layout.grow_from(draft, left)
    acts = _ACTS[style.family]
    weights = np.array(list(acts.values()))
    choices = list(acts)
    misses = 0
    while draft.parts < style.symbols and misses < _MISSES:
        act = choices[int(rng.choice(len(choices), p=weights / weights.sum()))]
        misses = 0 if act(draft) else misses + 1
        if draft.open_ends and draft.chance(0.5):
            layout.finish_open_ends(draft)
    layout.finish_open_ends(draft)
