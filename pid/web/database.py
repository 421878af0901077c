"""A database by URL: SQLite with a write-ahead log, or PostgreSQL; brought to the newest tables when it is opened.

SQLite: a transaction that writes takes the write lock when it begins (``BEGIN IMMEDIATE``). One that only wrote after
it had read could not upgrade when another had written in between, and would fail at once. ``synchronous``
is FULL, so that what was committed survives a power cut and not only a killed process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from pid.errors import InputError
from pid.web.models import Table, utc_now
from pid.web.store_errors import NotFoundError

Row = TypeVar("Row", bound=Table)

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another to finish."""

MIGRATION_LOCK = 0x7069_6421
"""Number of the lock under which one process at a time changes the tables of a PostgreSQL database."""

_WRITE_FIRST = "pid_write_first"


class Database:
    """An open database. May be used by many threads; not to be carried over a fork."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _open_engine(url)
        self._writer = self._engine.execution_options(**{_WRITE_FIRST: True})
        with self._writer.connect() as connection:
            _migrate(connection)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that writes nothing; rows stay readable after it."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed, durably, when the block ends without an error."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def _get(self, session: Session, table: type[Row], row_id: str, *, lock: bool = False) -> Row:
        """A row by id, held until the transaction ends with `lock`; raises `NotFoundError`."""
        row = session.get(table, row_id, with_for_update=True if lock else None)
        if row is None:
            raise NotFoundError(f"There is no {table.__name__.lower()} {row_id}.")
        return row

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def database_time(session: Session) -> datetime:
    """The database's clock: leases are compared by it, as the clocks of several machines differ."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    now = session.scalar(select(func.clock_timestamp()))
    assert isinstance(now, datetime)
    return now


def _open_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError(f"{url} is not the URL of a database (sqlite:///FILE or postgresql://HOST/NAME).") from error
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return _open_postgresql(parsed.set(drivername="postgresql+psycopg"))
    raise InputError(f"Databases of the kind {parsed.get_backend_name()} are not known; use sqlite or postgresql.")


def _open_postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise InputError("PostgreSQL needs psycopg: pip install 'pid-reader[postgres]'.") from error


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise InputError("A SQLite database must be a file (sqlite:///FILE): several processes work on it.")
    Path(url.database).resolve().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        first = connection.get_execution_options().get(_WRITE_FIRST, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if first else "BEGIN")

    return engine


def _migrate(connection: Connection) -> None:
    """Bring the tables up to date, one process at a time."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        command.upgrade(config, "head")
