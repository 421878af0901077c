"""Which symbols of a sheet are one block: equal linework up to quarter turns and mirroring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pid.geometry import bounds
from pid.synth.ink import Stroke
from pid.synth.raster import Array

ROUNDING_MM = 1e-3
"""Points nearer than this are the same point: coordinates come from sums and turns of exact ones."""

_Key = tuple[object, ...]


@dataclass(frozen=True)
class Placement:
    """Where and how a block stands: turned counter-clockwise after mirroring left-right."""

    block: str
    insert: tuple[float, float]  # drawing units, y up
    rotation: float
    mirrored: bool
    is_new: bool


@dataclass
class BlockBook:
    """The blocks of one file so far."""

    _known: dict[tuple[str, _Key], str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    def place(self, name: str, strokes: Sequence[Stroke], outlines: Sequence[Array]) -> Placement:
        """Find the block that the strokes are a turned copy of, or name a new one.

        Args:
            name: The symbol's kind. The first form met has this name, others get a number.
            strokes: The strokes, for their looks.
            outlines: Their points, each (N, 2), drawing units, y up.
        """
        x0, y0, x1, y1 = bounds(np.concatenate(outlines))
        insert = ((x0 + x1) / 2, (y0 + y1) / 2)
        local = [points - insert for points in outlines]
        for mirrored in (False, True):
            for quarter in range(4):
                # Undo the turn, then the mirroring: what is left is the block if the symbol is a copy of it.
                upright = [_unturned(points, quarter, mirrored=mirrored) for points in local]
                block = self._known.get((name, _key(strokes, upright)))
                if block is not None:
                    return Placement(block, insert, quarter * 90.0, mirrored, is_new=False)
        self._counts[name] += 1
        number = self._counts[name]
        block = name if number == 1 else f"{name}_{number}"
        self._known[name, _key(strokes, local)] = block
        return Placement(block, insert, 0.0, mirrored=False, is_new=True)


def _unturned(points: Array, quarter: int, *, mirrored: bool) -> Array:
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
    back = points @ np.array([[c, -s], [s, c]], np.float64)
    return back * (-1.0, 1.0) if mirrored else back


def _key(strokes: Sequence[Stroke], outlines: Sequence[Array]) -> _Key:
    return tuple(
        (s.width_mm, s.closed, s.fill, s.dash_mm, s.color, s.layer, s.outlined, _rounded(points).tobytes())
        for s, points in zip(strokes, outlines, strict=True)
    )


def _rounded(points: Array) -> Array:
    return np.asarray(np.round(points / ROUNDING_MM) + 0.0, np.float64)
