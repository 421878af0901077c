"""Files become sheets: finds drawings, opens them and hands out their pages one by one.

A *page* is counted from 1: a frame of a TIFF, a page of a PDF, the model space or a paper layout of a DXF. Each foreign
format has one adapter (`load_raster`, `load_pdf`, `load_dxf`) with the same small shape, `OpenFile`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from pid.drawing import Source
from pid.errors import InputError
from pid.sheet import Sheet

Kind = Literal["raster", "pdf", "dxf"]
_KINDS: dict[str, Kind] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"), "raster"),
    ".pdf": "pdf",
    ".dxf": "dxf",
}  # fmt: skip
SUFFIXES: tuple[str, ...] = tuple(_KINDS)


class OpenFile(Protocol):
    """A file held open by its adapter."""

    count: int
    """Number of pages, at least 1."""

    def load(self, page: int, *, source: Source) -> Sheet:
        """Read page 1..count; raises `InputError` for a page that cannot be read."""

    def close(self) -> None:
        """Let go of the file."""


def find_drawings(paths: Sequence[Path]) -> list[Path]:
    """Files as given and the drawings directly inside folders, sorted by name within a folder, each once.

    Raises:
        InputError: a path does not exist, a file is of no known kind, or a folder holds no drawings.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [p for p in _list_folder(path) if p.suffix.lower() in _KINDS and not p.name.startswith((".", "~"))]
            if not inside:
                raise InputError(f"{path} holds no drawings (looked for {', '.join(SUFFIXES)}).")
            found.update(dict.fromkeys(inside))
        else:
            _kind_of(path)
            found[path] = None
    return list(found)


def count_pages(path: Path) -> int:
    """Number of pages of a file."""
    with _opened(path) as file:
        return file.count


def load_page(path: Path, page: int) -> Sheet:
    """One page, counted from 1. Raises `InputError` for this page alone."""
    with _opened(path) as file:
        return _load(file, path, page, _sha256(path))


def load_sheets(
    path: Path, *, pages: Sequence[int] | None = None, on_error: Callable[[int, InputError], None] | None = None
) -> Iterator[Sheet]:
    """The pages of a file, each read when it is asked for.

    Args:
        path: PNG, JPG, TIFF, BMP, WEBP, PDF or DXF.
        pages: page numbers from 1; all of them by default.
        on_error: called with the number and error of a page that cannot be read, after which the next page follows;
            without it the error is raised.

    Raises:
        InputError: the file cannot be opened, or (without `on_error`) a page cannot be read.
    """
    with _opened(path) as file:
        sha256 = _sha256(path)
        for page in range(1, file.count + 1) if pages is None else pages:
            try:
                sheet = _load(file, path, page, sha256)
            except InputError as error:
                if on_error is None:
                    raise
                on_error(page, error)
            else:
                yield sheet
                del sheet  # the next page is read after this one has been let go


def _load(file: OpenFile, path: Path, page: int, sha256: str) -> Sheet:
    if not 1 <= page <= file.count:
        pages = "1 page" if file.count == 1 else f"{file.count} pages"
        raise InputError(f"{path.name} has {pages}; there is no page {page}.")
    return file.load(page, source=Source(name=path.name, sha256=sha256, page=page, kind=_kind_of(path)))


@contextmanager
def _opened(path: Path) -> Iterator[OpenFile]:
    kind = _kind_of(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if size == 0:
        raise InputError(f"{path.name} is empty.")
    file = _open(path, kind)
    try:
        yield file
    finally:
        file.close()


def _open(path: Path, kind: Kind) -> OpenFile:
    """Adapters are imported here: starting up without reading a file must not cost their libraries."""
    if kind == "pdf":
        from pid.document.load_pdf import PdfFile

        return PdfFile(path)
    if kind == "dxf":
        from pid.document.load_dxf import DxfFile

        return DxfFile(path)
    from pid.document.load_raster import RasterFile

    return RasterFile(path)


def _kind_of(path: Path) -> Kind:
    if not path.exists():
        raise InputError(f"{path} does not exist.")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a drawing.")
    suffix = path.suffix.lower()
    if suffix == ".dwg":
        raise InputError(f"{path.name} is a DWG file, which is not read; save it as DXF.")
    if suffix not in _KINDS:
        raise InputError(f"{path.name} is not of a kind that is read ({', '.join(SUFFIXES)}).")
    return _KINDS[suffix]


def _list_folder(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if p.is_file())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
