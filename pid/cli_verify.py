"""The commands `pid verify` and `pid truth ...`. Heavy imports stay inside the commands: help appears at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pid.cli_train import Out
from pid.errors import InputError

truth_app = typer.Typer(no_args_is_help=True, help="Ground truth: recognition writes it, people correct it.")

models_app = typer.Typer(no_args_is_help=True, help="The networks in use: versions, promotion and the way back.")

LOSS, BAD_INPUT = 1, 2

Folder = Annotated[Path, typer.Argument(help="The folder of truth that `pid truth create` made.")]
Who = Annotated[str, typer.Option("--by", help="Your name: it stands beside what you say.")]
Elements = Annotated[str, typer.Option(help="Ids, separated by commas (A--B for a connection, the name for a field).")]


def verify(
    truth: Annotated[
        Path, typer.Option(help="Folder of truth: sheets/ and truth/NAME.json, or NAME.json beside its drawing.")
    ],
    models: Annotated[
        tuple[str, str],
        typer.Option(
            help="The old and the new: folders of networks or of results (NAME.json), a version of `pid models list`, "
            "or current."
        ),
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

    a, b = (_models_or_results(name) for name in models)
    comparison = compare_models(
        truth, a, b, work=out, drawings=sheets, unaccepted=unaccepted,
        progress=lambda step, _: typer.echo(step, err=True),
    )  # fmt: skip
    page, data = write_reports(comparison, out)
    print_comparison(comparison)
    typer.echo(verdict(comparison))
    typer.echo(f"Report: {page.resolve()} (and {data.name})")
    if comparison.losses:
        raise typer.Exit(LOSS)


@truth_app.command("create")
def create(
    drawings: Annotated[list[Path], typer.Argument(help="Drawings (PNG, JPG, TIFF, PDF, DXF) or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of truth; made if it is not there.")],
    models: Annotated[Path | None, typer.Option(help="Folder of networks, instead of those in use.")] = None,
) -> None:
    """Recognise drawings into base truth, to be marked and accepted. Drawings that are there already stay as they are.

    OUT gets sheets/ (copies of the drawings), truth/NAME.json (a drawing each page) and marks/NAME.json.
    """
    from pid.truth.create import create_truth

    created = create_truth(drawings, out, models=models, progress=lambda step, _: None)
    typer.echo(f"{len(created.pages)} page(s) of base truth in {out.resolve()}")
    if created.kept:
        typer.echo(f"{len(created.kept)} drawing(s) were there already and stay as they are.")
    for sentence in created.failures:
        typer.echo(sentence, err=True)
    if created.failures:
        raise typer.Exit(BAD_INPUT)


@truth_app.command("mark")
def mark(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="The page's name.")],
    who: Who,
    right: Elements = "",
    noise: Elements = "",
    wrong: Elements = "",
    values: Annotated[
        list[str] | None, typer.Option("--set", help="How the wrong ones are: FIELD=VALUE, e.g. text=P-101.")
    ] = None,
) -> None:
    """Mark elements of a page: right as they are, wrong (and with --set how they are), or noise where nothing is."""
    from pid.drawing import Drawing
    from pid.truth.folder import find_sheets, write_truth
    from pid.truth.marks import mark_element, read_marks

    said = [("right", k) for k in _keys(right)] + [("noise", k) for k in _keys(noise)]
    said += [("wrong", k) for k in _keys(wrong)]
    if not said or (values and not _keys(wrong)):
        raise InputError("Say which elements are --right, --wrong or --noise; --set goes with --wrong.")
    (sheet,) = find_sheets(folder, [name])
    drawing, marks = Drawing.read(sheet.truth), read_marks(sheet.marks)
    for verdict, key in said:
        value = _values(values) if verdict == "wrong" and values else None
        drawing, marks = mark_element(drawing, marks, key, verdict, who=who, value=value)  # type: ignore[arg-type]
    write_truth(sheet, drawing, marks)
    typer.echo(f"{name}: {len(said)} marked, {len(marks.open)} wrong without a value.")


@truth_app.command("accept")
def accept_command(
    folder: Folder,
    who: Who,
    names: Annotated[list[str] | None, typer.Argument(help="Pages; all of them where none is named.")] = None,
    corrected: Annotated[
        Path | None, typer.Option(help="Drawings that a person has corrected: NAME.json or a folder of them.")
    ] = None,
) -> None:
    """Accept pages as true as they stand, or as corrected: what was changed is marked with your name and the time."""
    from pid.drawing import Drawing
    from pid.truth.folder import find_sheets, write_truth
    from pid.truth.marks import accept, read_marks

    accepted = 0
    for sheet in find_sheets(folder, names or []):
        given = corrected / f"{sheet.name}.json" if corrected is not None and corrected.is_dir() else corrected
        if given is not None and (not given.exists() or given.stem != sheet.name):
            continue
        better = None if given is None else Drawing.read(given)
        drawing, marks = accept(Drawing.read(sheet.truth), read_marks(sheet.marks), who=who, corrected=better)
        write_truth(sheet, drawing, marks)
        accepted += 1
        changed = sum(m.verdict != "right" for m in marks.marks)
        typer.echo(f"{sheet.name}: accepted by {who}, {changed} correction(s)")
    if not accepted:
        raise InputError(f"{corrected or folder} holds none of the pages.")


@truth_app.command("status")
def status(folder: Folder) -> None:
    """Which pages are accepted, by whom, and what is left to do."""
    from pid.truth.folder import list_sheets
    from pid.truth.marks import read_marks

    for sheet in list_sheets(folder):
        marks = read_marks(sheet.marks)
        count = {v: sum(m.verdict == v for m in marks.marks) for v in ("right", "wrong", "noise", "missing")}
        state = f"accepted by {marks.accepted} on {marks.accepted_when}" if marks.accepted else "base"
        state = state if sheet.marks.exists() else "truth without marks"
        told = ", ".join(f"{n} {v}" for v, n in count.items() if n) or "no marks"
        left = f"; wrong without a value: {', '.join(m.element for m in marks.open)}" if marks.open else ""
        typer.echo(f"{sheet.name}: {state}; {told}{left}")


@truth_app.command("export")
def export_command(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Gets a folder for each format.")],
    to: Annotated[
        str, typer.Option(help="Of yolo, coco, words, symbols, separated by commas.")
    ] = "yolo,coco,words,symbols",
) -> None:
    """Export accepted sheets to learn from: YOLO and COCO boxes, pictures of words, a library of symbols by example."""
    from pid.corrections import read_corrections
    from pid.export_corrections import export_corrections

    for sentence in export_corrections(read_corrections(folder), out, _keys(to)):
        typer.echo(sentence)
    typer.echo(f"In {out.resolve()}")


@models_app.command("list")
def list_command() -> None:
    """The versions of the networks on this machine; the one in use has a star."""
    from pid.model_versions import current_version, list_versions, read_history, versions_folder

    used = current_version()
    reasons = {p.version: p for p in read_history()}
    for name in list_versions():
        said = reasons.get(name)
        back = f"; rolled back {said.taken_back}" if said and said.taken_back else ""
        typer.echo(f"{'*' if name == used else ' '} {name}{f'  {said.when}  {said.reason}{back}' if said else ''}")
    typer.echo(f"In {versions_folder()}")


@models_app.command("promote")
def promote_command(
    models: Annotated[Path, typer.Argument(help="Folder of a training: the networks it lacks stay as they are.")],
    truth: Annotated[
        Path | None, typer.Option(help="Folder of truth on which nothing significant may be lost.")
    ] = None,
    out: Out = Path("pid-verify"),
    force: Annotated[
        bool, typer.Option("--force", help="Put them in use without a comparison, or in spite of it.")
    ] = False,
) -> None:
    """Put networks in use if they have lost nothing significant against those in use: `pid verify` decides.

    Exit status: 0 they are in use; 1 they lost something and are not; 2 bad input.
    """
    from pid.model_versions import promote
    from pid.promote_models import promote_if_no_loss
    from pid.verify.report import verdict, write_reports

    if truth is None:
        if not force:
            raise InputError("Name a folder of truth to compare on with --truth, or say --force.")
        typer.echo(f"In use: {promote(models, reason='forced, not compared')}")
        return
    comparison, version = promote_if_no_loss(
        models, truth, work=out, force=force, progress=lambda step, _: typer.echo(step, err=True)
    )
    page, _ = write_reports(comparison, out)
    typer.echo(verdict(comparison))
    typer.echo(f"Report: {page.resolve()}")
    if version is None:
        typer.echo("They are not put in use.")
        raise typer.Exit(LOSS)
    typer.echo(f"In use: {version}")


@models_app.command("rollback")
def rollback_command() -> None:
    """Go back to the version that was in use before."""
    from pid.model_versions import roll_back

    gone, now = roll_back()
    typer.echo(f"{gone} is taken back; in use: {now}")


def _models_or_results(name: str) -> Path:
    """A folder as named, or that of a version."""
    from pid.model_versions import current_models, list_versions, version_folder

    if Path(name).is_dir():
        return Path(name)
    if name == "current":
        return current_models()
    return version_folder(name) if name in list_versions() else Path(name)


def _keys(text: str) -> list[str]:
    return [key.strip() for key in text.split(",") if key.strip()]


def _values(pairs: list[str]) -> dict[str, object]:
    """FIELD=VALUE as fields; numbers, lists and booleans as JSON writes them, anything else as text."""
    import json

    out: dict[str, object] = {}
    for pair in pairs:
        field, equal, text = pair.partition("=")
        if not equal:
            raise InputError(f"{pair!r} is not FIELD=VALUE.")
        try:
            out[field] = json.loads(text)
        except ValueError:
            out[field] = text
    return out
