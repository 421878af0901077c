"""Train the symbol detector and the kind classifier, and export what serving reads.

The only file of this folder that imports torch and ultralytics (AGPL-3.0, extra ``train``). The detector is
ultralytics' YOLO11n definition with its loss; the loop is ours: it reads a folder of sheets that grows while it runs,
ends by the clock, and goes on where it was stopped.
"""

from __future__ import annotations

import copy
import math
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(tempfile.gettempdir()) / "pid-ultralytics"))
os.environ.setdefault("YOLO_OFFLINE", "true")

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils import SETTINGS

from pid.catalog import load_catalog
from pid.detect.crops import CROP_PX, NOTHING, POSES, CropBatch, cut_crops
from pid.detect.dataset import SheetFolder, SheetSource, Tile, cut_tiles, fill_sheet_folder
from pid.detect.recipe import KindRecipe, ShapeRecipe
from pid.detect.tiles import TILE_PX
from pid.drawing import GROUPS

if SETTINGS.get("sync"):
    SETTINGS.update({"sync": False})  # no usage analytics

LOSS_GAINS = {"box": 7.5, "cls": 0.5, "dfl": 1.5}
"""ultralytics' defaults."""
POSE_GAIN = 0.3
"""Weight of the pose beside the kind: a symmetrical symbol's pose cannot be known, so this loss never falls to 0."""
LARGEST_GRADIENT = 10.0
LOG_EVERY = 20
OPSET = 17
LEAST_HALVED = 512
"""Weights of fewer elements stay in full precision: they weigh nothing."""

Report = Callable[[str], None]
_Item = TypeVar("_Item")


