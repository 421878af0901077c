"""The REST API under ``/api/v1``: one file a subject, each with a blueprint of its own."""

from __future__ import annotations

from apiflask import APIFlask
from werkzeug.routing import BaseConverter

PREFIX = "/api/v1"


class IdConverter(BaseConverter):
    """An id in a path; anything else is no route at all."""

    regex = "[A-Za-z0-9_-]{1,64}"


def register_api(app: APIFlask) -> None:
    """Add all routes of the API."""
    from pid.web.api import (
        account,
        administration,
        comparing,
        documents,
        drawings,
        estimates,
        exports,
        hooks,
        jobs,
        pictures,
        projects,
        teaching,
    )

    app.url_map.converters["id"] = IdConverter
    for module in (
        account, projects, documents, jobs, drawings, pictures, exports, estimates, comparing, teaching, hooks,
        administration,
    ):  # fmt: skip
        app.register_blueprint(module.routes, url_prefix=PREFIX)
