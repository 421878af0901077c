"""A batch from its command line: opens the store, chooses the workers, and says what came out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from pid.pipeline import Progress
from pid.recognize_files import check_models
from pid.web.batch import AHEAD, STORE, Batch, find_sources, summary
from pid.web.cluster import Cluster
from pid.web.jobs import Pool, Workers, most_workers
from pid.web.run_job import RESULT_PICTURES
from pid.web.store import Store
from pid.web.worker import WorkerSetup


def run_batch(
    paths: Sequence[Path],
    out: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    models: Path | None = None,
    library: Path | None = None,
    only_taught: bool = False,
    retry: bool = False,
    database: str | None = None,
    files: str | None = None,
    progress: Progress | None = None,
) -> tuple[list[str], bool]:
    """Recognise all drawings below `paths` into `out`.

    Returns:
        What to tell, line by line, and whether anything failed.

    Raises:
        InputError: there are no drawings, or a setting cannot be used.
    """
    check_models(models, library, only_taught=only_taught)
    sources = find_sources(paths)
    store = Store(
        database or f"sqlite:///{out.resolve() / STORE / 'store.db'}",
        files or (out.resolve() / STORE / "files").as_uri(),
    )
    try:
        setup = WorkerSetup(
            store.url, store.files.url, models=_told(models), library=_told(library), only_taught=only_taught,
            pictures=RESULT_PICTURES,
        )  # fmt: skip
        team, room, told = _team(store, setup, workers=workers, scheduler=scheduler)
        settings = json.dumps([_told(models), _told(library), only_taught])
        report = Batch(store, out, settings=settings, retry=retry).run(
            sources, team, ahead=lambda: AHEAD * room(), progress=progress
        )
    finally:
        store.close()
    return summary(report, out, workers=told), bool(report.failures)


def _team(
    store: Store, setup: WorkerSetup, *, workers: int | None, scheduler: str | None
) -> tuple[Workers, Callable[[], int], str]:
    """Who does the work, how many sheets they read at a time, and how the summary calls them."""
    if scheduler is not None:
        cluster = Cluster(store, scheduler, setup=setup)
        return cluster, lambda: max(1, cluster.room()), f"on the cluster at {scheduler}"
    count = workers or most_workers()
    return Pool(store, count, setup=setup), lambda: count, f"with {count} worker{'s' if count > 1 else ''}"


def _told(folder: Path | None) -> str | None:
    return None if folder is None else str(folder.resolve())
