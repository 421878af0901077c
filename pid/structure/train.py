"""Train the structure network on labelled graphs, and export what serving reads.

No deformation of symbols is ever shown: a graph is turned into one of its eight poses, cut to a window, and the pen
that its lengths are told in is varied. Everything else that serving meets is left to the features
(`pid.structure.encode`).
"""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pid.errors import InputError
from pid.geometry import Array
from pid.learning.fit import Report, choose_device, fit
from pid.learning.network import load_stripped, save_stripped
from pid.structure.encode import encode
from pid.structure.labels import BACKGROUND, LabelledGraph
from pid.structure.network import PARTS, StructureNet, export_structure, structure_loss
from pid.structure.primitives import Index
from pid.structure.recipe import StructureRecipe
from pid.structure.relate import POSES

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # it calls what torch is about to drop
    from torch_geometric.data import Batch, Data

FillFolder = Callable[[Path, Iterable[int]], int]
"""Draws the labelled graphs of seeds into a folder (`pid.draw_structure.fill_graph_folder`)."""

NEAR_SYMBOL = 0.85
"""Share of windows whose middle is a primitive of a symbol, rare kinds more often; the others lie anywhere."""
RAREST, COMMONEST = 4.0, 0.3
"""Limits of a class's weight, which falls with the root of how often it comes."""
COUNTED_SHEETS = 60
CACHED_SHEETS = 1200
LISTING_SECONDS = 10.0


