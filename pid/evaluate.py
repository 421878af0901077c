"""Drawing against drawing: how much of the truth a prediction found, and what a reviewer has left to do.

Terms of art: a *match* is a predicted and a true symbol whose boxes overlap with IoU >= 0.5, one to one; *review load*
is the number of symbol and connection corrections per 100 true elements. Thin symbols (a blind flange is a bar of four
pixels) are first grown to `THINNEST_PX`, and lines are compared by sampled length, both at a sheet width of 5000 px.
A truth may be partial: its key ``complete`` says which parts it holds in full.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from pid.detect.precision import average_precision
from pid.drawing import (
    IDENTITY,
    SCHEMA,
    Cell,
    Connection,
    Drawing,
    Line,
    Matrix,
    Symbol,
    Table,
    TitleBlock,
    TitleField,
    Word,
)
from pid.errors import InputError
from pid.evaluate_forms import CellCounts, FieldRates, score_fields, score_tables
from pid.evaluate_lines import LineMatch, Share, score_directions, score_meetings, score_types
from pid.evaluate_words import read_words_at
from pid.geometry import as_boxes, box_iou, transform_box, transform_points

_Boxed = TypeVar("_Boxed", Symbol, Word, Table, Cell, TitleBlock, TitleField)

OPTIONAL_GROUPS = ("flow_arrow", "nozzle", "other")
"""Counted only where the truth lists them at all: many offices do not regard them as symbols."""
MATCH_IOU = 0.5
REFERENCE_WIDTH_PX = 5000.0
THINNEST_PX = 16.0
LINE_TOLERANCE_PX = 6.0
LINE_STEP_PX = 4.0
PARTS = frozenset(
    {"symbols", "groups", "kinds", "connections", "words", "lines", "line_types", "directions", "tables", "title_block"}
)


@dataclass(frozen=True)
class Truth:
    """A true drawing, possibly partial."""

    drawing: Drawing
    complete: frozenset[str] = PARTS
    source_to_sheet: Matrix = IDENTITY
    """Points of a PDF page or drawing units of a DXF to the truth's pixels."""
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Word id to further texts that count as right."""


@dataclass(frozen=True)
class Rates:
    """Precision, recall and their harmonic mean over `truth` true and `found` predicted items."""

    precision: float
    recall: float
    truth: int
    found: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @classmethod
    def of(cls, hits: int, found: int, truth: int) -> Rates:
        """Rates of `hits` right ones; nothing found where nothing is true is perfect."""
        precision = hits / found if found else float(not truth)
        return cls(precision, hits / truth if truth else 1.0, truth, found)


@dataclass(frozen=True)
class WordRates:
    """`exact`: share of true strings read without a fault; `cer`: mean edit distance per character, capped at 1."""

    exact: float
    cer: float
    truth: int
    found: int


@dataclass(frozen=True)
class Evaluation:
    """Figures of one sheet; a part that the truth does not hold is None."""

    symbols: Rates | None = None
    ap50: float | None = None
    groups: Mapping[str, Rates] = field(default_factory=dict)
    group_f1: float | None = None
    kind_f1: float | None = None
    connections: Rates | None = None
    words: WordRates | None = None
    lines: Rates | None = None
    line_types: Share | None = None
    directions: Share | None = None
    meetings: Share | None = None
    title_fields: FieldRates | None = None
    cells: CellCounts | None = None
    review_load: float | None = None
    corrections: int | None = None
    """Symbols and connections that a reviewer has to put right."""

    def figures(self) -> dict[str, float]:
        """Flat name -> figure, the parts that exist only."""
        out: dict[str, float] = {}
        for name in ("symbols", "connections", "lines"):
            rates: Rates | None = getattr(self, name)
            if rates is not None:
                out |= {f"{name}.p": rates.precision, f"{name}.r": rates.recall, f"{name}.f1": rates.f1}
        if self.words is not None:
            out |= {"words.exact": self.words.exact, "words.cer": self.words.cer}
        if self.title_fields is not None and self.title_fields.truth:
            out["title.exact"] = self.title_fields.exact
        if self.cells is not None and self.cells.truth:
            out |= {"tables.structure": self.cells.structure_f1, "tables.text": self.cells.text_f1}
        single = {"symbols.ap50": self.ap50, "groups.f1": self.group_f1, "kinds.f1": self.kind_f1}
        single |= {"review_load": self.review_load, "corrections": self.corrections}
        asked = {"lines.types": self.line_types, "lines.directions": self.directions, "lines.meetings": self.meetings}
        single |= {name: share.value for name, share in asked.items() if share is not None and share.asked}
        return out | {name: value for name, value in single.items() if value is not None}


def read_truth(path: Path) -> Truth:
    """Read a truth file: a whole Drawing, or one with only the parts that its key ``complete`` names."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}.") from error
    if not isinstance(data, dict) or "complete" not in data:
        drawing = Drawing.from_dict(data, name=str(path))
        absent = {name for name in ("tables", "title_block") if not getattr(drawing, name)}
        return Truth(drawing, PARTS - absent)
    return _partial_truth(data, path)