class KindNet(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Crops (B, 1, 64, 64), ink 1 and paper 0, to kind logits (B, K) and pose logits (B, 8)."""

    def __init__(self, kinds: int, width: int = 32) -> None:
        super().__init__()
        sizes = [width, 2 * width, 4 * width, 6 * width]
        layers: list[nn.Module] = [_block(1, width, 1)]
        for i, size in enumerate(sizes):
            layers += [_block(sizes[max(i - 1, 0)], size, 2), _block(size, size, 1)]
        self.body = nn.Sequential(*layers)
        features = sizes[-1] * (CROP_PX // 16) ** 2
        self.neck = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(features, 256), nn.ReLU(inplace=True))
        self.kind, self.pose = nn.Linear(256, kinds), nn.Linear(256, POSES)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of kind and pose."""
        found = self.neck(self.body(crops))
        return self.kind(found), self.pose(found)


def _block(inside: int, outside: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def build_shape_network() -> nn.Module:
    """YOLO11n for one grey channel and the groups of `pid.drawing`, untrained."""
    network = DetectionModel("yolo11n.yaml", ch=1, nc=len(GROUPS), verbose=False)
    network.args = SimpleNamespace(**LOSS_GAINS)
    return network


def kind_labels() -> list[str]:
    """What the classifier tells apart: the catalogue's kinds, then `NOTHING`."""
    return [*load_catalog(), NOTHING]


def train_shape(
    recipe: ShapeRecipe,
    *,
    out: Path,
    device: str = "cpu",
    resume: bool = True,
    data: Path | None = None,
    draw_sheet: SheetSource | None = None,
    start: Path | None = None,
    report: Report = print,
) -> Path:
    """Train the symbol detector; returns the exported ``shape.onnx`` in `out` (with ``shape.pt`` beside it).

    `data` is the sheet folder (default ``out/sheets``). With `draw_sheet`, a second process draws the recipe's sheets
    into it while training runs; without, the sheets that are there (and those that others add) are used. `resume` goes
    on from ``out/shape.checkpoint``; `start` begins from a stripped ``shape.pt`` instead of from nothing.
    """
    _use_processor(recipe.threads)
    out.mkdir(parents=True, exist_ok=True)
    folder = out / "sheets" if data is None else data
    seeds = range(recipe.first_seed, recipe.first_seed + recipe.sheets)
    filler = _start_filler(folder, draw_sheet, seeds) if draw_sheet else None
    try:
        _await_sheets(folder, recipe.start_sheets, filler)
        network = build_shape_network()
        if start is not None:
            load_stripped(network, start)
        rng = np.random.default_rng([recipe.first_seed, time.time_ns() if resume else 0])
        tiles = cut_tiles(
            SheetFolder(folder),
            rng,
            tile_px=recipe.tile_px,
            overview_share=recipe.overview_share,
            scales=(recipe.scale_low, recipe.scale_high),
        )
        batches = _mixed(tiles, recipe.batch, rng)
        average, step = fit(
            network, shape_loss, batches, recipe, out / "shape.checkpoint", device=device, resume=resume, report=report
        )
    finally:
        if filler is not None:
            filler.terminate()
            filler.join()
    save_stripped(average, out / "shape.pt", {"step": step, "recipe": asdict(recipe)})
    return export_shape(average, out / "shape.onnx")


def train_kinds(
    recipe: KindRecipe,
    *,
    out: Path,
    data: Path,
    device: str = "cpu",
    resume: bool = True,
    start: Path | None = None,
    report: Report = print,
) -> Path:
    """Train the kind classifier on the sheet folder `data`; returns the exported ``kinds.onnx`` in `out`."""
    _use_processor(recipe.threads)
    out.mkdir(parents=True, exist_ok=True)
    labels = kind_labels()
    network = KindNet(len(labels), recipe.width)
    if start is not None:
        load_stripped(network, start)
    rng = np.random.default_rng([len(labels), time.time_ns() if resume else 0])
    batches = cut_crops(SheetFolder(data), labels, rng, batch=recipe.batch, jitter=recipe.box_jitter)
    average, step = fit(
        network, kind_loss, batches, recipe, out / "kinds.checkpoint", device=device, resume=resume, report=report
    )
    save_stripped(average, out / "kinds.pt", {"step": step, "recipe": asdict(recipe), "labels": labels})
    return export_kinds(average, out / "kinds.onnx")


def fit(
    network: nn.Module,
    loss_of: Callable[[nn.Module, Any, str], Tensor],
    batches: Iterator[Any],
    recipe: ShapeRecipe | KindRecipe,
    checkpoint: Path,
    *,
    device: str,
    resume: bool,
    report: Report,
) -> tuple[nn.Module, int]:
    """Train until the recipe's steps or hours are used up; returns the averaged network and the steps taken."""
    network.to(device).train()
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(_decayed(network, recipe.weight_decay), lr=recipe.learning_rate, betas=(0.9, 0.99))
    if recipe.compile:
        network.compile(dynamic=False)  # fuses the norms and activations: a quarter faster on two cores
    step, before = 0, 0.0
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, before = state["step"], state["seconds"]
        report(f"resumed at step {step} after {before:.0f} s")
    begun, saved, losses = time.monotonic(), time.monotonic(), []
    budget = recipe.hours * 3600.0
    for batch in _prefetched(batches):
        seconds = before + time.monotonic() - begun
        if step >= recipe.steps or seconds >= budget:
            break
        rate = learning_rate(recipe, step, max(step / recipe.steps, seconds / budget))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(network, batch, device)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        step += 1
        _follow(average, network, min(recipe.average_decay, (1 + step) / (10 + step)))
        losses.append(float(loss.detach()))
        if step % LOG_EVERY == 0:
            report(f"step {step}  loss {np.mean(losses[-LOG_EVERY:]):.3f}  rate {rate:.5f}  {seconds:.0f} s")
        if time.monotonic() - saved > getattr(recipe, "checkpoint_minutes", 5.0) * 60:
            saved = time.monotonic()
            _save_checkpoint(checkpoint, network, average, optimizer, step, before + saved - begun)
    _save_checkpoint(checkpoint, network, average, optimizer, step, before + time.monotonic() - begun)
    return average, step


def learning_rate(recipe: ShapeRecipe | KindRecipe, step: int, progress: float) -> float:
    """Linear warm-up, then half a cosine down to a fiftieth, by `progress` 0..1 of steps or time."""
    warm = min(1.0, (step + 1) / max(recipe.warmup_steps, 1))
    return recipe.learning_rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * min(progress, 1.0))) / 2)


def shape_loss(network: nn.Module, tiles: Sequence[Tile], device: str) -> Tensor:
    """The detector's loss on tiles, a mean over them."""
    size = float(len(tiles[0].image))
    boxes = np.concatenate([t.boxes for t in tiles])
    middle_size = np.c_[(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]] / size
    batch = {
        "img": _ink(np.stack([t.image for t in tiles]), device),
        "batch_idx": torch.from_numpy(np.repeat(np.arange(len(tiles)), [len(t.boxes) for t in tiles])).float(),
        "cls": torch.from_numpy(np.concatenate([t.groups for t in tiles])).float()[:, None],
        "bboxes": torch.from_numpy(middle_size).float(),
    }
    batch = {name: value.to(device) for name, value in batch.items()}
    loss, _ = network.loss(batch, network(batch["img"]))
    return loss.sum() / len(tiles)


def kind_loss(network: nn.Module, batch: CropBatch, device: str) -> Tensor:
    """The classifier's loss: kind, and pose where there is one."""
    kind, pose = network(_ink(batch.images, device))
    kinds, poses = torch.from_numpy(batch.kinds).to(device), torch.from_numpy(batch.poses).to(device)
    loss = nn.functional.cross_entropy(kind, kinds, label_smoothing=0.02)
    return loss + POSE_GAIN * nn.functional.cross_entropy(pose, poses, ignore_index=-1)


