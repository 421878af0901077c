"""How a network is trained: the numbers of a file in ``data/models/*.toml``, one section a machine."""

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
class Recipe:
    """A flat set of numbers read from one section of a TOML file."""

    shipped: ClassVar[str]
    """Name of the shipped file in ``data/models``."""
    steps: int = 3000
    hours: float = 0.2
    """Training ends after `steps` or `hours`; the rate falls with whichever is nearer."""
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    average_decay: float = 0.998
    """Of the running average of the weights, which is what is served."""
    checkpoint_minutes: float = 5.0
    threads: int = 2
    compile: bool = False
    """Let torch compile the network first: needs a C++ compiler and a minute."""

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
            return self if hours is None else replace(self, hours=hours)
        return replace(self, steps=steps, hours=NO_LIMIT_HOURS if hours is None else hours)
