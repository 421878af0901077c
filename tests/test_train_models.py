"""What `pid train` does around the training: scores in the card, and shipped weights replaced by better only."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pid import install_models, train_models
from pid.cli import main
from pid.detect.dataset import LabelledSheet, fill_sheet_folder, label_sheet
from pid.detect.recipe import ShapeRecipe
from pid.drawing import Drawing
from pid.errors import InputError
from pid.resources import data_path
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet

PX_PER_MM = 4.0


def corner(seed: int) -> tuple[np.ndarray, Drawing]:
    """The upper left corner of a scattered sheet: some dozens of symbols."""
    ink, drawing = scatter_sheet(seed, px_per_mm=PX_PER_MM)
    image = np.ascontiguousarray(render_raster(ink, PX_PER_MM)[:600, :900])
    inside = tuple(s for s in drawing.symbols if s.box[2] < 895 and s.box[3] < 595)
    return image, drawing.model_copy(update={"symbols": inside, "words": ()})


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A folder of new networks and one of shipped ones."""
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
        for suffix in (".onnx", ".pt", ".json"):
            (folder / f"shape{suffix}").write_text(folder.name)
    yield new, old


@pytest.mark.parametrize(
    ("new", "force", "stays"), [(0.8, False, False), (0.7, False, True), (0.6, False, True), (0.6, True, False)]
)
def test_only_better_weights_replace_the_shipped(
    shipped: tuple[Path, Path], new: float, force: bool, stays: bool
) -> None:
    told: list[str] = []
    install_models.install_models(*shipped, "shape", new, 0.7, "mAP50 over kinds", force, told.append)
    held = {p.name: p.read_text() for p in shipped[1].iterdir()}
    assert set(held) == {"shape.onnx", "shape.pt", "shape.json"}
    assert set(held.values()) == ({"old"} if stays else {"new"})
    assert ("stay" if stays else "replaced") in told[0]
    assert f"{new:.4f}" in told[0]
    assert "0.7000" in told[0]


def test_recipes_are_limited() -> None:
    recipe = ShapeRecipe(steps=100, hours=2.0)
    assert recipe.limited() == recipe
    assert recipe.limited(hours=0.5).hours == 0.5
    assert recipe.limited(steps=7).steps == 7
    assert recipe.limited(steps=7).hours > 1000
    assert recipe.limited(steps=7, hours=1.0).hours == 1.0


def test_runs_of_seeds_are_told_short() -> None:
    assert install_models.tell_seeds([1, 2, 3, 7, 9, 10]) == ["1-3", "7", "9-10"]


def test_a_trained_detector_gets_its_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="torch is in the extra 'train' only")
    pytest.importorskip("ultralytics", reason="ultralytics is in the extra 'train' only")
    held_out: list[LabelledSheet] = [label_sheet(*corner(seed)) for seed in (900_500_001, 900_500_002)]
    monkeypatch.setattr(train_models, "draw_held_out", lambda *_, **__: (held_out[:1], held_out[1:]))
    sheets = tmp_path / "sheets"
    fill_sheet_folder(sheets, corner, [1])
    recipe = ShapeRecipe(steps=1, batch=1, tile_px=128, learning_rate=1e-6, threads=1, start_sheets=1)
    out, told = tmp_path / "out", []
    train_models.train_shape_models(
        out, recipe, sheets=sheets, start=data_path("models", "shape.pt"), report=told.append
    )
    card = json.loads((out / "shape.json").read_text())
    assert (card["steps"], card["pictures_seen"], card["started_from"]) == (1, 1, "shape.pt")
    assert card["data"]["seeds"] == ["1"]
    assert card["held_out"]["sheets"] == 2
    for part in ("held_out", "held_out_clean", "held_out_damaged"):
        rates = card[part]
        assert 0.1 < rates["map50_kinds"] < 1
        assert rates["map50_kinds"] < rates["ap50"]  # a kind is right less often than a box
        assert rates["kinds"] > 10
    worst = [row["ap50"] for row in card["held_out"]["worst_kinds"].values()]
    assert worst == sorted(worst)
    assert worst
    assert any(line.startswith("held-out-clean:") and "map50_kinds" in line for line in told)
    assert (out / "kinds.onnx").exists()
    with pytest.raises(InputError, match="is not a folder of sheets"):
        train_models.train_shape_models(out, recipe, sheets=tmp_path / "none", report=told.append)


WRONG: dict[str, tuple[list[str], str]] = {
    "weights": (["train", "shape", "--start", "nope.pt"], "nope.pt does not exist."),
    "section": (["train", "shape", "--section", "moon"], "has no section [moon]"),
    "look": (["train", "shape", "--data", "x.yaml", "--look", "sideways"], "'sideways' is not a look"),
    "turns": (["train", "shape", "--data", "x.yaml", "--turns", "over"], "'over' is not a way to turn pictures"),
    "data": (["train", "shape", "--data", "none.yaml"], "none.yaml cannot be read"),
    "kinds": (["train", "kinds", "--start", "nope.pt"], "nope.pt does not exist."),
    "models": (["recognize", "x.png", "--models", "empty"], "empty holds no networks (shape.onnx)."),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options_are_one_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, sentence = WRONG[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pid", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    err = capfd.readouterr().err.strip()
    assert stop.value.code == 2
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_help_says_what_a_user_needs(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["pid", "train", "shape", "--help"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main()
    said = capfd.readouterr().out
    for word in ("--data", "--sheets", "--device", "--hours", "--steps", "--resume", "--fresh", "--start", "--real",
                 "--force", "--look", "--recipe", "--section", "YOLO"):  # fmt: skip
        assert word in said
