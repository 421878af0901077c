"""RapidOCR's small network that tells words standing on their head; run without the rest of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.engine import load_network
from pid.errors import InputError

Gray = NDArray[np.uint8]

HEIGHT_PX, WIDTH_PX = 48, 192
"""The network's input; longer words are cut, as RapidOCR squeezes them."""
_FILE = Path("models") / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"


class UpsideDownClassifier:
    """How surely words are upside down; loads the network when it is made."""

    def __init__(self, *, threads: int | None = None) -> None:
        spec = find_spec("rapidocr")
        if spec is None or not spec.submodule_search_locations:
            raise InputError("RapidOCR is not installed.")
        self._network = load_network(Path(spec.submodule_search_locations[0]) / _FILE, threads=threads)

    def __call__(self, crops: Sequence[Gray]) -> NDArray[np.float64]:
        """The probability (N,) that each crop (H, W) of a word reads along its width only when turned by a half."""
        batch = np.zeros((len(crops), 3, HEIGHT_PX, WIDTH_PX), np.float32)
        for place, crop in enumerate(crops):
            width = min(max(round(HEIGHT_PX * crop.shape[1] / crop.shape[0]), 1), WIDTH_PX)
            whole = cv2.resize(crop, (width, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
            batch[place, :, :, :width] = whole.astype(np.float32) / 127.5 - 1
        return np.asarray(self._network(batch)[0][:, 1], np.float64)
