"""Small drawn sheets, and pictures with boxes in the YOLO format, for the detector's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.detect.dataset import fill_sheet_folder
from pid.drawing import Drawing
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet

SMALL_PX_PER_MM = 2.5


def draw_small_sheet(seed: int) -> tuple[np.ndarray, Drawing]:
    """A scattered sheet at a coarse scale: quick to draw, all kinds of symbols on it."""
    ink, drawing = scatter_sheet(seed, px_per_mm=SMALL_PX_PER_MM)
    image = render_raster(ink, SMALL_PX_PER_MM, antialias=False)
    return image, drawing


@pytest.fixture(scope="session")
def sheet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheets")
    fill_sheet_folder(folder, draw_small_sheet, [1, 2])
    return folder


TOY_NAMES = ("star", "house", "cogwheel")
"""Shapes that the catalogue does not know."""


def toy_outline(name: str, size: float) -> list[np.ndarray]:
    """Polylines of a shape about the origin, inside a square of `size` pixels."""
    r = size / 2
    if name == "star":
        angle = np.arange(10) * np.pi / 5 - np.pi / 2
        radius = np.where(np.arange(10) % 2, 0.4 * r, r)
        return [np.c_[radius * np.cos(angle), radius * np.sin(angle)]]
    if name == "house":
        walls = np.array([[-0.8, 1], [-0.8, -0.1], [0, -1], [0.8, -0.1], [0.8, 1]]) * r
        return [walls, np.array([[-0.2, 1], [-0.2, 0.4], [0.2, 0.4], [0.2, 1]]) * r]
    angle = np.linspace(0, 2 * np.pi, 49)[:-1]
    teeth = np.where((np.arange(48) // 3) % 2, 0.75 * r, r)
    ring = np.linspace(0, 2 * np.pi, 25)
    return [np.c_[teeth * np.cos(angle), teeth * np.sin(angle)], 0.3 * r * np.c_[np.cos(ring), np.sin(ring)]]


def draw_toys(rng: np.random.Generator, size: tuple[int, int], shapes: int) -> tuple[np.ndarray, list[str]]:
    """A picture (H, W) and its label lines."""
    width, height = size
    image = np.full((height, width), 255, np.uint8)
    for _ in range(8):  # clutter: lines, a few letters
        a, b = (tuple(int(v) for v in rng.uniform(0, 1, 2) * size) for _ in range(2))
        cv2.line(image, a, b if rng.random() < 0.3 else (a[0], b[1]), 0, 2)
        cv2.putText(image, "".join(rng.choice(list("ABX0123"), 4)), a, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1)
    lines: list[str] = []
    taken: list[np.ndarray] = []
    for _ in range(shapes):
        label, side = int(rng.integers(len(TOY_NAMES))), float(rng.uniform(36, 80))
        center = rng.uniform(side / 2 + 4, np.array(size) - side / 2 - 4)
        if any(np.abs(center - t).max() < 90 for t in taken):
            continue
        taken.append(center)
        points = [p + center for p in toy_outline(TOY_NAMES[label], side)]
        for i, p in enumerate(points):
            if i == 0:
                cv2.fillPoly(image, [np.round(p).astype(np.int32)], 255)
            cv2.polylines(image, [np.round(p).astype(np.int32)], True, 0, 2)
        low, high = np.concatenate(points).min(axis=0) - 1, np.concatenate(points).max(axis=0) + 1
        middle, extent = (low + high) / 2 / size, (high - low) / size
        lines.append(f"{label} {middle[0]:.5f} {middle[1]:.5f} {extent[0]:.5f} {extent[1]:.5f}")
    return image, lines


def make_toy_data(
    folder: Path, *, train: int, val: int, size: tuple[int, int] = (640, 480), shapes: int = 8, seed: int = 0
) -> Path:
    """Draw a data set into `folder`; returns its YAML file."""
    rng = np.random.default_rng(seed)
    for part, count in (("train", train), ("val", val)):
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True)
        for i in range(count):
            image, lines = draw_toys(rng, size, shapes)
            cv2.imwrite(str(folder / "images" / part / f"{i:04d}.png"), image)
            (folder / "labels" / part / f"{i:04d}.txt").write_text("\n".join(lines) + "\n")
    names = "".join(f"  {i}: {name}\n" for i, name in enumerate(TOY_NAMES))
    path = folder / "toys.yaml"
    path.write_text(f"path: .\ntrain: images/train\nval: images/val\nnames:\n{names}")
    return path


@pytest.fixture(scope="session")
def make_toys() -> Callable[..., Path]:
    """Draws a tiny data set in the YOLO format: see `make_toy_data`."""
    return make_toy_data


@pytest.fixture(scope="session")
def toy_names() -> tuple[str, ...]:
    return TOY_NAMES
