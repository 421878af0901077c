"""Minutes a sheet takes, and what they are held against."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pid.drawing import Drawing, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.review_effort import Timing, minutes_a_sheet, read_timings, speed_up, timings_text

Run = Callable[..., tuple[int, str, str]]


def test_minutes_are_the_machine_and_five_seconds_a_correction() -> None:
    assert minutes_a_sheet(30.0, 12) == 1.5
    assert speed_up(1.5) == 40.0


def test_timings_of_other_results_stay(tmp_path: Path) -> None:
    assert read_timings(tmp_path) == {}
    (tmp_path / "timings.csv").write_text(timings_text({"b": Timing(2.0, 3.0)}, {"a": Timing(1.0, 1.0)}))
    assert read_timings(tmp_path) == {"a": Timing(1.0, 1.0), "b": Timing(2.0, 3.0)}
    (tmp_path / "timings.csv").write_text("name,seconds\na,x\n")
    with pytest.raises(InputError, match=r"timings\.csv is not a table"):
        read_timings(tmp_path)


def test_evaluate_prints_the_speed_up_where_it_knows_the_seconds(tmp_path: Path, run: Run) -> None:
    symbols = [Symbol(id=f"s{i}", group="valve", box=(100 * i, 100, 100 * i + 60, 160)) for i in range(10)]
    whole = Drawing(source=Source(name="a", sha256=""), sheet=SheetInfo(width=5000, height=3500), symbols=symbols)
    for folder, drawing in (("truth", whole), ("out", whole.model_copy(update={"symbols": tuple(symbols[:4])}))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.json").write_text(drawing.to_json(), encoding="utf-8")
    status, out, _ = run("evaluate", tmp_path / "truth", tmp_path / "out", "--json")
    assert (status, json.loads(out)["a"]["corrections"]) == (0, 6)
    assert "minutes" not in json.loads(out)["a"]
    (tmp_path / "out" / "timings.csv").write_text(timings_text({"a": Timing(30.0, 40.0)}, {}))
    figures = json.loads(run("evaluate", tmp_path / "truth", tmp_path / "out", "--json")[1])["a"]
    assert (figures["minutes"], figures["speed_up"]) == (1.0, 60.0)
    assert "x by hand" in run("evaluate", tmp_path / "truth", tmp_path / "out")[1]
