"""Forms: their truth says what their ink shows."""

from __future__ import annotations

import numpy as np
import pytest

from pid.synth.forms import FORM_KINDS, RULINGS, draw_form
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster


@pytest.mark.parametrize("kind", FORM_KINDS)
def test_table_is_a_full_grid_with_merged_headings(kind) -> None:
    for seed in range(6):
        (table,) = draw_form(seed, kind=kind).drawing.tables
        rows = max(c.row + c.row_span for c in table.cells)
        columns = max(c.column + c.column_span for c in table.cells)
        taken = np.zeros((rows, columns), int)
        for c in table.cells:
            taken[c.row : c.row + c.row_span, c.column : c.column + c.column_span] += 1
        assert (taken == 1).all()
        assert any(c.column_span > 1 for c in table.cells)
        assert any(c.row_span > 1 for c in table.cells)


def test_same_seed_same_form() -> None:
    assert draw_form(3).drawing == draw_form(3).drawing
    assert draw_form(3).drawing != draw_form(4).drawing


@pytest.mark.parametrize("ruling", RULINGS)
def test_every_text_has_ink(ruling) -> None:
    form = draw_form(1, ruling=ruling)
    k = form.drawing.sheet.px_per_mm or 1.0
    gray = as_gray(render_raster(form.ink, px_per_mm=k))
    assert gray.shape == (form.drawing.sheet.height, form.drawing.sheet.width)
    for word in form.drawing.words:
        x0, y0, x1, y1 = (round(v) for v in word.box)
        assert gray[y0:y1, x0:x1].min() < 128, word.text
