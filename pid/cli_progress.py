"""What a long command shows while it is at work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pid.pipeline import Progress


@contextmanager
def show_progress() -> Iterator[Progress]:
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
