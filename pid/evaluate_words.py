"""What was read where a true word stands: the run of neighbouring words that comes nearest to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Word

LONGEST_RUN = 8
"""A true string may be spread over this many predicted words."""


def plain_text(text: str) -> str:
    """A text as it is compared: capitals, without blanks and hyphens."""
    return "".join(text.upper().split()).replace("-", "")


@dataclass(frozen=True)
class WordReading:
    """What was read where a true word stands: the nearest run of words, whether it is exact, and its error 0..1."""

    text: str
    exact: bool
    error: float


def read_words_at(
    true: Sequence[Word], words: Sequence[Word], *, spellings: Mapping[str, Sequence[str]]
) -> list[WordReading]:
    """What `words`, in the truth's pixels, read at each true word; an empty text where they read nothing.

    `spellings` has further texts that count as right, by the true word's id.
    """
    centres = word_centres(words)
    out = []
    for want in true:
        low, high, grow = word_reach(want)
        near = [words[int(i)] for i in np.flatnonzero(((centres > low) & (centres < high)).all(axis=1))]
        targets = {plain_text(text) for text in (want.text, *spellings.get(want.id, ()))}
        runs = _runs(near, grow)
        errors = [(_edit_distance(t, run) / max(len(t), 1), as_read) for t in targets for run, as_read in runs.items()]
        error, text = min(errors, default=(1.0, ""))
        out.append(WordReading(text, bool(targets & runs.keys()), min(error, 1.0)))
    return out


def word_centres(words: Sequence[Word]) -> NDArray[np.float64]:
    """Centres (N, 2) of words."""
    return np.array([[(w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2] for w in words]).reshape(-1, 2)


def word_reach(word: Word) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The corners between which the centre of a reading of a true word lies, and by how much its box is grown."""
    x0, y0, x1, y1 = word.box
    grow = 0.5 * min(x1 - x0, y1 - y0)
    return np.array([x0 - grow, y0 - grow]), np.array([x1 + grow, y1 + grow]), grow


def _runs(near: Sequence[Word], grow: float) -> dict[str, str]:
    """Neighbouring words joined, plain -> as read, in the three reading orders of a drawing: across, up, down."""
    orders = (
        sorted(near, key=lambda w: (round((w.box[1] + w.box[3]) / 2 / max(grow, 1)), w.box[0])),
        sorted(near, key=lambda w: -w.box[3]),
        sorted(near, key=lambda w: w.box[1]),
    )
    return {
        plain_text("".join(w.text for w in order[i:j])): " ".join(w.text for w in order[i:j])
        for order in orders
        for i in range(len(order))
        for j in range(i + 1, min(len(order), i + LONGEST_RUN) + 1)
    }


def _edit_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]
