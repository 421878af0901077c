"""The commands `pid verify` and `pid truth ...`. Heavy imports stay inside the commands: help appears at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pid.cli_train import Out

LOSS = 1


def verify(
    truth: Annotated[
        Path, typer.Option(help="Folder of truth: sheets/ and truth/NAME.json, or NAME.json beside its drawing.")
    ],
    models: Annotated[
        tuple[Path, Path],
        typer.Option(help="The folder in use and the new one: networks, or results of `pid recognize` (NAME.json)."),
    ],
    out: Out = Path("pid-verify"),
    sheets: Annotated[Path | None, typer.Option(help="Folder of the drawings, where they are elsewhere.")] = None,
    unaccepted: Annotated[
        bool, typer.Option("--unaccepted", help="Take base truth that nobody has accepted, too.")
    ] = False,
) -> None:
    """Compare two models on a truth, element by element: verify.html with pictures, verify.json.

    Exit status: 0 the new model has lost nothing significant; 1 it has, and what is named; 2 bad input.
    """
    from pid.verify.compare import compare_models
    from pid.verify.report import verdict, write_reports
    from pid.verify.tell import print_comparison

    comparison = compare_models(
        truth, *models, work=out, drawings=sheets, unaccepted=unaccepted,
        progress=lambda step, _: typer.echo(step, err=True),
    )  # fmt: skip
    page, data = write_reports(comparison, out)
    print_comparison(comparison)
    typer.echo(verdict(comparison))
    typer.echo(f"Report: {page.resolve()} (and {data.name})")
    if comparison.losses:
        raise typer.Exit(LOSS)
