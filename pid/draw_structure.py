"""Generated sheets as labelled graphs of primitives: what the structure network is trained and judged on.

No symbol is deformed: the generator's stretched equipment, connectors and benchmark valves are switched off, and of
scan damage only the steps that move no point are used. Sizes, pens and the eight poses vary, as they do on real sheets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pid.catalog import load_catalog
from pid.drawing import Drawing
from pid.structure.labels import BACKGROUND, LabelledGraph, class_names, find_owners, outside_boxes
from pid.structure.primitives import Primitives
from pid.structure.relate import relate
from pid.structure.trace_primitives import trace_primitives
from pid.synth.damage import choose_steps, damage_sheet
from pid.synth.generate import generate_sheet
from pid.synth.ink import Ink, Lettering, Stroke
from pid.synth.pens import shade_ink
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet

SCATTER_EVERY = 2
"""Each so many-th seed is a sheet of scattered symbols, where rare kinds come as often as common ones."""
DAMAGED_SHARE, READ_SHARE = 0.4, 0.6
"""Of sheets that went through a scanner, and of sheets whose lettering was read and hidden before tracing."""
MISSED_WORDS = 0.06
"""Of words on such sheets that were not read."""
MOVING = frozenset({"crumple", "fold", "turn", "perspective", "skew"})
"""Damage that moves points."""
FRAME_LAYERS = frozenset({"FRAME", "TABLE", "TITLE", "LOGO", "SIGNATURE", "STAMP", "TEXT"})
PIPE_LAYERS = frozenset({"process", "header"})


@dataclass(frozen=True, eq=False)
class DrawnSheet:
    """A picture (H, W) with its truth, and the picture (H, W) of its marks' numbers from 1 on."""

    image: NDArray[np.uint8]
    drawing: Drawing
    ink: Ink
    painted: NDArray[np.int32]
    hidden: NDArray[np.float64]
    """(K, 4) boxes of words that were read."""


def draw_sheet(seed: int, *, damaged: bool | None = None, read: bool | None = None) -> DrawnSheet:
    """The sheet of a seed, the same for the same arguments; damage and reading are drawn by chance where not given."""
    rng = np.random.default_rng([seed, 13])
    if seed % SCATTER_EVERY == 0:
        ink, drawing = scatter_sheet(seed, px_per_mm=float(rng.uniform(5.0, 8.0)), stretched=False)
    else:
        sheet = generate_sheet(seed, stretched=False)
        ink, drawing = sheet.ink, sheet.drawing
    scale = drawing.sheet.px_per_mm or 1.0
    image = as_gray(render_raster(shade_ink(ink, rng), scale))
    if damaged if damaged is not None else rng.random() < DAMAGED_SHARE:
        steps = tuple(s for s in choose_steps(rng) if s not in MOVING)
        image = as_gray(damage_sheet(image, drawing, rng, steps=steps)[0]) if steps else image
    hide = read if read is not None else rng.random() < READ_SHARE
    known = [w.box for w in drawing.words if hide and rng.random() >= MISSED_WORDS]
    return DrawnSheet(image, drawing, ink, paint_numbers(ink, scale), np.array(known, float).reshape(-1, 4))


def paint_numbers(ink: Ink, px_per_mm: float) -> NDArray[np.int32]:
    """Which mark (its place from 1 on) each pixel (H, W) shows; 0 is paper."""
    numbered = tuple(
        replace(mark, color=((k >> 16) & 255, (k >> 8) & 255, k & 255)) for k, mark in enumerate(ink.marks, start=1)
    )
    picture = render_raster(replace(ink, marks=numbered), px_per_mm, antialias=False).astype(np.int32)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    numbers = (picture[..., 0] << 16) | (picture[..., 1] << 8) | picture[..., 2]
    return np.where(numbers == 0xFFFFFF, 0, numbers).astype(np.int32)


def label_sheet(sheet: DrawnSheet, parts: Primitives | None = None) -> LabelledGraph:
    """The graph of a drawn sheet with its truth; `parts` are its primitives where they are traced already."""
    if parts is None:
        parts = trace_primitives(sheet.image, hidden=sheet.hidden)
    catalog = load_catalog()
    names = class_names(tuple(catalog))
    symbols = {s.id: k for k, s in enumerate(sheet.drawing.symbols)}
    classes, instances = [names.index("other")], [-1]
    for mark in sheet.ink.marks:
        k = symbols.get(mark.element or "", -1)
        if isinstance(mark, Stroke) and k >= 0:
            classes.append(names.index(sheet.drawing.symbols[k].kind))
            instances.append(k)
        else:
            classes.append(names.index(_background(mark)))
            instances.append(-1)
    owner = find_owners(parts, sheet.painted)
    kind, instance = np.array(classes)[owner], np.array(instances)[owner]
    boxes = np.array([s.box for s in sheet.drawing.symbols], float).reshape(-1, 4)
    if len(boxes):
        stem = (instance >= 0) & outside_boxes(parts, boxes[np.maximum(instance, 0)])
        kind, instance = np.where(stem, names.index("other"), kind), np.where(stem, -1, instance)
    kinds = np.array([names.index(s.kind) for s in sheet.drawing.symbols], np.int64)
    return LabelledGraph(relate(parts), kind.astype(np.int64), instance.astype(np.int64), boxes, kinds)


def fill_graph_folder(folder: Path, seeds: Iterable[int]) -> int:
    """Draw the labelled graphs of `seeds` that `folder` lacks; returns how many. Safe to stop and to run again."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for seed in seeds:
        path = folder / f"{seed:09d}.npz"
        if not path.exists():
            label_sheet(draw_sheet(seed)).write(path)
            drawn += 1
    return drawn


def _background(mark: Stroke | Lettering) -> str:
    if isinstance(mark, Lettering):
        return BACKGROUND[2]
    if mark.layer in FRAME_LAYERS:
        return BACKGROUND[3]
    if mark.layer == "signal" or (mark.layer == "0" and mark.dash_mm):
        return BACKGROUND[1]
    return BACKGROUND[0] if mark.layer in PIPE_LAYERS or mark.layer == "0" else BACKGROUND[4]
