"""The course of a training run: ``curves.csv`` while it runs, and ``curves.png`` drawn from it.

A row is either a stretch of training (``step seconds tiles loss`` and its parts, ``rate``) or a validation
(``step seconds tiles`` and its figures); columns that do not apply are empty.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COURSE = ("step", "seconds", "tiles")
PLOT_INCHES = (9.0, 7.0)


class Curves:
    """Appends rows to ``curves.csv`` in a folder; a row is on disk as soon as it is told."""

    def __init__(self, folder: Path, parts: Sequence[str], figures: Sequence[str] = ()) -> None:
        self.path = folder / "curves.csv"
        self.columns = (*COURSE, "loss", *parts, "rate", *figures)

    def begin(self, step: int) -> None:
        """Start the file, or keep the rows up to `step` when a run goes on from there: later ones are trained again."""
        kept: list[dict[str, str]] = []
        if step and self.path.exists():
            kept = [row for row in read_curves(self.path) if int(row["step"]) <= step]
        part = self.path.with_suffix(".part")
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore", restval="")
            writer.writeheader()
            writer.writerows(kept)
        part.replace(self.path)

    def add(self, **values: float) -> None:
        """Append one row."""
        row = {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in values.items()}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.columns, restval="").writerow(row)


def read_curves(path: Path) -> list[dict[str, str]]:
    """Rows of a ``curves.csv``, the last one left out where its writing was cut short."""
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if (row.get("step") or "").isdigit() and None not in row.values()]


def draw_curves(path: Path) -> Path | None:
    """Draw ``curves.png`` beside a ``curves.csv``; None where there is nothing to draw yet."""
    rows = read_curves(path)
    if not rows:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(rows[0])
    rate = names.index("rate")
    losses, figures = names[len(COURSE) : rate], names[rate + 1 :]
    judged = any(row[name] for row in rows for name in figures)
    figure = Figure(figsize=PLOT_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(3 if judged else 2, 1, sharex=True, height_ratios=[3, 3, 1] if judged else [4, 1])
    _plot(panels[0], rows, losses, "loss")
    if judged:
        _plot(panels[1], rows, figures, "validation", marker="o")
        panels[1].set_ylim(0, 1)
    _plot(panels[-1], rows, ["rate"], "learning rate")
    panels[-1].set_xlabel(f"step ({_hours(rows)} h, {rows[-1]['tiles']} pictures seen)")
    target = path.with_suffix(".png")
    draft = target.with_name(f".{target.name}")
    figure.savefig(draft, dpi=110, format="png")
    draft.replace(target)
    return target


def _plot(panel: Axes, rows: Sequence[Mapping[str, str]], names: Sequence[str], label: str, marker: str = "") -> None:
    for name in names:
        points = [(int(row["step"]), float(row[name])) for row in rows if row[name]]
        if points:
            steps, values = zip(*points, strict=True)
            bold = name == "loss" or marker
            panel.plot(steps, values, marker=marker or None, markersize=3, lw=1.6 if bold else 1.0, label=name)
    panel.set_ylabel(label)
    panel.grid(alpha=0.3)
    if len(names) > 1:
        panel.legend(loc="best", fontsize="small")


def _hours(rows: Sequence[Mapping[str, str]]) -> str:
    return f"{max(float(row['seconds']) for row in rows) / 3600:.2f}"
