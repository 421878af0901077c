"""A comparison as the terminal shows it: the figures of each part, and what lost or changed most."""

from __future__ import annotations

import typer

from pid.verify.compare import Comparison
from pid.verify.figures import Figure

MOST_LABELS = 8
"""Groups and kinds named beside those with a significant loss."""


def print_comparison(comparison: Comparison) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table

    for sentence in comparison.left_out:
        typer.echo(sentence)
    table = Table("", "true", "F1 of A", "F1 of B", "difference", "interval", "lost", "gained", "")
    parts = [f for f in comparison.figures if f.level == "part"]
    labels = [f for f in comparison.figures if f.level != "part" and f.losses != f.gains]
    labels.sort(key=lambda f: (not f.significant_loss, f.gains - f.losses))
    shown = [f for i, f in enumerate(labels) if f.significant_loss or i < MOST_LABELS]
    for figures in (parts, shown):
        for figure in figures:
            table.add_row(*_cells(figure))
        table.add_section()
    Console(width=None if Console().is_terminal else 140).print(table)


def _cells(f: Figure) -> list[str]:
    name = f.label if f.level == "part" else f"{f.part if f.level == 'group' else 'kind'} {f.label}"
    return [
        name, str(f.a.truth), f"{f.a.f1:.3f}", f"{f.b.f1:.3f}", f"{f.difference:+.3f}",
        f"{f.low:+.3f} to {f.high:+.3f}", str(f.losses), str(f.gains), "LOSS" if f.significant_loss else "",
    ]  # fmt: skip
