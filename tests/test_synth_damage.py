"""Moving a drawing's truth, and that every damage leaves the truth on its ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pid.drawing import (
    Cell,
    Connection,
    Drawing,
    Finding,
    Line,
    SheetInfo,
    Source,
    Symbol,
    Table,
    TitleBlock,
    TitleField,
    Word,
)
from pid.errors import InputError
from pid.geometry import transform_points
from pid.move import move_drawing
from pid.synth.damage import STEPS, choose_steps, damage_sheet

WIDTH, HEIGHT = 900, 640
SPOTS = [(x + 0.5, y + 0.5) for x in range(60, WIDTH, 130) for y in range(60, HEIGHT, 130)]
UNMIXED = {"turn", "bend", "stamp", "seal", "signature", "watermark", "highlighter", "underline", "low_contrast"}
ON_WORDS = ("highlighter", "underline")  # of which the page of spots has none
GEOMETRIC = ("skew", "perspective", "turn", "fold", "bend", "crumple")


def make_drawing(**parts: object) -> Drawing:
    return Drawing(source=Source(name="sheet", sha256=""), sheet=SheetInfo(width=WIDTH, height=HEIGHT), **parts)  # type: ignore[arg-type]


def spotted() -> tuple[np.ndarray, Drawing]:
    """A page of round spots, each a symbol whose one port is its middle."""
    image = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for x, y in SPOTS:
        cv2.circle(image, (int(x), int(y)), 7, 0, -1)
    symbols = tuple(
        Symbol(id=f"s{i}", box=(x - 7.5, y - 7.5, x + 7.5, y + 7.5), ports=((x, y),)) for i, (x, y) in enumerate(SPOTS)
    )
    return image, make_drawing(symbols=symbols)


def rich() -> Drawing:
    return make_drawing(
        symbols=(
            Symbol(id="a", box=(100, 100, 160, 140), rotation=90, ports=((100, 120), (160, 120))),
            Symbol(id="b", box=(700, 500, 760, 540), mirrored=True),
        ),
        lines=(Line(id="l", points=((160, 120), (400, 120), (700, 520))),),
        connections=(Connection(a="a", b="b", lines=("l",)),),
        words=(
            Word(id="w1", text="HV", box=(100, 80, 160, 95), owner="a"),
            Word(id="w2", text="UP", box=(300, 200, 315, 280), angle=90, owner="l"),
        ),
        tables=(Table(id="t", box=(500, 50, 600, 90), cells=(Cell(row=0, column=0, box=(500, 50, 550, 90)),)),),
        title_block=TitleBlock(
            box=(600, 580, 890, 630), fields=(TitleField(name="n", value="v", box=(610, 590, 700, 600)),)
        ),
        findings=(Finding(code="x", subjects=("b",)), Finding(code="y", subjects=("a",))),
    )  # fmt: skip


def test_identity_keeps_the_drawing() -> None:
    drawing = rich()
    assert move_drawing(drawing, lambda p: p, width=WIDTH, height=HEIGHT) == drawing


def test_quarter_turn() -> None:
    matrix = [[0, 1, 0], [-1, 0, WIDTH], [0, 0, 1]]  # counter-clockwise as seen
    moved = move_drawing(rich(), lambda p: transform_points(matrix, p), width=HEIGHT, height=WIDTH)
    a, b = moved.symbols
    assert a.box == pytest.approx((100, WIDTH - 160, 140, WIDTH - 100))
    assert a.rotation == 180
    assert (b.rotation, b.mirrored) == (90, True)
    assert a.ports[0] == pytest.approx((120, WIDTH - 100))
    assert [w.angle for w in moved.words] == [90, 180]
    assert len(moved.lines[0].points) == 3
    assert moved.tables[0].cells[0].box == pytest.approx((50, WIDTH - 550, 90, WIDTH - 500))
    assert moved.title_block is not None
    assert moved.title_block.fields[0].box == pytest.approx((590, WIDTH - 700, 600, WIDTH - 610))


def test_mirror_image() -> None:
    matrix = [[-1, 0, WIDTH], [0, 1, 0], [0, 0, 1]]
    moved = move_drawing(rich(), lambda p: transform_points(matrix, p), width=WIDTH, height=HEIGHT)
    assert [(s.rotation, s.mirrored) for s in moved.symbols] == [(270, True), (0, False)]


def test_what_falls_off_takes_its_references() -> None:
    shift = np.array([300.0, 250.0])
    moved = move_drawing(rich(), lambda p: p + shift, width=WIDTH, height=HEIGHT)
    assert [s.id for s in moved.symbols] == ["a"]
    assert [line.id for line in moved.lines] == ["l"]
    assert moved.connections == ()
    assert [f.code for f in moved.findings] == ["y"]
    assert moved.title_block is None
    gone = move_drawing(rich(), lambda p: p - shift, width=WIDTH, height=HEIGHT)
    assert [s.id for s in gone.symbols] == ["b"]
    assert {w.id: w.owner for w in gone.words} == {"w2": "l"}
    assert gone.words[0].box[1] == 0  # cut at the edge


def test_line_is_divided_where_it_bends_only() -> None:
    def arch(p: np.ndarray) -> np.ndarray:
        return np.stack([p[:, 0], p[:, 1] + 30 * np.sin(p[:, 0] / WIDTH * np.pi)], axis=1)

    drawing = make_drawing(lines=(Line(id="l", points=((0, 100), (WIDTH, 100))),))
    points = np.array(move_drawing(drawing, arch, width=WIDTH, height=HEIGHT).lines[0].points)
    assert len(points) > 5
    x = np.linspace(0, WIDTH, 400)
    drawn = np.interp(x, points[:, 0], points[:, 1])
    assert np.abs(drawn - (100 + 30 * np.sin(x / WIDTH * np.pi))).max() < 1.0
    straight = move_drawing(drawing, lambda p: p * 0.9 + 5, width=WIDTH, height=HEIGHT)
    assert len(straight.lines[0].points) == 2


@given(st.floats(-179, 179), st.floats(0.5, 2.0))
@settings(max_examples=25, deadline=None)
def test_there_and_back(angle: float, scale: float) -> None:
    c, s = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    matrix = np.array([[c, s, 2500], [-s, c, 2500], [0, 0, 1]])
    there = move_drawing(rich(), lambda p: transform_points(matrix, p), width=5000, height=5000)
    assert {len(there.symbols), len(there.words)} == {2}
    back = move_drawing(there, lambda p: transform_points(np.linalg.inv(matrix), p), width=WIDTH, height=HEIGHT)
    for before, after in zip(rich().symbols, back.symbols, strict=True):
        assert abs((before.rotation - after.rotation + 180) % 360 - 180) < 0.1
        assert np.allclose(before.ports, after.ports, atol=1e-6)
    assert np.allclose(rich().lines[0].points, back.lines[0].points, atol=1e-6)


@pytest.mark.parametrize("step", GEOMETRIC)
@pytest.mark.parametrize("seed", range(3))
def test_truth_stays_on_its_ink(step: str, seed: int) -> None:
    image, drawing = spotted()
    damaged, moved = damage_sheet(image, drawing, np.random.default_rng(seed), strength=2.0, steps=[step])
    assert (moved.sheet.width, moved.sheet.height) == damaged.shape[1::-1]
    assert len(moved.symbols) == len(SPOTS)
    _, _, _, middles = cv2.connectedComponentsWithStats((damaged < 110).astype(np.uint8))
    ports = np.array([s.ports[0] for s in moved.symbols])
    found = middles + 0.5
    nearest = np.hypot(*(ports[:, None] - found[None]).transpose(2, 0, 1)).min(axis=1)
    # A crease may rub part of a spot off; all others are met to a fraction of a pixel.
    assert np.median(nearest) < 0.2
    assert np.sort(nearest)[-4] < 0.8
    assert np.abs(ports - np.array(SPOTS)).max() > 0.5  # it did move


@pytest.mark.parametrize("step", sorted(set(STEPS) - set(GEOMETRIC)))
@pytest.mark.parametrize("color", [False, True])
def test_other_steps_move_nothing(step: str, color: bool) -> None:
    image, drawing = spotted()
    if color:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))
    before = image.copy()
    damaged, moved = damage_sheet(image, drawing, np.random.default_rng(5), strength=1.5, steps=[step])
    assert moved == drawing
    assert np.array_equal(image, before)  # the input is not written to
    assert damaged.dtype == np.uint8
    assert damaged.shape[:2] == (HEIGHT, WIDTH)
    assert not np.array_equal(
        damaged.reshape(HEIGHT, WIDTH, -1)[..., :1], before.reshape(HEIGHT, WIDTH, -1)[..., :1]
    ) or step in ("threshold", *ON_WORDS)
    # The ink is still there: nearly every spot is darker in its middle than the paper around it.
    gray = damaged if damaged.ndim == 2 else cv2.cvtColor(damaged, cv2.COLOR_RGB2GRAY)
    darker = [int(gray[int(y), int(x)]) + 60 < int(gray[int(y), int(x) + 14]) for x, y in SPOTS]
    assert np.mean(darker) > 0.9


def test_threshold_gives_two_levels_under_uneven_light() -> None:
    image, drawing = spotted()
    damaged, _ = damage_sheet(image, drawing, np.random.default_rng(1), strength=2, steps=["uneven_light", "threshold"])
    assert set(np.unique(damaged)) == {0, 255}
    assert (damaged < 128).sum() == pytest.approx((image < 128).sum(), rel=0.1)  # no shadow turned to ink


def test_same_seed_same_damage() -> None:
    image, drawing = spotted()
    steps = ("fold", "skew", "noise", "scribbles")
    one, two = (damage_sheet(image, drawing, np.random.default_rng(9), steps=steps) for _ in range(2))
    assert np.array_equal(one[0], two[0])
    assert one[1] == two[1]


def test_many_sheets_stay_nearly_clean() -> None:
    rng = np.random.default_rng(0)
    drawn = [choose_steps(rng) for _ in range(400)]
    few = sum(len(steps) <= 2 for steps in drawn) / len(drawn)
    assert 0.3 < few < 0.7
    assert set(STEPS) - UNMIXED == {name for steps in drawn for name in steps}
    assert choose_steps(rng, strength=0.0) == ()


def test_zero_strength_is_the_sheet() -> None:
    image, drawing = spotted()
    same, truth = damage_sheet(image, drawing, np.random.default_rng(0), strength=0.0)
    assert np.array_equal(same, image)
    assert same is not image
    assert truth == drawing


def test_bad_input() -> None:
    image, drawing = spotted()
    with pytest.raises(InputError, match="rust"):
        damage_sheet(image, drawing, np.random.default_rng(0), steps=["rust"])
    with pytest.raises(InputError, match="picture has 10 x 10"):
        damage_sheet(image[:10, :10], drawing, np.random.default_rng(0))
