"""How the structure network is trained: the numbers of ``data/models/structure.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pid.learning.recipe import Recipe


@dataclass(frozen=True)
class StructureRecipe(Recipe):
    """The graph network on primitives."""

    shipped: ClassVar[str] = "structure.toml"
    first_seed: int = 1
    sheets: int = 1000
    """Distinct generated sheets, drawn while training runs."""
    start_sheets: int = 40
    """Training waits for this many; how often each class comes is counted on them."""
    held_out_seed: int = 900_000_001
    held_out_sheets: int = 8
    """Sheets for the calibration and the card's scores, never trained on."""
    batch: int = 2
    """Windows in a batch, each of a sheet of its own."""
    window: int = 2500
    """Primitives in a window."""
    steps: int = 20000
    hours: float = 1.1
    width: int = 80
    edge_width: int = 40
    pen_jitter: float = 0.2
    """Standard deviation of the logarithm of the factor on the pen that lengths are told in."""
    drawers: int = 1
    """Processes that draw sheets while training runs."""
