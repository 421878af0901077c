"""A worker process from outside: started when needed, given one job at a time, watched, and killed where it must be.

Whatever becomes of the process, the job's row says so afterwards: done or failed by the process itself; failed here
where it took too long or too much memory; queued again where the process died, until the job's tries are used up.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from pid.web.store import LEASE_S, Claim, LeaseLost, Store
from pid.web.store_jobs import given_up
from pid.web.worker import WorkerSetup

PAGE_S = 900.0
"""Longest time for opening a document or for a page."""
START_S = 120.0
"""Longest time until a new process is ready."""
TICK_S = 0.5
"""How often a process is looked at; its progress is written no more often."""
BEATS = 6
"""Heartbeats in the time of a lease."""
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_log = logging.getLogger(__name__)


class WorkerStartError(Exception):
    """A worker process did not come up: a fault of the installation, not of a document."""


class StoreOutageError(Exception):
    """A worker process could not reach database or files: no fault of a document, either."""


class WorkerProcess:
    """One process; `run` is called by one thread at a time, `kill` by any.

    Args:
        store: for the truth about jobs; the process opens the same store by the URLs in `setup`.
        setup: what the process is told.
        page_s: seconds after which a page is given up.
        lease_s: seconds of silence after which a job counts as lost.
    """

    def __init__(self, store: Store, setup: WorkerSetup, *, page_s: float = PAGE_S, lease_s: float = LEASE_S) -> None:
        self._store = store
        self._setup = setup
        self._page_s = page_s
        self._lease_s = lease_s
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()

    @property
    def pid(self) -> int | None:
        """Number of the process while there is one."""
        return None if self._process is None else self._process.pid

    def run(self, claim: Claim, *, stopping: Callable[[], bool] = lambda: False) -> None:
        """Have a claimed job done. Its row tells the outcome.

        `stopping` is asked again and again; once it is true, the job is put back for another worker.

        Raises:
            WorkerStartError: no process could be started; the job is put back.
            StoreOutageError: the process could not reach the store; the job is put back.
        """
        try:
            self._start(claim, stopping)
            self._send(asdict(claim))
            self._watch(claim, stopping)
        except _DeathError:
            self.kill()
            self._settle(self._store.give_back, claim, given_up(claim.name, claim.tries))
        except _LimitError as refusal:
            self.kill()
            self._settle(self._store.fail_job, claim, str(refusal))
        except _StoppingError:
            self.kill()
            self._settle(self._store.release_job, claim)
        except (WorkerStartError, StoreOutageError):
            self.kill()
            self._settle(self._store.release_job, claim)
            raise
        except LeaseLost:
            self.kill()

    def kill(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()

    def _start(self, claim: Claim, stopping: Callable[[], bool]) -> None:
        """Make sure that a process is there and ready."""
        if self._process is not None and self._process.poll() is None:
            return
        self.kill()
        threads = dict.fromkeys(_THREAD_VARIABLES, str(self._setup.threads or 1))
        modules = os.pathsep.join(
            str(Path(folder).resolve()) for folder in sys.path
        )  # whatever is in the folder at work
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pid.web.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **threads, "PYTHONPATH": modules},
        )  # fmt: skip
        self._answers = queue.Queue()
        threading.Thread(target=_read_answers, args=(self._process, self._answers), daemon=True).start()
        try:
            self._send(asdict(self._setup))
            self._watch(claim, stopping, until="ready", limit_s=START_S)
        except (_DeathError, _LimitError) as error:
            raise WorkerStartError("A worker process did not start; its reason is in the log.") from error

    def _watch(
        self, claim: Claim, stopping: Callable[[], bool], *, until: str = "ended", limit_s: float | None = None
    ) -> None:
        """Wait for an answer of the process, keep the lease meanwhile, and see that it stays within its limits."""
        limit_s = self._page_s if limit_s is None else limit_s
        told, shown, pages = ("starting", 0.0), ("", 0.0), 0
        since = beaten = time.monotonic()
        while True:
            answer = self._next_answer()
            now = time.monotonic()
            if answer is not None:
                if "outage" in answer:
                    raise StoreOutageError("Database or files were out of reach; the log of the worker says more.")
                if until in answer:
                    if answer.get("last"):
                        self.kill()
                    return
                told = answer["stage"], answer["share"]
                if answer["pages"] != pages:
                    pages, since = answer["pages"], now
            if stopping():
                raise _StoppingError
            if now - since > limit_s:
                raise _LimitError(f"{claim.name} took longer than {limit_s:.0f} seconds for a page and was stopped.")
            self._check_memory(claim)
            due = TICK_S if told != shown else self._lease_s / BEATS
            if now - beaten >= due:
                self._beat(claim, *told)
                shown, beaten = told, now

    def _next_answer(self) -> dict[str, Any] | None:
        """What the process says next; None if it says nothing for a while. Raises `_DeathError`."""
        try:
            answer = self._answers.get(timeout=TICK_S)
        except queue.Empty:
            return None
        if answer is None:
            raise _DeathError
        return answer

    def _beat(self, claim: Claim, stage: str, share: float) -> None:
        try:
            self._store.heartbeat(claim, stage, share, lease_s=self._lease_s)
        except SQLAlchemyError:
            _log.exception("no heartbeat for job %s", claim.job_id)  # the lease decides in the end

    def _check_memory(self, claim: Claim) -> None:
        limit = self._setup.memory_bytes
        if limit is not None and self.pid is not None and resident_bytes(self.pid) > limit:
            raise _LimitError(f"{claim.name} needs more than {limit / 1e9:.1f} GB of memory and was stopped.")

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise _DeathError from error

    def _settle(self, write: Callable[..., None], *arguments: object) -> None:
        """Write the outcome, unless the process did so in its last moment or the job is another's by now."""
        try:
            write(*arguments)
        except LeaseLost:
            pass
        except SQLAlchemyError:
            _log.exception("the outcome of a job could not be written; its lease will end")


class _DeathError(Exception):
    """The process is gone."""


class _LimitError(Exception):
    """The process went beyond a limit; the text is for the user."""


class _StoppingError(Exception):
    """The pool stops."""


def resident_bytes(pid: int) -> int:
    """Memory that a process holds; 0 where that cannot be known."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _read_answers(process: subprocess.Popen[str], answers: queue.Queue[dict[str, Any] | None]) -> None:
    assert process.stdout is not None
    with process.stdout, suppress(ValueError):  # half a line of a process that died
        for line in process.stdout:
            answers.put(json.loads(line))
    answers.put(None)
