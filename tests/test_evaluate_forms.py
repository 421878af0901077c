"""Figures of title blocks and tables: perfect is 1, each fault costs what it should."""

from __future__ import annotations

import pytest

from pid.drawing import Cell, Table, TitleBlock, TitleField
from pid.evaluate_forms import score_fields, score_tables

BOX = (0.0, 0.0, 100.0, 40.0)


def table(texts: list[list[str]], box=BOX) -> Table:
    cells = [
        Cell(row=r, column=c, text=t, box=(c, r, c + 1, r + 1))
        for r, row in enumerate(texts)
        for c, t in enumerate(row)
    ]
    return Table(id="t1", box=box, cells=tuple(cells))


def block(**values: str) -> TitleBlock:
    return TitleBlock(box=BOX, fields=tuple(TitleField(name=k, value=v, box=BOX) for k, v in values.items()))


TRUE = table([["A", "B"], ["C", "D"]])


def test_a_perfect_prediction_scores_one() -> None:
    counts = score_tables([TRUE], [TRUE])
    assert (counts.structure_f1, counts.text_f1) == (1.0, 1.0)
    fields = score_fields(block(title="Feed pump", scale="1:1"), block(scale="1 : 1", title="FEED PUMP"))
    assert (fields.exact, fields.spurious, fields.wrong) == (1.0, 0, ())


def test_faults_cost() -> None:
    wrong_text = score_tables([TRUE], [table([["A", "B"], ["C", "X"]])])
    assert (wrong_text.structure_f1, wrong_text.text_f1) == (1.0, 0.75)
    joined = table([["A", "B"]]).model_copy(
        update={"cells": (*TRUE.cells[:2], Cell(row=1, column=0, column_span=2, text="C D", box=(0, 1, 2, 2)))}
    )
    assert score_tables([TRUE], [joined]).structure_f1 == pytest.approx(2 * 2 / 7)
    assert score_tables([TRUE], []).structure_f1 == 0.0
    assert score_tables([TRUE], [TRUE.model_copy(update={"box": (500, 500, 600, 540)})]).structure_f1 == 0.0
    assert score_tables([], []).structure_f1 == 1.0


def test_two_tables_are_not_paired_with_one() -> None:
    assert score_tables([TRUE], [TRUE, TRUE]).structure_f1 == pytest.approx(2 * 4 / 12)


def test_wrong_missing_and_spurious_fields() -> None:
    fields = score_fields(block(title="PUMP", scale="1:1", size="A1"), block(title="PUMPS", size="A1", date="2016"))
    assert fields.exact == pytest.approx(1 / 3)
    assert fields.spurious == 1
    assert fields.wrong == (("title", "PUMP", "PUMPS"), ("scale", "1:1", ""))
    assert score_fields(None, None).exact == 1.0
