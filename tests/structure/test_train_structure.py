"""The structure network learns, goes on where it stopped, and is served as it was trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pid.structure.labels import BACKGROUND, LabelledGraph, class_names
from pid.structure.primitives import STROKE, make_primitives
from pid.structure.recipe import StructureRecipe
from pid.structure.relate import relate

torch = pytest.importorskip("torch", reason="torch is in the extra 'train' only")

RECIPE = StructureRecipe(
    steps=4, hours=1.0, batch=2, window=40, warmup_steps=1, threads=1, width=16, edge_width=8, start_sheets=1,
    learning_rate=0.01,
)  # fmt: skip
KINDS = ("square", "cross")
NAMES = class_names(KINDS)


@pytest.fixture(scope="module")
def train():  # type: ignore[no-untyped-def]
    return pytest.importorskip("pid.structure.train")


def toy(rng: np.random.Generator) -> LabelledGraph:
    """Squares and crosses of any size and proportion, as a graph with its truth."""
    nodes, pairs, classes, instances, boxes = [], [], [], [], []
    for k in range(12):
        x, y = (k % 4) * 300 + rng.uniform(0, 50), (k // 4) * 300 + rng.uniform(0, 50)
        w, h = rng.uniform(40, 200, 2)
        first = len(nodes)
        corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
        middle = (x + w / 2, y + h / 2)
        square = k % 2 == 0
        nodes += corners if square else [*corners, middle]
        own = [(0, 1), (1, 2), (2, 3), (3, 0)] if square else [(0, 4), (1, 4), (2, 4), (3, 4)]
        pairs += [(first + a, first + b) for a, b in own]
        classes += [0 if square else 1] * 4
        instances += [k] * 4
        boxes.append((x, y, x + w, y + h))
    xy = np.array(nodes, float)
    lines = [xy[list(p)] for p in pairs]
    parts = make_primitives([STROKE] * 48, pairs, xy, lines, [3.0] * 48, [False] * 48, (1300, 1000))
    return LabelledGraph(
        relate(parts), np.array(classes), np.array(instances), np.array(boxes), np.array([k % 2 for k in range(12)])
    )


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    for seed in range(3):
        toy(np.random.default_rng(seed)).write(folder / f"{seed:09d}.npz")
    return folder


def test_it_trains_resumes_and_serves_what_was_trained(train, graphs: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from pid.engine import load_network
    from pid.learning.network import load_stripped
    from pid.structure.encode import encode
    from pid.structure.network import StructureNet

    told: list[str] = []
    path = train.train_structure(RECIPE, names=NAMES, out=tmp_path, data=graphs, report=told.append)
    assert path == tmp_path / "structure.onnx"
    train.train_structure(replace(RECIPE, steps=6), names=NAMES, out=tmp_path, data=graphs, report=told.append)
    assert any("resumed at step 4" in line for line in told)
    saved = torch.load(tmp_path / "structure.pt", weights_only=True)
    assert saved["step"] == 6
    assert tuple(saved["labels"]) == NAMES

    network = StructureNet(len(NAMES), width=RECIPE.width, edge_width=RECIPE.edge_width)
    load_stripped(network, tmp_path / "structure.pt")
    served = load_network(path, threads=1)
    for seed in (7, 8):  # graphs of other sizes than the exported example
        graph = toy(np.random.default_rng(seed)).graph.only(np.arange(48 - 8 * (seed - 7)))
        nodes, edges = encode(graph)
        with torch.no_grad():
            kind, same = network.eval()(*(torch.from_numpy(a) for a in (nodes, edges, graph.neighbours)))
        classes, pairs = served({"nodes": nodes, "edges": edges, "neighbours": graph.neighbours})
        assert classes == pytest.approx(kind.softmax(1).numpy(), abs=1e-2)  # processors with bfloat16 serve in it
        assert pairs == pytest.approx(same.sigmoid().numpy(), abs=1e-2)  # processors with bfloat16 serve in it


def test_it_learns_shapes_whatever_their_proportions(train, graphs: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from pid.engine import load_network
    from pid.structure.encode import encode

    recipe = replace(RECIPE, steps=60, average_decay=0.8)
    path = train.train_structure(recipe, names=NAMES, out=tmp_path, data=graphs, report=lambda line: None)
    labelled = toy(np.random.default_rng(99))
    graph = labelled.graph
    nodes, edges = encode(graph)
    classes, _ = load_network(path, threads=1)({"nodes": nodes, "edges": edges, "neighbours": graph.neighbours})
    assert (classes.argmax(axis=1) == labelled.classes).mean() > 0.95


def test_a_batch_numbers_its_neighbours_on(train, graphs: Path) -> None:  # type: ignore[no-untyped-def]
    batch = next(train.batches(train.GraphFolder(graphs), RECIPE, len(NAMES), np.random.default_rng(1)))
    assert batch.x.shape[0] == 2 * RECIPE.window
    first, second = batch.neighbours[: RECIPE.window], batch.neighbours[RECIPE.window :]
    assert first.max() < RECIPE.window <= second.min()
    assert batch.weights.min() > 0
    assert batch.classes.max() < len(NAMES) - len(BACKGROUND)


def test_an_empty_folder_is_told(train, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from pid.errors import InputError

    with pytest.raises(InputError, match="no labelled graph"):
        train.train_structure(RECIPE, names=NAMES, out=tmp_path / "out", data=tmp_path, report=lambda line: None)
