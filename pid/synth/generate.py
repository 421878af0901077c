"""Draw a random sheet with its exact truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pid.catalog import Catalog, load_catalog
from pid.drawing import Box, Drawing
from pid.synth import balloons, branches, control, features, flows, layout, stations, tappings, vessel_trim
from pid.synth.annotate_sheet import annotate_sheet
from pid.synth.draft import Draft
from pid.synth.furniture import Furniture, draw_furniture
from pid.synth.ink import Ink
from pid.synth.lattice import lay_lattice
from pid.synth.paint_sheet import paint_sheet
from pid.synth.place import ALL_LAYERS, SOLID, Occupancy
from pid.synth.plant import Names
from pid.synth.style import Style, choose_style, rare_kinds

_SHARED: dict[Callable[[Draft], object], float] = {
    stations.add_flanged_valve: 1.5,
    stations.add_control_station: 1.6,
    stations.add_meter: 1.0,
    stations.add_shutdown_signal: 0.6,
    stations.add_loose: 0.6,
    stations.add_pipe: 1.0,
}
# Share of balloons, meters and gauges among all symbols below which an act that draws one is favoured; counted on
# public sheets: 23 % offshore, 7 % on a small export of a CAE system, 19 % on benchmark sheets.
_INSTRUMENT_SHARE = {"offshore": 0.23, "cae": 0.13, "vendor": 0.21}
_READINGS: tuple[Callable[[Draft], object], ...] = (
    control.add_indication,
    control.add_indication,
    control.add_tapping_lettered,
    stations.add_control_station,
    stations.add_meter,
    control.add_operated_valve,
    balloons.add_tag_bubble,
)
_MARGIN_U = 8.0  # paper kept free along the frame
_MISSES = 160  # tries in a row without room after which a sheet counts as full

# How often each act is tried, by family; what does not find room is simply not drawn.
_ACTS: dict[str, dict[Callable[[Draft], object], float]] = {
    "offshore": {
        features.add_in_line: 6,
        branches.add_drain: 5,
        branches.add_relief: 1,
        control.add_indication: 2.2,
        control.add_loop: 1,
        control.add_operated_valve: 1.2,
        balloons.add_tag_bubble: 2,
        features.add_train: 1.5,
        branches.add_rare_branch: 1,
    },
    "vendor": {
        features.add_in_line: 5,
        branches.add_drain: 4,
        branches.add_relief: 1,
        features.add_line_balloon: 1.0,
        control.add_indication: 3,
        control.add_loop: 0.8,
        control.add_operated_valve: 0.8,
        balloons.add_tag_bubble: 1.5,
        features.add_train: 1.5,
        branches.add_rare_branch: 1,
    },
    "cae": {
        features.add_in_line: 5,
        branches.add_drain: 2,
        branches.add_relief: 0.6,
        control.add_indication: 2,
        control.add_loop: 0.5,
        control.add_operated_valve: 1,
        branches.add_rare_branch: 1,
        balloons.add_tag_bubble: 0.2,
    },
    "generic": {
        features.add_in_line: 5,
        branches.add_drain: 3,
        branches.add_relief: 0.8,
        features.add_line_balloon: 0.3,
        control.add_indication: 2,
        control.add_loop: 1,
        control.add_operated_valve: 1,
        balloons.add_tag_bubble: 0.6,
        features.add_train: 1.2,
        branches.add_rare_branch: 1,
    },
}


@dataclass(frozen=True, eq=False)
class SynthSheet:
    """A drawn sheet and its truth."""

    ink: Ink
    drawing: Drawing
    style: Style
    variants: dict[str, str]
    """How each symbol is drawn: the catalogue's name of the variant, by the symbol's id."""


def generate_sheet(
    seed: int,
    *,
    family: str | None = None,
    size: str | None = None,
    stretched: bool = True,
    catalog: Catalog | None = None,
) -> SynthSheet:
    """A random sheet, the same for the same arguments: ink in mm, truth in pixels at ``style.px_per_mm``.

    `family` is one of `pid.synth.style.FAMILIES`, `size` one of A0 to A3; both are drawn by chance when None. Without
    `stretched` every symbol keeps the catalogue's proportions; sizes still vary. `catalog` are an office's own drawings
    of the kinds; the shipped ones where it is not given.
    """
    rng = np.random.default_rng(seed)
    catalog = catalog or load_catalog()
    style = choose_style(rng, seed=seed, family=family, size=size)
    names = Names(rng, style.family, korean=style.korean)
    furniture = _furniture(rng, style, names)
    paper = Occupancy(*style.paper_mm, style.unit)
    draft = Draft(rng, style, catalog, names, paper, _area(furniture.drawable, style), stretched=stretched)
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
    return SynthSheet(ink, drawing, style, {piece.id: piece.variant.name for piece in draft.pieces})


def _furniture(rng: np.random.Generator, style: Style, names: Names) -> Furniture:
    width, height = style.paper_mm
    return draw_furniture(
        rng, width, height, font=style.font, line_mm=style.thin_mm, korean=style.korean,
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
    flows.lay_headers(draft, headers)
    vessel_trim.add_drivers(draft, items)
    for item in items:
        if item.kind.group in ("vessel", "separator"):
            for _ in range(int(rng.poisson({"offshore": 1.2, "vendor": 0.7}.get(style.family, 0.4)))):
                vessel_trim.add_bridle(draft, item)
            tappings.add_wall_instruments(draft, item)
            for _ in range(int(rng.poisson({"offshore": 1.2, "vendor": 0.4}.get(style.family, 0.3)))):
                vessel_trim.add_inner_balloon(draft, item)
    terminals = flows.place_connectors(
        draft, at_left=int(rng.poisson(4 * dense)) + 1, at_right=int(rng.poisson(3 * dense)) + 1
    )
    for item in items:
        own = layout.equipment_terminals(draft, item)
        terminals += [vessel_trim.trim_terminal(draft, t, item) if draft.chance(0.5) else t for t in own]
    left = flows.lay_flows(draft, terminals)
    flows.finish_open_ends(draft)
    flows.grow_from(draft, left)
    for _ in range(int(rng.poisson(1.6 * dense)) + 1):  # while there are still long bare pipes
        stations.add_control_station(draft) if draft.chance(0.6) else control.add_loop(draft)
    vessel_trim.drop_unused_nozzles(draft, share=_dropped_nozzles(style))
    acts = _ACTS[style.family]
    acts = acts | _SHARED
    weights = np.array(list(acts.values()))
    choices = list(acts)
    misses = 0
    while draft.parts < style.symbols and misses < _MISSES:
        act = choices[int(rng.choice(len(choices), p=weights / weights.sum()))]
        if draft.chance(0.6) and _lacks_instruments(draft):
            act = _READINGS[int(rng.integers(len(_READINGS)))]
        misses = 0 if act(draft) else misses + 1
        if draft.open_ends and draft.chance(0.5):
            flows.finish_open_ends(draft)
    flows.finish_open_ends(draft)


def _dropped_nozzles(style: Style) -> float:
    """Share of the nozzles without a pipe that are taken off again; stubs with a tick are nozzles without one too."""
    if style.family == "cae":
        return 0.25
    return 0.5 if style.nozzle_kind == "nozzle" else 0.75


def _lacks_instruments(draft: Draft) -> bool:
    balloons = sum(p.kind.group == "instrument" for p in draft.pieces)
    return balloons < _INSTRUMENT_SHARE.get(draft.style.family, 0.19) * len(draft.pieces)
