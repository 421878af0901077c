"""Fixtures that several test files share."""

import sys
from collections.abc import Callable

import pytest

from pid.cli import main


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
