"""Coloured ink of a page, layer by layer: which of it lies on top of the drawing, and the drawing without it.

A *layer* is all ink of about one hue. It is the drawing's own if it runs in long level or upright lines, as pipes and
frames do, or stands all over the sheet, as coloured lettering does; pens, stamps and felt pens do neither. Felt pens
are told by broad light strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Box
from pid.geometry import as_boxes

Gray = NDArray[np.uint8]
Mask = NDArray[np.uint8]

COLORED = 60
"""Least difference of the strongest and the weakest channel, paper being white: prints and JPEG stay under it."""
LEAST_SHARE = 2e-5
"""Share of a page's pixels below which colour is a speck: 350 of a 5000 x 3500 px sheet."""
HUE_REACH = 18
"""Half the width of a layer, in OpenCV's hues of 0..179."""
MOST_LAYERS = 6
LINE_SHARE = 0.012
"""Length of a straight run that only a drawn line has, as a share of the longer side: longer than letters."""
RULED = 0.2
"""Share of a layer's thin ink in such runs from which the layer is part of the drawing."""
CELLS = 8
SPREAD = 0.3
"""Share of 8 x 8 cells of the sheet that a layer must reach to be part of the drawing."""
LEAST_CELL_PX = 20
"""Less ink than this in a cell is a speck."""
BROAD_SHARE = 0.0018
"""Least width of a felt pen, as a share of the longer side: 9 px of 5000."""
FELT_SHARE = 0.4
FELT_VALUE = 225
"""A felt pen's strongest channel: it lets the paper's light through."""
PRINTED = 110
"""Black ink keeps its strongest channel under this, whatever lies over it; pens do not."""
LEAST_TOUCH_PX = 12
TOUCH_SHARE = 0.01
"""Printed ink that a region must lie over or touch to be in its way, and as a share of the region's ink."""
JOIN_SHARE = 0.004
"""Ink nearer than this is one region, as a share of the longer side: 20 px of 5000."""
REGION_SHARE = 0.006
"""Least length of a region, as a share of the longer side: smaller ones are specks."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Ink of about one hue: `mask` (H, W) of 0 and 1, its middle colour (RGB), and whether it is a felt pen's."""

    mask: Mask
    color: tuple[int, int, int]
    is_felt: bool

    def regions(self) -> list[Box]:
        """Boxes of ink that lies close together, specks left out."""
        long_side = max(self.mask.shape)
        reach = 2 * max(1, round(JOIN_SHARE * long_side / 4)) + 1
        small = cv2.resize(self.mask * np.uint8(255), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        small = np.asarray(cv2.compare(small, 16, cv2.CMP_GT) & 1, np.uint8)
        joined = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
        height, width = self.mask.shape
        out = []
        for x, y, w, h, _ in stats[1:].tolist():
            if 4 * max(w, h) >= REGION_SHARE * long_side:
                x1, y1 = min(4.0 * (x + w) + 2, width), min(4.0 * (y + h) + 2, height)
                out.append((max(4.0 * x - 2, 0.0), max(4.0 * y - 2, 0.0), x1, y1))
        return out

    def pieces(self, box: Box) -> NDArray[np.float64]:
        """Bounds (N, 4) of the connected pieces of ink in a box."""
        x0, y0, x1, y1 = (round(v) for v in box)
        _, _, stats, _ = cv2.connectedComponentsWithStats(self.mask[y0:y1, x0:x1])
        s = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= 4].astype(np.float64)
        return as_boxes(np.c_[s[:, :2], s[:, :2] + s[:, 2:4]])


def foreign_layers(image: NDArray[np.uint8]) -> list[Layer]:
    """The coloured layers of a page (H, W, 3) RGB that are no part of its drawing."""
    white = _white_paper(image)
    red, green, blue = cv2.split(white)
    chroma = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    colored = np.asarray(cv2.compare(chroma, COLORED - 1, cv2.CMP_GT) & 1, np.uint8)
    least = LEAST_SHARE * colored.size
    if cv2.countNonZero(colored) < least:
        return []
    y, x = np.nonzero(colored)
    pixels = white[y, x]
    hue = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2HSV)[0, :, 0].astype(np.int16)
    layers, left = [], np.ones(len(hue), bool)
    for _ in range(MOST_LAYERS):
        middle = _commonest(hue[left])
        mine = left & (np.abs((hue - middle + 90) % 180 - 90) <= HUE_REACH)
        if mine.sum() < least:
            break
        left &= ~mine
        mask = np.zeros(colored.shape, np.uint8)
        mask[y[mine], x[mine]] = 1
        color = np.median(pixels[mine], axis=0)
        felt = bool(color.max() >= FELT_VALUE) and _broad_share(mask) >= FELT_SHARE
        if felt or not _is_drawn(mask):
            layers.append(Layer(mask, (int(color[0]), int(color[1]), int(color[2])), felt))
        if left.sum() < least:
            break
    return layers


