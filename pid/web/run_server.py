"""`pid serve`: the application on a port, the workers beside it, and what must be done from time to time."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FrameType

import waitress
from sqlalchemy.exc import SQLAlchemyError

from pid.errors import InputError
from pid.web.app import create_app
from pid.web.app_state import EXTENSION
from pid.web.auth import hash_password
from pid.web.config import WebConfig
from pid.web.hook_sender import HookSender
from pid.web.jobs import Workers
from pid.web.logs import write_json_logs
from pid.web.models import Role, User
from pid.web.store import Store
from pid.web.store_errors import NameTakenError

LOCAL_USER = "local"
"""Whoever sits at the machine; has no password, comes in by the one-time link."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
SWEEP_EVERY_S = 3600.0
FORM_BYTES = 1_000_000
"""What a form adds to the files in it."""
SLOWEST_S = 120
"""A connection that is silent for so long is closed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listening:
    """Where the server listens, and how many requests it answers at one time."""

    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 12

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def address(self) -> str:
        """What a browser on this machine is given."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def add_account(config: WebConfig, name: str, password: str, role: Role) -> User:
    """Make an account, or give an existing one a new password and role. Raises `InputError`."""
    if not name.strip() or not name.isprintable():
        raise InputError("A user needs a name that can be shown.")
    store = Store(config.database, config.files)
    hashed = hash_password(password)
    try:
        user = store.add_user(name.strip(), hashed, role)
        store.note(LOCAL_USER, "user made", user.id, {"name": user.name, "role": role})
    except NameTakenError:
        known = store.user_by_name(name.strip())
        if known is None:
            raise
        user = store.change_user(known.id, password_hash=hashed, role=role, active=True)
        store.note(LOCAL_USER, "user changed", user.id, {"password": "set", "role": role})
    finally:
        store.close()
    return user


def serve(
    config: WebConfig,
    listening: Listening,
    *,
    make_workers: Callable[[Store], Workers | None],
    tell: Callable[[str], None],
) -> None:
    """Serve until a signal ends it.

    Args:
        config: how to run the service.
        listening: where.
        make_workers: makes what reads the drawings; None: others do (`pid serve` on another machine).
        tell: called with what a person should know: the address and, on this machine, the sign-in link.

    Raises:
        InputError: the address is open to others and nobody has an account, or it cannot be listened on.
    """
    store = Store(config.database, config.files)
    try:
        if listening.is_local:
            config = replace(config, hosts=config.hosts or LOCAL_NAMES)
        elif not _has_administrator(store):
            need = "so accounts are needed: pid serve --add-user NAME makes the first."
            raise InputError(f"{listening.host} is open to others, {need}")
        place = _bind(listening)
        try:
            workers = make_workers(store)
        except InputError:
            place.close()
            raise
    except InputError:
        store.close()
        raise
    app = create_app(config, store=store, workers=workers)
    server = waitress.create_server(
        app, sockets=[place], threads=listening.threads, ident=None, channel_timeout=SLOWEST_S,
        max_request_body_size=config.limits.upload_bytes + FORM_BYTES,
        clear_untrusted_proxy_headers=config.proxies == 0,
    )  # fmt: skip
    write_json_logs()
    tell(f"pid serves at {listening.address}")
    if listening.is_local:
        code = app.extensions[EXTENSION].links.new(_local_user(store).id)
        tell(f"Sign in once, within 15 minutes: {listening.address}/sign-in/{code}")
    hooks = HookSender(store, config.hook_addresses)
    _run(server, store, hooks, workers)


def _bind(listening: Listening) -> socket.socket:
    """The server's place. Raises `InputError` where it is taken, or not this machine's."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            listening.host.strip("[]"), listening.port, type=socket.SOCK_STREAM
        )[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(place)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise InputError(f"{listening.address} cannot be listened on: {error.strerror}.") from error
    return bound


def _run(server: waitress.server.BaseWSGIServer, store: Store, hooks: HookSender, workers: Workers | None) -> None:
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    sweeper = threading.Thread(target=_sweep, args=(store, stopping), name="pid-sweep", daemon=True)
    sweeper.start()
    hooks.start()
    if workers is not None:
        workers.start()
    try:
        server.run()  # ends at KeyboardInterrupt, when requests at work are answered
    finally:
        stopping.set()
        server.close()
        hooks.stop()
        if workers is not None:
            workers.stop()
        store.close()


def _sweep(store: Store, stopping: threading.Event) -> None:
    """Free the space of what was deleted, from time to time."""
    while not stopping.wait(SWEEP_EVERY_S):
        try:
            store.sweep_files()
        except (OSError, SQLAlchemyError):
            _log.exception("deleted files could not be swept")


def _has_administrator(store: Store) -> bool:
    return any(user.role == "admin" and user.active and user.password_hash for user in store.users())


def _local_user(store: Store) -> User:
    known = store.user_by_name(LOCAL_USER)
    return known if known is not None else store.add_user(LOCAL_USER, None, "admin")
