"""Who may do what. Each route says what it requires; one that says nothing answers nobody.

A *permission* is what a route requires and a token may be limited to (its *scopes*). A *role* is what a user has.
Beside both, a project is seen by its members and by administrators alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

from pid.web.models import Role

Permission = Literal["read", "edit", "estimate", "admin", "metrics"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
PUBLIC = "public"

GRANTED: dict[Role, frozenset[Permission]] = {
    "viewer": frozenset({"read"}),
    "reviewer": frozenset({"read", "edit"}),
    "estimator": frozenset({"read", "edit", "estimate"}),
    "admin": frozenset(PERMISSIONS),
}
F = TypeVar("F", bound=Callable[..., Any])
_MARK = "pid_permission"
_BODY = "pid_body"
JSON_BODY = "application/json"
UPLOAD_BODY = "multipart/form-data"


def requires(permission: Permission) -> Callable[[F], F]:
    """Say what a view requires of whoever calls it."""
    return _marking(_MARK, permission)


def public(view: F) -> F:
    """Say that a view answers everybody."""
    return _marking(_MARK, PUBLIC)(view)


def takes(content_type: str) -> Callable[[F], F]:
    """Say that a view's request body is of another type than JSON."""
    return _marking(_BODY, content_type)


def permission_of(view: Callable[..., Any] | None) -> str | None:
    """What a view requires; None where it says nothing."""
    return getattr(view, _MARK, None)


def body_type_of(view: Callable[..., Any] | None) -> str:
    """Content type of the bodies that a view takes."""
    return str(getattr(view, _BODY, JSON_BODY))


def _marking(name: str, value: str) -> Callable[[F], F]:
    def mark(view: F) -> F:
        setattr(view, name, value)
        return view

    return mark
