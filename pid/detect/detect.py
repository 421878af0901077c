"""Find and name every symbol of a sheet: two passes of the shape network, joined, named and calibrated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pid.catalog import Catalog, load_catalog
from pid.detect.classes import Served, name_classes, read_served
from pid.detect.context import weigh_context
from pid.detect.names import KindNetwork, Name
from pid.detect.tiles import DETAIL_PX, OVERVIEW_PX, Tiling, cut_sheet, drop_cut, is_cut, suppress
from pid.detect.yolo import Found, ShapeNetwork, join_found
from pid.drawing import GROUPS, Symbol
from pid.errors import InputError
from pid.geometry import Array
from pid.learning.calibrate import IDENTITY, Calibration
from pid.paper import reduce_sheet
from pid.place_ports import place_ports
from pid.resources import data_path

SHAPE_FILE, KINDS_FILE = "shape.onnx", "kinds.onnx"
OVERVIEW_LEAST, DETAIL_MOST = 80.0, 420.0
"""Longer side in pixels of the detail pass: the overview reports nothing smaller, the detail pass nothing larger.

Between the two both may find a symbol, and the better stays. Of 60, 80, 110, 150 and 200 px the 80 gave the best F1 on
held-out sheets."""
LEAST_SHEET_PX = 32
LARGEST_GROWTH = 2.0
"""A picture smaller than this is a detail, not a sheet: it is enlarged at most by this."""


class SymbolDetector:
    """Loads the networks of a folder once, on first use.

    Args:
        models: folder with ``shape.onnx``, ``kinds.onnx`` and their cards; the shipped one where it is not given.
        threads: processor threads; all where it is not given.
    """

    def __init__(self, models: Path | None = None, *, threads: int | None = None) -> None:
        self._folder = data_path("models") if models is None else models
        self._threads = threads

    @cached_property
    def calibration(self) -> Calibration:
        """Raw scores to probabilities, from the detector's card."""
        card = (self._folder / SHAPE_FILE).with_suffix(".json")
        if not card.exists():
            return IDENTITY
        try:
            return Calibration.from_dict(json.loads(card.read_text())["calibration"])
        except (ValueError, KeyError) as error:
            raise InputError(f"{card} holds no usable calibration: {error}.") from error

    @cached_property
    def served(self) -> Served:
        """What the detector's card says it finds, and how it looks at pictures."""
        return read_served((self._folder / SHAPE_FILE).with_suffix(".json"), self._catalog)

    @cached_property
    def _catalog(self) -> Catalog:
        return load_catalog()

    @cached_property
    def _shape(self) -> ShapeNetwork:
        return ShapeNetwork(self._folder / SHAPE_FILE, threads=self._threads, classes=len(self.served.classes))

    @cached_property
    def _kinds(self) -> KindNetwork | None:
        if not (self._folder / KINDS_FILE).exists():
            return None
        return KindNetwork(self._folder / KINDS_FILE, self._catalog, threads=self._threads)

    def detect_symbols(self, gray: NDArray[np.uint8], *, least_probability: float | None = None) -> tuple[Symbol, ...]:
        """The symbols of a (H, W) uint8 sheet, best first, ids ``s1`` on.

        Reported are those above the threshold that was best on held-out sheets, or, where it is given, those of at
        least `least_probability`.
        """
        if gray.ndim != 2:
            raise ValueError(f"a grey picture (H, W) was expected, not shape {gray.shape}")
        if min(gray.shape) < LEAST_SHEET_PX:
            return ()
        look = self.served.look
        reduced, factor = reduce_sheet(gray) if look.mode == "sheet" else (gray, 1)
        found, names = self.find_named(look.prepare(reduced))
        boxes = found.boxes * factor
        chance = self.calibration(found.scores)
        keep = found.scores >= self.calibration.threshold if least_probability is None else chance >= least_probability
        told = np.flatnonzero(keep)
        return tuple(self._symbol(f"s{i}", boxes[k], chance[k], names[k]) for i, k in enumerate(told, start=1))

    def find_named(self, sheet: NDArray[np.uint8]) -> tuple[Found, list[Name]]:
        """Candidates on a whitened sheet with the names of each, best first.

        The classifier has a say in both: its kind's group is the group, and what it takes for no symbol loses score.
        """
        found = self.find(sheet)
        names = name_classes(self.served, found.boxes, found.groups, self._kinds, sheet)
        scores = found.scores * (1.0 - np.array([name.nothing for name in names]))
        groups = np.array([GROUPS.index(name.group) for name in names], np.int64)
        named = Found(found.boxes, scores, groups)
        if self.served.look.mode == "sheet" and self.served.classes == GROUPS:
            named, names = weigh_context(sheet, named, names)
        order = np.argsort(-named.scores, kind="stable")
        return named.only(order), [names[k] for k in order]

    def find(self, sheet: NDArray[np.uint8]) -> Found:
        """Candidates on a whitened sheet in its pixels, best first, raw scores, no doubles; nothing is named yet.

        Their `groups` are the network's classes (`served`), which are the groups in the shipped network.
        """
        tilings, limits = self._cut(sheet)
        # All passes in one go, so that no core waits at the end of the first.
        tiles = iter(self._shape.find(np.concatenate([t.images for t in tilings])))
        passes = [
            join_tiles(tiling, list(islice(tiles, len(tiling.images))), least=least, most=most)
            for tiling, (least, most) in zip(tilings, limits, strict=True)
        ]
        found, cut = join_found([f for f, _ in passes]), np.concatenate([c for _, c in passes])
        # Joined before cut boxes are dropped: what a tile border halves in the detail pass, the overview has whole.
        found = found.only(drop_cut(found.boxes, cut))
        return found.only(suppress(found.boxes, found.scores))

    def _cut(self, sheet: NDArray[np.uint8]) -> tuple[list[Tiling], list[tuple[float, float]]]:
        """The tiles of each pass, and from what longer side to what it reports, in pixels of the pass."""
        longer, look = max(sheet.shape), self.served.look
        if look.mode != "sheet":
            return [cut_sheet(sheet, look.passes(longer)[0], keep_blank=not look.paper)], [(0.0, np.inf)]
        # A small picture is not a whole plant: enlarging it to the full size would show symbols of unheard-of size.
        detail_px = min(DETAIL_PX, round(longer * LARGEST_GROWTH))
        tilings, limits = [cut_sheet(sheet, detail_px, ignore_lines=True)], [(0.0, DETAIL_MOST)]
        if detail_px > OVERVIEW_PX:
            tilings.append(cut_sheet(sheet, OVERVIEW_PX))
            limits.append((OVERVIEW_LEAST * OVERVIEW_PX / DETAIL_PX, np.inf))
        return tilings, limits

    def _symbol(self, ident: str, box: Array, score: float, name: Name) -> Symbol:
        corners = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        kind = self._catalog.get(name.kind)
        return Symbol(
            id=ident,
            kind=name.kind,
            group=name.group,
            box=corners,
            rotation=name.rotation,
            mirrored=name.mirrored,
            score=min(max(float(score), 0.0), 1.0),
            found_by=("shape",),
            ports=place_ports(kind, corners, rotation=name.rotation, mirrored=name.mirrored),
            attributes={
                "kind_score": round(name.probability, 3),
                "runners_up": [[kind_name, chance] for kind_name, chance in name.runners_up],
            },
        )


def join_tiles(
    tiling: Tiling, tiles: Sequence[Found], *, least: float = 0.0, most: float = np.inf
) -> tuple[Found, NDArray[np.bool_]]:
    """What a pass found in each of its tiles, in sheet pixels, and a mask (N,) of what a tile border cuts.

    Kept are candidates whose longer side is within `least`..`most` pixels of the pass.
    """
    parts, cut = [], [np.zeros(0, np.bool_)]
    for found, origin in zip(tiles, tiling.origins, strict=True):
        one = found.only(suppress(found.boxes, found.scores))
        boxes = one.boxes + np.tile(origin, 2)
        limit = np.array([*tiling.size, *tiling.size], float)
        boxes = np.clip(boxes, 0.0, limit)
        longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0)
        keep = (longer >= least) & (longer <= most) & (longer > 0)
        parts.append(Found(boxes[keep], one.scores[keep], one.groups[keep]))
        cut.append(is_cut(boxes[keep], origin, tiling.size))
    found = join_found(parts)
    return Found(found.boxes / tiling.scale, found.scores, found.groups), np.concatenate(cut)
