"""Planted changes between two revisions come out exactly, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import openpyxl
import pytest

from pid.compare_files import compare_files
from pid.drawing import Drawing, Symbol
from pid.estimate.revision_book import NEW_COLOR, OLD_COLOR, SAME_COLOR, draw_overlay
from pid.estimate.revisions import align, compare_revisions
from pid.synth.generate import generate_sheet


@pytest.fixture(scope="module")
def sheet() -> Drawing:
    return generate_sheet(31).drawing


def replot(drawing: Drawing, scale: float, dx: float, dy: float) -> Drawing:
    """The sheet plotted again at another scale and place, with other ids."""

    def point(p: tuple[float, float]) -> tuple[float, float]:
        return p[0] * scale + dx, p[1] * scale + dy

    symbols = tuple(
        s.model_copy(update={"id": f"n{s.id}", "box": (*point(s.box[:2]), *point(s.box[2:]))}) for s in drawing.symbols
    )
    lines = tuple(
        line.model_copy(update={"id": f"n{line.id}", "points": tuple(point(p) for p in line.points)})
        for line in drawing.lines
    )
    connections = tuple(
        c.model_copy(update={"a": f"n{c.a}", "b": f"n{c.b}", "lines": tuple(f"n{i}" for i in c.lines)})
        for c in drawing.connections
    )
    return drawing.model_copy(update={"symbols": symbols, "lines": lines, "connections": connections, "words": ()})


def test_the_same_sheet_plotted_otherwise_has_no_differences(sheet: Drawing) -> None:
    again = replot(sheet, 0.93, 40, -15)
    found = align(sheet, again)
    assert found.scale == pytest.approx((0.93, 0.93), abs=1e-3)
    assert found.offset == pytest.approx((40, -15), abs=1)
    assert compare_revisions(sheet, again).changes == ()


def changed(sheet: Drawing) -> tuple[Drawing, dict[str, str]]:
    """A second revision with one change of each sort; the ids by sort."""
    valves = [s for s in sheet.symbols if s.group == "valve" and s.tag]
    removed, retagged, rekinded, moved, resized = valves[:5]
    kind = "ball_valve" if rekinded.kind != "ball_valve" else "gate_valve"
    width = sheet.sheet.width
    updates: dict[str, dict[str, object]] = {
        retagged.id: {"tag": "ZZ-99999"},
        rekinded.id: {"kind": kind},
        moved.id: {"box": tuple(v + 0.03 * width for v in moved.box)},
        resized.id: {"attributes": {**resized.attributes, "size": "DN 900"}},
    }
    symbols = [s.model_copy(update=updates.get(s.id, {})) for s in sheet.symbols if s.id != removed.id]
    box = (0.01 * width, 0.01 * width, 0.02 * width, 0.02 * width)
    symbols.append(Symbol(id="fresh", kind="gate_valve", group="valve", box=box, tag="YY-88888"))
    gone = next(c for c in sheet.connections if removed.id not in (c.a, c.b))
    connections = tuple(c for c in sheet.connections if removed.id not in (c.a, c.b) and c is not gone)
    revised = sheet.model_copy(update={"symbols": tuple(symbols), "connections": connections, "words": ()})
    ids = {
        "removed": removed.id, "tag": retagged.id, "kind": rekinded.id, "moved": moved.id, "size": resized.id,
        "connection removed": " ".join(sorted((gone.a, gone.b))), "added": "fresh",
    }  # fmt: skip
    return revised, ids


def test_planted_changes_come_out_exactly(sheet: Drawing) -> None:
    revised, ids = changed(sheet)
    found = compare_revisions(sheet, replot(revised, 1.05, -20, 10)).changes
    by_id = {c.what: c.old_id or c.new_id.removeprefix("n") for c in found}
    by_id["connection removed"] = " ".join(sorted(by_id["connection removed"].split()))
    assert by_id == ids
    assert len(found) == len(ids)


def test_what_did_not_change_is_grey(sheet: Drawing) -> None:
    picture = draw_overlay(sheet, sheet, compare_revisions(sheet, sheet))
    drawn = picture.min(axis=2) < 255
    assert drawn.any()
    assert (picture[drawn] == SAME_COLOR).all()


def test_the_command_writes_json_workbook_and_a_picture_in_two_colours(sheet: Drawing, tmp_path: Path) -> None:
    revised, ids = changed(sheet)
    for name, drawing in (("old", sheet), ("new", revised)):
        (tmp_path / f"{name}.json").write_text(drawing.to_json(), encoding="utf-8")
    report = compare_files(tmp_path / "old.json", tmp_path / "new.json", tmp_path / "out")
    data = json.loads((tmp_path / "out" / "changes.json").read_text(encoding="utf-8"))
    assert sorted(c["what"] for c in data["changes"]) == sorted(ids)
    assert sum(row["new"] - row["old"] for row in data["take_off"] if row["code"].startswith(("V", "C", "P"))) == 0
    assert report.delta
    book = openpyxl.load_workbook(tmp_path / "out" / "changes.xlsx")
    assert book["Changes"].max_row == 1 + len(ids)
    picture = cv2.imread(str(tmp_path / "out" / "overlay.png"))
    assert picture is not None
    assert (picture == OLD_COLOR).all(axis=2).any()
    assert (picture == NEW_COLOR).all(axis=2).any()
