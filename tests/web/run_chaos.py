"""Sheets through a two-worker dask cluster whose processes are killed at random: each must be read, and once.

    python tests/web/run_chaos.py --sheets 200 --kills 20
    python tests/web/run_chaos.py --sheets 12 --kills 3 --real --database postgresql

By default a cheap recogniser stands in, so that it is jobs that are tested and not recognition; ``--real`` reads small
drawings. Killed is, one at a time, a dask worker (its nanny starts another) or the process in which a sheet is read.
Prints one line of JSON; the exit status is 1 where a sheet was lost, failed or stored twice.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
from cheap_recognizer import draw_sheet
from servers import free_port, postgres_server, wait_for_port

from pid.web.cluster import Cluster
from pid.web.models import Project
from pid.web.store import Store
from pid.web.worker import RECOGNIZER, WorkerSetup

HERE = Path(__file__).parent
LEASE_S = 8.0
LOOK_S = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.3, help="time that the cheap recogniser takes for a sheet")
    parser.add_argument("--real", action="store_true", help="read drawings instead")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which the run counts as stuck")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pid-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _database(folder, options.database) as url:
            outcome = run(folder, url, options)
    print(json.dumps(outcome))
    sys.exit(0 if outcome["right"] else 1)


def run(folder: Path, database_url: str, options: argparse.Namespace) -> dict[str, object]:
    """Upload, kill, wait, count."""
    chance = random.Random(options.seed)
    store = Store(database_url, (folder / "files").as_uri())
    project = store.add_project("chaos", "tester")
    for number in range(options.sheets):
        path = (_draw_valve if options.real else draw_sheet)(folder / f"{number}.png", number)
        store.add_document(project.id, path.name, path, "tester")
    setup = WorkerSetup(
        store.url, store.files.url, recognizer=RECOGNIZER if options.real else "cheap_recognizer:CheapRecognizer",
        threads=1, memory_bytes=4 << 30,
    )  # fmt: skip
    started = time.monotonic()
    with _dask(folder, options.workers, options.seconds) as (scheduler, workers):
        cluster = Cluster(store, scheduler, setup=setup, lease_s=LEASE_S)
        cluster.start()
        try:
            killed = _disturb(store, workers, options, chance)
        finally:
            cluster.stop()
    seconds = time.monotonic() - started
    outcome = {
        **count(store, project, options.sheets, real=options.real),
        "killed": dict(killed),
        "seconds": round(seconds, 1),
    }
    store.close()
    return outcome


def count(store: Store, project: Project, sheets: int, *, real: bool) -> dict[str, object]:
    """What has become of the sheets, and whether that is right."""
    jobs, cursor = [], None
    while True:
        part = store.jobs(project_id=project.id, cursor=cursor, limit=500)
        jobs += part.items
        cursor = part.next_cursor
        if cursor is None:
            break
    pages = store.project_pages(project.id)
    revisions = sum(len(store.revisions(page.id).items) for page in pages)
    numbers = [_number(store, page.id, page.document.name, real=real) for page in pages]
    states = Counter(job.state for job in jobs)
    right = states == {"done": sheets} and revisions == len(pages) == sheets and sorted(numbers) == list(range(sheets))
    return {
        "right": right, "sheets": sheets, "states": dict(states), "pages": len(pages), "revisions": revisions,
        "tries": sum(job.tries for job in jobs), "errors": sorted({job.error for job in jobs if job.error}),
    }  # fmt: skip


def _number(store: Store, page_id: str, name: str, *, real: bool) -> int:
    """The number of a sheet by its file's name, if the drawing is of that sheet (-1 if not)."""
    drawing = store.head(page_id)[1]
    number = int(name.partition(".")[0])
    if real:
        return number if "valve" in {symbol.group for symbol in drawing.symbols} else -1
    return number if f"V-{number}" in {symbol.tag for symbol in drawing.symbols} else -1


def _disturb(
    store: Store, workers: list[subprocess.Popen[bytes]], options: argparse.Namespace, chance: random.Random
) -> Counter[str]:
    """Kill processes at random while sheets are read, evenly over the run; returns when all jobs have ended."""
    killed: Counter[str] = Counter()
    end = time.monotonic() + options.limit
    while (counts := store.job_counts()).keys() & {"queued", "running"}:
        if time.monotonic() > end:
            break
        done = counts.get("done", 0) + counts.get("failed", 0)
        if sum(killed.values()) < options.kills and done >= (sum(killed.values()) + 0.5) * options.sheets / (
            options.kills + 1
        ):
            victim = _choose(workers, chance)
            if victim is not None:
                killed[_kind(victim)] += 1
                with contextlib.suppress(psutil.NoSuchProcess):
                    victim.kill()
        time.sleep(LOOK_S * (0.5 + chance.random()))
    return killed


def _choose(workers: list[subprocess.Popen[bytes]], chance: random.Random) -> psutil.Process | None:
    """A dask worker or a reading process; the nannies, which start them anew, stay."""
    found: dict[str, list[psutil.Process]] = {"dask worker": [], "reader": []}
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(worker.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    if _kind(process) in found:
                        found[_kind(process)].append(process)
    kind = chance.choice(sorted(found))
    return chance.choice(found[kind]) if found[kind] else None


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "pid.web.worker" in command:
        return "reader"
    return "dask worker" if "spawn_main" in command else "other"


@contextlib.contextmanager
def _dask(folder: Path, count: int, seconds: float) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and its workers as processes of their own, each worker under a nanny, as in an office."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    paths = os.pathsep.join([str(HERE), *(str(Path(p).resolve()) for p in sys.path)])
    environment = {**os.environ, "PYTHONPATH": paths, "PID_TEST_SECONDS": str(seconds), "OMP_NUM_THREADS": "1"}

    def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
        with (folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
    wait_for_port(port)
    workers = [
        start(
            "dask_worker", address, "--nthreads", "1", "--local-directory", str(folder / f"w{i}"), "--host", "127.0.0.1"
        )
        for i in range(count)
    ]
    try:
        yield address, workers
    finally:
        _end([*workers, scheduler])


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """End processes that this run started, and theirs."""
    family = [child for p in processes for child in psutil.Process(p.pid).children(recursive=True) if p.poll() is None]
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


@contextlib.contextmanager
def _database(folder: Path, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
    else:
        with postgres_server(folder / "server") as url:
            yield url


def _draw_valve(path: Path, number: int) -> Path:
    """A small drawing: a valve with a tag in a pipe."""
    image = np.full((700, 1000), 255, np.uint8)
    cv2.line(image, (100, 300), (450, 300), 0, 3)
    cv2.line(image, (510, 300), (900, 300), 0, 3)
    cv2.polylines(image, [np.array([[450, 280], [450, 320], [510, 280], [510, 320]])], True, 0, 3)
    cv2.putText(image, f"HV-{100 + number}", (440, 260), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    cv2.imwrite(str(path), image)
    return path


if __name__ == "__main__":
    main()
