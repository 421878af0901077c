"""Train the symbol detector and the kind classifier, and export what serving reads.

The loop is ours: it reads a folder of sheets that grows while it runs, or a user's pictures, ends by the clock or by
steps, goes on where it was stopped, and keeps the best weights where there is something to judge them by.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from pid.detect.crops import CropSource
from pid.detect.dataset import SheetFolder, SheetSource, TileSource, Turns, fill_sheet_folder
from pid.detect.look import Look
from pid.detect.mixed import MixedSheets
from pid.detect.network import (
    KIND_PARTS,
    SHAPE_PARTS,
    KindNet,
    build_shape_network,
    export_kinds,
    export_shape,
    kind_labels,
    kind_loss,
    shape_loss,
)
from pid.detect.pictures import PictureSet
from pid.detect.recipe import KindRecipe, ShapeRecipe
from pid.drawing import GROUPS
from pid.errors import InputError
from pid.learning.fit import Judge, Report, choose_device, fit
from pid.learning.network import load_stripped, save_stripped

JUDGED_FOLDER = "candidate"
"""Where weights lie in `out` while they are judged."""
FIGURES = ("map50", "map50_95")
"""What a judge tells; the last decides which weights are best."""
BATCHES_AHEAD = 3
"""Batches a worker process prepares ahead."""

_Item = TypeVar("_Item")
_Item_co = TypeVar("_Item_co", covariant=True)


class Feed(Protocol[_Item_co]):
    """A source of batches that can be sent to worker processes."""

    def batches(self, rng: np.random.Generator) -> Iterator[_Item_co]:
        """Endless batches."""


def train_shape(
    recipe: ShapeRecipe,
    *,
    out: Path,
    device: str = "cpu",
    resume: bool = True,
    data: Path | MixedSheets | None = None,
    draw_sheet: SheetSource | None = None,
    start: Path | None = None,
    report: Report = print,
) -> Path:
    """Train the symbol detector; returns the exported ``shape.onnx`` in `out` (with ``shape.pt`` beside it).

    `data` is the sheet folder (default ``out/sheets``), or corrected sheets among generated ones. With `draw_sheet`,
    further processes draw the recipe's sheets into the folder while training runs; without, the sheets that are there
    (and those that others add) are used. `resume` goes on from ``out/shape.checkpoint``; `start` begins from a stripped
    ``shape.pt`` instead of from nothing.
    """
    choose_device(device)
    _use_processor(recipe.threads)
    out.mkdir(parents=True, exist_ok=True)
    folder = out / "sheets" if data is None else data
    fillers = _start_fillers(folder, draw_sheet, recipe) if draw_sheet and isinstance(folder, Path) else []
    try:
        if isinstance(folder, Path):
            _await_sheets(folder, recipe.start_sheets, fillers)
        network = build_shape_network()
        if start is not None:
            load_stripped(network, start, labels=GROUPS)
        source = _tile_source(_sheets_of(folder), recipe)
        batches = _feed(source, [recipe.first_seed, time.time_ns() if resume else 0], recipe.workers)
        checkpoint = out / "shape.checkpoint"
        average, step = fit(
            network, shape_loss, batches, recipe, checkpoint, device=device, resume=resume, report=report,
            parts=SHAPE_PARTS,
        )  # fmt: skip
    finally:
        for filler in fillers:
            filler.terminate()
        for filler in fillers:
            filler.join()
    save_stripped(average, out / "shape.pt", {"step": step, "recipe": asdict(recipe)})
    return export_shape(average, out / "shape.onnx")


def train_pictures(
    recipe: ShapeRecipe,
    pictures: PictureSet,
    *,
    out: Path,
    judge: Callable[[Path], dict[str, float]],
    device: str = "cpu",
    resume: bool = True,
    start: Path | None = None,
    turns: Turns = "any",
    report: Report = print,
) -> Path:
    """Train a detector of the classes of `pictures`; returns the exported ``shape.onnx`` in `out`.

    `judge` is told a folder with weights (``shape.onnx``) from time to time and answers `FIGURES`; the weights it
    found best are exported. The rest is as in `train_shape`; of `start` only the layers that fit are used, and the rows
    of its classes that bear the same name.
    """
    choose_device(device)
    _use_processor(recipe.threads)
    folder = out / JUDGED_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    network = build_shape_network(len(pictures.names))
    if start is not None:
        load_stripped(network, start, labels=pictures.names)

    def judged(candidate: nn.Module) -> dict[str, float]:
        export_shape(candidate, folder / "shape.onnx")
        return judge(folder)

    source = _tile_source(pictures, recipe, turns=turns)
    batches = _feed(source, [recipe.first_seed, time.time_ns() if resume else 0], recipe.workers)
    about = {"labels": list(pictures.names), "recipe": asdict(recipe)}
    best = Judge(judged, FIGURES, out / "shape.best.pt", about, least_minutes=recipe.judge_minutes)
    average, step = fit(
        network, shape_loss, batches, recipe, out / "shape.checkpoint", device=device, resume=resume, report=report,
        parts=SHAPE_PARTS, judge=best,
    )  # fmt: skip
    step = best.restore(average, step)
    save_stripped(average, out / "shape.pt", {"step": step, **about})
    return export_shape(average, out / "shape.onnx")


def train_kinds(
    recipe: KindRecipe,
    *,
    out: Path,
    data: Path | MixedSheets,
    device: str = "cpu",
    resume: bool = True,
    start: Path | None = None,
    report: Report = print,
) -> Path:
    """Train the kind classifier on the sheet folder `data`, or on corrected sheets among generated ones.

    Returns the exported ``kinds.onnx`` in `out`.
    """
    choose_device(device)
    _use_processor(recipe.threads)
    out.mkdir(parents=True, exist_ok=True)
    labels = kind_labels()
    network = KindNet(len(labels), recipe.width)
    if start is not None:
        load_stripped(network, start, labels=labels)
    if isinstance(data, MixedSheets):
        network.freeze_body()
    source = CropSource(_sheets_of(data), tuple(labels), recipe.batch, recipe.box_jitter)
    batches = _feed(source, [len(labels), time.time_ns() if resume else 0], recipe.workers)
    average, step = fit(
        network, kind_loss, batches, recipe, out / "kinds.checkpoint", device=device, resume=resume, report=report,
        parts=KIND_PARTS,
    )  # fmt: skip
    save_stripped(average, out / "kinds.pt", {"step": step, "recipe": asdict(recipe), "labels": labels})
    return export_kinds(average, out / "kinds.onnx")


def _sheets_of(data: Path | MixedSheets) -> SheetFolder | MixedSheets:
    return SheetFolder(data) if isinstance(data, Path) else data


def _tile_source(
    sheets: SheetFolder | MixedSheets | PictureSet, recipe: ShapeRecipe, *, turns: Turns = "any"
) -> TileSource:
    return TileSource(
        sheets, recipe.batch, recipe.tile_px, recipe.overview_share, (recipe.scale_low, recipe.scale_high),
        per_sheet=recipe.tiles_per_sheet, look=sheets.look if isinstance(sheets, PictureSet) else Look(), turns=turns,
    )  # fmt: skip


class _Endless(IterableDataset[Any]):  # type: ignore[misc]
    """A source as torch's worker processes read it, each with numbers of its own."""

    def __init__(self, source: Feed[Any], entropy: list[int]) -> None:
        self._source, self._entropy = source, entropy

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        cv2.setNumThreads(1)
        return self._source.batches(np.random.default_rng([*self._entropy, worker.id + 1 if worker else 0]))


