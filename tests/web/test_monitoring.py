"""What the service tells of itself: health, metrics, logs, and the description of its API."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from pid.web.logs import JsonFormatter
from pid.web.permissions import PUBLIC, permission_of

from .serving import Service, start_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return start_service(tmp_path)


def test_health_is_that_of_the_database(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    client = service.app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}

    def fail(*_args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(service.store, "job_counts", fail)
    assert client.get("/healthz").status_code == 503


def test_metrics_count_requests_by_route_and_jobs_by_state(service: Service) -> None:
    _, page = service.add_page()
    for _ in range(3):
        service.call("GET", f"/pages/{page.id}")
    service.call("BREW", "/nowhere")
    client = service.app.test_client()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {service.tokens['admin']}"})
    lines = answer.text.splitlines()
    route = "/api/v1/pages/<id:page_id>"
    assert f'pid_requests_total{{method="GET",route="{route}",status="200"}} 3.0' in lines
    assert 'pid_requests_total{method="other",route="none",status="404"} 1.0' in lines
    assert 'pid_jobs{state="done"} 1.0' in lines
    assert page.id not in answer.text
    assert client.get("/metrics", headers={"Authorization": f"Bearer {service.tokens['estimator']}"}).status_code == 403


def test_a_request_is_one_line_of_json(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="pid.web.access"):
        answer = service.call("GET", "/projects?limit=1", by="viewer")
        service.app.test_client().get("/sign-in/a-secret-code")
    lines = [json.loads(JsonFormatter().format(r)) for r in caplog.records if r.name == "pid.web.access"]
    first = {key: lines[0][key] for key in ("request", "method", "path", "status", "user")}
    assert first == {
        "request": answer.headers["X-Request-Id"], "method": "GET", "path": "/api/v1/projects", "status": 200,
        "user": "viewer",
    }  # fmt: skip
    assert "a-secret-code" not in json.dumps(lines)


def test_every_route_of_the_api_is_described(service: Service) -> None:
    spec = service.call("GET", "/openapi.json", by=None).json
    assert spec["openapi"].startswith("3.1")
    described = {(path, method.upper()) for path, item in spec["paths"].items() for method in item}
    hidden = {"/api/v1/openapi.json", "/api/v1/docs"}
    routes = {
        (rule.rule, method)
        for rule in service.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule not in hidden
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert len(described) == len(routes)
    for item in spec["paths"].values():
        for operation in item.values():
            assert operation["summary"]
            assert operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith(
                "ErrorBody"
            )
    names = set(spec["components"]["schemas"])
    assert not {name for name in names if "." in name}
    text = json.dumps(spec)
    assert {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]} <= names
    views = service.app.view_functions
    of_api = [rule.endpoint for rule in service.app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    public = {endpoint for endpoint in of_api if permission_of(views[endpoint]) == PUBLIC}
    assert public == {"account.sign_in_by_password", "documentation.description", "documentation.documentation"}


def test_the_page_of_the_api_loads_nothing_from_elsewhere(service: Service) -> None:
    client = service.app.test_client()
    page = client.get("/api/v1/docs")
    assert "http" not in page.text.replace("http-equiv", "")
    for path in ("vendor/swagger-ui/swagger-ui-bundle.js", "vendor/swagger-ui/swagger-ui.css", "js/api_docs.js"):
        assert path in page.text
        assert client.get(f"/static/{path}", buffered=True).status_code == 200
