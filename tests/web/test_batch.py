"""`pid batch`: a folder of drawings through the store and the pool, again and again."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pid.drawing import Drawing
from pid.web.batch import STORE, Batch, BatchReport, find_sources, summary
from pid.web.jobs import Pool
from pid.web.models import Job
from pid.web.run_job import RESULT_PICTURES
from pid.web.store import Store
from pid.web.worker import WorkerSetup

from .cheap_recognizer import KILLS, draw_sheet

RunBatch = Callable[..., BatchReport]


@pytest.fixture
def run_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunBatch:
    """Runs a batch of ``in`` into ``out`` with the cheap recogniser."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))

    def run(*, settings: str = "", retry: bool = False, ahead: int = 4) -> BatchReport:
        return run_cheap_batch(tmp_path, settings=settings, retry=retry, ahead=ahead)

    return run


def run_cheap_batch(folder: Path, *, settings: str = "", retry: bool = False, ahead: int = 4) -> BatchReport:
    store = Store(f"sqlite:///{folder / 'out' / STORE / 'store.db'}", (folder / "out" / STORE / "files").as_uri())
    setup = WorkerSetup(
        store.url, store.files.url, recognizer="cheap_recognizer:CheapRecognizer", threads=1, memory_bytes=1 << 30,
        pictures=RESULT_PICTURES,
    )  # fmt: skip
    batch = Batch(store, folder / "out", settings=settings, retry=retry)
    try:
        return batch.run(find_sources([folder / "in"]), Pool(store, 2, setup=setup, lease_s=20), ahead=lambda: ahead)
    finally:
        store.close()


def results(tmp_path: Path) -> dict[str, str | None]:
    """Tag of the only symbol in each result."""
    return {p.stem: Drawing.read(p).symbols[0].tag for p in (tmp_path / "out").glob("*.json")}


def tags_counted(tmp_path: Path) -> list[str]:
    with (tmp_path / "out" / "bom.csv").open(encoding="utf-8-sig") as file:
        return sorted(tag for row in csv.DictReader(file) if row["Code"] for tag in row["Tags"].split(", ") if tag)


def make_inputs(tmp_path: Path, count: int) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(count):
        draw_sheet(folder / f"{i}.png", i)
    return folder


def test_results_lie_beside_one_bill_and_running_again_reads_only_what_is_new(
    run_batch: RunBatch, tmp_path: Path
) -> None:
    folder = make_inputs(tmp_path, 6)
    first = run_batch()
    assert (first.drawings, first.pages, first.symbols, first.done_before) == (6, 6, 6, 0)
    assert results(tmp_path) == {str(i): f"V-{i}" for i in range(6)}
    assert (tmp_path / "out" / "3-annotated.png").read_bytes().startswith(b"\x89PNG")
    assert tags_counted(tmp_path) == [f"V-{i}" for i in range(6)]
    unchanged = (tmp_path / "out" / "2.json").stat().st_mtime_ns
    draw_sheet(folder / "1.png", 111, size=(61, 90))
    draw_sheet(folder / "6.png", 6)
    (folder / "0.png").unlink()
    second = run_batch()
    assert (second.drawings, second.done_before, second.failures) == (6, 4, [])
    assert results(tmp_path)["1"] == "V-111"
    assert (tmp_path / "out" / "2.json").stat().st_mtime_ns == unchanged
    assert tags_counted(tmp_path) == ["V-111", "V-2", "V-3", "V-4", "V-5", "V-6"]
    third = run_batch(settings="another library")
    assert third.done_before == 0


def test_few_drawings_are_in_the_store_at_a_time(run_batch: RunBatch, tmp_path: Path) -> None:
    make_inputs(tmp_path, 12)
    files, most = tmp_path / "out" / STORE / "files", 0
    kept = Store.add_document

    def counted(*arguments: object, **options: object) -> object:
        nonlocal most
        most = max(most, sum(1 for p in files.rglob("*") if p.is_file() and ".drafts" not in p.parts))
        return kept(*arguments, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "add_document", counted)
        run_batch(ahead=3)
    assert 0 < most <= 3 * 2, "an upload and a picture for each drawing under way"
    assert not [p for p in files.rglob("*") if p.is_file()], "what is written is kept once"


