"""The command line: `pid COMMAND`. Heavy imports stay inside the commands so that help appears at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pid import __version__
from pid.cli_batch import batch
from pid.cli_document import read
from pid.cli_progress import show_progress
from pid.cli_serve import serve
from pid.cli_teach import teach
from pid.cli_train import Out, train_app
from pid.cli_verify import models_app, truth_app, verify
from pid.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reads P&IDs: symbols, lines, words, plant graph and bill of materials from scans, PDF and DXF.",
)
app.add_typer(train_app, name="train")
app.command()(teach)
app.command()(serve)
app.command()(read)
app.command()(verify)
app.add_typer(truth_app, name="truth")
app.add_typer(models_app, name="models")
app.command()(batch)

BAD_INPUT = 2
ERRORS_FOUND = 1


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
    models: Annotated[
        Path | None,
        typer.Option(help="Folder of networks from `pid train`, instead of those in use (`pid models list`)."),
    ] = None,
    export: Annotated[
        str, typer.Option(help="Further formats, separated by commas: dexpi, graphml, json, dxf, svg, pdf.")
    ] = "",
    library: Annotated[
        Path | None, typer.Option("--library", "-l", help="Folder of symbols from `pid teach`, found beside the usual.")
    ] = None,
    only_taught: Annotated[bool, typer.Option("--only-taught", help="Find the library's symbols alone.")] = False,
    lexicon: Annotated[
        Path | None, typer.Option(help="A text file of your own words, which misread ones may be corrected to.")
    ] = None,
) -> None:
    """Recognise drawings: per page a JSON and an annotated PNG, and one bill of materials over all of them.

    Exit status: 0 all pages recognised; 2 something could not be used (the rest is done, and what failed is listed).
    """
    from pid.recognize_files import recognize_files

    if only_taught and library is None:
        raise InputError("--only-taught goes with --library.")
    with show_progress() as progress:
        report = recognize_files(
            files, out, models=models, library=library, only_taught=only_taught, exports=_names(export),
            terms=lexicon, progress=progress,
        )  # fmt: skip
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
def estimate(
    files: Annotated[
        list[Path], typer.Argument(help="Drawings, results of `pid recognize` (NAME.json), or folders of either.")
    ],
    out: Out = Path("pid-estimate"),
    prices: Annotated[
        Path | None, typer.Option(help="A price book, CSV or XLSX; data/prices.csv shows the columns.")
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            help="A workbook of your own to be filled, too: cells named pid.total, columns pid.items.quantity."
        ),
    ] = None,
) -> None:
    """From drawings to a priced bill of materials: estimate.xlsx, estimate.json, bom.csv and lists.json.

    Results in a folder go before its drawings; drawings are recognised first. Exit status: 0 all was used; 2 something
    could not be used (the rest is done, and what failed is listed).
    """
    from pid.estimate_files import estimate_files, summary

    with show_progress() as progress:
        report = estimate_files(files, out, prices=prices, template=template, progress=progress)
    for line in summary(report, priced=prices is not None):
        typer.echo(line)
    typer.echo(f"Workbook: {(out / 'estimate.xlsx').resolve()} (and estimate.json, bom.csv, lists.json)")
    for sentence in report.failures:
        typer.echo(sentence, err=True)
    if report.failures:
        raise typer.Exit(BAD_INPUT)


@app.command()
def compare(
    old: Annotated[
        Path, typer.Argument(help="The old revision: a result of `pid recognize` (NAME.json) or a drawing.")
    ],
    new: Annotated[Path, typer.Argument(help="The new revision.")],
    out: Out = Path("pid-compare"),
    prices: Annotated[Path | None, typer.Option(help="A price book, to price what changed.")] = None,
) -> None:
    """What changed between two revisions: changes.json, changes.xlsx and overlay.png (old only red, new only blue)."""
    from collections import Counter

    from pid.compare_files import compare_files

    with show_progress() as progress:
        report = compare_files(old, new, out, prices=prices, progress=progress)
    counts = Counter(change.what for change in report.comparison.changes)
    typer.echo(", ".join(f"{what} {n}" for what, n in sorted(counts.items())) or "No differences.")
    if prices is not None:
        typer.echo(f"Change of cost: {sum(row.cost for row in report.delta):+,.0f}")
    typer.echo(f"Results in {out.resolve()}: {', '.join(path.name for path in report.written)}")


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
    predicted: Annotated[
        Path | None, typer.Argument(help="A recognised JSON, or a folder of NAME.json; not needed with --given.")
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(help="symbols, or symbols,words: trace SHEETS with the truth's, to score lines by themselves."),
    ] = None,
    sheets: Annotated[
        Path | None, typer.Option(help="The drawing, or a folder of drawings with the truths' names; for --given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare recognised drawings with the truth: symbols, groups, connections, words, lines, review load, minutes.

    Minutes a sheet are the machine's (timings.csv beside the results) and 5 s a correction, against 60 by hand.

    With --given symbols --sheets SHEETS the truth's symbols are handed to the tracer and the figures are shown beside.
    Words are then those of PREDICTED, or read from the sheet, unless they are given, too.
    """
    from pid.report import evaluate_paths, figures_of, print_evaluations, read_effort

    if (given is None) != (sheets is None):
        raise InputError("--given and --sheets go together.")
    if predicted is None and given is None:
        raise InputError("Name what was recognised, or use --given with --sheets.")
    traced = {}
    if given is not None and sheets is not None:
        from pid.evaluate_given import evaluate_given

        names = [name.strip() for name in given.split(",") if name.strip()]
        traced = evaluate_given(truth, sheets, given=names, predicted=predicted)
    results = evaluate_paths(truth, predicted) if predicted is not None else {}
    timings = read_effort(predicted) if predicted is not None else {}
    if as_json:
        typer.echo(json.dumps(figures_of(results, traced, timings), indent=1))
    else:
        print_evaluations(results, traced, timings)


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

    wanted = _names(formats)
    with show_progress() as progress:
        write_generated(count, seed, out, formats=wanted, damaged=damaged, family=family, progress=progress)
    typer.echo(f"{count} sheet(s) in {out.resolve()}")


@app.command("export")
def export_command(
    drawing: Annotated[Path, typer.Argument(help="A drawing's JSON, as `pid recognize` writes it.")],
    to: Annotated[str, typer.Option(help="dexpi, graphml, json (node-link), dxf, svg or pdf.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    original: Annotated[
        Path | None, typer.Option(help="The file that the drawing was read from, to lie under an SVG or PDF.")
    ] = None,
) -> None:
    """Write a drawing for other programs: DEXPI/Proteus XML, plant graph, or an overlay on the original."""
    from pid.drawing import Drawing
    from pid.export_files import export_drawing

    losses = export_drawing(Drawing.read(drawing), to, out, original=original)
    typer.echo(f"Written: {out.resolve()}")
    if losses:
        from pid.graph.dexpi import loss_report_path

        lost = sum(not loss.kept for loss in losses)
        typer.echo(
            f"{lost} thing(s) that DEXPI cannot hold and {len(losses) - lost} that it holds in custom classes or "
            f"attributes only: {loss_report_path(out).resolve()}"
        )


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="A Proteus / DEXPI XML file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The drawing's JSON to write.")],
) -> None:
    """Read a DEXPI/Proteus model as a drawing, to compare it with what is drawn (`pid evaluate`)."""
    from pid.export_files import import_drawing

    drawing = import_drawing(file)
    try:
        out.write_text(drawing.to_json(), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    typer.echo(f"{len(drawing.symbols)} symbol(s), {len(drawing.connections)} connection(s): {out.resolve()}")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


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