def _partial_truth(data: dict[str, Any], path: Path) -> Truth:
    spellings = {str(w.get("id")): tuple(w["also"]) for w in data.get("words", []) if w.get("also")}
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "source": data.get("source") or {"name": path.stem, "sha256": ""},
        "sheet": {k: v for k, v in data["sheet"].items() if k in ("width", "height", "px_per_mm", "to_source")},
    }
    models: dict[str, type[BaseModel]] = {
        "symbols": Symbol, "lines": Line, "connections": Connection, "words": Word, "tables": Table,
    }  # fmt: skip
    if data.get("title_block"):
        whole["title_block"] = data["title_block"]
    for name, model in models.items():
        whole[name] = [{k: v for k, v in item.items() if k in model.model_fields} for item in data.get(name, [])]
    for symbol in whole["symbols"]:
        symbol["rotation"] = symbol.get("rotation", 0.0) % 360
    drawing = Drawing.from_dict(whole, name=str(path))
    matrix = tuple(tuple(float(v) for v in row) for row in data.get("source_to_sheet") or IDENTITY)
    return Truth(drawing, frozenset(data["complete"]), matrix, spellings)  # type: ignore[arg-type]


def evaluate(predicted: Drawing | None, truth: Truth) -> Evaluation:
    """Compare a prediction with the truth of the same sheet; None stands for a sheet that was not recognised."""
    found = predicted or truth.drawing.model_copy(
        update=dict.fromkeys(("symbols", "lines", "connections", "words", "tables"), ()) | {"title_block": None}
    )
    found = in_truth_frame(found, truth) if predicted else found
    symbols, words, lines = list(found.symbols), [w for w in found.words if w.text], list(found.lines)
    figures: dict[str, Any] = {}
    if "symbols" in truth.complete:
        figures = _score_symbols(truth, symbols, found.connections)
    if truth.complete & {"words", "words_some"}:
        figures["words"] = _score_words(truth, words)
    if "title_block" in truth.complete:
        figures["title_fields"] = score_fields(truth.drawing.title_block, found.title_block)
    if "tables" in truth.complete:
        figures["cells"] = score_tables(truth.drawing.tables, found.tables)
    if "lines" in truth.complete:
        figures["lines"] = _score_lines(truth.drawing, lines)
        figures["meetings"] = score_meetings(truth.drawing, lines)
        match = LineMatch.of(truth.drawing, lines)
        if "line_types" in truth.complete:
            figures["line_types"] = score_types(truth.drawing, lines, match)
        if "directions" in truth.complete:
            figures["directions"] = score_directions(truth.drawing, lines, match)
    return Evaluation(**figures)


def in_truth_frame(found: Drawing, truth: Truth) -> Drawing:
    """A prediction with all geometry in the truth's pixels."""
    matrix = np.asarray(truth.source_to_sheet) @ np.asarray(found.sheet.to_source)

    def moved(part: _Boxed, **further: Any) -> _Boxed:
        return part.model_copy(update={"box": transform_box(matrix, part.box), **further})

    block = found.title_block
    return found.model_copy(
        update={
            "symbols": tuple(moved(s) for s in found.symbols),
            "words": tuple(moved(w) for w in found.words),
            "lines": tuple(
                line.model_copy(update={"points": tuple(map(tuple, transform_points(matrix, line.points)))})
                for line in found.lines
            ),
            "tables": tuple(moved(t, cells=tuple(moved(c) for c in t.cells)) for t in found.tables),
            "title_block": block and moved(block, fields=tuple(moved(f) for f in block.fields)),
        }
    )


def counted_symbols(truth: Truth, symbols: Iterable[Symbol]) -> list[Symbol]:
    """The predicted symbols that count: those of `OPTIONAL_GROUPS` only where the truth lists their group."""
    listed = {s.group for s in truth.drawing.symbols}
    return [s for s in symbols if s.group in listed or s.group not in OPTIONAL_GROUPS]


def match_symbols(truth: Sequence[Symbol], found: Sequence[Symbol], *, sheet_width: float) -> dict[int, int]:
    """Index of the true symbol for each matched predicted one, greedy by score, the same group preferred."""
    least = THINNEST_PX * sheet_width / REFERENCE_WIDTH_PX
    iou = box_iou(_padded([s.box for s in found], least), _padded([s.box for s in truth], least))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for i in sorted(range(len(found)), key=lambda k: -found[k].score):
        order = [int(j) for j in np.argsort(-iou[i]) if int(j) not in taken and iou[i, j] >= MATCH_IOU]
        if order:
            same = [j for j in order if found[i].group == truth[j].group]
            pairs[i] = (same or order)[0]
            taken.add(pairs[i])
    return pairs


