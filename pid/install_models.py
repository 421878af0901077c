"""What follows any training: what its card says of the run, and replacing the shipped network by a better one."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from pid.learning.curves import read_curves
from pid.learning.recipe import Recipe
from pid.resources import data_path

Report = Callable[[str], None]


def is_shipped(out: Path) -> bool:
    """Whether a folder is that of the shipped networks."""
    return out.resolve() == data_path("models").resolve()


def about_run(work: Path, recipe: Recipe, device: str, start: Path | None) -> dict[str, Any]:
    """What a card says of a training run in `work`."""
    rows = read_curves(work / "curves.csv")
    last = rows[-1] if rows else {"step": "0", "seconds": "0", "tiles": "0"}
    return {
        "date": datetime.now().astimezone().isoformat(timespec="minutes"),
        "started_from": start.name if start else "nothing",
        "device": f"{device} ({platform.machine()})",
        "recipe": asdict(recipe),
        "steps": int(last["step"]),
        "pictures_seen": int(last["tiles"]),
        "hours_of_training": round(float(last["seconds"]) / 3600, 3),
    }


def tell_seeds(seeds: Sequence[int]) -> list[str]:
    """Runs of seeds as ``first-last``."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][1] + 1:
            runs[-1][1] = seed
        else:
            runs.append([seed, seed])
    return [str(a) if a == b else f"{a}-{b}" for a, b in runs]


def tell_figures(figures: dict[str, Any]) -> str:
    """Figures in one line."""
    return "  ".join(f"{name} {value:g}" for name, value in figures.items() if not isinstance(value, dict))


def install_models(
    work: Path, shipped: Path, name: str, new: float, old: float, figure: str, force: bool, report: Report
) -> None:
    """Replace the shipped network by the new one where it is better, or with `force`."""
    if new <= old and not force:
        report(f"The shipped {name} stay: {figure} {old:.4f}, the new ones {new:.4f} (in {work}; --force replaces).")
        return
    for suffix in (".onnx", ".pt", ".json"):
        draft = shipped / f".{name}{suffix}"
        shutil.copyfile(work / f"{name}{suffix}", draft)
        draft.replace(shipped / f"{name}{suffix}")
    report(f"The shipped {name} are replaced: {figure} {new:.4f}, before {old:.4f}.")
