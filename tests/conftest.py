"""Fixtures that several test files share."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pid.cli import main


@pytest.fixture(autouse=True)
def own_versions(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of networks' versions for each test: what the user of this machine has promoted is not tested."""
    folder = tmp_path_factory.mktemp("versions") / "models"
    monkeypatch.setenv("PID_MODELS", str(folder))
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `pid ARGS...`: exit status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
            raise SystemExit(0)
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return call
