"""Sheets that no network is trained on, clean or through a scanner as one asks, to judge and calibrate by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Drawing
from pid.synth.damage import damage_sheet
from pid.synth.generate import generate_sheet
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet
from pid.synth.training_sheet import SCATTER_EVERY


def plant_seeds(first: int, count: int) -> list[int]:
    """The next `count` seeds of whole plants: scattered symbols have no lines between them."""
    seeds: list[int] = []
    while len(seeds) < count:
        seeds += [first] if first % SCATTER_EVERY else []
        first += 1
    return seeds


def draw_held_out_sheet(seed: int, *, damaged: bool) -> tuple[NDArray[np.uint8], Drawing]:
    """The grey picture (H, W) uint8 of a seed and its exact truth: plants, and scattered symbols as in training."""
    if seed % SCATTER_EVERY == 0:
        ink, drawing = scatter_sheet(seed)
        image = as_gray(render_raster(ink, drawing.sheet.px_per_mm or 1.0))
    else:
        sheet = generate_sheet(seed)
        image, drawing = as_gray(render_raster(sheet.ink, sheet.style.px_per_mm)), sheet.drawing
    if not damaged:
        return image, drawing
    spoilt, moved = damage_sheet(image, drawing, np.random.default_rng([seed, 11]))
    return as_gray(spoilt), moved
