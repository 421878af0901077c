"""Ports lie where the catalogue has them, in every pose."""

import pytest

from pid.catalog import load_catalog
from pid.place_ports import place_ports
from pid.synth.place import Piece


@pytest.mark.parametrize("kind", ["gate_valve", "angle_valve", "centrifugal_pump", "concentric_reducer"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_ports_agree_with_the_drawn_symbol(kind: str, rotation: int, mirrored: bool) -> None:
    entry = load_catalog()[kind]
    variant = max(entry.variants, key=lambda v: v.weight)
    piece = Piece(entry, variant, 50.0, 40.0, (3.0, 3.0), rotation, mirrored, 0.0)
    found = place_ports(entry, piece.box, rotation=rotation, mirrored=mirrored)
    assert len(found) == len(piece.ports)
    for (x, y), port in zip(found, piece.ports, strict=True):
        assert (x, y) == pytest.approx((port.x, port.y), abs=0.05)


def test_an_unknown_kind_has_the_middles_of_its_sides() -> None:
    assert place_ports(None, (0, 0, 10, 20), rotation=0, mirrored=False) == ((10, 10), (5, 0), (0, 10), (5, 20))
