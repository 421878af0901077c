"""The process that reads drawings: ``python -m pid.web.worker``, started by `pid.web.worker_process`.

It may die: a file that brings it down takes nothing else along. It is told its setup and then one claim after another,
as lines of JSON on standard input, and answers with lines of JSON on standard output. When standard input ends, whoever
started it is gone, and it ends at once, even in the middle of a job.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from pid.errors import InputError
from pid.structure.taught import TaughtFinder
from pid.web.run_job import MAX_PAGES, REVIEW_PICTURES, Job, SheetRecognizer
from pid.web.store import Claim, LeaseLost, Store

_log = logging.getLogger(__name__)

RECOGNIZER = "pid.pipeline:Recognizer"
UNUSED_MEMORY = 2.0
"""Memory that may be asked for, to what may be used; a sheet of 9933 x 7016 pixels asks for 3.9 and uses 2.8 GB."""


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker is told at its start.

    `libraries` is the folder of what each project was taught; a project's own goes before `library`.
    `recognizer` names what reads a page, called with models, threads, library and only_taught. `memory_bytes` is the
    most that the process may hold. Threads and memory are shared out by whoever starts workers where they are None.
    """

    database_url: str
    files_url: str
    recognizer: str = RECOGNIZER
    models: str | None = None
    library: str | None = None
    only_taught: bool = False
    threads: int | None = None
    max_pages: int = MAX_PAGES
    memory_bytes: int | None = None
    pictures: tuple[str, ...] = REVIEW_PICTURES
    libraries: str | None = None


def main() -> None:
    """Serve claims until standard input ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    answers = _private_output()
    lines = _input_lines()
    setup = WorkerSetup(**json.loads(lines.get()))
    if setup.memory_bytes is not None:
        _limit_memory(setup.memory_bytes)
    worker = _Worker(setup, lambda **answer: print(json.dumps(answer), file=answers, flush=True))
    while True:
        worker.serve(Claim(**json.loads(lines.get())))


class _Worker:
    """Holds what is loaded once: the store and the recogniser."""

    def __init__(self, setup: WorkerSetup, answer: Callable[..., None]) -> None:
        self._setup = setup
        self._answer = answer
        self._store = Store(setup.database_url, setup.files_url)
        self._recognizer = _make_recognizer(setup)
        answer(ready=True)

    def serve(self, claim: Claim) -> None:
        """Do a job and say that it is over."""
        try:
            job = self._make_job(claim)
            with suppress(LeaseLost):
                job.run()
        except Exception as error:
            if not _is_outage(error):
                raise
            _log.exception("the store was out of reach during job %s", claim.job_id)
            self._answer(outage=True)
        else:
            self._answer(ended=True, last=job.ran_out_of_memory)

    def _make_job(self, claim: Claim) -> Job:
        setup = self._setup
        return Job(
            self._store, claim, self._recognizer, tell=self._tell,
            max_pages=setup.max_pages, pictures=setup.pictures, taught=self._taught(claim),
        )  # fmt: skip

    def _taught(self, claim: Claim) -> TaughtFinder | None:
        """What finds the symbols that the job's project was taught, if it was taught any."""
        if self._setup.libraries is None:
            return None
        library = Path(self._setup.libraries) / self._store.document(claim.document_id).project_id
        try:
            return TaughtFinder(library) if any(library.glob("*.json")) else None
        except InputError as error:
            _log.warning("job %s does without what was taught: %s", claim.job_id, error)
            return None

    def _tell(self, stage: str, share: float, pages: int) -> None:
        self._answer(stage=stage, share=share, pages=pages)


def _is_outage(error: Exception) -> bool:
    """Whether database or S3 failed, and no document is to blame."""
    return isinstance(error, SQLAlchemyError) or type(error).__module__.startswith("botocore.")


def _make_recognizer(setup: WorkerSetup) -> SheetRecognizer:
    import cv2

    threads = setup.threads or 1
    cv2.setNumThreads(threads)
    module, _, name = setup.recognizer.partition(":")
    recognizer: SheetRecognizer = getattr(importlib.import_module(module), name)(
        models=Path(setup.models) if setup.models else None,
        threads=threads,
        library=Path(setup.library) if setup.library else None,
        only_taught=setup.only_taught,
    )
    return recognizer


def _private_output() -> IO[str]:
    """Standard output for answers alone: what libraries print goes to standard error."""
    private = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return private


def _input_lines() -> queue.Queue[str]:
    """Lines of standard input as they come; its end ends the process."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _limit_memory(limit: int) -> None:
    """Let requests for far too much memory fail, so that such a page fails by itself.

    What is asked for and never used counts here, too; whoever started the process watches what is used.
    """
    try:
        import resource
    except ModuleNotFoundError:  # not a Unix
        return
    most = round(UNUSED_MEMORY * limit)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


if __name__ == "__main__":
    main()
