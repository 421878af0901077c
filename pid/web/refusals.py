"""The one shape of an error, on every route: ``{"error": {"code", "message", "details"}}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, HTTPException, TooManyRequests

from pid.errors import InputError
from pid.web.edits import EditError
from pid.web.store_errors import NameTakenError, NotFoundError, RevisionConflict

log = logging.getLogger(__name__)

CODES: Mapping[int, str] = {
    400: "bad-request", 401: "sign-in-needed", 403: "forbidden", 404: "not-found", 405: "method-not-allowed",
    406: "not-acceptable", 408: "timeout", 409: "conflict", 411: "length-required", 412: "changed-meanwhile",
    413: "too-large", 414: "too-long", 415: "wrong-content-type", 422: "invalid", 428: "base-needed",
    429: "too-many-requests", 431: "too-large", 500: "internal-error", 501: "not-implemented", 503: "busy",
}  # fmt: skip
"""Codes of errors that name no better one themselves, by HTTP status."""
API_PREFIX = "/api/"
PLAIN_PATHS = ("/metrics", "/healthz")


def refusal(
    status: int, message: str, *, code: str = "", headers: Mapping[str, str] | None = None, **details: Any
) -> HTTPError:
    """An error to raise; `message` is one sentence for people, `details` are for programs."""
    extra = {"code": code or CODES[status]}
    return HTTPError(status, message, detail=details, headers=dict(headers or {}), extra_data=extra)


def error_body(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"code": code, "message": message, "details": details or {}}}


def wants_json() -> bool:
    """Whether whoever asks is a program: everything but the pages answers in JSON."""
    return request.path.startswith(API_PREFIX) or request.path in PLAIN_PATHS


def register_refusals(app: APIFlask) -> None:
    """Make every error of the application the one shape, or a page where a person asked for one."""

    @app.error_processor
    def _http_error(error: HTTPError) -> Response:
        code = error.extra_data.get("code") or CODES.get(error.status_code, "error")
        return _answer(error.status_code, code, _sentence(error.message), error.detail, Headers(error.headers))

    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(CSRFError, _from_csrf)
    app.register_error_handler(EditError, _from_edit)
    app.register_error_handler(InputError, lambda error: _answer(422, "unusable-input", str(error)))
    app.register_error_handler(NotFoundError, lambda error: _answer(404, CODES[404], "There is no such thing."))
    app.register_error_handler(NameTakenError, lambda error: _answer(409, "name-taken", str(error)))
    app.register_error_handler(RevisionConflict, _from_conflict)
    app.register_error_handler(Exception, _unforeseen)


def _sentence(message: str | None) -> str:
    text = message or ""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _from_werkzeug(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if error.response is not None and status < 400:  # a redirect that routing asks for
        return error.get_response()
    headers = Headers([h for h in error.get_headers() if h[0].lower() not in ("content-type", "content-length")])
    return _answer(status, CODES.get(status, "error"), _reason(error), headers=headers)


def _reason(error: HTTPException) -> str:
    """What an error of the framework means, in a sentence."""
    if isinstance(error, BadRequest) and request.is_json:
        return "The body is not JSON, or not such as is taken."
    if isinstance(error, TooManyRequests):
        return f"Too many requests: {error.description} are taken."
    return _sentence(error.description or error.name)


def _from_csrf(error: CSRFError) -> ResponseReturnValue:
    return _answer(400, "csrf", f"{error.description} Send the header X-CSRFToken, or use an API token.")


def _from_edit(error: EditError) -> ResponseReturnValue:
    return _answer(422, "unusable-operation", str(error), {"operation": error.index})


def _from_conflict(error: RevisionConflict) -> ResponseReturnValue:
    return _answer(409, "revision-conflict", str(error), {"base": error.base, "head": error.head})


def _unforeseen(error: Exception) -> ResponseReturnValue:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    message = "Something went wrong in the service. The log has it under the request's number."
    return _answer(500, CODES[500], message, {"request": g.get("request_id", "")})


def _answer(status: int, code: str, message: str, details: Any = None, headers: Headers | None = None) -> Response:
    if wants_json():
        answer = jsonify(error_body(code, message, details))
    elif status == 401:
        answer = Response(status=302)
        answer.location = url_for("pages.sign_in", next=request.full_path.rstrip("?"))
    else:
        answer = Response(render_template("error.html", status=status, message=message), mimetype="text/html")
    answer.status_code = 302 if answer.location else status
    answer.headers.update(headers or Headers())
    return answer
