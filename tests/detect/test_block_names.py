"""Names of CAD blocks: kinds, groups, what is no symbol, and what stays unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from pid.catalog import load_catalog
from pid.detect.block_names import NO_SYMBOL, BlockNames, Meaning, read_names, shipped_names
from pid.errors import InputError
from pid.resources import data_path


@pytest.fixture(scope="module")
def names() -> BlockNames:
    return shipped_names()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("GlobeValve", "globe_valve"),
        ("BallValve_1", "ball_valve"),
        ("VALVE-GATE-150", "gate_valve"),
        ("PipeOffPageConnector", "off_page_connector"),
        ("Rückschlagklappe", "swing_check_valve"),
        ("KUGELHAHN_DN50", "ball_valve"),
        ("게이트 밸브", "gate_valve"),
        ("3-Way-Valve", "three_way_valve"),
        ("VGA", "gate_valve"),
        ("VALVE_ACTUATOR_DIAPHRAGM", "diaphragm_actuator"),
    ],
)
def test_kinds_are_read(names: BlockNames, name: str, kind: str) -> None:
    meaning = names.read(name)
    assert isinstance(meaning, Meaning)
    assert meaning.kind == kind
    assert meaning.group == load_catalog()[kind].group


def test_every_catalogue_kind_reads_as_itself(names: BlockNames) -> None:
    for kind in load_catalog():
        meaning = names.read(f"{kind}_12")
        assert isinstance(meaning, Meaning), kind
        assert meaning.kind == kind


@pytest.mark.parametrize(
    "name", ["Title_Block_A1", "FRAME", "NorthArrow", "Zeichnungsrahmen_A0", "표제란", "PumpTable"]
)
def test_furniture_is_no_symbol(names: BlockNames, name: str) -> None:
    assert names.read(name) == NO_SYMBOL


@pytest.mark.parametrize("name", ["*U12", "A$C0041", "xyz", "VLV-01", "Gate_House", ""])
def test_unknown_names_stay_unknown(names: BlockNames, name: str) -> None:
    assert names.read(name) is None


def test_a_bare_valve_tells_its_group_only(names: BlockNames) -> None:
    assert names.read("VALVE_07") == Meaning("valve")


def test_a_lying_vessel_is_a_horizontal_drum(names: BlockNames) -> None:
    meaning = names.read("VESSEL_WITH_DISHED_HEADS")
    assert isinstance(meaning, Meaning)
    assert (meaning.kind_of(30, 10), meaning.kind_of(10, 30)) == ("horizontal_drum", "vertical_drum")


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    text = data_path("rules", "block_names.toml").read_text(encoding="utf-8")
    for broken, reason in (("noise = [", "TOML"), (text.replace('"gate_valve"', '"gate_walve"'), "gate_walve")):
        path = tmp_path / "names.toml"
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(InputError, match=reason):
            read_names(path, load_catalog())
