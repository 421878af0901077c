"""`pid teach`: symbols into a library, by one example each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pid.errors import InputError

if TYPE_CHECKING:
    from pid.teach import Lesson

CORNERS = 4
LISTED = 40
"""More taught symbols than this are counted, not listed."""


def teach(
    name: Annotated[str | None, typer.Argument(help="What the symbol is called; for --from.")] = None,
    library: Annotated[Path, typer.Option("--library", "-l", help="Folder of taught symbols.")] = Path("pid-library"),
    legend: Annotated[
        Path | None, typer.Option(help="A picture or drawing of named symbols: each is taught under its name.")
    ] = None,
    source: Annotated[Path | None, typer.Option("--from", help="A drawing (any that is read) with the symbol.")] = None,
    box: Annotated[
        str | None, typer.Option(help="Where it is there: x0,y0,x1,y1 in sheet pixels, loosely drawn.")
    ] = None,
    page: Annotated[int, typer.Option(min=1, help="Page of a file of several.")] = 1,
    group: Annotated[str | None, typer.Option(help="valve, instrument, fitting, ...; guessed if not given.")] = None,
    code: Annotated[str | None, typer.Option(help="Its code in the bill of materials.")] = None,
    title: Annotated[str | None, typer.Option(help="Its description in the bill of materials.")] = None,
    ports: Annotated[
        str | None,
        typer.Option(help='Where pipes end on it: "x,y x,y" in sheet pixels; found or guessed if not given.'),
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(help="CSV of name,group,code,title for the symbols of a legend.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Forget older examples of the same names.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Show what the library holds.")] = False,
    remove: Annotated[str | None, typer.Option(help="Forget the symbol of this name.")] = None,
) -> None:
    """Teach symbols by one example each; `pid recognize --library LIB` then finds them, without any training.

    From a legend: pid teach --legend legend.png --library LIB. From a drawing: pid teach NAME --from sheet.png --box
    x0,y0,x1,y1 --library LIB; boxes are pixels of the sheet as in the results of `pid recognize`. LIB/library.png shows
    what was learned, with the ports in red: look at it.
    """
    from pid.structure.wishes import Wish, check_group, read_wishes
    from pid.teach import forget, teach_legend, teach_symbol

    jobs = [legend is not None, source is not None, show, remove is not None]
    if sum(jobs) != 1:
        raise InputError("Say one of --legend, --from with --box, --list and --remove.")
    if show:
        _list(library)
    elif remove is not None:
        count = forget(library, remove)
        typer.echo(f"{remove}: {count} example(s) forgotten.")
    elif legend is not None:
        if name is not None or box is not None or ports is not None or group is not None or code is not None:
            raise InputError("A legend's symbols have their names and places: give groups and codes with --groups.")
        wishes = read_wishes(groups) if groups is not None else {}
        _tell(library, teach_legend(legend, library, page=page, wishes=wishes, replace_kinds=replace))
    elif source is not None:
        if name is None or box is None:
            raise InputError("Say the symbol's name and its --box x0,y0,x1,y1.")
        wish = Wish(check_group(group) if group is not None else None, code, title)
        corners = _numbers(box, "box")
        if len(corners) != CORNERS:
            raise InputError(f"The box {box!r} is not x0,y0,x1,y1.")
        lesson = teach_symbol(
            name, source, (corners[0], corners[1], corners[2], corners[3]), library, page=page, wish=wish,
            ports=_points(ports or ""), replace_kinds=replace,
        )  # fmt: skip
        _tell(library, lesson)


def _tell(library: Path, lesson: Lesson) -> None:
    from pid.teach import CONTACT_SHEET

    kinds = {example.kind for example, _ in lesson.taught}
    typer.echo(f"{len(lesson.taught)} example(s) of {len(kinds)} symbol(s) in {library.resolve()}:")
    for example, outcome in lesson.taught[:LISTED]:
        group = example.group.replace("_", " ") + (" (guessed)" if "group" in example.guessed else "")
        ports = f"{len(example.ports)} port(s)" + (" (guessed)" if "ports" in example.guessed else "")
        inside = f", lettering {' / '.join(example.lettering)}" if example.lettering else ""
        typer.echo(f"  {example.name}: {outcome}; {group}, code {example.bom_code or 'none'}, {ports}{inside}")
    if len(lesson.taught) > LISTED:
        typer.echo(f"  and {len(lesson.taught) - LISTED} more")
    for remark in lesson.remarks:
        typer.echo(f"Note: {remark}", err=True)
    typer.echo(f"Look at {(library / CONTACT_SHEET).resolve()}: ports are red, lettering that may differ green.")


def _list(library: Path) -> None:
    from pid.structure.library import read_library
    from pid.teach import draw_library

    examples = read_library(library)
    for example in examples:
        group = example.group + ("?" if "group" in example.guessed else "")
        typer.echo(f"{example.kind}\t{group}\t{example.bom_code}\t{example.name}\t{example.source}\t{example.taught}")
    typer.echo(f"Pictures: {draw_library(library).resolve()}", err=True)


def _numbers(text: str, what: str) -> tuple[float, ...]:
    from math import isfinite

    try:
        numbers = tuple(float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        raise InputError(f"The {what} {text!r} is not made of numbers and commas.") from None
    if not all(isfinite(v) for v in numbers):
        raise InputError(f"The {what} {text!r} is not made of finite numbers.")
    return numbers


def _points(text: str) -> tuple[tuple[float, float], ...]:
    points = []
    for part in text.split():
        numbers = _numbers(part, "port")
        if len(numbers) != 2:  # x and y
            raise InputError(f"The port {part!r} is not x,y.")
        points.append((numbers[0], numbers[1]))
    return tuple(points)
