"""Any page read as a document: words, tables and fields of drawings, lists, data sheets, into JSON, CSV, XLSX and PDF.

What `pid read` does. Each page stands alone: one that fails leaves the others' results in place and becomes a sentence
in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pid.document.classify import DocumentTypes, classify, load_types
from pid.document.extract import extract_fields
from pid.document.load import load_page
from pid.document.loose_tables import find_loose_tables
from pid.document.region import Region, inside, overlap
from pid.document.ruled_page import RuledPage
from pid.document.rules import RuleSet, read_rules, shipped_rules
from pid.document.searchable_pdf import PdfPage, write_searchable_pdf
from pid.document.tables import find_tables, number_tables
from pid.document.title_block import read_title_block
from pid.drawing import Finding, SheetInfo, Source, Table, TitleBlock, TitleField, Word
from pid.errors import InputError
from pid.pipeline import Progress, Recognizer
from pid.recognize_files import list_pages, result_names, share_of_pages, write_result
from pid.sheet import Sheet
from pid.write_reading import table_rows, write_book, write_rows

DRAWINGS = ("pid", "pfd")
"""Kinds of pages on which lettering in columns is no table unless somebody says so."""
REGION_SHARE = 0.5
"""A table with this share of its box in the named region is in it."""
FIELD_COLUMNS = ("name", "value", "confidence", "required", "corrected", "edited", "x0", "y0", "x1", "y1")
WORD_COLUMNS = ("id", "text", "confidence", "angle", "x0", "y0", "x1", "y1")


class DocumentType(BaseModel):
    """What kind of document a page is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    confidence: float


