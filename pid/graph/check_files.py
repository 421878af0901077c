"""What `pid check` reads and prints: the findings of drawings and of the set that they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pid.drawing import Drawing, Finding
from pid.errors import InputError
from pid.graph.check import check_drawing, finding_rows
from pid.graph.sheets import check_sheets, sheet_names

SET = "all sheets"
"""What the table calls findings that show over several sheets."""
_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def read_drawings(path: Path) -> list[Drawing]:
    """The drawing of a file, or those of a folder's JSON files that are drawings, by name.

    Raises `InputError` where there is none, and for a file that is named but is no drawing.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist.")
    if path.is_file():
        return [Drawing.read(path)]
    files = sorted(path.glob("*.json"))
    if not files:
        raise InputError(f"{path} holds no drawings (NAME.json).")
    return [Drawing.read(file) for file in files]


def check_files(path: Path) -> dict[str, tuple[Finding, ...]]:
    """Sheet -> its findings; `SET` -> what does not fit between the sheets of a folder."""
    drawings = read_drawings(path)
    found = {name: check_drawing(drawing) for name, drawing in zip(sheet_names(drawings), drawings, strict=True)}
    if len(drawings) > 1:
        found[SET] = check_sheets(drawings)
    return found


def print_findings(found: Mapping[str, Sequence[Finding]]) -> None:
    """Print a table of the findings, errors first, and how many there are of each severity."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = finding_rows(found)
    console = Console(width=None if Console().is_terminal else 200)
    if not rows:
        console.print(f"{len(found)} sheet(s) checked, nothing found.")
        return
    table = Table("severity", "code", "where", "finding")
    for severity, code, where, message in rows:
        table.add_row(Text(severity, _COLOURS[severity]), code, Text(where), Text(message))
    console.print(table)
    counts = Counter(row[0] for row in rows)
    told = ", ".join(f"{counts[s]} {s}{'s' if counts[s] != 1 and s != 'info' else ''}" for s in _COLOURS if counts[s])
    console.print(f"{len([name for name in found if name != SET])} sheet(s) checked: {told}.")
