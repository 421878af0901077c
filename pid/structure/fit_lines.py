"""Lines of strokes: through the skeleton's pixels by total least squares, then moved to the middle of the ink.

Short strokes borrow from those that go on straight. A skeleton lies on whole pixels, half a pixel off in a stroke of
even width; the grey of the sheet tells where the middle is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.chains import Chains
from pid.structure.primitives import Index

LEAST_FIT_PX = 4
"""A line is fitted to so many pixels at least, if need be with the bends at its ends."""
BORROWER_PENS = 8.0
"""Shorter strokes borrow."""
ON_LINE_PENS, ON_LINE_PX = 0.25, 0.5
"""How far strokes of one line may lie off it."""
STRAIGHT_ON = 0.9
"""Cosine of the largest angle between a stroke and the one that goes on."""


CUTS, CUT_POINTS = 12, 13
"""Across each stroke the ink is looked at in so many places at most, and in each at so many points."""
CUT_PX = 1.25
"""The cuts reach so far beyond the stroke's edge."""
LEAST_INK, MOST_INK, MORE_INK_PX = 0.5, 1.2, 0.5
"""Cuts count if the lower quartile of their ink is about the stroke's width: shares of it, and pixels."""
OTHER_SHARE, OTHER_PX = 0.1, 0.25
"""A cut that differs more from this quartile has ink of another stroke in it."""
MOST_SHIFT_PX = 1.0
LEAST_SLOPE_CUTS, SLOPE_PENS = 6, 4.0
"""Cuts, and pens that they spread over, from which they tell the line's direction."""


def fit_lines(
    chains: Chains, start: Index, stop: Index, nodes: Index, span: Array, straight: NDArray[np.bool_],
    ink: NDArray[np.uint8],
) -> tuple[Array, Array]:  # fmt: skip
    """Centre (K, 2) and unit direction (K, 2) of the line through the pixels of each piece.

    Piece k runs from vertex `start` to vertex `stop` (K,) between `nodes` (K, 2), `span` (K, 2) apart; `ink` (H, W)
    tells how dark the sheet is, 0 to 255.
    """
    low, high, width = _trimmed(chains, start, stop)
    moments = _moments(chains.pixels, low, high)
    centre, heading, _ = _principal(moments)
    length = np.hypot(span[:, 0], span[:, 1])
    a, b = _straight_on(nodes, span, heading, straight)
    both = moments.copy()
    np.add.at(both, a, moments[b])
    shared, way, spread = _principal(both)
    near = ON_LINE_PENS * width + ON_LINE_PX
    take = (length < BORROWER_PENS * width) & (spread <= near) & (_off(centre, shared, way) <= near)
    other = np.zeros(len(centre))
    np.maximum.at(other, a, _off(centre[b], shared[a], way[a]))
    take &= other <= near
    take &= np.bincount(a, minlength=len(centre)) > 0
    centre, heading = np.where(take[:, None], shared, centre), np.where(take[:, None], way, heading)
    s = np.flatnonzero(straight)
    centre[s], heading[s] = _to_middle(chains.pixels, low[s], high[s], centre[s], heading[s], width[s], ink)
    return centre, heading


