"""Two models, or two folders of their results, against a folder of truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pid.drawing import Drawing
from pid.errors import InputError
from pid.evaluate import Truth, read_truth
from pid.truth.folder import TruthSheet, list_sheets
from pid.verify.align import align
from pid.verify.elements import Element, Part, join
from pid.verify.figures import LEVEL, Figure, count_states, score_elements

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Comparison:
    """What came out: B is the new model, A the one that it is held against."""

    a: str
    b: str
    sheets: tuple[TruthSheet, ...]
    elements: tuple[Element, ...]
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...] = ()
    """A sentence for each sheet that was not compared."""

    @property
    def losses(self) -> tuple[Figure, ...]:
        """The parts, groups and kinds that lost significantly."""
        return tuple(f for f in self.figures if f.significant_loss)

    @property
    def regressions(self) -> tuple[Element, ...]:
        """What A has right and B has not, worst first: what passes unseen, then what belongs to the largest loss.

        A missing element passes unseen always, a wrong or false one the more likely, the higher B scores it.
        """
        lost = {(f.part, f.label): f.difference for f in self.figures}
        rows = [e for e in self.elements if e.a_right and not e.b_right]
        return tuple(sorted(rows, key=lambda e: (-_unseen(e), lost.get((e.part, _label(e)), 0.0), e.sheet)))

    @property
    def states(self) -> dict[Part, dict[str, int]]:
        """Per part how many elements A alone, B alone, both or neither read, and who is right."""
        return {part: dict(row) for part, row in count_states(self.elements).items()}


def _unseen(element: Element) -> float:
    return 1.0 if element.b is None else element.b.score


def _label(element: Element) -> str:
    reading = element.any_reading
    return reading.kind if element.part == "symbols" and reading.kind else reading.group


def compare_drawings(name: str, truth: Truth, a: Drawing, b: Drawing) -> list[Element]:
    """The elements of one sheet, part by part, as two predictions see them."""
    mine, theirs = align(a, truth), align(b, truth)
    return [element for part in mine for element in join(name, part, mine[part], theirs[part])]


def compare_models(
    truth: Path,
    a: Path,
    b: Path,
    *,
    work: Path,
    drawings: Path | None = None,
    unaccepted: bool = False,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two folders of networks or of results (NAME.json) on a folder of truth (`pid.truth.folder`).

    Args:
        truth: The folder of truth.
        a: The model that is in use.
        b: The model that might take its place.
        work: What networks recognise is kept here: ``a/`` and ``b/``.
        drawings: Where the sheets lie, if not in the folder of truth.
        unaccepted: Whether base truth that nobody accepted counts as truth.
        level: Of significance.
        progress: Told what is being done and the share done.

    Raises:
        InputError: Something is missing or cannot be used, or nothing is left to compare.
    """
    sheets, left_out = [], []
    for sheet in list_sheets(truth, drawings=drawings):
        if sheet.is_base and not unaccepted:
            left_out.append(f"{sheet.name} is base truth that nobody has accepted yet: left out.")
        else:
            sheets.append(sheet)
    if not sheets:
        raise InputError(f"{truth} holds no accepted truth: see `pid truth accept`, or take all with --unaccepted.")
    results = [
        _results(folder, sheets, work / side, progress and _half(progress, start))
        for folder, side, start in ((a, "a", 0.0), (b, "b", 0.5))
    ]
    elements: list[Element] = []
    for sheet in sheets:
        whole = read_truth(sheet.truth)
        pair = [_prediction(found / f"{sheet.name}.json", whole) for found in results]
        elements += compare_drawings(sheet.name, whole, *pair)
    if not elements:
        raise InputError(f"{truth} holds nothing that can be compared.")
    figures = score_elements(elements, level=level)
    return Comparison(_title(a), _title(b), tuple(sheets), tuple(elements), tuple(figures), tuple(left_out))


def _title(folder: Path) -> str:
    return folder.resolve().name


def _prediction(path: Path, truth: Truth) -> Drawing:
    """A result; where there is none the sheet was read as empty."""
    if path.exists():
        return Drawing.read(path)
    return truth.drawing.model_copy(
        update={
            "symbols": (), "lines": (), "connections": (), "words": (), "tables": (), "title_block": None,
            "sheet": truth.drawing.sheet.model_copy(update={"to_source": _undo(truth)}),
        }
    )  # fmt: skip


def _undo(truth: Truth) -> tuple[tuple[float, ...], ...]:
    import numpy as np

    return tuple(tuple(float(v) for v in row) for row in np.linalg.inv(np.asarray(truth.source_to_sheet)))


def _results(folder: Path, sheets: Sequence[TruthSheet], out: Path, progress: Progress | None) -> Path:
    """The folder of results: as given, or recognised into `out` where networks were given."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of networks or of results.")
    if not any(folder.glob("*.onnx")):
        if not any((folder / f"{sheet.name}.json").exists() for sheet in sheets):
            raise InputError(f"{folder} holds neither networks (*.onnx) nor results of the truth's sheets (NAME.json).")
        return folder
    from pid.verify.recognize import recognize_sheets

    recognize_sheets(folder, sheets, out, progress=progress)
    return out


def _half(progress: Progress, start: float) -> Progress:
    return lambda step, share: progress(step, start + share / 2)
