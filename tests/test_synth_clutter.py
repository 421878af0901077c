"""Clutter leaves no symbol; blinds are one box with bars, stem and rings; benchmark sheets lie on grey paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.errors import InputError
from pid.synth import clutter
from pid.synth.damage import choose_steps
from pid.synth.draft import Draft
from pid.synth.fonts import font_names
from pid.synth.furniture_frame import draw_border
from pid.synth.furniture_marks import draw_headline, draw_logo
from pid.synth.furniture_pen import Pen
from pid.synth.furniture_words import Wording
from pid.synth.generate import generate_sheet
from pid.synth.network import Pen as PipePen
from pid.synth.place import Occupancy
from pid.synth.plant import Names
from pid.synth.style import choose_style

ACTS = (
    clutter.add_loose_sign, clutter.add_pointer, clutter.add_ring, clutter.add_box_on_pipe, clutter.add_limit_mark,
    clutter.add_tick_scale,
)  # fmt: skip


def empty_draft(seed: int, family: str = "offshore") -> Draft:
    rng = np.random.default_rng(seed)
    style = choose_style(rng, seed=seed, family=family, size="A2")
    paper = Occupancy(*style.paper_mm, style.unit)
    area = (20.0, 20.0, style.paper_mm[0] - 20, style.paper_mm[1] - 20)
    draft = Draft(rng, style, load_catalog(), Names(rng, family), paper, area)
    pen = PipePen("process", "solid", style.pipe_mm)
    for y in (150.0, 250.0):
        a, b = draft.net.add_node((100.0, y)), draft.net.add_node((500.0, y))
        draft.mark_edge(draft.net.add_edge(a, b, pen))
    draft.put(draft.make("gate_valve", at=(300.0, 200.0)))
    return draft


@pytest.mark.parametrize("act", ACTS)
def test_clutter_is_drawn_and_is_no_symbol(act: Callable[[Draft], None]) -> None:
    draft = empty_draft(4)
    for _ in range(12):
        act(draft)
    assert draft.over or draft.written
    assert [p.kind.name for p in draft.pieces] == ["gate_valve"]
    x0, y0, x1, y1 = (0.0, 0.0, *draft.style.paper_mm)
    for stroke in draft.over:
        assert (stroke.points >= (x0, y0)).all() and (stroke.points <= (x1, y1)).all()


def test_boxes_on_pipes_do_not_meet() -> None:
    draft = empty_draft(7)
    for _ in range(30):
        clutter.add_box_on_pipe(draft)
    boxes = [(*s.points.min(axis=0), *s.points.max(axis=0)) for s in draft.over if s.fill == "paper"]
    assert len(boxes) > 2
    for i, a in enumerate(boxes):
        assert all(a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1] for b in boxes[i + 1 :])


@pytest.mark.parametrize("name", ["spectacle_blind", "spade", "spacer"])
def test_blinds_hold_bars_stem_and_rings(name: str) -> None:
    """Rings off the pipe belong to the symbol's box, and their proportions differ much."""
    stemmed = [v for v in load_catalog()[name].variants if v.box[1] < -4.0]
    assert len(stemmed) >= 6
    for variant in stemmed:
        rings = [s for s in variant.shapes if len(s.points) > 8]
        assert len(rings) == (2 if name == "spectacle_blind" else 1)
        assert min(s.points[:, 1].min() for s in rings) == pytest.approx(variant.box[1])
        assert max(s.points[:, 1].max() for s in variant.shapes if len(s.points) == 2) == pytest.approx(variant.box[3])
    slender = [(v.box[3] - v.box[1]) / (v.box[2] - v.box[0]) for v in stemmed]
    assert max(slender) > 1.5 * min(slender)


def test_benchmark_sheets_hold_the_legend() -> None:
    seen: Counter[str] = Counter()
    for seed in (31, 32, 33):
        seen.update(s.kind for s in generate_sheet(seed, family="benchmark", size="A2").drawing.symbols)
    blinds = seen["spectacle_blind"] + seen["spacer"] + seen["spade"]
    assert blinds >= 6
    assert seen["insulated_pipe"] and seen["damper_coil"] and seen["actuated_valve"] and seen["check_valve"]
    assert not seen["insulation_sleeve"]


def test_gray_canvas_is_always_gray() -> None:
    rng = np.random.default_rng(1)
    assert all("gray_paper" in choose_steps(rng, mix="gray_canvas") for _ in range(10))
    with pytest.raises(InputError, match="no mix of damage called 'mud'"):
        choose_steps(rng, mix="mud")


@pytest.mark.parametrize("seed", range(12))
def test_logos_stay_in_their_cell(seed: int) -> None:
    pen = Pen("stroke", 0.25)
    draw_logo(pen, (10.0, 10.0, 40.0, 30.0), rng=np.random.default_rng(seed), color=(0, 0, 0), name="ACME")
    assert pen.marks
    for mark in pen.marks:
        if hasattr(mark, "points"):
            assert mark.points.min() >= 9.0 and (mark.points <= (41.0, 31.0)).all()


def test_headlines_are_bold_and_in_the_words() -> None:
    pen, words = Pen("stroke", 0.25), Wording(np.random.default_rng(3), korean=False)
    taken = draw_headline(pen, (10.0, 10.0, 110.0, 60.0), words=words)
    if not any(f.endswith("bold") for f in font_names()):
        assert taken is None
        return
    assert taken is not None and len(pen.words) == 1
    assert pen.marks[0].font.endswith("bold")  # type: ignore[union-attr]
    assert taken[0] <= pen.words[0].box[0] and pen.words[0].box[2] <= taken[2]


def test_some_borders_are_dashed() -> None:
    dashed = 0
    for seed in range(30):
        pen, words = Pen("stroke", 0.25), Wording(np.random.default_rng(seed), korean=False)
        inner = draw_border(pen, width_mm=594.0, height_mm=420.0, words=words, size="A2", scale=1.0)
        assert inner[2] - inner[0] > 500
        dashed += any(getattr(m, "dash_mm", ()) for m in pen.marks)
    assert 1 <= dashed <= 15
