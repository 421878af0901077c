"""How the networks are trained: the numbers of ``data/models/*.toml``, one section a machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from pid.errors import InputError
from pid.resources import data_path

NO_LIMIT_HOURS = 10_000.0
"""Longer than any training."""
AT_LEAST_ONE = frozenset({"batch", "steps", "sheets", "threads", "tile_px", "tiles_per_sheet", "width"})


@dataclass(frozen=True)
class _Recipe:
    """A flat set of numbers read from one section of a TOML file."""

    shipped: ClassVar[str]
    """Name of the shipped file in ``data/models``."""

    @classmethod
    def read(cls, section: str = "laptop", path: Path | None = None) -> Self:
        """Read `section` of `path`, by default the shipped file. Raises `InputError` for a missing or odd entry."""
        path = data_path("models", cls.shipped) if path is None else path
        try:
            table: dict[str, Any] = tomllib.loads(path.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path} is not a readable recipe: {error}.") from error
        if section not in table:
            raise InputError(f"{path} has no section [{section}], only {', '.join(table)}.")
        known = {f.name: type(getattr(cls(), f.name)) for f in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in table[section].items():
            if name not in known:
                raise InputError(f"{path}, [{section}]: {name!r} is not an entry of a recipe.")
            if not isinstance(value, known[name]) and not (known[name] is float and isinstance(value, int)):
                raise InputError(f"{path}, [{section}]: {name} must be {known[name].__name__}, not {value!r}.")
            values[name] = known[name](value)
            least = 1 if name in AT_LEAST_ONE else 0
            if values[name] < least or (name == "hours" and not values[name]):
                raise InputError(f"{path}, [{section}]: {name} must not be {value!r}.")
        return cls(**values)

    def limited(self, *, hours: float | None = None, steps: int | None = None) -> Self:
        """The same with another end; where only `steps` are given, time does not end it before."""
        if steps is None:
            return self if hours is None else replace(self, hours=hours)  # type: ignore[call-arg]
        return replace(self, steps=steps, hours=NO_LIMIT_HOURS if hours is None else hours)  # type: ignore[call-arg]


@dataclass(frozen=True)
class ShapeRecipe(_Recipe):
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
    weight_decay: float = 0.01
    warmup_steps: int = 100
    average_decay: float = 0.998
    """Of the running average of the weights, which is what is served."""
    overview_share: float = 0.2
    """Of the tiles, at the scale of the pass for big equipment."""
    scale_low: float = 0.7
    scale_high: float = 1.4
    """Tiles are drawn at the working scale times this range, as real sheets differ in plotted size."""
    checkpoint_minutes: float = 5.0
    judge_minutes: float = 2.0
    """Between two validations, where there are pictures to validate on."""
    tiles_per_sheet: int = 4
    """Cut from a sheet each time it is read."""
    threads: int = 2
    workers: int = 0
    """Processes that cut tiles; 0 is a thread of the training process, enough for a processor."""
    drawers: int = 1
    """Processes that draw sheets while training runs."""
    compile: bool = False
    """Let torch compile the network first: needs a C++ compiler and a minute."""


@dataclass(frozen=True)
class KindRecipe(_Recipe):
    """The classifier of kind, rotation and mirror image."""

    shipped: ClassVar[str] = "kinds.toml"
    steps: int = 3000
    hours: float = 0.2
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    average_decay: float = 0.998
    width: int = 32
    """Channels of the first layer."""
    box_jitter: float = 0.08
    """Standard deviation of the boxes' sides over their size: the detector's boxes are not exact."""
    checkpoint_minutes: float = 5.0
    threads: int = 2
    workers: int = 0
    """Processes that cut crops; 0 is a thread of the training process, enough for a processor."""
    compile: bool = False
    """Let torch compile the network first: needs a C++ compiler and a minute."""
