"""How one office draws: sizes, pens, letters and habits, fixed for a whole sheet.

The unit `u` of a style is the paper length of a catalogue millimetre, so a gate valve is 6 u long whatever the paper.
Sizes were measured on public sheets as multiples of the valve's length; see the presets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from pid.catalog import Catalog, Kind
from pid.symbol_svg import Variant
from pid.synth.fonts import font_names, is_stroke
from pid.synth.style_presets import HOUSE_STANDARDS, HOUSE_VARIANTS, PAPER_SHARES, PAPERS, PRESETS, Preset

EQUIPMENT_GROUPS = ("vessel", "separator", "heat_exchanger", "compressor", "pump")
FAMILIES = tuple(PRESETS)
_LEAST_PEN_PX = 1.6  # thinner lines break up in a raster
_HAIR_PX, _HAIR_SHEET_PX = (1.0, 2.2), 3800.0  # pens of a hairline sheet when it is this wide, as detection sees it
_HEAVY_PEN, _HEAVY_PIPE = (0.6, 1.0), (0.8, 1.3)  # u; measured 0.9 on symbols and 1.1 on pipes of a CAE system's raster
_KOREAN_SHARE = 0.08
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
    closed_share: float
    surround_share: float
    stem_in_box: bool
    branch_cap_share: float
    symbols: int  # how many to aim for
    korean: bool
    nozzle_kind: str
    nozzle_reach: tuple[float, float]  # range of the length of a nozzle's stub in u
    nozzle_tick: float  # height of a nozzle's tick against the catalogue
    machine_nozzles: bool  # pumps, compressors and exchangers have nozzles too
    big_share: float  # of vessels and exchangers, those drawn to a share of the sheet's height
    wobble: float  # how far, in u, lines miss their ends
    seed: int
    _chosen: dict[tuple[str, str], str] = field(default_factory=dict)

    def size_of(self, kind: Kind) -> float:
        """Scale, mm of paper per catalogue mm, of a kind."""
        factor = {
            "instrument": self.bubble if is_bubble_kind(kind) or kind.name in _AS_BUBBLE else 1.0,
            "flow_arrow": self.arrow,
            "reducer": self.reducer,
            "vessel": self.equipment,
            "separator": self.equipment,
            "heat_exchanger": min(1.6, self.equipment),
            "pump": min(1.4, self.equipment),
            "compressor": min(1.6, self.equipment),
        }.get(kind.group, 1.0)
        return self.unit * factor

    def variant_of(self, kind: Kind, rng: np.random.Generator, *, state: str = "") -> Variant:
        """The house's way of drawing a kind; mostly the same all over the sheet."""
        variants = [v for v in kind.variants if v.state == state] or list(kind.variants)
        house = HOUSE_VARIANTS.get(self.family, {}).get(kind.name, ())
        liked = [
            v
            for v in variants
            if v.name in house or (not house and HOUSE_STANDARDS.get(self.family, "-") in v.standard)
        ]
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

    def usual_variant(self, kind: Kind, rng: np.random.Generator) -> Variant:
        """The way the house draws a kind most often: on its sheets others occur, in its legend none."""
        chosen = self._chosen.get((kind.name, ""))
        return next((v for v in kind.variants if v.name == chosen), None) or self.variant_of(kind, rng)


@cache
def is_bubble_kind(kind: Kind) -> bool:
    """Whether an instrument is a balloon that lines may meet from any side."""
    return kind.group == "instrument" and sum(p.role in ("any", "signal") for p in kind.variants[0].ports) >= 4