class Reading(BaseModel):
    """A page as it was read; fields are those of the title block and of the extraction rules for its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["pid-page/1"] = Field(default="pid-page/1", alias="schema")
    source: Source
    sheet: SheetInfo
    document: DocumentType
    title_block: TitleBlock | None = None
    fields: tuple[TitleField, ...] = ()
    tables: tuple[Table, ...] = ()
    words: tuple[Word, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass
class ReadReport:
    """What a run did: a reading a page, files written, and a sentence for each failure."""

    readings: list[Reading] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class PageReader:
    """Reads pages as documents.

    Args:
        recognizer: straightens pages and reads words; its models are loaded on first use.
        rules: extraction rules; those shipped where none are given.
        types: document types; those shipped where none are given.
        region: the part of each page in which tables are looked for.
    """

    def __init__(
        self,
        *,
        recognizer: Recognizer | None = None,
        rules: Sequence[RuleSet] | None = None,
        types: DocumentTypes | None = None,
        region: Region | None = None,
    ) -> None:
        self._recognizer = recognizer or Recognizer()
        self._rules = shipped_rules() if rules is None else tuple(rules)
        self._types = types or load_types()
        self._region = region

    def read(self, sheet: Sheet, *, progress: Progress | None = None) -> tuple[Reading, Sheet]:
        """The reading of a page, and the page put right, whose pixels the reading is told in.

        A bent page is told and given back flattened: no matrix leads back from it exactly.
        """
        rectified, words = self._recognizer.read_sheet(sheet, progress=progress)
        straight = rectified.page if rectified.mesh is None else rectified.reading
        page = RuledPage.of(rectified.reading.gray, words)
        tables = find_tables(page)
        block = read_title_block(page, tables)
        kind, sure = classify(page.strings, title_block=block, types=self._types)
        if self._region is not None:
            tables = self._in_region(rectified.reading, words, tables)
        elif kind not in DRAWINGS:
            tables = number_tables([*tables, *find_loose_tables(page, tables)])
        fields, missing = self._fields(page, tables, kind, block)
        reading = Reading(
            source=straight.source,
            sheet=straight.info,
            document=DocumentType(name=kind, confidence=sure),
            title_block=block,
            fields=fields,
            tables=tables,
            words=words,
            findings=(*rectified.findings, *missing),
        )
        return reading, straight

    def _in_region(self, sheet: Sheet, words: Sequence[Word], tables: Sequence[Table]) -> tuple[Table, ...]:
        """The tables in the named region alone, be they ruled or not."""
        info = sheet.info
        box = self._region.on(words, size=(info.width, info.height)) if self._region else None
        if box is None:
            return ()
        ruled = [t for t in tables if overlap(t.box, box) >= REGION_SHARE]
        part = RuledPage.of(sheet.gray, inside(words, box))
        return number_tables([*ruled, *find_loose_tables(part, ruled)])

    def _fields(
        self, page: RuledPage, tables: Sequence[Table], kind: str, block: TitleBlock | None
    ) -> tuple[tuple[TitleField, ...], list[Finding]]:
        """Fields by the rules for a kind of document, and those of the title block; findings for what is missing."""
        rules = [r for r in self._rules if r.suits(kind)]
        fields = {f.name: f for r in rules for f in extract_fields(page, tables, r)}
        for f in block.fields if block else ():
            fields.setdefault(f.name, f)
        wanted = [rule for r in rules for rule in r.fields if rule.required and rule.name not in fields]
        return tuple(fields.values()), [_missing(rule.name) for rule in wanted]


def _missing(name: str) -> Finding:
    return Finding(code="field-missing", message=f"The required field {name} was not found.")


def read_files(
    paths: Sequence[Path],
    out: Path,
    *,
    rules: Sequence[Path] = (),
    types: Path | None = None,
    region: Region | None = None,
    progress: Progress | None = None,
) -> ReadReport:
    """Read documents and folders of documents into `out`.

    A page NAME becomes NAME.json, NAME-fields.csv, NAME-words.csv, NAME-t1.csv and so on, and NAME.xlsx; a file becomes
    one searchable PDF.

    Args:
        paths: files of any kind that `pid.document.load` reads, or folders of them.
        out: folder of the results, made if it is not there.
        rules: files of extraction rules, instead of those shipped.
        types: a file of document types, instead of the one shipped.
        region: the part of each page in which tables are looked for.
        progress: told the step at work.
    """
    report = ReadReport()
    reader = PageReader(
        rules=[read_rules(path) for path in rules] or None, types=load_types(types) if types else None, region=region
    )
    jobs = list_pages(paths, report.failures)
    names = result_names(jobs)
    pages: dict[Path, list[PdfPage]] = {}
    for done, (path, number) in enumerate(jobs):
        name = names[path, number]
        try:
            sheet = load_page(path, number)
            reading, straight = reader.read(sheet, progress=share_of_pages(progress, name, done, len(jobs)))
        except InputError as error:
            report.failures.append(str(error))
            continue
        report.readings.append(reading)
        report.written += _write_page(reading, out, name)
        pages.setdefault(path, []).append(_pdf_page(path, sheet, straight, reading))
    for path, members in pages.items():
        first = names[path, 1]
        stem = first.removesuffix("-p1") if (path, 2) in names else first
        write = partial(write_searchable_pdf, members, title=path.name)
        report.written.append(write_result(out / f"{stem}.pdf", write))
    return report


def _pdf_page(path: Path, sheet: Sheet, straight: Sheet, reading: Reading) -> PdfPage:
    """A page of a PDF with live text stays as it is; any other is a picture with words behind it."""
    live = sheet.source.kind == "pdf" and sheet.vectors is not None and bool(sheet.vectors.texts)
    original = (path, sheet.source.page) if live else None
    return PdfPage(straight.image, reading.words, reading.sheet.px_per_mm, original)


def _write_page(reading: Reading, out: Path, name: str) -> list[Path]:
    """The files of one page."""
    text = reading.model_dump_json(indent=1, by_alias=True)
    fields = [[*_told(f.name, f.value, f.score), f.required, f.corrected, f.edited, *f.box] for f in reading.fields]
    words = [[w.id, *_told(w.text, w.score), w.angle, *w.box] for w in reading.words]
    written = [
        write_result(out / f"{name}.json", lambda p: p.write_text(text, encoding="utf-8")),
        write_result(out / f"{name}-fields.csv", lambda p: write_rows([FIELD_COLUMNS, *fields], p)),
        write_result(out / f"{name}-words.csv", lambda p: write_rows([WORD_COLUMNS, *words], p)),
    ]
    for table in reading.tables:
        rows = table_rows(table)
        written.append(write_result(out / f"{name}-{table.id}.csv", partial(write_rows, rows)))
    sheets = {"Fields": [FIELD_COLUMNS, *fields], "Words": [WORD_COLUMNS, *words]}
    book = partial(write_book, sheets, reading.tables)
    return [*written, write_result(out / f"{name}.xlsx", book)]


def _told(*values: str | float) -> list[str | float]:
    """Texts as they are, scores to three places."""
    return [round(v, 3) if isinstance(v, float) else v for v in values]
