"""The command `pid read`. Heavy imports stay inside it: help appears at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from pid.cli_progress import show_progress
from pid.cli_train import Out

BAD_INPUT = 2


def read(
    files: Annotated[list[Path], typer.Argument(help="Documents (PNG, JPG, TIFF, PDF, DXF) or folders of them.")],
    out: Out = Path("pid-read"),
    rules: Annotated[
        list[Path] | None, typer.Option(help="A file of extraction rules (data/rules/forms/*.toml); may be repeated.")
    ] = None,
    types: Annotated[
        Path | None, typer.Option(help="A file of document types (data/lexicons/document_types.toml).")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Look for tables in x0,y0,x1,y1 (pixels of the page) alone, ruled or not.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="...or below these words of the page,")] = None,
    end: Annotated[str | None, typer.Option(help="...and above these.")] = None,
) -> None:
    """Read any page: words, tables, title block and fields, as JSON, CSV, XLSX and a searchable PDF.

    Exit status: 0 all pages read; 2 something could not be used (the rest is done, and what failed is listed).
    """
    from pid.document.region import Region
    from pid.read_files import read_files

    part = Region.parse(region, start, end)
    with show_progress() as progress:
        report = read_files(files, out, rules=rules or (), types=types, region=part, progress=progress)
    if report.readings:
        kinds = Counter(r.document.name for r in report.readings)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        typer.echo(f"{len(report.readings)} page(s) read ({told}). Results in {out.resolve()}:")
        for path in report.written:
            typer.echo(f"  {path.name}")
    for sentence in report.failures:
        typer.echo(sentence, err=True)
    if report.failures:
        raise typer.Exit(BAD_INPUT)
