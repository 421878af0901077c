"""Every route for every caller, from the application's own list of routes: permission, membership, shape of errors."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from pid.web.app import create_app
from pid.web.config import Limits, WebConfig
from pid.web.models import ROLES
from pid.web.permissions import GRANTED, PERMISSIONS, PUBLIC, UPLOAD_BODY, body_type_of, permission_of

from .serving import Service, png, start_service

NOBODY = "0" * 32
BOX = [10, 10, 50, 50]
BODIES: dict[str, dict[str, Any]] = {
    "account.sign_in_by_password": {"name": "x", "password": "y"},
    "account.add_token": {"name": "x", "scopes": ["read"]},
    "projects.add_project": {"name": "x"},
    "projects.change_project": {},
    "projects.add_member": {"user": NOBODY},
    "documents.change_page": {"reviewed": True},
    "drawings.edit_drawing": {"base": 1, "operations": []},
    "drawings.restore_revision": {"base": 1},
    "comparing.compare": {"old": "PAGE", "new": "PAGE"},
    "comparing.compare_as_workbook": {"old": "PAGE", "new": "PAGE"},
    "comparing.compare_as_picture": {"old": "PAGE", "new": "PAGE"},
    "teaching.teach": {"name": "x", "box": BOX},
    "teaching.find": {"name": "x"},
    "hooks.add_hook": {"url": "https://example.com", "events": ["*"]},
    "administration.add_user": {"name": "x", "password": "a long password", "role": "viewer"},
    "administration.change_user": {},
    "administration.put_setting": {"value": None},
}
QUERIES = {"pictures.get_crop": "box=0,0,10,10"}
STRICTER = {"administration.put_setting": "admin", "jobs.list_jobs": "admin"}
"""Routes that ask for more where neither a project nor a document is named, as here."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def every_route() -> Iterator[Any]:
    """Rule and method of all routes but files of the package."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(WebConfig(Path(folder)))
        for rule in app.url_map.iter_rules():
            if rule.endpoint != "static":
                for method in sorted((rule.methods or set()) & set(METHODS)):
                    yield pytest.param(rule, method, id=f"{method} {rule.rule}")
        app.extensions["pid"].store.close()


ROUTES = list(every_route())
API_ROUTES = [param for param in ROUTES if param.values[0].rule.startswith("/api/")]
OWNED = [p for p in ROUTES if re.search(r":(project|page|document|job|hook)_id>", p.values[0].rule)]


class World:
    """A service with one of everything, and the ids of it."""

    def __init__(self, folder: Path) -> None:
        self.service: Service = start_service(folder)
        document, page = self.service.add_page()
        store = self.service.store
        hook = store.add_hook(self.service.project.id, "https://example.com", "secret", ["*"])
        job = store.last_jobs([document.id])[document.id]
        self.ids = {
            "project_id": self.service.project.id, "page_id": page.id, "document_id": document.id, "job_id": job.id,
            "hook_id": hook.id, "user_id": self.service.users["viewer"].id,
            "token_id": store.tokens(self.service.users["viewer"].id)[0].id,
        }  # fmt: skip

    def send(self, rule: Rule, method: str, *, by: str | None, real: bool = True, **options: Any) -> TestResponse:
        """Ask a route with a body that suits it, about things that are there (`real`) or are not."""
        page = self.ids["page_id"] if real else NOBODY
        values = {name: self._value(name, real) for name in rule.arguments}
        if "name" in values:
            values["name"] = "dxf" if rule.endpoint == "exports.get_export" else "thresholds"
        with self.service.app.test_request_context():
            path = rule.build(values, append_unknown=False)
        assert path is not None
        if rule.endpoint in BODIES and "json" not in options and "data" not in options:
            body = BODIES[rule.endpoint]
            options["json"] = {k: page if v == "PAGE" else v for k, v in body.items()}
        elif body_type_of(self.view(rule)) == UPLOAD_BODY and "data" not in options and method == "POST":
            options["data"] = {"files": (io.BytesIO(png()), "a.png")}
        headers = options.pop("headers", {})
        if by is not None:
            headers["Authorization"] = f"Bearer {self.service.tokens[by]}"
        client = self.service.app.test_client(use_cookies=False)
        return client.open(path[1], method=method, query_string=QUERIES.get(rule.endpoint), headers=headers, **options)

    def view(self, rule: Rule) -> Any:
        return self.service.app.view_functions[rule.endpoint]

    def _value(self, name: str, real: bool) -> object:
        fixed = {"zoom": 0, "column": 0, "row": 0, "number": 1, "code": "en", "section": "tokens", "name": ""}
        if name in fixed:
            return fixed[name]
        return self.ids[name] if real else NOBODY


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.service.store.close()


def is_error(answer: TestResponse, status: int | None = None) -> None:
    """Assert that an answer has the one shape of errors."""
    if status is not None:
        assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    assert set(answer.json) == {"error"}
    error = answer.json["error"]
    assert set(error) == {"code", "message", "details"}
    assert re.fullmatch(r"[a-z][a-z-]*", error["code"])
    assert error["message"].endswith((".", "!", "?"))
    assert isinstance(error["details"], dict)


def is_api(rule: Rule) -> bool:
    return rule.rule.startswith("/api/") or rule.rule in ("/metrics", "/healthz")


@pytest.mark.parametrize(("rule", "method"), ROUTES)
def test_a_route_says_what_it_requires(world: World, rule: Rule, method: str) -> None:
    needed = permission_of(world.view(rule))
    assert needed in (*PERMISSIONS, PUBLIC)
    assert needed != PUBLIC or method == "GET" or rule.endpoint == "account.sign_in_by_password"


@pytest.mark.parametrize(("rule", "method"), ROUTES)
def test_nobody_comes_in_without_signing_in(world: World, rule: Rule, method: str) -> None:
    for headers in ({}, {"Authorization": "Bearer pid_nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = world.send(rule, method, by=None, headers=headers)
        if permission_of(world.view(rule)) == PUBLIC:
            assert answer.status_code not in (403, 500)
        elif is_api(rule):
            is_error(answer, 401)
        else:
            assert answer.status_code == 302
            assert answer.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("rule", "method"), ROUTES)
def test_a_role_may_what_it_is_granted_and_nothing_else(world: World, rule: Rule, method: str, role: Any) -> None:
    needed = STRICTER.get(rule.endpoint, permission_of(world.view(rule)))
    granted = needed == PUBLIC or needed in GRANTED[role]
    answer = world.send(rule, method, by=role, real=not granted)  # what is granted is tried on what is not there
    if granted:
        assert answer.status_code not in (403, 500), answer.text
        assert answer.status_code != 401 or rule.endpoint == "account.sign_in_by_password" or "code" in rule.arguments
    else:
        assert answer.status_code == 403, answer.text
        if is_api(rule):
            is_error(answer)


@pytest.mark.parametrize(("rule", "method"), OWNED)
def test_a_project_does_not_exist_for_strangers(world: World, rule: Rule, method: str) -> None:
    needed = permission_of(world.view(rule))
    answer = world.send(rule, method, by="stranger")
    assert answer.status_code == (404 if needed in GRANTED["estimator"] else 403), answer.text
    if is_api(rule):
        is_error(answer)
        assert world.service.project.name not in answer.text


def test_strangers_compare_nothing_of_others(world: World) -> None:
    pair = {"old": world.ids["page_id"], "new": world.ids["page_id"]}
    for ending in ("", ".xlsx", ".png"):
        is_error(world.service.call("POST", f"/compare{ending}", json=pair, by="stranger"), 404)
    for query in ({"project": world.ids["project_id"]}, {"document": world.ids["document_id"]}):
        is_error(world.service.call("GET", "/jobs", query_string=query, by="stranger"), 404)
    for path in ("/settings/rules", "/settings/prices"):
        is_error(world.service.call("GET", path, query_string={"project": world.ids["project_id"]}, by="stranger"), 404)
    assert world.service.call("GET", "/projects", by="stranger").json["items"] == []


@pytest.mark.parametrize("scope", PERMISSIONS)
@pytest.mark.parametrize(("rule", "method"), API_ROUTES)
def test_a_token_may_no_more_than_its_scope(world: World, rule: Rule, method: str, scope: str) -> None:
    from pid.web.auth import hash_token

    secret = f"pid_{scope}"
    store = world.service.store
    if store.token_by_hash(hash_token(secret)) is None:
        store.add_token(world.service.users["admin"].id, scope, [scope], hash_token(secret))
    world.service.tokens["scoped"] = secret
    needed = permission_of(world.view(rule))
    if needed in (PUBLIC, scope):
        return
    is_error(world.send(rule, method, by="scoped"), 403)


@pytest.mark.parametrize(("rule", "method"), API_ROUTES)
def test_what_is_not_there_is_said_in_the_one_shape(world: World, rule: Rule, method: str) -> None:
    answer = world.send(rule, method, by="admin", real=False)
    if answer.status_code >= 400:
        is_error(answer)
    else:
        assert not set(rule.arguments) - {"name"}, f"{rule} answers {answer.status_code} on what is not there"


@pytest.mark.parametrize(("rule", "method"), API_ROUTES)
def test_wrong_methods_and_bodies_are_said_in_the_one_shape(world: World, rule: Rule, method: str) -> None:
    is_error(world.send(rule, "TRACE", by="admin", real=False), 405)
    if rule.endpoint in BODIES:
        is_error(world.send(rule, method, by="admin", data="a=1", content_type="text/plain"), 415)
        is_error(world.send(rule, method, by="admin", data="{", content_type="application/json"), 400)
        is_error(world.send(rule, method, by="admin", json=[1, 2]), 422)
        is_error(world.send(rule, method, by="admin", json={"what": "nonsense"}), 422)


@pytest.mark.parametrize(("rule", "method"), API_ROUTES)
def test_a_failure_is_said_in_the_one_shape_and_tells_nothing(
    world: World, rule: Rule, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("the secret place")

    monkeypatch.setitem(world.service.app.view_functions, rule.endpoint, world.view(rule))
    view = world.view(rule)
    fail.pid_permission, fail.pid_body = permission_of(view), body_type_of(view)  # type: ignore[attr-defined]
    monkeypatch.setitem(world.service.app.view_functions, rule.endpoint, fail)
    answer = world.send(rule, method, by="admin", real=False)
    is_error(answer, 500)
    assert "secret" not in answer.text
    assert answer.json["error"]["details"]["request"] == answer.headers["X-Request-Id"]


def test_too_much_is_said_in_the_one_shape(tmp_path: Path) -> None:
    limits = Limits(
        json_bytes=100, upload_bytes=20_000, file_bytes=2000, writes="4 per minute", sign_ins="2 per minute"
    )
    service = start_service(tmp_path, limits=limits)
    is_error(service.call("POST", "/projects", json={"name": "x" * 200}), 413)
    path = f"/projects/{service.project.id}/documents"
    endless = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    body = {"input_stream": io.BytesIO(b"{" + b" " * 5000), "content_type": "application/json"}
    is_error(service.call("POST", "/projects", environ_overrides=endless, by="reviewer", **body), 411)
    is_error(service.call("POST", path, data={"files": (io.BytesIO(b"x" * 30_000), "a.png")}), 413)
    is_error(service.call("POST", path, data={"files": (io.BytesIO(png((400, 9)) + b"0" * 3000), "a.png")}), 422)
    for _ in range(4):
        answer = service.call("POST", "/projects", json={"name": "y"})
    is_error(answer, 429)
    for _ in range(3):
        answer = service.call("POST", "/sign-in", json={"name": "y", "password": "z"}, by=None)
    is_error(answer, 429)


def test_a_route_that_requires_nothing_is_shut(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.app.add_url_rule("/api/v1/forgotten", "forgotten", lambda: "open")
    is_error(service.call("GET", "/forgotten"), 403)
