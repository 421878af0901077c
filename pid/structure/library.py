"""The user's library of taught symbols: a folder with one PNG and one JSON for each example.

Terms of art: an *example* is one cleaned picture of a symbol with what is known about it; examples of the same *kind*
are several drawings of one thing. The JSON is the record and names its PNG; a PNG that no JSON names is ignored.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pid.drawing import Box, Group, Symbol
from pid.errors import InputError
from pid.geometry import box_iou

MARGIN_PX = 4
"""Paper around the symbol's box in an example's picture."""
MOST_NAME = 120
"""Longest name of a kind: a file name holds 255 bytes."""
SAME_PLACE_IOU = 0.5
"""Two examples of one kind from one page whose places overlap so much are the same example, taught again."""
SCHEMA = "pid-example/1"

TERMS = ("group", "code", "title")
"""What all examples of a kind have in common."""

Port = tuple[float, float, float]
"""x, y and the direction a pipe leaves in, degrees counter-clockwise as seen."""


@dataclass(frozen=True, eq=False)
class Example:
    """One picture of a symbol. All coordinates are pixels of `picture`."""

    kind: str
    group: Group
    picture: NDArray[np.uint8]
    """(H, W), paper 255, strays and pipe stubs taken off, `MARGIN_PX` of paper around the box."""
    box: Box
    """x0, y0, x1, y1 of the ink: picture[y0:y1, x0:x1] holds all of it."""
    ports: tuple[Port, ...] = ()
    lettering: tuple[str, ...] = ()
    """Rows of lettering inside as a pattern: letters are A, digits 9, all else as it is. Empty: there is none."""
    text_boxes: tuple[Box, ...] = ()
    """Where the lettering is: whatever stands there may differ."""
    bom_code: str = ""
    title: str = ""
    source: str = ""
    """The file and page that it was cut from."""
    place: Box = (0.0, 0.0, 0.0, 0.0)
    """Its box in pixels of that page."""
    taught: str = ""
    """When, as ISO 8601 in UTC."""
    guessed: tuple[str, ...] = ()
    """Which of ``group``, ``code``, ``title`` and ``ports`` nobody has given."""

    @property
    def name(self) -> str:
        """What people call it: the title, or the kind where there is none."""
        return self.title or self.kind


class _Record(BaseModel):
    """An example's JSON file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_: Annotated[str, Field(pattern=f"^{SCHEMA}$", alias="schema")] = SCHEMA
    kind: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
    group: Group
    title: str = ""
    bom_code: str = ""
    picture: str
    size_px: tuple[int, int]
    box: Box
    ports: tuple[Port, ...] = ()
    lettering: tuple[str, ...] = ()
    text_boxes: tuple[Box, ...] = ()
    source: str = ""
    place: Box = (0.0, 0.0, 0.0, 0.0)
    taught: str = ""
    guessed: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _box_lies_in_picture(self) -> _Record:
        x0, y0, x1, y1 = self.box
        if not (0 <= x0 < x1 <= self.size_px[0] and 0 <= y0 < y1 <= self.size_px[1]):
            raise ValueError("its box does not lie in its picture")
        if Path(self.picture).name != self.picture:
            raise ValueError("its picture lies in another folder")
        return self


def read_library(folder: Path) -> tuple[Example, ...]:
    """The examples of a library, by kind and file name.

    Examples of one kind have one group, BOM code and title: what somebody has last said, else what was guessed first.

    Raises `InputError` for a folder that holds none, and for one with a broken file, which is named.
    """
    examples = tuple(example for _, example in _read_files(folder))
    if not examples:
        raise InputError(f"{folder} holds no taught symbols: teach some with `pid teach`.")
    return _agreed(examples)


def _agreed(examples: tuple[Example, ...]) -> tuple[Example, ...]:
    """The examples with what has last been said of their kind, or else was guessed first."""
    leading: dict[tuple[str, str], Example] = {}
    for e in sorted(examples, key=lambda e: e.taught):
        for term in TERMS:
            if (e.kind, term) not in leading or term not in e.guessed:
                leading[e.kind, term] = e
    return tuple(with_terms(e, *(leading[e.kind, term] for term in TERMS)) for e in examples)


def with_terms(example: Example, group: Example, code: Example, title: Example) -> Example:
    """The example with the group, the BOM code and the title of others."""
    guessed = tuple(g for g in example.guessed if g not in TERMS)
    guessed += tuple(term for term, e in zip(TERMS, (group, code, title), strict=True) if term in e.guessed)
    return replace(example, group=group.group, bom_code=code.bom_code, title=title.title, guessed=guessed)


