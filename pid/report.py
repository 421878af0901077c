"""What `pid evaluate` prints: figures of each sheet, per group, and their mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pid.drawing import Drawing
from pid.errors import InputError
from pid.evaluate import Evaluation, evaluate, read_truth
from pid.review_effort import CORRECTION_SECONDS, HAND_MINUTES, Timing, minutes_a_sheet, read_timings, speed_up

COLUMNS = {
    "symbols.p": "sym P", "symbols.r": "sym R", "symbols.f1": "sym F1", "symbols.ap50": "AP50", "groups.f1": "group F1",
    "kinds.f1": "kind F1", "connections.p": "conn P", "connections.r": "conn R", "connections.f1": "conn F1",
    "lines.p": "line P", "lines.r": "line R", "lines.types": "line types",
    "lines.directions": "line flow", "lines.meetings": "tee/cross", "given.connections.f1": "conn F1 given",
    "given.lines.f1": "line F1 given", "words.exact": "words", "words.cer": "CER",
    "title.exact": "title", "tables.structure": "cells", "tables.text": "cell texts", "review_load": "load",
    "minutes": "minutes", "speed_up": "x by hand",
}  # fmt: skip


def evaluate_paths(truth: Path, predicted: Path) -> dict[str, Evaluation]:
    """Sheet name -> figures, for two files or two folders. A sheet without a prediction scores zero."""
    for path in (truth, predicted):
        if not path.exists():
            raise InputError(f"{path} does not exist.")
    if truth.is_file():
        found = predicted if predicted.is_file() else predicted / truth.name
        return {truth.stem: evaluate(_read(found), read_truth(truth))}
    names = sorted(p.name for p in truth.glob("*.json"))
    if not names:
        raise InputError(f"{truth} holds no truth files (NAME.json).")
    return {name.removesuffix(".json"): evaluate(_read(predicted / name), read_truth(truth / name)) for name in names}


def _read(path: Path) -> Drawing | None:
    return Drawing.read(path) if path.exists() else None


def read_effort(predicted: Path) -> dict[str, Timing]:
    """How long the recognition of results took: a folder of them, or one among others."""
    return read_timings(predicted if predicted.is_dir() else predicted.parent)


def figures_of(
    results: Mapping[str, Evaluation], given: Mapping[str, Evaluation], timings: Mapping[str, Timing] | None = None
) -> dict[str, dict[str, float]]:
    """Sheet name -> flat figures; those with parts of the truth given have the prefix ``given.``.

    With `timings` there are the minutes until a sheet is right, and how many times faster that is than by hand.
    """
    rows: dict[str, dict[str, float]] = {}
    for name in sorted({*results, *given}):
        rows[name] = results[name].figures() if name in results else {}
        corrections, timing = rows[name].get("corrections"), (timings or {}).get(name)
        if corrections is not None and timing is not None:
            minutes = minutes_a_sheet(timing.seconds, round(corrections))
            rows[name] |= {"seconds": timing.seconds, "minutes": minutes, "speed_up": speed_up(minutes)}
        if name in given:
            rows[name] |= {f"given.{key}": value for key, value in given[name].figures().items()}
    return rows


def print_evaluations(
    results: Mapping[str, Evaluation],
    given: Mapping[str, Evaluation] | None = None,
    timings: Mapping[str, Timing] | None = None,
) -> None:
    """Print a table of the sheets and their mean, and one of the groups over all sheets.

    `given` holds the figures with the truth's symbols given to the tracer, shown beside the others; `timings` how long
    recognition took.
    """
    from rich.console import Console
    from rich.table import Table

    rows = figures_of(results, given or {}, timings)
    keys = [key for key in COLUMNS if any(key in row for row in rows.values())]
    console = Console(width=None if Console().is_terminal else 240)
    table = Table("sheet", *(COLUMNS[key] for key in keys), title="Recognised against truth")
    for name, row in rows.items():
        table.add_row(name, *(_cell(row.get(key), key) for key in keys))
    means = {key: float(np.mean([row[key] for row in rows.values() if key in row])) for key in keys}
    if "minutes" in means:
        means["speed_up"] = speed_up(means["minutes"])  # that of all sheets together
    table.add_section()
    table.add_row("mean", *(_cell(means[key], key) for key in keys))
    console.print(table)
    groups = sorted({group for result in results.values() for group in result.groups})
    if groups:
        console.print(_group_table(results, groups))
    console.print("load: symbol and connection corrections per 100 true elements")
    if "minutes" in means:
        console.print(
            f"minutes: machine and {CORRECTION_SECONDS:.0f} s a correction; x by hand: against {HAND_MINUTES:.0f} min"
        )


def _group_table(results: Mapping[str, Evaluation], groups: list[str]):  # type: ignore[no-untyped-def]
    from rich.table import Table

    table = Table("group", "true", "found", "P", "R", "F1", title="Symbols by group, over all sheets")
    for group in groups:
        rates = [result.groups[group] for result in results.values() if group in result.groups]
        truth, found = sum(r.truth for r in rates), sum(r.found for r in rates)
        hits = sum(round(r.recall * r.truth) for r in rates)
        p, r = hits / found if found else 0.0, hits / truth if truth else 0.0
        f1 = 2 * p * r / (p + r) if p + r else 0.0
        table.add_row(group, str(truth), str(found), f"{p:.3f}", f"{r:.3f}", f"{f1:.3f}")
    return table


def _cell(value: float | None, key: str) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if key in ("review_load", "minutes", "speed_up") else f"{value:.3f}"
