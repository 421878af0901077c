"""Base truth: what recognition reads of drawings, laid out so that people can mark and accept it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pid.document.load import find_drawings
from pid.drawing import Drawing
from pid.errors import InputError
from pid.pipeline import Progress
from pid.recognize_files import recognize_pages
from pid.truth.folder import MARKS, SHEETS, TRUTH, TruthSheet, write_truth
from pid.truth.marks import Marks


@dataclass(frozen=True)
class Created:
    """Names of the pages whose base truth was written, of drawings that were left alone, and failures as sentences."""

    pages: tuple[str, ...]
    kept: tuple[str, ...]
    failures: tuple[str, ...]


def create_truth(
    drawings: Sequence[Path], out: Path, *, models: Path | None = None, progress: Progress | None = None
) -> Created:
    """Recognise drawings, or folders of them, into base truth; a drawing that `out` has already is left alone.

    `out` gets ``sheets/``, ``truth/`` and ``marks/`` (`pid.truth.folder`). Raises `InputError` where nothing can be
    used.
    """
    files = find_drawings(drawings)
    new = [f for f in files if not (out / SHEETS / f.name).exists()]
    kept = tuple(f.name for f in files if f not in new)
    if not new:
        return Created((), kept, ())
    pages: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        report = recognize_pages(new, Path(folder), models=models, progress=progress)
        try:
            for name in (TRUTH, SHEETS, MARKS):
                (out / name).mkdir(parents=True, exist_ok=True)
            for path in sorted(Path(folder).glob("*.json")):
                drawing = Drawing.read(path)
                source = next(f for f in new if f.name == drawing.source.name)
                shutil.copyfile(source, out / SHEETS / source.name)
                place = TruthSheet(
                    path.stem, out / TRUTH / path.name, out / SHEETS / source.name, drawing.source.page,
                    out / MARKS / path.name,
                )  # fmt: skip
                write_truth(place, drawing, Marks())
                pages.append(path.stem)
        except OSError as error:
            raise InputError(f"{out} cannot be written: {error.strerror or error}.") from error
    return Created(tuple(pages), kept, tuple(report.failures))
