"""Our detector against SAHI's sliced inference with the same weights through torch, on one generated A1 sheet.

Run by hand: ``python tests/bench/bench_detection.py`` (extras ``train`` and ``bench``). Side by side in one run: the
same sheet (300 dpi, 9933 x 7016 px), tile side, overlap and number of threads. SAHI is measured twice: on the sheet as
it is, and on the sheet brought to the scale of our detail pass beforehand, which SAHI does not know of; the first is
what its sliced inference costs, the second compares the rest alone. Each looks at the whole picture once more, as SAHI
does by default. Ours is counted from the 300-dpi picture to named symbols, and once more without names, which SAHI does
not give. Loading is not counted in either, and told by itself. ``--part 0.5`` gives SAHI the upper left half of each
side only and multiplies its time by the tiles left out; F1 then is of that part.

Wall and processor time: on a busy machine only the second means something. F1 is that of the best threshold of each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pid.detect.detect import SHAPE_FILE, SymbolDetector
from pid.detect.tiles import DETAIL_PX, OVERLAP_PX, TILE_PX, cut_sheet, tile_starts
from pid.detect.yolo import LEAST_SCORE, ShapeNetwork
from pid.drawing import GROUPS
from pid.engine import EngineName, load_network
from pid.learning.calibrate import match_boxes
from pid.paper import reduce_sheet, whiten_paper
from pid.resources import data_path
from pid.synth.generate import generate_sheet
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster

SEED = 900_000_101
DPI = 300
MARK = 4.0
"""How many times faster than SAHI ours shall be."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one run."""

    wall: float
    processor: float


def measure(action: Callable[[], Any], *, repeats: int) -> tuple[Any, Timing]:
    """What `action` gave the last time, and its fastest run after one that is not counted."""
    runs = []
    result = action()
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        result = action()
        runs.append(Timing(time.perf_counter() - wall, time.process_time() - processor))
    return result, Timing(min(r.wall for r in runs), min(r.processor for r in runs))


def draw_sheet() -> tuple[np.ndarray, np.ndarray]:
    """The A1 sheet at 300 dpi (H, W), and its true boxes (N, 4)."""
    sheet = generate_sheet(SEED, family="offshore", size="A1")
    px_per_mm = DPI / 25.4
    image = as_gray(render_raster(sheet.ink, px_per_mm))
    return image, np.array([s.box for s in sheet.drawing.symbols]) * (px_per_mm / sheet.style.px_per_mm)


def load_sahi(threads: int) -> Any:
    """SAHI's adapter round ultralytics' model with the weights of ``shape.pt``."""
    import torch
    from sahi.models.ultralytics import UltralyticsDetectionModel

    from pid.detect.network import build_shape_network
    from pid.learning.network import load_stripped

    # Imported after our adapter, which keeps ultralytics from writing settings and calling home.
    from ultralytics import YOLO  # isort: skip

    torch.set_num_threads(threads)
    network = build_shape_network()
    load_stripped(network, data_path("models", "shape.pt"))
    network.names = dict(enumerate(GROUPS))
    network.args = {}
    model = YOLO("yolo11n.yaml", task="detect", verbose=False)
    model.model = network.eval()
    return UltralyticsDetectionModel(
        model=model, confidence_threshold=LEAST_SCORE, device="cpu", image_size=TILE_PX, load_at_init=True
    )


