"""Sheets that people corrected, mixed with generated ones: a network learns the new and forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pid.detect.dataset import LabelledSheet, SheetFolder


@dataclass(frozen=True, eq=False)
class MixedSheets:
    """`share` of the sheets drawn are corrected ones, each as often as any other, the rest are of `replay`."""

    corrected: tuple[LabelledSheet, ...]
    replay: SheetFolder
    share: float

    def random_sheet(self, rng: np.random.Generator) -> LabelledSheet:
        """One of them."""
        if rng.random() < self.share:
            return self.corrected[int(rng.integers(len(self.corrected)))]
        return self.replay.random_sheet(rng)
