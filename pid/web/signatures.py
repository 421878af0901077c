"""Whether a file is what its name says, by its first bytes: the rest is for the worker, which may die of it."""

from __future__ import annotations

from pid.document.load import SUFFIXES
from pid.errors import InputError

HEAD_BYTES = 1024
_STARTS: dict[str, tuple[bytes, ...]] = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".bmp": (b"BM",),
    ".webp": (b"RIFF",),
}
_PICTURES = tuple({start for starts in _STARTS.values() for start in starts})
_FOREIGN = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"MZ", b"\x7fELF", b"AC10", b"AC1.")
"""Archives, programs and DWG."""


def check_signature(name: str, head: bytes) -> None:
    """Raise `InputError` where the first bytes of a file do not go with the ending of its name.

    A picture of another kind than its name says is read all the same, as many programs mix them up.
    """
    suffix = "." + name.rpartition(".")[2].lower()
    if suffix not in SUFFIXES or not head:
        return  # the store names what is read, and empty files
    if head.startswith(_FOREIGN):
        raise InputError(f"{name} is an archive, a program or a DWG file, whatever its name says.")
    if suffix in _STARTS and not head.startswith(_PICTURES):
        raise InputError(f"{name} is not a picture that can be read, whatever its name says.")
    if suffix == ".pdf" and b"%PDF-" not in head:
        raise InputError(f"{name} is not a PDF file, whatever its name says.")
