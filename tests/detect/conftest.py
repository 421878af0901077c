"""Small drawn sheets for the detector's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pid.detect.dataset import fill_sheet_folder
from pid.drawing import Drawing
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet

SMALL_PX_PER_MM = 2.5


def draw_small_sheet(seed: int) -> tuple[np.ndarray, Drawing]:
    """A scattered sheet at a coarse scale: quick to draw, all kinds of symbols on it."""
    ink, drawing = scatter_sheet(seed, px_per_mm=SMALL_PX_PER_MM)
    image = render_raster(ink, SMALL_PX_PER_MM, antialias=False)
    return image, drawing


@pytest.fixture(scope="session")
def sheet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheets")
    fill_sheet_folder(folder, draw_small_sheet, [1, 2])
    return folder
