"""From a file to drawings: the order of the stages is what this file says.

load -> rectify -> detect symbols by shape and by structure, fused (and with a vector page's own evidence), while
lettering and tables are looked for -> read words -> find taught symbols -> trace lines -> connect -> assign words
-> read tables and title block -> Drawing
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pid.document.load import load_sheets
from pid.drawing import Drawing, Finding, Symbol, Word
from pid.engine import usable_threads
from pid.geometry import box_area
from pid.model_versions import current_models
from pid.move import move_drawing
from pid.sheet import Sheet

if TYPE_CHECKING:
    from pid.detect.detect import SymbolDetector
    from pid.document.ocr_upside import UpsideDownClassifier
    from pid.document.read import Lettering, WordReader
    from pid.document.rectify import Rectified
    from pid.graph.trace import Trace
    from pid.structure.find_instances import StructureFinder
    from pid.structure.taught import TaughtFinder

TABLED_SHARE = 0.9
"""A symbol with this share of its box in a table is part of it."""
SCAN_SHARE = 0.5
"""A page with an image over this share of it is a scan, whatever was drawn on top."""
_SHARES = {
    "finding symbols": (0.0, 0.6),
    "reading words": (0.6, 0.8),
    "finding taught symbols": (0.8, 0.85),
    "tracing lines": (0.85, 0.95),
}


class Progress(Protocol):
    """Told the step at work and the share of the whole that is done (0..1)."""

    def __call__(self, step: str, share: float, /) -> None:
        """Take note; must return quickly."""


class Recognizer:
    """Loads each model once, on first use; `recognize` may be called for any number of files.

    Args:
        models: folder of the networks; where it is not given those in use (`pid.model_versions`), at first the shipped.
        threads: processor threads a network may use; all where it is not given.
        library: folder of taught symbols (`pid teach`) to be found, too.
        only_taught: whether these are all that is wanted.
        calibrated: whether scores of pages read from their pixels are made probabilities, at the very end.
        terms: words of the user's field, beside the shipped ones, that misread words are corrected to.
    """

    def __init__(
        self,
        *,
        models: Path | None = None,
        threads: int | None = None,
        library: Path | None = None,
        only_taught: bool = False,
        calibrated: bool = True,
        terms: Sequence[str] = (),
    ) -> None:
        self._models = models or current_models()
        self._terms = tuple(terms)
        self._threads = threads
        self._library = library
        self._only_taught = only_taught
        self._calibrated = calibrated

    @cached_property
    def _detector(self) -> SymbolDetector:
        from pid.detect.detect import SymbolDetector

        return SymbolDetector(self._models, threads=self._threads)

    @cached_property
    def _reader(self) -> WordReader:
        from pid.document.lexicon import Lexicon, shipped_terms
        from pid.document.read import WordReader
        from pid.graph.grammar import load_grammar

        lexicon = Lexicon((*shipped_terms(), *self._terms), mend_tag=load_grammar().mend)
        return WordReader(threads=self._threads, correct=lexicon.correct)

    @cached_property
    def _upside_down(self) -> UpsideDownClassifier:
        from pid.document.ocr_upside import UpsideDownClassifier

        return UpsideDownClassifier(threads=self._threads)

    @cached_property
    def _structures(self) -> StructureFinder | None:
        from pid.structure.find_instances import STRUCTURE_FILE, StructureFinder

        if not (self._models / STRUCTURE_FILE).exists():
            return None  # somebody's own detector, of things that may be no plant's
        return StructureFinder(self._models, threads=self._threads)

    @cached_property
    def _taught(self) -> TaughtFinder | None:
        from pid.structure.taught import TaughtFinder

        return None if self._library is None else TaughtFinder(self._library)

    def recognize(self, path: Path, *, progress: Progress | None = None) -> Iterator[Drawing]:
        """One `Drawing` a page, in order. Raises `InputError` for a file or page that cannot be used."""
        for sheet in load_sheets(path):
            yield self.recognize_sheet(sheet, progress=progress)

    def recognize_sheet(
        self, sheet: Sheet, *, progress: Progress | None = None, taught: TaughtFinder | None = None
    ) -> Drawing:
        """Run every stage on a loaded page. The drawing's `to_source` says where it was put right.

        `taught` finds what this page's own library teaches, in place of the recogniser's.
        """
        rectified = self.rectify_sheet(sheet)
        drawing = self._recognize_straight(rectified.reading, progress, taught or self._taught)
        if rectified.mesh is not None:
            info = rectified.page.info
            drawing = move_drawing(drawing, rectified.mesh, width=info.width, height=info.height)
        if self._calibrated and not _is_drawn(sheet):
            from pid.document.confidence import load_confidence

            drawing = load_confidence(self._models).calibrate(drawing)
        return drawing.model_copy(update={"findings": (*rectified.findings, *drawing.findings)})

    def read_sheet(self, sheet: Sheet, *, progress: Progress | None = None) -> tuple[Rectified, tuple[Word, ...]]:
        """The page put right, and its words alone: what any document is read for, be it a drawing or not."""
        rectified = self.rectify_sheet(sheet)
        _tell(progress, "reading words", 0.0)
        words = self._reader.read_words(
            rectified.reading, progress=lambda share: _tell(progress, "reading words", share)
        )
        _tell(progress, "done", 1.0)
        return rectified, words

    def rectify_sheet(self, sheet: Sheet) -> Rectified:
        """A scanned page put right; one that is drawn in vectors, or has live text, is right as it is."""
        from pid.document.rectify import Rectified, rectify_sheet

        if _is_drawn(sheet) or (sheet.vectors is not None and sheet.vectors.texts):
            return Rectified(page=sheet, reading=sheet)
        return rectify_sheet(sheet, upside_down=self._upside_down)

    def _recognize_straight(self, sheet: Sheet, progress: Progress | None, taught: TaughtFinder | None) -> Drawing:
        from pid.detect.actuator_stems import add_stems
        from pid.detect.dotted_ball import name_dotted_balls
        from pid.detect.end_bars import mend_bars
        from pid.detect.nozzle_stubs import name_nozzle_stubs
        from pid.detect.tag_witness import rescue_tagged
        from pid.detect.weigh_words import LETTERED_GROUPS, drop_lettering, drop_misread, name_bubbles, name_nozzle_tags
        from pid.graph.grammar import load_grammar

        _tell(progress, "finding symbols", 0.0)
        symbols, doubtful, lettering, tables = self._find_parts(sheet)
        _tell(progress, "reading words", 0.0)
        lettered = [s.box for s in symbols if s.group in LETTERED_GROUPS]
        words = self._reader.read_words(
            sheet, regions=lettered, found=lettering, progress=lambda share: _tell(progress, "reading words", share)
        )
        words = drop_misread(words, symbols)
        symbols = rescue_tagged(symbols, doubtful, words, is_valve_tag=_is_valve_tag, valve_kinds=_valve_kinds())
        symbols = name_dotted_balls(symbols, sheet.gray)
        symbols = drop_tabled(drop_lettering(symbols, words), tables, width=sheet.info.width)
        symbols = name_bubbles(symbols, words, is_function=load_grammar().is_isa)
        symbols = name_nozzle_tags(
            symbols, words, is_nozzle=lambda text: load_grammar().read(text, "nozzle") is not None
        )
        symbols = mend_bars(add_stems(symbols, sheet.gray), sheet.gray)
        symbols = name_nozzle_stubs(symbols, words, sheet.gray)
        if taught is not None:
            from pid.structure.taught import merge_taught

            _tell(progress, "finding taught symbols", 0.0)
            found = taught.find(sheet.gray, words=words, others=symbols, hidden=tables)
            found = drop_tabled(found, tables, width=sheet.info.width)
            symbols = found if self._only_taught else merge_taught(symbols, found)
        _tell(progress, "tracing lines", 0.0)
        drawing = read_forms(sheet, link_parts(sheet, symbols=symbols, words=words))
        _tell(progress, "done", 1.0)
        return drawing

    def _find_parts(self, sheet: Sheet) -> tuple[Sequence[Symbol], Sequence[Symbol], Lettering, NDArray[np.float64]]:
        """Symbols by shape, by structure and by what a vector page says itself, and the doubtful among them apart;
        lettering; boxes of tables' cells.

        The searches know nothing of each other and are at work side by side, on as many threads as are allowed.
        """
        from pid.graph.trace_grid import find_tables
        from pid.structure.fuse import drop_lone, fuse_structure

        drawn = sheet.vectors if _is_drawn(sheet) else None
        with ThreadPoolExecutor(max_workers=usable_threads() if self._threads is None else self._threads) as pool:
            by_structure = None
            if self._structures is not None:
                by_structure = pool.submit(self._structures.find_on_sheet, sheet.gray, drawn)
            by_shape = pool.submit(self._detector.detect_symbols, sheet.gray)
            lettering = pool.submit(self._reader.find_lettering, sheet)
            tables = pool.submit(find_tables, sheet.gray)
        shapes: Sequence[Symbol] = by_shape.result()
        if by_structure is None:
            return _add_evidence(sheet, shapes), (), lettering.result(), tables.result()
        structures = by_structure.result()
        fused = _add_evidence(sheet, fuse_structure(shapes, structures))
        sure = drop_lone(fused)
        kept = {s.id for s in sure}
        doubtful = tuple(s for s in fused if s.id not in kept)
        symbols = _mend(sure, [*shapes, *structures], sheet.gray)
        return symbols, doubtful, lettering.result(), tables.result()


def link_parts(sheet: Sheet, *, symbols: Sequence[Symbol], words: Sequence[Word]) -> Drawing:
    """The drawing of a page whose symbols and words are known: lines traced, connections made, words given owners."""
    from pid.graph.attach import assign_words
    from pid.graph.build import direct_connections, direct_lines
    from pid.graph.check import with_checks
    from pid.graph.connect import connect_symbols
    from pid.graph.trace_sleeves import name_sleeves

    width = sheet.info.width
    trace = _trace(sheet, symbols, words)
    symbols = name_sleeves(symbols, trace.sleeves)
    lines = direct_lines(trace.lines, symbols, sheet_width=width)
    connections = connect_symbols(symbols, lines, sheet_width=width)
    connections = direct_connections(connections, lines, symbols, sheet_width=width)
    owned, named, numbered = assign_words(words, symbols, lines, sheet_width=width)
    drawing = Drawing(
        source=sheet.source,
        sheet=sheet.info,
        symbols=named,
        lines=numbered,
        connections=connections,
        words=owned,
        findings=_findings(sheet, symbols_found=len(symbols)),
    )
    return with_checks(drawing)


def read_forms(sheet: Sheet, drawing: Drawing) -> Drawing:
    """The drawing with the tables and the title block of its page, from the page's rules and the drawing's words."""
    from pid.document.ruled_page import RuledPage
    from pid.document.tables import find_tables
    from pid.document.title_block import read_title_block

    page = RuledPage.of(sheet.gray, drawing.words)
    tables = find_tables(page)
    return drawing.model_copy(update={"tables": tables, "title_block": read_title_block(page, tables)})


def drop_tabled(symbols: Sequence[Symbol], cells: NDArray[np.float64], *, width: int) -> tuple[Symbol, ...]:
    """The symbols without those that lie in a table or title block, whose `cells` (N, 4) are given in sheet pixels.

    Cells, logos and legends look like symbols, and none of them is a part of the plant.
    """
    from pid.graph.trace_grid import WALL, WORKING_PX

    if not len(cells) or not symbols:
        return tuple(symbols)
    wall = WALL / 2 * width / WORKING_PX  # each of two neighbours reaches to the middle between them
    boxes = np.array([s.box for s in symbols], float)
    far = np.vstack([boxes, cells]).max(axis=0)[2:].astype(int) // 2 + round(wall) + 2
    inside = np.zeros((far[1], far[0]), np.uint8)  # at half the size, cells grown to meet at their walls
    for x0, y0, x1, y1 in np.clip((cells + np.array([-wall, -wall, wall, wall])) / 2, 0, None).astype(int).tolist():
        inside[y0 : y1 + 1, x0 : x1 + 1] = 1
    kept = []
    for symbol, (x0, y0, x1, y1) in zip(symbols, np.clip(boxes / 2, 0, None).astype(int).tolist(), strict=True):
        if inside[y0 : y1 + 1, x0 : x1 + 1].mean() < TABLED_SHARE:
            kept.append(symbol)
    return tuple(kept)


def _mend(symbols: Sequence[Symbol], witnesses: Sequence[Symbol], gray: NDArray[np.uint8]) -> Sequence[Symbol]:
    """The symbols of a sheet (H, W), put right by what each network saw by itself and by how such things are drawn."""
    from pid.detect.arrow_pairs import part_arrows
    from pid.detect.connection_dots import drop_dots
    from pid.detect.drum_outlines import add_drums
    from pid.detect.join_relief import join_relief
    from pid.detect.split_operated import split_operated

    symbols = drop_dots(part_arrows(join_relief(symbols, witnesses)), gray)
    return add_drums(split_operated(symbols, witnesses, gray), gray)


def _add_evidence(sheet: Sheet, shapes: Sequence[Symbol]) -> Sequence[Symbol]:
    """What the network saw, joined with what the blocks and paths of a vector page say."""
    if sheet.vectors is None or not _is_drawn(sheet):
        return shapes
    from pid.detect.fuse import fuse_vectors

    return fuse_vectors(shapes, sheet.vectors, width=sheet.info.width)


def _is_valve_tag(text: str) -> bool:
    """Whether a string may be a valve's tag, and is no line number."""
    from pid.graph.grammar import load_grammar

    grammar = load_grammar()
    tag = grammar.read(text, "kks", "valve", repair=False)
    if tag is None or grammar.read(text, "line_number", "size", "sheet_number", repair=False) is not None:
        return False
    return tag.kind != "kks" or "valve" in grammar.kks_groups.get(tag.parts["component"], ())


