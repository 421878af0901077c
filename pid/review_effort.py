"""What a sheet costs: the machine's seconds, then a person's corrections, against reading it by hand.

Terms of art: *minutes a sheet* are the seconds that recognition took (``timings.csv``, written beside the results) and
`CORRECTION_SECONDS` for each symbol or connection to be corrected; the *speed-up* is how many times as long a person
takes who reads the sheet by hand (`HAND_MINUTES`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pid.errors import InputError

CORRECTION_SECONDS = 5.0
"""Finding the next doubtful element in the review page and clicking it right."""
HAND_MINUTES = 60.0
"""A sheet taken off by hand."""
TIMINGS = "timings.csv"
_COLUMNS = ("name", "seconds", "processor_seconds")


@dataclass(frozen=True)
class Timing:
    """How long one page took from opening it to its results: on the clock, and on all processors together."""

    seconds: float
    processor_seconds: float


def minutes_a_sheet(machine_seconds: float, corrections: int) -> float:
    """Minutes until a sheet is right."""
    return (machine_seconds + CORRECTION_SECONDS * corrections) / 60.0


def speed_up(minutes: float) -> float:
    """How many times faster than by hand."""
    return HAND_MINUTES / max(minutes, 1e-9)


def timings_text(timings: Mapping[str, Timing], before: Mapping[str, Timing]) -> str:
    """The file's text: those of this run, and of other results that lie in the same folder."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for name, timing in sorted({**before, **timings}.items()):
        writer.writerow([name, f"{timing.seconds:.2f}", f"{timing.processor_seconds:.2f}"])
    return out.getvalue()


def read_timings(folder: Path) -> dict[str, Timing]:
    """Result name to timing of a folder of results; empty where nothing was written down."""
    path = folder / TIMINGS
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {
                row["name"]: Timing(float(row["seconds"]), float(row["processor_seconds"]))
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a table of {', '.join(_COLUMNS)}: {error}.") from error
