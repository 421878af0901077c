"""The sheet that networks are trained on, by seed: plants, most of them damaged, and some scattered symbols."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Drawing
from pid.synth.damage import damage_sheet
from pid.synth.generate import generate_sheet
from pid.synth.pens import shade_ink
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet

SCATTER_EVERY = 4
"""Each so many-th seed is a scattered sheet."""
DAMAGED_SHARE = 0.6
"""Of plants that pass through a scanner; the rest are clean exports, as most drawings of the bench are."""

GRAY_BENCHMARKS = 0.6
"""Of benchmark sheets that lie on a grey canvas."""


def draw_training_sheet(seed: int) -> tuple[NDArray[np.uint8], Drawing]:
    """The grey picture (H, W) uint8 of a seed and its exact truth; the same for the same seed."""
    rng = np.random.default_rng([seed, 7])
    if seed % SCATTER_EVERY == 0:
        ink, drawing = scatter_sheet(seed)
        ink = shade_ink(ink, rng)
        return as_gray(render_raster(ink, drawing.sheet.px_per_mm or 1.0)), drawing
    sheet = generate_sheet(seed)
    image = as_gray(render_raster(shade_ink(sheet.ink, rng), sheet.style.px_per_mm))
    gray = sheet.style.family == "benchmark" and rng.random() < GRAY_BENCHMARKS
    if gray or rng.random() < DAMAGED_SHARE:
        damaged, drawing = damage_sheet(image, sheet.drawing, rng, mix="gray_canvas" if gray else None)
        return as_gray(damaged), drawing
    return image, sheet.drawing
