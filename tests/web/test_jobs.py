"""The worker pool: jobs are done once, whatever happens to the processes."""

from __future__ import annotations

import os
import signal
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pid.web.jobs import Pool
from pid.web.models import Job, JobState, Project
from pid.web.store import MAX_TRIES, Store
from pid.web.worker import WorkerSetup

from .cheap_recognizer import EATS, FAULTS, HANGS, KILLS, REFUSES, draw_sheet
from .conftest import BOTH_DATABASES, new_database

MakePool = Callable[..., Pool]
CHEAP = "cheap_recognizer:CheapRecognizer"
MEMORY = 1 << 30
PATIENCE_S = 120
"""Long enough for a machine that does much else."""


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_database(request, tmp_path)


@pytest.fixture
def make_pool(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePool]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    pools: list[Pool] = []

    def make(count: int = 1, *, page_s: float = PATIENCE_S, seconds: float = 0, **setup: object) -> Pool:
        monkeypatch.setenv("PID_TEST_SECONDS", str(seconds))
        told = WorkerSetup(store.url, store.files.url, recognizer=CHEAP, threads=1, memory_bytes=MEMORY)
        pools.append(Pool(store, count, setup=replace(told, **setup), page_s=page_s))  # type: ignore[arg-type]
        pools[-1].start()
        return pools[-1]

    yield make
    for pool in pools:
        pool.stop()


@pytest.fixture
def project(store: Store) -> Project:
    return store.add_project("Plant", "anna")


