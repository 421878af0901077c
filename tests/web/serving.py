"""A service for tests: its application on a store of its own, users of every role, a project with a drawing."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Word
from pid.web.app import create_app
from pid.web.auth import hash_password, new_token
from pid.web.config import Limits, WebConfig
from pid.web.models import ROLES, Document, Page, Project, Role, User
from pid.web.permissions import PERMISSIONS
from pid.web.store import PageResult, Store

API = "/api/v1"
PASSWORD = "a long password"
SHEET = (800, 600)


@cache
def _password_hash() -> str:
    """Hashing is slow on purpose; once is enough here."""
    return hash_password(PASSWORD)


def small_drawing() -> Drawing:
    """Two valves and a pump on a pipe, tags read, on a sheet of `SHEET` pixels."""

    def symbol(name: str, kind: str, group: Any, x: float, tag: str) -> Symbol:
        box = (x, 300.0, x + 40, 340.0)
        return Symbol(id=name, kind=kind, group=group, box=box, tag=tag, score=0.7, found_by=("shape",))

    def line(name: str, x0: float, x1: float) -> Line:
        return Line(id=name, points=((x0, 320.0), (x1, 320.0)), line_number='6"-P-1001-A1A', score=0.8)

    return Drawing(
        source=Source(name="plant.png", sha256="0" * 64),
        sheet=SheetInfo(width=SHEET[0], height=SHEET[1], px_per_mm=4.0),
        symbols=(
            symbol("s1", "gate_valve", "valve", 100, "HV-101"),
            symbol("s2", "centrifugal_pump", "pump", 300, "P-101"),
            symbol("s3", "gate_valve", "valve", 500, "HV-102"),
        ),
        lines=(line("l1", 140, 300), line("l2", 340, 500)),
        connections=(Connection(a="s1", b="s2", lines=("l1",)), Connection(a="s2", b="s3", lines=("l2",))),
        words=(Word(id="w1", text="HV-101", box=(100, 280, 150, 295), owner="s1", score=0.9),),
    )


def png(size: tuple[int, int] = SHEET) -> bytes:
    """A white picture."""
    data = io.BytesIO()
    Image.new("L", size, 255).save(data, "png")
    return data.getvalue()


@dataclass
class Service:
    """An application with a user of each role and their tokens; all but the stranger are members of `project`."""

    app: APIFlask
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    project: Project = field(init=False)

    @property
    def store(self) -> Store:
        store: Store = self.app.extensions["pid"].store
        return store

    def add_user(self, name: str, role: Role) -> User:
        """A user with `PASSWORD` and a token of all scopes."""
        user = self.store.add_user(name, _password_hash(), role)
        secret, hashed = new_token()
        self.store.add_token(user.id, "test", PERMISSIONS, hashed)
        self.users[name], self.tokens[name] = user, secret
        return user

    def add_page(self, drawing: Drawing | None = None, *, name: str = "plant.png") -> tuple[Document, Page]:
        """A document of one page that has been recognised."""
        document, job = self.store.add_document(self.project.id, name, png(), "admin")
        claim = self.store.claim_job("test")
        assert claim is not None
        assert claim.job_id == job.id
        image = self.store.files.put(png())
        self.store.store_page(claim, 1, PageResult(drawing or small_drawing(), image.key, image.key))
        self.store.finish_job(claim)
        return document, self.store.pages(document.id)[0]

    def call(self, method: str, path: str, *, by: str | None = "admin", **options: Any) -> TestResponse:
        """Send a request with the token of a user."""
        headers = {**options.pop("headers", {})}
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        client = self.app.test_client(use_cookies=False)
        return client.open(f"{API}{path}", method=method, headers=headers, buffered=True, **options)

    def browser(self, by: str) -> tuple[FlaskClient, dict[str, str]]:
        """A client with the session of a user, and the header that its changes need."""
        client = self.app.test_client()
        answer = client.post(f"{API}/sign-in", json={"name": by, "password": PASSWORD})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return client, {"X-CSRFToken": answer.json["csrf_token"]}


def start_service(folder: Path, **options: Any) -> Service:
    """A service in a folder. `options` are those of `WebConfig`."""
    options.setdefault("limits", Limits(sign_ins="1000 per minute", writes="100000 per minute"))
    service = Service(create_app(WebConfig(folder, **options)))
    for role in ROLES:
        service.add_user(role, role)
    service.add_user("stranger", "estimator")
    service.project = service.store.add_project("Unit 100", "admin")
    for role in ROLES:
        service.store.add_member(service.project.id, service.users[role].id)
    return service
