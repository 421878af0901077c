"""Sheets that people corrected, as training and exports want them: each with its picture, all in the sheet's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pid.document.load import load_page
from pid.drawing import Drawing
from pid.errors import InputError
from pid.evaluate import read_truth
from pid.evaluate_given import given_parts
from pid.sheet import Sheet
from pid.truth.folder import list_sheets


@dataclass(frozen=True, eq=False)
class Correction:
    """A sheet and what is true of it: `drawing` holds symbols and words in the sheet's pixels."""

    name: str
    sheet: Sheet
    drawing: Drawing


def read_corrections(project: Path) -> tuple[Correction, ...]:
    """The accepted sheets of a folder of truth (`pid.truth.folder`) that hold all their symbols.

    Raises `InputError` where there is none, or a drawing is missing.
    """
    found = []
    for entry in list_sheets(project):
        truth = read_truth(entry.truth)
        if entry.is_base or "symbols" not in truth.complete:
            continue
        if entry.drawing is None:
            raise InputError(f"{project} lacks the drawing of {entry.name}.")
        sheet = load_page(entry.drawing, entry.page)
        symbols, words = given_parts(sheet, truth)
        drawing = Drawing(source=sheet.source, sheet=sheet.info, symbols=symbols, words=words)
        found.append(Correction(entry.name, sheet, drawing))
    if not found:
        raise InputError(f"{project} holds no sheet that a person has accepted, with all its symbols.")
    return tuple(found)
