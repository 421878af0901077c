"""Versions of the networks: promotion, what is in use, and the way back."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pid.drawing import Drawing
from pid.errors import InputError
from pid.model_versions import SHIPPED, current_models, current_version, list_versions, promote, read_history, roll_back
from pid.pipeline import Recognizer
from pid.resources import data_path

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder that a training of kinds left behind: one network and its card."""
    folder = tmp_path / "runs" / "kinds"
    folder.mkdir(parents=True)
    for suffix in (".onnx", ".json", ".pt"):
        shutil.copyfile(data_path("models", f"kinds{suffix}"), folder / f"kinds{suffix}")
    return folder


def test_a_version_is_whole_and_one_command_goes_back(trained: Path, own_versions: Path) -> None:
    assert current_models() == data_path("models")
    (trained / "kinds.json").write_text((trained / "kinds.json").read_text() + " ")
    first = promote(trained, reason="better")
    assert current_models() == own_versions / first
    assert {p.name for p in current_models().glob("*.onnx")} == {"shape.onnx", "kinds.onnx", "structure.onnx"}
    assert (current_models() / "kinds.json").read_text().endswith(" ")
    second = promote(trained, reason="better still")
    assert first != second
    assert list_versions() == (SHIPPED, first, second)
    assert roll_back() == (second, first)
    assert roll_back() == (first, SHIPPED)
    assert [p.taken_back is None for p in read_history()] == [False, False]
    with pytest.raises(InputError, match="nothing to go back to"):
        roll_back()
    third = promote(trained, reason="again")
    assert current_version() == third
    assert (current_models() / "kinds.json").read_text().endswith(" ")


def test_recognition_uses_the_promoted_networks(trained: Path) -> None:
    (trained / "kinds.onnx").write_bytes(b"no network")
    promote(trained, reason="a test")
    sheet = data_path("samples", "sample.png")
    with pytest.raises(InputError, match=r"kinds\.onnx is not a network"):
        next(Recognizer().recognize(sheet))
    roll_back()
    assert next(Recognizer().recognize(sheet)).symbols


def test_a_broken_history_is_said(trained: Path, own_versions: Path) -> None:
    promote(trained, reason="a test")
    (own_versions / "history.json").write_text("{")
    with pytest.raises(InputError, match="does not say which networks are in use"):
        current_models()


def test_networks_without_a_comparison_need_force(trained: Path, run: Run) -> None:
    assert run("models", "promote", trained)[0] == 2
    assert run("models", "promote", trained, "--force")[0] == 0
    assert f"* {current_version()}" in run("models", "list")[1]
    assert run("models", "rollback")[0] == 0
    assert run("models", "rollback")[0] == 2


def test_promotion_asks_the_truth(trained: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison decides; recognition itself is replaced, as what it finds is another test's matter."""
    sample = Drawing.read(data_path("samples", "truth", "sample.json"))
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "sample.json").write_text(sample.to_json(), encoding="utf-8")
    worse = sample.model_copy(update={"symbols": sample.symbols[::2], "connections": (), "words": ()})

    def recognized(models: Path, sheets: object, out: Path, *, progress: object = None) -> None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "sample.json").write_text((worse if models == trained else sample).to_json(), encoding="utf-8")

    monkeypatch.setattr("pid.verify.recognize.recognize_sheets", recognized)
    out = tmp_path / "v"
    status, said, _ = run("models", "promote", trained, "--truth", tmp_path, "--out", out)
    assert status == 1
    assert "Significant loss in symbols" in said
    assert current_version() == SHIPPED
    assert run("models", "promote", trained, "--truth", tmp_path, "--out", out, "--force")[0] == 0
    assert read_history()[-1].reason.startswith("forced: Significant loss")
    roll_back()
    worse = sample
    assert run("models", "promote", trained, "--truth", tmp_path, "--out", out)[0] == 0
    assert current_version() != SHIPPED
