"""Damage a clean sheet as paper, copying and scanning do, and move its truth along.

A step is a name in `STEPS`. Steps are applied in the order of a sheet's life: what happens to the paper, then how it
lies on the scanner, then light and sensor, then the file. `choose_steps` draws a mix in which many sheets stay nearly
clean, as most drawings in an archive are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from pid.drawing import Drawing
from pid.errors import InputError
from pid.geometry import Array
from pid.move import move_drawing
from pid.synth import overlays, paper, scanner, warps
from pid.synth.pixels import Image

PointMap = Callable[[Array], Array]
Step = Callable[[Image, np.random.Generator, float], tuple[Image, PointMap | None]]
_Shade = Callable[[Image, np.random.Generator, float], Image]


def _still(step: _Shade) -> Step:
    """A step that moves no point, in the form of those that do."""
    return lambda image, rng, strength: (step(image, rng, strength), None)


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "yellowed_paper": _still(paper.yellowed_paper),
        "gray_paper": _still(scanner.gray_paper),
        "break_strokes": _still(paper.break_strokes),
        "bloat_strokes": _still(paper.bloat_strokes),
        "watermark": _still(overlays.watermark),
        "underline": _still(overlays.underline),
        "highlighter": _still(overlays.highlighter),
        "stamp": _still(overlays.stamp),
        "seal": _still(overlays.seal),
        "signature": _still(overlays.signature),
        "scribbles": _still(paper.scribbles),
        "stains": _still(paper.stains),
        "bleed_through": _still(paper.bleed_through),
        "punch_holes": _still(paper.punch_holes),
        "crumple": warps.crumple,
        "fold": warps.fold,
        "bend": warps.bend,
        "turn": warps.turn,
        "perspective": warps.perspective,
        "skew": warps.skew,
        "uneven_light": _still(scanner.uneven_light),
        "blur": _still(scanner.blur),
        "low_contrast": _still(overlays.low_contrast),
        "low_resolution": _still(scanner.low_resolution),
        "noise": _still(scanner.noise),
        "salt_pepper": _still(scanner.salt_pepper),
        "streaks": _still(scanner.streaks),
        "threshold": _still(scanner.threshold),
        "jpeg": _still(scanner.jpeg),
    }
)
"""Name -> step, in the order of a sheet's life."""

_MIXES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "nearly_clean": {"blur": 0.2, "low_resolution": 0.15, "threshold": 0.15, "jpeg": 0.35, "bloat_strokes": 0.08},
        "export": {"gray_paper": 0.8, "low_resolution": 0.25, "blur": 0.15, "bloat_strokes": 0.15, "jpeg": 0.6},
        "gray_canvas": {"gray_paper": 1.0, "low_resolution": 0.25, "blur": 0.25, "bloat_strokes": 0.2, "jpeg": 0.8},
        "scan": {
            "yellowed_paper": 0.15, "bloat_strokes": 0.25, "break_strokes": 0.25, "bleed_through": 0.1,
            "punch_holes": 0.12, "scribbles": 0.12, "fold": 0.1, "skew": 0.75, "uneven_light": 0.3, "blur": 0.4,
            "low_resolution": 0.3, "noise": 0.4, "salt_pepper": 0.3, "streaks": 0.12, "threshold": 0.3, "jpeg": 0.5,
        },
        "worn": {
            "yellowed_paper": 0.45, "bloat_strokes": 0.35, "break_strokes": 0.5, "bleed_through": 0.3,
            "punch_holes": 0.3, "scribbles": 0.45, "stains": 0.4, "fold": 0.45, "crumple": 0.25, "perspective": 0.4,
            "skew": 0.6, "uneven_light": 0.6, "blur": 0.5, "low_resolution": 0.4, "noise": 0.6, "salt_pepper": 0.4,
            "streaks": 0.25, "threshold": 0.2, "jpeg": 0.6,
        },
    }
)  # fmt: skip
"""Mix -> the chance of each step in it."""

_SHARES: Mapping[str, float] = MappingProxyType({"nearly_clean": 0.4, "export": 0.1, "scan": 0.35, "worn": 0.15})
"""How often a mix is drawn at strength 1."""


def damage_sheet(
    image: Image,
    drawing: Drawing,
    rng: np.random.Generator,
    *,
    strength: float = 1.0,
    steps: Sequence[str] | None = None,
    mix: str | None = None,
) -> tuple[Image, Drawing]:
    """A damaged copy of a sheet's picture and the drawing as it then stands on it.

    Args:
        image: uint8 (H, W) or (H, W, 3) RGB, the drawing's sheet. It is left as it is.
        drawing: The truth; every element keeps its id, what is warped off the page is dropped.
        rng: Source of all chance.
        strength: 1 is usual; 0 leaves the sheet as it is.
        steps: Names of `STEPS`, applied in the order given; by default `choose_steps` draws them.
        mix: The mix to draw steps from where `steps` is None; by default one is drawn too.

    Raises:
        InputError: A step's name is not known, or the drawing is of another size than the image.
    """
    height, width = image.shape[:2]
    if (drawing.sheet.width, drawing.sheet.height) != (width, height):
        size = f"{drawing.sheet.width} x {drawing.sheet.height}"
        raise InputError(f"{drawing.source.name} is a drawing of {size} pixels, its picture has {width} x {height}.")
    names = choose_steps(rng, strength=strength, mix=mix) if steps is None else tuple(steps)
    unknown = sorted(set(names) - set(STEPS))
    if unknown:
        raise InputError(f"there is no damage called {unknown[0]!r}; there are {', '.join(STEPS)}.")
    if strength <= 0 or not names:
        return image.copy(), drawing
    moves: list[PointMap] = []
    for name in names:
        image, move = STEPS[name](image, rng, strength)
        if move is not None:
            moves.append(move)
    if moves:
        drawing = move_drawing(drawing, _in_turn(moves), width=image.shape[1], height=image.shape[0])
    return image, drawing


def choose_steps(rng: np.random.Generator, *, strength: float = 1.0, mix: str | None = None) -> tuple[str, ...]:
    """Draw a mix, or take the one named, and draw its steps. With more strength, scans and worn sheets come more often.

    Raises:
        InputError: There is no such mix.
    """
    if mix is not None and mix not in _MIXES:
        raise InputError(f"there is no mix of damage called {mix!r}; there are {', '.join(_MIXES)}.")
    names = list(_SHARES)
    weights = np.array([_SHARES[name] * (strength if name in ("scan", "worn") else 1.0) for name in names])
    if strength <= 0:
        return ()
    shares = _MIXES[mix or names[int(rng.choice(len(names), p=weights / weights.sum()))]]
    return tuple(name for name in STEPS if rng.random() < shares.get(name, 0.0))


def _in_turn(moves: Sequence[PointMap]) -> PointMap:
    def move(points: Array) -> Array:
        for one in moves:
            points = one(points)
        return points

    return move