def _padded(boxes: Sequence[Sequence[float]], least: float) -> NDArray[np.float64]:
    b = as_boxes(list(boxes))
    grow = np.clip(least - (b[:, 2:] - b[:, :2]), 0, None) / 2
    return np.concatenate([b[:, :2] - grow, b[:, 2:] + grow], axis=1)


def _score_symbols(truth: Truth, predicted: list[Symbol], connections: Iterable[Connection]) -> dict[str, Any]:
    true = truth.drawing.symbols
    found = counted_symbols(truth, predicted)
    pairs = match_symbols(true, found, sheet_width=truth.drawing.sheet.width)
    figures: dict[str, Any] = {"symbols": Rates.of(len(pairs), len(found), len(true))}
    figures["ap50"] = average_precision(
        np.array([s.score for s in found]), np.array([i in pairs for i in range(len(found))]), len(true)
    )
    wrong, base = len(true) + len(found) - 2 * len(pairs), len(true)
    if "groups" in truth.complete:
        rates = _rates_by(lambda s: s.group, true, found, pairs)
        figures["groups"] = rates
        figures["group_f1"] = sum(r.f1 * r.truth for r in rates.values()) / max(len(true), 1)
        wrong += sum(found[i].group != true[j].group for i, j in pairs.items())
    if "kinds" in truth.complete:
        figures["kind_f1"] = float(np.mean([r.f1 for r in _rates_by(lambda s: s.kind, true, found, pairs).values()]))
    if "connections" in truth.complete:
        c = _score_connections(truth.drawing, found, connections, pairs)
        figures["connections"] = c
        wrong += c.truth + c.found - 2 * round(c.recall * c.truth)
        base += c.truth
    return figures | {"review_load": 100.0 * wrong / max(base, 1), "corrections": wrong}


def _rates_by(key: Any, true: Sequence[Symbol], found: Sequence[Symbol], pairs: Mapping[int, int]) -> dict[str, Rates]:
    rates = {}
    for name in sorted({key(s) for s in true}):
        hits = sum(1 for i, j in pairs.items() if key(found[i]) == name == key(true[j]))
        rates[name] = Rates.of(hits, sum(key(s) == name for s in found), sum(key(s) == name for s in true))
    return rates


def _score_connections(
    truth: Drawing, found: Sequence[Symbol], connections: Iterable[Connection], pairs: Mapping[int, int]
) -> Rates:
    to_truth = {found[i].id: truth.symbols[j].id for i, j in pairs.items()}
    want = {frozenset((c.a, c.b)) for c in truth.connections if c.a != c.b}
    counted = {s.id for s in found if s.group != "flow_arrow"}
    got = {frozenset((c.a, c.b)) for c in connections if c.a != c.b and {c.a, c.b} <= counted}
    hits = {frozenset(to_truth[end] for end in pair) for pair in got if all(end in to_truth for end in pair)} & want
    return Rates.of(len(hits), len(got), len(want))


def _score_words(truth: Truth, words: Sequence[Word]) -> WordRates:
    read = read_words_at(truth.drawing.words, words, spellings=truth.spellings)
    cer = float(np.mean([r.error for r in read])) if read else 0.0
    return WordRates(sum(r.exact for r in read) / max(len(read), 1), cer, len(read), len(words))


def _score_lines(truth: Drawing, lines: Sequence[Line]) -> Rates:
    from scipy.spatial import cKDTree

    scale = REFERENCE_WIDTH_PX / truth.sheet.width
    boxes = as_boxes([s.box for s in truth.symbols])
    want, got = _samples(truth.lines, scale, boxes), _samples(lines, scale, boxes)
    if not len(want) or not len(got):
        return Rates(0.0, 0.0, len(want), len(got))
    recall = float((cKDTree(got).query(want)[0] <= LINE_TOLERANCE_PX).mean())
    precision = float((cKDTree(want).query(got)[0] <= LINE_TOLERANCE_PX).mean())
    return Rates(precision, recall, len(want), len(got))


def _samples(lines: Iterable[Line], scale: float, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points every `LINE_STEP_PX` along the lines, outside of the boxes, at the reference width."""
    parts = [np.zeros((0, 2))]
    for line in lines:
        p = np.asarray(line.points, np.float64)
        for a, b in pairwise(p):
            n = max(int(np.hypot(*(b - a)) * scale / LINE_STEP_PX), 1)
            parts.append(a + (b - a) * (np.arange(n)[:, None] + 0.5) / n)
    points = np.concatenate(parts)
    keep = np.ones(len(points), bool)
    for box in boxes:
        keep &= ~((points > box[:2]) & (points < box[2:])).all(axis=1)
    return np.asarray(points[keep] * scale, np.float64)
