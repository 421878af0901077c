"""The sheets of a truth, recognised with a folder of networks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from pid.document.load import load_page
from pid.errors import InputError
from pid.model_versions import complete_models
from pid.pipeline import Recognizer
from pid.recognize_files import write_result
from pid.truth.folder import TruthSheet


def recognize_sheets(
    models: Path,
    sheets: Sequence[TruthSheet],
    out: Path,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Write NAME.json of each sheet into `out`.

    A network that `models` lacks is the shipped one, so that a training's folder can be compared as it is. Raises
    `InputError` for a sheet whose drawing is not there or cannot be read.
    """
    without = [sheet.name for sheet in sheets if sheet.drawing is None]
    if without:
        raise InputError(f"The drawing of {without[0]} is not there; say where the drawings are with --sheets.")
    with tempfile.TemporaryDirectory() as folder:
        whole = complete_models(models, Path(folder) / "models")
        recognizer = Recognizer(models=whole)
        for done, sheet in enumerate(sheets):
            if progress is not None:
                progress(f"{models.name}: {sheet.name}", done / len(sheets))
            assert sheet.drawing is not None
            text = recognizer.recognize_sheet(load_page(sheet.drawing, sheet.page)).to_json()
            write_result(out / f"{sheet.name}.json", lambda p, t=text: p.write_text(t, encoding="utf-8"))  # type: ignore[misc]
