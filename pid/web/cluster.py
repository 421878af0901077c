"""Jobs on many machines: tasks of a dask.distributed cluster that each claim one job from the store and do it.

The table of jobs stays the truth. Dask only says where there is room: no task is about a certain sheet, none has a
result, and as many are under way as the cluster has threads. When a dask worker is killed, dask runs its task again,
which takes whatever job is next; the job that was under way is queued again when its lease ends. A task's sheet is read
in a process of its own (`pid.web.worker_process`), which may die without the dask worker.
"""

from __future__ import annotations

import json
import logging
import secrets
import socket
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from pid.errors import InputError
from pid.web.jobs import PAUSE_S, POLL_S, divided
from pid.web.store import LEASE_S, Store
from pid.web.worker import WorkerSetup
from pid.web.worker_process import PAGE_S, StoreOutageError, WorkerProcess, WorkerStartError

CONNECT_S = 20
"""How long to wait for the scheduler."""
PROBE = "cluster-probe"

_log = logging.getLogger(__name__)
_held = threading.local()
"""On a dask worker: the store and worker process of each of its threads."""


class Cluster:
    """Gets the jobs of a store done by the workers of a dask scheduler; see `pid.web.jobs.Pool` for the arguments."""

    def __init__(
        self,
        store: Store,
        scheduler: str,
        *,
        setup: WorkerSetup | None = None,
        page_s: float = PAGE_S,
        lease_s: float = LEASE_S,
    ) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise InputError("A cluster needs dask: pip install 'pid-reader[cluster]'.") from error
        self._store = store
        self._told = json.dumps({
            "setup": asdict(setup or WorkerSetup(store.url, store.files.url)), "page_s": page_s, "lease_s": lease_s,
        })  # fmt: skip
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="pid-cluster", daemon=True)
        try:
            self._client: Any = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"There is no scheduler at {scheduler}.") from error
        self._check_reach()

    def start(self) -> None:
        """Begin to claim jobs."""
        self._thread.start()

    def wake(self) -> None:
        """There is a new job: it is found within `POLL_S`."""

    def stop(self) -> None:
        """Send no more tasks. Those under way finish their sheet, and the store has it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.close()

    def room(self) -> int:
        """How many sheets the cluster reads at a time."""
        return sum(self._client.nthreads().values())

    def _check_reach(self) -> None:
        """Refuse workers that would not see the same store: they would wait for ever at an empty one of their own."""
        token = secrets.token_hex(8)
        self._store.set_setting(PROBE, token)
        key = self._store.files.put(token.encode()).key
        seen = self._client.run(sees_store, self._store.url, self._store.files.url, token, key)
        self._store.files.remove(key)
        blind = sorted({host for host, sees in seen.values() if not sees})
        if blind:
            raise InputError(
                f"The workers on {', '.join(blind)} do not reach the store: use a PostgreSQL database, and files in S3 "
                "or a shared folder (--database, --files)."
            )

    def _feed(self) -> None:
        under_way: set[Any] = set()
        while not self._stopping.wait(POLL_S):
            try:
                under_way = {task for task in under_way if not _is_over(task)}
                waiting = self._store.count_waiting()
                free = self.room() - len(under_way)
                for _ in range(min(free, waiting)):
                    under_way.add(self._client.submit(do_next_job, self._told, pure=False))
            except (SQLAlchemyError, OSError):
                _log.exception("the cluster is not fed for the moment")
                self._stopping.wait(PAUSE_S)
        self._client.cancel(list(under_way))  # those that have not begun; a thread at work is not interrupted


def _is_over(task: Any) -> bool:
    """Whether a task has ended; why it failed goes into the log."""
    if not task.done():
        return False
    if task.status == "error":
        _log.error("a task of the cluster failed: %s", task.exception())
    return True


def do_next_job(told: str) -> bool:
    """On a dask worker: claim a job and do it. False where none waits."""
    process, store, lease_s = _mine(told)
    claim = store.claim_job(f"{socket.gethostname()}/{threading.get_ident()}", lease_s=lease_s)
    if claim is None:
        return False
    try:
        process.run(claim)
    except (WorkerStartError, StoreOutageError):
        _log.exception("job %s was put back", claim.job_id)
        raise
    return True


def sees_store(database_url: str, files_url: str, token: str, key: str) -> tuple[str, bool]:
    """On a dask worker: its host, and whether it reaches the same database and files."""
    host = socket.gethostname()
    if not _is_there(database_url):
        return host, False
    try:
        store = Store(database_url, files_url)
        seen = store.setting(PROBE) == token and store.files.read(key) == token.encode()
        store.close()
    except (SQLAlchemyError, InputError, OSError):
        return host, False
    return host, seen


def _is_there(database_url: str) -> bool:
    """Whether a database exists as far as this machine can see: a missing SQLite file would be made, empty."""
    url = make_url(database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _mine(told: str) -> tuple[WorkerProcess, Store, float]:
    """The worker process, store and lease of this thread, made once for what the feeder told."""
    held = getattr(_held, "by_told", None)
    if held is None:
        held = _held.by_told = {}
    if told not in held:
        for process, store, _ in held.values():  # another batch's
            process.kill()
            store.close()
        held.clear()
        held[told] = _open(json.loads(told))
    mine: tuple[WorkerProcess, Store, float] = held[told]
    return mine


def _open(told: dict[str, Any]) -> tuple[WorkerProcess, Store, float]:
    from distributed import get_worker

    setup = WorkerSetup(**told["setup"])
    if not _is_there(setup.database_url):
        raise InputError(f"This worker does not reach {setup.database_url}.")
    setup = replace(setup, pictures=tuple(setup.pictures))
    store = Store(setup.database_url, setup.files_url)
    setup = divided(setup, get_worker().state.nthreads)
    return WorkerProcess(store, setup, page_s=told["page_s"], lease_s=told["lease_s"]), store, told["lease_s"]
