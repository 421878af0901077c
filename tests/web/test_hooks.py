"""Web hooks: signed, sent again until taken, and never to addresses of the house."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pid.errors import InputError
from pid.web import hook_sender
from pid.web.hook_sender import MOST_TRIES, HookSender, check_url, find_address, may_call, signature

from .serving import Service, start_service

LOCAL = ("127.0.0.0/8",)


class Listener:
    """A server that takes what is posted and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((self.path, dict(self.headers), body))
                self.send_response(listener.answers.pop(0) if listener.answers else 200)
                self.send_header("Location", "http://127.0.0.1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return start_service(tmp_path)


def add_hook(service: Service, url: str, *events: str) -> str:
    body = {"url": url, "events": list(events or ("*",))}
    answer = service.call("POST", f"/projects/{service.project.id}/hooks", json=body, by="estimator")
    assert answer.status_code == 201, answer.text
    return str(answer.json["secret"])


def test_an_event_is_posted_with_a_signature_of_the_secret(service: Service, listener: Listener) -> None:
    secret = add_hook(service, listener.url, "job.done")
    _, page = service.add_page()
    assert HookSender(service.store, LOCAL).send_due() == 1
    path, headers, body = listener.got[0]
    assert path == "/hook?a=1"
    told = json.loads(body)
    assert (told["event"], told["document"]) == ("job.done", page.document_id)
    stamp, _, signed = headers[hook_sender.SIGNATURE].partition(",v1=")
    right = hmac.new(secret.encode(), stamp.removeprefix("t=").encode() + b"." + body, hashlib.sha256)
    assert hmac.compare_digest(right.hexdigest(), signed)
    assert HookSender(service.store, LOCAL).send_due() == 0
    listed = service.call("GET", f"/projects/{service.project.id}/hooks")
    assert secret not in listed.text


def test_what_is_not_taken_is_sent_again_and_given_up_in_the_end(
    service: Service, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_sender, "FIRST_WAIT_S", 0)
    add_hook(service, listener.url, "job.done")
    service.add_page()
    sender = HookSender(service.store, LOCAL)
    listener.answers = [500, 302, 404]  # a redirection is not followed
    for _ in range(4):
        assert sender.send_due() == 1
    assert sender.send_due() == 0
    assert [json.loads(body)["id"] for _, _, body in listener.got] == [json.loads(listener.got[0][2])["id"]] * 4
    service.add_page()
    listener.answers = [503] * 100
    tries = 0
    while sender.send_due():
        tries += 1
    assert tries == MOST_TRIES


def test_a_sender_at_work_sends_by_itself(service: Service, listener: Listener) -> None:
    add_hook(service, listener.url, "job.done")
    sender = HookSender(service.store, LOCAL)
    sender.start()
    service.add_page()
    end = threading.Event()
    for _ in range(200):
        if listener.got:
            break
        end.wait(0.05)
    sender.stop()
    assert len(listener.got) == 1


def test_addresses_of_the_house_are_not_called(service: Service, listener: Listener) -> None:
    add_hook(service, listener.url)
    add_hook(service, f"http://localhost:{listener.server.server_port}/")
    service.add_page()
    sender = HookSender(service.store)
    assert sender.send_due() == 4  # a page and a job, to two hooks
    assert listener.got == []


@pytest.mark.parametrize(
    ("address", "open_to_hooks"),
    [
        ("127.0.0.1", False), ("10.0.0.1", False), ("172.16.9.9", False), ("192.168.1.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False), ("ff02::1", False),
        ("8.8.8.8", True), ("2606:4700:4700::1111", True), ("64:ff9b::808:808", True),
    ],
)  # fmt: skip
def test_which_addresses_may_be_called(address: str, open_to_hooks: bool) -> None:
    assert may_call(ipaddress.ip_address(address), ()) is open_to_hooks


def test_a_private_network_is_called_where_it_is_allowed() -> None:
    allowed = hook_sender.read_networks(["10.1.0.0/16"])
    assert may_call(ipaddress.ip_address("10.1.2.3"), allowed)
    assert not may_call(ipaddress.ip_address("10.2.2.3"), allowed)
    with pytest.raises(InputError, match=r"10\.1\.0\.0/16"):
        hook_sender.read_networks(["house"])


def test_a_name_with_one_private_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(*_args: object, **_options: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, 1, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises(InputError, match="private network"):
        find_address(check_url("http://rebinding.example/"), ())


def test_the_connection_goes_to_the_address_that_was_looked_at(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that stands for another address when it is asked again changes nothing: it is asked once."""
    asked = []
    real = socket.getaddrinfo

    def names(host: str, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    url = f"http://name.example:{listener.server.server_port}/"
    hook_sender.post(url, b"{}", signature("s", b"{}", 1), hook_sender.read_networks(LOCAL))
    assert asked.count("name.example") == 1
    assert listener.got[0][1]["Host"] == f"name.example:{listener.server.server_port}"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com", "file:///etc/passwd", "gopher://example.com", "javascript:alert(1)", "http://",
        "//x.com/a", "http://user:secret@example.com/", "http://example.com:99999/", "http://example.com:0/",
        "http://[::1/", "http://exa mple.com/", "http://example.com/\r\nX: y",
    ],
)  # fmt: skip
def test_an_address_that_no_hook_may_have(service: Service, url: str) -> None:
    body = {"url": url, "events": ["*"]}
    assert service.call("POST", f"/projects/{service.project.id}/hooks", json=body).status_code == 422
