"""Even out a page's light: paper to 255 wherever a shadow, a tint or a grey ground lies on it, pale ink to black."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pid.paper import level_paper, measure_ink, measure_paper, stretch_ink

Gray = NDArray[np.uint8]

DIM_PAPER = 235
"""Paper darker than this anywhere is lifted: readers of ink take 160 and less for it, and shadows deepen fast."""
PALE_INK = 80
"""Ink lighter than this, against white paper, is darkened."""


def even_light(gray: Gray) -> tuple[Gray, str]:
    """A grey sheet (H, W) with white paper and black ink, and what was done to it; an even one comes back as it is."""
    done = []
    level = measure_paper(gray)
    if level.min() < DIM_PAPER:
        gray = level_paper(gray)
        done.append(f"paper was {int(level.min())} to {int(level.max())} of 255")
    ink = measure_ink(gray)
    if ink is not None and ink > PALE_INK:
        gray = stretch_ink(gray)
        done.append(f"ink was {ink} of 255")
    return gray, ", ".join(done)
