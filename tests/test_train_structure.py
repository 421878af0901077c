"""The card of the structure network, and its replacement by a better one only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pid import train_structure
from pid.catalog import load_catalog
from pid.cli import app
from pid.draw_structure import draw_sheet, label_sheet
from pid.errors import InputError
from pid.resources import data_path
from pid.structure.find_instances import StructureFinder
from pid.structure.judge import Sheet, judge_structure
from pid.structure.labels import class_names
from pid.structure.recipe import StructureRecipe
from pid.structure.trace_primitives import trace_primitives


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    drawn = draw_sheet(900_700_005, damaged=False, read=True)
    parts = trace_primitives(drawn.image, hidden=drawn.hidden)
    return parts, label_sheet(drawn, parts)


def test_the_card_tells_scores_and_calibrates(sheet: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(data_path("models", "structure.onnx"), tmp_path / "structure.onnx")
    monkeypatch.setattr(train_structure, "held_out_sheets", lambda recipe: [sheet] * 8)
    names = class_names(tuple(load_catalog()))
    told: list[str] = []
    card = train_structure.write_structure_card(tmp_path, names, StructureRecipe(), {"steps": 7}, report=told.append)
    assert json.loads((tmp_path / "structure.json").read_text()) == card
    assert card["steps"] == 7
    held = card["held_out"]
    assert held["symbols"] == 8 * len(sheet[1].boxes)
    assert 0 < held["kinds_f1"] <= held["symbols_f1"] <= 1
    assert held["panoptic_groups"]["pq"] == pytest.approx(
        held["panoptic_groups"]["rq"] * held["panoptic_groups"]["sq"], abs=1e-3
    )
    assert held["calibration_error"] < 0.05  # the same sheets were fitted
    assert "by_kind" not in card["held_out_clean"]
    calibration = StructureFinder(tmp_path).calibration
    assert calibration.to_dict() == card["calibration"]


def test_perfect_knowledge_scores_one(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    parts, truth = sheet
    finder = StructureFinder()

    def knowing(_self: StructureFinder, graph):  # type: ignore[no-untyped-def]
        own, other = truth.instances[:, None], truth.instances[graph.neighbours]
        return np.eye(len(finder.names) + 5)[truth.classes], np.where((own == other) & (own >= 0), 0.99, 0.01)

    monkeypatch.setattr(StructureFinder, "predict", knowing)
    _, figures = judge_structure(finder, [sheet])
    assert figures["primitives_right"] == 1.0
    assert figures["panoptic_groups"]["pq"] > 0.85
    assert figures["symbols_f1"] > 0.85
    assert len(parts) == figures["primitives"]


def test_shipped_card_fits_the_catalogue_and_the_network() -> None:
    card = json.loads(data_path("models", "structure.json").read_text())
    assert tuple(card["classes"]) == class_names(tuple(load_catalog()))
    assert card["data"]["sheets"] > 0
    assert "stretch" in card["data"]["source"]
    for name in ("structure.onnx", "structure.pt"):
        assert data_path("models", name).stat().st_size < 3e6


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert train_structure.judged_kinds(tmp_path, StructureRecipe()) == -1.0
    monkeypatch.setattr(train_structure, "load_training", lambda: None)
    with pytest.raises(InputError, match="not a folder"):
        train_structure.train_structure_models(tmp_path, StructureRecipe(), graphs=tmp_path / "none")
    result = CliRunner().invoke(app, ["train", "structure", "--section", "none"])
    assert result.exit_code != 0
