"""Imports go one way (see the architecture section of README.md)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pid"
STAGES = ("document", "detect", "structure", "graph", "estimate", "synth")
FOUNDATION = (
    "errors", "resources", "drawing", "sheet", "geometry", "move", "paper", "skeleton", "symbol_svg", "catalog",
    "place_ports", "engine", "learning",
)  # fmt: skip
"""In this order: each imports only those before it."""
JOINING = (
    "evaluate",
    "evaluate_lines",
    "evaluate_words",
    "evaluate_forms",
    "evaluate_given",
    "annotate",
    "model_versions",
    "pipeline",
    "report",
    "teach",
    "export_files",
    "read_facts",
    "estimate_files",
    "compare_files",
    "review_effort",
    "recognize_files",
    "read_files",
    "write_reading",
    "install_models",
    "train_models",
    "draw_structure",
    "train_structure",
    "judge_confidence",
    "truth",
    "verify",
    "promote_models",
    "corrections",
    "export_corrections",
    "train_corrections",
)
TRAINING = ("torch", "torchvision", "ultralytics", "torch_geometric")
TRAINING_FILES = ("train.py", "network.py", "fit.py")
SERVING = ("flask", "apiflask", "flask_login", "flask_wtf", "flask_limiter", "waitress", "sqlalchemy", "alembic")
"""What only the web service needs."""


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "data" not in p.relative_to(PACKAGE).parts)


def imports(path: Path) -> Iterator[str]:
    """Full names of everything that a file imports, at any depth of nesting."""
    package = ["pid", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def own_parts(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("pid.")} - {"__version__"}


def allowed(name: str) -> set[str]:
    if name in FOUNDATION:
        return set(FOUNDATION[: FOUNDATION.index(name) + 1])  # itself, too: a folder
    if name in STAGES:
        return {*FOUNDATION, name}
    if name in JOINING:
        return {*FOUNDATION, *STAGES, *JOINING}
    commands = {"cli", "cli_batch", "cli_document", "cli_progress", "cli_serve", "cli_teach", "cli_train", "cli_verify"}
    return {*FOUNDATION, *STAGES, *JOINING, "web", *commands}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        assert not own_parts(path)
        return
    assert own_parts(path) <= allowed(part(path))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_foreign_frameworks_stay_in_their_place(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    if path.name not in TRAINING_FILES:
        assert not roots & set(TRAINING)
    if part(path) != "web":
        assert not roots & set(SERVING)


def test_walker_sees_relative_and_nested_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    (tmp_path / "graph").mkdir()
    file = tmp_path / "graph" / "a.py"
    file.write_text("def f():\n    from ..detect import yolo\n    import torch\n")
    assert own_parts(file) == {"detect"}
    assert "torch" in set(imports(file))


def test_starting_up_loads_no_heavy_library() -> None:
    heavy = ("torch", "openvino", "rapidocr", "ezdxf", "pypdfium2", "scipy", "skimage", "reportlab", "xlsxwriter")
    code = f"import sys, pid.cli; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
