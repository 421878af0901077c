"""Bring scans and photographs to the look the networks were trained on: paper at 255, ink near 0.

The paper level is estimated block by block as the brightest common grey, so a grey or unevenly lit background becomes
white; where a block holds no paper at all (a filled area) its neighbours' level is used.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WORKING_PX = 4200
"""Longer side that a sheet keeps at least when it is reduced: more than the detail pass and the cut-outs look at. A
whole factor averages exactly, and at a fifth of the time of a broken one."""
BLOCK_PX = 64
"""Side of the blocks whose paper level is estimated: wider than any filled symbol, narrower than a shadow."""
PAPER_PERCENTILE = 70.0
"""Even in dense line work less than a third of a block is ink."""
INK_PERCENTILE = 0.5
"""Share of a sheet's pixels that is certainly ink: the thinnest sheets carry about one per cent of it."""
DARKEST_PAPER = 60
"""A block darker than this is a filled area or a dark border, not paper."""
FAINTEST_INK = 200
"""An ink level above this means an empty sheet, which is not stretched into noise."""


def reduce_sheet(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The (H, W) picture averaged down by a whole factor, and the factor; a picture not larger than needed has 1.

    The last rows and columns that fill no whole block are left out.
    """
    factor = max(1, max(gray.shape) // WORKING_PX)
    height, width = (n // factor for n in gray.shape)
    if factor == 1 or min(height, width) == 0:
        return gray, 1
    whole = gray[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8), factor


def whiten_paper(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The (H, W) picture with its paper at 255 and its ink stretched to 0; clean pictures come back unchanged."""
    return stretch_ink(level_paper(gray))


def level_paper(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The (H, W) picture divided by the level of its paper, which is 255 then; ink keeps its share of that level."""
    if gray.ndim != 2 or gray.size == 0:
        raise ValueError(f"a grey picture (H, W) was expected, not shape {gray.shape}")
    level = measure_paper(gray)
    if level.min() >= 254:
        return gray
    full = cv2.resize(level, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(gray, full, scale=255.0), np.uint8)


def measure_paper(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paper grey of each block (rows, columns) of `BLOCK_PX`, smoothed so that blocks leave no seams."""
    rows, columns = (max(1, -(-n // BLOCK_PX)) for n in gray.shape)
    height, width = rows * BLOCK_PX, columns * BLOCK_PX
    padded = cv2.copyMakeBorder(gray, 0, height - gray.shape[0], 0, width - gray.shape[1], cv2.BORDER_REPLICATE)
    # Every fourth row and column is plenty for a percentile and sixteen times cheaper.
    blocks = padded[::4, ::4].reshape(rows, BLOCK_PX // 4, columns, BLOCK_PX // 4).swapaxes(1, 2)
    level = np.percentile(blocks.reshape(rows, columns, -1), PAPER_PERCENTILE, axis=2)
    paper = level >= DARKEST_PAPER
    level = np.where(paper, level, np.median(level[paper]) if paper.any() else 255.0)
    smooth = cv2.medianBlur(np.asarray(level, np.uint8), 3) if min(rows, columns) >= 3 else np.asarray(level, np.uint8)
    return np.asarray(np.maximum(smooth, 1), np.uint8)


def measure_ink(flat: NDArray[np.uint8]) -> int | None:
    """The grey of the darkest ink of a picture (H, W) whose paper is white; None where it is empty."""
    counts = np.bincount(flat[::3, ::3].ravel(), minlength=256)
    ink = int(np.searchsorted(np.cumsum(counts), counts.sum() * INK_PERCENTILE / 100.0))
    return ink if ink <= FAINTEST_INK else None


def stretch_ink(flat: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Map the ink level to 0 and leave white paper at 255."""
    ink = measure_ink(flat)
    if not ink:
        return flat
    table = np.clip((np.arange(256) - ink) * 255.0 / (255 - ink), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(flat, table), np.uint8)


def paper_grey(gray: NDArray[np.uint8]) -> float:
    """The grey that nine tenths of a sheet's pixels (H, W) are no brighter than: its paper's, told by some of them."""
    return float(np.percentile(gray[::7, ::7], 90))
