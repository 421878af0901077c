"""From generated sheets to a structure network that can be used: train, judge on held-out sheets, write the card.

Where the shipped folder is the target, what is there is replaced only by something better.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pid.catalog import load_catalog
from pid.draw_structure import SCATTER_EVERY, draw_sheet, fill_graph_folder, label_sheet
from pid.errors import InputError
from pid.install_models import Report, about_run, install_models, is_shipped, tell_figures, tell_seeds
from pid.structure.find_instances import STRUCTURE_FILE, StructureFinder
from pid.structure.judge import Sheet, judge_structure
from pid.structure.labels import class_names
from pid.structure.recipe import StructureRecipe
from pid.structure.trace_primitives import trace_primitives

NETWORK = "message passing on line primitives (pid.structure.network): classes of primitives, pairs within one symbol"
DATA_NOTE = (
    "pid.synth only, half plants and half scattered symbols; no real sheet, no third-party symbol and no deformed one: "
    "the generator's stretched equipment, connectors and benchmark valves are switched off, damage that moves points "
    "is left out, no stretch, shear or warp is applied; sheets are turned and mirrored by quarters, and their pens vary"
)


def train_structure_models(
    out: Path,
    recipe: StructureRecipe,
    *,
    device: str = "cpu",
    resume: bool = True,
    graphs: Path | None = None,
    start: Path | None = None,
    force: bool = False,
    report: Report = print,
) -> Path:
    """Train the structure network on generated sheets, judge it and write its card; returns the folder of the network.

    `graphs` is a folder of labelled graphs drawn before; without it they are drawn while training runs. Where `out` is
    the shipped folder, the run itself is kept in ``runs/structure``, and the shipped network is replaced only when the
    new one has the higher F1 over kinds, or with `force`.
    """
    training = load_training()
    shipped = is_shipped(out)
    work = Path("runs/structure") if shipped else out
    if graphs is not None and not graphs.is_dir():
        raise InputError(f"{graphs} is not a folder of labelled graphs.")
    names = class_names(tuple(load_catalog()))
    training.train_structure(
        recipe, names=names, out=work, device=device, resume=resume, data=graphs, start=start, report=report,
        fill_folder=None if graphs else fill_graph_folder,
    )  # fmt: skip
    folder = graphs or work / "graphs"
    about = about_run(work, recipe, device, start) | {"data": about_graphs(folder, recipe)}
    card = write_structure_card(work, names, recipe, about, report=report)
    report(f"held-out: {tell_figures(card['held_out'])}")
    if shipped:
        old = judged_kinds(out, recipe)
        install_models(work, out, "structure", card["held_out"]["kinds_f1"], old, "F1 over kinds", force, report)
    return out


def write_structure_card(
    models: Path, names: tuple[str, ...], recipe: StructureRecipe, about: dict[str, Any], *, report: Report = print
) -> dict[str, Any]:
    """Calibrate the network in `models` on the recipe's held-out sheets and write its card; returns the card.

    The calibration is fitted on all sheets; its error is that of one fitted on half of them, on the rest.
    """
    path = (models / STRUCTURE_FILE).with_suffix(".json")
    card: dict[str, Any] = {"network": NETWORK, "classes": list(names), **about}
    _put(path, card)
    report(f"judging on {recipe.held_out_sheets} held-out sheets, each clean and with damage that moves nothing")
    sheets = list(held_out_sheets(recipe))
    finder = StructureFinder(models)
    calibration, figures = judge_structure(finder, sheets)
    scattered = [(recipe.held_out_seed + k // 2) % SCATTER_EVERY == 0 for k in range(len(sheets))]
    apart = {
        "held_out_clean": sheets[::2],
        "held_out_damaged": sheets[1::2],
        "held_out_plants": [s for s, thrown in zip(sheets, scattered, strict=True) if not thrown],
        "held_out_scattered": [s for s, thrown in zip(sheets, scattered, strict=True) if thrown],
    }
    for name, part in apart.items():
        _, own = judge_structure(finder, part, calibration=calibration)
        card[name] = {k: v for k, v in own.items() if not k.startswith("by_")}
    # Every other pair of a plant and a scattered sheet.
    halves = [[s for k, s in enumerate(sheets) if k // 4 % 2 == side] for side in (0, 1)]
    checked, _ = judge_structure(finder, halves[0])
    figures["calibration_error"] = judge_structure(finder, halves[1], calibration=checked)[1]["calibration_error"]
    card |= {"held_out": figures, "calibration": calibration.to_dict()}
    _put(path, card)
    return card


def held_out_sheets(recipe: StructureRecipe) -> Iterator[Sheet]:
    """The recipe's held-out sheets as primitives with their truth, each clean and then damaged."""
    for seed in range(recipe.held_out_seed, recipe.held_out_seed + recipe.held_out_sheets):
        for damaged in (False, True):
            drawn = draw_sheet(seed, damaged=damaged)
            parts = trace_primitives(drawn.image, hidden=drawn.hidden)
            yield parts, label_sheet(drawn, parts)


def judged_kinds(models: Path, recipe: StructureRecipe) -> float:
    """F1 over kinds of the network in a folder on the held-out sheets; -1 where there is none or of other classes."""
    if not (models / STRUCTURE_FILE).exists():
        return -1.0
    finder = StructureFinder(models)
    if finder.names != tuple(load_catalog()):
        return -1.0
    return float(judge_structure(finder, held_out_sheets(recipe))[1]["kinds_f1"])


def about_graphs(folder: Path, recipe: StructureRecipe) -> dict[str, Any]:
    """What the card says of the training data."""
    seeds = sorted(s for p in folder.glob("*.npz") if (s := int(p.stem)) < recipe.held_out_seed)
    last = recipe.held_out_seed + recipe.held_out_sheets - 1
    return {
        "sheets": len(seeds),
        "seeds": tell_seeds(seeds),
        "source": DATA_NOTE,
        "held_out_seeds": f"{recipe.held_out_seed}-{last}, each clean and damaged",
    }


def load_training() -> ModuleType:
    """The module that trains. Raises `InputError` where the extra ``train`` is not installed."""
    try:
        return import_module("pid.structure.train")
    except ModuleNotFoundError as error:
        raise InputError(f"Training needs {error.name}: pip install 'pid-reader[train]'.") from error


def _put(path: Path, card: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(path)
