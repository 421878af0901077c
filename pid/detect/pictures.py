"""A user's own boxes in the YOLO data format, ready for cutting into tiles.

The format is that of ultralytics: a YAML file with ``path`` (root folder), ``train`` and ``val`` (a folder of pictures,
a text file that lists them, or several of these) and ``names`` (a list, or number: name). The labels of
``.../images/a.jpg`` are in ``.../labels/a.txt``, a line a box: ``class cx cy w h``, all but the class as shares of the
picture's size; a polygon ``class x y x y x y ...`` stands for the box round it. A picture without labels shows nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.detect.dataset import Image, LabelledSheet
from pid.detect.look import Look
from pid.drawing import Drawing, SheetInfo, Source
from pid.errors import InputError
from pid.geometry import Array

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
ROUNDING = 0.01
"""Shares may exceed 0..1 by this much: labelling tools round."""
CACHED_MEGABYTES = 2000
"""Of decoded pictures kept in memory."""


@dataclass(frozen=True)
class PictureData:
    """A data set: class names in their order, and the pictures to learn from and to judge by."""

    path: Path
    names: tuple[str, ...]
    train: tuple[Path, ...]
    val: tuple[Path, ...]


def read_data_yaml(path: Path) -> PictureData:
    """Read the YAML file of a data set. Raises `InputError` for one that is odd or names no pictures."""
    import yaml  # type: ignore[import-untyped,unused-ignore]

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a YAML file: {' '.join(str(error).split())}.") from error
    if not isinstance(data, dict):
        raise InputError(f"{path} is not a data set: entries path, train, val and names are wanted.")
    for entry in ("train", "val", "names"):
        if not data.get(entry):
            raise InputError(f"{path} has no entry {entry!r}.")
    root = path.parent / str(data.get("path") or ".")
    if not root.is_dir():
        raise InputError(f"{path}: the folder {root} ('path') does not exist.")
    names = _read_names(data["names"], path)
    train, val = (tuple(_find_pictures(data[entry], root, path, entry)) for entry in ("train", "val"))
    return PictureData(path, names, train, val)


def _read_names(names: Any, path: Path) -> tuple[str, ...]:
    if isinstance(names, dict):
        if sorted(names, key=str) != sorted(range(len(names)), key=str):
            raise InputError(f"{path}: the classes in 'names' must be numbered 0 to {len(names) - 1}.")
        names = [names[i] for i in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(n, str | int | float) for n in names):
        raise InputError(f"{path}: 'names' must be a list of class names, or number: name.")
    told = tuple(str(n).strip() for n in names)
    if not all(told) or len(set(told)) < len(told):
        raise InputError(f"{path}: the class names must differ and not be empty.")
    return told


def _find_pictures(entry: Any, root: Path, yaml_path: Path, name: str) -> list[Path]:
    """Pictures of one entry: folders, lists of pictures, or several of these."""
    pictures: list[Path] = []
    for item in entry if isinstance(entry, list) else [entry]:
        place = root / str(item)
        if place.is_dir():
            pictures += sorted(p for p in place.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
        elif place.suffix == ".txt" and place.is_file():
            lines = [line.strip() for line in place.read_text(encoding="utf-8").splitlines()]
            pictures += [place.parent / line if line.startswith("./") else root / line for line in lines if line]
        elif place.suffix.lower() in PICTURE_SUFFIXES and place.is_file():
            pictures.append(place)
        else:
            raise InputError(f"{yaml_path}: {name!r} names {place}, which is not there.")
    if not pictures:
        raise InputError(f"{yaml_path}: {name!r} names no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}).")
    return pictures


def label_path(picture: Path) -> Path:
    """Where a picture's labels are: the last folder ``images`` of its path becomes ``labels``."""
    parts = list(picture.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == "images":
            return Path(*parts[:i], "labels", *parts[i + 1 :]).with_suffix(".txt")
    return picture.with_suffix(".txt")


def read_labels(path: Path, classes: int) -> tuple[Array, NDArray[np.int64]]:
    """Boxes (N, 4) as corners in shares of the picture, and classes (N,). Raises `InputError` naming file and line."""
    boxes: list[Array] = []
    labels: list[int] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        where = f"{path}, line {number}"
        try:
            values = np.array([float(w) for w in words])
        except ValueError:
            raise InputError(f"{where}: {line.strip()!r} is not numbers.") from None
        if len(values) != 5 and (len(values) < 7 or len(values) % 2 == 0):
            raise InputError(f"{where}: {len(values)} numbers, but 'class cx cy w h' is wanted.")
        if values[0] != int(values[0]) or not 0 <= values[0] < classes:
            raise InputError(f"{where}: class {words[0]} is not one of 0 to {classes - 1}.")
        if not np.isfinite(values).all() or values[1:].min() < -ROUNDING or values[1:].max() > 1 + ROUNDING:
            raise InputError(f"{where}: positions and sizes must be shares of the picture, 0 to 1.")
        if len(values) == 5:
            box = np.r_[values[1:3] - values[3:5] / 2, values[1:3] + values[3:5] / 2]
        else:
            points = values[1:].reshape(-1, 2)
            box = np.r_[points.min(axis=0), points.max(axis=0)]
        boxes.append(np.clip(box, 0.0, 1.0))
        labels.append(int(values[0]))
    return np.array(boxes, float).reshape(-1, 4), np.array(labels, np.int64)


class PictureSet:
    """Labelled pictures of one entry of a data set, decoded when they are wanted; `look` says how they are prepared.

    Raises `InputError` where no picture has labels, or labels are odd.
    """

    def __init__(self, pictures: Iterable[Path], names: tuple[str, ...], *, look: Look | None = None) -> None:
        self.names, self.look = names, look or Look()
        self._items: list[tuple[Path, Array, NDArray[np.int64]]] = []
        self.unlabelled = 0
        for picture in pictures:
            place = label_path(picture)
            if not place.is_file():
                self.unlabelled += 1
            boxes, labels = read_labels(place, len(names)) if place.is_file() else (np.zeros((0, 4)), np.zeros(0, int))
            self._items.append((picture, boxes, np.asarray(labels, np.int64)))
        if not any(len(boxes) for _, boxes, _ in self._items):
            first = self._items[0][0] if self._items else Path()
            raise InputError(f"None of {len(self._items)} pictures has labels; {label_path(first)} came first.")
        self._cache: OrderedDict[int, LabelledSheet] = OrderedDict()
        self._cached_bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def with_look(self, look: Look) -> PictureSet:
        """The same pictures, prepared for another look."""
        self.look = look
        self._cache.clear()
        self._cached_bytes = 0
        return self

    def counts(self) -> dict[str, int]:
        """How many boxes of each class there are."""
        labels = np.concatenate([labels for _, _, labels in self._items])
        return dict(zip(self.names, np.bincount(labels, minlength=len(self.names)).tolist(), strict=True))

    def open(self, index: int) -> Image:
        """The grey picture (H, W) as it is in its file. Raises `InputError` for one that cannot be decoded."""
        path = self._items[index][0]
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise InputError(f"{path} is not a picture that can be read.")
        return np.asarray(image, np.uint8)

    def get(self, index: int) -> LabelledSheet:
        """Picture `index`, prepared, with its boxes in pixels and their classes."""
        known = self._cache.pop(index, None)
        if known is None:
            image = self.look.prepare(self.open(index))
            path, boxes, labels = self._items[index]
            height, width = image.shape
            about = Drawing(source=Source(name=path.name, sha256=""), sheet=SheetInfo(width=width, height=height))
            known = LabelledSheet(image, boxes * [width, height, width, height], labels, np.zeros((0, 2)), about)
            self._cached_bytes += image.nbytes
        self._cache[index] = known
        while self._cached_bytes > CACHED_MEGABYTES * 1e6 and len(self._cache) > 1:
            self._cached_bytes -= self._cache.popitem(last=False)[1].image.nbytes
        return known

    def random_sheet(self, rng: np.random.Generator) -> LabelledSheet:
        """One picture, all alike likely."""
        return self.get(int(rng.integers(len(self))))
