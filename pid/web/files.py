"""Files by key, on disk or in an S3-compatible store.

Uploads and pictures lie under the hash of their content (``ab/abcdef...``), so that none is stored twice and none ever
changes. What is made from them and can be made again (tiles) lies under keys that the maker names. When `put` or
`write` returns, the file is durable. Keys never contain anything that a user typed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from pid.errors import InputError

CHUNK = 1 << 20
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True)
class StoredFile:
    """What `put` has kept: its key, hash and size in bytes."""

    key: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ListedFile:
    """A key and when it was last written."""

    key: str
    modified: datetime


class Files(Protocol):
    """A place for files."""

    url: str

    def put(self, data: bytes | Path | BinaryIO, *, limit: int | None = None) -> StoredFile:
        """Keep content under its hash; durable on return. Raises `InputError` beyond `limit` bytes."""

    def write(self, key: str, data: bytes) -> None:
        """Keep content under a key of the caller's; durable on return."""

    def read(self, key: str) -> bytes:
        """The content; raises `FileNotFoundError`."""

    def open(self, key: str) -> BinaryIO:
        """The content as a stream; raises `FileNotFoundError`."""

    def local(self, key: str) -> AbstractContextManager[Path]:
        """The content as a file on this machine, for the time of the block; not to be changed."""

    def list(self, prefix: str = "") -> Iterator[ListedFile]:
        """Everything whose key starts so."""

    def remove(self, key: str) -> None:
        """Forget a file; none there is fine."""

    def drop_drafts(self, before: datetime) -> None:
        """Remove what is left of uploads that broke off before a time."""


def open_files(url: str) -> Files:
    """The place of files that a URL names: ``file:///folder`` or ``s3://bucket/prefix``."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc:
        return DiskFiles(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        from pid.web.files_s3 import S3Files

        return S3Files(parts.netloc, parts.path.strip("/"))
    raise InputError(f"{url} names no place for files (file:///FOLDER or s3://BUCKET/PREFIX).")


def check_key(key: str) -> str:
    """The key, if it is one: parts of plain characters that do not start with a dot."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of a file: {key!r}")
    return key


def content_key(sha256: str) -> str:
    """Where content with this hash lies."""
    return f"{sha256[:2]}/{sha256}"


def copy_hashed(data: bytes | Path | BinaryIO, target: BinaryIO, *, limit: int | None) -> StoredFile:
    """Copy into an open file and say what it was."""
    with _opened(data) as source:
        digest, size = hashlib.sha256(), 0
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if limit is not None and size > limit:
                raise InputError(f"The file is larger than {limit / 1e6:.0f} MB, the most that is taken.")
            digest.update(chunk)
            target.write(chunk)
    return StoredFile(content_key(digest.hexdigest()), digest.hexdigest(), size)


def _opened(data: bytes | Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    if isinstance(data, bytes):
        return BytesIO(data)
    if isinstance(data, Path):
        return data.open("rb")
    return nullcontext(data)


class DiskFiles:
    """Files in a folder. A file is written beside its place, forced to disk, and moved there."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.url = self._root.as_uri()
        self._drafts = self._root / ".drafts"
        self._drafts.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes | Path | BinaryIO, *, limit: int | None = None) -> StoredFile:
        """See `Files`."""
        with self._draft() as (draft, stream):
            stored = copy_hashed(data, stream, limit=limit)
            place = self._path(stored.key)
            if _touch(place):
                return stored
            self._publish(draft, stream, place)
        return stored

    def write(self, key: str, data: bytes) -> None:
        """See `Files`."""
        with self._draft() as (draft, stream):
            stream.write(data)
            self._publish(draft, stream, self._path(key))

    def read(self, key: str) -> bytes:
        """See `Files`."""
        return self._path(key).read_bytes()

    def open(self, key: str) -> BinaryIO:
        """See `Files`."""
        return self._path(key).open("rb")

    def local(self, key: str) -> AbstractContextManager[Path]:
        """See `Files`."""
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        return nullcontext(path)

    def list(self, prefix: str = "") -> Iterator[ListedFile]:
        """See `Files`."""
        folder = self._path(prefix.rpartition("/")[0]) if "/" in prefix else self._root
        for parent, names, files in os.walk(folder):
            names[:] = [name for name in names if not name.startswith(".")]
            for name in files:
                path = Path(parent, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    yield ListedFile(key, datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def remove(self, key: str) -> None:
        """See `Files`."""
        self._path(key).unlink(missing_ok=True)

    def drop_drafts(self, before: datetime) -> None:
        """See `Files`."""
        for draft in self._drafts.iterdir():
            with suppress(FileNotFoundError):  # it has become a file in this moment
                if datetime.fromtimestamp(draft.stat().st_mtime, UTC) < before:
                    draft.unlink()

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    @contextmanager
    def _draft(self) -> Iterator[tuple[Path, BinaryIO]]:
        handle, name = tempfile.mkstemp(dir=self._drafts)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield Path(name), stream
        finally:
            Path(name).unlink(missing_ok=True)

    def _publish(self, draft: Path, stream: BinaryIO, place: Path) -> None:
        stream.flush()
        os.fsync(stream.fileno())
        if not place.parent.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(place.parent.parent)
        draft.replace(place)
        _sync_folder(place.parent)


def _touch(path: Path) -> bool:
    """Whether the file is there; it counts as just written then, so that no sweep takes it."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder of one's own for the time of the block."""
    folder = Path(tempfile.mkdtemp(prefix="pid-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