def test_failures_are_listed_and_tried_again_only_when_asked(run_batch: RunBatch, tmp_path: Path) -> None:
    folder = make_inputs(tmp_path, 2)
    (folder / "text.png").write_text("no picture")
    (folder / "empty.png").write_bytes(b"")
    draw_sheet(folder / "bomb.png", 9, harm=KILLS)
    report = run_batch()
    assert report.pages == 2
    assert sorted(report.failures) == [
        "bomb.png stopped its worker 3 times and was given up.",
        "empty.png is empty.",
        "text.png is not a picture that can be read, whatever its name says.",
    ]
    assert (tmp_path / "out" / "failures.txt").read_text().count("\n") == 3
    told = summary(report, tmp_path / "out", workers="with 2 workers")
    assert told[0].startswith("2 of 5 drawings read: 2 pages, 2 symbols, ")
    assert len(told) <= 8
    assert sorted(run_batch().failures) == sorted(report.failures)
    (folder / "empty.png").unlink()
    (folder / "text.png").unlink()
    before = bomb_job(tmp_path).started
    again = run_batch()
    assert bomb_job(tmp_path).started == before
    again = run_batch(retry=True)
    assert again.failures == ["bomb.png stopped its worker 3 times and was given up."]
    assert bomb_job(tmp_path).started != before


def bomb_job(tmp_path: Path) -> Job:
    store = Store(f"sqlite:///{tmp_path / 'out' / STORE / 'store.db'}", (tmp_path / "out" / STORE / "files").as_uri())
    try:
        (job,) = (j for j in store.jobs().items if "bomb" in (j.error or ""))
        return job
    finally:
        store.close()


def test_names_are_unique_across_folders_and_kinds(tmp_path: Path) -> None:
    for name in ("a.png", "a.pdf", "b/a.png", "b/c.png", "b-c.png", ".hidden/x.png", "notes.txt", "~lock.png", "A.dxf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    sources = find_sources([tmp_path])
    assert len(sources) == 6
    stems = [s.stem for s in sources]
    assert len({stem.lower() for stem in stems}) == 6
    assert {"a-png", "a-pdf", "A-dxf", "b-a", "b-c-png", "b-c-png~2"} == set(stems)


def test_a_killed_batch_goes_on_where_it_ended(tmp_path: Path, run_batch: RunBatch) -> None:
    make_inputs(tmp_path, 14)
    code = (
        "import sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.web.test_batch import run_cheap_batch\n"
        "run_cheap_batch(Path(sys.argv[1]))\n"
    )
    environment = {**os.environ, "PID_TEST_SECONDS": "0.4", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment)
    out = tmp_path / "out"
    end = time.monotonic() + 400
    while len(list(out.glob("*.json"))) < 3 and time.monotonic() < end:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(list(out.glob("*.json")))
    assert 3 <= before < 14
    report = run_batch()
    assert report.done_before >= before
    assert not report.failures
    assert results(tmp_path) == {str(i): f"V-{i}" for i in range(14)}
    assert tags_counted(tmp_path) == sorted(f"V-{i}" for i in range(14))


def test_the_command_reads_a_drawing(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    draw_sheet(tmp_path / "sheet.png", 1, size=(400, 600))
    status, out, err = run("batch", tmp_path / "sheet.png", "--out", tmp_path / "out", "--workers", 1)
    assert status == 0, err
    assert out.startswith("1 of 1 drawings read: 1 pages, ")
    assert (tmp_path / "out" / "bom.xlsx").exists()
    assert Drawing.read(tmp_path / "out" / "sheet.json").source.name == "sheet.png"
    status, _, err = run("batch", tmp_path / "none", "--out", tmp_path / "other")
    assert status == 2
    assert "does not exist" in err.splitlines()[-1]
    assert not (tmp_path / "other").exists()
