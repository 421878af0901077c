"""How probable it is that a template in place is the symbol: a logistic model on what was measured.

The weights lie in ``data/models/taught.json``, whose card says where they come from (``tests/bench/bench_one_shot.py``
fits them). They know nothing of any kind: a symbol taught a minute ago is rated as all others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pid.errors import InputError
from pid.geometry import Array
from pid.resources import data_path
from pid.structure.template import Template
from pid.structure.verify import Measures

FEATURES = (
    "one", "unsupported", "off", "missing", "strain", "strange", "shared", "probed", "unfilled", "blotted",
    "unlettered", "misread", "strokes", "length", "isolated", "unpiped", "odd_size", "odd_stretch",
)  # fmt: skip
ODD = [FEATURES.index("odd_size"), FEATURES.index("odd_stretch")]
"""Of these nothing is known until all finds of a sheet are; 0 until then."""
LETTERED = 0.03, 0.75
"""Lettering covers a share in this range of the area where an example has it."""
FILLED_TOO = 0.12
"""Share of filled paper from which it does not matter how much more is filled: a closed valve is drawn as the open one,
but filled, and is found by it where no filled example explains more."""
WEIGHTS_FILE = "taught.json"


@dataclass(frozen=True, eq=False)
class Weights:
    """Of the features, in their order."""

    values: NDArray[np.float64]

    @classmethod
    def read(cls) -> Weights:
        """The shipped ones. Raises `InputError` for a file that is not theirs."""
        path = data_path("models", WEIGHTS_FILE)
        try:
            table = json.loads(path.read_text())["weights"]
            return cls(np.array([float(table[name]) for name in FEATURES]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} holds no weights: {error}.") from error


@cache
def shipped_weights() -> Weights:
    """The weights that come with the package, read once."""
    return Weights.read()


def features_of(template: Template, m: Measures) -> Array:
    """(K, F) the features of hypotheses; `misread` is 0 until the lettering was compared."""
    count = len(m.off)
    unlettered = (m.lettered >= 0) & ((m.lettered < LETTERED[0]) | (m.lettered > LETTERED[1]))
    return np.column_stack([
        np.ones(count), 1.0 - m.support, m.off, m.missing, m.strain, np.minimum(m.strange, 1.0), 1.0 - m.inked,
        m.probed,
        1.0 - m.filled, np.minimum(m.blotted, FILLED_TOO), unlettered.astype(np.float64), m.misread,
        np.full(count, np.log(min(int(template.owner.max()) + 1, 12))),
        np.log(np.maximum(m.length, 1.0) / 100.0), m.isolated, m.unpiped,
        np.zeros(count), np.zeros(count),
    ])  # fmt: skip


def rate(template: Template, measures: Measures, weights: Weights | None = None) -> Array:
    """(K,) probabilities."""
    weights = weights or shipped_weights()
    return _logistic(features_of(template, measures) @ weights.values)


def rate_features(features: Array) -> float:
    """The probability of one find by its features (F,)."""
    return float(_logistic(features @ shipped_weights().values))


def _logistic(z: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -30, 30))), np.float64)
