"""What the service writes down while it runs: one JSON object a line, one line a request, with its number."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from datetime import UTC, datetime

from apiflask import APIFlask
from flask import Response, g, has_request_context, request
from flask_login import current_user

access_log = logging.getLogger("pid.web.access")
REQUEST_HEADER = "X-Request-Id"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, with the request that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if has_request_context() and "request" not in line:
            line["request"] = g.get("request_id", "")
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def write_json_logs(level: int = logging.INFO) -> None:
    """Send all logs of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def register_logs(app: APIFlask) -> None:
    """Give each request a number and write a line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()


def _end(answer: Response) -> Response:
    answer.headers[REQUEST_HEADER] = g.request_id
    seconds = time.perf_counter() - g.started
    secret = "code" in (request.view_args or {})
    path = str(request.url_rule) if secret else request.path  # a sign-in link's code is nobody's to read
    fields = {
        "request": g.request_id,
        "method": request.method,
        "path": path,
        "route": str(request.url_rule or ""),
        "status": answer.status_code,
        "ms": round(1000 * seconds, 1),
        "user": current_user.name if current_user and current_user.is_authenticated else None,
        "address": request.remote_addr,
    }
    access_log.info("%s %s %s", request.method, path, answer.status_code, extra={"fields": fields})
    return answer
