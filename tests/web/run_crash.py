"""`pid serve` is killed with -9 again and again during uploads and edits: what it has acknowledged must be there after.

    python tests/web/run_crash.py --uploads 50 --edits 50 --kills 5

Four clients upload files and edit drawings over HTTP. What fails because the server is gone is sent again: an upload
with the same idempotency key, an edit from the revision that is the latest then. Prints a line of JSON; the exit status
is 1 where an acknowledged upload or edit is missing or wrong, or an upload is there twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests
from servers import free_port, wait_for_port

from pid.drawing import Drawing, SheetInfo, Source, Symbol
from pid.web.auth import new_token
from pid.web.config import WebConfig
from pid.web.store import PageResult, Store

CLIENTS = 4
PAGES = 4
TIMEOUT_S = 60
PATIENCE_S = 300
SERVE = "from pid.cli import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=50)
    parser.add_argument("--edits", type=int, default=50)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pid-crash-", ignore_cleanup_errors=True) as folder:
        outcome = run(Path(folder), options)
    print(json.dumps(outcome))
    sys.exit(0 if outcome["right"] else 1)


@dataclass
class Acknowledged:
    """What the server has said that it has: content of files by document, tags by page and revision."""

    files: dict[str, bytes] = field(default_factory=dict)
    edits: dict[tuple[str, int], str] = field(default_factory=dict)
    broken: int = 0
    """Requests that a kill has broken."""

    @property
    def count(self) -> int:
        return len(self.files) + len(self.edits)


class Client:
    """Speaks to the server as long as it takes."""

    def __init__(self, address: str, token: str, told: Acknowledged) -> None:
        self._address = f"{address}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._told = told

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """A request, sent again until it is answered; a refusal is an answer."""
        headers = {**self._headers, **options.pop("headers", {})}  # type: ignore[dict-item]
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                url = f"{self._address}/{path}"
                return requests.request(method, url, headers=headers, timeout=TIMEOUT_S, **options)  # type: ignore[arg-type]
            except requests.RequestException:
                self._told.broken += 1
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def upload(self, project: str, number: int) -> None:
        content = b"\x89PNG\r\n\x1a\n" + f"sheet {number} ".encode() * 20_000
        files = {"files": (f"{number}.png", content)}
        headers = {"Idempotency-Key": f"upload-{number}"}
        answer = self.ask("POST", f"projects/{project}/documents", files=files, headers=headers)
        assert answer.status_code == 202, answer.text
        self._told.files[answer.json()["items"][0]["document"]["id"]] = content

    def edit(self, page: str, number: int) -> None:
        """Give the only symbol of a page a new tag, from whatever is the latest revision."""
        tag = f"V-{number}"
        operation = {"op": "change", "part": "symbols", "id": "s1", "value": {"tag": tag}}
        while True:
            base = int(self.ask("GET", f"pages/{page}/drawing").headers["ETag"].strip('"'))
            answer = self.ask("PATCH", f"pages/{page}/drawing", json={"base": base, "operations": [operation]})
            if answer.status_code == 200:
                self._told.edits[page, answer.json()["revision"]] = tag
                return
            assert answer.status_code == 409, answer.text


def run(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Work, kill, start again, look."""
    config = WebConfig(folder / "data")
    config.data.mkdir()
    store = Store(config.database, config.files)
    secret, token_hash = new_token()
    user = store.add_user("tester", None, "admin")
    store.add_token(user.id, "crash", ["read", "edit"], token_hash)
    project = store.add_project("crash", "tester")
    pages = [_make_page(store, project.id, i) for i in range(PAGES)]
    port, told, chance = free_port(), Acknowledged(), random.Random(options.seed)
    client = Client(f"http://127.0.0.1:{port}", secret, told)
    tasks: list[Callable[[], None]] = [lambda n=n: client.upload(project.id, n) for n in range(options.uploads)]  # type: ignore[misc]
    tasks += [lambda n=n: client.edit(pages[n % PAGES], n) for n in range(options.edits)]  # type: ignore[misc]
    chance.shuffle(tasks)
    server = _start_server(config.data, port)
    clients = [threading.Thread(target=_work_off, args=(tasks, i)) for i in range(CLIENTS)]
    for thread in clients:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in clients):
        if kills < options.kills and told.count >= (kills + 0.5) * len(tasks) / (options.kills + 1):
            time.sleep(chance.random() * 0.3)
            server.kill()
            server.wait()
            kills += 1
            server = _start_server(config.data, port)
        time.sleep(0.02)
    server.kill()
    server.wait()
    store.close()
    again = Store(config.database, config.files)
    outcome = look(again, project.id, told, options)
    again.close()
    return {**outcome, "kills": kills, "broken_requests": told.broken}


def look(store: Store, project: str, told: Acknowledged, options: argparse.Namespace) -> dict[str, object]:
    """Whether all that was acknowledged is there, as a server that starts anew would find it."""
    names = [d.name for d in store.documents(project, limit=500).items]
    lost_files = [i for i, content in told.files.items() if store.files.read(store.document(i).file_key) != content]
    without_job = [i for i in told.files if i not in store.last_jobs([i])]
    lost_edits = [
        f"{page} {number}" for (page, number), tag in told.edits.items()
        if store.revision(page, number)[1].symbols[0].tag != tag
    ]  # fmt: skip
    complete = len(told.files) == options.uploads and len(told.edits) == options.edits
    twice = len(names) - len(set(names))
    return {
        "right": complete and not (lost_files or without_job or lost_edits or twice),
        "uploads": len(told.files), "edits": len(told.edits), "lost_files": lost_files, "without_job": without_job,
        "lost_edits": lost_edits, "uploads_twice": twice,
    }  # fmt: skip


def _work_off(tasks: list[Callable[[], None]], first: int) -> None:
    for task in tasks[first::CLIENTS]:
        task()


def _make_page(store: Store, project: str, number: int) -> str:
    """A page that was read, so that it can be edited."""
    document, _ = store.add_document(project, f"page-{number}.png", f"page {number}".encode(), "tester")
    claim = store.claim_job("tester")
    assert claim is not None
    symbol = Symbol(id="s1", group="valve", box=(1, 1, 9, 9), tag="V-0")
    drawing = Drawing(source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=90, height=60), symbols=(symbol,))
    store.store_page(claim, 1, PageResult(drawing))
    store.finish_job(claim)
    return store.pages(document.id)[0].id


def _start_server(data: Path, port: int) -> subprocess.Popen[bytes]:
    """`pid serve` without workers; ready when it listens."""
    command = [sys.executable, "-c", SERVE, "serve", "--data", str(data), "--port", str(port), "--workers", "0"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(p).resolve()) for p in sys.path)}
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    wait_for_port(port, seconds=120)
    return process


if __name__ == "__main__":
    main()
