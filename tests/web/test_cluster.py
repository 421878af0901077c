"""What a cluster's workers must see; how they work is in `test_survival`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pid.errors import InputError
from pid.web import cluster
from pid.web.cluster import PROBE, Cluster, sees_store
from pid.web.store import Store


def test_a_worker_that_sees_another_store_is_told_from_one_that_sees_ours(tmp_path: Path) -> None:
    url, files = f"sqlite:///{tmp_path / 'store.db'}", (tmp_path / "files").as_uri()
    store = Store(url, files)
    store.set_setting(PROBE, "token")
    key = store.files.put(b"token").key
    assert sees_store(url, files, "token", key)[1]
    assert not sees_store(url, files, "another", key)[1]
    assert not sees_store(url, (tmp_path / "empty").as_uri(), "token", key)[1]
    missing = tmp_path / "missing.db"
    assert not sees_store(f"sqlite:///{missing}", files, "token", key)[1]
    assert not missing.exists(), "an empty database of its own would never have a job"
    store.close()


def test_without_a_scheduler_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="dask is not installed")
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", (tmp_path / "files").as_uri())
    with pytest.raises(InputError, match=r"There is no scheduler at tcp://127\.0\.0\.1:9\."):
        Cluster(store, "tcp://127.0.0.1:9")
    store.close()
