"""The families of drawing manners: what their offices have in common, as ranges to draw a style from.

Lengths are multiples of `u`, a sixth of a gate valve's length, measured on public sheets: valve 50 px and balloon 74 px
of a sheet 4961 px wide offshore; valve 47 of 4961 and 39 of 6623 in exports of CAE systems; 25 of 3509 on a vendor's
sheet; 45 of 3300 on benchmark sheets.
"""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]

PAPERS = {"A0": (1189.0, 841.0), "A1": (841.0, 594.0), "A2": (594.0, 420.0), "A3": (420.0, 297.0)}
PAPER_SHARES = {"A1": 0.55, "A3": 0.25, "A2": 0.12, "A0": 0.08}


@dataclass(frozen=True)
class Preset:
    """Ranges and shares of one family; (low, high) where a number is drawn."""

    share: float  # of all sheets
    valve_px: Range  # length of a gate valve
    sheet_px: Range  # width of the sheet
    stroke_font: float  # share of sheets lettered with strokes
    text: Range
    pipe: Range
    pen: Range
    bubble: Range  # size of balloons against the catalogue
    symbols: tuple[int, int]
    arrow: Range = (0.75, 1.25)
    equipment: Range = (0.9, 1.5)
    crossing: tuple[float, float, float] = (0.45, 0.35, 0.2)  # gap, plain, arc
    tee_dots: float = 0.08
    tag_forms: tuple[float, float, float, float] = (0.4, 0.3, 0.2, 0.1)  # single, split, stack, none
    numbers_on_line: float = 0.7
    arrows_at: tuple[float, float, float] = (0.3, 0.4, 0.3)  # corner, middle, end
    closed: float = 0.15
    surrounds: tuple[float, float] = (0.3, 0.1)  # share of sheets that have dashed surrounds, share of valves then
    stem_in_box: bool = False
    caps: float = 0.5  # share of drains with a blind flange
    nozzles: tuple[float, float, float] = (0.3, 0.5, 0.2)  # tag box, stub, none
    wobble: float = 0.05  # share of sheets with careless joins
    big: float = 0.35  # share of vessels and exchangers drawn to a share of the sheet's height
    hair: float = 0.1  # share of sheets in hairlines, as PDF exports are rendered
    heavy: float = 0.05  # share of sheets in very thick pens
    nozzle_reach: Range = (2.5, 6.0)  # length of nozzle stubs in u
    machine_nozzles: float = 0.0  # share of sheets that draw nozzles on pumps and exchangers too


PRESETS = {
    "offshore": Preset(
        share=0.32,
        valve_px=(38, 62),
        sheet_px=(4300, 5600),
        stroke_font=0.85,
        text=(1.6, 2.2),
        pipe=(0.26, 0.45),
        pen=(0.24, 0.4),
        bubble=(0.75, 0.95),
        symbols=(140, 290),
        crossing=(0.9, 0.07, 0.03),
        tag_forms=(0, 0, 1, 0),
        numbers_on_line=0.3,
        arrows_at=(0.8, 0.1, 0.1),
        closed=0.35,
        surrounds=(1.0, 0.4),
        caps=0.9,
        nozzles=(1, 0, 0),
        big=0.25,
        hair=0.04,
        heavy=0.0,
    ),
    "cae": Preset(
        share=0.18,
        valve_px=(34, 60),
        sheet_px=(4600, 6800),
        stroke_font=0.3,
        text=(2.0, 3.6),
        pipe=(0.45, 0.85),
        pen=(0.25, 0.6),
        bubble=(0.8, 1.3),
        symbols=(35, 110),
        arrow=(0.8, 1.8),
        equipment=(1.0, 1.9),
        crossing=(0.4, 0.5, 0.1),
        tag_forms=(1, 0, 0, 0),
        numbers_on_line=0.95,
        arrows_at=(0.1, 0.3, 0.6),
        stem_in_box=True,
        caps=0.4,
        nozzles=(0, 1, 0),
        big=0.6,
        hair=0.3,
        heavy=0.2,
        nozzle_reach=(3.5, 13.0),
        machine_nozzles=1.0,
    ),
    "vendor": Preset(
        share=0.15,
        valve_px=(20, 34),
        sheet_px=(3300, 4200),
        stroke_font=0.85,
        text=(1.7, 2.4),
        pipe=(0.35, 0.7),
        pen=(0.3, 0.5),
        bubble=(0.8, 1.15),
        symbols=(120, 240),
        arrow=(0.8, 1.5),
        crossing=(0.8, 0.1, 0.1),
        arrows_at=(0.1, 0.8, 0.1),
        closed=0.3,
        nozzles=(0.3, 0.55, 0.15),
        nozzle_reach=(2.5, 8.0),
        machine_nozzles=0.6,
    ),
    "benchmark": Preset(
        share=0.15,
        valve_px=(34, 52),
        sheet_px=(3000, 3600),
        stroke_font=0.15,
        text=(2.0, 2.6),
        pipe=(0.34, 0.5),
        pen=(0.32, 0.45),
        bubble=(0.62, 0.78),
        symbols=(65, 115),
        crossing=(0.05, 0.95, 0.0),
        tag_forms=(1, 0, 0, 0),
        numbers_on_line=1.0,
        wobble=0.6,
    ),
    "generic": Preset(
        share=0.20,
        valve_px=(26, 60),
        sheet_px=(3300, 6400),
        stroke_font=0.5,
        text=(1.6, 2.8),
        pipe=(0.28, 0.7),
        pen=(0.22, 0.5),
        bubble=(0.7, 1.1),
        symbols=(60, 200),
        equipment=(1.0, 1.9),
        tee_dots=0.3,
        nozzles=(0.2, 0.7, 0.1),
        big=0.5,
        hair=0.25,
        heavy=0.12,
        nozzle_reach=(2.5, 12.0),
        machine_nozzles=0.7,
    ),
}

