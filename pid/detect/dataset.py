"""Training data: a folder of generated sheets, and tiles cut from them at random place, scale and turn.

Terms of art: a *sheet source* draws the sheet of a seed and returns its picture (H, W) uint8 and exact `Drawing`; the
*sheet folder* holds ``<seed>.png`` and ``<seed>.json`` and may grow while training reads it; a *tile* is a square cut
with its boxes in tile pixels. Whole sheets are kept, not tiles: a sheet gives new tiles each time it is read.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.detect.look import Look
from pid.drawing import GROUPS, Drawing
from pid.geometry import Array
from pid.paper import whiten_paper

Image = NDArray[np.uint8]
SheetSource = Callable[[int], tuple[Image, Drawing]]
Turns = Literal["any", "mirror", "none"]
"""How a tile may be turned without its labels becoming wrong: any way, left-right only, or not at all."""

LEAST_VISIBLE = 0.6
"""A symbol cut by the tile's border is a label while this share of its box is inside."""
LEAST_SIDE_PX = 8.0
"""The longer side of the smallest symbol worth a label: one cell of the finest grid."""
THINNEST_PX = 5.0
"""Bars are labelled at least this thick: thinner boxes cannot be hit by whole pixels."""
SYMBOL_SHARE, WORD_SHARE = 0.8, 0.1
"""Of tiles centred near a symbol, near lettering; the rest lies anywhere."""
CACHED_SHEETS = 160
"""Decoded sheets kept in memory, about 15 MB each."""
LISTING_SECONDS = 5.0
"""A folder is listed anew after this long: thousands of sheets take a while to list."""
LEAST_HELD = 64
"""Tiles from which a batch is drawn, so that one batch is not one sheet; four batches where they are large."""


@dataclass(frozen=True, eq=False)
class Tile:
    """A square cut: `image` (S, S) uint8, `boxes` (N, 4) in tile pixels, `groups` (N,) indices into `GROUPS`."""

    image: Image
    boxes: Array
    groups: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelledSheet:
    """A sheet ready for cutting: whitened picture, boxes (N, 4), their groups and where its words are (M, 2)."""

    image: Image
    boxes: Array
    groups: NDArray[np.int64]
    words: Array
    drawing: Drawing


class Sheets(Protocol):
    """Whatever labelled sheets or pictures can be drawn from."""

    def random_sheet(self, rng: np.random.Generator) -> LabelledSheet:
        """One of them."""


@dataclass(frozen=True, eq=False)
class TileBatch:
    """Tiles as arrays: `images` (B, S, S) uint8, `boxes` (N, 4) in tile pixels, `groups` (N,), `tile` (N,) index."""

    images: Image
    boxes: Array
    groups: NDArray[np.int64]
    tile: NDArray[np.int64]

    @classmethod
    def of(cls, tiles: Sequence[Tile]) -> TileBatch:
        """Of tiles of one size."""
        index = np.repeat(np.arange(len(tiles)), [len(t.boxes) for t in tiles])
        boxes, groups = np.concatenate([t.boxes for t in tiles]), np.concatenate([t.groups for t in tiles])
        return cls(np.stack([t.image for t in tiles]), boxes, groups, index.astype(np.int64))


@dataclass(frozen=True)
class TileSource:
    """What batches are cut from and how; small enough to be sent to a worker process."""

    sheets: Sheets
    batch: int
    tile_px: int
    overview_share: float
    scales: tuple[float, float]
    per_sheet: int = 4
    look: Look = field(default_factory=Look)
    turns: Turns = "any"

    def batches(self, rng: np.random.Generator) -> Iterator[TileBatch]:
        """Endless batches, each of tiles from many sheets."""
        tiles = cut_tiles(
            self.sheets, rng, tile_px=self.tile_px, overview_share=self.overview_share, scales=self.scales,
            per_sheet=self.per_sheet, look=self.look, turns=self.turns,
        )  # fmt: skip
        pool: list[Tile] = []
        while True:
            while len(pool) < max(LEAST_HELD, 4 * self.batch):
                pool.append(next(tiles))
            yield TileBatch.of([pool.pop(int(rng.integers(len(pool)))) for _ in range(self.batch)])


