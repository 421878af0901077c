"""The whole way in a real browser: `pid serve`, a file dropped, recognised, corrected, and the workbook downloaded."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pid.resources import data_path

RECOGNISED_MS = 300_000
STARTED_S = 60


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    """`pid serve` on a free port; its one-time sign-in link."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from pid.cli import main; main()", "serve"]
    command += ["--data", str(tmp_path / "data"), "--port", str(port)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as server,
    ):
        try:
            yield read_link(server)
        finally:
            server.terminate()
            server.wait(timeout=30)


def read_link(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    until = time.monotonic() + STARTED_S
    for line in server.stdout:
        if "/sign-in/" in line:
            return line.rpartition(" ")[2].strip()
        assert time.monotonic() < until
    raise AssertionError("pid serve ended without a sign-in link")


def test_from_upload_to_workbook(link: str, open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page()
    page.goto(link)
    page.fill("[name=name]", "Boiler house")
    page.click("text=Make project")
    page.wait_for_selector("#files", state="attached")
    (tmp_path / "notes.txt").write_text("no drawing")
    page.set_input_files("#files", [data_path("samples", "sample.png"), tmp_path / "notes.txt"])
    page.wait_for_selector(".uploads li.failed >> text=notes.txt")
    page.wait_for_selector(".document progress")  # stages are shown while it is read
    page.wait_for_selector("a[data-page]", timeout=RECOGNISED_MS)
    assert [trouble for trouble in page.troubles if "422" not in trouble] == []  # the text file, refused
    page.troubles.clear()

    page.click("a[data-page]")
    page.wait_for_selector("body[data-ready]")
    found = page.evaluate("review.model.list('symbols').length")
    assert found > 300
    page.keyboard.press("j")
    renamed = page.evaluate("review.selected.name")
    page.fill("#card [data-field=kind]", "Ball valve")
    page.keyboard.press("Enter")
    page.fill("#card [data-field=tag]", "XV-4711")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    while page.evaluate("review.session.unsaved"):
        page.wait_for_timeout(50)

    page.click("#downloads summary")
    with page.expect_download() as drawing:
        page.click("#downloads >> text=Drawing as data")
    kept = json.loads(drawing.value.path().read_text(encoding="utf-8"))
    assert len(kept["symbols"]) == found - 1
    assert next(s["tag"] for s in kept["symbols"] if s["id"] == renamed) == "XV-4711"
    page.click("#downloads summary")
    with page.expect_download() as workbook:
        page.click("#downloads >> text=Estimate workbook")
    assert "XV-4711" in text_of(workbook.value.path().read_bytes())


def text_of(workbook: bytes) -> str:
    """All texts of a workbook."""
    book = load_workbook(io.BytesIO(workbook), read_only=True)
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)
