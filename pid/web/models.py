"""The tables of the store, as SQLAlchemy 2 classes.

A *project* holds *documents* (uploaded files), a document holds *pages* (sheets), a page holds *revisions* (drawings,
numbered from 1, none ever changed). A *job* is one recognition of a document, or of one of its pages again. Ids are
random hex strings; names of files are shown and never used as paths. Times are UTC and know it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

Role = Literal["viewer", "reviewer", "estimator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""In this order: each may do what those before it may."""

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
JOB_STATES: tuple[JobState, ...] = get_args(JobState)

RECOGNITION = "recognition"
"""Author of what the machine read."""


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no time zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database, as UTC."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out of the database, as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """A random id, safe in a URL."""
    return uuid.uuid4().hex


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Table(DeclarativeBase):
    """All tables; constraints have names so that later migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (read by SQLAlchemy)
        datetime: UtcTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[dict[str, Any]]: JSON(),
        Role: String(16),
        JobState: String(16),
    }


def _owner(column: str) -> Mapped[str]:
    """A reference to what a row belongs to and goes away with."""
    return mapped_column(ForeignKey(column, ondelete="CASCADE"), index=True)


class User(Table):
    """An account; `password_hash` is None where only links or tokens sign in."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    role: Mapped[Role]
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=utc_now)


class Member(Table):
    """A user who sees a project."""

    __tablename__ = "members"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class Token(Table):
    """A key for programs; only its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = _owner("users.id")
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]]
    hash: Mapped[str] = mapped_column(String(200), unique=True)
    created: Mapped[datetime] = mapped_column(default=utc_now)
    expires: Mapped[datetime | None]


class Project(Table):
    """A drawing set with its own members and thresholds (probabilities) for accepting and reviewing."""

    __tablename__ = "projects"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str | None] = mapped_column(String(200))
    accept_score: Mapped[float]
    review_score: Mapped[float]


class Document(Table):
    """An uploaded file. `name` is what the uploader called it; the bytes lie under `file_key`."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("project_id", "idempotency_key"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    project_id: Mapped[str] = _owner("projects.id")
    name: Mapped[str] = mapped_column(String(500))
    suffix: Mapped[str] = mapped_column(String(16))
    file_key: Mapped[str] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    page_count: Mapped[int | None]
    created: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str | None] = mapped_column(String(200))
    idempotency_key: Mapped[str | None] = mapped_column(String(300))


class Job(Table):
    """One recognition; `page_id` where only that page is to be read again.

    A running job is held by whoever knows its `lease`, until `lease_until`; each claim counts as a try.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "created"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    project_id: Mapped[str] = _owner("projects.id")
    document_id: Mapped[str] = _owner("documents.id")
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), index=True)
    state: Mapped[JobState] = mapped_column(default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(200))
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    stage: Mapped[str] = mapped_column(String(200), default="")
    share: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str | None] = mapped_column(Text)
    """One sentence for the user; of a finished job: what it had to leave out."""
    created: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str | None] = mapped_column(String(200))
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]


class Page(Table):
    """A sheet of a document; `number` counts from 1. `head` is its latest revision, 0 while it could not be read."""

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("document_id", "number"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    document_id: Mapped[str] = _owner("documents.id")
    number: Mapped[int]
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    image_key: Mapped[str | None] = mapped_column(String(200), index=True)
    thumbnail_key: Mapped[str | None] = mapped_column(String(200))
    tiles_key: Mapped[str | None] = mapped_column(String(200))
    annotated_key: Mapped[str | None] = mapped_column(String(200))
    head: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Elements of the head by part: symbols, lines, words, connections, tables, findings."""
    reviewed: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(Text)
    """Why the page could not be read, as one sentence."""
    document: Mapped[Document] = relationship(lazy="joined", innerjoin=True)


class Revision(Table):
    """A drawing as it was at one time. A job adds one revision to a page at most."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("page_id", "job_id"),)
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime] = mapped_column(default=utc_now)
    author: Mapped[str] = mapped_column(String(200))
    """Name of a user, or `RECOGNITION`."""
    note: Mapped[str] = mapped_column(Text, default="")
    operations: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    job_id: Mapped[str | None] = mapped_column(String(32))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The drawing's JSON, compressed by zlib."""


class AuditEntry(Table):
    """Who did what to what, when."""

    __tablename__ = "audit"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    created: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    user: Mapped[str] = mapped_column("user_name", String(200))
    action: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RememberedAnswer(Table):
    """What was answered to a request with an idempotency key."""

    __tablename__ = "remembered_answers"
    user_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    response: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class Hook(Table):
    """An address that is told of a project's events."""

    __tablename__ = "hooks"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    project_id: Mapped[str] = _owner("projects.id")
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]]
    created: Mapped[datetime] = mapped_column(default=utc_now)


class Delivery(Table):
    """An event on its way to a hook: written together with what it tells of, and tried again until it was sent."""

    __tablename__ = "deliveries"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    hook_id: Mapped[str] = _owner("hooks.id")
    event: Mapped[str] = mapped_column(String(100))
    body: Mapped[dict[str, Any]]
    tries: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime | None] = mapped_column(default=utc_now, index=True)
    """When to try next; None once it was sent or given up."""
    error: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(default=utc_now)
    hook: Mapped[Hook] = relationship(lazy="joined", innerjoin=True)


class Setting(Table):
    """A text by name, of a project or (with an empty `project_id`) of the whole installation."""

    __tablename__ = "settings"
    project_id: Mapped[str] = mapped_column(String(32), primary_key=True, default="")
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    changed: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
