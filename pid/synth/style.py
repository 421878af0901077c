"""How one office draws: sizes, pens, letters and habits, fixed for a whole sheet.

The unit `u` of a style is the paper length of a catalogue millimetre, so a gate valve is 6 u long whatever the paper.
Sizes were measured on public sheets as multiples of the valve's length; see the presets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from pid.catalog import Catalog, Kind, Variant
from pid.synth.fonts import font_names

EQUIPMENT_GROUPS = ("vessel", "separator", "heat_exchanger", "compressor", "pump")
FAMILIES = ("offshore", "cae", "vendor", "benchmark", "generic")
FAMILY_WEIGHTS = (0.32, 0.18, 0.15, 0.15, 0.20)

PAPERS = {"A0": (1189.0, 841.0), "A1": (841.0, 594.0), "A2": (594.0, 420.0), "A3": (420.0, 297.0)}

# Variants that belong together, by family: a sheet of that family draws from these when it can.
_HOUSE: dict[str, dict[str, tuple[str, ...]]] = {
    "offshore": {
        "gate_valve": ("iso",), "ball_valve": ("iso",), "instrument_discrete_field": ("circle",),
        "instrument_shared_field": ("side_label_pcs", "side_label_ccp", "side_label_psd"),
        "flow_arrow": ("filled",), "psv": ("slashes",), "off_page_connector": ("flag",), "header_connector": ("box",),
        "spectacle_blind": ("open_top", "closed_top"), "flange": ("bar",), "nozzle_tag": ("box",),
        "control_valve": ("iso",),
    },
    "cae": {
        "instrument_discrete_field": ("stadium",), "flow_arrow": ("open_v",), "nozzle": ("stub_bar", "thick_stub_bar", "long_stub_bar"),
        "off_page_connector": ("open_arrow", "open_arrow_number"), "blind_flange": ("bar_thick",),
        "ball_valve": ("iso",), "globe_valve": ("dot",), "butterfly_valve": ("box_dot",), "swing_check_valve": ("box_dot",),
        "concentric_reducer": ("triangle",), "psv": ("zigzag", "dot_zigzag"), "controlled_actuator": ("circle",),
        "instrument_discrete_panel": ("stadium",),
    },
    "vendor": {"instrument_discrete_field": ("stadium",), "instrument_shared_field": ("box_diagonals",)},
    "benchmark": {
        "flow_arrow": ("filled_wide", "filled"), "instrument_discrete_field": ("circle", "circle_small"), "gate_valve": ("iso", "tall"),
        "spectacle_blind": ("open_top", "closed_top"),
        "instrument_shared_field": ("square", "plain_square_one", "plain_square_three"),
    },
}  # fmt: skip


_STANDARD = {"offshore": "NORSOK", "cae": "DEXPI"}  # variants of this origin are the house's, where none are named above
_AS_BUBBLE = ("shutdown_signal", "interlock", "relay_function")  # drawn in the size of balloons


@dataclass(eq=False)
class Style:
    """Sizes in mm of paper unless the name says otherwise."""

    family: str
    paper_mm: tuple[float, float]
    px_per_mm: float
    unit: float  # mm of paper a catalogue millimetre
    pen_mm: float  # symbols
    pipe_mm: float
    thin_mm: float  # signals, leaders, impulse lines
    header_mm: float
    equipment_pen_mm: float
    font: str
    text_mm: float  # cap height of tags
    title_mm: float  # cap height of equipment names
    width_factor: float
    bubble: float  # size of bubbles against the catalogue
    arrow: float
    reducer: float
    equipment: float
    crossing: str  # gap | plain | arc
    gap_across: bool  # the vertical line gives way
    tee_dot: float  # radius in u, 0 for none
    signal: str  # style of most signals
    tag_form: str  # stack | single | split | none
    numbers_on_line: bool
    arrows_at: str  # corner | middle | end
    fill_closed: bool
    closed_share: float
    surround_share: float
    stem_in_box: bool
    branch_cap_share: float
    symbols: int  # how many to aim for
    korean: bool
    nozzle_kind: str
    wobble: float  # how far, in u, lines miss their ends
    seed: int
    _chosen: dict[tuple[str, str], str] = field(default_factory=dict)

    def size_of(self, kind: Kind) -> float:
        """Scale, mm of paper per catalogue mm, of a kind."""
        factor = {
            "instrument": self.bubble if is_bubble_kind(kind) or kind.name in _AS_BUBBLE else 1.0, "flow_arrow": self.arrow,
            "reducer": self.reducer, "vessel": self.equipment, "separator": self.equipment,
            "heat_exchanger": min(1.6, self.equipment), "pump": min(1.4, self.equipment),
            "compressor": min(1.6, self.equipment),
        }.get(kind.group, 1.0)  # fmt: skip
        return self.unit * factor

    def variant_of(self, kind: Kind, rng: np.random.Generator, *, state: str = "") -> Variant:
        """The house's way of drawing a kind; mostly the same all over the sheet."""
        variants = [v for v in kind.variants if v.state == state] or list(kind.variants)
        house = _HOUSE.get(self.family, {}).get(kind.name, ())
        liked = [v for v in variants if v.name in house or (not house and _STANDARD.get(self.family, "-") in v.standard)]
        key = (kind.name, state)
        if key in self._chosen and rng.random() < 0.85:
            return next(v for v in variants if v.name == self._chosen[key])
        own = np.random.default_rng([self.seed, len(kind.name), *kind.name.encode(), len(state)])
        if liked and own.random() < 0.8:
            variants = liked
        pick = rng if key in self._chosen else own
        weights = np.array([v.weight for v in variants]) + 0.15
        chosen = variants[int(pick.choice(len(variants), p=weights / weights.sum()))]
        self._chosen.setdefault(key, chosen.name)
        return chosen


