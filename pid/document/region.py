"""A part of a page that somebody named: by its box, or by the words that it stands between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pid.document.labels import same_letters
from pid.document.strings import String, join_words
from pid.drawing import Box, Word
from pid.errors import InputError


@dataclass(frozen=True)
class Region:
    """What was named: a box in pixels of the sheet, or the words at the start and the end, or either alone."""

    box: Box | None = None
    start: str = ""
    end: str = ""

    @classmethod
    def parse(cls, box: str | None, start: str | None, end: str | None) -> Region | None:
        """From a command's options; None where none is given."""
        if box is None and not start and not end:
            return None
        if box is None:
            return cls(None, start or "", end or "")
        try:
            x0, y0, x1, y1 = (float(v) for v in box.split(","))
        except ValueError as error:
            raise InputError(f"A region is x0,y0,x1,y1 in pixels of the sheet, not {box!r}.") from error
        if x0 >= x1 or y0 >= y1:
            raise InputError(f"The region {box!r} is empty: x0 < x1 and y0 < y1 are needed.")
        return cls((x0, y0, x1, y1), start or "", end or "")

    def on(self, words: Sequence[Word], *, size: tuple[int, int]) -> Box | None:
        """The region on a page of this size (width, height); None where its words are not on the page."""
        x0, y0, x1, y1 = self.box or (0.0, 0.0, float(size[0]), float(size[1]))
        strings = join_words(words)
        if self.start:
            mark = _find(strings, self.start)
            if mark is None:
                return None
            y0 = max(y0, mark.box[3])
        if self.end:
            later = [s for s in strings if s.box[1] >= y0]
            mark = _find(later, self.end)
            if mark is None:
                return None
            y1 = min(y1, mark.box[1])
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def inside(words: Sequence[Word], box: Box) -> list[Word]:
    """The words whose middle lies in a box."""
    x0, y0, x1, y1 = box
    return [w for w in words if x0 <= (w.box[0] + w.box[2]) / 2 <= x1 and y0 <= (w.box[1] + w.box[3]) / 2 <= y1]


def _find(strings: Sequence[String], text: str) -> String | None:
    """The first string that is, or begins with, a text."""
    count = len(text.split())
    return next((s for s in strings if same_letters(" ".join(s.text.split()[:count]), text)), None)


def overlap(box: Box, region: Box) -> float:
    """Share of a box that lies in a region."""
    shared = max(min(box[2], region[2]) - max(box[0], region[0]), 0.0)
    shared *= max(min(box[3], region[3]) - max(box[1], region[1]), 0.0)
    return shared / max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)
