"""A real browser before a real server: the sample drawing on a store of its own, pages watched for errors."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from pid.drawing import Drawing
from pid.resources import data_path
from pid.web.store import PageResult
from pid.web.tiles import draw_thumbnail, write_tiles

from ..serving import PASSWORD, Service, start_service

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
MARKUP = "<img src=x onerror=alert(1)>"
"""What somebody might hide in a tag or a file's name."""
PATIENCE_MS = 60_000
Browser = Any
"""`playwright.sync_api.Browser`, `.Page`: the package may be absent, and pytest imports this file all the same."""
Page = Any


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield started
        started.close()


@dataclass
class Site:
    """A service on a port, with one page in its project."""

    service: Service
    address: str
    page_id: str

    @property
    def review(self) -> str:
        """Address of the review page."""
        return f"{self.address}/pages/{self.page_id}"

    def head(self) -> Drawing:
        """The latest drawing of the page."""
        return self.service.store.head(self.page_id)[1]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    service = start_service(tmp_path)
    with serving(service) as address:
        yield Site(service, address, add_sheet(service, doubted_sample(), name=f"sample {MARKUP}.png"))


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *_: object) -> None:
        """Leave it unwritten."""


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Serve on a free port; yields the address."""
    server = make_server("127.0.0.1", 0, service.app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def doubted_sample() -> Drawing:
    """The sample's truth, with scores as a recogniser gives them: every tenth symbol is doubtful, one is very."""
    drawing = Drawing.read(data_path("samples", "truth", "sample.json"))
    runners = {"kind_score": 0.6, "runners_up": [["ball_valve", 0.3], ["globe_valve", 0.1]]}
    symbols = [
        s.model_copy(update={"score": 0.7 if i % 10 == 0 else 0.95, "attributes": {**s.attributes, **runners}})
        for i, s in enumerate(drawing.symbols)
    ]
    symbols[1] = symbols[1].model_copy(update={"score": 0.3})
    symbols[2] = symbols[2].model_copy(update={"tag": MARKUP})
    return drawing.model_copy(update={"symbols": tuple(symbols)})


def add_sheet(service: Service, drawing: Drawing, *, name: str, image: np.ndarray | None = None) -> str:
    """A recognised document with the pictures that the review page wants; the id of its page."""
    if image is None:
        image = np.asarray(cv2.imread(str(data_path("samples", "sample.png")), cv2.IMREAD_GRAYSCALE), np.uint8)
    store = service.store
    document, _ = store.add_document(service.project.id, name, io.BytesIO(cv2.imencode(".png", image)[1]), "admin")
    claim = store.claim_job("test")
    assert claim is not None
    tiles = io.BytesIO()
    write_tiles(image, tiles)
    tiles.seek(0)
    keys = [store.files.put(data).key for data in (tiles, draw_thumbnail(image))]
    whole = store.files.put(cv2.imencode(".png", image)[1].tobytes()).key
    store.store_page(claim, 1, PageResult(drawing, whole, thumbnail_key=keys[1], tiles_key=keys[0]))
    store.finish_job(claim)
    return store.pages(document.id)[0].id


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens browser pages that are watched: what goes to the console as an error, or is refused, fails the test.

    A test that expects a refusal empties `troubles` of the page.
    """
    pages: list[Page] = []
    contexts = []

    def open_one(*, width: int = 1280, height: int = 800, language: str = "en-US") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.troubles = []
        page.on("console", lambda m: page.troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("response", lambda r: page.troubles.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("dialog", lambda dialog: page.troubles.append(f"dialog {dialog.message}"))
        pages.append(page)
        return page

    yield open_one
    troubles = [trouble for page in pages for trouble in page.troubles]
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def sign_in(site: Site, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """A browser page of somebody who has signed in by name and password."""

    def enter(name: str = "estimator", **options: Any) -> Page:
        page = open_page(**options)
        page.goto(f"{site.address}/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("#sign-in button")
        page.wait_for_url(f"{site.address}/")
        return page

    return enter


@pytest.fixture
def review(sign_in: Callable[..., Page], site: Site) -> Callable[..., Page]:
    """The review page, ready."""

    def enter(name: str = "estimator", *, query: str = "", **options: Any) -> Page:
        page = sign_in(name, **options)
        page.goto(site.review + query)
        page.wait_for_selector("body[data-ready]")
        return page

    return enter


def settle(page: Page) -> None:
    """Wait until all edits are saved. (`wait_for_function` evaluates texts in the page, which its policy forbids.)"""
    until = time.monotonic() + PATIENCE_MS / 1000
    while page.evaluate("review.session.unsaved"):
        assert time.monotonic() < until, "the edits were not saved in time"
        page.wait_for_timeout(20)
