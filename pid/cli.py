"""The command line: `pid COMMAND`. Heavy imports stay inside the commands so that help appears at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from pid import __version__
from pid.errors import InputError

if TYPE_CHECKING:
    from pid.pipeline import Progress

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reads P&IDs: symbols, lines, words, plant graph and bill of materials from scans, PDF and DXF.",
)
train_app = typer.Typer(no_args_is_help=True, help="Train the networks (needs the extra `train`).")
app.add_typer(train_app, name="train")

BAD_INPUT = 2
ERRORS_FOUND = 1
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made if it is not there.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pid {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


@app.command()
def recognize(
    files: Annotated[list[Path], typer.Argument(help="Drawings (PNG, JPG, TIFF, PDF, DXF) or folders of them.")],
    out: Out = Path("pid-results"),
) -> None:
    """Recognise drawings: per page a JSON and an annotated PNG, and one bill of materials over all of them.

    Exit status: 0 all pages recognised; 2 something could not be used (the rest is done, and what failed is listed).
    """
    from pid.recognize_files import recognize_files

    with _progress() as progress:
        report = recognize_files(files, out, progress=progress)
    if report.pages:
        typer.echo(f"{report.pages} page(s) recognised, {report.items} symbol(s) counted. Results in {out.resolve()}:")
        for path in report.written:
            typer.echo(f"  {path.name}")
    if report.failures:
        if report.pages:
            typer.echo(f"{len(report.failures)} could not be recognised:", err=True)
        for sentence in report.failures:
            typer.echo(sentence, err=True)
        raise typer.Exit(BAD_INPUT)


@app.command()
def demo(out: Out = Path("pid-demo")) -> None:
    """Recognise the sample drawing that comes with the package and say where to look."""
    from pid.resources import data_path

    sample = data_path("samples", "sample.png")
    recognize([sample], out)
    typer.echo("")
    typer.echo(f"The drawing:        {sample}")
    typer.echo(f"Annotated picture:  {(out / 'sample-annotated.png').resolve()}")
    typer.echo(f"Bill of materials:  {(out / 'bom.xlsx').resolve()} (and bom.csv)")
    typer.echo(f"Everything as JSON: {(out / 'sample.json').resolve()}")


@app.command()
def evaluate(
    truth: Annotated[Path, typer.Argument(help="A truth JSON, or a folder of NAME.json.")],
    predicted: Annotated[Path, typer.Argument(help="A recognised JSON, or a folder of NAME.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare recognised drawings with the truth: symbols, groups, connections, words, lines, review load."""
    from pid.report import evaluate_paths, print_evaluations

    results = evaluate_paths(truth, predicted)
    if as_json:
        typer.echo(json.dumps({name: result.figures() for name, result in results.items()}, indent=1))
    else:
        print_evaluations(results)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A drawing (NAME.json), or a folder of them that make one plant.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object: sheet name to findings.")] = False,
) -> None:
    """Check drawings: dangling ends, tags, line numbers, loops, relief paths, and connectors between sheets.

    Exit status: 0 no error was found (warnings there may be); 1 errors were found; 2 the input cannot be used.
    """
    from pid.graph.check_files import check_files, print_findings

    found = check_files(path)
    if as_json:
        typer.echo(json.dumps({name: [f.model_dump() for f in findings] for name, findings in found.items()}, indent=1))
    else:
        print_findings(found)
    if any(f.severity == "error" for findings in found.values() for f in findings):
        raise typer.Exit(ERRORS_FOUND)


@app.command()
def synth(
    out: Out = Path("pid-synth"),
    count: Annotated[int, typer.Option(min=1, help="How many sheets.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the first sheet; the next ones count up.")] = 0,
    family: Annotated[
        str | None, typer.Option(help="offshore, cae, vendor, benchmark or generic; by chance where it is not given.")
    ] = None,
    formats: Annotated[str, typer.Option(help="Any of png,pdf,dxf, separated by commas.")] = "png,pdf,dxf",
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Add scan damage to the PNG and move its truth along.")
    ] = False,
) -> None:
    """Draw plausible P&IDs with their exact truth: NAME.png, .pdf, .dxf and NAME.json."""
    from pid.synth.write import write_generated

    wanted = tuple(name.strip().lower() for name in formats.split(",") if name.strip())
    with _progress() as progress:
        write_generated(count, seed, out, formats=wanted, damaged=damaged, family=family, progress=progress)
    typer.echo(f"{count} sheet(s) in {out.resolve()}")


@train_app.command("shape")
def train_shape_command(
    out: Out = Path("runs/shape"),
    machine: Annotated[str, typer.Option(help="Section of data/models/shape.toml: laptop or gpu.")] = "laptop",
    device: Annotated[str, typer.Option(help="Where torch computes: cpu, cuda, cuda:1, ...")] = "cpu",
    recipe: Annotated[Path | None, typer.Option(help="A recipe file of your own.")] = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="Begin anew instead of going on from OUT.")] = False,
) -> None:
    """Train the symbol detector on generated sheets; goes on where an interrupted run stopped."""
    train = _training()
    from pid.detect.recipe import ShapeRecipe
    from pid.synth.training_sheet import draw_training_sheet

    numbers = ShapeRecipe.read(machine, recipe)
    path = train.train_shape(
        numbers, out=out, device=device, resume=not afresh, draw_sheet=draw_training_sheet, report=typer.echo
    )
    typer.echo(f"Weights in {path.resolve()}")


@train_app.command("kinds")
def train_kinds_command(
    out: Out = Path("runs/kinds"),
    sheets: Annotated[Path, typer.Option(help="Sheet folder that a training of shapes has drawn.")] = Path(
        "runs/shape/sheets"
    ),
    machine: Annotated[str, typer.Option(help="Section of data/models/kinds.toml: laptop or gpu.")] = "laptop",
    device: Annotated[str, typer.Option(help="Where torch computes: cpu, cuda, cuda:1, ...")] = "cpu",
    recipe: Annotated[Path | None, typer.Option(help="A recipe file of your own.")] = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="Begin anew instead of going on from OUT.")] = False,
) -> None:
    """Train the classifier that names a found symbol's kind, rotation and mirror image."""
    train = _training()
    from pid.detect.recipe import KindRecipe

    if not sheets.is_dir():
        raise InputError(f"{sheets} is not a folder of sheets; run `pid train shape` first or name one with --sheets.")
    numbers = KindRecipe.read(machine, recipe)
    path = train.train_kinds(numbers, out=out, data=sheets, device=device, resume=not afresh, report=typer.echo)
    typer.echo(f"Weights in {path.resolve()}")


def _training() -> ModuleType:
    try:
        return import_module("pid.detect.train")
    except ModuleNotFoundError as error:
        raise InputError(f"Training needs {error.name}: pip install 'pid-reader[train]'.") from error


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on a terminal, a plain line for each new step otherwise; both on standard error."""
    if not sys.stderr.isatty():
        last = ""

        def plain(step: str, share: float) -> None:
            nonlocal last
            if step != last:
                last = step
                print(step, file=sys.stderr, flush=True)

        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=1.0)
        yield lambda step, share: bars.update(task, description=step, completed=share)


def main() -> None:
    """Run the command line; an `InputError` becomes its one sentence on standard error and exit status 2."""
    try:
        app()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
