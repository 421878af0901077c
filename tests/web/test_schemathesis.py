"""The running API against its own description: requests made up from it, right ones and wrong ones."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pid.web.app import create_app
from pid.web.config import Limits, WebConfig

from .serving import start_service

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = 4
"""Requests for each operation, right and wrong ones each."""
schemathesis.checks.load_all_checks()
ACCEPTANCE = schemathesis.checks.CHECKS.get_one("positive_data_acceptance")
REFUSED = (400, 406, 411, 412, 415, 422, 428)
BEYOND_DESCRIPTION = (
    "unusable-input",
    "base-needed",
    "bad-request",
    "changed-meanwhile",
    "nothing-named",
    "empty-box",
    "too-large-box",
    "unusable-operation",
    "no-files",
)
"""Codes for what no description of a body's form can say: a cursor given out by us, a box with ink in it."""


def operations() -> list[tuple[str, str]]:
    """Path and method of all that is described."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(WebConfig(Path(folder)))
        spec: Any = app.spec
        app.extensions["pid"].store.close()
    return [(path, method) for path, item in spec["paths"].items() for method in item]


class Running:
    """A service, its description, and the ids of what there is."""

    def __init__(self, folder: Path) -> None:
        limits = Limits(sign_ins="9999 per minute", writes="99999 per minute", wait_seconds=0.3)
        self.service = start_service(folder, limits=limits)
        document, page = self.service.add_page()
        store = self.service.store
        hook = store.add_hook(self.service.project.id, "https://example.com", "secret", ["*"])
        self.ids = {
            "project_id": self.service.project.id, "page_id": page.id, "document_id": document.id, "hook_id": hook.id,
            "job_id": store.last_jobs([document.id])[document.id].id, "user_id": self.service.users["viewer"].id,
        }  # fmt: skip
        self.schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", self.service.app)
        self.headers = {"Authorization": f"Bearer {self.service.tokens['admin']}"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("described"))
    yield running
    running.service.store.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its client leaves answers open
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("path", "method"), operations())
def test_the_api_is_as_described(running: Running, path: str, method: str, mode: str) -> None:
    operation = running.schema[path][method]
    strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        for name in case.path_parameters or {}:
            if name in running.ids and method != "delete" and mode == "positive":  # what others need is not deleted
                case.path_parameters[name] = running.ids[name]
        answer = case.call_and_validate(headers=running.headers, excluded_checks=[ACCEPTANCE])
        if mode == "positive" and answer.status_code in REFUSED:
            assert answer.json()["error"]["code"] in BEYOND_DESCRIPTION, answer.text

    ask()