def fill_sheet_folder(folder: Path, draw_sheet: SheetSource, seeds: Iterable[int]) -> int:
    """Draw the sheets of `seeds` that `folder` lacks; returns how many were drawn. Safe to stop and to run again."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for seed in seeds:
        picture, truth = folder / f"{seed:09d}.png", folder / f"{seed:09d}.json"
        if truth.exists():
            continue
        image, drawing = draw_sheet(seed)
        gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        ok, data = cv2.imencode(".png", gray, [cv2.IMWRITE_PNG_COMPRESSION, 2])
        if not ok:
            raise RuntimeError(f"sheet {seed} of shape {gray.shape} could not be written as PNG")
        picture.write_bytes(data.tobytes())
        # The truth is put in place last and at once, so that its presence means that the pair is whole.
        part = truth.with_suffix(f".part{os.getpid()}")
        part.write_text(drawing.to_json(indent=None))
        part.replace(truth)
        drawn += 1
    return drawn


def read_sheet(folder: Path, seed: int) -> LabelledSheet:
    """Read one sheet of a sheet folder."""
    image = cv2.imread(str(folder / f"{seed:09d}.png"), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(folder / f"{seed:09d}.png")
    return label_sheet(np.asarray(image, np.uint8), Drawing.read(folder / f"{seed:09d}.json"))


def label_sheet(image: Image, drawing: Drawing) -> LabelledSheet:
    """A drawn sheet ready for cutting."""
    words = np.array([[(w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2] for w in drawing.words], float)
    return LabelledSheet(
        whiten_paper(image),
        np.array([s.box for s in drawing.symbols], float).reshape(-1, 4),
        np.array([GROUPS.index(s.group) for s in drawing.symbols], np.int64),
        words.reshape(-1, 2),
        drawing,
    )


class SheetFolder:
    """The sheets of a folder in random order, listed anew every few seconds so that new sheets join."""

    def __init__(self, folder: Path, *, below_seed: int = 900_000_000, cached: int = CACHED_SHEETS) -> None:
        self._folder, self._below, self._cached = folder, below_seed, cached
        self._sheets: OrderedDict[int, LabelledSheet] = OrderedDict()
        self._listed: tuple[float, list[int]] = (0.0, [])

    def seeds(self) -> list[int]:
        """Seeds of the training sheets that are whole."""
        return sorted(s for p in self._folder.glob("*.json") if (s := int(p.stem)) < self._below)

    def get(self, seed: int) -> LabelledSheet:
        """The sheet of `seed`, from memory where it is."""
        sheet = self._sheets.pop(seed, None) or read_sheet(self._folder, seed)
        self._sheets[seed] = sheet
        while len(self._sheets) > self._cached:
            self._sheets.popitem(last=False)
        return sheet

    def random_sheet(self, rng: np.random.Generator) -> LabelledSheet:
        """A sheet of those there now; the newer half is drawn twice as often, as it has been seen less."""
        listed_at, seeds = self._listed
        if not seeds or time.monotonic() - listed_at > LISTING_SECONDS:
            seeds = self.seeds()
            self._listed = (time.monotonic(), seeds)
        if not seeds:
            raise FileNotFoundError(f"{self._folder} holds no training sheet")
        return self.get(seeds[min(len(seeds) - 1, int(len(seeds) * rng.random() ** 0.8))])


def cut_tiles(
    sheets: Sheets,
    rng: np.random.Generator,
    *,
    tile_px: int,
    overview_share: float,
    scales: tuple[float, float],
    per_sheet: int = 4,
    look: Look | None = None,
    turns: Turns = "any",
) -> Iterator[Tile]:
    """Endless random tiles, augmented, a few from each sheet, at the scales of the look's passes."""
    look = look or Look()
    while True:
        sheet = sheets.random_sheet(rng)
        passes = look.passes(max(sheet.image.shape))
        for _ in range(per_sheet):
            target = passes[-1] if rng.random() < overview_share else passes[0]
            jitter = float(np.exp(rng.uniform(np.log(scales[0]), np.log(scales[1]))))
            scale = target / max(sheet.image.shape) * jitter
            tile = cut_tile(sheet, choose_center(sheet, rng, tile_px / scale), tile_px, scale)
            yield alter_tile(tile, rng, turns=turns)


def choose_center(sheet: LabelledSheet, rng: np.random.Generator, side: float) -> tuple[float, float]:
    """Where on the sheet a tile of `side` sheet pixels is centred: near symbols, rarer groups more often."""
    kind = rng.random()
    shift = rng.uniform(-0.4, 0.4, 2) * side
    if kind < SYMBOL_SHARE and len(sheet.boxes):
        counts = np.bincount(sheet.groups, minlength=len(GROUPS))
        weight = 1.0 / np.sqrt(counts[sheet.groups])
        b = sheet.boxes[rng.choice(len(weight), p=weight / weight.sum())]
        return float((b[0] + b[2]) / 2 + shift[0]), float((b[1] + b[3]) / 2 + shift[1])
    if kind < SYMBOL_SHARE + WORD_SHARE and len(sheet.words):
        x, y = sheet.words[rng.integers(len(sheet.words))] + shift
        return float(x), float(y)
    height, width = sheet.image.shape
    return float(rng.uniform(0, width)), float(rng.uniform(0, height))