_STEMS = ("long_stem", "long_stem_wide", "tall_stem", "short_stem", "big_ring", "far_bars")
BLINDS = (*_STEMS, *(f"{s}_{state}" for s in _STEMS for state in ("open", "closed")))
"""Spectacle blinds, spades and spacers with their rings on a stem off the pipe."""

# Variants that belong together, by family: a sheet of that family draws from these when it can.
HOUSE_VARIANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "offshore": {
        "gate_valve": ("iso",),
        "ball_valve": ("iso",),
        "instrument_discrete_field": ("circle",),
        "instrument_shared_field": ("side_label_pcs", "side_label_ccp", "side_label_psd"),
        "flow_arrow": ("filled",),
        "psv": ("slashes", "slashes_tall", "slashes_tall", "slashes_three_wide"),
        "off_page_connector": ("flag",),
        "header_connector": ("box",),
        "spectacle_blind": ("open_top", "closed_top", *BLINDS),
        "spade": BLINDS,
        "spacer": BLINDS,
        "blind_flange": ("bar_off", "bar_off_thick", "bar_off_far"),
        "flange": ("bar",),
        "nozzle_tag": ("box",),
        "control_valve": ("iso",),
    },
    "cae": {
        "instrument_discrete_field": ("stadium",),
        "flow_arrow": ("open_v", "open_v_wide", "open_v_wide_heavy", "open_v_heavy", "open_v_thin"),
        "nozzle": ("stub_bar", "thick_stub_bar", "reach_bar", "reach_bar_heavy", "reach_bar_thin", "far_bar"),
        "manway": ("bracket", "bracket_split", "bracket_short"),
        "off_page_connector": ("open_arrow", "block_arrow", "block_arrow_large", "block_arrow_heavy"),
        "blind_flange": ("bar_thick",),
        "ball_valve": ("iso",),
        "globe_valve": ("dot",),
        "butterfly_valve": ("box_dot",),
        "swing_check_valve": ("box_dot",),
        "concentric_reducer": ("triangle",),
        "psv": ("zigzag", "dot_zigzag"),
        "controlled_actuator": (
            "circle_on_stem",
            "circle_on_stem_heavy",
            "circle_stem_arrow",
            "circle_stem_arrow_slim",
        ),
        "motor_actuator": ("circle_on_stem", "circle"),
        "vertical_drum": ("arched", "plain", "shallow", "flat_ends"),
        "plate_heat_exchanger": ("cross_bars", "iso", "cross", "cross_end_bars"),
        "instrument_discrete_panel": ("stadium",),
    },
    "vendor": {"instrument_discrete_field": ("stadium",), "instrument_shared_field": ("box_diagonals",)},
    "benchmark": {
        "flow_arrow": ("filled_wide", "filled"),
        "instrument_discrete_field": ("circle", "circle_small"),
        "gate_valve": ("iso", "tall"),
        "spectacle_blind": BLINDS,
        "spade": BLINDS,
        "spacer": BLINDS,
        "check_valve": ("n_dot_centre", "half_filled", "long_triangle_bar", "slim_triangle_bar", "triangle_in_box"),
        "ball_valve": ("iso", "crossed", "between_bars", "ring_between_bars", "ring_between_long_bars"),
        "actuated_valve": ("small_dome", "small_dome_high", "small_dome_round", "dome"),
        "rotary_valve": ("circle_cross",),
        "diaphragm_valve": ("dome", "dome_round"),
        "instrument_shared_field": ("square", "plain_square_one", "plain_square_three"),
    },
}

HOUSE_STANDARDS = {"offshore": "NORSOK", "cae": "DEXPI"}
"""Variants of this origin are the house's, where none are named above."""