def lift_layers(image: NDArray[np.uint8], gray: Gray, layers: Sequence[Layer]) -> Gray:
    """The grey page (H, W) without the layers: black ink under them stays.

    Ink over ink multiplies, so where a pen runs over paper the strongest channel is that of the pen, and where it runs
    over black all are dark; divided by the pen's, the one is white and the other as black as before. Regions that lie
    over no printed ink are in nobody's way and stay to be read: a date stamp, the name under a logo.
    """
    if not layers:
        return gray
    out = gray.copy()
    red, green, blue = cv2.split(_white_paper(image))
    high = cv2.max(cv2.max(red, green), blue)
    printed = np.asarray(cv2.compare(high, PRINTED, cv2.CMP_LT) & 1, np.uint8)
    for layer in layers:
        near = cv2.dilate(_in_the_way(layer, printed), np.ones((5, 5), np.uint8)) > 0
        strongest = high[near].astype(np.float32)
        out[near] = np.clip(strongest * (255 / max(max(layer.color) * 0.9, 1)), 0, 255).astype(np.uint8)
    return out


def _in_the_way(layer: Layer, printed: Mask) -> Mask:
    """The layer's regions that touch printed ink, as a mask (H, W)."""
    touched = cv2.bitwise_and(cv2.dilate(layer.mask, np.ones((3, 3), np.uint8)), printed)
    out = np.zeros_like(layer.mask)
    for x0, y0, x1, y1 in np.round(as_boxes(layer.regions())).astype(int):
        part = layer.mask[y0:y1, x0:x1]
        if cv2.countNonZero(touched[y0:y1, x0:x1]) >= max(LEAST_TOUCH_PX, TOUCH_SHARE * cv2.countNonZero(part)):
            out[y0:y1, x0:x1] |= part
    return out


def _white_paper(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The page with its paper's tint taken out."""
    paper = np.percentile(image[::23, ::29].reshape(-1, 3), 60, axis=0)
    if paper.min() >= 250:
        return image
    table = np.clip(np.arange(256)[:, None] * 255 / np.maximum(paper, 60), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table.reshape(1, 256, 3)), np.uint8)


def _commonest(hue: NDArray[np.int16]) -> int:
    """The middle of the fullest stretch of the ring of hues."""
    counts = np.bincount(hue, minlength=180)[:180].astype(np.float64)
    kernel = np.ones(9)
    ring = np.convolve(np.concatenate([counts[-4:], counts, counts[:4]]), kernel, "valid")
    return int(ring.argmax())


def _is_drawn(mask: Mask) -> bool:
    """Whether ink runs in long straight lines along the axes, or all over the sheet, as that of a drawing does."""
    long_side = max(mask.shape)
    length = max(20, round(LINE_SHARE * long_side))
    broad = _opened(mask, (_broad_px(mask), _broad_px(mask)))
    thin = cv2.subtract(mask, broad)
    runs = cv2.bitwise_or(_opened(thin, (length, 1)), _opened(thin, (1, length)))
    if cv2.countNonZero(runs) >= RULED * max(cv2.countNonZero(thin), 1):
        return True
    rows, columns = (np.linspace(0, n, CELLS + 1).astype(int) for n in mask.shape)
    ink = [cv2.countNonZero(mask[a:b, c:d]) for a, b in pairwise(rows) for c, d in pairwise(columns)]
    return bool(np.mean(np.array(ink) > LEAST_CELL_PX) >= SPREAD)


def _broad_share(mask: Mask) -> float:
    width = _broad_px(mask)
    return float(cv2.countNonZero(_opened(mask, (width, width)))) / max(cv2.countNonZero(mask), 1)


def _broad_px(mask: Mask) -> int:
    return max(5, round(BROAD_SHARE * int(max(mask.shape))))


def _opened(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(size[::-1], np.uint8)), np.uint8)
