"""What stands before every route: permission, forged requests, sizes, types, rates; and headers on every answer."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import Response, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf import CSRFProtect

from pid.web.app_state import state
from pid.web.auth import actor, shows_token
from pid.web.config import Limits
from pid.web.permissions import PUBLIC, UPLOAD_BODY, Permission, body_type_of, permission_of
from pid.web.refusals import API_PREFIX, refusal

READING = ("GET", "HEAD", "OPTIONS")
YEAR_S = 365 * 24 * 3600
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page may load: what this service serves, and no script written into a page."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_csrf = CSRFProtect()


def register_security(app: APIFlask, limits: Limits) -> Limiter:
    """Put the checks before every request and the headers on every answer.

    Returns:
        The limiter, for routes that want narrower limits than writing in general.
    """
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=True)
    _csrf.init_app(app)
    app.before_request(_check_characters)
    app.before_request(_check_size)
    app.before_request(_check_permission)
    app.before_request(_check_content_type)
    app.before_request(_check_forgery)
    app.after_request(_add_headers)
    return Limiter(
        _caller,
        app=app,
        application_limits=[limits.writes],
        application_limits_exempt_when=lambda: request.method in READING,
        storage_uri="memory://",
        strategy="moving-window",
    )


def _caller() -> str:
    return f"user {current_user.id}" if current_user.is_authenticated else f"address {get_remote_address()}"


def _view_body_type() -> str:
    return body_type_of(current_app.view_functions.get(request.endpoint or ""))


def _check_characters() -> None:
    """Databases differ in what they do with a NUL character; here it never gets so far."""
    if "\0" in request.path or any("\0" in text for text in (*request.args, *request.args.values())):
        raise refusal(400, "The address holds a NUL character.")


def _check_size() -> None:
    """Refuse what is too long, and what does not say how long it is (the server below says it of chunked bodies)."""
    limits = state().config.limits
    request.max_content_length = limits.upload_bytes if _view_body_type() == UPLOAD_BODY else limits.json_bytes
    if request.content_length is None and "Transfer-Encoding" in request.headers:
        raise refusal(411, "Say how long the request is.")
    if request.content_length is not None and request.content_length > request.max_content_length:
        raise refusal(413, "The request is larger than what is taken.", most_bytes=request.max_content_length)


def _check_permission() -> None:
    if request.routing_exception is not None or request.endpoint is None:
        return
    needed = permission_of(current_app.view_functions[request.endpoint])
    if needed == PUBLIC or request.endpoint == "static":
        return
    if needed is None:
        current_app.logger.error("The route %s says not what it requires; it is shut.", request.endpoint)
        raise refusal(403, "This is open to nobody.")
    if not current_user.is_authenticated:
        bearer = {"WWW-Authenticate": "Bearer"} if request.path.startswith(API_PREFIX) else {}
        raise refusal(401, "Sign in, or send a valid token.", headers=bearer)
    check(needed)  # type: ignore[arg-type]  # what is not public is a permission


def check(permission: Permission) -> None:
    """Raise a refusal (403) unless whoever calls may do this."""
    if not actor().may(permission):
        raise refusal(403, f"This needs the permission {permission!r}.", needed=permission)


def _check_content_type() -> None:
    """A body must be of the type that the route reads: forms of other sites cannot send JSON."""
    if request.method in READING or not request.path.startswith(API_PREFIX) or request.routing_exception is not None:
        return
    wanted = _view_body_type()
    if request.content_length and request.mimetype != wanted:
        raise refusal(415, f"The body must be {wanted}.", wanted=wanted)


def _check_forgery() -> None:
    """A browser's cookie alone changes nothing: a page of ours must have sent the request."""
    if request.method in READING or request.routing_exception is not None or shows_token(request):
        return
    if request.endpoint in UNFORGEABLE:
        return
    _csrf.protect()


UNFORGEABLE = frozenset({"account.sign_in_by_password"})
"""Takes JSON only, which no other site's page can send without being allowed to, and uses no cookie."""


def _add_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    policy = {**POLICY, **g.get("policy", {})}
    answer.headers.setdefault("Content-Security-Policy", "; ".join(f"{k} {v}" for k, v in policy.items()))
    if state().config.https:
        answer.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_S}")
    if "Cache-Control" not in answer.headers and request.endpoint != "static":
        answer.headers["Cache-Control"] = "no-store"
    return answer


def limit_view(app: APIFlask, limiter: Limiter, endpoint: str, rate: str) -> None:
    """Hold a view to a rate of its own."""
    view: Any = limiter.limit(rate)(app.view_functions[endpoint])
    app.view_functions[endpoint] = view
