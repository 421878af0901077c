"""Who is calling: a browser by its session, a program by its token. Passwords, sessions, tokens, one-time links.

A request that shows a token is judged by it alone; its cookies count for nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Request, session
from flask_login import LoginManager, current_user, login_user, logout_user

from pid.errors import InputError
from pid.web.app_state import state, store
from pid.web.models import User
from pid.web.permissions import GRANTED, Permission
from pid.web.refusals import refusal
from pid.web.store_errors import NotFoundError

SESSION, TOKEN = "session", "token"
TOKEN_PREFIX = "pid_"
LINK_SECONDS = 15 * 60
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1000
_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory (64 MiB)
_UNKNOWN = _hasher.hash(secrets.token_urlsafe())
"""Compared with where there is no such user, so that names cannot be told by the time of the answer."""


@dataclass(frozen=True)
class Actor:
    """A user at work, and what the way in allows. Flask-Login's idea of a user."""

    user: User
    via: str = SESSION
    scopes: frozenset[str] | None = None
    """What a token is limited to; None: all that the role may do."""

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""
        return self.user.active

    @property
    def id(self) -> str:
        """Id of the user."""
        return self.user.id

    @property
    def name(self) -> str:
        """Name of the user: what revisions and the audit are signed with."""
        return self.user.name

    @property
    def is_admin(self) -> bool:
        """Whether every project is open."""
        return self.user.role == "admin"

    def get_id(self) -> str:
        """What the session keeps: it ends when the password changes."""
        return f"{self.user.id}.{_stamp(self.user)}"

    def may(self, permission: Permission) -> bool:
        """Whether role and token allow it."""
        return permission in GRANTED[self.user.role] and (self.scopes is None or permission in self.scopes)


def actor() -> Actor:
    """Whoever is calling; only for routes that require something."""
    return cast(Actor, current_user._get_current_object())


def register_auth(app: Flask) -> None:
    """Load users of sessions and of tokens."""
    manager = LoginManager()
    manager.session_protection = None  # tablets change networks; the cookie is HttpOnly and signed
    manager.init_app(app)
    manager.user_loader(_from_session)
    manager.request_loader(_from_token)


def _from_session(known: str) -> Actor | None:
    from flask import request

    if shows_token(request):
        return _from_token(request)
    user_id, _, stamp = known.partition(".")
    try:
        user = store().user(user_id)
    except NotFoundError:
        return None
    return Actor(user) if user.active and secrets.compare_digest(stamp, _stamp(user)) else None


def _from_token(request: Request) -> Actor | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return None
    token = store().token_by_hash(hash_token(secret.strip()))
    if token is None:
        return None
    user = store().user(token.user_id)
    return Actor(user, TOKEN, frozenset(token.scopes)) if user.active else None


def shows_token(request: Request) -> bool:
    """Whether a request wants to be judged by its Authorization header."""
    return "Authorization" in request.headers


def _stamp(user: User) -> str:
    return hashlib.sha256((user.password_hash or "").encode()).hexdigest()[:16]


def hash_password(password: str) -> str:
    """Argon2id of a password. Raises `InputError` for one that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return _hasher.hash(password)


def sign_in(name: str, password: str) -> Actor:
    """Begin a session. Raises a refusal (401) where name and password do not belong together."""
    user = store().user_by_name(name)
    known = user.password_hash if user is not None and user.password_hash else _UNKNOWN
    try:
        _hasher.verify(known, password[:LONGEST_PASSWORD])
        right = user is not None and user.password_hash is not None and user.active
    except (VerificationError, InvalidHashError):
        right = False
    if not right or user is None:
        store().note(name[:200], "sign-in refused", "", {})
        raise refusal(401, "Name and password do not belong together.", code="wrong-password")
    if _hasher.check_needs_rehash(known):
        user = store().change_user(user.id, password_hash=_hasher.hash(password))
    return begin_session(user)


def begin_session(user: User) -> Actor:
    """Let a user in by a session of their own: what an earlier one held is forgotten."""
    session.clear()
    new = Actor(user)
    login_user(new)
    session.permanent = True
    store().note(user.name, "signed in", user.id, {})
    return new


def end_session() -> None:
    """Sign out."""
    logout_user()
    session.clear()


def new_token() -> tuple[str, str]:
    """A fresh token to be shown once, and the hash of it that is kept."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return secret, hash_token(secret)


def hash_token(secret: str) -> str:
    """Hash of a token: it is random and long, so that a plain hash does."""
    return hashlib.sha256(secret.encode()).hexdigest()


class SignInLinks:
    """Links that sign a user in once, for a short time; kept in memory alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, tuple[str, float]] = {}

    def new(self, user_id: str) -> str:
        """A code for a user."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._open[hash_token(code)] = user_id, self._clock() + LINK_SECONDS
        return code

    def use(self, code: str) -> str | None:
        """The user whom a code lets in, the first time that it is shown."""
        with self._lock:
            user_id, ends = self._open.pop(hash_token(code), ("", 0.0))
        return user_id if user_id and self._clock() < ends else None


def sign_in_by_link(code: str) -> Actor:
    """Begin a session by a one-time link. Raises a refusal (401) for one that is used or too old."""
    user_id = state().links.use(code)
    if user_id is None:
        raise refusal(401, "This sign-in link has been used or is too old: start `pid serve` again.", code="link-used")
    return begin_session(store().user(user_id))
