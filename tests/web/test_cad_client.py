"""The README's client for CAD programs: the very script, against a service on a port with a worker beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import ezdxf
import pytest
import waitress

from pid.graph.dxf import read_overlay
from pid.web.app_state import EXTENSION
from pid.web.jobs import Pool
from pid.web.worker import WorkerSetup

from .serving import Service, start_service

pytest.importorskip("requests", reason="the script uses requests")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Service]]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    service = start_service(tmp_path / "data")
    store = service.store
    setup = WorkerSetup(store.url, store.files.url, recognizer="cheap_recognizer:CheapRecognizer", threads=1)
    pool = Pool(store, 1, setup=setup)
    service.app.extensions[EXTENSION].workers = pool
    pool.start()
    server = waitress.create_server(service.app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}", service
    server.close()
    thread.join(10)
    pool.stop()


def test_the_client_writes_the_overlay_into_the_drawing(address: tuple[str, Service], tmp_path: Path) -> None:
    url, service = address
    readme = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r'```python\n("""Send a DXF to pid.*?)```', readme, re.DOTALL)
    assert found is not None
    (tmp_path / "cad_client.py").write_text(found[1], "utf-8")
    drawing = ezdxf.new()
    drawing.modelspace().add_line((0, 0), (400, 300))
    drawing.modelspace().add_circle((100, 100), 20)
    drawing.saveas(tmp_path / "plant.dxf")

    def run(token: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "cad_client.py", url, "plant.dxf"]
        env = {**os.environ, "PID_TOKEN": token}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)

    refused = run("pid_wrong")
    assert (refused.returncode, refused.stderr.strip()) == (1, "Sign in, or send a valid token.")
    for _ in range(2):  # a second run takes the place of the first
        done = run(service.tokens["reviewer"])
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("1 symbols, 0 lines; review: http://127.0.0.1")
        after = ezdxf.readfile(tmp_path / "plant.dxf")
        assert [e.dxftype() for e in after.modelspace().query("*[layer == '0']")] == ["LINE", "CIRCLE"]
        assert [e.dxf.layer for e in after.modelspace().query("INSERT")] == ["PID_SYMBOLS_VALVE"]
        assert list(read_overlay(tmp_path / "plant.dxf")) == ["s1"]
        assert not after.audit().errors
