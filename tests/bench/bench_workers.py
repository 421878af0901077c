"""How much more two worker processes read than one: sheets a minute, one processor thread each.

    python tests/bench/bench_workers.py --sheets 8 --workers 1,2

Draws sheets, reads them with the shipped networks through the store and the pool, and prints a line for each number of
workers: wall-clock time from the first claim to the last page, and processor seconds of all processes. On a machine
that others use, too, wall-clock times say little; processor seconds a sheet then tell what two workers cost beyond one.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from pid.synth.write import write_generated
from pid.web.jobs import Pool
from pid.web.store import Store
from pid.web.worker import WorkerSetup

SEED = 7100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=8)
    parser.add_argument("--workers", default="1,2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_generated(options.sheets, SEED, folder / "sheets", formats=("png",), damaged=False)
        sheets = sorted((folder / "sheets").glob("*.png"))
        first: float | None = None
        for count in map(int, options.workers.split(",")):
            wall, processors = read_all(folder / str(count), sheets, count)
            first = first or wall
            print(
                f"{count} worker(s): {60 * len(sheets) / wall:.2f} sheets a minute, {first / wall:.2f} x the first; "
                f"{processors / len(sheets):.1f} processor seconds a sheet; load {os.getloadavg()[0]:.1f}"
            )


def read_all(folder: Path, sheets: list[Path], count: int) -> tuple[float, float]:
    """Wall-clock and processor seconds for all sheets, without the start of the processes."""
    store = Store(f"sqlite:///{folder / 'store.db'}", (folder / "files").as_uri())
    project = store.add_project("bench", "bench")
    pool = Pool(store, count, setup=WorkerSetup(store.url, store.files.url, threads=1))
    pool.start()
    for sheet in sheets[:count]:  # loads what is loaded once
        store.add_document(project.id, sheet.name, sheet, "bench")
    _wait(store, count)
    before = _processor_seconds(pool)
    started = time.perf_counter()
    for sheet in sheets:
        store.add_document(project.id, sheet.name, sheet, "bench")
    pool.wake()
    _wait(store, count + len(sheets))
    wall, processors = time.perf_counter() - started, _processor_seconds(pool) - before
    pool.stop()
    store.close()
    return wall, processors


def _wait(store: Store, count: int) -> None:
    while store.job_counts().get("done", 0) < count:
        time.sleep(0.2)


def _processor_seconds(pool: Pool) -> float:
    """Of this process and its workers, which are at work still."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ticks = os.sysconf("SC_CLK_TCK")
    total = own.ru_utime + own.ru_stime
    for process in pool.processes:
        if process.pid is None:  # it has not started yet, or ended
            continue
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


if __name__ == "__main__":
    main()