def choose_style(rng: np.random.Generator, *, seed: int, family: str | None = None, size: str | None = None) -> Style:
    """A style of the family (drawn by chance when None) on paper of the size (A0 to A3, drawn by chance when None)."""
    family = family or _draw(rng, tuple(PRESETS), tuple(p.share for p in PRESETS.values()))
    preset = PRESETS[family]
    width, height = PAPERS[size or _draw(rng, tuple(PAPER_SHARES), tuple(PAPER_SHARES.values()))]
    if rng.random() < 0.15:  # drawing programs export odd formats too
        height *= rng.uniform(0.92, 1.05)
    sheet_px = rng.uniform(*preset.sheet_px)
    u = rng.uniform(*preset.valve_px) / sheet_px * width / 6.0
    korean, font = _draw_font(rng, preset)
    least = _LEAST_PEN_PX * width / sheet_px
    pipe, pen, text = (rng.uniform(*r) * u for r in (preset.pipe, preset.pen, preset.text))
    pipe, pen, least = _draw_pens(rng, preset, (pipe, pen, least), unit=u, width_mm=width)
    surrounded = rng.random() < preset.surrounds[0]
    reach = sorted(float(rng.uniform(*preset.nozzle_reach)) for _ in range(2))
    return Style(
        family=family,
        paper_mm=(width, height),
        px_per_mm=sheet_px / width,
        unit=u,
        pen_mm=max(least, pen),
        pipe_mm=max(least, pipe),
        thin_mm=max(least, min(pipe, rng.uniform(0.18, 0.36) * u)),
        equipment_pen_mm=max(least, rng.uniform(0.5, 1.6) * pen),
        font=font,
        text_mm=text,
        title_mm=text * rng.uniform(1.2, 1.9),
        width_factor=rng.uniform(0.75 if is_stroke(font) else 0.8, 1.0),
        bubble=rng.uniform(*preset.bubble),
        arrow=rng.uniform(*preset.arrow),
        reducer=rng.uniform(0.75, 1.15),
        equipment=rng.uniform(*preset.equipment),
        crossing=_draw(rng, ("gap", "plain", "arc"), preset.crossing),
        gap_across=bool(rng.random() < 0.6),
        tee_dot=rng.uniform(0.5, 0.9) if rng.random() < preset.tee_dots else 0.0,
        signal=_draw(rng, ("dashed", "electric", "pneumatic", "solid"), (0.78, 0.1, 0.06, 0.06)),
        tag_form=_draw(rng, ("single", "split", "stack", "none"), preset.tag_forms),
        numbers_on_line=bool(rng.random() < preset.numbers_on_line),
        arrows_at=_draw(rng, ("corner", "middle", "end"), preset.arrows_at),
        closed_share=preset.closed,
        surround_share=preset.surrounds[1] if surrounded else 0.0,
        stem_in_box=preset.stem_in_box,
        branch_cap_share=preset.caps,
        symbols=int(rng.uniform(*preset.symbols)),
        korean=korean,
        nozzle_kind=_draw(rng, ("nozzle_tag", "nozzle", "none"), preset.nozzles),
        nozzle_reach=(reach[0], reach[1]) if rng.random() < 0.3 else (reach[0], reach[0]),
        nozzle_tick=rng.uniform(0.7, 1.4),
        machine_nozzles=bool(rng.random() < preset.machine_nozzles),
        big_share=preset.big,
        wobble=rng.uniform(0.05, 0.2) if rng.random() < preset.wobble else 0.0,
        seed=seed,
    )


def _draw_pens(
    rng: np.random.Generator, preset: Preset, pens: tuple[float, float, float], *, unit: float, width_mm: float
) -> tuple[float, float, float]:
    """Pens of pipes and symbols and the least pen, mm: now and then all hairlines, or all thick."""
    manner = rng.random()
    if manner < preset.hair:
        low, high = (v * width_mm / _HAIR_SHEET_PX for v in _HAIR_PX)
        return rng.uniform(low, 1.6 * high), rng.uniform(low, high), low
    if manner < preset.hair + preset.heavy:
        return rng.uniform(*_HEAVY_PIPE) * unit, rng.uniform(*_HEAVY_PEN) * unit, pens[2]
    return pens


def _draw(rng: np.random.Generator, of: tuple[str, ...], shares: tuple[float, ...]) -> str:
    return str(rng.choice(of, p=np.array(shares) / sum(shares)))


def _draw_font(rng: np.random.Generator, preset: Preset) -> tuple[bool, str]:
    """Whether the sheet is Korean, and its font."""
    hangul = font_names(korean=True)
    if hangul and rng.random() < _KOREAN_SHARE:
        return True, str(rng.choice(hangul))
    stroked = rng.random() < preset.stroke_font
    fitting = [f for f in font_names() if is_stroke(f) == stroked] or list(font_names())
    return False, str(rng.choice(fitting))


def rare_kinds(catalog: Catalog, seed: int, *, share: int = 9, equipment_share: int = 24) -> list[Kind]:
    """The kinds that this seed's sheet must try to draw: each once in `share` sheets, equipment more seldom."""
    due = []
    for i, kind in enumerate(catalog.values()):
        every = equipment_share if kind.group in EQUIPMENT_GROUPS else share
        if i % every == seed % every:
            due.append(kind)
    return due
