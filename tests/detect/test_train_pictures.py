"""`pid train shape --data`: from a user's boxes to networks that `pid recognize --models` uses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.cli import main
from pid.detect.detect import SymbolDetector
from pid.detect.recipe import ShapeRecipe
from pid.drawing import Drawing
from pid.errors import InputError
from pid.learning.curves import read_curves
from pid.resources import data_path

RECIPE = ShapeRecipe(steps=3, batch=2, tile_px=160, hours=1.0, warmup_steps=1, threads=1, overview_share=0.0)


@pytest.fixture(scope="module")
def training():  # type: ignore[no-untyped-def]
    pytest.importorskip("torch", reason="torch is in the extra 'train' only")
    pytest.importorskip("ultralytics", reason="ultralytics is in the extra 'train' only")
    from pid import train_models

    return train_models


@pytest.fixture(scope="module")
def data(make_toys: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toys(tmp_path_factory.mktemp("toys"), train=3, val=2, size=(320, 240), shapes=3, seed=2)


@pytest.fixture(scope="module")
def trained(training, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:  # type: ignore[no-untyped-def]
    """A few steps, then a few more in the same folder."""
    out, told = tmp_path_factory.mktemp("out"), []
    start = data_path("models", "shape.pt")
    training.train_picture_models(data, out, RECIPE, start=start, report=told.append)
    training.train_picture_models(data, out, replace(RECIPE, steps=5), start=start, report=told.append)
    return out, told


def test_networks_card_and_curves_are_there_and_training_went_on(trained: tuple[Path, list[str]]) -> None:
    out, told = trained
    assert {p.name for p in out.iterdir()} == {
        "shape.onnx", "shape.pt", "shape.json", "shape.checkpoint", "shape.best.pt", "curves.csv", "curves.png",
    }  # fmt: skip
    assert any(line.startswith("resumed at step 3") for line in told)
    rows = read_curves(out / "curves.csv")
    assert [int(r["step"]) for r in rows] == [3, 3, 5, 5]
    assert [int(r["tiles"]) for r in rows] == [6, 6, 10, 10]
    for row in rows[::2]:
        assert float(row["loss"]) == pytest.approx(sum(float(row[p]) for p in ("box", "cls", "dfl")), rel=1e-3)
    for row in rows[1::2]:
        assert 0 <= float(row["map50_95"]) <= float(row["map50"]) <= 1
    assert any("% done" in line and "left" in line for line in told)


def test_the_card_says_what_is_served(trained: tuple[Path, list[str]], toy_names: tuple[str, ...]) -> None:
    detector = SymbolDetector(trained[0])
    assert detector.served.classes == toy_names
    assert detector.served.look.mode == "fit"
    assert 0 <= detector.calibration.threshold <= 1


def test_onnx_is_the_best_weights(training, trained: tuple[Path, list[str]], toy_names: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    import torch

    from pid.detect.network import build_shape_network
    from pid.detect.yolo import as_ink, load_network
    from pid.learning.network import load_stripped

    network = build_shape_network(len(toy_names))
    load_stripped(network, trained[0] / "shape.best.pt", labels=toy_names)
    head = network.eval().model[-1]
    head.export, head.xyxy = True, True
    tiles = as_ink(np.random.default_rng(0).integers(0, 256, (2, 640, 640), np.uint8))
    with torch.no_grad():
        wanted = network(torch.from_numpy(tiles)).numpy()
    served = np.asarray(load_network(trained[0] / "shape.onnx", threads=1)(tiles)[0])
    assert served.shape == wanted.shape == (2, 4 + len(toy_names), 8400)
    assert np.abs(served[:, 4:] - wanted[:, 4:]).max() < 2e-3
    assert np.abs(served[:, :4] - wanted[:, :4]).max() < 1.0


def test_known_layers_are_kept_and_the_classes_follow_their_names(training) -> None:  # type: ignore[no-untyped-def]
    import torch

    from pid.detect.network import build_shape_network
    from pid.learning.network import load_stripped

    start = data_path("models", "shape.pt")
    saved = torch.load(start, weights_only=True)["state"]
    network = build_shape_network(2)
    before = {n: v.clone() for n, v in network.state_dict().items()}
    load_stripped(network, start, labels=("star", "valve"))
    after = network.state_dict()
    last = "model.23.cv3.0.2.weight"
    assert torch.equal(after["model.0.conv.weight"], saved["model.0.conv.weight"].float())
    assert torch.equal(after[last][0], before[last][0])
    assert torch.equal(after[last][1], saved[last][0].float())  # "valve" is the first of the groups


def test_other_classes_in_the_same_folder_are_refused(training, data: Path, trained: tuple[Path, list[str]]) -> None:  # type: ignore[no-untyped-def]
    other = data.with_name("four.yaml")
    other.write_text(data.read_text() + "  3: moon\n")
    with pytest.raises(InputError, match="is not a checkpoint of this network") as told:
        training.train_picture_models(other, trained[0], RECIPE, report=lambda line: None)
    assert "--fresh" in str(told.value)


def test_what_was_trained_is_recognised_with(
    trained: tuple[Path, list[str]],
    toy_names: tuple[str, ...],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Blank, so that no word is read; that kinds come from the card is asked of the detector itself."""
    picture = tmp_path / "blank.png"
    cv2.imwrite(str(picture), np.full((300, 400), 255, np.uint8))
    args = ["pid", "recognize", str(picture), "--models", str(trained[0]), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", args)
    with pytest.raises(SystemExit) as stop:
        main()
        raise SystemExit(0)
    assert not stop.value.code
    assert Drawing.read(tmp_path / "out" / "blank.json").symbols == ()
    image = cv2.imread(str(data.parent / "images" / "val" / "0000.png"), cv2.IMREAD_GRAYSCALE)
    symbols = SymbolDetector(trained[0], threads=1).detect_symbols(np.asarray(image, np.uint8), least_probability=0.0)
    assert {s.kind for s in symbols} <= set(toy_names)
    assert {s.group for s in symbols} <= {"other"}


def test_devices_and_folders_that_are_not_there(training, data: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name, sentence in (
        ("cuda:9", "is not there"),
        ("gpu", "is not a device"),
        ("meta", "is not a device to train"),
    ):
        with pytest.raises(InputError, match=sentence):
            training.train_picture_models(data, tmp_path, RECIPE, device=name, report=lambda line: None)
    with pytest.raises(InputError, match="holds the networks for drawings"):
        training.train_picture_models(data, data_path("models"), RECIPE, report=lambda line: None)
    (tmp_path / "weights.pt").write_bytes(b"something else")
    with pytest.raises(InputError, match="is not a file of weights"):
        training.train_picture_models(data, tmp_path, RECIPE, start=tmp_path / "weights.pt", report=lambda line: None)
