"""What the lists and the take-off ask of a sheet's plant: told by the graph stage, handed in by whoever runs both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pid.drawing import Drawing


@dataclass(frozen=True)
class PipeEnd:
    """Where a pipe begins or ends: the symbol there (empty at an open end), what to call it, and what it is."""

    symbol: str
    name: str
    kind: str
    """``equipment``, ``connector``, ``line``, ``instrument`` or ``open``."""
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Pipe:
    """All pipe of one line number on a sheet; parts that the number does not state are empty."""

    number: str
    tag: str
    """What the plant's lists call the line: the number's own tag where it has one, else the whole number."""
    size: str = ""
    service: str = ""
    fluid: str = ""
    spec: str = ""
    insulation: str = ""
    start: PipeEnd | None = None
    stop: PipeEnd | None = None
    branches: tuple[PipeEnd, ...] = ()
    """Where it begins or ends besides, as at pumps side by side."""
    directed: bool = False
    """Whether the flow tells start from stop."""
    sizes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    """Symbols in the pipe, by id."""
    length_px: float = 0.0
    score: float = 1.0


@dataclass(frozen=True)
class PlantFacts:
    """A sheet with what was understood of it. All mappings are from and to ids of its symbols unless said otherwise."""

    drawing: Drawing
    pipes: tuple[Pipe, ...] = ()
    operators: Mapping[str, str] = field(default_factory=dict)
    """Actuator -> the valve that it operates."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Nozzle -> the equipment that it stands on."""
    loops: Mapping[str, str] = field(default_factory=dict)
    """Instrument, actuator or valve -> number of its loop."""
    measured: Mapping[str, str] = field(default_factory=dict)
    """Instrument -> the symbol or line that it measures."""
