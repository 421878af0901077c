"""Training really trains: the loss falls, weights are exported, and what is served agrees with what was trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pid.detect.recipe import KindRecipe, ShapeRecipe
from pid.detect.yolo import as_ink, load_network
from pid.errors import InputError

SHAPE = ShapeRecipe(steps=4, batch=2, tile_px=128, hours=0.1, warmup_steps=1, start_sheets=1, threads=1)
KINDS = KindRecipe(steps=12, batch=16, hours=0.1, warmup_steps=1, width=8, threads=1)


@pytest.mark.parametrize("recipe", [ShapeRecipe, KindRecipe])
@pytest.mark.parametrize("section", ["laptop", "gpu"])
def test_shipped_recipes_can_be_read(recipe: type[ShapeRecipe | KindRecipe], section: str) -> None:
    read = recipe.read(section)
    assert read.steps > 100
    assert 0 < read.learning_rate < 0.1


def test_odd_recipes_are_told(tmp_path: Path) -> None:
    path = tmp_path / "shape.toml"
    with pytest.raises(InputError, match=r"shape\.toml is not a readable recipe"):
        ShapeRecipe.read(path=path)
    path.write_text("[laptop]\nsteps = 'many'\n")
    with pytest.raises(InputError, match="steps must be int"):
        ShapeRecipe.read(path=path)
    path.write_text("[laptop]\nepochs = 3\n")
    with pytest.raises(InputError, match="'epochs' is not an entry"):
        ShapeRecipe.read(path=path)
    with pytest.raises(InputError, match=r"no section \[gpu\]"):
        ShapeRecipe.read("gpu", path)


@pytest.fixture(scope="module")
def train():  # type: ignore[no-untyped-def]
    pytest.importorskip("torch", reason="torch is in the extra 'train' only")
    pytest.importorskip("ultralytics", reason="ultralytics is in the extra 'train' only")
    from pid.detect import train

    return train


@pytest.fixture(scope="module")
def networks(train):  # type: ignore[no-untyped-def]
    from pid.detect import network

    return network


def test_the_rate_warms_up_and_falls(train) -> None:  # type: ignore[no-untyped-def]
    from pid.learning.fit import learning_rate

    recipe = replace(SHAPE, warmup_steps=10, learning_rate=1.0)
    rates = [learning_rate(recipe, step, step / 100) for step in range(100)]
    assert rates[0] < rates[5] < rates[9]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.03


def test_the_detector_trains_resumes_and_serves_what_was_trained(
    train, networks, sheet_folder: Path, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    import torch

    from pid.learning.network import load_stripped

    told: list[str] = []
    path = train.train_shape(SHAPE, out=tmp_path, data=sheet_folder, report=told.append)
    assert path == tmp_path / "shape.onnx"
    assert (tmp_path / "shape.pt").stat().st_size < 7e6
    untrained = networks.build_shape_network().state_dict()
    trained = torch.load(tmp_path / "shape.pt", weights_only=True)
    assert trained["step"] == SHAPE.steps
    assert set(trained["state"]) == set(untrained)

    train.train_shape(replace(SHAPE, steps=6), out=tmp_path, data=sheet_folder, report=told.append)
    assert any("resumed at step 4" in line for line in told)
    network = networks.build_shape_network()
    load_stripped(network, tmp_path / "shape.pt")
    head = network.eval().model[-1]
    head.export, head.xyxy = True, True
    tiles = np.random.default_rng(0).integers(0, 256, (3, 640, 640), np.uint8)
    with torch.no_grad():
        wanted = network(torch.from_numpy(as_ink(tiles))).numpy()
    served = np.asarray(load_network(path, threads=1)(as_ink(tiles))[0])
    assert served.shape == wanted.shape
    assert np.abs(served[:, 4:] - wanted[:, 4:]).max() < 2e-3
    assert np.abs(served[:, :4] - wanted[:, :4]).max() < 1.0


def test_the_classifier_learns_and_serves_what_was_trained(train, networks, sheet_folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    import torch

    from pid.learning.network import load_stripped

    path = train.train_kinds(KINDS, out=tmp_path, data=sheet_folder, report=lambda line: None)
    labels = networks.kind_labels()
    network = networks.KindNet(len(labels), KINDS.width)
    load_stripped(network, tmp_path / "kinds.pt")
    crops = np.random.default_rng(0).integers(0, 256, (5, 64, 64), np.uint8)
    with torch.no_grad():
        kind, pose = (logits.softmax(1).numpy() for logits in network.eval()(torch.from_numpy(as_ink(crops))))
    served = load_network(path, threads=1)(as_ink(crops))
    assert np.asarray(served[0]) == pytest.approx(kind, abs=2e-3)
    assert np.asarray(served[1]) == pytest.approx(pose, abs=2e-3)


def test_the_classifier_learns_a_batch_by_heart(networks, sheet_folder: Path) -> None:  # type: ignore[no-untyped-def]
    import torch

    from pid.detect.crops import cut_crops
    from pid.detect.dataset import SheetFolder

    torch.manual_seed(0)
    labels = networks.kind_labels()
    batch = next(cut_crops(SheetFolder(sheet_folder), labels, np.random.default_rng(0), batch=16, jitter=0.0))
    network = networks.KindNet(len(labels), width=8).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        loss = sum(networks.kind_loss(network, batch, "cpu").values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_the_detector_learns_where_symbols_are(networks, sheet_folder: Path) -> None:  # type: ignore[no-untyped-def]
    """The scores' part of the loss falls; the boxes' part first rises, as it counts only where scores do."""
    import torch

    from pid.detect.dataset import SheetFolder, cut_tiles

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    tiles = cut_tiles(SheetFolder(sheet_folder), rng, tile_px=128, overview_share=0.0, scales=(1.0, 1.0))
    batch = [tile for tile in (next(tiles) for _ in range(40)) if len(tile.boxes)][:2]
    network = networks.build_shape_network().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)

    def best_inside() -> float:
        """Highest score of any cell while the network is shown the batch."""
        with torch.no_grad():
            return float(
                network(networks.as_ink_tensor(np.stack([t.image for t in batch]), "cpu"))["scores"].sigmoid().max()
            )

    before = best_inside()
    for _ in range(12):
        loss = sum(networks.shape_loss(network, batch, "cpu").values())
        assert torch.isfinite(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert best_inside() > 4 * before


def test_worker_processes_cut_tiles(train, sheet_folder: Path) -> None:  # type: ignore[no-untyped-def]
    from pid.detect.dataset import SheetFolder, TileSource

    source = TileSource(SheetFolder(sheet_folder), 3, 96, 0.2, (0.8, 1.2))
    batches = train._feed(source, [1, 2], 1)
    first, second = next(batches), next(batches)
    batches.close()
    assert first.images.shape == second.images.shape == (3, 96, 96)
    assert (first.images != second.images).any()
    assert len(first.boxes) == len(first.groups) == len(first.tile)
    assert set(first.tile.tolist()) <= {0, 1, 2}
