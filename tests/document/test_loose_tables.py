"""Tables with fewer rules, down to none."""

from __future__ import annotations

import numpy as np
import pytest

from pid.document.loose_tables import find_loose_tables
from pid.document.ruled_page import RuledPage
from pid.document.tables import find_tables
from pid.evaluate_forms import CellCounts, score_tables
from pid.synth.forms import FORM_KINDS, draw_form


def counted(page_of, ruling, *, korean: bool = False) -> CellCounts:
    total = CellCounts(0, 0, 0, 0)
    for seed, kind in enumerate(FORM_KINDS):
        form = draw_form(100 + seed, kind=kind, ruling=ruling, korean=korean)
        page = page_of(form)
        tables = find_tables(page)
        total += score_tables(form.drawing.tables, [*tables, *find_loose_tables(page, tables)])
    return total


@pytest.mark.parametrize("ruling", ["grid", "columns"])
def test_ruled_tables_come_back(ruling, page_of) -> None:
    counts = counted(page_of, ruling)
    assert counts.structure_f1 >= 0.98
    assert counts.text_f1 >= 0.98


@pytest.mark.parametrize("ruling", ["head", "none"])
def test_unruled_tables_come_back_for_the_most_part(ruling, page_of) -> None:
    assert counted(page_of, ruling).structure_f1 >= 0.85


def test_korean_headings_over_several_columns(page_of) -> None:
    assert counted(page_of, "grid", korean=True).structure_f1 >= 0.98


def test_labels_and_their_values_are_no_table(split_words) -> None:
    head = [w for w in draw_form(1, ruling="none").drawing.words if w.box[1] < 38 * 7.9]
    assert len(head) >= 8
    page = RuledPage.of(np.full((1659, 2346), 255, np.uint8), split_words(head))
    assert find_loose_tables(page) == []
