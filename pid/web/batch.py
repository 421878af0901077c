"""Many drawings through the store and the workers, without the web: what `pid batch` does.

A few drawings are in the store at a time: one is added when another is done and its results lie in the folder of
results. The store lies there, too (`STORE`), so that the same command, given again, goes on where it ended.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pid.document.load import SUFFIXES, find_drawings
from pid.drawing import Drawing
from pid.errors import InputError
from pid.estimate.spreadsheet import REVIEW_BELOW
from pid.estimate.takeoff import IMPLIED, Item, count_by_group
from pid.pipeline import Progress
from pid.recognize_files import write_bill, write_result
from pid.web.jobs import Workers
from pid.web.models import Page
from pid.web.store import Store

STORE = ".pid"
"""Folder of the store within the folder of results."""
AHEAD = 4
"""Drawings in the store for each worker: some are read, some wait, some are being written."""
LOOK_S = 0.3
BY = "batch"
FAILURES = "failures.txt"
NAMED = 10
"""So many failures are named in the summary; all of them are in `FAILURES`."""
GROUPS_NAMED = 6


@dataclass(frozen=True)
class Source:
    """A drawing of the batch: its file and what it is called in results; names of results are made from that."""

    path: Path
    name: str

    @property
    def stem(self) -> str:
        """Start of the names of its results."""
        return self.name.rpartition(".")[0]


@dataclass
class BatchReport:
    """What a batch did. `done_before` drawings had been read by an earlier run."""

    drawings: int
    ended: int = 0
    done_before: int = 0
    pages: int = 0
    symbols: int = 0
    failures: list[str] = field(default_factory=list)
    items: Sequence[Item] = ()
    seconds: float = 0.0


class Batch:
    """A folder of results being filled.

    Args:
        store: where jobs and drawings are kept.
        out: the folder of results.
        settings: what results depend on beside the drawings; with others, everything is read again.
        retry: whether drawings that failed in an earlier run are tried again.
    """

    def __init__(self, store: Store, out: Path, *, settings: str = "", retry: bool = False) -> None:
        self._store = store
        self._out = out
        self._retry = retry
        self._project_id = _project_id(store, settings)
        self._documents: list[str] = []
        self._open: dict[str, Source] = {}
        self._report = BatchReport(0)

    def run(
        self, sources: Sequence[Source], workers: Workers, *, ahead: Callable[[], int], progress: Progress | None = None
    ) -> BatchReport:
        """Have all drawings read, and write their results and one bill of materials.

        `ahead` says how many drawings may be in the store at a time.
        """
        started = time.monotonic()
        self._report = BatchReport(len(sources))
        coming = iter(sources)
        workers.start()
        try:
            while self._fill(coming, ahead()):
                ended = self._collect()
                self._tell(progress)
                if not ended:
                    time.sleep(LOOK_S)
        finally:
            workers.stop()
        if progress is not None:
            progress("bill of materials", 1.0)
        self._conclude()
        self._report.seconds = time.monotonic() - started
        return self._report

    def _fill(self, coming: Iterator[Source], ahead: int) -> bool:
        """Add drawings until enough are in the store; False where none is left to wait for."""
        while len(self._open) < ahead and (source := next(coming, None)) is not None:
            try:
                self._add(source)
            except InputError as error:
                self._fail(str(error))
            except OSError as error:
                self._fail(f"{source.path} cannot be read: {error.strerror}.")
        return bool(self._open)

    def _add(self, source: Source) -> None:
        stat = source.path.stat()
        state = hashlib.sha256(f"{source.name}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()
        document, job = self._store.add_document(self._project_id, source.name, source.path, BY, idempotency_key=state)
        if job.state == "failed" and self._retry:
            self._store.retry_job(job.id)
        self._report.done_before += job.state == "done"
        self._documents.append(document.id)
        self._open[document.id] = source

    def _fail(self, sentence: str) -> None:
        self._report.failures.append(sentence)
        self._report.ended += 1

    def _collect(self) -> bool:
        """Write the results of what has ended; whether anything has."""
        before = self._report.ended
        for document_id, job in self._store.last_jobs(list(self._open)).items():
            if job.state in {"queued", "running"}:
                continue
            source = self._open.pop(document_id)
            self._report.ended += 1
            if job.error:
                self._report.failures.append(job.error)
            if job.state == "done":
                self._write(document_id, source)
                self._store.drop_file(document_id)
        return self._report.ended > before

    def _write(self, document_id: str, source: Source) -> None:
        several = (self._store.document(document_id).page_count or 1) > 1
        for page in self._store.pages(document_id):
            if page.head:
                self._write_page(page, source.stem + (f"-p{page.number}" if several else ""))
                self._report.pages += 1
                self._report.symbols += page.counts.get("symbols", 0)

    def _write_page(self, page: Page, stem: str) -> None:
        """Results of a page, unless an earlier run has written them: then its picture is no longer in the store."""
        result, picture = self._out / f"{stem}.json", self._picture(page)
        if picture is not None:
            write_result(self._out / f"{stem}-annotated.png", lambda p: p.write_bytes(picture))
        if picture is not None or not result.exists():
            text = self._store.head(page.id)[1].to_json()
            write_result(result, lambda p: p.write_text(text, encoding="utf-8"))
        if page.annotated_key is not None:
            self._store.files.remove(page.annotated_key)

    def _picture(self, page: Page) -> bytes | None:
        try:
            return None if page.annotated_key is None else self._store.files.read(page.annotated_key)
        except FileNotFoundError:
            return None

    def _tell(self, progress: Progress | None) -> None:
        if progress is None:
            return
        report = self._report
        running = [job for job in self._store.jobs(states=["running"]).items if job.document_id in self._open]
        share = (report.ended + sum(job.share for job in running)) / max(report.drawings, 1)
        failed = f", {len(report.failures)} failed" if report.failures else ""
        progress(f"{report.ended} of {report.drawings} drawings{failed}", min(share, 1.0))

    def _conclude(self) -> None:
        """The bill of materials over all drawings, and the list of failures."""
        if self._report.pages:
            self._report.items = write_bill(_StoredDrawings(self._store, self._documents), self._out)[0]
        failures = self._out / FAILURES
        if self._report.failures:
            text = "\n".join(self._report.failures) + "\n"
            write_result(failures, lambda p: p.write_text(text, encoding="utf-8"))
        else:
            failures.unlink(missing_ok=True)


class _StoredDrawings:
    """The latest drawing of each page of some documents, read from the store one by one, each time anew."""

    def __init__(self, store: Store, documents: Sequence[str]) -> None:
        self._store = store
        self._documents = documents

    def __iter__(self) -> Iterator[Drawing]:
        for document_id in self._documents:
            for page in self._store.pages(document_id):
                if page.head:
                    yield self._store.head(page.id)[1]


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """The drawings among files and in folders, at any depth, in order, each with a name of its own.

    Raises:
        InputError: there is none, or a file is of no known kind.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            for inside in sorted(p for p in path.rglob("*") if _is_drawing(p, path)):
                found.setdefault(inside, "-".join(inside.relative_to(path).parts))
        else:
            found.setdefault(find_drawings([path])[0], path.name)
    if not found:
        raise InputError(f"{', '.join(map(str, paths))} holds no drawings (looked for {', '.join(SUFFIXES)}).")
    return [Source(path, name) for path, name in zip(found, _own_names(list(found.values())), strict=True)]


