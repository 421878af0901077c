"""How the networks of detection are trained: the numbers of ``data/models/shape.toml`` and ``kinds.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pid.learning.recipe import Recipe


@dataclass(frozen=True)
class ShapeRecipe(Recipe):
    """The symbol detector. Training ends after `steps` or `hours`; the rate falls with whichever is nearer."""

    shipped: ClassVar[str] = "shape.toml"
    first_seed: int = 1
    sheets: int = 400
    """Distinct generated sheets, drawn while training runs."""
    start_sheets: int = 8
    """Training waits for this many."""
    held_out_seed: int = 900_000_001
    held_out_sheets: int = 8
    """Sheets for the threshold, the calibration and the card's scores, never trained on."""
    tile_px: int = 512
    batch: int = 4
    steps: int = 4000
    hours: float = 2.0
    learning_rate: float = 1.5e-3
    overview_share: float = 0.2
    """Of the tiles, at the scale of the pass for big equipment."""
    scale_low: float = 0.7
    scale_high: float = 1.4
    """Tiles are drawn at the working scale times this range, as real sheets differ in plotted size."""
    judge_minutes: float = 2.0
    """Between two validations, where there are pictures to validate on."""
    tiles_per_sheet: int = 4
    """Cut from a sheet each time it is read."""
    workers: int = 0
    """Processes that cut tiles; 0 is a thread of the training process, enough for a processor."""
    drawers: int = 1
    """Processes that draw sheets while training runs."""
    corrected_share: float = 0.5
    """With corrections: share of the sheets cut that people corrected; the rest are generated."""
    replay_sheets: int = 16
    """With corrections: so many generated sheets, so that nothing is forgotten."""


@dataclass(frozen=True)
class KindRecipe(Recipe):
    """The classifier of kind, rotation and mirror image."""

    shipped: ClassVar[str] = "kinds.toml"
    width: int = 32
    """Channels of the first layer."""
    box_jitter: float = 0.08
    """Standard deviation of the boxes' sides over their size: the detector's boxes are not exact."""
    workers: int = 0
    """Processes that cut crops; 0 is a thread of the training process, enough for a processor."""
    corrected_share: float = 0.5
    """With corrections: share of the sheets cut that people corrected; the rest are generated."""
    replay_sheets: int = 16
    """With corrections: so many generated sheets, so that nothing is forgotten."""
