"""Networks go on learning from what people corrected, mixed with generated sheets so that nothing is forgotten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pid.corrections import Correction, read_corrections
from pid.detect.card import write_card
from pid.detect.dataset import LabelledSheet, SheetFolder, fill_sheet_folder, label_sheet
from pid.detect.mixed import MixedSheets
from pid.detect.recipe import KindRecipe, ShapeRecipe
from pid.document.load import find_drawings, load_sheets
from pid.drawing import Drawing, Symbol
from pid.errors import InputError
from pid.geometry import transform_box
from pid.install_models import Report, about_run, is_shipped
from pid.model_versions import current_models
from pid.paper import reduce_sheet
from pid.pipeline import Recognizer
from pid.train_models import load_training

LEAST_SURE = 0.98
"""Of what recognition labels by itself: one in fifty may be wrong."""
REPLAY_SEED = 500_000_000
"""The first of the generated sheets that are mixed in; held-out sheets lie far above."""


def train_kinds_on_corrections(
    project: Path,
    out: Path,
    recipe: KindRecipe,
    *,
    replay: Path | None = None,
    start: Path | None = None,
    further: Sequence[LabelledSheet] = (),
    device: str = "cpu",
    resume: bool = False,
    report: Report = print,
) -> Path:
    """Train the classifier of kinds on from the weights in use; returns `out`, a folder of networks.

    Args:
        project: The folder of accepted truth.
        out: Gets the new network, its card, and the other networks in use.
        recipe: How long and how fast.
        replay: A folder of generated sheets; without it they are drawn into ``out/replay``.
        start: Weights to begin from, instead of those in use.
        further: Sheets beside the project's, such as those labelled by recognition (`label_surely`).
        device: Where torch computes.
        resume: Whether to go on from the checkpoint in `out`.
        report: Told how it goes.

    Raises:
        InputError: Nothing was accepted, or the extra ``train`` is not installed.
    """
    training = load_training()
    corrections, mixed = _mix(project, out, recipe, replay, further, report)
    begin = start or _weights("kinds")
    training.train_kinds(recipe, out=out, data=mixed, device=device, resume=resume, start=begin, report=report)
    card = _card(out, recipe, device, begin, corrections, mixed)
    labels = list(training.kind_labels())
    write_card(out / "kinds.onnx", {"network": "eight 3x3 convolutions on 64 px cut-outs", **card, "labels": labels})
    return _with_the_rest(out, "kinds")


def train_shape_on_corrections(
    project: Path,
    out: Path,
    recipe: ShapeRecipe,
    *,
    replay: Path | None = None,
    start: Path | None = None,
    device: str = "cpu",
    resume: bool = False,
    report: Report = print,
) -> Path:
    """Train the symbol detector on from the weights in use, as `train_kinds_on_corrections` does the classifier.

    Its scores keep the calibration of the network that it was trained on from.
    """
    training = load_training()
    corrections, mixed = _mix(project, out, recipe, replay, (), report)
    begin = start or _weights("shape")
    training.train_shape(recipe, out=out, data=mixed, device=device, resume=resume, start=begin, report=report)
    before = json.loads((current_models() / "shape.json").read_text(encoding="utf-8"))
    kept = {name: before[name] for name in ("network", "groups", "classes", "look", "licence") if name in before}
    card = kept | _card(out, recipe, device, begin, corrections, mixed) | {"calibration": before["calibration"]}
    write_card(out / "shape.onnx", card)
    return _with_the_rest(out, "shape")


def label_surely(drawings: Path, *, least: float = LEAST_SURE, report: Report = print) -> tuple[LabelledSheet, ...]:
    """Drawings that nobody has looked at, with the symbols whose place and kind recognition is `least` sure of.

    They teach the classifier only: to the detector, what is left out would look like nothing.
    """
    recognizer = Recognizer()
    sheets = []
    for path in find_drawings([drawings]):
        for sheet in load_sheets(path):
            drawing = recognizer.recognize_sheet(sheet)
            sure = tuple(s for s in drawing.symbols if is_sure(s, least))
            report(f"{path.name}: {len(sure)} of {len(drawing.symbols)} symbols are sure enough to be learned from")
            if sure:
                sheets.append(label_drawing(sheet.gray, drawing.model_copy(update={"symbols": sure})))
    return tuple(sheets)


def is_sure(symbol: Symbol, least: float) -> bool:
    """Whether a symbol is one, and of the kind named, with at least this probability; both witnesses must have seen it.

    What the classifier alone names would only confirm it in what it thinks already.
    """
    kind = symbol.attributes.get("kind_score", 0.0)
    return (
        {"shape", "structure"} <= set(symbol.found_by)
        and symbol.score >= least
        and isinstance(kind, int | float)
        and kind >= least
        and symbol.kind != "unknown"
        and "review" not in symbol.attributes
    )


def label_correction(correction: Correction) -> LabelledSheet:
    """A corrected sheet ready for cutting, at the size that detection looks at."""
    return label_drawing(correction.sheet.gray, correction.drawing)


def label_drawing(gray: Any, drawing: Drawing) -> LabelledSheet:
    """A sheet (H, W) uint8 and its drawing, ready for cutting, at the size that detection looks at."""
    reduced, factor = reduce_sheet(gray)
    matrix = ((1 / factor, 0.0, 0.0), (0.0, 1 / factor, 0.0), (0.0, 0.0, 1.0))
    smaller = drawing.model_copy(
        update={
            part: tuple(e.model_copy(update={"box": transform_box(matrix, e.box)}) for e in getattr(drawing, part))
            for part in ("symbols", "words")
        }
    )
    return label_sheet(reduced, smaller)


def _mix(
    project: Path,
    out: Path,
    recipe: KindRecipe | ShapeRecipe,
    replay: Path | None,
    further: Sequence[LabelledSheet],
    report: Report,
) -> tuple[tuple[Correction, ...], MixedSheets]:
    if is_shipped(out):
        raise InputError(f"{out} holds the shipped networks; name another folder with --out.")
    corrections = read_corrections(project)
    sheets = (*(label_correction(c) for c in corrections), *further)
    report(f"{len(corrections)} corrected sheet(s), {sum(len(s.boxes) for s in sheets)} symbols")
    return corrections, MixedSheets(sheets, _replay(replay, out, recipe, report), recipe.corrected_share)


def _replay(folder: Path | None, out: Path, recipe: KindRecipe | ShapeRecipe, report: Report) -> SheetFolder:
    from pid.synth.training_sheet import draw_training_sheet

    if folder is None:
        folder = out / "replay"
        seeds = range(REPLAY_SEED, REPLAY_SEED + recipe.replay_sheets)
        report(f"{len(seeds)} generated sheets to be mixed in: {folder}")
        fill_sheet_folder(folder, draw_training_sheet, seeds)
    sheets = SheetFolder(folder)
    if not sheets.seeds():
        raise InputError(f"{folder} holds no generated sheets (NUMBER.png with NUMBER.json).")
    return sheets


def _weights(name: str) -> Path:
    """The weights in use to train on from."""
    path = current_models() / f"{name}.pt"
    if not path.is_file():
        raise InputError(f"{path} is missing: name the weights to begin from with --start.")
    return path


def _card(
    out: Path, recipe: KindRecipe | ShapeRecipe, device: str, start: Path, corrections: Sequence[Correction],
    mixed: MixedSheets,
) -> dict[str, Any]:  # fmt: skip
    return about_run(out, recipe, device, start) | {
        "data": {
            "corrected_sheets": [c.name for c in corrections],
            "further_sheets": len(mixed.corrected) - len(corrections),
            "generated_sheets": len(mixed.replay.seeds()),
            "source": "a user's corrections, mixed with sheets of pid.synth",
        }
    }


def _with_the_rest(out: Path, name: str) -> Path:
    """The folder with the other networks in use beside the new one, so that it serves as it is."""
    for path in current_models().glob("*.onnx"):
        if path.stem != name:
            for suffix in (".onnx", ".json", ".pt"):
                if path.with_suffix(suffix).is_file():
                    shutil.copyfile(path.with_suffix(suffix), out / f"{path.stem}{suffix}")
    return out
