"""What a running service is told: where things are kept, who may come in, how much is taken."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

SECRET_BYTES = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Limits:
    """How much a request may bring and ask."""

    file_bytes: int = 300_000_000
    """Of one uploaded file."""
    upload_bytes: int = 2_000_000_000
    """Of one upload of many files."""
    files: int = 200
    """In one upload."""
    json_bytes: int = 32_000_000
    """Of any other request: the operations of one edit, a price book."""
    waiting_jobs: int = 20_000
    """Uploads are refused for the time being while more jobs than this wait."""
    wait_seconds: float = 60.0
    """An upload may wait so long for its drawings."""
    waiting_requests: int = 3
    """So many uploads may wait at one time: each holds a thread of the server."""
    sign_ins: str = "10 per minute; 100 per hour"
    """Attempts from one address."""
    writes: str = "600 per minute"
    """Changes by one user or address."""


@dataclass(frozen=True)
class WebConfig:
    """How to run the service.

    Attributes:
        data: folder of all that is kept where `database_url` and `files_url` say nothing else.
        database_url: SQLite in `data` by default.
        files_url: a folder in `data` by default.
        hosts: names under which the service answers; any where none is given.
        https: whether browsers reach the service by https: cookies are then sent on no other way.
        proxies: how many reverse proxies stand before the service, whose ``X-Forwarded-*`` headers are believed.
        hook_addresses: networks inside the house (CIDR) that web hooks may call though they are private.
        limits: how much is taken.
    """

    data: Path
    database_url: str = ""
    files_url: str = ""
    hosts: tuple[str, ...] = ()
    https: bool = False
    proxies: int = 0
    hook_addresses: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def database(self) -> str:
        """URL of the database."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'pid.sqlite'}"

    @property
    def files(self) -> str:
        """URL of the place of files."""
        return self.files_url or (self.data.resolve() / "files").as_uri()


def secret_key(data: Path) -> bytes:
    """The key that signs sessions: made once, readable by its owner alone."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "secret-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(SECRET_BYTES)
        file.write(key)
    return key
