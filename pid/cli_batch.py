"""The command `pid batch`. Heavy imports stay inside the commands so that help appears at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pid.cli_progress import show_progress
from pid.cli_train import Out

FAILED = 2


def batch(
    paths: Annotated[list[Path], typer.Argument(help="Folders of drawings, at any depth, and drawings.")],
    out: Out = Path("pid-batch"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes at work side by side; by default one for each processor core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler, whose workers on any machines do the work.")
    ] = None,
    models: Annotated[Path | None, typer.Option(help="Folder of networks from `pid train`.")] = None,
    library: Annotated[Path | None, typer.Option("--library", "-l", help="Folder of symbols from `pid teach`.")] = None,
    only_taught: Annotated[bool, typer.Option("--only-taught", help="Find the library's symbols alone.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed in an earlier run.")] = False,
    database: Annotated[
        str | None,
        typer.Option(help="postgresql://USER@HOST/NAME for workers on several machines; else a file in OUT."),
    ] = None,
    files: Annotated[
        str | None, typer.Option(help="s3://BUCKET/PREFIX or file:///SHARED/FOLDER for workers on several machines.")
    ] = None,
) -> None:
    """Recognise many drawings on many processes or machines: results a page, and one bill of materials over all.

    Given again, the command goes on where it ended. Exit status: 0 all was read; 2 something could not be.
    """
    from pid.web.run_batch import run_batch

    with show_progress() as progress:
        lines, failed = run_batch(
            paths, out, workers=workers, scheduler=scheduler, models=models, library=library, only_taught=only_taught,
            retry=retry, database=database, files=files, progress=progress,
        )  # fmt: skip
    for line in lines:
        typer.echo(line)
    if failed:
        raise typer.Exit(FAILED)