def wait_for(condition: Callable[[], bool], *, seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def ended(store: Store, count: int, *, seconds: float = PATIENCE_S) -> list[Job]:
    """All jobs, oldest first, once none of so many is open."""

    def all_over() -> bool:
        counts = store.job_counts()
        return sum(counts.values()) == count and not counts.keys() & {"queued", "running"}

    wait_for(all_over, seconds=seconds)
    return list(store.jobs(limit=500).items)[::-1]


def add(store: Store, project: Project, path: Path, name: str | None = None) -> Job:
    return store.add_document(project.id, name or path.name, path, "anna")[1]


def test_uploads_become_pages_with_pictures(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    make_pool(2)
    for i in range(6):
        add(store, project, draw_sheet(tmp_path / f"{i}.png", i))
    assert {job.state for job in ended(store, 6)} == {"done"}
    found = {page.document.name: (page, drawing) for page, drawing in store.heads(project.id)}
    assert {name: drawing.symbols[0].tag for name, (_, drawing) in found.items()} == {
        f"{i}.png": f"V-{i}" for i in range(6)
    }
    page, drawing = found["3.png"]
    assert (page.width, page.height, page.head, page.counts["symbols"]) == (90, 60, 1, 1)
    assert drawing.source.name == "3.png"
    for key, start in ((page.image_key, b"\x89PNG"), (page.thumbnail_key, b"\xff\xd8"), (page.tiles_key, b"PK")):
        assert key is not None
        assert store.files.read(key).startswith(start)


def test_pages_of_a_document_are_stored_one_by_one_and_one_may_fail(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    sheets = [draw_sheet(tmp_path / f"{i}.png", i, harm=h) for i, h in enumerate((255, FAULTS, REFUSES, 255))]
    images = [Image.open(path) for path in sheets]
    images[0].save(tmp_path / "set.tif", save_all=True, append_images=images[1:])
    job = add(store, project, tmp_path / "set.tif", "my set.tif")
    make_pool()
    (done,) = ended(store, 1)
    assert done.state == "done"
    assert done.error is not None
    assert "my set.tif, page 2, met a fault of the program (ZeroDivisionError)." in done.error
    assert "asked to be refused" in done.error
    pages = store.pages(job.document_id)
    assert [(p.number, p.head, p.error is None) for p in pages] == [
        (1, 1, True),
        (2, 0, False),
        (3, 0, False),
        (4, 1, True),
    ]
    assert store.document(job.document_id).page_count == 4


def test_files_that_cannot_be_read_fail_with_a_sentence_in_the_uploaders_words(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("this is no picture")
    add(store, project, tmp_path / "text.png", "Plan <b>7<i>.png")
    make_pool()
    (job,) = ended(store, 1)
    assert job.state == "failed"
    assert job.error == "Plan <b>7<i>.png is not a picture that can be read, whatever its name says."
    assert job.tries == 1


def test_documents_of_too_many_pages_are_refused(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    image = Image.open(draw_sheet(tmp_path / "a.png", 1))
    image.save(tmp_path / "set.tif", save_all=True, append_images=[image] * 3)
    add(store, project, tmp_path / "set.tif")
    make_pool(max_pages=3)
    (job,) = ended(store, 1)
    assert (job.state, job.error) == ("failed", "set.tif has 4 pages; at most 3 are read.")


@pytest.mark.parametrize(
    ("harm", "page_s", "tries", "sentence"),
    [
        (KILLS, PATIENCE_S, MAX_TRIES, f"bomb.png stopped its worker {MAX_TRIES} times and was given up."),
        (HANGS, 20, 1, "bomb.png took longer than 20 seconds for a page and was stopped."),
        (EATS, PATIENCE_S, 1, "memory"),
    ],
    ids=["kills", "hangs", "eats"],
)
def test_a_bomb_takes_nothing_but_its_own_job_along(
    store: Store,
    project: Project,
    make_pool: MakePool,
    tmp_path: Path,
    harm: int,
    page_s: float,
    tries: int,
    sentence: str,
) -> None:
    add(store, project, draw_sheet(tmp_path / "before.png", 1))
    add(store, project, draw_sheet(tmp_path / "bomb.png", 2, harm=harm))
    add(store, project, draw_sheet(tmp_path / "after.png", 3))
    make_pool(page_s=page_s)
    before, bomb, after = ended(store, 3)
    assert (before.state, bomb.state, after.state) == ("done", "failed", "done")
    assert bomb.tries == tries
    assert bomb.error is not None
    assert sentence in bomb.error
    assert bomb.error.count(".") - bomb.error.count(".png") <= 2, "one sentence"


@pytest.mark.parametrize("database_url", BOTH_DATABASES, indirect=True)
def test_killed_workers_sheets_are_done_again_once(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    for i in range(12):
        add(store, project, draw_sheet(tmp_path / f"{i}.png", i))
    pool = make_pool(2, seconds=0.5)
    killed: list[int] = []
    while len(killed) < 3 and store.job_counts().get("done", 0) < 12:
        pid = busy_process(store, pool)
        if pid is None:
            time.sleep(0.05)
            continue
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)
        wait_for(lambda: killed[-1] not in {p.pid for p in pool.processes})
    assert killed
    jobs = ended(store, 12)
    assert {job.state for job in jobs} == {"done"}
    assert [page.head for page in store.project_pages(project.id)] == [1] * 12
    assert sorted(int((d.symbols[0].tag or "")[2:]) for _, d in store.heads(project.id)) == list(range(12))
    assert sum(job.tries for job in jobs) - 12 <= 3


def busy_process(store: Store, pool: Pool) -> int | None:
    """The number of a process that is reading a sheet."""
    for job in store.jobs(states=["running"]).items:
        if job.stage == "finding symbols" and job.worker is not None:
            return pool.processes[int(job.worker.rpartition("/")[2])].pid
    return None


def test_cancelling_stops_the_work_and_frees_the_worker(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    hanging = add(store, project, draw_sheet(tmp_path / "a.png", 1, harm=HANGS))
    make_pool()
    wait_for(lambda: store.job(hanging.id).stage == "finding symbols")
    store.cancel_job(hanging.id)
    add(store, project, draw_sheet(tmp_path / "b.png", 2))
    states: list[JobState] = [job.state for job in ended(store, 2)]
    assert states == ["cancelled", "done"]


def test_a_stopped_pool_puts_its_job_back_and_leaves_no_process(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    job = add(store, project, draw_sheet(tmp_path / "a.png", 1, harm=HANGS))
    pool = make_pool()
    wait_for(lambda: store.job(job.id).stage == "finding symbols")
    pid = pool.processes[0].pid
    assert pid is not None
    pool.stop()
    assert (store.job(job.id).state, store.job(job.id).tries) == ("queued", 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_cannot_start_costs_no_tries(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    job = add(store, project, draw_sheet(tmp_path / "a.png", 1))
    pool = make_pool(recognizer="cheap_recognizer:Missing")
    wait_for(lambda: "Missing" in capfd.readouterr().err)
    pool.stop()
    assert (store.job(job.id).state, store.job(job.id).tries) == ("queued", 0)


def test_a_page_is_read_again_on_demand(store: Store, project: Project, make_pool: MakePool, tmp_path: Path) -> None:
    image = Image.open(draw_sheet(tmp_path / "a.png", 7))
    image.save(tmp_path / "set.tif", save_all=True, append_images=[image])
    document_id = add(store, project, tmp_path / "set.tif").document_id
    make_pool()
    ended(store, 1)
    second = store.pages(document_id)[1]
    store.add_job(document_id, "anna", page_id=second.id)
    ended(store, 2)
    assert [page.head for page in store.pages(document_id)] == [1, 2]


def test_pictures_and_uploads_may_lie_in_s3(
    s3: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    store = Store(database_url, f"{s3}/{tmp_path.name}")
    project = store.add_project("Plant", "anna")
    document_id = add(store, project, draw_sheet(tmp_path / "a.png", 7)).document_id
    pool = Pool(
        store, 1, setup=WorkerSetup(store.url, store.files.url, recognizer=CHEAP, threads=1, memory_bytes=MEMORY)
    )
    pool.start()
    try:
        ended(store, 1)
    finally:
        pool.stop()
    (page,) = store.pages(document_id)
    assert store.head(page.id)[1].symbols[0].tag == "V-7"
    assert page.tiles_key is not None
    assert store.files.read(page.tiles_key).startswith(b"PK")
    store.close()


def make_pixel_bomb(path: Path) -> None:
    """A PNG of a few bytes whose header says 60000 x 60000."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def make_stream_bomb(path: Path) -> None:
    """A PDF of a few megabytes whose page unpacks to more than a worker may hold."""
    packer, block = zlib.compressobj(1), b" " * (1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(3 * MEMORY // len(block))) + packer.flush()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 842 595]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed),
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%b endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    path.write_bytes(
        body
        + b"xref\n0 5\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )


@pytest.mark.parametrize(
    ("suffix", "make"), [(".png", make_pixel_bomb), (".pdf", make_stream_bomb)], ids=["png", "pdf"]
)
def test_a_bomb_of_a_file_fails_with_a_sentence_and_the_next_is_read(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path, suffix: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / f"bomb{suffix}")
    add(store, project, tmp_path / f"bomb{suffix}")
    add(store, project, draw_sheet(tmp_path / "after.png", 3))
    make_pool(page_s=60)
    bomb, after = ended(store, 2)
    assert (bomb.state, after.state) == ("failed", "done")
    assert bomb.error is not None
    assert bomb.error.startswith(f"bomb{suffix}")
    assert bomb.error.endswith(".")


def test_an_upload_that_is_gone_fails_and_says_so(
    store: Store, project: Project, make_pool: MakePool, tmp_path: Path
) -> None:
    document, _ = store.add_document(project.id, "a.png", draw_sheet(tmp_path / "a.png", 1), "anna")
    store.files.remove(document.file_key)
    make_pool()
    (job,) = ended(store, 1)
    assert (job.state, job.error, job.tries) == ("failed", "a.png is no longer in the store.", 1)


def test_an_outage_of_the_files_costs_no_tries(
    s3: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The worker process is refused by the S3 server after it has started: what it raises is no document's fault."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setattr("pid.web.jobs.PAUSE_S", 0.1)
    store = Store(database_url, f"{s3}/{tmp_path.name}")
    job = add(store, store.add_project("Plant", "anna"), draw_sheet(tmp_path / "a.png", 7))
    setup = WorkerSetup(store.url, store.files.url, recognizer="cheap_recognizer:OutOfReach", threads=1)
    pool = Pool(store, 1, setup=replace(setup, memory_bytes=MEMORY))
    pool.start()
    for _ in range(MAX_TRIES + 1):
        wait_for(lambda: "the store was out of reach" in capfd.readouterr().err)
    pool.stop()
    assert (store.job(job.id).state, store.job(job.id).tries) == ("queued", 0)
    store.close()
