"""From data to networks that can be used: what `pid train` does around the training itself.

Train -> judge on held-out sheets or validation pictures -> write the card -> where the shipped folder is the target,
replace what is there only by something better.
"""

from __future__ import annotations

import shutil
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pid.detect.card import measure_kinds, measure_shape, write_kinds_card, write_shape_card
from pid.detect.dataset import LabelledSheet, SheetFolder, Turns, fill_sheet_folder, read_sheet
from pid.detect.judge import judge_pictures, write_candidate_card, write_pictures_card
from pid.detect.look import Look, Mode, choose_look
from pid.detect.pictures import PictureSet, read_data_yaml
from pid.detect.recipe import KindRecipe, ShapeRecipe
from pid.errors import InputError
from pid.install_models import Report, about_run, install_models, is_shipped, tell_figures, tell_seeds
from pid.resources import data_path

CONDITIONS = ("clean", "damaged")
LOOKED_AT = 24
"""Pictures of a data set by which its look is chosen."""
JUDGED_PICTURES = 200
"""Validation pictures at most used while training runs; the card is of all of them."""
FEW_PIXELS, MANY_SMALL = 8.0, 0.2
"""A box smaller than one cell of the finest grid cannot be learned; this share of them is worth a warning."""


def train_shape_models(
    out: Path,
    recipe: ShapeRecipe,
    *,
    device: str = "cpu",
    resume: bool = True,
    sheets: Path | None = None,
    start: Path | None = None,
    real: Path | None = None,
    force: bool = False,
    report: Report = print,
) -> Path:
    """Train the symbol detector on generated sheets, judge it and write its card; returns the folder of the networks.

    `sheets` is a folder of drawn sheets; without it they are drawn while training runs. `real` holds ``sheets/`` and
    ``truth/`` whose scores go into the card. Where `out` is the shipped folder, the run itself is kept in
    ``runs/shape``, and the shipped weights are replaced only when the new ones have the higher mAP50 over kinds, or
    with `force`.
    """
    training = load_training()
    shipped = is_shipped(out)
    work = Path("runs/shape") if shipped else out
    if sheets is not None and not sheets.is_dir():
        raise InputError(f"{sheets} is not a folder of sheets.")
    from pid.synth.training_sheet import draw_training_sheet

    training.train_shape(
        recipe, out=work, device=device, resume=resume, data=sheets, start=start, report=report,
        draw_sheet=None if sheets else draw_training_sheet,
    )  # fmt: skip
    for name in ("kinds.onnx", "kinds.json", "kinds.pt"):
        if shipped or not (work / name).exists():
            shutil.copyfile(data_path("models", name), work / name)
    clean, damaged = draw_held_out(work / "held-out", recipe, report=report)
    about = about_run(work, recipe, device, start) | {"data": _about_sheets(sheets or work / "sheets", recipe)}
    card = write_shape_card(work, clean, about, damaged=damaged)
    if real is not None:
        card = write_shape_card(work, clean, about | {"real": score_real(work, real, work / "real")}, damaged=damaged)
    for name in ("held_out", "held_out_clean", "held_out_damaged"):
        report(f"{name.replace('_', '-')}: {tell_figures(card[name])}")
    if shipped:
        old = measure_shape(out, [*clean, *damaged])
        new, before = card["held_out"]["map50_kinds"], old["map50_kinds"]
        install_models(work, out, "shape", new, before, "mAP50 over kinds", force, report)
    return out


def train_kind_models(
    out: Path,
    recipe: KindRecipe,
    *,
    sheets: Path,
    device: str = "cpu",
    resume: bool = True,
    start: Path | None = None,
    force: bool = False,
    report: Report = print,
) -> Path:
    """Train the classifier of kinds on a folder of sheets, judge it and write its card; as `train_shape_models`."""
    training = load_training()
    if not sheets.is_dir():
        raise InputError(f"{sheets} is not a folder of sheets; run `pid train shape` first or name one with --sheets.")
    shipped = is_shipped(out)
    work = Path("runs/kinds") if shipped else out
    training.train_kinds(recipe, out=work, data=sheets, device=device, resume=resume, start=start, report=report)
    near = sheets.parent / "held-out"
    held_out = draw_held_out(near if near.is_dir() else work / "held-out", ShapeRecipe(), report=report)
    everything = [*held_out[0], *held_out[1]]
    about = about_run(work, recipe, device, start) | {"data": _about_sheets(sheets, ShapeRecipe())}
    card = write_kinds_card(work, training.kind_labels(), everything, about)
    report(f"held-out: {tell_figures(card['held_out'])}")
    if shipped:
        old = measure_kinds(out, everything)["kind_right"]
        install_models(
            work, out, "kinds", card["held_out"]["kind_right"], old, "share of kinds named rightly", force, report
        )
    return out


