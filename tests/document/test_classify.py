"""Kinds of documents by their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pid.document.classify import OTHER, classify, load_types
from pid.document.strings import join_words
from pid.drawing import TitleBlock, TitleField, Word
from pid.errors import InputError
from pid.synth.forms import FORM_KINDS, draw_form


def strings(*lines: str):
    words = [
        Word(id=f"w{i}-{j}", text=part, box=(40.0 * j, 20.0 * i, 40.0 * j + 36, 20.0 * i + 12))
        for i, line in enumerate(lines)
        for j, part in enumerate(line.split())
    ]
    return join_words(words)


@pytest.mark.parametrize("kind", FORM_KINDS)
@pytest.mark.parametrize("korean", [False, True])
def test_generated_forms_are_told(kind, korean, page_of) -> None:
    sure = []
    for seed in range(4):
        name, confidence = classify(page_of(draw_form(seed, kind=kind, korean=korean)).strings)
        assert name == kind
        sure.append(confidence)
    assert min(sure) > 0.5


def test_title_block_tells_a_drawing() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    block = TitleBlock(
        box=box, fields=(TitleField(name="document_type", value="PIPING & INSTRUMENT DIAGRAM", box=box),)
    )
    name, confidence = classify(strings("PT 9101 N1", "FV-201 PI 33"), title_block=block)
    assert (name, confidence > 0.8) == ("pid", True)
    assert classify(strings("HEAT AND MATERIAL BALANCE", "STREAM NO 1 2 3"))[0] == "pfd"


def test_what_says_nothing_is_other() -> None:
    assert classify(strings("Dear Sir", "thank you for your letter"))[0] == OTHER
    assert classify([])[0] == OTHER


def test_own_types(tmp_path: Path) -> None:
    file = tmp_path / "types.toml"
    file.write_text('[[type]]\nname = "receipt"\ntitle = ["receipt"]\n[type.words]\n"total" = 2.0\n', encoding="utf-8")
    assert classify(strings("RECEIPT", "TOTAL 12.50"), types=load_types(file))[0] == "receipt"
    file.write_text("[[type]]\ntitle = 3\n", encoding="utf-8")
    load_types.cache_clear()
    with pytest.raises(InputError, match="does not tell document types"):
        load_types(file)
