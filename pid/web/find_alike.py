"""What a project has been taught by example, more of it found on a page, and the operations that add it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import JsonValue

from pid.drawing import Drawing, Symbol
from pid.geometry import as_boxes, box_iou
from pid.sheet import Sheet
from pid.structure.library import Example, read_library
from pid.structure.taught import SAME_IOU, TaughtFinder
from pid.web.operations import Operation, Put

FOLDER = "libraries"


def library_folder(data: Path, project_id: str) -> Path:
    """Where the examples of a project lie."""
    return data / FOLDER / project_id


def taught_examples(folder: Path) -> tuple[Example, ...]:
    """The examples of a library; none where nothing was taught."""
    return read_library(folder) if any(folder.glob("*.json")) else ()


def forget_project(data: Path, project_id: str) -> None:
    """Remove all that a project was taught."""
    shutil.rmtree(library_folder(data, project_id), ignore_errors=True)


def find_alike(sheet: Sheet, drawing: Drawing, library: Path, kind: str) -> tuple[Symbol, ...]:
    """A taught kind wherever it is on a page. Raises `InputError` for a kind not taught."""
    hidden = [table.box for table in drawing.tables]
    if drawing.title_block is not None:
        hidden.append(drawing.title_block.box)
    return TaughtFinder(library, kinds=(kind,)).find(
        sheet.gray,
        words=drawing.words,
        others=drawing.symbols,
        hidden=as_boxes(hidden) if hidden else None,
    )


def merge_found(drawing: Drawing, found: Sequence[Symbol]) -> tuple[Operation, ...]:
    """Operations that put found symbols into a drawing.

    Where a symbol stands already it becomes of the found kind and keeps its id, tag and connections; what a person has
    set stays as it is.
    """
    operations: list[Operation] = []
    number = 0
    taken = {e.id for part in (drawing.symbols, drawing.lines, drawing.words, drawing.tables) for e in part}
    for symbol, same in zip(found, _same_places(drawing, found), strict=True):
        if same is None:
            number += 1
            while f"t{number}" in taken:
                number += 1
            operations.append(_put(symbol.model_copy(update={"id": f"t{number}"})))
        elif same.kind != symbol.kind and "person" not in same.found_by:
            kept = {"id": same.id, "tag": same.tag, "box": same.box}
            operations.append(_put(symbol.model_copy(update=kept)))
    return tuple(operations)


def _same_places(drawing: Drawing, found: Sequence[Symbol]) -> list[Symbol | None]:
    """For each found symbol the one of the drawing that stands in its place."""
    if not found or not drawing.symbols:
        return [None] * len(found)
    overlaps = box_iou([s.box for s in found], [s.box for s in drawing.symbols])
    best = np.argmax(overlaps, axis=1)
    return [drawing.symbols[j] if overlaps[i, j] >= SAME_IOU else None for i, j in enumerate(best)]


def _put(symbol: Symbol) -> Put:
    return Put(op="put", part="symbols", value=cast(dict[str, JsonValue], symbol.model_dump(mode="json")))
