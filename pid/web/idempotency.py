"""The same request sent twice is done once: a client that got no answer sends it again with the same key.

``Idempotency-Key`` goes with any POST or PATCH of the API. The answer is kept for a day for this user and key; the same
key with another request is an error.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from apiflask import APIFlask
from flask import Response, g, request
from flask_login import current_user

from pid.web.app_state import state, store
from pid.web.auth import actor
from pid.web.refusals import API_PREFIX, refusal

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
LARGEST_ANSWER = 1_000_000
_SHORTEST_KEY = 1


def register_idempotency(app: APIFlask) -> None:
    """Look up the key before a route is entered, keep the answer after it was left."""
    app.before_request(_recall)
    app.after_request(_remember)
    app.teardown_request(lambda _error: _leave())


def idempotency_key() -> str | None:
    """The key that came with the request."""
    key: str | None = g.get("idempotency_key")
    return key


def _recall() -> Response | None:
    key = request.headers.get(HEADER)
    if key is None or request.method not in ("POST", "PATCH") or not request.path.startswith(API_PREFIX):
        return None
    if request.routing_exception is not None or not current_user.is_authenticated:
        return None
    if not _SHORTEST_KEY <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise refusal(400, f"{HEADER} has {_SHORTEST_KEY} to {LONGEST_KEY} characters that can be shown.")
    g.idempotency_hash = _request_hash()
    g.idempotency_user = actor().id  # who may have signed out when the answer is kept
    _enter(key)
    g.idempotency_key = key
    known = store().recall(key, actor().id)
    if known is None:
        return None
    if known.request_hash != g.idempotency_hash:
        raise refusal(409, f"The {HEADER} was used for another request.", code="key-used")
    g.idempotency_replayed = True
    answer = Response(known.response["body"], known.response["status"], mimetype="application/json")
    answer.headers["Idempotency-Replayed"] = "true"
    for name, value in known.response["headers"].items():
        answer.headers[name] = value
    return answer


def _enter(key: str) -> None:
    """Take the key, so that the same request does not run twice side by side."""
    running = g.idempotency_user, key
    with state().answering_lock:
        if running in state().answering:
            raise refusal(409, "A request with this key is being answered.", code="key-in-use")
        state().answering.add(running)
    g.idempotency_running = running


def _leave() -> None:
    running = g.pop("idempotency_running", None)
    if running is not None:
        with state().answering_lock:
            state().answering.discard(running)


def _remember(answer: Response) -> Response:
    key = idempotency_key()
    done = 200 <= answer.status_code < 300
    if key is None or not done or g.get("idempotency_replayed") or answer.direct_passthrough:
        return answer
    body = answer.get_data(as_text=True)
    if len(body) <= LARGEST_ANSWER:
        headers = {name: answer.headers[name] for name in ("ETag", "Location") if name in answer.headers}
        kept: dict[str, Any] = {"status": answer.status_code, "body": body, "headers": headers}
        store().remember(key, g.idempotency_user, g.idempotency_hash, kept)
    return answer


def _request_hash() -> str:
    """Of what is asked: a form is taken apart, as its boundaries differ from one sending to the next."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data(cache=True))
        return digest.hexdigest()
    digest.update(json.dumps(sorted(request.form.items(multi=True))).encode())
    for field, file in request.files.items(multi=True):
        digest.update(f"\n{field} {file.filename} ".encode())
        while chunk := file.stream.read(1 << 20):
            digest.update(chunk)
        file.stream.seek(0)
    return digest.hexdigest()
