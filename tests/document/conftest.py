"""Drawn forms as pages of cells and words, the words given rather than read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pid.document.ruled_page import RuledPage
from pid.drawing import Word
from pid.synth.forms import Form
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster


@pytest.fixture
def split_words() -> Callable[[Sequence[Word]], list[Word]]:
    """Strings as reading gives them: one word a run of characters."""
    return _split


@pytest.fixture
def page_of() -> Callable[[Form], RuledPage]:
    """A form's page with its true words."""

    def page(form: Form) -> RuledPage:
        gray = as_gray(render_raster(form.ink, px_per_mm=form.drawing.sheet.px_per_mm or 1.0))
        return RuledPage.of(gray, _split(form.drawing.words))

    return page


def _split(strings: Sequence[Word]) -> list[Word]:
    out = []
    for w in strings:
        x0, y0, x1, y1 = w.box
        pitch, at = (x1 - x0) / max(len(w.text), 1), 0
        for part in w.text.split():
            at = w.text.index(part, at)
            box = (x0 + at * pitch, y0, x0 + (at + len(part)) * pitch, y1)
            out.append(w.model_copy(update={"text": part, "box": box}))
            at += len(part)
    return out
