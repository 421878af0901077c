"""DXF files through ezdxf: entities become the vectors of a sheet, and the sheet's picture is drawn from them.

Pages: the model space if it draws anything, then every paper layout that draws something of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
from ezdxf import recover

from pid.document.draw_vectors import draw_vectors, visible_paths
from pid.document.load_dxf_blocks import BlockReader, Group
from pid.document.load_dxf_entities import is_readable
from pid.document.load_dxf_marks import bound_marks
from pid.document.load_dxf_vectors import StyleTable, make_vectors
from pid.drawing import SheetInfo, Source
from pid.errors import InputError
from pid.geometry import Array
from pid.sheet import Sheet, Vectors

LONG_SIDE_PX = (1200, 7000)
"""Limits of the sheet's long side; without lettering to go by it is `PLAIN_LONG_SIDE_PX`."""

PLAIN_LONG_SIDE_PX = 6000

TEXT_PX = 30.0
"""Cap height that the median lettering gets within those limits: 2.5 mm at 300 dpi."""

MARGIN_SHARE = 0.015
"""Paper around the drawing, as a share of its long side."""

MAX_FILE_BYTES = 300_000_000
"""ezdxf needs about ten times the file in memory."""

STRAY_FACTOR = 20.0
"""When all marks span this many times what nine in ten span, the rest are strays far off the sheet: left out."""

PLAUSIBLE_LONG_SIDE_MM = (140.0, 2600.0)
"""Paper, A6 to a long A0 roll; a drawing in other dimensions is not drawn in units of paper."""

UNIT_MM = {1: 25.4, 2: 304.8, 4: 1.0, 5: 10.0, 6: 1000.0, 8: 25.4e-6, 9: 0.0254, 10: 914.4, 14: 100.0}
"""$INSUNITS: inch, foot, mm, cm, m, microinch, mil, yard, dm."""

_END_SEARCH = 4096
_BROKEN = (ezdxf.DXFError, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError,
           MemoryError)  # fmt: skip


class DxfFile:
    """A DXF file, read as a whole."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._document = _read_document(path)
        self._layouts = _find_pages(self._document)
        self.count = len(self._layouts)
        if not self.count:
            raise InputError(f"{path.name} draws nothing.")

    def load(self, page: int, *, source: Source) -> Sheet:
        """Read a layout into vectors and draw it."""
        name = self._name if self.count == 1 else f"{self._name}, page {page}"
        try:
            groups = BlockReader(self._document, name=self._name).read_layout(self._layouts[page - 1])
            return self._make_sheet(groups, name=name, source=source)
        except _BROKEN as error:
            raise InputError(f"{name} is damaged: {type(error).__name__}, {error}.") from error

    def close(self) -> None:
        """Let go of the document."""
        self._layouts = []

    def _make_sheet(self, groups: list[Group], *, name: str, source: Source) -> Sheet:
        styles = StyleTable(self._document)
        groups = [Group([m for m in g.marks if styles.is_shown(m.style)], g.reference) for g in groups]
        boxes = bound_marks([mark for group in groups for mark in group.marks])
        if not len(boxes):
            raise InputError(f"{name} draws nothing: all of it is on layers that are off.")
        area = _find_extents(boxes)
        long_side = max(area[2] - area[0], area[3] - area[1])
        if long_side <= 0:
            raise InputError(f"{name} draws nothing but a point.")
        scale = _choose_scale(groups, long_side)
        margin = MARGIN_SHARE * long_side
        x0, y1 = area[0] - margin, area[3] + margin
        width = max(round((area[2] - area[0] + 2 * margin) * scale), 1)
        height = max(round((area[3] - area[1] + 2 * margin) * scale), 1)
        to_sheet = np.array([[scale, 0, -x0 * scale], [0, -scale, y1 * scale], [0, 0, 1]])
        px_per_mm = self._px_per_mm(scale, long_side)
        line_px_per_mm = px_per_mm or max(width, height) / 841.0  # A1, when nothing is known of the paper
        vectors = make_vectors(groups, to_sheet, styles, px_per_mm=line_px_per_mm, size=(width, height))
        image = draw_vectors(vectors, width=width, height=height)
        if any(mark.masks for group in groups for mark in group.marks):
            gray = Sheet(image=image, source=source, info=SheetInfo(width=width, height=height)).gray
            shown = visible_paths(vectors.paths, gray)
            vectors = Vectors(paths=tuple(shown), texts=vectors.texts, blocks=vectors.blocks)
        info = SheetInfo(
            width=width,
            height=height,
            px_per_mm=px_per_mm,
            to_source=((1 / scale, 0.0, x0), (0.0, -1 / scale, y1), (0.0, 0.0, 1.0)),
        )
        return Sheet(image=image, source=source, info=info, vectors=vectors)

    def _px_per_mm(self, scale: float, long_side: float) -> float | None:
        unit = UNIT_MM.get(int(self._document.header.get("$INSUNITS", 0)))
        if unit is None or not PLAUSIBLE_LONG_SIDE_MM[0] <= long_side * unit <= PLAUSIBLE_LONG_SIDE_MM[1]:
            return None
        return scale / unit


def _read_document(path: Path) -> Any:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise InputError(f"{path.name} is too large: {size // 1_000_000} MB, at most {MAX_FILE_BYTES // 1_000_000}.")
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(size - _END_SEARCH, 0))
        tail = stream.read()
    if b"SECTION" not in head:
        raise InputError(f"{path.name} is not a DXF file, whatever its name says.")
    if b"EOF" not in tail:  # ezdxf's recovery would take half a drawing for a whole one
        raise InputError(f"{path.name} is cut short: its end is missing.")
    try:
        return ezdxf.readfile(path)
    except _BROKEN:
        pass
    try:
        document, _ = recover.readfile(path)
    except _BROKEN as error:
        raise InputError(f"{path.name} is damaged and cannot be read.") from error
    return document


def _find_pages(document: Any) -> list[Any]:
    """Model space, then paper layouts in tab order, each if it draws anything."""
    names = [name for name in document.layout_names_in_taborder() if name != "Model"]
    layouts = [document.modelspace(), *(document.layout(name) for name in names)]
    return [layout for layout in layouts if any(is_readable(entity.dxftype()) for entity in layout)]


def _find_extents(boxes: Array) -> tuple[float, float, float, float]:
    """Box around boxes (N, 4), strays left out."""
    x0, y0 = boxes[:, :2].min(axis=0)
    x1, y1 = boxes[:, 2:].max(axis=0)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    low, high = np.quantile(centers, [0.05, 0.95], axis=0)
    core = float((high - low).max())
    if core > 0 and max(x1 - x0, y1 - y0) > STRAY_FACTOR * core:
        near = (boxes[:, :2] > low - 2 * core).all(axis=1) & (boxes[:, 2:] < high + 2 * core).all(axis=1)
        if near.sum() >= 0.9 * len(boxes):
            x0, y0 = boxes[near, :2].min(axis=0)
            x1, y1 = boxes[near, 2:].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _choose_scale(groups: list[Group], long_side: float) -> float:
    """Pixels per drawing unit."""
    heights = [
        float(np.hypot(*(mark.points[2] - mark.points[0])))
        for group in groups
        for mark in group.marks
        if mark.kind == "text"
    ]
    wanted = TEXT_PX / float(np.median(heights)) * long_side if heights else PLAIN_LONG_SIDE_PX
    return min(max(wanted, LONG_SIDE_PX[0]), LONG_SIDE_PX[1]) / (long_side * (1 + 2 * MARGIN_SHARE))