def _valve_kinds() -> frozenset[str]:
    from pid.catalog import load_catalog

    return frozenset(kind.name for kind in load_catalog().by_group("valve"))


def _trace(sheet: Sheet, symbols: Sequence[Symbol], words: Sequence[Word]) -> Trace:
    """From native paths where the page has them, from its ink otherwise."""
    from pid.graph.trace import trace_lines, trace_vectors

    if sheet.vectors is not None and _is_drawn(sheet):
        size = (sheet.info.width, sheet.info.height)
        return trace_vectors(sheet.vectors, size=size, symbols=symbols, words=words)
    return trace_lines(sheet.gray, symbols=symbols, words=words)


def _is_drawn(sheet: Sheet) -> bool:
    """Whether the page's own paths are the drawing; where an image fills it, they are only what was added to a scan."""
    if sheet.vectors is None or not sheet.vectors.paths:
        return False
    largest = box_area([*sheet.vectors.images, (0, 0, 0, 0)]).max()
    return bool(largest <= SCAN_SHARE * sheet.info.width * sheet.info.height)


def _findings(sheet: Sheet, *, symbols_found: int) -> tuple[Finding, ...]:
    if symbols_found:
        return ()
    blank = bool(np.ptp(sheet.gray) < 32)
    message = "The page is blank." if blank else "No symbol was found on the page."
    return (Finding(code="blank-page" if blank else "no-symbols", message=message),)


def _tell(progress: Progress | None, step: str, share: float) -> None:
    if progress is not None:
        start, end = _SHARES.get(step, (1.0, 1.0))
        progress(step, start + (end - start) * share)
