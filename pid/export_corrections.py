"""What people corrected, for other programs: boxes as YOLO and COCO, lettering with its text, symbols by example."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.catalog import load_catalog
from pid.corrections import Correction
from pid.drawing import Symbol, Word
from pid.errors import InputError
from pid.structure.cut_symbol import cut_symbol
from pid.structure.library import Example, add_examples
from pid.teach import code_of, draw_library

FORMATS = ("yolo", "coco", "words", "symbols")
VALIDATION_EVERY = 5
"""Each so many-th sheet, from the second on, is for validation; a single sheet serves for both."""
WORD_MARGIN = 0.15
"""Paper round a word, of its height."""


def export_corrections(corrections: Sequence[Correction], out: Path, formats: Sequence[str] = FORMATS) -> list[str]:
    """Write corrections into folders of `out` named like the formats; returns a sentence for each.

    Raises `InputError` for a format that is not known, or a folder that cannot be written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise InputError(f"{(unknown or [''])[0]!r} is not a format of corrections: {', '.join(FORMATS)}.")
    writers = {"yolo": write_yolo, "coco": write_coco, "words": write_words, "symbols": write_symbols}
    told = []
    for name in formats:
        try:
            (out / name).mkdir(parents=True, exist_ok=True)
            told.append(f"{name}: {writers[name](corrections, out / name)}")
        except OSError as error:
            raise InputError(f"{out / name} cannot be written: {error.strerror or error}.") from error
    return told


def class_names(corrections: Sequence[Correction]) -> list[str]:
    """The classes of boxes: kinds, or the group where nobody named the kind."""
    return sorted({_class_of(s) for c in corrections for s in c.drawing.symbols})


def _class_of(symbol: Symbol) -> str:
    return symbol.group if symbol.kind == "unknown" else symbol.kind


def write_yolo(corrections: Sequence[Correction], out: Path) -> str:
    """Pictures, label files and ``data.yaml``, as `pid train shape --data` and ultralytics read them."""
    names = class_names(corrections)
    for place, correction in enumerate(corrections):
        for part in _parts(place, len(corrections)):
            (out / "images" / part).mkdir(parents=True, exist_ok=True)
            (out / "labels" / part).mkdir(parents=True, exist_ok=True)
            _write_picture(out / "images" / part / f"{correction.name}.png", correction.sheet.gray)
            height, width = correction.sheet.gray.shape
            lines = []
            for s in correction.drawing.symbols:
                x0, y0, x1, y1 = s.box
                shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
                lines.append(f"{names.index(_class_of(s))} {' '.join(f'{v:.6f}' for v in shares)}")
            (out / "labels" / part / f"{correction.name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = {"path": ".", "train": "images/train", "val": "images/val", "names": names}
    (out / "data.yaml").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")  # JSON is YAML
    return f"{sum(len(c.drawing.symbols) for c in corrections)} boxes of {len(names)} classes"


def _parts(place: int, count: int) -> tuple[str, ...]:
    if count == 1:
        return ("train", "val")
    return ("val",) if place % VALIDATION_EVERY == 1 else ("train",)


def write_coco(corrections: Sequence[Correction], out: Path) -> str:
    """Pictures and ``annotations.json``; each category's supercategory is its group."""
    names = class_names(corrections)
    groups = {_class_of(s): s.group for c in corrections for s in c.drawing.symbols}
    images: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    for number, correction in enumerate(corrections, 1):
        file = f"{correction.name}.png"
        _write_picture(out / file, correction.sheet.gray)
        height, width = correction.sheet.gray.shape
        images.append({"id": number, "file_name": file, "width": width, "height": height})
        for s in correction.drawing.symbols:
            x0, y0, x1, y1 = (round(v, 2) for v in s.box)
            size = (round(x1 - x0, 2), round(y1 - y0, 2))
            boxes.append(
                {
                    "id": len(boxes) + 1, "image_id": number, "category_id": names.index(_class_of(s)) + 1,
                    "bbox": [x0, y0, *size], "area": round(size[0] * size[1], 2), "iscrowd": 0,
                }
            )  # fmt: skip
    categories = [{"id": i, "name": name, "supercategory": groups[name]} for i, name in enumerate(names, 1)]
    text = json.dumps({"images": images, "annotations": boxes, "categories": categories}, indent=1)
    (out / "annotations.json").write_text(text, encoding="utf-8")
    return f"{len(boxes)} boxes of {len(names)} classes"


def write_words(corrections: Sequence[Correction], out: Path) -> str:
    """A picture of each word, turned upright, and ``labels.csv`` with its text."""
    rows: list[tuple[str, str, str, str]] = []
    for correction in corrections:
        for word in correction.drawing.words:
            picture = cut_word(correction.sheet.gray, word)
            if word.text and picture.size:
                file = f"{correction.name}-{len(rows):05d}.png"
                _write_picture(out / file, picture)
                rows.append((file, word.text, correction.name, word.id))
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file_:
        writer = csv.writer(file_)
        writer.writerow(("file", "text", "sheet", "word"))
        writer.writerows(rows)
    return f"{len(rows)} words"


def cut_word(gray: NDArray[np.uint8], word: Word) -> NDArray[np.uint8]:
    """A word's surroundings in a sheet (H, W), read from left to right; empty where it lies beyond the sheet."""
    x0, y0, x1, y1 = word.box
    margin = WORD_MARGIN * min(x1 - x0, y1 - y0)
    rows = slice(max(int(y0 - margin), 0), max(int(np.ceil(y1 + margin)), 0))
    columns = slice(max(int(x0 - margin), 0), max(int(np.ceil(x1 + margin)), 0))
    # An angle is counter-clockwise as seen: turning the picture back by it makes the word level.
    return np.ascontiguousarray(np.rot90(gray[rows, columns], -round(word.angle / 90)))


def write_symbols(corrections: Sequence[Correction], out: Path) -> str:
    """A library of examples (`pid teach`), one of each kind and sheet: what people named or added themselves first."""
    examples: list[Example] = []
    for correction in corrections:
        chosen: dict[str, Symbol] = {}
        for symbol in sorted(correction.drawing.symbols, key=lambda s: "person" not in s.found_by):
            if symbol.kind != "unknown":
                chosen.setdefault(symbol.kind, symbol)
        for symbol in chosen.values():
            example = _example(correction, symbol)
            if example is not None:
                examples.append(example)
    add_examples(out, examples)
    draw_library(out)
    return f"{len(examples)} examples of {len({e.kind for e in examples})} kinds"


def _example(correction: Correction, symbol: Symbol) -> Example | None:
    """The example of a symbol; None where its box holds nothing that can be cut out."""
    try:
        cutout = cut_symbol(correction.sheet.gray, symbol.box, correction.drawing.words)
    except InputError:
        return None
    kind = load_catalog().get(symbol.kind)
    return Example(
        kind=symbol.kind, group=symbol.group, picture=cutout.picture, box=cutout.box, ports=cutout.ports,
        lettering=cutout.lettering, text_boxes=cutout.text_boxes,
        bom_code=kind.bom_code if kind else code_of(symbol.kind), title=kind.title if kind else "",
        source=correction.sheet.source.name, place=cutout.place,
    )  # fmt: skip


def _write_picture(path: Path, gray: NDArray[np.uint8]) -> None:
    done, data = cv2.imencode(".png", gray)
    if not done:
        raise InputError(f"{path} cannot be encoded as PNG.")
    path.write_bytes(data.tobytes())
