"""What the parts of a running service share, found through the Flask application at work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flask import current_app

from pid.web.config import WebConfig

if TYPE_CHECKING:
    from pid.web.auth import SignInLinks
    from pid.web.jobs import Workers
    from pid.web.store import Store

EXTENSION = "pid"


@dataclass
class AppState:
    """The configuration, the store, and what is kept in memory only."""

    config: WebConfig
    store: Store
    links: SignInLinks
    workers: Workers | None
    """What reads the drawings, where that is this process's affair."""
    waiting: threading.BoundedSemaphore
    """Held by requests that wait for a recognition."""
    answering: set[tuple[str, str]] = field(default_factory=set)
    """User and idempotency key of the requests at work."""
    answering_lock: threading.Lock = field(default_factory=threading.Lock)


def state() -> AppState:
    """The state of the application that handles the request."""
    return cast(AppState, current_app.extensions[EXTENSION])


def store() -> Store:
    """The store of the application that handles the request."""
    return state().store


def wake_workers() -> None:
    """Say that there is a new job."""
    workers = state().workers
    if workers is not None:
        workers.wake()