class _GraphData(Data):  # type: ignore[misc]  # torch_geometric is not typed here
    """A window; its neighbours are numbered on when windows become a batch."""

    def __inc__(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self.num_nodes if key == "neighbours" else 0


class GraphFolder:
    """Labelled graphs of a folder, listed anew every few seconds so that new ones join."""

    def __init__(self, folder: Path, *, below_seed: int = 900_000_000) -> None:
        self._folder, self._below = folder, below_seed
        self._graphs: OrderedDict[int, LabelledGraph] = OrderedDict()
        self._listed: tuple[float, list[int]] = (-LISTING_SECONDS, [])

    def seeds(self) -> list[int]:
        """Seeds of the graphs that are there."""
        if time.monotonic() - self._listed[0] > LISTING_SECONDS:
            self._listed = (
                time.monotonic(),
                sorted(s for p in self._folder.glob("*.npz") if (s := int(p.stem)) < self._below),
            )
        return self._listed[1]

    def get(self, seed: int) -> LabelledGraph:
        """The graph of `seed`."""
        graph = self._graphs.pop(seed, None) or LabelledGraph.read(self._folder / f"{seed:09d}.npz")
        self._graphs[seed] = graph
        while len(self._graphs) > CACHED_SHEETS:
            self._graphs.popitem(last=False)
        return graph

    def class_weights(self, classes: int) -> Array:
        """Weights (C,) of the classes, by how many symbols of each are on the first sheets."""
        counts = np.zeros(classes)
        for seed in self.seeds()[:COUNTED_SHEETS]:
            counts += np.bincount(self.get(seed).kinds, minlength=classes)
        usual = float(np.median(counts[counts > 0])) if counts.any() else 1.0
        return np.asarray(np.clip(np.sqrt(usual / np.maximum(counts, 1.0)), COMMONEST, RAREST), np.float64)


def train_structure(
    recipe: StructureRecipe,
    *,
    names: tuple[str, ...],
    out: Path,
    device: str = "cpu",
    resume: bool = True,
    data: Path | None = None,
    fill_folder: FillFolder | None = None,
    start: Path | None = None,
    report: Report = print,
) -> Path:
    """Train the network of the classes `names`; returns ``structure.onnx`` in `out`, with ``structure.pt`` beside it.

    `data` is the folder of labelled graphs (default ``out/graphs``). With `fill_folder` further processes draw the
    recipe's sheets into it while training runs. `resume` goes on from ``out/structure.checkpoint``; `start` begins from
    a ``structure.pt``.
    """
    choose_device(device)
    torch.set_num_threads(recipe.threads)
    torch.set_flush_denormal(True)  # tiny numbers become 0: computing with denormals is many times slower
    out.mkdir(parents=True, exist_ok=True)
    folder = out / "graphs" if data is None else data
    drawers = _start_drawers(folder, fill_folder, recipe) if fill_folder else []
    try:
        graphs = GraphFolder(folder)
        while len(graphs.seeds()) < recipe.start_sheets and any(d.is_alive() for d in drawers):
            time.sleep(1.0)
        if not graphs.seeds():
            raise InputError(f"{folder} holds no labelled graph (NUMBER.npz).")
        torch.manual_seed(recipe.first_seed)
        network = StructureNet(len(names), width=recipe.width, edge_width=recipe.edge_width)
        if start is not None:
            load_stripped(network, start, labels=names)
        rng = np.random.default_rng([recipe.first_seed, time.time_ns() if resume else 0])
        average, step = fit(
            network, _Loss(len(names) - len(BACKGROUND)), batches(graphs, recipe, len(names), rng), recipe,
            out / "structure.checkpoint", device=device, resume=resume, report=report, parts=PARTS,
        )  # fmt: skip
    finally:
        for drawer in drawers:
            drawer.terminate()
            drawer.join()
    save_stripped(average, out / "structure.pt", {"step": step, "recipe": asdict(recipe), "labels": list(names)})
    return export_structure(average, out / "structure.onnx")


def batches(graphs: GraphFolder, recipe: StructureRecipe, classes: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Endless batches of windows, each window of a sheet of its own."""
    weights = graphs.class_weights(classes)
    while True:
        seeds = rng.choice(graphs.seeds(), recipe.batch)
        yield Batch.from_data_list([_window(graphs.get(int(s)), recipe, weights, rng) for s in seeds])


def _window(labelled: LabelledGraph, recipe: StructureRecipe, weights: Array, rng: np.random.Generator) -> _GraphData:
    """Part of a sheet in a random pose, as tensors."""
    index = _choose_part(labelled, recipe.window, weights, rng)
    graph = labelled.graph.only(index).turned(int(rng.integers(POSES)))
    graph = replace(graph, pen=graph.pen * float(np.exp(rng.normal(0.0, recipe.pen_jitter))))
    nodes, edges = encode(graph)
    classes, instances = labelled.classes[index], labelled.instances[index]
    size = np.bincount(instances[instances >= 0], minlength=1)
    # A symbol counts by the root of how many primitives it has.
    share = np.where(instances >= 0, 1 / np.sqrt(np.maximum(size[np.maximum(instances, 0)], 1)), 1.0)
    return _GraphData(
        x=torch.from_numpy(nodes),
        edges=torch.from_numpy(edges),
        neighbours=torch.from_numpy(graph.neighbours),
        classes=torch.from_numpy(classes),
        instances=torch.from_numpy(instances),
        weights=torch.from_numpy((weights[classes] * share).astype(np.float32)),
    )


def _choose_part(labelled: LabelledGraph, most: int, weights: Array, rng: np.random.Generator) -> Index:
    """The primitives nearest to a place on the sheet, in the measure of a square."""
    middle = labelled.graph.marks[:, 2]
    if len(middle) <= most:
        return np.arange(len(middle))
    symbol = np.flatnonzero(labelled.instances >= 0)
    if len(symbol) and rng.random() < NEAR_SYMBOL:
        chance = weights[labelled.classes[symbol]]
        at = middle[symbol[rng.choice(len(symbol), p=chance / chance.sum())]]
    else:
        at = middle[rng.integers(len(middle))]
    away = np.abs(middle - at - rng.uniform(-30, 30, 2) * labelled.graph.pen).max(axis=1)
    return np.sort(np.argpartition(away, most)[:most])


class _Loss:
    """The loss of a batch in the form that the training loop asks for."""

    def __init__(self, background: int) -> None:
        self._background = background

    def __call__(self, network: nn.Module, batch: Batch, device: torch.device) -> dict[str, Tensor]:
        batch = batch.to(device)
        return structure_loss(
            network, (batch.x, batch.edges, batch.neighbours), batch.classes, batch.instances, batch.weights,
            background=self._background,
        )  # fmt: skip


def _start_drawers(folder: Path, fill_folder: FillFolder, recipe: StructureRecipe) -> list[Any]:
    """Processes that draw the recipe's sheets, each its share of the seeds."""
    context = get_context("spawn")
    seeds = range(recipe.first_seed, recipe.first_seed + recipe.sheets)
    drawers = [
        context.Process(target=fill_folder, args=(folder, seeds[k :: recipe.drawers]), daemon=True)
        for k in range(recipe.drawers)
    ]
    for drawer in drawers:
        drawer.start()
    return drawers
