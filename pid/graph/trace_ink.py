"""What is left of a sheet's ink for lines once lettering, symbols, frame and solid areas are lifted off.

Masks are (H, W) uint8 of 0 and 1; boxes are (N, 4) x0, y0, x1, y1 in the same pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pid.geometry import as_boxes
from pid.graph.trace_runs import Runs, long_runs
from pid.paper import level_paper

Mask = NDArray[np.uint8]
Gray = NDArray[np.uint8]

INK_LEVEL = 0.8
"""Ink is darker than this share of the paper's level: keeps grey signal lines, leaves the blur round strokes out."""
THICKEST_LINE = 20.0
"""Widest drawn line at a sheet width of 5000 px; what is solid beyond it (redactions, logos) is no line."""
LETTER_RUN = 45.0
"""A straight run of ink longer than this, at a width of 5000 px, is no part of a letter."""
LETTER_BREADTH = 1.7
"""A straight stroke is as broad as its pen is thick, which is known to a pixel; crooked shapes are far broader."""
WALL_WINDOW = 61.0
"""A vessel's wall is smooth over this length; what stands out of it is a pipe or a flange."""
WALL_RUN = 40.0
"""Straight pieces of a wall between its nozzles are at least this long ..."""
WALL_BAND = 0.12
"""... and lie within this share of the vessel's box from its side."""
SURROUND_REACH = 20.0
"""A surround (heat tracing, insulation of a valve) keeps this near to its part ..."""
SURROUND_SIDES = 3
"""... and runs along so many of its sides; a dashed line that passes, or turns round a corner, along two at most."""
FRAME_SHARE = 0.7
"""A frame side is at least this share of the sheet's side ..."""
FRAME_MARGIN = 0.12
"""... and lies within this share of the sheet's side from its edge."""


def find_ink(gray: Gray) -> Mask:
    """Ink of a grey sheet (H, W), whatever the level of its paper, and however unevenly it is lit."""
    return np.asarray(level_paper(gray) < 255 * INK_LEVEL, np.uint8)


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
    reach, least = SURROUND_REACH * scale, max(round(7 * scale), 4)
    for box, (y, x) in zip(as_boxes(boxes), _slices(as_boxes(boxes), mask.shape, grow=reach + 6 * scale), strict=True):
        view = mask[y, x]
        if not view.size:
            continue
        pen = 2.0 * float(cv2.distanceTransform(view, cv2.DIST_L2, 3).max())
        run = max(least, round(1.2 * pen) + 1)  # a thick pipe is no run across itself
        level = cv2.morphologyEx(view, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
        upright = cv2.morphologyEx(view, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
        loose_level, loose_upright = level & _ends_inside(level), upright & _ends_inside(upright)
        x0, y0, x1, y1 = box - np.array([x.start, y.start, x.start, y.start])
        rows, columns = np.arange(view.shape[0])[:, None], np.arange(view.shape[1])[None]
        spans = (columns > x0) & (columns < x1), (rows > y0) & (rows < y1)
        beyond = (rows < y0) & spans[0], (rows > y1) & spans[0], (columns < x0) & spans[1], (columns > x1) & spans[1]
        runs = loose_level, loose_level, loose_upright, loose_upright
        if sum((r * b).any() for r, b in zip(runs, beyond, strict=True)) < SURROUND_SIDES:
            continue
        beside = loose_level & ((rows < y0) | (rows > y1)) & (1 - upright * (1 - _ends_inside(upright)))
        aside = loose_upright & ((columns < x0) | (columns > x1)) & (1 - level * (1 - _ends_inside(level)))
        out[y, x] &= 1 - (beside | aside).astype(np.uint8)
    return out


def _ends_inside(runs: Mask) -> Mask:
    """The runs of a view that do not touch its border."""
    count, labels = cv2.connectedComponents(runs, connectivity=4)
    free = np.ones(count, np.uint8)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        free[side] = 0
    return np.asarray(free[labels] & runs, np.uint8)


def lift_letters(mask: Mask, *, scale: float) -> tuple[Mask, NDArray[np.float32]]:
    """The mask without loose small shapes that are not straight: letters and specks; dashes and dots stay.

    Returns the distance of the ink to paper as well, which does not change as whole shapes go.
    """
    reach = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 3))
    runs = Runs.of(mask)
    side = runs.boxes[:, 2:] - runs.boxes[:, :2]
    longest = side.max(axis=1, initial=0.0)
    crooked = runs.extents[:, 1] > LETTER_BREADTH * 2.0 * runs.most(reach)
    drop = (longest < LETTER_RUN * scale) & crooked & (longest > 8 * scale)
    for i in np.flatnonzero(drop & (runs.area < 0.7 * side.prod(axis=1))).tolist():
        drop[i] = not _is_elbow(mask, runs.boxes[i].astype(int), float(runs.area[i]))
    out = mask.copy()
    for picture in (out, reach):
        runs.erase(picture, drop[runs.piece])
    return out, np.asarray(reach, np.float32)


