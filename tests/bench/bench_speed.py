"""Seconds of each step of `pid recognize`, start-up included, on generated sheets of three sizes and on a large DXF.

Run by hand: ``python tests/bench/bench_speed.py`` (``--widths 5000`` for one size, ``--dxf 0`` without the DXF). A row
is a step: wall and processor seconds of its second run, so that networks are loaded and shapes compiled; `cold` is the
whole of the first. The steps run one after the other on one thread; `whole` is the pipeline on all that there are. What
scikit-image's skeletonize takes on the same ink stands beside the tracer as its peer. On a busy machine wall seconds
say nothing, and processor seconds are some tenths too high.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import ezdxf
import numpy as np

from pid.detect.detect import SymbolDetector
from pid.detect.fuse import fuse_vectors
from pid.detect.weigh_words import LETTERED_GROUPS
from pid.document.load import load_sheets
from pid.document.read import WordReader
from pid.graph.trace import trace_lines, trace_vectors
from pid.graph.trace_grid import find_tables
from pid.graph.trace_ink import find_ink
from pid.pipeline import Recognizer
from pid.sheet import Sheet
from pid.structure.find_instances import StructureFinder
from pid.structure.vector_primitives import vector_primitives
from pid.synth.generate import generate_sheet
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.synth.write import write_sheets

SEED = 940_000_002
WIDTHS = (3300, 5000, 9900)
ENTITIES = 20_000
START = (
    "import sys; from pid.cli import main; sys.argv = ['pid', 'recognize', sys.argv[1], '--out', sys.argv[2]]; main()"
)


def timed(name: str, work: Callable[[], Any]) -> Any:
    """What `work` gives; prints the seconds that it took."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    print(f"  {name:28s}{time.perf_counter() - wall:8.2f}{time.process_time() - processor:8.2f}", flush=True)
    return result


def time_start(folder: Path) -> None:
    """A process of its own that recognises a sheet with next to nothing on it."""
    picture = np.full((400, 600), 255, np.uint8)
    cv2.line(picture, (50, 200), (550, 200), 0, 3)
    cv2.circle(picture, (300, 200), 30, 0, 3)
    cv2.imwrite(str(folder / "tiny.png"), picture)
    print("600 x 400 px, a process of its own")
    for name in ("whole, first", "whole, networks in the cache"):
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-c", START, str(folder / "tiny.png"), "--out", str(folder / "out")]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"  {name:28s}{time.perf_counter() - wall:8.2f}{processor:8.2f}", flush=True)


def time_picture(width: int, folder: Path) -> None:
    """The steps on a generated sheet rendered to a width in pixels."""
    from skimage.morphology import skeletonize

    drawn = generate_sheet(SEED)
    per_mm = drawn.style.px_per_mm * width / drawn.drawing.sheet.width
    path = folder / f"sheet-{width}.png"
    cv2.imwrite(str(path), as_gray(render_raster(drawn.ink, per_mm)))
    sheet: Sheet = next(iter(load_sheets(path)))
    print(f"{sheet.info.width} x {sheet.info.height} px")
    detector, finder, reader = SymbolDetector(threads=1), StructureFinder(threads=1), WordReader(threads=1)
    symbols = detector.detect_symbols(sheet.gray)
    finder.find_on_sheet(sheet.gray)
    regions = [s.box for s in symbols if s.group in LETTERED_GROUPS]
    reader.read_words(sheet, regions=regions)
    timed("load", lambda: list(load_sheets(path)))
    timed("symbols by shape", lambda: detector.detect_symbols(sheet.gray))
    timed("symbols by structure", lambda: finder.find_on_sheet(sheet.gray))
    found = timed("find lettering", lambda: reader.find_lettering(sheet))
    words = timed("read words", lambda: reader.read_words(sheet, regions=regions, found=found))
    timed("find tables", lambda: find_tables(sheet.gray))
    timed("trace lines", lambda: trace_lines(sheet.gray, symbols=symbols, words=words))
    timed("(skeletonize alone)", lambda: skeletonize(find_ink(sheet.gray) > 0))
    recognizer = Recognizer()
    timed("whole, cold", lambda: recognizer.recognize_sheet(sheet))
    timed("whole", lambda: recognizer.recognize_sheet(sheet))


def time_dxf(entities: int, folder: Path) -> None:
    """The steps that read vectors on a DXF of so many entities: one generated sheet side by side with its copies."""
    write_sheets([generate_sheet(SEED)], folder, formats=("dxf",), damaged=False)
    source = next(folder.glob("*.dxf"))
    document = ezdxf.readfile(source)
    space = document.modelspace()
    one = list(space)
    height, width = (float(np.ptp([e.dxf.insert[k] for e in one if e.dxftype() == "INSERT"])) for k in (1, 0))
    side = round((entities / len(one)) ** 0.5)
    for place in range(1, side * side):
        row, column = divmod(place, side)
        for entity in one:
            copy = entity.copy()
            copy.translate(1.4 * column * width, -1.4 * row * height, 0)
            space.add_entity(copy)
    path = folder / "large.dxf"
    document.saveas(path)
    print(f"DXF of {len(space)} entities")
    sheet: Sheet = timed("load", lambda: next(iter(load_sheets(path))))
    vectors, size = sheet.vectors, (sheet.info.width, sheet.info.height)
    assert vectors is not None
    print(f"  ({len(vectors.paths)} paths, {len(vectors.texts)} texts)")
    symbols = timed("match blocks and paths", lambda: fuse_vectors((), vectors, width=size[0]))
    timed("primitives", lambda: vector_primitives(vectors, size))
    timed("trace vectors", lambda: trace_vectors(vectors, size=size, symbols=symbols))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="*", default=WIDTHS)
    parser.add_argument("--dxf", type=int, default=ENTITIES, help="entities; 0 leaves it out")
    asked = parser.parse_args()
    print(f"{'seconds':30s}{'wall':>8s}{'cpu':>8s}")
    with tempfile.TemporaryDirectory() as name:
        time_start(Path(name))
        for width in asked.widths:
            time_picture(width, Path(name))
        if asked.dxf:
            time_dxf(asked.dxf, Path(name))


if __name__ == "__main__":
    main()
