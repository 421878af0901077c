"""What is left of a sheet's ink for lines once lettering, symbols, frame and solid areas are lifted off.

Masks are (H, W) uint8 of 0 and 1; boxes are (N, 4) x0, y0, x1, y1 in the same pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.geometry import as_boxes

Mask = NDArray[np.uint8]
Gray = NDArray[np.uint8]

INK_LEVEL = 0.8
"""Ink is darker than this share of the paper's level: keeps grey signal lines, leaves the blur round strokes out."""
THICKEST_LINE = 20.0
"""Widest drawn line at a sheet width of 5000 px; what is solid beyond it (redactions, logos) is no line."""
LETTER_RUN = 45.0
"""A straight run of ink longer than this, at a width of 5000 px, is no part of a letter."""
LETTER_FILL = 1.5
"""A straight stroke's area is its length times its width; a shape with more ink is crooked (an L has 1.4, a V 1.7)."""
WALL_WINDOW = 61.0
"""A vessel's wall is smooth over this length; what stands out of it is a pipe or a flange."""
WALL_RUN = 40.0
"""Straight pieces of a wall between its nozzles are at least this long ..."""
WALL_BAND = 0.12
"""... and lie within this share of the vessel's box from its side."""
SURROUND_REACH = 20.0
"""A surround (heat tracing, insulation of a valve) keeps this near to its part."""
FRAME_SHARE = 0.7
"""A frame side is at least this share of the sheet's side ..."""
FRAME_MARGIN = 0.12
"""... and lies within this share of the sheet's side from its edge."""


def find_ink(gray: Gray) -> Mask:
    """Ink of a grey sheet (H, W), whatever the level of its paper."""
    histogram = np.bincount(gray.reshape(-1)[::7], minlength=256)
    paper = int(np.argmax(histogram[96:])) + 96
    return np.asarray(gray < paper * INK_LEVEL, np.uint8)


def long_runs(mask: Mask, length: int) -> Mask:
    """The level runs of ink that are `length` pixels long or longer; opening by a row, in time that is free of it."""
    height, width = mask.shape
    flat = np.zeros(height * (width + 1) + 1, np.uint8)
    flat[1:].reshape(height, width + 1)[:, :width] = mask
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    starts, ends = changes[::2], changes[1::2]
    lengths = ends - starts
    starts, lengths = starts[lengths >= length], lengths[lengths >= length]
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    out = np.zeros(height * (width + 1), np.uint8)
    out[np.repeat(starts, lengths) + offsets] = 1
    return out.reshape(height, width + 1)[:, :width]


