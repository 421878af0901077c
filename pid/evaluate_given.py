"""How good lines and connections are by themselves: the truth's symbols and words are handed to the tracer.

What end-to-end figures then lack is the detector's and the reader's share.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pid.drawing import Drawing, Symbol, Word
from pid.errors import InputError
from pid.evaluate import Evaluation, Truth, evaluate, read_truth
from pid.geometry import transform_box, transform_points
from pid.sheet import Sheet

GIVEN = ("symbols", "words")


def given_parts(sheet: Sheet, truth: Truth) -> tuple[tuple[Symbol, ...], tuple[Word, ...]]:
    """The truth's symbols and words in the pixels of a sheet; elements without an owner or tag of their own."""
    matrix = np.linalg.inv(np.asarray(truth.source_to_sheet) @ np.asarray(sheet.info.to_source))
    symbols = tuple(
        s.model_copy(
            update={
                "box": transform_box(matrix, s.box),
                "ports": tuple((float(x), float(y)) for x, y in transform_points(matrix, s.ports)),
                "tag": None,
            }
        )
        for s in truth.drawing.symbols
    )
    words = tuple(
        w.model_copy(update={"box": transform_box(matrix, w.box), "owner": None}) for w in truth.drawing.words
    )
    return symbols, words


def recognize_given(sheet: Sheet, truth: Truth, *, words: Sequence[Word] | None = None) -> Drawing:
    """Trace and connect a sheet with the truth's symbols, and with `words` where given, else the truth's."""
    from pid.pipeline import link_parts

    symbols, true_words = given_parts(sheet, truth)
    taken = true_words if words is None else [w.model_copy(update={"owner": None}) for w in words]
    return link_parts(sheet, symbols=symbols, words=taken)


def evaluate_given(
    truth: Path, sheets: Path, *, given: Sequence[str], predicted: Path | None = None
) -> dict[str, Evaluation]:
    """Figures of each sheet whose truth holds symbols, with what `given` names taken from the truth.

    Args:
        truth: A truth file, or a folder of NAME.json.
        sheets: The drawing, or a folder of drawings with the truths' names.
        given: ``symbols``, and ``words`` where these shall come from the truth as well.
        predicted: A recognised JSON or a folder of these: where words are not given, theirs are used; a sheet
            without one is read.

    Raises:
        InputError: A file is missing or cannot be used, or `given` asks for something else.
    """
    if "symbols" not in given or set(given) - set(GIVEN):
        raise InputError(f"{', '.join(given)} cannot be given; say symbols, or symbols,words.")
    for path in (truth, sheets):
        if not path.exists():
            raise InputError(f"{path} does not exist.")
    results = {}
    for path in [truth] if truth.is_file() else sorted(truth.glob("*.json")):
        whole = read_truth(path)
        if "symbols" in whole.complete:
            drawing = sheets if sheets.is_file() else _find_sheet(sheets, path.stem)
            results[path.stem] = _evaluate_one(whole, drawing, given, _prediction(predicted, path.name))
    if not results:
        raise InputError(f"{truth} holds no truth with symbols.")
    return results


def _evaluate_one(truth: Truth, drawing: Path, given: Sequence[str], predicted: Drawing | None) -> Evaluation:
    from pid.document.load import load_page

    sheet = load_page(drawing, truth.drawing.source.page)
    if "words" in given and "words" in truth.complete:
        words: Sequence[Word] | None = None
    elif predicted is not None:
        words = predicted.words
    else:
        words = _read_words(sheet)
    return evaluate(recognize_given(sheet, truth, words=words), truth)


def _read_words(sheet: Sheet) -> tuple[Word, ...]:
    from pid.document.read import WordReader

    return tuple(WordReader().read_words(sheet))


def _find_sheet(folder: Path, name: str) -> Path:
    from pid.document.load import SUFFIXES

    for suffix in SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.exists():
            return path
    raise InputError(f"{folder} holds no drawing {name} ({', '.join(SUFFIXES)}).")


def _prediction(predicted: Path | None, name: str) -> Drawing | None:
    if predicted is None:
        return None
    path = predicted if predicted.is_file() else predicted / name
    return Drawing.read(path) if path.exists() else None
