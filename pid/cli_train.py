"""The commands `pid train ...`. Heavy imports stay inside the commands so that help appears at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pid.errors import InputError

train_app = typer.Typer(no_args_is_help=True, help="Train the networks (needs the extra `train`).")

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made if it is not there.")]
Device = Annotated[str, typer.Option(help="Where torch computes: cpu, cuda, cuda:1, mps.")]
Recipe = Annotated[Path | None, typer.Option(help="A recipe file of your own, laid out like the shipped one.")]
Section = Annotated[str | None, typer.Option(help="Section of the recipe. Without it: laptop on a cpu, gpu elsewhere.")]
Hours = Annotated[float | None, typer.Option(min=0.001, help="End after so many hours, whatever the recipe says.")]
Steps = Annotated[int | None, typer.Option(min=1, help="End after so many steps, whatever the recipe says.")]
Resume = Annotated[
    bool, typer.Option("--resume/--fresh", help="Go on from the checkpoint in OUT where there is one, or begin anew.")
]
Start = Annotated[
    str | None,
    typer.Option(metavar="WEIGHTS|none", help="Weights (.pt) to begin from; layers that fit are used, others are new."),
]
Corrections = Annotated[
    Path | None,
    typer.Option(
        help="A folder of accepted truth (`pid truth`): go on from the weights in use with what people corrected."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Where OUT is the shipped folder: replace its weights even by worse ones.")
]


@train_app.command("shape")
def train_shape_command(
    out: Out = Path("runs/shape"),
    data: Annotated[
        Path | None, typer.Option(help="Your own boxes: a YAML file in the YOLO format (path, train, val, names).")
    ] = None,
    sheets: Annotated[Path | None, typer.Option(help="A folder of sheets drawn before; none are drawn then.")] = None,
    device: Device = "cpu",
    recipe: Recipe = None,
    section: Section = None,
    hours: Hours = None,
    steps: Steps = None,
    resume: Resume = True,
    start: Start = None,
    real: Annotated[
        Path | None, typer.Option(help="Folder with sheets/ and truth/: its scores go into the card.")
    ] = None,
    force: Force = False,
    look: Annotated[
        str,
        typer.Option(help="With --data: sheet (tiles at working scale), fit (scaled into one tile), native or auto."),
    ] = "auto",
    paper: Annotated[
        bool | None, typer.Option("--paper/--photo", help="With --data: ink on paper, or photographs. By their grey.")
    ] = None,
    turns: Annotated[
        str | None, typer.Option(help="With --data: how pictures may be turned in training: any, mirror or none.")
    ] = None,
    from_corrections: Corrections = None,
) -> None:
    """Train the symbol detector on generated sheets, or with --data on your own boxes of anything.

    An interrupted run goes on where it stopped. OUT gets shape.onnx (served), shape.pt (to train on from), shape.json
    (the card: scores, calibration, recipe), curves.csv and curves.png; `pid recognize --models OUT` uses them.

    Your own boxes: training starts from the shipped weights (--start none: from nothing) with new classes. Light
    pictures of 1600 pixels and more are taken for drawings and cut into tiles at working scale, others are scaled to
    fit 640 pixels; `--look native` cuts them as they are. Pictures become grey. Classes named like one of pid's kinds
    or groups mean these; any other is a kind of its own in the group `other`.
    """
    from pid.detect.recipe import ShapeRecipe
    from pid.train_models import picture_look, train_picture_models, train_shape_models

    if from_corrections is not None:
        from pid.train_corrections import train_shape_on_corrections

        fine = ShapeRecipe.read(section or "corrections", recipe).limited(hours=hours, steps=steps)
        train_shape_on_corrections(
            from_corrections, out, fine, replay=sheets, start=_weights(start, None), device=device, resume=resume,
            report=typer.echo,
        )  # fmt: skip
        _tell_promotion(out)
        return
    section = section or ("own-" if data else "") + _machine(device)
    numbers = ShapeRecipe.read(section, recipe).limited(hours=hours, steps=steps)
    begin = _weights(start, "shape.pt" if data else None)
    if data is None:
        train_shape_models(
            out, numbers, device=device, resume=resume, sheets=sheets, start=begin, real=real, force=force,
            report=typer.echo,
        )  # fmt: skip
    else:
        if turns not in (None, "any", "mirror", "none"):
            raise InputError(f"{turns!r} is not a way to turn pictures: any, mirror or none.")
        train_picture_models(
            data, out, numbers, device=device, resume=resume, start=begin, mode=picture_look(look), paper=paper,
            turns=turns, report=typer.echo,  # type: ignore[arg-type]  # one of three, as checked above
        )  # fmt: skip
    typer.echo(f"Networks and card in {out.resolve()}")


@train_app.command("kinds")
def train_kinds_command(
    out: Out = Path("runs/kinds"),
    sheets: Annotated[
        Path | None, typer.Option(help="Sheet folder that a training of shapes has drawn; usually runs/shape/sheets.")
    ] = None,
    device: Device = "cpu",
    recipe: Recipe = None,
    section: Section = None,
    hours: Hours = None,
    steps: Steps = None,
    resume: Resume = True,
    start: Start = None,
    force: Force = False,
    from_corrections: Corrections = None,
    auto_label: Annotated[
        Path | None,
        typer.Option(
            help="With --from-corrections: drawings without truth; what recognition is sure of is learned, too."
        ),
    ] = None,
) -> None:
    """Train the classifier that names a found symbol's kind, rotation and mirror image.

    With --from-corrections the weights in use learn on from a folder of accepted truth, mixed with generated sheets
    (--sheets, or drawn); OUT is a folder of networks for `pid models promote`, which compares before it puts them in
    use.
    """
    from pid.detect.recipe import KindRecipe
    from pid.train_models import train_kind_models

    if auto_label is not None and from_corrections is None:
        raise InputError("--auto-label goes with --from-corrections.")
    if from_corrections is not None:
        from pid.train_corrections import label_surely, train_kinds_on_corrections

        fine = KindRecipe.read(section or "corrections", recipe).limited(hours=hours, steps=steps)
        train_kinds_on_corrections(
            from_corrections, out, fine, replay=sheets, start=_weights(start, None), device=device, resume=resume,
            further=label_surely(auto_label, report=typer.echo) if auto_label else (), report=typer.echo,
        )  # fmt: skip
        _tell_promotion(out)
        return
    numbers = KindRecipe.read(section or _machine(device), recipe).limited(hours=hours, steps=steps)
    train_kind_models(
        out, numbers, sheets=sheets or Path("runs/shape/sheets"), device=device, resume=resume,
        start=_weights(start, None), force=force, report=typer.echo,
    )  # fmt: skip
    typer.echo(f"Network and card in {out.resolve()}")


@train_app.command("structure")
def train_structure_command(
    out: Out = Path("runs/structure"),
    graphs: Annotated[
        Path | None, typer.Option(help="A folder of labelled graphs drawn before; none are drawn then.")
    ] = None,
    device: Device = "cpu",
    recipe: Recipe = None,
    section: Section = None,
    hours: Hours = None,
    steps: Steps = None,
    resume: Resume = True,
    start: Start = None,
    force: Force = False,
) -> None:
    """Train the graph network that finds symbols by their structure, on generated sheets without deformed symbols.

    An interrupted run goes on where it stopped. OUT gets structure.onnx (served), structure.pt (to train on from),
    structure.json (the card: scores, calibration, recipe), curves.csv and curves.png.
    """
    from pid.structure.recipe import StructureRecipe
    from pid.train_structure import train_structure_models

    numbers = StructureRecipe.read(section or _machine(device), recipe).limited(hours=hours, steps=steps)
    train_structure_models(
        out, numbers, graphs=graphs, device=device, resume=resume, start=_weights(start, None), force=force,
        report=typer.echo,
    )  # fmt: skip
    typer.echo(f"Network and card in {out.resolve()}")


def _tell_promotion(out: Path) -> None:
    typer.echo(f"Networks and card in {out.resolve()}; to put them in use: pid models promote {out} --truth FOLDER")


def _machine(device: str) -> str:
    """The section of a shipped recipe that suits a device."""
    return "laptop" if device == "cpu" else "gpu"


def _weights(start: str | None, usual: str | None) -> Path | None:
    """The file to start from: as named, else the shipped one called `usual`; None for a start from nothing."""
    if start == "none":
        return None
    if start is None:
        from pid.resources import data_path

        return data_path("models", usual) if usual else None
    if not Path(start).is_file():
        raise InputError(f"{start} does not exist.")
    return Path(start)


@train_app.command("confidence")
def train_confidence_command(
    out: Out = Path("runs/confidence"),
    sheets: Annotated[int, typer.Option(min=2, help="Plants to draw, each clean and through a scanner.")] = 12,
) -> None:
    """Fit how scores become probabilities, on generated sheets that no network was trained on; needs no torch.

    Writes confidence.json: put it beside the networks that it was fitted with.
    """
    from pid.cli_progress import show_progress
    from pid.judge_confidence import train_confidence

    with show_progress() as progress:
        path = train_confidence(out, sheets=sheets, progress=progress)
    typer.echo(f"{path.resolve()} holds a curve a part and, under held_out, how far told and true chances are apart.")
