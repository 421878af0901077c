"""Files in, result files out: what `pid recognize` does for a list of drawings.

Each page stands alone: one that fails leaves the others' results in place and becomes a sentence in the report. Every
file is written beside its place and then moved there, so an interrupted run leaves no half files.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pid.annotate import write_annotated
from pid.document.lexicon import read_terms
from pid.document.load import count_pages, find_drawings, load_page
from pid.drawing import Drawing
from pid.errors import InputError
from pid.estimate.rules import read_rules
from pid.estimate.spreadsheet import write_csv, write_workbook
from pid.estimate.takeoff import IMPLIED, Item, take_off
from pid.export_files import check_formats, in_sheet_frame, write_exports
from pid.pipeline import Progress, Recognizer
from pid.read_facts import read_facts
from pid.review_effort import TIMINGS, Timing, read_timings, timings_text
from pid.sheet import Sheet
from pid.structure.library import read_library


@dataclass
class Report:
    """What a run did: a drawing for each page, symbols counted, files written, and a sentence for each failure."""

    drawings: list[Drawing] = field(default_factory=list)
    items: int = 0
    written: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How many pages were recognised."""
        return len(self.drawings)


def recognize_files(
    paths: Sequence[Path],
    out: Path,
    *,
    models: Path | None = None,
    library: Path | None = None,
    only_taught: bool = False,
    exports: Sequence[str] = (),
    terms: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Recognise drawings and folders of drawings into `out`, with one bill of materials over all pages.

    The arguments are those of `recognize_pages`.
    """
    report = recognize_pages(
        paths, out, models=models, library=library, only_taught=only_taught, exports=exports, terms=terms,
        progress=progress,
    )  # fmt: skip
    if report.drawings:
        items, written = write_bill(report.drawings, out)
        report.written += written
        report.items = sum(item.quantity for item in items if item.group != IMPLIED)
    return report


def write_bill(drawings: Iterable[Drawing], out: Path) -> tuple[Sequence[Item], list[Path]]:
    """One bill of materials over all drawings into `out`, bom.csv and bom.xlsx: its items and the files.

    `drawings` are gone through several times and never held all at once.
    """
    rules = read_rules()
    items = take_off((read_facts(drawing) for drawing in drawings), rules=rules)
    return items, [
        write_result(out / "bom.csv", lambda p: write_csv(items, p)),
        write_result(out / "bom.xlsx", lambda p: write_workbook(items, drawings, p, groups=rules.groups)),
    ]


def recognize_pages(
    paths: Sequence[Path],
    out: Path,
    *,
    models: Path | None = None,
    library: Path | None = None,
    only_taught: bool = False,
    exports: Sequence[str] = (),
    terms: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Recognise drawings and folders of drawings into `out`: per page a JSON and an annotated picture; ``timings.csv``.

    `models` is a folder of networks that a training wrote, instead of the shipped ones. Symbols that the folder
    `library` teaches are found, too, or `only_taught` ones. `exports` names further formats
    (`pid.export_files.FORMATS`) that each page is written in.
    `terms` is a list of words that misread ones are corrected to, beside the shipped lists.
    """
    check_formats(exports)
    check_models(models, library, only_taught=only_taught)
    words = read_terms(terms) if terms is not None else ()
    report = Report()
    jobs = list_pages(paths, report.failures)
    names = result_names(jobs)
    recognizer: Recognizer | None = None
    timings: dict[str, Timing] = {}
    for done, (path, page) in enumerate(jobs):
        started = time.perf_counter(), time.process_time()
        try:
            sheet = load_page(path, page)
            recognizer = recognizer or Recognizer(models=models, library=library, only_taught=only_taught, terms=words)
            drawing = recognizer.recognize_sheet(
                sheet, progress=share_of_pages(progress, names[path, page], done, len(jobs))
            )
        except InputError as error:
            report.failures.append(str(error))
            continue
        report.drawings.append(drawing)
        stem = names[path, page]
        text = drawing.to_json()
        straight = Sheet(image=in_sheet_frame(drawing, sheet), source=sheet.source, info=drawing.sheet)
        report.written += [
            write_result(out / f"{stem}.json", lambda p, t=text: p.write_text(t, encoding="utf-8")),  # type: ignore[misc]
            write_result(out / f"{stem}-annotated.png", lambda p, s=straight, d=drawing: write_annotated(s, d, p)),  # type: ignore[misc]
        ]
        report.written += write_exports(drawing, stem, out, exports, original=path, sheet=sheet)
        timings[stem] = Timing(time.perf_counter() - started[0], time.process_time() - started[1])
    if timings:
        text = timings_text(timings, read_timings(out))
        report.written.append(write_result(out / TIMINGS, lambda p: p.write_text(text, encoding="utf-8")))
    return report


def check_models(models: Path | None, library: Path | None, *, only_taught: bool) -> None:
    """Raise `InputError` for what is wrong with networks and library, before anything slow is done."""
    if models is not None and not (models / "shape.onnx").is_file():
        raise InputError(f"{models} holds no networks (shape.onnx).")
    if library is not None:
        read_library(library)
    elif only_taught:
        raise InputError("Only taught symbols are wanted, but no library of them is named.")


def list_pages(paths: Sequence[Path], failures: list[str]) -> list[tuple[Path, int]]:
    """File and number of every page of files and folders; a sentence goes into `failures` for what cannot be used."""
    found: list[Path] = []
    for path in paths:
        try:
            found += [p for p in find_drawings([path]) if p not in found]
        except InputError as error:
            failures.append(str(error))
    pages: list[tuple[Path, int]] = []
    for path in found:
        try:
            pages += [(path, page) for page in range(1, count_pages(path) + 1)]
        except InputError as error:
            failures.append(str(error))
    return pages


def result_names(jobs: Sequence[tuple[Path, int]]) -> dict[tuple[Path, int], str]:
    """``<stem>``, ``<stem>-p2`` in files of several pages, ``<stem>-pdf`` where two files share a stem."""
    pages = Counter(path for path, _ in jobs)
    stems = Counter(path.stem.lower() for path in pages)
    names: dict[tuple[Path, int], str] = {}
    for path, page in jobs:
        stem = path.stem if stems[path.stem.lower()] == 1 else f"{path.stem}-{path.suffix[1:].lower()}"
        name = stem + (f"-p{page}" if pages[path] > 1 else "")
        again = sum(1 for other in names.values() if other == name or other.startswith(f"{name}~"))
        names[path, page] = f"{name}~{again + 1}" if again else name
    return names


def share_of_pages(progress: Progress | None, name: str, done: int, total: int) -> Progress | None:
    """Progress of one page of several, told under its name."""
    if progress is None:
        return None
    return lambda step, share: progress(f"{name}: {step}", (done + share) / total)


def write_result(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file beside its place and move it there, so that no half file is ever seen; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    draft = Path(name)
    try:
        write(draft)
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
