"""Tables of generated forms: cell structure F1 by kind of ruling, and of another library where it is installed.

    python tests/bench/bench_tables.py --count 40
    python tests/bench/bench_tables.py --count 40 --peer-python VENV/bin/python

The peer is img2table, which wants opencv-contrib and so lives in an environment of its own: `pip install img2table`. It
finds cells without reading them, so only the structure is compared: row, column and spans of each cell. Words are read
from the picture unless --given words.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pid.document.loose_tables import find_loose_tables
from pid.document.read import WordReader
from pid.document.ruled_page import RuledPage
from pid.document.tables import find_tables
from pid.drawing import Cell, Table, Word
from pid.evaluate_forms import CellCounts, score_tables
from pid.sheet import Sheet
from pid.synth.damage import damage_sheet
from pid.synth.forms import RULINGS, Form, draw_form
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster

FIRST_SEED = 50_000
"""Seeds that no threshold was chosen by."""
PEER_TEXTS = 0.1
"""A finder of cells that does not read them gets the empty ones alone right."""
PEER = """
import json, sys
from img2table.document import Image
path = sys.stdin.readline().strip()
try:
    tables = Image(path).extract_tables(implicit_rows=True, implicit_columns=True)
except Exception:  # it fails so on some pages with few rules
    tables = Image(path).extract_tables()
out = []
for t in tables:
    cells = {}
    for r, row in enumerate(t.content.values()):
        for c, cell in enumerate(row):
            b = (cell.bbox.x1, cell.bbox.y1, cell.bbox.x2, cell.bbox.y2)
            cells.setdefault(b, []).append((r, c))
    box = [t.bbox.x1, t.bbox.y1, t.bbox.x2, t.bbox.y2]
    out.append({"box": box, "cells": [[list(b), p] for b, p in cells.items()]})
print(json.dumps(out, default=int), flush=True)
"""


def main() -> None:
    """Draw, find, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="forms, half of them with every rule")
    parser.add_argument("--damaged", action="store_true", help="through a scanner")
    parser.add_argument("--given", choices=["words"], help="take the true words instead of reading them")
    parser.add_argument("--peer-python", help="a Python with img2table")
    args = parser.parse_args()
    ours: dict[str, CellCounts] = defaultdict(lambda: CellCounts(0, 0, 0, 0))
    theirs: dict[str, CellCounts] = defaultdict(lambda: CellCounts(0, 0, 0, 0))
    reader = WordReader()
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(args.count):
            form, gray = draw(FIRST_SEED + i, ruling=RULINGS[i % 5] if i % 2 else "grid", damaged=args.damaged)
            words = true_words(form) if args.given else read_words(reader, gray, form)
            start = time.process_time()
            found = find(gray, words)
            seconds += time.process_time() - start
            count(ours, form, score_tables(form.drawing.tables, found))
            if args.peer_python:
                path = Path(folder) / "form.png"
                Image.fromarray(gray).save(path)
                count(theirs, form, score_tables(form.drawing.tables, peer_tables(args.peer_python, path)))
    report("pid", ours)
    print(f"seconds a page, words aside: {seconds / max(args.count, 1):.2f}")
    if args.peer_python:
        report("img2table", theirs)


def draw(seed: int, *, ruling: str, damaged: bool) -> tuple[Form, NDArray[np.uint8]]:
    """A form and its grey picture; with damage its truth is moved along."""
    form = draw_form(seed, ruling=ruling)  # type: ignore[arg-type]
    gray = as_gray(render_raster(form.ink, px_per_mm=form.drawing.sheet.px_per_mm or 1.0))
    if not damaged:
        return form, gray
    spoilt, moved = damage_sheet(gray, form.drawing, np.random.default_rng([seed, 11]))
    return Form(form.kind, form.ruling, form.ink, moved), as_gray(spoilt)


def read_words(reader: WordReader, gray: NDArray[np.uint8], form: Form) -> list[Word]:
    """What the OCR engine reads."""
    return list(reader.read_words(Sheet(gray, form.drawing.source, form.drawing.sheet)))


def true_words(form: Form) -> list[Word]:
    """The true strings, a word a run of characters."""
    out = []
    for w in form.drawing.words:
        x0, y0, x1, y1 = w.box
        pitch, at = (x1 - x0) / len(w.text), 0
        for part in w.text.split():
            at = w.text.index(part, at)
            box = (x0 + at * pitch, y0, x0 + (at + len(part)) * pitch, y1)
            out.append(w.model_copy(update={"text": part, "box": box}))
            at += len(part)
    return out


def find(gray: NDArray[np.uint8], words: list[Word]) -> list[Table]:
    """Tables with and without rules, as `pid read` finds them."""
    page = RuledPage.of(gray, words)
    tables = find_tables(page)
    return [*tables, *find_loose_tables(page, tables)]


def peer_tables(python: str, path: Path) -> list[Table]:
    """The tables that img2table finds in a picture, without texts."""
    told = subprocess.run([python, "-c", PEER], input=f"{path}\n", capture_output=True, text=True, check=True)
    out = []
    for table in json.loads(told.stdout):
        cells = []
        for box, places in table["cells"]:
            rows, columns = zip(*places, strict=True)
            cells.append(
                Cell(row=min(rows), column=min(columns), row_span=max(rows) - min(rows) + 1,
                     column_span=max(columns) - min(columns) + 1, box=tuple(box))
            )  # fmt: skip
        out.append(Table(id="", box=tuple(table["box"]), cells=tuple(cells)))
    return out


def count(totals: dict[str, CellCounts], form: Form, counts: CellCounts) -> None:
    """Add the counts of a form to those of its ruling and of all."""
    totals[form.ruling] += counts
    totals["all"] += counts


def report(name: str, totals: dict[str, CellCounts]) -> None:
    """One line a ruling."""
    for ruling, counts in sorted(totals.items()):
        texts = f", with texts {counts.text_f1:.3f}" if counts.read > PEER_TEXTS * counts.placed else ""
        print(f"{name:10} {ruling:8} structure F1 {counts.structure_f1:.3f}{texts} ({counts.truth} cells)")


if __name__ == "__main__":
    sys.exit(main())
