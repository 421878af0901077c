"""`pid serve` as a process: the link that signs in once, accounts where others can come in, the end by a signal."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path

from pid.web.auth import sign_in
from pid.web.config import WebConfig
from pid.web.run_server import Listening, add_account

from .serving import start_service

Run = Callable[..., tuple[int, str, str]]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_the_service_prints_a_link_and_ends_at_a_signal(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "pid.cli", "serve", "--data", str(tmp_path), "--port", str(port), "--workers", "0"]
    errors = (tmp_path / "errors.log").open("w")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"pid serves at http://127.0.0.1:{port}"
        link = re.search(r"http://\S+/sign-in/\S+", process.stdout.readline())
        assert link is not None
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert browser.open(link[0], timeout=30).status == 200
        me = json.load(browser.open(f"http://127.0.0.1:{port}/api/v1/me", timeout=30))
        assert (me["user"]["name"], me["user"]["role"]) == ("local", "admin")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        errors.close()
    lines = [json.loads(line) for line in (tmp_path / "errors.log").read_text().splitlines()]
    answered = [line for line in lines if line["logger"] == "pid.web.access"]
    assert ("GET", "/api/v1/me", 200, "local") in [(a["method"], a["path"], a["status"], a["user"]) for a in answered]
    assert link[0].rpartition("/")[2] not in (tmp_path / "errors.log").read_text()


def test_an_address_open_to_others_wants_an_account(run: Run, tmp_path: Path) -> None:
    status, _, error = run("serve", "--data", tmp_path, "--host", "0.0.0.0", "--port", free_port())
    assert status == 2
    assert "pid serve --add-user NAME" in error


def test_a_port_in_use_is_said(run: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, _, error = run("serve", "--data", tmp_path, "--port", taken.getsockname()[1], "--workers", "0")
    assert status == 2
    assert "cannot be listened on" in error


def test_an_account_is_made_and_gets_a_new_password(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    config = WebConfig(tmp_path)
    for password in ("first password", "second password"):
        user = add_account(config, "ann", password, "estimator")
        with service.app.test_request_context():
            assert sign_in("ann", password).id == user.id
    assert [u.name for u in service.store.users()].count("ann") == 1


def test_what_is_this_machines_own() -> None:
    assert [Listening(host).is_local for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9")] == [True] * 4
    assert [Listening(host).is_local for host in ("0.0.0.0", "::", "192.168.1.1", "example.com")] == [False] * 4
