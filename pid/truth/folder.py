"""A folder of sheets and what is true of them: for truth, for a review project, for corrections to learn from.

Two layouts are read. The full one has ``sheets/`` (the drawings as uploaded), ``truth/NAME.json`` (a `Drawing` each
page) and ``marks/NAME.json`` (who found what right, wrong or noise: `pid.truth.marks`). In the plain one NAME.json lies
beside its drawing, as `pid synth` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pid.document.load import SUFFIXES
from pid.drawing import Drawing
from pid.errors import InputError
from pid.recognize_files import write_result
from pid.truth.marks import Marks, read_marks

SHEETS, TRUTH, MARKS = "sheets", "truth", "marks"


@dataclass(frozen=True)
class TruthSheet:
    """One page: its truth file, and its drawing where that is there."""

    name: str
    truth: Path
    drawing: Path | None
    page: int
    marks: Path

    @property
    def is_base(self) -> bool:
        """Whether people mark it and have not accepted it yet: what is there is what recognition read."""
        return self.marks.exists() and not read_marks(self.marks).accepted


def list_sheets(folder: Path, *, drawings: Path | None = None) -> tuple[TruthSheet, ...]:
    """The sheets of a folder of either layout, by name; `drawings` says where these lie if elsewhere.

    Raises `InputError` where there is no truth file.
    """
    full = (folder / TRUTH).is_dir()
    truths = folder / TRUTH if full else folder
    near = drawings or (folder / SHEETS if full else folder)
    files = sorted(truths.glob("*.json")) if truths.is_dir() else []
    if not files:
        raise InputError(f"{folder} holds no truth: {TRUTH}/NAME.json, or NAME.json beside its drawing.")
    return tuple(_sheet(path, near, folder / MARKS) for path in files)


def _sheet(path: Path, drawings: Path, marks: Path) -> TruthSheet:
    name, page = _source(path)
    stems = [drawings / name] if name and Path(name).suffix.lower() in SUFFIXES else []
    beside = [drawings / f"{path.stem}{suffix}" for suffix in SUFFIXES]
    found = next((p for p in [*beside, *stems] if p.is_file()), None)
    return TruthSheet(path.stem, path, found, page, marks / path.name)


def _source(path: Path) -> tuple[str, int]:
    """The name and page of the file that a truth was made from; nothing where it does not say so."""
    try:
        data = json.loads(path.read_bytes())
        source = data.get("source") or {}
        return Path(str(source.get("name", ""))).name, int(source.get("page", 1))
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is not a truth file: {error}.") from error


def write_truth(sheet: TruthSheet, drawing: Drawing, marks: Marks) -> None:
    """Put a sheet's truth and marks in their place, each whole or not at all."""
    write_result(sheet.truth, lambda p: p.write_text(drawing.to_json(), encoding="utf-8"))
    write_result(sheet.marks, lambda p: p.write_text(marks.model_dump_json(indent=1), encoding="utf-8"))


def find_sheets(folder: Path, names: Sequence[str]) -> tuple[TruthSheet, ...]:
    """The sheets with the names given, or all of them. Raises `InputError` for a name that is not there."""
    sheets = list_sheets(folder)
    unknown = sorted({*names} - {sheet.name for sheet in sheets})
    if unknown:
        raise InputError(f"{folder} holds no truth of {unknown[0]!r}.")
    return tuple(sheet for sheet in sheets if not names or sheet.name in names)
