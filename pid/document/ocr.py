"""The OCR engine, RapidOCR on OpenVINO: the one place that knows it. Its models are those inside its wheel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.engine import silence_telemetry
from pid.geometry import as_boxes

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]
Progress = Callable[[float], None]
Recognised = tuple[str, tuple[float, ...], tuple[float, ...]]
"""Text, places of its characters (0..1 along the crop) and their scores."""

READ_HEIGHT_PX = 48
"""Height of the recogniser's input."""
READ_WIDTHS_PX = (96, 128, 160, 200, 240, 320, 400, 480, 640, 800, 960, 1280)
"""Widths that crops are padded to: few, because each new shape is compiled anew; cost grows with the width."""
READ_BATCH = 8


class OcrEngine:
    """RapidOCR's detector and recogniser, restricted to the characters of Latin and Greek lettering."""

    def __init__(self, threads: int) -> None:
        silence_telemetry()
        from rapidocr import EngineType, RapidOCR  # takes seconds
        from rapidocr.ch_ppocr_rec import TextRecInput

        parts = ("Det", "Rec", "Cls")
        self._input = TextRecInput
        self._ocr = RapidOCR(
            params={f"{part}.engine_type": EngineType.OPENVINO for part in parts}
            | {
                "Global.use_cls": False,
                "Global.log_level": "error",
                "EngineConfig.openvino.inference_num_threads": threads,
                "Det.limit_type": "min",
                "Det.limit_side_len": 32,
                "Rec.rec_batch_num": READ_BATCH,
            }
        )
        self._ocr.use_rec = False
        self._detector: Any = self._ocr._load_det_model()
        self._recogniser: Any = self._ocr._load_rec_model()
        self._recogniser.postprocess_op = _LatinDecoder(self._recogniser.postprocess_op.character)

    def detect(self, gray: Gray) -> Array:
        """Upright boxes (N, 4) of lettering in the image."""
        found = self._detector(cv2.cvtColor(np.ascontiguousarray(gray), cv2.COLOR_GRAY2BGR)).boxes
        if found is None or len(found) == 0:
            return as_boxes([])
        quads = np.asarray(found, np.float64).reshape(-1, 4, 2)
        return as_boxes(np.c_[quads.min(axis=1), quads.max(axis=1)])

    def recognise(self, crops: Sequence[Gray], progress: Progress) -> list[Recognised]:
        """Text, character places (0..1 along the crop) and character scores of crops that read left to right."""
        out: list[Recognised] = [("", (), ())] * len(crops)
        groups: dict[int, list[int]] = {}
        for i, crop in enumerate(crops):
            wide = READ_HEIGHT_PX * crop.shape[1] / crop.shape[0]
            groups.setdefault(next((w for w in READ_WIDTHS_PX if wide <= w), READ_WIDTHS_PX[-1]), []).append(i)
        done = 0
        for width, members in sorted(groups.items()):
            self._recogniser.rec_image_shape = [3, READ_HEIGHT_PX, width]
            for start in range(0, len(members), READ_BATCH):
                batch = members[start : start + READ_BATCH]
                images = [cv2.cvtColor(_squeezed(crops[i], width), cv2.COLOR_GRAY2BGR) for i in batch]
                result = self._recogniser(self._input(img=images, return_word_box=True))
                for i, image, text, marks in zip(batch, images, result.txts, result.word_results, strict=True):
                    used = min(READ_HEIGHT_PX * image.shape[1] / image.shape[0] / width, 1.0)
                    places = tuple(min(p / used, 1.0) for p in marks[0])
                    out[i] = (text, places, marks[1])
                done += len(batch)
                progress(done / len(crops))
        return out


def _squeezed(crop: Gray, width: int) -> Gray:
    """The crop, narrowed if it is longer than the recogniser's widest input."""
    most = width * crop.shape[0] / READ_HEIGHT_PX
    if crop.shape[1] <= most:
        return crop
    return np.asarray(cv2.resize(crop, (max(int(most), 1), crop.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


class _LatinDecoder:
    """Greedy CTC decoding over the characters that drawings in Latin script use; stands in for RapidOCR's decoder.

    The model knows 18,000 characters, most of them Chinese: left in, strokes of symbols are read as those.
    """

    EXTRA = "ΩαβγΔδηλμπρσφΦ–—−‘’“”″′×÷°±²³µ·½¼¾≤≥≈√∅⌀Ø℃"

    def __init__(self, characters: Sequence[str]) -> None:
        self.character = list(characters)
        allowed = {chr(c) for c in range(0x20, 0x180)} | set(self.EXTRA)
        self._index = np.array([0] + [i for i, c in enumerate(self.character) if i and c in allowed])

    def __call__(self, preds: NDArray[np.float32], return_word_box: bool = False, **_: Any) -> tuple[Any, Any]:
        """Text and mean score of each row of `preds` (N, T, C), and its characters' places 0..1 and scores."""
        p = preds[:, :, self._index]
        best, prob = p.argmax(axis=2), p.max(axis=2)
        lines, marks = [], []
        for row, scores in zip(best, prob, strict=True):
            keep = row > 0
            keep[1:] &= row[1:] != row[:-1]
            at = np.flatnonzero(keep)
            text = "".join(self.character[self._index[row[k]]] for k in at)
            sure = tuple(float(scores[k]) for k in at)
            lines.append((text, float(np.mean(sure)) if sure else 0.0))
            marks.append((tuple(float((k + 0.5) / len(row)) for k in at), sure))
        return lines, marks
