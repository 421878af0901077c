"""The user's own networks: versions in a folder of theirs, one of them in use, and the way back.

The folder is ``$PID_MODELS``, or ``pid/models`` where the system keeps a user's data. Each version is a folder with all
networks and their cards; ``history.json`` says which were put in use, by whose comparison, and which were taken back.
The version in use is the last one that was not; where there is none, the shipped networks are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pid.errors import InputError
from pid.resources import data_path

SHIPPED = "shipped"
HISTORY = "history.json"
SERVED = (".onnx", ".json")
"""What serving reads of a network; the weights to train on from (``.pt``) are kept beside."""


class Promotion(BaseModel):
    """A version put in use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    when: str
    """ISO 8601 in UTC."""
    reason: str
    """What the comparison with the version before said, or who forced it."""
    taken_back: str | None = None
    """When it was rolled back."""


class _History(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    promotions: tuple[Promotion, ...] = ()


def versions_folder() -> Path:
    """Where the versions are; it need not exist."""
    own = os.environ.get("PID_MODELS")
    if own:
        return Path(own)
    if sys.platform == "win32":
        data = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "pid" / "models"


def read_history(folder: Path | None = None) -> tuple[Promotion, ...]:
    """All promotions, oldest first. Raises `InputError` for a broken file."""
    path = (folder or versions_folder()) / HISTORY
    if not path.is_file():
        return ()
    try:
        return _History.model_validate_json(path.read_bytes()).promotions
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{path} does not say which networks are in use; remove it to use the shipped ones."
        ) from error


def current_version(folder: Path | None = None) -> str:
    """The name of the version in use, `SHIPPED` where no other is."""
    used = [p.version for p in read_history(folder) if p.taken_back is None]
    return used[-1] if used else SHIPPED


def version_folder(name: str, folder: Path | None = None) -> Path:
    """The networks of a version. Raises `InputError` for one that is not there."""
    if name == SHIPPED:
        return data_path("models")
    path = (folder or versions_folder()) / name
    if not any(path.glob("*.onnx")):
        raise InputError(f"There is no version {name!r} of the networks in {path.parent}.")
    return path


def current_models() -> Path:
    """The networks in use: the promoted ones, or the shipped ones."""
    return version_folder(current_version())


def list_versions(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the versions, oldest first; the shipped one leads."""
    base = folder or versions_folder()
    own = [p for p in base.iterdir() if any(p.glob("*.onnx"))] if base.is_dir() else []
    return (SHIPPED, *(p.name for p in sorted(own, key=lambda p: (p.stat().st_mtime, p.name))))


def promote(models: Path, *, reason: str, folder: Path | None = None) -> str:
    """Keep the networks of a folder as a new version and put it in use; returns its name.

    A network that `models` lacks is that of the version in use so far. Raises `InputError` where there is none at all.
    """
    if not any(models.glob("*.onnx")):
        raise InputError(f"{models} holds no networks (*.onnx).")
    base = folder or versions_folder()
    before = version_folder(current_version(folder), folder)
    try:
        base.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=base, prefix="."))
        draft.chmod(0o755)
        complete_models(models, draft, rest=before)
        name = _free_name(base, models)
        draft.replace(base / name)
    except OSError as error:
        raise InputError(f"{base} cannot be written: {error.strerror or error}.") from error
    _write_history(base, (*read_history(folder), Promotion(version=name, when=_now(), reason=reason)))
    return name


def roll_back(*, folder: Path | None = None) -> tuple[str, str]:
    """Take the version in use back; returns its name and that of the one now in use. The networks stay on disk.

    Raises `InputError` where the shipped networks are in use.
    """
    base, history = folder or versions_folder(), list(read_history(folder))
    used = [i for i, p in enumerate(history) if p.taken_back is None]
    if not used:
        raise InputError("The shipped networks are in use: there is nothing to go back to.")
    history[used[-1]] = history[used[-1]].model_copy(update={"taken_back": _now()})
    _write_history(base, tuple(history))
    return history[used[-1]].version, current_version(folder)


def complete_models(models: Path, out: Path, *, rest: Path | None = None) -> Path:
    """A folder with the networks of `models`, and those of `rest` (the shipped ones) that it lacks; returns `out`."""
    out.mkdir(parents=True, exist_ok=True)
    given = {path.stem for path in models.glob("*.onnx")}
    for source in (rest or data_path("models"), models):
        for network in source.glob("*.onnx"):
            if source == models or network.stem not in given:
                for suffix in (*SERVED, ".pt"):
                    file = network.with_suffix(suffix)
                    if file.is_file():
                        shutil.copyfile(file, out / file.name)
    return out


def _free_name(base: Path, models: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", models.resolve().name).strip("-.") or "models"
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    names = (f"{day}-{stem}{f'-{n}' if n else ''}" for n in range(10_000))
    return next(name for name in names if not (base / name).exists())


def _write_history(base: Path, promotions: tuple[Promotion, ...]) -> None:
    text = json.dumps(_History(promotions=promotions).model_dump(), indent=1) + "\n"
    part = base / f".{HISTORY}"
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(base / HISTORY)
    except OSError as error:
        raise InputError(f"{base / HISTORY} cannot be written: {error.strerror}.") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
