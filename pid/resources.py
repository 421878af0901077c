"""Where the files shipped with the package are, in a checkout and in an installed wheel alike."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_path(*parts: str) -> Path:
    """Path of a shipped data file or folder, e.g. ``data_path("symbols", "valve")``.

    A wheel carries ``data/`` inside the package (see ``pyproject.toml``); a checkout has it beside the package.
    """
    installed = _PACKAGE / "data"
    return (installed if installed.is_dir() else _PACKAGE.parent / "data").joinpath(*parts)