def lift_solids(mask: Mask, *, scale: float) -> Mask:
    """The mask without areas that are wider than any line in both directions."""
    size = max(int(THICKEST_LINE * scale), 3)
    core = cv2.erode(mask, np.ones((size, size), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not core.any():
        return mask
    solid = cv2.dilate(core, np.ones((size + 4, size + 4), np.uint8))
    return np.asarray(mask & (1 - solid), np.uint8)


def lift_surrounds(mask: Mask, boxes: ArrayLike, *, scale: float) -> Mask:
    """The mask without the (dashed) rectangles drawn close round the parts in `boxes`.

    Taken away are runs beside a box that are parallel to its side and end within the surround's reach; pipes run on or
    come in at a right angle.
    """
    out = mask.copy()
    reach, run = SURROUND_REACH * scale, max(round(7 * scale), 4)
    for box, (y, x) in zip(as_boxes(boxes), _slices(as_boxes(boxes), mask.shape, grow=reach + 6 * scale), strict=True):
        view = mask[y, x]
        if not view.size:
            continue
        level = cv2.morphologyEx(view, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
        upright = cv2.morphologyEx(view, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
        x0, y0, x1, y1 = box - np.array([x.start, y.start, x.start, y.start])
        rows, columns = np.arange(view.shape[0])[:, None], np.arange(view.shape[1])[None]
        beside = (level & _ends_inside(level)) & ((rows < y0) | (rows > y1))
        beside &= 1 - upright * (1 - _ends_inside(upright))
        aside = (upright & _ends_inside(upright)) & ((columns < x0) | (columns > x1))
        aside &= 1 - level * (1 - _ends_inside(level))
        out[y, x] &= 1 - (beside | aside).astype(np.uint8)
    return out


def _ends_inside(runs: Mask) -> Mask:
    """The runs of a view that do not touch its border."""
    count, labels = cv2.connectedComponents(runs, connectivity=4)
    free = np.ones(count, np.uint8)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        free[side] = 0
    return np.asarray(free[labels] & runs, np.uint8)


def lift_letters(mask: Mask, *, scale: float) -> Mask:
    """The mask without loose small shapes that are not straight: letters and specks; dashes and dots stay."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    width, height, area = stats[:, 2].astype(float), stats[:, 3].astype(float), stats[:, 4].astype(float)
    reach = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    ys, xs = np.nonzero(reach > 1.0)
    thick = np.ones(count)
    np.maximum.at(thick, labels[ys, xs], 2.0 * reach[ys, xs] - 1.0)
    small = np.maximum(width, height) < LETTER_RUN * scale
    crooked = area > LETTER_FILL * np.hypot(width, height) * thick
    drop = small & crooked & (np.maximum(width, height) > 8 * scale)
    drop[0] = False
    return np.asarray(mask & (1 - drop.astype(np.uint8)[labels]), np.uint8)


def lift_frame(mask: Mask) -> Mask:
    """The mask without the sheet's border lines: straight runs along most of a side, close to the edge."""
    out = mask.copy()
    for turned in (False, True):
        view = out.T if turned else out
        height, width = view.shape
        margin = int(FRAME_MARGIN * height)
        for rows in (slice(0, margin), slice(height - margin, height)):
            band = np.ascontiguousarray(view[rows])
            run = long_runs(band, int(FRAME_SHARE * width))
            view[rows] = band & (1 - cv2.dilate(run, np.ones((5, 5), np.uint8)))
    return out


def lift_words(mask: Mask, words: ArrayLike, *, scale: float) -> Mask:
    """The mask without what stands in word boxes, but with the straight lines that run through them.

    Small pieces that only reach into a box stay as well: dashes beside the lettering or under it.
    """
    boxes = as_boxes(words)
    if not len(boxes):
        return mask
    run = max(int(LETTER_RUN * scale), 5)
    runs = long_runs(mask, run) | long_runs(mask.T, run).T
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    small = np.maximum(stats[:, 2], stats[:, 3]) < LETTER_RUN * scale
    letters = np.zeros(len(stats), bool)
    out = mask.copy()
    for y, x in _slices(boxes, mask.shape, grow=1.0):
        names, counts = np.unique(labels[y, x], return_counts=True)
        at_edge = _edge_strokes(stats[names], (x.start, y.start, x.stop, y.stop), thin=6 * scale)
        loose = small[names] & (names > 0)
        beside = (counts < 0.5 * stats[names, 4]) | at_edge
        letters[names[loose & ~beside]] = True
        keep = runs[y, x].astype(bool) | np.isin(labels[y, x], names[loose & beside])
        out[y, x] = mask[y, x] & keep
    out[letters[labels]] = 0
    return out


def _edge_strokes(stats: NDArray[np.int32], box: tuple[int, int, int, int], *, thin: float) -> NDArray[np.bool_]:
    """Which components (rows of OpenCV's statistics) are strokes along the edge of a word box, no part of a letter."""
    upright = int(box[3] - box[1] > 1.5 * (box[2] - box[0]))
    across, along = 1 - upright, upright
    middle = stats[:, across] + stats[:, across + 2] / 2
    share = (middle - box[across]) / max(box[across + 2] - box[across], 1)
    flat = (stats[:, across + 2] <= thin) & (stats[:, along + 2] >= 1.5 * stats[:, across + 2])
    return np.asarray(flat & ((share < 0.15) | (share > 0.85)), bool)


def erase_boxes(mask: Mask, boxes: ArrayLike, *, grow: float = 0.0) -> Mask:
    """The mask with boxes made paper."""
    out = mask.copy()
    for y, x in _slices(as_boxes(boxes), mask.shape, grow=grow):
        out[y, x] = 0
    return out


def erase_silhouette(mask: Mask, box: ArrayLike, *, scale: float) -> Mask:
    """The mask without a vessel and all that stands in it; lines in the corners of its box, outside of it, stay."""
    out = mask.copy()
    ((y, x),) = _slices(as_boxes(box), mask.shape, grow=max(4.0 * scale, 2.0))
    ink = mask[y, x]
    if min(ink.shape) < 8:
        out[y, x] = 0
        return out
    inside = np.ones(ink.shape, bool)
    margin = max(round(4 * scale), 2)
    for quarter in range(4):
        turned = np.rot90(ink, quarter)
        first = _smoothed_first_hit(turned, window=max(int(WALL_WINDOW * scale) | 1, 9)) - margin
        np.rot90(inside, quarter)[:] &= np.arange(turned.shape[0])[:, None] >= first[None]
    out[y, x][inside] = 0
    return out


def erase_shell(mask: Mask, box: ArrayLike, *, scale: float) -> Mask:
    """The mask without the outline of a vessel, whose inside (nozzle tags, bubbles, internals) stays.

    The outline is the first ink met from each side of the box; pipes that enter show as narrow outliers of that
    profile, which a median removes.
    """
    out = mask.copy()
    ((y, x),) = _slices(as_boxes(box), mask.shape, grow=max(4.0 * scale, 2.0))
    view = out[y, x]
    if min(view.shape) < 8:
        return out
    ink = view.copy()
    for quarter in range(4):
        turned = np.rot90(ink, quarter)
        first = _smoothed_first_hit(turned, window=max(int(WALL_WINDOW * scale) | 1, 9))
        columns = np.arange(turned.shape[1])
        target = np.rot90(view, quarter)
        _erase_wall(target, scale=scale)
        thick = max(round(5 * scale), 2)
        previous = np.concatenate([first[:1], first[:-1]])
        for offset in range(-thick, 2 * thick + 1):
            for base in (first, (first + previous) // 2):
                row = base + offset
                ok = (base >= 0) & (row >= 0) & (row < turned.shape[0])
                target[row[ok], columns[ok]] = 0
    return out


def _erase_wall(view: Mask, *, scale: float) -> None:
    """Erase straight level runs near the top of a view in place: the flat side of a vessel, nozzles cut out of it."""
    band = view[: max(round(WALL_BAND * view.shape[0]), 1)]
    run = max(round(WALL_RUN * scale), 5)
    wall = cv2.morphologyEx(np.ascontiguousarray(band), cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    band[cv2.dilate(wall, np.ones((5, 5), np.uint8)) > 0] = 0


def _smoothed_first_hit(mask: Mask, *, window: int) -> NDArray[np.intp]:
    """Row of the first ink per column, median over `window` columns; -1 where it lies past a third of the height."""
    height = mask.shape[0]
    hit = np.where(mask.any(axis=0), mask.argmax(axis=0), height)
    half = window // 2
    padded = np.pad(hit, half, mode="edge")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1).astype(np.intp)
    return np.where(smooth < height // 3, smooth, -1)


def _slices(boxes: NDArray[np.float64], shape: tuple[int, ...], *, grow: float) -> list[tuple[slice, slice]]:
    """Pixel slices (rows, columns) of boxes grown by `grow` and cut to the picture."""
    low = np.clip(np.floor(boxes[:, :2] - grow), 0, None).astype(int)
    high = np.clip(np.ceil(boxes[:, 2:] + grow), 0, None).astype(int)
    return [
        (slice(y0, min(y1, shape[0])), slice(x0, min(x1, shape[1])))
        for (x0, y0), (x1, y1) in zip(low.tolist(), high.tolist(), strict=True)
    ]