def export_shape(network: nn.Module, path: Path) -> Path:
    """Write the detector as ONNX: tiles (B, 1, 640, 640) to found (B, 4 + groups, cells), boxes as corners."""
    network = copy.deepcopy(network).float().cpu().eval()
    head: Any = network.model[-1]
    head.export, head.xyxy = True, True
    return _export(network, torch.zeros(1, 1, TILE_PX, TILE_PX), path, "tiles", ["found"])


def export_kinds(network: nn.Module, path: Path) -> Path:
    """Write the classifier as ONNX: crops (B, 1, 64, 64) to kind (B, K) and pose (B, 8) probabilities."""
    served = _Probabilities(copy.deepcopy(network).float().cpu().eval())
    return _export(served, torch.zeros(1, 1, CROP_PX, CROP_PX), path, "crops", ["kind", "pose"])


class _Probabilities(nn.Module):  # type: ignore[misc]
    """Softmax behind a network with two heads."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        kind, pose = self.network(crops)
        return kind.softmax(1), pose.softmax(1)


def save_stripped(network: nn.Module, path: Path, about: dict[str, Any]) -> None:
    """Weights in half precision with `about`, small enough to commit and enough to train on from."""
    state = {n: v.half() if v.is_floating_point() else v for n, v in network.state_dict().items()}
    torch.save({"state": state, **about}, path)


def load_stripped(network: nn.Module, path: Path) -> None:
    """Fill `network` from `save_stripped`'s file; layers of another size (a changed class list) keep their start."""
    state = torch.load(path, map_location="cpu", weights_only=True)["state"]
    own = network.state_dict()
    network.load_state_dict(
        {n: v.float() for n, v in state.items() if n in own and own[n].shape == v.shape}, strict=False
    )


def _export(network: nn.Module, example: Tensor, path: Path, name: str, outputs: list[str]) -> Path:
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is announced as old; the new one needs a further package
        torch.onnx.export(
            network, (example,), str(path), input_names=[name], output_names=outputs, opset_version=OPSET,
            dynamic_axes={n: {0: "batch"} for n in [name, *outputs]}, dynamo=False,
        )  # fmt: skip
    model = onnx.load(str(path))
    _halve_weights(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def _halve_weights(model: Any) -> None:
    """Store large weights in half precision behind a cast: half the file, the same arithmetic."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < LEAST_HALVED:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT, name=f"{name}.cast"))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def _ink(images: np.ndarray[Any, Any], device: str) -> Tensor:
    """Pictures (B, S, S) uint8 as (B, 1, S, S) with ink 1 and paper 0."""
    return (255 - torch.from_numpy(images).to(device)[:, None].float()).div_(255.0)


def _decayed(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Parameters in two sets: kernels decay, biases and norms do not."""
    kernels = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


@torch.no_grad()  # type: ignore[untyped-decorator]
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average a little towards the network."""
    own, new = average.state_dict(), network.state_dict()
    floats = [n for n, v in own.items() if v.is_floating_point()]
    torch._foreach_lerp_([own[n] for n in floats], [new[n] for n in floats], 1 - decay)


def _save_checkpoint(
    path: Path, network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer, step: int, seconds: float
) -> None:
    state = {"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
    part = path.with_suffix(".part")
    torch.save({**state, "step": step, "seconds": seconds}, part)
    part.replace(path)


def _prefetched(batches: Iterator[_Item]) -> Iterator[_Item]:
    """The same batches, each prepared while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, batches)
        while True:
            ready = waiting.result()
            waiting = pool.submit(next, batches)
            yield ready


def _mixed(tiles: Iterator[Tile], batch: int, rng: np.random.Generator, *, held: int = 64) -> Iterator[list[Tile]]:
    """Batches drawn from a small pool, so that one batch is not one sheet."""
    pool: list[Tile] = []
    while True:
        while len(pool) < held:
            pool.append(next(tiles))
        yield [pool.pop(int(rng.integers(len(pool)))) for _ in range(batch)]


def _start_filler(folder: Path, draw_sheet: SheetSource, seeds: range) -> BaseProcess:
    process = get_context("spawn").Process(target=fill_sheet_folder, args=(folder, draw_sheet, seeds), daemon=True)
    process.start()
    return process


def _await_sheets(folder: Path, count: int, filler: BaseProcess | None) -> None:
    """Wait until `folder` holds `count` sheets or whoever draws them has ended."""
    sheets = SheetFolder(folder)
    while len(sheets.seeds()) < count and filler is not None and filler.is_alive():
        time.sleep(1.0)
    if not sheets.seeds():
        raise FileNotFoundError(f"{folder} holds no training sheet")


def _use_processor(threads: int) -> None:
    """Set the number of threads; tiny numbers become 0, as computing with denormals is many times slower."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