def add_examples(folder: Path, examples: Iterable[Example], *, replace_kinds: bool = False) -> tuple[str, ...]:
    """Write examples into a library, making the folder where needed.

    An example of the same kind from the same place of the same page is replaced, all others of its kind are kept
    beside it, or removed with `replace_kinds`.

    Returns:
        For each example what became of it: ``added``, ``added beside N`` or ``replaced``.
    """
    _check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}.") from error
    old = _read_files(folder)
    told, new_kinds = [], set()
    for example in examples:
        beaten = [
            (path, e) for path, e in old
            if e.kind == example.kind
            and ((replace_kinds and e.kind not in new_kinds) or _same_place(e, example))
        ]  # fmt: skip
        beside = sum(e.kind == example.kind for _, e in old) - len(beaten)
        path = _write(folder, example)
        for gone, _ in beaten:
            _remove_files(gone)
        old = [(p, e) for p, e in old if all(p != gone for gone, _ in beaten)] + [(path, example)]
        new_kinds.add(example.kind)
        told.append("replaced" if beaten else f"added beside {beside}" if beside else "added")
    return tuple(told)


def remove_kind(folder: Path, kind: str) -> int:
    """Remove all examples of a kind and say how many. Raises `InputError` where there is none."""
    gone = [path for path, example in _read_files(folder) if example.kind == kind]
    if not gone:
        raise InputError(f"{folder} holds no symbol called {kind!r}.")
    for path in gone:
        _remove_files(path)
    return len(gone)


def with_library_terms(symbols: Iterable[Symbol], examples: Iterable[Example]) -> tuple[Symbol, ...]:
    """Symbols of taught kinds with what the bill of materials calls them, as attributes: ``bom_code``, ``title``."""
    known = {e.kind: e for e in examples}
    out = []
    for symbol in symbols:
        example = known.get(symbol.kind)
        if example is not None:
            terms = {"taught": True, "bom_code": example.bom_code, "title": example.name}
            out.append(symbol.model_copy(update={"attributes": {**symbol.attributes, **terms}}))
        else:
            out.append(symbol)
    return tuple(out)


def file_stem(kind: str) -> str:
    """A safe name for the files of a kind; different kinds may share it."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", kind).strip("._-")[:60]
    return safe or "symbol"


def _same_place(a: Example, b: Example) -> bool:
    return bool(a.source) and a.source == b.source and float(box_iou([a.place], [b.place])[0, 0]) >= SAME_PLACE_IOU


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; a library is a folder.")


def _read_files(folder: Path) -> list[tuple[Path, Example]]:
    _check_folder(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} does not exist.")
    found = [(path, _read_example(path)) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda item: (natural_key(item[1].kind), item[0].name))


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts class-2 before class-10."""
    parts = re.split(r"(\d+)", name.lower())
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p)


def _read_example(path: Path) -> Example:
    try:
        record = _Record.model_validate_json(path.read_bytes())
        data = np.frombuffer((path.parent / record.picture).read_bytes(), np.uint8)
    except OSError as error:
        raise InputError(f"{error.filename or path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "example"
        raise InputError(f"{path} is not a taught symbol: {where}: {first['msg']}.") from error
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if len(data) else None
    if picture is None:
        raise InputError(f"{path.parent / record.picture} is not a PNG picture.")
    if picture.shape[::-1] != record.size_px:
        raise InputError(f"{path.parent / record.picture} has not the size that {path.name} names.")
    return Example(
        kind=record.kind, group=record.group, picture=np.asarray(picture, np.uint8), box=record.box,
        ports=record.ports, lettering=record.lettering, text_boxes=record.text_boxes, bom_code=record.bom_code,
        title=record.title, source=record.source, place=record.place, taught=record.taught, guessed=record.guessed,
    )  # fmt: skip


def _write(folder: Path, example: Example) -> Path:
    """Write both files under a name not used yet, the record last: a broken run leaves no half example."""
    if not example.kind.strip() or len(example.kind) > MOST_NAME:
        raise InputError(f"The name {example.kind!r} has not between 1 and {MOST_NAME} characters.")
    stem, number = file_stem(example.kind), 1
    while (folder / f"{stem}.{number}.json").exists() or (folder / f"{stem}.{number}.png").exists():
        number += 1
    path, picture = folder / f"{stem}.{number}.json", folder / f"{stem}.{number}.png"
    record = _Record(
        kind=example.kind, group=example.group, title=example.title, bom_code=example.bom_code, picture=picture.name,
        size_px=(example.picture.shape[1], example.picture.shape[0]), box=example.box, ports=example.ports,
        lettering=example.lettering, text_boxes=example.text_boxes, source=example.source, place=example.place,
        taught=example.taught, guessed=example.guessed,
    )  # fmt: skip
    done, data = cv2.imencode(".png", example.picture)
    if not done:
        raise InputError(f"The picture of {example.kind} cannot be stored.")
    write_whole(picture, data.tobytes())
    write_whole(path, (record.model_dump_json(by_alias=True, indent=1) + "\n").encode())
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all. Raises `InputError` where it cannot be written."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _remove_files(path: Path) -> None:
    """Remove an example, the record first."""
    try:
        picture = path.parent / json.loads(path.read_bytes())["picture"]
        path.unlink()
        picture.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be removed: {error.strerror}.") from error
