"""The embedded pool: worker processes on this machine, each with a thread that feeds and watches it.

A thread claims a job only when its process is free, so what waits stays in the table and not in memory, whatever was
uploaded.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from dataclasses import replace
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from pid.engine import usable_threads
from pid.web.store import LEASE_S, Store
from pid.web.worker import WorkerSetup
from pid.web.worker_process import PAGE_S, StoreOutageError, WorkerProcess, WorkerStartError

POLL_S = 0.5
"""How often a free worker looks for a job that nobody woke it for."""
PAUSE_S = 2.0
"""Wait after a worker process could not be started, or the database not be reached."""
MEMORY_SHARE = 0.8
"""Of the machine's memory, for all workers together."""
LEAST_MEMORY = 4 << 30
"""For one worker: a sheet of 9933 x 7016 pixels, nearly the largest that is not scaled down, takes 2.8 GB."""

_log = logging.getLogger(__name__)


class Workers(Protocol):
    """What gets the jobs of a store done: the embedded pool, or a cluster."""

    def start(self) -> None:
        """Begin to claim jobs."""

    def wake(self) -> None:
        """There is a new job."""

    def stop(self) -> None:
        """Claim no more; put back what is not finished."""


class Pool:
    """Worker processes of this machine.

    Args:
        store: the jobs.
        count: how many processes.
        setup: what each is told; threads and memory are divided among them where it does not say.
        page_s: seconds after which a page is given up.
        lease_s: seconds of silence after which a job counts as lost.
    """

    def __init__(
        self,
        store: Store,
        count: int,
        *,
        setup: WorkerSetup | None = None,
        page_s: float = PAGE_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._woken = threading.Condition()
        setup = divided(setup or WorkerSetup(store.url, store.files.url), count)
        self.processes = [WorkerProcess(store, setup, page_s=page_s, lease_s=lease_s) for _ in range(count)]
        self._lease_s = lease_s
        self._threads = [
            threading.Thread(target=self._serve, args=(process, worker_name(i)), name=f"pid-worker-{i}", daemon=True)
            for i, process in enumerate(self.processes)
        ]

    def start(self) -> None:
        """Begin to claim jobs."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is a new job: a free worker need not wait to find it."""
        with self._woken:
            self._woken.notify()

    def stop(self) -> None:
        """Claim no more, put back what is not finished, end the processes."""
        self._stopping.set()
        with self._woken:
            self._woken.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for process in self.processes:
            process.kill()

    def _serve(self, process: WorkerProcess, name: str) -> None:
        while not self._stopping.is_set():
            try:
                claim = self._store.claim_job(name, lease_s=self._lease_s)
                if claim is None:
                    with self._woken:
                        self._woken.wait(POLL_S)
                else:
                    process.run(claim, stopping=self._stopping.is_set)
            except (SQLAlchemyError, WorkerStartError, StoreOutageError):
                _log.exception("worker %s pauses", name)
                self._stopping.wait(PAUSE_S)


def divided(setup: WorkerSetup, count: int) -> WorkerSetup:
    """A setup with this machine's threads and memory divided among so many workers, where it leaves them open."""
    threads = setup.threads or max(1, usable_threads() // count)
    memory = setup.memory_bytes or max(LEAST_MEMORY, int(MEMORY_SHARE * _machine_memory() / count))
    return replace(setup, threads=threads, memory_bytes=memory)


def most_workers() -> int:
    """So many workers this machine has processors and memory for."""
    return max(1, min(usable_threads(), int(MEMORY_SHARE * _machine_memory() / LEAST_MEMORY)))


def worker_name(number: int) -> str:
    """What a worker is called in the rows of its jobs."""
    return f"{socket.gethostname()}/{os.getpid()}/{number}"


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return LEAST_MEMORY