def cut_tile(sheet: LabelledSheet, center: tuple[float, float], tile_px: int, scale: float) -> Tile:
    """The square of `tile_px` pixels round `center` (sheet pixels) at `scale` tile pixels a sheet pixel."""
    side = round(tile_px / scale)
    height, width = sheet.image.shape
    # Kept on the sheet where the sheet is larger than the tile; what lies beyond is paper.
    x0 = round(np.clip(center[0] - side / 2, min(0, width - side), max(0, width - side)))
    y0 = round(np.clip(center[1] - side / 2, min(0, height - side), max(0, height - side)))
    cut = sheet.image[max(y0, 0) : y0 + side, max(x0, 0) : x0 + side]
    if cut.shape != (side, side):
        full = np.full((side, side), 255, np.uint8)
        full[max(-y0, 0) :, max(-x0, 0) :][: cut.shape[0], : cut.shape[1]] = cut
        cut = full
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(cut, (tile_px, tile_px), interpolation=method), np.uint8)
    boxes = (sheet.boxes - [x0, y0, x0, y0]) * (tile_px / side)
    boxes, groups = visible_labels(boxes, sheet.groups, tile_px)
    return Tile(image, boxes, groups)


def visible_labels(boxes: Array, groups: NDArray[np.int64], tile_px: int) -> tuple[Array, NDArray[np.int64]]:
    """Boxes (N, 4) cut at the tile's border, without those mostly outside or too small to see."""
    grow = np.clip(THINNEST_PX - (boxes[:, 2:] - boxes[:, :2]), 0, None) / 2
    boxes = np.c_[boxes[:, :2] - grow, boxes[:, 2:] + grow]
    clipped = np.clip(boxes, 0, tile_px)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    inside = np.clip(clipped[:, 2:] - clipped[:, :2], 0, None)
    keep = (inside.prod(axis=1) >= LEAST_VISIBLE * area) & (inside.max(axis=1, initial=0) >= LEAST_SIDE_PX)
    return clipped[keep], groups[keep]


def alter_tile(tile: Tile, rng: np.random.Generator, *, turns: Turns = "any") -> Tile:
    """Turn and flip (where labels are groups, any turn is right), and vary pen, contrast and grain."""
    size = len(tile.image)
    image, boxes = tile.image, tile.boxes
    if turns != "none" and rng.random() < 0.5:
        image, boxes = image[:, ::-1], np.c_[size - boxes[:, 2], boxes[:, 1], size - boxes[:, 0], boxes[:, 3]]
    for _ in range(int(rng.integers(4)) if turns == "any" else 0):  # counter-clockwise: (x, y) -> (y, size - x)
        image = np.rot90(image)
        boxes = np.c_[boxes[:, 1], size - boxes[:, 2], boxes[:, 3], size - boxes[:, 0]]
    return Tile(alter_ink(np.ascontiguousarray(image), rng), boxes, tile.groups)


def alter_ink(image: Image, rng: np.random.Generator) -> Image:
    """Vary pen width, contrast and grain of a cut picture."""
    draw = rng.random(4)
    if draw[0] < 0.12:
        image = cv2.erode(image, np.ones((2, 2), np.uint8))  # dark grows: a thicker pen
    elif draw[0] < 0.2:
        image = cv2.addWeighted(image, 0.5, cv2.dilate(image, np.ones((2, 2), np.uint8)), 0.5, 0)
    if draw[1] < 0.15:
        image = cv2.GaussianBlur(image, (3, 3), 0)
    if draw[2] < 0.5:
        darkest, gamma = rng.uniform(0, 90), rng.uniform(0.7, 1.4)
        table = darkest + (255 - darkest) * (np.arange(256) / 255.0) ** gamma
        image = cv2.LUT(image, table.astype(np.uint8))
    if draw[3] < 0.2:
        grain = rng.normal(0, rng.uniform(2, 14), (len(image) // 2 + 1, len(image) // 2 + 1)).astype(np.float32)
        noise = cv2.resize(grain, (len(image), len(image)), interpolation=cv2.INTER_LINEAR)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return np.asarray(image, np.uint8)
