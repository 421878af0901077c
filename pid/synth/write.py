"""Write sheets and their truth to a folder: NAME.png, .pdf and .dxf beside NAME.json.

The truth's coordinates are pixels of the PNG; PDF and DXF show the same sheet on the same paper. A damaged sheet's
PNG is warped, and its truth with it, so vector files asked for beside it get a truth of their own: NAME-vector.json.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import PIL.Image

from pid.drawing import Drawing, Matrix
from pid.errors import InputError
from pid.synth.damage import damage_sheet
from pid.synth.ink import Ink
from pid.synth.pixels import Image
from pid.synth.raster import render_raster

FORMATS = ("png", "pdf", "dxf")
_MM_PER_INCH = 25.4
_PNG_EFFORT = 3
"""zlib level: at 6 an A1 scan takes four times as long and saves a tenth."""


class _Style(Protocol):
    @property
    def px_per_mm(self) -> float: ...


class Sheet(Protocol):
    """A drawn sheet: its display list, its truth, and the scale between the two."""

    @property
    def ink(self) -> Ink:
        """The display list, mm."""

    @property
    def drawing(self) -> Drawing:
        """The truth in pixels at ``style.px_per_mm``; its source's name becomes the files' name."""

    @property
    def style(self) -> _Style:
        """Holds `px_per_mm`."""


def write_sheets(
    sheets: Iterable[Sheet], out: Path, *, formats: Sequence[str] = FORMATS, damaged: bool, seed: int = 0
) -> list[Path]:
    """Write sheets into the folder `out`, made if need be; returns the files written.

    Args:
        sheets: Taken one by one; each may be dropped once written.
        out: The folder.
        formats: Of `FORMATS`; the truth is written whichever they are.
        damaged: Whether the PNG goes through `damage_sheet`.
        seed: Of the damage; with the sheet's place in the row it fixes it.

    Raises:
        InputError: A format is not known, or the folder cannot be written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        given = repr(unknown[0]) if unknown else "nothing"
        raise InputError(f"{given} is not a format that sheets are written in; there are {', '.join(FORMATS)}.")
    written: list[Path] = []
    names: set[str] = set()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number, sheet in enumerate(sheets):
            stem = _free_name(Path(sheet.drawing.source.name).stem or "sheet", names)
            rng = np.random.default_rng([seed, number]) if damaged else None
            written += _write_sheet(sheet, out, stem, formats, rng)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}.") from error
    return written


def write_generated(
    count: int,
    seed: int,
    out: Path,
    *,
    formats: Sequence[str] = FORMATS,
    damaged: bool = False,
    family: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> list[Path]:
    """Generate `count` sheets with the seeds from `seed` on and write them as `write_sheets` does.

    `progress` is called with what is being done and the share done, 0..1. Raises `InputError` for a
    negative count and an unknown family too.
    """
    if count < 0:
        raise InputError(f"{count} is not a number of sheets to generate.")
    from pid.synth.style import FAMILIES

    if family is not None and family not in FAMILIES:
        raise InputError(f"{family!r} is not a family of drawing styles; there are {', '.join(FAMILIES)}.")
    return write_sheets(_generated(count, seed, family, progress), out, formats=formats, damaged=damaged, seed=seed)


def _generated(
    count: int, seed: int, family: str | None, progress: Callable[[str, float], None] | None
) -> Iterator[Sheet]:
    from pid.synth.generate import generate_sheet

    for number in range(count):
        if progress is not None:
            progress(f"sheet {number + 1} of {count}", number / count)
        yield generate_sheet(seed + number, family=family)
    if progress is not None:  # the writer has come back for more, so the last one is written
        progress("written", 1.0)


def _write_sheet(
    sheet: Sheet, out: Path, stem: str, formats: Sequence[str], rng: np.random.Generator | None
) -> Iterator[Path]:
    vectors = [name for name in FORMATS[1:] if name in formats]
    if "png" in formats:
        image, truth = render_raster(sheet.ink, sheet.style.px_per_mm), sheet.drawing
        if rng is not None:
            image, truth = damage_sheet(image, truth, rng)
        path = out / f"{stem}.png"
        _write_png(image, path, sheet.style.px_per_mm)
        yield path
        yield _write_truth(truth, out / f"{stem}.json", path, "raster", truth.sheet.to_source)
        if rng is not None:
            stem = f"{stem}-vector"
    for name in vectors:
        path = out / f"{stem}.{name}"
        _write_vectors(sheet, path)
        yield path
    if vectors and ("png" not in formats or rng is not None):
        kind: Literal["pdf", "dxf"] = "pdf" if vectors[0] == "pdf" else "dxf"
        yield _write_truth(sheet.drawing, out / f"{stem}.json", out / f"{stem}.{kind}", kind, _to_source(sheet, kind))


def _write_vectors(sheet: Sheet, path: Path) -> None:
    if path.suffix == ".pdf":
        from pid.synth.pdf import write_pdf

        write_pdf(sheet.ink, path)
        return
    from pid.synth.dxf import write_dxf

    write_dxf(sheet.ink, path, tags={s.id: s.tag for s in sheet.drawing.symbols if s.tag})


def _write_png(image: Image, path: Path, px_per_mm: float) -> None:
    dpi = px_per_mm * _MM_PER_INCH
    PIL.Image.fromarray(image).save(path, dpi=(dpi, dpi), compress_level=_PNG_EFFORT)


def _write_truth(
    drawing: Drawing, path: Path, of: Path, kind: Literal["raster", "pdf", "dxf"], to_source: Matrix
) -> Path:
    """Write the truth under the name and digest of the file that it is of."""
    digest = hashlib.sha256(of.read_bytes()).hexdigest()
    source = drawing.source.model_copy(update={"name": of.name, "sha256": digest, "kind": kind})
    info = drawing.sheet.model_copy(update={"to_source": to_source})
    path.write_text(drawing.model_copy(update={"source": source, "sheet": info}).to_json(), encoding="utf-8")
    return path


def _to_source(sheet: Sheet, kind: Literal["pdf", "dxf"]) -> Matrix:
    """Sheet pixels to points of the PDF page, y down, or to millimetres of the DXF, y up."""
    if kind == "pdf":
        scale = 72.0 / _MM_PER_INCH / sheet.style.px_per_mm
        return ((scale, 0.0, 0.0), (0.0, scale, 0.0), (0.0, 0.0, 1.0))
    scale = 1.0 / sheet.style.px_per_mm
    return ((scale, 0.0, 0.0), (0.0, -scale, sheet.ink.height_mm), (0.0, 0.0, 1.0))


def _free_name(stem: str, taken: set[str]) -> str:
    """The stem, or with a number if it is taken; it is taken from then on."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