def _is_drawing(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "~")) for part in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def _own_names(names: Sequence[str]) -> Iterator[str]:
    """Names whose stems differ: ``a.png`` and ``a.pdf`` become ``a-png.png`` and ``a-pdf.pdf``."""
    stems = Counter(name.rpartition(".")[0].lower() for name in names)
    taken: Counter[str] = Counter()
    for name in names:
        stem, _, suffix = name.rpartition(".")
        own = stem if stems[stem.lower()] == 1 else f"{stem}-{suffix.lower()}"
        taken[own.lower()] += 1
        again = taken[own.lower()]
        yield f"{own}~{again}.{suffix}" if again > 1 else f"{own}.{suffix}"


def _project_id(store: Store, settings: str) -> str:
    """The project of all runs with the same settings."""
    name = f"batch {hashlib.sha256(settings.encode()).hexdigest()[:16]}"
    known = store.setting(name)
    if known is None:
        known = store.add_project("Batch", BY).id
        store.set_setting(name, known)
    return known


def summary(report: BatchReport, out: Path, *, workers: str) -> list[str]:
    """The batch in a few lines that a person reads in ten seconds."""
    done = report.drawings - len(report.failures)
    before = f", {report.done_before} of them in an earlier run" if report.done_before else ""
    lines = [
        f"{done} of {report.drawings} drawings read{before}: {report.pages} pages, {report.symbols} symbols, "
        f"{_duration(report.seconds)} {workers}."
    ]
    counted = [item for item in report.items if item.group != IMPLIED]
    if counted:
        review = sum(item.score < REVIEW_BELOW for item in counted)
        groups = sorted(count_by_group(counted).items(), key=lambda pair: -pair[1])[:GROUPS_NAMED]
        lines.append(
            f"Bill of materials: {len(counted)} rows, {review} of them to review; "
            + ", ".join(f"{group.replace('_', ' ')} {count}" for group, count in groups)
        )
    lines.append(f"Results: {out.resolve()} (bom.xlsx, bom.csv; NAME.json and NAME-annotated.png a page)")
    if report.failures:
        lines.append(f"{len(report.failures)} had failures (all in {FAILURES}; again with --retry):")
        lines += [f"  {sentence}" for sentence in report.failures[:NAMED]]
    return lines


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