def _to_middle(
    pixels: Array, low: Index, high: Index, centre: Array, heading: Array, width: Array, ink: NDArray[np.uint8]
) -> tuple[Array, Array]:
    """Centres and headings (K, 2) of lines moved to the middle of the ink beside their pixels `low` to `high`."""
    k = len(low)
    counts = np.minimum(high - low, CUTS)
    owner = np.repeat(np.arange(k), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = low[owner] + ((within + 0.5) * (high - low)[owner] / counts[owner]).astype(np.int64)
    c, h, w = centre[owner], heading[owner], width[owner]
    along = ((pixels[at] - c) * h).sum(axis=1)
    reach = w / 2 + CUT_PX
    across = reach[:, None] * np.linspace(-1, 1, CUT_POINTS)
    x = (c[:, 0] + along * h[:, 0])[:, None] - across * h[:, 1:2]
    y = (c[:, 1] + along * h[:, 1])[:, None] + across * h[:, 0:1]
    dark = _sampled(ink, x, y)
    total = dark.sum(axis=1)
    shift = (across * dark).sum(axis=1) / np.maximum(total, 1e-9)
    thick = total * 2 * reach / (CUT_POINTS - 1) / 255
    usual = _low_quartile(thick, owner, k)[owner]
    good = (usual >= LEAST_INK * w) & (usual <= MOST_INK * w + MORE_INK_PX) & (np.abs(shift) <= MOST_SHIFT_PX)
    good &= np.abs(thick - usual) <= OTHER_SHARE * usual + OTHER_PX
    owner, along, shift = owner[good], along[good], shift[good]
    n = np.maximum(np.bincount(owner, minlength=k), 1)
    mean, middle = np.bincount(owner, shift, k) / n, np.bincount(owner, along, k) / n
    aside = along - middle[owner]
    spread = np.bincount(owner, aside**2, k)
    slope = np.bincount(owner, aside * shift, k) / np.maximum(spread, 1e-9)
    slope[(n < LEAST_SLOPE_CUTS) | (spread < n * (SLOPE_PENS * width) ** 2 / 12)] = 0.0
    normal = np.column_stack([-heading[:, 1], heading[:, 0]])
    centre = centre + heading * middle[:, None] + normal * mean[:, None]
    heading = heading + normal * slope[:, None]
    return centre, heading / np.hypot(heading[:, 0], heading[:, 1])[:, None]


def _low_quartile(values: Array, owner: Index, count: int) -> Array:
    """(count,) the lower quartile of the values of each owner; owners ascend."""
    order = np.lexsort((values, owner))
    size = np.bincount(owner, minlength=count)
    begin = np.cumsum(size) - size
    out = np.zeros(count)
    some = size > 0
    out[some] = values[order[(begin + size // 4)[some]]]
    return out


def _sampled(ink: NDArray[np.uint8], x: Array, y: Array) -> Array:
    """The ink at points (N, M), between pixels bilinearly."""
    most = 16_384  # rows that cv2 takes in one picture
    parts = [
        cv2.remap(
            ink, x[i : i + most].astype(np.float32) - 0.5, y[i : i + most].astype(np.float32) - 0.5, cv2.INTER_LINEAR
        )
        for i in range(0, len(x), most)
    ]
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(x.shape)


def _trimmed(chains: Chains, start: Index, stop: Index) -> tuple[Index, Index, Array]:
    """First pixel, last but one, and width of each piece without its bent ends."""
    a, b = chains.place[start], chains.place[stop] + 1
    # Skeletons round corners, and run into a corner at a flat free end; junctions are trimmed already.
    chain = np.searchsorted(chains.first_pixel, a, side="right") - 1
    width = chains.width[chain]
    flat_end = np.ceil(width / 2).astype(np.int64)
    bend = np.minimum((b - a) // 6, 3)
    cuts = []
    for side, at in ((0, a == chains.first_pixel[chain]), (1, b == chains.first_pixel[chain + 1])):
        cuts.append(np.where(at, np.where(chains.free[chain, side], flat_end, 0), bend))
    spare = np.maximum(b - a - LEAST_FIT_PX, 0)
    share = np.minimum(spare / np.maximum(cuts[0] + cuts[1], 1), 1.0)
    return a + (cuts[0] * share).astype(np.int64), b - (cuts[1] * share).astype(np.int64), width


def _moments(pixels: Array, low: Index, high: Index) -> Array:
    """(K, 6) number of pixels and sums of x, y, xx, yy, xy of each range."""
    p = pixels
    rows = np.column_stack([np.ones(len(p)), p, p[:, 0] ** 2, p[:, 1] ** 2, p.prod(axis=1)])
    sums = np.vstack([np.zeros((1, 6)), np.cumsum(rows, axis=0)])
    return np.asarray(sums[high] - sums[low], np.float64)


def _principal(moments: Array) -> tuple[Array, Array, Array]:
    """Middle (K, 2), direction (K, 2) and root mean square distance (K,) of the line of least squares."""
    mean = moments[:, 1:3] / moments[:, :1]
    xx, yy, xy = (moments[:, 3:] / moments[:, :1]).T
    xx, yy, xy = xx - mean[:, 0] ** 2, yy - mean[:, 1] ** 2, xy - mean.prod(axis=1)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    least = (xx + yy - np.hypot(xx - yy, 2 * xy)) / 2
    return mean, np.column_stack([np.cos(angle), np.sin(angle)]), np.sqrt(np.maximum(least, 0))


def _off(points: Array, centre: Array, heading: Array) -> Array:
    step = points - centre
    return np.asarray(np.abs(step[:, 0] * heading[:, 1] - step[:, 1] * heading[:, 0]), np.float64)


def _straight_on(nodes: Index, span: Array, heading: Array, straight: NDArray[np.bool_]) -> tuple[Index, Index]:
    """Pairs of pieces, each in both orders, of which one goes on straight from the other's node; an end in one pair."""
    k = len(nodes)
    sign = np.where((heading * span).sum(axis=1) < 0, -1.0, 1.0)[:, None]
    out = np.vstack([heading * sign, -heading * sign])  # the way from the node into the piece
    node = nodes.T.reshape(-1)
    ends = np.flatnonzero(np.tile(straight, 2))
    ends = ends[np.argsort(node[ends], kind="stable")]
    first = np.searchsorted(node[ends], node[ends], side="left")
    found = []
    for shift in range(1, 6):
        i = np.flatnonzero(np.arange(len(ends)) - shift >= first)
        found.append(np.column_stack([ends[i], ends[i - shift]]))
    pairs = np.vstack(found)
    opposed = -(out[pairs[:, 0]] * out[pairs[:, 1]]).sum(axis=1)
    best = np.full(2 * k, STRAIGHT_ON)
    for column in (0, 1):
        np.maximum.at(best, pairs[:, column], opposed)
    pairs = pairs[(opposed >= best[pairs[:, 0]]) & (opposed >= best[pairs[:, 1]])] % k
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])
