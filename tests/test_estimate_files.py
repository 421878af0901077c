"""`pid estimate` over results and drawings: the files, the summary, and what it says of input that is none."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pid.drawing import Drawing
from pid.errors import InputError
from pid.estimate_files import estimate_files
from pid.resources import data_path
from pid.synth.generate import generate_sheet


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `pid recognize` leaves it, from two generated sheets."""
    folder = tmp_path_factory.mktemp("results")
    for seed in (31, 32):
        (folder / f"s{seed}.json").write_text(generate_sheet(seed).drawing.to_json(), encoding="utf-8")
    (folder / "other.json").write_text("{}", encoding="utf-8")
    return folder


def test_every_row_leads_to_elements_that_exist_and_the_files_agree(results: Path, tmp_path: Path) -> None:
    report = estimate_files([results], tmp_path, prices=data_path("prices.csv"))
    assert len(report.drawings) == 2
    known = {
        f"{d.source.name}#{e.id}" for d in report.drawings for e in (*d.symbols, *d.lines, *d.words)
    }  # fmt: skip
    lists = json.loads((tmp_path / "lists.json").read_text(encoding="utf-8"))
    rows = [row for name, table in lists.items() if name not in ("fittings", "drawings") for row in table]
    assert len(rows) > 20
    assert all(row["ids"] and set(row["ids"]) <= known for row in rows)
    data = json.loads((tmp_path / "estimate.json").read_text(encoding="utf-8"))
    assert all(item["ids"] and set(item["ids"]) <= known for item in data["items"])
    assert data["total"] > 0
    assert data["range"][0] <= data["expected"] <= data["range"][1]
    assert sum(data["by_line"].values()) == pytest.approx(data["total"], abs=1)
    with (tmp_path / "bom.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [int(row["Quantity"]) for row in table] == [item["quantity"] for item in data["items"]]


def test_a_result_twice_counts_tags_once(results: Path, tmp_path: Path) -> None:
    drawing = Drawing.read(results / "s31.json")
    again = drawing.model_copy(update={"source": drawing.source.model_copy(update={"name": "again.png"})})
    (tmp_path / "again.json").write_text(again.to_json(), encoding="utf-8")
    once = estimate_files([results / "s31.json"], tmp_path / "once")
    twice = estimate_files([results / "s31.json", tmp_path / "again.json"], tmp_path / "twice")
    assert once.lists.instruments
    assert len(twice.lists.instruments) == len(once.lists.instruments)
    assert [row.tag for row in twice.lists.equipment] == [row.tag for row in once.lists.equipment]
    assert len(twice.lists.drawings) == 2


def test_the_command_prints_a_short_summary(
    run: Callable[..., tuple[int, str, str]], results: Path, tmp_path: Path
) -> None:
    code, out, err = run("estimate", results, "--prices", data_path("prices.csv"), "-o", tmp_path / "e")
    assert code == 0, err
    assert "2 sheet(s)" in out
    assert "range" in out
    assert len(out.splitlines()) <= 6
    assert {p.name for p in (tmp_path / "e").iterdir()} == {"estimate.xlsx", "estimate.json", "bom.csv", "lists.json"}


def test_input_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        estimate_files([tmp_path / "empty"], tmp_path / "out")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(InputError, match=r"bad\.json"):
        estimate_files([tmp_path / "bad.json"], tmp_path / "out")
