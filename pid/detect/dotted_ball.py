"""The ball valve drawn with a dot in its ring: told by what surrounds its middle, where the look alone confuses it.

A disc in a bow tie is a globe valve, a ring or a diamond a ball or plug valve; a disc, a white gap and a ring around
both is a ball valve alone (``ball_dotted`` of the catalogue). Networks seldom saw it and name its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol

KIND = "ball_valve"
CONFUSED = ("plug_valve", "globe_valve", "ball_valve", "ball_check_valve", "lift_check_valve", "spectacle_blind")
"""What the dotted ball is taken for."""
RING = (0.2, 0.62)
"""Radius of the ring, in half lengths of the symbol."""
ANGLES = 72
DRAWN, CLEAR = 0.85, 0.2
"""Share of directions with ink at the radius of disc and ring, and in the gap between; the bow tie's flanks and the
pipe may cross the gap."""
OFF_CENTRE = 0.25
"""How far, in half lengths, the ring's middle may be off the box's."""
FEWEST_PX = 6
"""Half a symbol's length; smaller ones show no gap."""
INK_SHARE = 0.6
"""Of the paper's grey level; darker pixels are ink."""
SURE = 0.9


def name_dotted_balls(symbols: Sequence[Symbol], gray: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The symbols, dotted balls named as such; their other candidates stay among the runners-up.

    Args:
        symbols: of the sheet, in its pixels.
        gray: the sheet, (H, W) uint8, paper bright.
    """
    return tuple(
        _named(s) if s.kind in CONFUSED and s.kind != KIND and _is_dotted_ball(s, gray) else s for s in symbols
    )


def _named(symbol: Symbol) -> Symbol:
    runners = symbol.attributes.get("runners_up")
    others = [[symbol.kind, symbol.attributes.get("kind_score", symbol.score)]]
    others += [r for r in runners if isinstance(r, list)] if isinstance(runners, list) else []
    return symbol.model_copy(
        update={
            "kind": KIND,
            "group": "valve",
            "attributes": {**symbol.attributes, "kind_score": SURE, "runners_up": others},
        }
    )


def _is_dotted_ball(symbol: Symbol, gray: NDArray[np.uint8]) -> bool:
    x0, y0, x1, y1 = symbol.box
    half = max(x1 - x0, y1 - y0) / 2
    if half < FEWEST_PX:
        return False
    reach = max(2, round(OFF_CENTRE * half))
    return any(
        _has_dot_and_ring(_rays(gray, (x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy, half), half)
        for dx in range(-reach, reach + 1)
        for dy in range(-reach, reach + 1)
    )


def _rays(gray: NDArray[np.uint8], x: float, y: float, half: float) -> NDArray[np.bool_]:
    """Ink (R, ANGLES) at each whole radius from a point on, in all directions."""
    radii = np.arange(0, round(RING[1] * half) + 2)
    turn = np.linspace(0, 2 * np.pi, ANGLES, endpoint=False)
    columns = np.clip(np.rint(x + radii[:, None] * np.cos(turn)).astype(int), 0, gray.shape[1] - 1)
    rows = np.clip(np.rint(y + radii[:, None] * np.sin(turn)).astype(int), 0, gray.shape[0] - 1)
    values = gray[rows, columns]
    return np.asarray(values < INK_SHARE * np.percentile(values, 95), bool)


def _has_dot_and_ring(ink: NDArray[np.bool_], half: float) -> bool:
    """Whether a disc, a gap and a ring follow each other outward; a ring may wander by a pixel."""
    share = ink.mean(axis=1)
    gap = int(np.argmax(share <= CLEAR))
    if share[gap] > CLEAR or gap < 2 or share[: gap // 2 + 1].min() < DRAWN:
        return False
    wide = ink[gap:-1] | ink[gap + 1 :]
    rings = np.flatnonzero(wide.mean(axis=1) >= DRAWN) + gap
    return bool(len(rings)) and rings[0] >= RING[0] * half
