"""Draw the reliability diagram of a ``confidence.json``: told probability against the share that was right.

Run by hand after ``pid train confidence --out runs/confidence`` (matplotlib comes with the extra `train`)::

    python tests/bench/plot_confidence.py runs/confidence/confidence.json data/samples/reliability.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

PARTS = ("symbols", "connections", "words", "lines")
LEAST = 10
"""Points of fewer elements say nothing and are left out."""


def plot(path: Path, out: Path) -> None:
    """One panel a part; the area of a point is how many elements it stands for."""
    held_out = json.loads(path.read_text(encoding="utf-8"))["held_out"]
    figure = Figure(figsize=(11, 3), layout="constrained")
    for axes, part in zip(figure.subplots(1, len(PARTS), sharey=True), PARTS, strict=True):
        told = held_out[part]
        points = [p for p in told["reliability"] if p["elements"] >= LEAST]
        axes.plot([0, 1], [0, 1], color="#b8c0c8", linewidth=1)
        sizes = [400 * p["elements"] / told["elements"] + 8 for p in points]
        axes.scatter([p["told"] for p in points], [p["right"] for p in points], sizes, color="#0b5cad", alpha=0.7)
        axes.set(title=f"{part}: error {told['error']:.3f}", xlabel="told", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.set_aspect("equal")
    figure.axes[0].set_ylabel("right")
    figure.savefig(out, dpi=90)


if __name__ == "__main__":
    plot(Path(sys.argv[1]), Path(sys.argv[2]))