def _as_it_is(batch: _Item) -> _Item:
    return batch


def _feed(source: Feed[_Item], entropy: list[int], workers: int) -> Iterator[_Item]:
    """Batches cut in this process, or by so many others: a fast device would wait for one."""
    if not workers:
        return source.batches(np.random.default_rng(entropy))
    return _from_workers(source, entropy, workers)


def _from_workers(source: Feed[_Item], entropy: list[int], workers: int) -> Iterator[_Item]:
    loader = DataLoader(
        _Endless(source, entropy), batch_size=None, num_workers=workers, prefetch_factor=BATCHES_AHEAD,
        collate_fn=_as_it_is, multiprocessing_context="spawn",
    )  # fmt: skip
    try:
        yield from loader
    except InputError as error:  # torch puts the worker's traceback before its sentence
        raise InputError(str(error).strip().splitlines()[-1].rpartition("InputError: ")[2]) from error


def _start_fillers(folder: Path, draw_sheet: SheetSource, recipe: ShapeRecipe) -> list[BaseProcess]:
    """Processes that draw the recipe's sheets, each its share of the seeds."""
    fillers: list[BaseProcess] = []
    for i in range(max(recipe.drawers, 1)):
        seeds = range(recipe.first_seed + i, recipe.first_seed + recipe.sheets, max(recipe.drawers, 1))
        task = get_context("spawn").Process(target=fill_sheet_folder, args=(folder, draw_sheet, seeds), daemon=True)
        task.start()
        fillers.append(task)
    return fillers


def _await_sheets(folder: Path, count: int, fillers: Sequence[BaseProcess]) -> None:
    """Wait until `folder` holds `count` sheets or whoever draws them has ended."""
    sheets = SheetFolder(folder)
    while len(sheets.seeds()) < count and any(filler.is_alive() for filler in fillers):
        time.sleep(1.0)
    if not sheets.seeds():
        raise InputError(f"{folder} holds no training sheets (NUMBER.png with NUMBER.json).")


def _use_processor(threads: int) -> None:
    """Set the number of threads; tiny numbers become 0, as computing with denormals is many times slower."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
