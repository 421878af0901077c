"""``/healthz`` for whoever restarts the service, ``/metrics`` for Prometheus."""

from __future__ import annotations

import time

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from pid.web.app_state import store
from pid.web.models import JOB_STATES
from pid.web.permissions import public, requires
from pid.web.refusals import refusal

routes = APIBlueprint("monitoring", __name__, enable_openapi=False)
EXTENSION = "pid-metrics"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)


class Metrics:
    """Requests as they are answered, and the jobs by state at the time of asking."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("pid_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "pid_request_seconds", "Time to answer.", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self.jobs = Gauge("pid_jobs", "Jobs by state.", ("state",), registry=self.registry)


def register_monitoring(app: APIFlask) -> None:
    """Count requests and add both routes."""
    app.extensions[EXTENSION] = Metrics()
    app.register_blueprint(routes)
    app.after_request(_count)


@routes.get("/healthz")
@public
def health() -> ResponseReturnValue:
    """Whether the database answers."""
    try:
        store().job_counts()
    except SQLAlchemyError as error:
        current_app.logger.exception("the database does not answer")
        raise refusal(503, "The database does not answer.") from error
    return jsonify({"status": "ok"})


@routes.get("/metrics")
@requires("metrics")
def metrics() -> Response:
    """All metrics as Prometheus reads them; needs a token of the scope `metrics`."""
    kept = _metrics()
    counts = store().job_counts()
    for name in JOB_STATES:
        kept.jobs.labels(name).set(counts.get(name, 0))
    return Response(generate_latest(kept.registry), content_type=CONTENT_TYPE_LATEST)


def _metrics() -> Metrics:
    kept: Metrics = current_app.extensions[EXTENSION]
    return kept


def _count(answer: Response) -> Response:
    """Count by the route's rule, never by its path, which anybody can choose."""
    route = str(request.url_rule or "none")
    method = request.method if request.method in METHODS else "other"
    _metrics().requests.labels(method, route, str(answer.status_code)).inc()
    _metrics().seconds.labels(route).observe(time.perf_counter() - g.started)
    return answer
