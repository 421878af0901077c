"""Files for download, under names that people gave: a name is shown to a browser, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from flask import Response

MOST_NAME = 150


def download_headers(name: str) -> Mapping[str, str]:
    """``Content-Disposition`` of a download (RFC 6266): an ASCII name for old programs, the true one beside it.

    The policy keeps a file that a browser should show after all from running anything.
    """
    shown = re.sub(r'[\x00-\x1f\x7f/\\"]', "_", name)[-MOST_NAME:].lstrip(".") or "download"
    plain = re.sub(r"[^A-Za-z0-9._ ()+-]", "_", shown)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def stem(name: str) -> str:
    """The name without its ending."""
    return name.rpartition(".")[0] or name


def file_answer(data: bytes, kind: str, name: str) -> Response:
    """A file to be downloaded under a name."""
    answer = Response(data, mimetype=kind)
    answer.headers.update(download_headers(name))
    return answer
