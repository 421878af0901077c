"""What is killed loses nothing: the commands of this folder at a small size; their heads say how to run more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .servers import postgres_folder


def run(script: str, *arguments: str) -> dict[str, Any]:
    """A command's JSON, once it has ended well."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(p).resolve()) for p in sys.path)}
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert done.stdout, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, outcome
    return outcome


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_cluster_whose_processes_are_killed_reads_every_sheet_once(database: str) -> None:
    pytest.importorskip("distributed", reason="dask is not installed")
    if database == "postgresql" and postgres_folder() is None:
        pytest.skip("PostgreSQL is not installed")
    outcome = run("run_chaos.py", "--sheets", "10", "--kills", "2", "--database", database, "--limit", "1500")
    assert (outcome["pages"], outcome["revisions"], outcome["states"]) == (10, 10, {"done": 10})
    assert sum(outcome["killed"].values()) >= 1


def test_a_cluster_reads_real_drawings() -> None:
    pytest.importorskip("distributed", reason="dask is not installed")
    outcome = run("run_chaos.py", "--sheets", "3", "--kills", "1", "--real", "--limit", "1500")
    assert outcome["states"] == {"done": 3}


def test_a_killed_server_has_all_that_it_acknowledged() -> None:
    pytest.importorskip("requests", reason="requests is not installed")
    outcome = run("run_crash.py", "--uploads", "8", "--edits", "8", "--kills", "2")
    assert (outcome["uploads"], outcome["edits"], outcome["kills"]) == (8, 8, 2)