def train_picture_models(
    data: Path,
    out: Path,
    recipe: ShapeRecipe,
    *,
    device: str = "cpu",
    resume: bool = True,
    start: Path | None = None,
    mode: Mode | None = None,
    paper: bool | None = None,
    turns: Turns | None = None,
    report: Report = print,
) -> Path:
    """Train a detector on a user's boxes (`data`, a YAML file in the YOLO format); returns the folder `out`.

    The best weights on the validation pictures are kept. `mode` and `paper` overrule the look that suits the pictures;
    `turns` how tiles are turned in training: any way for ink on paper, left-right only for photographs.
    """
    if is_shipped(out):
        raise InputError(f"{out} holds the networks for drawings; name another folder for your own classes with --out.")
    given = read_data_yaml(data)
    train, val = PictureSet(given.train, given.names), PictureSet(given.val, given.names)
    some = [train.open(int(i)) for i in np.unique(np.linspace(0, len(train) - 1, LOOKED_AT).astype(int))]
    look = choose_look(some, mode=mode, paper=paper)
    train, val = train.with_look(look), val.with_look(look)
    turns = turns or ("any" if look.paper else "mirror")
    report(
        f"{len(train)} pictures to learn from ({train.unlabelled} without labels), {len(val)} to judge by, "
        f"{len(given.names)} class(es); look: {look.mode}, {'paper' if look.paper else 'photograph'}; turns: {turns}"
    )
    _warn_of_small(train, report)
    training = load_training()
    folder = out / training.JUDGED_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_candidate_card(folder, given.names, look)
    judged = np.unique(np.linspace(0, len(val) - 1, min(len(val), JUDGED_PICTURES)).astype(int))
    training.train_pictures(
        recipe, train, out=out, device=device, resume=resume, start=start, turns=turns, report=report,
        judge=lambda models: judge_pictures(models, (val.get(int(i)) for i in judged)),
    )  # fmt: skip
    write_candidate_card(out, given.names, look)
    about = about_run(out, recipe, device, start) | {
        "data": {"file": given.path.name, "pictures": len(train), "boxes": train.counts(), "turns": turns}
    }
    card = write_pictures_card(out, val, about)
    shutil.rmtree(folder)
    for name, row in card["validation"]["classes"].items():
        report(f"{name}: AP50 {row['ap50']:.3f}  AP50-95 {row['ap50_95']:.3f}  ({row['boxes']} boxes)")
    told = card["validation"]
    report(f"all classes: mAP50 {told['map50']:.3f}  mAP50-95 {told['map50_95']:.3f}  ({told['pictures']} pictures)")
    return out


def load_training() -> ModuleType:
    """The module that trains. Raises `InputError` where the extra ``train`` is not installed."""
    try:
        return import_module("pid.detect.train")
    except ModuleNotFoundError as error:
        raise InputError(f"Training needs {error.name}: pip install 'pid-reader[train]'.") from error


def draw_held_out(
    folder: Path, recipe: ShapeRecipe, *, report: Report = print
) -> tuple[list[LabelledSheet], list[LabelledSheet]]:
    """The recipe's held-out sheets, clean and with scan damage, drawn into `folder` where they are not there yet."""
    from pid.synth.held_out_sheet import draw_held_out_sheet

    seeds = range(recipe.held_out_seed, recipe.held_out_seed + recipe.held_out_sheets)
    parts: list[list[LabelledSheet]] = []
    for condition in CONDITIONS:
        report(f"held-out sheets, {condition}: {len(seeds)} in {folder / condition}")
        draw = partial(draw_held_out_sheet, damaged=condition == "damaged")
        fill_sheet_folder(folder / condition, draw, seeds)
        parts.append([read_sheet(folder / condition, seed) for seed in seeds])
    return parts[0], parts[1]


def score_real(models: Path, real: Path, out: Path) -> dict[str, dict[str, float]]:
    """Scores of the symbols on the sheets of a folder (``sheets/``, ``truth/``), read whole with the networks given."""
    from pid.recognize_files import recognize_files
    from pid.report import evaluate_paths

    for part in ("sheets", "truth"):
        if not (real / part).is_dir():
            raise InputError(f"{real} has no folder {part!r}.")
    recognize_files([real / "sheets"], out, models=models)
    results = evaluate_paths(real / "truth", out)
    wanted = ("symbols.f1", "symbols.ap50", "groups.f1", "kinds.f1")
    figures = {name: result.figures() for name, result in results.items() if result.symbols is not None}
    return {name: {k: round(row[k], 4) for k in wanted if k in row} for name, row in figures.items()}


def _about_sheets(folder: Path, recipe: ShapeRecipe) -> dict[str, Any]:
    seeds = SheetFolder(folder).seeds()
    last = recipe.held_out_seed + recipe.held_out_sheets - 1
    return {
        "sheets": len(seeds),
        "seeds": tell_seeds(seeds),
        "source": "pid.synth only; no real sheet and no third-party symbol",
        "held_out_seeds": f"{recipe.held_out_seed}-{last}, each clean and with scan damage",
    }


def _warn_of_small(pictures: PictureSet, report: Report) -> None:
    """Say so where many boxes are too small at the scale of the look."""
    sizes: list[float] = []
    for i in np.unique(np.linspace(0, len(pictures) - 1, LOOKED_AT).astype(int)):
        picture = pictures.get(int(i))
        longer = max(picture.image.shape)
        scale = pictures.look.passes(longer)[0] / longer
        sizes += ((picture.boxes[:, 2:] - picture.boxes[:, :2]).max(axis=1, initial=0.0) * scale).tolist()
    small = float(np.mean(np.array(sizes) < FEW_PIXELS)) if sizes else 0.0
    if small > MANY_SMALL:
        report(
            f"Warning: {small:.0%} of the boxes are under {FEW_PIXELS:.0f} pixels at this scale and will not be "
            "learned; --look sheet or --look native cuts the pictures at a larger one."
        )


def picture_look(mode: str | None) -> Mode | None:
    """A look's name as it is typed. Raises `InputError` for another."""
    if mode is None or mode == "auto":
        return None
    if mode not in ("sheet", "fit", "native"):
        raise InputError(f"{mode!r} is not a look: auto, sheet, fit or native.")
    return Look.from_dict({"mode": mode, "paper": True}).mode
