"""What lies in a table or title block is no symbol of the plant."""

import cv2
import numpy as np
import pytest

from pid.drawing import Symbol
from pid.graph.trace_grid import find_tables
from pid.pipeline import drop_tabled

WIDTH = 2500


@pytest.fixture
def sheet():
    """A sheet with a title block of 4 x 5 cells in its corner and one lone pipe."""
    gray = np.full((1700, WIDTH), 255, np.uint8)
    for k in range(6):
        cv2.line(gray, (1800, 1300 + 60 * k), (2400, 1300 + 60 * k), 0, 2)
    for k in range(5):
        cv2.line(gray, (1800 + 150 * k, 1300), (1800 + 150 * k, 1600), 0, 2)
    cv2.line(gray, (200, 400), (1500, 400), 0, 3)
    return gray


def symbol(ident, box):
    return Symbol(id=ident, kind="header_connector", group="connector", box=box)


def test_a_cell_is_no_connector_and_a_valve_stays(sheet):
    cell, logo = symbol("cell", (1950, 1360, 2100, 1420)), symbol("logo", (1820, 1310, 2080, 1590))
    valve, half_out = symbol("valve", (700, 380, 760, 420)), symbol("half", (1500, 1310, 1950, 1400))
    cells = find_tables(sheet)
    assert len(cells) == 20
    kept = drop_tabled([cell, valve, logo, half_out], cells, width=WIDTH)
    assert [s.id for s in kept] == ["valve", "half"]


def test_without_tables_all_stay(sheet):
    sheet[1200:] = 255
    everything = (symbol("a", (1950, 1360, 2100, 1420)),)
    assert drop_tabled(everything, find_tables(sheet), width=WIDTH) == everything


def test_cells_are_found_at_any_size(sheet):
    large = cv2.resize(sheet, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    low, high = find_tables(sheet).min(axis=0), find_tables(large).min(axis=0)
    assert np.allclose(high / 4, low, atol=6)
