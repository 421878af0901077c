"""Networks load, run batches in order and from the cache, and refuse what is none."""

from pathlib import Path

import numpy as np
import pytest

from pid import engine
from pid.detect.yolo import as_ink
from pid.engine import cache_folder, load_network, usable_threads
from pid.errors import InputError
from pid.resources import data_path

KINDS = data_path("models", "kinds.onnx")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(engine.sys, "platform", "linux")
    return tmp_path / "cache" / "pid" / "networks"


def crops(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [as_ink(rng.integers(0, 256, (1 + i % 3, 64, 64), dtype=np.uint8)) for i in range(count)]


def test_batches_come_back_in_order_whatever_ends_first() -> None:
    network = load_network(KINDS, threads=2)
    batches = crops(9)
    together = network.run(iter(batches))
    assert [len(kind) for kind, _ in together] == [len(b) for b in batches]
    for batch, (kind, pose) in zip(batches, together, strict=True):
        alone = network(batch)
        np.testing.assert_allclose(kind, alone[0], atol=1e-6)
        np.testing.assert_allclose(pose, alone[1], atol=1e-6)
    assert network.run([]) == []


def test_a_second_load_comes_from_the_cache_and_agrees(own_cache: Path) -> None:
    first = load_network(KINDS, threads=1)
    blobs = list(own_cache.glob("*.blob"))
    assert len(blobs) == 1
    written = blobs[0].stat().st_mtime_ns
    second = load_network(KINDS, threads=1)
    assert [b.stat().st_mtime_ns for b in own_cache.glob("*.blob")] == [written]
    batch = crops(1)[0]
    np.testing.assert_array_equal(first(batch)[0], second(batch)[0])


def test_the_cache_keeps_the_newest_only(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_CACHED", 3)
    own_cache.mkdir(parents=True)
    for i in range(6):
        (own_cache / f"{i}.blob").write_bytes(b"old")
    load_network(KINDS, threads=1)
    assert len(list(own_cache.glob("*.blob"))) == 4  # three old and the new one


def test_a_damaged_cache_is_made_anew(own_cache: Path) -> None:
    wanted = load_network(KINDS, threads=1)(crops(1)[0])[0]
    for blob in own_cache.glob("*.blob"):
        blob.chmod(0o600)
        blob.write_bytes(b"damaged")
    np.testing.assert_array_equal(load_network(KINDS, threads=1)(crops(1)[0])[0], wanted)


def test_a_home_that_cannot_be_written_costs_the_cache_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder() is None
    assert load_network(KINDS, threads=1)(crops(1)[0])[0].shape[0] == 1


def test_a_missing_or_broken_network_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"shape\.onnx is missing"):
        load_network(tmp_path / "shape.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a network")
    with pytest.raises(InputError, match=r"bad\.onnx is not a network"):
        load_network(tmp_path / "bad.onnx")


def test_the_engines_agree() -> None:
    pytest.importorskip("onnxruntime")
    batch = crops(3)[2]
    for own, other in zip(load_network(KINDS)(batch), load_network(KINDS, engine="onnxruntime")(batch), strict=True):
        np.testing.assert_allclose(own, other, atol=2e-4)


def test_at_least_one_thread_is_usable() -> None:
    assert usable_threads() >= 1