@cache
def is_bubble_kind(kind: Kind) -> bool:
    """Whether an instrument is a balloon that lines may meet from any side."""
    return kind.group == "instrument" and sum(p.role in ("any", "signal") for p in kind.variants[0].ports) >= 4


def choose_style(rng: np.random.Generator, *, seed: int, family: str | None = None, size: str | None = None) -> Style:
    """A style of the family (drawn by chance when None) on paper of the size (A0 to A3, chosen to suit when None)."""
    family = family or str(rng.choice(FAMILIES, p=FAMILY_WEIGHTS))
    pick = rng.uniform
    paper = size or str(rng.choice(["A1", "A3", "A2", "A0"], p=[0.55, 0.25, 0.12, 0.08]))
    width, height = PAPERS[paper]
    if rng.random() < 0.15:
        height *= pick(0.92, 1.05)
    # length of a gate valve and width of the sheet in pixels; offshore: 50 of 4961, CAE: 47 of 4961 and 39 of 6623,
    # vendor: 25 of 3509, benchmark: 45 of 3300
    valve, sheet = {
        "offshore": (pick(38, 62), pick(4300, 5600)), "cae": (pick(34, 60), pick(4600, 6800)),
        "vendor": (pick(20, 34), pick(3300, 4200)), "benchmark": (pick(34, 52), pick(3000, 3600)),
        "generic": (pick(26, 60), pick(3300, 6400)),
    }[family]  # fmt: skip
    valve *= {"offshore": 4961, "cae": 5400, "vendor": 3700, "benchmark": 3300, "generic": 4800}[family] and 1.0
    unit = valve / sheet * width / 6.0
    px_per_mm = sheet / width
    u = unit
    stroke_fonts = ["stroke", "stroke-plain"]
    other = [f for f in font_names() if f not in stroke_fonts]
    stroked = rng.random() < {"offshore": 0.85, "cae": 0.3, "vendor": 0.85, "benchmark": 0.15, "generic": 0.5}[family]
    font = str(rng.choice(stroke_fonts if stroked or not other else other))
    hangul = font_names(korean=True)
    korean = bool(hangul) and rng.random() < 0.08
    font = str(rng.choice(hangul)) if korean else font
    text_u = {"offshore": pick(1.6, 2.2), "cae": pick(2.0, 3.6), "vendor": pick(1.7, 2.4), "benchmark": pick(2.0, 2.6), "generic": pick(1.6, 2.8)}[family]
    pipe_u = {"offshore": pick(0.26, 0.45), "cae": pick(0.45, 0.85), "vendor": pick(0.35, 0.7), "benchmark": pick(0.34, 0.5), "generic": pick(0.28, 0.7)}[family]
    least = 1.6 / px_per_mm  # no pen thinner than 1.6 px
    pen_u = {"offshore": pick(0.24, 0.4), "cae": pick(0.25, 0.6), "vendor": pick(0.3, 0.5), "benchmark": pick(0.32, 0.45), "generic": pick(0.22, 0.5)}[family]
    return Style(
        family=family, paper_mm=(width, height), px_per_mm=px_per_mm, unit=u,
        pen_mm=max(least, pen_u * u), pipe_mm=max(least, pipe_u * u), thin_mm=max(least, min(pipe_u, pick(0.18, 0.36)) * u),
        header_mm=max(least, pipe_u * pick(1.0, 2.2) * u), equipment_pen_mm=max(least, pick(0.9, 1.6) * pen_u * u),
        font=font, text_mm=text_u * u, title_mm=text_u * pick(1.2, 1.9) * u,
        width_factor=pick(0.75, 1.0) if stroked else pick(0.8, 1.0),
        bubble={"offshore": pick(0.75, 0.95), "cae": pick(0.8, 1.3), "vendor": pick(0.8, 1.15), "benchmark": pick(0.62, 0.78), "generic": pick(0.7, 1.1)}[family],
        arrow={"cae": pick(0.8, 1.8), "vendor": pick(0.8, 1.5)}.get(family, pick(0.75, 1.25)),
        reducer=pick(0.75, 1.15), equipment=pick(1.0, 1.9) if family in ("cae", "generic") else pick(0.9, 1.5),
        crossing=str(rng.choice(["gap", "plain", "arc"], p={"offshore": [0.9, 0.07, 0.03], "cae": [0.4, 0.5, 0.1], "vendor": [0.8, 0.1, 0.1], "benchmark": [0.05, 0.95, 0.0]}.get(family, [0.45, 0.35, 0.2]))),
        gap_across=bool(rng.random() < 0.6),
        tee_dot=pick(0.5, 0.9) if rng.random() < (0.3 if family == "generic" else 0.08) else 0.0,
        signal=str(rng.choice(["dashed", "electric", "pneumatic", "solid"], p=[0.78, 0.1, 0.06, 0.06])),
        tag_form={"offshore": "stack", "cae": "single", "benchmark": "single"}.get(family, str(rng.choice(["single", "split", "stack", "none"], p=[0.4, 0.3, 0.2, 0.1]))),
        numbers_on_line=bool(rng.random() < {"offshore": 0.3, "cae": 0.95, "benchmark": 1.0}.get(family, 0.7)),
        arrows_at=str(rng.choice(["corner", "middle", "end"], p={"offshore": [0.8, 0.1, 0.1], "vendor": [0.1, 0.8, 0.1], "cae": [0.1, 0.3, 0.6]}.get(family, [0.3, 0.4, 0.3]))),
        fill_closed=bool(rng.random() < 0.8), closed_share={"offshore": 0.35, "vendor": 0.3}.get(family, 0.15),
        surround_share=0.4 if family == "offshore" else (0.1 if rng.random() < 0.3 else 0.0),
        stem_in_box=family == "cae", branch_cap_share={"offshore": 0.9, "cae": 0.4}.get(family, 0.5),
        symbols={"offshore": int(pick(140, 300)), "cae": int(pick(35, 110)), "vendor": int(pick(120, 240)), "benchmark": int(pick(60, 110))}.get(family, int(pick(60, 200))),
        korean=korean,
        nozzle_kind={"offshore": "nozzle_tag", "cae": "nozzle"}.get(family, str(rng.choice(["nozzle_tag", "nozzle", "none"], p=[0.3, 0.5, 0.2]))),
        wobble=pick(0.05, 0.2) if rng.random() < (0.6 if family == "benchmark" else 0.05) else 0.0,
        seed=seed,
    )  # fmt: skip


def rare_kinds(catalog: Catalog, seed: int, *, share: int = 9, equipment_share: int = 24) -> list[Kind]:
    """The kinds that this seed's sheet must try to draw: a kind comes up once in `share` sheets, equipment more seldom."""
    due = []
    for i, kind in enumerate(catalog.values()):
        every = equipment_share if kind.group in EQUIPMENT_GROUPS else share
        if i % every == seed % every:
            due.append(kind)
    return due
