"""Figures of A and B beside each other: F1, their difference with its interval, and whether it is a loss.

Method: the interval is a paired bootstrap over sheets (Efron 1979): both models are scored on the same resampled
sheets. A loss must show in the elements that one model alone has right, too (one-sided sign test, McNemar 1947), as the
interval says little where sheets are few. A group or kind stands on fewer sheets still: there the sign test decides
alone, its level divided by how many groups or kinds could be told at all (Bonferroni, Tarone 1990).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.verify.elements import Element, Part, Reading

LEVEL = 0.05
DRAWS = 2000
LEAST_TOLD = 5
"""Fewer elements that only one model has right cannot make a loss at `LEVEL`: 0.5 ** 4 is more."""
Labels = Callable[[Reading], str]


@dataclass(frozen=True)
class Score:
    """`hits` right readings of `found`, of `truth` true elements."""

    hits: int
    found: int
    truth: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; nothing found where nothing is true is perfect."""
        return 2 * self.hits / (self.found + self.truth) if self.found + self.truth else 1.0


@dataclass(frozen=True)
class Figure:
    """A part, or a group or kind of it (`label`), as both models have it."""

    part: Part
    level: str
    """``part``, ``group`` or ``kind``."""
    label: str
    a: Score
    b: Score
    low: float
    high: float
    """The interval of the difference of F1, B less A."""
    losses: int
    """Elements that only A has right ..."""
    gains: int
    """... and only B."""
    chance: float
    """Of so many losses or more if both models were equally good."""
    significant_loss: bool

    @property
    def difference(self) -> float:
        """F1 of B less that of A."""
        return self.b.f1 - self.a.f1


def score_elements(elements: Sequence[Element], *, level: float = LEVEL) -> list[Figure]:
    """The figures of each part, then of its groups, then of its kinds, in the elements' order of parts."""
    figures: list[Figure] = []
    for part in dict.fromkeys(e.part for e in elements):
        mine = [e for e in elements if e.part == part]
        figures.append(_figure(part, "part", part, mine, _tally(mine, lambda _: "")[""], level))
        figures += _labelled(part, "group", mine, lambda r: r.group, level)
        figures += _labelled(part, "kind", mine, lambda r: r.kind, level) if part == "symbols" else []
    return figures


def _labelled(part: Part, name: str, elements: Sequence[Element], of: Labels, level: float) -> list[Figure]:
    """The figures of each class of a part."""
    tallies = {label: t for label, t in _tally(elements, of).items() if label}
    members: dict[str, list[Element]] = {label: [] for label in tallies}
    for element in elements:
        label = of(element.any_reading)
        if label:
            members[label].append(element)
    told = sum(_lost(m) + _gained(m) >= LEAST_TOLD for m in members.values())
    return [
        _figure(part, name, label, members[label], tallies[label], level / max(told, 1)) for label in sorted(tallies)
    ]


Counts = NDArray[np.int64]


def _tally(elements: Sequence[Element], of: Labels) -> dict[str, Counts]:
    """For each class an array (sheets, 5): right, found by A; right, found by B; true."""
    sheets = {name: i for i, name in enumerate(dict.fromkeys(e.sheet for e in elements))}
    out: dict[str, Counts] = {}

    def add(reading: Reading, sheet: str, column: int) -> None:
        out.setdefault(of(reading), np.zeros((len(sheets), 5), np.int64))[sheets[sheet], column] += 1

    for e in elements:
        for start, reading, right in ((0, e.a, e.a_right), (2, e.b, e.b_right)):
            if reading is not None:
                add(reading, e.sheet, start + 1)
                if right and e.truth is not None:
                    add(e.truth, e.sheet, start)
        if e.truth is not None:
            add(e.truth, e.sheet, 4)
    return out


def _figure(part: Part, name: str, label: str, elements: Sequence[Element], counts: Counts, level: float) -> Figure:
    total = [int(v) for v in counts.sum(axis=0)]
    low, high = _interval(counts, level)
    losses, gains = _lost(elements), _gained(elements)
    chance = sign_chance(losses, gains)
    a, b = Score(total[0], total[1], total[4]), Score(total[2], total[3], total[4])
    loss = b.f1 < a.f1 and chance < level and (high < 0 or name != "part")
    return Figure(part, name, label, a, b, low, high, losses, gains, chance, loss)


def _lost(elements: Sequence[Element]) -> int:
    return sum(e.a_right and not e.b_right for e in elements)


def _gained(elements: Sequence[Element]) -> int:
    return sum(e.b_right and not e.a_right for e in elements)


def sign_chance(losses: int, gains: int) -> float:
    """The chance of `losses` or more among the elements that one model alone has right, were both equally good."""
    from scipy.stats import binom

    return float(binom.sf(losses - 1, losses + gains, 0.5)) if losses + gains else 1.0


def _interval(counts: Counts, level: float) -> tuple[float, float]:
    """The interval of the difference of F1 that leaves out `level` of the resampled sets of sheets, half on each side.

    Counts of sheets (S, 5) as in `_tally`.
    """
    sheets = len(counts)
    times = np.random.default_rng(0).multinomial(sheets, np.full(sheets, 1 / sheets), size=DRAWS)
    difference = f1_differences((times @ counts).astype(float))
    return float(np.quantile(difference, level / 2)), float(np.quantile(difference, 1 - level / 2))


def f1_differences(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 of B less that of A for rows of counts (N, 5); a draw without any such element tells no difference."""
    a, b = totals[:, 1] + totals[:, 4], totals[:, 3] + totals[:, 4]
    f1_a = np.where(a > 0, 2 * totals[:, 0] / np.maximum(a, 1), 1.0)
    f1_b = np.where(b > 0, 2 * totals[:, 2] / np.maximum(b, 1), 1.0)
    return np.asarray(np.where(totals[:, 4] + totals[:, 1] + totals[:, 3] > 0, f1_b - f1_a, 0.0), np.float64)


def count_states(elements: Sequence[Element]) -> Mapping[Part, Mapping[str, int]]:
    """Per part how many elements A alone, B alone, both or neither read, each by who is right.

    The keys are ``STATE`` and who is right: ``only_a.right``, ``both_different.a``, ``both_same.wrong``, ...
    """
    out: dict[Part, dict[str, int]] = {}
    for e in elements:
        rows = out.setdefault(e.part, {})
        if e.state == "both_different":
            ending = {(True, True): "both", (True, False): "a", (False, True): "b"}.get((e.a_right, e.b_right), "none")
        else:
            reader_right = e.b_right if e.state == "only_b" else e.a_right
            ending = "right" if reader_right else "wrong"
        key = "neither" if e.state == "neither" else f"{e.state}.{ending}"
        rows[key] = rows.get(key, 0) + 1
    return out