def run_sahi(model: Any, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (N, 4) and scores (N,) on the picture (H, W, 3), ink bright, in its pixels."""
    from sahi.predict import get_sliced_prediction

    overlap = OVERLAP_PX / TILE_PX
    found = get_sliced_prediction(
        ink, model, slice_height=TILE_PX, slice_width=TILE_PX, overlap_height_ratio=overlap,
        overlap_width_ratio=overlap, verbose=0,
    ).object_prediction_list  # fmt: skip
    boxes = np.array([f.bbox.to_xyxy() for f in found], float).reshape(-1, 4)
    return boxes, np.array([f.score.value for f in found], float)


def best_f1(boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, longer_px: float) -> float:
    """F1 at the threshold that suits these candidates best."""
    hit = match_boxes(boxes, scores, truth, longer_px=longer_px)[np.argsort(-scores, kind="stable")] >= 0
    told = np.arange(1, len(hit) + 1)
    return float((2 * np.cumsum(hit) / (told + len(truth))).max(initial=0.0))


def compare_engines(sheet: np.ndarray, threads: int, repeats: int) -> list[tuple[str, Timing]]:
    """The network alone on eight tiles of the sheet and its loading, by engine."""
    tiles = cut_sheet(sheet, DETAIL_PX).images[:8]
    rows: list[tuple[str, Timing]] = []
    engines: tuple[EngineName, ...] = ("openvino", "onnxruntime")
    for engine in engines:
        path = data_path("models") / SHAPE_FILE
        _, loading = measure(lambda p=path, e=engine: load_network(p, threads=threads, engine=e), repeats=1)
        network = ShapeNetwork(path, threads=threads, engine=engine)
        _, running = measure(lambda n=network: n.find(tiles), repeats=repeats)
        rows += [(f"{engine}: load", loading), (f"{engine}: {len(tiles)} tiles", running)]
    return rows


def measure_sahi(model: Any, sheet: np.ndarray, truth: np.ndarray, part: float) -> tuple[Timing, float]:
    """SAHI's time for the whole whitened sheet (H, W), and its F1 on the upper left `part` of each side.

    `truth` (N, 4) is in pixels of the sheet. One run: it takes long enough.
    """
    height, width = (round(n * part) for n in sheet.shape)
    ink = np.repeat(255 - sheet[:height, :width, None], 3, axis=2)
    count = [len(tile_starts(w)) * len(tile_starts(h)) for h, w in (sheet.shape, (height, width))]
    wall, processor = time.perf_counter(), time.process_time()
    boxes, scores = run_sahi(model, ink)
    more = count[0] / count[1]
    timing = Timing((time.perf_counter() - wall) * more, (time.process_time() - processor) * more)
    inside = (truth[:, 2] < width) & (truth[:, 3] < height)
    return timing, best_f1(boxes, scores, truth[inside], max(sheet.shape))


def main() -> None:
    """Print the table and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--part", type=float, default=1.0, help="share of the sheet's sides that SAHI is given")
    arguments = parser.parse_args()
    image, truth = draw_sheet()
    print(f"sheet {image.shape[1]} x {image.shape[0]} px, {len(truth)} symbols, {arguments.threads} threads")

    detector = SymbolDetector(threads=arguments.threads)
    symbols, whole = measure(lambda: detector.detect_symbols(image, least_probability=0.0), repeats=arguments.repeats)
    _, boxes_only = measure(lambda: detector.find(whiten_paper(reduce_sheet(image)[0])), repeats=arguments.repeats)
    boxes = np.array([s.box for s in symbols]).reshape(-1, 4)
    ours_f1 = best_f1(boxes, np.array([s.score for s in symbols]), truth, max(image.shape))
    rows: list[tuple[str, Timing, float | None]] = [
        ("ours: picture to named symbols", whole, ours_f1),
        ("ours: without names", boxes_only, None),
    ]

    model = load_sahi(arguments.threads)
    clean = whiten_paper(image)
    scale = DETAIL_PX / max(image.shape)
    working = cv2.resize(clean, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    sahi, sahi_f1 = measure_sahi(model, clean, truth, arguments.part)
    scaled, scaled_f1 = measure_sahi(model, working, truth * scale, arguments.part)
    rows += [("SAHI, torch: sheet as it is", sahi, sahi_f1), ("SAHI, torch: at our scale", scaled, scaled_f1)]
    rows += [(name, t, None) for name, t in compare_engines(working, arguments.threads, arguments.repeats)]
    print(f"{'':34} {'wall s':>8} {'CPU s':>8} {'F1':>6}")
    for name, timing, f1 in rows:
        print(f"{name:34} {timing.wall:8.2f} {timing.processor:8.2f} {'' if f1 is None else f'{f1:6.3f}'}")
    for what, theirs, mine in (
        ("SAHI on the sheet as it is, with our names", sahi, whole),
        ("SAHI on the sheet as it is, boxes alone", sahi, boxes_only),
        ("SAHI at our scale, boxes alone", scaled, boxes_only),
    ):
        wall, processor = theirs.wall / mine.wall, theirs.processor / mine.processor
        print(f"faster than {what}: {wall:.1f} times by wall, {processor:.1f} by processor (mark: {MARK:.0f})")


if __name__ == "__main__":
    main()