def _is_elbow(mask: Mask, box: NDArray[np.int_], area: float) -> bool:
    """Whether a piece of ink is a dash that runs round a corner: an L, any way up, drawn with one pen."""
    view = mask[box[1] : box[3], box[0] : box[2]]
    pen = max(round(area / sum(view.shape)), 1) + 1
    for turned in (np.rot90(view, quarter) for quarter in range(4)):
        foot, stem = turned[-pen:], turned[:, :pen]
        arms = min(foot.any(axis=0).mean(), stem.any(axis=1).mean()) > 0.9
        if arms and turned[:-pen, pen:].sum() <= 0.05 * area:
            return True
    return False


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
    length = max(int(LETTER_RUN * scale), 5)
    runs = Runs.of(mask)
    small = (runs.boxes[:, 2:] - runs.boxes[:, :2]).max(axis=1) < LETTER_RUN * scale
    letters = np.zeros(runs.count, bool)
    out = mask.copy()
    for y, x in _slices(boxes, mask.shape, grow=1.0):
        near = runs.within(y, x)
        if not len(near):
            continue
        spans = np.minimum(runs.stop[near], x.stop) - np.maximum(runs.start[near], x.start)
        names, place = np.unique(runs.piece[near], return_inverse=True)
        counts = np.bincount(place, spans)
        at_edge = _edge_strokes(runs.boxes[names], (x.start, y.start, x.stop, y.stop), thin=6 * scale)
        beside = (counts < 0.5 * runs.area[names]) | at_edge
        letters[names[small[names] & ~beside]] = True
        stays = (small[names] & beside)[place] | (runs.stop[near] - runs.start[near] >= length)
        kept = _upright_runs(mask, y, x, length)
        for i in near[stays].tolist():
            kept[runs.row[i] - y.start, max(runs.start[i] - x.start, 0) : runs.stop[i] - x.start] = 1
        out[y, x] = kept
    runs.erase(out, letters[runs.piece])
    return out


def keep_between(mask: Mask, drawn: Mask, gaps: ArrayLike) -> Mask:
    """The mask, from which lettering was lifted, with what was `drawn` before in `gaps` (N, 4)."""
    out = mask.copy()
    for y, x in _slices(as_boxes(gaps), mask.shape, grow=0.0):
        out[y, x] = drawn[y, x]
    return out


def _upright_runs(mask: Mask, rows: slice, columns: slice, length: int) -> Mask:
    """The parts in a window of upright runs of ink that are `length` pixels long or longer."""
    top = max(rows.start - length, 0)
    view = np.ascontiguousarray(mask[top : rows.stop + length, columns].T)
    return np.ascontiguousarray(long_runs(view, length).T[rows.start - top :][: rows.stop - rows.start])


def _edge_strokes(pieces: NDArray[np.float64], box: tuple[int, int, int, int], *, thin: float) -> NDArray[np.bool_]:
    """Which pieces of ink, by their bounds (N, 4), are strokes along the edge of a word box, no part of a letter."""
    upright = int(box[3] - box[1] > 1.5 * (box[2] - box[0]))
    across, along = 1 - upright, upright
    breadth, length = pieces[:, across + 2] - pieces[:, across], pieces[:, along + 2] - pieces[:, along]
    share = ((pieces[:, across] + pieces[:, across + 2]) / 2 - box[across]) / max(box[across + 2] - box[across], 1)
    flat = (breadth <= thin) & (length >= 1.5 * breadth)
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
